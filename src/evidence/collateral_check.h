/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_CHECK_H
#define EVIDENCE_COLLATERAL_CHECK_H

/*
 * Is a document that came from the host what was asked for? It is held against the evidence that it is to endorse, by the verifier's own checks, those of
 * them that speak of endorsements: signed by the maker's pinned root, current, and for this chip at this firmware. So a host that lies is found out here
 * and not only by every client; and what is kept says for how long it is good.
 */

#include "attest/nvgpu.h"
#include "attest/snp.h"
#include "evidence/collateral_key.h"

/* DER of simulated roots that are trusted too; empty: the makers' alone. Borrowed. */
struct collateral_roots {
    struct bytes processor; /* AMD's or Intel's */
    struct bytes gpu;       /* NVIDIA's for GPUs */
    struct bytes rim;       /* NVIDIA's for reference values */
};

/* What the document is to endorse; borrowed. */
struct collateral_subject {
    struct snp_evidence snp;   /* the report, and for a revocation list the certificates as well */
    struct bytes quote;        /* of TDX */
    struct nvgpu_evidence gpu; /* report and certificates */
    struct bytes
        rim; /* of a word about a certificate of its signer's: that document, which is a good one; empty: about one of the GPU's own */
    struct collateral_roots roots;
};

/* expires: the earliest end of anything in it, seconds since 1970. ERR_REFUSED: the note names the check that failed, and what it saw. Other errors: it is
 * not such a document. What its maker says, good or bad, is not judged: a true word that a certificate is revoked is what clients are to see. */
ERR_MUST_USE enum err collateral_check(const struct collateral_key *key,
                                       const struct collateral_subject *subject, struct bytes document,
                                       int64_t now, int64_t *expires, struct err_note *note);

/* Was each of these checks of the verdict made, and passed? ERR_REFUSED: the note names the first that was not, and what it saw. */
ERR_MUST_USE enum err collateral_checks_passed(const struct verdict *v, const char *const checks[],
                                               size_t count, struct err_note *note);

#endif
