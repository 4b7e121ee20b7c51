/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that hands requests to another server, against one that answers by a script and misbehaves in every way. */
#include "engine/upstream_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "fake_server.h"
#include "unit/test.h"

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]"

enum { IDS_MAX = 64, TEXT_MAX = 1 << 16, PATIENCE_S = 20 };

/* What the engine told about one request. */
struct told {
    char lines[TEXT_MAX];
    size_t len;
    uint16_t status;
    bool done;
    enum err result;
    struct err_note note;
    size_t order; /* in which it was done: 1 is the first */
};

struct world {
    struct fake_server server;
    pthread_t dialer;
    struct upstream_address address;
    int dialer_end;
    struct engine *engine;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t done_count;
    struct told told[IDS_MAX];
};

static void on_lines(void *owner, uint64_t id, uint16_t status, struct bytes lines)
{
    struct world *w = owner;
    struct told *t = &w->told[id];
    pthread_mutex_lock(&w->lock);
    assert_true(!t->done && (t->status == 0 || t->status == status) && t->len + lines.len < TEXT_MAX);
    t->status = status;
    memcpy(t->lines + t->len, lines.ptr, lines.len);
    t->len += lines.len;
    t->lines[t->len] = '\0';
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void on_done(void *owner, uint64_t id, enum err result, const struct err_note *note)
{
    struct world *w = owner;
    struct told *t = &w->told[id];
    pthread_mutex_lock(&w->lock);
    assert_false(t->done);
    t->done = true;
    t->result = result;
    t->note = *note;
    t->order = ++w->done_count;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static const struct engine_callbacks callbacks = {.lines = on_lines, .done = on_done};

/* ---- the world ---- */

static void *dial(void *argument)
{
    struct world *w = argument;
    upstream_dial_serve(w->dialer_end, &w->address);
    (void)close(w->dialer_end);
    return NULL;
}

static enum err open_engine(struct world *w, struct engine_upstream_options options, struct err_note *note)
{
    int pair[2];
    assert_ok(upstream_address_parse(w->server.address, &w->address, NULL));
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    w->dialer_end = pair[1];
    assert_int_equal(pthread_create(&w->dialer, NULL, dial, w), 0);
    options.dialer = pair[0];
    options.model_path = "/proc/self/exe";
    enum err e = engine_upstream_open(&options, &callbacks, w, &w->engine, note);
    if (e != ERR_OK)
        (void)pthread_join(w->dialer, NULL);
    return e;
}

static void start(struct world *w)
{
    memset(w, 0, sizeof *w);
    (void)pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t monotonic; /* a clock that is set does not end the waiting */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    fake_start(&w->server);
}

static void start_with(struct world *w, struct engine_upstream_options options)
{
    struct err_note note = {{0}};
    start(w);
    if (options.health_ms == 0)
        options.health_ms = 60000; /* asked once and not again during a test */
    enum err e = open_engine(w, options, &note);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), note.text);
}

static void stop(struct world *w)
{
    size_t blocks = secret_stats().live;
    if (w->engine != NULL) {
        w->engine->close(w->engine);
        (void)pthread_join(w->dialer, NULL);
    }
    assert_true(secret_stats().live <= blocks);
    fake_remove(&w->server);
}

static enum err submit(struct world *w, uint64_t id, uint64_t asker, bool streamed, struct err_note *note)
{
    const char *body = streamed ? "{\"stream\":true," MESSAGES "}" : "{" MESSAGES "} ";
    return w->engine->submit(w->engine, id, asker, API_CHAT, bytes_str(body), note);
}

static const struct told *await(struct world *w, uint64_t id)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&w->lock);
    while (!w->told[id].done)
        if (pthread_cond_timedwait(&w->changed, &w->lock, &end) != 0)
            break;
    pthread_mutex_unlock(&w->lock);
    if (!w->told[id].done)
        fail_msg("request %u is never done", (unsigned)id);
    return &w->told[id];
}

