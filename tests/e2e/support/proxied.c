/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/proxied.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

#include "unit/test.h"

enum { INPUT = 64 * 1024, START_MS = 60000, STOP_MS = 30000, ANSWER_MS = 60000, BODY_MAX = 64 * 1024 * 1024 };

/* ---- the proxy ---- */

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        n++;
    return n;
}

char *proxied_log(const struct proxied *p)
{
    size_t len = 0;
    return access(p->log, R_OK) == 0 ? process_read_file(p->log, &len) : strdup("");
}

bool proxied_says(const struct proxied *p, const char *text, size_t times, int timeout_ms)
{
    for (long end = process_clock() + timeout_ms; process_clock() < end; process_sleep(5)) {
        char *log = proxied_log(p);
        bool said = count_of(log, text) >= times;
        free(log);
        if (said)
            return true;
    }
    return false;
}

/* What it tells the user to give to programs. */
static void read_address(struct proxied *p)
{
    char *log = proxied_log(p);
    const char *url = strstr(log, "base_url  http://127.0.0.1:");
    const char *key = strstr(log, "api_key   enclume-");
    assert_non_null(url);
    p->port = (uint16_t)strtoul(url + strlen("base_url  http://127.0.0.1:"), NULL, 10);
    if (key != NULL)
        (void)sscanf(key, "api_key   %63s", p->token);
    free(log);
}

void proxied_start(struct proxied *p, const struct world *w, const char *connect, const char *policy,
                   const char *const *arguments)
{
    proxied_start_as(p, E2E_ENCLUME, w, connect, policy, arguments);
}

void proxied_start_as(struct proxied *p, const char *program, const struct world *w, const char *connect,
                      const char *policy, const char *const *arguments)
{
    static size_t number;
    const char *argv[PROCESS_ARGS_MAX] = {program,
                                          "proxy",
                                          "--connect",
                                          connect != NULL ? connect : w->address,
                                          "--listen",
                                          "127.0.0.1:0",
                                          "--trust-simulated",
                                          w->root,
                                          "--policy",
                                          policy != NULL ? policy : w->policy};
    size_t n = 0;
    while (argv[n] != NULL)
        n++;
    while (*arguments != NULL)
        argv[n++] = *arguments++;
    *p = (struct proxied){.port = 0};
    (void)snprintf(p->log, sizeof p->log, "%s/proxy-%zu", w->dir, number++);
    process_start(&p->process, argv, p->log);
    if (!proxied_says(p, "status    http://", 1, START_MS))
        fail_msg("the proxy did not start");
    read_address(p);
}

void proxied_stop(struct proxied *p)
{
    (void)kill(p->process.pid, SIGTERM);
    int code = process_finish(&p->process, STOP_MS);
    if (code != 0) {
        char *log = proxied_log(p);
        (void)fprintf(stderr, "---- the proxy said\n%s----\n", log);
        free(log);
    }
    assert_int_equal(code, 0);
    process_release(&p->process);
}

/* ---- a program ---- */

void caller_open(struct caller *c, const struct proxied *p)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(p->port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    const struct http_config config = {.kind = HTTP_RESPONSE, .body_max = BODY_MAX};
    *c = (struct caller){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .input = malloc(INPUT)};
    assert_true(c->fd >= 0 && c->input != NULL);
    assert_int_equal(connect(c->fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_ok(http_reader_new(&config, &c->reader));
    c->body = calloc(1, 1);
}

void caller_close(struct caller *c)
{
    if (c->fd >= 0)
        (void)close(c->fd);
    http_reader_free(c->reader);
    free(c->input);
    free(c->body);
    *c = (struct caller){.fd = -1};
}

void caller_send(struct caller *c, const char *bytes, size_t len)
{
    while (len != 0) {
        ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the proxy has ended it; the answer says why */
        bytes += n;
        len -= (size_t)n;
    }
}

void caller_post(struct caller *c, const struct proxied *p, const char *path, const char *body)
{
    char head[512];
    size_t len = body == NULL ? 0 : strlen(body);
    int n =
        snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nAuthorization: Bearer %s\r\n",
                 body == NULL ? "GET" : "POST", path, (unsigned)p->port, p->token);
    assert_true(n > 0 && (size_t)n < sizeof head);
    caller_send(c, head, (size_t)n);
    n = snprintf(head, sizeof head, "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n", len);
    caller_send(c, body == NULL ? "\r\n" : head, body == NULL ? 2 : (size_t)n);
    if (body != NULL)
        caller_send(c, body, len);
}

void caller_next(struct caller *c)
{
    http_reader_next(c->reader);
    c->status = 0;
    c->len = 0;
    c->body[0] = '\0';
    c->whole = false;
}

static void take_event(struct caller *c, const struct http_event *event)
{
    if (event->kind == HTTP_HEAD)
        c->status = http_head(c->reader)->status;
    if (event->kind == HTTP_END)
        c->whole = true;
    if (event->kind != HTTP_BODY)
        return;
    c->body = realloc(c->body, c->len + event->body.len + 1);
    assert_non_null(c->body);
    memcpy(c->body + c->len, event->body.ptr, event->body.len);
    c->len += event->body.len;
    c->body[c->len] = '\0';
}

static bool take_some(struct caller *c, int timeout_ms)
{
    struct pollfd polled = {.fd = c->fd, .events = POLLIN};
    if (c->in.len == 0) {
        if (poll(&polled, 1, timeout_ms) <= 0)
            return false;
        ssize_t n = recv(c->fd, c->input, INPUT, 0);
        c->closed = n <= 0;
        c->in = bytes_of(c->input, n > 0 ? (size_t)n : 0);
    }
    struct http_event event = {.kind = HTTP_MORE};
    struct err_note note;
    do {
        assert_ok(http_read(c->reader, &c->in, &event, &note));
        take_event(c, &event);
    } while (event.kind == HTTP_HEAD || event.kind == HTTP_BODY);
    if (c->status == 100 && c->whole)
        caller_next(c);
    return true;
}

bool caller_take(struct caller *c, int timeout_ms)
{
    while (!c->whole && !c->closed)
        if (!take_some(c, timeout_ms))
            return false;
    return true;
}

bool caller_hears(struct caller *c, const char *text, int timeout_ms)
{
    while (strstr(c->body, text) == NULL)
        if (c->whole || c->closed || !take_some(c, timeout_ms))
            return false;
    return true;
}

void caller_ask(struct caller *c, const struct proxied *p, const char *path, const char *body)
{
    caller_open(c, p);
    caller_post(c, p, path, body);
    assert_true(caller_take(c, ANSWER_MS));
}

struct bytes caller_field(const struct caller *c, const char *name)
{
    struct bytes value;
    (void)http_find(http_head(c->reader), name, &value);
    return value;
}
