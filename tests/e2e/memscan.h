/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_MEMSCAN_H
#define TESTS_E2E_MEMSCAN_H

/*
 * Searches the whole readable memory of a process for pieces of text and for token ids in their order.
 *
 *     struct memscan *m = memscan_new();
 *     memscan_add_text(m, "prompt", text, len);
 *     memscan_add_tokens(m, "prompt", tokens, count);
 *     memscan_learn(m, pid);                 before the process has seen any of it
 *     size_t hits = memscan_process(m, pid, stdout);
 *     memscan_free(m);
 *
 * Text is found wherever 16 bytes of it stand in a row; tokens where 6 ids stand in a row as int32, either next to each other or as the last
 * or first members of structures of up to 64 bytes. The process must not run meanwhile, or leave its memory alone, and must be ours to trace.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { MEMSCAN_TEXT_WINDOW = 16, MEMSCAN_TOKEN_WINDOW = 6 };

struct memscan;

struct memscan *memscan_new(void);
void memscan_free(struct memscan *m);
/* The names are kept, not copied; the bytes are copied. A text of fewer than 16 bytes or fewer than 6 tokens adds nothing. */
void memscan_add_text(struct memscan *m, const char *name, const void *text, size_t len);
void memscan_add_tokens(struct memscan *m, const char *name, const int32_t *tokens, size_t count);
/* What is there already is not looked for any more: some sixteen letters of a story may also stand in a library's messages.
 * False when the memory cannot be read. */
bool memscan_learn(struct memscan *m, pid_t pid);
/* The number of places where something was found; report (may be NULL) gets a line for each of the first twenty, naming the region, the
 * offset in it and the pattern, without its content. SIZE_MAX when the memory cannot be read. */
size_t memscan_process(const struct memscan *m, pid_t pid, FILE *report);

#endif
