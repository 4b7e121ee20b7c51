/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state machine, driven through every pair of (situation, call) and (situation, incoming frame). What matters most: an initiator that has
 * not verified its peer says nothing but handshake messages, CLOSE, PING and PONG, whatever its owner calls.
 */
#include <stdlib.h>

#include "pair.h"

/* The situations a channel can be in: its states, and in HANDSHAKE and UNVERIFIED the steps that differ. */
enum situation {
    I_HANDSHAKE_XX,
    I_HANDSHAKE_IK,
    I_UNVERIFIED_HELD,     /* XX: the last message waits */
    I_UNVERIFIED_COMING,   /* XX: evidence comes in frames */
    I_UNVERIFIED_COMPLETE, /* XX: it has come */
    I_UNVERIFIED_IK,       /* IK: nothing to come */
    I_UNVERIFIED_FALLBACK,
    I_VERIFIED,
    I_CLOSED,
    R_FIRST,
    R_OWNER,
    R_LAST,
    R_VERIFIED,
    R_CLOSED,
    SITUATION_COUNT
};

static const char *const situation_names[SITUATION_COUNT] = {"I_HANDSHAKE_XX",
                                                             "I_HANDSHAKE_IK",
                                                             "I_UNVERIFIED_HELD",
                                                             "I_UNVERIFIED_COMING",
                                                             "I_UNVERIFIED_COMPLETE",
                                                             "I_UNVERIFIED_IK",
                                                             "I_UNVERIFIED_FALLBACK",
                                                             "I_VERIFIED",
                                                             "I_CLOSED",
                                                             "R_FIRST",
                                                             "R_OWNER",
                                                             "R_LAST",
                                                             "R_VERIFIED",
                                                             "R_CLOSED"};

static bool is_initiator(enum situation s)
{
    return s <= I_CLOSED;
}

static struct side *subject(struct pair *p, enum situation s)
{
    return is_initiator(s) ? &p->client : &p->server;
}

static struct pair *arrange(enum situation s)
{
    struct pair *p = NULL;
    switch (s) {
    case I_HANDSHAKE_XX:
    case R_FIRST:
        p = pair_new(&(struct pair_options){.hold = true});
        break;
    case I_HANDSHAKE_IK:
        p = pair_new(&(struct pair_options){.hold = true, .path = CHANNEL_PATH_IK});
        break;
    case I_UNVERIFIED_HELD:
    case R_LAST:
        p = pair_new(&(struct pair_options){.hold = true});
        pair_pump(p);
        break;
    case I_UNVERIFIED_COMING:
        p = pair_new(&(struct pair_options){.hold = true, .bundle = 70000});
        for (int i = 0; i < 3; i++)
            assert_int_equal(i % 2 == 0 ? carry(&p->client, &p->server) : carry(&p->server, &p->client),
                             ERR_OK);
        break;
    case I_UNVERIFIED_COMPLETE:
        p = pair_new(&(struct pair_options){.hold = true, .bundle = 70000});
        pair_pump(p);
        break;
    case I_UNVERIFIED_IK:
        p = pair_new(&(struct pair_options){.hold = true, .path = CHANNEL_PATH_IK});
        pair_pump(p);
        break;
    case I_UNVERIFIED_FALLBACK:
        p = pair_new(&(struct pair_options){.hold = true, .path = CHANNEL_PATH_FALLBACK});
        pair_pump(p);
        break;
    case I_VERIFIED:
    case R_VERIFIED:
        p = pair_verified();
        assert_int_equal(open_and_reply(p), 1);
        break;
    case I_CLOSED:
    case R_CLOSED:
        p = pair_verified();
        channel_close(p->client.ch, ERR_OK);
        pair_pump(p);
        break;
    case R_OWNER:
        p = pair_new(&(struct pair_options){.mute = true});
        pair_pump(p);
        break;
    case SITUATION_COUNT:
        break;
    }
    if (p == NULL || s >= SITUATION_COUNT)
        abort();
    static const enum channel_state states[SITUATION_COUNT] = {
        CHANNEL_HANDSHAKE,  CHANNEL_HANDSHAKE,  CHANNEL_UNVERIFIED, CHANNEL_UNVERIFIED, CHANNEL_UNVERIFIED,
        CHANNEL_UNVERIFIED, CHANNEL_UNVERIFIED, CHANNEL_VERIFIED,   CHANNEL_CLOSED,     CHANNEL_HANDSHAKE,
        CHANNEL_HANDSHAKE,  CHANNEL_HANDSHAKE,  CHANNEL_VERIFIED,   CHANNEL_CLOSED};
    assert_int_equal(channel_state(subject(p, s)->ch), states[s]);
    return p;
}

