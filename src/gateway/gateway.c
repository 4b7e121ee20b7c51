/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/gateway.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/secret.h"

static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
enum { CAUGHT_COUNT = sizeof caught / sizeof caught[0], SPARE_FILES = 64, SECOND_MS = 1000 };

/* ---- files that can be read again ---- */

static struct limits_rules token_rules(const struct gateway_options *o)
{
    return limits_rules_of(o->token_connections, o->token_rate, o->token_bytes);
}

/* The list on the command line as the text of a file. */
static enum err backends_from_options(struct gateway *g, struct err_note *note)
{
    static char text[OPTION_LIST_MAX * (BACKEND_TEXT_SIZE + 1) + 1];
    size_t used = 0;
    for (size_t i = 0; i < g->options.backends.count; i++) {
        const char *item = g->options.backends.items[i];
        if (strlen(item) >= BACKEND_TEXT_SIZE || strpbrk(item, " \t\r\n#") != NULL)
            return err_noted(ERR_USAGE, note, "--backend %.100s: this is no address", item);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", item);
    }
    return backends_read(&g->backends, bytes_of(text, used), note);
}

static enum err read_backends(struct gateway *g, struct err_note *note)
{
    struct bytes text = {0};
    if (g->options.backend_file == NULL)
        return ERR_OK;
    enum err e = file_read(g->options.backend_file, BACKENDS_FILE_MAX, &text, note);
    if (e == ERR_OK)
        e = backends_read(&g->backends, text, note);
    secret_free(bytes_owned(text));
    return e;
}

static enum err read_tokens(struct gateway *g, struct err_note *note)
{
    struct bytes text = {0};
    struct limits_rules rules = token_rules(&g->options);
    if (g->options.token_file == NULL)
        return ERR_OK;
    enum err e = file_read(g->options.token_file, TOKENS_FILE_MAX, &text, note);
    if (e == ERR_OK)
        e = tokens_read(&g->tokens, text, &rules, uv_now(&g->loop), note);
    secret_free(bytes_owned(text));
    return e;
}

static enum err read_certificate(struct gateway *g, struct err_note *note)
{
    struct tls_context *context = NULL;
    if (g->options.tls_cert == NULL)
        return ERR_OK;
    enum err e = tls_context_open(g->options.tls_cert, g->options.tls_key, &context, note);
    if (e != ERR_OK)
        return e;
    tls_context_close(g->tls);
    g->tls = context;
    return ERR_OK;
}

static enum err (*const files[])(struct gateway *, struct err_note *) = {
    read_backends,
    read_tokens,
    read_certificate,
};

/* What cannot be read stays as it was; what was wrong with it is said to the operator, whose file it is. */
static void reload(struct gateway *g)
{
    enum err first = ERR_OK;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct err_note note = {0};
        enum err e = files[i](g, &note);
        if (e != ERR_OK)
            (void)fprintf(stderr, "enclume-gateway: %s: %s\n", err_text(e), note.text);
        if (e != ERR_OK && first == ERR_OK)
            first = e;
    }
    connections_revoke(g);
    if (first == ERR_OK)
        log_event(LOG_RELOADED, LOG_NUM(LOG_KEY_BACKENDS, backends_usable_count(&g->backends)));
    else
        log_event(LOG_RELOADED, LOG_ERR(first));
}

/* ---- the loop's own events ---- */

static void finish_if_stopped(struct gateway *g)
{
    if (g->stopping && g->connection_count == 0)
        uv_stop(&g->loop);
}

static void stop(struct gateway *g)
{
    uint64_t now = uv_now(&g->loop);
    if (g->stopping) {
        g->stop_at = now; /* asked twice: now */
        return;
    }
    g->stopping = true;
    g->stop_at = now + (uint64_t)g->options.grace_seconds * SECOND_MS;
    log_event(LOG_STOPPING, LOG_NUM(LOG_KEY_SESSIONS, g->connection_count));
    for (size_t i = 0; i < g->listener_count; i++)
        listener_close(&g->listeners[i]);
}

static void on_signal(uv_signal_t *signal, int number)
{
    if (number == SIGHUP)
        reload(signal->data);
    else
        stop(signal->data);
}

static void on_tick(uv_timer_t *timer)
{
    struct gateway *g = timer->data;
    checks_run(g);
    connections_resume(g);
    if (++g->ticks % GATEWAY_SWEEP_TICKS == 0 || g->stopping) {
        connections_sweep(g);
        metrics_sweep(g);
        backends_sweep(&g->backends);
        limits_table_sweep(&g->addresses, uv_now(&g->loop));
    }
    finish_if_stopped(g);
}

