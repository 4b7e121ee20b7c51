/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/session.h"

#include <stdio.h>

#include "base/secret.h"
#include "base/secret_buffer.h"

/*
 * One request: BODY -> RUNNING -> gone. The engine knows it by number; when its session goes while the engine works, the request stays behind without
 * a session until the engine has said `done`.
 */

enum route { ROUTE_UNKNOWN, ROUTE_CHAT, ROUTE_MODELS };

static const struct {
    const char *path;
    enum route route;
} routes[] = {
    {"/v1/chat/completions", ROUTE_CHAT},
    {"/v1/models", ROUTE_MODELS},
};

struct request {
    struct session *session; /* NULL: gone */
    struct request *next;
    struct request **link;
    struct enclave *enclave;
    uint64_t id;
    uint32_t stream;
    enum route route;
    bool running;
    bool streamed;
    bool replied;
    struct secret_buffer body, answer;
};

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
    enum err e = secret_buffer_append(&r->body, data, CHAT_REQUEST_MAX);
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
    secret_buffer_release(&r->answer);
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

/* Ends the request with text (or, when e says so, with an error) and forgets it. */
static void finish(struct request *r, enum err result, char *text, const struct err_note *note)
{
    enum err e = reply(r, result == ERR_OK ? 200 : chat_error_status(result));
    if (result != ERR_OK)
        text = chat_error(result, note);
    if (e == ERR_OK)
        e = say(r, text, true);
    else
        secret_free(text);
    if (e != ERR_OK)
        give_up(r, e);
    else
        drop(r);
}

static void answer_models(struct request *r)
{
    /* The name is printable ASCII without quotes (engine_info), so it can stand in JSON as it is. */
    char *text = secret_alloc(256);
    if (text != NULL)
        (void)snprintf(text, 256,
                       "{\"object\":\"list\",\"data\":[{\"id\":\"%s\",\"object\":\"model\",\"owned_by\":"
                       "\"enclume\"}]}\n",
                       r->enclave->engine_info.name);
    finish(r, text == NULL ? ERR_MEMORY : ERR_OK, text, NULL);
}

static void answer_chat(struct request *r)
{
    struct chat_request chat;
    struct err_note note = {0};
    enum err e = chat_request_parse(secret_buffer_bytes(&r->body), &chat, &note);
    body_release(r);
    if (e == ERR_OK) {
        r->streamed = chat.stream;
        e = r->enclave->engine->submit(r->enclave->engine, r->id, r->session->id, &chat);
        chat_request_release(&chat);
    }
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
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (bytes_is_str(path, routes[i].path))
            r->route = routes[i].route;
    r->next = session->requests;
    r->link = &session->requests;
    if (r->next != NULL)
        r->next->link = &r->next;
    session->requests = r;
    session->last_active = uv_now(&enclave->loop);
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
    else
        answer_chat(r);
}

void request_cancelled(struct session *session, uint32_t stream)
{
    struct request *r = find(session, stream);
    if (r != NULL)
        drop(r);
}

/* ---- what the engine tells ---- */

void request_text(struct enclave *enclave, const struct mail *mail)
{
    struct request *r = idmap_find(&enclave->request_ids, mail->id);
    if (r == NULL || r->session == NULL)
        return;
    struct bytes text = bytes_of(mail->text, mail->size);
    enum err e = ERR_OK;
    if (r->streamed) {
        e = reply(r, 200);
        if (e == ERR_OK)
            e = say(r, chat_line_text(text), false);
    } else {
        e = secret_buffer_append(&r->answer, text, CHANNEL_STREAM_QUEUE_MAX / 2);
    }
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
    char *text = NULL;
    if (mail->result == ERR_OK)
        text = r->streamed ? chat_line_finish(mail->finish, &mail->usage)
                           : chat_answer(secret_buffer_bytes(&r->answer), mail->finish, &mail->usage);
    finish(r, mail->result, text, NULL);
}