static void await_lines(struct world *w, uint64_t id)
{
    pthread_mutex_lock(&w->lock);
    while (w->told[id].len == 0)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static void is_told(const struct told *t, enum err result, uint16_t status, const char *lines,
                    const char *note)
{
    assert_err(t->result, result);
    assert_int_equal(t->status, status);
    assert_string_equal(t->lines, lines);
    if (strstr(t->note.text, note) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", t->note.text, note);
}

/* ---- answers ---- */

#define WHOLE                                                                                                \
    {                                                                                                        \
        FAKE_SEND, FAKE_JSON("7", "{\"a\":1}"), 0                                                            \
    }
#define SCRIPT(w, ...)                                                                                       \
    fake_script(&(w)->server, (const struct fake_step[]){__VA_ARGS__},                                       \
                sizeof((const struct fake_step[]){__VA_ARGS__}) / sizeof(struct fake_step))
#define STEP(...)                                                                                            \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static struct world w;

static void an_answer_comes_whole_or_line_by_line(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){0});
    SCRIPT(&w, WHOLE);
    assert_ok(submit(&w, 1, 0, false, NULL));
    is_told(await(&w, 1), ERR_OK, 200, "{\"a\":1}\n", "");
    assert_non_null(strstr(w.server.last, "POST /v1/chat/completions HTTP/1.1\r\n"));
    assert_non_null(strstr(w.server.last, "\r\n\r\n{" MESSAGES "}"));
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CHUNK, "data: {\"a\":1}\n\nda", 0),
           STEP(FAKE_SLEEP, NULL, 20), STEP(FAKE_CHUNK, "ta: {\"b\":2}\n\n", 0),
           STEP(FAKE_SEND_BYTES, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", 0));
    assert_ok(submit(&w, 2, 0, true, NULL));
    is_told(await(&w, 2), ERR_OK, 200, "{\"a\":1}\n{\"b\":2}\n", "");
    stop(&w);
}

static void the_servers_own_refusal_is_carried_with_its_status(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){0});
    SCRIPT(
        &w,
        STEP(FAKE_SEND,
             "HTTP/1.1 429 X\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"error\":{}}",
             0));
    assert_ok(submit(&w, 1, 0, true, NULL));
    is_told(await(&w, 1), ERR_OK, 429, "{\"error\":{}}\n", "");
    SCRIPT(&w, STEP(FAKE_SEND, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 0));
    assert_ok(submit(&w, 2, 0, true, NULL));
    is_told(await(&w, 2), ERR_ENGINE, 0, "", "status 500");
    stop(&w);
}

static void a_request_that_is_none_does_not_get_there(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start_with(&w, (struct engine_upstream_options){0});
    assert_err(w.engine->submit(w.engine, 1, 0, API_CHAT, bytes_str("{\"messages\":"), &note), ERR_REQUEST);
    assert_true(note.text[0] != '\0');
    assert_int_equal(w.server.requests, 0);
    stop(&w);
}

/* ---- connections ---- */

static void a_connection_carries_one_request_after_the_other(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){0});
    SCRIPT(&w, WHOLE);
    for (uint64_t id = 1; id <= 5; id++) {
        assert_ok(submit(&w, id, 0, false, NULL));
        is_told(await(&w, id), ERR_OK, 200, "{\"a\":1}\n", "");
    }
    assert_int_equal(w.server.connections, 1); /* that of the questions at open, too */
    stop(&w);
}

