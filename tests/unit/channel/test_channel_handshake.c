/* SPDX-License-Identifier: Apache-2.0 */
/* Noise Pipes on both sides: the three ways, the forms in which evidence comes, and everything that is not as it should be. */
#include <stdlib.h>

#include "pair.h"

static void check_verified(struct pair *p, enum channel_path path)
{
    assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
    assert_int_equal(channel_state(p->server.ch), CHANNEL_VERIFIED);
    assert_int_equal(channel_handshake_path(p->client.ch), path);
    assert_int_equal(channel_handshake_path(p->server.ch), path);
    assert_memory_equal(channel_remote_static(p->client.ch), p->server_s.public_key, NOISE_KEY_SIZE);
    assert_memory_equal(channel_remote_static(p->server.ch), p->client_s.public_key, NOISE_KEY_SIZE);
    assert_int_equal(p->client.told[TOLD_EVIDENCE], 1);
    assert_memory_equal(p->client.ch->hash, p->server.ch->hash, sizeof p->client.ch->hash);
}

static void check_bundle(const struct pair *p)
{
    assert_int_equal(p->server.told[TOLD_WANTED], 1);
    assert_memory_equal(p->client.challenge, p->server.challenge, CHANNEL_CHALLENGE_SIZE);
    assert_int_equal(p->client.evidence.len, p->server.bundle.len);
    assert_memory_equal(p->client.evidence.bytes, p->server.bundle.ptr, p->server.bundle.len);
}

static void check_request(struct pair *p)
{
    uint32_t id = open_stream(p);
    assert_string_equal(p->server.path, "/v1/chat/completions");
    assert_int_equal(channel_stream_write(p->client.ch, id, bytes_str("{\"question\":1}"), true), ERR_OK);
    pair_pump(p);
    assert_true(p->server.bodies[id].end);
    assert_int_equal(channel_stream_reply(p->server.ch, id, 200), ERR_OK);
    assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("{\"answer\":2}\n"), false), ERR_OK);
    assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("{\"done\":3}\n"), true), ERR_OK);
    pair_pump(p);
    assert_int_equal(p->client.status, 200);
    assert_true(p->client.bodies[id].end);
    assert_int_equal(p->client.bodies[id].len, 24);
    assert_memory_equal(p->client.bodies[id].bytes, "{\"answer\":2}\n{\"done\":3}\n", 24);
    assert_int_equal(p->client.ch->stream_count, 0);
    assert_int_equal(p->server.ch->stream_count, 0);
}

static void xx_carries_evidence_and_a_request(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    check_verified(p, CHANNEL_PATH_XX);
    check_bundle(p);
    check_request(p);
    pair_free(p);
}

static void ik_resumes_without_evidence(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.path = CHANNEL_PATH_IK});
    check_verified(p, CHANNEL_PATH_IK);
    assert_int_equal(p->server.told[TOLD_WANTED], 0);
    assert_int_equal(p->client.evidence.len, 0);
    check_request(p);
    pair_free(p);
}

static void ik_gives_fresh_evidence_when_asked(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.path = CHANNEL_PATH_IK, .fresh = true});
    check_verified(p, CHANNEL_PATH_IK);
    check_bundle(p);
    check_request(p);
    pair_free(p);
}

static void a_changed_server_key_falls_back(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.path = CHANNEL_PATH_FALLBACK});
    check_verified(p, CHANNEL_PATH_FALLBACK);
    check_bundle(p);
    check_request(p);
    pair_free(p);
}

static void evidence_of_every_size_arrives_on_every_path(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,
                                   2,
                                   60000,
                                   63000,
                                   64400,
                                   65535,
                                   65536,
                                   70000,
                                   200000,
                                   CHANNEL_EVIDENCE_MAX - 1,
                                   CHANNEL_EVIDENCE_MAX};
    static const enum channel_path paths[] = {CHANNEL_PATH_XX, CHANNEL_PATH_IK, CHANNEL_PATH_FALLBACK};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < 3; j++) {
            struct pair *p = pair_verified_with(
                &(struct pair_options){.path = paths[j], .fresh = true, .bundle = sizes[i]});
            check_verified(p, paths[j]);
            check_bundle(p);
            check_request(p);
            assert_true(channel_memory(p->client.ch) < 4096);
            pair_free(p);
        }
}

