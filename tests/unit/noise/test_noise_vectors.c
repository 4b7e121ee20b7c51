/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Other people's known-answer tests, in the JSON that most Noise libraries share: cacophony's and snow's files, and noise-c's for
 * fallback. Each vector gives every key, and every message of both sides; all must come out to the byte, from both ends.
 */

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "base/encoding.h"
#include "noise/noise_internal.h"

#include <cmocka.h>

enum {
    SKIPPED = 77, /* CTest's word for it */
    /* 15 patterns x 6 suites in each of two files. The file with the 6 fallbacks is in no package, so not on every machine. */
    VECTORS_LEAST = 180,
    FALLBACK_VECTORS = 6,
    FIELD_MAX = 1024,
};

/* Why a vector is not ours to run, by what its name contains. */
static struct {
    const char *word;
    const char *reason;
    unsigned count;
} skips[] = {
    {"_448_", "Curve448", 0},
    {"_P256_", "P-256", 0},
    {"_XChaChaPoly_", "XChaCha20", 0},
    {"_BLAKE2b", "BLAKE2b", 0},
    {"psk", "pre-shared keys", 0},
    {"NoisePSK_", "pre-shared keys (old name)", 0},
    {"1", "deferred patterns (section 18.1)", 0},
};

struct field {
    uint8_t bytes[FIELD_MAX];
    size_t len;
    bool there;
};

/* One side's keys as the vector gives them. */
struct side {
    struct noise_keypair s;
    struct noise_keypair e;
    struct field rs;
    struct field prologue;
    bool has_s;
};

struct run {
    const json_t *vector;
    struct side sides[2]; /* by enum noise_role */
    struct noise_handshake *hs[2];
    struct noise_cipher *send[2];
    struct noise_cipher *receive[2];
    bool one_way;
};

static char pattern[256];

static struct field field_of(const json_t *object, const char *name)
{
    struct field f = {0};
    const char *hex = json_string_value(json_object_get(object, name));
    if (hex == NULL)
        return f;
    f.there = true;
    f.len = strlen(hex) / 2;
    assert_true(f.len <= sizeof f.bytes);
    assert_int_equal(encoding_unhex(bytes_str(hex), f.bytes, f.len), ERR_OK);
    return f;
}

static bool keypair_of(const json_t *object, const char *name, struct noise_keypair *pair)
{
    struct field secret = field_of(object, name);
    if (!secret.there)
        return false;
    assert_int_equal(secret.len, NOISE_KEY_SIZE);
    memcpy(pair->secret, secret.bytes, NOISE_KEY_SIZE);
    assert_int_equal(crypto_x25519_public(pair->secret, pair->public_key), ERR_OK);
    return true;
}

static void side_of(const json_t *vector, enum noise_role role, struct side *side)
{
    bool initiator = role == NOISE_INITIATOR;
    side->has_s = keypair_of(vector, initiator ? "init_static" : "resp_static", &side->s);
    (void)keypair_of(vector, initiator ? "init_ephemeral" : "resp_ephemeral", &side->e);
    side->rs = field_of(vector, initiator ? "init_remote_static" : "resp_remote_static");
    side->prologue = field_of(vector, initiator ? "init_prologue" : "resp_prologue");
}

static void start(struct run *r, const char *name, enum noise_role role, const struct noise_keys *keys)
{
    const struct side *side = &r->sides[role];
    assert_int_equal(noise_handshake_new(&r->hs[role], name, role,
                                         bytes_of(side->prologue.bytes, side->prologue.len), keys),
                     ERR_OK);
}

static struct noise_keys keys_of(const struct side *side)
{
    return (struct noise_keys){
        .s = side->has_s ? &side->s : NULL,
        .rs = side->rs.there ? side->rs.bytes : NULL,
        .test_e = &side->e,
    };
}

/* Message `index` of a handshake, written by one end and read by the other. */
static void handshake_message(struct run *r, enum noise_role writer, const struct field *payload,
                              const struct field *message)
{
    uint8_t out[FIELD_MAX];
    size_t len;
    enum noise_role reader = writer == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
    assert_int_equal(noise_handshake_message_size(r->hs[writer], payload->len), message->len);
    assert_int_equal(
        noise_handshake_write(r->hs[writer], bytes_of(payload->bytes, payload->len), out, sizeof out, &len),
        ERR_OK);
    assert_int_equal(len, message->len);
    assert_memory_equal(out, message->bytes, len);
    assert_int_equal(
        noise_handshake_read(r->hs[reader], bytes_of(message->bytes, message->len), out, sizeof out, &len),
        ERR_OK);
    assert_int_equal(len, payload->len);
    assert_memory_equal(out, payload->bytes, len);
}

