/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SECRET_PLAIN_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SECRET_PLAIN_HEAP 1
#endif
#endif

enum {
    HEADER_SIZE = 16,
    TRAILER_SIZE = 8,
    REGION_SIZE = 64 * 1024,
    STACK_WIPE_SIZE = 192 * 1024,
    /* Blocks with a region of their own, and under AddressSanitizer all of them. */
    CLASS_OWN_LOCKED = 0xfffe,
    CLASS_OWN_UNLOCKED = 0xffff,
};

/* Stands before each block. The mark depends on the address, so a copied header does not pass for another block's. */
struct header {
    uint64_t mark;
    uint32_t size_low; /* bytes asked for */
    uint16_t size_high;
    uint16_t class;
};
_Static_assert(sizeof(struct header) == HEADER_SIZE, "blocks stay aligned to 16");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct secret_stats stats;
static bool locked_required;

static const uint64_t MARK_LIVE = 0x9d2c5680a7f3e11bULL;

#ifdef ENCLUME_NO_WIPE
/* The test that scans the process for leftovers is built once with this, to show that it finds them. */
void secret_wipe(void *ptr, size_t n)
{
    (void)ptr;
    (void)n;
}
#else
void secret_wipe(void *ptr, size_t n)
{
    if (n != 0)
        explicit_bzero(ptr, n);
}
#endif

__attribute__((noinline)) void secret_wipe_stack(void)
{
    uint8_t below[STACK_WIPE_SIZE];
    secret_wipe(below, sizeof below);
    __asm__ volatile("" : : "r"(below) : "memory");
}

bool secret_equal(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t differ = 0;
    for (size_t i = 0; i < n; i++)
        differ |= (uint8_t)(x[i] ^ y[i]);
    return differ == 0;
}

static _Noreturn void die_corrupt(void)
{
    (void)fputs("enclume: secret memory is corrupt, stopping\n", stderr);
    abort();
}

static size_t header_size(const struct header *h)
{
    return (size_t)h->size_high << 32 | h->size_low;
}

static void trailer_put(uint8_t *block, size_t size, uint64_t mark)
{
    memcpy(block + size, &mark, TRAILER_SIZE);
}

static void header_put(struct header *h, size_t size, uint16_t class)
{
    h->mark = MARK_LIVE ^ (uint64_t)(uintptr_t)h;
    h->size_low = (uint32_t)size;
    h->size_high = (uint16_t)(size >> 32);
    h->class = class;
    trailer_put((uint8_t *)(h + 1), size, h->mark);
}

static void header_check(const struct header *h)
{
    uint64_t trailer;
    if (h->mark != (MARK_LIVE ^ (uint64_t)(uintptr_t)h))
        die_corrupt();
    memcpy(&trailer, (const uint8_t *)(h + 1) + header_size(h), TRAILER_SIZE);
    if (trailer != h->mark)
        die_corrupt();
}

#ifdef SECRET_PLAIN_HEAP

/* Under AddressSanitizer every block is the heap's own, so that its red zones, its quarantine and its leak check see it. */
static struct header *block_take(size_t size)
{
    struct header *h = calloc(1, HEADER_SIZE + size + TRAILER_SIZE);
    if (h != NULL) {
        header_put(h, size, CLASS_OWN_UNLOCKED);
        stats.live++;
    }
    return h;
}

static void block_give_back(struct header *h)
{
    stats.live--;
    secret_wipe(h + 1, header_size(h));
    free(h);
}

#else

/* Sizes of whole blocks, header and trailer included. What is larger gets pages of its own. */
static const uint32_t class_size[] = {64,   96,   128,  192,  256,  384,  512,  768,
                                      1024, 1536, 2048, 3072, 4096, 6144, 8192, 16384};
enum { CLASS_COUNT = sizeof class_size / sizeof class_size[0] };

struct free_block {
    struct free_block *next;
};

static struct free_block *free_list[CLASS_COUNT];
static const uint64_t MARK_FREE = 0x31f0b7c4455d8a6eULL;

/* ---- regions: pages between two guard pages ---- */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static uint8_t *region_map(size_t size, bool *locked)
{
    size_t page = page_size();
    uint8_t *map = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    uint8_t *region = map + page;
    if (mprotect(region, size, PROT_READ | PROT_WRITE) != 0)
        goto fail;
    *locked = mlock(region, size) == 0;
    if (!*locked && locked_required)
        goto fail;
    /* Not fatal: an old kernel without it also has no other way to keep the pages out of a dump. */
    (void)madvise(region, size, MADV_DONTDUMP);
    *(*locked ? &stats.locked : &stats.unlocked) += size;
    return region;
fail:
    (void)munmap(map, size + 2 * page);
    return NULL;
}

