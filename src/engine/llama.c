/* SPDX-License-Identifier: Apache-2.0 */

/* Opening and closing the engine that runs llama.cpp in this process. */

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <ggml-backend.h>

#include "base/secret.h"
#include "engine/llama_internal.h"

/* llama.cpp's messages can quote tokens and names; none of them goes anywhere. */
static void say_nothing(enum ggml_log_level level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

static void start_library(void)
{
    llama_log_set(say_nothing, NULL);
    llama_backend_init();
}

void engine_library_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_library);
}

static uint32_t or_default(uint32_t value, uint32_t standard)
{
    return value == 0 ? standard : value;
}

static enum err check_options(const struct engine_llama_options *o, struct err_note *note)
{
    if (o->model_path == NULL)
        return err_noted(ERR_MODEL, note, "no model file is named");
    if (o->slots > ENGINE_SLOTS_MAX)
        return err_noted(ERR_MODEL, note, "at most %d slots", ENGINE_SLOTS_MAX);
    if (o->queue > ENGINE_QUEUE_MAX)
        return err_noted(ERR_MODEL, note, "at most %d waiting requests", ENGINE_QUEUE_MAX);
    if (o->context > ENGINE_CONTEXT_MAX)
        return err_noted(ERR_MODEL, note, "a context of at most %d tokens", ENGINE_CONTEXT_MAX);
    if (o->threads > ENGINE_THREADS_MAX)
        return err_noted(ERR_MODEL, note, "at most %d threads", ENGINE_THREADS_MAX);
    return ERR_OK;
}

/* A model is no good beyond the context it was trained with. */
static uint32_t choose_context(const struct engine_llama *e, uint32_t wanted)
{
    uint32_t trained = (uint32_t)llama_model_n_ctx_train(e->model);
    uint32_t most = wanted == 0 ? ENGINE_CONTEXT_DEFAULT_MAX : wanted;
    return trained != 0 && trained < most ? trained : most;
}

/* One processor is left to the loop that serves connections: ggml's threads wait for each other by spinning, and one that has to share its
 * processor holds up all of them (measured: ten times slower). */
static uint32_t choose_threads(uint32_t wanted)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t n = or_default(wanted, processors < 2 ? 1 : (uint32_t)processors - 1);
    return n < ENGINE_THREADS_MAX ? n : ENGINE_THREADS_MAX;
}

/* Without a pool ggml starts and ends its threads for every token. It is looked up, because a system's ggml may have its CPU code in
 * a module of its own; where there is none the work is done all the same. */
static void open_threads(struct engine_llama *e, uint32_t count)
{
    if (count < 2)
        return;
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (cpu == NULL)
        return;
    ggml_backend_reg_t reg = ggml_backend_dev_backend_reg(cpu);
    struct ggml_threadpool *(*create)(struct ggml_threadpool_params *) =
        (struct ggml_threadpool * (*)(struct ggml_threadpool_params *))
            ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_new");
    e->threads_free =
        (void (*)(struct ggml_threadpool *))ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_free");
    if (create == NULL || e->threads_free == NULL)
        return;
    struct ggml_threadpool_params params = ggml_threadpool_params_default((int)count);
    e->threads = create(&params);
    if (e->threads != NULL)
        llama_attach_threadpool(e->context, e->threads, NULL);
}

static enum err open_context(struct engine_llama *e, uint32_t threads, struct err_note *note)
{
    struct llama_context_params params = llama_context_default_params();
    params.n_ctx = e->info.context * e->info.slots;
    params.n_batch = params.n_ubatch = e->step_tokens;
    params.n_seq_max = e->info.slots;
    params.n_outputs_max = e->info.slots > e->vector_tokens ? e->info.slots : e->vector_tokens;
    params.pooling_type = LLAMA_POOLING_TYPE_NONE; /* llama_embedding.c does it */
    params.n_threads = params.n_threads_batch = (int32_t)threads;
    params.cb_eval = engine_wipe_observe;
    params.cb_eval_user_data = &e->traces;
    params.abort_callback = engine_scheduler_abort;
    params.abort_callback_data = e;
    params.no_perf = true;
    /* Each sequence in a region of its own, so that it can be overwritten while others run, and a cache that is never recycled. */
    params.kv_unified = false;
    params.swa_full = true;
    e->context = llama_init_from_model(e->model, params);
    if (e->context == NULL)
        return err_noted(ERR_MODEL, note, "there is no room for the context: %u slots of %u tokens",
                         e->info.slots, e->info.context);
    open_threads(e, threads);
    return engine_wipe_learn(e);
}

