/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is queued becomes frames, frames become records.
 *
 * A record is filled with the small frames first (they are few and bounded), then with evidence, then with the bodies of the streams in turn.
 * Its size is always a bucket. Up to SPLIT_ABOVE bytes go in the smallest bucket that holds them, because two records tell more of a length
 * than one; above that, a full smaller bucket and a rest are taken where they come out shorter than one padded record.
 */
#include <stdlib.h>

#include "base/secret.h"
#include "channel/channel_internal.h"

enum { SPLIT_ABOVE = 4096, SHARE_MIN = 256 };

/* The only way into a record: every frame passes the table (role, state, type) in frame.c. */
static enum err put(const struct channel *ch, struct writer *record, const struct frame *f)
{
    return frame_put(record, ch->role, ch->state, f);
}

static enum err put_u16(const struct channel *ch, struct writer *record, enum frame_type type,
                        uint32_t stream, uint16_t value)
{
    uint8_t payload[2];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u16be(&w, value);
    return put(ch, record,
               &(struct frame){.type = type, .stream = stream, .payload = bytes_of(payload, sizeof payload)});
}

static enum err put_window(const struct channel *ch, struct writer *record, uint32_t stream,
                           uint32_t increment)
{
    uint8_t payload[4];
    struct writer w = writer_into(payload, sizeof payload);
    writer_u32be(&w, increment);
    return put(ch, record,
               &(struct frame){
                   .type = FRAME_WINDOW, .stream = stream, .payload = bytes_of(payload, sizeof payload)});
}

/* ---- small frames; ERR_NO_SPACE from here on means "in the next record" ---- */

static enum err fill_channel(struct channel *ch, struct writer *record)
{
    enum err e = ERR_OK;
    if (ch->pong_due) {
        e = put(ch, record,
                &(struct frame){.type = FRAME_PONG, .payload = bytes_of(ch->pong, sizeof ch->pong)});
        ch->pong_due = e != ERR_OK;
    }
    if (e == ERR_OK && ch->ping_due) {
        uint8_t number[PING_SIZE];
        struct writer w = writer_into(number, sizeof number);
        writer_u64be(&w, ch->ping_number);
        e = put(ch, record, &(struct frame){.type = FRAME_PING, .payload = bytes_of(number, sizeof number)});
        ch->ping_due = e != ERR_OK;
    }
    if (e == ERR_OK && ch->attest_due) {
        e = put(ch, record,
                &(struct frame){.type = FRAME_ATTEST, .payload = bytes_of(ch->nonce, sizeof ch->nonce)});
        ch->attest_due = e != ERR_OK;
    }
    return e;
}

static enum err fill_stream(struct channel *ch, struct writer *record, struct stream *s)
{
    enum err e = ERR_OK;
    if (!s->opened) {
        e = put(
            ch, record,
            &(struct frame){.type = FRAME_OPEN, .stream = s->id, .payload = bytes_of(s->path, s->path_len)});
        s->opened = e == ERR_OK;
    }
    if (e == ERR_OK && s->reply_due) {
        e = put_u16(ch, record, FRAME_REPLY, s->id, s->status);
        s->reply_due = e != ERR_OK;
        if (e == ERR_OK)
            ch->cancel_run = 0;
    }
    if (e == ERR_OK && s->credit >= CHANNEL_WINDOW / 2) {
        e = put_window(ch, record, s->id, s->credit);
        if (e == ERR_OK) {
            s->receive_window += s->credit;
            s->credit = 0;
        }
    }
    if (e == ERR_OK && s->cancel_due) {
        e = put_u16(ch, record, FRAME_CANCEL, s->id, frame_reason_number(s->cancel_reason));
        s->cancel_due = e != ERR_OK;
        s->send_done = s->send_done || e == ERR_OK;
    }
    return e;
}

static enum err fill_small(struct channel *ch, struct writer *record)
{
    enum err e = fill_channel(ch, record);
    for (size_t i = 0; e == ERR_OK && i < ch->stream_count; i++)
        e = fill_stream(ch, record, ch->streams[i]);
    return e;
}

/* ---- evidence and bodies ---- */

static size_t room_for_payload(const struct writer *record)
{
    size_t room = record->size - record->used;
    return room > FRAME_HEADER_SIZE ? room - FRAME_HEADER_SIZE : 0;
}

static size_t evidence_left(const struct channel *ch)
{
    return ch->role == NOISE_RESPONDER ? ch->evidence.len - ch->evidence.at : 0;
}