/* docs/protocol.md, "Handshake": what each message adds to its payload, and the largest bundle that goes whole. */
static void messages_have_the_documented_sizes(void **state)
{
    (void)state;
    enum { FRAMING = 2 + 1 };
    static const struct {
        enum channel_path path;
        size_t first;
        size_t second;
        size_t last;
        size_t whole_max;
    } rows[] = {{CHANNEL_PATH_XX, 1216, 1200, 64, 64333},
                {CHANNEL_PATH_IK, 1297, 1152, 0, 64381},
                {CHANNEL_PATH_FALLBACK, 1297, 1296, 1168, 64237}};
    for (size_t i = 0; i < 3; i++) {
        for (size_t more = 0; more < 2; more++) {
            size_t bundle = rows[i].whole_max + more;
            struct pair *p =
                pair_new(&(struct pair_options){.path = rows[i].path, .fresh = true, .bundle = bundle});
            assert_int_equal(channel_output(p->client.ch).len, FRAMING + rows[i].first);
            assert_int_equal(carry(&p->client, &p->server), ERR_OK);
            size_t payload = more == 0 ? 1 + bundle : 5;
            assert_int_equal(channel_output(p->server.ch).len, FRAMING + rows[i].second + payload);
            assert_int_equal(carry(&p->server, &p->client), ERR_OK);
            if (rows[i].last != 0)
                assert_int_equal(channel_output(p->client.ch).len, FRAMING + rows[i].last);
            pair_pump(p);
            check_verified(p, rows[i].path);
            check_bundle(p);
            pair_free(p);
        }
    }
}

static void a_bundle_that_is_empty_or_too_long_is_not_taken(void **state)
{
    (void)state;
    struct pair *p = pair_new(&(struct pair_options){.mute = true});
    assert_int_equal(channel_give_evidence(p->server.ch, bytes_str("early")), ERR_CHANNEL_STATE);
    pair_pump(p);
    assert_int_equal(p->server.told[TOLD_WANTED], 1);
    uint8_t *big = some_bytes(CHANNEL_EVIDENCE_MAX + 1, 3);
    assert_int_equal(channel_give_evidence(p->server.ch, bytes_of(big, CHANNEL_EVIDENCE_MAX + 1)),
                     ERR_TOO_LARGE);
    assert_int_equal(channel_give_evidence(p->server.ch, bytes_of(big, 0)), ERR_VALUE);
    assert_int_equal(channel_give_evidence(p->server.ch, bytes_of(big, 300)), ERR_OK);
    assert_int_equal(channel_give_evidence(p->server.ch, bytes_of(big, 300)), ERR_CHANNEL_STATE);
    free(big);
    pair_pump(p);
    assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
    pair_free(p);
}

static void the_last_message_is_held_until_verified(void **state)
{
    (void)state;
    static const enum channel_path paths[] = {CHANNEL_PATH_XX, CHANNEL_PATH_FALLBACK};
    for (size_t i = 0; i < 2; i++) {
        struct pair *p = pair_new(&(struct pair_options){.path = paths[i], .hold = true});
        pair_pump(p);
        assert_int_equal(channel_state(p->client.ch), CHANNEL_UNVERIFIED);
        assert_int_equal(channel_state(p->server.ch), CHANNEL_HANDSHAKE);
        assert_int_equal(channel_output(p->client.ch).len, 0);
        assert_int_equal(channel_verified(p->client.ch, p->server_s.public_key), ERR_OK);
        pair_pump(p);
        check_verified(p, paths[i]);
        pair_free(p);
    }
}

