/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests. A stream has two directions; each is finished by its sender's END or CANCEL, and when both are, the stream is gone. Nothing that
 * comes in is stored here: the window bounds what the owner may have to hold.
 */
#include "base/secret.h"
#include "channel/channel_internal.h"

enum { STATUS_MIN = 100, STATUS_MAX = 599, QUEUE_MIN = 1024 };

static struct stream *stream_find(const struct channel *ch, uint32_t id)
{
    for (size_t i = 0; i < ch->stream_count; i++)
        if (ch->streams[i]->id == id)
            return ch->streams[i];
    return NULL;
}

/* Ids only grow, so appending keeps the order. */
static struct stream *stream_add(struct channel *ch, uint32_t id)
{
    struct stream *s = secret_alloc(sizeof *s);
    if (s == NULL)
        return NULL;
    s->id = id;
    s->send_window = s->receive_window = CHANNEL_WINDOW;
    ch->streams[ch->stream_count++] = s;
    ch->last_stream = id;
    return s;
}

static void stream_free(struct stream *s)
{
    secret_free(s->queue);
    secret_free(s);
}

void stream_sweep(struct channel *ch)
{
    size_t kept = 0;
    for (size_t i = 0; i < ch->stream_count; i++) {
        struct stream *s = ch->streams[i];
        if (s->send_done && s->receive_done)
            stream_free(s);
        else
            ch->streams[kept++] = s;
    }
    ch->stream_count = kept;
}

void stream_free_all(struct channel *ch)
{
    for (size_t i = 0; i < ch->stream_count; i++)
        stream_free(ch->streams[i]);
    ch->stream_count = 0;
}

/* ---- the queue ---- */

size_t stream_queued(const struct stream *s)
{
    return s->queue_end - s->queue_at;
}

size_t stream_sendable(const struct stream *s)
{
    size_t queued = stream_queued(s);
    return queued < s->send_window ? queued : s->send_window;
}

bool stream_data_due(const struct stream *s)
{
    if (s->send_done || !s->opened || s->reply_due)
        return false;
    return stream_sendable(s) != 0 || (s->end_due && stream_queued(s) == 0);
}

void stream_sent(struct stream *s, size_t n)
{
    if (n != 0)
        secret_wipe(s->queue + s->queue_at, n);
    s->queue_at += n;
    s->send_window -= (uint32_t)n;
    if (s->queue_at == s->queue_end)
        s->queue_at = s->queue_end = 0;
}

static enum err queue_append(struct stream *s, struct bytes data)
{
    if (data.len == 0)
        return ERR_OK;
    size_t queued = stream_queued(s);
    size_t need = queued + data.len;
    if (s->queue_size - s->queue_end < data.len && s->queue_at != 0) {
        memmove(s->queue, s->queue + s->queue_at, queued);
        secret_wipe(s->queue + queued, s->queue_end - queued);
        s->queue_at = 0;
        s->queue_end = queued;
    }
    if (s->queue_size < need) {
        size_t size = s->queue_size == 0 ? QUEUE_MIN : s->queue_size;
        while (size < need)
            size *= 2;
        uint8_t *grown = secret_realloc(s->queue, size);
        if (grown == NULL)
            return ERR_MEMORY;
        s->queue = grown;
        s->queue_size = size;
    }
    memcpy(s->queue + s->queue_end, data.ptr, data.len);
    s->queue_end += data.len;
    return ERR_OK;
}

static void queue_drop(struct stream *s)
{
    secret_free(s->queue);
    s->queue = NULL;
    s->queue_size = s->queue_at = s->queue_end = 0;
    s->end_due = false;
    s->write_closed = true;
}

/* ---- what the owner does ---- */

/* The state in which there are streams at all. */
static enum err usable(const struct channel *ch)
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_CHANNEL_CLOSED;
    return ch->state == CHANNEL_VERIFIED ? ERR_OK : ERR_CHANNEL_STATE;
}

static bool path_is_valid(struct bytes path)
{
    bool printable = path.len >= 1 && path.len <= CHANNEL_PATH_MAX;
    for (size_t i = 0; printable && i < path.len; i++)
        printable = path.ptr[i] > 0x20 && path.ptr[i] < 0x7f;
    return printable;
}

