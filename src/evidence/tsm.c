/* SPDX-License-Identifier: Apache-2.0 */

/*
 * configfs-tsm (Linux, Documentation/ABI/testing/configfs-tsm-report). Each request makes an entry of its own and removes it again:
 *
 *     mkdir report/NAME                 ENXIO: the kernel has no provider, so this is no confidential VM
 *     generation                        a number that grows by one with each write below
 *     privlevel_floor, privlevel        SNP: the VMPL that the report is to be of, when the kernel cannot ask for VMPL 0
 *     inblob                            64 bytes; what is written takes effect when the file is closed, and if it does not (EBUSY), close does not say so
 *     outblob, auxblob                  the report, and the host's certificate table. EWOULDBLOCK: somebody wrote meanwhile
 *     generation                        must have grown by our own writes alone, else the report answers somebody else's inblob
 *     provider                          "sev_guest", "tdx_guest"
 *     rmdir
 *
 * Where only root may make entries, the one that was made for us before serves all requests (REPORT_TSM_ENTRY).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "evidence/report_device.h"

enum {
    TSM_PATH_MAX = 128,
    TSM_TEXT_MAX = 64,      /* of an attribute that is text */
    TSM_NAME_TRIES = 8,     /* names are random: even a second try is rare */
    TSM_TRIES = 8,          /* of a request that somebody disturbs */
    TSM_FIRST_WAIT_MS = 10, /* and doubled: 1.3 seconds in all */
    TSM_PRIVLEVEL_MAX = 3,
};

struct tsm {
    struct report_device base; /* first: the two share their address */
    const struct kernel *kernel;
};

/* One request, and which step failed. */
struct tsm_request {
    const struct kernel *kernel;
    char entry[TSM_PATH_MAX];
    bool given;          /* the entry is not of our making, and stays */
    uint64_t generation; /* that is expected */
    char provider[TSM_TEXT_MAX];
    const char *step;
};

/* ---- attributes ---- */

static bool attribute_path(const struct tsm_request *r, const char *name, char path[static TSM_PATH_MAX])
{
    int n = snprintf(path, TSM_PATH_MAX, "%s/%s", r->entry, name);
    return n > 0 && n < TSM_PATH_MAX;
}

static int attribute_read(struct tsm_request *r, const char *name, void *to, size_t size, size_t *len)
{
    char path[TSM_PATH_MAX];
    r->step = name;
    *len = 0;
    return attribute_path(r, name, path) ? kernel_read_file(r->kernel, path, to, size, len) : -ENAMETOOLONG;
}

/* In one write: configfs takes text that way, and binary attributes when they are closed. */
static int attribute_write(struct tsm_request *r, const char *name, const void *from, size_t size)
{
    char path[TSM_PATH_MAX];
    r->step = name;
    if (!attribute_path(r, name, path))
        return -ENAMETOOLONG;
    int fd = r->kernel->open(r->kernel, path, O_WRONLY);
    if (fd < 0)
        return fd;
    ssize_t n = r->kernel->write(r->kernel, fd, from, size);
    int closed = r->kernel->close(r->kernel, fd);
    if (n < 0)
        return (int)n;
    if ((size_t)n != size)
        return -EIO;
    r->generation++;
    return closed;
}

/* A line of text, without the end of the line. */
static int text_read(struct tsm_request *r, const char *name, char text[static TSM_TEXT_MAX])
{
    size_t len;
    int failed = attribute_read(r, name, text, TSM_TEXT_MAX - 1, &len);
    if (failed == 0 && len > 0 && text[len - 1] == '\n')
        len--;
    text[failed == 0 ? len : 0] = '\0';
    return failed == 0 && strlen(text) != len ? -EIO : failed;
}

static int number_read(struct tsm_request *r, const char *name, uint64_t *number)
{
    char text[TSM_TEXT_MAX];
    char *end;
    int failed = text_read(r, name, text);
    if (failed != 0)
        return failed;
    if (text[0] < '0' || text[0] > '9')
        return -EIO;
    errno = 0;
    *number = strtoull(text, &end, 10);
    return *end != '\0' || errno != 0 ? -EIO : 0;
}

