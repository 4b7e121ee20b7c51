/* SPDX-License-Identifier: Apache-2.0 */

/* Asking over HTTP/1.1, with or without TLS: one connection, kept from request to request. */

#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "http/http.h"
#include "http/sse.h"

enum { READ_SIZE = 64 * 1024, BODY_MAX = 64 * 1024 * 1024, LINE_MAX_SIZE = 1 << 20 };

struct http_client {
    const struct load_options *options;
    int fd;
    SSL_CTX *context;
    SSL *tls;
    struct http_reader *reader;
    struct sse_reader events;
    struct secret_buffer request;
    uint8_t in[READ_SIZE];
    struct bytes rest; /* of `in` */
    bool used;         /* the connection has carried an answer */
    bool done;         /* [DONE] */
};

static void must(enum err e, const struct err_note *note)
{
    if (e != ERR_OK)
        load_fail("%s %s", err_name(e), note->text);
}

/* ---- the connection ---- */

static int connect_path(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0 ? fd : -1;
}

static int connect_port(const char *where)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    char host[64];
    const int on = 1;
    const char *colon = strrchr(where, ':');
    if (colon == NULL || (size_t)(colon - where) >= sizeof host)
        return -1;
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
    at.sin_port = htons((in_port_t)strtoul(colon + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || inet_pton(AF_INET, host, &at.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void open_tls(struct http_client *c)
{
    c->context = SSL_CTX_new(TLS_client_method());
    if (c->context == NULL || SSL_CTX_set_min_proto_version(c->context, TLS1_3_VERSION) != 1)
        load_fail("no TLS 1.3");
    c->tls = SSL_new(c->context);
    if (c->tls == NULL || SSL_set_fd(c->tls, c->fd) != 1 || SSL_connect(c->tls) != 1)
        load_fail("the TLS handshake failed");
}

static void open_connection(struct http_client *c)
{
    const char *at = c->options->http;
    c->fd = strncmp(at, "unix:", 5) == 0  ? connect_path(at + 5)
            : strncmp(at, "tcp:", 4) == 0 ? connect_port(at + 4)
                                          : -1;
    if (c->fd < 0)
        load_fail("%s: %s", at, strerror(errno)); // NOLINT(concurrency-mt-unsafe)
    if (c->options->tls)
        open_tls(c);
}

static void close_connection(struct http_client *c)
{
    if (c->tls != NULL)
        SSL_free(c->tls);
    SSL_CTX_free(c->context);
    c->tls = NULL;
    c->context = NULL;
    (void)close(c->fd);
}

static ssize_t read_some(struct http_client *c)
{
    if (c->tls != NULL)
        return SSL_read(c->tls, c->in, sizeof c->in);
    return recv(c->fd, c->in, sizeof c->in, 0);
}

static void write_all(struct http_client *c, struct bytes out)
{
    while (out.len > 0) {
        ssize_t n =
            c->tls != NULL ? SSL_write(c->tls, out.ptr, (int)out.len) : send(c->fd, out.ptr, out.len, 0);
        if (n <= 0)
            return; /* what that means, reading tells */
        out = bytes_of(out.ptr + n, out.len - (size_t)n);
    }
}

/* ---- the request ---- */

static char *make_body(const struct load_options *o)
{
    char text[LOAD_PROMPT_MAX];
    load_prompt(o, text);
    bool chat = strcmp(o->path, "/v1/chat/completions") == 0;
    json_t *body = json_pack("{s:b,s:i,s:i,s:{s:b}}", "stream", 1, "temperature", 0, "max_tokens",
                             (int)o->max_tokens, "stream_options", "include_usage", 1);
    json_t *prompt = chat ? json_pack("[{s:s,s:s}]", "role", "user", "content", text) : json_string(text);
    if (body == NULL || prompt == NULL ||
        json_object_set_new(body, chat ? "messages" : "prompt", prompt) != 0)
        load_fail("no memory");
    char *json = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return json;
}

static void make_request(struct http_client *c)
{
    char head[1024];
    char bearer[512];
    struct bytes text;
    struct err_note note = {{0}};
    struct writer w = writer_into(head, sizeof head);
    char *body = make_body(c->options);
    secret_buffer_clear(&c->request);
    http_write_request(&w, "POST", bytes_str(c->options->path));
    bool port = strncmp(c->options->http, "tcp:", 4) == 0;
    http_write_field(&w, "Host", bytes_str(port ? c->options->http + 4 : "localhost"));
    http_write_field(&w, "Content-Type", bytes_str("application/json"));
    http_write_number(&w, "Content-Length", strlen(body));
    if (c->options->token != NULL) {
        (void)snprintf(bearer, sizeof bearer, "Bearer %s", c->options->token);
        http_write_field(&w, "Authorization", bytes_str(bearer));
    }
    http_write_end(&w);
    must(writer_finish(&w, &text), &note);
    must(secret_buffer_append(&c->request, text, BODY_MAX), &note);
    must(secret_buffer_append(&c->request, bytes_str(body), BODY_MAX), &note);
    secret_free(body); /* of jansson, whose memory is secret memory */
}

static void *http_open(const struct load_options *options)
{
    struct http_client *c = calloc(1, sizeof *c);
    struct err_note note = {{0}};
    if (c == NULL)
        load_fail("no memory");
    c->options = options;
    c->events.limit = LINE_MAX_SIZE;
    open_connection(c);
    must(http_reader_new(&(struct http_config){.kind = HTTP_RESPONSE, .body_max = BODY_MAX}, &c->reader),
         &note);
    return c;
}

static void http_close(void *client)
{
    struct http_client *c = client;
    http_reader_free(c->reader);
    sse_release(&c->events);
    secret_buffer_release(&c->request);
    close_connection(c);
    free(c);
}

/* ---- the answer ---- */

/* Where the value of this member begins; NULL: there is none. The writer of these events puts no space behind the colon, or does: both are looked for. */
static const char *value_of(struct bytes data, const char *member)
{
    const char *at = memmem(data.ptr, data.len, member, strlen(member));
    if (at == NULL)
        return NULL;
    at += strlen(member);
    const char *end = (const char *)data.ptr + data.len;
    while (at < end && (*at == ' ' || *at == ':'))
        at++;
    return at < end ? at : NULL;
}

/* The text without its quotes, as it stands: escapes are not undone unless the answer is to be shown. */
static void take_text(struct load_answer *a, struct bytes data, const char *value)
{
    const char *end = value + 1;
    const char *last = (const char *)data.ptr + data.len;
    while (end < last && *end != '"')
        end += *end == '\\' ? 2 : 1;
    if (end < last && end > value + 1)
        load_piece(a, value + 1, (size_t)(end - value - 1));
}

static void take_event(struct http_client *c, struct load_answer *a, struct bytes data)
{
    if (bytes_is_str(data, "[DONE]")) {
        c->done = true;
        return;
    }
    if (memmem(data.ptr, data.len, "\"error\":", 8) != NULL)
        load_fail("the server says: %.*s", (int)data.len, (const char *)data.ptr);
    const char *text = value_of(data, "\"content\"");
    if (text == NULL)
        text = value_of(data, "\"text\"");
    if (text != NULL && *text == '"')
        take_text(a, data, text);
    const char *tokens = value_of(data, "\"completion_tokens\"");
    if (tokens != NULL)
        a->tokens = (uint32_t)strtoul(tokens, NULL, 10);
}

static void take_body(struct http_client *c, struct load_answer *a, struct bytes body)
{
    struct err_note note = {{0}};
    while (body.len != 0) {
        bool complete = false;
        must(sse_read(&c->events, &body, &complete, &note), &note);
        if (complete)
            take_event(c, a, sse_data(&c->events));
    }
}

static void take_head(const struct http_client *c)
{
    if (http_head(c->reader)->status != 200)
        load_fail("the server answers with status %u", http_head(c->reader)->status);
}

static void http_ask(void *client, struct load_answer *a)
{
    struct http_client *c = client;
    struct err_note note = {{0}};
    struct http_event event = {.kind = HTTP_MORE};
    bool keeps = false;
    bool kept = c->used;
    c->done = false;
    c->used = true;
    make_request(c);
    write_all(c, secret_buffer_bytes(&c->request));
    while (event.kind != HTTP_END) {
        must(http_read(c->reader, &c->rest, &event, &note), &note);
        if (event.kind == HTTP_HEAD)
            take_head(c);
        else if (event.kind == HTTP_BODY)
            take_body(c, a, event.body);
        if (event.kind != HTTP_MORE)
            continue;
        ssize_t n = read_some(c);
        if (n <= 0 && kept && !http_reader_begun(c->reader)) {
            /* Some servers close after a streamed answer without having said so (llama-server): connecting anew is then a part of asking. */
            kept = false;
            close_connection(c);
            open_connection(c);
            write_all(c, secret_buffer_bytes(&c->request));
            continue;
        }
        if (n <= 0)
            load_fail("the connection broke off");
        c->rest = bytes_of(c->in, (size_t)n);
    }
    if (!c->done)
        load_fail("the answer is not whole");
    keeps = http_head(c->reader)->keep_alive;
    http_reader_next(c->reader);
    if (keeps)
        return;
    close_connection(c);
    open_connection(c);
}

const struct load_way load_http = {.open = http_open, .ask = http_ask, .close = http_close};