static void close_context(struct engine_llama *e)
{
    if (e->context != NULL)
        llama_free(e->context);
    if (e->threads != NULL)
        e->threads_free(e->threads);
    e->context = NULL;
    e->threads = NULL;
}

/* Each token looks at all others, so a text is read in one step, and there is no cache. A step as long as a whole context is large: it has to be asked for. */
static enum err become_encoder(struct engine_llama *e, uint32_t context)
{
    e->encodes = true;
    e->info.chat = e->info.tools = false;
    if (context == 0 && e->info.context > e->step_tokens)
        e->info.context = e->step_tokens;
    engine_batch_close(e);
    e->step_tokens = e->vector_tokens = e->info.context;
    return engine_batch_open(e);
}

/* What is not understood is wiped as a whole when a request ends, which goes with one request at a time only. */
static enum err open_context_wipeable(struct engine_llama *e, const struct engine_llama_options *options,
                                      uint32_t threads, struct err_note *note)
{
    enum err result = open_context(e, threads, note);
    bool encodes = result == ERR_OK && llama_get_memory(e->context) == NULL;
    if (result != ERR_OK || (!encodes && (e->traces.streams || e->info.slots == 1)))
        return result;
    close_context(e);
    e->info.slots = 1;
    if (encodes)
        result = become_encoder(e, options->context);
    return result == ERR_OK ? open_context(e, threads, note) : result;
}

static void release(struct engine_llama *e)
{
    close_context(e);
    engine_images_close(e);
    engine_templates_close(e->templates);
    if (e->model != NULL)
        llama_model_free(e->model);
    engine_batch_close(e);
    secret_free(e->candidates);
    secret_buffer_release(&e->lines);
    (void)pthread_cond_destroy(&e->arrived);
    (void)pthread_cond_destroy(&e->wake);
    (void)pthread_mutex_destroy(&e->lock);
    free(e->chat_template);
    engine_opening_release(e);
    free(e->sessions);
    secret_wipe(e->kept_key, sizeof e->kept_key);
    free(e);
}

static void engine_llama_info(struct engine *self, struct engine_info *info)
{
    *info = ((const struct engine_llama *)self)->info;
}

static void join_preparers(struct engine_llama *e, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)pthread_join(e->preparers[i].thread, NULL);
}

static void engine_llama_close(struct engine *self)
{
    struct engine_llama *e = (struct engine_llama *)self;
    pthread_mutex_lock(&e->lock);
    e->closing = true;
    atomic_store(&e->abort, true);
    pthread_cond_signal(&e->wake);
    pthread_cond_broadcast(&e->arrived);
    pthread_mutex_unlock(&e->lock);
    join_preparers(e, ENGINE_PREPARERS);
    (void)pthread_join(e->thread, NULL);
    release(e);
}

/* The engine's thread waits by a clock that nobody sets. */
static void open_wake(struct engine_llama *e)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&e->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static size_t start_preparers(struct engine_llama *e, const pthread_attr_t *attributes)
{
    size_t count = 0;
    for (; count < ENGINE_PREPARERS; count++) {
        struct engine_preparer *p = &e->preparers[count];
        p->engine = e;
        p->lengthy = count != 0;
        if (pthread_create(&p->thread, attributes, engine_prepare_run, p) != 0)
            break;
    }
    return count;
}

