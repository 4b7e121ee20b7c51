/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_UPSTREAM_JSON_H
#define ENGINE_UPSTREAM_JSON_H

/*
 * Is this text one JSON object (RFC 8259), and may it stand on a line of its own? For each token that another server sends, so it builds no tree and asks for
 * no memory: one pass, a bit for each level.
 *
 * What passes is what jansson reads too, but for numbers too large for a double, which are their reader's to judge (the fuzz target compares the two).
 */

#include "base/bytes.h"
#include "base/error.h"

enum { UPSTREAM_JSON_DEPTH = 64 };

/* Line breaks between the parts of the object become spaces; there can be none within a string. The note says where it is wrong, and quotes nothing. ERR_JSON. */
ERR_MUST_USE enum err upstream_json_line(uint8_t *text, size_t len, struct err_note *note);

#endif
