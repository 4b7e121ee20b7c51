/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_FRAME_H
#define CHANNEL_FRAME_H

/*
 * What stands inside a record's plaintext: frames, then padding up to a bucket.
 *
 *     frame   = type (1)  flags (1)  stream id (4, big endian)  length (2, big endian)  payload (length)
 *     padding = zeros to the end of the record, possibly none; no frame has type 0
 *
 * One table says for every frame type who may send it, in which states, on which streams and how long it may be. Both the sending and the
 * receiving side go through it: what it does not allow can be neither sent nor received.
 */

#include "base/reader.h"
#include "base/writer.h"
#include "channel/channel.h"

enum frame_type {
    FRAME_PAD = 0,
    FRAME_OPEN = 1,     /* payload: the path of the request */
    FRAME_DATA = 2,     /* body bytes */
    FRAME_REPLY = 3,    /* status (2, big endian) */
    FRAME_CANCEL = 4,   /* reason (2, big endian) */
    FRAME_WINDOW = 5,   /* increment (4, big endian), not 0 */
    FRAME_ATTEST = 6,   /* nonce (32) */
    FRAME_EVIDENCE = 7, /* a piece of the bundle */
    FRAME_CLOSE = 8,    /* reason (2, big endian) */
    FRAME_PING = 9,     /* 8 bytes, sent back in a PONG */
    FRAME_PONG = 10,
    FRAME_TYPE_COUNT
};

enum { FRAME_HEADER_SIZE = 8, FRAME_FLAG_END = 0x01 };

struct frame {
    enum frame_type type;
    uint8_t flags;
    uint32_t stream;
    struct bytes payload;
};

/* Reads the next frame of a record that `sender` sent while the channel was in `state`. *more is false at the padding, which is checked to be zero.
 * ERR_CHANNEL_FRAME, ERR_CHANNEL_FRAME_TYPE, ERR_CHANNEL_STATE. */
ERR_MUST_USE enum err frame_next(struct reader *record, enum noise_role sender, enum channel_state state,
                                 struct frame *f, bool *more);

/* Writes one frame, whole or not at all. ERR_CHANNEL_STATE when the table does not allow `sender` to send it in `state`;
 * ERR_NO_SPACE when the record has no room for it (the writer is not failed then). */
ERR_MUST_USE enum err frame_put(struct writer *record, enum noise_role sender, enum channel_state state,
                                const struct frame *f);

/* The header alone, for a frame whose payload is encrypted from where it stands. The same table decides. */
ERR_MUST_USE enum err frame_put_header(struct writer *header, enum noise_role sender,
                                       enum channel_state state, const struct frame *f);

/* The smallest bucket that holds n bytes; 0 when there is none. */
size_t frame_bucket(size_t n);
/* The largest bucket of at most n bytes; 0 when there is none. */
size_t frame_bucket_within(size_t n);
bool frame_is_bucket(size_t n);

/* The numbers by which errors travel in CLOSE and CANCEL. An error without a number travels as 1 ("unspecified" -> ERR_NETWORK); so does an unknown number. */
uint16_t frame_reason_number(enum err reason);
enum err frame_reason(uint16_t number);

#endif
