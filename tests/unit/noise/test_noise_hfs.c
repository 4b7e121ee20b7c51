/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The hfs tokens, against a peer that is written out here step by step from the draft: e1 is EncryptAndHash of the KEM public key,
 * ekem1 is EncryptAndHash of the ciphertext, then MixKey of the shared secret. Two ends of the same code could agree on anything.
 */

#include <setjmp.h>
#include <stdarg.h>

#include "noise/symmetric.h"

#include <cmocka.h>

#define XX_HFS       "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256"
#define FALLBACK_HFS "Noise_XXfallback+hfs_25519+MLKEM768_AESGCM_SHA256"

static const struct bytes prologue = {(const uint8_t *)"enclume/1", 9};
static const struct bytes nothing = {NULL, 0};

static uint8_t wire[NOISE_MESSAGE_MAX];
static uint8_t payload[NOISE_MESSAGE_MAX];

/* How the peer goes wrong, if it does. */
enum peer { BY_THE_BOOK, KEM_SECRET_NOT_MIXED, KEM_SECRET_MIXED_TOO_EARLY };

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

static void ok(enum err e)
{
    assert_int_equal(e, ERR_OK);
}

static void fresh(struct noise_keypair *pair)
{
    ok(crypto_x25519_keypair(pair->secret, pair->public_key));
}

static void begin(struct noise_symmetric *sym, const char *name)
{
    struct noise_protocol protocol;
    ok(noise_protocol_parse(name, &protocol));
    ok(noise_symmetric_init(sym, &protocol, name));
    ok(noise_symmetric_mix_hash(sym, prologue));
}

static void mix_dh(struct noise_symmetric *sym, const struct noise_keypair *own, const uint8_t *theirs)
{
    uint8_t shared[CRYPTO_X25519_SIZE];
    ok(crypto_x25519(own->secret, theirs, shared));
    ok(noise_symmetric_mix_key(sym, shared));
}

static void write_ekem1(struct noise_symmetric *sym, const uint8_t *kem_public, enum peer peer,
                        struct writer *w)
{
    uint8_t ciphertext[CRYPTO_MLKEM_CIPHER_SIZE];
    uint8_t shared[CRYPTO_MLKEM_SHARED_SIZE];
    ok(crypto_mlkem_encaps(kem_public, ciphertext, shared));
    if (peer == KEM_SECRET_MIXED_TOO_EARLY)
        ok(noise_symmetric_mix_key(sym, shared));
    ok(noise_symmetric_encrypt(sym, bytes_of(ciphertext, sizeof ciphertext), w));
    if (peer == BY_THE_BOOK)
        ok(noise_symmetric_mix_key(sym, shared));
}

/* XXhfs: "-> e, e1", then "<- e, ee, ekem1, s, es" by hand. What the initiator says to it. */
static enum err responder_by_hand(enum peer peer)
{
    struct noise_keypair alice_s, s, e;
    struct noise_symmetric sym = {0};
    struct noise_handshake *alice;
    struct bytes message;
    size_t len;
    fresh(&alice_s);
    fresh(&s);
    fresh(&e);
    struct noise_keys keys = {.s = &alice_s};
    ok(noise_handshake_new(&alice, XX_HFS, NOISE_INITIATOR, prologue, &keys));
    ok(noise_handshake_write(alice, nothing, wire, sizeof wire, &len));

    uint8_t re[NOISE_KEY_SIZE];
    uint8_t kem_public[CRYPTO_MLKEM_PUBLIC_SIZE];
    struct reader r = reader_over(bytes_of(wire, len));
    reader_copy(&r, re, sizeof re);
    reader_copy(&r, kem_public, sizeof kem_public);
    ok(reader_finish(&r));
    begin(&sym, XX_HFS);
    ok(noise_symmetric_mix_hash(&sym, bytes_of(re, sizeof re)));
    ok(noise_symmetric_mix_hash(&sym, bytes_of(kem_public, sizeof kem_public)));
    ok(noise_symmetric_mix_hash(&sym, nothing));

    struct writer w = writer_into(wire, sizeof wire);
    writer_bytes(&w, bytes_of(e.public_key, NOISE_KEY_SIZE));
    ok(noise_symmetric_mix_hash(&sym, bytes_of(e.public_key, NOISE_KEY_SIZE)));
    mix_dh(&sym, &e, re);
    write_ekem1(&sym, kem_public, peer, &w);
    ok(noise_symmetric_encrypt(&sym, bytes_of(s.public_key, NOISE_KEY_SIZE), &w));
    mix_dh(&sym, &s, re);
    ok(noise_symmetric_encrypt(&sym, bytes_str("evidence"), &w));
    ok(writer_finish(&w, &message));