static void another_key_than_the_evidence_says_is_refused(void **state)
{
    (void)state;
    static const struct pair_options ways[] = {{.path = CHANNEL_PATH_XX, .hold = true},
                                               {.path = CHANNEL_PATH_IK, .hold = true},
                                               {.path = CHANNEL_PATH_FALLBACK, .hold = true},
                                               {.path = CHANNEL_PATH_XX, .hold = true, .bundle = 70000}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct pair *p = pair_new(&ways[i]);
        pair_pump(p);
        assert_int_equal(channel_state(p->client.ch), CHANNEL_UNVERIFIED);
        assert_int_equal(channel_verified(p->client.ch, p->old_s.public_key), ERR_REFUSED);
        assert_int_equal(channel_state(p->client.ch), CHANNEL_CLOSED);
        assert_int_equal(p->client.close_reason, ERR_REFUSED);
        assert_int_equal(channel_verified(p->client.ch, p->server_s.public_key), ERR_CHANNEL_CLOSED);
        pair_free(p);
    }
}

static void closing_while_the_last_message_is_held_says_nothing(void **state)
{
    (void)state;
    struct pair *p = pair_new(&(struct pair_options){.hold = true});
    pair_pump(p);
    channel_close(p->client.ch, ERR_REFUSED);
    assert_int_equal(channel_output(p->client.ch).len, 0);
    assert_int_equal(p->client.close_reason, ERR_REFUSED);
    assert_int_equal(channel_receive_eof(p->server.ch), ERR_CHANNEL_CUT);
    pair_free(p);
}

static void a_peer_that_speaks_out_of_turn_is_refused(void **state)
{
    (void)state;
    struct pair *p = pair_new(&(struct pair_options){.hold = true, .mute = true});
    struct bytes first = channel_output(p->client.ch);
    assert_int_equal(channel_receive(p->server.ch, first), ERR_OK);
    assert_int_equal(channel_receive(p->server.ch, first), ERR_CHANNEL_STATE);
    assert_int_equal(p->server.close_reason, ERR_CHANNEL_STATE);
    pair_free(p);

    p = pair_new(&(struct pair_options){.hold = true});
    pair_pump(p);
    assert_int_equal(channel_receive(p->client.ch, bytes_of("\x01\x10", 2)), ERR_CHANNEL_STATE);
    pair_free(p);
}

/* ---- what is not as it should be ---- */

/* Runs a handshake in which byte `at` of message number `which` (in order of sending) is changed by `mask`; true if both sides come to VERIFIED. */
static bool survives(const struct pair_options *options, unsigned which, size_t at, uint8_t mask,
                     size_t *size)
{
    struct pair *p = pair_new(options);
    struct side *from = &p->client;
    struct side *to = &p->server;
    for (unsigned i = 0; channel_output(from->ch).len != 0; i++) {
        struct bytes out = channel_output(from->ch);
        uint8_t *copy = malloc(out.len);
        assert_non_null(copy);
        memcpy(copy, out.ptr, out.len);
        if (i == which) {
            *size = out.len;
            if (at < out.len)
                copy[at] ^= mask;
        }
        enum err e = channel_receive(to->ch, bytes_of(copy, out.len));
        assert_true(e == ERR_OK || channel_state(to->ch) == CHANNEL_CLOSED);
        free(copy);
        channel_output_sent(from->ch, out.len);
        struct side *swap = from;
        from = to;
        to = swap;
    }
    bool both =
        channel_state(p->client.ch) == CHANNEL_VERIFIED && channel_state(p->server.ch) == CHANNEL_VERIFIED;
    /* What the server says is what the client appraises: changed, it never makes a channel VERIFIED. */
    if (which == 1 && at != SIZE_MAX)
        assert_int_not_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
    pair_free(p);
    return both;
}

