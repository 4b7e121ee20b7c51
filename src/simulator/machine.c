/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "crypto/crypto.h"

enum { FILE_MAX = 512 * 1024 * 1024, EXIT_NOT_STARTED = 127, TEXT_SIZE = 128 };

/* ---- QEMU's arguments ---- */

enum need { MAY_BE, MUST_BE, MUST_NOT_BE };

/* The value of an option; NULL: it is not there. */
static enum err value_find(const char *const *args, size_t count, const char *name, enum need need,
                           const char **value, struct err_note *note)
{
    *value = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(args[i], name) != 0)
            continue;
        if (need == MUST_NOT_BE)
            return err_noted(ERR_USAGE, note, "%s: is not measured, so it cannot be used with --vm", name);
        if (*value != NULL || i + 1 == count)
            return err_noted(ERR_USAGE, note, "%s: %s", name,
                             i + 1 == count ? "has no value" : "is there twice");
        *value = args[++i];
    }
    return *value == NULL && need == MUST_BE ? err_noted(ERR_USAGE, note, "%s: is required with --vm", name)
                                             : ERR_OK;
}

static enum err processors_read(const char *text, uint32_t *vcpus, struct err_note *note)
{
    char *end = NULL;
    const unsigned long n = text == NULL ? 1 : strtoul(text, &end, 10);
    if (text != NULL && (text[0] < '1' || text[0] > '9' || *end != '\0'))
        return err_noted(ERR_USAGE, note, "-smp %.40s: wanted a number alone", text);
    if (n > SNP_VCPUS_MAX)
        return err_noted(ERR_USAGE, note, "-smp %lu: at most %d", n, SNP_VCPUS_MAX);
    *vcpus = (uint32_t)n;
    return ERR_OK;
}

enum err machine_read(const char *const *args, size_t count, struct machine *m, struct err_note *note)
{
    const char *smp = NULL;
    const char *none = NULL;
    *m = (struct machine){0};
    const struct {
        const char *name;
        enum need need;
        const char **value;
    } wanted[] = {
        {"-bios", MUST_BE, &m->firmware}, {"-kernel", MUST_BE, &m->kernel}, {"-initrd", MAY_BE, &m->initrd},
        {"-append", MAY_BE, &m->cmdline}, {"-smp", MAY_BE, &smp},           {"-pflash", MUST_NOT_BE, &none},
        {"-shim", MUST_NOT_BE, &none},
    };
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof wanted / sizeof *wanted; i++)
        e = value_find(args, count, wanted[i].name, wanted[i].need, wanted[i].value, note);
    if (m->cmdline == NULL)
        m->cmdline = "";
    return e == ERR_OK ? processors_read(smp, &m->vcpus, note) : e;
}

/* ---- measuring ---- */

static enum err file_digest(const char *path, uint8_t digest[static CRYPTO_SHA256_SIZE],
                            struct err_note *note)
{
    struct bytes content = {0};
    enum err e = path == NULL ? ERR_OK : file_read(path, FILE_MAX, &content, note);
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA256, &content, 1, digest);
    secret_free(bytes_owned(content));
    return e;
}

enum err machine_measure(const struct machine *m, const char *vcpu_model, struct launch_registers *launched,
                         struct machine_hashes *hashes, struct err_note *note)
{
    struct sev_kernel kernel = {.cmdline = m->cmdline};
    struct snp_launch launch = {.kernel = &kernel, .vcpus = m->vcpus, .features = 1};
    struct ovmf firmware;
    *launched = (struct launch_registers){.count = 1, .at = {{.name = "measurement"}}};
    if (snp_cpu_signature(vcpu_model, &launch.signature) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--vcpu-model %.100s: is not known", vcpu_model);
    enum err e = file_digest(m->kernel, kernel.kernel, note);
    if (e == ERR_OK)
        e = file_digest(m->initrd, kernel.initrd, note);
    if (e == ERR_OK)
        e = file_read(m->firmware, OVMF_SIZE_MAX, &launch.firmware, note);
    if (e == ERR_OK)
        e = snp_launch_digest(&launch, launched->at[0].value, note);
    if (e == ERR_OK)
        e = ovmf_parse(launch.firmware, &firmware, note);
    if (e == ERR_OK) {
        hashes->gpa = firmware.hash_table_gpa;
        e = sev_hashes_table(&kernel, hashes->table);
    }
    secret_free(bytes_owned(launch.firmware));
    return e;
}

/* ---- launching ---- */

static enum err failed(struct err_note *note, const char *step)
{
    return err_noted(ERR_SYSTEM, note, "%s: %s", step, strerror(errno));
}

/* In memory, for QEMU to read. -1: errno says why. */
static int hashes_open(const struct machine_hashes *hashes)
{
    int fd = memfd_create("hashes", 0);
    if (fd >= 0 && write(fd, hashes->table, sizeof hashes->table) != (ssize_t)sizeof hashes->table) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* In the child. Returns only when it failed. */
static void become(const char *qemu, const char *const *args, size_t count, const char *const *own,
                   size_t own_count, pid_t parent)
{
    const char *argv[MACHINE_ARGS_MAX + 16] = {qemu};
    sigset_t none;
    memcpy(argv + 1, args, count * sizeof *args);
    memcpy(argv + 1 + count, own, own_count * sizeof *own);
    (void)sigemptyset(&none);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) /* it may have ended before the call */
        return;
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        return;
    (void)execvp(qemu, (char *const *)argv);
}

enum err machine_start(const char *qemu, const char *const *args, size_t count,
                       const struct machine_hashes *hashes, struct launched *l, struct err_note *note)
{
    char loader[TEXT_SIZE];
    char chip[TEXT_SIZE];
    const char *const own[] = {
        "-device",  loader, "-device", "virtio-serial-pci,max_ports=2,disable-legacy=on",
        "-chardev", chip,   "-device", "virtserialport,chardev=chip,name=enclume.chip"};
    int pair[2] = {-1, -1};
    enum err e = ERR_OK;
    const pid_t parent = getpid();
    *l = (struct launched){.pid = -1, .wire = -1, .is_stream = true};
    if (count > MACHINE_ARGS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%zu arguments, at most %d", count, MACHINE_ARGS_MAX);
    const int table = hashes_open(hashes);
    if (table < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 ||
        fcntl(pair[0], F_SETFD, FD_CLOEXEC) != 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
        e = failed(note, "the way to the machine");
        goto out;
    }
    (void)snprintf(loader, sizeof loader, "loader,file=/proc/self/fd/%d,addr=0x%x,force-raw=on", table,
                   hashes->gpa);
    (void)snprintf(chip, sizeof chip, "socket,id=chip,fd=%d", pair[1]);
    l->pid = fork();
    if (l->pid == 0) {
        become(qemu, args, count, own, sizeof own / sizeof *own, parent);
        (void)dprintf(STDERR_FILENO, "enclume-simulator: %s cannot be started: %s\n", qemu, strerror(errno));
        _exit(EXIT_NOT_STARTED);
    }
    if (l->pid < 0) {
        e = failed(note, "a process for the machine");
        goto out;
    }
    l->wire = pair[0];
    pair[0] = -1;
out:
    if (table >= 0)
        (void)close(table);
    for (size_t i = 0; i < 2; i++)
        if (pair[i] >= 0)
            (void)close(pair[i]);
    return e;
}
