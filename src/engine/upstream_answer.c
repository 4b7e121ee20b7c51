/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/upstream_answer.h"

#include "base/strict_json.h"
#include "engine/upstream_json.h"

enum {
    STATUS_OK = 200,
    STATUS_ERRORS = 400,
    STATUS_UNAUTHORIZED = 401,
    STATUS_FORBIDDEN = 403,
    STATUS_NOT_FOUND = 404,
    STATUS_METHOD = 405,
    STATUS_PROXY_AUTHENTICATION = 407,
    OUT_MAX = 2 * UPSTREAM_DOCUMENT_MAX,
};

enum err upstream_answer_open(struct upstream_answer *a, enum api api, bool streamed,
                              void (*lines)(void *owner, uint16_t status, struct bytes lines), void *owner)
{
    *a = (struct upstream_answer){.api = api, .streamed = streamed, .lines = lines, .owner = owner};
    a->events.limit = UPSTREAM_LINE_MAX;
    /* A streamed answer may be as long as it likes: it is not kept. */
    return http_reader_new(&(struct http_config){.kind = HTTP_RESPONSE, .body_max = INT64_MAX}, &a->http);
}

void upstream_answer_close(struct upstream_answer *a)
{
    http_reader_free(a->http);
    a->http = NULL;
    sse_release(&a->events);
    secret_buffer_release(&a->document);
    secret_buffer_release(&a->out);
}

/* ---- the head ---- */

/* The type without its parameters. */
static bool content_is(const struct http_head *head, const char *type)
{
    struct bytes value;
    if (http_find(head, "Content-Type", &value) != 1)
        return false;
    size_t len = 0;
    while (len < value.len && value.ptr[len] != ';' && value.ptr[len] != ' ' && value.ptr[len] != '\t')
        len++;
    return http_same(bytes_of(value.ptr, len), type);
}

static enum err check_status(const struct upstream_answer *a, struct err_note *note)
{
    if (a->status != STATUS_OK && a->status < STATUS_ERRORS)
        return err_noted(ERR_ENGINE, note, "the inference server answered with status %u", a->status);
    /* Between the two of us there is nobody to authenticate: it would read as if the client's own key were wrong. */
    if (a->status == STATUS_UNAUTHORIZED || a->status == STATUS_FORBIDDEN ||
        a->status == STATUS_PROXY_AUTHENTICATION)
        return err_noted(ERR_ENGINE, note, "the inference server wants a key (status %u)", a->status);
    /* Not every server has it; its own words would be about a path that the client knows to be there. */
    if (a->api == API_TOKENS && (a->status == STATUS_NOT_FOUND || a->status == STATUS_METHOD))
        return err_noted(ERR_UNKNOWN, note, "the inference server of this enclave counts no tokens");
    return ERR_OK;
}

static enum err take_head(struct upstream_answer *a, struct err_note *note)
{
    const struct http_head *head = http_head(a->http);
    struct bytes coding;
    a->status = head->status;
    enum err e = check_status(a, note);
    if (e != ERR_OK)
        return e;
    if (head->body == HTTP_BODY_TO_EOF)
        return err_noted(ERR_ENGINE, note, "the inference server does not say where its answer ends");
    if (http_find(head, "Content-Encoding", &coding) != 0)
        return err_noted(ERR_ENGINE, note,
                         "the inference server's answer is encoded, which was not asked for");
    a->reusable = head->keep_alive;
    if (a->api == API_COUNT)
        return ERR_OK;
    a->is_events = content_is(head, "text/event-stream");
    bool wants_events = a->streamed && a->status == STATUS_OK;
    if (wants_events != a->is_events || (!wants_events && !content_is(head, "application/json")))
        return err_noted(ERR_ENGINE, note, "the inference server answered with status %u and no %s",
                         a->status, wants_events ? "events" : "JSON");
    return ERR_OK;
}

/* ---- lines ---- */

static enum err noted_memory(enum err e, struct err_note *note)
{
    return e == ERR_OK || e == ERR_MEMORY
               ? e
               : err_noted(ERR_ENGINE, note, "the inference server's answer is too long: %s", err_name(e));
}

static enum err add_line(struct upstream_answer *a, struct bytes line, struct err_note *note)
{
    enum err e = secret_buffer_append(&a->out, line, OUT_MAX);
    if (e != ERR_OK)
        return noted_memory(e, note);
    if (upstream_json_line(a->out.ptr + a->out.len - line.len, line.len, note) != ERR_OK) {
        a->out.len -= line.len;
        return ERR_ENGINE;
    }
    return noted_memory(secret_buffer_append(&a->out, bytes_str("\n"), OUT_MAX), note);
}

static void hand_on(struct upstream_answer *a)
{
    if (a->out.len != 0)
        a->lines(a->owner, a->status, secret_buffer_bytes(&a->out));
    secret_buffer_clear(&a->out);
}

