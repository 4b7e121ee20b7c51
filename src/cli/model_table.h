/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MODEL_TABLE_H
#define CLI_MODEL_TABLE_H

/*
 * The models that `enclume model get NAME` knows: a first model for trying Enclume, in four sizes, all of them chat models in GGUF form under a
 * permissive license. Each is pinned by its SHA-256, so it does not matter who serves the file.
 *
 *     const struct model *m = model_find("qwen2.5-0.5b");
 *     if (m != NULL)
 *         fetch(m->url, m->sha256, m->size);
 */

#include <stddef.h>
#include <stdint.h>

struct model {
    const char *name;       /* what one types: lower case letters, digits, '-' and '.' */
    const char *parameters; /* "135M" */
    const char *file;       /* the name it is kept under */
    const char *url;        /* https, at a fixed revision of the publisher's repository */
    const char *sha256;     /* 64 lower case hex digits */
    uint64_t size;          /* bytes; 0: not known, not checked */
    uint32_t
        memory; /* megabytes that the engine needs, about: the weights, the cache of a 4096-token context, work space. An estimate */
    const char *license; /* SPDX identifier */
};

/* All of them, smallest first; the number of them in *count. */
const struct model *model_list(size_t *count);

/* NULL when there is none of that name. */
const struct model *model_find(const char *name);

#endif
