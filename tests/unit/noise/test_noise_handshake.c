/* SPDX-License-Identifier: Apache-2.0 */

/* Handshakes of honest parties: every protocol against itself, the order of calls, keys, sizes, Noise Pipes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "unit/noise/noise_pair.h"

#include <cmocka.h>

#define XX_HFS       "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256"
#define IK_HFS       "Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256"
#define FALLBACK_HFS "Noise_XXfallback+hfs_25519+MLKEM768_AESGCM_SHA256"
#define XX           "Noise_XX_25519_AESGCM_SHA256"

static const struct bytes prologue = {(const uint8_t *)"enclume/1", 9};
static const struct bytes nothing = {NULL, 0};

static struct noise_pair pair;
static uint8_t room[PAIR_ROOM];

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

/* A text from one end's cipher to the other's. */
static void sends(struct noise_cipher *from, struct noise_cipher *to)
{
    static const uint8_t text[] = "a transport message";
    uint8_t sealed[sizeof text + NOISE_TAG_SIZE];
    assert_int_equal(noise_cipher_encrypt(from, nothing, bytes_of(text, sizeof text), sealed), ERR_OK);
    assert_int_equal(noise_cipher_decrypt(to, nothing, bytes_of(sealed, sizeof sealed), sealed), ERR_OK);
    assert_memory_equal(sealed, text, sizeof text);
}

/* Splits both ends, compares their hashes, talks in the directions there are. */
static void finish_and_talk(bool one_way)
{
    struct noise_cipher *send[2];
    struct noise_cipher *receive[2];
    uint8_t hash[2][NOISE_HASH_MAX] = {0};
    for (int role = 0; role < 2; role++) {
        assert_int_equal(noise_handshake_turn(pair.hs[role]), NOISE_DONE);
        assert_int_equal(noise_handshake_split(pair.hs[role], &send[role], &receive[role], hash[role]),
                         ERR_OK);
        assert_int_equal(noise_handshake_turn(pair.hs[role]), NOISE_FAILED);
        assert_null(noise_handshake_ephemeral(pair.hs[role]));
    }
    assert_memory_equal(hash[0], hash[1], NOISE_HASH_MAX);
    for (int round = 0; round < 3; round++) {
        sends(send[NOISE_INITIATOR], receive[NOISE_RESPONDER]);
        if (!one_way)
            sends(send[NOISE_RESPONDER], receive[NOISE_INITIATOR]);
    }
    if (one_way) {
        assert_null(send[NOISE_RESPONDER]);
        assert_null(receive[NOISE_INITIATOR]);
    }
    for (int role = 0; role < 2; role++) {
        noise_cipher_free(send[role]);
        noise_cipher_free(receive[role]);
    }
}

/* Whom each end has met, as the pattern says: with a static key, or without. */
static void met(enum noise_role role, const struct noise_pattern *pattern)
{
    enum noise_role other = role == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
    size_t letter = strlen(pattern->name) == 1 || role == NOISE_RESPONDER ? 0 : 1;
    bool anonymous = pattern->name[letter] == 'N' && !(strlen(pattern->name) == 1 && role == NOISE_INITIATOR);
    const uint8_t *key = noise_handshake_remote_static(pair.hs[role]);
    if (anonymous)
        assert_null(key);
    else
        assert_memory_equal(key, pair.s[other].public_key, NOISE_KEY_SIZE);
}

