/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "evidence/collateral_wanted.h"
#include "evidence/kernel.h"

enum { PATH_SIZE = 4096 };

static enum err failed(const char *directory, const char *name, int failure, struct err_note *note)
{
    return err_noted(ERR_FILE, note, "%s/%s: %s", directory, name, strerror(failure));
}

/* A link could lead anywhere, and a pipe could keep us waiting. */
static int file_open(const char *directory, const char *name)
{
    struct stat about;
    int fd = -1;
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return -1;
    fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    (void)close(at);
    if (fd >= 0 && (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))) {
        (void)close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static enum err name_of(const struct collateral_key *key, char name[static COLLATERAL_NAME_MAX],
                        struct err_note *note)
{
    enum err e = collateral_key_write(key, name);
    return e == ERR_OK ? e : err_noted(e, note, "collateral that has no name");
}

enum err collateral_directory_read(const char *directory, const struct collateral_key *key, uint8_t *out,
                                   size_t *len, struct err_note *note)
{
    char name[COLLATERAL_NAME_MAX];
    *len = 0;
    enum err e = name_of(key, name, note);
    if (e != ERR_OK)
        return e;
    int fd = file_open(directory, name);
    if (fd < 0)
        return failed(directory, name, errno, note);
    int failure = kernel_read_to_end(&kernel_real, fd, out, COLLATERAL_DOCUMENT_MAX, len);
    (void)close(fd);
    if (failure == -EFBIG)
        return err_noted(ERR_TOO_LARGE, note, "%s/%s: larger than %d bytes", directory, name,
                         COLLATERAL_DOCUMENT_MAX);
    return failure == 0 ? ERR_OK : failed(directory, name, -failure, note);
}

enum err collateral_directory_write(const char *directory, const struct collateral_key *key,
                                    struct bytes document, struct err_note *note)
{
    char name[COLLATERAL_NAME_MAX];
    char path[PATH_SIZE];
    enum err e = name_of(key, name, note);
    if (e != ERR_OK)
        return e;
    if (document.len > COLLATERAL_DOCUMENT_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%s: %zu bytes, at most %d are taken", name, document.len,
                         COLLATERAL_DOCUMENT_MAX);
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_noted(ERR_FILE, note, "a directory with a name of %zu bytes is too long",
                         strlen(directory));
    return file_write(path, document, note);
}

enum err collateral_directory_each(const char *directory, collateral_found *found, void *owner,
                                   struct err_note *note)
{
    struct collateral_key key;
    enum err e = ERR_OK;
    DIR *list = opendir(directory);
    if (list == NULL)
        return err_noted(ERR_FILE, note, "%s: %s", directory, strerror(errno));
    while (e == ERR_OK) {
        const struct dirent *entry = readdir(list); // NOLINT(concurrency-mt-unsafe): the list is ours alone
        if (entry == NULL)
            break;
        if (collateral_key_parse(bytes_str(entry->d_name), &key) == ERR_OK)
            e = found(owner, &key);
    }
    (void)closedir(list);
    return e;
}

struct search {
    const struct collateral_key *wanted;
    struct collateral_key *found;
    bool exact;
    size_t others;
};

static bool says_no_product(const struct collateral_key *key)
{
    return strcmp(key->product, COLLATERAL_ANY_PRODUCT) == 0;
}

static bool is_but_for_the_product(const struct collateral_key *a, const struct collateral_key *b)
{
    struct collateral_key same = *a;
    memcpy(same.product, b->product, sizeof same.product);
    return (a->kind == COLLATERAL_SNP_CERTIFICATES || a->kind == COLLATERAL_SNP_CRL) &&
           says_no_product(a) != says_no_product(b) && collateral_key_equal(&same, b);
}

static enum err search_look(void *owner, const struct collateral_key *key)
{
    struct search *s = owner;
    if (collateral_key_equal(key, s->wanted)) {
        s->exact = true;
        *s->found = *key;
    } else if (!s->exact && is_but_for_the_product(key, s->wanted)) {
        s->others++;
        *s->found = *key;
    }
    return ERR_OK;
}

enum err collateral_directory_find(const char *directory, const struct collateral_key *wanted,
                                   struct collateral_key *found, struct err_note *note)
{
    struct search s = {.wanted = wanted, .found = found};
    *found = (struct collateral_key){0};
    enum err e = collateral_directory_each(directory, search_look, &s, note);
    if (e != ERR_OK || s.exact || s.others == 1)
        return e;
    *found = (struct collateral_key){0};
    return ERR_UNKNOWN;
}
