/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_CHAIN_H
#define EVIDENCE_SIMULATED_CHAIN_H

/*
 * A made-up chip of AMD's shape: ARK-<product> (self-signed, RSA 4096), SEV-<product> (the ASK, RSA 4096) and SEV-VCEK (P-384), with the subjects,
 * validity, key usage and extensions that AMD's own certificates carry. It proves nothing about hardware: whoever runs this has all the keys.
 *
 * RSA keys take seconds to make; tests keep one chain in a file.
 *
 *     struct simulated_chain *chain;
 *     e = simulated_chain_new("Genoa", now, &chain);
 *     ... chain->ark_der is the root to trust by hand, chain->vcek_key signs reports ...
 *     simulated_chain_free(chain);
 */

#include "attest/snp_report.h"
#include "evidence/simulated_kept.h"

enum { SIMULATED_PRODUCT_MAX = 16, SIMULATED_CN_MAX = 24 };

struct simulated_chain {
    char product[SIMULATED_PRODUCT_MAX]; /* "Milan", "Genoa" or "Turin" */
    char ark_cn[SIMULATED_CN_MAX];
    char ask_cn[SIMULATED_CN_MAX];
    /* What a report of this chip says about itself. */
    uint8_t cpuid_family;
    uint8_t cpuid_model;
    uint8_t cpuid_stepping;
    struct snp_tcb tcb;
    uint8_t chip_id[SNP_CHIP_ID_SIZE]; /* random; zero after the part that the product uses */
    struct crypto_private_key *ark_key;
    struct crypto_private_key *ask_key;
    struct crypto_private_key *vcek_key;
    /* The fields, to be copied, changed and signed again. The common names point into this structure. */
    struct simulated_certificate ark;
    struct simulated_certificate ask;
    struct simulated_certificate vcek;
    struct simulated_der ark_der;
    struct simulated_der ask_der;
    struct simulated_der vcek_der;
    struct simulated_der crl_der; /* empty before simulated_chain_list */
};

/* Valid from a day before now on. ERR_UNKNOWN for another product; ERR_CRYPTO, ERR_MEMORY. */
ERR_MUST_USE enum err simulated_chain_new(const char *product, int64_t now, struct simulated_chain **chain);
void simulated_chain_free(struct simulated_chain *chain);

/* A revocation list that says that nothing is revoked, from an hour before now and for a year. It is not kept in the file: whoever reads a chain asks
 * for a new one. ERR_CRYPTO. */
ERR_MUST_USE enum err simulated_chain_list(struct simulated_chain *chain, int64_t now);

/* The whole chain with its private keys as PEM, and back. size: SIMULATED_CHAIN_TEXT_MAX; the text is NUL-terminated. ERR_NO_SPACE, ERR_ENCODING. */
ERR_MUST_USE enum err simulated_chain_write(struct simulated_chain *chain, char *text, size_t size,
                                            size_t *len);
ERR_MUST_USE enum err simulated_chain_read(struct bytes text, struct simulated_chain **chain);

#endif
