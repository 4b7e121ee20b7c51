/* SPDX-License-Identifier: Apache-2.0 */
#include "channel/channel.h"

#include <stdlib.h>

#include "base/secret.h"
#include "channel/channel_internal.h"

/* ---- the state machine ---- */

/* Every transition there is. An initiator comes to VERIFIED by one row, whose event channel_verified alone raises. */
static const struct transition {
    enum noise_role role;
    enum channel_event event;
    enum channel_state from;
    enum channel_state to;
} transitions[] = {
    {NOISE_INITIATOR, EVENT_SECOND_READ, CHANNEL_HANDSHAKE, CHANNEL_UNVERIFIED},
    {NOISE_INITIATOR, EVENT_KEY_ACCEPTED, CHANNEL_UNVERIFIED, CHANNEL_VERIFIED},
    {NOISE_INITIATOR, EVENT_END, CHANNEL_HANDSHAKE, CHANNEL_CLOSED},
    {NOISE_INITIATOR, EVENT_END, CHANNEL_UNVERIFIED, CHANNEL_CLOSED},
    {NOISE_INITIATOR, EVENT_END, CHANNEL_VERIFIED, CHANNEL_CLOSED},
    {NOISE_RESPONDER, EVENT_HANDSHAKE_DONE, CHANNEL_HANDSHAKE, CHANNEL_VERIFIED},
    {NOISE_RESPONDER, EVENT_END, CHANNEL_HANDSHAKE, CHANNEL_CLOSED},
    {NOISE_RESPONDER, EVENT_END, CHANNEL_VERIFIED, CHANNEL_CLOSED},
};

enum err channel_transition(struct channel *ch, enum channel_event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        const struct transition *t = &transitions[i];
        if (t->role == ch->role && t->event == event && t->from == ch->state) {
            ch->state = t->to;
            return ERR_OK;
        }
    }
    return ERR_CHANNEL_STATE;
}

/* Nothing of a closed channel is kept but the output, which holds the last record. */
static void release(struct channel *ch)
{
    handshake_free(ch->handshake);
    noise_cipher_free(ch->send);
    noise_cipher_free(ch->receive);
    ch->handshake = NULL;
    ch->send = ch->receive = NULL;
    free(ch->body);
    ch->body = NULL;
    ch->body_size = ch->body_have = ch->head_have = 0;
    free(ch->evidence.bytes);
    ch->evidence = (struct evidence){0};
    stream_free_all(ch);
}

static void end(struct channel *ch, enum err reason)
{
    /* The table has this transition from every state but CLOSED. */
    if (channel_transition(ch, EVENT_END) != ERR_OK)
        return;
    release(ch);
    ch->handler->closed(ch->owner, reason);
}

void channel_close(struct channel *ch, enum err reason)
{
    if (ch->state != CHANNEL_CLOSED)
        send_close(ch, reason);
    end(ch, reason);
}

enum err channel_fail(struct channel *ch, enum err e)
{
    channel_close(ch, e);
    return e;
}

/* ---- life ---- */

enum err channel_new(const struct channel_config *config, const struct channel_handler *handler, void *owner,
                     struct channel **ch)
{
    *ch = NULL;
    struct channel *fresh = secret_alloc(sizeof *fresh);
    if (fresh == NULL)
        return ERR_MEMORY;
    fresh->role = config->role;
    fresh->state = CHANNEL_HANDSHAKE;
    fresh->handler = handler;
    fresh->owner = owner;
    fresh->rekey_records = config->rekey_records == 0 ? CHANNEL_REKEY_RECORDS : config->rekey_records;
    enum err e = handshake_begin(fresh, config);
    if (e == ERR_OK)
        *ch = fresh;
    else
        channel_free(fresh);
    return e;
}

void channel_free(struct channel *ch)
{
    if (ch == NULL)
        return;
    release(ch);
    output_release(ch);
    secret_free(ch);
}

enum channel_state channel_state(const struct channel *ch)
{
    return ch->state;
}

enum channel_path channel_handshake_path(const struct channel *ch)
{
    return ch->path;
}

const uint8_t *channel_remote_static(const struct channel *ch)
{
    return ch->remote_known ? ch->remote : NULL;
}

size_t channel_memory(const struct channel *ch)
{
    size_t sum = sizeof *ch + ch->body_size + ch->output_size + ch->evidence.size;
    if (ch->handshake != NULL)
        sum += sizeof *ch->handshake;
    for (size_t i = 0; i < ch->stream_count; i++)
        sum += sizeof *ch->streams[i] + ch->streams[i]->queue_size;
    return sum;
}

/* ---- evidence ---- */

