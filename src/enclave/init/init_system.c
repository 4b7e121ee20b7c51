/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_system.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { PATH_SIZE = 128, SMALL_FILE = 256 };

enum err init_failed(struct err_note *note, const char *step)
{
    return err_noted(ERR_SYSTEM, note, "%s: %s", step, strerror(errno));
}

/* ---- files ---- */

enum err init_file_read(const char *path, void *to, size_t size, struct bytes *content, struct err_note *note)
{
    size_t len = 0;
    ssize_t n = 1;
    *content = bytes_of(to, 0);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
    while (n > 0 && len < size) {
        n = read(fd, (uint8_t *)to + len, size - len);
        len += n > 0 ? (size_t)n : 0;
    }
    int failed = n < 0 ? errno : 0;
    (void)close(fd);
    if (failed != 0)
        return err_noted(ERR_FILE, note, "%s: %s", path, strerror(failed));
    if (len == size)
        return err_noted(ERR_TOO_LARGE, note, "%s", path);
    content->len = len;
    return ERR_OK;
}

enum err init_file_write(const char *path, const char *text, struct err_note *note)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    enum err e = good ? ERR_OK : err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return e;
}

/* ---- file systems ---- */

enum { QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static enum err mount_one(const char *type, const char *path, unsigned long flags, const char *data,
                          struct err_note *note)
{
    return mount(type, path, type, flags, data) == 0 ? ERR_OK : init_failed(note, path);
}

enum err init_mount_kernel(struct err_note *note)
{
    enum err e = mount_one("proc", "/proc", QUIET, "hidepid=invisible", note);
    if (e == ERR_OK)
        e = mount_one("sysfs", "/sys", QUIET, NULL, note);
    if (e == ERR_OK)
        e = mount_one("devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755", note);
    return e;
}

enum err init_mount_configfs(struct err_note *note)
{
    return mount_one("configfs", "/sys/kernel/config", QUIET, NULL, note);
}

/* The new /dev, made beside the old one, and put over it. */
#define NEW_DEV "/dev/shm"

static enum err node_make(const char *path, mode_t mode, dev_t device, gid_t group, struct err_note *note)
{
    if (mknod(path, mode, device) != 0 || chown(path, 0, group) != 0 || chmod(path, mode & 07777) != 0)
        return init_failed(note, path);
    return ERR_OK;
}

static enum err new_dev_begin(struct err_note *note)
{
    static bool begun;
    if (begun)
        return ERR_OK;
    if (mkdir(NEW_DEV, 0755) != 0 && errno != EEXIST)
        return init_failed(note, NEW_DEV);
    enum err e = mount_one("tmpfs", NEW_DEV, MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k,nr_inodes=32", note);
    if (e == ERR_OK && mkdir(NEW_DEV "/mapper", 0755) != 0)
        e = init_failed(note, NEW_DEV);
    if (e == ERR_OK)
        e = node_make(NEW_DEV "/null", S_IFCHR | 0666, makedev(1, 3), 0, note);
    if (e == ERR_OK)
        e = node_make(NEW_DEV "/urandom", S_IFCHR | 0444, makedev(1, 9), 0, note);
    begun = e == ERR_OK;
    return e;
}

enum err init_device_keep(const char *path, uint64_t device, bool block, bool writable, struct err_note *note)
{
    char under[PATH_SIZE];
    enum err e = new_dev_begin(note);
    (void)snprintf(under, sizeof under, NEW_DEV "/%s", path);
    return e == ERR_OK ? node_make(under, (block ? S_IFBLK : S_IFCHR) | (writable ? 0660 : 0440), device,
                                   INIT_USER, note)
                       : e;
}

enum err init_device_kept(const char *path, uint64_t *device, struct err_note *note)
{
    char under[PATH_SIZE];
    struct stat info;
    (void)snprintf(under, sizeof under, NEW_DEV "/%s", path);
    if (stat(under, &info) != 0)
        return init_failed(note, under);
    *device = info.st_rdev;
    return ERR_OK;
}

enum err init_read_only(const char *path, unsigned long flags, struct err_note *note)
{
    return mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) == 0
               ? ERR_OK
               : init_failed(note, path);
}

/* The new /dev in the place of the old one, which goes away. What is open stays open: the console; in the test image, the way to the chip. */
static enum err new_dev_move(struct err_note *note)
{
    static const char meanwhile[] = "/lib"; /* a directory that nobody needs any more */
    bool good = mount(NEW_DEV, meanwhile, NULL, MS_MOVE, NULL) == 0 && umount2("/dev", MNT_DETACH) == 0 &&
                mount(meanwhile, "/dev", NULL, MS_MOVE, NULL) == 0;
    return good ? ERR_OK : init_failed(note, "/dev");
}

enum err init_seal_files(struct err_note *note)
{
    enum err e = new_dev_begin(note);
    if (e == ERR_OK)
        e = new_dev_move(note);
    if (e == ERR_OK)
        e = init_read_only("/dev", MS_NOSUID | MS_NOEXEC, note);
    if (e == ERR_OK)
        e = init_read_only("/proc", QUIET, note);
    if (e == ERR_OK)
        e = init_read_only("/sys", QUIET, note);
    return e == ERR_OK ? init_read_only("/", MS_NOSUID | MS_NODEV, note) : e;
}

/* ---- modules ---- */

static enum err module_load(const struct init_module *m, struct err_note *note)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/lib/%s", m->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return init_failed(note, path);
    bool good = syscall(__NR_finit_module, fd, m->parameters, 0) == 0 ||
                (m->when == INIT_OPTIONAL && errno == ENODEV);
    enum err e = good ? ERR_OK : init_failed(note, path);
    (void)close(fd);
    return e;
}

