/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "client/client.h"
#include "proxy/token.h"

enum { BACKLOG = 256 };

static const int stop_signals[] = {SIGTERM, SIGINT};
enum { STOP_SIGNAL_COUNT = sizeof stop_signals / sizeof stop_signals[0] };

/* ---- one turn of the loop ---- */

static void settle(struct proxy *p)
{
    while (p->unsettled && !p->stopping) {
        p->unsettled = false;
        pool_serve(p);
        for (struct visitor *v = p->visitors, *next; v != NULL; v = next) {
            next = v->next;
            if (v->dirty)
                visitor_settle(v);
        }
    }
}

/* After the sockets' events, and once more before the loop sleeps, for what timers have done. */
static void on_check(uv_check_t *check)
{
    settle(check->data);
}

static void on_prepare(uv_prepare_t *prepare)
{
    settle(prepare->data);
}

static void on_sweep(uv_timer_t *timer)
{
    struct proxy *p = timer->data;
    uint64_t now = uv_now(&p->loop);
    for (struct visitor *v = p->visitors, *next; v != NULL; v = next) {
        next = v->next;
        visitor_sweep(v, now);
    }
    pool_sweep(p, now);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        visitor_accept(listener->data);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct proxy *p = signal->data;
    const uint64_t one = 1;
    log_event(LOG_STOPPING, LOG_NUM(LOG_KEY_SIGNAL, number));
    p->stopping = true;
    ssize_t n = write(p->cancel_fd, &one, sizeof one);
    (void)n; /* fails only when it was written already */
    uv_stop(&p->loop);
}

/* ---- start and end ---- */

static enum err open_loop(struct proxy *p)
{
    p->read_buffer = secret_alloc(PROXY_READ_SIZE);
    p->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->read_buffer == NULL || p->cancel_fd < 0)
        return ERR_SYSTEM;
    for (size_t i = 0; i < STOP_SIGNAL_COUNT; i++) {
        p->signals[i].data = p;
        if (uv_signal_init(&p->loop, &p->signals[i]) != 0 ||
            uv_signal_start(&p->signals[i], on_signal, stop_signals[i]) != 0)
            return ERR_SYSTEM;
    }
    p->sweep.data = p->before_poll.data = p->after_poll.data = p;
    bool good = uv_timer_init(&p->loop, &p->sweep) == 0 &&
                uv_timer_start(&p->sweep, on_sweep, 0, PROXY_SWEEP_MS) == 0 &&
                uv_prepare_init(&p->loop, &p->before_poll) == 0 &&
                uv_prepare_start(&p->before_poll, on_prepare) == 0 &&
                uv_check_init(&p->loop, &p->after_poll) == 0 && uv_check_start(&p->after_poll, on_check) == 0;
    return good ? ERR_OK : ERR_SYSTEM;
}

static enum err cannot_listen(const struct proxy *p, int uv_error, struct err_note *note)
{
    return err_noted(ERR_NETWORK, note, "listening on %s: %s", p->options.listen, uv_strerror(uv_error));
}

static enum err open_listener(struct proxy *p, struct err_note *note)
{
    struct sockaddr_storage address = {0};
    int size = sizeof address;
    enum err e = guard_listen_address(p->options.listen, p->host, &p->guard.port, note);
    if (e != ERR_OK)
        return e;
    if (uv_ip4_addr(p->host, p->guard.port, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(p->host, p->guard.port, (struct sockaddr_in6 *)&address) != 0)
        return err_noted(ERR_USAGE, note, "--listen %s: not a numeric address", p->options.listen);
    int uv = uv_tcp_init(&p->loop, &p->listener);
    if (uv != 0)
        return cannot_listen(p, uv, note);
    p->listener.data = p;
    uv = uv_tcp_bind(&p->listener, (const struct sockaddr *)&address, 0);
    if (uv == 0)
        uv = uv_listen((uv_stream_t *)&p->listener, BACKLOG, on_connection);
    if (uv == 0)
        uv = uv_tcp_getsockname(&p->listener, (struct sockaddr *)&address, &size);
    if (uv != 0)
        return cannot_listen(p, uv, note);
    p->guard.host = p->host;
    p->guard.port = ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                                       : ((struct sockaddr_in6 *)&address)->sin6_port);
    return ERR_OK;
}

static enum err open_guard(struct proxy *p)
{
    const struct proxy_options *o = &p->options;
    p->guard.wants_token = o->wants_token;
    p->guard.token = o->token;
    p->guard.origin_count = o->origin_count;
    memcpy(p->guard.origins, o->origins, sizeof p->guard.origins);
    enum err e = token_random(&p->guard.cookie);
    if (e == ERR_OK && o->wants_token)
        e = token_random(&p->open_key);
    if (e == ERR_OK) {
        p->csp = page_csp();
        e = p->csp == NULL ? ERR_MEMORY : ERR_OK;
    }
    return e;
}

static void open_endpoints(struct proxy *p)
{
    p->endpoint_count = p->options.endpoint_count;
    for (size_t i = 0; i < p->endpoint_count; i++) {
        struct endpoint *e = &p->endpoints[i];
        e->proxy = p;
        e->address = p->options.endpoints[i];
        e->since = p->started_at;
        e->verifier.policy = p->options.policy;
        e->verifier.max_age = p->options.max_age != 0 ? p->options.max_age : CLIENT_MAX_AGE;
    }
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_all(struct proxy *p)
{
    p->stopping = true;
    while (p->visitors != NULL)
        visitor_drop(p->visitors);
    for (size_t i = 0; i < p->endpoint_count; i++)
        while (p->endpoints[i].links != NULL)
            link_close(p->endpoints[i].links, ERR_OK);
    /* What still dials hears of it, and its end is awaited. */
    uv_walk(&p->loop, close_handle, NULL);
    (void)uv_run(&p->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&p->loop);
    for (size_t i = 0; i < p->endpoint_count; i++)
        verifier_release(&p->endpoints[i].verifier);
    secret_free(bytes_owned(p->guard.cookie));
    secret_free(bytes_owned(p->open_key));
    secret_free(p->csp);
    secret_free(p->read_buffer);
    if (p->cancel_fd >= 0)
        (void)close(p->cancel_fd);
    free(p);
}

enum err proxy_run(const struct proxy_options *options, struct err_note *note)
{
    struct proxy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_MEMORY;
    strict_json_init();
    p->options = *options;
    p->cancel_fd = -1;
    p->started_at = (int64_t)time(NULL);
    if (uv_loop_init(&p->loop) != 0) {
        free(p);
        return ERR_SYSTEM;
    }
    enum err e = open_guard(p);
    if (e == ERR_OK)
        e = open_loop(p);
    if (e == ERR_OK)
        e = open_listener(p, note);
    if (e != ERR_OK)
        goto out;
    open_endpoints(p);
    if (p->options.listening != NULL)
        p->options.listening(p->options.owner, p->host, p->guard.port, p->open_key);
    (void)uv_run(&p->loop, UV_RUN_DEFAULT);
    log_event(LOG_STOPPED, LOG_NUM(LOG_KEY_REQUESTS, p->requests));
out:
    close_all(p);
    return e;
}
