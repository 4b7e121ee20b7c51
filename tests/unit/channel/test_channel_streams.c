/* SPDX-License-Identifier: Apache-2.0 */
/* Requests side by side: order, windows, cancelling, ends, and the limits. */
#include <stdlib.h>

#include "pair.h"

static void write_all(struct side *s, uint32_t id, struct bytes data, bool end)
{
    assert_int_equal(channel_stream_write(s->ch, id, data, end), ERR_OK);
}

static void several_streams_carry_their_own_bytes(void **state)
{
    (void)state;
    enum { STREAMS = CHANNEL_STREAMS_MAX };
    struct pair *p = pair_verified();
    uint8_t *bodies[STREAMS + 1];
    size_t sizes[STREAMS + 1];
    for (uint32_t i = 1; i <= STREAMS; i++) {
        sizes[i] = i * 7919 % 150000 + i;
        bodies[i] = some_bytes(sizes[i], i);
        assert_int_equal(open_and_reply(p), i);
    }
    for (uint32_t i = 1; i <= STREAMS; i++) {
        write_all(&p->client, i, bytes_of(bodies[i], sizes[i]), true);
        write_all(&p->server, i, bytes_of(bodies[STREAMS + 1 - i], sizes[STREAMS + 1 - i]), true);
    }
    pair_pump(p);
    for (uint32_t i = 1; i <= STREAMS; i++) {
        assert_true(p->server.bodies[i].end);
        assert_true(p->client.bodies[i].end);
        assert_int_equal(p->server.bodies[i].len, sizes[i]);
        assert_memory_equal(p->server.bodies[i].bytes, bodies[i], sizes[i]);
        assert_int_equal(p->client.bodies[i].len, sizes[STREAMS + 1 - i]);
        assert_memory_equal(p->client.bodies[i].bytes, bodies[STREAMS + 1 - i], sizes[STREAMS + 1 - i]);
    }
    assert_int_equal(p->client.ch->stream_count, 0);
    assert_int_equal(p->server.ch->stream_count, 0);
    for (uint32_t i = 1; i <= STREAMS; i++)
        free(bodies[i]);
    pair_free(p);
}

static void a_slow_consumer_stalls_only_its_own_stream(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true});
    enum { SIZE = 300000 };
    uint8_t *body = some_bytes(SIZE, 1);
    uint32_t slow = open_and_reply(p);
    uint32_t quick = open_and_reply(p);
    write_all(&p->server, slow, bytes_of(body, SIZE), true);
    write_all(&p->server, quick, bytes_of(body, SIZE), true);
    size_t dealt = 0;
    for (int i = 0; i < 100 && !p->client.bodies[quick].end; i++) {
        pair_pump(p);
        channel_stream_consumed(p->client.ch, quick, p->client.bodies[quick].len - dealt);
        dealt = p->client.bodies[quick].len;
    }
    assert_true(p->client.bodies[quick].end);
    assert_int_equal(p->client.bodies[slow].len, CHANNEL_WINDOW);
    /* Just below half a window nothing is announced; at half it is. */
    channel_stream_consumed(p->client.ch, slow, CHANNEL_WINDOW / 2 - 1);
    pair_pump(p);
    assert_int_equal(p->client.bodies[slow].len, CHANNEL_WINDOW);
    channel_stream_consumed(p->client.ch, slow, 1);
    pair_pump(p);
    assert_int_equal(p->client.bodies[slow].len, CHANNEL_WINDOW + CHANNEL_WINDOW / 2);
    /* Nobody deals with more than there was. */
    channel_stream_consumed(p->client.ch, slow, SIZE_MAX);
    pair_pump(p);
    assert_int_equal(p->client.bodies[slow].len, 2 * CHANNEL_WINDOW + CHANNEL_WINDOW / 2);
    free(body);
    pair_free(p);
}