enum err channel_stream_open(struct channel *ch, struct bytes path, uint32_t *stream)
{
    enum err e = usable(ch);
    if (e != ERR_OK)
        return e;
    if (ch->role != NOISE_INITIATOR)
        return ERR_CHANNEL_STATE;
    if (!path_is_valid(path))
        return ERR_VALUE;
    if (ch->stream_count == CHANNEL_STREAMS_MAX || ch->last_stream == UINT32_MAX)
        return ERR_CHANNEL_STREAMS;
    struct stream *s = stream_add(ch, ch->last_stream + 1);
    if (s == NULL)
        return ERR_MEMORY;
    memcpy(s->path, path.ptr, path.len);
    s->path_len = (uint8_t)path.len;
    *stream = s->id;
    return ERR_OK;
}

enum err channel_stream_reply(struct channel *ch, uint32_t stream, uint16_t status)
{
    enum err e = usable(ch);
    if (e != ERR_OK)
        return e;
    if (ch->role != NOISE_RESPONDER)
        return ERR_CHANNEL_STATE;
    if (status < STATUS_MIN || status > STATUS_MAX)
        return ERR_VALUE;
    struct stream *s = stream_find(ch, stream);
    if (s == NULL || s->write_closed || s->reply_given)
        return ERR_CHANNEL_STREAM;
    s->status = status;
    s->reply_given = s->reply_due = true;
    return ERR_OK;
}

/* The stream, when the owner may write `size` bytes more on it. */
static enum err stream_to_write(const struct channel *ch, uint32_t stream, size_t size, struct stream **s)
{
    enum err e = usable(ch);
    if (e != ERR_OK)
        return e;
    *s = stream_find(ch, stream);
    if (*s == NULL || (*s)->write_closed || (ch->role == NOISE_RESPONDER && !(*s)->reply_given))
        return ERR_CHANNEL_STREAM;
    return size > CHANNEL_STREAM_QUEUE_MAX - stream_queued(*s) ? ERR_SLOW_READER : ERR_OK;
}

static enum err stream_append(struct stream *s, struct bytes data, bool end)
{
    enum err e = queue_append(s, data);
    if (e == ERR_OK)
        s->end_due = s->write_closed = end;
    return e;
}

enum err channel_stream_write(struct channel *ch, uint32_t stream, struct bytes data, bool end)
{
    struct stream *s = NULL;
    enum err e = stream_to_write(ch, stream, data.len, &s);
    return e == ERR_OK ? stream_append(s, data, end) : e;
}

enum err channel_stream_send(struct channel *ch, uint32_t stream, struct bytes data, bool end)
{
    struct stream *s = NULL;
    enum err e = stream_to_write(ch, stream, data.len, &s);
    if (e == ERR_OK)
        e = send_straight(ch, s, &data, end);
    if (e == ERR_OK)
        e = stream_append(s, data, end);
    return e == ERR_OK ? channel_flush(ch) : e;
}

size_t channel_stream_room(const struct channel *ch, uint32_t stream)
{
    const struct stream *s = stream_find(ch, stream);
    if (s == NULL || s->write_closed || (ch->role == NOISE_RESPONDER && !s->reply_given))
        return 0;
    return CHANNEL_STREAM_QUEUE_MAX - stream_queued(s);
}

void channel_stream_floor(struct channel *ch, uint32_t stream, size_t size)
{
    struct stream *s = stream_find(ch, stream);
    size_t bucket = frame_bucket(FRAME_HEADER_SIZE + (size < CHANNEL_FLOOR_MAX ? size : CHANNEL_FLOOR_MAX));
    if (s != NULL && bucket > s->floor)
        s->floor = bucket;
}

void channel_stream_consumed(struct channel *ch, uint32_t stream, size_t n)
{
    struct stream *s = stream_find(ch, stream);
    if (s == NULL)
        return;
    uint32_t taken = n < s->unconsumed ? (uint32_t)n : s->unconsumed;
    s->unconsumed -= taken;
    if (!s->receive_done && !s->we_cancelled)
        s->credit += taken;
}

void channel_stream_cancel(struct channel *ch, uint32_t stream, enum err reason)
{
    struct stream *s = stream_find(ch, stream);
    if (s == NULL || s->we_cancelled || s->peer_cancelled)
        return;
    queue_drop(s);
    s->reply_due = false;
    s->credit = 0;
    s->we_cancelled = true;
    if (s->opened) {
        s->cancel_due = true;
        s->cancel_reason = reason == ERR_OK ? ERR_CANCELLED : reason;
    } else {
        /* The peer never heard of it. */
        s->send_done = s->receive_done = true;
        stream_sweep(ch);
    }
}

/* ---- what the peer says ---- */

/* WINDOW and CANCEL may meet the end of their stream on the way; then they mean nothing any more. */
static enum err late_frame(struct channel *ch, const struct frame *f)
{
    return f->stream <= ch->last_stream ? channel_control_frame(ch) : ERR_CHANNEL_STREAM;
}

