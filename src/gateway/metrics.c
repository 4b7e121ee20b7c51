/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics and GET /health, on a listener of their own. What is told are sums over everybody and the state of the backends: no address of a user, no token,
 * nothing of any one connection.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "gateway/gateway.h"
#include "gateway/outlet.h"
#include "http/http.h"

enum { CLIENTS_MAX = 16, HEAD_MAX = 4096, RESPONSE_HEAD_MAX = 512, CLIENT_MS = 10 * 1000, READ_SIZE = 4096 };

struct metrics_client {
    struct gateway *gateway;
    struct metrics_client *next;
    struct metrics_client **link;
    struct outlet socket;
    struct http_reader *request;
    uint64_t since;
    bool answered;
    bool dropped;
    uint8_t buffer[READ_SIZE];
};

/* ---- the text ---- */

#define LABEL_ROW(constant, label) [constant] = (label),
static const char *const transport_labels[] = {GATEWAY_TRANSPORT_TABLE(LABEL_ROW)};
static const char *const refusal_labels[] = {GATEWAY_REFUSAL_TABLE(LABEL_ROW)};
static const char *const end_labels[] = {GATEWAY_END_TABLE(LABEL_ROW)};
#undef LABEL_ROW

#define PREFIX "enclume_gateway_"

static void describe(FILE *f, const char *name, const char *type, const char *help)
{
    (void)fprintf(f, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void labelled(FILE *f, const char *name, const char *help, const char *label,
                     const char *const *values, const uint64_t *counts, size_t count)
{
    describe(f, name, "counter", help);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(f, PREFIX "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, values[i], counts[i]);
}

static void single(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
    describe(f, name, type, help);
    (void)fprintf(f, PREFIX "%s %" PRIu64 "\n", name, value);
}

/* An address may have a backslash or a quotation mark in its path. */
static void label_text(FILE *f, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            (void)fputc('\\', f);
        (void)fputc(*text, f);
    }
}

enum backend_metric { UP, DRAINING, CONNECTIONS, SERVED, FAILURES, BACKEND_METRIC_COUNT };

static uint64_t backend_value(const struct backend *b, enum backend_metric metric)
{
    const uint64_t values[BACKEND_METRIC_COUNT] = {
        [UP] = b->up,
        [DRAINING] = b->draining || !b->listed,
        [CONNECTIONS] = b->connections,
        [SERVED] = b->served,
        [FAILURES] = b->failures,
    };
    return values[metric];
}

static void backends_text(FILE *f, const struct backends *backends)
{
    static const struct {
        const char *name, *type, *help;
    } rows[BACKEND_METRIC_COUNT] = {
        [UP] = {"backend_up", "gauge", "Whether the last attempt to connect succeeded"},
        [DRAINING] = {"backend_draining", "gauge", "Whether it gets no new connections"},
        [CONNECTIONS] = {"backend_connections", "gauge", "Connections now"},
        [SERVED] = {"backend_connections_total", "counter", "Connections ever"},
        [FAILURES] = {"backend_failures_total", "counter", "Attempts to connect that failed"},
    };
    for (unsigned metric = 0; metric < BACKEND_METRIC_COUNT; metric++) {
        describe(f, rows[metric].name, rows[metric].type, rows[metric].help);
        for (size_t i = 0; i < backends->count; i++) {
            (void)fprintf(f, PREFIX "%s{backend=\"", rows[metric].name);
            label_text(f, backends->rows[i]->text);
            (void)fprintf(f, "\"} %" PRIu64 "\n", backend_value(backends->rows[i], metric));
        }
    }
}

static uint64_t resident_bytes(void)
{
    unsigned long long size = 0;
    unsigned long long resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    int n = fscanf(f, "%llu %llu", &size, &resident); // NOLINT(cert-err34-c): the kernel's own numbers
    (void)fclose(f);
    return n == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

/* The names that Prometheus' own libraries give to a process. */
static void process_text(FILE *f)
{
    struct rusage used;
    (void)fprintf(f,
                  "# HELP process_resident_memory_bytes Resident memory\n"
                  "# TYPE process_resident_memory_bytes gauge\n"
                  "process_resident_memory_bytes %" PRIu64 "\n",
                  resident_bytes());
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return;
    double seconds = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    (void)fprintf(f,
                  "# HELP process_cpu_seconds_total Processor time used\n"
                  "# TYPE process_cpu_seconds_total counter\n"
                  "process_cpu_seconds_total %.3f\n",
                  seconds);
}

static void write_text(FILE *f, struct gateway *g)
{
    const struct counters *c = &g->counters;
    labelled(f, "accepted_total", "Connections taken", "transport", transport_labels, c->accepted,
             TRANSPORT_COUNT);
    labelled(f, "refused_total", "Connections that got no backend", "reason", refusal_labels, c->refused,
             REFUSED_COUNT);
    labelled(f, "ended_total", "Connections with a backend that ended", "reason", end_labels, c->ended,
             ENDED_COUNT);
    describe(f, "bytes_total", "counter", "Ciphertext relayed");
    (void)fprintf(f, PREFIX "bytes_total{direction=\"up\"} %" PRIu64 "\n", c->bytes_up);
    (void)fprintf(f, PREFIX "bytes_total{direction=\"down\"} %" PRIu64 "\n", c->bytes_down);
    single(f, "throttled_total", "counter", "Times that a connection was paused for its rate", c->throttled);
    single(f, "retried_total", "counter", "Connections given to another backend", c->retried);
    single(f, "connections", "gauge", "Connections now", g->connection_count);
    single(f, "connections_max", "gauge", "Connections at most", g->options.connections);
    single(f, "stopping", "gauge", "Whether no new connections are taken", g->stopping);
    backends_text(f, &g->backends);
    process_text(f);
}

/* ---- the listener ---- */

static void client_drop(struct metrics_client *c)
{
    if (c->dropped)
        return;
    c->dropped = true;
    *c->link = c->next;
    if (c->next != NULL)
        c->next->link = c->link;
    c->gateway->metrics_count--;
    outlet_close(&c->socket);
}

static void on_closed(void *owner)
{
    struct metrics_client *c = owner;
    http_reader_free(c->request);
    free(c);
}

static void on_ended(void *owner)
{
    (void)owner; /* the client closes, or the sweep does */
}

static void on_moved(void *owner, bool fine)
{
    if (!fine)
        client_drop(owner);
}

static void respond(struct metrics_client *c, uint16_t status, const char *type, struct bytes body)
{
    uint8_t head[RESPONSE_HEAD_MAX];
    struct writer w = writer_into(head, sizeof head);
    struct bytes text = {0};
    http_write_response(&w, status);
    http_write_field(&w, "Content-Type", bytes_str(type));
    http_write_field(&w, "Cache-Control", bytes_str("no-store"));
    http_write_field(&w, "Connection", bytes_str("close"));
    http_write_number(&w, "Content-Length", body.len);
    http_write_end(&w);
    c->answered = true;
    if (writer_finish(&w, &text) != ERR_OK || !outlet_write(&c->socket, text) ||
        !outlet_write(&c->socket, body)) {
        client_drop(c);
        return;
    }
    outlet_end(&c->socket);
}

static void respond_metrics(struct metrics_client *c)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (f == NULL) {
        client_drop(c);
        return;
    }
    write_text(f, c->gateway);
    if (fclose(f) == 0)
        respond(c, 200, "text/plain; version=0.0.4", bytes_of(text, size));
    else
        client_drop(c);
    free(text);
}

static void respond_health(struct metrics_client *c)
{
    const struct gateway *g = c->gateway;
    bool fine = !g->stopping && backends_usable_count(&g->backends) != 0;
    respond(c, fine ? 200 : 503, "text/plain", bytes_str(fine ? "ok\n" : "no connections are taken\n"));
}

static void respond_to(struct metrics_client *c, const struct http_head *head)
{
    if (!bytes_is_str(head->method, "GET"))
        respond(c, 405, "text/plain", bytes_str("only GET\n"));
    else if (bytes_is_str(head->path, "/metrics"))
        respond_metrics(c);
    else if (bytes_is_str(head->path, "/health"))
        respond_health(c);
    else
        respond(c, 404, "text/plain", bytes_str("there are /metrics and /health\n"));
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct outlet *o = handle->data;
    struct metrics_client *c = o->owner;
    (void)suggested;
    *buffer = uv_buf_init((char *)c->buffer, sizeof c->buffer);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
    struct outlet *o = stream->data;
    struct metrics_client *c = o->owner;
    struct http_event event = {.kind = HTTP_MORE};
    if (n < 0)
        client_drop(c);
    if (n <= 0 || c->answered)
        return;
    struct bytes in = bytes_of(buffer->base, (size_t)n);
    enum err e = http_read(c->request, &in, &event, NULL);
    uint16_t status = http_reader_status(c->request);
    if (e != ERR_OK)
        respond(c, status != 0 ? status : 500, "text/plain", bytes_str("this is not a request\n"));
    else if (event.kind == HTTP_HEAD)
        respond_to(c, http_head(c->request));
}

void metrics_accept(uv_stream_t *stream, int status)
{
    static const struct http_config config = {.kind = HTTP_REQUEST, .head_max = HEAD_MAX};
    struct listener *l = stream->data;
    struct gateway *g = l->gateway;
    struct metrics_client *c = status == 0 ? calloc(1, sizeof *c) : NULL;
    if (c == NULL)
        return;
    c->gateway = g;
    c->since = uv_now(&g->loop);
    c->socket = (struct outlet){.owner = c, .moved = on_moved, .ended = on_ended, .closed = on_closed};
    if (!outlet_init(&c->socket, &g->loop, l->family)) {
        free(c);
        return;
    }
    c->next = g->metrics_clients;
    c->link = &g->metrics_clients;
    if (c->next != NULL)
        c->next->link = &c->next;
    g->metrics_clients = c;
    g->metrics_count++;
    if (uv_accept(stream, &c->socket.socket.stream) != 0 || g->metrics_count > CLIENTS_MAX ||
        http_reader_new(&config, &c->request) != ERR_OK) {
        client_drop(c);
        return;
    }
    outlet_read(&c->socket, true, on_buffer, on_read);
}

void metrics_sweep(struct gateway *g)
{
    for (struct metrics_client *c = g->metrics_clients, *next = NULL; c != NULL; c = next) {
        next = c->next;
        if (uv_now(&g->loop) - c->since > CLIENT_MS)
            client_drop(c);
    }
}

void metrics_drop(struct gateway *g)
{
    while (g->metrics_clients != NULL)
        client_drop(g->metrics_clients);
}
