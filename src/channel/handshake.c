/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise Pipes (Noise specification, section 10.4) with the hfs patterns: XX on first contact, IK with a server key that was verified
 * before, XXfallback when the server has that key no longer. docs/protocol.md, "Handshake", has each message byte by byte.
 *
 * The kind byte in front of a message is not authenticated by itself; it need not be: another kind is another pattern, whose name stands in
 * the handshake hash.
 */
#include <stdlib.h>

#include "base/secret.h"
#include "channel/channel_internal.h"

#define NAME_XX       "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256"
#define NAME_IK       "Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256"
#define NAME_FALLBACK "Noise_XXfallback+hfs_25519+MLKEM768_AESGCM_SHA256"

static enum err start(struct channel *ch, const char *name, const struct noise_keys *keys)
{
    struct noise_handshake *fresh = NULL;
    enum err e = noise_handshake_new(&fresh, name, ch->role, bytes_str(CHANNEL_PROLOGUE), keys);
    if (e != ERR_OK)
        return e;
    /* Only now: the keys of a fallback stand in the handshake that failed. */
    noise_handshake_free(ch->handshake->noise);
    ch->handshake->noise = fresh;
    return ERR_OK;
}

static void take_challenge(struct channel *ch)
{
    _Static_assert((int)CHANNEL_CHALLENGE_SIZE == (int)CRYPTO_SHA256_SIZE,
                   "the challenge is a handshake hash");
    noise_handshake_hash(ch->handshake->noise, ch->challenge);
}

/* One handshake record: length, kind, Noise message. */
static enum err write_message(struct channel *ch, enum handshake_kind kind, struct bytes payload)
{
    size_t size = noise_handshake_message_size(ch->handshake->noise, payload.len);
    if (size == 0 || size > HANDSHAKE_MESSAGE_MAX)
        return ERR_NO_SPACE;
    uint8_t *room = output_reserve(ch, RECORD_HEADER_SIZE + 1 + size);
    if (room == NULL)
        return ERR_MEMORY;
    struct writer w = writer_into(room, RECORD_HEADER_SIZE + 1 + size);
    writer_u16be(&w, (uint16_t)(1 + size));
    writer_u8(&w, (uint8_t)kind);
    size_t len = 0;
    enum err e = noise_handshake_write(ch->handshake->noise, payload, writer_reserve(&w, size), size, &len);
    if (e == ERR_OK && len != size)
        e = ERR_NOISE_STATE;
    if (e == ERR_OK)
        ch->output_end += RECORD_HEADER_SIZE + 1 + size;
    return e;
}

static void note_remote(struct channel *ch)
{
    const uint8_t *key = noise_handshake_remote_static(ch->handshake->noise);
    if (key == NULL)
        return;
    memcpy(ch->remote, key, sizeof ch->remote);
    ch->remote_known = true;
}

/* The handshake is complete: its keys take over. */
static enum err finish(struct channel *ch)
{
    note_remote(ch);
    enum err e = noise_handshake_split(ch->handshake->noise, &ch->send, &ch->receive, ch->hash);
    handshake_free(ch->handshake);
    ch->handshake = NULL;
    return e;
}

void handshake_free(struct handshake *h)
{
    if (h == NULL)
        return;
    noise_handshake_free(h->noise);
    secret_free(h);
}

/* ---- first message ---- */

enum err handshake_begin(struct channel *ch, const struct channel_config *config)
{
    struct handshake *h = secret_alloc(sizeof *h);
    if (h == NULL)
        return ERR_MEMORY;
    ch->handshake = h;
    h->s = *config->s;
    if (ch->role == NOISE_RESPONDER) {
        h->step = STEP_FIRST;
        return ERR_OK;
    }
    struct noise_keys keys = {.s = &h->s};
    uint8_t wish = config->fresh_evidence ? WISH_FRESH : WISH_NONE;
    bool known = config->rs != NULL;
    if (known) {
        memcpy(h->rs, config->rs, sizeof h->rs);
        keys.rs = h->rs;
        h->fresh = config->fresh_evidence;
    }
    h->step = known ? STEP_IK_SECOND : STEP_XX_SECOND;
    ch->path = known ? CHANNEL_PATH_IK : CHANNEL_PATH_XX;
    enum err e = start(ch, known ? NAME_IK : NAME_XX, &keys);
    if (e == ERR_OK)
        e = write_message(ch, known ? KIND_IK_1 : KIND_XX_1, known ? bytes_of(&wish, 1) : (struct bytes){0});
    if (e == ERR_OK)
        take_challenge(ch);
    return e;
}

static enum err ask_owner(struct channel *ch)
{
    ch->handshake->step = STEP_OWNER;
    ch->handler->evidence_wanted(ch->owner, ch->challenge);
    return ERR_OK;
}

static enum err read_xx_first(struct channel *ch, struct bytes message)
{
    const struct noise_keys keys = {.s = &ch->handshake->s};
    uint8_t payload[HANDSHAKE_CLIENT_MAX];
    size_t len = 0;
    ch->path = CHANNEL_PATH_XX;
    enum err e = start(ch, NAME_XX, &keys);
    if (e == ERR_OK)
        e = noise_handshake_read(ch->handshake->noise, message, payload, sizeof payload, &len);
    if (e != ERR_OK)
        return e;
    if (len != 0)
        return ERR_CHANNEL_RECORD;
    take_challenge(ch);
    return ask_owner(ch);
}

