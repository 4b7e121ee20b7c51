/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

/* The lines that were typed before: in secret memory, and in no file unless a person asks for one. */

#include "base/bytes.h"
#include "base/error.h"

enum { HISTORY_MAX = 500, HISTORY_FILE_MAX = 4 * 1024 * 1024 };

struct history {
    size_t count;
    struct bytes lines[HISTORY_MAX]; /* the oldest first; secret memory */
};

/* Copies the line; the oldest one goes when there are too many. An empty one, or the same again, is not kept. ERR_MEMORY. */
ERR_MUST_USE enum err history_add(struct history *h, struct bytes line);
void history_wipe(struct history *h);

/* A file, readable by its owner alone: a line each, "\n" for a line break in it and "\\" for a backslash. One that is not there is empty. ERR_FILE, ERR_TOO_LARGE,
 * ERR_ENCODING, ERR_MEMORY. */
ERR_MUST_USE enum err history_load(struct history *h, const char *path, struct err_note *note);
ERR_MUST_USE enum err history_save(const struct history *h, const char *path, struct err_note *note);

#endif
