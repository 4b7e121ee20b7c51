/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <stdio.h>
#include <time.h>

/*
 * Health is known by connecting: to each endpoint one verified channel is kept, further ones are made when all streams are taken, and a broken one is made anew.
 * So the next endpoint in the order is there as soon as the one before it is not.
 */

/* ---- what is known of an endpoint ---- */

static void tell(struct endpoint *e, enum proxy_state state)
{
    struct proxy *p = e->proxy;
    if (e->state == state)
        return;
    e->since = (int64_t)time(NULL);
    e->state = state;
    const struct proxy_news news = {
        .address = e->address,
        .state = state,
        .verdict = e->verifier.has_verdict ? &e->verifier.verdict : NULL,
        .fresh = e->fresh,
        .why = e->why.text,
    };
    if (p->options.changed != NULL && !p->stopping)
        p->options.changed(p->options.owner, &news);
}

static const struct link *link_in_state(const struct endpoint *e, enum link_state state)
{
    const struct link *l = e->links;
    while (l != NULL && l->state != state)
        l = l->next;
    return l;
}

static bool is_connecting(const struct endpoint *e)
{
    return link_in_state(e, LINK_DIALING) != NULL || link_in_state(e, LINK_HANDSHAKE) != NULL;
}

void endpoint_link_ready(struct endpoint *e, struct link *l)
{
    e->fresh = l->fresh;
    e->backoff_ms = 0;
    tell(e, PROXY_VERIFIED);
}

void endpoint_refused(struct endpoint *e)
{
    tell(e, PROXY_REFUSED);
}

/* The first attempt after a channel broke comes at once; after failures there is a pause that grows. */
static void back_off(struct endpoint *e, bool was_ready)
{
    uint64_t now = uv_now(&e->proxy->loop);
    e->tried = !was_ready;
    e->tried_at = now;
    if (was_ready)
        e->backoff_ms = 0;
    e->next_try = now + e->backoff_ms;
    e->backoff_ms = e->backoff_ms == 0 ? PROXY_RETRY_MS : e->backoff_ms * 2;
    if (e->backoff_ms > PROXY_BACKOFF_MAX_MS)
        e->backoff_ms = PROXY_BACKOFF_MAX_MS;
}

void endpoint_link_ended(struct endpoint *e, struct link *l)
{
    struct link **at = &e->links;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    e->link_count--;
    bool was_ready = l->verified_at != 0;
    back_off(e, was_ready);
    if (l->failure == ERR_REFUSED && e->state == PROXY_REFUSED) {
        /* What was accepted before may be another machine behind the same address; but this address is not to be trusted now. */
        while (e->links != NULL)
            link_close(e->links, ERR_REFUSED);
        return;
    }
    if (e->links != NULL)
        return;
    if (was_ready) { /* it will be made anew at once, and what comes of that is told */
        tell(e, PROXY_TRYING);
        return;
    }
    if (l->note.text[0] != '\0')
        (void)!err_noted(l->failure, &e->why, "%s", l->note.text);
    else
        (void)!err_noted(l->failure, &e->why, "%s: %s", e->address, err_text(l->failure));
    tell(e, PROXY_UNREACHABLE);
}

static bool try_endpoint(struct endpoint *e)
{
    return link_open(e) == ERR_OK;
}

/* ---- which channel a request gets ---- */

/* Of the first endpoint in the order that has a stream free, the channel with the fewest. A full endpoint gets a further channel. */
static struct link *pick(struct proxy *p)
{
    for (size_t i = 0; i < p->endpoint_count; i++) {
        struct link *best = NULL;
        for (struct link *l = p->endpoints[i].links; l != NULL; l = l->next)
            if (link_has_room(l) && (best == NULL || l->stream_count < best->stream_count))
                best = l;
        if (best != NULL)
            return best;
    }
    return NULL;
}

