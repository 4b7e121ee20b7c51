/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/digest_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_SIZE = 1024 * 1024 };

static enum err feed(int fd, const char *path, struct crypto_hash_stream *s, struct err_note *note)
{
    static uint8_t piece[PIECE_SIZE];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n == 0)
            return ERR_OK;
        if (n < 0 && errno != EINTR)
            return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
        if (n < 0)
            continue;
        enum err e = crypto_hash_feed(s, bytes_of(piece, (size_t)n));
        if (e != ERR_OK)
            return e;
    }
}

enum err digest_file(const char *path, enum crypto_hash h, uint8_t *out, struct err_note *note)
{
    struct crypto_hash_stream *s = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
    enum err e = crypto_hash_open(h, &s);
    if (e == ERR_OK) {
        e = feed(fd, path, s, note);
        enum err closed = crypto_hash_close(s, e == ERR_OK ? out : NULL);
        e = e == ERR_OK ? closed : e;
    }
    (void)close(fd);
    return e;
}
