/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

/* Several files that were read whole, with the names that they go by in messages. */

#include "base/bytes.h"
#include "base/error.h"
#include "base/options.h"

enum { FILES_MAX = OPTION_LIST_MAX, FILE_SIZE_MAX = 1024 * 1024 };

struct files {
    size_t count;
    const char *names[FILES_MAX]; /* borrowed */
    struct bytes contents[FILES_MAX];
};

/* ERR_FILE, ERR_TOO_LARGE. */
ERR_MUST_USE enum err files_add(struct files *f, const char *path, struct err_note *note);
/* Takes content over, which secret_alloc gave. ERR_TOO_LARGE: then it is the caller's still. */
ERR_MUST_USE enum err files_take(struct files *f, const char *name, struct bytes content,
                                 struct err_note *note);
/* Takes a copy. ERR_TOO_LARGE, ERR_MEMORY. */
ERR_MUST_USE enum err files_copy(struct files *f, const char *name, struct bytes content,
                                 struct err_note *note);
void files_release(struct files *f);

#endif
