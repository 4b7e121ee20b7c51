/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "enclave/filter.h"

/* ---- the table ---- */

#define ANY           FILTER_ANY
#define BITS(n, m, v) FILTER_BITS(n, m, v)
enum { ALWAYS = FILTER_ALWAYS, NO_ERROR = 0, ALL_BITS = FILTER_ALL };

/* linux/sev-guest.h and linux/tdx-guest.h: SNP_GET_REPORT, SNP_GET_EXT_REPORT (32 bytes each), TDX_CMD_GET_REPORT0 (1088 bytes). */
enum {
    REQUEST_SNP_REPORT = 0xc0205300,
    REQUEST_SNP_EXT_REPORT = 0xc0205302,
    REQUEST_TDX_REPORT = 0xc4405401
};

/* What CUDA asks of NVIDIA's driver while it serves and when it ends: to give, describe and take objects of a GPU (nv_escape.h of the open kernel modules; below size and direction,
 * which change with the driver, stand kind and number), and to make ranges of addresses for them, map and unmap them (uvm_ioctl.h; bare numbers). Nodes are opened, and made to answer,
 * before. */
enum {
    GPU_REQUEST_BITS = 0xffff,
    GPU_REQUEST_FREE = 0x4629,
    GPU_REQUEST_CONTROL = 0x462a,
    GPU_REQUEST_ALLOC = 0x462b,
    UVM_REQUEST_CREATE_RANGE_GROUP = 23,
    UVM_REQUEST_DESTROY_RANGE_GROUP = 24,
    UVM_REQUEST_MAP_EXTERNAL = 33,
    UVM_REQUEST_FREE = 34,
    UVM_REQUEST_CREATE_EXTERNAL_RANGE = 73,
};

