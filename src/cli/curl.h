/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CURL_H
#define CLI_CURL_H

/*
 * Transfers are done by the program curl(1), started without a shell: 7.20 or later. The two options that every caller gives first: --disable, for the
 * user's .curlrc could turn off checks of TLS; --globoff, for a URL is one URL.
 */

#include "base/bytes.h"
#include "base/error.h"

/* How one run of curl ended. */
struct curl_end {
    int exit_code; /* 128 + the signal when one ended it */
    long http;     /* what --write-out "%{http_code}" said: the last status, 0: no answer */
};

/* Runs it with its standard output in a pipe, to its end. argv[0] is "curl", the last is NULL. ERR_NETWORK: it is not installed. ERR_SYSTEM. */
ERR_MUST_USE enum err curl_start(const char *const argv[], struct curl_end *end, struct err_note *note);

/* A small document, into memory. */
struct curl_request {
    const char *url; /* https://, or http:// where allow_http */
    bool allow_http; /* for a mirror of one's own: what comes is signed by its maker, whoever delivers it */
    size_t max;      /* bytes; more is an error */
    const char *directory;  /* where the temporary files go */
    struct bytes post;      /* sent with POST; empty: GET */
    const char *media_type; /* of post */
};

/* With something to post, a POST of it; else a GET. No redirect is followed, nothing but status 200 is taken; what asks to be tried again (429, 503) is, twice, and a minute is the end of it. body and headers
 * (as they came, the status line first) are secret memory: release ->ptr with secret_free. ERR_NETWORK, ERR_USAGE: not a URL that is
 * allowed, ERR_FILE, ERR_MEMORY. */
ERR_MUST_USE enum err curl_get(const struct curl_request *r, struct bytes *body, struct bytes *headers,
                               struct err_note *note);

/* The value of a header, without the blanks around it; empty: there is none. Names are the same in either case (RFC 9110, section 5.1). */
struct bytes curl_header(struct bytes headers, const char *name);

#endif