/* Closed just before it is used again: nobody notices. But a new connection that ends without an answer is an error. */
static void a_kept_connection_that_ended_is_replaced_once(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){0});
    SCRIPT(&w, STEP(FAKE_CLOSE, NULL, 0));
    assert_ok(submit(&w, 1, 0, false, NULL));
    is_told(await(&w, 1), ERR_ENGINE, 0, "", "without an answer");
    assert_int_equal(w.server.requests, 2);
    assert_int_equal(w.server.connections, 2);
    SCRIPT(&w, WHOLE, STEP(FAKE_CLOSE, NULL, 0));
    for (uint64_t id = 2; id <= 4; id++) {
        assert_ok(submit(&w, id, 0, false, NULL));
        is_told(await(&w, id), ERR_OK, 200, "{\"a\":1}\n", "");
    }
    stop(&w);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.idle_ms = 1});
    SCRIPT(&w, WHOLE);
    assert_ok(submit(&w, 1, 0, false, NULL));
    is_told(await(&w, 1), ERR_OK, 200, "{\"a\":1}\n", "");
    size_t connections = w.server.connections;
    assert_int_equal(fake_reaches(&w.server, &w.server.ended, connections), connections);
    assert_ok(submit(&w, 2, 0, false, NULL));
    is_told(await(&w, 2), ERR_OK, 200, "{\"a\":1}\n", "");
    assert_int_equal(w.server.connections, connections + 1);
    stop(&w);
}

static void a_large_body_gets_there_whole(void **state)
{
    (void)state;
    enum { SIZE = FAKE_REQUEST_MAX - 1024 };
    static char body[SIZE + 1];
    start_with(&w, (struct engine_upstream_options){0});
    SCRIPT(&w, WHOLE);
    memset(body, 'x', SIZE);
    static const char head[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"";
    static const char tail[] = "\"}]}";
    memcpy(body, head, sizeof head - 1);
    memcpy(body + SIZE - (sizeof tail - 1), tail, sizeof tail - 1);
    assert_ok(w.engine->submit(w.engine, 1, 0, API_CHAT, bytes_of(body, SIZE), NULL));
    is_told(await(&w, 1), ERR_OK, 200, "{\"a\":1}\n", "");
    assert_string_equal(strstr(w.server.last, "\r\n\r\n") + 4, body);
    stop(&w);
}

/* ---- slots, queue, turns ---- */

static void no_more_than_the_slots_are_at_work_and_the_queue_has_an_end(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start_with(&w, (struct engine_upstream_options){.slots = 2, .queue = 3});
    SCRIPT(&w, STEP(FAKE_WAIT, NULL, 0), WHOLE);
    for (uint64_t id = 1; id <= 5; id++)
        assert_ok(submit(&w, id, 0, false, &note));
    assert_err(submit(&w, 6, 0, false, &note), ERR_BUSY);
    assert_int_equal(fake_reaches(&w.server, &w.server.busy, 2), 2);
    fake_release(&w.server, 5);
    for (uint64_t id = 1; id <= 5; id++)
        is_told(await(&w, id), ERR_OK, 200, "{\"a\":1}\n", "");
    assert_int_equal(w.server.most_busy, 2);
    assert_ok(submit(&w, 6, 0, false, &note));
    fake_release(&w.server, 1);
    is_told(await(&w, 6), ERR_OK, 200, "{\"a\":1}\n", "");
    stop(&w);
}

static void askers_take_turns(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.slots = 1});
    SCRIPT(&w, STEP(FAKE_WAIT, NULL, 0), WHOLE);
    for (uint64_t id = 1; id <= 4; id++)
        assert_ok(submit(&w, id, 7, false, NULL));
    assert_int_equal(fake_reaches(&w.server, &w.server.busy, 1), 1);
    assert_ok(submit(&w, 5, 8, false, NULL));
    fake_release(&w.server, 5);
    for (uint64_t id = 1; id <= 5; id++)
        (void)await(&w, id);
    assert_int_equal(w.told[1].order, 1);
    assert_in_range(w.told[5].order, 2, 3); /* not behind the four of the other */
    stop(&w);
}

