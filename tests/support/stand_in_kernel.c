/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stand_in_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sev-guest.h> /* the kernel's own: what the source declares for itself is held against it */

#define REPORTS "/sys/kernel/config/tsm/report/"

/* Linux, include/uapi/linux/tdx-guest.h, which Debian 12 has not. */
struct tdx_report_req {
    uint8_t reportdata[64];
    uint8_t tdreport[1024];
};
#define TDX_CMD_GET_REPORT0 _IOWR('T', 1, struct tdx_report_req)

enum { SEV_HEADER_SIZE = 32, SEV_FW_BLOB_MAX_SIZE = 4 * STAND_IN_PAGE, PRIVLEVEL_MAX = 3, FIRST_FD = 1000 };

static struct stand_in_kernel *of(const struct kernel *self)
{
    return (struct stand_in_kernel *)self;
}

/* Does it happen this time? */
static bool happens(int *times)
{
    if (*times == 0)
        return false;
    if (*times > 0)
        (*times)--;
    return true;
}

/* ---- configfs ---- */

static struct stand_in_entry *entry_find(struct stand_in_kernel *k, const char *path, const char **attribute)
{
    size_t prefix = strlen(REPORTS);
    if (!k->has_tsm || strncmp(path, REPORTS, prefix) != 0)
        return NULL;
    for (size_t i = 0; i < STAND_IN_ENTRIES; i++) {
        size_t len = strlen(k->entries[i].name);
        if (k->entries[i].used && strncmp(path + prefix, k->entries[i].name, len) == 0 &&
            (path[prefix + len] == '/' || path[prefix + len] == '\0')) {
            *attribute = path[prefix + len] == '/' ? path + prefix + len + 1 : "";
            return &k->entries[i];
        }
    }
    return NULL;
}

static int do_mkdir(const struct kernel *self, const char *path)
{
    struct stand_in_kernel *k = of(self);
    k->mkdirs++;
    if (!k->has_tsm || strncmp(path, REPORTS, strlen(REPORTS)) != 0)
        return -ENOENT;
    if (k->mkdir_failed != 0)
        return -k->mkdir_failed;
    if (k->provider == NULL)
        return -ENXIO;
    const char *attribute;
    if (happens(&k->name_taken) || entry_find(k, path, &attribute) != NULL)
        return -EEXIST;
    for (size_t i = 0; i < STAND_IN_ENTRIES; i++)
        if (!k->entries[i].used) {
            k->entries[i] = (struct stand_in_entry){.used = true, .write_generation = k->first_generation};
            (void)snprintf(k->entries[i].name, STAND_IN_NAME, "%s", path + strlen(REPORTS));
            return 0;
        }
    return -ENOSPC;
}

static int do_rmdir(const struct kernel *self, const char *path)
{
    struct stand_in_kernel *k = of(self);
    const char *attribute;
    struct stand_in_entry *e = entry_find(k, path, &attribute);
    k->rmdirs++;
    if (e == NULL || attribute[0] != '\0')
        return -ENOENT;
    for (size_t i = 0; i < STAND_IN_FILES; i++)
        if (k->files[i].used && k->files[i].entry == e)
            return -EBUSY;
    e->used = false;
    return 0;
}

static bool attribute_exists(const struct stand_in_kernel *k, const char *name, bool writing)
{
    static const char *const to_read[] = {"generation", "provider", "outblob", NULL};
    if (strncmp(name, "privlevel", strlen("privlevel")) == 0)
        return !k->no_privlevel && strcmp(name, writing ? "privlevel" : "privlevel_floor") == 0;
    if (writing)
        return strcmp(name, "inblob") == 0;
    if (strcmp(name, "auxblob") == 0)
        return !k->no_auxblob;
    for (size_t i = 0; to_read[i] != NULL; i++)
        if (strcmp(name, to_read[i]) == 0)
            return true;
    return false;
}

static int do_open(const struct kernel *self, const char *path, int flags)
{
    struct stand_in_kernel *k = of(self);
    const char *attribute = "";
    bool writing = (flags & O_ACCMODE) == O_WRONLY;
    enum stand_in_file_kind kind = STAND_IN_ATTRIBUTE;
    struct stand_in_entry *entry = entry_find(k, path, &attribute);
    if (strcmp(path, "/dev/sev-guest") == 0 && k->has_sev_guest)
        kind = STAND_IN_SEV;
    else if (strcmp(path, "/dev/tdx_guest") == 0 && k->has_tdx_guest)
        kind = STAND_IN_TDX;
    else if (entry == NULL || !attribute_exists(k, attribute, writing))
        return -ENOENT;
    for (int i = 0; i < STAND_IN_FILES; i++)
        if (!k->files[i].used) {
            struct stand_in_file *f = &k->files[i];
            memset(f, 0, sizeof *f);
            f->used = true;
            f->kind = kind;
            f->entry = entry;
            f->writing = writing;
            (void)snprintf(f->name, sizeof f->name, "%s", attribute);
            return FIRST_FD + i;
        }
    return -EMFILE;
}

