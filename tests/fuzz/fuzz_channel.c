/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel under a hostile peer.
 *
 * The first byte says what the rest is:
 *     even      raw bytes for a responder that waits for its first message (bit 1: for an initiator that waits for its second)
 *     odd       frames for a channel that has come through its handshake (bit 1: the initiator is fuzzed; bit 2: the owners answer,
 *               bit 3: the initiator is still UNVERIFIED, by IK)
 * For frames the input is cut into records, each a 2-byte length and so many bytes of plaintext, padded with zeros to a bucket and sealed with
 * the peer's own cipher: so the fuzzer reaches what stands behind the AEAD.
 */
#include <stdlib.h>

#include "channel/channel_internal.h"

struct fuzz_side {
    struct channel *ch;
    bool answers;
};

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void on_wanted(void *owner, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct fuzz_side *s = owner;
    /* A hostile public key may fail it; the channel is then closed. */
    require(channel_give_evidence(s->ch, bytes_of(challenge, CHANNEL_CHALLENGE_SIZE)) == ERR_OK ||
            channel_state(s->ch) == CHANNEL_CLOSED);
}

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct fuzz_side *s = owner;
    (void)bundle;
    (void)challenge;
    if (s->answers && channel_state(s->ch) == CHANNEL_UNVERIFIED)
        require(channel_verified(s->ch, channel_remote_static(s->ch)) == ERR_OK);
}

static void on_opened(void *owner, uint32_t stream, struct bytes path)
{
    struct fuzz_side *s = owner;
    if (!s->answers)
        return;
    require(channel_stream_reply(s->ch, stream, 200) == ERR_OK);
    require(channel_stream_write(s->ch, stream, path, false) == ERR_OK);
}

static void on_replied(void *owner, uint32_t stream, uint16_t status)
{
    const struct fuzz_side *s = owner;
    if (s->answers && status == 500)
        channel_stream_cancel(s->ch, stream, ERR_ENGINE);
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    struct fuzz_side *s = owner;
    if (!s->answers)
        return;
    channel_stream_consumed(s->ch, stream, data.len);
    if (channel_stream_room(s->ch, stream) > data.len)
        require(channel_stream_write(s->ch, stream, data, end) == ERR_OK);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    const struct fuzz_side *s = owner;
    (void)reason;
    channel_stream_cancel(s->ch, stream, ERR_CANCELLED);
}

static void on_closed(void *owner, enum err reason)
{
    const struct fuzz_side *s = owner;
    (void)reason;
    require(channel_state(s->ch) == CHANNEL_CLOSED);
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

static const struct noise_keypair *key_pair(unsigned which)
{
    static struct noise_keypair keys[2];
    static bool made;
    if (!made) {
        require(crypto_init() == ERR_OK);
        for (unsigned i = 0; i < 2; i++)
            require(crypto_x25519_keypair(keys[i].secret, keys[i].public_key) == ERR_OK);
        made = true;
    }
    return &keys[which];
}

static void carry(struct fuzz_side *from, struct fuzz_side *to)
{
    struct bytes out = channel_output(from->ch);
    require(channel_receive(to->ch, out) == ERR_OK);
    channel_output_sent(from->ch, out.len);
}

/* Both sides, through an IK handshake (two messages); the initiator VERIFIED or not. */
static void connect_pair(struct fuzz_side *client, struct fuzz_side *server, bool verified)
{
    const struct channel_config c = {
        .role = NOISE_INITIATOR, .s = key_pair(0), .rs = key_pair(1)->public_key};
    const struct channel_config s = {.role = NOISE_RESPONDER, .s = key_pair(1)};
    require(channel_new(&c, &handler, client, &client->ch) == ERR_OK);
    require(channel_new(&s, &handler, server, &server->ch) == ERR_OK);
    client->answers = verified;
    carry(client, server);
    carry(server, client);
    require(channel_state(client->ch) == (verified ? CHANNEL_VERIFIED : CHANNEL_UNVERIFIED));
}

static void fuzz_bytes(struct bytes input, bool initiator)
{
    struct fuzz_side side = {.answers = true};
    const struct channel_config config = {.role = initiator ? NOISE_INITIATOR : NOISE_RESPONDER,
                                          .s = key_pair(0),
                                          .rs = initiator && input.len % 2 == 0 ? key_pair(1)->public_key
                                                                                : NULL};
    require(channel_new(&config, &handler, &side, &side.ch) == ERR_OK);
    enum err e = channel_receive(side.ch, input);
    require(e == ERR_OK || channel_state(side.ch) == CHANNEL_CLOSED);
    /* Nobody comes to VERIFIED by guessing: not as an initiator; and a responder only by a handshake that ends. */
    require(!initiator || channel_state(side.ch) != CHANNEL_VERIFIED);
    require(channel_memory(side.ch) <= CHANNEL_MEMORY_MAX);
    channel_free(side.ch);
}

static void seal_piece(struct fuzz_side *from, struct bytes piece)
{
    size_t bucket = frame_bucket(piece.len);
    uint8_t *room = record_begin(from->ch, bucket);
    require(room != NULL);
    memset(room, 0, bucket);
    if (piece.len != 0)
        memcpy(room, piece.ptr, piece.len);
    require(record_seal(from->ch, bucket) == ERR_OK);
}

static void fuzz_frames(struct bytes input, bool to_initiator, bool answers, bool unverified)
{
    struct fuzz_side client = {0};
    struct fuzz_side server = {0};
    connect_pair(&client, &server, !unverified);
    struct fuzz_side *victim = to_initiator ? &client : &server;
    struct fuzz_side *peer = to_initiator ? &server : &client;
    uint32_t id;
    client.answers = answers && !unverified;
    server.answers = answers;
    if (to_initiator && !unverified)
        for (unsigned i = 0; i < 3; i++)
            require(channel_stream_open(client.ch, bytes_str("/fuzz"), &id) == ERR_OK);
    require(channel_flush(client.ch) == ERR_OK);
    channel_output_sent(client.ch, channel_output(client.ch).len);

    struct reader r = reader_over(input);
    while (r.left > 2 && channel_state(victim->ch) != CHANNEL_CLOSED) {
        size_t size = reader_u16be(&r);
        size = size < r.left ? size : r.left;
        size = size < CHANNEL_PLAIN_MAX ? size : CHANNEL_PLAIN_MAX;
        seal_piece(peer, reader_bytes(&r, size));
        struct bytes out = channel_output(peer->ch);
        enum err e = channel_receive(victim->ch, out);
        channel_output_sent(peer->ch, out.len);
        require(e == ERR_OK || channel_state(victim->ch) == CHANNEL_CLOSED);
        require(!unverified || !to_initiator || channel_state(victim->ch) != CHANNEL_VERIFIED);
        require(channel_flush(victim->ch) == ERR_OK);
        channel_output_sent(victim->ch, channel_output(victim->ch).len);
        require(channel_memory(victim->ch) <=
                CHANNEL_MEMORY_MAX + (size_t)CHANNEL_STREAMS_MAX * CHANNEL_STREAM_QUEUE_MAX);
    }
    channel_free(client.ch);
    channel_free(server.ch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    (void)key_pair(0);
    struct bytes rest = bytes_of(data + 1, size - 1);
    bool second = (data[0] & 2) != 0;
    if ((data[0] & 1) == 0)
        fuzz_bytes(rest, second);
    else
        fuzz_frames(rest, second, (data[0] & 4) != 0, (data[0] & 8) != 0);
    return 0;
}
