/* SPDX-License-Identifier: Apache-2.0 */
/* Records: buckets, rekeying, everything that may happen to them on the way, and a long random run against a model. */
#include <stdio.h>
#include <stdlib.h>

#include "pair.h"

/* Takes the next whole record off an output; its size is that of the plaintext. */
static size_t next_plain_size(struct reader *out)
{
    size_t size = reader_u16be(out);
    struct bytes record = reader_bytes(out, size);
    assert_int_equal(reader_status(out), ERR_OK);
    return record.len - NOISE_TAG_SIZE;
}

static void every_record_is_as_long_as_a_bucket(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint32_t id = open_and_reply(p);
    static const size_t buckets[] = {256, 1024, 4096, 16384, CHANNEL_PLAIN_MAX};
    for (size_t i = 0; i < 5; i++) {
        assert_true(frame_is_bucket(buckets[i]));
        assert_false(frame_is_bucket(buckets[i] - 1));
        assert_false(frame_is_bucket(buckets[i] + 1));
    }
    assert_false(frame_is_bucket(0));
    assert_int_equal(frame_bucket(CHANNEL_PLAIN_MAX + 1), 0);
    /* Written the way tokens are: some bytes, at once. */
    uint32_t x = 12345;
    unsigned small = 0;
    for (int i = 0; i < 1000; i++) {
        x = x * 1664525U + 1013904223U;
        size_t n = 1 + (x >> 16) % (i % 10 == 0 ? 60000 : 240);
        uint8_t *token = some_bytes(n, (unsigned)i);
        assert_int_equal(channel_stream_write(p->server.ch, id, bytes_of(token, n), false), ERR_OK);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        struct reader out = reader_over(channel_output(p->server.ch));
        unsigned records = 0;
        while (out.left > 0) {
            size_t size = next_plain_size(&out);
            assert_true(frame_is_bucket(size));
            records++;
            small += size == 256;
        }
        /* A token is one record of the smallest bucket, whatever its length. */
        assert_true(records == 1 || n > 4096 - FRAME_HEADER_SIZE);
        free(token);
        pair_pump(p);
    }
    assert_true(small >= 900);
    pair_free(p);
}

/* Pieces of which some need the next bucket all go in that one. */
static void a_floor_keeps_small_pieces_out_of_small_records(void **state)
{
    (void)state;
    struct pair *p = pair_verified();
    uint32_t low = open_and_reply(p);
    uint32_t id = open_and_reply(p);
    static const size_t floors[] = {1, 248, 249, 40, 100000};
    static const size_t wanted[] = {256, 256, 1024, 1024, 1024};
    channel_stream_floor(p->server.ch, id + 1, 300); /* of no stream */
    for (size_t i = 0; i < 5; i++) {
        channel_stream_floor(p->server.ch, id, floors[i]);
        assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("word"), false), ERR_OK);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        struct reader out = reader_over(channel_output(p->server.ch));
        assert_int_equal(next_plain_size(&out), wanted[i]);
        assert_int_equal(out.left, 0);
        pair_pump(p);
    }
    assert_int_equal(p->client.bodies[id].len, 5 * 4);
    /* Another stream's, and what has no body, go as they did; with a body of this one all go as it does. */
    assert_int_equal(channel_stream_write(p->server.ch, low, bytes_str("word"), false), ERR_OK);
    assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    struct reader out = reader_over(channel_output(p->server.ch));
    assert_int_equal(next_plain_size(&out), 256);
    pair_pump(p);
    assert_int_equal(channel_stream_write(p->server.ch, low, bytes_str("word"), false), ERR_OK);
    assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("word"), true), ERR_OK);
    assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    out = reader_over(channel_output(p->server.ch));
    assert_int_equal(next_plain_size(&out), 1024);
    assert_int_equal(out.left, 0);
    pair_pump(p);
    pair_free(p);
}