/* The first message was made for a key that this responder does not have: of it, only e can be used. */
static enum err fall_back(struct channel *ch)
{
    const struct noise_keys keys = {.s = &ch->handshake->s,
                                    .re = noise_handshake_remote_ephemeral(ch->handshake->noise)};
    if (keys.re == NULL)
        return ERR_NOISE_MESSAGE;
    enum err e = start(ch, NAME_FALLBACK, &keys);
    if (e != ERR_OK)
        return e;
    ch->path = CHANNEL_PATH_FALLBACK;
    take_challenge(ch);
    return ask_owner(ch);
}

static enum err read_ik_first(struct channel *ch, struct bytes message)
{
    const struct noise_keys keys = {.s = &ch->handshake->s};
    uint8_t payload[HANDSHAKE_CLIENT_MAX];
    size_t len = 0;
    ch->path = CHANNEL_PATH_IK;
    enum err e = start(ch, NAME_IK, &keys);
    if (e != ERR_OK)
        return e;
    e = noise_handshake_read(ch->handshake->noise, message, payload, sizeof payload, &len);
    if (e == ERR_AUTH)
        return fall_back(ch);
    if (e != ERR_OK)
        return e;
    struct reader r = reader_over(bytes_of(payload, len));
    uint8_t wish = reader_u8(&r);
    if (reader_finish(&r) != ERR_OK || wish > WISH_FRESH)
        return ERR_CHANNEL_RECORD;
    note_remote(ch);
    take_challenge(ch);
    if (wish == WISH_FRESH)
        return ask_owner(ch);
    const uint8_t form = EVIDENCE_NONE;
    e = write_message(ch, KIND_IK_2, bytes_of(&form, 1));
    if (e == ERR_OK)
        e = finish(ch);
    return e == ERR_OK ? channel_transition(ch, EVENT_HANDSHAKE_DONE) : e;
}

/* ---- second message ---- */

/* The bundle is too long for the message and will follow in EVIDENCE frames. */
static enum err keep_bundle(struct channel *ch, struct bytes bundle)
{
    ch->evidence.bytes = malloc(bundle.len);
    if (ch->evidence.bytes == NULL)
        return ERR_MEMORY;
    memcpy(ch->evidence.bytes, bundle.ptr, bundle.len);
    ch->evidence.size = ch->evidence.len = bundle.len;
    ch->evidence.at = 0;
    return ERR_OK;
}

enum err handshake_give_evidence(struct channel *ch, struct bytes bundle)
{
    static const uint8_t kinds[] = {[CHANNEL_PATH_XX] = KIND_XX_2,
                                    [CHANNEL_PATH_IK] = KIND_IK_2,
                                    [CHANNEL_PATH_FALLBACK] = KIND_FALLBACK_1};
    struct handshake *h = ch->handshake;
    uint8_t *payload = scratch_take();
    if (payload == NULL)
        return ERR_MEMORY;
    struct writer w = writer_into(payload, CHANNEL_RECORD_MAX);
    size_t size = noise_handshake_message_size(h->noise, 1 + bundle.len);
    enum err e = ERR_OK;
    if (size != 0 && size <= HANDSHAKE_MESSAGE_MAX) {
        writer_u8(&w, EVIDENCE_WHOLE);
        writer_bytes(&w, bundle);
    } else {
        writer_u8(&w, EVIDENCE_STREAMED);
        writer_u32be(&w, (uint32_t)bundle.len);
        e = keep_bundle(ch, bundle);
    }
    struct bytes composed = {0};
    if (e == ERR_OK)
        e = writer_finish(&w, &composed);
    if (e == ERR_OK)
        e = write_message(ch, (enum handshake_kind)kinds[ch->path], composed);
    scratch_give(payload, w.used);
    if (e != ERR_OK)
        return e;
    if (ch->path == CHANNEL_PATH_IK) {
        e = finish(ch);
        return e == ERR_OK ? channel_transition(ch, EVENT_HANDSHAKE_DONE) : e;
    }
    h->step = ch->path == CHANNEL_PATH_XX ? STEP_XX_LAST : STEP_FALLBACK_LAST;
    return ERR_OK;
}

