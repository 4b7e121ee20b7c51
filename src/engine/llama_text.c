/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/llama_text.h"

#include "base/encoding.h"
#include "base/secret.h"

enum { TEXT_CAPACITY = 1024 };

static const uint8_t replacement[] = {0xef, 0xbf, 0xbd}; /* U+FFFD */

enum err engine_text_open(struct engine_text *t, const struct bytes *stops, size_t stop_count)
{
    *t = (struct engine_text){.stops = stops, .stop_count = stop_count, .capacity = TEXT_CAPACITY};
    t->bytes = secret_alloc(t->capacity);
    return t->bytes == NULL ? ERR_MEMORY : ERR_OK;
}

void engine_text_close(struct engine_text *t)
{
    secret_free(t->bytes);
    *t = (struct engine_text){0};
}

static enum err reserve(struct engine_text *t, size_t more)
{
    size_t wanted = t->capacity;
    while (wanted - t->len < more)
        wanted *= 2;
    if (wanted == t->capacity)
        return ERR_OK;
    uint8_t *moved = secret_realloc(t->bytes, wanted);
    if (moved == NULL)
        return ERR_MEMORY;
    t->bytes = moved;
    t->capacity = wanted;
    return ERR_OK;
}

/* How long the UTF-8 character at the start of text is; 0: it is not one. */
static size_t character_size(struct bytes text)
{
    for (size_t n = 1; n <= 4 && n <= text.len; n++)
        if (encoding_is_utf8(bytes_of(text.ptr, n)))
            return n;
    return 0;
}

/* Makes bytes from checked to end whole characters, replacing what is none. */
static enum err check_characters(struct engine_text *t, size_t end)
{
    /* As good as always the case. */
    if (encoding_is_utf8(bytes_of(t->bytes + t->checked, end - t->checked))) {
        t->checked = end;
        return ERR_OK;
    }
    while (t->checked < end) {
        size_t n = character_size(bytes_of(t->bytes + t->checked, end - t->checked));
        if (n == 0) {
            enum err e = reserve(t, sizeof replacement - 1);
            if (e != ERR_OK)
                return e;
            uint8_t *at = t->bytes + t->checked;
            memmove(at + sizeof replacement, at + 1, t->len - t->checked - 1);
            memcpy(at, replacement, sizeof replacement);
            n = sizeof replacement;
            t->len += sizeof replacement - 1;
            end += sizeof replacement - 1;
        }
        t->checked += n;
    }
    return ERR_OK;
}

/* Is the stop sequence there, whole or (part) as far as the checked bytes go? */
static bool stop_at(const struct engine_text *t, size_t at, struct bytes stop, bool part)
{
    size_t left = t->checked - at;
    if (stop.len == 0 || (!part && left < stop.len))
        return false;
    return memcmp(t->bytes + at, stop.ptr, left < stop.len ? left : stop.len) == 0;
}

/* The first place in the checked bytes where a stop sequence begins; their end when there is none. which: the sequence. */
static size_t find_stop(const struct engine_text *t, bool part, size_t *which)
{
    for (size_t at = t->ready; at < t->checked; at++)
        for (*which = 0; *which < t->stop_count; (*which)++)
            if (stop_at(t, at, t->stops[*which], part))
                return at;
    return t->checked;
}

/* Generation ends with the first sequence that is complete, even where an earlier beginning might have become a longer one. */
static void settle(struct engine_text *t, bool last)
{
    size_t which = 0;
    size_t whole = find_stop(t, false, &which);
    t->stopped = whole < t->checked;
    if (t->stopped) {
        t->stop = which;
        secret_wipe(t->bytes + whole, t->len - whole);
        t->len = t->checked = whole;
    }
    t->ready = t->stopped || last ? t->checked : find_stop(t, true, &which);
}

enum err engine_text_push(struct engine_text *t, struct bytes piece)
{
    if (t->stopped || piece.len == 0)
        return ERR_OK;
    enum err e = reserve(t, piece.len);
    if (e != ERR_OK)
        return e;
    memcpy(t->bytes + t->len, piece.ptr, piece.len);
    t->len += piece.len;
    size_t open = encoding_utf8_incomplete(bytes_of(t->bytes + t->checked, t->len - t->checked));
    e = check_characters(t, t->len - open);
    if (e == ERR_OK)
        settle(t, false);
    return e;
}

enum err engine_text_finish(struct engine_text *t)
{
    if (t->stopped)
        return ERR_OK;
    enum err e = check_characters(t, t->len);
    if (e == ERR_OK)
        settle(t, true);
    return e;
}

void engine_text_taken(struct engine_text *t)
{
    size_t rest = t->len - t->ready;
    secret_wipe(t->bytes, t->ready);
    memmove(t->bytes, t->bytes + t->ready, rest);
    secret_wipe(t->bytes + rest, t->ready);
    t->len = rest;
    t->checked -= t->ready;
    t->ready = 0;
}
