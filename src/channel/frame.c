/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/frame.h"

#define IN(state) (1U << (state))

enum {
    NEVER = 0,
    ONCE_KEYED = IN(CHANNEL_UNVERIFIED) | IN(CHANNEL_VERIFIED),
    VERIFIED = IN(CHANNEL_VERIFIED),
    PAYLOAD_MAX = CHANNEL_PLAIN_MAX - FRAME_HEADER_SIZE,
};

enum stream_field { STREAM_ZERO, STREAM_GIVEN };

struct frame_rule {
    uint8_t initiator; /* the states in which the initiator may send it */
    uint8_t responder;
    uint8_t flags; /* those that it may carry */
    uint8_t stream;
    uint16_t min; /* size of the payload */
    uint16_t max;
};

/*
 * Who may say what, and when. The property that everything else here serves stands in the first column: before VERIFIED an
 * initiator has CLOSE, PING and PONG, and nothing that carries a byte of a request.
 */
static const struct frame_rule rules[FRAME_TYPE_COUNT] = {
    /* clang-format off */
    /*                   initiator    responder    flags           stream        min  max */
    [FRAME_OPEN]     = { VERIFIED,    NEVER,       0,              STREAM_GIVEN, 1,   CHANNEL_PATH_MAX },
    [FRAME_DATA]     = { VERIFIED,    VERIFIED,    FRAME_FLAG_END, STREAM_GIVEN, 0,   PAYLOAD_MAX },
    [FRAME_REPLY]    = { NEVER,       VERIFIED,    0,              STREAM_GIVEN, 2,   2 },
    [FRAME_CANCEL]   = { VERIFIED,    VERIFIED,    0,              STREAM_GIVEN, 2,   2 },
    [FRAME_WINDOW]   = { VERIFIED,    VERIFIED,    0,              STREAM_GIVEN, 4,   4 },
    [FRAME_ATTEST]   = { VERIFIED,    NEVER,       0,              STREAM_ZERO,  32,  32 },
    [FRAME_EVIDENCE] = { NEVER,       ONCE_KEYED,  FRAME_FLAG_END, STREAM_ZERO,  1,   PAYLOAD_MAX },
    [FRAME_CLOSE]    = { ONCE_KEYED,  ONCE_KEYED,  0,              STREAM_ZERO,  2,   2 },
    [FRAME_PING]     = { ONCE_KEYED,  ONCE_KEYED,  0,              STREAM_ZERO,  8,   8 },
    [FRAME_PONG]     = { ONCE_KEYED,  ONCE_KEYED,  0,              STREAM_ZERO,  8,   8 },
    /* clang-format on */
};

/* The one place where the table is asked, for sending and for receiving. */
static enum err frame_check(enum noise_role sender, enum channel_state state, uint8_t type, uint8_t flags,
                            uint32_t stream, size_t length)
{
    if (type == FRAME_PAD || type >= FRAME_TYPE_COUNT)
        return ERR_CHANNEL_FRAME_TYPE;
    const struct frame_rule *rule = &rules[type];
    if ((flags & ~rule->flags) != 0)
        return ERR_CHANNEL_FRAME_TYPE;
    uint8_t states = sender == NOISE_INITIATOR ? rule->initiator : rule->responder;
    if ((states & IN(state)) == 0)
        return ERR_CHANNEL_STATE;
    if ((stream != 0) != (rule->stream == STREAM_GIVEN) || length < rule->min || length > rule->max)
        return ERR_CHANNEL_FRAME;
    return ERR_OK;
}

enum err frame_next(struct reader *record, enum noise_role sender, enum channel_state state, struct frame *f,
                    bool *more)
{
    *more = false;
    if (record->left == 0)
        return reader_status(record) == ERR_OK ? ERR_OK : ERR_CHANNEL_FRAME;
    struct reader peek = *record;
    uint8_t type = reader_u8(&peek);
    if (type == FRAME_PAD) {
        reader_zeros(record, record->left);
        return reader_finish(record) == ERR_OK ? ERR_OK : ERR_CHANNEL_FRAME;
    }
    uint8_t flags = reader_u8(&peek);
    uint32_t stream = reader_u32be(&peek);
    uint16_t length = reader_u16be(&peek);
    if (reader_status(&peek) != ERR_OK)
        return ERR_CHANNEL_FRAME;
    enum err e = frame_check(sender, state, type, flags, stream, length);
    if (e != ERR_OK)
        return e;
    struct bytes payload = reader_bytes(&peek, length);
    if (reader_status(&peek) != ERR_OK)
        return ERR_CHANNEL_FRAME;
    *f = (struct frame){.type = (enum frame_type)type, .flags = flags, .stream = stream, .payload = payload};
    *record = peek;
    *more = true;
    return ERR_OK;
}