static void streams_share_a_record_that_cannot_hold_them_all(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true});
    uint8_t *body = some_bytes(CHANNEL_WINDOW, 1);
    enum { STREAMS = 8 };
    for (int i = 0; i < STREAMS; i++)
        (void)open_and_reply(p);
    for (uint32_t i = 1; i <= STREAMS; i++)
        write_all(&p->server, i, bytes_of(body, CHANNEL_WINDOW), true);
    assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    /* Only the first record: every stream has had its part of it. */
    struct bytes out = channel_output(p->server.ch);
    assert_true(out.len > CHANNEL_RECORD_MAX + 2);
    assert_int_equal(channel_receive(p->client.ch, bytes_of(out.ptr, CHANNEL_RECORD_MAX + 2)), ERR_OK);
    for (uint32_t i = 1; i <= STREAMS; i++)
        assert_in_range(p->client.bodies[i].len, CHANNEL_PLAIN_MAX / STREAMS / 2,
                        CHANNEL_PLAIN_MAX / STREAMS * 2);
    free(body);
    pair_free(p);
}

/* Bulk goes straight into records; what arrives, the windows and the order are the same as through the queue. */
static void bulk_that_is_sent_straight_arrives_like_any_other(void **state)
{
    (void)state;
    enum { WHOLE = CHANNEL_PLAIN_MAX - FRAME_HEADER_SIZE, REST = 1000 };
    static const size_t sizes[] = {0, 1, WHOLE - 1, WHOLE, WHOLE + 1, WHOLE + REST, 3 * WHOLE + REST};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pair *p = pair_verified();
        uint8_t *body = some_bytes(sizes[i] + 1, (unsigned)i);
        uint32_t id = 0;
        /* OPEN is still queued: it must go first. */
        assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/x"), &id), ERR_OK);
        assert_int_equal(channel_stream_send(p->client.ch, id, bytes_of(body, sizes[i]), false), ERR_OK);
        assert_true(channel_output(p->client.ch).len != 0);
        pair_pump(p);
        assert_int_equal(channel_stream_send(p->client.ch, id, bytes_of(body + sizes[i], 1), true), ERR_OK);
        pair_pump(p);
        assert_int_equal(p->server.bodies[id].len, sizes[i] + 1);
        assert_memory_equal(p->server.bodies[id].bytes, body, sizes[i] + 1);
        assert_true(p->server.bodies[id].end);
        assert_int_equal(channel_stream_send(p->client.ch, id, bytes_str("x"), false), ERR_CHANNEL_STREAM);
        free(body);
        pair_free(p);
    }
}

static void bulk_that_is_sent_straight_overtakes_nobody(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint8_t *body = some_bytes(CHANNEL_WINDOW, 3);
    uint32_t first = open_and_reply(p);
    uint32_t second = open_and_reply(p);
    write_all(&p->client, first, bytes_str("queued "), false);
    write_all(&p->client, second, bytes_str("other"), false);
    assert_int_equal(channel_stream_send(p->client.ch, first, bytes_of(body, CHANNEL_WINDOW), true), ERR_OK);
    pair_pump(p);
    assert_int_equal(p->server.bodies[first].len, 7 + CHANNEL_WINDOW);
    assert_memory_equal(p->server.bodies[first].bytes, "queued ", 7);
    assert_memory_equal(p->server.bodies[first].bytes + 7, body, CHANNEL_WINDOW);
    assert_int_equal(p->server.bodies[second].len, 5);
    free(body);
    pair_free(p);
}

