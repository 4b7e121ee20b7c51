/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is kept of a conversation for its next turn, which begins with all that was read and said before: the rows of the KV cache, in the slot where they were made. A later request of
 * the same session whose prompt begins with the same tokens takes the slot over and reads the rest alone.
 *
 * Which tokens the rows stand for must be known to compare, but the tokens themselves are not kept: there is a digest for each, chained from a secret of this start and the session's number. So
 * digests of two sessions are never alike, whatever was said in them.
 *
 * Rows are overwritten when their session ends, when somebody else needs the slot (before that request begins, so that it finds nothing and gains nothing), when they are too old, and when
 * the engine closes. While nothing else is to be done one slot of several is kept free, so that whoever comes next does not wait for the overwriting either.
 *
 * Requests of one prompt, one answer and no images alone; and models alone whose rows can be told apart and wiped one by one (engine_llama.keeps).
 */

#include <time.h>

#include "base/monotonic.h"
#include "base/secret.h"
#include "engine/llama_internal.h"

/* ---- digests ---- */

static uint32_t count_of(const struct secret_buffer *digests)
{
    return (uint32_t)(digests->len / ENGINE_DIGEST_SIZE);
}

static enum err hash(struct bytes a, struct bytes b, uint8_t out[static ENGINE_DIGEST_SIZE])
{
    uint8_t whole[CRYPTO_SHA256_SIZE];
    enum err result = crypto_hash_parts(CRYPTO_SHA256, (const struct bytes[]){a, b}, 2, whole);
    memcpy(out, whole, ENGINE_DIGEST_SIZE);
    secret_wipe(whole, sizeof whole);
    return result;
}

/* Adds that of the token after those that are there. */
static enum err add(const struct engine_llama *e, uint64_t asker, llama_token token,
                    struct secret_buffer *digests)
{
    uint8_t digest[ENGINE_DIGEST_SIZE];
    enum err result = ERR_OK;
    if (digests->len == 0)
        result = hash(bytes_of(e->kept_key, sizeof e->kept_key), bytes_of(&asker, sizeof asker), digest);
    else
        memcpy(digest, digests->ptr + digests->len - sizeof digest, sizeof digest);
    if (result == ERR_OK)
        result = hash(bytes_of(digest, sizeof digest), bytes_of(&token, sizeof token), digest);
    if (result == ERR_OK)
        result = secret_buffer_append(digests, bytes_of(digest, sizeof digest), SIZE_MAX);
    secret_wipe(digest, sizeof digest);
    return result;
}

void engine_kept_prepare(const struct engine_llama *e, struct engine_request *r)
{
    struct engine_prompt *p = r->prompts;
    if (!e->keeps || r->choices != 1 || r->generation.api == API_EMBEDDINGS || p->image_count != 0)
        return;
    for (uint32_t i = 0; i < p->count; i++)
        if (add(e, r->asker, p->tokens[i], &p->digests) != ERR_OK) {
            secret_buffer_release(&p->digests); /* then it is read whole, and not kept */
            return;
        }
}

void engine_kept_decoded(const struct engine_llama *e, struct engine_slot *slot, llama_token token)
{
    struct secret_buffer *digests = &slot->kept.digests;
    if (digests->len != 0 && add(e, slot->request->asker, token, digests) != ERR_OK)
        secret_buffer_release(digests);
}

/* How many digests are the same from the first on. As each covers all before it, those that are the same come first. */
static uint32_t common(const struct secret_buffer *a, const struct secret_buffer *b)
{
    uint32_t same = 0;
    uint32_t end = count_of(a) < count_of(b) ? count_of(a) : count_of(b);
    while (same < end) {
        uint32_t middle = same + (end - same) / 2;
        size_t at = (size_t)middle * ENGINE_DIGEST_SIZE;
        if (secret_equal(a->ptr + at, b->ptr + at, ENGINE_DIGEST_SIZE))
            same = middle + 1;
        else
            end = middle;
    }
    return same;
}

/* ---- a request comes ---- */

/* How many tokens of its prompt need not be read in this slot. The last one must, since an answer begins with what comes after it. */
static uint32_t spared(const struct engine_slot *slot, const struct engine_request *r)
{
    const struct engine_prompt *p = r->prompts;
    if (slot->state != ENGINE_SLOT_KEPT || slot->kept.asker != r->asker || p->digests.len == 0)
        return 0;
    uint32_t n = common(&slot->kept.digests, &p->digests);
    return n < p->count ? n : p->count - 1;
}

static struct engine_slot *oldest_kept(struct engine_llama *e)
{
    struct engine_slot *oldest = NULL;
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (e->slots[i].state == ENGINE_SLOT_KEPT &&
            (oldest == NULL || e->slots[i].kept.at < oldest->kept.at))
            oldest = &e->slots[i];
    return oldest;
}

/* Another conversation of the same session, which begins alike (with the same instructions, say), is worth more than the little that it would spare. */
static bool is_worth_it(const struct engine_slot *slot, const struct engine_request *r, uint32_t n)
{
    return n != 0 && (n >= r->prompts->count / 2 || n >= count_of(&slot->kept.digests) / 2);
}