/* ---- calls ---- */

enum call {
    CALL_VERIFIED,
    CALL_ATTEST,
    CALL_GIVE,
    CALL_OPEN,
    CALL_REPLY,
    CALL_WRITE,
    CALL_SEND,
    CALL_PING,
    CALL_COUNT
};

static const char *const call_names[CALL_COUNT] = {"verified", "attest", "give_evidence", "open",
                                                   "reply",    "write",  "send",          "ping"};

static const uint8_t bulk[CHANNEL_PLAIN_MAX] = "a long prompt that must not leak";

static enum err do_call(struct pair *p, struct side *s, enum call call)
{
    uint32_t id;
    switch (call) {
    case CALL_VERIFIED:
        return channel_verified(s->ch, s == &p->client ? p->server_s.public_key : p->client_s.public_key);
    case CALL_ATTEST:
        return channel_attest(s->ch);
    case CALL_GIVE:
        return channel_give_evidence(s->ch, bytes_str("bundle"));
    case CALL_OPEN:
        return channel_stream_open(s->ch, bytes_str("/v1/models"), &id);
    case CALL_REPLY:
        return channel_stream_reply(s->ch, 1, 200);
    case CALL_WRITE:
        return channel_stream_write(s->ch, 1, bytes_str("a prompt that must not leak"), true);
    case CALL_SEND:
        return channel_stream_send(s->ch, 1, bytes_of(bulk, sizeof bulk), true);
    case CALL_PING:
        return channel_ping(s->ch);
    case CALL_COUNT:
        break;
    }
    return ERR_OK;
}

#define STA ERR_CHANNEL_STATE
#define CLO ERR_CHANNEL_CLOSED
#define STR ERR_CHANNEL_STREAM

static void every_call_in_every_situation_answers_as_documented(void **state)
{
    (void)state;
    /* clang-format off */
    static const enum err wanted[SITUATION_COUNT][CALL_COUNT] = {
        /*                          verified attest  give    open    reply   write   send    ping */
        [I_HANDSHAKE_XX] =         {STA,     STA,    STA,    STA,    STA,    STA,    STA,    STA},
        [I_HANDSHAKE_IK] =         {STA,     STA,    STA,    STA,    STA,    STA,    STA,    STA},
        [I_UNVERIFIED_HELD] =      {ERR_OK,  STA,    STA,    STA,    STA,    STA,    STA,    STA},
        [I_UNVERIFIED_COMING] =    {STA,     STA,    STA,    STA,    STA,    STA,    STA,    ERR_OK},
        [I_UNVERIFIED_COMPLETE] =  {ERR_OK,  STA,    STA,    STA,    STA,    STA,    STA,    ERR_OK},
        [I_UNVERIFIED_IK] =        {ERR_OK,  STA,    STA,    STA,    STA,    STA,    STA,    ERR_OK},
        [I_UNVERIFIED_FALLBACK] =  {ERR_OK,  STA,    STA,    STA,    STA,    STA,    STA,    STA},
        [I_VERIFIED] =             {STA,     ERR_OK, STA,    ERR_OK, STA,    ERR_OK, ERR_OK, ERR_OK},
        [I_CLOSED] =               {CLO,     CLO,    CLO,    CLO,    CLO,    CLO,    CLO,    CLO},
        [R_FIRST] =                {STA,     STA,    STA,    STA,    STA,    STA,    STA,    STA},
        [R_OWNER] =                {STA,     STA,    ERR_OK, STA,    STA,    STA,    STA,    STA},
        [R_LAST] =                 {STA,     STA,    STA,    STA,    STA,    STA,    STA,    STA},
        [R_VERIFIED] =             {STA,     STA,    STA,    STA,    STR,    ERR_OK, ERR_OK, ERR_OK}, /* replied to before */
        [R_CLOSED] =               {CLO,     CLO,    CLO,    CLO,    CLO,    CLO,    CLO,    CLO},
    };
    /* clang-format on */
    for (enum situation s = 0; s < SITUATION_COUNT; s++)
        for (enum call c = 0; c < CALL_COUNT; c++) {
            struct pair *p = arrange(s);
            struct side *side = subject(p, s);
            enum channel_state before = channel_state(side->ch);
            enum err e = do_call(p, side, c);
            if (e != wanted[s][c])
                print_message("%s, %s: %s\n", situation_names[s], call_names[c], err_name(e));
            assert_int_equal(e, wanted[s][c]);
            /* A refused call changes nothing; the only call that changes the state is channel_verified. */
            enum channel_state after = e == ERR_OK && c == CALL_VERIFIED ? CHANNEL_VERIFIED : before;
            assert_int_equal(channel_state(side->ch), after);
            /* None of the calls about one stream does anything where there is none. */
            channel_stream_consumed(side->ch, 77, 1000);
            channel_stream_cancel(side->ch, 77, ERR_CANCELLED);
            assert_int_equal(channel_stream_room(side->ch, 77), 0);
            assert_int_equal(channel_flush(side->ch), ERR_OK);
            assert_int_equal(channel_state(side->ch), after);
            pair_free(p);
        }
}