static enum err read_form(struct channel *ch, struct bytes payload, enum evidence_form *form, uint32_t *total,
                          struct bytes *bundle)
{
    /* Only a resumed channel goes without evidence, and only when none was asked for. */
    bool asked = ch->path != CHANNEL_PATH_IK || ch->handshake->fresh;
    struct reader r = reader_over(payload);
    *form = (enum evidence_form)reader_u8(&r);
    *bundle = (struct bytes){0};
    *total = 0;
    if (reader_status(&r) != ERR_OK || *form > EVIDENCE_STREAMED)
        return ERR_CHANNEL_RECORD;
    if ((*form != EVIDENCE_NONE) != asked)
        return ERR_CHANNEL_EVIDENCE;
    if (*form == EVIDENCE_WHOLE)
        *bundle = reader_rest(&r);
    if (*form == EVIDENCE_STREAMED)
        *total = reader_u32be(&r);
    if (reader_finish(&r) != ERR_OK)
        return ERR_CHANNEL_RECORD;
    bool sized = *form == EVIDENCE_NONE || (*form == EVIDENCE_WHOLE && bundle->len != 0) ||
                 (*form == EVIDENCE_STREAMED && *total != 0 && *total <= CHANNEL_EVIDENCE_MAX);
    return sized ? ERR_OK : ERR_CHANNEL_EVIDENCE;
}

enum err handshake_last(struct channel *ch)
{
    enum err e =
        write_message(ch, ch->path == CHANNEL_PATH_XX ? KIND_XX_3 : KIND_FALLBACK_2, (struct bytes){0});
    return e == ERR_OK ? finish(ch) : e;
}

/* XX message 2, IK message 2 and the first message of a fallback differ in the pattern alone. */
static enum err read_second(struct channel *ch, struct bytes message)
{
    struct handshake *h = ch->handshake;
    uint8_t *payload = scratch_take();
    enum evidence_form form = EVIDENCE_NONE;
    struct bytes bundle = {0};
    uint32_t total = 0;
    size_t len = 0;
    if (payload == NULL)
        return ERR_MEMORY;
    enum err e = noise_handshake_read(h->noise, message, payload, CHANNEL_RECORD_MAX, &len);
    if (e == ERR_OK)
        e = read_form(ch, bytes_of(payload, len), &form, &total, &bundle);
    if (e != ERR_OK)
        goto out;
    note_remote(ch);
    if (ch->path == CHANNEL_PATH_IK)
        e = finish(ch);
    else if (form == EVIDENCE_STREAMED)
        e = handshake_last(ch);
    else
        h->step = STEP_HELD;
    if (e == ERR_OK)
        e = channel_transition(ch, EVENT_SECOND_READ);
    if (e != ERR_OK)
        goto out;
    if (form == EVIDENCE_STREAMED) {
        ch->evidence.wanted = true;
        ch->evidence.total = total;
    } else {
        channel_evidence_ready(ch, bundle);
    }
out:
    scratch_give(payload, CHANNEL_RECORD_MAX);
    return e;
}

static enum err read_fallback_first(struct channel *ch, struct bytes message)
{
    struct handshake *h = ch->handshake;
    const struct noise_keys keys = {.s = &h->s, .e = noise_handshake_ephemeral(h->noise)};
    enum err e = start(ch, NAME_FALLBACK, &keys);
    if (e != ERR_OK)
        return e;
    ch->path = CHANNEL_PATH_FALLBACK;
    take_challenge(ch);
    return read_second(ch, message);
}

/* ---- last message ---- */

static enum err read_last(struct channel *ch, struct bytes message)
{
    uint8_t payload[HANDSHAKE_CLIENT_MAX];
    size_t len = 0;
    enum err e = noise_handshake_read(ch->handshake->noise, message, payload, sizeof payload, &len);
    if (e == ERR_OK && len != 0)
        e = ERR_CHANNEL_RECORD;
    if (e == ERR_OK)
        e = finish(ch);
    return e == ERR_OK ? channel_transition(ch, EVENT_HANDSHAKE_DONE) : e;
}

/* ---- which message comes when ---- */

static const struct {
    enum handshake_kind kind;
    enum handshake_step step; /* of the reader */
    enum err (*read)(struct channel *ch, struct bytes message);
} messages[] = {
    {KIND_XX_1, STEP_FIRST, read_xx_first},
    {KIND_IK_1, STEP_FIRST, read_ik_first},
    {KIND_XX_2, STEP_XX_SECOND, read_second},
    {KIND_IK_2, STEP_IK_SECOND, read_second},
    {KIND_FALLBACK_1, STEP_IK_SECOND, read_fallback_first},
    {KIND_XX_3, STEP_XX_LAST, read_last},
    {KIND_FALLBACK_2, STEP_FALLBACK_LAST, read_last},
};

enum err handshake_expects(const struct channel *ch, size_t size)
{
    enum handshake_step step = ch->handshake->step;
    if (step == STEP_OWNER || step == STEP_HELD)
        return ERR_CHANNEL_STATE;
    /* So that a peer that has shown nothing yet cannot make us hold 64 KiB. */
    if (ch->role == NOISE_RESPONDER && size > HANDSHAKE_CLIENT_MAX)
        return ERR_CHANNEL_RECORD;
    return ERR_OK;
}

enum err handshake_receive(struct channel *ch, struct bytes record)
{
    struct reader r = reader_over(record);
    uint8_t kind = reader_u8(&r);
    struct bytes message = reader_rest(&r);
    enum err e = ERR_CHANNEL_RECORD;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        if (messages[i].kind != kind)
            continue;
        if (messages[i].step == ch->handshake->step)
            return messages[i].read(ch, message);
        e = ERR_CHANNEL_STATE;
    }
    return e;
}