static void one_handshake(const char *name, const struct noise_pattern *pattern)
{
    static const uint8_t payload[300] = {1, 2, 3};
    pair_new(&pair, name, prologue, prologue);
    for (unsigned m = 0; m < noise_pattern_messages(pattern); m++) {
        size_t payload_len = m == 0 ? sizeof payload : m - 1; /* also none at all */
        enum noise_role writer = pair_writer(&pair);
        enum noise_role reader = writer == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
        size_t size = noise_handshake_message_size(pair.hs[writer], payload_len);
        size_t len;
        assert_int_equal(noise_handshake_message_size(pair.hs[reader], payload_len), 0);
        assert_int_equal(noise_handshake_turn(pair.hs[reader]), NOISE_READ);
        assert_int_equal(
            noise_handshake_write(pair.hs[writer], bytes_of(payload, payload_len), pair.wire, size, &len),
            ERR_OK);
        assert_int_equal(len, size);
        assert_int_equal(
            noise_handshake_read(pair.hs[reader], bytes_of(pair.wire, len), room, payload_len, &len), ERR_OK);
        assert_int_equal(len, payload_len);
        assert_memory_equal(room, payload, len);

        uint8_t h[2][NOISE_HASH_MAX] = {0};
        noise_handshake_hash(pair.hs[0], h[0]);
        noise_handshake_hash(pair.hs[1], h[1]);
        assert_memory_equal(h[0], h[1], NOISE_HASH_MAX);
    }
    met(NOISE_INITIATOR, pattern);
    met(NOISE_RESPONDER, pattern);
    finish_and_talk(noise_pattern_messages(pattern) == 1);
    pair_free(&pair);
}

static void every_protocol_agrees_with_itself(void **state)
{
    (void)state;
    static const char *const ciphers[] = {"AESGCM", "ChaChaPoly"};
    static const char *const hashes[] = {"SHA256", "SHA512", "BLAKE2s"};
    unsigned count = 0;
    const struct noise_pattern *pattern;
    for (size_t i = 0; (pattern = noise_pattern_at(i)) != NULL; i++)
        for (size_t c = 0; c < sizeof ciphers / sizeof *ciphers; c++)
            for (size_t h = 0; h < sizeof hashes / sizeof *hashes; h++) {
                char name[NOISE_NAME_MAX];
                (void)snprintf(name, sizeof name, "Noise_%s_25519%s_%s_%s", pattern->name,
                               pattern->hfs ? "+MLKEM768" : "", ciphers[c], hashes[h]);
                one_handshake(name, pattern);
                count++;
            }
    assert_int_equal(count, 20 * 6);
}

static void handshakes_never_repeat(void **state)
{
    (void)state;
    uint8_t first[NOISE_HASH_MAX];
    uint8_t second[NOISE_HASH_MAX];
    pair_new(&pair, XX_HFS, prologue, prologue);
    struct noise_keys initiator = pair_keys(&pair, XX_HFS, NOISE_INITIATOR);
    assert_int_equal(pair_write(&pair, nothing), ERR_OK);
    noise_handshake_hash(pair.hs[NOISE_INITIATOR], first);
    noise_handshake_free(pair.hs[NOISE_INITIATOR]);
    assert_int_equal(
        noise_handshake_new(&pair.hs[NOISE_INITIATOR], XX_HFS, NOISE_INITIATOR, prologue, &initiator),
        ERR_OK);
    assert_int_equal(pair_write(&pair, nothing), ERR_OK);
    noise_handshake_hash(pair.hs[NOISE_INITIATOR], second);
    assert_memory_not_equal(first, second, CRYPTO_SHA256_SIZE);
    pair_free(&pair);
}

/* ---- the order of calls ---- */

static void is_dead(struct noise_handshake *hs)
{
    struct noise_cipher *send;
    struct noise_cipher *receive;
    size_t len = 1;
    assert_int_equal(noise_handshake_turn(hs), NOISE_FAILED);
    assert_int_equal(noise_handshake_message_size(hs, 0), 0);
    assert_int_equal(noise_handshake_write(hs, nothing, room, sizeof room, &len), ERR_NOISE_STATE);
    assert_int_equal(len, 0);
    assert_int_equal(noise_handshake_read(hs, bytes_of(pair.wire, pair.wire_len), room, sizeof room, &len),
                     ERR_NOISE_STATE);
    assert_int_equal(noise_handshake_split(hs, &send, &receive, room), ERR_NOISE_STATE);
    assert_null(send);
    assert_null(receive);
}

enum call { CALL_WRITE, CALL_READ, CALL_SPLIT };

