/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOISE_NOISE_H
#define NOISE_NOISE_H

/*
 * The Noise protocol framework, revision 34, with hybrid forward secrecy (draft "KEM-based Hybrid Forward Secrecy for
 * Noise", revision 1): CipherState, SymmetricState and HandshakeState as in section 5 of the specification, driven by
 * the pattern tables in pattern.c. Knows nothing of records, attestation or sockets.
 *
 *     struct noise_handshake *hs;
 *     noise_handshake_new(&hs, "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256", NOISE_INITIATOR, prologue, &keys);
 *     noise_handshake_write(hs, payload, &message);      // when noise_handshake_turn says NOISE_WRITE
 *     noise_handshake_read(hs, message, &payload);       // when it says NOISE_READ
 *     noise_handshake_split(hs, &send, &receive, hash);  // when it says NOISE_DONE
 *
 * After any failure a handshake answers ERR_NOISE_STATE to everything but free; its secrets are then wiped already, all but the
 * ephemeral key, which a fallback still needs. All states live in secret memory.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/crypto.h"

enum {
    NOISE_MESSAGE_MAX = 65535, /* section 3 */
    NOISE_TAG_SIZE = CRYPTO_AEAD_TAG_SIZE,
    NOISE_KEY_SIZE = 32,
    NOISE_HASH_MAX = CRYPTO_HASH_MAX,
    NOISE_NAME_MAX = 80,
};

/* ---- section 5.1: the CipherState object ---- */

struct noise_cipher;

/* InitializeKey(key). */
ERR_MUST_USE enum err noise_cipher_new(enum crypto_aead aead, const uint8_t key[static NOISE_KEY_SIZE],
                                       struct noise_cipher **c);
void noise_cipher_free(struct noise_cipher *c);
/* EncryptWithAd: out has plain.len + 16 bytes and may be plain.ptr. ERR_NOISE_NONCE when n would be 2^64-1. */
ERR_MUST_USE enum err noise_cipher_encrypt(struct noise_cipher *c, struct bytes ad, struct bytes plain,
                                           uint8_t *out);
/* The same for a plaintext in parts, which are not copied together; out does not overlap any of them. */
ERR_MUST_USE enum err noise_cipher_encrypt_parts(struct noise_cipher *c, struct bytes ad,
                                                 const struct bytes *parts, size_t count, uint8_t *out);
/* DecryptWithAd: out has sealed.len - 16 bytes and may be sealed.ptr. ERR_AUTH (n is then not advanced), ERR_NOISE_NONCE. */
ERR_MUST_USE enum err noise_cipher_decrypt(struct noise_cipher *c, struct bytes ad, struct bytes sealed,
                                           uint8_t *out);
/* Rekey (section 4.2, REKEY(k)); n goes on. */
ERR_MUST_USE enum err noise_cipher_rekey(struct noise_cipher *c);
/* n: how many messages this cipher has seen. */
uint64_t noise_cipher_nonce(const struct noise_cipher *c);

/* ---- section 5.3: the HandshakeState object ---- */

enum noise_role { NOISE_INITIATOR, NOISE_RESPONDER };
enum noise_turn { NOISE_WRITE, NOISE_READ, NOISE_DONE, NOISE_FAILED };

/* A X25519 key pair; the secret stands in the caller's secret memory. */
struct noise_keypair {
    uint8_t secret[NOISE_KEY_SIZE];
    uint8_t public_key[NOISE_KEY_SIZE];
};

struct noise_keys {
    const struct noise_keypair *s; /* own static key; NULL where the pattern has none */
    const uint8_t
        *rs; /* 32 bytes: the peer's static key, where the pattern knows it before; NULL elsewhere */
    /* XXfallback only, section 10.2. The original initiator gives the e that its first message carried (with its secret);
     * the original responder gives the re that it read in the clear. */
    const struct noise_keypair *e;
    const uint8_t *re;
    /* Known-answer tests only: an ephemeral key instead of a fresh one. NULL in the product. */
    const struct noise_keypair *test_e;
};

struct noise_handshake;

/* Name: "Noise_" pattern ["hfs" | "fallback" | "fallback+hfs"] "_25519" ["+MLKEM768"] "_" AESGCM|ChaChaPoly "_" SHA256|SHA512|BLAKE2s.
 * In fallback patterns `role` is the role in the ORIGINAL handshake: Alice is NOISE_INITIATOR and reads first (section 10.2).
 * Keys are copied. ERR_NOISE_NAME; ERR_KEY when a key the pattern needs is missing, and when rs, e or re is given to a pattern
 * that would not use it (a pinned key that nobody compares is a mistake worth hearing about). */
ERR_MUST_USE enum err noise_handshake_new(struct noise_handshake **hs, const char *name, enum noise_role role,
                                          struct bytes prologue, const struct noise_keys *keys);
void noise_handshake_free(struct noise_handshake *hs);

enum noise_turn noise_handshake_turn(const struct noise_handshake *hs);

/* Size of the next message for a payload of that size; 0 when it is not our turn or it would be over NOISE_MESSAGE_MAX. */
size_t noise_handshake_message_size(const struct noise_handshake *hs, size_t payload_size);

/* WriteMessage. out: size bytes of room that do not overlap the payload; the message's length in *len.
 * ERR_NO_SPACE, ERR_NOISE_STATE; ERR_NOISE_KEY when a key that the peer sent before turns out to be invalid. */
ERR_MUST_USE enum err noise_handshake_write(struct noise_handshake *hs, struct bytes payload, uint8_t *out,
                                            size_t size, size_t *len);

/* ReadMessage. payload: size bytes of room (message.len always suffices) that do not overlap the message.
 * ERR_NOISE_MESSAGE (too short or too long), ERR_AUTH, ERR_NOISE_KEY, ERR_NO_SPACE, ERR_NOISE_STATE. */
ERR_MUST_USE enum err noise_handshake_read(struct noise_handshake *hs, struct bytes message, uint8_t *payload,
                                           size_t size, size_t *len);

/* GetHandshakeHash, at any moment: h so far. out: HASHLEN bytes. */
void noise_handshake_hash(const struct noise_handshake *hs, uint8_t *out);
size_t noise_handshake_hash_size(const struct noise_handshake *hs);

/* The peer's static public key once it is known, else NULL. Valid while hs lives. */
const uint8_t *noise_handshake_remote_static(const struct noise_handshake *hs);

/* Our ephemeral key pair, for a fallback (original initiator); and the peer's ephemeral public key as far as read, for a fallback
 * (original responder; also after a failed read of message 1: it stands in the clear before what failed). NULL when there is none. */
const struct noise_keypair *noise_handshake_ephemeral(const struct noise_handshake *hs);
const uint8_t *noise_handshake_remote_ephemeral(const struct noise_handshake *hs);

/* Split (section 5.2), when the turn is NOISE_DONE: ciphers of the caller's own directions, and the handshake hash (HASHLEN bytes).
 * In a one-way pattern (section 7.4) *receive of the initiator and *send of the responder are NULL.
 * hs is used up (its turn is NOISE_FAILED): only free is left. ERR_NOISE_STATE, ERR_MEMORY. */
ERR_MUST_USE enum err noise_handshake_split(struct noise_handshake *hs, struct noise_cipher **send,
                                            struct noise_cipher **receive, uint8_t *hash);

#endif
