/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writes an initrd's archive ("newc": Linux, Documentation/driver-api/early-userspace/buffer-format.rst) from a list on standard input, to standard output. The same list
 * and files give the same bytes: owner 0, times 0, inode numbers in the list's order. Directories are 0755.
 *
 *     dir NAME
 *     char NAME MODE MAJOR MINOR
 *     file NAME MODE SOURCE
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE_SIZE = 4096, WORD_SIZE = 1024, ALIGNMENT = 4, CHUNK = 65536 };

struct entry {
    const char *name;
    uint32_t mode;
    uint32_t size;
    unsigned major, minor;
};

static uint32_t inode;

static void pad(uint64_t size)
{
    for (; size % ALIGNMENT != 0; size++)
        (void)putchar(0);
}

static void header_write(const struct entry *e)
{
    size_t name_size = strlen(e->name) + 1;
    int n = printf("070701%08" PRIX32 "%08" PRIX32 "%08X%08X%08X%08X%08" PRIX32 "%08X%08X%08X%08X%08zX%08X",
                   ++inode, e->mode, 0, 0, 1, 0, e->size, 0, 0, e->major, e->minor, name_size, 0);
    (void)fwrite(e->name, 1, name_size, stdout);
    pad((uint64_t)n + name_size);
}

static bool file_write(struct entry *e, const char *source)
{
    static char chunk[CHUNK];
    struct stat info;
    FILE *f = fopen(source, "rb");
    if (f == NULL)
        return false;
    bool good = fstat(fileno(f), &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= UINT32_MAX;
    e->size = good ? (uint32_t)info.st_size : 0;
    header_write(e);
    uint64_t done = 0;
    for (size_t n; good && (n = fread(chunk, 1, sizeof chunk, f)) > 0; done += n)
        (void)fwrite(chunk, 1, n, stdout);
    good = good && ferror(f) == 0 && done == e->size;
    (void)fclose(f);
    pad(done);
    return good;
}

static bool line_write(const char *line)
{
    char name[WORD_SIZE];
    char source[WORD_SIZE];
    struct entry e = {.name = name};
    if (sscanf(line, "dir %1023s", name) == 1) {
        e.mode = S_IFDIR | 0755;
        header_write(&e);
        return true;
    }
    if (sscanf(line, "char %1023s %" SCNo32 " %u %u", name, &e.mode, &e.major, &e.minor) == 4) {
        e.mode |= S_IFCHR;
        header_write(&e);
        return true;
    }
    if (sscanf(line, "file %1023s %" SCNo32 " %1023s", name, &e.mode, source) == 3) {
        e.mode |= S_IFREG;
        return file_write(&e, source);
    }
    return false;
}

int main(void)
{
    char line[LINE_SIZE];
    const struct entry end = {.name = "TRAILER!!!"};
    while (fgets(line, sizeof line, stdin) != NULL)
        if (!line_write(line)) {
            (void)fprintf(stderr, "newc: %s", line);
            return EXIT_FAILURE;
        }
    header_write(&end);
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