/* ---- the property ---- */

static bool speakable_before_verified(enum frame_type type)
{
    return type == FRAME_CLOSE || type == FRAME_PING || type == FRAME_PONG;
}

/* Opens what the client sent under its transport keys with the peer's cipher, and looks at every frame. */
static unsigned check_only_speakable(struct side *from, struct side *to)
{
    static uint8_t plain_bytes[CHANNEL_RECORD_MAX];
    unsigned frames = 0;
    struct reader out = reader_over(channel_output(from->ch));
    while (out.left > 0) {
        struct bytes record = reader_bytes(&out, reader_u16be(&out));
        struct bytes plain;
        assert_non_null(record.ptr);
        assert_int_equal(record_open(to->ch, record, plain_bytes, &plain), ERR_OK);
        struct reader r = reader_over(plain);
        bool more = true;
        while (more) {
            struct frame f;
            /* Read with the widest rights, so that whatever stands there is seen. */
            assert_int_equal(frame_next(&r, NOISE_INITIATOR, CHANNEL_VERIFIED, &f, &more), ERR_OK);
            if (more) {
                assert_true(speakable_before_verified(f.type));
                frames++;
            }
        }
    }
    return frames;
}

static void an_unverified_initiator_leaks_nothing_whatever_is_called(void **state)
{
    (void)state;
    static const bool closes[] = {false, true};
    for (enum situation s = I_HANDSHAKE_XX; s <= I_UNVERIFIED_FALLBACK; s++)
        for (size_t c = 0; c < 2; c++) {
            struct pair *p = arrange(s);
            bool handshaking = s == I_HANDSHAKE_XX || s == I_HANDSHAKE_IK;
            bool keyed = p->client.ch->send != NULL;
            size_t handshake_bytes = channel_output(p->client.ch).len;
            assert_int_equal(handshake_bytes != 0, handshaking);
            for (unsigned round = 0; round < 3; round++) {
                for (enum call call = CALL_ATTEST; call < CALL_COUNT; call++)
                    if (do_call(p, &p->client, call) == ERR_OK)
                        assert_int_equal(call, CALL_PING);
                channel_stream_consumed(p->client.ch, 1, CHANNEL_WINDOW);
                channel_stream_cancel(p->client.ch, 1, ERR_CANCELLED);
                assert_int_equal(channel_flush(p->client.ch), ERR_OK);
            }
            if (closes[c])
                channel_close(p->client.ch, ERR_REFUSED);
            if (keyed)
                assert_int_equal(check_only_speakable(&p->client, &p->server), 1 + c);
            else
                assert_int_equal(channel_output(p->client.ch).len, handshake_bytes);
            pair_free(p);
        }
}

