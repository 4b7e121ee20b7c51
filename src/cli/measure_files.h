/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MEASURE_FILES_H
#define CLI_MEASURE_FILES_H

#include "base/error.h"

/* A kernel's command line as it is given to QEMU: a file's last line feed is none of it. NULL for path: an empty one. NUL-terminated; release with
 * secret_free. ERR_FILE, ERR_TOO_LARGE, ERR_VALUE. */
ERR_MUST_USE enum err measure_cmdline_read(const char *path, char **text, struct err_note *note);

#endif
