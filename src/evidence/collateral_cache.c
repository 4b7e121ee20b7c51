/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_cache.h"

#include <stdlib.h>

struct entry {
    struct collateral_key key;
    bool used;
    int64_t asked; /* when the host was asked last */
    struct collateral_dates dates;
    struct bytes document; /* owned */
};

struct collateral_cache {
    struct collateral_source *source;
    struct collateral_roots roots; /* into room */
    uint8_t *room;
    struct entry entries[COLLATERAL_CACHE_ENTRIES];
    uint8_t arriving[COLLATERAL_DOCUMENT_MAX];
};

static struct bytes root_copy(uint8_t **to, struct bytes root)
{
    uint8_t *copy = *to;
    if (root.len > 0)
        memcpy(copy, root.ptr, root.len);
    *to += root.len;
    return bytes_of(copy, root.len);
}

enum err collateral_cache_new(struct collateral_source *source, const struct collateral_roots *roots,
                              struct collateral_cache **cache)
{
    static const struct collateral_roots none;
    const struct collateral_roots *given = roots != NULL ? roots : &none;
    *cache = NULL;
    struct collateral_cache *c = calloc(1, sizeof *c);
    uint8_t *room = malloc(given->processor.len + given->gpu.len + given->rim.len + 1);
    if (c == NULL || room == NULL) {
        free(c);
        free(room);
        return ERR_MEMORY;
    }
    c->source = source;
    c->room = room;
    c->roots.processor = root_copy(&room, given->processor);
    c->roots.gpu = root_copy(&room, given->gpu);
    c->roots.rim = root_copy(&room, given->rim);
    *cache = c;
    return ERR_OK;
}

static void document_drop(struct entry *e)
{
    free(bytes_owned(e->document));
    e->document = (struct bytes){0};
    e->dates.held = false;
    e->dates.expires = 0;
}

void collateral_cache_free(struct collateral_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < COLLATERAL_CACHE_ENTRIES; i++)
        document_drop(&cache->entries[i]);
    cache->source->close(cache->source);
    free(cache->room);
    free(cache);
}

/* ---- entries ---- */

static const struct entry *entry_find(const struct collateral_cache *c, const struct collateral_key *key)
{
    for (size_t i = 0; i < COLLATERAL_CACHE_ENTRIES; i++)
        if (c->entries[i].used && collateral_key_equal(&c->entries[i].key, key))
            return &c->entries[i];
    return NULL;
}

/* Its own, or a free one, or the one that was asked for longest ago. */
static struct entry *entry_for(struct collateral_cache *c, const struct collateral_key *key)
{
    const struct entry *found = entry_find(c, key);
    if (found != NULL)
        return &c->entries[found - c->entries];
    struct entry *to = &c->entries[0];
    for (size_t i = 0; to->used && i < COLLATERAL_CACHE_ENTRIES; i++)
        if (!c->entries[i].used || c->entries[i].asked < to->asked)
            to = &c->entries[i];
    document_drop(to);
    *to = (struct entry){.key = *key, .used = true, .dates = {.ask_from = INT64_MIN}};
    return to;
}

/* ---- asking the host ---- */

static void failed(struct entry *e, int64_t now)
{
    int64_t wait = COLLATERAL_RETRY_FIRST;
    for (unsigned i = 0; i < e->dates.failures && wait < COLLATERAL_RETRY_MAX; i++)
        wait *= 2;
    e->dates.failures++;
    e->dates.ask_from = now + (wait < COLLATERAL_RETRY_MAX ? wait : COLLATERAL_RETRY_MAX);
}

/* What cannot expire within the times that we know is simply asked for again in a while. */
static int64_t renewal_of(int64_t expires, int64_t now)
{
    int64_t left = expires - now;
    int64_t wait = left - left / 3;
    return now + (wait < COLLATERAL_RETRY_FIRST ? COLLATERAL_RETRY_FIRST : wait);
}

static enum err keep(struct entry *e, struct bytes document, int64_t expires, int64_t now)
{
    uint8_t *copy = malloc(document.len);
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, document.ptr, document.len);
    document_drop(e);
    e->document = bytes_of(copy, document.len);
    e->dates =
        (struct collateral_dates){.held = true, .expires = expires, .ask_from = renewal_of(expires, now)};
    return ERR_OK;
}

static enum err renew(struct collateral_cache *c, struct entry *e, const struct collateral_subject *subject,
                      int64_t now, struct err_note *note)
{
    struct collateral_subject against = *subject;
    int64_t expires = 0;
    size_t len = 0;
    against.roots = c->roots;
    e->asked = now;
    enum err failure = c->source->ask(c->source, &e->key, c->arriving, &len, note);
    struct bytes document = bytes_of(c->arriving, len);
    if (failure == ERR_OK)
        failure = collateral_check(&e->key, &against, document, now, &expires, note);
    if (failure == ERR_OK && e->dates.held && expires < e->dates.expires)
        failure = err_noted(ERR_REFUSED, note, "it expires before the one that is held");
    if (failure == ERR_OK)
        failure = keep(e, document, expires, now);
    if (failure != ERR_OK)
        failed(e, now);
    return failure;
}

enum err collateral_cache_get(struct collateral_cache *cache, const struct collateral_key *key,
                              const struct collateral_subject *subject, int64_t now, struct bytes *document,
                              struct err_note *note)
{
    char name[COLLATERAL_NAME_MAX];
    struct err_note why = {"the host was asked a moment ago, and is not asked again yet"};
    *document = (struct bytes){0};
    if (collateral_key_write(key, name) != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "collateral that has no name");
    struct entry *e = entry_for(cache, key);
    if (e->dates.held && now > e->dates.expires)
        document_drop(e);
    if (now >= e->dates.ask_from || now < e->asked) { /* or the clock was set back */
        why.text[0] = '\0';
        enum err failure = renew(cache, e, subject, now, &why);
        if (failure != ERR_OK && why.text[0] == '\0')
            failure = err_noted(failure, &why, "%s", err_text(failure));
        (void)failure; /* what is held is handed out all the same */
    }
    if (!e->dates.held)
        return err_noted(ERR_EVIDENCE, note, "no %.60s%s: %.150s", name, strlen(name) > 60 ? "..." : "",
                         why.text);
    *document = e->document;
    return ERR_OK;
}

bool collateral_cache_dates(const struct collateral_cache *cache, const struct collateral_key *key,
                            struct collateral_dates *dates)
{
    const struct entry *e = entry_find(cache, key);
    *dates = e == NULL ? (struct collateral_dates){0} : e->dates;
    return e != NULL;
}
