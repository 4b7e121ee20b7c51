/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "base/secret.h"
#include "channel/channel_internal.h"

/* ---- scratch ----
 * Plaintext records exist only while they are built or read, so channels need no buffers of their own for them. Two blocks are kept for a
 * thread: one for the record being read and one for a record that is built from within a callback. */

enum { SCRATCH_KEPT = 2 };

struct scratch_pool {
    uint8_t *block[SCRATCH_KEPT];
    size_t count;
    uint8_t *output; /* a large output buffer that no channel needs now */
    size_t output_size;
};

static _Thread_local struct scratch_pool pool;
static pthread_key_t pool_key;
static pthread_once_t pool_once = PTHREAD_ONCE_INIT;
static bool pool_usable;

static void pool_release(void *kept)
{
    struct scratch_pool *p = kept;
    while (p->count > 0)
        secret_free(p->block[--p->count]);
    secret_free(p->output);
    p->output = NULL;
}

static void pool_init(void)
{
    pool_usable = pthread_key_create(&pool_key, pool_release) == 0;
}

uint8_t *scratch_take(void)
{
    return pool.count > 0 ? pool.block[--pool.count] : secret_alloc(CHANNEL_RECORD_MAX);
}

/* Has the thread's end give the pool back. */
static bool pool_keeps(void)
{
    (void)pthread_once(&pool_once, pool_init);
    return pool_usable && pthread_setspecific(pool_key, &pool) == 0;
}

void scratch_give(uint8_t *block, size_t used)
{
    if (block == NULL)
        return;
    if (pool.count == SCRATCH_KEPT || !pool_keeps()) {
        secret_free(block);
        return;
    }
    secret_wipe(block, used);
    pool.block[pool.count++] = block;
}

/* ---- output ----
 * Records are built and encrypted where they leave from, so this is secret memory too. A channel with nothing to send holds none of it; large
 * buffers, which are expensive to map and lock, pass from channel to channel through the pool. */

enum {
    SPARE_MIN = 32 * 1024,
    /* Puts the first frame's payload (behind 2 bytes of length and 8 of frame header) on a multiple of 16: where it is not, copying
     * 64 KiB into it takes up to twenty times as long on some processors (rep movsb). */
    OUTPUT_LEAD = 16 - (RECORD_HEADER_SIZE + FRAME_HEADER_SIZE) % 16,
};

static uint8_t *output_alloc(size_t *size)
{
    if (*size < SPARE_MIN || pool.output_size < *size)
        return secret_alloc(*size);
    uint8_t *spare = pool.output;
    *size = pool.output_size;
    pool.output = NULL;
    pool.output_size = 0;
    return spare;
}

static void output_free(uint8_t *output, size_t size)
{
    if (size < SPARE_MIN || size <= pool.output_size || !pool_keeps()) {
        secret_free(output);
        return;
    }
    secret_free(pool.output);
    pool.output = output;
    pool.output_size = size;
}

uint8_t *output_reserve(struct channel *ch, size_t n)
{
    size_t held = ch->output_end - ch->output_at;
    if (ch->output_size - ch->output_end < n) {
        size_t need = OUTPUT_LEAD + held + n;
        if (ch->output_size < need) {
            size_t size = ch->output_size * 2 > need ? ch->output_size * 2 : need + n / 8;
            uint8_t *grown = output_alloc(&size);
            if (grown == NULL)
                return NULL;
            if (held != 0)
                memcpy(grown + OUTPUT_LEAD, ch->output + ch->output_at, held);
            output_free(ch->output, ch->output_size);
            ch->output = grown;
            ch->output_size = size;
        } else {
            memmove(ch->output + OUTPUT_LEAD, ch->output + ch->output_at, held);
        }
        ch->output_at = OUTPUT_LEAD;
        ch->output_end = OUTPUT_LEAD + held;
    }
    return ch->output + ch->output_end;
}

void output_release(struct channel *ch)
{
    output_free(ch->output, ch->output_size);
    ch->output = NULL;
    ch->output_size = ch->output_at = ch->output_end = 0;
}

struct bytes channel_output(const struct channel *ch)
{
    return ch->output == NULL ? (struct bytes){0}
                              : bytes_of(ch->output + ch->output_at, ch->output_end - ch->output_at);
}

void channel_output_sent(struct channel *ch, size_t n)
{
    size_t held = ch->output_end - ch->output_at;
    ch->output_at += n < held ? n : held;
    if (ch->output_at == ch->output_end)
        output_release(ch);
}

/* ---- collecting ---- */