static struct stand_in_file *file_of(struct stand_in_kernel *k, int fd)
{
    int i = fd - FIRST_FD;
    return i >= 0 && i < STAND_IN_FILES && k->files[i].used ? &k->files[i] : NULL;
}

/* Somebody else has found our entry. */
static void disturb(struct stand_in_entry *e)
{
    memset(e->inblob, 0xee, sizeof e->inblob);
    e->inblob_len = sizeof e->inblob;
    e->write_generation++;
}

static int outblob_fill(struct stand_in_kernel *k, struct stand_in_file *f)
{
    if (k->outblob_failed != 0)
        return -k->outblob_failed;
    if (happens(&k->would_block))
        return -EWOULDBLOCK;
    if (happens(&k->busy))
        return -EBUSY;
    if (happens(&k->disturbed))
        disturb(f->entry);
    if (f->entry->inblob_len == 0)
        return -EINVAL;
    k->reports++;
    f->len = k->report(k->owner, f->entry->inblob, f->entry->privlevel, f->bytes);
    return 0;
}

/* A binary attribute is made when it is first read, and stays as it is for as long as the file is open. */
static int fill(struct stand_in_kernel *k, struct stand_in_file *f)
{
    char text[STAND_IN_NAME] = "";
    if (strcmp(f->name, "outblob") == 0)
        return outblob_fill(k, f);
    if (strcmp(f->name, "auxblob") == 0) {
        if (happens(&k->disturbed_late))
            disturb(f->entry);
        f->len = k->table == NULL ? 0 : k->table(k->owner, f->bytes);
        return f->entry->inblob_len == 0 ? -EINVAL : 0;
    }
    if (strcmp(f->name, "generation") == 0 && k->odd_generation != NULL)
        (void)snprintf(text, sizeof text, "%s", k->odd_generation);
    else if (strcmp(f->name, "generation") == 0)
        (void)snprintf(text, sizeof text, "%llu\n", (unsigned long long)f->entry->write_generation);
    else if (strcmp(f->name, "provider") == 0)
        (void)snprintf(text, sizeof text, "%s\n", k->provider);
    else
        (void)snprintf(text, sizeof text, "%u\n", k->privlevel_floor);
    f->len = strlen(text);
    memcpy(f->bytes, text, f->len);
    return 0;
}

/* ---- the service on vsock ---- */