static void bulk_respects_the_window(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true});
    uint8_t *body = some_bytes(4 * CHANNEL_WINDOW, 5);
    uint32_t id = open_and_reply(p);
    assert_int_equal(channel_stream_send(p->client.ch, id, bytes_of(body, 4 * CHANNEL_WINDOW), true), ERR_OK);
    pair_pump(p);
    assert_int_equal(p->server.bodies[id].len, CHANNEL_WINDOW);
    while (!p->server.bodies[id].end) {
        channel_stream_consumed(p->server.ch, id, CHANNEL_WINDOW);
        pair_pump(p);
    }
    assert_int_equal(p->server.bodies[id].len, 4 * CHANNEL_WINDOW);
    assert_memory_equal(p->server.bodies[id].bytes, body, 4 * CHANNEL_WINDOW);
    free(body);
    pair_free(p);
}

static void the_client_can_cancel(void **state)
{
    (void)state;
    static const bool ended[] = {false, true};
    for (int i = 0; i < 2; i++) {
        struct pair *p = pair_verified();
        uint32_t id = open_and_reply(p);
        write_all(&p->client, id, bytes_str("question"), ended[i]);
        write_all(&p->server, id, bytes_str("beginning"), false);
        pair_pump(p);
        channel_stream_cancel(p->client.ch, id, ERR_CANCELLED);
        assert_int_equal(channel_stream_write(p->client.ch, id, bytes_str("more"), false),
                         ERR_CHANNEL_STREAM);
        assert_int_equal(channel_stream_room(p->client.ch, id), 0);
        pair_pump(p);
        assert_int_equal(p->server.told[TOLD_CANCELLED], 1);
        assert_int_equal(p->server.cancel_reason, ERR_CANCELLED);
        assert_int_equal(p->client.told[TOLD_CANCELLED], 0);
        assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("more"), false),
                         ERR_CHANNEL_STREAM);
        assert_int_equal(p->client.ch->stream_count, 0);
        assert_int_equal(p->server.ch->stream_count, 0);
        assert_int_equal(open_stream(p), id + 1);
        pair_free(p);
    }
}

static void the_server_can_cancel(void **state)
{
    (void)state;
    static const enum err reasons[] = {ERR_BUSY, ERR_REQUEST, ERR_ENGINE, ERR_SLOW_READER,
                                       ERR_CHANNEL_SHUTDOWN};
    struct pair *p = pair_verified();
    for (unsigned i = 0; i < 5; i++) {
        uint32_t id = open_stream(p);
        write_all(&p->client, id, bytes_str("question"), i % 2 == 0);
        pair_pump(p);
        if (i > 2)
            assert_int_equal(channel_stream_reply(p->server.ch, id, 200), ERR_OK);
        channel_stream_cancel(p->server.ch, id, reasons[i]);
        pair_pump(p);
        assert_int_equal(p->client.told[TOLD_CANCELLED], i + 1);
        assert_int_equal(p->client.cancel_reason, reasons[i]);
        assert_int_equal(p->client.told[TOLD_REPLIED], 0);
        assert_int_equal(p->client.ch->stream_count, 0);
        assert_int_equal(p->server.ch->stream_count, 0);
    }
    pair_free(p);
}

static void crossing_cancels_meet(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    for (int i = 0; i < CHANNEL_CONTROL_MAX; i++) {
        uint32_t id = open_and_reply(p);
        write_all(&p->client, id, bytes_str("question"), i % 3 == 0);
        write_all(&p->server, id, bytes_str("answer"), i % 5 == 0);
        channel_stream_cancel(p->client.ch, id, ERR_CANCELLED);
        channel_stream_cancel(p->server.ch, id, ERR_ENGINE);
        assert_int_equal(channel_flush(p->client.ch), ERR_OK);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        pair_pump(p);
        assert_int_equal(p->client.ch->stream_count, 0);
        assert_int_equal(p->server.ch->stream_count, 0);
    }
    assert_int_equal(p->client.told[TOLD_CANCELLED], 0);
    assert_int_equal(p->server.told[TOLD_CANCELLED], 0);
    pair_free(p);
}

