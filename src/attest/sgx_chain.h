/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_SGX_CHAIN_H
#define ATTEST_SGX_CHAIN_H

/*
 * Intel's certificates for attestation (Intel SGX PCK Certificate and Certificate Revocation List Profile Specification): all ECDSA P-256 with SHA-256, all
 * under the one Intel SGX Root CA, which is pinned by its public key because Intel issued two certificates for it.
 *
 *     Intel SGX Root CA -> Intel SGX PCK Platform CA | Intel SGX PCK Processor CA -> Intel SGX PCK Certificate      (comes with the quote)
 *     Intel SGX Root CA -> Intel SGX TCB Signing                                                                    (comes with the collateral)
 *
 * Each question is a function of its own, so that a verdict can answer them one by one.
 */

#include "attest/x509.h"

struct sgx_certificate {
    struct x509 cert;
    struct crypto_public_key *key;
};

/* Takes it apart and loads its key, which is on P-256. name: for the note. The bytes must outlive it. Release in any case. */
ERR_MUST_USE enum err sgx_certificate_parse(const char *name, struct bytes der, struct sgx_certificate *c,
                                            struct err_note *note);
void sgx_certificate_release(struct sgx_certificate *c);

/* Is it the root: Intel's by its key, or (octet by octet) the simulated root that was given by hand (empty: none)? *simulated: whether it is that one. */
ERR_MUST_USE enum err sgx_check_root(const struct sgx_certificate *root, struct bytes simulated_root,
                                     bool *simulated, struct err_note *note);
/* Is it one of the two intermediates, allowed to certify leaves and nothing else, signed by the root? */
ERR_MUST_USE enum err sgx_check_pck_ca(const struct sgx_certificate *ca, const struct sgx_certificate *root,
                                       struct err_note *note);
/* Is it a PCK certificate signed by the intermediate? */
ERR_MUST_USE enum err sgx_check_pck(const struct sgx_certificate *pck, const struct sgx_certificate *ca,
                                    struct err_note *note);
/* Is it the certificate that signs TCB info and identities, signed by the root? */
ERR_MUST_USE enum err sgx_check_tcb_signer(const struct sgx_certificate *signer,
                                           const struct sgx_certificate *root, struct err_note *note);
/* Valid at this time (seconds since 1970), both ends included? */
ERR_MUST_USE enum err sgx_check_validity(const char *name, const struct sgx_certificate *c, int64_t now,
                                         struct err_note *note);

#endif