static void transport_message(struct run *r, enum noise_role writer, const struct field *payload,
                              const struct field *message)
{
    uint8_t out[FIELD_MAX];
    enum noise_role reader = writer == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
    assert_int_equal(payload->len + NOISE_TAG_SIZE, message->len);
    assert_int_equal(
        noise_cipher_encrypt(r->send[writer], bytes_of(NULL, 0), bytes_of(payload->bytes, payload->len), out),
        ERR_OK);
    assert_memory_equal(out, message->bytes, message->len);
    assert_int_equal(noise_cipher_decrypt(r->receive[reader], bytes_of(NULL, 0),
                                          bytes_of(message->bytes, message->len), out),
                     ERR_OK);
    assert_memory_equal(out, payload->bytes, payload->len);
}

static void split_both(struct run *r)
{
    uint8_t hash[2][NOISE_HASH_MAX];
    struct field want = field_of(r->vector, "handshake_hash");
    size_t len = noise_handshake_hash_size(r->hs[NOISE_INITIATOR]);
    for (int role = 0; role < 2; role++)
        assert_int_equal(noise_handshake_split(r->hs[role], &r->send[role], &r->receive[role], hash[role]),
                         ERR_OK);
    assert_memory_equal(hash[NOISE_INITIATOR], hash[NOISE_RESPONDER], len);
    if (want.there) {
        assert_int_equal(want.len, len);
        assert_memory_equal(hash[NOISE_INITIATOR], want.bytes, len);
    }
}

/* All messages from `first` on; they alternate, those of a one-way pattern are all the initiator's. */
static void run_messages(struct run *r, size_t first)
{
    const json_t *messages = json_object_get(r->vector, "messages");
    assert_true(json_array_size(messages) > first);
    for (size_t i = first; i < json_array_size(messages); i++) {
        struct field payload = field_of(json_array_get(messages, i), "payload");
        struct field message = field_of(json_array_get(messages, i), "ciphertext");
        enum noise_role writer = r->one_way || i % 2 == 0 ? NOISE_INITIATOR : NOISE_RESPONDER;
        if (r->send[NOISE_INITIATOR] == NULL)
            handshake_message(r, writer, &payload, &message);
        else
            transport_message(r, writer, &payload, &message);
        if (r->send[NOISE_INITIATOR] == NULL && noise_handshake_turn(r->hs[NOISE_INITIATOR]) == NOISE_DONE)
            split_both(r);
    }
    assert_non_null(r->send[NOISE_INITIATOR]);
}

/* Noise Pipes (section 10.4): Alice's IK message is for a key that Bob does not have; he fails on it and answers with XXfallback. */
static void fall_back(struct run *r, const char *name)
{
    char ik_name[NOISE_NAME_MAX];
    uint8_t out[FIELD_MAX];
    size_t len;
    const json_t *messages = json_object_get(r->vector, "messages");
    struct field payload = field_of(json_array_get(messages, 0), "payload");
    struct field message = field_of(json_array_get(messages, 0), "ciphertext");
    struct field reply = field_of(json_array_get(messages, 1), "ciphertext");
    const char *rest = strstr(name, "XXfallback");
    assert_non_null(rest);
    assert_string_equal(json_string_value(json_object_get(r->vector, "pattern")), "IK");
    (void)snprintf(ik_name, sizeof ik_name, "Noise_IK%s", rest + strlen("XXfallback"));

    for (int role = 0; role < 2; role++) {
        struct noise_keys keys = keys_of(&r->sides[role]);
        start(r, ik_name, (enum noise_role)role, &keys);
    }
    struct noise_handshake *alice = r->hs[NOISE_INITIATOR];
    struct noise_handshake *bob = r->hs[NOISE_RESPONDER];
    assert_int_equal(
        noise_handshake_write(alice, bytes_of(payload.bytes, payload.len), out, sizeof out, &len), ERR_OK);
    assert_int_equal(len, message.len);
    assert_memory_equal(out, message.bytes, len);
    assert_int_equal(noise_handshake_read(bob, bytes_of(message.bytes, message.len), out, sizeof out, &len),
                     ERR_AUTH);
    assert_int_equal(noise_handshake_read(alice, bytes_of(reply.bytes, reply.len), out, sizeof out, &len),
                     ERR_AUTH);

    struct noise_keys alice_keys = {.s = &r->sides[NOISE_INITIATOR].s, .e = noise_handshake_ephemeral(alice)};
    struct noise_keys bob_keys = keys_of(&r->sides[NOISE_RESPONDER]);
    bob_keys.re = noise_handshake_remote_ephemeral(bob);
    start(r, name, NOISE_INITIATOR, &alice_keys);
    start(r, name, NOISE_RESPONDER, &bob_keys);
    noise_handshake_free(alice);
    noise_handshake_free(bob);
}

