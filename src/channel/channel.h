/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_CHANNEL_H
#define CHANNEL_CHANNEL_H

/*
 * The channel: Noise Pipes over a byte stream, and several requests at once inside it. docs/protocol.md has the wire, byte by byte.
 *
 * It does no input or output and has no clock: the owner moves bytes between it and a socket. It calls the owner back, from within
 * channel_receive, with what the peer said; the bytes handed to a callback are wiped when the callback returns.
 *
 *     channel_new(&config, &handler, owner, &ch);
 *     channel_receive(ch, bytes_from_socket);            // -> callbacks
 *     channel_stream_open / _write / _consumed ...       // queue something to say
 *     channel_flush(ch);                                 // what is queued becomes records
 *     struct bytes out = channel_output(ch);             // write these to the socket, then
 *     channel_output_sent(ch, n);
 *
 * HANDSHAKE -> UNVERIFIED -> VERIFIED -> CLOSED. An initiator becomes VERIFIED by channel_verified alone, and before that the table in
 * frame.c allows it no frame that carries application data. A responder knows nothing about who calls it and verifies nothing: it passes
 * from HANDSHAKE to VERIFIED when the handshake is complete. Any rule broken by the peer closes the channel with a named error.
 *
 * Frames that cost the sender little are counted: OPEN, WINDOW, CANCEL (unless it answers ours), ATTEST, DATA without payload and END, and a PING
 * that comes while the answer to the one before is still due. More than CHANNEL_CONTROL_MAX of them, without one byte of DATA or EVIDENCE
 * payload sent or received in between, are ERR_CHANNEL_FLOOD. So are more than CHANNEL_CONTROL_MAX such CANCELs without this side having sent
 * a REPLY or a byte of DATA in between: opening and cancelling at once is work for us and none for the peer.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "noise/noise.h"

#define CHANNEL_PROLOGUE "enclume/1"

enum {
    CHANNEL_RECORD_MAX = 65535,     /* a Noise message */
    CHANNEL_PLAIN_MAX = 65535 - 16, /* frames and padding in one record; the largest bucket */
    CHANNEL_STREAMS_MAX = 32,       /* requests at once */
    CHANNEL_WINDOW = 64 * 1024,     /* bytes a stream may have in flight, each direction */
    CHANNEL_PATH_MAX = 128,
    CHANNEL_EVIDENCE_MAX = 1024 * 1024,
    CHANNEL_CHALLENGE_SIZE = 32,
    CHANNEL_REKEY_RECORDS = 65536,          /* each direction rekeys after so many records */
    CHANNEL_STREAM_QUEUE_MAX = 1024 * 1024, /* written by the owner and not yet sent, a stream */
    CHANNEL_OUTPUT_MAX =
        256 * 1024, /* encrypted and not yet taken by the socket; no further records are made beyond it */
    CHANNEL_CONTROL_MAX = 64, /* control frames in a row (below) */
    CHANNEL_FLOOR_MAX = 1016, /* of channel_stream_floor: the second bucket */
    /* What a peer can make this side hold at most, by channel_memory: a record in pieces, evidence (initiator), the output, the streams
     * without their queues. What the owner itself queued with channel_stream_write and channel_give_evidence comes on top. */
    CHANNEL_MEMORY_MAX = 1792 * 1024,
};

enum channel_state {
    CHANNEL_HANDSHAKE,
    CHANNEL_UNVERIFIED,
    CHANNEL_VERIFIED,
    CHANNEL_CLOSED,
    CHANNEL_STATE_COUNT
};

/* Which way the handshake went. */
enum channel_path { CHANNEL_PATH_NONE, CHANNEL_PATH_XX, CHANNEL_PATH_IK, CHANNEL_PATH_FALLBACK };

struct channel;

struct channel_config {
    enum noise_role role;
    const struct noise_keypair *s; /* own static key pair; copied */
    const uint8_t *rs;             /* initiator: the 32-byte server key verified before (IK), or NULL (XX) */
    bool
        fresh_evidence; /* initiator with rs: ask for evidence all the same (XX and fallback always carry it) */
    uint32_t rekey_records; /* 0: CHANNEL_REKEY_RECORDS; another number only in tests */
};

struct channel_handler {
    /* Responder: evidence for this challenge is wanted; answer now or later with channel_give_evidence. */
    void (*evidence_wanted)(void *owner, const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE]);
    /* Initiator: the bundle for that challenge; empty when the responder was resumed by IK and none was asked for.
     * Appraise it and call channel_verified or channel_close. May also come in state VERIFIED, after channel_attest. */
    void (*evidence)(void *owner, struct bytes bundle,
                     const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE]);
    /* Responder: a request begins. */
    void (*opened)(void *owner, uint32_t stream, struct bytes path);
    /* Initiator: the answer begins; status as in HTTP (200, 400, 429, 500, 503). */
    void (*replied)(void *owner, uint32_t stream, uint16_t status);
    /* Body bytes; end marks the authenticated end of that direction. Call channel_stream_consumed when they are dealt with. */
    void (*data)(void *owner, uint32_t stream, struct bytes data, bool end);
    /* The peer gave the stream up; nothing more comes on it or may be written to it. */
    void (*cancelled)(void *owner, uint32_t stream, enum err reason);
    /* The last callback. reason ERR_OK: an orderly, authenticated end. */
    void (*closed)(void *owner, enum err reason);
};