struct engine_slot *engine_kept_choose(struct engine_llama *e, const struct engine_request *r)
{
    struct engine_slot *unused = NULL;
    struct engine_slot *best = NULL;
    uint32_t most = 0;
    for (uint32_t i = e->info.slots; i-- > 0;) {
        struct engine_slot *slot = &e->slots[i];
        uint32_t n = spared(slot, r);
        if (slot->state == ENGINE_SLOT_FREE)
            unused = slot;
        if (n > most) {
            most = n;
            best = slot;
        }
    }
    if (best != NULL && is_worth_it(best, r, most))
        return best;
    return unused != NULL ? unused : oldest_kept(e);
}

void engine_kept_take(struct engine_llama *e, struct engine_slot *slot, struct engine_request *r)
{
    uint32_t own = spared(slot, r);
    uint32_t wanted = own + engine_opening_spares(e, slot, r);
    uint32_t n = slot->rows == 0 ? 0 : engine_wipe_rows(e, slot, wanted);
    if (n == wanted)
        r->usage.cached_tokens += own; /* the opening is nobody's own, so it is not counted */
    secret_buffer_release(&slot->kept.digests);
    slot->decoded = slot->position = n;
    if (r->choices == 1) {
        slot->kept.digests = r->prompts->digests;
        r->prompts->digests = (struct secret_buffer){0};
    }
}

/* ---- a request ends ---- */

/* Whoever cancels an answer goes on with the conversation as a rule. */
static uint32_t worth_keeping(const struct engine_llama *e, const struct engine_slot *slot)
{
    if ((slot->result != ERR_OK && slot->result != ERR_CANCELLED) ||
        count_of(&slot->kept.digests) < slot->decoded)
        return 0;
    /* One row is needed for the wiping itself (engine_wipe_ended). */
    return slot->decoded < e->info.context ? slot->decoded : e->info.context - 1;
}

void engine_kept_decide(struct engine_llama *e)
{
    pthread_mutex_lock(&e->lock);
    for (uint32_t i = 0; i < e->info.slots; i++) {
        struct engine_slot *slot = &e->slots[i];
        if (slot->state != ENGINE_SLOT_ENDED)
            continue;
        bool live = !e->closing && engine_session_is_live(e, slot->request->asker);
        slot->kept.rows = live ? worth_keeping(e, slot) : 0;
        slot->kept.asker = slot->request->asker;
    }
    pthread_mutex_unlock(&e->lock);
}

void engine_kept_release(struct engine_llama *e, struct engine_slot *slot)
{
    struct engine_kept kept = slot->kept;
    *slot = (struct engine_slot){.sequence = slot->sequence};
    if (kept.rows == 0) {
        secret_buffer_release(&kept.digests);
        engine_opening_put(e, slot);
        return;
    }
    size_t len = (size_t)kept.rows * ENGINE_DIGEST_SIZE;
    secret_wipe(kept.digests.ptr + len, kept.digests.len - len);
    kept.digests.len = len;
    kept.at = (uint64_t)monotonic_ms();
    slot->state = ENGINE_SLOT_KEPT;
    slot->rows = kept.rows;
    slot->kept = kept;
}

/* ---- what is kept no longer ---- */

static void forget(struct engine_llama *e, struct engine_slot *slot)
{
    (void)engine_wipe_rows(e, slot, 0);
    slot->kept.rows = 0;
    engine_kept_release(e, slot);
}

static uint32_t count_kept(const struct engine_llama *e)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < e->info.slots; i++)
        n += e->slots[i].state == ENGINE_SLOT_KEPT;
    return n;
}

/* The lock is held. */
static bool is_over(const struct engine_llama *e, const struct engine_slot *slot, uint64_t now)
{
    return slot->state == ENGINE_SLOT_KEPT &&
           (e->closing || now - slot->kept.at >= e->keep_ms ||
            (e->session_ended && !engine_session_is_live(e, slot->kept.asker)));
}

/* Nothing runs, and no slot is free. */
static bool is_crowded(const struct engine_llama *e)
{
    return e->info.slots > 1 && count_kept(e) == e->info.slots;
}

bool engine_kept_is_due(const struct engine_llama *e)
{
    if (count_kept(e) == 0)
        return false;
    uint64_t now = (uint64_t)monotonic_ms();
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (is_over(e, &e->slots[i], now))
            return true;
    return is_crowded(e);
}

void engine_kept_sweep(struct engine_llama *e)
{
    bool over[ENGINE_SLOTS_MAX] = {false};
    if (count_kept(e) == 0)
        return;
    uint64_t now = (uint64_t)monotonic_ms();
    pthread_mutex_lock(&e->lock);
    for (uint32_t i = 0; i < e->info.slots; i++)
        over[i] = is_over(e, &e->slots[i], now);
    e->session_ended = false;
    pthread_mutex_unlock(&e->lock);
    for (uint32_t i = 0; i < e->info.slots; i++)
        if (over[i])
            forget(e, &e->slots[i]);
    if (is_crowded(e))
        forget(e, oldest_kept(e));
}

void engine_kept_wait(struct engine_llama *e)
{
    enum { MS = 1000, NS_OF_MS = 1000000 };
    const struct engine_slot *oldest = oldest_kept(e);
    if (oldest == NULL) {
        (void)pthread_cond_wait(&e->wake, &e->lock);
        return;
    }
    uint64_t at = oldest->kept.at + e->keep_ms;
    const struct timespec end = {.tv_sec = (time_t)(at / MS), .tv_nsec = (long)(at % MS) * NS_OF_MS};
    (void)pthread_cond_timedwait(&e->wake, &e->lock, &end);
}
