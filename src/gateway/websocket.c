/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/websocket.h"

#include "base/encoding.h"
#include "base/reader.h"
#include "base/writer.h"
#include "gateway/digest.h"

/* Section 5.2. */
enum {
    FIN = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0F,
    CONTROL = 0x08,
    MASKED = 0x80,
    LENGTH = 0x7F,
    LENGTH_16 = 126,
    LENGTH_64 = 127,
    MASK_SIZE = 4,
    KEY_BYTES = 16,
};
enum opcode { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

static const struct {
    uint16_t code;
    const char *reason;
} refusals[WEBSOCKET_REFUSAL_COUNT] = {
#define REFUSAL_ROW(constant, code, reason) [constant] = {code, reason},
    WEBSOCKET_REFUSAL_TABLE(REFUSAL_ROW)
#undef REFUSAL_ROW
};

uint16_t websocket_code(enum websocket_refusal r)
{
    return refusals[r].code;
}

const char *websocket_reason(enum websocket_refusal r)
{
    return refusals[r].reason;
}

/* ---- what a client sends ---- */

static size_t length_size(uint8_t second)
{
    uint8_t length = second & LENGTH;
    return length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;
}

/* The first two bytes tell whether the frame may be at all, before more is waited for. */
static enum websocket_refusal first_two(const struct websocket *w)
{
    uint8_t opcode = w->head[0] & OPCODE;
    bool fin = (w->head[0] & FIN) != 0;
    if ((w->head[0] & RESERVED) != 0)
        return WEBSOCKET_RESERVED_BITS;
    if ((w->head[1] & MASKED) == 0)
        return WEBSOCKET_UNMASKED;
    switch (opcode) {
    case CONTINUATION:
        return w->in_message ? WEBSOCKET_FINE : WEBSOCKET_NOTHING_TO_CONTINUE;
    case TEXT:
        return WEBSOCKET_TEXT;
    case BINARY:
        return w->in_message ? WEBSOCKET_NOT_CONTINUED : WEBSOCKET_FINE;
    case CLOSE:
    case PING:
    case PONG:
        if (!fin)
            return WEBSOCKET_CUT_CONTROL;
        return (w->head[1] & LENGTH) > WEBSOCKET_CONTROL_MAX ? WEBSOCKET_LONG_CONTROL : WEBSOCKET_FINE;
    default:
        return WEBSOCKET_UNKNOWN_OPCODE;
    }
}

/* The whole head is there. */
static enum websocket_refusal begin_frame(struct websocket *w)
{
    struct reader r = reader_over(bytes_of(w->head, w->head_len));
    uint8_t first = reader_u8(&r);
    uint64_t length = reader_u8(&r) & LENGTH;
    uint64_t smallest = 0;
    if (length == LENGTH_16) {
        length = reader_u16be(&r);
        smallest = LENGTH_16;
    } else if (length == LENGTH_64) {
        length = reader_u64be(&r);
        smallest = (uint64_t)UINT16_MAX + 1;
    }
    reader_copy(&r, w->mask, MASK_SIZE);
    if (reader_finish(&r) != ERR_OK || length < smallest)
        return WEBSOCKET_LENGTH_FORM;
    w->fin = (first & FIN) != 0;
    w->opcode = first & OPCODE;
    if ((w->opcode & CONTROL) == 0) {
        if (w->opcode == BINARY)
            w->message = 0;
        if (length > WEBSOCKET_MESSAGE_MAX - w->message)
            return WEBSOCKET_TOO_LARGE;
        w->message += length;
        w->in_message = true;
    }
    w->left = length;
    w->mask_at = 0;
    w->control_len = 0;
    w->in_frame = true;
    return WEBSOCKET_FINE;
}

/* Section 7.4: 1004 to 1006 and 1015 are not for the wire, below 3000 only what is registered, from 3000 on what applications like. */
static bool status_allowed(uint16_t status)
{
    return (status >= 1000 && status <= 1003) || (status >= 1007 && status <= 1014) ||
           (status >= 3000 && status <= 4999);
}

static enum websocket_refusal end_close(struct websocket *w, const struct websocket_sink *sink, void *owner)
{
    struct reader r = reader_over(bytes_of(w->control, w->control_len));
    w->closed = true;
    if (w->control_len == 0) {
        sink->close(owner, WEBSOCKET_NO_STATUS);
        return WEBSOCKET_FINE;
    }
    uint16_t status = reader_u16be(&r);
    if (reader_status(&r) != ERR_OK)
        return WEBSOCKET_CLOSE_LENGTH;
    if (!status_allowed(status))
        return WEBSOCKET_CLOSE_CODE;
    if (!encoding_is_utf8(reader_rest(&r)))
        return WEBSOCKET_CLOSE_REASON;
    sink->close(owner, status);
    return WEBSOCKET_FINE;
}

static enum websocket_refusal end_frame(struct websocket *w, const struct websocket_sink *sink, void *owner)
{
    w->in_frame = false;
    w->head_len = 0;
    if (w->opcode == CLOSE)
        return end_close(w, sink, owner);
    if (w->opcode == PING)
        sink->ping(owner, bytes_of(w->control, w->control_len));
    else if (w->opcode != PONG)
        w->in_message = !w->fin;
    return WEBSOCKET_FINE;
}

static void unmask(struct websocket *w, uint8_t *bytes, size_t len)
{
    uint8_t mask[8];
    uint64_t wide = 0;
    size_t i = 0;
    for (size_t k = 0; k < sizeof mask; k++)
        mask[k] = w->mask[(w->mask_at + k) % MASK_SIZE];
    memcpy(&wide, mask, sizeof wide);
    for (; i + sizeof wide <= len; i += sizeof wide) {
        uint64_t part = 0;
        memcpy(&part, bytes + i, sizeof part);
        part ^= wide;
        memcpy(bytes + i, &part, sizeof part);
    }
    for (; i < len; i++)
        bytes[i] ^= mask[i % MASK_SIZE];
    w->mask_at = (uint8_t)((w->mask_at + len) % MASK_SIZE);
}

/* As much of the frame's payload as is there. */
static void payload(struct websocket *w, uint8_t *bytes, size_t len, const struct websocket_sink *sink,
                    void *owner)
{
    unmask(w, bytes, len);
    w->left -= len;
    if ((w->opcode & CONTROL) == 0) {
        if (len != 0)
            sink->data(owner, bytes_of(bytes, len));
        return;
    }
    /* first_two has seen to it that a control frame fits. */
    memcpy(w->control + w->control_len, bytes, len);
    w->control_len = (uint8_t)(w->control_len + len);
}

/* One more byte of the head. */
static enum websocket_refusal head(struct websocket *w, uint8_t byte)
{
    w->head[w->head_len++] = byte;
    if (w->head_len < 2)
        return WEBSOCKET_FINE;
    if (w->head_len == 2) {
        enum websocket_refusal no = first_two(w);
        if (no != WEBSOCKET_FINE)
            return no;
    }
    return w->head_len == 2 + length_size(w->head[1]) + MASK_SIZE ? begin_frame(w) : WEBSOCKET_FINE;
}

enum websocket_refusal websocket_receive(struct websocket *w, uint8_t *bytes, size_t len,
                                         const struct websocket_sink *sink, void *owner)
{
    size_t at = 0;
    while (!w->closed) {
        enum websocket_refusal no = WEBSOCKET_FINE;
        if (w->in_frame) {
            size_t n = len - at < w->left ? len - at : (size_t)w->left;
            payload(w, bytes + at, n, sink, owner);
            at += n;
            if (w->left != 0)
                break;
            no = end_frame(w, sink, owner);
        } else if (at < len) {
            no = head(w, bytes[at++]);
        } else {
            break;
        }
        if (no != WEBSOCKET_FINE) {
            w->closed = true;
            return no;
        }
    }
    return WEBSOCKET_FINE;
}

/* ---- what the server sends ---- */

size_t websocket_binary_head(uint8_t out[static WEBSOCKET_HEAD_MAX], uint64_t len)
{
    struct writer w = writer_into(out, WEBSOCKET_HEAD_MAX);
    writer_u8(&w, FIN | BINARY);
    if (len < LENGTH_16) {
        writer_u8(&w, (uint8_t)len);
    } else if (len <= UINT16_MAX) {
        writer_u8(&w, LENGTH_16);
        writer_u16be(&w, (uint16_t)len);
    } else {
        writer_u8(&w, LENGTH_64);
        writer_u64be(&w, len);
    }
    return w.used;
}

static size_t control_frame(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX], enum opcode opcode,
                            struct bytes body)
{
    struct writer w = writer_into(out, WEBSOCKET_CONTROL_FRAME_MAX);
    if (body.len > WEBSOCKET_CONTROL_MAX)
        body.len = WEBSOCKET_CONTROL_MAX;
    writer_u8(&w, (uint8_t)(FIN | opcode));
    writer_u8(&w, (uint8_t)body.len);
    writer_bytes(&w, body);
    return w.used;
}

