/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/measure_files.h"

#include <string.h>

#include "base/file.h"
#include "base/secret.h"
#include "launch/sev_hashes.h"

enum err measure_cmdline_read(const char *path, char **text, struct err_note *note)
{
    struct bytes file = {0};
    enum err e = path == NULL ? ERR_OK : file_read(path, SEV_HASHES_CMDLINE_MAX, &file, note);
    if (e != ERR_OK)
        return e;
    *text = secret_alloc(file.len + 1);
    if (*text == NULL)
        e = ERR_MEMORY;
    else if (file.len != 0)
        memcpy(*text, file.ptr, file.len);
    if (e == ERR_OK && file.len != 0 && (*text)[file.len - 1] == '\n')
        (*text)[file.len - 1] = '\0';
    if (e == ERR_OK && strlen(*text) + 1 < file.len)
        e = err_noted(ERR_VALUE, note, "%s: a NUL octet in a command line", path);
    secret_free(bytes_owned(file));
    return e;
}