static void flipped_bits_anywhere_in_a_handshake_are_noticed(void **state)
{
    (void)state;
    static const struct {
        struct pair_options options;
        unsigned messages;
    } ways[] = {{{.path = CHANNEL_PATH_XX, .bundle = 40}, 3},
                {{.path = CHANNEL_PATH_IK, .bundle = 40, .fresh = true}, 2},
                {{.path = CHANNEL_PATH_FALLBACK, .bundle = 40}, 3}};
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
        for (unsigned m = 0; m < ways[w].messages; m++) {
            size_t size = 0;
            assert_true(survives(&ways[w].options, m, SIZE_MAX, 0, &size));
            size_t whole = size;
            for (size_t at = 0; at < whole; at += at < 40 || at > whole - 40 ? 1 : 61) {
                bool both = survives(&ways[w].options, m, at, (uint8_t)(1U << at % 8), &size);
                /* Of IK message 1 only e matters once it does not open: the rest may be noise, and the handshake falls back. */
                bool ignored = m == 0 && ways[w].options.path != CHANNEL_PATH_XX && at >= 3 + NOISE_KEY_SIZE;
                /* The top bit of an X25519 public key does not count in the DH, but it does in the handshake hash. */
                assert_int_equal(both, ignored);
            }
        }
}

static void the_responder_knows_only_its_kinds(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        struct pair *p = pair_new(&(struct pair_options){0});
        struct bytes out = channel_output(p->client.ch);
        uint8_t *copy = malloc(out.len);
        assert_non_null(copy);
        memcpy(copy, out.ptr, out.len);
        copy[2] = (uint8_t)kind;
        enum err e = channel_receive(p->server.ch, bytes_of(copy, out.len));
        switch (kind) {
        case KIND_XX_1:
            assert_int_equal(e, ERR_OK);
            break;
        case KIND_IK_1: /* an encrypted e1 is longer, and there would be a static key */
            assert_int_equal(e, ERR_NOISE_MESSAGE);
            break;
        case KIND_XX_2:
        case KIND_IK_2:
        case KIND_FALLBACK_1:
        case KIND_XX_3:
        case KIND_FALLBACK_2:
            assert_int_equal(e, ERR_CHANNEL_STATE);
            break;
        default:
            assert_int_equal(e, ERR_CHANNEL_RECORD);
            break;
        }
        free(copy);
        pair_free(p);
    }
}

static void the_initiator_knows_only_its_kinds(void **state)
{
    (void)state;
    static const enum channel_path paths[] = {CHANNEL_PATH_XX, CHANNEL_PATH_IK, CHANNEL_PATH_FALLBACK};
    static const uint8_t right[] = {KIND_XX_2, KIND_IK_2, KIND_FALLBACK_1};
    static const uint8_t known[] = {KIND_XX_1,       KIND_IK_1, KIND_XX_2,      KIND_IK_2,
                                    KIND_FALLBACK_1, KIND_XX_3, KIND_FALLBACK_2};
    for (size_t i = 0; i < 3; i++)
        for (unsigned kind = 0; kind < 256; kind++) {
            struct pair *p = pair_new(&(struct pair_options){.path = paths[i]});
            assert_int_equal(carry(&p->client, &p->server), ERR_OK);
            struct bytes out = channel_output(p->server.ch);
            uint8_t *copy = malloc(out.len);
            assert_non_null(copy);
            memcpy(copy, out.ptr, out.len);
            copy[2] = (uint8_t)kind;
            enum err e = channel_receive(p->client.ch, bytes_of(copy, out.len));
            bool here = paths[i] == CHANNEL_PATH_XX ? kind == KIND_XX_2
                                                    : kind == KIND_IK_2 || kind == KIND_FALLBACK_1;
            if (kind == right[i])
                assert_int_equal(e, ERR_OK);
            else if (here) /* the wrong one of the two that may come: other tokens, other hash */
                assert_true(e == ERR_AUTH || e == ERR_NOISE_MESSAGE || e == ERR_NOISE_KEY);
            else
                assert_int_equal(e, memchr(known, (int)kind, sizeof known) != NULL ? ERR_CHANNEL_STATE
                                                                                   : ERR_CHANNEL_RECORD);
            assert_int_equal(channel_state(p->client.ch) == CHANNEL_VERIFIED, kind == right[i]);
            free(copy);
            pair_free(p);
        }
}

