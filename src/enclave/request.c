/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/session.h"

#include "base/secret.h"
#include "base/secret_buffer.h"

/*
 * One request: BODY -> RUNNING -> gone. The engine knows it by number; when its session goes while the engine works, the request stays behind without
 * a session until the engine has said `done`.
 */

enum route { ROUTE_UNKNOWN, ROUTE_API, ROUTE_MODELS, ROUTE_MODEL };

#define MODELS_PATH "/v1/models"
enum {
    STATUS_OK = 200,
    BODY_RATE = 64 * 1024, /* bytes for which a client has a second more */
    UNREAD_SECONDS = 600,  /* that an answer is kept for somebody who does not take it */
    SECOND_MS = 1000,
    TOKEN_LINE_MAX = 504, /* longer lines are not tokens' */
};

struct request {
    struct session *session; /* NULL: gone */
    struct request *next;
    struct request **link;
    struct enclave *enclave;
    uint64_t id;
    uint32_t stream;
    enum route route;
    enum api api; /* ROUTE_API; for errors of the others too */
    bool running;
    bool replied;
    struct secret_buffer
        body;       /* while it comes; then what of a long answer the channel has no room for yet */
    size_t sent;    /* bytes of that which it has taken */
    uint64_t since; /* uv_now: when the body began to come, or the answer to wait there */
    bool done;      /* the engine is, and nothing comes after what is in body */
    bool our_model; /* ROUTE_MODEL: the path names it */
};

static enum route route_of(struct bytes path, enum api *api)
{
    *api = API_CHAT;
    if (api_find(path, api))
        return ROUTE_API;
    if (bytes_is_str(path, MODELS_PATH))
        return ROUTE_MODELS;
    const struct bytes prefix = bytes_str(MODELS_PATH "/");
    bool one = path.len > prefix.len && memcmp(path.ptr, prefix.ptr, prefix.len) == 0;
    return one ? ROUTE_MODEL : ROUTE_UNKNOWN;
}

/* ---- bodies ---- */

static void body_release(struct request *r)
{
    r->enclave->body_bytes -= r->body.len;
    if (r->session != NULL)
        r->session->body_bytes -= r->body.len;
    secret_buffer_release(&r->body);
}

static enum err body_append(struct request *r, struct bytes data)
{
    if (data.len > ENCLAVE_SESSION_BODY_MAX - r->session->body_bytes)
        return ERR_TOO_LARGE;
    if (data.len > ENCLAVE_BODY_MAX - r->enclave->body_bytes)
        return ERR_BUSY;
    enum err e = secret_buffer_append(&r->body, data, API_BODY_MAX);
    if (e == ERR_OK) {
        r->session->body_bytes += data.len;
        r->enclave->body_bytes += data.len;
    }
    return e;
}

/* ---- coming and going ---- */

static void detach(struct request *r)
{
    if (r->session == NULL)
        return;
    body_release(r);
    *r->link = r->next;
    if (r->next != NULL)
        r->next->link = r->link;
    r->session->last_active = uv_now(&r->enclave->loop);
    r->session = NULL;
}

/* Forgets a request whose answer nobody waits for; the engine, if it works on it, is told and has the last word. */
static void drop(struct request *r)
{
    detach(r);
    if (r->running) {
        r->enclave->engine->cancel(r->enclave->engine, r->id);
        return;
    }
    idmap_remove(&r->enclave->request_ids, r->id);
    secret_free(r);
}

void requests_drop(struct session *session)
{
    while (session->requests != NULL)
        drop(session->requests);
}

static struct request *find(const struct session *session, uint32_t stream)
{
    struct request *r = session->requests;
    while (r != NULL && r->stream != stream)
        r = r->next;
    return r;
}

/* ---- answering ---- */

/* Writes secret text that ends in NUL, and releases it. */
static enum err say(struct request *r, char *text, bool end)
{
    if (text == NULL)
        return ERR_MEMORY;
    enum err e = channel_stream_write(r->session->channel, r->stream, bytes_str(text), end);
    secret_free(text);
    r->session->dirty = true;
    return e;
}

static enum err reply(struct request *r, uint16_t status)
{
    if (r->replied)
        return ERR_OK;
    r->replied = true;
    return channel_stream_reply(r->session->channel, r->stream, status);
}

