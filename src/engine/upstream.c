/* SPDX-License-Identifier: Apache-2.0 */

/* Opening and closing the engine that hands requests to another server, and what the enclave's thread calls in between. */

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/upstream_internal.h"
#include "openai/generation.h"

/* ---- requests ---- */

/* The lock is held. */
static uint64_t turn_of(const struct upstream *u, uint64_t asker)
{
    uint64_t turn = u->turn;
    for (const struct upstream_request *r = u->requests_first; r != NULL; r = r->next)
        if (r->asker == asker && r->turn >= turn)
            turn = r->turn + 1;
    return turn;
}

/* The body with the member that keeps askers apart as its last one. It is a JSON object with members, which parsing has shown. */
static struct upstream_request *request_new(const struct upstream *u, uint64_t asker, struct bytes body,
                                            enum upstream_isolation isolation)
{
    char member[UPSTREAM_ISOLATION_SIZE];
    size_t end = body.len;
    upstream_isolation_member(isolation, u->salt, asker, member);
    while (end > 0 && body.ptr[end - 1] != '}')
        end--;
    struct bytes extra = bytes_str(member);
    struct upstream_request *r = end == 0 ? NULL : secret_alloc(sizeof *r + end + extra.len);
    if (r == NULL)
        return NULL;
    uint8_t *at = (uint8_t *)(r + 1);
    r->body = at;
    r->body_len = end + extra.len;
    memcpy(at, body.ptr, end - 1);
    memcpy(at + end - 1, extra.ptr, extra.len);
    at[end - 1 + extra.len] = '}';
    return r;
}

static enum err upstream_submit(struct engine *self, uint64_t id, uint64_t asker, enum api api,
                                struct bytes body, struct err_note *note)
{
    struct upstream *u = (struct upstream *)self;
    struct generation generation;
    enum err e = generation_parse(api, body, &generation, note);
    if (e != ERR_OK)
        return e;
    bool streamed = generation.stream;
    generation_release(&generation);

    pthread_mutex_lock(&u->lock);
    /* To count tokens nothing is computed that could be cached. */
    enum upstream_isolation isolation =
        api == API_TOKENS ? UPSTREAM_ISOLATION_UNKNOWN : u->health.model.isolation;
    pthread_mutex_unlock(&u->lock);
    struct upstream_request *r = request_new(u, asker, body, isolation);
    if (r == NULL)
        return ERR_MEMORY;
    r->errand = UPSTREAM_FORWARD;
    r->id = id;
    r->asker = asker;
    r->api = api;
    r->streamed = streamed;
    pthread_mutex_lock(&u->lock);
    if (u->down)
        e = err_noted(ERR_ENGINE, note, "%s", u->down_note.text);
    else if (api == API_MESSAGES && u->messages == UPSTREAM_MESSAGES_UNTRIED)
        e = err_noted(ERR_BUSY, note,
                      "the inference server is back and is tried before this path is opened; ask again");
    else if (api == API_MESSAGES && u->messages == UPSTREAM_MESSAGES_CLOSED)
        e = err_noted(ERR_UNKNOWN, note,
                      "this path is closed: the inference server cannot be told here to keep the prompts of "
                      "different users apart in its cache (llama-server: start it with --no-cache-prompt)");
    else if (u->closing || u->live >= u->info.slots + u->info.queue)
        e = ERR_BUSY;
    if (e == ERR_OK) {
        r->turn = turn_of(u, asker);
        *u->requests_last = r;
        u->requests_last = &r->next;
        u->live++;
    }
    pthread_mutex_unlock(&u->lock);
    if (e == ERR_OK)
        (void)uv_async_send(&u->wake);
    else
        secret_free(r);
    return e;
}

static void upstream_cancel(struct engine *self, uint64_t id)
{
    struct upstream *u = (struct upstream *)self;
    pthread_mutex_lock(&u->lock);
    for (struct upstream_request *r = u->requests_first; r != NULL; r = r->next)
        if (r->id == id)
            r->cancelled = true;
    pthread_mutex_unlock(&u->lock);
    (void)uv_async_send(&u->wake);
}

/* What the other server keeps is its own, and is kept apart by what each request says (upstream_isolation_member). */
static void upstream_session(struct engine *self, uint64_t asker)
{
    (void)self;
    (void)asker;
}

static void upstream_info(struct engine *self, struct engine_info *info)
{
    *info = ((const struct upstream *)self)->info;
}

/* ---- coming and going ---- */

static void or_default(uint32_t *value, uint32_t standard)
{
    if (*value == 0)
        *value = standard;
}

static enum err take_options(struct upstream *u, struct err_note *note)
{
    struct engine_upstream_options *o = &u->options;
    if (o->slots > UPSTREAM_SLOTS_MAX)
        return err_noted(ERR_MODEL, note, "at most %d slots", UPSTREAM_SLOTS_MAX);
    if (o->queue > UPSTREAM_QUEUE_MAX)
        return err_noted(ERR_MODEL, note, "at most %d waiting requests", UPSTREAM_QUEUE_MAX);
    or_default(&o->slots, UPSTREAM_SLOTS_DEFAULT);
    or_default(&o->queue, UPSTREAM_QUEUE_DEFAULT);
    or_default(&o->start_ms, 600000);
    or_default(&o->first_ms, 600000);
    or_default(&o->silence_ms, 120000);
    or_default(&o->idle_ms, 4000);
    or_default(&o->health_ms, 5000);
    u->info.slots = o->slots;
    u->info.queue = o->queue;
    return ERR_OK;
}

