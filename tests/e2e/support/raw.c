/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/raw.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit/test.h"

enum { CHUNK = 65536 };

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct raw *r = owner;
    (void)bundle;
    (void)challenge;
    assert_ok(channel_verified(r->channel, channel_remote_static(r->channel)));
}

static void on_replied(void *owner, uint32_t stream, uint16_t status)
{
    struct raw *r = owner;
    (void)stream;
    r->status = status;
}

static void keep(struct raw *r, struct bytes data)
{
    char *larger = realloc(r->text, r->len + data.len + 1);
    assert_non_null(larger);
    r->text = larger;
    memcpy(r->text + r->len, data.ptr, data.len);
    r->len += data.len;
    r->text[r->len] = '\0';
}

static void on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    struct raw *r = owner;
    r->bytes += data.len;
    r->ended += end;
    if (r->keeps && data.len != 0)
        keep(r, data);
    if (!r->hoards)
        channel_stream_consumed(r->channel, stream, data.len);
}

static void on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    struct raw *r = owner;
    (void)stream;
    (void)reason;
    r->cancelled++;
}

static void on_closed(void *owner, enum err reason)
{
    struct raw *r = owner;
    r->closed = true;
    r->reason = reason;
}

static const struct channel_handler handler = {
    .evidence = on_evidence,
    .replied = on_replied,
    .data = on_data,
    .cancelled = on_cancelled,
    .closed = on_closed,
};

int raw_connect(const char *path)
{
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof there.sun_path);
    memcpy(there.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

void raw_send(struct raw *r)
{
    if (channel_flush(r->channel) != ERR_OK)
        return;
    for (struct bytes out; (out = channel_output(r->channel)).len != 0;) {
        ssize_t n = send(r->fd, out.ptr, out.len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        channel_output_sent(r->channel, (size_t)n);
    }
}

void raw_open(struct raw *r, const char *path)
{
    *r = (struct raw){.fd = raw_connect(path)};
    assert_ok(crypto_x25519_keypair(r->key.secret, r->key.public_key));
    const struct channel_config config = {.role = NOISE_INITIATOR, .s = &r->key};
    assert_ok(channel_new(&config, &handler, r, &r->channel));
    raw_send(r);
}

bool raw_take(struct raw *r, int timeout_ms)
{
    static _Thread_local uint8_t chunk[CHUNK];
    struct pollfd polled = {.fd = r->fd, .events = POLLIN};
    if (r->closed || poll(&polled, 1, timeout_ms) <= 0)
        return false;
    ssize_t n = recv(r->fd, chunk, sizeof chunk, 0);
    if (n <= 0) {
        r->closed = true;
        return false;
    }
    enum err e = channel_receive(r->channel, bytes_of(chunk, (size_t)n));
    if (e != ERR_OK)
        r->closed = true;
    else
        raw_send(r);
    return !r->closed;
}

bool raw_finish(struct raw *r, int timeout_ms)
{
    while (channel_state(r->channel) != CHANNEL_VERIFIED)
        if (!raw_take(r, timeout_ms))
            return false;
    raw_send(r);
    return true;
}

static void ask(struct raw *r, const char *path, const char *body)
{
    uint32_t stream = 0;
    assert_ok(channel_stream_open(r->channel, bytes_str(path), &stream));
    assert_ok(channel_stream_write(r->channel, stream, bytes_str(body), true));
    r->asked++;
    raw_send(r);
}

void raw_ask(struct raw *r, const char *json)
{
    ask(r, "/v1/chat/completions", json);
}

bool raw_request(struct raw *r, const char *path, const char *body, int timeout_ms)
{
    free(r->text);
    r->text = NULL;
    r->len = 0;
    r->status = 0;
    r->keeps = true;
    ask(r, path, body);
    while (r->ended < r->asked)
        if (r->cancelled != 0 || !raw_take(r, timeout_ms))
            return false;
    return r->text != NULL;
}

void raw_close(struct raw *r)
{
    channel_free(r->channel);
    free(r->text);
    (void)close(r->fd);
    *r = (struct raw){.fd = -1};
}