void channel_evidence_ready(struct channel *ch, struct bytes bundle)
{
    ch->evidence.appraisal = ch->state == CHANNEL_UNVERIFIED;
    ch->handler->evidence(ch->owner, bundle, ch->challenge);
}

enum err channel_verified(struct channel *ch, const uint8_t key[static NOISE_KEY_SIZE])
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_CHANNEL_CLOSED;
    if (ch->state != CHANNEL_UNVERIFIED || !ch->evidence.appraisal)
        return ERR_CHANNEL_STATE;
    if (!secret_equal(key, ch->remote, sizeof ch->remote))
        return channel_fail(ch, ERR_REFUSED);
    ch->evidence.appraisal = false;
    enum err e = ch->handshake == NULL ? ERR_OK : handshake_last(ch);
    if (e == ERR_OK)
        e = channel_transition(ch, EVENT_KEY_ACCEPTED);
    return e == ERR_OK ? ERR_OK : channel_fail(ch, e);
}

/* SHA-256("enclume attest v1" || 0 || handshake hash || nonce): made for this channel and for this question. */
static enum err attest_challenge(struct channel *ch, struct bytes nonce)
{
    static const char label[] = "enclume attest v1"; /* with its NUL */
    const struct bytes parts[] = {bytes_of(label, sizeof label), bytes_of(ch->hash, sizeof ch->hash), nonce};
    return crypto_hash_parts(CRYPTO_SHA256, parts, sizeof parts / sizeof parts[0], ch->challenge);
}

enum err channel_attest(struct channel *ch)
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_CHANNEL_CLOSED;
    if (ch->role != NOISE_INITIATOR || ch->state != CHANNEL_VERIFIED || ch->evidence.wanted)
        return ERR_CHANNEL_STATE;
    enum err e = crypto_random(ch->nonce, sizeof ch->nonce);
    if (e == ERR_OK)
        e = attest_challenge(ch, bytes_of(ch->nonce, sizeof ch->nonce));
    if (e != ERR_OK)
        return e;
    ch->evidence.wanted = ch->attest_due = true;
    return ERR_OK;
}

enum err channel_give_evidence(struct channel *ch, struct bytes bundle)
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_CHANNEL_CLOSED;
    bool in_handshake = ch->handshake != NULL && ch->handshake->step == STEP_OWNER;
    if (!in_handshake && !(ch->role == NOISE_RESPONDER && ch->evidence.wanted))
        return ERR_CHANNEL_STATE;
    if (bundle.len == 0)
        return ERR_VALUE;
    if (bundle.len > CHANNEL_EVIDENCE_MAX)
        return ERR_TOO_LARGE;
    if (in_handshake) {
        enum err e = handshake_give_evidence(ch, bundle);
        return e == ERR_OK ? ERR_OK : channel_fail(ch, e);
    }
    uint8_t *copy = malloc(bundle.len);
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, bundle.ptr, bundle.len);
    ch->evidence = (struct evidence){.bytes = copy, .size = bundle.len, .len = bundle.len};
    return ERR_OK;
}

/* Grows towards what has really come: an announcement alone takes no memory. */
static enum err evidence_append(struct evidence *ev, struct bytes piece)
{
    size_t limit = ev->total != 0 ? ev->total : CHANNEL_EVIDENCE_MAX;
    if (piece.len > limit - ev->len)
        return ERR_CHANNEL_EVIDENCE;
    size_t need = ev->len + piece.len;
    if (need > ev->size) {
        size_t size = ev->size * 2 > need ? ev->size * 2 : need;
        size = size < limit ? size : limit;
        uint8_t *grown = realloc(ev->bytes, size);
        if (grown == NULL)
            return ERR_MEMORY;
        ev->bytes = grown;
        ev->size = size;
    }
    memcpy(ev->bytes + ev->len, piece.ptr, piece.len);
    ev->len = need;
    return ERR_OK;
}

/* ---- frames of the channel itself ---- */

enum err channel_control_frame(struct channel *ch)
{
    return ++ch->control_run > CHANNEL_CONTROL_MAX ? ERR_CHANNEL_FLOOD : ERR_OK;
}

static enum err on_attest(struct channel *ch, const struct frame *f)
{
    if (ch->evidence.wanted || ch->evidence.bytes != NULL)
        return ERR_CHANNEL_EVIDENCE;
    enum err e = channel_control_frame(ch);
    if (e == ERR_OK)
        e = attest_challenge(ch, f->payload);
    if (e != ERR_OK)
        return e;
    ch->evidence.wanted = true;
    ch->handler->evidence_wanted(ch->owner, ch->challenge);
    return ERR_OK;
}

