/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOISE_SYMMETRIC_H
#define NOISE_SYMMETRIC_H

/*
 * The SymmetricState (section 5.2): the chaining key, the handshake hash and the cipher under the newest key. Stands inside the
 * HandshakeState's secret block; handshake.c alone calls this. Lengths: what is sealed is NOISE_TAG_SIZE longer than its plaintext
 * once there is a key, and as long as it before.
 */

#include "base/reader.h"
#include "base/writer.h"
#include "noise/noise_internal.h"

struct noise_symmetric {
    enum crypto_hash hash;
    enum crypto_aead aead;
    size_t hash_len; /* HASHLEN */
    uint8_t ck[NOISE_HASH_MAX];
    uint8_t h[NOISE_HASH_MAX];
    bool has_key; /* cipher holds a key */
    struct noise_cipher cipher;
};

/* InitializeSymmetric(protocol_name). s: zeros. */
ERR_MUST_USE enum err noise_symmetric_init(struct noise_symmetric *s, const struct noise_protocol *protocol,
                                           const char *name);
/* Wipes all but h, which is no secret. */
void noise_symmetric_wipe(struct noise_symmetric *s);

ERR_MUST_USE enum err noise_symmetric_mix_key(struct noise_symmetric *s,
                                              const uint8_t material[static NOISE_KEY_SIZE]);
ERR_MUST_USE enum err noise_symmetric_mix_hash(struct noise_symmetric *s, struct bytes data);

/* EncryptAndHash: appends what it seals to w. ERR_NO_SPACE. */
ERR_MUST_USE enum err noise_symmetric_encrypt(struct noise_symmetric *s, struct bytes plain,
                                              struct writer *w);
/* DecryptAndHash: sealed.len less the tag bytes go to out. ERR_NOISE_MESSAGE when it is shorter than a tag; ERR_AUTH. */
ERR_MUST_USE enum err noise_symmetric_decrypt(struct noise_symmetric *s, struct bytes sealed, uint8_t *out);
/* How much longer than its plaintext a sealed text is now. */
size_t noise_symmetric_tag(const struct noise_symmetric *s);

/* Split(): k1 for the messages of the side that wrote first, k2 for the other's. The caller wipes them. */
ERR_MUST_USE enum err noise_symmetric_split(const struct noise_symmetric *s,
                                            uint8_t k1[static NOISE_KEY_SIZE],
                                            uint8_t k2[static NOISE_KEY_SIZE]);

#endif