static enum err take_event(struct upstream_answer *a, struct err_note *note)
{
    struct bytes data = sse_data(&a->events);
    if (a->said_done)
        return err_noted(ERR_ENGINE, note, "the inference server goes on behind the end of its answer");
    if (bytes_is_str(data, "[DONE]")) {
        a->said_done = true;
        return ERR_OK;
    }
    enum err e = add_line(a, data, note);
    if (e != ERR_OK)
        return e;
    secret_buffer_clear(&a->document);
    return noted_memory(secret_buffer_append(&a->document, data, UPSTREAM_LINE_MAX), note);
}

static enum err take_events(struct upstream_answer *a, struct bytes body, struct err_note *note)
{
    while (body.len != 0) {
        bool complete = false;
        struct err_note why = {{0}};
        enum err e = sse_read(&a->events, &body, &complete, &why);
        if (e == ERR_MEMORY)
            return e;
        if (e != ERR_OK)
            return err_noted(ERR_ENGINE, note, "the inference server's events: %.150s", why.text);
        if (complete)
            e = take_event(a, note);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err take_body(struct upstream_answer *a, struct bytes body, struct err_note *note)
{
    if (a->is_events)
        return take_events(a, body, note);
    size_t limit = a->status == STATUS_OK ? UPSTREAM_DOCUMENT_MAX : UPSTREAM_ERROR_MAX;
    return noted_memory(secret_buffer_append(&a->document, body, limit), note);
}

/* ---- the end ---- */

/* The events after which nothing follows. */
static bool is_last_type(enum api api, struct bytes type)
{
    static const struct {
        enum api api;
        const char *type;
    } table[] = {
        {API_RESPONSES, "response.completed"}, {API_RESPONSES, "response.incomplete"},
        {API_RESPONSES, "response.failed"},    {API_RESPONSES, "error"},
        {API_MESSAGES, "message_stop"},        {API_MESSAGES, "error"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].api == api && bytes_is_str(type, table[i].type))
            return true;
    return false;
}

/* A stream ends with what its API has for that, or with an error that the server told the client of. */
static bool last_line_ends(const struct upstream_answer *a)
{
    json_t *doc;
    bool ends = false;
    if (a->document.len == 0 || strict_json_parse_within(secret_buffer_bytes(&a->document), UPSTREAM_LINE_MAX,
                                                         API_BODY_MEMORY, &doc, NULL) != ERR_OK)
        return false;
    if (api_events(a->api) == API_EVENTS_NAMED) {
        struct bytes type;
        ends = strict_json_string(doc, "type", &type, NULL) == ERR_OK && is_last_type(a->api, type);
    } else {
        ends = json_is_object(json_object_get(doc, "error"));
    }
    json_decref(doc);
    return ends;
}

static enum err take_end(struct upstream_answer *a, struct err_note *note)
{
    enum err e = ERR_OK;
    if (a->api == API_COUNT) {
        e = noted_memory(secret_buffer_append(&a->out, secret_buffer_bytes(&a->document), OUT_MAX), note);
    } else if (a->is_events) {
        bool by_name = api_events(a->api) == API_EVENTS_NAMED;
        if (!(a->said_done && !by_name) && !last_line_ends(a))
            e = err_noted(ERR_ENGINE, note, "the inference server ended its answer early");
    } else {
        e = add_line(a, secret_buffer_bytes(&a->document), note);
    }
    if (e == ERR_OK)
        a->ended = true;
    return e;
}

static enum err read_all(struct upstream_answer *a, struct bytes in, struct err_note *note)
{
    while (!a->ended) {
        struct http_event event;
        struct err_note why = {{0}};
        enum err e = http_read(a->http, &in, &event, &why);
        if (e == ERR_MEMORY)
            return e;
        if (e != ERR_OK)
            return err_noted(ERR_ENGINE, note, "the inference server's HTTP: %.150s", why.text);
        if (event.kind == HTTP_MORE)
            return ERR_OK;
        if (event.kind == HTTP_HEAD)
            e = take_head(a, note);
        else if (event.kind == HTTP_BODY)
            e = take_body(a, event.body, note);
        else
            e = take_end(a, note);
        if (e != ERR_OK)
            return e;
    }
    /* Nobody asked for what stands behind it. */
    if (in.len != 0)
        a->reusable = false;
    return ERR_OK;
}

enum err upstream_answer_read(struct upstream_answer *a, struct bytes in, struct err_note *note)
{
    a->begun = a->begun || in.len != 0;
    enum err e = read_all(a, in, note);
    if (e != ERR_OK)
        a->reusable = false;
    hand_on(a);
    return e;
}

enum err upstream_answer_eof(struct upstream_answer *a, struct err_note *note)
{
    a->reusable = false;
    if (a->ended)
        return ERR_OK;
    return err_noted(ERR_ENGINE, note,
                     a->begun ? "the inference server's connection broke off in its answer"
                              : "the inference server closed the connection without an answer");
}
