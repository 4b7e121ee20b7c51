/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VCEK_H
#define ATTEST_VCEK_H

/*
 * What AMD says in a VCEK certificate about the chip and its firmware: the extensions 1.3.6.1.4.1.3704.1.* of document 57230, section "VCEK
 * Certificate". Strict: each extension that is known is read to its last octet, one that is not known is refused.
 */

#include "attest/anchors.h"
#include "attest/x509.h"

enum { VCEK_HWID_MAX = 64 };

struct vcek {
    struct bytes product;               /* "Genoa", "Milan-B0"; in the certificate */
    bool has_fmc;                       /* Turin and later */
    uint8_t level[SNP_COMPONENT_COUNT]; /* SPLs */
    struct bytes hwid;                  /* 64 bytes, on Turin and later 8; in the certificate */
};

ERR_MUST_USE enum err vcek_parse(const struct x509 *cert, struct vcek *vcek, struct err_note *note);

/* Does the product's name, a stepping after it left aside ("Milan-B0"), say this product? */
bool vcek_is_product(const struct vcek *vcek, const char *name);

#endif
