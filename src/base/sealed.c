/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "base/monotonic.h"

bool sealed_make(int fd)
{
    static const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    const int64_t end = monotonic_ms() + SEALED_PATIENCE_MS;
    while (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        if (errno != EBUSY || monotonic_ms() >= end)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    return true;
}