static void truncated_and_lengthened_messages_are_refused(void **state)
{
    (void)state;
    for (unsigned m = 0; m < 3; m++)
        for (int change = -40; change <= 40; change += change == -1 ? 2 : 1) {
            struct pair *p = pair_new(&(struct pair_options){.bundle = 100});
            struct side *from = &p->client;
            struct side *to = &p->server;
            for (unsigned i = 0; i < m; i++) {
                assert_int_equal(carry(from, to), ERR_OK);
                struct side *swap = from;
                from = to;
                to = swap;
            }
            struct bytes out = channel_output(from->ch);
            size_t size = out.len + 40 - (size_t)(40 - change);
            uint8_t *copy = calloc(1, size + out.len);
            assert_non_null(copy);
            memcpy(copy, out.ptr, out.len);
            struct writer w = writer_into(copy, 2);
            writer_u16be(&w, (uint16_t)(size - 2));
            enum err e = channel_receive(to->ch, bytes_of(copy, size));
            /* XX message 1 ends in an unencrypted payload, which must be empty. */
            assert_true(e == ERR_AUTH || e == ERR_NOISE_MESSAGE ||
                        (e == ERR_CHANNEL_RECORD && m == 0 && change > 0));
            assert_int_equal(channel_state(to->ch), CHANNEL_CLOSED);
            assert_int_equal(channel_output(to->ch).len, 0);
            free(copy);
            pair_free(p);
        }
}

static void garbage_is_refused(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 2000; seed++) {
        struct pair *p =
            pair_new(&(struct pair_options){.path = seed % 2 == 0 ? CHANNEL_PATH_XX : CHANNEL_PATH_IK});
        uint8_t *noise = some_bytes(70000, seed);
        struct side *victim = seed % 3 == 0 ? &p->client : &p->server;
        assert_int_not_equal(channel_receive(victim->ch, bytes_of(noise, 70000)), ERR_OK);
        assert_int_equal(channel_state(victim->ch), CHANNEL_CLOSED);
        free(noise);
        pair_free(p);
    }
}

static void a_stranger_gets_little_memory(void **state)
{
    (void)state;
    struct pair *p = pair_new(&(struct pair_options){0});
    assert_int_equal(channel_receive(p->server.ch, bytes_of("\x08\x01", 2)), ERR_CHANNEL_RECORD);
    pair_free(p);
    p = pair_new(&(struct pair_options){0});
    assert_int_equal(channel_receive(p->server.ch, bytes_of("\x08\x00\x01", 3)), ERR_OK);
    assert_true(channel_memory(p->server.ch) < 4096);
    pair_free(p);
}

/* A responder that plays by Noise but not by our rules for payloads. */
struct rogue {
    struct pair *p;
    struct noise_handshake *noise;
};

static void rogue_answer(struct rogue *r, const char *name, uint8_t kind, struct bytes payload)
{
    static uint8_t message[CHANNEL_RECORD_MAX];
    static uint8_t scratch[CHANNEL_RECORD_MAX];
    static uint8_t record[CHANNEL_RECORD_MAX + 2];
    size_t len = 0;
    struct bytes out = channel_output(r->p->client.ch);
    const struct noise_keys keys = {.s = &r->p->server_s};
    assert_int_equal(
        noise_handshake_new(&r->noise, name, NOISE_RESPONDER, bytes_str(CHANNEL_PROLOGUE), &keys), ERR_OK);
    assert_int_equal(
        noise_handshake_read(r->noise, bytes_of(out.ptr + 3, out.len - 3), scratch, sizeof scratch, &len),
        ERR_OK);
    assert_int_equal(noise_handshake_write(r->noise, payload, message, sizeof message, &len), ERR_OK);
    struct writer w = writer_into(record, sizeof record);
    writer_u16be(&w, (uint16_t)(len + 1));
    writer_u8(&w, kind);
    writer_bytes(&w, bytes_of(message, len));
    channel_output_sent(r->p->client.ch, out.len);
    enum err e = channel_receive(r->p->client.ch, bytes_of(record, w.used));
    assert_int_equal(e, r->p->client.close_reason);
}

