/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_WEBSOCKET_H
#define GATEWAY_WEBSOCKET_H

/*
 * The server's side of a WebSocket (RFC 6455), as much of it as a byte stream needs: binary messages, whose boundaries mean nothing, and the
 * control frames. No extension, no text. Nothing is kept but the head of a frame and the payload of a control frame, so that however a client
 * cuts its bytes, it costs the same.
 *
 *     struct websocket w = {0};
 *     enum websocket_refusal no = websocket_receive(&w, bytes, len, &sink, owner);   // unmasks in place
 *     if (no != WEBSOCKET_FINE) send websocket_close_frame(out, websocket_code(no), websocket_reason(no));
 *
 * Whatever the specification does not allow is refused, by the name of the rule.
 */

#include "base/bytes.h"
#include "base/error.h"

#define WEBSOCKET_PROTOCOL "enclume.v1"

enum {
    WEBSOCKET_MESSAGE_MAX = 1024 * 1024, /* bytes of one message, all its fragments together */
    WEBSOCKET_CONTROL_MAX = 125,         /* section 5.5 */
    WEBSOCKET_HEAD_MAX = 10,             /* of a frame from the server, which has no mask */
    WEBSOCKET_CLIENT_HEAD_MAX = 14,
    WEBSOCKET_CONTROL_FRAME_MAX = 2 + WEBSOCKET_CONTROL_MAX,
    WEBSOCKET_KEY_SIZE = 24,    /* of Sec-WebSocket-Key: base64 of 16 bytes */
    WEBSOCKET_ACCEPT_SIZE = 29, /* of Sec-WebSocket-Accept, with its NUL */
};

/* Status codes of a close frame, section 7.4.1. */
enum websocket_status {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_UNSUPPORTED = 1003,
    WEBSOCKET_NO_STATUS = 1005, /* never on the wire: the close frame was empty */
    WEBSOCKET_INVALID = 1007,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TOO_BIG = 1009,
    WEBSOCKET_INTERNAL = 1011,
};

/* X(constant, code, reason) */
#define WEBSOCKET_REFUSAL_TABLE(X)                                                                           \
    X(WEBSOCKET_FINE, WEBSOCKET_NORMAL, "")                                                                  \
    X(WEBSOCKET_RESERVED_BITS, WEBSOCKET_PROTOCOL_ERROR, "a reserved bit is set")                            \
    X(WEBSOCKET_UNKNOWN_OPCODE, WEBSOCKET_PROTOCOL_ERROR, "unknown opcode")                                  \
    X(WEBSOCKET_UNMASKED, WEBSOCKET_PROTOCOL_ERROR, "a frame of a client is not masked")                     \
    X(WEBSOCKET_LONG_CONTROL, WEBSOCKET_PROTOCOL_ERROR, "a control frame is longer than 125 bytes")          \
    X(WEBSOCKET_CUT_CONTROL, WEBSOCKET_PROTOCOL_ERROR, "a control frame is fragmented")                      \
    X(WEBSOCKET_LENGTH_FORM, WEBSOCKET_PROTOCOL_ERROR, "a length is not in its shortest form")               \
    X(WEBSOCKET_NOTHING_TO_CONTINUE, WEBSOCKET_PROTOCOL_ERROR, "a continuation of nothing")                  \
    X(WEBSOCKET_NOT_CONTINUED, WEBSOCKET_PROTOCOL_ERROR, "a new message inside of another")                  \
    X(WEBSOCKET_CLOSE_LENGTH, WEBSOCKET_PROTOCOL_ERROR, "a close frame with half a status code")             \
    X(WEBSOCKET_CLOSE_CODE, WEBSOCKET_PROTOCOL_ERROR, "a close frame with a status code that may not be")    \
    X(WEBSOCKET_CLOSE_REASON, WEBSOCKET_INVALID, "the reason in a close frame is not UTF-8")                 \
    X(WEBSOCKET_TEXT, WEBSOCKET_UNSUPPORTED, "text; only binary messages are taken")                         \
    X(WEBSOCKET_TOO_LARGE, WEBSOCKET_TOO_BIG, "a message of more than 1 MiB")

enum websocket_refusal {
#define WEBSOCKET_ENUM_ROW(constant, code, reason) constant,
    WEBSOCKET_REFUSAL_TABLE(WEBSOCKET_ENUM_ROW)
#undef WEBSOCKET_ENUM_ROW
        WEBSOCKET_REFUSAL_COUNT
};

struct websocket {
    uint8_t head[WEBSOCKET_CLIENT_HEAD_MAX];
    uint8_t head_len;
    bool in_frame;   /* the head is complete, `left` bytes of payload are to come */
    bool in_message; /* a message was begun and not ended */
    bool fin;
    bool closed; /* a close frame came: nothing after it counts */
    uint8_t opcode;
    uint8_t mask[4];
    uint8_t mask_at;
    uint8_t control_len;
    uint64_t left;
    uint64_t message; /* bytes of it so far, this frame's included */
    uint8_t control[WEBSOCKET_CONTROL_MAX];
};

/* Called during websocket_receive; the bytes are good until it returns. */
struct websocket_sink {
    void (*data)(void *owner, struct bytes payload);
    void (*ping)(void *owner, struct bytes payload);
    void (*close)(void *owner, uint16_t status); /* once; WEBSOCKET_NO_STATUS when it names none */
};

/* Takes the next len bytes of the stream and overwrites them. After anything but WEBSOCKET_FINE the stream is over. */
enum websocket_refusal websocket_receive(struct websocket *w, uint8_t *bytes, size_t len,
                                         const struct websocket_sink *sink, void *owner);

uint16_t websocket_code(enum websocket_refusal r);
const char *websocket_reason(enum websocket_refusal r);

/* The head of a whole binary message of len bytes; its own length. */
size_t websocket_binary_head(uint8_t out[static WEBSOCKET_HEAD_MAX], uint64_t len);
/* Whole control frames; their length. body and reason: at most WEBSOCKET_CONTROL_MAX, and 2 less; what is longer is cut. */
size_t websocket_pong(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX], struct bytes body);
size_t websocket_ping(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX]);
size_t websocket_close(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX], uint16_t status, const char *reason);

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key (section 4.2.2), NUL-terminated. ERR_ENCODING: the key is not 16 bytes in base64. */
ERR_MUST_USE enum err websocket_accept(struct bytes key, char out[static WEBSOCKET_ACCEPT_SIZE]);

#endif