static void a_cancel_that_crosses_the_end_is_harmless(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    for (int i = 0; i < 100; i++) {
        uint32_t id = open_and_reply(p);
        write_all(&p->client, id, bytes_str("question"), true);
        pair_pump(p);
        write_all(&p->server, id, bytes_str("answer"), true);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        assert_int_equal(p->server.ch->stream_count, 0);
        channel_stream_cancel(p->client.ch, id, ERR_CANCELLED);
        pair_pump(p);
        assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
        assert_int_equal(channel_state(p->server.ch), CHANNEL_VERIFIED);
        assert_int_equal(p->client.bodies[id].len, 0);
        assert_int_equal(p->client.ch->stream_count, 0);
    }
    pair_free(p);
}

static void a_stream_cancelled_before_it_was_sent_leaves_no_trace(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint32_t id = 0;
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/x"), &id), ERR_OK);
    write_all(&p->client, id, bytes_str("secret"), true);
    channel_stream_cancel(p->client.ch, id, ERR_CANCELLED);
    assert_int_equal(channel_flush(p->client.ch), ERR_OK);
    assert_int_equal(channel_output(p->client.ch).len, 0);
    assert_int_equal(p->client.ch->stream_count, 0);
    assert_int_equal(open_stream(p), id + 1);
    pair_free(p);
}

static void what_is_in_flight_when_we_cancel_is_counted_and_dropped(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint8_t *body = some_bytes(CHANNEL_WINDOW + 1, 5);
    uint32_t id = open_and_reply(p);
    channel_stream_cancel(p->client.ch, id, ERR_CANCELLED);
    assert_int_equal(channel_flush(p->client.ch), ERR_OK);
    discard(&p->client); /* the server does not hear of it, and goes on */
    assert_int_equal(forge_one(&p->server, &p->client, FRAME_DATA, 0, id, bytes_of(body, 65000)), ERR_OK);
    assert_int_equal(
        forge_one(&p->server, &p->client, FRAME_DATA, 0, id, bytes_of(body, CHANNEL_WINDOW - 65000)), ERR_OK);
    assert_int_equal(p->client.told[TOLD_DATA], 0);
    assert_int_equal(forge_one(&p->server, &p->client, FRAME_DATA, 0, id, bytes_of(body, 1)),
                     ERR_CHANNEL_WINDOW);
    free(body);
    pair_free(p);
}

static void an_answer_is_whole_only_with_its_end(void **state)
{
    (void)state;
    static const bool whole[] = {true, false};
    for (int i = 0; i < 2; i++) {
        struct pair *p = pair_verified();
        uint32_t id = open_and_reply(p);
        write_all(&p->client, id, bytes_str("question"), true);
        write_all(&p->server, id, bytes_str("all of the answer"), whole[i]);
        pair_pump(p);
        assert_int_equal(p->client.bodies[id].len, 17);
        assert_int_equal(channel_receive_eof(p->client.ch), ERR_CHANNEL_CUT);
        assert_int_equal(p->client.bodies[id].end, whole[i]);
        assert_int_equal(p->client.close_reason, ERR_CHANNEL_CUT);
        pair_free(p);
    }
}

static void an_end_may_come_alone(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint32_t id = open_and_reply(p);
    write_all(&p->client, id, (struct bytes){0}, true);
    pair_pump(p);
    assert_true(p->server.bodies[id].end);
    assert_int_equal(p->server.bodies[id].len, 0);
    write_all(&p->server, id, bytes_str("x"), false);
    pair_pump(p);
    write_all(&p->server, id, (struct bytes){0}, true);
    pair_pump(p);
    assert_true(p->client.bodies[id].end);
    /* An END needs no window. */
    pair_free(p);
    p = pair_verified_with(&(struct pair_options){.hoard = true});
    uint8_t *body = some_bytes(CHANNEL_WINDOW, 2);
    id = open_and_reply(p);
    write_all(&p->server, id, bytes_of(body, CHANNEL_WINDOW), false);
    pair_pump(p);
    write_all(&p->server, id, (struct bytes){0}, true);
    pair_pump(p);
    assert_true(p->client.bodies[id].end);
    free(body);
    pair_free(p);
}

