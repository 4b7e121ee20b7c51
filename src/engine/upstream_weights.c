/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which weights the other server was told to load. That it did is the word of the measured image, whose own start-up script names the same file (docs/security-model.md):
 * this is a digest of what stands on the volume.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "engine/upstream_internal.h"

enum { PIECE_SIZE = 1 << 20 };

static enum err failed(struct err_note *note, const char *name, const char *why)
{
    return err_noted(ERR_MODEL, note, "the model's %.80s: %s", name, why);
}

static enum err feed_file(int fd, const char *name, uint64_t length, struct crypto_hash_stream *hash,
                          struct err_note *note)
{
    uint8_t *piece = malloc(PIECE_SIZE);
    enum err e = piece == NULL ? ERR_MEMORY : ERR_OK;
    while (e == ERR_OK && length > 0) {
        ssize_t n = read(fd, piece, length < PIECE_SIZE ? (size_t)length : PIECE_SIZE);
        if (n > 0)
            e = crypto_hash_feed(hash, bytes_of(piece, (size_t)n));
        else if (n == 0)
            e = failed(note, name, "ends too early");
        else if (errno != EINTR)
            e = failed(note, name, strerror(errno));
        length -= n > 0 ? (uint64_t)n : 0;
    }
    free(piece);
    return e;
}

/* A device has whole blocks alone, so of one it must be said how long the model on it is. */
static enum err length_of(int fd, const char *name, uint64_t said, uint64_t *length, struct err_note *note)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return failed(note, name, strerror(errno));
    bool is_device = S_ISBLK(info.st_mode) && said != 0;
    if (!S_ISREG(info.st_mode) && !is_device)
        return failed(note, name, "wanted a file");
    *length = is_device ? said : (uint64_t)info.st_size;
    return said == 0 || said == *length ? ERR_OK : failed(note, name, "has another length than was said");
}

/* Takes fd. */
static enum err digest_file(int fd, const char *name, uint64_t said,
                            uint8_t digest[static CRYPTO_SHA256_SIZE], struct err_note *note)
{
    struct crypto_hash_stream *hash = NULL;
    uint64_t length = 0;
    enum err e = length_of(fd, name, said, &length, note);
    if (e == ERR_OK)
        e = crypto_hash_open(CRYPTO_SHA256, &hash);
    if (e == ERR_OK)
        e = feed_file(fd, name, length, hash, note);
    if (hash != NULL) {
        enum err closed = crypto_hash_close(hash, digest);
        e = e == ERR_OK ? closed : e;
    }
    (void)close(fd);
    return e;
}

/* ---- a directory: "DIGEST  NAME" for each of its files ---- */

static int is_listed(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* By bytes, in no language's order. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum err feed_entry(int directory, const char *name, struct crypto_hash_stream *listing,
                           struct err_note *note)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char hex[ENCODING_HEX_SIZE(CRYPTO_SHA256_SIZE)];
    if (strpbrk(name, "\n\\") != NULL)
        return failed(note, "directory", "has a file with a name that a listing cannot hold");
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed(note, name, strerror(errno));
    enum err e = digest_file(fd, name, 0, digest, note);
    if (e != ERR_OK)
        return e;
    encoding_hex(bytes_of(digest, sizeof digest), hex);
    const struct bytes parts[] = {bytes_str(hex), bytes_str("  "), bytes_str(name), bytes_str("\n")};
    for (size_t i = 0; e == ERR_OK && i < sizeof parts / sizeof *parts; i++)
        e = crypto_hash_feed(listing, parts[i]);
    return e;
}

static enum err digest_directory(int directory, const char *path, uint8_t digest[static CRYPTO_SHA256_SIZE],
                                 struct err_note *note)
{
    struct crypto_hash_stream *listing = NULL;
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_listed, by_name);
    enum err e = ERR_OK;
    if (count <= 0)
        e = failed(note, "directory", count < 0 ? strerror(errno) : "is empty");
    if (e == ERR_OK)
        e = crypto_hash_open(CRYPTO_SHA256, &listing);
    for (int i = 0; i < count; i++) {
        if (e == ERR_OK)
            e = feed_entry(directory, entries[i]->d_name, listing, note);
        free(entries[i]);
    }
    free(entries);
    if (listing != NULL) {
        enum err closed = crypto_hash_close(listing, digest);
        e = e == ERR_OK ? closed : e;
    }
    return e;
}

enum err upstream_weights_digest(const char *path, uint64_t size, uint8_t digest[static 32],
                                 struct err_note *note)
{
    struct stat info;
    if (path == NULL)
        return err_noted(ERR_MODEL, note, "no model file is named");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        enum err e = failed(note, "file", strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return e;
    }
    if (S_ISREG(info.st_mode) && info.st_size == 0) {
        (void)close(fd);
        return failed(note, "file", "is empty");
    }
    if (!S_ISDIR(info.st_mode))
        return digest_file(fd, "file", size, digest, note);
    enum err e = digest_directory(fd, path, digest, note);
    (void)close(fd);
    return e;
}