static void large_data_is_cut_where_that_is_shorter(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        size_t sizes[6];
    } rows[] = {
        {1, {256}},
        {248, {256}},
        {249, {1024}},
        {1016, {1024}},
        {1017, {4096}},
        {4088, {4096}},
        {5000, {4096, 1024}},
        {9000, {4096, 4096, 1024}},
        {15000, {16384}},
        {17000, {16384, 1024}},
        {65511, {CHANNEL_PLAIN_MAX}},
        {65536, {CHANNEL_PLAIN_MAX, 256}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair *p = pair_verified();
        uint32_t id = open_and_reply(p);
        uint8_t *body = some_bytes(rows[i].n, 1);
        assert_int_equal(channel_stream_write(p->server.ch, id, bytes_of(body, rows[i].n), false), ERR_OK);
        assert_int_equal(channel_flush(p->server.ch), ERR_OK);
        struct reader out = reader_over(channel_output(p->server.ch));
        for (size_t k = 0; rows[i].sizes[k] != 0; k++)
            assert_int_equal(next_plain_size(&out), rows[i].sizes[k]);
        assert_int_equal(out.left, 0);
        pair_pump(p);
        assert_int_equal(p->client.bodies[id].len, rows[i].n);
        assert_memory_equal(p->client.bodies[id].bytes, body, rows[i].n);
        free(body);
        pair_free(p);
    }
}

static void a_record_that_is_no_bucket_is_refused(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 16, 17, 255, 257, 1023, 4097, 65518};
    uint8_t *zeros = calloc(1, CHANNEL_RECORD_MAX);
    assert_non_null(zeros);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct pair *p = pair_verified();
        forge_plain(&p->client, bytes_of(zeros, sizes[i]));
        assert_int_equal(carry(&p->client, &p->server), ERR_CHANNEL_BUCKET);
        pair_free(p);
    }
    struct pair *p = pair_verified();
    assert_int_equal(channel_receive(p->server.ch, bytes_of("\0\0", 2)), ERR_CHANNEL_RECORD);
    pair_free(p);
    free(zeros);
}

static void padding_must_be_zero(void **state)
{
    (void)state;
    for (size_t at = 0; at < 256; at++) {
        struct pair *p = pair_verified();
        uint8_t plain[256] = {0};
        struct writer w = writer_into(plain, sizeof plain);
        writer_u8(&w, FRAME_PING);
        writer_zeros(&w, 6);
        writer_u8(&w, 8);
        size_t frame_end = w.used + 8;
        enum err wanted = ERR_OK;
        if (at >= frame_end) {
            plain[at] = 0xff;
            wanted = at == frame_end ? ERR_CHANNEL_FRAME_TYPE : ERR_CHANNEL_FRAME;
        }
        forge_plain(&p->client, bytes_of(plain, sizeof plain));
        assert_int_equal(carry(&p->client, &p->server), wanted);
        pair_free(p);
    }
}

static void a_frame_that_runs_over_its_record_is_refused(void **state)
{
    (void)state;
    for (unsigned cut = 1; cut <= 16; cut++) {
        struct pair *p = pair_verified();
        uint32_t id = open_stream(p);
        uint8_t plain[256] = {0};
        struct writer w = writer_into(plain, sizeof plain);
        writer_u8(&w, FRAME_DATA);
        writer_u8(&w, 0);
        writer_u32be(&w, id);
        writer_u16be(&w, (uint16_t)(256 - FRAME_HEADER_SIZE * 2 - cut + 1 + 8));
        /* A second frame begins where less than its header, or than its payload, is left. */
        writer_zeros(&w, 256U - FRAME_HEADER_SIZE * 2 - cut + 1 + 8);
        while (w.used < sizeof plain)
            writer_u8(&w, FRAME_PING);
        forge_plain(&p->client, bytes_of(plain, sizeof plain));
        enum err e = carry(&p->client, &p->server);
        assert_true(cut == 1 ? e == ERR_OK : e != ERR_OK);
        pair_free(p);
    }
}

