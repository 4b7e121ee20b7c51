/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an idle, verified connection costs enclumed. Half of the connections are first contacts (XX, evidence appraised), half are resumptions (IK). Then all
 * are left alone, enclumed's resident memory is read, and each connection is asked for a sign of life, so that none is counted that is dead.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "attest/appraise.h"
#include "base/strict_json.h"
#include "bench.h"
#include "channel/channel.h"
#include "client/dial.h"
#include "guest.h"
#include "tls.h"

enum {
    CONNECTIONS = 5000,
    AT_ONCE = 32,
    SPARE_FILES = 200,
    PIECE = 65536,
    TLS_SAMPLE = 500,
    WAIT_MS = 30000
};

struct connection {
    struct channel *channel;
    int fd;
};

static struct guest guest;
static struct connection connections[CONNECTIONS];
static uint8_t server_key[NOISE_KEY_SIZE];
static struct noise_keypair own_key;

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    static struct verdict verdict;
    struct connection *c = owner;
    if (bundle.len != 0) {
        attest_appraise(bundle, challenge, &guest.policy, (int64_t)time(NULL), &verdict);
        bench_must_be(verdict.accepted, "the evidence was refused");
        memcpy(server_key, verdict.claims.noise_key, sizeof server_key);
    }
    bench_must(channel_verified(c->channel, server_key), "channel_verified");
}

static void on_closed(void *owner, enum err reason)
{
    (void)owner;
    (void)reason;
    bench_must_be(false, "a connection was closed");
}

static const struct channel_handler handler = {.evidence = on_evidence, .closed = on_closed};

static void send_due(struct connection *c)
{
    bench_must(channel_flush(c->channel), "channel_flush");
    for (struct bytes out = channel_output(c->channel); out.len != 0; out = channel_output(c->channel)) {
        ssize_t n = write(c->fd, out.ptr, out.len);
        bench_must_be(n > 0, "a write failed");
        channel_output_sent(c->channel, (size_t)n);
    }
}

static void receive(struct connection *c)
{
    static uint8_t piece[PIECE];
    ssize_t n = read(c->fd, piece, sizeof piece);
    bench_must_be(n > 0, "a connection broke off");
    bench_must(channel_receive(c->channel, bytes_of(piece, (size_t)n)), "channel_receive");
    send_due(c);
}

static void begin(struct connection *c, bool resumed)
{
    struct err_note note;
    const struct channel_config config = {
        .role = NOISE_INITIATOR, .s = &own_key, .rs = resumed ? server_key : NULL};
    bench_must(dial(guest.address, WAIT_MS, -1, &c->fd, &note), "connecting");
    bench_must(channel_new(&config, &handler, c, &c->channel), "channel_new");
    send_due(c);
}

static bool verified(const struct connection *c)
{
    return channel_state(c->channel) == CHANNEL_VERIFIED;
}

static bool answered(const struct connection *c)
{
    return !channel_ping_unanswered(c->channel);
}

/* Until all of these are so. */
static void wait_for(struct connection *first, size_t count, bool (*so)(const struct connection *c))
{
    struct pollfd fds[AT_ONCE];
    size_t waiting = 1;
    while (waiting != 0) {
        waiting = 0;
        for (size_t i = 0; i < count; i++) {
            fds[i] = (struct pollfd){.fd = so(&first[i]) ? -1 : first[i].fd, .events = POLLIN};
            waiting += fds[i].fd >= 0;
        }
        bench_must_be(waiting == 0 || poll(fds, count, WAIT_MS) > 0, "enclumed does not answer");
        for (size_t i = 0; i < count; i++)
            if (fds[i].fd >= 0 && fds[i].revents != 0)
                receive(&first[i]);
    }
}

static size_t batch_at(size_t at)
{
    return CONNECTIONS - at < AT_ONCE ? CONNECTIONS - at : AT_ONCE;
}

static void connect_all(void)
{
    for (size_t at = 0; at < CONNECTIONS; at += AT_ONCE) {
        for (size_t i = 0; i < batch_at(at); i++)
            begin(&connections[at + i], at >= CONNECTIONS / 2);
        wait_for(connections + at, batch_at(at), verified);
    }
}

static void ask_all_for_a_sign(void)
{
    for (size_t at = 0; at < CONNECTIONS; at += AT_ONCE) {
        for (size_t i = 0; i < batch_at(at); i++) {
            bench_must(channel_ping(connections[at + i].channel), "channel_ping");
            send_due(&connections[at + i]);
        }
        wait_for(connections + at, batch_at(at), answered);
    }
}

static void allow_files(void)
{
    struct rlimit limit;
    bench_must_be(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max >= CONNECTIONS + SPARE_FILES,
                  "this machine allows too few open files");
    limit.rlim_cur = limit.rlim_max;
    bench_must_be(setrlimit(RLIMIT_NOFILE, &limit) == 0, "this machine allows too few open files");
}

/* bench_side.run's type gives a number back from the child: bytes a connection. */
static double tls_peer(void *self, uint64_t count)
{
    (void)self;
    return tls_idle_memory((size_t)count);
}

static void report(double tls_bytes)
{
    double before = guest_memory(&guest, "VmRSS");
    double began = bench_clock();
    connect_all();
    double took = bench_clock() - began;
    (void)sleep(2);
    double each = (guest_memory(&guest, "VmRSS") - before) / CONNECTIONS;
    double channels = 0;
    for (size_t i = 0; i < CONNECTIONS; i++)
        channels += (double)channel_memory(connections[i].channel);
    ask_all_for_a_sign();
    bench_value("idle.connections", "verified connections held by one enclumed, all of them alive",
                CONNECTIONS, "", 0);
    bench_value("idle.setup", "connections made and verified in a second (half XX with appraisal, half IK)",
                CONNECTIONS / took, "/s", 0);
    bench_report(
        &(struct bench_claim){.name = "idle.memory",
                              .text = "memory of an idle connection (more than 1: smaller than the peer's)",
                              .unit = "bytes",
                              .is_time = true,
                              .ours = {.label = "enclumed, resident"},
                              .peer = {.label = "OpenSSL TLS 1.3, heap of the SSL object alone"}},
        &each, &tls_bytes, 1);
    bench_value("idle.channel", "of it the channel, by channel_memory", channels / CONNECTIONS, "bytes", 0);
}

int main(int argc, char **argv)
{
    bench_begin("bench_idle", "5,000 idle, verified connections to one enclumed: memory for each.", argc,
                argv);
    allow_files();
    struct bench_peer *tls = bench_peer_fork(tls_peer, NULL);
    double tls_bytes = bench_peer_run(tls, TLS_SAMPLE);
    bench_peer_stop(tls);
    strict_json_init();
    bench_must(crypto_init(), "libcrypto");
    bench_must(crypto_x25519_keypair(own_key.secret, own_key.public_key), "a key");
    guest_start(&guest, (const char *const[]){"--model", ENCLUME_DEMO_MODEL, "--threads", "1", NULL});
    report(tls_bytes);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        (void)close(connections[i].fd);
        channel_free(connections[i].channel);
    }
    guest_stop(&guest);
    return bench_end();
}
