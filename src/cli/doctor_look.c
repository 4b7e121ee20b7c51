/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor_look.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "cli/output_of.h"
#include "launch/ovmf.h"
#include "launch/tdvf.h"

enum { PATH_SIZE = 4096, FILE_SIZE = 256 * 1024, KIB = 1024 };

__attribute__((format(printf, 2, 3))) static bool says(const struct look *l, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(l->seen, DOCTOR_SEEN_SIZE, format, list);
    va_end(list);
    return false;
}

static bool path_below(const struct look *l, const char *path, char out[static PATH_SIZE])
{
    const int n = snprintf(out, PATH_SIZE, "%s%s", l->doctor->root, path);
    return n > 0 && n < PATH_SIZE;
}

/* The file as text, cut at FILE_SIZE; release with free. NULL: it is not there, which is then said. Files of the kernel have no size, so this reads on. */
static char *text_of(const struct look *l, const char *path)
{
    char full[PATH_SIZE];
    char *text = calloc(1, FILE_SIZE);
    const int fd = text != NULL && path_below(l, path, full) ? open(full, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        (void)says(l, "%s", strerror(errno));
        free(text);
        return NULL;
    }
    size_t used = 0;
    ssize_t n;
    while (used + 1 < FILE_SIZE && (n = read(fd, text + used, FILE_SIZE - 1 - used)) > 0)
        used += (size_t)n;
    (void)close(fd);
    return text;
}

/* ---- files ---- */

bool look_exists(const struct look *l)
{
    char full[PATH_SIZE];
    struct stat s;
    if (!path_below(l, l->path, full) || stat(full, &s) != 0)
        return says(l, "%s", strerror(errno));
    (void)says(l, "there");
    return true;
}

bool look_device(const struct look *l)
{
    char full[PATH_SIZE];
    if (!look_exists(l) || !path_below(l, l->path, full))
        return false;
    if (access(full, R_OK | W_OK) != 0)
        return says(l, "there, and not for this user: %s", strerror(errno));
    return true;
}

bool look_nonempty(const struct look *l)
{
    char full[PATH_SIZE];
    size_t count = 0;
    DIR *dir = path_below(l, l->path, full) ? opendir(full) : NULL;
    if (dir == NULL)
        return says(l, "%s", strerror(errno));
    for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        count += d->d_name[0] != '.';
    (void)closedir(dir);
    (void)says(l, count == 0 ? "empty" : "%zu", count);
    return count != 0;
}

/* Is the word one of those in list, which are parted by blanks? */
static bool is_among(const char *word, size_t len, const char *list)
{
    while (*list != '\0') {
        const size_t n = strcspn(list, " ");
        if (n == len && strncmp(list, word, n) == 0)
            return true;
        list += n + strspn(list + n, " ");
    }
    return false;
}

bool look_value(const struct look *l)
{
    char *text = text_of(l, l->path);
    if (text == NULL)
        return false;
    const size_t len = strcspn(text, " \t\n");
    const bool good = is_among(text, len, l->wanted);
    (void)says(l, "%.*s", (int)len, text);
    free(text);
    return good;
}