enum err init_modules_load(const struct init_modules *list, bool vsock, bool network, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < list->count; i++)
        if (init_is_wanted(list->at[i].when, vsock, network))
            e = module_load(&list->at[i], note);
    return e;
}

/* ---- what the host may not do ---- */

enum err init_acpi_check(struct err_note *note)
{
    static const char path[] = "/sys/firmware/acpi";
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return ERR_OK;
    return err_noted(ERR_SYSTEM, note, "%s is there: this kernel runs the host's byte code", path);
}

static bool processor_has_random(void)
{
    unsigned a, b, c, d;
    bool rdrand = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_RDRND) != 0;
    return rdrand && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_RDSEED) != 0;
}

/* AMD's manual (RDSEED): it may have nothing yet. */
__attribute__((target("rdseed"))) static bool seed_read(unsigned long long *seed)
{
    enum { TRIES = 1000 };
    for (int i = 0; i < TRIES; i++)
        if (_rdseed64_step(seed) == 1)
            return true;
    return false;
}

/* A generator that is stuck gives the same number again (it has happened). */
static bool seeds_differ(void)
{
    unsigned long long first = 0;
    unsigned long long second = 0;
    return seed_read(&first) && seed_read(&second) && first != second;
}

enum err init_random_check(struct err_note *note)
{
    enum { WAITS = 100, WAIT_NS = 100000000 };
    uint8_t sample[16];
    if (!processor_has_random())
        return err_noted(ERR_SYSTEM, note, "the processor offers no RDRAND and RDSEED");
    if (!seeds_differ())
        return err_noted(ERR_SYSTEM, note, "the processor's RDSEED gives nothing, or the same again");
    for (int i = 0; i < WAITS; i++) {
        if (getrandom(sample, sizeof sample, GRND_NONBLOCK) == (ssize_t)sizeof sample)
            return ERR_OK;
        const struct timespec wait = {.tv_nsec = WAIT_NS};
        (void)nanosleep(&wait, NULL);
    }
    return err_noted(ERR_SYSTEM, note, "the kernel's generator is not ready after 10 seconds");
}

/* ---- what the kernel will do for nobody any more ---- */

static const struct setting {
    const char *path;
    const char *value;
    bool optional; /* not of every kernel, or of the network alone */
} settings[] = {
    {"/proc/sys/kernel/sysrq", "0", false},
    {"/proc/sys/kernel/core_pattern", "|", false}, /* a program that is none */
    {"/proc/sys/kernel/core_pipe_limit", "0", false},
    {"/proc/sys/fs/suid_dumpable", "0", false},
    {"/proc/sys/kernel/kptr_restrict", "2", false},
    {"/proc/sys/kernel/dmesg_restrict", "1", false},
    {"/proc/sys/kernel/yama/ptrace_scope", "3", false},
    {"/proc/sys/kernel/kexec_load_disabled", "1", false},
    {"/proc/sys/kernel/unprivileged_bpf_disabled", "1", false},
    {"/proc/sys/net/core/bpf_jit_harden", "2", true},
    {"/proc/sys/kernel/perf_event_paranoid", "3", false},
    {"/proc/sys/kernel/io_uring_disabled", "2", false},
    {"/proc/sys/vm/memfd_noexec", "1", false},
    {"/proc/sys/vm/unprivileged_userfaultfd", "0", true},
    {"/proc/sys/user/max_user_namespaces", "0", false},
    {"/proc/sys/user/max_mnt_namespaces", "0", false},
    {"/proc/sys/user/max_pid_namespaces", "0", false},
    {"/proc/sys/user/max_net_namespaces", "0", false},
    {"/proc/sys/user/max_ipc_namespaces", "0", false},
    {"/proc/sys/user/max_uts_namespaces", "0", false},
    {"/proc/sys/user/max_cgroup_namespaces", "0", false},
    {"/proc/sys/kernel/panic_on_oops", "1", false},
    {"/proc/sys/kernel/panic", "-1", false},
    {"/proc/sys/debug/exception-trace", "0", false}, /* registers of a program that failed */
    {"/proc/sys/kernel/usermodehelper/bset", "0 0", false},
    {"/proc/sys/kernel/usermodehelper/inheritable", "0 0", false},
    {"/proc/sys/kernel/modprobe", "\n", false},
    {"/proc/sys/kernel/modules_disabled", "1", false},
    {"/proc/sys/kernel/printk", "1 4 1 1", false}, /* on the serial line, only what ends the kernel */
};

static enum err lock_down(struct err_note *note)
{
    static const char path[] = "/sys/kernel/security/lockdown";
    static const char wanted[] = "[confidentiality]";
    char text[SMALL_FILE];
    struct bytes now;
    enum err e = mount_one("securityfs", "/sys/kernel/security", QUIET, NULL, note);
    if (e == ERR_OK)
        e = init_file_read(path, text, sizeof text, &now, note);
    if (e == ERR_OK && memmem(now.ptr, now.len, wanted, strlen(wanted)) == NULL)
        e = init_file_write(path, "confidentiality", note);
    if (e == ERR_OK)
        e = init_file_read(path, text, sizeof text, &now, note);
    if (e == ERR_OK && memmem(now.ptr, now.len, wanted, strlen(wanted)) == NULL)
        e = err_noted(ERR_SYSTEM, note, "%s: it is not %s", path, wanted);
    if (e == ERR_OK && umount("/sys/kernel/security") != 0)
        e = init_failed(note, "/sys/kernel/security");
    return e;
}

enum err init_kernel_close(struct err_note *note)
{
    enum err e = lock_down(note);
    for (size_t i = 0; e == ERR_OK && i < sizeof settings / sizeof *settings; i++)
        if (!settings[i].optional || access(settings[i].path, F_OK) == 0)
            e = init_file_write(settings[i].path, settings[i].value, note);
    return e;
}
