/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"

enum { FIRST_SIZE = 16 * 1024 };

static enum err failed(const char *path, struct err_note *note)
{
    return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
}

enum err file_read(const char *path, size_t max, struct bytes *content, struct err_note *note)
{
    enum err e = ERR_OK;
    uint8_t *buffer = NULL;
    size_t size = 0;
    size_t used = 0;
    *content = (struct bytes){0};
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(path, note);
    if (standard)
        path = "standard input"; /* what people know it as */
    for (;;) {
        if (used == size) {
            size = size == 0 ? FIRST_SIZE : size * 2;
            uint8_t *larger = secret_realloc(buffer, size);
            if (larger == NULL) {
                e = ERR_MEMORY;
                goto out;
            }
            buffer = larger;
        }
        ssize_t n = read(fd, buffer + used, size - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            e = failed(path, note);
            goto out;
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (used > max) {
            e = err_noted(ERR_TOO_LARGE, note, "%s: larger than %zu bytes", path, max);
            goto out;
        }
    }
    *content = bytes_of(buffer, used);
    buffer = NULL;
out:
    secret_free(buffer);
    if (!standard)
        (void)close(fd);
    return e;
}

static bool write_all(int fd, struct bytes content)
{
    for (size_t done = 0; done < content.len;) {
        ssize_t n = write(fd, content.ptr + done, content.len - done);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return fsync(fd) == 0;
}

enum err file_write(const char *path, struct bytes content, struct err_note *note)
{
    char beside[4096];
    int len = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof beside)
        return err_noted(ERR_FILE, note, "%s: the path is too long", path);
    int fd = mkostemp(beside, O_CLOEXEC); /* mode 0600 */
    if (fd < 0)
        return failed(path, note);
    bool written = write_all(fd, content);
    enum err e = written ? ERR_OK : failed(path, note);
    (void)close(fd);
    if (e == ERR_OK && rename(beside, path) != 0)
        e = failed(path, note);
    if (e != ERR_OK)
        (void)unlink(beside);
    return e;
}
