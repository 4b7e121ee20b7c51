/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/enclave.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "attest/statement.h"
#include "base/secret.h"
#include "enclave/hardening.h"
#include "enclave/listen.h"
#include "evidence/simulated_wire.h"

static const int stop_signals[] = {SIGTERM, SIGINT};
enum { STOP_SIGNAL_COUNT = sizeof stop_signals / sizeof stop_signals[0] };

/* ---- other threads' news ---- */

static void engine_lines(void *owner, uint64_t id, uint16_t status, struct bytes lines)
{
    struct enclave *enclave = owner;
    mailbox_post(&enclave->mailbox, &(struct mail){.kind = MAIL_LINES, .id = id, .status = status}, lines);
}

static void engine_done(void *owner, uint64_t id, enum err result, const struct err_note *note)
{
    struct enclave *enclave = owner;
    mailbox_post(&enclave->mailbox, &(struct mail){.kind = MAIL_DONE, .id = id, .result = result},
                 bytes_str(note->text));
}

static void evidence_done(void *owner, uint64_t ticket, enum err result, struct bytes bundle, size_t leaves)
{
    struct enclave *enclave = owner;
    mailbox_post(&enclave->mailbox,
                 &(struct mail){.kind = MAIL_EVIDENCE, .id = ticket, .result = result, .leaves = leaves},
                 bundle);
}

static void deliver(void *owner, const struct mail *mail)
{
    static void (*const receiver[])(struct enclave *, const struct mail *) = {
        [MAIL_LINES] = request_lines,
        [MAIL_DONE] = request_done,
        [MAIL_EVIDENCE] = session_evidence_ready,
    };
    receiver[mail->kind](owner, mail);
}

static void finish_if_stopped(struct enclave *enclave);

static void delivered(void *owner)
{
    struct enclave *enclave = owner;
    sessions_pump(enclave);
    if (enclave->mailbox.out_of_memory) {
        log_event(LOG_FAILED, LOG_ERR(ERR_MEMORY));
        server_stop(enclave);
    }
    finish_if_stopped(enclave);
}

/* ---- the loop's own events ---- */

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        session_accept(listener->data);
}

static void close_listener(struct enclave *enclave)
{
    if (!enclave->listening)
        return;
    enclave->listening = false;
    uv_close(&enclave->listener.handle, NULL);
}

void server_stop(struct enclave *enclave)
{
    if (enclave->stopping)
        return;
    log_event(LOG_STOPPING, LOG_NUM(LOG_KEY_SESSIONS, enclave->session_count));
    enclave->stopping = true;
    enclave->stop_at = uv_now(&enclave->loop) + (uint64_t)enclave->options.grace_seconds * 1000;
    close_listener(enclave);
    sessions_sweep(enclave);
    finish_if_stopped(enclave);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    server_stop(signal->data);
}

static void on_sweep(uv_timer_t *timer)
{
    struct enclave *enclave = timer->data;
    sessions_sweep(enclave);
    finish_if_stopped(enclave);
}

/* The last session is gone: end the loop. What the engine still works on is cancelled by its close. */
static void finish_if_stopped(struct enclave *enclave)
{
    if (enclave->stopping && enclave->session_count == 0)
        uv_stop(&enclave->loop);
}

/* ---- start and end ---- */

static enum err open_loop(struct enclave *enclave)
{
    enclave->read_buffer = malloc(ENCLAVE_READ_SIZE);
    if (enclave->read_buffer == NULL || uv_loop_init(&enclave->loop) != 0)
        return ERR_SYSTEM;
    for (size_t i = 0; i < STOP_SIGNAL_COUNT; i++) {
        enclave->signals[i].data = enclave;
        if (uv_signal_init(&enclave->loop, &enclave->signals[i]) != 0 ||
            uv_signal_start(&enclave->signals[i], on_signal, stop_signals[i]) != 0)
            return ERR_SYSTEM;
    }
    enclave->sweep.data = enclave;
    if (uv_timer_init(&enclave->loop, &enclave->sweep) != 0 ||
        uv_timer_start(&enclave->sweep, on_sweep, ENCLAVE_SWEEP_MS, ENCLAVE_SWEEP_MS) != 0)
        return ERR_SYSTEM;
    return mailbox_open(&enclave->mailbox, &enclave->loop, deliver, delivered, enclave);
}

