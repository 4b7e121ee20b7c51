/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include <stdlib.h>

#include "bench.h"

static void on_wanted(void *owner, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct bench_pair *p = owner;
    (void)challenge;
    bench_must(channel_give_evidence(p->server, p->bundle), "evidence");
}

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct bench_pair *p = owner;
    (void)bundle;
    (void)challenge;
    bench_must(channel_verified(p->client, p->server_key.public_key), "channel_verified");
}

static void on_opened(void *owner, uint32_t stream, struct bytes path)
{
    (void)owner;
    (void)stream;
    (void)path;
}

static void on_replied(void *owner, uint32_t stream, uint16_t status)
{
    (void)owner;
    (void)stream;
    (void)status;
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    struct bench_pair *p = owner;
    (void)end;
    p->received += data.len;
    channel_stream_consumed(p->server, stream, data.len);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    (void)owner;
    (void)stream;
    bench_must(reason, "the stream was cancelled");
}

static void on_closed(void *owner, enum err reason)
{
    (void)owner;
    bench_must(reason, "the channel was closed");
}

static const struct channel_handler handler = {.evidence_wanted = on_wanted,
                                               .evidence = on_evidence,
                                               .opened = on_opened,
                                               .replied = on_replied,
                                               .data = on_data,
                                               .cancelled = on_cancelled,
                                               .closed = on_closed};

void bench_pair_init(struct bench_pair *p, size_t bundle)
{
    uint8_t *bytes = malloc(bundle);
    if (bytes == NULL)
        bench_fail("no memory");
    memset(bytes, '{', bundle);
    *p = (struct bench_pair){.bundle = bytes_of(bytes, bundle)};
    bench_must(crypto_x25519_keypair(p->client_key.secret, p->client_key.public_key), "a key");
    bench_must(crypto_x25519_keypair(p->server_key.secret, p->server_key.public_key), "a key");
}

void bench_pair_release(struct bench_pair *p)
{
    free((void *)p->bundle.ptr);
}

static bool hand_over(struct channel *from, struct channel *to)
{
    bench_must(channel_flush(from), "channel_flush");
    struct bytes out = channel_output(from);
    if (out.len == 0)
        return false;
    bench_must(channel_receive(to, out), "channel_receive");
    channel_output_sent(from, out.len);
    return true;
}

void bench_pair_pump(struct bench_pair *p)
{
    bool moved = true;
    while (moved) {
        moved = hand_over(p->client, p->server);
        moved = hand_over(p->server, p->client) || moved;
    }
}

void bench_pair_connect(struct bench_pair *p, enum channel_path path)
{
    struct channel_config client = {.role = NOISE_INITIATOR,
                                    .s = &p->client_key,
                                    .rs = path == CHANNEL_PATH_IK ? p->server_key.public_key : NULL};
    struct channel_config server = {.role = NOISE_RESPONDER, .s = &p->server_key};
    bench_must(channel_new(&server, &handler, p, &p->server), "channel_new");
    bench_must(channel_new(&client, &handler, p, &p->client), "channel_new");
    bench_pair_pump(p);
    bench_must_be(channel_state(p->client) == CHANNEL_VERIFIED &&
                      channel_state(p->server) == CHANNEL_VERIFIED &&
                      channel_handshake_path(p->client) == path,
                  "the handshake did not end as it should");
}

void bench_pair_close(struct bench_pair *p)
{
    channel_free(p->client);
    channel_free(p->server);
    p->client = p->server = NULL;
}

void bench_pair_open(struct bench_pair *p)
{
    bench_must(channel_stream_open(p->client, bytes_str("/bench"), &p->stream), "channel_stream_open");
    bench_pair_pump(p);
}