static enum err make_salt(struct upstream *u)
{
    uint8_t random[(UPSTREAM_SALT_SIZE - 1) / 2];
    enum err e = crypto_random(random, sizeof random);
    if (e == ERR_OK)
        encoding_hex(bytes_of(random, sizeof random), u->salt);
    secret_wipe(random, sizeof random);
    return e;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    uv_close(handle, NULL);
}

/* The handles are closed by the loop (end_everything) once all of them are there. */
static enum err open_loop(struct upstream *u)
{
    u->read_buffer = secret_alloc(UPSTREAM_READ_SIZE);
    if (u->read_buffer == NULL)
        return ERR_MEMORY;
    if (uv_loop_init(&u->loop) != 0)
        return ERR_SYSTEM;
    u->wake.data = u->tick.data = u->dialer.data = u;
    bool good = uv_async_init(&u->loop, &u->wake, upstream_loop_wake) == 0 &&
                uv_timer_init(&u->loop, &u->tick) == 0 &&
                uv_timer_start(&u->tick, upstream_loop_tick, 0, UPSTREAM_TICK_MS) == 0 &&
                uv_poll_init(&u->loop, &u->dialer, u->options.dialer) == 0 &&
                uv_poll_start(&u->dialer, UV_READABLE, upstream_loop_dialed) == 0;
    if (good && pthread_create(&u->thread, NULL, upstream_loop_run, u) == 0)
        return ERR_OK;
    uv_walk(&u->loop, close_handle, NULL);
    (void)uv_run(&u->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&u->loop);
    return ERR_SYSTEM;
}

static void release(struct upstream *u)
{
    (void)close(u->options.dialer);
    secret_buffer_release(&u->health.text);
    secret_free(u->read_buffer);
    (void)pthread_cond_destroy(&u->changed);
    (void)pthread_mutex_destroy(&u->lock);
    secret_wipe(u->salt, sizeof u->salt);
    free(u);
}

static void upstream_close(struct engine *self)
{
    struct upstream *u = (struct upstream *)self;
    pthread_mutex_lock(&u->lock);
    u->closing = true;
    pthread_mutex_unlock(&u->lock);
    (void)uv_async_send(&u->wake);
    (void)pthread_join(u->thread, NULL);
    (void)uv_loop_close(&u->loop);
    release(u);
}

static struct timespec end_of(uint32_t ms)
{
    enum { MS = 1000, NS_OF_MS = 1000000, NS = 1000000000 };
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / MS;
    t.tv_nsec += (long)(ms % MS) * NS_OF_MS;
    if (t.tv_nsec >= NS) {
        t.tv_sec++;
        t.tv_nsec -= NS;
    }
    return t;
}

/* Which model is served is a part of what the chip signs, so there is no start without it. */
static enum err await_server(struct upstream *u, struct err_note *note)
{
    const struct timespec end = end_of(u->options.start_ms);
    int waited = 0;
    pthread_mutex_lock(&u->lock);
    while (!u->ready && waited == 0)
        waited = pthread_cond_timedwait(&u->changed, &u->lock, &end);
    bool ready = u->ready;
    const struct err_note why = u->down_note;
    if (ready) {
        memcpy(u->info.name, u->health.model.name, sizeof u->info.name);
        u->info.context = u->health.model.context;
    }
    pthread_mutex_unlock(&u->lock);
    if (ready)
        return ERR_OK;
    return err_noted(ERR_ENGINE, note, "%s",
                     why.text[0] != '\0' ? why.text : "the inference server does not answer");
}

static struct upstream *upstream_new(const struct engine_upstream_options *options,
                                     const struct engine_callbacks *callbacks, void *owner)
{
    pthread_condattr_t attributes;
    struct upstream *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    u->base = (struct engine){.info = upstream_info,
                              .submit = upstream_submit,
                              .cancel = upstream_cancel,
                              .session_begin = upstream_session,
                              .session_end = upstream_session,
                              .close = upstream_close};
    u->options = *options;
    u->callbacks = *callbacks;
    u->owner = owner;
    u->requests_last = &u->requests_first;
    u->dialing_last = &u->dialing_first;
    /* What it can do, the server says when it is asked for it. */
    u->info.chat = u->info.embeddings = u->info.images = u->info.tools = true;
    (void)pthread_mutex_init(&u->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&u->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return u;
}

enum err engine_upstream_open(const struct engine_upstream_options *options,
                              const struct engine_callbacks *callbacks, void *owner, struct engine **engine,
                              struct err_note *note)
{
    *engine = NULL;
    struct upstream *u = upstream_new(options, callbacks, owner);
    if (u == NULL) {
        (void)close(options->dialer);
        return ERR_MEMORY;
    }
    enum err e = take_options(u, note);
    if (e == ERR_OK)
        e = upstream_weights_digest(options->model_path, options->model_size, u->info.digest, note);
    if (e == ERR_OK)
        e = make_salt(u);
    if (e == ERR_OK)
        e = open_loop(u);
    if (e != ERR_OK) {
        release(u);
        return e;
    }
    e = await_server(u, note);
    if (e != ERR_OK) {
        upstream_close(&u->base);
        return e;
    }
    *engine = &u->base;
    return ERR_OK;
}