static enum err on_open(struct channel *ch, struct stream *s, const struct frame *f)
{
    (void)s;
    if (f->stream <= ch->last_stream)
        return ERR_CHANNEL_STREAM;
    if (!path_is_valid(f->payload))
        return ERR_CHANNEL_FRAME;
    enum err e = channel_control_frame(ch);
    if (e != ERR_OK)
        return e;
    if (ch->stream_count == CHANNEL_STREAMS_MAX)
        return ERR_CHANNEL_STREAMS;
    struct stream *added = stream_add(ch, f->stream);
    if (added == NULL)
        return ERR_MEMORY;
    added->opened = true;
    ch->handler->opened(ch->owner, f->stream, f->payload);
    return ERR_OK;
}

static enum err on_data(struct channel *ch, struct stream *s, const struct frame *f)
{
    bool end = (f->flags & FRAME_FLAG_END) != 0;
    if (s == NULL || s->receive_done || (ch->role == NOISE_INITIATOR && !s->replied))
        return ERR_CHANNEL_STREAM;
    if (f->payload.len > s->receive_window)
        return ERR_CHANNEL_WINDOW;
    if (f->payload.len != 0) {
        ch->control_run = 0;
    } else if (!end) {
        enum err e = channel_control_frame(ch);
        if (e != ERR_OK)
            return e;
    }
    s->receive_window -= (uint32_t)f->payload.len;
    s->receive_done = end;
    if (!s->we_cancelled) {
        s->unconsumed += (uint32_t)f->payload.len;
        ch->handler->data(ch->owner, f->stream, f->payload, end);
    }
    stream_sweep(ch);
    return ERR_OK;
}

static enum err on_reply(struct channel *ch, struct stream *s, const struct frame *f)
{
    struct reader r = reader_over(f->payload);
    uint16_t status = reader_u16be(&r);
    if (s == NULL || s->receive_done || s->replied)
        return ERR_CHANNEL_STREAM;
    if (status < STATUS_MIN || status > STATUS_MAX)
        return ERR_CHANNEL_FRAME;
    s->replied = true;
    if (!s->we_cancelled)
        ch->handler->replied(ch->owner, f->stream, status);
    return ERR_OK;
}

static enum err on_cancel(struct channel *ch, struct stream *s, const struct frame *f)
{
    struct reader r = reader_over(f->payload);
    uint16_t number = reader_u16be(&r);
    if (frame_reason(number) == ERR_OK)
        return ERR_CHANNEL_FRAME;
    if (s == NULL || s->peer_cancelled)
        return late_frame(ch, f);
    bool ours = s->we_cancelled;
    if (!ours) {
        enum err e = channel_control_frame(ch);
        if (e == ERR_OK && ++ch->cancel_run > CHANNEL_CONTROL_MAX)
            e = ERR_CHANNEL_FLOOD;
        if (e != ERR_OK)
            return e;
    }
    s->peer_cancelled = s->receive_done = true;
    queue_drop(s);
    s->reply_due = false;
    s->credit = 0;
    if (!s->send_done && !ours) {
        s->cancel_due = true;
        s->cancel_reason = ERR_CANCELLED;
    }
    stream_sweep(ch);
    if (!ours)
        ch->handler->cancelled(ch->owner, f->stream, frame_reason(number));
    return ERR_OK;
}

static enum err on_window(struct channel *ch, struct stream *s, const struct frame *f)
{
    struct reader r = reader_over(f->payload);
    uint32_t increment = reader_u32be(&r);
    if (increment == 0)
        return ERR_CHANNEL_FRAME;
    if (s == NULL)
        return late_frame(ch, f);
    if (increment > CHANNEL_WINDOW - s->send_window)
        return ERR_CHANNEL_WINDOW;
    s->send_window += increment;
    return channel_control_frame(ch);
}

enum err stream_frame(struct channel *ch, const struct frame *f)
{
    static enum err (*const handlers[FRAME_TYPE_COUNT])(struct channel *, struct stream *,
                                                        const struct frame *) = {
        [FRAME_OPEN] = on_open,     [FRAME_DATA] = on_data,     [FRAME_REPLY] = on_reply,
        [FRAME_CANCEL] = on_cancel, [FRAME_WINDOW] = on_window,
    };
    struct stream *s = stream_find(ch, f->stream);
    if (s != NULL && !s->opened)
        return ERR_CHANNEL_STREAM;
    return handlers[f->type](ch, s, f);
}
