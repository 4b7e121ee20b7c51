/* SPDX-License-Identifier: Apache-2.0 */
#include "count.h"

static struct count counted;

/* Names that --wrap gives: __real_ is the function itself, and what calls it calls __wrap_. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_secret_alloc(size_t size);
void *__real_secret_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_secret_alloc(size_t size);
void *__wrap_secret_realloc(void *block, size_t size);

static void count_one(size_t size)
{
    counted.allocations++;
    counted.bytes += size;
}

struct count count_take(void)
{
    struct count now = counted;
    counted = (struct count){0};
    return now;
}

void *__wrap_malloc(size_t size)
{
    count_one(size);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    count_one(n * size);
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    count_one(size);
    return __real_realloc(block, size);
}

void *__wrap_secret_alloc(size_t size)
{
    count_one(size);
    return __real_secret_alloc(size);
}

void *__wrap_secret_realloc(void *block, size_t size)
{
    count_one(size);
    return __real_secret_realloc(block, size);
}
