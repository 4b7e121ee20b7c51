/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CHAIN_H
#define ATTEST_CHAIN_H

/*
 * AMD's certificate chain: root (ARK) -> intermediate -> the key that signs reports. The intermediate is the ASK for the VCEK of one chip at one TCB, the
 * ASVK for the VLEK of one cloud provider. Which of the two it has to be, the report says, never the chain. Each question about it is a function of
 * its own, so that a verdict can answer them one by one; only when all were answered with ERR_OK does the chain mean anything.
 */

#include "attest/anchors.h"
#include "attest/crl.h"
#include "attest/vcek.h"
#include "attest/x509.h"

struct chain_link {
    struct x509 cert;
    struct crypto_public_key *key;
};

struct chain {
    enum vcek_kind kind;
    struct chain_link ark;
    struct chain_link ask; /* or the ASVK */
    struct chain_link vek; /* the VCEK or VLEK */
    /* From the root's common name; what it is worth, chain_check_root says. NULL: a name that is not known. */
    const struct snp_product *product;
};

/* Takes the three certificates (DER) apart and loads their keys. The bytes must outlive the chain. Release in any case. */
ERR_MUST_USE enum err chain_parse(struct bytes ark, struct bytes ask, struct bytes vek, enum vcek_kind kind,
                                  struct chain *c, struct err_note *note);
void chain_release(struct chain *c);

/* Is the root self-signed, a CA, and either pinned for its product, or (octet by octet) the simulated root that was given by hand? An empty
 * simulated_root is none. *simulated: whether it is that one. */
ERR_MUST_USE enum err chain_check_root(const struct chain *c, struct bytes simulated_root, bool *simulated,
                                       struct err_note *note);
/* Is the intermediate a CA for the same product and kind, named and signed by the root, and (unless simulated) pinned as well? */
ERR_MUST_USE enum err chain_check_ask(const struct chain *c, bool simulated, struct err_note *note);
/* Is the leaf of the right kind, with a P-384 key, named and signed by the intermediate? */
ERR_MUST_USE enum err chain_check_vek(const struct chain *c, struct err_note *note);
/* Are all three valid at this time (seconds since 1970)? */
ERR_MUST_USE enum err chain_check_validity(const struct chain *c, int64_t now, struct err_note *note);
/* Does this list of the root's revoke root or intermediate? Verify it first. */
ERR_MUST_USE enum err chain_check_revoked(const struct chain *c, const struct crl *crl,
                                          struct err_note *note);

#endif
