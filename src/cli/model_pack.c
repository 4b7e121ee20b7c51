/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/model_pack.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "launch/verity.h"

enum { CHUNK_BLOCKS = 256, CHUNK_SIZE = CHUNK_BLOCKS * VERITY_BLOCK_SIZE };

static const char gguf_magic[4] = {'G', 'G', 'U', 'F'};

struct packing {
    const char *path;
    char part[PATH_MAX]; /* what is written, and renamed when it is whole */
    int from;
    int to;
    struct err_note *note;
    struct verity_layout layout;
    struct verity_tree tree;
    struct crypto_hash_stream *hash;
    uint8_t chunk[CHUNK_SIZE];
};

static enum err failed(struct packing *p, const char *path)
{
    return err_noted(ERR_FILE, p->note, "%s: %s", path, strerror(errno));
}

static enum err write_at(struct packing *p, uint64_t offset, const uint8_t *from, size_t size)
{
    while (size > 0) {
        ssize_t n = pwrite(p->to, from, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(p, p->part);
        from += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return ERR_OK;
}

static enum err tree_block(void *self, uint64_t at, const uint8_t block[static VERITY_BLOCK_SIZE])
{
    return write_at(self, at * VERITY_BLOCK_SIZE, block, VERITY_BLOCK_SIZE);
}

/* Fills the chunk as far as the file goes; what comes less is zeros. */
static enum err chunk_read(struct packing *p, size_t *got)
{
    for (*got = 0; *got < CHUNK_SIZE;) {
        ssize_t n = read(p->from, p->chunk + *got, CHUNK_SIZE - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(p, p->path);
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    memset(p->chunk + *got, 0, CHUNK_SIZE - *got);
    return ERR_OK;
}

static enum err chunk_pack(struct packing *p, uint64_t offset, size_t got)
{
    size_t blocks = (got + VERITY_BLOCK_SIZE - 1) / VERITY_BLOCK_SIZE;
    enum err e = crypto_hash_feed(p->hash, bytes_of(p->chunk, got));
    if (e == ERR_OK)
        e = write_at(p, offset, p->chunk, blocks * VERITY_BLOCK_SIZE);
    for (size_t i = 0; e == ERR_OK && i < blocks; i++)
        e = verity_tree_feed(&p->tree, p->chunk + i * VERITY_BLOCK_SIZE);
    return e == ERR_TOO_LARGE ? err_noted(ERR_FILE, p->note, "%s: it grew meanwhile", p->path) : e;
}

static enum err data_pack(struct packing *p, struct model_pack *pack)
{
    size_t got = CHUNK_SIZE;
    for (uint64_t offset = 0; got == CHUNK_SIZE; offset += got) {
        enum err e = chunk_read(p, &got);
        if (e == ERR_OK && offset == 0 &&
            (got < sizeof gguf_magic || memcmp(p->chunk, gguf_magic, sizeof gguf_magic) != 0))
            e = err_noted(ERR_VALUE, p->note, "%s: not a GGUF file", p->path);
        if (e == ERR_OK && got > 0)
            e = chunk_pack(p, offset, got);
        if (e != ERR_OK)
            return e;
        if (got < CHUNK_SIZE && offset + got != pack->size)
            return err_noted(ERR_FILE, p->note, "%s: its length changed meanwhile", p->path);
    }
    return ERR_OK;
}

static enum err volume_write(struct packing *p, struct model_pack *pack)
{
    uint8_t superblock[VERITY_BLOCK_SIZE];
    verity_tree_begin(&p->tree, &p->layout, tree_block, p);
    enum err e = data_pack(p, pack);
    if (e == ERR_OK)
        e = verity_tree_finish(&p->tree, pack->root);
    if (e != ERR_OK)
        return e;
    verity_superblock_write(&p->layout, pack->root, superblock);
    e = write_at(p, p->layout.data_blocks * VERITY_BLOCK_SIZE, superblock, sizeof superblock);
    return e == ERR_OK && fsync(p->to) != 0 ? failed(p, p->part) : e;
}

static enum err source_open(struct packing *p, struct model_pack *pack)
{
    struct stat info;
    p->from = open(p->path, O_RDONLY | O_CLOEXEC);
    if (p->from < 0 || fstat(p->from, &info) != 0)
        return failed(p, p->path);
    if (!S_ISREG(info.st_mode))
        return err_noted(ERR_FILE, p->note, "%s: not a regular file", p->path);
    pack->size = (uint64_t)info.st_size;
    enum err e = verity_layout_of(pack->size, &p->layout);
    pack->volume_size = p->layout.volume_blocks * VERITY_BLOCK_SIZE;
    return e == ERR_OK ? e : err_noted(e, p->note, "%s: %llu bytes", p->path, (unsigned long long)pack->size);
}

enum err model_pack(const char *path, const char *output, struct model_pack *pack, struct err_note *note)
{
    struct packing *p = calloc(1, sizeof *p);
    bool made = false;
    if (p == NULL)
        return ERR_MEMORY;
    p->path = path;
    p->note = note;
    p->from = p->to = -1;
    enum err e = source_open(p, pack);
    if (e != ERR_OK)
        goto out;
    int n = snprintf(p->part, sizeof p->part, "%s.part", output);
    if (n < 0 || (size_t)n >= sizeof p->part) {
        e = err_noted(ERR_FILE, note, "%.100s...: the name is too long", output);
        goto out;
    }
    p->to = open(p->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    made = p->to >= 0;
    if (!made) {
        e = failed(p, p->part);
        goto out;
    }
    e = crypto_hash_open(CRYPTO_SHA256, &p->hash);
    if (e == ERR_OK)
        e = volume_write(p, pack);
    if (p->hash != NULL) {
        enum err closed = crypto_hash_close(p->hash, e == ERR_OK ? pack->sha256 : NULL);
        e = e == ERR_OK ? closed : e;
    }
    if (e == ERR_OK && rename(p->part, output) != 0)
        e = failed(p, output);
    if (e == ERR_OK)
        made = false;
out:
    if (made)
        (void)unlink(p->part);
    if (p->to >= 0)
        (void)close(p->to);
    if (p->from >= 0)
        (void)close(p->from);
    free(p);
    return e;
}