static enum err on_evidence(struct channel *ch, const struct frame *f)
{
    struct evidence *ev = &ch->evidence;
    if (!ev->wanted || ch->attest_due)
        return ERR_CHANNEL_EVIDENCE;
    enum err e = evidence_append(ev, f->payload);
    if (e != ERR_OK)
        return e;
    ch->control_run = 0;
    bool last = (f->flags & FRAME_FLAG_END) != 0;
    if (ev->total != 0 && last != (ev->len == ev->total))
        return ERR_CHANNEL_EVIDENCE;
    if (!last)
        return ERR_OK;
    /* The bundle outlives whatever the owner does with the channel from within the callback. */
    struct evidence whole = *ev;
    *ev = (struct evidence){0};
    channel_evidence_ready(ch, bytes_of(whole.bytes, whole.len));
    free(whole.bytes);
    return ERR_OK;
}

static enum err on_close(struct channel *ch, const struct frame *f)
{
    struct reader r = reader_over(f->payload);
    end(ch, frame_reason(reader_u16be(&r)));
    return ERR_OK;
}

static enum err on_ping(struct channel *ch, const struct frame *f)
{
    /* Only the latest one is answered; more of them than answers count as a flood. */
    enum err e = ch->pong_due ? channel_control_frame(ch) : ERR_OK;
    struct reader r = reader_over(f->payload);
    reader_copy(&r, ch->pong, sizeof ch->pong);
    ch->pong_due = true;
    return e;
}

static enum err on_pong(struct channel *ch, const struct frame *f)
{
    struct reader r = reader_over(f->payload);
    if (!ch->ping_unanswered || ch->ping_due || reader_u64be(&r) != ch->ping_number)
        return ERR_CHANNEL_FRAME;
    ch->ping_unanswered = false;
    return ERR_OK;
}

enum err channel_ping(struct channel *ch)
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_CHANNEL_CLOSED;
    if (ch->send == NULL || ch->ping_unanswered)
        return ERR_CHANNEL_STATE;
    ch->ping_number++;
    ch->ping_due = ch->ping_unanswered = true;
    return ERR_OK;
}

bool channel_ping_unanswered(const struct channel *ch)
{
    return ch->ping_unanswered;
}

static enum err channel_frame(struct channel *ch, const struct frame *f)
{
    static enum err (*const handlers[FRAME_TYPE_COUNT])(struct channel *, const struct frame *) = {
        [FRAME_OPEN] = stream_frame,   [FRAME_DATA] = stream_frame,    [FRAME_REPLY] = stream_frame,
        [FRAME_CANCEL] = stream_frame, [FRAME_WINDOW] = stream_frame,  [FRAME_ATTEST] = on_attest,
        [FRAME_CLOSE] = on_close,      [FRAME_EVIDENCE] = on_evidence, [FRAME_PING] = on_ping,
        [FRAME_PONG] = on_pong,
    };
    return handlers[f->type](ch, f);
}

/* ---- receiving ---- */

static enum err receive_record(struct channel *ch, struct bytes sealed)
{
    enum noise_role peer = ch->role == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
    uint8_t *scratch = scratch_take();
    if (scratch == NULL)
        return ERR_MEMORY;
    struct bytes plain = {0};
    bool more = true;
    enum err e = record_open(ch, sealed, scratch, &plain);
    struct reader r = reader_over(plain);
    /* We never send a record without a frame, so none is taken. */
    if (e == ERR_OK && plain.ptr[0] == FRAME_PAD)
        e = ERR_CHANNEL_FRAME;
    while (e == ERR_OK && more && ch->state != CHANNEL_CLOSED) {
        struct frame f;
        e = frame_next(&r, peer, ch->state, &f, &more);
        if (e == ERR_OK && more)
            e = channel_frame(ch, &f);
    }
    scratch_give(scratch, plain.len);
    return e;
}

enum err channel_receive(struct channel *ch, struct bytes in)
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_CHANNEL_CLOSED;
    struct reader r = reader_over(in);
    enum err e = ERR_OK;
    while (e == ERR_OK && r.left > 0 && ch->state != CHANNEL_CLOSED) {
        struct bytes record;
        uint8_t *owned;
        e = record_collect(ch, &r, &record, &owned);
        if (e == ERR_OK && record.ptr != NULL)
            e = ch->receive == NULL ? handshake_receive(ch, record) : receive_record(ch, record);
        free(owned);
    }
    return e == ERR_OK ? ERR_OK : channel_fail(ch, e);
}

enum err channel_receive_eof(struct channel *ch)
{
    if (ch->state == CHANNEL_CLOSED)
        return ERR_OK;
    end(ch, ERR_CHANNEL_CUT);
    return ERR_CHANNEL_CUT;
}