/* The answer cannot be written: the stream is given up, with the reason, and the engine stopped. */
static void give_up(struct request *r, enum err reason)
{
    channel_stream_cancel(r->session->channel, r->stream, reason);
    r->session->dirty = true;
    drop(r);
}

/* Ends the request with the last lines (perhaps NULL) or, when the result says so, with an error's line, and forgets it. */
static void finish(struct request *r, enum err result, char *text, const struct err_note *note)
{
    bool answered = r->replied;
    enum err e = reply(r, result == ERR_OK ? STATUS_OK : api_error_status(result));
    if (result != ERR_OK)
        text = api_error(r->api, result, note, answered);
    if (e == ERR_OK && text == NULL && result == ERR_OK)
        e = channel_stream_write(r->session->channel, r->stream, (struct bytes){0}, true);
    else if (e == ERR_OK)
        e = say(r, text, true);
    else
        secret_free(text);
    r->session->dirty = true;
    if (e != ERR_OK)
        give_up(r, e);
    else
        drop(r);
}

static void answer_models(struct request *r)
{
    const struct enclave *enclave = r->enclave;
    char *text = api_model_list(enclave->engine_info.name, enclave->started_at);
    body_release(r);
    finish(r, text == NULL ? ERR_MEMORY : ERR_OK, text, NULL);
}

static void answer_model(struct request *r)
{
    const struct enclave *enclave = r->enclave;
    body_release(r);
    if (!r->our_model) {
        finish(r, ERR_UNKNOWN, NULL, &(struct err_note){"there is no such model"});
        return;
    }
    char *text = api_model(enclave->engine_info.name, enclave->started_at);
    finish(r, text == NULL ? ERR_MEMORY : ERR_OK, text, NULL);
}

static void hand_to_engine(struct request *r)
{
    struct engine *engine = r->enclave->engine;
    struct err_note note = {0};
    if (!r->session->begun)
        engine->session_begin(engine, r->session->id);
    r->session->begun = true;
    enum err e = engine->submit(engine, r->id, r->session->id, r->api, secret_buffer_bytes(&r->body), &note);
    body_release(r);
    r->running = e == ERR_OK;
    if (e != ERR_OK)
        finish(r, e, NULL, &note);
}

/* ---- what the channel tells ---- */

void request_open(struct session *session, uint32_t stream, struct bytes path)
{
    struct enclave *enclave = session->enclave;
    struct request *r = secret_alloc(sizeof *r);
    if (r == NULL || idmap_add(&enclave->request_ids, r, &r->id) != ERR_OK) {
        secret_free(r);
        channel_stream_cancel(session->channel, stream, ERR_MEMORY);
        return;
    }
    r->session = session;
    r->enclave = enclave;
    r->stream = stream;
    r->route = route_of(path, &r->api);
    r->next = session->requests;
    r->link = &session->requests;
    if (r->next != NULL)
        r->next->link = &r->next;
    session->requests = r;
    session->last_active = r->since = uv_now(&enclave->loop);
    r->our_model = api_model_is(path, enclave->engine_info.name);
    if (enclave->stopping)
        finish(r, ERR_CHANNEL_SHUTDOWN, NULL, NULL);
    else if (r->route == ROUTE_UNKNOWN)
        finish(r, ERR_UNKNOWN, NULL, &(struct err_note){"there is no such path"});
}

void request_data(struct session *session, uint32_t stream, struct bytes data, bool end)
{
    struct request *r = find(session, stream);
    if (r == NULL)
        return; /* answered before its body was complete: no window is given for the rest */
    enum err e = body_append(r, data);
    if (e != ERR_OK) {
        finish(r, e, NULL, NULL);
        return;
    }
    channel_stream_consumed(session->channel, stream, data.len);
    if (!end)
        return;
    if (r->route == ROUTE_MODELS)
        answer_models(r);
    else if (r->route == ROUTE_MODEL)
        answer_model(r);
    else
        hand_to_engine(r);
}

void request_cancelled(struct session *session, uint32_t stream)
{
    struct request *r = find(session, stream);
    if (r != NULL)
        drop(r);
}

/* ---- what the engine tells ---- */

/* A whole answer may be longer than what a stream can queue; it goes as the client takes it, and counts like a body that is being received. A streamed
 * one comes in small pieces, and who does not read them has to do without. */
