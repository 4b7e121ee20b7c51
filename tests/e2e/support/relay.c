/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "e2e/support/process.h"
#include "unit/test.h"

enum { CONNECTIONS_MAX = 64, CHUNK = 65536, END_MS = 10000 };

struct connection {
    int fds[2]; /* by direction: where its bytes come from */
    bool ended[2];
    struct relay_tape tapes[2];
};

struct relay {
    pthread_t thread;
    pthread_mutex_t lock;
    int listener;
    int stop;
    struct sockaddr_un target;
    size_t count;
    struct connection connections[CONNECTIONS_MAX];
};

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    assert_true(strlen(path) < sizeof a.sun_path);
    memcpy(a.sun_path, path, strlen(path) + 1);
    return a;
}

static void accept_one(struct relay *r)
{
    int client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    int enclave = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client < 0 || enclave < 0 || r->count == CONNECTIONS_MAX ||
        connect(enclave, (struct sockaddr *)&r->target, sizeof r->target) != 0) {
        (void)close(client);
        (void)close(enclave);
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->connections[r->count++] = (struct connection){.fds = {client, enclave}};
    pthread_mutex_unlock(&r->lock);
}

static void write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other direction notices */
        bytes += n;
        len -= (size_t)n;
    }
}

static void carry(struct relay *r, struct connection *c, int direction)
{
    static uint8_t chunk[CHUNK];
    struct relay_tape *tape = &c->tapes[direction];
    ssize_t n = recv(c->fds[direction], chunk, sizeof chunk, 0);
    pthread_mutex_lock(&r->lock);
    if (n <= 0) {
        c->ended[direction] = true;
    } else {
        tape->bytes = realloc(tape->bytes, tape->len + (size_t)n);
        memcpy(tape->bytes + tape->len, chunk, (size_t)n);
        tape->len += (size_t)n;
    }
    bool over = c->ended[0] && c->ended[1];
    pthread_mutex_unlock(&r->lock);
    if (n > 0)
        write_all(c->fds[1 - direction], chunk, (size_t)n);
    else
        (void)shutdown(c->fds[1 - direction], SHUT_WR);
    if (over)
        for (int i = 0; i < 2; i++) {
            (void)close(c->fds[i]);
            c->fds[i] = -1;
        }
}

static void *run(void *self)
{
    struct relay *r = self;
    for (;;) {
        struct pollfd polled[2 + 2 * CONNECTIONS_MAX];
        size_t count = r->count;
        polled[0] = (struct pollfd){.fd = r->stop, .events = POLLIN};
        polled[1] = (struct pollfd){.fd = r->listener, .events = POLLIN};
        for (size_t i = 0; i < count; i++)
            for (size_t d = 0; d < 2; d++) {
                const struct connection *c = &r->connections[i];
                polled[2 + 2 * i + d] = (struct pollfd){.fd = c->ended[d] ? -1 : c->fds[d], .events = POLLIN};
            }
        if (poll(polled, 2 + 2 * count, -1) < 0 && errno != EINTR)
            return NULL;
        if (polled[0].revents != 0)
            return NULL;
        for (size_t i = 0; i < 2 * count; i++)
            if (polled[2 + i].revents != 0)
                carry(r, &r->connections[i / 2], (int)(i % 2));
        if (polled[1].revents != 0)
            accept_one(r);
    }
}

struct relay *relay_start(const char *listen_path, const char *target_path)
{
    struct relay *r = calloc(1, sizeof *r);
    assert_non_null(r);
    struct sockaddr_un here = address_of(listen_path);
    r->target = address_of(target_path);
    (void)unlink(listen_path);
    r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    r->stop = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(bind(r->listener, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(r->listener, CONNECTIONS_MAX), 0);
    assert_int_equal(pthread_mutex_init(&r->lock, NULL), 0);
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
    return r;
}

void relay_stop(struct relay *r)
{
    const uint64_t one = 1;
    assert_int_equal(write(r->stop, &one, sizeof one), sizeof one);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    for (size_t i = 0; i < r->count; i++)
        for (size_t d = 0; d < 2; d++) {
            if (r->connections[i].fds[d] >= 0)
                (void)close(r->connections[i].fds[d]);
            free(r->connections[i].tapes[d].bytes);
        }
    (void)close(r->listener);
    (void)close(r->stop);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

size_t relay_connections(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    size_t count = r->count;
    pthread_mutex_unlock(&r->lock);
    return count;
}

bool relay_ended(struct relay *r, size_t i)
{
    for (long end = process_clock() + END_MS; process_clock() < end; process_sleep(2)) {
        pthread_mutex_lock(&r->lock);
        bool over = i < r->count && r->connections[i].ended[0] && r->connections[i].ended[1];
        pthread_mutex_unlock(&r->lock);
        if (over)
            return true;
    }
    return false;
}

struct relay_tape relay_tape(struct relay *r, size_t connection, enum relay_direction direction)
{
    struct relay_tape copy = {0};
    pthread_mutex_lock(&r->lock);
    if (connection < r->count) {
        const struct relay_tape *tape = &r->connections[connection].tapes[direction];
        copy.len = tape->len;
        copy.bytes = malloc(tape->len + 1);
        if (copy.bytes != NULL && tape->len != 0)
            memcpy(copy.bytes, tape->bytes, tape->len);
    }
    pthread_mutex_unlock(&r->lock);
    return copy;
}

size_t relay_records(const struct relay_tape *tape, struct relay_record *records, size_t max, size_t *rest)
{
    size_t count = 0;
    size_t at = 0;
    while (tape->len - at > 2) {
        size_t len = (size_t)tape->bytes[at] << 8 | tape->bytes[at + 1];
        if (len > tape->len - at - 2)
            break;
        if (count < max)
            records[count] = (struct relay_record){.len = len, .first = tape->bytes[at + 2]};
        count++;
        at += 2 + len;
    }
    *rest = tape->len - at;
    return count;
}

size_t relay_record_count(struct relay *r, size_t connection, enum relay_direction direction)
{
    size_t rest = 0;
    struct relay_tape tape = relay_tape(r, connection, direction);
    size_t count = relay_records(&tape, NULL, 0, &rest);
    free(tape.bytes);
    return count;
}