static enum err start_threads(struct engine_llama *e)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return ERR_SYSTEM;
    enum err result = ERR_SYSTEM;
    size_t preparers = 0;
    if (pthread_attr_setstacksize(&attributes, ENGINE_STACK_SIZE) == 0)
        preparers = start_preparers(e, &attributes);
    if (preparers == ENGINE_PREPARERS &&
        pthread_create(&e->thread, &attributes, engine_scheduler_run, e) == 0) {
        result = ERR_OK;
    } else {
        pthread_mutex_lock(&e->lock);
        e->closing = true;
        pthread_cond_broadcast(&e->arrived);
        pthread_mutex_unlock(&e->lock);
        join_preparers(e, preparers);
    }
    (void)pthread_attr_destroy(&attributes);
    return result;
}

enum err engine_llama_open(const struct engine_llama_options *options,
                           const struct engine_callbacks *callbacks, void *owner, struct engine **engine,
                           struct err_note *note)
{
    bool gpu = false;
    *engine = NULL;
    enum err result = check_options(options, note);
    if (result == ERR_OK)
        result = engine_cpu_check(note);
    if (result == ERR_OK)
        result = engine_llama_find_gpu(options->device, &gpu, note);
    if (result != ERR_OK)
        return result;
    engine_library_start();

    struct engine_llama *e = calloc(1, sizeof *e);
    if (e == NULL)
        return ERR_MEMORY;
    e->base = (struct engine){.info = engine_llama_info,
                              .submit = engine_request_submit,
                              .cancel = engine_request_cancel,
                              .session_begin = engine_session_begin,
                              .session_end = engine_session_end,
                              .close = engine_llama_close};
    e->callbacks = *callbacks;
    e->owner = owner;
    e->gpu = gpu;
    (void)pthread_mutex_init(&e->lock, NULL);
    open_wake(e);
    (void)pthread_cond_init(&e->arrived, NULL);
    result = engine_model_load(e, options, note);
    if (result != ERR_OK)
        goto fail;
    result = engine_template_choose(e, options->chat_template, note);
    if (result != ERR_OK)
        goto fail;
    e->threads_count = choose_threads(options->threads);
    result = engine_images_open(e, options, note);
    if (result != ERR_OK)
        goto fail;
    e->info.slots = or_default(options->slots, ENGINE_SLOTS_DEFAULT);
    e->info.queue = or_default(options->queue, ENGINE_QUEUE_DEFAULT);
    e->info.context = choose_context(e, options->context);
    e->info.chat = e->chat_template != NULL || e->templates != NULL;
    e->info.tools = e->templates != NULL && engine_templates_tools(e->templates);
    e->pooling = engine_embedding_pooling(e->model);
    e->info.embeddings = e->pooling != LLAMA_POOLING_TYPE_RANK;
    for (uint32_t i = 0; i < e->info.slots; i++)
        e->slots[i].sequence = (llama_seq_id)i;
    e->step_tokens = ENGINE_STEP_TOKENS;
    e->step_tokens_shared = gpu ? ENGINE_STEP_TOKENS : ENGINE_STEP_TOKENS_SHARED;
    e->vector_tokens = ENGINE_STEP_TOKENS_VECTOR;
    result = engine_batch_open(e);
    if (result != ERR_OK)
        goto fail;
    /* Beside a GPU the processor looks up rows of a table and nothing more; threads would wait for each other by spinning. */
    result = open_context_wipeable(e, options, gpu && options->threads == 0 ? 1 : e->threads_count, note);
    if (result == ERR_OK)
        result = crypto_random(e->kept_key, sizeof e->kept_key);
    if (result == ERR_OK)
        engine_pages_enlarge();
    e->keep_ms = (uint64_t)options->keep_seconds * 1000;
    e->keeps = result == ERR_OK && options->keep_seconds != 0 && e->traces.streams && e->traces.rows &&
               !engine_wipe_saves_tokens(e);
    if (result == ERR_OK)
        engine_opening_learn(e);
    if (result == ERR_OK)
        result = start_threads(e);
    if (result != ERR_OK)
        goto fail;
    *engine = &e->base;
    return ERR_OK;
fail:
    release(e);
    return result;
}
