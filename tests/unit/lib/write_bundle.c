/* SPDX-License-Identifier: Apache-2.0 */
/* Writes evidence.json, root.pem and measurement into the current directory, for tests that start programs. */
#include <stdio.h>

#include "base/file.h"
#include "unit/lib/sound_bundle.h"

int main(void)
{
    static struct sound_bundle s;
    sound_bundle_make(&s);
    bool written = file_write("evidence.json", bytes_of(s.text, s.size), NULL) == ERR_OK &&
                   file_write("root.pem", bytes_str(s.root_pem), NULL) == ERR_OK &&
                   file_write("measurement", bytes_str(s.measurement), NULL) == ERR_OK;
    sound_bundle_release(&s);
    return written ? 0 : 1;
}
