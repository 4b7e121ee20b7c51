/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/memscan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STRIDE_MAX = 64,
    CHUNK = 1 << 20,
    REACH = STRIDE_MAX * MEMSCAN_TOKEN_WINDOW, /* the longest pattern in memory */
    HEADS = 1 << 16,
    REPORTED = 20,
};

/* A window: 16 bytes of text, or 6 ids of 4 bytes. */
struct pattern {
    const char *name;
    bool tokens;
    bool known; /* was there before */
    size_t at;  /* of the window in its text or tokens */
    uint8_t bytes[MEMSCAN_TOKEN_WINDOW * sizeof(int32_t)];
    struct pattern *next; /* with the same first two bytes */
};

/* Hundreds of megabytes are searched, so what rules out most places must stay in the nearest cache: a bit for each first two bytes. */
struct memscan {
    bool learning;
    uint64_t heads[HEADS / 64];
    struct pattern *by_head[HEADS];
};

struct memscan *memscan_new(void)
{
    return calloc(1, sizeof(struct memscan));
}

void memscan_free(struct memscan *m)
{
    for (size_t i = 0; i < HEADS; i++)
        for (struct pattern *p = m->by_head[i]; p != NULL;) {
            struct pattern *next = p->next;
            free(p);
            p = next;
        }
    free(m);
}

static size_t head_of(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

static void add(struct memscan *m, const char *name, bool tokens, size_t at, const void *bytes, size_t size)
{
    struct pattern *p = calloc(1, sizeof *p);
    if (p == NULL)
        abort();
    p->name = name;
    p->tokens = tokens;
    p->at = at;
    memcpy(p->bytes, bytes, size);
    size_t head = head_of(p->bytes);
    struct pattern **list = &m->by_head[head];
    m->heads[head / 64] |= UINT64_C(1) << head % 64;
    p->next = *list;
    *list = p;
}

void memscan_add_text(struct memscan *m, const char *name, const void *text, size_t len)
{
    for (size_t at = 0; at + MEMSCAN_TEXT_WINDOW <= len; at++)
        add(m, name, false, at, (const uint8_t *)text + at, MEMSCAN_TEXT_WINDOW);
}

void memscan_add_tokens(struct memscan *m, const char *name, const int32_t *tokens, size_t count)
{
    for (size_t at = 0; at + MEMSCAN_TOKEN_WINDOW <= count; at++)
        add(m, name, true, at, tokens + at, MEMSCAN_TOKEN_WINDOW * sizeof *tokens);
}

/* The distance between the ids, or 0 when they are not all there. */
static size_t tokens_stride(const struct pattern *p, const uint8_t *memory, size_t left)
{
    const size_t size = sizeof(int32_t);
    if (left < size || memcmp(memory, p->bytes, size) != 0)
        return 0;
    for (size_t stride = size; stride <= STRIDE_MAX; stride += size) {
        size_t i = 1;
        while (i < MEMSCAN_TOKEN_WINDOW && i * stride + size <= left &&
               memcmp(memory + i * stride, p->bytes + i * size, size) == 0)
            i++;
        if (i == MEMSCAN_TOKEN_WINDOW)
            return stride;
    }
    return 0;
}

struct region {
    uintptr_t start, end;
    char name[128];
};

static void report_hit(FILE *report, size_t hits, const struct region *r, uintptr_t at,
                       const struct pattern *p, size_t stride)
{
    if (report == NULL || hits > REPORTED)
        return;
    (void)fprintf(report, "found %s of %s (from %zu", p->tokens ? "tokens" : "text", p->name, p->at);
    if (p->tokens)
        (void)fprintf(report, ", %zu bytes apart", stride);
    (void)fprintf(report, ") at %#" PRIxPTR " + %#" PRIxPTR " %s\n", r->start, at - r->start, r->name);
}

/* The next place of the first `starts` whose two bytes some window begins with. Untouched and wiped memory, which is most of it, goes by in words. */
static size_t next_candidate(const struct memscan *m, const uint8_t *memory, size_t i, size_t size,
                             size_t starts)
{
    const bool zeros_matter = (m->heads[0] & 1) != 0;
    for (; i < starts && i + 1 < size; i++) {
        uint64_t word = 1;
        if (memory[i] == 0 && !zeros_matter && size - i >= sizeof word)
            memcpy(&word, memory + i, sizeof word);
        size_t head = head_of(memory + i);
        if (word == 0)
            i += sizeof word - 2; /* the last of its bytes may begin something with the one behind */
        else if ((m->heads[head / 64] >> head % 64 & 1) != 0)
            return i;
    }
    return starts;
}

/* memory: size bytes at the address `at`, of which the first `starts` are where a window may begin. */
static size_t scan_chunk(const struct memscan *m, const struct region *r, const uint8_t *memory, size_t size,
                         size_t starts, uintptr_t at, size_t hits, FILE *report)
{
    for (size_t i = 0; (i = next_candidate(m, memory, i, size, starts)) < starts; i++)
        for (struct pattern *p = m->by_head[head_of(memory + i)]; p != NULL; p = p->next) {
            size_t stride = 0;
            if (p->known)
                continue;
            bool found = p->tokens ? (stride = tokens_stride(p, memory + i, size - i)) != 0
                                   : size - i >= MEMSCAN_TEXT_WINDOW &&
                                         memcmp(memory + i, p->bytes, MEMSCAN_TEXT_WINDOW) == 0;
            p->known = found && m->learning;
            if (found && !m->learning)
                report_hit(report, ++hits, r, at + i, p, stride);
        }
    return hits;
}

static size_t scan_region(const struct memscan *m, int fd, const struct region *r, uint8_t *buffer,
                          size_t hits, FILE *report)
{
    for (uintptr_t at = r->start; at < r->end; at += CHUNK) {
        size_t left = r->end - at;
        size_t wanted = left < CHUNK + REACH ? left : CHUNK + REACH;
        ssize_t got = pread(fd, buffer, wanted, (off_t)at);
        if (got <= 0)
            continue;
        size_t starts = (size_t)got < CHUNK ? (size_t)got : CHUNK;
        hits = scan_chunk(m, r, buffer, (size_t)got, starts, at, hits, report);
    }
    return hits;
}

bool memscan_learn(struct memscan *m, pid_t pid)
{
    m->learning = true;
    size_t hits = memscan_process(m, pid, NULL);
    m->learning = false;
    return hits == 0;
}

size_t memscan_process(const struct memscan *m, pid_t pid, FILE *report)
{
    char path[64];
    char line[512];
    size_t hits = SIZE_MAX;
    uint8_t *buffer = malloc(CHUNK + REACH);
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    if (fd < 0 || maps == NULL || buffer == NULL)
        goto out;
    hits = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        struct region r = {0};
        char access[5] = "";
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %127[^\n]", &r.start, &r.end, access,
                   r.name) < 3)
            continue;
        /* [vsyscall] lies where an off_t does not reach, and is code. */
        if (access[0] == 'r' && r.start <= INTPTR_MAX)
            hits = scan_region(m, fd, &r, buffer, hits, report);
    }
out:
    free(buffer);
    if (maps != NULL)
        (void)fclose(maps);
    if (fd >= 0)
        (void)close(fd);
    return hits;
}