static void payload_forms_are_checked(void **state)
{
    (void)state;
    static const struct {
        enum channel_path path;
        bool fresh;
        struct bytes payload;
        enum err wanted;
    } rows[] = {
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"", 0}, ERR_CHANNEL_RECORD},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x00", 1}, ERR_CHANNEL_EVIDENCE},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x01", 1}, ERR_CHANNEL_EVIDENCE},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x01x", 2}, ERR_OK},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x02", 1}, ERR_CHANNEL_RECORD},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x02\x00\x00\x00", 4}, ERR_CHANNEL_RECORD},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x02\x00\x00\x00\x00", 5}, ERR_CHANNEL_EVIDENCE},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x02\x00\x10\x00\x01", 5}, ERR_CHANNEL_EVIDENCE},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x02\x00\x10\x00\x00", 5}, ERR_OK},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x02\x00\x10\x00\x00\x00", 6}, ERR_CHANNEL_RECORD},
        {CHANNEL_PATH_XX, false, {(const uint8_t *)"\x03", 1}, ERR_CHANNEL_RECORD},
        {CHANNEL_PATH_IK, false, {(const uint8_t *)"\x00", 1}, ERR_OK},
        {CHANNEL_PATH_IK, false, {(const uint8_t *)"\x00\x00", 2}, ERR_CHANNEL_RECORD},
        {CHANNEL_PATH_IK, false, {(const uint8_t *)"\x01x", 2}, ERR_CHANNEL_EVIDENCE},
        {CHANNEL_PATH_IK, true, {(const uint8_t *)"\x00", 1}, ERR_CHANNEL_EVIDENCE},
        {CHANNEL_PATH_IK, true, {(const uint8_t *)"\x01x", 2}, ERR_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rogue r = {.p = pair_new(&(struct pair_options){
                              .path = rows[i].path, .fresh = rows[i].fresh, .hold = true})};
        bool xx = rows[i].path == CHANNEL_PATH_XX;
        rogue_answer(
            &r, xx ? "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256" : "Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256",
            xx ? KIND_XX_2 : KIND_IK_2, rows[i].payload);
        assert_int_equal(channel_state(r.p->client.ch),
                         rows[i].wanted == ERR_OK ? CHANNEL_UNVERIFIED : CHANNEL_CLOSED);
        assert_int_equal(r.p->client.close_reason, rows[i].wanted);
        noise_handshake_free(r.noise);
        pair_free(r.p);
    }
}

/* An initiator that plays by Noise but not by our rules for payloads. */
static enum err rogue_first(struct pair *p, bool ik, struct bytes payload)
{
    uint8_t message[2048];
    uint8_t record[2100];
    size_t len = 0;
    struct noise_handshake *noise = NULL;
    const struct noise_keys keys = {.s = &p->client_s, .rs = ik ? p->server_s.public_key : NULL};
    assert_int_equal(noise_handshake_new(&noise,
                                         ik ? "Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256"
                                            : "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256",
                                         NOISE_INITIATOR, bytes_str(CHANNEL_PROLOGUE), &keys),
                     ERR_OK);
    assert_int_equal(noise_handshake_write(noise, payload, message, sizeof message, &len), ERR_OK);
    noise_handshake_free(noise);
    struct writer w = writer_into(record, sizeof record);
    writer_u16be(&w, (uint16_t)(len + 1));
    writer_u8(&w, ik ? KIND_IK_1 : KIND_XX_1);
    writer_bytes(&w, bytes_of(message, len));
    return channel_receive(p->server.ch, bytes_of(record, w.used));
}