/* Makes a call that the turn does not allow, after `done` messages. */
static void wrong_call(const char *name, unsigned done, enum noise_role role, enum call call)
{
    struct noise_cipher *send;
    struct noise_cipher *receive;
    size_t len;
    enum err e = ERR_OK;
    pair_new(&pair, name, prologue, prologue);
    pair_run(&pair, done);
    struct noise_handshake *hs = pair.hs[role];
    if (call == CALL_WRITE)
        e = noise_handshake_write(hs, nothing, room, sizeof room, &len);
    else if (call == CALL_READ)
        e = noise_handshake_read(hs, bytes_of(pair.wire, pair.wire_len), room, sizeof room, &len);
    else
        e = noise_handshake_split(hs, &send, &receive, room);
    assert_int_equal(e, ERR_NOISE_STATE);
    is_dead(hs);
    pair_free(&pair);
}

static void a_call_out_of_turn_ends_the_handshake(void **state)
{
    (void)state;
    static const char *const names[] = {XX, XX_HFS, IK_HFS, FALLBACK_HFS};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned all = pair_messages(names[i]);
        for (unsigned done = 0; done <= all; done++)
            for (int role = 0; role < 2; role++) {
                pair_new(&pair, names[i], prologue, prologue);
                pair_run(&pair, done);
                enum noise_turn turn = noise_handshake_turn(pair.hs[role]);
                pair_free(&pair);
                if (turn != NOISE_WRITE)
                    wrong_call(names[i], done, (enum noise_role)role, CALL_WRITE);
                if (turn != NOISE_READ)
                    wrong_call(names[i], done, (enum noise_role)role, CALL_READ);
                if (turn != NOISE_DONE)
                    wrong_call(names[i], done, (enum noise_role)role, CALL_SPLIT);
            }
    }
}

static void a_handshake_is_split_once(void **state)
{
    (void)state;
    pair_new(&pair, XX, prologue, prologue);
    pair_run(&pair, 3);
    finish_and_talk(false);
    is_dead(pair.hs[NOISE_INITIATOR]);
    is_dead(pair.hs[NOISE_RESPONDER]);
    pair_free(&pair);
}

/* ---- keys ---- */

static void keys_that_the_pattern_needs_must_be_given(void **state)
{
    (void)state;
    static const char *const names[] = {XX, IK_HFS, FALLBACK_HFS, "Noise_KK_25519_AESGCM_SHA256",
                                        "Noise_X_25519_AESGCM_SHA256"};
    struct noise_handshake *hs;
    pair_new(&pair, XX, prologue, prologue);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int role = 0; role < 2; role++) {
            struct noise_keys all = pair_keys(&pair, names[i], (enum noise_role)role);
            for (int without = 0; without < 4; without++) {
                struct noise_keys keys = all;
                if (without == 0)
                    keys.s = NULL;
                else if (without == 1)
                    keys.rs = NULL;
                else if (without == 2)
                    keys.e = NULL;
                else
                    keys.re = NULL;
                bool same = keys.s == all.s && keys.rs == all.rs && keys.e == all.e && keys.re == all.re;
                assert_int_equal(noise_handshake_new(&hs, names[i], (enum noise_role)role, prologue, &keys),
                                 same ? ERR_OK : ERR_KEY);
                noise_handshake_free(hs);
            }
        }
    pair_free(&pair);
}

static void keys_that_would_go_unused_are_refused(void **state)
{
    (void)state;
    struct noise_handshake *hs;
    pair_new(&pair, XX, prologue, prologue);
    for (int role = 0; role < 2; role++) {
        struct noise_keys pinned = {.s = &pair.s[role], .rs = pair.s[1 - role].public_key};
        struct noise_keys with_e = {.s = &pair.s[role], .e = &pair.e};
        struct noise_keys with_re = {.s = &pair.s[role], .re = pair.e.public_key};
        assert_int_equal(noise_handshake_new(&hs, XX, (enum noise_role)role, prologue, &pinned), ERR_KEY);
        assert_int_equal(noise_handshake_new(&hs, XX, (enum noise_role)role, prologue, &with_e), ERR_KEY);
        assert_int_equal(noise_handshake_new(&hs, XX, (enum noise_role)role, prologue, &with_re), ERR_KEY);
        assert_null(hs);
    }
    pair_free(&pair);
}

