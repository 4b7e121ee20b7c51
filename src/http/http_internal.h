/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HTTP_INTERNAL_H
#define HTTP_HTTP_INTERNAL_H

#include "http/http.h"

/* The text of a head: CR LF at the end of each line and nowhere else, the empty line included. Fills all of head, whose ranges are of text. */
ERR_MUST_USE enum err http_head_parse(enum http_kind kind, struct bytes text, struct http_head *head,
                                      uint16_t *status, struct err_note *note);
/* Trailers: fields as in a head, which are looked at and forgotten. */
ERR_MUST_USE enum err http_trailers_parse(struct bytes text, struct err_note *note);

bool http_is_token(struct bytes text);
/* The characters that a field's value may hold: no control character but the tab. */
bool http_is_value(struct bytes text);
/* A target that is a path with perhaps a query. */
bool http_is_target(struct bytes text);

#endif