static void a_slow_answer_stalls_no_other(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.slots = 2});
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CHUNK, "data: {\"a\":1}\n\n", 0),
           STEP(FAKE_WAIT, NULL, 0), STEP(FAKE_CHUNK, "data: [DONE]\n\n", 0),
           STEP(FAKE_SEND, "0\r\n\r\n", 0));
    assert_ok(submit(&w, 1, 0, true, NULL));
    await_lines(&w, 1);
    SCRIPT(&w, WHOLE);
    for (uint64_t id = 2; id <= 9; id++) {
        assert_ok(submit(&w, id, 0, false, NULL));
        is_told(await(&w, id), ERR_OK, 200, "{\"a\":1}\n", "");
    }
    assert_false(w.told[1].done);
    fake_release(&w.server, 1);
    is_told(await(&w, 1), ERR_OK, 200, "{\"a\":1}\n", "");
    stop(&w);
}

/* ---- cancelling ---- */

static void a_cancelled_request_loses_its_connection(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.slots = 1});
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CHUNK, "data: {\"a\":1}\n\n", 0),
           STEP(FAKE_UNTIL_CLOSED, NULL, 0));
    assert_ok(submit(&w, 1, 0, true, NULL));
    assert_ok(submit(&w, 2, 0, true, NULL)); /* waits */
    await_lines(&w, 1);
    w.engine->cancel(w.engine, 2);
    is_told(await(&w, 2), ERR_CANCELLED, 0, "", "");
    SCRIPT(&w, WHOLE);
    w.engine->cancel(w.engine, 1);
    is_told(await(&w, 1), ERR_CANCELLED, 200, "{\"a\":1}\n", "");
    assert_int_equal(fake_reaches(&w.server, &w.server.hung_up, 1), 1);
    w.engine->cancel(w.engine, 1); /* of what is gone: nothing */
    assert_ok(submit(&w, 3, 0, false, NULL));
    is_told(await(&w, 3), ERR_OK, 200, "{\"a\":1}\n", "");
    stop(&w);
}

static void closing_cancels_everything(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.slots = 2});
    SCRIPT(&w, STEP(FAKE_UNTIL_CLOSED, NULL, 0));
    for (uint64_t id = 1; id <= 4; id++)
        assert_ok(submit(&w, id, 0, true, NULL));
    assert_int_equal(fake_reaches(&w.server, &w.server.busy, 2), 2);
    w.engine->close(w.engine);
    (void)pthread_join(w.dialer, NULL);
    w.engine = NULL;
    for (uint64_t id = 1; id <= 4; id++)
        is_told(&w.told[id], ERR_CANCELLED, 0, "", "");
    assert_int_equal(w.done_count, 4);
    stop(&w);
}

/* ---- a server that fails ---- */

static void a_server_that_dies_in_its_answer_is_noticed(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){0});
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CHUNK, "data: {\"a\":1}\n\n", 0),
           STEP(FAKE_SLEEP, NULL, 20), STEP(FAKE_CLOSE, NULL, 0));
    assert_ok(submit(&w, 1, 0, true, NULL));
    is_told(await(&w, 1), ERR_ENGINE, 200, "{\"a\":1}\n", "broke off");
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CHUNK, "data: {\"a\":1}\n\n", 0),
           STEP(FAKE_SEND, "0\r\n\r\n", 0));
    assert_ok(submit(&w, 2, 0, true, NULL));
    is_told(await(&w, 2), ERR_ENGINE, 200, "{\"a\":1}\n", "ended its answer early");
    SCRIPT(&w, STEP(FAKE_SEND, "no HTTP at all\r\n\r\n", 0));
    assert_ok(submit(&w, 3, 0, true, NULL));
    is_told(await(&w, 3), ERR_ENGINE, 0, "", "HTTP");
    stop(&w);
}

