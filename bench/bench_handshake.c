/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole handshakes, both sides in one thread, processor time: the Noise framework alone, and the channel over it with an evidence bundle of the size
 * that a real one has, which is neither made nor appraised here (bench_appraise). Peers: OpenSSL's TLS 1.3 with the same key agreement, flynn/noise
 * for the classical XX, and, as the limit, the key agreements of the pattern done bare.
 */
#include "bench.h"
#include "pair.h"
#include "tls.h"

static const char flynn_path[] = ENCLUME_DEPS_DIR "/bench/flynn_peer";

enum { BUNDLE_SIZE = 10 * 1024, MESSAGE_ROOM = 8 * 1024 };

/* ---- through noise ---- */

struct noise_run {
    const char *name;
    bool knows_server; /* IK */
    struct noise_keypair client;
    struct noise_keypair server;
};

static void one_message(struct noise_handshake *from, struct noise_handshake *to)
{
    static uint8_t message[MESSAGE_ROOM];
    static uint8_t payload[MESSAGE_ROOM];
    size_t len;
    bench_must(noise_handshake_write(from, (struct bytes){0}, message, sizeof message, &len), "writing");
    bench_must(noise_handshake_read(to, bytes_of(message, len), payload, sizeof payload, &len), "reading");
}

static void split(struct noise_handshake *hs)
{
    struct noise_cipher *send;
    struct noise_cipher *receive;
    uint8_t hash[NOISE_HASH_MAX];
    bench_must(noise_handshake_split(hs, &send, &receive, hash), "splitting");
    noise_cipher_free(send);
    noise_cipher_free(receive);
    noise_handshake_free(hs);
}

static void noise_once(const struct noise_run *r)
{
    const struct noise_keys keys[] = {
        {.s = &r->client, .rs = r->knows_server ? r->server.public_key : NULL},
        {.s = &r->server},
    };
    struct noise_handshake *hs[2];
    for (int i = 0; i < 2; i++)
        bench_must(noise_handshake_new(&hs[i], r->name, i == 0 ? NOISE_INITIATOR : NOISE_RESPONDER,
                                       bytes_str(CHANNEL_PROLOGUE), &keys[i]),
                   r->name);
    while (noise_handshake_turn(hs[0]) != NOISE_DONE || noise_handshake_turn(hs[1]) != NOISE_DONE) {
        int writer = noise_handshake_turn(hs[0]) == NOISE_WRITE ? 0 : 1;
        one_message(hs[writer], hs[1 - writer]);
    }
    split(hs[0]);
    split(hs[1]);
}

static double noise_run(void *self, uint64_t count)
{
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++)
        noise_once(self);
    return bench_processor_time() - began;
}

static struct noise_run noise_run_of(const char *name, bool knows_server)
{
    struct noise_run r = {.name = name, .knows_server = knows_server};
    bench_must(crypto_x25519_keypair(r.client.secret, r.client.public_key), "a key");
    bench_must(crypto_x25519_keypair(r.server.secret, r.server.public_key), "a key");
    return r;
}

/* ---- through the channel ---- */

struct channel_run {
    struct bench_pair pair;
    enum channel_path path;
};

static double channel_run(void *self, uint64_t count)
{
    struct channel_run *r = self;
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        bench_pair_connect(&r->pair, r->path);
        bench_pair_close(&r->pair);
    }
    return bench_processor_time() - began;
}

/* ---- the limit ---- */

struct limit {
    unsigned agreements; /* Diffie-Hellman, both sides together */
};

