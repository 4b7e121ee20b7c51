/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/llama_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/http.h"
#include "unit/test.h"

enum { SKIPPED = 77, START_MS = 120000, ANSWER_MAX = 1 << 20, READ_SIZE = 4096 };

static const char program[] = ENCLUME_DEPS_DIR "/llama-server/llama-server";

void llama_server_require(void)
{
    if (access(program, X_OK) == 0)
        return;
    (void)printf("skipped: %s is missing; deps/llama-server makes it\n", program);
    exit(SKIPPED); // NOLINT(concurrency-mt-unsafe)
}

static int connect_to(const struct llama_server *s)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", s->socket);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

static void send_request(int fd, const char *path, const char *body)
{
    char head[256];
    int n = snprintf(
        head, sizeof head,
        "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
        "Connection: close\r\n\r\n",
        body == NULL ? "GET" : "POST", path, body == NULL ? 0 : strlen(body));
    (void)!send(fd, head, (size_t)n, MSG_NOSIGNAL);
    if (body != NULL)
        (void)!send(fd, body, strlen(body), MSG_NOSIGNAL);
}

/* The status, or 0. */
static int read_answer(int fd, char *text)
{
    uint8_t chunk[READ_SIZE];
    struct http_reader *r;
    struct http_event event = {.kind = HTTP_MORE};
    struct bytes in = {0};
    size_t len = 0;
    int status = 0;
    assert_ok(http_reader_new(&(struct http_config){.kind = HTTP_RESPONSE, .body_max = ANSWER_MAX - 1}, &r));
    while (event.kind != HTTP_END && http_read(r, &in, &event, NULL) == ERR_OK) {
        if (event.kind == HTTP_HEAD)
            status = http_head(r)->status;
        if (event.kind == HTTP_BODY) {
            memcpy(text + len, event.body.ptr, event.body.len);
            len += event.body.len;
        }
        if (event.kind != HTTP_MORE)
            continue;
        ssize_t n = recv(fd, chunk, sizeof chunk, 0);
        if (n <= 0)
            break;
        in = bytes_of(chunk, (size_t)n);
    }
    http_reader_free(r);
    text[len] = '\0';
    return event.kind == HTTP_END ? status : 0;
}

int llama_server_ask(const struct llama_server *s, const char *path, const char *body, char **text)
{
    int status = 0;
    int fd = connect_to(s);
    *text = calloc(1, ANSWER_MAX);
    assert_non_null(*text);
    if (fd < 0)
        return 0;
    send_request(fd, path, body);
    status = read_answer(fd, *text);
    (void)close(fd);
    return status;
}

double llama_server_metric(const struct llama_server *s, const char *name)
{
    char *text;
    char line[128];
    assert_int_equal(llama_server_ask(s, "/metrics", NULL, &text), 200);
    (void)snprintf(line, sizeof line, "\nllamacpp:%s ", name);
    const char *at = strstr(text, line);
    double value = at == NULL ? -1 : strtod(at + strlen(line), NULL);
    free(text);
    return value;
}

void llama_server_run(struct llama_server *s)
{
    char slots[16];
    char *text = NULL;
    (void)snprintf(slots, sizeof slots, "%d", LLAMA_SERVER_SLOTS);
    (void)unlink(s->socket);
    const char *const argv[] = {program,
                                "--model",
                                ENCLUME_DEMO_MODEL,
                                "--alias",
                                "demo",
                                "--host",
                                s->socket,
                                "--threads",
                                "1",
                                "--parallel",
                                slots,
                                "--ctx-size",
                                "1024",
                                "--no-ui",
                                "--cache-ram",
                                "0",
                                "--metrics",
                                "--log-disable",
                                s->without_cache ? "--no-cache-prompt" : NULL,
                                NULL};
    process_start(&s->process, argv, "/dev/null");
    long end = process_clock() + START_MS;
    int status = 0;
    while (status != 200) {
        free(text);
        status = llama_server_ask(s, "/health", NULL, &text);
        if (process_clock() > end)
            fail_msg("llama-server does not start");
        process_sleep(20);
    }
    free(text);
}

void llama_server_kill(struct llama_server *s)
{
    process_release(&s->process);
}

void llama_server_start(struct llama_server *s)
{
    *s = (struct llama_server){.dir = "/tmp/enclume-llama-XXXXXX"};
    assert_non_null(mkdtemp(s->dir));
    (void)snprintf(s->socket, sizeof s->socket, "%s/s.sock", s->dir);
    (void)snprintf(s->engine, sizeof s->engine, "upstream=unix:%s", s->socket);
    llama_server_run(s);
}

void llama_server_stop(struct llama_server *s)
{
    llama_server_kill(s);
    (void)unlink(s->socket);
    (void)rmdir(s->dir);
}
