/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

/*
 * Memory for secrets: keys, prompts, answers, and everything that libcrypto and the JSON library allocate.
 *
 * What it promises: the pages are locked (never swapped), left out of core dumps, with an inaccessible page before and
 * after each region; a block is zero when it is given out and overwritten when it is released or moved; a block whose
 * bounds were overrun, or that is released twice, aborts the process. Thread safe.
 * What it does not: protect against code that runs in this process, or hide registers and stack (secret_wipe_stack).
 *
 * When the system refuses to lock a page (RLIMIT_MEMLOCK) the block is given out all the same and counted, unless
 * secret_require_locked was called, as enclumed does: then the allocation fails.
 */

#include "base/bytes.h"
#include "base/error.h"

/* size bytes of zeros, aligned to 16; NULL when there is no memory. Release with secret_free. secret_alloc(0) gives a valid block. */
void *secret_alloc(size_t size) __attribute__((malloc, alloc_size(1)));

/* Like realloc: the old block is overwritten and released when it moves. New bytes are zero. */
void *secret_realloc(void *block, size_t size);

/* Overwrites and releases; NULL does nothing. */
void secret_free(void *block);

/* Overwrites n bytes in a way that the compiler keeps. */
void secret_wipe(void *ptr, size_t n);

/* Overwrites the stack below the caller, as far down as the deepest call of the past is likely to have reached. */
void secret_wipe_stack(void);

/* Equality in a time that depends on n alone. */
bool secret_equal(const void *a, const void *b, size_t n);

/* From now on a block that cannot be locked is not given out. Raises the soft limit to the hard one. Fails when what exists already is not locked. */
ERR_MUST_USE enum err secret_require_locked(void);

struct secret_stats {
    size_t live;     /* blocks given out and not yet released */
    size_t locked;   /* bytes of locked pages */
    size_t unlocked; /* bytes of pages that the system refused to lock */
};
struct secret_stats secret_stats(void);

#endif
