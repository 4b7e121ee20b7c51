/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_CHECK_H
#define EVIDENCE_COLLATERAL_CHECK_H

/*
 * Is a document that came from the host what was asked for? It is held against the evidence that it is to endorse, by the verifier's own checks, those of
 * them that speak of endorsements: signed by the maker's pinned root, current, and for this chip at this firmware. So a host that lies is found out here
 * and not only by every client; and what is kept says for how long it is good.
 */

#include "attest/snp.h"
#include "evidence/collateral_key.h"

/* What the document is to endorse; borrowed. */
struct collateral_subject {
    struct snp_evidence snp; /* the report, and for a revocation list the certificates as well */
    struct bytes quote;      /* of TDX */
    struct bytes root;       /* DER of a simulated root that is trusted too; empty: the makers' alone */
};

/* expires: the earliest end of anything in it, seconds since 1970. ERR_REFUSED: the note names the check that failed, and what it saw. Of a GPU's
 * documents only the form and the dates are looked at; their signatures the verifier checks. Other errors: it is not such a document. */
ERR_MUST_USE enum err collateral_check(const struct collateral_key *key,
                                       const struct collateral_subject *subject, struct bytes document,
                                       int64_t now, int64_t *expires, struct err_note *note);

#endif
