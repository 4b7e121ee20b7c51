/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The engine's thread. Requests wait until a slot is free; askers take turns as in llama_scheduler.c: each request of an asker has the turn after that asker's last one,
 * and nobody's is earlier than the turn that is being served.
 */

#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "engine/upstream_internal.h"

/* ---- the list of all requests ---- */

/* The lock is held. */
static void list_remove(struct upstream *u, const struct upstream_request *r)
{
    struct upstream_request **at = &u->requests_first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    if (r->next == NULL)
        u->requests_last = at;
    u->live--;
}

void upstream_request_end(struct upstream *u, struct upstream_request *r, enum err result,
                          const struct err_note *note)
{
    uint64_t id = r->id;
    if (r->state != UPSTREAM_WAITING)
        u->working--;
    pthread_mutex_lock(&u->lock);
    /* Who is told that it was cancelled must not hear of an error of the connection that was closed for it. */
    if (r->cancelled && result != ERR_OK)
        result = ERR_CANCELLED;
    list_remove(u, r);
    pthread_mutex_unlock(&u->lock);
    secret_free(r);
    secret_wipe_stack();
    u->callbacks.done(u->owner, id, result, result == ERR_CANCELLED ? &(struct err_note){{0}} : note);
    if (!u->ending)
        (void)uv_async_send(&u->wake); /* its slot is free */
}

/* ---- connections for requests ---- */

static void dialing_remove(struct upstream *u, const struct upstream_request *r)
{
    struct upstream_request **at = &u->dialing_first;
    while (*at != NULL && *at != r)
        at = &(*at)->dialing;
    if (*at == NULL)
        return;
    *at = r->dialing;
    if (r->dialing == NULL)
        u->dialing_last = at;
}

static void request_fail(struct upstream *u, struct upstream_request *r, enum err e,
                         const struct err_note *note)
{
    if (r->errand == UPSTREAM_FORWARD)
        upstream_request_end(u, r, e, note);
    else
        upstream_health_answered(u, e, note, 0);
}

static void ask_dialer(struct upstream *u)
{
    unsigned wanted = 0;
    for (const struct upstream_request *r = u->dialing_first; r != NULL; r = r->dialing)
        wanted++;
    while (u->dials < wanted && u->dials < UPSTREAM_DIALS_MAX && !u->dialer_gone) {
        if (!upstream_dial_ask(u->options.dialer))
            return; /* what was asked before is answered first; or the poll tells that it is gone */
        u->dials++;
    }
}

void upstream_request_start(struct upstream *u, struct upstream_request *r)
{
    static const struct err_note gone = {"the way to the inference server is gone"};
    static const struct err_note ending = {{0}};
    if (u->ending || u->dialer_gone) {
        request_fail(u, r, u->ending ? ERR_CANCELLED : ERR_ENGINE, u->ending ? &ending : &gone);
        return;
    }
    struct upstream_connection *kept = r->repeated ? NULL : upstream_connection_kept(u);
    if (kept != NULL) {
        upstream_connection_send(kept, r);
        return;
    }
    r->state = UPSTREAM_DIALING;
    r->deadline = uv_now(&u->loop) + UPSTREAM_DIAL_WAIT_MS;
    r->dialing = NULL;
    *u->dialing_last = r;
    u->dialing_last = &r->dialing;
    ask_dialer(u);
}

