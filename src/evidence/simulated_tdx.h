/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_TDX_H
#define EVIDENCE_SIMULATED_TDX_H

/*
 * A made-up platform of Intel's shape: Intel SGX Root CA (self-signed), PCK Platform CA, PCK certificate, TCB Signing, a quoting enclave, and what the
 * certification service would say of them. All of it in the form of the real ones. It proves nothing about hardware: whoever runs this has all the keys.
 *
 *     struct simulated_tdx *t;
 *     e = simulated_tdx_new(now, &t);
 *     e = simulated_tdx_collateral(t, now);
 *     struct tdx_body body = t->body;            // a sound TD, without launch and report data
 *     memcpy(body.mrtd, ...);
 *     e = simulated_tdx_quote(t, &body, quote, sizeof quote, &len);
 *     ... t->root_der is the root to trust by hand, t->collateral_text goes with the quote ...
 *     simulated_tdx_free(t);
 */

#include "attest/pck.h"
#include "attest/tdx.h"
#include "attest/tdx_quote.h"
#include "evidence/simulated_kept.h"

enum {
    SIMULATED_PCK_CHAIN_MAX = 8 * 1024,
    SIMULATED_AUTHENTICATION_SIZE = 32,
    SIMULATED_QUOTE_MAX = 16 * 1024
};

struct simulated_tdx {
    struct pck pck; /* what the PCK certificate says; the PPID is random */
    struct crypto_private_key *root_key, *ca_key, *pck_key, *tcb_key, *attestation_key;
    struct simulated_der root_der, ca_der, pck_der, tcb_der;

    struct tdx_body body; /* of every TD on this platform */
    /* The quoting enclave, the same in every quote. */
    struct sgx_report enclave;
    uint8_t attestation_point[TDX_POINT_SIZE];
    uint8_t enclave_report[SGX_REPORT_SIZE];
    uint8_t enclave_signature[TDX_POINT_SIZE];
    uint8_t authentication[SIMULATED_AUTHENTICATION_SIZE];
    uint8_t pck_chain[SIMULATED_PCK_CHAIN_MAX]; /* PEM */
    size_t pck_chain_len;

    /* Empty before simulated_tdx_collateral. */
    char *tcb_info, *qe_identity;
    struct simulated_der root_crl, pck_crl;
    struct tdx_collateral collateral; /* points to what stands above */
    char *collateral_text;            /* attest/collateral.h, "all in one" */
    size_t collateral_len;
};

/* Valid from a day before now on. ERR_CRYPTO, ERR_MEMORY. */
ERR_MUST_USE enum err simulated_tdx_new(int64_t now, struct simulated_tdx **t);
void simulated_tdx_free(struct simulated_tdx *t);

/* TCB info, identity of the quoting enclave and lists that revoke nothing, from an hour before now and for a year. They are not kept in the file: whoever
 * reads a chain asks for new ones. ERR_CRYPTO, ERR_MEMORY. */
ERR_MUST_USE enum err simulated_tdx_collateral(struct simulated_tdx *t, int64_t now);

/* A version 5 quote of a TD with this body. ERR_NO_SPACE; SIMULATED_QUOTE_MAX is enough. */
ERR_MUST_USE enum err simulated_tdx_quote(const struct simulated_tdx *t, const struct tdx_body *body,
                                          uint8_t *out, size_t size, size_t *len);

/* The chain with its private keys as PEM, and back. size: SIMULATED_CHAIN_TEXT_MAX; the text is NUL-terminated. The quoting enclave is another one after
 * each reading. ERR_NO_SPACE, ERR_ENCODING, ERR_CERTIFICATE. */
ERR_MUST_USE enum err simulated_tdx_write(struct simulated_tdx *t, char *text, size_t size, size_t *len);
ERR_MUST_USE enum err simulated_tdx_read(struct bytes text, struct simulated_tdx **t);

#endif