static void the_owner_is_held_to_the_limits(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint32_t id = 0;
    char path[CHANNEL_PATH_MAX + 2];
    memset(path, 'a', sizeof path);
    assert_int_equal(channel_stream_open(p->client.ch, bytes_of(path, 0), &id), ERR_VALUE);
    assert_int_equal(channel_stream_open(p->client.ch, bytes_of(path, CHANNEL_PATH_MAX + 1), &id), ERR_VALUE);
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("a b"), &id), ERR_VALUE);
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("caf\xc3\xa9"), &id), ERR_VALUE);
    assert_int_equal(channel_stream_open(p->client.ch, bytes_of(path, CHANNEL_PATH_MAX), &id), ERR_OK);
    for (int i = 1; i < CHANNEL_STREAMS_MAX; i++)
        assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/x"), &id), ERR_OK);
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/x"), &id), ERR_CHANNEL_STREAMS);
    pair_pump(p);
    assert_int_equal(p->server.told[TOLD_OPENED], CHANNEL_STREAMS_MAX);

    assert_int_equal(channel_stream_write(p->server.ch, 1, bytes_str("x"), false), ERR_CHANNEL_STREAM);
    assert_int_equal(channel_stream_room(p->server.ch, 1), 0);
    assert_int_equal(channel_stream_reply(p->server.ch, 1, 99), ERR_VALUE);
    assert_int_equal(channel_stream_reply(p->server.ch, 1, 600), ERR_VALUE);
    assert_int_equal(channel_stream_reply(p->server.ch, 99, 200), ERR_CHANNEL_STREAM);
    assert_int_equal(channel_stream_reply(p->server.ch, 1, 200), ERR_OK);
    assert_int_equal(channel_stream_reply(p->server.ch, 1, 200), ERR_CHANNEL_STREAM);

    uint8_t *big = some_bytes(CHANNEL_STREAM_QUEUE_MAX + 1, 1);
    assert_int_equal(channel_stream_room(p->server.ch, 1), CHANNEL_STREAM_QUEUE_MAX);
    assert_int_equal(
        channel_stream_write(p->server.ch, 1, bytes_of(big, CHANNEL_STREAM_QUEUE_MAX + 1), false),
        ERR_SLOW_READER);
    assert_int_equal(channel_stream_write(p->server.ch, 1, bytes_of(big, CHANNEL_STREAM_QUEUE_MAX), false),
                     ERR_OK);
    assert_int_equal(channel_stream_write(p->server.ch, 1, bytes_of(big, 1), false), ERR_SLOW_READER);
    assert_int_equal(channel_stream_room(p->server.ch, 1), 0);
    assert_int_equal(channel_stream_write(p->server.ch, 1, (struct bytes){0}, true), ERR_OK);
    assert_int_equal(channel_stream_write(p->server.ch, 1, bytes_of(big, 1), false), ERR_CHANNEL_STREAM);
    pair_pump(p);
    assert_int_equal(p->client.bodies[1].len, CHANNEL_STREAM_QUEUE_MAX);
    assert_memory_equal(p->client.bodies[1].bytes, big, CHANNEL_STREAM_QUEUE_MAX);
    free(big);
    pair_free(p);
}

/* ---- a peer that breaks the rules ---- */

static void expect(bool to_server, enum frame_type type, uint8_t flags, uint32_t stream, struct bytes payload,
                   enum err wanted)
{
    struct pair *p = pair_verified();
    uint32_t id = open_stream(p);
    assert_int_equal(id, 1);
    struct side *from = to_server ? &p->client : &p->server;
    struct side *to = to_server ? &p->server : &p->client;
    assert_int_equal(forge_one(from, to, type, flags, stream, payload), wanted);
    pair_free(p);
}

