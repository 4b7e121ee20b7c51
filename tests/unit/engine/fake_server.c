/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "unit/test.h"

struct call {
    struct fake_server *server;
    int fd;
};

static bool send_text(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* In one piece: whoever has read the text may hang up, and the rest of the chunk is then not to fail on its way. */
static bool send_chunk(int fd, const char *text)
{
    char chunk[FAKE_CHUNK_MAX];
    int n = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(text), text);
    assert_in_range(n, 1, sizeof chunk - 1);
    return send_text(fd, chunk, (size_t)n);
}

static bool send_bytes(int fd, const char *text)
{
    for (; *text != '\0'; text++)
        if (!send_text(fd, text, 1))
            return false;
    return true;
}

/* One request, head and body; false at the end of the connection. */
static bool read_request(int fd, char *text, size_t size)
{
    size_t len = 0;
    size_t wanted = SIZE_MAX;
    while (len < wanted) {
        ssize_t n = recv(fd, text + len, (wanted == SIZE_MAX ? size - 1 : wanted) - len, 0);
        if (n <= 0)
            return false;
        len += (size_t)n;
        text[len] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (end != NULL)
            wanted = (size_t)(end + 4 - text) + (length == NULL ? 0 : strtoul(length + 16, NULL, 10));
    }
    return true;
}

static bool wait_release(struct fake_server *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->released == 0 && !s->stopping)
        pthread_cond_wait(&s->changed, &s->lock);
    bool good = !s->stopping;
    if (good)
        s->released--;
    pthread_mutex_unlock(&s->lock);
    return good;
}

static void until_closed(struct fake_server *s, int fd)
{
    char byte;
    while (recv(fd, &byte, 1, 0) > 0)
        continue;
    pthread_mutex_lock(&s->lock);
    s->hung_up++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

/* False: the connection is at its end. */
static bool take_step(struct fake_server *s, int fd, const struct fake_step *step)
{
    const struct timespec pause = {.tv_sec = step->ms / 1000, .tv_nsec = step->ms % 1000 * 1000000L};
    switch (step->kind) {
    case FAKE_SEND:
        return send_text(fd, step->text, strlen(step->text));
    case FAKE_SEND_BYTES:
        return send_bytes(fd, step->text);
    case FAKE_CHUNK:
        return send_chunk(fd, step->text);
    case FAKE_SLEEP:
        (void)nanosleep(&pause, NULL);
        return true;
    case FAKE_WAIT:
        return wait_release(s);
    case FAKE_UNTIL_CLOSED:
        until_closed(s, fd);
        return false;
    default:
        return false;
    }
}

static bool play(struct fake_server *s, int fd, const char *request)
{
    struct fake_step steps[FAKE_STEPS_MAX];
    pthread_mutex_lock(&s->lock);
    memcpy(steps, s->script, sizeof steps);
    memcpy(s->last, request, strlen(request) + 1);
    s->requests++;
    s->busy++;
    s->most_busy = s->busy > s->most_busy ? s->busy : s->most_busy;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    bool alive = true;
    for (size_t i = 0; alive && i < FAKE_STEPS_MAX && steps[i].kind != FAKE_END; i++)
        alive = take_step(s, fd, &steps[i]);
    pthread_mutex_lock(&s->lock);
    s->busy--;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return alive;
}

static bool own_answer(struct fake_server *s, const char *request, char out[static sizeof s->models])
{
    bool health = strncmp(request, "GET /health ", 12) == 0;
    bool models = strncmp(request, "GET /v1/models ", 15) == 0;
    pthread_mutex_lock(&s->lock);
    (void)snprintf(out, sizeof s->models, "%s", health ? s->health : s->models);
    pthread_mutex_unlock(&s->lock);
    return health || models;
}

static void *serve(void *argument)
{
    struct call *call = argument;
    struct fake_server *s = call->server;
    char *request = malloc(FAKE_REQUEST_MAX);
    assert_non_null(request);
    bool alive = true;
    while (alive && read_request(call->fd, request, FAKE_REQUEST_MAX)) {
        char own[sizeof s->models];
        alive =
            own_answer(s, request, own) ? send_text(call->fd, own, strlen(own)) : play(s, call->fd, request);
    }
    (void)shutdown(call->fd, SHUT_RDWR);
    pthread_mutex_lock(&s->lock);
    s->ended++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    free(request);
    free(call);
    return NULL;
}

static void *listen_loop(void *argument)
{
    struct fake_server *s = argument;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct call *call = malloc(sizeof *call);
        assert_non_null(call);
        *call = (struct call){s, fd};
        pthread_mutex_lock(&s->lock);
        assert_true(s->thread_count < FAKE_CONNECTIONS_MAX);
        s->connections++;
        s->fds[s->thread_count] = fd;
        assert_int_equal(pthread_create(&s->threads[s->thread_count++], NULL, serve, call), 0);
        pthread_mutex_unlock(&s->lock);
    }
}

