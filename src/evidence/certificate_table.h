/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_CERTIFICATE_TABLE_H
#define EVIDENCE_CERTIFICATE_TABLE_H

/*
 * The certificates that come with an extended SNP report (SEV-ES Guest-Hypervisor Communication Block Standardization, document 56421, section
 * "SNP Extended Guest Request"): entries of GUID (16), offset (4) and length (4), little endian, closed by an entry of zeros; then the certificates, DER.
 */

#include "base/bytes.h"
#include "base/error.h"

struct certificate_table {
    struct bytes vcek;
    struct bytes ask;
    struct bytes ark;
};

/* ERR_NO_SPACE. */
ERR_MUST_USE enum err certificate_table_write(const struct certificate_table *t, uint8_t *out, size_t size,
                                              size_t *len);

/* All three must be there, once each, inside the area and behind the table, and nothing else. The ranges point into area. ERR_TRUNCATED, ERR_UNKNOWN,
 * ERR_VALUE. */
ERR_MUST_USE enum err certificate_table_parse(struct bytes area, struct certificate_table *t);

#endif