static void stream_rules_bind_the_peer(void **state)
{
    (void)state;
    const struct bytes status = bytes_of("\x00\xc8", 2);
    expect(false, FRAME_DATA, 0, 1, bytes_str("before the reply"), ERR_CHANNEL_STREAM);
    expect(false, FRAME_REPLY, 0, 1, status, ERR_OK);
    expect(false, FRAME_REPLY, 0, 2, status, ERR_CHANNEL_STREAM);
    expect(false, FRAME_REPLY, 0, 1, bytes_of("\x00\x63", 2), ERR_CHANNEL_FRAME);
    expect(false, FRAME_REPLY, 0, 1, bytes_of("\x02\x58", 2), ERR_CHANNEL_FRAME);
    expect(true, FRAME_OPEN, 0, 1, bytes_str("/x"), ERR_CHANNEL_STREAM);
    expect(true, FRAME_OPEN, 0, UINT32_MAX, bytes_str("/x"), ERR_OK);
    expect(true, FRAME_DATA, 0, 2, bytes_str("x"), ERR_CHANNEL_STREAM);
    expect(true, FRAME_WINDOW, 0, 2, bytes_of("\x00\x00\x00\x01", 4), ERR_CHANNEL_STREAM);
    expect(true, FRAME_WINDOW, 0, 1, bytes_of("\xff\xff\xff\xff", 4), ERR_CHANNEL_WINDOW);

    struct pair *p = pair_verified();
    uint32_t id = open_and_reply(p);
    assert_int_equal(forge_one(&p->client, &p->server, FRAME_DATA, FRAME_FLAG_END, id, bytes_str("x")),
                     ERR_OK);
    assert_int_equal(forge_one(&p->client, &p->server, FRAME_DATA, 0, id, bytes_str("x")),
                     ERR_CHANNEL_STREAM);
    pair_free(p);

    p = pair_verified();
    id = open_and_reply(p);
    assert_int_equal(forge_one(&p->server, &p->client, FRAME_REPLY, 0, id, status), ERR_CHANNEL_STREAM);
    pair_free(p);

    /* An answer for a stream whose OPEN the client has not even sent. */
    p = pair_verified();
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/x"), &id), ERR_OK);
    assert_int_equal(forge_one(&p->server, &p->client, FRAME_REPLY, 0, id, status), ERR_CHANNEL_STREAM);
    pair_free(p);
}

static void more_than_the_window_is_refused(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true});
    uint8_t *body = some_bytes(CHANNEL_WINDOW, 2);
    uint32_t id = open_stream(p);
    assert_int_equal(forge_one(&p->client, &p->server, FRAME_DATA, 0, id, bytes_of(body, 65000)), ERR_OK);
    assert_int_equal(
        forge_one(&p->client, &p->server, FRAME_DATA, 0, id, bytes_of(body, CHANNEL_WINDOW - 65000 + 1)),
        ERR_CHANNEL_WINDOW);
    free(body);
    pair_free(p);
}

static void too_many_streams_are_refused(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    for (uint32_t i = 1; i <= CHANNEL_STREAMS_MAX; i++)
        assert_int_equal(forge_one(&p->client, &p->server, FRAME_OPEN, 0, i * 3, bytes_str("/x")), ERR_OK);
    assert_int_equal(forge_one(&p->client, &p->server, FRAME_OPEN, 0, 1000, bytes_str("/x")),
                     ERR_CHANNEL_STREAMS);
    pair_free(p);
}

/* Sends the same frame until something happens; how many were taken. */
static unsigned flood(struct pair *p, enum frame_type type, uint32_t stream, struct bytes payload,
                      enum err *e)
{
    unsigned taken = 0;
    *e = ERR_OK;
    while (*e == ERR_OK && taken < 1000) {
        *e = forge_one(&p->client, &p->server, type, 0, stream, payload);
        taken += *e == ERR_OK;
    }
    return taken;
}

