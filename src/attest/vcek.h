/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VCEK_H
#define ATTEST_VCEK_H

/*
 * What AMD says in the certificate of a VCEK (document 57230) or VLEK (document 58369) about the chip and its firmware: the extensions
 * 1.3.6.1.4.1.3704.1.*. Strict: each extension that is known is read to its last octet, one that is not known, or belongs to the other kind, is refused.
 */

#include "attest/anchors.h"
#include "attest/x509.h"

enum { VCEK_HWID_MAX = 64, VCEK_CSP_ID_MAX = 128 };

/* Who holds the key that signs reports. */
enum vcek_kind {
    VCEK_OF_CHIP, /* VCEK, versioned chip endorsement key: derived from the chip's own secret */
    VCEK_OF_PROVIDER /* VLEK, versioned loaded endorsement key: handed by AMD to a cloud provider, for all of its chips */
};

struct vcek {
    struct bytes product;               /* "Genoa", "Milan-B0"; in the certificate */
    bool has_fmc;                       /* Turin and later */
    uint8_t level[SNP_COMPONENT_COUNT]; /* SPLs */
    struct bytes hwid;                  /* VCEK: 64 bytes, on Turin and later 8; in the certificate */
    struct bytes csp_id;                /* VLEK: the provider, printable ASCII; in the certificate */
};

ERR_MUST_USE enum err vcek_parse(const struct x509 *cert, enum vcek_kind kind, struct vcek *vcek,
                                 struct err_note *note);

/* "VCEK" or "VLEK" */
const char *vcek_kind_name(enum vcek_kind kind);

/* Does the product's name, a stepping after it left aside ("Milan-B0"), say this product, by one of its names? */
bool vcek_is_product(const struct vcek *vcek, const struct snp_product *product);

#endif
