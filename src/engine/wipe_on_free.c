/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Released heap memory is overwritten. llama.cpp holds prompts, tokens and pieces of text in C++ strings and vectors, which give their
 * memory back as it is. C++ lets a program replace operator delete for itself and all libraries it uses, so this file does; and for
 * C code in static libraries the linker sends calls of free and realloc here (--wrap, added by the target enclume_wipe_on_free).
 *
 * Linked into the programs that run an engine. Not with AddressSanitizer, which must own the heap to check it.
 */

#include "base/bytes.h"
#include "base/secret.h"

#include <malloc.h>
#include <stdlib.h>

void __real_free(void *block);
void *__real_realloc(void *block, size_t size);
void __wrap_free(void *block);
void *__wrap_realloc(void *block, size_t size);

void __wrap_free(void *block)
{
    if (block != NULL)
        secret_wipe(block, malloc_usable_size(block));
    __real_free(block);
}

/* The C library would copy and release without overwriting, so that is done here. A block that shrinks keeps its place. */
void *__wrap_realloc(void *block, size_t size)
{
    if (block == NULL)
        return __real_realloc(NULL, size);
    size_t old = malloc_usable_size(block);
    if (size != 0 && size <= old && size >= old / 2) {
        secret_wipe((uint8_t *)block + size, old - size);
        return block;
    }
    void *moved = __real_realloc(NULL, size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old < size ? old : size);
    __wrap_free(block);
    return moved;
}

/* operator delete and operator delete[] in every signature, by their names in the Itanium C++ ABI: plain, with the size (m), with the
 * alignment (St11align_val_t), with both, and the two for constructors that threw. What follows the block in the call does not matter
 * here. libstdc++'s operator new has its memory from malloc or aligned_alloc. */
#define DELETE_TABLE(X)                                                                                      \
    X(delete_one, "_ZdlPv")                                                                                  \
    X(delete_many, "_ZdaPv")                                                                                 \
    X(delete_one_sized, "_ZdlPvm")                                                                           \
    X(delete_many_sized, "_ZdaPvm")                                                                          \
    X(delete_one_aligned, "_ZdlPvSt11align_val_t")                                                           \
    X(delete_many_aligned, "_ZdaPvSt11align_val_t")                                                          \
    X(delete_one_sized_aligned, "_ZdlPvmSt11align_val_t")                                                    \
    X(delete_many_sized_aligned, "_ZdaPvmSt11align_val_t")                                                   \
    X(delete_one_nothrow, "_ZdlPvRKSt9nothrow_t")                                                            \
    X(delete_many_nothrow, "_ZdaPvRKSt9nothrow_t")                                                           \
    X(delete_one_aligned_nothrow, "_ZdlPvSt11align_val_tRKSt9nothrow_t")                                     \
    X(delete_many_aligned_nothrow, "_ZdaPvSt11align_val_tRKSt9nothrow_t")

#define DELETE_DEFINE(function, symbol)                                                                      \
    void function(void *block) __asm__(symbol);                                                              \
    void function(void *block)                                                                               \
    {                                                                                                        \
        __wrap_free(block);                                                                                  \
    }

DELETE_TABLE(DELETE_DEFINE)