static void run_vector(const json_t *vector, const char *name, const struct noise_pattern *p)
{
    struct run r = {.vector = vector, .one_way = noise_pattern_messages(p) == 1};
    for (int role = 0; role < 2; role++)
        side_of(vector, (enum noise_role)role, &r.sides[role]);
    if (json_is_true(json_object_get(vector, "fallback"))) {
        fall_back(&r, name);
        run_messages(&r, 1);
    } else {
        for (int role = 0; role < 2; role++) {
            struct noise_keys keys = keys_of(&r.sides[role]);
            start(&r, name, (enum noise_role)role, &keys);
        }
        run_messages(&r, 0);
    }
    for (int role = 0; role < 2; role++) {
        noise_handshake_free(r.hs[role]);
        noise_cipher_free(r.send[role]);
        noise_cipher_free(r.receive[role]);
    }
}

/* A vector that we cannot run must have a reason from the table. */
static void skip_vector(const char *name)
{
    const char *word = strchr(name, '_'); /* the pattern part begins here; a deferred pattern has a 1 in it */
    assert_non_null(word);
    size_t pattern_len = 1 + strcspn(word + 1, "_");
    for (size_t i = 0; i < sizeof skips / sizeof *skips; i++) {
        bool deferred = strcmp(skips[i].word, "1") == 0;
        if (deferred ? memchr(word, '1', pattern_len) != NULL : strstr(name, skips[i].word) != NULL) {
            skips[i].count++;
            return;
        }
    }
    fail_msg("%s is neither run nor known as out of scope", name);
}

static unsigned run_file(const char *path)
{
    json_error_t error;
    unsigned ran = 0;
    json_t *doc = json_load_file(path, 0, &error);
    assert_non_null(doc);
    const json_t *vectors = json_object_get(doc, "vectors");
    assert_true(json_array_size(vectors) > 0);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        const json_t *vector = json_array_get(vectors, i);
        const char *name = json_string_value(json_object_get(vector, "protocol_name"));
        struct noise_protocol protocol;
        if (name == NULL)
            name = json_string_value(json_object_get(vector, "name"));
        assert_non_null(name);
        if (noise_protocol_parse(name, &protocol) == ERR_OK) {
            run_vector(vector, name, protocol.pattern);
            ran++;
        } else {
            skip_vector(name);
        }
    }
    print_message("%s: %u of %zu vectors run\n", path, ran, json_array_size(vectors));
    json_decref(doc);
    return ran;
}

static void every_vector_of_our_protocols_comes_out_from_both_ends(void **state)
{
    (void)state;
    glob_t files;
    unsigned ran = 0;
    unsigned least = VECTORS_LEAST;
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        least += strstr(files.gl_pathv[i], "fallback") != NULL ? FALLBACK_VECTORS : 0;
        ran += run_file(files.gl_pathv[i]);
    }
    globfree(&files);
    for (size_t i = 0; i < sizeof skips / sizeof *skips; i++)
        print_message("out of scope: %4u %s\n", skips[i].count, skips[i].reason);
    assert_true(ran >= least);
}

static bool vectors_under(const char *directory)
{
    glob_t files;
    (void)snprintf(pattern, sizeof pattern, "%s/vectors/noise/*.txt", directory);
    bool found = glob(pattern, 0, NULL, &files) == 0;
    if (found)
        globfree(&files);
    return found;
}

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_our_protocols_comes_out_from_both_ends),
    };
    if (!vectors_under(ENCLUME_SHARED) && !vectors_under(ENCLUME_DEPS_DIR)) {
        puts("skipped: there are no Noise test vectors under " ENCLUME_SHARED " or " ENCLUME_DEPS_DIR);
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, setup, NULL);
}