enum err frame_put_header(struct writer *header, enum noise_role sender, enum channel_state state,
                          const struct frame *f)
{
    enum err e = frame_check(sender, state, (uint8_t)f->type, f->flags, f->stream, f->payload.len);
    if (e != ERR_OK)
        return e;
    writer_u8(header, (uint8_t)f->type);
    writer_u8(header, f->flags);
    writer_u32be(header, f->stream);
    writer_u16be(header, (uint16_t)f->payload.len);
    return ERR_OK;
}

enum err frame_put(struct writer *record, enum noise_role sender, enum channel_state state,
                   const struct frame *f)
{
    /* Asked before anything is written: a frame that does not fit waits for the next record. */
    bool fits = record->size - record->used >= FRAME_HEADER_SIZE + f->payload.len;
    struct writer refused = {.failed = true};
    enum err e = frame_put_header(fits ? record : &refused, sender, state, f);
    if (e != ERR_OK || !fits)
        return e != ERR_OK ? e : ERR_NO_SPACE;
    writer_bytes(record, f->payload);
    return ERR_OK;
}

static const size_t buckets[] = {256, 1024, 4096, 16384, CHANNEL_PLAIN_MAX};
enum { BUCKET_COUNT = sizeof buckets / sizeof buckets[0] };

size_t frame_bucket(size_t n)
{
    for (size_t i = 0; i < BUCKET_COUNT; i++)
        if (n <= buckets[i])
            return buckets[i];
    return 0;
}

size_t frame_bucket_within(size_t n)
{
    size_t best = 0;
    for (size_t i = 0; i < BUCKET_COUNT && buckets[i] <= n; i++)
        best = buckets[i];
    return best;
}

bool frame_is_bucket(size_t n)
{
    return n != 0 && frame_bucket(n) == n;
}

/* Fixed on the wire: rows are appended, never changed (docs/protocol.md, "Reasons"). */
static const enum err reasons[] = {
    [0] = ERR_OK,
    [1] = ERR_NETWORK,
    [2] = ERR_CHANNEL_STATE,
    [3] = ERR_CHANNEL_RECORD,
    [4] = ERR_CHANNEL_BUCKET,
    [5] = ERR_CHANNEL_FRAME,
    [6] = ERR_CHANNEL_FRAME_TYPE,
    [7] = ERR_CHANNEL_STREAM,
    [8] = ERR_CHANNEL_STREAMS,
    [9] = ERR_CHANNEL_WINDOW,
    [10] = ERR_CHANNEL_EVIDENCE,
    [11] = ERR_CHANNEL_FLOOD,
    [12] = ERR_CHANNEL_TIMEOUT,
    [13] = ERR_CHANNEL_SHUTDOWN,
    [14] = ERR_AUTH,
    [15] = ERR_REFUSED,
    [16] = ERR_CANCELLED,
    [17] = ERR_BUSY,
    [18] = ERR_SLOW_READER,
    [19] = ERR_REQUEST,
    [20] = ERR_ENGINE,
    [21] = ERR_MEMORY,
    [22] = ERR_TOO_LARGE,
};
enum { REASON_UNSPECIFIED = 1, REASON_COUNT = sizeof reasons / sizeof reasons[0] };

uint16_t frame_reason_number(enum err reason)
{
    for (size_t i = 0; i < REASON_COUNT; i++)
        if (reasons[i] == reason)
            return (uint16_t)i;
    return REASON_UNSPECIFIED;
}

enum err frame_reason(uint16_t number)
{
    return number < REASON_COUNT ? reasons[number] : reasons[REASON_UNSPECIFIED];
}