/* Nobody but us has written. */
static int generation_check(struct tsm_request *r)
{
    uint64_t seen;
    int failed = number_read(r, "generation", &seen);
    if (failed == 0 && seen != r->generation)
        failed = -EWOULDBLOCK;
    return failed;
}

/* ---- one request ---- */

/* A kernel below an SVSM has no key for VMPL 0; the report then says which level it is of, and the Verifier decides. */
static int privilege_set(struct tsm_request *r)
{
    char text[TSM_TEXT_MAX];
    uint64_t floor = 0;
    int failed = number_read(r, "privlevel_floor", &floor);
    if (failed == -ENOENT || (failed == 0 && floor == 0))
        return 0;
    if (failed == 0 && floor > TSM_PRIVLEVEL_MAX)
        return -EIO;
    if (failed != 0)
        return failed;
    int n = snprintf(text, sizeof text, "%" PRIu64, floor);
    return attribute_write(r, "privlevel", text, (size_t)n);
}

static bool provider_kind(const struct tsm_request *r, enum report_kind *kind)
{
    static const struct {
        const char *name;
        enum report_kind kind;
    } providers[] = {{"sev_guest", REPORT_SNP}, {"tdx_guest", REPORT_TDX}};
    for (size_t i = 0; i < sizeof providers / sizeof *providers; i++)
        if (strcmp(r->provider, providers[i].name) == 0) {
            *kind = providers[i].kind;
            return true;
        }
    return false;
}

static int table_read(struct tsm_request *r, struct report_answer *a)
{
    int failed = attribute_read(r, "auxblob", a->table, sizeof a->table, &a->table_len);
    return failed == -ENOENT ? 0 : failed; /* a provider that has none */
}

static int request_in_entry(struct tsm_request *r, const uint8_t report_data[static REPORT_DATA_SIZE],
                            struct report_answer *a)
{
    int failed = text_read(r, "provider", r->provider);
    if (failed == 0 && !provider_kind(r, &a->kind))
        failed = -EPROTONOSUPPORT;
    if (failed == 0)
        failed = number_read(r, "generation", &r->generation);
    if (failed == 0 && a->kind == REPORT_SNP)
        failed = privilege_set(r);
    if (failed == 0)
        failed = attribute_write(r, "inblob", report_data, REPORT_DATA_SIZE);
    if (failed == 0)
        failed = generation_check(r); /* was it taken? */
    if (failed == 0)
        failed = attribute_read(r, "outblob", a->report, sizeof a->report, &a->report_len);
    if (failed == 0 && a->kind == REPORT_SNP)
        failed = table_read(r, a);
    return failed == 0 ? generation_check(r) : failed;
}

/* Is there an entry that was made for us? Then it is one whose provider can be read. */
static bool entry_given(struct tsm_request *r)
{
    (void)snprintf(r->entry, sizeof r->entry, REPORT_TSM_ENTRY);
    r->given = text_read(r, "provider", r->provider) == 0;
    return r->given;
}

static void entry_remove(struct tsm_request *r)
{
    if (!r->given)
        (void)r->kernel->rmdir(r->kernel, r->entry);
}

static int entry_make(struct tsm_request *r)
{
    int failed = -EEXIST;
    r->step = "mkdir";
    for (int i = 0; failed == -EEXIST && i < TSM_NAME_TRIES; i++) {
        uint64_t random;
        if (crypto_random(&random, sizeof random) != ERR_OK)
            return -EIO;
        (void)snprintf(r->entry, sizeof r->entry, REPORT_TSM_DIRECTORY "/enclume-%016" PRIx64, random);
        failed = r->kernel->mkdir(r->kernel, r->entry);
    }
    if ((failed == -EACCES || failed == -EPERM) && entry_given(r))
        return 0;
    r->step = "mkdir";
    return failed;
}

