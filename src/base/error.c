/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    const char *text;
    enum err_class class;
} err_rows[ERR_COUNT] = {
#define ERR_STRUCT_ROW(constant, row_name, row_class, row_text) [constant] = {row_name, row_text, row_class},
    ERR_TABLE(ERR_STRUCT_ROW)
#undef ERR_STRUCT_ROW
};

const char *err_name(enum err e)
{
    return (unsigned)e < ERR_COUNT ? err_rows[e].name : "unknown-error";
}

const char *err_text(enum err e)
{
    return (unsigned)e < ERR_COUNT ? err_rows[e].text : "an error that this program does not know";
}

enum err_class err_class(enum err e)
{
    return (unsigned)e < ERR_COUNT ? err_rows[e].class : ERR_CLASS_ENCLAVE;
}

enum err err_find(const char *name)
{
    for (unsigned e = ERR_OK + 1; e < ERR_COUNT; e++)
        if (strcmp(err_rows[e].name, name) == 0)
            return (enum err)e;
    return ERR_ENGINE;
}

enum err err_noted(enum err e, struct err_note *note, const char *format, ...)
{
    if (note != NULL) {
        va_list args;
        va_start(args, format);
        /* clang-tidy 14 does not see that va_start sets args. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
        (void)vsnprintf(note->text, sizeof note->text, format, args);
        va_end(args);
    }
    return e;
}
