/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FUZZ_HTTP_H
#define TESTS_FUZZ_HTTP_H

/* Message after message of that kind out of the input, once in one piece and once byte by byte: both must tell the same, and stop at the same place. */

#include "http/http.h"

void fuzz_http(enum http_kind kind, struct bytes input);

#endif