static void the_sending_table_refuses_an_unverified_initiator_every_other_frame(void **state)
{
    (void)state;
    static const uint8_t payload[32] = {1};
    static const size_t length[FRAME_TYPE_COUNT] = {0, 4, 4, 2, 2, 4, 32, 4, 2, 8, 8};
    unsigned allowed = 0;
    for (enum channel_state st = 0; st < CHANNEL_STATE_COUNT; st++)
        for (enum frame_type type = 0; type < FRAME_TYPE_COUNT; type++)
            for (uint32_t stream = 0; stream < 2; stream++) {
                uint8_t record[256];
                struct writer w = writer_into(record, sizeof record);
                const struct frame f = {
                    .type = type, .stream = stream, .payload = bytes_of(payload, length[type])};
                enum err e = frame_put(&w, NOISE_INITIATOR, st, &f);
                assert_int_equal(e == ERR_OK, w.used != 0);
                if (st != CHANNEL_VERIFIED && e == ERR_OK) {
                    assert_int_equal(st, CHANNEL_UNVERIFIED);
                    assert_true(speakable_before_verified(type));
                    allowed++;
                }
            }
    assert_int_equal(allowed, 3);
}

static void the_transition_table_is_the_documented_one(void **state)
{
    (void)state;
    for (enum noise_role role = NOISE_INITIATOR; role <= NOISE_RESPONDER; role++)
        for (enum channel_event event = EVENT_SECOND_READ; event <= EVENT_END; event++)
            for (enum channel_state from = 0; from < CHANNEL_STATE_COUNT; from++) {
                struct channel ch = {.role = role, .state = from};
                bool initiator = role == NOISE_INITIATOR;
                enum channel_state to = CHANNEL_STATE_COUNT;
                if (event == EVENT_END && from != CHANNEL_CLOSED && (initiator || from != CHANNEL_UNVERIFIED))
                    to = CHANNEL_CLOSED;
                if (initiator && event == EVENT_SECOND_READ && from == CHANNEL_HANDSHAKE)
                    to = CHANNEL_UNVERIFIED;
                if (initiator && event == EVENT_KEY_ACCEPTED && from == CHANNEL_UNVERIFIED)
                    to = CHANNEL_VERIFIED;
                if (!initiator && event == EVENT_HANDSHAKE_DONE && from == CHANNEL_HANDSHAKE)
                    to = CHANNEL_VERIFIED;
                assert_int_equal(channel_transition(&ch, event),
                                 to == CHANNEL_STATE_COUNT ? ERR_CHANNEL_STATE : ERR_OK);
                assert_int_equal(ch.state, to == CHANNEL_STATE_COUNT ? from : to);
            }
}

/* ---- frames ---- */

