/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport against the limit that it stands on: one record of ours against one message of EVP's, of the same plaintext size, sealing and opening apart.
 * The channel's sealing is everything that a sender does (queue, frame, pad, seal, hand out, take the window that comes back); its opening
 * everything that a receiver does (assemble, open, parse, hand to the owner, wipe, give the window back).
 */
#include <stdlib.h>

#include "bench.h"
#include "channel/frame.h"
#include "evp.h"
#include "pair.h"

enum { SIZE_LARGE = CHANNEL_PLAIN_MAX, SIZE_SMALL = 256, BATCH_BYTES = 32 * 1024 };

/* ---- the cipher alone ---- */

struct cipher_pair {
    struct noise_cipher *send;
    struct noise_cipher *receive;
    size_t size;
    size_t batch;
    uint8_t *sealed; /* a batch of messages */
    uint8_t *opened;
    struct bench_laps sealing;
    struct bench_laps opening;
};

static size_t batch_of(size_t size)
{
    return size < BATCH_BYTES ? BATCH_BYTES / size : 1;
}

static void cipher_pair_init(struct cipher_pair *c, size_t size)
{
    static const uint8_t key[NOISE_KEY_SIZE] = {4, 5, 6};
    *c = (struct cipher_pair){.size = size, .batch = batch_of(size)};
    c->sealed = calloc(c->batch, size + NOISE_TAG_SIZE);
    c->opened = calloc(1, size);
    bench_must_be(c->sealed != NULL && c->opened != NULL, "no memory");
    bench_must(noise_cipher_new(CRYPTO_AES256_GCM, key, &c->send), "a cipher");
    bench_must(noise_cipher_new(CRYPTO_AES256_GCM, key, &c->receive), "a cipher");
}

static void cipher_pair_release(struct cipher_pair *c)
{
    noise_cipher_free(c->send);
    noise_cipher_free(c->receive);
    free(c->sealed);
    free(c->opened);
    free(c->sealing.laps);
    free(c->opening.laps);
}

static void cipher_batch(struct cipher_pair *c)
{
    const struct bytes no_ad = {0};
    size_t step = c->size + NOISE_TAG_SIZE;
    double began = bench_clock();
    for (size_t i = 0; i < c->batch; i++)
        bench_must(noise_cipher_encrypt(c->send, no_ad, bytes_of(c->sealed + i * step, c->size),
                                        c->sealed + i * step),
                   "sealing");
    double middle = bench_clock();
    for (size_t i = 0; i < c->batch; i++)
        bench_must(noise_cipher_decrypt(c->receive, no_ad, bytes_of(c->sealed + i * step, step), c->opened),
                   "opening");
    bench_lap(&c->opening, bench_clock() - middle);
    bench_lap(&c->sealing, middle - began);
}

static double cipher_run(struct cipher_pair *c, uint64_t count, struct bench_laps *wanted)
{
    c->sealing.count = c->opening.count = 0;
    uint64_t batches = (count + c->batch - 1) / c->batch;
    for (uint64_t i = 0; i < batches; i++)
        cipher_batch(c);
    return bench_laps_sum(wanted) * (double)count / (double)(batches * c->batch);
}

static double cipher_seal(void *self, uint64_t count)
{
    struct cipher_pair *c = self;
    return cipher_run(c, count, &c->sealing);
}

static double cipher_open(void *self, uint64_t count)
{
    struct cipher_pair *c = self;
    return cipher_run(c, count, &c->opening);
}

/* ---- the whole channel ---- */

struct channel_pair {
    struct bench_pair pair;
    size_t size; /* of the record's plaintext */
    size_t batch;
    uint8_t *body;
    struct bench_laps sealing;
    struct bench_laps opening;
};

static void channel_pair_init(struct channel_pair *c, size_t size)
{
    *c = (struct channel_pair){.size = size, .batch = batch_of(size), .body = calloc(1, size)};
    bench_must_be(c->body != NULL, "no memory");
    bench_pair_init(&c->pair, 1024);
    bench_pair_connect(&c->pair, CHANNEL_PATH_XX);
    bench_pair_open(&c->pair);
}

static void channel_pair_release(struct channel_pair *c)
{
    bench_pair_close(&c->pair);
    bench_pair_release(&c->pair);
    free(c->body);
    free(c->sealing.laps);
    free(c->opening.laps);
}