/* ---- start and end ---- */

static enum err open_loop(struct gateway *g)
{
    if (uv_loop_init(&g->loop) != 0)
        return ERR_SYSTEM;
    for (size_t i = 0; i < CAUGHT_COUNT; i++) {
        g->signals[i].data = g;
        if (uv_signal_init(&g->loop, &g->signals[i]) != 0 ||
            uv_signal_start(&g->signals[i], on_signal, caught[i]) != 0)
            return ERR_SYSTEM;
    }
    g->tick.data = g;
    return uv_timer_init(&g->loop, &g->tick) == 0 &&
                   uv_timer_start(&g->tick, on_tick, GATEWAY_TICK_MS, GATEWAY_TICK_MS) == 0
               ? ERR_OK
               : ERR_SYSTEM;
}

/* A connection takes two descriptors. What the system does not allow is better said now than found out by users. */
static void fit_files(struct gateway *g)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t allowed = limit.rlim_cur > SPARE_FILES ? (limit.rlim_cur - SPARE_FILES) / 2 : 1;
    if (g->options.connections <= allowed)
        return;
    (void)fprintf(stderr,
                  "enclume-gateway: %llu open files are allowed, so at most %llu connections at once\n",
                  (unsigned long long)limit.rlim_cur, (unsigned long long)allowed);
    g->options.connections = (uint32_t)allowed;
}

static enum err open_listeners(struct gateway *g, struct err_note *note)
{
    const struct option_list *listen = &g->options.listen;
    char text[OPTION_LIST_MAX * 4]; /* --metrics as --listen has it */
    int port = 0;
    if (listen->count > GATEWAY_LISTENERS_MAX)
        return err_noted(ERR_USAGE, note, "--listen: at most %d", GATEWAY_LISTENERS_MAX);
    for (; g->listener_count < listen->count; g->listener_count++) {
        g->listeners[g->listener_count].shared = g->options.reuse_port;
        enum err e = listener_open(g, &g->listeners[g->listener_count], listen->items[g->listener_count],
                                   connection_accept, &port, note);
        if (e != ERR_OK)
            return e;
        log_event(LOG_LISTENING, LOG_NUM(LOG_KEY_PORT, port));
    }
    if (g->options.metrics == NULL)
        return ERR_OK;
    (void)snprintf(text, sizeof text, "tcp:%s", g->options.metrics);
    enum err e = listener_open(g, &g->metrics, text, metrics_accept, &port, note);
    if (e == ERR_OK)
        log_event(LOG_METRICS, LOG_NUM(LOG_KEY_PORT, port));
    return e;
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* From here on nothing is left to be asked: who asks once more, while memory is given back, does not make a failure of it. */
static void hold_signals(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < CAUGHT_COUNT; i++)
        (void)sigaddset(&set, caught[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
}

static void close_all(struct gateway *g)
{
    hold_signals();
    connections_drop(g);
    for (size_t i = 0; i < g->listener_count; i++)
        listener_close(&g->listeners[i]);
    listener_close(&g->metrics);
    metrics_drop(g);
    checks_cancel(g);
    (void)uv_run(&g->loop, UV_RUN_NOWAIT);
    uv_walk(&g->loop, close_handle, NULL);
    (void)uv_run(&g->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&g->loop);
    backends_close(&g->backends);
    limits_table_close(&g->addresses);
    tokens_close(&g->tokens);
    tls_context_close(g->tls);
}

enum err gateway_run(struct gateway *g, struct err_note *note)
{
    const struct gateway_options *o = &g->options;
    const struct limits_rules by_address =
        limits_rules_of(o->address_connections, o->address_rate, o->address_bytes);
    fit_files(g);
    enum err e = open_loop(g);
    if (e == ERR_OK)
        e = limits_table_open(&g->addresses, &by_address);
    if (e == ERR_OK)
        e = backends_from_options(g, note);
    for (size_t i = 0; e == ERR_OK && i < sizeof files / sizeof files[0]; i++)
        e = files[i](g, note);
    if (e == ERR_OK)
        e = open_listeners(g, note);
    if (e == ERR_OK) {
        (void)uv_run(&g->loop, UV_RUN_DEFAULT);
        log_event(LOG_STOPPED, LOG_NUM(LOG_KEY_SESSIONS, g->connection_count));
    }
    close_all(g);
    return e;
}
