/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_internal.h"

#include <stdio.h>

#include "base/monotonic.h"
#include "base/secret.h"
#include "openai/api.h"

#define ASK_PATH "/v1/chat/completions"

static void ask_end(struct ask *ask, enum err result)
{
    if (ask->done)
        return;
    ask->done = true;
    ask->result = result;
}

/* ---- the answer: lines of JSON ---- */

static void take_line(struct client *c, struct bytes text)
{
    struct ask *ask = &c->ask;
    struct chat_line line;
    enum err e = chat_line_parse(text, &line);
    /* Behind the reason comes the usage, once, and nothing else but an error. */
    bool late =
        ask->finished && line.kind != CHAT_LINE_ERROR && (line.kind != CHAT_LINE_USAGE || ask->counted);
    if (e != ERR_OK || late || (line.kind == CHAT_LINE_USAGE && !ask->finished)) {
        ask_end(ask,
                err_noted(ERR_CHANNEL_FRAME, &ask->note, "the answer is not in the form that was agreed"));
        chat_line_release(&line);
        return;
    }
    switch (line.kind) {
    case CHAT_LINE_TEXT:
        ask->on_text(ask->owner, line.text);
        break;
    case CHAT_LINE_FINISH:
        ask->answer.finish = line.finish;
        ask->finished = true;
        break;
    case CHAT_LINE_USAGE:
        ask->answer.usage = line.usage;
        ask->counted = true;
        break;
    case CHAT_LINE_NOTHING:
    case CHAT_LINE_REASONING:
        break;
    case CHAT_LINE_PROGRESS:
        if (c->options.on_progress != NULL)
            c->options.on_progress(c->options.progress_owner, line.processed, line.total);
        break;
    case CHAT_LINE_ERROR:
        ask_end(ask, err_noted(api_error_find(line.code), &ask->note, "%s", line.message));
        break;
    }
    chat_line_release(&line);
}

static void take_data(struct client *c, struct bytes data)
{
    struct ask *ask = &c->ask;
    while (data.len != 0 && !ask->done) {
        const uint8_t *newline = memchr(data.ptr, '\n', data.len);
        size_t n = newline == NULL ? data.len : (size_t)(newline - data.ptr) + 1;
        enum err e = secret_buffer_append(&ask->line, bytes_of(data.ptr, n), CLIENT_LINE_MAX);
        if (e != ERR_OK) {
            ask_end(ask, e);
            return;
        }
        data = bytes_of(data.ptr + n, data.len - n);
        if (newline == NULL)
            return;
        struct bytes line = secret_buffer_bytes(&ask->line);
        ask->line.len = 0;
        take_line(c, line);
        secret_wipe(ask->line.ptr, line.len);
    }
}

/* ---- the channel's callbacks ---- */

void ask_on_replied(void *owner, uint32_t stream, uint16_t status)
{
    struct client *c = owner;
    if (c->ask.active && stream == c->ask.stream)
        c->ask.status = status;
}

void ask_on_data(void *owner, uint32_t stream, struct bytes data, bool end)
{
    struct client *c = owner;
    if (!c->ask.active || stream != c->ask.stream)
        return;
    take_data(c, data);
    channel_stream_consumed(c->channel, stream, data.len);
    if (!end || c->ask.done) /* by an error's line, whose note stands */
        return;
    bool whole = c->ask.finished && c->ask.line.len == 0 && c->ask.status == 200;
    ask_end(&c->ask,
            whole ? ERR_OK
                  : err_noted(ERR_CHANNEL_FRAME, &c->ask.note, "the answer ended without its last line"));
}

void ask_on_cancelled(void *owner, uint32_t stream, enum err reason)
{
    struct client *c = owner;
    if (c->ask.active && stream == c->ask.stream)
        ask_end(&c->ask, reason == ERR_OK ? ERR_CANCELLED : reason);
}

/* ---- asking ---- */

/* Queues the body as fast as the channel takes it, then waits for the end of the answer. */
static enum err converse(struct client *c, struct bytes body)
{
    struct ask *ask = &c->ask;
    bool sent = false;
    c->heard_at = monotonic_ms();
    while (!ask->done) {
        size_t room = channel_stream_room(c->channel, ask->stream);
        if (!sent && room != 0) {
            size_t n = body.len < room ? body.len : room;
            sent = n == body.len;
            enum err e = channel_stream_send(c->channel, ask->stream, bytes_of(body.ptr, n), sent);
            if (e != ERR_OK)
                return e;
            body = bytes_of(body.ptr + n, body.len - n);
        }
        enum err e = link_turn(c, c->heard_at + c->options.silence_ms);
        if (e != ERR_OK && !ask->done)
            return e;
    }
    return ask->result;
}

static enum err ask_once(struct client *c, struct bytes body, bool *answered)
{
    struct ask *ask = &c->ask;
    enum err e = channel_stream_open(c->channel, bytes_str(ASK_PATH), &ask->stream);
    if (e == ERR_OK) {
        ask->active = true;
        e = converse(c, body);
    }
    *answered = ask->status != 0;
    /* Whatever it was that ended this, the enclave need not work on it any longer. */
    if (e != ERR_OK && c->failure == ERR_OK) {
        channel_stream_cancel(c->channel, ask->stream, ERR_CANCELLED);
        link_send(c);
    }
    ask->active = false;
    return e;
}

static void ask_reset(struct client *c, void (*on_text)(void *owner, struct bytes text), void *owner)
{
    secret_buffer_release(&c->ask.line);
    c->ask = (struct ask){.on_text = on_text, .owner = owner};
}

enum err client_ask(struct client *c, const struct chat_request *request,
                    void (*on_text)(void *owner, struct bytes text), void *owner,
                    struct client_answer *answer, struct err_note *note)
{
    struct chat_request streamed = *request;
    streamed.stream = true;
    streamed.progress = c->options.on_progress != NULL;
    char *body = chat_request_write(&streamed);
    if (body == NULL)
        return ERR_MEMORY;
    link_forget_cancel(c);
    enum err e = ERR_OK;
    bool again = true;
    while (again) {
        bool answered = false;
        bool reused = c->channel != NULL;
        e = client_ready(c, note);
        if (e == ERR_OK)
            e = client_renew(c, note);
        if (e != ERR_OK)
            goto out;
        ask_reset(c, on_text, owner);
        e = ask_once(c, bytes_str(body), &answered);
        /* A kept connection may have died unnoticed; nothing was answered on it, so the question may be put again, on a new one, once. */
        again = e != ERR_OK && c->failure != ERR_OK && c->failure != ERR_REFUSED && reused && !answered;
        if (e != ERR_OK && !again)
            e = err_noted(e, note, "%s", c->ask.note.text[0] != '\0' ? c->ask.note.text : err_text(e));
        if (c->failure != ERR_OK)
            link_drop(c);
    }
    *answer = c->ask.answer;
out:
    ask_reset(c, NULL, NULL);
    secret_free(body);
    return e;
}