static void control_floods_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum frame_type type;
        uint32_t stream;
        struct bytes payload;
        unsigned taken;
    } rows[] = {
        {FRAME_PING,
         0,
         {(const uint8_t *)"12345678", 8},
         CHANNEL_CONTROL_MAX + 1}, /* the first is answered */
        {FRAME_DATA, 1, {(const uint8_t *)"", 0}, CHANNEL_CONTROL_MAX},
        {FRAME_WINDOW, 1, {(const uint8_t *)"\x00\x00\x00\x01", 4}, CHANNEL_CONTROL_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true});
        uint32_t id = open_and_reply(p);
        uint8_t *body = some_bytes(20000, 1); /* so that there is credit to give */
        write_all(&p->server, id, bytes_of(body, 20000), false);
        free(body);
        pair_pump(p);
        enum err e;
        unsigned taken = flood(p, rows[i].type, rows[i].stream, rows[i].payload, &e);
        assert_int_equal(e, ERR_CHANNEL_FLOOD);
        assert_int_equal(taken, rows[i].taken);
        pair_free(p);
    }
}

static void a_ping_that_was_answered_is_no_flood(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    for (int i = 0; i < 500; i++) {
        assert_int_equal(forge_one(&p->client, &p->server, FRAME_PING, 0, 0, bytes_str("12345678")), ERR_OK);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        discard(&p->server);
    }
    pair_free(p);
}

static void opening_and_cancelling_in_a_row_is_a_flood(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    enum err e = ERR_OK;
    unsigned rounds = 0;
    for (uint32_t id = 1; e == ERR_OK && rounds < 1000; id++) {
        /* A byte of body each time, so that the plain count of control frames begins anew. */
        const struct frame frames[] = {
            {.type = FRAME_OPEN, .stream = id, .payload = bytes_str("/x")},
            {.type = FRAME_DATA, .stream = id, .payload = bytes_str("x")},
            {.type = FRAME_CANCEL, .stream = id, .payload = bytes_of("\x00\x10", 2)}};
        discard(&p->client);
        forge(&p->client, frames, 3);
        e = carry(&p->client, &p->server);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        discard(&p->server);
        rounds += e == ERR_OK;
    }
    assert_int_equal(e, ERR_CHANNEL_FLOOD);
    assert_int_equal(rounds, CHANNEL_CONTROL_MAX);
    pair_free(p);
}

static void cancelling_answered_requests_for_ever_is_no_flood(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    for (int i = 0; i < 300; i++) {
        uint32_t id = open_and_reply(p);
        write_all(&p->client, id, bytes_str("question"), true);
        pair_pump(p);
        channel_stream_cancel(p->client.ch, id, ERR_CANCELLED);
        pair_pump(p);
    }
    assert_int_equal(channel_state(p->server.ch), CHANNEL_VERIFIED);
    assert_int_equal(p->server.told[TOLD_CANCELLED], 300);
    pair_free(p);
}