    enum err answer = noise_handshake_read(alice, message, payload, sizeof payload, &len);
    if (answer == ERR_OK) {
        assert_memory_equal(noise_handshake_remote_static(alice), s.public_key, NOISE_KEY_SIZE);
        assert_true(bytes_is_str(bytes_of(payload, len), "evidence"));
    }
    noise_symmetric_wipe(&sym);
    noise_handshake_free(alice);
    return answer;
}

/* XXfallback+hfs: "<- e, ee, e1, s, es", then "-> ekem1, s, se" by hand. What the original responder says to it. */
static enum err initiator_by_hand(enum peer peer)
{
    enum {
        E1_SEALED = CRYPTO_MLKEM_PUBLIC_SIZE + NOISE_TAG_SIZE,
        S_SEALED = NOISE_KEY_SIZE + NOISE_TAG_SIZE
    };
    struct noise_keypair bob_s, s, e;
    struct noise_symmetric sym = {0};
    struct noise_handshake *bob;
    struct bytes message;
    size_t len;
    fresh(&bob_s);
    fresh(&s);
    fresh(&e);
    struct noise_keys keys = {.s = &bob_s, .re = e.public_key};
    ok(noise_handshake_new(&bob, FALLBACK_HFS, NOISE_RESPONDER, prologue, &keys));
    ok(noise_handshake_write(bob, nothing, wire, sizeof wire, &len));

    uint8_t re[NOISE_KEY_SIZE];
    uint8_t rs[NOISE_KEY_SIZE];
    uint8_t kem_public[CRYPTO_MLKEM_PUBLIC_SIZE];
    struct reader r = reader_over(bytes_of(wire, len));
    reader_copy(&r, re, sizeof re);
    begin(&sym, FALLBACK_HFS);
    ok(noise_symmetric_mix_hash(&sym, bytes_of(e.public_key, NOISE_KEY_SIZE)));
    ok(noise_symmetric_mix_hash(&sym, bytes_of(re, sizeof re)));
    mix_dh(&sym, &e, re);
    ok(noise_symmetric_decrypt(&sym, reader_bytes(&r, E1_SEALED), kem_public));
    ok(noise_symmetric_decrypt(&sym, reader_bytes(&r, S_SEALED), rs));
    assert_memory_equal(rs, bob_s.public_key, NOISE_KEY_SIZE);
    mix_dh(&sym, &e, rs);
    ok(noise_symmetric_decrypt(&sym, reader_bytes(&r, NOISE_TAG_SIZE), payload));
    ok(reader_finish(&r));

    struct writer w = writer_into(wire, sizeof wire);
    write_ekem1(&sym, kem_public, peer, &w);
    ok(noise_symmetric_encrypt(&sym, bytes_of(s.public_key, NOISE_KEY_SIZE), &w));
    mix_dh(&sym, &s, re);
    ok(noise_symmetric_encrypt(&sym, nothing, &w));
    ok(writer_finish(&w, &message));

    enum err answer = noise_handshake_read(bob, message, payload, sizeof payload, &len);
    if (answer == ERR_OK)
        assert_memory_equal(noise_handshake_remote_static(bob), s.public_key, NOISE_KEY_SIZE);
    noise_symmetric_wipe(&sym);
    noise_handshake_free(bob);
    return answer;
}

static void a_peer_by_the_book_is_understood(void **state)
{
    (void)state;
    assert_int_equal(responder_by_hand(BY_THE_BOOK), ERR_OK);
    assert_int_equal(initiator_by_hand(BY_THE_BOOK), ERR_OK);
}

static void a_peer_that_leaves_the_kem_out_is_refused(void **state)
{
    (void)state;
    assert_int_equal(responder_by_hand(KEM_SECRET_NOT_MIXED), ERR_AUTH);
    assert_int_equal(initiator_by_hand(KEM_SECRET_NOT_MIXED), ERR_AUTH);
}

static void a_peer_that_mixes_the_kem_secret_before_its_ciphertext_is_refused(void **state)
{
    (void)state;
    assert_int_equal(responder_by_hand(KEM_SECRET_MIXED_TOO_EARLY), ERR_AUTH);
    assert_int_equal(initiator_by_hand(KEM_SECRET_MIXED_TOO_EARLY), ERR_AUTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_by_the_book_is_understood),
        cmocka_unit_test(a_peer_that_leaves_the_kem_out_is_refused),
        cmocka_unit_test(a_peer_that_mixes_the_kem_secret_before_its_ciphertext_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
