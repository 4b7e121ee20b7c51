/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/idmap.h"

#include <stdlib.h>

enum { FIRST_SIZE = 64 };

/* Consecutive numbers fill consecutive places; linear probing finds the others. */
static size_t place(const struct idmap *map, uint64_t id)
{
    size_t at = (size_t)id & (map->size - 1);
    while (map->entries[at].id != 0 && map->entries[at].id != id)
        at = (at + 1) & (map->size - 1);
    return at;
}

static enum err grow(struct idmap *map)
{
    const size_t old_size = map->size;
    struct idmap_entry *old = map->entries;
    const size_t size = old_size == 0 ? FIRST_SIZE : old_size * 2;
    struct idmap_entry *entries = calloc(size, sizeof *entries);
    if (entries == NULL)
        return ERR_MEMORY;
    map->entries = entries;
    map->size = size;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].id != 0)
            entries[place(map, old[i].id)] = old[i];
    free(old);
    return ERR_OK;
}

enum err idmap_add(struct idmap *map, void *value, uint64_t *id)
{
    if (map->count * 2 >= map->size) {
        enum err e = grow(map);
        if (e != ERR_OK)
            return e;
    }
    *id = ++map->last;
    map->entries[place(map, *id)] = (struct idmap_entry){.id = *id, .value = value};
    map->count++;
    return ERR_OK;
}

void *idmap_find(const struct idmap *map, uint64_t id)
{
    if (map->size == 0 || id == 0)
        return NULL;
    const struct idmap_entry *entry = &map->entries[place(map, id)];
    return entry->id == id ? entry->value : NULL;
}

void idmap_remove(struct idmap *map, uint64_t id)
{
    if (idmap_find(map, id) == NULL)
        return;
    size_t hole = place(map, id);
    map->entries[hole] = (struct idmap_entry){0};
    map->count--;
    /* What probed past the hole moves up into it, so that searches still find it. */
    for (size_t at = (hole + 1) & (map->size - 1); map->entries[at].id != 0;
         at = (at + 1) & (map->size - 1)) {
        struct idmap_entry moved = map->entries[at];
        map->entries[at] = (struct idmap_entry){0};
        map->entries[place(map, moved.id)] = moved;
    }
}

void idmap_free(struct idmap *map)
{
    free(map->entries);
    *map = (struct idmap){0};
}