static uint32_t get_le(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void put_le(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static void put_be(uint8_t *at, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* The question as Intel's qgs_msg_lib wants it, else nothing is answered. */
static bool question_is_good(const struct stand_in_file *f)
{
    const uint8_t *m = f->bytes + 4;
    return f->len == 4 + 24 + 1024 && f->bytes[0] == 0 && f->bytes[1] == 0 && f->bytes[2] == 4 &&
           f->bytes[3] == 24 && m[0] == 1 && m[1] == 0 && get_le(m + 4) == 0 && get_le(m + 8) == f->len - 4 &&
           get_le(m + 12) == 0 && get_le(m + 16) == 1024 && get_le(m + 20) == 0;
}

static void service_answer(struct stand_in_kernel *k, struct stand_in_file *f)
{
    static uint8_t quote[STAND_IN_ROOM];
    uint8_t report_data[64];
    f->filled = true;
    f->at = 0;
    if (!question_is_good(f)) {
        f->len = 0;
        return;
    }
    memcpy(report_data, f->bytes + 4 + 24 + 128, sizeof report_data);
    k->reports++;
    size_t size = k->qgs_error == 0 ? k->report(k->owner, report_data, 0, quote) : 0;
    uint8_t *m = f->bytes + 4;
    memset(f->bytes, 0, 4 + 24);
    m[0] = 1;
    put_le(m + 4, k->qgs_type);
    put_le(m + 8, (uint32_t)(24 + size));
    put_le(m + 12, k->qgs_error);
    put_le(m + 20, (uint32_t)size);
    memcpy(m + 24, quote, size);
    put_be(f->bytes, (uint32_t)((long)(24 + size) + k->qgs_length_off));
    f->len = 4 + 24 + size - k->qgs_cut;
}

static int do_connect_vsock(const struct kernel *self, uint32_t context, uint32_t port)
{
    struct stand_in_kernel *k = of(self);
    k->context = context;
    k->port = port;
    if (k->vsock_failed != 0)
        return -k->vsock_failed;
    for (int i = 0; i < STAND_IN_FILES; i++)
        if (!k->files[i].used) {
            memset(&k->files[i], 0, sizeof k->files[i]);
            k->files[i].used = true;
            k->files[i].kind = STAND_IN_VSOCK;
            return FIRST_FD + i;
        }
    return -EMFILE;
}

static int do_connect_unix(const struct kernel *self, const char *path)
{
    return kernel_real.connect_unix(self, path);
}

/* ---- read, write, close ---- */

static ssize_t do_read(const struct kernel *self, int fd, void *to, size_t size)
{
    struct stand_in_kernel *k = of(self);
    struct stand_in_file *f = file_of(k, fd);
    if (f == NULL)
        return fd < FIRST_FD ? kernel_real.read(self, fd, to, size) : -EBADF;
    if (happens(&k->interrupted))
        return -EINTR;
    if (!f->filled) {
        if (f->kind == STAND_IN_VSOCK) {
            service_answer(k, f);
        } else {
            int failed = fill(k, f);
            if (failed != 0)
                return failed;
        }
        f->filled = true;
    }
    size_t n = f->len - f->at < size ? f->len - f->at : size;
    if (k->piece != 0 && n > k->piece)
        n = k->piece;
    memcpy(to, f->bytes + f->at, n);
    f->at += n;
    return (ssize_t)n;
}

/* Text attributes act at once. */
static ssize_t privlevel_store(struct stand_in_kernel *k, struct stand_in_entry *e, const char *text,
                               size_t size)
{
    char copy[STAND_IN_NAME] = "";
    memcpy(copy, text, size < sizeof copy ? size : sizeof copy - 1);
    unsigned long level = strtoul(copy, NULL, 10);
    if (level < k->privlevel_floor || level > PRIVLEVEL_MAX)
        return -EINVAL;
    e->privlevel = (unsigned)level;
    e->write_generation++;
    return (ssize_t)size;
}

static ssize_t do_write(const struct kernel *self, int fd, const void *from, size_t size)
{
    struct stand_in_kernel *k = of(self);
    struct stand_in_file *f = file_of(k, fd);
    if (f == NULL)
        return fd < FIRST_FD ? kernel_real.write(self, fd, from, size) : -EBADF;
    if (f->kind == STAND_IN_ATTRIBUTE && strcmp(f->name, "privlevel") == 0)
        return privlevel_store(k, f->entry, from, size);
    if (f->kind == STAND_IN_ATTRIBUTE && f->len + size > sizeof f->entry->inblob)
        return -EFBIG;
    if (f->len + size > sizeof f->bytes)
        return -ENOSPC;
    memcpy(f->bytes + f->len, from, size);
    f->len += size;
    return (ssize_t)size;
}

/* A binary attribute takes effect here, and what it says then, nobody hears. */
static int do_close(const struct kernel *self, int fd)
{
    struct stand_in_kernel *k = of(self);
    struct stand_in_file *f = file_of(k, fd);
    if (f == NULL)
        return fd < FIRST_FD ? kernel_real.close(self, fd) : -EBADF;
    if (f->kind == STAND_IN_ATTRIBUTE && f->writing && strcmp(f->name, "inblob") == 0 && f->len > 0 &&
        !happens(&k->inblob_lost)) {
        memcpy(f->entry->inblob, f->bytes, f->len);
        f->entry->inblob_len = f->len;
        f->entry->write_generation++;
    }
    f->used = false;
    return 0;
}

/* ---- the devices ---- */

static void *pointer_of(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

static int fail_with(struct snp_guest_request_ioctl *call, uint32_t host, uint32_t firmware)
{
    call->exitinfo2 = (uint64_t)host << 32 | firmware;
    return -EIO;
}

static int sev_response(struct stand_in_kernel *k, struct snp_guest_request_ioctl *call,
                        const struct snp_report_req *request)
{
    struct snp_report_resp *response = pointer_of(call->resp_data);
    k->reports++;
    memset(response, 0, sizeof *response);
    size_t size = k->report(k->owner, request->user_data, request->vmpl, response->data + SEV_HEADER_SIZE);
    put_le(response->data, k->response_status);
    put_le(response->data + 4, k->response_size != 0 ? k->response_size : (uint32_t)size);
    if (k->response_reserved)
        response->data[SEV_HEADER_SIZE - 1] = 1;
    call->exitinfo2 = 0;
    return 0;
}

static int sev_extended(struct stand_in_kernel *k, struct snp_guest_request_ioctl *call)
{
    struct snp_ext_report_req *request = pointer_of(call->req_data);
    k->table_size = request->certs_len;
    if (request->certs_len > SEV_FW_BLOB_MAX_SIZE || request->certs_len % STAND_IN_PAGE != 0)
        return -EINVAL;
    static uint8_t table[STAND_IN_ROOM];
    memset(table, 0, sizeof table);
    size_t size = k->table != NULL ? k->table(k->owner, table) : 0;
    uint32_t pages = (uint32_t)((size + STAND_IN_PAGE - 1) / STAND_IN_PAGE);
    if (pages < k->pages_wanted)
        pages = k->pages_wanted;
    if (request->certs_len < pages * STAND_IN_PAGE) {
        request->certs_len = (k->pages_said != 0 ? k->pages_said : pages) * STAND_IN_PAGE;
        return fail_with(call, SNP_GUEST_VMM_ERR_INVALID_LEN, 0);
    }
    memcpy(pointer_of(request->certs_address), table, request->certs_len);
    return sev_response(k, call, &request->data);
}

static int sev_ioctl(struct stand_in_kernel *k, unsigned long request, void *argument)
{
    struct snp_guest_request_ioctl *call = argument;
    if (call->msg_version == 0)
        return -EINVAL;
    if (k->ioctl_failed != 0)
        return -k->ioctl_failed;
    if (happens(&k->ioctl_passing))
        return -k->passing;
    if (happens(&k->host_busy))
        return fail_with(call, SNP_GUEST_VMM_ERR_BUSY, 0);
    if (k->firmware_error != 0)
        return fail_with(call, 0, k->firmware_error);
    if (request == SNP_GET_EXT_REPORT)
        return sev_extended(k, call);
    if (request == SNP_GET_REPORT)
        return sev_response(k, call, pointer_of(call->req_data));
    return -ENOTTY;
}

static int tdx_ioctl(struct stand_in_kernel *k, unsigned long request, void *argument)
{
    struct tdx_report_req *r = argument;
    if (request != TDX_CMD_GET_REPORT0)
        return -ENOTTY;
    if (k->ioctl_failed != 0)
        return -k->ioctl_failed;
    memset(r->tdreport, 0, sizeof r->tdreport);
    r->tdreport[0] = 0x81;
    memcpy(r->tdreport + 128, r->reportdata, sizeof r->reportdata);
    if (k->tdreport_other)
        r->tdreport[128] ^= 1;
    return 0;
}

static int do_ioctl(const struct kernel *self, int fd, unsigned long request, void *argument)
{
    struct stand_in_kernel *k = of(self);
    const struct stand_in_file *f = file_of(k, fd);
    k->ioctls++;
    if (f != NULL && f->kind == STAND_IN_SEV)
        return sev_ioctl(k, request, argument);
    if (f != NULL && f->kind == STAND_IN_TDX)
        return tdx_ioctl(k, request, argument);
    return -EBADF;
}

static void do_sleep_ms(const struct kernel *self, unsigned milliseconds)
{
    of(self)->slept_ms += milliseconds;
}

static int64_t do_now(const struct kernel *self)
{
    return of(self)->now;
}

void stand_in_init(struct stand_in_kernel *k)
{
    memset(k, 0, sizeof *k);
    k->base = (struct kernel){
        .mkdir = do_mkdir,
        .rmdir = do_rmdir,
        .open = do_open,
        .read = do_read,
        .write = do_write,
        .close = do_close,
        .ioctl = do_ioctl,
        .connect_vsock = do_connect_vsock,
        .connect_unix = do_connect_unix,
        .sleep_ms = do_sleep_ms,
        .now = do_now,
    };
    k->qgs_type = 1;
}

bool stand_in_is_clean(const struct stand_in_kernel *k)
{
    for (size_t i = 0; i < STAND_IN_ENTRIES; i++)
        if (k->entries[i].used)
            return false;
    for (size_t i = 0; i < STAND_IN_FILES; i++)
        if (k->files[i].used)
            return false;
    return true;
}
