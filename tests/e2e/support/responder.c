/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/responder.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "attest/bundle.h"
#include "attest/merkle.h"
#include "attest/policy_document.h"
#include "attest/statement.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/secret_buffer.h"
#include "evidence/simulated.h"
#include "unit/test.h"

enum { CHUNK = 65536, STREAMS = 128, BODY_MAX = 1024 * 1024 };

/* A request that is coming in. Streams have small numbers here. */
struct asked {
    char path[CHANNEL_PATH_MAX + 1];
    struct secret_buffer body;
};

struct responder {
    pthread_t thread;
    int listener;
    sem_t ended;
    struct noise_keypair key;
    const struct platform *platform;
    enum responder_lie lie;
    size_t number;
    struct channel *channel; /* of the present connection */
    size_t first;            /* bytes of the client's first record, with its length */
    size_t heard;            /* bytes behind it */
    char *last;              /* the bundle of the connection before */
    size_t last_len;
    responder_answer answer;
    struct asked asked[STREAMS];
    atomic_size_t cancelled;
    bool cut;
};

static void write_statement(const struct responder *r, bool other_key, char text[static STATEMENT_MAX],
                            size_t *len)
{
    struct statement s = {.model_name = "test"};
    memcpy(s.noise_key, r->key.public_key, sizeof s.noise_key);
    if (other_key)
        s.noise_key[0] ^= 1;
    assert_ok(statement_write(&s, text, STATEMENT_MAX, len));
}

/* The platform's answer for this statement and challenge, as the enclave gets it. */
static void ask_platform(const struct responder *r, struct bytes statement,
                         const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE], struct platform_frame *frame,
                         struct merkle_path *path)
{
    uint8_t root[MERKLE_HASH_SIZE];
    uint8_t data[SIMULATED_WIRE_DATA_SIZE];
    uint8_t leaf[1][32];
    struct merkle_tree *tree = NULL;
    memcpy(leaf[0], challenge, sizeof leaf[0]);
    assert_ok(merkle_build((const uint8_t(*)[32])leaf, 1, &tree));
    merkle_root(tree, root);
    merkle_path_of(tree, 0, path);
    merkle_free(tree);
    assert_ok(statement_report_data(statement, root, data));
    assert_ok(platform_answer(r->platform, data, frame));
}

/* The bundle with the lie in it; secret_free it. */
static char *make_bundle(const struct responder *r, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE],
                         size_t *len)
{
    char said[STATEMENT_MAX];
    char signed_text[STATEMENT_MAX];
    size_t said_len = 0;
    size_t signed_len = 0;
    uint8_t covered[CHANNEL_CHALLENGE_SIZE];
    static _Thread_local struct platform_frame frame;
    struct evidence evidence;
    const char *platform;
    char *text = NULL;
    struct bundle b = {.evidence_count = 1};

    write_statement(r, r->lie == RESPONDER_OTHER_STATEMENT || r->lie == RESPONDER_OTHER_KEY, said, &said_len);
    write_statement(r, r->lie == RESPONDER_OTHER_KEY, signed_text, &signed_len);
    memcpy(covered, challenge, sizeof covered);
    if (r->lie == RESPONDER_OTHER_DATA)
        covered[0] ^= 1;
    ask_platform(r, bytes_of(signed_text, signed_len), covered, &frame, &b.freshness);
    if (r->lie == RESPONDER_BIT)
        frame.bytes[SIMULATED_WIRE_HEADER_SIZE + r->number / 8] ^= (uint8_t)(1U << r->number % 8);
    assert_ok(evidence_simulated_parse(bytes_of(frame.bytes, frame.len), &evidence, &platform, NULL));
    memcpy(b.platform, platform, strlen(platform) + 1);
    b.statement = bytes_of(said, said_len);
    b.evidence[0] = evidence.report;
    b.endorsement_count = evidence.endorsement_count;
    memcpy(b.endorsements, evidence.endorsements, sizeof b.endorsements);
    assert_ok(bundle_write(&b, &text, len));
    if (r->lie == RESPONDER_TRUNCATED)
        *len -= r->number < *len ? r->number : *len - 1;
    return text;
}

/* ---- the channel ---- */

static void on_evidence_wanted(void *owner, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct responder *r = owner;
    size_t len = 0;
    char *text = make_bundle(r, challenge, &len);
    bool stale = r->lie == RESPONDER_STALE && r->last != NULL;
    assert_ok(
        channel_give_evidence(r->channel, stale ? bytes_of(r->last, r->last_len) : bytes_of(text, len)));
    secret_free(r->last);
    r->last = text;
    r->last_len = len;
}

static void on_opened(void *owner, uint32_t stream, struct bytes path)
{
    struct responder *r = owner;
    assert_true(stream < STREAMS);
    (void)snprintf(r->asked[stream].path, sizeof r->asked[stream].path, "%.*s", (int)path.len,
                   (const char *)path.ptr);
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    struct responder *r = owner;
    struct asked *a = &r->asked[stream];
    assert_ok(secret_buffer_append(&a->body, data, BODY_MAX));
    channel_stream_consumed(r->channel, stream, data.len);
    if (!end)
        return;
    if (r->answer != NULL)
        r->cut = r->answer(r->channel, stream, a->path, secret_buffer_bytes(&a->body)) || r->cut;
    secret_buffer_release(&a->body);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    struct responder *r = owner;
    (void)reason;
    secret_buffer_release(&r->asked[stream].body);
    r->cancelled++;
}

static void on_closed(void *owner, enum err reason)
{
    (void)owner;
    (void)reason;
}