/* Asked as soon as the length is known, before any memory is given to the record. */
static enum err record_size_allowed(const struct channel *ch, size_t size)
{
    if (size == 0)
        return ERR_CHANNEL_RECORD;
    if (ch->receive == NULL)
        return handshake_expects(ch, size);
    return size > NOISE_TAG_SIZE && frame_is_bucket(size - NOISE_TAG_SIZE) ? ERR_OK : ERR_CHANNEL_BUCKET;
}

enum err record_collect(struct channel *ch, struct reader *in, struct bytes *record, uint8_t **owned)
{
    *record = (struct bytes){0};
    *owned = NULL;
    while (ch->head_have < RECORD_HEADER_SIZE && in->left > 0)
        ch->head[ch->head_have++] = reader_u8(in);
    if (ch->head_have < RECORD_HEADER_SIZE)
        return ERR_OK;
    if (ch->body == NULL) {
        struct reader head = reader_over(bytes_of(ch->head, sizeof ch->head));
        size_t size = reader_u16be(&head);
        enum err e = record_size_allowed(ch, size);
        if (e != ERR_OK)
            return e;
        if (in->left >= size) {
            ch->head_have = 0;
            *record = reader_bytes(in, size);
            return reader_status(in);
        }
        ch->body = malloc(size);
        if (ch->body == NULL)
            return ERR_MEMORY;
        ch->body_size = size;
        ch->body_have = 0;
    }
    size_t missing = ch->body_size - ch->body_have;
    struct bytes piece = reader_bytes(in, in->left < missing ? in->left : missing);
    if (piece.len != 0)
        memcpy(ch->body + ch->body_have, piece.ptr, piece.len);
    ch->body_have += piece.len;
    if (ch->body_have == ch->body_size) {
        *record = bytes_of(ch->body, ch->body_size);
        *owned = ch->body;
        ch->body = NULL;
        ch->body_size = ch->body_have = ch->head_have = 0;
    }
    return ERR_OK;
}

/* ---- sealing and opening ---- */

/* Noise section 4.2: each direction takes a new key after so many messages; n goes on. */
static enum err rekey_when_due(struct noise_cipher *cipher, uint32_t *count, uint32_t limit)
{
    if (++*count < limit)
        return ERR_OK;
    *count = 0;
    return noise_cipher_rekey(cipher);
}

uint8_t *record_begin(struct channel *ch, size_t size)
{
    uint8_t *room = output_reserve(ch, RECORD_HEADER_SIZE + size + NOISE_TAG_SIZE);
    return room == NULL ? NULL : room + RECORD_HEADER_SIZE;
}

enum err record_seal(struct channel *ch, size_t size)
{
    size_t sealed = size + NOISE_TAG_SIZE;
    struct writer w = writer_into(ch->output + ch->output_end, RECORD_HEADER_SIZE + sealed);
    writer_u16be(&w, (uint16_t)sealed);
    uint8_t *plain = writer_reserve(&w, sealed);
    enum err e = noise_cipher_encrypt(ch->send, (struct bytes){0}, bytes_of(plain, size), plain);
    if (e != ERR_OK) {
        secret_wipe(plain, sealed);
        return e;
    }
    ch->output_end += RECORD_HEADER_SIZE + sealed;
    return rekey_when_due(ch->send, &ch->sent, ch->rekey_records);
}

enum err record_seal_parts(struct channel *ch, const struct bytes *parts, size_t count)
{
    size_t sealed = NOISE_TAG_SIZE;
    for (size_t i = 0; i < count; i++)
        sealed += parts[i].len;
    uint8_t *room = output_reserve(ch, RECORD_HEADER_SIZE + sealed);
    if (room == NULL)
        return ERR_MEMORY;
    struct writer w = writer_into(room, RECORD_HEADER_SIZE + sealed);
    writer_u16be(&w, (uint16_t)sealed);
    enum err e =
        noise_cipher_encrypt_parts(ch->send, (struct bytes){0}, parts, count, writer_reserve(&w, sealed));
    if (e != ERR_OK)
        return e;
    ch->output_end += RECORD_HEADER_SIZE + sealed;
    return rekey_when_due(ch->send, &ch->sent, ch->rekey_records);
}

enum err record_open(struct channel *ch, struct bytes record, uint8_t *out, struct bytes *plain)
{
    enum err e = noise_cipher_decrypt(ch->receive, (struct bytes){0}, record, out);
    if (e != ERR_OK)
        return e;
    *plain = bytes_of(out, record.len - NOISE_TAG_SIZE);
    return rekey_when_due(ch->receive, &ch->received, ch->rekey_records);
}