static void every_frame_in_every_keyed_situation_is_judged_as_documented(void **state)
{
    (void)state;
#define FRM ERR_CHANNEL_FRAME
#define EVI ERR_CHANNEL_EVIDENCE
#define TYP ERR_CHANNEL_FRAME_TYPE
    enum { COMING, COMPLETE, RESUMED, I_VER, R_VER, COLUMNS };
    static const enum situation columns[COLUMNS] = {I_UNVERIFIED_COMING, I_UNVERIFIED_COMPLETE,
                                                    I_UNVERIFIED_IK, I_VERIFIED, R_VERIFIED};
    static const struct {
        enum frame_type type;
        uint32_t stream;
        struct bytes payload;
        enum err wanted[COLUMNS];
    } rows[] = {
        /* clang-format off */
        /*                                                              coming  complete resumed I       R */
        {FRAME_OPEN,     2, {(const uint8_t *)"/x", 2},                 {STA,    STA,    STA,    STA,    ERR_OK}},
        {FRAME_OPEN,     1, {(const uint8_t *)"/x", 2},                 {STA,    STA,    STA,    STA,    STR}},
        {FRAME_DATA,     1, {(const uint8_t *)"abc", 3},                {STA,    STA,    STA,    ERR_OK, ERR_OK}},
        {FRAME_DATA,     2, {(const uint8_t *)"abc", 3},                {STA,    STA,    STA,    STR,    STR}},
        {FRAME_REPLY,    1, {(const uint8_t *)"\x00\xc8", 2},           {STA,    STA,    STA,    STR,    STA}},
        {FRAME_CANCEL,   1, {(const uint8_t *)"\x00\x10", 2},           {STA,    STA,    STA,    ERR_OK, ERR_OK}},
        {FRAME_CANCEL,   1, {(const uint8_t *)"\x00\x00", 2},           {STA,    STA,    STA,    FRM,    FRM}},
        {FRAME_CANCEL,   2, {(const uint8_t *)"\x00\x10", 2},           {STA,    STA,    STA,    STR,    STR}},
        {FRAME_WINDOW,   1, {(const uint8_t *)"\x00\x00\x00\x01", 4},   {STA,    STA,    STA,    ERR_CHANNEL_WINDOW, ERR_CHANNEL_WINDOW}},
        {FRAME_WINDOW,   1, {(const uint8_t *)"\x00\x00\x00\x00", 4},   {STA,    STA,    STA,    FRM,    FRM}},
        {FRAME_ATTEST,   0, {(const uint8_t *)"0123456789abcdef0123456789abcdef", 32}, {STA, STA, STA, STA, ERR_OK}},
        {FRAME_EVIDENCE, 0, {(const uint8_t *)"abc", 3},                {ERR_OK, EVI,    EVI,    EVI,    STA}},
        {FRAME_CLOSE,    0, {(const uint8_t *)"\x00\x00", 2},           {ERR_OK, ERR_OK, ERR_OK, ERR_OK, ERR_OK}},
        {FRAME_PING,     0, {(const uint8_t *)"12345678", 8},           {ERR_OK, ERR_OK, ERR_OK, ERR_OK, ERR_OK}},
        {FRAME_PONG,     0, {(const uint8_t *)"12345678", 8},           {FRM,    FRM,    FRM,    FRM,    FRM}},
        {FRAME_PAD,      0, {(const uint8_t *)"", 0},                   {FRM,    FRM,    FRM,    FRM,    FRM}},
        {FRAME_TYPE_COUNT, 0, {(const uint8_t *)"", 0},                 {TYP,    TYP,    TYP,    TYP,    TYP}},
        {(enum frame_type)255, 0, {(const uint8_t *)"", 0},             {TYP,    TYP,    TYP,    TYP,    TYP}},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int c = 0; c < COLUMNS; c++) {
            struct pair *p = arrange(columns[c]);
            struct side *to = subject(p, columns[c]);
            struct side *from = to == &p->client ? &p->server : &p->client;
            enum channel_state before = channel_state(to->ch);
            enum err e = forge_one(from, to, rows[i].type, 0, rows[i].stream, rows[i].payload);
            if (e != rows[i].wanted[c])
                print_message("row %zu, %s: %s\n", i, situation_names[columns[c]], err_name(e));
            assert_int_equal(e, rows[i].wanted[c]);
            bool closed = e != ERR_OK || rows[i].type == FRAME_CLOSE;
            assert_int_equal(channel_state(to->ch), closed ? CHANNEL_CLOSED : before);
            assert_int_equal(to->told[TOLD_CLOSED], closed);
            if (e != ERR_OK) {
                /* The peer is told which rule it broke. */
                assert_int_equal(to->close_reason, e);
                assert_int_equal(carry(to, from), ERR_OK);
                assert_int_equal(from->close_reason, e);
            }
            pair_free(p);
        }
}