/* docs/protocol.md, "Worked example". */
static void expect_plain(struct side *from, struct side *to, const uint8_t *wanted, size_t len)
{
    static uint8_t room[CHANNEL_RECORD_MAX];
    struct reader out = reader_over(channel_output(from->ch));
    struct bytes record = reader_bytes(&out, reader_u16be(&out));
    struct bytes plain;
    assert_int_equal(reader_finish(&out), ERR_OK);
    assert_int_equal(record.len, 0x110);
    assert_int_equal(record_open(to->ch, record, room, &plain), ERR_OK);
    assert_int_equal(plain.len, 256);
    assert_memory_equal(plain.ptr, wanted, len);
    for (size_t i = len; i < plain.len; i++)
        assert_int_equal(plain.ptr[i], 0);
    discard(from);
}

static void the_worked_example_is_what_is_sent(void **state)
{
    (void)state;
    static const uint8_t question[] = {1,   0,   0,   0,   0, 1, 0, 10, '/', 'v', '1', '/', 'm', 'o',
                                       'd', 'e', 'l', 's', 2, 1, 0, 0,  0,   1,   0,   2,   '{', '}'};
    static const uint8_t answer[] = {3, 0, 0,  0,   0,   1,   0,   2,   0,   0xc8, 2,   1,   0,   0,   0,
                                     1, 0, 12, '{', '"', 'd', 'a', 't', 'a', '"',  ':', '[', ']', '}', '\n'};
    static const uint8_t close[] = {8, 0, 0, 0, 0, 0, 0, 2, 0, 0};
    struct pair *p = pair_verified();
    uint32_t id = 0;
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/v1/models"), &id), ERR_OK);
    assert_int_equal(channel_stream_write(p->client.ch, id, bytes_str("{}"), true), ERR_OK);
    assert_int_equal(channel_flush(p->client.ch), ERR_OK);
    expect_plain(&p->client, &p->server, question, sizeof question);
    forge_plain(&p->client, bytes_of((uint8_t[256]){1, 0, 0, 0, 0, 1, 0, 1, '/'}, 256));
    assert_int_equal(carry(&p->client, &p->server), ERR_OK);
    assert_int_equal(channel_stream_reply(p->server.ch, id, 200), ERR_OK);
    assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("{\"data\":[]}\n"), true), ERR_OK);
    assert_int_equal(channel_flush(p->server.ch), ERR_OK);
    expect_plain(&p->server, &p->client, answer, sizeof answer);
    /* channel_close gives up the ciphers, so the other side's copy opens it. */
    channel_close(p->client.ch, ERR_OK);
    expect_plain(&p->client, &p->server, close, sizeof close);
    pair_free(p);
}

/* ---- what can happen to records on the way ---- */

static void changed_records_are_refused(void **state)
{
    (void)state;
    enum { FLIPPED, REORDERED, DUPLICATED, DROPPED, WAYS };
    for (int way = 0; way < WAYS; way++)
        for (size_t at = 0; at < (way == FLIPPED ? 272 : 1); at++) {
            struct pair *p = pair_verified();
            uint32_t id = open_stream(p);
            for (int i = 0; i < 3; i++) {
                assert_int_equal(channel_stream_write(p->client.ch, id, bytes_str("abc"), false), ERR_OK);
                assert_int_equal(channel_flush(p->client.ch), ERR_OK);
            }
            enum { RECORD = 2 + 256 + NOISE_TAG_SIZE };
            struct bytes out = channel_output(p->client.ch);
            assert_int_equal(out.len, 3 * RECORD);
            uint8_t mixed[4 * RECORD];
            size_t len = sizeof mixed - RECORD;
            memcpy(mixed, out.ptr, out.len);
            if (way == FLIPPED)
                mixed[RECORD + 2 + at] ^= (uint8_t)(1U << at % 8);
            if (way == REORDERED) {
                memcpy(mixed + RECORD, out.ptr + 2 * RECORD, RECORD);
                memcpy(mixed + 2 * RECORD, out.ptr + RECORD, RECORD);
            }
            if (way == DUPLICATED) {
                memcpy(mixed + RECORD, out.ptr, RECORD);
                memcpy(mixed + 2 * RECORD, out.ptr + RECORD, 2 * RECORD);
                len += RECORD;
            }
            if (way == DROPPED) {
                memcpy(mixed + RECORD, out.ptr + 2 * RECORD, RECORD);
                len -= RECORD;
            }
            assert_int_equal(channel_receive(p->server.ch, bytes_of(mixed, len)), ERR_AUTH);
            /* The first record was taken; nothing of the rest. */
            assert_int_equal(p->server.bodies[id].len, 3);
            assert_int_equal(p->server.close_reason, ERR_AUTH);
            discard(&p->client);
            assert_int_equal(carry(&p->server, &p->client), ERR_OK);
            assert_int_equal(p->client.close_reason, ERR_AUTH);
            pair_free(p);
        }
}

