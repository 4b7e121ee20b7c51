/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOISE_NOISE_INTERNAL_H
#define NOISE_NOISE_INTERNAL_H

/* What the files of this room share with each other and with its tests. Nobody else includes this. */

#include "noise/noise.h"
#include "noise/pattern.h"

/* ---- protocol_name.c: what a protocol name says (section 8) ---- */

struct noise_protocol {
    const struct noise_pattern *pattern;
    enum crypto_aead aead;
    enum crypto_hash hash;
};

/* ERR_NOISE_NAME. */
ERR_MUST_USE enum err noise_protocol_parse(const char *name, struct noise_protocol *protocol);

/* ---- cipher.c: the CipherState (section 5.1), without its "empty key" case, which is the SymmetricState's ---- */

struct noise_cipher {
    enum crypto_aead aead;
    uint8_t k[NOISE_KEY_SIZE];
    uint64_t n;
    struct crypto_aead_key
        *key; /* k's key schedule; NULL until k is first used: many handshake keys never are */
};

/* InitializeKey for a cipher that stands in a larger secret block. May be called again: the old key is wiped. Begin with zeros. */
void noise_cipher_init(struct noise_cipher *c, enum crypto_aead aead,
                       const uint8_t key[static NOISE_KEY_SIZE]);
void noise_cipher_wipe(struct noise_cipher *c);

#endif