static enum err fill_evidence(struct channel *ch, struct writer *record)
{
    struct evidence *ev = &ch->evidence;
    size_t left = evidence_left(ch);
    if (left == 0)
        return ERR_OK;
    size_t room = room_for_payload(record);
    size_t n = left < room ? left : room;
    if (n == 0)
        return ERR_NO_SPACE;
    enum err e = put(ch, record,
                     &(struct frame){.type = FRAME_EVIDENCE,
                                     .flags = n == left ? FRAME_FLAG_END : 0,
                                     .payload = bytes_of(ev->bytes + ev->at, n)});
    if (e != ERR_OK)
        return e;
    ev->at += n;
    ch->control_run = 0;
    if (n == left) {
        free(ev->bytes);
        *ev = (struct evidence){0};
    }
    return n == left ? ERR_OK : ERR_NO_SPACE;
}

static enum err put_data(struct channel *ch, struct writer *record, struct stream *s, size_t share)
{
    size_t sendable = stream_sendable(s);
    size_t room = room_for_payload(record);
    size_t n = sendable < share ? sendable : share;
    n = n < room ? n : room;
    if (n == 0 && sendable != 0)
        return ERR_NO_SPACE;
    bool end = s->end_due && n == stream_queued(s);
    struct bytes payload = n == 0 ? (struct bytes){0} : bytes_of(s->queue + s->queue_at, n);
    enum err e =
        put(ch, record,
            &(struct frame){
                .type = FRAME_DATA, .flags = end ? FRAME_FLAG_END : 0, .stream = s->id, .payload = payload});
    if (e != ERR_OK)
        return e;
    stream_sent(s, n);
    s->send_done = end;
    if (n != 0)
        ch->control_run = ch->cancel_run = 0;
    return ERR_OK;
}

struct body_total {
    size_t streams;
    size_t bytes; /* with their frame headers */
};

static struct body_total bodies_due(const struct channel *ch)
{
    struct body_total total = {0};
    for (size_t i = 0; i < ch->stream_count; i++) {
        if (!stream_data_due(ch->streams[i]))
            continue;
        total.streams++;
        total.bytes += FRAME_HEADER_SIZE + stream_sendable(ch->streams[i]);
    }
    return total;
}

/* Round robin: begins behind the stream that sent last, and where not everything fits, everybody gets an equal share. */
static enum err fill_bodies(struct channel *ch, struct writer *record)
{
    struct body_total total = bodies_due(ch);
    size_t room = record->size - record->used;
    size_t share = SIZE_MAX;
    if (total.streams > 1 && total.bytes > room)
        share = room / total.streams > SHARE_MIN ? room / total.streams : SHARE_MIN;
    size_t first = 0;
    while (first < ch->stream_count && ch->streams[first]->id <= ch->turn)
        first++;
    bool progress = true;
    while (progress) {
        progress = false;
        for (size_t i = 0; i < ch->stream_count; i++) {
            struct stream *s = ch->streams[(first + i) % ch->stream_count];
            if (!stream_data_due(s))
                continue;
            enum err e = put_data(ch, record, s, share);
            if (e != ERR_OK)
                return e;
            ch->turn = s->id;
            progress = true;
        }
    }
    return ERR_OK;
}

/* ---- records ---- */

/* The size of the next record when n bytes of frames are due. */
static size_t record_size(size_t n)
{
    if (n > CHANNEL_PLAIN_MAX)
        return CHANNEL_PLAIN_MAX;
    size_t whole = frame_bucket(n);
    size_t part = frame_bucket_within(n);
    if (n <= SPLIT_ABOVE || part == whole)
        return whole;
    size_t split = part;
    for (size_t rest = n - part + FRAME_HEADER_SIZE; rest != 0 && split < whole;) {
        size_t size = record_size(rest);
        split += size;
        rest = rest > size ? rest - size + FRAME_HEADER_SIZE : 0;
    }
    return split < whole ? part : whole;
}

/* The smallest bucket that the bodies which are due may go in; 0: any. */
static size_t floor_due(const struct channel *ch)
{
    size_t floor = 0;
    for (size_t i = 0; i < ch->stream_count; i++)
        if (stream_data_due(ch->streams[i]) && ch->streams[i]->floor > floor)
            floor = ch->streams[i]->floor;
    return floor;
}

/* Pads what is in the record, which stands at the end of the output, and seals it. floor: a bucket that there is room for, or 0. */
static enum err seal_padded(struct channel *ch, struct writer *record, size_t floor)
{
    size_t bucket = frame_bucket(record->used);
    bucket = bucket > floor ? bucket : floor;
    writer_zeros(record, bucket - record->used);
    struct bytes plain;
    enum err e = writer_finish(record, &plain);
    return e == ERR_OK ? record_seal(ch, plain.len) : e;
}