static void listen_now(struct fake_server *s)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", s->address + 5);
    s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(s->listener, 64), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, listen_loop, s), 0);
}

void fake_start(struct fake_server *s)
{
    *s = (struct fake_server){.dir = "/tmp/enclume-fake-XXXXXX", .health = FAKE_JSON("2", "{}")};
    (void)pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t monotonic; /* a clock that is set does not end the waiting */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->address, sizeof s->address, "unix:%s/s", s->dir);
    fake_models(s, FAKE_MODELS);
    listen_now(s);
}

void fake_stop(struct fake_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    for (size_t i = 0; i < s->thread_count; i++)
        (void)shutdown(s->fds[i], SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    (void)shutdown(s->listener, SHUT_RDWR);
    (void)pthread_join(s->thread, NULL);
    (void)close(s->listener);
    (void)unlink(s->address + 5);
    for (size_t i = 0; i < s->thread_count; i++) {
        (void)shutdown(s->fds[i], SHUT_RDWR);
        (void)pthread_join(s->threads[i], NULL);
        (void)close(s->fds[i]);
    }
    s->thread_count = 0;
}

void fake_restart(struct fake_server *s)
{
    s->stopping = false;
    listen_now(s);
}

void fake_remove(struct fake_server *s)
{
    fake_stop(s);
    assert_int_equal(rmdir(s->dir), 0);
}

void fake_script(struct fake_server *s, const struct fake_step *steps, size_t count)
{
    assert_true(count <= FAKE_STEPS_MAX);
    pthread_mutex_lock(&s->lock);
    memset(s->script, 0, sizeof s->script);
    memcpy(s->script, steps, count * sizeof *steps);
    pthread_mutex_unlock(&s->lock);
}

void fake_release(struct fake_server *s, size_t count)
{
    pthread_mutex_lock(&s->lock);
    s->released += count;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void fake_health(struct fake_server *s, const char *answer)
{
    pthread_mutex_lock(&s->lock);
    s->health = answer;
    pthread_mutex_unlock(&s->lock);
}

void fake_models(struct fake_server *s, const char *answer)
{
    pthread_mutex_lock(&s->lock);
    if (strncmp(answer, "HTTP/", 5) == 0)
        (void)snprintf(s->models, sizeof s->models, "%s", answer);
    else
        (void)snprintf(s->models, sizeof s->models, FAKE_JSON("%zu", "%s"), strlen(answer), answer);
    pthread_mutex_unlock(&s->lock);
}

size_t fake_reaches(struct fake_server *s, const size_t *counter, size_t number)
{
    struct timespec end;
    int waited = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += 60;
    pthread_mutex_lock(&s->lock);
    while (*counter < number && waited == 0)
        waited = pthread_cond_timedwait(&s->changed, &s->lock, &end);
    size_t value = *counter;
    pthread_mutex_unlock(&s->lock);
    return value;
}
