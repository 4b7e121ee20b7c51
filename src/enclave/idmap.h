/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_IDMAP_H
#define ENCLAVE_IDMAP_H

/*
 * From a number to the thing it names. Other threads hold numbers, never pointers: what a number named may be gone when they speak of it.
 * Numbers start at 1 and are never reused.
 */

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct idmap_entry {
    uint64_t id; /* 0: free */
    void *value;
};

struct idmap {
    uint64_t last;
    size_t count;
    size_t size; /* a power of two, or 0 */
    struct idmap_entry *entries;
};

/* Gives value a new number. ERR_MEMORY. */
ERR_MUST_USE enum err idmap_add(struct idmap *map, void *value, uint64_t *id);
void *idmap_find(const struct idmap *map, uint64_t id); /* NULL when it is gone */
void idmap_remove(struct idmap *map, uint64_t id);
void idmap_free(struct idmap *map);

#endif
