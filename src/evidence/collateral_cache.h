/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_CACHE_H
#define EVIDENCE_COLLATERAL_CACHE_H

/*
 * The endorsements that an enclave hands out with its evidence, kept so that the host is asked rarely. What the host gives is checked
 * (collateral_check.h) before it is kept; what is kept is handed out until the first thing in it expires, and never after. It is renewed when a third of
 * the time that it had left is still to come; when that does not work, the old stays, and the host is asked again after a minute, then two, four, ...
 * up to an hour. A renewal that expires earlier than what it would replace is refused: a host cannot take news back.
 *
 *     struct bytes document;
 *     e = collateral_cache_get(cache, &key, &subject, now, &document, &note);
 *
 * For one thread. Time is the caller's; inside a VM it is the host's clock, so a host that turns it back makes clients refuse what they are given, no more.
 */

#include "evidence/collateral_check.h"
#include "evidence/collateral_source.h"

enum {
    COLLATERAL_CACHE_ENTRIES = 96, /* as many endorsements as a bundle holds */
    COLLATERAL_RETRY_FIRST = 60,   /* seconds */
    COLLATERAL_RETRY_MAX = 3600,
};

struct collateral_cache;

/* source becomes the cache's own. roots: simulated ones that may have signed, copied; NULL: none. ERR_MEMORY. */
ERR_MUST_USE enum err collateral_cache_new(struct collateral_source *source,
                                           const struct collateral_roots *roots,
                                           struct collateral_cache **cache);
void collateral_cache_free(struct collateral_cache *cache);

/* The document with this name, good at this time (seconds since 1970); asks the host when it has to, or when renewal is due. It is valid until the next
 * call. ERR_EVIDENCE: there is none, and the note says why. */
ERR_MUST_USE enum err collateral_cache_get(struct collateral_cache *cache, const struct collateral_key *key,
                                           const struct collateral_subject *subject, int64_t now,
                                           struct bytes *document, struct err_note *note);

/* What is known of a document, seconds since 1970. */
struct collateral_dates {
    bool held;
    int64_t expires;   /* 0 when none is held */
    int64_t ask_from;  /* the next question to the host is not before this */
    unsigned failures; /* in a row */
};
/* False: it was never asked for. */
bool collateral_cache_dates(const struct collateral_cache *cache, const struct collateral_key *key,
                            struct collateral_dates *dates);

#endif
