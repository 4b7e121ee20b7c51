/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "base/secret.h"

void link_drop(struct client *c)
{
    channel_free(c->channel);
    c->channel = NULL;
    secret_free(c->key);
    c->key = NULL;
    if (c->fd >= 0)
        (void)close(c->fd);
    c->fd = -1;
}

static bool cancel_asked(struct client *c)
{
    uint64_t count = 0;
    return read(c->cancel_fd, &count, sizeof count) == (ssize_t)sizeof count;
}

void link_forget_cancel(struct client *c)
{
    (void)cancel_asked(c);
}

/* Sends what there is to send, as far as the socket takes it. */
static enum err send_output(struct client *c)
{
    for (;;) {
        enum err e = channel_flush(c->channel);
        if (e != ERR_OK)
            return e;
        struct bytes out = channel_output(c->channel);
        if (out.len == 0)
            return ERR_OK;
        ssize_t n = send(c->fd, out.ptr, out.len, MSG_NOSIGNAL);
        if (n > 0)
            channel_output_sent(c->channel, (size_t)n);
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return ERR_OK;
        else if (errno != EINTR)
            return ERR_NETWORK;
    }
}

static enum err receive_input(struct client *c)
{
    ssize_t n = recv(c->fd, c->read_buffer, CLIENT_READ_SIZE, 0);
    if (n > 0) {
        c->heard_at = monotonic_ms();
        return channel_receive(c->channel, bytes_of(c->read_buffer, (size_t)n));
    }
    if (n == 0)
        return channel_receive_eof(c->channel);
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? ERR_OK : ERR_NETWORK;
}

static enum err turn(struct client *c, int64_t deadline)
{
    enum err e = send_output(c);
    if (e != ERR_OK)
        return e;
    int64_t left = deadline - monotonic_ms();
    if (left <= 0)
        return ERR_CHANNEL_TIMEOUT;
    struct pollfd polled[2] = {
        {.fd = c->fd, .events = (short)(POLLIN | (channel_output(c->channel).len != 0 ? POLLOUT : 0))},
        {.fd = c->cancel_fd, .events = POLLIN},
    };
    int n = poll(polled, 2, left > INT32_MAX ? INT32_MAX : (int)left);
    if (n < 0)
        return errno == EINTR ? ERR_OK : ERR_SYSTEM;
    if (polled[1].revents != 0 && cancel_asked(c))
        return ERR_CANCELLED;
    if (polled[0].revents & (POLLIN | POLLHUP | POLLERR))
        e = receive_input(c);
    return e == ERR_OK ? send_output(c) : e;
}

void link_send(struct client *c)
{
    enum err e = send_output(c);
    if (e != ERR_OK && c->failure == ERR_OK)
        c->failure = e;
}

enum err link_turn(struct client *c, int64_t deadline)
{
    enum err e = turn(c, deadline);
    if (e == ERR_CANCELLED || e == ERR_CHANNEL_TIMEOUT)
        return e;
    /* A refusal of ours, and what the peer gave as its reason, say more than the end of the connection that follows from it. */
    if (c->failure != ERR_OK)
        e = c->failure;
    if (e == ERR_OK && channel_state(c->channel) == CHANNEL_CLOSED)
        e = ERR_CHANNEL_CLOSED;
    if (e != ERR_OK && c->failure == ERR_OK)
        c->failure = e;
    return e;
}