static void a_server_that_falls_silent_is_left(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.first_ms = 300});
    SCRIPT(&w, STEP(FAKE_UNTIL_CLOSED, NULL, 0));
    assert_ok(submit(&w, 1, 0, true, NULL));
    is_told(await(&w, 1), ERR_ENGINE, 0, "", "too long to begin");
    stop(&w);
    start_with(&w, (struct engine_upstream_options){.silence_ms = 1000});
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CHUNK, "data: {\"a\":1}\n\n", 0),
           STEP(FAKE_UNTIL_CLOSED, NULL, 0));
    assert_ok(submit(&w, 2, 0, true, NULL));
    is_told(await(&w, 2), ERR_ENGINE, 200, "{\"a\":1}\n", "fell silent");
    stop(&w);
}

/* Asks again and again until the answer is this error with these words; a busy machine may give others on the way there, such as that a question took too long. */
static void submit_until(uint64_t id, enum err wanted, const char *words)
{
    struct err_note note;
    enum err e;
    const int64_t end = monotonic_ms() + PATIENCE_S * 1000;
    for (;;) {
        note = (struct err_note){{0}};
        pthread_mutex_lock(&w.lock);
        w.told[id] = (struct told){.len = 0};
        pthread_mutex_unlock(&w.lock);
        e = submit(&w, id, 0, false, &note);
        if (e == ERR_OK) {
            e = await(&w, id)->result;
            note = w.told[id].note;
        }
        if (e == wanted && strstr(note.text, words) != NULL)
            return;
        if (monotonic_ms() >= end)
            fail_msg("%s, \"%s\" and never %s, \"%s\"", err_name(e), note.text, err_name(wanted), words);
        (void)usleep(50000);
    }
}

static void a_server_that_is_gone_is_said_to_be_and_is_welcome_back(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.health_ms = 100});
    SCRIPT(&w, WHOLE);
    fake_stop(&w.server);
    submit_until(1, ERR_ENGINE, "cannot be reached: No such file");
    fake_restart(&w.server);
    submit_until(2, ERR_OK, "");
    stop(&w);
}

static void another_model_is_not_the_one_that_was_signed_for(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.health_ms = 50});
    SCRIPT(&w, WHOLE);
    fake_models(&w.server, "{\"data\":[{\"id\":\"another\"}]}");
    submit_until(1, ERR_ENGINE, "another model");
    fake_models(&w.server, FAKE_MODELS);
    submit_until(2, ERR_OK, "");
    stop(&w);
}

