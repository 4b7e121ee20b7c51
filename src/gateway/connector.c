/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/connector.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum { RETRY_MS = 10 };

struct connector {
    uv_poll_t poll;
    uv_timer_t timer;
    struct address address;
    uint64_t give_up_at;
    connector_done *done; /* NULL: cancelled */
    void *owner;
    int fd;
    bool connected;
    bool polling;
    bool ending;
    int handles;
};

static void on_closed(uv_handle_t *handle)
{
    struct connector *c = handle->data;
    if (--c->handles != 0)
        return;
    if (!c->connected && c->fd >= 0)
        (void)close(c->fd);
    if (c->done != NULL)
        c->done(c->owner, c->connected ? c->fd : -1);
    else if (c->connected)
        (void)close(c->fd);
    free(c);
}

static void finish(struct connector *c, bool connected)
{
    if (c->ending)
        return;
    c->ending = true;
    c->connected = connected;
    uv_close((uv_handle_t *)&c->timer, on_closed);
    if (c->polling)
        uv_close((uv_handle_t *)&c->poll, on_closed);
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
    struct connector *c = poll->data;
    int failure = 0;
    socklen_t size = sizeof failure;
    (void)events;
    finish(c, status == 0 && getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0);
}

static bool await(struct connector *c)
{
    if (uv_poll_init(c->timer.loop, &c->poll, c->fd) != 0)
        return false;
    c->polling = true;
    c->handles++;
    c->poll.data = c;
    return uv_poll_start(&c->poll, UV_WRITABLE, on_writable) == 0;
}

static void on_timer(uv_timer_t *timer);

static void attempt(struct connector *c)
{
    uint64_t now = uv_now(c->timer.loop);
    uint64_t left = c->give_up_at > now ? c->give_up_at - now : 0;
    int status = connect(c->fd, (const struct sockaddr *)&c->address.where, c->address.size) == 0 ? 0 : errno;
    if (status == 0)
        finish(c, true);
    else if (status == EAGAIN)
        (void)uv_timer_start(&c->timer, on_timer, left < RETRY_MS ? left : RETRY_MS, 0);
    else if (status != EINPROGRESS || !await(c))
        finish(c, false);
    else
        (void)uv_timer_start(&c->timer, on_timer, left, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct connector *c = timer->data;
    if (c->polling || uv_now(timer->loop) >= c->give_up_at)
        finish(c, false);
    else
        attempt(c);
}

struct connector *connector_start(uv_loop_t *loop, const struct address *address, unsigned timeout_ms,
                                  connector_done *done, void *owner)
{
    struct connector *c = calloc(1, sizeof *c);
    if (c == NULL || uv_timer_init(loop, &c->timer) != 0) {
        free(c);
        return NULL;
    }
    c->timer.data = c;
    c->handles = 1;
    c->address = *address;
    c->done = done;
    c->owner = owner;
    c->give_up_at = uv_now(loop) + timeout_ms;
    c->fd = address_socket(address);
    if (c->fd < 0)
        finish(c, false);
    else
        attempt(c);
    return c;
}

void connector_cancel(struct connector *c)
{
    if (c == NULL)
        return;
    c->done = NULL;
    finish(c, false);
}