/* An initiator has its first message in the output at once. The handler and the owner must outlive the channel. */
ERR_MUST_USE enum err channel_new(const struct channel_config *config, const struct channel_handler *handler,
                                  void *owner, struct channel **ch);
void channel_free(struct channel *ch); /* not from a callback */

enum channel_state channel_state(const struct channel *ch);
enum channel_path channel_handshake_path(const struct channel *ch);
/* The peer's static key once known; else NULL. */
const uint8_t *channel_remote_static(const struct channel *ch);

/* Bytes from the socket, all of them are taken. The first rule broken closes the channel and is returned (and given to `closed`); what stood
 * behind it is ignored. ERR_OK also when the peer closed by CLOSE, whatever the reason that `closed` was told. ERR_CHANNEL_CLOSED when the
 * channel was closed before. */
ERR_MUST_USE enum err channel_receive(struct channel *ch, struct bytes in);
/* The socket is at its end: ERR_CHANNEL_CUT unless the channel was closed before (by the peer's CLOSE, or by us). */
ERR_MUST_USE enum err channel_receive_eof(struct channel *ch);

/* Turns what is queued into records, as far as windows and CHANNEL_OUTPUT_MAX allow. Does nothing before there are keys and after closing.
 * Call it after channel_receive too: answers to the peer are queued there. */
ERR_MUST_USE enum err channel_flush(struct channel *ch);
struct bytes channel_output(const struct channel *ch);
void channel_output_sent(struct channel *ch, size_t n);

/* Initiator, UNVERIFIED only: the evidence was accepted, and says that the enclave's Noise static key is this one. ERR_REFUSED when the
 * handshake was made with another key: the channel is then closed. ERR_CHANNEL_STATE unless `evidence` was called and not answered yet.
 * This is the only way to VERIFIED. */
ERR_MUST_USE enum err channel_verified(struct channel *ch, const uint8_t key[static NOISE_KEY_SIZE]);
/* Initiator, VERIFIED: asks for new evidence in place. ERR_CHANNEL_STATE when one is under way. */
ERR_MUST_USE enum err channel_attest(struct channel *ch);
/* Responder: the bundle that evidence_wanted asked for; copied. 1 to CHANNEL_EVIDENCE_MAX bytes (ERR_VALUE, ERR_TOO_LARGE).
 * ERR_CHANNEL_STATE when none was asked for. */
ERR_MUST_USE enum err channel_give_evidence(struct channel *ch, struct bytes bundle);

/* Initiator, VERIFIED: begins a request. path: 1 to CHANNEL_PATH_MAX printable ASCII characters, no space.
 * ERR_VALUE, ERR_CHANNEL_STATE, ERR_CHANNEL_STREAMS. */
ERR_MUST_USE enum err channel_stream_open(struct channel *ch, struct bytes path, uint32_t *stream);
/* Responder: the status (100 to 599) that comes before any data, once. ERR_VALUE, ERR_CHANNEL_STREAM. */
ERR_MUST_USE enum err channel_stream_reply(struct channel *ch, uint32_t stream, uint16_t status);
/* Queues body bytes (copied into secret memory). ERR_SLOW_READER when CHANNEL_STREAM_QUEUE_MAX would be exceeded; ERR_CHANNEL_STREAM when the
 * stream is not open for writing. */
ERR_MUST_USE enum err channel_stream_write(struct channel *ch, uint32_t stream, struct bytes data, bool end);
/* Write and flush in one: what fills whole records is encrypted from where it stands, without being copied first. For bulk; small writes on several
 * streams are better queued and flushed together, so that they share records. */
ERR_MUST_USE enum err channel_stream_send(struct channel *ch, uint32_t stream, struct bytes data, bool end);
/* From now on no record with bytes of this stream's body has room for fewer than so many (CHANNEL_FLOOR_MAX at most): for pieces of which some need
 * the next bucket and others do not, where which they are tells what they are. Never lowered; harmless for a stream that is gone. */
void channel_stream_floor(struct channel *ch, uint32_t stream, size_t size);
/* The owner has dealt with n bytes of `data`: the peer may send as many more. */
void channel_stream_consumed(struct channel *ch, uint32_t stream, size_t n);
/* Gives the stream up, both directions; what is queued on it is wiped. Harmless for a stream that is gone. */
void channel_stream_cancel(struct channel *ch, uint32_t stream, enum err reason);
/* Bytes that the owner may still queue on the stream; 0 for a stream that is not open for writing. */
size_t channel_stream_room(const struct channel *ch, uint32_t stream);

/* Says why, if the state allows to say anything, and closes: `closed` is called, the output holds the last record. What was queued and not
 * flushed is wiped. Harmless on a closed channel. */
void channel_close(struct channel *ch, enum err reason);

/* Asks the peer for a sign of life (the owner has the clock). ERR_CHANNEL_STATE before there are keys and while one is unanswered. */
ERR_MUST_USE enum err channel_ping(struct channel *ch);
bool channel_ping_unanswered(const struct channel *ch);

/* Bytes of memory that this channel holds now (for limits and for the idle-connection benchmark), without its two ciphers, whose size is
 * libcrypto's. At most CHANNEL_MEMORY_MAX and what the owner queued. */
size_t channel_memory(const struct channel *ch);

#endif
