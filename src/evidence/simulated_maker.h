/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_MAKER_H
#define EVIDENCE_SIMULATED_MAKER_H

/*
 * In what the certificates of the two makers of processors differ, whatever stands in them: the attributes of their names and the way in which they sign. One
 * row a maker.
 */

#include "base/writer.h"
#include "crypto/sign.h"

enum { SIMULATED_SIGNATURE_MAX = 1024, SIMULATED_ATTRIBUTES_MAX = 6 };

struct simulated_attribute {
    struct bytes oid;  /* content octets; empty ends the list */
    uint8_t type;      /* the tag of the value */
    const char *value; /* NULL: the common name stands here */
};

struct simulated_maker {
    struct simulated_attribute name[SIMULATED_ATTRIBUTES_MAX];
    /* AlgorithmIdentifier. salt_size: of RSASSA-PSS, otherwise without meaning. */
    void (*algorithm_write)(struct writer *w, unsigned salt_size);
    /* What stands in the BIT STRING; room for SIMULATED_SIGNATURE_MAX. */
    ERR_MUST_USE enum err (*sign)(const struct crypto_private_key *signer, unsigned salt_size,
                                  struct bytes message, uint8_t *signature, size_t *len);
};

/* RSASSA-PSS with SHA-384, MGF1 on the same (RFC 4055). */
extern const struct simulated_maker simulated_amd;
/* ECDSA on P-256 with SHA-256 (RFC 5758 section 3.2). */
extern const struct simulated_maker simulated_intel;

/* Name, with this common name. */
void simulated_name_write(struct writer *w, const struct simulated_maker *maker, const char *common_name);

#endif