bool look_contains(const struct look *l)
{
    char *text = text_of(l, l->path);
    if (text == NULL)
        return false;
    const bool good = strstr(text, l->wanted) != NULL;
    (void)says(l, "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
    return good;
}

/* ---- processor and kernel ---- */

bool look_cpu_flag(const struct look *l)
{
    char *text = text_of(l, "/proc/cpuinfo");
    if (text == NULL)
        return false;
    const char *flags = strncmp(text, "flags", strlen("flags")) == 0 ? text : strstr(text, "\nflags");
    const size_t len = flags == NULL ? 0 : 1 + strcspn(flags + 1, "\n");
    const size_t wanted = strlen(l->wanted);
    bool good = false;
    for (const char *at = flags; flags != NULL && !good; at++) {
        at = strstr(at, l->wanted);
        if (at == NULL || at > flags + len)
            break;
        good = at > flags && isspace((unsigned char)at[-1]) &&
               (at[wanted] == '\0' || isspace((unsigned char)at[wanted]));
    }
    (void)says(l, good ? "there" : flags == NULL ? "no flags" : "not among the flags");
    free(text);
    return good;
}

enum doctor_platform doctor_guess(const char *root)
{
    static const struct {
        const char *vendor;
        enum doctor_platform platform;
    } vendors[] = {{"AuthenticAMD", DOCTOR_SNP}, {"GenuineIntel", DOCTOR_TDX}};
    char seen[DOCTOR_SEEN_SIZE];
    const struct doctor d = {.root = root};
    const struct look l = {.doctor = &d, .seen = seen};
    enum doctor_platform platform = DOCTOR_ANY;
    char *text = text_of(&l, "/proc/cpuinfo");
    for (size_t i = 0; text != NULL && i < sizeof vendors / sizeof *vendors; i++)
        if (strstr(text, vendors[i].vendor) != NULL)
            platform = vendors[i].platform;
    free(text);
    return platform;
}

/* "6.12.117+deb13" -> 612; 0: no version. */
static uint32_t major_minor(const char *text, uint32_t scale)
{
    char *end;
    const unsigned long major = strtoul(text, &end, 10);
    if (end == text || *end != '.' || major > 999)
        return 0;
    const char *minor_text = end + 1;
    const unsigned long minor = strtoul(minor_text, &end, 10);
    return end == minor_text || minor >= scale ? 0 : (uint32_t)(major * scale + minor);
}

bool look_kernel(const struct look *l)
{
    char *text = text_of(l, "/proc/sys/kernel/osrelease");
    if (text == NULL)
        return false;
    const bool good = major_minor(text, 100) >= l->number;
    (void)says(l, "%.*s", (int)strcspn(text, "\n"), text);
    free(text);
    return good;
}

bool look_memory(const struct look *l)
{
    char *text = text_of(l, "/proc/meminfo");
    if (text == NULL)
        return false;
    const char *at = strstr(text, "MemAvailable:");
    const unsigned long long kib = at == NULL ? 0 : strtoull(at + strlen("MemAvailable:"), NULL, 10);
    const bool good = kib * KIB >= l->doctor->memory;
    (void)says(l, "%llu MiB available, %llu MiB wanted", kib / KIB,
               (unsigned long long)(l->doctor->memory / KIB / KIB));
    free(text);
    return good;
}

bool look_no_swap(const struct look *l)
{
    char *text = text_of(l, "/proc/swaps");
    if (text == NULL)
        return false;
    const char *second = strchr(text, '\n');
    const bool good = second == NULL || second[1] == '\0';
    (void)says(l, good ? "none" : "in use");
    free(text);
    return good;
}

/* ---- QEMU ---- */

bool look_qemu_version(const struct look *l)
{
    const char *const argv[] = {l->doctor->qemu, "--version", NULL};
    static const char before[] = "version ";
    char *text = output_of(argv);
    const char *at = text == NULL ? NULL : strstr(text, before);
    const uint32_t version = at == NULL ? 0 : major_minor(at + sizeof before - 1, 100);
    if (at == NULL)
        (void)says(l, "%s: cannot be run", l->doctor->qemu);
    else
        (void)says(l, "%.*s", (int)strcspn(at + sizeof before - 1, " (\n"), at + sizeof before - 1);
    free(text);
    return version >= l->number;
}

bool look_qemu_object(const struct look *l)
{
    const char *const argv[] = {l->doctor->qemu, "-object", "help", NULL};
    char *text = output_of(argv);
    bool good = false;
    for (const char *at = text; at != NULL && *at != '\0' && !good;) {
        at += strspn(at, " \n");
        const size_t n = strcspn(at, " \n");
        good = n == strlen(l->wanted) && strncmp(at, l->wanted, n) == 0;
        at += n;
    }
    (void)says(l, text == NULL ? "QEMU cannot be run" : good ? "there" : "QEMU does not know it");
    free(text);
    return good;
}

/* ---- firmware ---- */

bool look_firmware_snp(const struct look *l)
{
    struct bytes image = {0};
    struct err_note note = {{0}};
    struct ovmf f;
    bool good = false;
    enum err e = file_read(l->doctor->firmware, OVMF_SIZE_MAX, &image, &note);
    if (e == ERR_OK)
        e = ovmf_parse(image, &f, &note);
    for (size_t i = 0; e == ERR_OK && i < f.section_count; i++)
        good = good || f.sections[i].type == OVMF_SECTION_KERNEL_HASHES;
    (void)says(l,
               e != ERR_OK ? "%s"
               : good      ? "checks the kernel's hashes"
                           : "does not check a kernel",
               note.text);
    secret_free(bytes_owned(image));
    return good;
}

bool look_firmware_tdx(const struct look *l)
{
    struct bytes image = {0};
    struct err_note note = {{0}};
    struct tdvf f;
    enum err e = file_read(l->doctor->firmware, OVMF_SIZE_MAX, &image, &note);
    if (e == ERR_OK)
        e = tdvf_parse(image, &f, &note);
    (void)says(l, "%s", e != ERR_OK ? note.text : "has TDVF metadata");
    secret_free(bytes_owned(image));
    return e == ERR_OK;
}
