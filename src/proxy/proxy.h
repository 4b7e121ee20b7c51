/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

/*
 * The OpenAI-compatible service on the user's own device: HTTP on a loopback port, verified channels to one or several enclaves behind it. It carries each request
 * whole into a stream of a channel that is VERIFIED, and frames what comes back (docs/protocol.md, section 9); it translates nothing.
 *
 * It fails closed. A request waits until a channel is verified; when every enclave was refused or cannot be reached, it is answered with 502 and the reason,
 * and was sent nowhere. Nothing here can change that: there is no option for it.
 *
 * Prompts, answers and tokens live in secret memory and are wiped when they are done with. The log has names of events and numbers.
 */

#include "attest/appraise.h"
#include "channel/channel.h"
#include "proxy/guard.h"

enum { PROXY_ENDPOINTS_MAX = 16 };

enum proxy_state { PROXY_TRYING, PROXY_VERIFIED, PROXY_REFUSED, PROXY_UNREACHABLE };

/* What has become of an endpoint; valid during the call. */
struct proxy_news {
    const char *address;
    enum proxy_state state;
    const struct verdict *verdict; /* of PROXY_VERIFIED and PROXY_REFUSED */
    bool fresh;      /* the enclave answered a challenge of the newest channel; else that was resumed */
    const char *why; /* of PROXY_UNREACHABLE */
};

struct proxy_options {
    size_t endpoint_count; /* in the order in which they are preferred */
    const char *endpoints[PROXY_ENDPOINTS_MAX];
    const char *listen;                 /* a loopback ADDRESS:PORT; port 0: any free one */
    const struct attest_policy *policy; /* borrowed, like all strings */
    int64_t max_age;                    /* seconds for which fresh evidence stays good; 0: CLIENT_MAX_AGE */
    bool wants_token;
    struct bytes token;
    size_t origin_count;
    const char *origins[GUARD_ORIGINS_MAX];
    uint32_t connections; /* of local clients at once */
    uint32_t
        request_seconds; /* in which the head of a request must be there, and 64 KiB of its body each further second */

    /* Once, when it listens: `key` opens the status page in a browser, once (/enclume/open?key=...); empty when no token is wanted. */
    void (*listening)(void *owner, const char *address, uint16_t port, struct bytes key);
    /* An endpoint's state is another one. */
    void (*changed)(void *owner, const struct proxy_news *news);
    void *owner;
};

/* Serves until SIGTERM or SIGINT. ERR_USAGE, ERR_NETWORK (cannot listen), ERR_SYSTEM, ERR_MEMORY. */
ERR_MUST_USE enum err proxy_run(const struct proxy_options *options, struct err_note *note);

#endif