static enum err keep_rest(struct request *r, struct bytes text)
{
    if (text.len > ENCLAVE_SESSION_BODY_MAX - r->session->body_bytes)
        return ERR_TOO_LARGE;
    if (text.len > ENCLAVE_BODY_MAX - r->enclave->body_bytes)
        return ERR_BUSY;
    if (r->body.len == 0)
        r->since = uv_now(&r->enclave->loop);
    enum err e = secret_buffer_append(&r->body, text, ENCLAVE_SESSION_BODY_MAX);
    if (e == ERR_OK) {
        r->session->body_bytes += text.len;
        r->enclave->body_bytes += text.len;
    }
    return e;
}

static enum err write_rest(struct request *r)
{
    size_t room = channel_stream_room(r->session->channel, r->stream);
    size_t left = r->body.len - r->sent;
    size_t n = left < room ? left : room;
    if (n == 0)
        return ERR_OK;
    bool end = r->done && n == left;
    enum err e =
        channel_stream_write(r->session->channel, r->stream, bytes_of(r->body.ptr + r->sent, n), end);
    r->sent += n;
    return e;
}

void requests_write_rest(struct session *session)
{
    for (struct request *r = session->requests, *next; r != NULL; r = next) {
        next = r->next;
        if (!r->replied || r->sent == r->body.len)
            continue;
        enum err e = write_rest(r);
        if (e != ERR_OK)
            give_up(r, e);
        else if (r->done && r->sent == r->body.len)
            drop(r);
    }
}

/* ---- time ---- */

/* What has come of a body, and what is left of an answer, is held out of what all together may hold: so both have an end. */
static bool is_late(const struct request *r, uint64_t now)
{
    const struct enclave_options *o = &r->enclave->options;
    uint64_t unread = o->idle_seconds < UNREAD_SECONDS ? o->idle_seconds : UNREAD_SECONDS;
    uint64_t allowed = r->done ? unread + r->sent / BODY_RATE : o->request_seconds + r->body.len / BODY_RATE;
    return !r->running && now - r->since > allowed * SECOND_MS;
}

void requests_sweep(struct session *session, uint64_t now)
{
    for (struct request *r = session->requests, *next; r != NULL; r = next) {
        next = r->next;
        if (!is_late(r, now))
            continue;
        if (r->done)
            give_up(r, ERR_SLOW_READER);
        else
            finish(r, ERR_CHANNEL_TIMEOUT, NULL,
                   &(struct err_note){"the request did not come to its end in time"});
    }
}

/* ---- what the engine tells, of answers that are not whole ---- */

void request_lines(struct enclave *enclave, const struct mail *mail)
{
    struct request *r = idmap_find(&enclave->request_ids, mail->id);
    if (r == NULL || r->session == NULL)
        return;
    bool whole = !r->replied;
    struct bytes lines = bytes_of(mail->text, mail->size);
    /* One line, as tokens come in, that is too long for the smallest record: the next one would fit into it, or not, by the length of its token. */
    if (lines.len != 0 && lines.len <= TOKEN_LINE_MAX &&
        memchr(lines.ptr, '\n', lines.len) == lines.ptr + lines.len - 1)
        channel_stream_floor(r->session->channel, r->stream, lines.len);
    enum err e = reply(r, mail->status);
    whole = whole && lines.len > channel_stream_room(r->session->channel, r->stream);
    if (e == ERR_OK && (whole || r->sent < r->body.len))
        e = keep_rest(r, lines);
    else if (e == ERR_OK)
        e = channel_stream_write(r->session->channel, r->stream, lines, false);
    r->session->dirty = true;
    if (e != ERR_OK)
        give_up(r, e);
}

void request_done(struct enclave *enclave, const struct mail *mail)
{
    struct request *r = idmap_find(&enclave->request_ids, mail->id);
    if (r == NULL)
        return;
    r->running = false;
    if (r->session == NULL) {
        drop(r);
        return;
    }
    /* The host reads this log: the sizes of prompts and answers, which the padding hides from it, have no place there. */
    if (mail->result == ERR_ENGINE)
        log_event(LOG_REQUEST_FAILED, LOG_ERR(mail->result));
    r->done = true;
    if (mail->result == ERR_OK && r->sent < r->body.len)
        return;
    struct err_note note = {0};
    memcpy(note.text, mail->text, mail->size < sizeof note.text ? mail->size : sizeof note.text - 1);
    finish(r, mail->result, NULL, &note);
}
