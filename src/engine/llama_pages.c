/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Weights in large pages. Each token reads all of the weights, 4 KiB at a time through the page tables of the guest and of the host; in pages of 2 MiB the walk all but vanishes (measured: a
 * sixth of the time a token takes). A file in memory (memfd) cannot have them unless the administrator allowed it for all such files, but the heap can: so the weights are read
 * into the heap where there is room for both at once while they are loaded, and mapped where there is not.
 */

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/llama_internal.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum {
    LARGE_PAGE = 2 * 1024 * 1024,
    SMALL_PAGE_LEAST = 4096,
    LEAST_MAPPING = 4 * LARGE_PAGE,
    LINE_SIZE = 512
};

bool engine_pages_has_room(uint64_t model_size)
{
    char line[LINE_SIZE];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    if (f == NULL)
        return false;
    while (kib == 0 && fgets(line, sizeof line, f) != NULL)
        if (sscanf(line, "MemAvailable: %llu kB", &kib) !=
            1) // NOLINT(cert-err34-c): one number of the kernel's
            kib = 0;
    (void)fclose(f);
    /* The file's copy is there already; the context, too, will want some. */
    return kib * 1024 / 3 * 2 > model_size;
}

/* Is the better part of it in memory? What is not will come in large pages when it is first used; gathering it now would only make it come sooner. */
static bool is_used(void *page, size_t small)
{
    unsigned char there[LARGE_PAGE / SMALL_PAGE_LEAST];
    size_t count = LARGE_PAGE / small;
    size_t used = 0;
    if (mincore(page, LARGE_PAGE, there) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        used += there[i] & 1;
    return used > count / 2;
}

/* Page by page, because the kernel ends a longer request at the first one for which it finds no room. What it will not do it leaves: then the pages stay as they are. */
static void enlarge(uintptr_t from, uintptr_t to)
{
    from = (from + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    to = to / LARGE_PAGE * LARGE_PAGE;
    if (to <= from)
        return;
    void *start = (void *)from; // NOLINT(performance-no-int-to-ptr)
    if (madvise(start, to - from, MADV_HUGEPAGE) != 0)
        return;
    size_t small = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < to - from; at += LARGE_PAGE)
        if (is_used((char *)start + at, small))
            (void)madvise((char *)start + at, LARGE_PAGE, MADV_COLLAPSE);
}

/*
 * All that this process has in large private mappings without a file: weights, caches of keys and values, buffers. Locked memory is in small ones. What is larger
 * than the machine's memory is addresses alone, as a sanitizer keeps them by the terabyte: to look through them page by page would take minutes.
 */
void engine_pages_enlarge(void)
{
    const unsigned long long memory =
        (unsigned long long)sysconf(_SC_PHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGESIZE);
    char line[LINE_SIZE];
    FILE *f = fopen("/proc/self/maps", "re");
    if (f == NULL)
        return;
    while (fgets(line, sizeof line, f) != NULL) {
        unsigned long long from;
        unsigned long long to;
        unsigned long long inode;
        char rights[5];
        if (sscanf(line, "%llx-%llx %4s %*x %*s %llu", &from, &to, rights, &inode) ==
                4 && // NOLINT(cert-err34-c)
            strcmp(rights, "rw-p") == 0 &&
            inode == 0 && to - from >= LEAST_MAPPING && to - from <= memory)
            enlarge((uintptr_t)from, (uintptr_t)to);
    }
    (void)fclose(f);
}
