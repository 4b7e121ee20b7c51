/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NV_CHAIN_H
#define ATTEST_NV_CHAIN_H

/*
 * NVIDIA's certificates, all with keys on P-384 and signatures with ECDSA and SHA-384, the leaf first and the root last:
 *
 *   a GPU's:   GH100 A01 GSP FMC LF <- GH100 A01 GSP BROM <- NVIDIA GH100 Provisioner ICA 1 <- NVIDIA GH100 Identity <- NVIDIA Device Identity CA
 *   a RIM's:   HCC RIM L4 Signer <- NVIDIA Reference Value L3 GH100 001 <- NVIDIA Reference Value GH100 CA <- NVIDIA CoRIM signing Root CA
 *
 * Each question is a function of its own, so that a verdict can answer them one by one.
 */

#include "attest/anchors.h"
#include "attest/x509.h"

enum { NV_CHAIN_MAX = 6, NV_DER_MAX = 2048, NV_FWID_SIZE = 48 };

struct nv_certificate {
    struct x509 cert;
    struct crypto_public_key *key;
};

/* Keeps the certificates' octets. Begin with all zero; release in any case. */
struct nv_chain {
    size_t count;
    uint8_t der[NV_CHAIN_MAX][NV_DER_MAX];
    struct nv_certificate at[NV_CHAIN_MAX];
};

/* Takes one more certificate, copied. ERR_TOO_LARGE, ERR_CERTIFICATE, ERR_UNKNOWN, ERR_KEY. */
ERR_MUST_USE enum err nv_chain_add(struct nv_chain *c, struct bytes der, struct err_note *note);
/* The certificates of a PEM text, or DER ones behind one another, and nothing else. */
ERR_MUST_USE enum err nv_chain_read(struct nv_chain *c, struct bytes text, struct err_note *note);
void nv_chain_release(struct nv_chain *c);

/* Does it end in this root: NVIDIA's by its key, or (octet by octet) the one that was given by hand (empty: none)? *simulated: whether it is that one. */
ERR_MUST_USE enum err nv_chain_check_root(const struct nv_chain *c, const struct nvidia_root *root,
                                          struct bytes simulated_root, bool *simulated,
                                          struct err_note *note);
/* Is each signed by the next, which may certify it, and is the leaf one for signatures? */
ERR_MUST_USE enum err nv_chain_check_links(const struct nv_chain *c, struct err_note *note);
/* All valid at this time (seconds since 1970), both ends included? expired_grace: for how many seconds the end may have passed. */
ERR_MUST_USE enum err nv_chain_check_validity(const struct nv_chain *c, int64_t now, int64_t expired_grace,
                                              struct err_note *note);

/* What the leaf says of the firmware that holds its key (TCG DICE). */
struct nv_fwid {
    bool found;
    uint8_t digest[NV_FWID_SIZE];
    bool has_flags;
    uint32_t flags; /* OperationalFlags of a DiceTcbInfo: bit n is flag n */
};
/* Extension 2.23.133.5.4.1: Hopper's composite device identity, or a DiceTcbInfo; 2.23.133.5.4.1.1: a DiceTcbInfo. ERR_CERTIFICATE. */
ERR_MUST_USE enum err nv_fwid_read(const struct x509 *leaf, struct nv_fwid *fwid, struct err_note *note);

#endif
