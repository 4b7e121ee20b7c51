/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CERTIFICATE_TABLE_H
#define ATTEST_CERTIFICATE_TABLE_H

/*
 * The certificates that come with an extended SNP report (SEV-ES Guest-Hypervisor Communication Block Standardization, document 56421, section
 * "SNP Extended Guest Request"): entries of GUID (16), offset (4) and length (4), little endian, closed by an entry of zeros; then the certificates, DER.
 * The host makes this table, and may add entries of its own: those that are not known are left aside.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { CERTIFICATE_TABLE_ENTRIES_MAX = 16 };

/* Empty: there is none. */
struct certificate_table {
    struct bytes vcek;
    struct bytes vlek;
    struct bytes ask; /* or, with a VLEK, the ASVK */
    struct bytes ark;
    struct bytes crl; /* AMD's revocation list, under a GUID of this project: the manual has none */
};

/* Writes what is not empty. ERR_NO_SPACE. */
ERR_MUST_USE enum err certificate_table_write(const struct certificate_table *t, uint8_t *out, size_t size,
                                              size_t *len);

/* Each at most once, inside the area and behind the table. The ranges point into area. ERR_TRUNCATED, ERR_VALUE, ERR_TOO_LARGE. */
ERR_MUST_USE enum err certificate_table_parse(struct bytes area, struct certificate_table *t);

#endif
