/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <stdlib.h>

int channel_test_setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

uint8_t *some_bytes(size_t n, unsigned seed)
{
    uint8_t *bytes = malloc(n == 0 ? 1 : n);
    assert_non_null(bytes);
    uint32_t x = seed * 2654435761U + (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525U + 1013904223U;
        bytes[i] = (uint8_t)(x >> 24);
    }
    return bytes;
}

static void body_add(struct body *b, struct bytes more)
{
    b->bytes = realloc(b->bytes, b->len + more.len + 1);
    assert_non_null(b->bytes);
    if (more.len != 0)
        memcpy(b->bytes + b->len, more.ptr, more.len);
    b->len += more.len;
}

static void on_wanted(void *owner, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct side *s = owner;
    s->told[TOLD_WANTED]++;
    memcpy(s->challenge, challenge, sizeof s->challenge);
    if (s->bundle.len == 0)
        return;
    enum err e = channel_give_evidence(s->ch, s->bundle);
    assert_int_equal(e != ERR_OK, channel_state(s->ch) == CHANNEL_CLOSED);
}

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct side *s = owner;
    s->told[TOLD_EVIDENCE]++;
    memcpy(s->challenge, challenge, sizeof s->challenge);
    s->evidence.len = 0;
    body_add(&s->evidence, bundle);
    if (s->accept && channel_state(s->ch) == CHANNEL_UNVERIFIED)
        assert_int_equal(channel_verified(s->ch, channel_remote_static(s->ch)), ERR_OK);
}

static void on_opened(void *owner, uint32_t stream, struct bytes path)
{
    struct side *s = owner;
    s->told[TOLD_OPENED]++;
    s->stream = stream;
    memcpy(s->path, path.ptr, path.len);
    s->path[path.len] = '\0';
}

static void on_replied(void *owner, uint32_t stream, uint16_t status)
{
    struct side *s = owner;
    s->told[TOLD_REPLIED]++;
    s->stream = stream;
    s->status = status;
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    struct side *s = owner;
    s->told[TOLD_DATA]++;
    assert_true(stream < BODIES_MAX);
    assert_false(s->bodies[stream].end);
    body_add(&s->bodies[stream], data);
    s->bodies[stream].end = end;
    if (s->consume)
        channel_stream_consumed(s->ch, stream, data.len);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    struct side *s = owner;
    s->told[TOLD_CANCELLED]++;
    s->stream = stream;
    s->cancel_reason = reason;
}

static void on_closed(void *owner, enum err reason)
{
    struct side *s = owner;
    s->told[TOLD_CLOSED]++;
    s->close_reason = reason;
}

static const struct channel_handler handler = {
    .evidence_wanted = on_wanted,
    .evidence = on_evidence,
    .opened = on_opened,
    .replied = on_replied,
    .data = on_data,
    .cancelled = on_cancelled,
    .closed = on_closed,
};

static void make_key(struct noise_keypair *k)
{
    assert_int_equal(crypto_x25519_keypair(k->secret, k->public_key), ERR_OK);
}

struct pair *pair_new(const struct pair_options *options)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    make_key(&p->client_s);
    make_key(&p->server_s);
    make_key(&p->old_s);
    p->client.accept = !options->hold;
    p->client.consume = p->server.consume = !options->hoard;
    size_t size = options->bundle == 0 ? 5000 : options->bundle;
    if (!options->mute)
        p->server.bundle = bytes_of(some_bytes(size, 7), size);
    struct channel_config client = {.role = NOISE_INITIATOR,
                                    .s = &p->client_s,
                                    .fresh_evidence = options->fresh,
                                    .rekey_records = options->rekey_records};
    if (options->path == CHANNEL_PATH_IK)
        client.rs = p->server_s.public_key;
    if (options->path == CHANNEL_PATH_FALLBACK)
        client.rs = p->old_s.public_key;
    struct channel_config server = {
        .role = NOISE_RESPONDER, .s = &p->server_s, .rekey_records = options->rekey_records};
    assert_int_equal(channel_new(&server, &handler, &p->server, &p->server.ch), ERR_OK);
    assert_int_equal(channel_new(&client, &handler, &p->client, &p->client.ch), ERR_OK);
    return p;
}

static void side_free(struct side *s)
{
    channel_free(s->ch);
    for (size_t i = 0; i < BODIES_MAX; i++)
        free(s->bodies[i].bytes);
    free(s->evidence.bytes);
    free((void *)s->bundle.ptr);
}

void pair_free(struct pair *p)
{
    side_free(&p->client);
    side_free(&p->server);
    free(p);
}

enum err carry(struct side *from, struct side *to)
{
    struct bytes out = channel_output(from->ch);
    enum err e = channel_receive(to->ch, out);
    channel_output_sent(from->ch, out.len);
    return e;
}

void discard(struct side *from)
{
    channel_output_sent(from->ch, channel_output(from->ch).len);
}

static bool move(struct side *from, struct side *to)
{
    assert_int_equal(channel_flush(from->ch), ERR_OK);
    if (channel_output(from->ch).len == 0)
        return false;
    (void)carry(from, to);
    return true;
}

void pair_pump(struct pair *p)
{
    bool moved = true;
    while (moved) {
        moved = move(&p->client, &p->server);
        moved = move(&p->server, &p->client) || moved;
    }
}

struct pair *pair_verified_with(const struct pair_options *options)
{
    struct pair *p = pair_new(options);
    pair_pump(p);
    assert_int_equal(channel_state(p->client.ch), CHANNEL_VERIFIED);
    assert_int_equal(channel_state(p->server.ch), CHANNEL_VERIFIED);
    return p;
}

struct pair *pair_verified(void)
{
    return pair_verified_with(&(struct pair_options){0});
}

void forge_plain(struct side *from, struct bytes plain)
{
    uint8_t *room = record_begin(from->ch, plain.len);
    assert_non_null(room);
    if (plain.len != 0)
        memcpy(room, plain.ptr, plain.len);
    assert_int_equal(record_seal(from->ch, plain.len), ERR_OK);
}

void forge(struct side *from, const struct frame *frames, size_t count)
{
    uint8_t *plain = calloc(1, CHANNEL_PLAIN_MAX);
    assert_non_null(plain);
    struct writer w = writer_into(plain, CHANNEL_PLAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        writer_u8(&w, (uint8_t)frames[i].type);
        writer_u8(&w, frames[i].flags);
        writer_u32be(&w, frames[i].stream);
        writer_u16be(&w, (uint16_t)frames[i].payload.len);
        writer_bytes(&w, frames[i].payload);
    }
    assert_false(w.failed);
    forge_plain(from, bytes_of(plain, frame_bucket(w.used)));
    free(plain);
}

enum err forge_one(struct side *from, struct side *to, enum frame_type type, uint8_t flags, uint32_t stream,
                   struct bytes payload)
{
    discard(from);
    forge(from, &(struct frame){.type = type, .flags = flags, .stream = stream, .payload = payload}, 1);
    return carry(from, to);
}

uint32_t open_stream(struct pair *p)
{
    uint32_t id = 0;
    assert_int_equal(channel_stream_open(p->client.ch, bytes_str("/v1/chat/completions"), &id), ERR_OK);
    pair_pump(p);
    assert_int_equal(p->server.stream, id);
    return id;
}

uint32_t open_and_reply(struct pair *p)
{
    uint32_t id = open_stream(p);
    assert_int_equal(channel_stream_reply(p->server.ch, id, 200), ERR_OK);
    pair_pump(p);
    assert_int_equal(p->client.stream, id);
    return id;
}