/* Two ephemeral keys, the agreements, and ML-KEM's three steps. */
static double limit_run(void *self, uint64_t count)
{
    const struct limit *limit = self;
    uint8_t secret[2][32];
    uint8_t public_key[2][32];
    uint8_t shared[32];
    uint8_t seed[CRYPTO_MLKEM_SEED_SIZE];
    static uint8_t key[CRYPTO_MLKEM_PUBLIC_SIZE];
    static uint8_t sealed[CRYPTO_MLKEM_CIPHER_SIZE];
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        for (int side = 0; side < 2; side++)
            bench_must(crypto_x25519_keypair(secret[side], public_key[side]), "X25519");
        for (unsigned n = 0; n < limit->agreements; n++)
            bench_must(crypto_x25519(secret[n % 2], public_key[1 - n % 2], shared), "X25519");
        bench_must(crypto_mlkem_keypair(seed, key), "ML-KEM");
        bench_must(crypto_mlkem_encaps(key, sealed, shared), "ML-KEM");
        bench_must(crypto_mlkem_decaps(seed, sealed, shared), "ML-KEM");
    }
    return bench_processor_time() - began;
}

/* ---- claims ---- */

static void compare(const char *name, const char *text, struct bench_side ours, struct bench_side peer)
{
    bench_compare(&(struct bench_claim){.name = name,
                                        .text = text,
                                        .unit = "handshakes/s",
                                        .scale = 1,
                                        .round = 0.03,
                                        .ours = ours,
                                        .peer = peer});
}

int main(int argc, char **argv)
{
    bench_begin(
        "bench_handshake",
        "Whole handshakes, both sides in one thread, processor time. TLS: OpenSSL's TLS 1.3, full handshake, "
        "X25519MLKEM768, server certificate on ECDSA P-256 verified by the client.",
        argc, argv);
    struct bench_peer *tls_peer = bench_peer_fork(tls_handshakes, NULL);
    struct bench_peer *flynn = bench_peer_start(flynn_path, (const char *const[]){flynn_path, NULL});
    bench_must(crypto_init(), "libcrypto");

    struct noise_run xx = noise_run_of("Noise_XX_25519_AESGCM_SHA256", false);
    struct noise_run xxhfs = noise_run_of("Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256", false);
    struct noise_run ikhfs = noise_run_of("Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256", true);
    struct channel_run channel_xx = {.path = CHANNEL_PATH_XX};
    struct channel_run channel_ik = {.path = CHANNEL_PATH_IK};
    bench_pair_init(&channel_xx.pair, BUNDLE_SIZE);
    bench_pair_init(&channel_ik.pair, BUNDLE_SIZE);
    struct limit xx_limit = {.agreements = 6};
    struct limit ik_limit = {.agreements = 8};
    const struct bench_side tls = {"TLS 1.3", bench_peer_run, tls_peer};
    const struct bench_side ours[] = {{"noise", noise_run, &xxhfs}, {"noise", noise_run, &ikhfs}};

    if (flynn == NULL)
        bench_left_out("noise.xx.flynn", "the Go peer is not built (bench/peers/setup says why)");
    else
        compare("noise.xx.flynn", "Noise XX", (struct bench_side){"noise", noise_run, &xx},
                (struct bench_side){"flynn/noise (Go)", bench_peer_run, flynn});
    compare("noise.xxhfs.limit", "Noise XXhfs", ours[0],
            (struct bench_side){"its bare key agreements", limit_run, &xx_limit});
    compare("noise.ikhfs.limit", "Noise IKhfs", ours[1],
            (struct bench_side){"its bare key agreements", limit_run, &ik_limit});
    compare("noise.xxhfs.tls", "Noise XXhfs", ours[0], tls);
    compare("noise.ikhfs.tls", "Noise IKhfs", ours[1], tls);
    compare("channel.xxhfs.tls", "channel, first contact (XXhfs) with a bundle of 10 KiB",
            (struct bench_side){"channel", channel_run, &channel_xx}, tls);
    compare("channel.ikhfs.tls", "channel, resumption (IKhfs)",
            (struct bench_side){"channel", channel_run, &channel_ik}, tls);

    bench_pair_release(&channel_xx.pair);
    bench_pair_release(&channel_ik.pair);
    bench_peer_stop(tls_peer);
    bench_peer_stop(flynn);
    return bench_end();
}