static const struct channel_handler handler = {.evidence_wanted = on_evidence_wanted,
                                               .opened = on_opened,
                                               .data = on_data,
                                               .cancelled = on_cancelled,
                                               .closed = on_closed};

static bool send_output(struct responder *r, int fd)
{
    enum err e = channel_flush(r->channel);
    struct bytes out = channel_output(r->channel);
    while (e == ERR_OK && out.len != 0) {
        ssize_t n = send(fd, out.ptr, out.len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        channel_output_sent(r->channel, (size_t)n);
        out = channel_output(r->channel);
    }
    return e == ERR_OK;
}

/* Counts in spite of what the channel thinks of it: every byte that leaves the client. */
static void count(struct responder *r, const uint8_t *bytes, size_t n)
{
    if (r->first == 0 && n >= 2)
        r->first = 2 + ((size_t)bytes[0] << 8 | bytes[1]);
    r->heard += n;
}

static void serve(struct responder *r, int fd)
{
    static _Thread_local uint8_t chunk[CHUNK];
    const struct channel_config config = {.role = NOISE_RESPONDER, .s = &r->key};
    r->first = r->heard = 0;
    assert_ok(channel_new(&config, &handler, r, &r->channel));
    r->cut = false;
    for (ssize_t n; !r->cut && (n = recv(fd, chunk, sizeof chunk, 0)) > 0;) {
        count(r, chunk, (size_t)n);
        if (channel_receive(r->channel, bytes_of(chunk, (size_t)n)) == ERR_OK)
            (void)send_output(r, fd);
    }
    channel_free(r->channel);
    r->channel = NULL;
    r->heard -= r->first;
}

static void *run(void *self)
{
    struct responder *r = self;
    for (int fd; (fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;) {
        serve(r, fd);
        (void)close(fd);
        (void)sem_post(&r->ended);
    }
    return NULL;
}

struct responder *responder_start(const char *path, const struct platform *platform)
{
    struct sockaddr_un here = {.sun_family = AF_UNIX};
    struct responder *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->platform = platform;
    assert_true(strlen(path) < sizeof here.sun_path);
    memcpy(here.sun_path, path, strlen(path) + 1);
    assert_ok(crypto_x25519_keypair(r->key.secret, r->key.public_key));
    assert_int_equal(sem_init(&r->ended, 0, 0), 0);
    r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listener, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(r->listener, 4), 0);
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
    return r;
}

void responder_stop(struct responder *r)
{
    (void)shutdown(r->listener, SHUT_RDWR);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    (void)close(r->listener);
    (void)sem_destroy(&r->ended);
    secret_free(r->last);
    free(r);
}

void responder_answers(struct responder *r, responder_answer answer)
{
    r->answer = answer;
}

size_t responder_cancelled(struct responder *r)
{
    return r->cancelled;
}

void responder_serve(struct responder *r, enum responder_lie lie, size_t number)
{
    r->lie = lie;
    r->number = number;
}

size_t responder_heard(struct responder *r)
{
    while (sem_wait(&r->ended) != 0)
        ;
    return r->heard;
}

struct platform *responder_platform(const char *name)
{
    static const uint8_t program[LAUNCH_REGISTER_SIZE] = {0x5a};
    struct platform *p;
    struct err_note note = {{0}};
    (void)mkdir(E2E_CHAIN, 0700);
    assert_ok(platform_open(name, E2E_CHAIN, (int64_t)time(NULL), &p, &note));
    assert_ok(p->measures->measure(program, NULL, 0, &p->launched));
    return p;
}

size_t responder_evidence_size(const struct platform *p)
{
    static const uint8_t data[SIMULATED_WIRE_DATA_SIZE];
    static struct platform_frame frame;
    struct simulated_answer answer;
    assert_ok(platform_answer(p, data, &frame));
    assert_ok(simulated_answer_parse(bytes_of(frame.bytes, frame.len), &answer));
    return answer.evidence.len;
}

/* The first register is what --measurement means; others are RTMRs. A platform without them makes a launch of TDX that nothing fulfills. */
struct attest_policy responder_policy(const struct platform *p, struct responder_registers *registers)
{
    const struct launch_registers *l = &p->launched;
    const struct simulated_der *root = p->kind->root(p);
    struct attest_policy policy;
    *registers = (struct responder_registers){.launch = {.named = 0}};
    memcpy(registers->measurement[0], l->at[0].value, sizeof registers->measurement[0]);
    memcpy(registers->launch.mrtd, l->at[0].value, sizeof registers->launch.mrtd);
    for (size_t i = 1; i < l->count; i++) {
        memcpy(registers->launch.rtmr[i - 1], l->at[i].value, sizeof registers->launch.rtmr[0]);
        registers->launch.named |= 1U << (i - 1);
    }
    attest_policy_default(&policy);
    policy.measurements = (const uint8_t(*)[ATTEST_MEASUREMENT_SIZE])registers->measurement;
    policy.measurement_count = 1;
    policy.tdx.launches = &registers->launch;
    policy.tdx.launch_count = 1;
    assert_ok(attest_policy_trust_simulated(&policy, bytes_of(root->der, root->len), NULL));
    return policy;
}

void responder_accept(const struct world *w, const struct platform *p)
{
    const struct simulated_der *root = p->kind->root(p);
    struct responder_registers registers;
    const struct attest_policy policy = responder_policy(p, &registers);
    struct err_note note = {{0}};
    char *text;
    assert_ok(policy_document_write(&policy, 0, POLICY_CANONICAL, &text, &note));
    assert_ok(file_write(w->policy, bytes_str(text), &note));
    assert_ok(file_write(w->root, bytes_of(root->der, root->len), &note));
    secret_free(text);
}