static enum err open_engine(struct enclave *enclave, struct err_note *note)
{
    static const struct engine_callbacks callbacks = {.lines = engine_lines, .done = engine_done};
    const struct enclave_options *o = &enclave->options;
    struct engine_llama_options llama = {
        .model_path = o->model,
        .model_size = o->model_bytes,
        .slots = o->slots,
        .queue = o->queue,
        .context = o->context,
        .threads = o->threads,
        .keep_seconds = o->reuse_seconds,
        .device = o->on,
        .chat_template = o->chat_template,
        .projector_path = o->projector,
    };
    struct engine_upstream_options upstream = {
        .dialer = enclave->dialer,
        .model_path = o->model,
        .model_size = o->model_bytes,
        .slots = o->slots,
        .queue = o->queue,
    };
    enum err e = enclave_options_upstream(o) != NULL
                     ? engine_upstream_open(&upstream, &callbacks, enclave, &enclave->engine, note)
                     : engine_llama_open(&llama, &callbacks, enclave, &enclave->engine, note);
    if (e != ERR_OK)
        return e;
    enclave->engine->info(enclave->engine, &enclave->engine_info);
    enclave->started_at = (int64_t)time(NULL);
    log_event(LOG_MODEL_LOADED, LOG_NUM(LOG_KEY_CONTEXT, enclave->engine_info.context),
              LOG_NUM(LOG_KEY_SLOTS, enclave->engine_info.slots));
    return ERR_OK;
}

/* Before files are confined, because it loads a library, and that opens what it wants; asked when the model is known, and ended before calls are confined. */
static enum err open_nvml(struct enclave *enclave, struct err_note *note)
{
    return strcmp(enclave->options.gpus, ENCLAVE_GPUS_NVML) == 0
               ? evidence_nvml_open(NULL, &enclave->nvml, note)
               : ERR_OK;
}

/* After that, because the threads that the driver makes are confined like their maker. What the driver loads of libraries came with this program. */
static enum err find_gpu(struct enclave *enclave, struct err_note *note)
{
    const struct enclave_options *o = &enclave->options;
    return enclave_options_upstream(o) == NULL ? engine_llama_find_gpu(o->on, &enclave->gpu, note) : ERR_OK;
}

static void close_nvml(struct enclave *enclave)
{
    evidence_nvml_close(enclave->nvml);
    enclave->nvml = NULL;
}

/* The GPUs answer what the statement says without them, and the statement then names their answers (docs/protocol.md, GPUs). */
static enum err ask_gpus(struct enclave *enclave, struct statement *statement, struct err_note *note)
{
    uint8_t nonce[32];
    struct bytes reports[BUNDLE_GPUS_MAX];
    const struct evidence_gpus *gpus = &enclave->gpus;
    if (enclave->source->gpu_reports == NULL && enclave->nvml == NULL)
        return ERR_OK;
    enum err e = statement_gpu_nonce(statement, nonce);
    if (e == ERR_OK)
        e = enclave->nvml != NULL
                ? evidence_nvml_gpus(enclave->nvml, enclave->collateral, &kernel_real, nonce, &enclave->gpus,
                                     note)
                : enclave->source->gpu_reports(enclave->source, nonce, &enclave->gpus, note);
    close_nvml(enclave);
    if (e != ERR_OK || gpus->report_count == 0)
        return e;
    for (size_t i = 0; i < gpus->report_count; i++)
        reports[i] = gpus->reports[i].value;
    statement->has_gpu_evidence = true;
    return statement_gpu_digest(reports, gpus->report_count, statement->gpu_evidence);
}

/* The key pair of this start, what the enclave says about itself, and the thread that has the chip vouch for it. */
static enum err open_evidence(struct enclave *enclave, struct err_note *note)
{
    char text[STATEMENT_MAX];
    size_t len = 0;
    struct statement statement = {0};
    memcpy(statement.noise_key, enclave->key->public_key, sizeof statement.noise_key);
    memcpy(statement.model_digest, enclave->engine_info.digest, sizeof statement.model_digest);
    memcpy(statement.model_name, enclave->engine_info.name, sizeof statement.model_name - 1);
    enum err e = ask_gpus(enclave, &statement, note);
    if (e != ERR_OK)
        return e;
    e = statement_write(&statement, text, sizeof text, &len);
    if (e != ERR_OK)
        return err_noted(e, note, "the key statement cannot be written");
    return evidence_batch_new(enclave->source, &enclave->gpus, bytes_of(text, len), evidence_done, enclave,
                              &enclave->batch);
}