static void malformed_frames_are_refused(void **state)
{
    (void)state;
    static const uint8_t zeros[200] = {0};
    static const struct {
        size_t length;
        enum frame_type type;
        uint32_t stream;
        enum err wanted;
        uint8_t flags;
    } rows[] = {
        {0, FRAME_OPEN, 2, FRM, 0},
        {CHANNEL_PATH_MAX + 1, FRAME_OPEN, 2, FRM, 0},
        {4, FRAME_OPEN, 2, FRM, 0}, /* not printable */
        {4, FRAME_OPEN, 2, TYP, FRAME_FLAG_END},
        {4, FRAME_DATA, 0, FRM, 0},
        {4, FRAME_DATA, 1, TYP, 0x02},
        {4, FRAME_DATA, 1, TYP, 0x81},
        {1, FRAME_CANCEL, 1, FRM, 0},
        {3, FRAME_CANCEL, 1, FRM, 0},
        {2, FRAME_CANCEL, 0, FRM, 0},
        {3, FRAME_WINDOW, 1, FRM, 0},
        {5, FRAME_WINDOW, 1, FRM, 0},
        {4, FRAME_WINDOW, 0, FRM, 0},
        {31, FRAME_ATTEST, 0, FRM, 0},
        {32, FRAME_ATTEST, 1, FRM, 0},
        {2, FRAME_CLOSE, 1, FRM, 0},
        {1, FRAME_CLOSE, 0, FRM, 0},
        {2, FRAME_CLOSE, 0, TYP, FRAME_FLAG_END},
        {7, FRAME_PING, 0, FRM, 0},
        {8, FRAME_PING, 1, FRM, 0},
        {9, FRAME_PING, 0, FRM, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair *p = arrange(R_VERIFIED);
        enum err e = forge_one(&p->client, &p->server, rows[i].type, rows[i].flags, rows[i].stream,
                               bytes_of(zeros, rows[i].length));
        assert_int_equal(e, rows[i].wanted);
        pair_free(p);
    }
}

static void reasons_travel_as_numbers(void **state)
{
    (void)state;
    for (uint16_t n = 0; n <= 22; n++)
        assert_int_equal(frame_reason_number(frame_reason(n)), n);
    assert_int_equal(frame_reason(23), ERR_NETWORK);
    assert_int_equal(frame_reason(UINT16_MAX), ERR_NETWORK);
    assert_int_equal(frame_reason_number(ERR_JSON), 1);
    for (uint16_t n = 0; n <= 22; n++) {
        struct pair *p = pair_verified();
        channel_close(p->client.ch, frame_reason(n));
        channel_close(p->client.ch, ERR_OK);
        pair_pump(p);
        assert_int_equal(p->client.close_reason, frame_reason(n));
        assert_int_equal(p->server.close_reason, frame_reason(n));
        assert_int_equal(p->client.told[TOLD_CLOSED], 1);
        assert_int_equal(p->server.told[TOLD_CLOSED], 1);
        assert_int_equal(channel_receive_eof(p->server.ch), ERR_OK);
        assert_int_equal(channel_receive(p->server.ch, bytes_str("more")), ERR_CHANNEL_CLOSED);
        pair_free(p);
    }
}

static void the_end_of_the_stream_without_close_is_a_cut(void **state)
{
    (void)state;
    for (enum situation s = 0; s < SITUATION_COUNT; s++) {
        struct pair *p = arrange(s);
        struct side *side = subject(p, s);
        bool closed = channel_state(side->ch) == CHANNEL_CLOSED;
        assert_int_equal(channel_receive_eof(side->ch), closed ? ERR_OK : ERR_CHANNEL_CUT);
        assert_int_equal(side->told[TOLD_CLOSED], 1);
        assert_int_equal(side->close_reason, closed ? ERR_OK : ERR_CHANNEL_CUT);
        pair_free(p);
    }
}

static void ping_is_answered(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(channel_ping(p->client.ch), ERR_OK);
        assert_int_equal(channel_ping(p->client.ch), ERR_CHANNEL_STATE);
        assert_true(channel_ping_unanswered(p->client.ch));
        pair_pump(p);
        assert_false(channel_ping_unanswered(p->client.ch));
    }
    assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
    pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_in_every_situation_answers_as_documented),
        cmocka_unit_test(an_unverified_initiator_leaks_nothing_whatever_is_called),
        cmocka_unit_test(the_sending_table_refuses_an_unverified_initiator_every_other_frame),
        cmocka_unit_test(the_transition_table_is_the_documented_one),
        cmocka_unit_test(every_frame_in_every_keyed_situation_is_judged_as_documented),
        cmocka_unit_test(malformed_frames_are_refused),
        cmocka_unit_test(reasons_travel_as_numbers),
        cmocka_unit_test(the_end_of_the_stream_without_close_is_a_cut),
        cmocka_unit_test(ping_is_answered),
    };
    return cmocka_run_group_tests(tests, channel_test_setup, NULL);
}