static const struct filter_row table[] = {
    /* Connections that came in, and what is read and written. None goes out: there is no socket and no connect. */
    {__NR_accept4, ALWAYS, ANY, NO_ERROR},
    {__NR_read, ALWAYS, ANY, NO_ERROR},
    {__NR_readv, ALWAYS, ANY, NO_ERROR},
    {__NR_write, ALWAYS, ANY, NO_ERROR},
    {__NR_writev, ALWAYS, ANY, NO_ERROR},
    {__NR_sendmsg, ALWAYS, ANY, NO_ERROR},
    {__NR_recvmsg, ALWAYS, ANY, NO_ERROR},
    {__NR_sendto, ALWAYS, ANY, NO_ERROR}, /* libc's send(), to the simulated chip */
    {__NR_recvfrom, ALWAYS, ANY, NO_ERROR},
    {__NR_shutdown, ALWAYS, ANY, NO_ERROR},
    {__NR_close, ALWAYS, ANY, NO_ERROR},
    {__NR_getsockopt, ALWAYS, ANY, NO_ERROR},
    {__NR_setsockopt, ALWAYS, ANY, NO_ERROR},
    {__NR_getsockname, ALWAYS, ANY, NO_ERROR},
    {__NR_getpeername, ALWAYS, ANY, NO_ERROR},
    {__NR_fcntl, ALWAYS, ANY, NO_ERROR},
    {__NR_ioctl, ALWAYS, BITS(1, ALL_BITS, FIONBIO), NO_ERROR}, /* libuv makes sockets non-blocking by it */
    /* The loop. */
    {__NR_epoll_ctl, ALWAYS, ANY, NO_ERROR},
    {__NR_epoll_pwait, ALWAYS, ANY, NO_ERROR},
    {__NR_ppoll, ALWAYS, ANY, NO_ERROR},
#ifdef __NR_epoll_wait
    {__NR_epoll_wait, ALWAYS, ANY, NO_ERROR},
    {__NR_poll, ALWAYS, ANY, NO_ERROR},
#endif
    {__NR_clock_gettime, ALWAYS, ANY, NO_ERROR},
    {__NR_clock_nanosleep, ALWAYS, ANY, NO_ERROR},
    {__NR_nanosleep, ALWAYS, ANY, NO_ERROR},
    {__NR_gettimeofday, ALWAYS, ANY, NO_ERROR},
    {__NR_getrandom, ALWAYS, ANY, NO_ERROR},
    /* Memory, of which none becomes executable. */
    {__NR_brk, ALWAYS, ANY, NO_ERROR},
    {__NR_mmap, ALWAYS, BITS(2, PROT_EXEC, 0), NO_ERROR},
    {__NR_mprotect, ALWAYS, BITS(2, PROT_EXEC, 0), NO_ERROR},
    {__NR_mremap, ALWAYS, ANY, NO_ERROR},
    {__NR_munmap, ALWAYS, ANY, NO_ERROR},
    {__NR_madvise, ALWAYS, ANY, NO_ERROR},
    {__NR_mlock, ALWAYS, ANY, NO_ERROR},
    {__NR_mlock2, ALWAYS, ANY, NO_ERROR},
    {__NR_munlock, ALWAYS, ANY, NO_ERROR},
    /* Threads, and no processes: what clone3 is asked for stands in memory, where no filter sees it; libc then takes clone. */
    {__NR_clone, ALWAYS, BITS(0, CLONE_THREAD, CLONE_THREAD), NO_ERROR},
    {__NR_clone3, ALWAYS, ANY, ENOSYS},
    {__NR_futex, ALWAYS, ANY, NO_ERROR},
    {__NR_set_robust_list, ALWAYS, ANY, NO_ERROR},
    {__NR_rseq, ALWAYS, ANY, NO_ERROR},
    {__NR_sched_yield, ALWAYS, ANY, NO_ERROR},
    {__NR_sched_getaffinity, ALWAYS, ANY, NO_ERROR},
    {__NR_sched_setaffinity, ALWAYS, ANY, NO_ERROR},
    {__NR_getcpu, ALWAYS, ANY, NO_ERROR},
    {__NR_gettid, ALWAYS, ANY, NO_ERROR},
    {__NR_getpid, ALWAYS, ANY, NO_ERROR},
    {__NR_prctl, ALWAYS, BITS(0, ALL_BITS, PR_SET_NAME), NO_ERROR},
    {__NR_rt_sigaction, ALWAYS, ANY, NO_ERROR},
    {__NR_rt_sigprocmask, ALWAYS, ANY, NO_ERROR},
    {__NR_rt_sigreturn, ALWAYS, ANY, NO_ERROR},
    {__NR_restart_syscall, ALWAYS, ANY, NO_ERROR},
    {__NR_exit, ALWAYS, ANY, NO_ERROR},
    {__NR_exit_group, ALWAYS, ANY, NO_ERROR},
    /* A UNIX socket's path stays behind when the enclave ends; its launcher made the directory. */
    {__NR_unlinkat, ALWAYS, ANY, EPERM},
#ifdef __NR_unlink
    {__NR_unlink, ALWAYS, ANY, EPERM},
#endif
    /* A real chip: files and directories, its device, Intel's quoting service and endorsements at the host. */
    {__NR_openat, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_mkdirat, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_lseek, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_newfstatat, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_fstat, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_getdents64, SANDBOX_CHIP, ANY, NO_ERROR},
#ifdef __NR_open
    {__NR_open, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_mkdir, SANDBOX_CHIP, ANY, NO_ERROR},
    {__NR_rmdir, SANDBOX_CHIP, ANY, NO_ERROR},
#endif
    {__NR_ioctl, SANDBOX_CHIP, BITS(1, ALL_BITS, REQUEST_SNP_REPORT), NO_ERROR},
    {__NR_ioctl, SANDBOX_CHIP, BITS(1, ALL_BITS, REQUEST_SNP_EXT_REPORT), NO_ERROR},
    {__NR_ioctl, SANDBOX_CHIP, BITS(1, ALL_BITS, REQUEST_TDX_REPORT), NO_ERROR},
    /* NVIDIA's driver, while the engine computes on its GPUs. Work is handed to them through memory, without any call. */
    {__NR_ioctl, SANDBOX_GPU, BITS(1, GPU_REQUEST_BITS, GPU_REQUEST_FREE), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, GPU_REQUEST_BITS, GPU_REQUEST_CONTROL), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, GPU_REQUEST_BITS, GPU_REQUEST_ALLOC), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, ALL_BITS, UVM_REQUEST_CREATE_RANGE_GROUP), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, ALL_BITS, UVM_REQUEST_DESTROY_RANGE_GROUP), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, ALL_BITS, UVM_REQUEST_MAP_EXTERNAL), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, ALL_BITS, UVM_REQUEST_FREE), NO_ERROR},
    {__NR_ioctl, SANDBOX_GPU, BITS(1, ALL_BITS, UVM_REQUEST_CREATE_EXTERNAL_RANGE), NO_ERROR},
    {__NR_socket, SANDBOX_CHIP, BITS(0, ALL_BITS, AF_VSOCK), NO_ERROR},
    {__NR_socket, SANDBOX_UNIX, BITS(0, ALL_BITS, AF_UNIX), NO_ERROR},
    {__NR_connect, SANDBOX_CHIP | SANDBOX_UNIX, ANY, NO_ERROR},
};
enum { ROWS = sizeof table / sizeof *table };

/* Of the dialer. The needs are the families. */
enum { DIALS_UNIX = 1U << 0, DIALS_INET = 1U << 1 };
static const struct filter_row dialer_table[] = {
    {__NR_recvfrom, ALWAYS, ANY, NO_ERROR}, /* libc's recv() */
    {__NR_sendmsg, ALWAYS, ANY, NO_ERROR},
    {__NR_close, ALWAYS, ANY, NO_ERROR},
    {__NR_socket, DIALS_UNIX, BITS(0, ALL_BITS, AF_UNIX), NO_ERROR},
    {__NR_socket, DIALS_INET, BITS(0, ALL_BITS, AF_INET), NO_ERROR},
    {__NR_setsockopt, ALWAYS, ANY, NO_ERROR},
    {__NR_connect, ALWAYS, ANY, NO_ERROR},
    {__NR_restart_syscall, ALWAYS, ANY, NO_ERROR},
    {__NR_exit_group, ALWAYS, ANY, NO_ERROR},
};
enum { DIALER_ROWS = sizeof dialer_table / sizeof *dialer_table };