static void first_payloads_are_checked(void **state)
{
    (void)state;
    static const struct {
        struct bytes payload;
        enum err wanted;
        bool ik;
    } rows[] = {
        {{(const uint8_t *)"", 0}, ERR_OK, false},
        {{(const uint8_t *)"\x00", 1}, ERR_CHANNEL_RECORD, false},
        {{(const uint8_t *)"a prompt", 8}, ERR_CHANNEL_RECORD, false},
        {{(const uint8_t *)"\x00", 1}, ERR_OK, true},
        {{(const uint8_t *)"\x01", 1}, ERR_OK, true},
        {{(const uint8_t *)"", 0}, ERR_CHANNEL_RECORD, true},
        {{(const uint8_t *)"\x02", 1}, ERR_CHANNEL_RECORD, true},
        {{(const uint8_t *)"\x00\x00", 2}, ERR_CHANNEL_RECORD, true},
        {{(const uint8_t *)"a prompt", 8}, ERR_CHANNEL_RECORD, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair *p = pair_new(&(struct pair_options){0});
        assert_int_equal(rogue_first(p, rows[i].ik, rows[i].payload), rows[i].wanted);
        assert_int_equal(p->server.told[TOLD_CLOSED], rows[i].wanted != ERR_OK);
        pair_free(p);
    }
}

/* ---- EVIDENCE frames ---- */

static struct pair *awaiting_evidence(size_t total)
{
    struct pair *p = pair_new(&(struct pair_options){.bundle = total, .hold = true});
    assert_int_equal(carry(&p->client, &p->server), ERR_OK);
    assert_int_equal(carry(&p->server, &p->client), ERR_OK);
    assert_int_equal(carry(&p->client, &p->server), ERR_OK);
    assert_int_equal(channel_state(p->client.ch), CHANNEL_UNVERIFIED);
    assert_int_equal(p->client.told[TOLD_EVIDENCE], 0);
    return p;
}

static void streamed_evidence_must_have_the_announced_size(void **state)
{
    (void)state;
    enum { TOTAL = 70000, PIECE = 35000 };
    static const struct {
        size_t second;
        enum err wanted;
        uint8_t first_flags;
        uint8_t second_flags;
    } rows[] = {
        {PIECE, ERR_OK, 0, FRAME_FLAG_END},
        {PIECE, ERR_CHANNEL_EVIDENCE, 0, 0},                  /* all of it, and no END */
        {PIECE - 1, ERR_CHANNEL_EVIDENCE, 0, FRAME_FLAG_END}, /* too short */
        {PIECE + 1, ERR_CHANNEL_EVIDENCE, 0, FRAME_FLAG_END}, /* too long */
        {PIECE, ERR_CHANNEL_EVIDENCE, FRAME_FLAG_END, 0},     /* ends early */
    };
    uint8_t *piece = some_bytes(PIECE + 1, 9);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair *p = awaiting_evidence(TOTAL);
        enum err e =
            forge_one(&p->server, &p->client, FRAME_EVIDENCE, rows[i].first_flags, 0, bytes_of(piece, PIECE));
        if (e == ERR_OK)
            e = forge_one(&p->server, &p->client, FRAME_EVIDENCE, rows[i].second_flags, 0,
                          bytes_of(piece, rows[i].second));
        assert_int_equal(e, rows[i].wanted);
        assert_int_equal(p->client.told[TOLD_EVIDENCE], rows[i].wanted == ERR_OK);
        pair_free(p);
    }
    free(piece);
}

static void evidence_that_is_still_coming_cannot_be_verified(void **state)
{
    (void)state;
    struct pair *p = awaiting_evidence(70000);
    assert_int_equal(channel_verified(p->client.ch, p->server_s.public_key), ERR_CHANNEL_STATE);
    assert_int_equal(channel_state(p->client.ch), CHANNEL_UNVERIFIED);
    pair_pump(p);
    assert_int_equal(channel_verified(p->client.ch, p->server_s.public_key), ERR_OK);
    assert_int_equal(channel_verified(p->client.ch, p->server_s.public_key), ERR_CHANNEL_STATE);
    pair_free(p);
}

static void evidence_that_was_not_asked_for_is_refused(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    assert_int_equal(forge_one(&p->server, &p->client, FRAME_EVIDENCE, FRAME_FLAG_END, 0, bytes_str("x")),
                     ERR_CHANNEL_EVIDENCE);
    assert_int_equal(carry(&p->client, &p->server), ERR_OK);
    assert_int_equal(p->server.close_reason, ERR_CHANNEL_EVIDENCE);
    pair_free(p);
}