static void rekeying_is_in_step(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 2, 3, 7, 100};
    for (size_t i = 0; i < 5; i++) {
        struct pair *p = pair_verified_with(&(struct pair_options){.rekey_records = limits[i]});
        uint32_t id = open_and_reply(p);
        for (int k = 0; k < 250; k++) {
            /* Both sides have records under way when they change their keys. */
            assert_int_equal(channel_stream_write(p->client.ch, id, bytes_str("ab"), false), ERR_OK);
            assert_int_equal(channel_flush(p->client.ch), ERR_OK);
            for (int m = 0; m < k % 4; m++) {
                assert_int_equal(channel_stream_write(p->server.ch, id, bytes_str("xyz"), false), ERR_OK);
                assert_int_equal(channel_flush(p->server.ch), ERR_OK);
            }
            if (k % 5 == 0)
                pair_pump(p);
        }
        pair_pump(p);
        assert_int_equal(p->server.bodies[id].len, 500);
        assert_int_equal(p->client.bodies[id].len, 3 * (250 / 4 * 6 + 1));
        pair_free(p);
    }
}

static void a_side_that_does_not_rekey_is_noticed(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.rekey_records = 10});
    uint32_t id = open_stream(p);
    p->client.ch->rekey_records = 1000;
    enum err e = ERR_OK;
    unsigned sent = 1; /* OPEN */
    while (e == ERR_OK && sent < 100) {
        assert_int_equal(channel_stream_write(p->client.ch, id, bytes_str("ab"), false), ERR_OK);
        assert_int_equal(channel_flush(p->client.ch), ERR_OK);
        e = carry(&p->client, &p->server);
        sent++;
    }
    assert_int_equal(e, ERR_AUTH);
    assert_int_equal(sent, 11);
    pair_free(p);
}

/* ---- pieces ---- */

/* The same conversation, with the byte stream cut into pieces of a given size (0: random ones). */
static void converse(size_t piece, unsigned seed, struct body *question, struct body *answer)
{
    struct pair *p = pair_new(&(struct pair_options){.bundle = 70000});
    uint8_t *body = some_bytes(30000, 11);
    uint32_t x = seed;
    uint32_t id = 0;
    bool asked = false;
    bool replied = false;
    bool moved = true;
    while (moved) {
        moved = false;
        for (int way = 0; way < 2; way++) {
            struct side *from = way == 0 ? &p->client : &p->server;
            struct side *to = way == 0 ? &p->server : &p->client;
            assert_int_equal(channel_flush(from->ch), ERR_OK);
            struct bytes out = channel_output(from->ch);
            struct reader r = reader_over(out);
            while (r.left > 0) {
                x = x * 1664525U + 1013904223U;
                size_t n = piece != 0 ? piece : 1 + (x >> 16) % 3000;
                assert_int_equal(channel_receive(to->ch, reader_bytes(&r, n < r.left ? n : r.left)), ERR_OK);
                moved = true;
            }
            channel_output_sent(from->ch, out.len);
        }
        if (!asked && channel_state(p->client.ch) == CHANNEL_VERIFIED) {
            assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/x"), &id), ERR_OK);
            assert_int_equal(channel_stream_write(p->client.ch, id, bytes_of(body, 30000), true), ERR_OK);
            asked = moved = true;
        }
        if (!replied && p->server.bodies[1].end) {
            assert_int_equal(channel_stream_reply(p->server.ch, id, 200), ERR_OK);
            assert_int_equal(channel_stream_write(p->server.ch, id, bytes_of(body, 20000), true), ERR_OK);
            replied = moved = true;
        }
    }
    assert_true(p->client.bodies[1].end);
    *question = p->server.bodies[1];
    *answer = p->client.bodies[1];
    p->server.bodies[1].bytes = p->client.bodies[1].bytes = NULL;
    free(body);
    pair_free(p);
}

