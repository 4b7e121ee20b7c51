/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SEALED_H
#define BASE_SEALED_H

#include <stdbool.h>

/* How long the kernel may be busy with a file's memory before that is an error. */
enum { SEALED_PATIENCE_MS = 3000 };

/* From now on nobody can change the file in memory that is open as fd (memfd_create(2) with MFD_ALLOW_SEALING), not even who made it, and this is for ever (F_SEAL_WRITE, SHRINK,
 * GROW, SEAL; fcntl(2)). The kernel refuses while anything else holds a page, if only for the blink of an eye to move it elsewhere: then it is asked again, up to
 * SEALED_PATIENCE_MS. False, with errno: it could not be done. */
bool sealed_make(int fd);

#endif