size_t websocket_pong(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX], struct bytes body)
{
    return control_frame(out, PONG, body);
}

size_t websocket_ping(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX])
{
    return control_frame(out, PING, (struct bytes){0});
}

size_t websocket_close(uint8_t out[static WEBSOCKET_CONTROL_FRAME_MAX], uint16_t status, const char *reason)
{
    uint8_t body[WEBSOCKET_CONTROL_MAX];
    struct writer w = writer_into(body, sizeof body);
    if (status == WEBSOCKET_NO_STATUS)
        return control_frame(out, CLOSE, (struct bytes){0});
    writer_u16be(&w, status);
    writer_str(&w, reason);
    return control_frame(out, CLOSE, bytes_of(body, w.used));
}

enum err websocket_accept(struct bytes key, char out[static WEBSOCKET_ACCEPT_SIZE])
{
    uint8_t decoded[KEY_BYTES];
    uint8_t digest[DIGEST_SHA1_SIZE];
    size_t len = 0;
    enum err e = encoding_unbase64(key, decoded, sizeof decoded, &len);
    if (e != ERR_OK || len != sizeof decoded)
        return ERR_ENCODING;
    const struct bytes parts[] = {key, bytes_str("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")};
    e = digest_sha1(parts, 2, digest);
    if (e == ERR_OK)
        encoding_base64(bytes_of(digest, sizeof digest), out);
    return e;
}
