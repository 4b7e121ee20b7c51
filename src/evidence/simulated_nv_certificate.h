/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_NV_CERTIFICATE_H
#define EVIDENCE_SIMULATED_NV_CERTIFICATE_H

/*
 * Certificates in the form of NVIDIA's, to be signed with a key that we made up: ECDSA on P-384 with SHA-384. Every field can be set, wrong values
 * included: the simulated platform makes good ones, the tests of the verifier change one field and sign again.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/writer.h"
#include "crypto/sign.h"

enum { SIMULATED_NV_DER_MAX = 2048, SIMULATED_NV_FWID_SIZE = 48, SIMULATED_NV_NO_LIMIT = -1 };

/* How the leaf names its firmware: not at all; Hopper's composite device identity (2.23.133.5.4.1); Blackwell's DiceTcbInfo (2.23.133.5.4.1.1). */
enum simulated_nv_fwid { SIMULATED_FWID_NONE, SIMULATED_FWID_COMPOSITE, SIMULATED_FWID_TCB_INFO };

/* Plain data: copy it, change it, sign it. Names and keys are borrowed. */
struct simulated_nv_certificate {
    const char *issuer_cn;
    const char *subject_cn;
    uint64_t serial;
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    bool generalized_times; /* also for the years of UTCTime, as one of NVIDIA's authorities writes them */
    bool is_ca;
    int path_length; /* SIMULATED_NV_NO_LIMIT: not written */
    uint16_t key_usage;
    bool ocsp_signing; /* critical */
    enum simulated_nv_fwid fwid_form;
    uint8_t fwid[SIMULATED_NV_FWID_SIZE];
    uint32_t tcb_flags; /* of the DiceTcbInfo, bit n is flag n; 0: not written */
    const struct crypto_private_key *key;
    const struct crypto_private_key *signer;
};

struct simulated_nv_der {
    uint8_t der[SIMULATED_NV_DER_MAX];
    size_t len;
};

/* ERR_NO_SPACE, ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_nv_certificate_sign(const struct simulated_nv_certificate *c,
                                                    struct simulated_nv_der *out);

/* AlgorithmIdentifier and BIT STRING of an ECDSA signature on P-384 with SHA-384 over the message (RFC 5758 section 3.2). */
ERR_MUST_USE enum err simulated_nv_signature_write(struct writer *w, const struct crypto_private_key *signer,
                                                   struct bytes message);

#endif