static void dialed(struct upstream *u, int fd, int error)
{
    struct upstream_request *r = u->dialing_first;
    struct upstream_connection *c;
    struct err_note note = {{0}};
    u->dials--;
    if (r == NULL) { /* it was cancelled meanwhile */
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    dialing_remove(u, r);
    if (fd < 0) {
        enum err e =
            err_noted(ERR_ENGINE, &note, "the inference server cannot be reached: %s", strerror(error));
        upstream_health_refused(u, &note);
        request_fail(u, r, e, &note);
        return;
    }
    enum err e = upstream_connection_new(u, fd, &c);
    if (e == ERR_OK)
        upstream_connection_send(c, r);
    else
        request_fail(u, r, e, &note);
}

static void dialer_lost(struct upstream *u)
{
    static const struct err_note note = {"the way to the inference server is gone"};
    u->dialer_gone = true;
    (void)uv_poll_stop(&u->dialer);
    upstream_health_refused(u, &note);
    while (u->dialing_first != NULL) {
        struct upstream_request *r = u->dialing_first;
        dialing_remove(u, r);
        request_fail(u, r, ERR_ENGINE, &note);
    }
}

void upstream_loop_dialed(uv_poll_t *dialer, int status, int events)
{
    struct upstream *u = dialer->data;
    (void)events;
    enum upstream_dial got = status == 0 ? UPSTREAM_DIAL_ANSWERED : UPSTREAM_DIAL_GONE;
    while (got == UPSTREAM_DIAL_ANSWERED && !u->ending) {
        int fd;
        int error = 0;
        got = upstream_dial_take(u->options.dialer, &fd, &error);
        if (got == UPSTREAM_DIAL_ANSWERED)
            dialed(u, fd, error);
    }
    if (got == UPSTREAM_DIAL_GONE)
        dialer_lost(u);
    else
        ask_dialer(u);
}

/* ---- what is to be done next ---- */

/* The earliest turn that waits; first come, first served within it. */
static struct upstream_request *next_waiting(struct upstream *u)
{
    struct upstream_request *best = NULL;
    pthread_mutex_lock(&u->lock);
    for (struct upstream_request *r = u->requests_first; r != NULL; r = r->next)
        if (r->state == UPSTREAM_WAITING && !r->cancelled && (best == NULL || r->turn < best->turn))
            best = r;
    if (best != NULL)
        u->turn = best->turn;
    pthread_mutex_unlock(&u->lock);
    return best;
}

static struct upstream_request *next_cancelled(struct upstream *u, bool all)
{
    pthread_mutex_lock(&u->lock);
    struct upstream_request *r = u->requests_first;
    while (r != NULL && !((all || r->cancelled) && (r->connection == NULL || !r->connection->closing)))
        r = r->next;
    if (r != NULL)
        r->cancelled = true;
    pthread_mutex_unlock(&u->lock);
    return r;
}

static void end_cancelled(struct upstream *u, bool all)
{
    for (struct upstream_request *r = next_cancelled(u, all); r != NULL; r = next_cancelled(u, all)) {
        if (r->connection != NULL) {
            upstream_connection_close(r->connection, ERR_CANCELLED, NULL);
            continue;
        }
        dialing_remove(u, r);
        upstream_request_end(u, r, ERR_CANCELLED, &(struct err_note){{0}});
    }
}

static void start_waiting(struct upstream *u)
{
    while (u->working < u->info.slots) {
        struct upstream_request *r = next_waiting(u);
        if (r == NULL)
            return;
        u->working++;
        r->state = UPSTREAM_DIALING;
        upstream_request_start(u, r);
    }
}

/* A server that is gone has no use for requests that wait. */
static void fail_waiting(struct upstream *u)
{
    pthread_mutex_lock(&u->lock);
    bool down = u->down;
    struct err_note note = u->down_note;
    pthread_mutex_unlock(&u->lock);
    for (struct upstream_request *r = down ? next_waiting(u) : NULL; r != NULL; r = next_waiting(u))
        upstream_request_end(u, r, ERR_ENGINE, &note);
}

static void end_everything(struct upstream *u)
{
    u->ending = true;
    end_cancelled(u, true);
    while (u->connections != NULL)
        upstream_connection_close(u->connections, ERR_CANCELLED, NULL);
    u->dialing_first = NULL;
    u->dialing_last = &u->dialing_first;
    uv_close((uv_handle_t *)&u->wake, NULL);
    uv_close((uv_handle_t *)&u->tick, NULL);
    uv_close((uv_handle_t *)&u->dialer, NULL);
}

void upstream_loop_wake(uv_async_t *wake)
{
    struct upstream *u = wake->data;
    if (u->ending)
        return;
    pthread_mutex_lock(&u->lock);
    bool closing = u->closing;
    pthread_mutex_unlock(&u->lock);
    if (closing) {
        end_everything(u);
        return;
    }
    end_cancelled(u, false);
    fail_waiting(u);
    start_waiting(u);
}

static void sweep_dialing(struct upstream *u)
{
    static const struct err_note note = {"the inference server does not take connections"};
    uint64_t now = uv_now(&u->loop);
    while (u->dialing_first != NULL && now >= u->dialing_first->deadline) {
        struct upstream_request *r = u->dialing_first;
        dialing_remove(u, r);
        request_fail(u, r, ERR_ENGINE, &note);
    }
}

void upstream_loop_tick(uv_timer_t *tick)
{
    struct upstream *u = tick->data;
    upstream_connections_sweep(u);
    sweep_dialing(u);
    upstream_health_tick(u);
    upstream_loop_wake(&u->wake);
}

void *upstream_loop_run(void *upstream)
{
    struct upstream *u = upstream;
    (void)uv_run(&u->loop, UV_RUN_DEFAULT);
    return NULL;
}
