/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CHANNEL_CHANNEL_INTERNAL_H
#define CHANNEL_CHANNEL_INTERNAL_H

/*
 * What the files of this room share; nobody outside it includes this, except its tests and its fuzz target, which play a peer that
 * breaks the rules under the right keys.
 *
 *     channel.c    the state machine, frames of the channel itself, the public functions
 *     handshake.c  Noise Pipes: which message comes when, and what its payload says
 *     stream.c     requests: their windows, queues and ends
 *     send.c       what is queued becomes frames, frames become records
 *     record.c     records: assembled from the byte stream, opened, sealed; the output
 *     frame.c      the table of frames
 */

#include "base/reader.h"
#include "base/writer.h"
#include "channel/channel.h"
#include "channel/frame.h"

/* ---- handshake ---- */

enum handshake_kind {
    KIND_XX_1 = 0x01,
    KIND_IK_1 = 0x02,
    KIND_XX_2 = 0x11,
    KIND_IK_2 = 0x12,
    KIND_FALLBACK_1 = 0x13,
    KIND_XX_3 = 0x21,
    KIND_FALLBACK_2 = 0x23,
};

enum handshake_step {
    STEP_FIRST,         /* responder: a first message is awaited */
    STEP_OWNER,         /* responder: the owner is to give evidence; the peer may say nothing */
    STEP_XX_LAST,       /* responder: KIND_XX_3 is awaited */
    STEP_FALLBACK_LAST, /* responder: KIND_FALLBACK_2 is awaited */
    STEP_XX_SECOND,     /* initiator: KIND_XX_2 is awaited */
    STEP_IK_SECOND,     /* initiator: KIND_IK_2 or KIND_FALLBACK_1 is awaited */
    STEP_HELD,          /* initiator: the last message waits for channel_verified; the peer may say nothing */
};

enum evidence_form { EVIDENCE_NONE = 0, EVIDENCE_WHOLE = 1, EVIDENCE_STREAMED = 2 };
enum evidence_wish { WISH_NONE = 0, WISH_FRESH = 1 };

enum {
    HANDSHAKE_MESSAGE_MAX = CHANNEL_RECORD_MAX - 1, /* after the kind byte */
    HANDSHAKE_CLIENT_MAX = 2048, /* the longest record that a handshake has from an initiator is shorter */
};

/* Exists until the handshake is complete; in secret memory. */
struct handshake {
    struct noise_handshake *noise;
    struct noise_keypair s;
    uint8_t rs[NOISE_KEY_SIZE];
    enum handshake_step step;
    bool fresh; /* evidence was asked for in IK */
};

/* ---- streams ---- */

struct stream {
    uint32_t id;
    /* sending */
    bool opened;      /* its OPEN stands in a record */
    bool reply_given; /* responder: the owner gave the status */
    bool reply_due;
    bool write_closed; /* the owner may write no more */
    bool end_due;      /* END goes with the last byte of the queue */
    bool cancel_due;
    bool send_done; /* our END or CANCEL stands in a record */
    bool we_cancelled;
    uint16_t status;
    enum err cancel_reason;
    uint32_t send_window; /* bytes that the peer still takes */
    size_t floor;         /* the smallest bucket for its body; 0: any */
    uint8_t *queue;       /* secret memory; the bytes [queue_at, queue_end) wait */
    size_t queue_size;
    size_t queue_at;
    size_t queue_end;
    /* receiving */
    bool replied; /* initiator: REPLY has come */
    bool peer_cancelled;
    bool receive_done;       /* the peer's END or CANCEL has come */
    uint32_t receive_window; /* bytes that the peer may still send */
    uint32_t unconsumed;     /* given to the owner and not yet dealt with */
    uint32_t credit;         /* dealt with and not yet announced by WINDOW */
    uint8_t path_len;
    char path[CHANNEL_PATH_MAX]; /* initiator, until OPEN is sent */
};

/* ---- the channel ---- */

enum { CHALLENGE_NONCE_SIZE = 32, PING_SIZE = 8, RECORD_HEADER_SIZE = 2 };

/* Evidence on its way. */
struct evidence {
    bool wanted;    /* responder: the owner was asked; initiator: EVIDENCE frames are awaited */
    bool appraisal; /* initiator: the owner has the bundle and has not said anything yet */
    uint32_t total; /* initiator: the announced size; 0 when there was no announcement */
    uint8_t *bytes; /* responder: still to be sent from `at`; initiator: received so far up to `len` */
    size_t size;
    size_t len;
    size_t at;
};

struct channel {
    enum noise_role role;
    enum channel_state state;
    enum channel_path path;
    const struct channel_handler *handler;
    void *owner;

    struct handshake *handshake;
    uint8_t hash[CRYPTO_SHA256_SIZE]; /* of the complete handshake */
    uint8_t challenge[CHANNEL_CHALLENGE_SIZE];
    uint8_t remote[NOISE_KEY_SIZE];
    bool remote_known;