static int request_once(struct tsm_request *r, const uint8_t report_data[static REPORT_DATA_SIZE],
                        struct report_answer *a)
{
    memset(a, 0, sizeof *a);
    int failed = entry_make(r);
    if (failed != 0)
        return failed;
    failed = request_in_entry(r, report_data, a);
    entry_remove(r);
    return failed;
}

/* ---- what went wrong ---- */

static enum err explain(int failed, const struct tsm_request *r, struct err_note *note)
{
    static const struct {
        int failed;
        const char *step; /* NULL: any */
        const char *text;
    } known[] = {
        {-ENOENT, "mkdir",
         "there is no " REPORT_TSM_DIRECTORY
         ": it takes Linux 6.7, the module tsm and configfs on /sys/kernel/config"},
        {-ENXIO, "mkdir",
         "the kernel has no provider of reports: this is no SEV-SNP or TDX machine, or the module sev-guest "
         "or tdx-guest is not loaded"},
        {-EACCES, "mkdir",
         REPORT_TSM_DIRECTORY ": only root may ask there; leave out --user, or use the device itself"},
        {-EPERM, "mkdir",
         REPORT_TSM_DIRECTORY ": only root may ask there; leave out --user, or use the device itself"},
        {-EWOULDBLOCK, NULL, "somebody else writes to our own entry all the time"},
        {-EFBIG, "outblob", "the report is larger than any that is known"},
        {-EFBIG, "auxblob", "the host's table of certificates is larger than can be"},
        {-EINVAL, "privlevel", "the kernel refused its own lowest privilege level"},
        {-EINVAL, "outblob", "the platform refused the request, or does not know of what it should cover"},
        {-ENXIO, "outblob", "the provider of reports went away"},
    };
    if (failed == -EPROTONOSUPPORT)
        return err_noted(ERR_EVIDENCE, note,
                         "tsm: the provider \"%s\" is not known, only sev_guest and tdx_guest are",
                         r->provider);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (failed == known[i].failed && (known[i].step == NULL || strcmp(known[i].step, r->step) == 0))
            return err_noted(ERR_EVIDENCE, note, "tsm: %s", known[i].text);
    return err_noted(ERR_EVIDENCE, note, "tsm: %s: %s", r->step, strerror(-failed));
}

/* What passes by itself. ETIMEDOUT and the like the kernel has waited for already. */
static bool is_passing(int failed)
{
    return failed == -EWOULDBLOCK || failed == -EBUSY || failed == -EINTR;
}

static enum err tsm_ask(struct report_device *self, const uint8_t report_data[static REPORT_DATA_SIZE],
                        struct report_answer *answer, struct err_note *note)
{
    const struct tsm *t = (const struct tsm *)self;
    struct tsm_request r = {.kernel = t->kernel};
    unsigned wait = TSM_FIRST_WAIT_MS;
    int failed = request_once(&r, report_data, answer);
    for (int i = 1; is_passing(failed) && i < TSM_TRIES; i++, wait *= 2) {
        t->kernel->sleep_ms(t->kernel, wait);
        failed = request_once(&r, report_data, answer);
    }
    return failed == 0 ? ERR_OK : explain(failed, &r, note);
}

static void tsm_close(struct report_device *self)
{
    free(self);
}

enum err report_tsm_open(const struct kernel *kernel, struct report_device **device, struct err_note *note)
{
    struct tsm_request probe = {.kernel = kernel};
    *device = NULL;
    int failed = entry_make(&probe);
    if (failed != 0) {
        enum err e = explain(failed, &probe, note);
        return failed == -ENOENT ? ERR_FILE : e;
    }
    failed = text_read(&probe, "provider", probe.provider);
    entry_remove(&probe);
    enum report_kind kind;
    if (failed == 0 && !provider_kind(&probe, &kind))
        failed = -EPROTONOSUPPORT;
    if (failed != 0)
        return explain(failed, &probe, note);
    struct tsm *t = malloc(sizeof *t);
    if (t == NULL)
        return ERR_MEMORY;
    *t = (struct tsm){.base = {.name = "tsm", .ask = tsm_ask, .close = tsm_close}, .kernel = kernel};
    *device = &t->base;
    return ERR_OK;
}