static void a_hostile_peer_gets_no_more_memory_than_documented(void **state)
{
    (void)state;
    /* A responder under a client that opens everything, never reads, and leaves a record half sent. */
    struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true});
    uint8_t *body = some_bytes(CHANNEL_WINDOW, 2);
    for (uint32_t i = 1; i <= CHANNEL_STREAMS_MAX; i++) {
        assert_int_equal(forge_one(&p->client, &p->server, FRAME_OPEN, 0, i, bytes_str("/x")), ERR_OK);
        assert_int_equal(forge_one(&p->client, &p->server, FRAME_DATA, 0, i, bytes_of(body, 65000)), ERR_OK);
        assert_int_equal(forge_one(&p->client, &p->server, FRAME_PING, 0, 0, bytes_str("12345678")), ERR_OK);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    }
    discard(&p->client);
    forge(&p->client, &(struct frame){.type = FRAME_DATA, .stream = 1, .payload = bytes_of(body, 500)}, 1);
    forge(&p->client, &(struct frame){.type = FRAME_DATA, .stream = 1, .payload = bytes_of(body, 36)}, 1);
    struct bytes out = channel_output(p->client.ch);
    assert_int_equal(channel_receive(p->server.ch, bytes_of(out.ptr, out.len - 1)), ERR_OK);
    size_t streams = CHANNEL_STREAMS_MAX * sizeof(struct stream);
    assert_true(channel_memory(p->server.ch) < streams + CHANNEL_RECORD_MAX + 64 * 1024);
    assert_true(channel_memory(p->server.ch) < CHANNEL_MEMORY_MAX);
    free(body);
    pair_free(p);

    /* Output that is not taken stops at its bound. */
    p = pair_verified();
    uint32_t id = open_and_reply(p);
    uint8_t *big = some_bytes(CHANNEL_STREAM_QUEUE_MAX, 3);
    for (int i = 0; i < 10; i++)
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    for (uint32_t n = id; n < 20; n++)
        (void)open_and_reply(p);
    for (uint32_t n = id; n < 20; n++)
        write_all(&p->server, n, bytes_of(big, CHANNEL_STREAM_QUEUE_MAX), false);
    assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    size_t held = channel_output(p->server.ch).len;
    assert_in_range(held, CHANNEL_OUTPUT_MAX, CHANNEL_OUTPUT_MAX + CHANNEL_RECORD_MAX + 2);
    assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    assert_int_equal(channel_output(p->server.ch).len, held);
    free(big);
    pair_free(p);
}

static void an_idle_channel_holds_little(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint32_t id = open_and_reply(p);
    write_all(&p->client, id, bytes_str("q"), true);
    write_all(&p->server, id, bytes_str("a"), true);
    pair_pump(p);
    assert_int_equal(channel_memory(p->client.ch), sizeof(struct channel));
    assert_int_equal(channel_memory(p->server.ch), sizeof(struct channel));
    assert_true(sizeof(struct channel) < 2048);
    pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_streams_carry_their_own_bytes),
        cmocka_unit_test(a_slow_consumer_stalls_only_its_own_stream),
        cmocka_unit_test(streams_share_a_record_that_cannot_hold_them_all),
        cmocka_unit_test(bulk_that_is_sent_straight_arrives_like_any_other),
        cmocka_unit_test(bulk_that_is_sent_straight_overtakes_nobody),
        cmocka_unit_test(bulk_respects_the_window),
        cmocka_unit_test(the_client_can_cancel),
        cmocka_unit_test(the_server_can_cancel),
        cmocka_unit_test(crossing_cancels_meet),
        cmocka_unit_test(a_cancel_that_crosses_the_end_is_harmless),
        cmocka_unit_test(a_stream_cancelled_before_it_was_sent_leaves_no_trace),
        cmocka_unit_test(what_is_in_flight_when_we_cancel_is_counted_and_dropped),
        cmocka_unit_test(an_answer_is_whole_only_with_its_end),
        cmocka_unit_test(an_end_may_come_alone),
        cmocka_unit_test(the_owner_is_held_to_the_limits),
        cmocka_unit_test(stream_rules_bind_the_peer),
        cmocka_unit_test(more_than_the_window_is_refused),
        cmocka_unit_test(too_many_streams_are_refused),
        cmocka_unit_test(control_floods_are_refused),
        cmocka_unit_test(a_ping_that_was_answered_is_no_flood),
        cmocka_unit_test(opening_and_cancelling_in_a_row_is_a_flood),
        cmocka_unit_test(cancelling_answered_requests_for_ever_is_no_flood),
        cmocka_unit_test(a_hostile_peer_gets_no_more_memory_than_documented),
        cmocka_unit_test(an_idle_channel_holds_little),
    };
    return cmocka_run_group_tests(tests, channel_test_setup, NULL);
}