/* ---- sizes ---- */

static void a_message_may_have_65535_bytes_and_no_more(void **state)
{
    (void)state;
    static uint8_t payload[PAIR_ROOM];
    size_t overhead;
    size_t len;
    pair_new(&pair, XX_HFS, prologue, prologue);
    overhead = noise_handshake_message_size(pair.hs[NOISE_INITIATOR], 0);
    assert_int_equal(overhead, NOISE_KEY_SIZE + CRYPTO_MLKEM_PUBLIC_SIZE);
    assert_int_equal(noise_handshake_message_size(pair.hs[NOISE_INITIATOR], NOISE_MESSAGE_MAX - overhead + 1),
                     0);
    assert_int_equal(noise_handshake_message_size(pair.hs[NOISE_INITIATOR], SIZE_MAX), 0);
    assert_int_equal(pair_write(&pair, bytes_of(payload, NOISE_MESSAGE_MAX - overhead)), ERR_OK);
    assert_int_equal(pair.wire_len, NOISE_MESSAGE_MAX);
    assert_int_equal(pair_read(&pair, NOISE_RESPONDER), ERR_OK);

    overhead = noise_handshake_message_size(pair.hs[NOISE_RESPONDER], 0);
    assert_int_equal(noise_handshake_write(pair.hs[NOISE_RESPONDER],
                                           bytes_of(payload, NOISE_MESSAGE_MAX - overhead + 1), room,
                                           sizeof room, &len),
                     ERR_NO_SPACE);
    is_dead(pair.hs[NOISE_RESPONDER]);

    pair.wire_len = NOISE_MESSAGE_MAX + 1;
    assert_int_equal(pair_read(&pair, NOISE_INITIATOR), ERR_NOISE_MESSAGE);
    is_dead(pair.hs[NOISE_INITIATOR]);
    pair_free(&pair);
}

static void too_little_room_ends_the_handshake(void **state)
{
    (void)state;
    size_t len;
    pair_new(&pair, XX, prologue, prologue);
    size_t size = noise_handshake_message_size(pair.hs[NOISE_INITIATOR], 4);
    assert_int_equal(noise_handshake_write(pair.hs[NOISE_INITIATOR], bytes_str("four"), room, size - 1, &len),
                     ERR_NO_SPACE);
    is_dead(pair.hs[NOISE_INITIATOR]);
    pair_free(&pair);

    pair_new(&pair, XX, prologue, prologue);
    assert_int_equal(pair_write(&pair, bytes_str("four")), ERR_OK);
    assert_int_equal(
        noise_handshake_read(pair.hs[NOISE_RESPONDER], bytes_of(pair.wire, pair.wire_len), room, 3, &len),
        ERR_NO_SPACE);
    assert_int_equal(len, 0);
    is_dead(pair.hs[NOISE_RESPONDER]);
    pair_free(&pair);
}

/* ---- what both sides must agree on ---- */

static void another_prologue_is_noticed(void **state)
{
    (void)state;
    static const char *const names[] = {XX, XX_HFS, IK_HFS, FALLBACK_HFS};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum err e = ERR_OK;
        pair_new(&pair, names[i], prologue, bytes_str("enclume/2"));
        for (unsigned m = 0; m < 2 && e == ERR_OK; m++) {
            enum noise_role writer = pair_writer(&pair);
            assert_int_equal(pair_write(&pair, nothing), ERR_OK);
            e = pair_read(&pair, writer == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR);
        }
        assert_int_equal(e, ERR_AUTH);
        pair_free(&pair);
    }
}

static void another_name_is_noticed(void **state)
{
    (void)state;
    pair_new(&pair, XX_HFS, prologue, prologue);
    struct noise_keys keys = pair_keys(&pair, XX_HFS, NOISE_RESPONDER);
    noise_handshake_free(pair.hs[NOISE_RESPONDER]);
    assert_int_equal(noise_handshake_new(&pair.hs[NOISE_RESPONDER],
                                         "Noise_XXhfs_25519+MLKEM768_AESGCM_BLAKE2s", NOISE_RESPONDER,
                                         prologue, &keys),
                     ERR_OK);
    pair_run(&pair, 1);
    assert_int_equal(pair_write(&pair, nothing), ERR_OK);
    assert_int_equal(pair_read(&pair, NOISE_INITIATOR), ERR_AUTH);
    pair_free(&pair);
}