/* A chip that does not answer is better noticed now than by the first user; and as the user that we have become, who may be one that cannot ask. */
static enum err try_source(struct enclave *enclave, struct err_note *note)
{
    const uint8_t report_data[64] = {0};
    struct evidence probe = {0};
    enum err e = enclave->source->report(enclave->source, report_data, &probe, note);
    evidence_release(&probe);
    return e;
}

/* The descriptor that enclume-simulator hands down. */
static enum err open_simulated(struct enclave *enclave, struct err_note *note)
{
    enum err e = evidence_simulated_open(SIMULATED_WIRE_FD, &enclave->source);
    return e == ERR_OK ? e : err_noted(e, note, "--evidence simulated: not launched by that platform");
}

static enum err open_collateral(struct enclave *enclave, struct err_note *note)
{
    struct collateral_source *source;
    if (enclave->options.collateral == NULL)
        return ERR_OK;
    enum err e = collateral_source_open(&kernel_real, enclave->options.collateral, &source, note);
    if (e != ERR_OK)
        return e;
    e = collateral_cache_new(source, NULL, &enclave->collateral);
    if (e != ERR_OK)
        source->close(source);
    return e;
}

static enum err open_source(struct enclave *enclave, struct err_note *note)
{
    const char *name = enclave->options.evidence;
    if (strcmp(name, ENCLAVE_EVIDENCE_SIMULATED) == 0)
        return open_simulated(enclave, note);
    enum err e = open_collateral(enclave, note);
    if (e == ERR_OK)
        e = evidence_kernel_open(&kernel_real, name, enclave->collateral, &enclave->source, note);
    return e;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* From the threads inwards: nobody posts any more when the mailbox is closed. */
static void close_all(struct enclave *enclave)
{
    while (enclave->sessions != NULL)
        session_drop(enclave->sessions);
    if (enclave->engine != NULL)
        enclave->engine->close(enclave->engine);
    evidence_batch_free(enclave->batch);
    if (enclave->source != NULL)
        enclave->source->close(enclave->source);
    close_nvml(enclave);
    evidence_gpus_release(&enclave->gpus);
    collateral_cache_free(enclave->collateral);
    if (enclave->mailbox.owner != NULL) {
        /* The engine's last `done`s release the requests that lost their session. */
        (void)uv_run(&enclave->loop, UV_RUN_NOWAIT);
        mailbox_close(&enclave->mailbox);
    }
    uv_walk(&enclave->loop, close_handle, NULL);
    (void)uv_run(&enclave->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&enclave->loop);
    idmap_free(&enclave->session_ids);
    idmap_free(&enclave->request_ids);
    free(enclave->read_buffer);
    secret_free(enclave->key);
}

enum err server_run(struct enclave *enclave, struct err_note *note)
{
    int port = 0;
    enum err e = open_loop(enclave);
    if (e != ERR_OK)
        goto out;
    e = ERR_MEMORY;
    enclave->key = secret_alloc(sizeof *enclave->key);
    if (enclave->key == NULL)
        goto out;
    e = crypto_x25519_keypair(enclave->key->secret, enclave->key->public_key);
    if (e != ERR_OK)
        goto out;
    e = open_nvml(enclave, note);
    if (e != ERR_OK)
        goto out;
    e = hardening_before_chip(&enclave->options, false, note);
    if (e != ERR_OK)
        goto out;
    e = find_gpu(enclave, note);
    if (e != ERR_OK)
        goto out;
    e = hardening_before_chip(&enclave->options, true, note);
    if (e != ERR_OK)
        goto out;
    e = open_source(enclave, note);
    if (e != ERR_OK)
        goto out;
    e = open_engine(enclave, note);
    if (e != ERR_OK)
        goto out;
    e = open_evidence(enclave, note);
    if (e != ERR_OK)
        goto out;
    e = listen_open(enclave, enclave->options.listen, on_connection, &port, note);
    if (e != ERR_OK)
        goto out;
    e = hardening_after_start(&enclave->options, enclave->gpu, note);
    if (e != ERR_OK)
        goto out;
    e = try_source(enclave, note);
    if (e != ERR_OK)
        goto out;
    log_event(LOG_LISTENING, LOG_NUM(LOG_KEY_PORT, port));
    (void)uv_run(&enclave->loop, UV_RUN_DEFAULT);
    log_event(LOG_STOPPED, LOG_NUM(LOG_KEY_REQUESTS, enclave->request_ids.last),
              LOG_NUM(LOG_KEY_SESSIONS, enclave->session_ids.last));
out:
    close_all(enclave);
    return e;
}
