/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/files.h"

#include "base/file.h"
#include "base/secret.h"

enum err files_take(struct files *f, const char *name, struct bytes content, struct err_note *note)
{
    if (f->count == FILES_MAX)
        return err_noted(ERR_TOO_LARGE, note, "more than %d files", FILES_MAX);
    f->names[f->count] = name;
    f->contents[f->count++] = content;
    return ERR_OK;
}

enum err files_add(struct files *f, const char *path, struct err_note *note)
{
    struct bytes content = {0};
    enum err e = file_read(path, FILE_SIZE_MAX, &content, note);
    if (e == ERR_OK)
        e = files_take(f, path, content, note);
    if (e != ERR_OK)
        secret_free(bytes_owned(content));
    return e;
}

enum err files_copy(struct files *f, const char *name, struct bytes content, struct err_note *note)
{
    uint8_t *copy = secret_alloc(content.len + 1);
    if (copy == NULL)
        return ERR_MEMORY;
    if (content.len != 0)
        memcpy(copy, content.ptr, content.len);
    enum err e = files_take(f, name, bytes_of(copy, content.len), note);
    if (e != ERR_OK)
        secret_free(copy);
    return e;
}

void files_release(struct files *f)
{
    for (size_t i = 0; i < f->count; i++)
        secret_free(bytes_owned(f->contents[i]));
    *f = (struct files){0};
}