/* ---- Noise Pipes (section 10.4) with the hfs patterns ---- */

static void a_client_with_an_old_server_key_gets_through_by_falling_back(void **state)
{
    (void)state;
    struct noise_keypair old;
    struct noise_handshake *ik[2];
    size_t len;
    assert_int_equal(crypto_x25519_keypair(old.secret, old.public_key), ERR_OK);
    pair_new(&pair, IK_HFS, prologue, prologue);
    struct noise_keys keys = {.s = &pair.s[NOISE_INITIATOR], .rs = old.public_key};
    noise_handshake_free(pair.hs[NOISE_INITIATOR]);
    assert_int_equal(noise_handshake_new(&pair.hs[NOISE_INITIATOR], IK_HFS, NOISE_INITIATOR, prologue, &keys),
                     ERR_OK);
    assert_int_equal(pair_write(&pair, bytes_str("0-RTT")), ERR_OK);
    assert_int_equal(pair_read(&pair, NOISE_RESPONDER), ERR_AUTH);
    is_dead(pair.hs[NOISE_RESPONDER]);
    assert_null(noise_handshake_remote_static(pair.hs[NOISE_RESPONDER]));
    memcpy(ik, pair.hs, sizeof ik);

    struct noise_keys bob = {.s = &pair.s[NOISE_RESPONDER],
                             .re = noise_handshake_remote_ephemeral(ik[NOISE_RESPONDER])};
    assert_memory_equal(bob.re, pair.wire, NOISE_KEY_SIZE);
    assert_int_equal(
        noise_handshake_new(&pair.hs[NOISE_RESPONDER], FALLBACK_HFS, NOISE_RESPONDER, prologue, &bob),
        ERR_OK);
    assert_int_equal(noise_handshake_turn(pair.hs[NOISE_RESPONDER]), NOISE_WRITE);
    assert_int_equal(
        noise_handshake_write(pair.hs[NOISE_RESPONDER], nothing, pair.wire, PAIR_ROOM, &pair.wire_len),
        ERR_OK);

    /* Alice may try the answer as IKhfs first: her ephemeral key outlives the failure. */
    assert_int_equal(noise_handshake_read(ik[NOISE_INITIATOR], bytes_of(pair.wire, pair.wire_len), room,
                                          sizeof room, &len),
                     ERR_AUTH);
    struct noise_keys alice = {.s = &pair.s[NOISE_INITIATOR],
                               .e = noise_handshake_ephemeral(ik[NOISE_INITIATOR])};
    assert_int_equal(
        noise_handshake_new(&pair.hs[NOISE_INITIATOR], FALLBACK_HFS, NOISE_INITIATOR, prologue, &alice),
        ERR_OK);
    assert_int_equal(pair_read(&pair, NOISE_INITIATOR), ERR_OK);
    pair_run(&pair, 1);
    finish_and_talk(false);
    noise_handshake_free(ik[NOISE_INITIATOR]);
    noise_handshake_free(ik[NOISE_RESPONDER]);
    pair_free(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_protocol_agrees_with_itself),
        cmocka_unit_test(handshakes_never_repeat),
        cmocka_unit_test(a_call_out_of_turn_ends_the_handshake),
        cmocka_unit_test(a_handshake_is_split_once),
        cmocka_unit_test(keys_that_the_pattern_needs_must_be_given),
        cmocka_unit_test(keys_that_would_go_unused_are_refused),
        cmocka_unit_test(a_message_may_have_65535_bytes_and_no_more),
        cmocka_unit_test(too_little_room_ends_the_handshake),
        cmocka_unit_test(another_prologue_is_noticed),
        cmocka_unit_test(another_name_is_noticed),
        cmocka_unit_test(a_client_with_an_old_server_key_gets_through_by_falling_back),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