/* The bodies and the evidence that go with the small frames, of which there may be none. */
static enum err send_filled(struct channel *ch, struct bytes small, bool *sent)
{
    size_t evidence = evidence_left(ch);
    size_t due = small.len + bodies_due(ch).bytes + (evidence == 0 ? 0 : FRAME_HEADER_SIZE + evidence);
    if (due == 0)
        return ERR_OK;
    size_t size = record_size(due);
    size_t floor = floor_due(ch);
    size = size > small.len ? size : frame_bucket(small.len);
    size = size > floor ? size : floor;
    uint8_t *room = record_begin(ch, size);
    if (room == NULL)
        return ERR_MEMORY;
    struct writer record = writer_into(room, size);
    writer_bytes(&record, small);
    enum err e = fill_evidence(ch, &record);
    if (e == ERR_OK)
        e = fill_bodies(ch, &record);
    if (e == ERR_NO_SPACE)
        e = ERR_OK;
    if (e == ERR_OK && record.used != 0) {
        *sent = true;
        return seal_padded(ch, &record, floor);
    }
    secret_wipe(room, record.used);
    return e;
}

/* One record, if there is anything to say. */
static enum err send_record(struct channel *ch, bool *sent)
{
    *sent = false;
    uint8_t *small = scratch_take();
    if (small == NULL)
        return ERR_MEMORY;
    struct writer w = writer_into(small, CHANNEL_PLAIN_MAX);
    enum err e = fill_small(ch, &w);
    if (e == ERR_OK)
        e = send_filled(ch, bytes_of(small, w.used), sent);
    scratch_give(small, w.used);
    stream_sweep(ch);
    return e;
}

enum err channel_flush(struct channel *ch)
{
    if (ch->state == CHANNEL_CLOSED || ch->send == NULL)
        return ERR_OK;
    bool sent = true;
    enum err e = ERR_OK;
    while (e == ERR_OK && sent && ch->output_end - ch->output_at < CHANNEL_OUTPUT_MAX)
        e = send_record(ch, &sent);
    return e == ERR_OK ? ERR_OK : channel_fail(ch, e);
}

/* ---- bulk: a body that fills whole records is encrypted from where the owner has it, instead of being copied twice ---- */

enum { STRAIGHT_SIZE = CHANNEL_PLAIN_MAX - FRAME_HEADER_SIZE };

/* Nobody may be overtaken: not this stream's own queue or OPEN or REPLY, nor anybody else's body or evidence. */
static bool may_go_straight(const struct channel *ch, const struct stream *s)
{
    return ch->send != NULL && s->opened && !s->reply_due && !s->cancel_due && stream_queued(s) == 0 &&
           s->send_window >= STRAIGHT_SIZE && bodies_due(ch).streams == 0 && evidence_left(ch) == 0 &&
           ch->output_end - ch->output_at < CHANNEL_OUTPUT_MAX;
}

static enum err send_one_straight(struct channel *ch, struct stream *s, struct bytes payload)
{
    uint8_t header[FRAME_HEADER_SIZE];
    struct writer w = writer_into(header, sizeof header);
    enum err e = frame_put_header(&w, ch->role, ch->state,
                                  &(struct frame){.type = FRAME_DATA, .stream = s->id, .payload = payload});
    if (e != ERR_OK)
        return e;
    const struct bytes parts[] = {bytes_of(header, sizeof header), payload};
    e = record_seal_parts(ch, parts, 2);
    if (e != ERR_OK)
        return e;
    s->send_window -= (uint32_t)payload.len;
    ch->turn = s->id;
    ch->control_run = ch->cancel_run = 0;
    return ERR_OK;
}

enum err send_straight(struct channel *ch, struct stream *s, struct bytes *data, bool end)
{
    const size_t least = STRAIGHT_SIZE + (end ? 1 : 0); /* END goes with a last byte, through the queue */
    enum err e = ERR_OK;
    /* What is due in small frames goes first: they may hold this stream's OPEN. */
    if (data->len >= least)
        e = channel_flush(ch);
    while (e == ERR_OK && data->len >= least && may_go_straight(ch, s)) {
        e = send_one_straight(ch, s, bytes_of(data->ptr, STRAIGHT_SIZE));
        *data = bytes_of(data->ptr + STRAIGHT_SIZE, data->len - STRAIGHT_SIZE);
    }
    return e;
}

/* The last record. A failure here changes nothing: the channel is being closed. */
void send_close(struct channel *ch, enum err reason)
{
    enum { CLOSE_RECORD = 256 };
    uint8_t *room = ch->send == NULL ? NULL : record_begin(ch, CLOSE_RECORD);
    if (room == NULL)
        return;
    struct writer record = writer_into(room, CLOSE_RECORD);
    enum err e = put_u16(ch, &record, FRAME_CLOSE, 0, frame_reason_number(reason));
    if (e == ERR_OK)
        e = seal_padded(ch, &record, 0);
    (void)e;
}
