/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/keeping.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "evidence/simulated_kept.h"

enum { PATH_SIZE = 4096 };

static enum err load(const struct keeping *k, const char *path, void **chain, struct err_note *note)
{
    struct bytes text;
    enum err e = file_read(path, SIMULATED_CHAIN_TEXT_MAX, &text, note);
    if (e != ERR_OK)
        return e;
    e = k->read(text, chain);
    secret_free(bytes_owned(text));
    return e == ERR_OK ? e : err_noted(e, note, "%s: not a chain that this program kept", path);
}

static enum err keep(const struct keeping *k, const char *path, void *chain, struct err_note *note)
{
    size_t len;
    char *text = secret_alloc(SIMULATED_CHAIN_TEXT_MAX);
    if (text == NULL)
        return ERR_MEMORY;
    enum err e = k->write(chain, text, SIMULATED_CHAIN_TEXT_MAX, &len);
    if (e == ERR_OK)
        e = file_write(path, bytes_of(text, len), note);
    secret_free(text);
    return e;
}

enum err keeping_open(const struct keeping *k, const char *directory, int64_t now, void **chain,
                      struct err_note *note)
{
    char path[PATH_SIZE];
    *chain = NULL;
    if (directory == NULL)
        return k->make(now, chain);
    if (snprintf(path, sizeof path, "%s/%s", directory, k->file) >= (int)sizeof path)
        return err_noted(ERR_FILE, note, "%s: the path is too long", directory);
    if (access(path, F_OK) == 0)
        return load(k, path, chain, note);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return err_noted(ERR_FILE, note, "%s: %s", directory, strerror(errno));
    enum err e = k->make(now, chain);
    if (e == ERR_OK)
        e = keep(k, path, *chain, note);
    if (e != ERR_OK && *chain != NULL) {
        k->release(*chain);
        *chain = NULL;
    }
    return e;
}