static void region_unmap(uint8_t *region, size_t size, bool locked)
{
    size_t page = page_size();
    *(locked ? &stats.locked : &stats.unlocked) -= size;
    (void)munmap(region - page, size + 2 * page);
}

static size_t own_region_size(size_t size)
{
    size_t page = page_size();
    return (HEADER_SIZE + size + TRAILER_SIZE + page - 1) / page * page;
}

/* ---- blocks; the lock is held ---- */

static struct header *block_take_own(size_t size)
{
    bool locked = false;
    struct header *h = (struct header *)region_map(own_region_size(size), &locked);
    if (h != NULL)
        header_put(h, size, locked ? CLASS_OWN_LOCKED : CLASS_OWN_UNLOCKED);
    return h;
}

static void free_list_push(struct header *h, uint16_t kind)
{
    struct free_block *b = (struct free_block *)(h + 1);
    h->mark = MARK_FREE ^ (uint64_t)(uintptr_t)h;
    b->next = free_list[kind];
    free_list[kind] = b;
}

static void free_list_fill(uint16_t kind)
{
    bool locked = false;
    uint8_t *region = region_map(REGION_SIZE, &locked);
    for (size_t at = 0; region != NULL && at + class_size[kind] <= REGION_SIZE; at += class_size[kind])
        free_list_push((struct header *)(region + at), kind);
}

static struct header *block_take_pooled(size_t size, uint16_t kind)
{
    if (free_list[kind] == NULL)
        free_list_fill(kind);
    struct free_block *b = free_list[kind];
    if (b == NULL)
        return NULL;
    free_list[kind] = b->next;
    b->next = NULL;
    struct header *h = (struct header *)b - 1;
    if (h->mark != (MARK_FREE ^ (uint64_t)(uintptr_t)h))
        die_corrupt();
    header_put(h, size, kind);
    return h;
}

static struct header *block_take(size_t size)
{
    uint16_t kind = 0;
    while (kind < CLASS_COUNT && class_size[kind] < HEADER_SIZE + size + TRAILER_SIZE)
        kind++;
    struct header *h = kind == CLASS_COUNT ? block_take_own(size) : block_take_pooled(size, kind);
    if (h != NULL)
        stats.live++;
    return h;
}

static void block_give_back(struct header *h)
{
    size_t size = header_size(h);
    stats.live--;
    secret_wipe(h + 1, size);
    trailer_put((uint8_t *)(h + 1), size, 0);
    if (h->class < CLASS_COUNT)
        free_list_push(h, h->class);
    else
        region_unmap((uint8_t *)h, own_region_size(size), h->class == CLASS_OWN_LOCKED);
}

#endif

void *secret_alloc(size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    pthread_mutex_lock(&lock);
    struct header *h = block_take(size);
    pthread_mutex_unlock(&lock);
#ifdef ENCLUME_NO_WIPE
    if (h != NULL)
        memset(h + 1, 0, size);
#endif
    return h == NULL ? NULL : h + 1;
}

void secret_free(void *block)
{
    if (block == NULL)
        return;
    struct header *h = (struct header *)block - 1;
    pthread_mutex_lock(&lock);
    header_check(h);
    block_give_back(h);
    pthread_mutex_unlock(&lock);
}

void *secret_realloc(void *block, size_t size)
{
    if (block == NULL)
        return secret_alloc(size);
    const struct header *h = (const struct header *)block - 1;
    header_check(h);
    size_t old = header_size(h);
    void *moved = secret_alloc(size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, block, old < size ? old : size);
    secret_free(block);
    return moved;
}

enum err secret_require_locked(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_MEMLOCK, &limit);
    }
    pthread_mutex_lock(&lock);
    locked_required = true;
    enum err e = stats.unlocked == 0 ? ERR_OK : ERR_LOCKED_MEMORY;
    pthread_mutex_unlock(&lock);
    return e;
}

struct secret_stats secret_stats(void)
{
    pthread_mutex_lock(&lock);
    struct secret_stats now = stats;
    pthread_mutex_unlock(&lock);
    return now;
}
