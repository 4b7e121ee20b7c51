/* SPDX-License-Identifier: Apache-2.0 */
#include "support/real_evidence.h"

#include <stdio.h>

struct bytes real_evidence_read(const char *name, uint8_t *room, size_t size)
{
    static const char *const folders[] = {ENCLUME_SHARED, ENCLUME_DEPS_DIR};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/evidence/%s", folders[i], name);
        FILE *in = fopen(path, "rb");
        if (in == NULL)
            continue;
        size_t len = fread(room, 1, size, in);
        (void)fclose(in);
        return bytes_of(room, len < size ? len : 0);
    }
    return (struct bytes){0};
}