/* ---- the files ---- */

static enum err failed(struct err_note *note, const char *step)
{
    return err_noted(ERR_SYSTEM, note, "%s: %s", step, strerror(errno));
}

enum { READ = LANDLOCK_ACCESS_FS_READ_FILE, LIST = LANDLOCK_ACCESS_FS_READ_DIR };

enum { WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE };

/* What a path, and what is below it, may be used for. The inference engine and libc look at the processors. */
static const struct place {
    const char *path;
    uint64_t access;
} places[] = {
    {"/sys/kernel/config/tsm",
     READ | LIST | WRITE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR},
    {"/dev/sev-guest", READ | WRITE},
    {"/dev/tdx_guest", READ | WRITE},
    {"/sys", READ | LIST},
    {"/proc", READ | LIST},
    {"/dev/urandom", READ},
};

/* Of what is no directory the kernel takes only what a file can be used for. */
static uint64_t access_of(int fd, uint64_t access)
{
    struct stat info;
    bool directory = fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
    return directory ? access : access & (READ | WRITE);
}

/* What is not there cannot be opened later either. */
static enum err place_add(int rules, const char *path, uint64_t access, struct err_note *note)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = access,
                                              .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0)
        return ERR_OK;
    rule.allowed_access = access_of(rule.parent_fd, access);
    enum err e = ERR_OK;
    if (syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        e = failed(note, path);
    (void)close(rule.parent_fd);
    return e;
}

/* struct landlock_ruleset_attr of newer kernels than some headers know. */
struct handled {
    uint64_t files;
    uint64_t net;
};
enum { ABI_WITH_NET = 4, NET_CONNECT_TCP = 1U << 1 };

static int rules_make(void)
{
    /* A socket's path is made at start, and no more of them are when the filter stands: making those is not handled here. */
    static const struct handled handled = {
        .files = READ | LIST | WRITE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_REG |
                 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM,
        .net = NET_CONNECT_TCP};
    long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    size_t size = abi >= ABI_WITH_NET ? sizeof handled : sizeof handled.files;
    return abi < 0 ? -1 : (int)syscall(__NR_landlock_create_ruleset, &handled, size, 0);
}

/* The nodes that NVIDIA's libraries open when they ask a GPU, or compute on it. Once the calls are confined (sandbox_enter), no request to them can be made any more but SANDBOX_GPU's. */
static enum err gpus_add(int rules, struct err_note *note)
{
    enum { GPUS_MAX = 16, PATH_SIZE = 32 };
    enum err e = place_add(rules, "/dev/nvidiactl", READ | WRITE, note);
    if (e == ERR_OK)
        e = place_add(rules, "/dev/nvidia-uvm", READ | WRITE, note);
    for (int i = 0; e == ERR_OK && i < GPUS_MAX; i++) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "/dev/nvidia%d", i);
        e = place_add(rules, path, READ | WRITE, note);
    }
    return e;
}

enum err sandbox_files(const char *model, const char *projector, const char *directory,
                       enum sandbox_gpus gpus, struct err_note *note)
{
    int rules = rules_make();
    if (rules < 0)
        return failed(note, "Landlock");
    enum err e = place_add(rules, model, READ | LIST, note);
    if (e == ERR_OK && projector != NULL)
        e = place_add(rules, projector, READ, note);
    if (e == ERR_OK && directory != NULL)
        e = place_add(rules, directory, READ | LIST, note);
    for (size_t i = 0; e == ERR_OK && i < sizeof places / sizeof *places; i++)
        e = place_add(rules, places[i].path, places[i].access, note);
    if (e == ERR_OK && gpus != SANDBOX_GPUS_NONE)
        e = gpus_add(rules, note);
    if (e == ERR_OK && gpus == SANDBOX_GPUS_STARTED)
        e = place_add(rules, "/proc/self/task", READ | LIST | WRITE, note);
    if (e == ERR_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        e = failed(note, "no new privileges");
    if (e == ERR_OK && syscall(__NR_landlock_restrict_self, rules, 0) != 0)
        e = failed(note, "Landlock");
    (void)close(rules);
    return e;
}

enum err sandbox_enter(unsigned needs, struct err_note *note)
{
    return filter_enter(table, ROWS, needs, FILTER_KILL, note);
}

enum err sandbox_enter_dialer(int family, struct err_note *note)
{
    return filter_enter(dialer_table, DIALER_ROWS, family == AF_UNIX ? DIALS_UNIX : DIALS_INET, FILTER_KILL,
                        note);
}