static void fragmentation_changes_nothing(void **state)
{
    (void)state;
    struct body question;
    struct body answer;
    converse(SIZE_MAX, 0, &question, &answer);
    assert_int_equal(question.len, 30000);
    assert_int_equal(answer.len, 20000);
    static const size_t pieces[] = {1, 2, 3, 7, 255, 274, 1000, 65537, 0, 0, 0, 0};
    for (unsigned i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct body q;
        struct body a;
        converse(pieces[i], i, &q, &a);
        assert_int_equal(q.len, question.len);
        assert_int_equal(a.len, answer.len);
        assert_memory_equal(q.bytes, question.bytes, q.len);
        assert_memory_equal(a.bytes, answer.bytes, a.len);
        free(q.bytes);
        free(a.bytes);
    }
    free(question.bytes);
    free(answer.bytes);
}

/* ---- a long random run against a model ---- */

enum { SOAK_STEPS = 20000, SOAK_SEED = 20260101, FLOW_MAX = 400000 };

/* What one direction of one stream should have come to. */
struct flow {
    size_t written;
    size_t dealt;
    bool ended;
};

struct model {
    struct flow up[BODIES_MAX];
    struct flow down[BODIES_MAX];
    bool replied[BODIES_MAX];
    bool cancelled[BODIES_MAX]; /* by either side: only a prefix need arrive */
    uint32_t streams;
};

static uint32_t soak_x;

static uint32_t soak_random(uint32_t below)
{
    soak_x ^= soak_x << 13;
    soak_x ^= soak_x >> 17;
    soak_x ^= soak_x << 5;
    return soak_x % below;
}

/* Byte `at` of a flow is known from its place alone. */
static uint8_t flow_byte(uint32_t stream, bool up, size_t at)
{
    return (uint8_t)(stream * 31 + (up ? 17 : 0) + at * 7 + (at >> 8));
}

static void soak_write(struct side *s, uint32_t id, bool up, struct flow *flow)
{
    static uint8_t bytes[20000];
    size_t n = soak_random(soak_random(8) == 0 ? sizeof bytes : 200);
    size_t room = channel_stream_room(s->ch, id);
    n = n < room ? n : room;
    bool end = soak_random(12) == 0 || flow->written > FLOW_MAX;
    for (size_t i = 0; i < n; i++)
        bytes[i] = flow_byte(id, up, flow->written + i);
    if (channel_stream_write(s->ch, id, bytes_of(bytes, n), end) == ERR_OK) {
        flow->written += n;
        flow->ended = end;
    }
}

static void soak_move(struct side *from, struct side *to)
{
    assert_int_equal(channel_flush(from->ch), ERR_OK);
    struct bytes out = channel_output(from->ch);
    size_t n = soak_random(3) == 0 ? out.len : soak_random((uint32_t)out.len + 1);
    assert_int_equal(channel_receive(to->ch, bytes_of(out.ptr, n)), ERR_OK);
    channel_output_sent(from->ch, n);
}

static void check_flow(const struct body *got, const struct flow *flow, uint32_t id, bool up, bool cancelled,
                       bool settled)
{
    assert_true(got->len <= flow->written);
    for (size_t i = 0; i < got->len; i++)
        if (got->bytes[i] != flow_byte(id, up, i))
            assert_int_equal(got->bytes[i], flow_byte(id, up, i));
    if (got->end)
        assert_true(flow->ended && got->len == flow->written);
    if (settled && !cancelled) {
        assert_int_equal(got->len, flow->written);
        assert_int_equal(got->end, flow->ended);
    }
}

static void consume_some(struct side *s, uint32_t id, struct flow *flow, bool all)
{
    size_t waiting = s->bodies[id].len - flow->dealt;
    size_t n = all ? waiting : soak_random((uint32_t)waiting + 1);
    channel_stream_consumed(s->ch, id, n);
    flow->dealt += n;
}