static void a_server_that_is_not_ready_is_waited_for(void **state)
{
    (void)state;
    start_with(&w, (struct engine_upstream_options){.health_ms = 50});
    SCRIPT(&w, WHOLE);
    fake_health(&w.server, "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
    submit_until(1, ERR_ENGINE, "not ready (status 503)");
    fake_health(&w.server, "HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\nno health"); /* vLLM's forks */
    submit_until(2, ERR_OK, "");
    stop(&w);
}

static void without_a_dialer_there_is_an_error_and_no_waiting(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start_with(&w, (struct engine_upstream_options){.idle_ms = 1});
    assert_int_equal(fake_reaches(&w.server, &w.server.ended, 1), 1); /* none is kept */
    (void)shutdown(w.dialer_end, SHUT_RDWR);
    enum err e = submit(&w, 1, 0, false, &note);
    if (e == ERR_OK) {
        e = await(&w, 1)->result;
        note = w.told[1].note;
    }
    assert_err(e, ERR_ENGINE);
    assert_non_null(strstr(note.text, "the way to the inference server is gone"));
    stop(&w);
}

/* ---- at open ---- */

/* A question that a busy machine left unanswered has words of its own, so a longer time is tried, too. */
static void open_fails_saying(const char *words)
{
    static const uint32_t patience_ms[] = {300, 3000, PATIENCE_S * 1000};
    struct err_note note = {{0}};
    for (size_t i = 0; i < test_count(patience_ms); i++) {
        note = (struct err_note){{0}};
        assert_err(open_engine(&w,
                               (struct engine_upstream_options){.start_ms = patience_ms[i], .health_ms = 50},
                               &note),
                   ERR_ENGINE);
        if (strstr(note.text, words) != NULL)
            return;
    }
    fail_msg("\"%s\" does not say \"%s\"", note.text, words);
}

static void open_fails_without_a_server_that_serves_one_model(void **state)
{
    (void)state;
    static const struct {
        const char *models;
        const char *note;
    } table[] = {
        {"{\"data\":[]}", "serves 0 models"},
        {"{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}", "serves 2 models"},
        {"{\"data\":[{\"id\":\"\"}]}", "no name"},
        {"{\"data\":[{\"id\":\"\\\"\"}]}", "no name"},
        {"{\"data\":[{\"id\":\"\\n\"}]}", "no name"},
        {"{\"data\":[{\"no\":\"id\"}]}", "no name"},
        {"{\"models\":[{\"id\":\"\"}]}", "no list"},
        {"[]", "no list"},
        {"no", "/v1/models: JSON"},
        {"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n", "status 404"},
        {"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n", "wants a key"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        start(&w);
        fake_models(&w.server, table[i].models);
        open_fails_saying(table[i].note);
        fake_remove(&w.server);
    }
}

static void open_waits_for_a_server_that_starts_late(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start(&w);
    fake_stop(&w.server);
    open_fails_saying("cannot be reached");
    fake_restart(&w.server);
    fake_health(&w.server, "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n");
    open_fails_saying("not ready");
    fake_health(&w.server, FAKE_JSON("2", "{}"));
    assert_ok(open_engine(&w, (struct engine_upstream_options){.health_ms = 50}, &note));
    struct engine_info info;
    w.engine->info(w.engine, &info);
    assert_string_equal(info.name, "a model");
    assert_int_equal(info.slots, UPSTREAM_SLOTS_DEFAULT);
    stop(&w);
}

/* Two users' prompts must not meet in the server's cache. */
static void askers_are_kept_apart_in_the_way_of_the_server(void **state)
{
    (void)state;
    static const struct {
        const char *models;
        const char *body; /* how it begins; a salt is the same for one asker and another for each */
    } table[] = {
        {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}", "{" MESSAGES ",\"cache_prompt\":false}"},
        {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"vllm\"}]}", "{" MESSAGES ",\"cache_salt\":\""},
        {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"sglang\"}]}", "{" MESSAGES ",\"cache_salt\":\""},
        {"{\"data\":[{\"id\":\"m\",\"owned_by\":\"me\"}]}", "{" MESSAGES "}"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        char bodies[3][192];
        struct err_note note = {{0}};
        start(&w);
        fake_models(&w.server, table[i].models);
        SCRIPT(&w, WHOLE);
        assert_ok(open_engine(&w, (struct engine_upstream_options){.health_ms = 60000}, &note));
        for (uint64_t id = 0; id < 3; id++) {
            assert_ok(submit(&w, id, id / 2, false, NULL));
            is_told(await(&w, id), ERR_OK, 200, "{\"a\":1}\n", "");
            (void)snprintf(bodies[id], sizeof bodies[id], "%s", strstr(w.server.last, "\r\n\r\n") + 4);
            assert_memory_equal(bodies[id], table[i].body, strlen(table[i].body));
        }
        assert_string_equal(bodies[0], bodies[1]);
        bool salted = strstr(bodies[0], "salt") != NULL;
        assert_int_equal(strcmp(bodies[0], bodies[2]) != 0, salted);
        assert_true(!salted || strlen(bodies[0]) > strlen(table[i].body) + UPSTREAM_SALT_SIZE);
        stop(&w);
    }
}

#define READ_NOTHING FAKE_JSON("39", "{\"usage\":{\"cache_read_input_tokens\":0}}")
#define READ_FIVE    FAKE_JSON("39", "{\"usage\":{\"cache_read_input_tokens\":5}}")

static enum err submit_message(uint64_t id, struct err_note *note)
{
    return w.engine->submit(w.engine, id, 0, API_MESSAGES, bytes_str("{\"max_tokens\":1," MESSAGES "}"),
                            note);
}

/* The same once the server has been tried, until when that path is busy. */
static enum err submit_message_tried(uint64_t id, struct err_note *note)
{
    const int64_t end = monotonic_ms() + PATIENCE_S * 1000;
    enum err e = submit_message(id, note);
    while (e == ERR_BUSY && monotonic_ms() < end) {
        (void)usleep(50000);
        e = submit_message(id, note);
    }
    return e;
}

/* A server may not heed there what it is told about its cache, so it is tried before anybody's request. */
static void messages_that_would_meet_in_a_cache_are_not_forwarded(void **state)
{
    (void)state;
    static const struct {
        const char *owner;
        const char *answer; /* to the trial */
        size_t trials;
        bool open;
    } table[] = {
        {"llamacpp", READ_NOTHING, 2, true},
        {"llamacpp", READ_FIVE, 2, false},
        {"llamacpp", FAKE_JSON("12", "{\"usage\":{}}"), 2, false},
        {"llamacpp", "HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\nnot found", 1, false},
        {"vllm", READ_NOTHING, 2, true},
        {"vllm", READ_FIVE, 2, false},
        {"somebody", READ_FIVE, 0, true},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct err_note note = {{0}};
        char models[128];
        (void)snprintf(models, sizeof models, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"%s\"}]}",
                       table[i].owner);
        start(&w);
        fake_models(&w.server, models);
        SCRIPT(&w, STEP(FAKE_SEND, table[i].answer, 0));
        assert_ok(open_engine(&w, (struct engine_upstream_options){.health_ms = 60000}, &note));
        assert_int_equal(w.server.requests, table[i].trials);
        SCRIPT(&w, WHOLE);
        assert_ok(submit(&w, 0, 0, false, NULL));
        is_told(await(&w, 0), ERR_OK, 200, "{\"a\":1}\n", "");
        if (table[i].open) {
            assert_ok(submit_message(1, &note));
            is_told(await(&w, 1), ERR_OK, 200, "{\"a\":1}\n", "");
        } else {
            assert_err(submit_message(1, &note), ERR_UNKNOWN);
            assert_non_null(strstr(note.text, "--no-cache-prompt"));
        }
        stop(&w);
    }
}

/* Another server may have come in its place. */
static void a_server_that_comes_back_is_tried_again(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start(&w);
    fake_models(&w.server, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}");
    SCRIPT(&w, STEP(FAKE_SEND, READ_NOTHING, 0));
    assert_ok(open_engine(&w, (struct engine_upstream_options){.health_ms = 100}, &note));
    assert_ok(submit_message(0, &note));
    assert_ok(await(&w, 0)->result);
    fake_stop(&w.server);
    submit_until(2, ERR_ENGINE, "");
    SCRIPT(&w, STEP(FAKE_SEND, READ_FIVE, 0));
    fake_restart(&w.server);
    submit_until(3, ERR_OK, "");
    assert_err(submit_message_tried(1, &note), ERR_UNKNOWN);
    stop(&w);
}

/* Nobody is told that the path is closed for good while it is being tried. */
static void until_it_is_tried_again_it_is_said_to_be_busy(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start(&w);
    fake_models(&w.server, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}");
    SCRIPT(&w, STEP(FAKE_SEND, READ_NOTHING, 0));
    assert_ok(open_engine(&w, (struct engine_upstream_options){.health_ms = 60000}, &note));
    SCRIPT(&w, STEP(FAKE_SEND, FAKE_EVENTS, 0), STEP(FAKE_CLOSE, NULL, 0));
    assert_ok(submit(&w, 0, 0, true, NULL));
    assert_err(await(&w, 0)->result, ERR_ENGINE);
    SCRIPT(&w, STEP(FAKE_WAIT, NULL, 0), STEP(FAKE_SEND, READ_NOTHING, 0));
    assert_err(submit_message(1, &note), ERR_BUSY);
    assert_non_null(strstr(note.text, "ask again"));
    fake_release(&w.server, 3); /* the two trials, and the request */
    assert_ok(submit_message_tried(1, &note));
    assert_ok(await(&w, 1)->result);
    stop(&w);
}

/* As it came, to a path of its own; a server that has no such path is said to have none, in our words. */
static void tokens_are_counted_by_the_server(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    start(&w);
    fake_models(&w.server, "{\"data\":[{\"id\":\"m\",\"owned_by\":\"llamacpp\"}]}");
    SCRIPT(&w, WHOLE);
    assert_ok(open_engine(&w, (struct engine_upstream_options){.health_ms = 60000}, &note));
    SCRIPT(&w, {FAKE_SEND, FAKE_JSON("18", "{\"input_tokens\":7}"), 0});
    assert_ok(w.engine->submit(w.engine, 0, 0, API_TOKENS, bytes_str("{" MESSAGES "}"), &note));
    is_told(await(&w, 0), ERR_OK, 200, "{\"input_tokens\":7}\n", "");
    assert_memory_equal(w.server.last, "POST /v1/messages/count_tokens ", 31);
    assert_string_equal(strstr(w.server.last, "\r\n\r\n") + 4, "{" MESSAGES "}");
    SCRIPT(&w, {FAKE_SEND, "HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\nnot found", 0});
    assert_ok(w.engine->submit(w.engine, 1, 0, API_TOKENS, bytes_str("{" MESSAGES "}"), &note));
    is_told(await(&w, 1), ERR_UNKNOWN, 0, "", "counts no tokens");
    assert_err(
        w.engine->submit(w.engine, 2, 0, API_TOKENS, bytes_str("{" MESSAGES ",\"stream\":true}"), &note),
        ERR_REQUEST);
    stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_whole_or_line_by_line),
        cmocka_unit_test(the_servers_own_refusal_is_carried_with_its_status),
        cmocka_unit_test(a_request_that_is_none_does_not_get_there),
        cmocka_unit_test(a_connection_carries_one_request_after_the_other),
        cmocka_unit_test(a_kept_connection_that_ended_is_replaced_once),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(a_large_body_gets_there_whole),
        cmocka_unit_test(no_more_than_the_slots_are_at_work_and_the_queue_has_an_end),
        cmocka_unit_test(askers_take_turns),
        cmocka_unit_test(a_slow_answer_stalls_no_other),
        cmocka_unit_test(a_cancelled_request_loses_its_connection),
        cmocka_unit_test(closing_cancels_everything),
        cmocka_unit_test(a_server_that_dies_in_its_answer_is_noticed),
        cmocka_unit_test(a_server_that_falls_silent_is_left),
        cmocka_unit_test(a_server_that_is_gone_is_said_to_be_and_is_welcome_back),
        cmocka_unit_test(another_model_is_not_the_one_that_was_signed_for),
        cmocka_unit_test(a_server_that_is_not_ready_is_waited_for),
        cmocka_unit_test(without_a_dialer_there_is_an_error_and_no_waiting),
        cmocka_unit_test(open_fails_without_a_server_that_serves_one_model),
        cmocka_unit_test(open_waits_for_a_server_that_starts_late),
        cmocka_unit_test(askers_are_kept_apart_in_the_way_of_the_server),
        cmocka_unit_test(messages_that_would_meet_in_a_cache_are_not_forwarded),
        cmocka_unit_test(a_server_that_comes_back_is_tried_again),
        cmocka_unit_test(until_it_is_tried_again_it_is_said_to_be_busy),
        cmocka_unit_test(tokens_are_counted_by_the_server),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    strict_json_init();
    assert_ok(crypto_init());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