    struct noise_cipher *send;
    struct noise_cipher *receive;
    uint32_t rekey_records;
    uint32_t sent; /* records since the last rekey */
    uint32_t received;

    /* A record that came in pieces. */
    uint8_t head[RECORD_HEADER_SIZE];
    size_t head_have;
    uint8_t *body;
    size_t body_size;
    size_t body_have;

    uint8_t *output; /* secret memory; the ciphertext [output_at, output_end) waits for the socket */
    size_t output_size;
    size_t output_at;
    size_t output_end;

    struct evidence evidence;
    bool attest_due;
    uint8_t nonce[CHALLENGE_NONCE_SIZE];

    bool ping_due;
    bool ping_unanswered;
    bool pong_due;
    uint64_t ping_number;
    uint8_t pong[PING_SIZE];
    unsigned control_run; /* control frames received since payload moved */
    unsigned cancel_run;  /* CANCEL frames received since this side sent an answer or a body */

    struct stream *streams[CHANNEL_STREAMS_MAX]; /* by increasing id */
    size_t stream_count;
    uint32_t last_stream; /* the highest id so far */
    uint32_t turn;        /* the stream that sent last */
};

/* channel.c */
enum channel_event { EVENT_SECOND_READ, EVENT_HANDSHAKE_DONE, EVENT_KEY_ACCEPTED, EVENT_END };
/* The one function that changes the state. ERR_CHANNEL_STATE when the table has no such transition. */
ERR_MUST_USE enum err channel_transition(struct channel *ch, enum channel_event event);
/* Closes for a broken rule or a failure, and returns it. */
enum err channel_fail(struct channel *ch, enum err e);
/* Counts a received control frame: ERR_CHANNEL_FLOOD. */
ERR_MUST_USE enum err channel_control_frame(struct channel *ch);
/* The evidence is here: tells the owner. */
void channel_evidence_ready(struct channel *ch, struct bytes bundle);

/* handshake.c */
ERR_MUST_USE enum err handshake_begin(struct channel *ch, const struct channel_config *config);
/* Is a record of that size welcome now? */
ERR_MUST_USE enum err handshake_expects(const struct channel *ch, size_t size);
ERR_MUST_USE enum err handshake_receive(struct channel *ch, struct bytes record);
/* Responder, STEP_OWNER: writes the message that carries the bundle. */
ERR_MUST_USE enum err handshake_give_evidence(struct channel *ch, struct bytes bundle);
/* Initiator, STEP_HELD: writes the last message. */
ERR_MUST_USE enum err handshake_last(struct channel *ch);
void handshake_free(struct handshake *h);

/* stream.c */
ERR_MUST_USE enum err stream_frame(struct channel *ch, const struct frame *f);
void stream_sweep(struct channel *ch); /* releases what is finished in both directions */
void stream_free_all(struct channel *ch);
size_t stream_queued(const struct stream *s);
size_t stream_sendable(const struct stream *s); /* bytes of the queue that the window admits */
bool stream_data_due(const struct stream *s);   /* bytes, or an END alone */
void stream_sent(struct stream *s, size_t n);   /* n bytes of the queue stand in a record: wipes them */

/* send.c */
/* Sends as many whole records of the largest size as `data` fills and the rules admit, without queueing them; *data is what is left. */
ERR_MUST_USE enum err send_straight(struct channel *ch, struct stream *s, struct bytes *data, bool end);
void send_close(struct channel *ch, enum err reason);

/* record.c */
/* Scratch of CHANNEL_RECORD_MAX bytes of secret memory from a small pool of the thread; give wipes the first `used`. */
uint8_t *scratch_take(void);
void scratch_give(uint8_t *block, size_t used);
/* Room for n bytes at the end of the output; they count once output_end is moved. NULL: no memory. */
uint8_t *output_reserve(struct channel *ch, size_t n);
void output_release(struct channel *ch);
/* Takes bytes of `in` towards one record. *record has ptr NULL while it is incomplete; *owned is to be freed after use. */
ERR_MUST_USE enum err record_collect(struct channel *ch, struct reader *in, struct bytes *record,
                                     uint8_t **owned);
/* Room for a plaintext of `size` bytes where its record leaves from; NULL: no memory. The caller fills it and has it sealed, or wipes it. */
uint8_t *record_begin(struct channel *ch, size_t size);
/* Encrypts the first `size` bytes of that room in place, with the length in front. */
ERR_MUST_USE enum err record_seal(struct channel *ch, size_t size);
/* Encrypts a plaintext that stands in parts elsewhere, together a bucket, into a record of its own. */
ERR_MUST_USE enum err record_seal_parts(struct channel *ch, const struct bytes *parts, size_t count);
/* Opens a record into out, which has room for its plaintext. */
ERR_MUST_USE enum err record_open(struct channel *ch, struct bytes record, uint8_t *out, struct bytes *plain);

#endif