/* Records that are written and flushed one by one, as tokens are; then received all at once. */
static void channel_batch(struct channel_pair *c)
{
    struct bench_pair *p = &c->pair;
    const struct bytes body = bytes_of(c->body, c->size - FRAME_HEADER_SIZE);
    size_t before = p->received;
    double t0 = bench_clock();
    for (size_t i = 0; i < c->batch; i++) {
        bench_must(channel_stream_send(p->client, p->stream, body, false), "channel_stream_send");
    }
    struct bytes out = channel_output(p->client);
    double t1 = bench_clock();
    bench_must(channel_receive(p->server, out), "channel_receive");
    bench_must(channel_flush(p->server), "channel_flush");
    struct bytes window = channel_output(p->server);
    double t2 = bench_clock();
    bench_must_be(out.len == c->batch * (2 + c->size + NOISE_TAG_SIZE), "records of another size");
    channel_output_sent(p->client, out.len);
    if (window.len != 0)
        bench_must(channel_receive(p->client, window), "channel_receive");
    double t3 = bench_clock();
    channel_output_sent(p->server, window.len);
    double t4 = bench_clock();
    bench_lap(&c->sealing, t1 - t0 + t3 - t2);
    bench_lap(&c->opening, t2 - t1 + t4 - t3);
    bench_must_be(p->received - before == c->batch * body.len, "not everything has arrived");
}

static double channel_run(struct channel_pair *c, uint64_t count, struct bench_laps *wanted)
{
    c->sealing.count = c->opening.count = 0;
    uint64_t batches = (count + c->batch - 1) / c->batch;
    for (uint64_t i = 0; i < batches; i++)
        channel_batch(c);
    return bench_laps_sum(wanted) * (double)count / (double)(batches * c->batch);
}

static double channel_seal(void *self, uint64_t count)
{
    struct channel_pair *c = self;
    return channel_run(c, count, &c->sealing);
}

static double channel_open(void *self, uint64_t count)
{
    struct channel_pair *c = self;
    return channel_run(c, count, &c->opening);
}

/* ---- claims ---- */

static void compare(const char *name, const char *text, size_t size, double aim, struct bench_side ours,
                    struct bench_side peer)
{
    bench_compare(&(struct bench_claim){.name = name,
                                        .text = text,
                                        .unit = "GB/s",
                                        .scale = (double)size / 1e9,
                                        .aim = aim,
                                        .ours = ours,
                                        .peer = peer});
}

struct texts {
    const char *name[4];
    const char *text[4];
};

static void size_claims(size_t size, double aim, const struct texts *t)
{
    struct cipher_pair cipher;
    struct channel_pair channel;
    struct evp_message seal;
    struct evp_message open;
    cipher_pair_init(&cipher, size);
    channel_pair_init(&channel, size);
    evp_message_init(&seal, size);
    evp_message_init(&open, size);
    const struct bench_side evp[] = {{"EVP sealing", evp_seal, &seal}, {"EVP opening", evp_open, &open}};
    compare(t->name[0], t->text[0], size, aim, (struct bench_side){"noise", cipher_seal, &cipher}, evp[0]);
    compare(t->name[1], t->text[1], size, aim, (struct bench_side){"noise", cipher_open, &cipher}, evp[1]);
    compare(t->name[2], t->text[2], size, aim, (struct bench_side){"channel", channel_seal, &channel},
            evp[0]);
    compare(t->name[3], t->text[3], size, aim, (struct bench_side){"channel", channel_open, &channel},
            evp[1]);
    evp_message_release(&seal);
    evp_message_release(&open);
    cipher_pair_release(&cipher);
    channel_pair_release(&channel);
}

int main(int argc, char **argv)
{
    bench_begin("bench_transport",
                "Noise transport and the whole channel against EVP AES-256-GCM alone: one record against one "
                "message of the same plaintext size, one thread.",
                argc, argv);
    bench_must(crypto_init(), "libcrypto");
    size_claims(
        SIZE_LARGE, 0.85,
        &(struct texts){.name = {"noise.seal.64k", "noise.open.64k", "channel.seal.64k", "channel.open.64k"},
                        .text = {"Noise cipher, sealing 64 KiB", "Noise cipher, opening 64 KiB",
                                 "channel, sending 64 KiB", "channel, receiving 64 KiB"}});
    size_claims(
        SIZE_SMALL, 0,
        &(struct texts){.name = {"noise.seal.256", "noise.open.256", "channel.seal.256", "channel.open.256"},
                        .text = {"Noise cipher, sealing 256 B", "Noise cipher, opening 256 B",
                                 "channel, sending 256 B", "channel, receiving 256 B"}});
    return bench_end();
}
