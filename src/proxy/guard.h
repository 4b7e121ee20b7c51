/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROXY_GUARD_H
#define PROXY_GUARD_H

/*
 * Who may use the proxy: pure functions over what a local client sent. Everything that can reach a loopback port is a program of some user of this machine, or
 * a page in a browser on it:
 *
 *  - another user's program has no token;
 *  - a page from elsewhere sends an Origin of elsewhere (refused), and cannot read the token;
 *  - a page whose name was pointed at 127.0.0.1 meanwhile (DNS rebinding) sends its own name as Host (refused).
 */

#include "http/http.h"

enum {
    GUARD_ORIGINS_MAX = 16,
    GUARD_TOKEN_MIN = 16,
    GUARD_TOKEN_MAX = 512,
    GUARD_COOKIE_SIZE = 43, /* 32 random bytes, base64url */
};
#define GUARD_COOKIE_NAME "enclume-status"

struct guard {
    uint16_t port;
    const char *host; /* the address that is listened on, beside the usual names; NULL: those alone */
    bool wants_token;
    struct bytes token; /* secret memory */
    struct bytes
        cookie; /* secret memory; what a browser shows that was let in: it opens the status page and nothing else */
    size_t origin_count;
    const char *origins[GUARD_ORIGINS_MAX]; /* allowed besides our own */
};

/* ADDRESS:PORT with a numeric loopback address (127.0.0.0/8, [::1]) or localhost, which is 127.0.0.1. host: the address without brackets. ERR_USAGE, with the
 * reason, for anything else: there is no way to listen elsewhere. */
ERR_MUST_USE enum err guard_listen_address(const char *text, char host[static 64], uint16_t *port,
                                           struct err_note *note);
/* An origin as browsers write it (RFC 6454, section 6.2): scheme://host[:port], no path. */
bool guard_is_origin(const char *text);
/* Printable ASCII without blanks, GUARD_TOKEN_MIN to GUARD_TOKEN_MAX. */
bool guard_is_token(struct bytes token);

enum guard_origin { GUARD_ORIGIN_NONE, GUARD_ORIGIN_OWN, GUARD_ORIGIN_ALLOWED, GUARD_ORIGIN_REFUSED };

/* Does Host name this proxy: localhost, 127.0.0.1 or [::1], with our port? */
bool guard_host(const struct guard *g, const struct http_head *head);
/* *origin: the header's value, of GUARD_ORIGIN_ALLOWED. */
enum guard_origin guard_origin(const struct guard *g, const struct http_head *head, struct bytes *origin);
/* Authorization: Bearer TOKEN, or x-api-key: TOKEN; compared in a time that tells only its length. True when none is wanted. */
bool guard_token(const struct guard *g, const struct http_head *head);
/* guard_token, or the cookie of a browser that was let in. */
bool guard_cookie(const struct guard *g, const struct http_head *head);

#endif