/* Is there anything to wait for at this endpoint? Begins it where it must be begun. begun_at: of the request. */
static bool has_hope(struct endpoint *e, uint64_t begun_at)
{
    bool ready = false;
    bool full = true;
    for (struct link *l = e->links, *next; l != NULL; l = next) {
        next = l->next;
        ready = ready || l->state == LINK_READY;
        full = full && link_is_full(l);
        if (!link_is_full(l))
            link_renew(l); /* there is room, but its evidence is past its age */
    }
    if (is_connecting(e))
        return true;
    if (ready) {
        if (full && e->link_count < PROXY_LINKS_MAX)
            (void)try_endpoint(e);
        return true;
    }
    /* What a request finds out, it finds out for itself; but evidence costs the chip time, so a refusal just now is news enough. */
    bool failed_for_it = e->tried && e->tried_at >= begun_at;
    bool refused_just_now = e->state == PROXY_REFUSED && e->tried_at + PROXY_RETRY_MS >= begun_at;
    return !failed_for_it && !refused_just_now && try_endpoint(e);
}

static void unlink_waiting(struct proxy *p, struct exchange *x)
{
    struct exchange **at = &p->waiting;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    x->next = NULL;
    x->waiting = false;
}

void pool_wait(struct proxy *p, struct exchange *x)
{
    struct exchange **at = &p->waiting;
    while (*at != NULL)
        at = &(*at)->next;
    *at = x;
    x->next = NULL;
    x->waiting = true;
    p->unsettled = true;
}

void pool_forget(struct proxy *p, struct exchange *x)
{
    if (x->waiting)
        unlink_waiting(p, x);
}

/* True when it has a stream, or its answer. */
static bool serve(struct proxy *p, struct exchange *x)
{
    struct link *l = pick(p);
    if (l != NULL) {
        unlink_waiting(p, x);
        exchange_start(x, l);
        return true;
    }
    bool hope = false;
    for (size_t i = 0; i < p->endpoint_count; i++)
        hope = has_hope(&p->endpoints[i], x->begun_at) || hope;
    if (hope)
        return false;
    unlink_waiting(p, x);
    exchange_hopeless(x);
    return true;
}

void pool_serve(struct proxy *p)
{
    while (p->waiting != NULL && serve(p, p->waiting))
        ;
    for (size_t i = 0; i < p->endpoint_count; i++)
        for (struct link *l = p->endpoints[i].links, *next; l != NULL; l = next) {
            next = l->next;
            if (l->dirty)
                link_pump(l);
        }
}

void pool_sweep(struct proxy *p, uint64_t now)
{
    for (size_t i = 0; i < p->endpoint_count; i++) {
        struct endpoint *e = &p->endpoints[i];
        for (struct link *l = e->links, *next; l != NULL; l = next) {
            next = l->next;
            link_sweep(l, now);
        }
        if (e->links == NULL && now >= e->next_try)
            (void)try_endpoint(e);
    }
    while (p->waiting != NULL && now - p->waiting->begun_at > PROXY_WAIT_MS) {
        struct exchange *x = p->waiting;
        unlink_waiting(p, x);
        exchange_too_late(x);
    }
    p->unsettled = true;
}

/* ---- why not ---- */

bool pool_is_refused(const struct proxy *p)
{
    for (size_t i = 0; i < p->endpoint_count; i++)
        if (p->endpoints[i].state == PROXY_REFUSED)
            return true;
    return false;
}

/* Appends as much as there is room for. */
static void say(char *text, size_t size, const char *more)
{
    size_t n = strlen(text);
    (void)snprintf(text + n, size - n, "%s", more);
}

static void say_failures(char *text, size_t size, const struct verdict *v)
{
    const char *between = " failed the check ";
    for (size_t i = 0; i < v->count; i++) {
        if (v->checks[i].passed)
            continue;
        say(text, size, between);
        say(text, size, v->checks[i].rule->name);
        say(text, size, " (\"");
        say(text, size, v->checks[i].rule->text);
        say(text, size, "\")");
        between = ", ";
    }
}

void pool_why(const struct proxy *p, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < p->endpoint_count; i++) {
        const struct endpoint *e = &p->endpoints[i];
        if (i != 0)
            say(text, size, "; ");
        if (e->state == PROXY_REFUSED && e->verifier.has_verdict && !e->verifier.verdict.accepted) {
            say(text, size, "the enclave at ");
            say(text, size, e->address);
            say_failures(text, size, &e->verifier.verdict);
        } else {
            say(text, size, e->why.text[0] != '\0' ? e->why.text : e->address);
        }
    }
}