static void evidence_in_place_has_a_challenge_of_its_own(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint8_t before[CHANNEL_CHALLENGE_SIZE];
    memcpy(before, p->client.challenge, sizeof before);
    for (unsigned i = 2; i < 5; i++) {
        assert_int_equal(channel_attest(p->client.ch), ERR_OK);
        assert_int_equal(channel_attest(p->client.ch), ERR_CHANNEL_STATE);
        pair_pump(p);
        assert_int_equal(p->server.told[TOLD_WANTED], i);
        assert_int_equal(p->client.told[TOLD_EVIDENCE], i);
        assert_int_equal(p->client.evidence.len, p->server.bundle.len);
        assert_memory_equal(p->client.challenge, p->server.challenge, sizeof before);
        assert_memory_not_equal(p->client.challenge, before, sizeof before);
        memcpy(before, p->client.challenge, sizeof before);
    }
    assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
    check_request(p);
    pair_free(p);
}

static void a_second_attest_while_one_is_answered_is_refused(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    free((void *)p->server.bundle.ptr);
    p->server.bundle = (struct bytes){0};
    uint8_t nonce[CHALLENGE_NONCE_SIZE] = {1};
    assert_int_equal(forge_one(&p->client, &p->server, FRAME_ATTEST, 0, 0, bytes_of(nonce, sizeof nonce)),
                     ERR_OK);
    assert_int_equal(forge_one(&p->client, &p->server, FRAME_ATTEST, 0, 0, bytes_of(nonce, sizeof nonce)),
                     ERR_CHANNEL_EVIDENCE);
    pair_free(p);
}

static void evidence_in_place_has_a_limit(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    free((void *)p->server.bundle.ptr);
    p->server.bundle = (struct bytes){0};
    assert_int_equal(channel_attest(p->client.ch), ERR_OK);
    pair_pump(p);
    uint8_t *piece = some_bytes(65000, 4);
    enum err e = ERR_OK;
    unsigned pieces = 0;
    while (e == ERR_OK && pieces < 100) {
        e = forge_one(&p->server, &p->client, FRAME_EVIDENCE, 0, 0, bytes_of(piece, 65000));
        pieces++;
        assert_true(channel_memory(p->client.ch) <= CHANNEL_MEMORY_MAX);
    }
    assert_int_equal(e, ERR_CHANNEL_EVIDENCE);
    assert_int_equal(pieces, CHANNEL_EVIDENCE_MAX / 65000 + 1);
    free(piece);
    pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xx_carries_evidence_and_a_request),
        cmocka_unit_test(ik_resumes_without_evidence),
        cmocka_unit_test(ik_gives_fresh_evidence_when_asked),
        cmocka_unit_test(a_changed_server_key_falls_back),
        cmocka_unit_test(evidence_of_every_size_arrives_on_every_path),
        cmocka_unit_test(messages_have_the_documented_sizes),
        cmocka_unit_test(a_bundle_that_is_empty_or_too_long_is_not_taken),
        cmocka_unit_test(the_last_message_is_held_until_verified),
        cmocka_unit_test(another_key_than_the_evidence_says_is_refused),
        cmocka_unit_test(closing_while_the_last_message_is_held_says_nothing),
        cmocka_unit_test(a_peer_that_speaks_out_of_turn_is_refused),
        cmocka_unit_test(flipped_bits_anywhere_in_a_handshake_are_noticed),
        cmocka_unit_test(the_responder_knows_only_its_kinds),
        cmocka_unit_test(the_initiator_knows_only_its_kinds),
        cmocka_unit_test(truncated_and_lengthened_messages_are_refused),
        cmocka_unit_test(garbage_is_refused),
        cmocka_unit_test(a_stranger_gets_little_memory),
        cmocka_unit_test(payload_forms_are_checked),
        cmocka_unit_test(first_payloads_are_checked),
        cmocka_unit_test(streamed_evidence_must_have_the_announced_size),
        cmocka_unit_test(evidence_that_is_still_coming_cannot_be_verified),
        cmocka_unit_test(evidence_that_was_not_asked_for_is_refused),
        cmocka_unit_test(evidence_in_place_has_a_challenge_of_its_own),
        cmocka_unit_test(a_second_attest_while_one_is_answered_is_refused),
        cmocka_unit_test(evidence_in_place_has_a_limit),
    };
    return cmocka_run_group_tests(tests, channel_test_setup, NULL);
}
