/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_KEY_H
#define EVIDENCE_COLLATERAL_KEY_H

/*
 * The name of a document that endorses a platform: what is asked of the host (collateral_wire.h), and the name of the file in a directory of such
 * documents (collateral_directory.h). One name for each thing, so nothing has two spellings:
 *
 *   snp-certificates-PRODUCT-KEY-CHIP-TCB.table   the table of an extended report (attest/certificate_table.h) with VCEK or VLEK, intermediate and root
 *   snp-crl-PRODUCT-KEY.crl                       the root's revocation list, DER
 *   tdx-FMSPC-CA.json                             all collateral of a TDX platform, in one document (attest/collateral.h)
 *   gpu-rim-ID.xml                                reference values of a GPU's driver or VBIOS
 *   gpu-ocsp-SERIAL-NAME-KEY.der                  an OCSP answer about the certificate with this serial number of this issuer
 *
 * PRODUCT: AMD's name ("Genoa"), or "any" when the report does not say. KEY: "vcek" or "vlek". CHIP, TCB: 128 and 16 hexadecimal digits as they stand in the
 * report, CHIP zeros with a VLEK. FMSPC: 12 hexadecimal digits. CA: "platform" or "processor". ID: NVIDIA's, letters, digits, "_" and ".". SERIAL: up to 40
 * hexadecimal digits; NAME and KEY, 64 each: SHA-256 of the issuer's name and of its key, as RFC 6960 (section 4.1.1) has them, so that the name alone says
 * all that a question to NVIDIA's service holds. Hexadecimal is in lower case.
 */

#include "base/bytes.h"
#include "base/error.h"

enum collateral_kind {
    COLLATERAL_SNP_CERTIFICATES,
    COLLATERAL_SNP_CRL,
    COLLATERAL_TDX,
    COLLATERAL_RIM,
    COLLATERAL_OCSP,
};

enum {
    COLLATERAL_PRODUCT_MAX = 16, /* with its NUL */
    COLLATERAL_ID_MAX = 64,
    COLLATERAL_SERIAL_MAX = 20,
    COLLATERAL_DIGEST_SIZE = 32,
    COLLATERAL_NAME_MAX = 208, /* the longest name, with its NUL */
    COLLATERAL_DOCUMENT_MAX = 512 * 1024,
};

struct collateral_key {
    enum collateral_kind kind;
    char product[COLLATERAL_PRODUCT_MAX];
    bool vlek;
    uint8_t chip_id[64];
    uint8_t tcb[8];
    uint8_t fmspc[6];
    bool processor_ca;
    char id[COLLATERAL_ID_MAX];
    size_t serial_len;
    uint8_t serial[COLLATERAL_SERIAL_MAX];
    uint8_t issuer_name[COLLATERAL_DIGEST_SIZE];
    uint8_t issuer_key[COLLATERAL_DIGEST_SIZE];
};

/* The name, NUL-terminated. ERR_VALUE: a member that no name can hold. */
ERR_MUST_USE enum err collateral_key_write(const struct collateral_key *key,
                                           char name[static COLLATERAL_NAME_MAX]);
/* Takes what collateral_key_write gives, and nothing else: no path, no second spelling. ERR_UNKNOWN. */
ERR_MUST_USE enum err collateral_key_parse(struct bytes name, struct collateral_key *key);

bool collateral_key_equal(const struct collateral_key *a, const struct collateral_key *b);

#endif