static void random_operations_agree_with_a_model(void **state)
{
    (void)state;
    struct pair *p = pair_verified_with(&(struct pair_options){.hoard = true, .rekey_records = 13});
    struct model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    soak_x = SOAK_SEED;
    print_message("seed %u, %d steps\n", soak_x, SOAK_STEPS);
    for (int step = 0; step < SOAK_STEPS; step++) {
        uint32_t id = m->streams == 0 ? 0 : m->streams - soak_random(m->streams < 12 ? m->streams : 12);
        switch (soak_random(12)) {
        case 0:
            if (m->streams + 1 < BODIES_MAX && p->client.ch->stream_count < CHANNEL_STREAMS_MAX &&
                soak_random(4) == 0) {
                assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/soak"), &id), ERR_OK);
                assert_int_equal(id, m->streams + 1);
                m->streams = id;
            }
            break;
        case 1:
        case 2:
            if (id != 0)
                soak_write(&p->client, id, true, &m->up[id]);
            break;
        case 3:
        case 4:
            if (id != 0 && !m->replied[id])
                m->replied[id] = channel_stream_reply(p->server.ch, id, 200) == ERR_OK;
            if (id != 0)
                soak_write(&p->server, id, false, &m->down[id]);
            break;
        case 5:
            if (id != 0 && soak_random(20) == 0) {
                m->cancelled[id] = true;
                channel_stream_cancel(soak_random(2) == 0 ? p->client.ch : p->server.ch, id, ERR_CANCELLED);
            }
            break;
        case 6:
            if (id != 0)
                consume_some(&p->client, id, &m->down[id], false);
            break;
        case 7:
            if (id != 0)
                consume_some(&p->server, id, &m->up[id], false);
            break;
        case 8:
        case 9:
            soak_move(&p->client, &p->server);
            break;
        default:
            soak_move(&p->server, &p->client);
            break;
        }
        assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
        assert_int_equal(channel_state(p->server.ch), CHANNEL_VERIFIED);
        if (id != 0 && step % 16 == 0) {
            check_flow(&p->server.bodies[id], &m->up[id], id, true, m->cancelled[id], false);
            check_flow(&p->client.bodies[id], &m->down[id], id, false, m->cancelled[id], false);
        }
    }
    /* Everything is dealt with: then everything that was written has come, and what was ended is gone. */
    for (int i = 0; i < 50; i++) {
        pair_pump(p);
        for (uint32_t id = 1; id <= m->streams; id++) {
            consume_some(&p->client, id, &m->down[id], true);
            consume_some(&p->server, id, &m->up[id], true);
        }
    }
    size_t live = 0;
    for (uint32_t id = 1; id <= m->streams; id++) {
        check_flow(&p->server.bodies[id], &m->up[id], id, true, m->cancelled[id], true);
        check_flow(&p->client.bodies[id], &m->down[id], id, false, m->cancelled[id], true);
        live += !m->cancelled[id] && !(m->up[id].ended && m->down[id].ended);
    }
    assert_true(m->streams > 50);
    assert_int_equal(p->client.ch->stream_count, live);
    assert_int_equal(p->server.ch->stream_count, live);
    free(m);
    pair_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_is_as_long_as_a_bucket),
        cmocka_unit_test(large_data_is_cut_where_that_is_shorter),
        cmocka_unit_test(a_floor_keeps_small_pieces_out_of_small_records),
        cmocka_unit_test(a_record_that_is_no_bucket_is_refused),
        cmocka_unit_test(padding_must_be_zero),
        cmocka_unit_test(a_frame_that_runs_over_its_record_is_refused),
        cmocka_unit_test(the_worked_example_is_what_is_sent),
        cmocka_unit_test(changed_records_are_refused),
        cmocka_unit_test(rekeying_is_in_step),
        cmocka_unit_test(a_side_that_does_not_rekey_is_noticed),
        cmocka_unit_test(fragmentation_changes_nothing),
        cmocka_unit_test(random_operations_agree_with_a_model),
    };
    return cmocka_run_group_tests(tests, channel_test_setup, NULL);
}
