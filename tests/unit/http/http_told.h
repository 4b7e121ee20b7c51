/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HTTP_TOLD_H
#define TESTS_HTTP_TOLD_H

/* A message as a reader told it: the events gathered. */

#include "http/http.h"

struct told {
    enum err e;
    uint16_t status; /* of a fault */
    struct err_note note;
    size_t heads;
    bool ended;
    char body[4096];
    size_t body_len;
    size_t used; /* bytes of the input up to the end, or the fault */
};

/* Feeds text in pieces of `step` bytes until the message ends, fails, or the text does. The caller frees *r. */
void told_read(struct told *t, const struct http_config *config, struct bytes text, size_t step,
               struct http_reader **r);

#endif
