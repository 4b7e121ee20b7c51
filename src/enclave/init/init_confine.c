/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "enclave/init/init_system.h"

/* ---- who it is ---- */

enum { FILES_MAX = 65536, PROCESSES_MAX = 512, CAPABILITIES_MAX = 63 };

static enum err limits_set(struct err_note *note)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_NOFILE, FILES_MAX},
        {RLIMIT_NPROC, PROCESSES_MAX}, /* threads */
        {RLIMIT_MEMLOCK, RLIM_INFINITY},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct rlimit both = {limits[i].limit, limits[i].limit};
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &both) != 0)
            return init_failed(note, "a limit");
    }
    return ERR_OK;
}

static enum err become_user(struct err_note *note)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct none[2] = {{0}};
    const unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP_LOCKED |
                               SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                               SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    for (unsigned long c = 0; c <= CAPABILITIES_MAX; c++)
        if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0 && errno != EINVAL) /* EINVAL: this kernel has no more */
            return init_failed(note, "the capabilities' bounds");
    if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) != 0)
        return init_failed(note, "the secure bits");
    if (setgroups(0, NULL) != 0 || setresgid(INIT_USER, INIT_USER, INIT_USER) != 0 ||
        setresuid(INIT_USER, INIT_USER, INIT_USER) != 0)
        return init_failed(note, "the user");
    if (syscall(__NR_capset, &head, none) != 0)
        return init_failed(note, "the capabilities");
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? ERR_OK : init_failed(note, "no new privileges");
}

/* ---- Landlock: which file may be executed, which port bound ---- */

/* Linux, include/uapi/linux/landlock.h; newer than some headers. */
struct ruleset {
    uint64_t files;
    uint64_t net;
    uint64_t scoped;
};
struct port_rule {
    uint64_t access;
    uint64_t port;
};
enum {
    RULE_NET_PORT = 2,
    NET_BIND = 1U << 0,
    NET_CONNECT = 1U << 1,
    SCOPE_ABSTRACT_UNIX = 1U << 0,
    SCOPE_SIGNAL = 1U << 1,
    ABI_WANTED = 6
};

static enum err landlock_rules(int rules, const struct init_options *o, struct err_note *note)
{
    struct landlock_path_beneath_attr program = {.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE,
                                                 .parent_fd = open(INIT_PROGRAM, O_PATH | O_CLOEXEC)};
    const struct port_rule port = {.access = NET_BIND, .port = o->port};
    if (program.parent_fd < 0)
        return init_failed(note, INIT_PROGRAM);
    bool good = syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &program, 0) == 0;
    if (good && o->network)
        good = syscall(__NR_landlock_add_rule, rules, RULE_NET_PORT, &port, 0) == 0;
    (void)close(program.parent_fd);
    return good ? ERR_OK : init_failed(note, "Landlock's rules");
}

static enum err landlock_enter(const struct init_options *o, struct err_note *note)
{
    static const struct ruleset handled = {.files = LANDLOCK_ACCESS_FS_EXECUTE,
                                           .net = NET_BIND | NET_CONNECT,
                                           .scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL};
    long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < ABI_WANTED)
        return err_noted(ERR_SYSTEM, note, "Landlock: this kernel has not all of it (%ld)", abi);
    int rules = (int)syscall(__NR_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (rules < 0)
        return init_failed(note, "Landlock");
    enum err e = landlock_rules(rules, o, note);
    if (e == ERR_OK && syscall(__NR_landlock_restrict_self, rules, 0) != 0)
        e = init_failed(note, "Landlock");
    (void)close(rules);
    return e;
}

/* ---- the filter ---- */

/* Refused with EPERM, whatever the arguments: nothing that answers prompts asks for these. */
static const int refused[] = {
    __NR_fork,
    __NR_vfork,
    __NR_execveat,
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_kexec_load,
    __NR_kexec_file_load,
    __NR_bpf,
    __NR_perf_event_open,
    __NR_userfaultfd,
    __NR_io_uring_setup,
    __NR_mount,
    __NR_umount2,
    __NR_move_mount,
    __NR_open_tree,
    __NR_fsopen,
    __NR_pivot_root,
    __NR_chroot,
    __NR_unshare,
    __NR_setns,
    __NR_reboot,
    __NR_swapon,
    __NR_keyctl,
    __NR_add_key,
    __NR_request_key,
    __NR_personality,
    __NR_iopl,
    __NR_ioperm,
    __NR_modify_ldt,
    __NR_quotactl,
    __NR_acct,
    __NR_syslog,
    __NR_open_by_handle_at,
    __NR_name_to_handle_at,
    __NR_pidfd_getfd,
    __NR_kcmp,
    __NR_mknod,
    __NR_mknodat,
    __NR_socketpair,
};
enum {
    REFUSED_COUNT = sizeof refused / sizeof *refused,
    HEAD_CODE = 6,
    SOCKET_CODE = 8,
    CLONE_CODE = 6,
    CODE_MAX = HEAD_CODE + 2 * REFUSED_COUNT + SOCKET_CODE + CLONE_CODE + 2 + 2 + 1,
    X32_BIT = 0x40000000,
    TYPE_MASK = 0xf, /* Linux, include/linux/net.h, SOCK_TYPE_MASK */
};

struct code {
    struct sock_filter at[CODE_MAX];
    unsigned short count;
};

static void put(struct code *c, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
    c->at[c->count++] = (struct sock_filter){code, if_true, if_false, k};
}

static void load(struct code *c, size_t at)
{
    put(c, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0);
}

static void answer(struct code *c, uint32_t what)
{
    put(c, BPF_RET | BPF_K, what, 0, 0);
}

enum { REFUSE = SECCOMP_RET_ERRNO | EPERM };

static size_t argument(size_t n)
{
    return offsetof(struct seccomp_data, args) + n * sizeof(uint64_t);
}

/* Sockets: streams of the one kind that this profile listens on, and those that bring endorsements. */
static void put_socket(struct code *c, const struct init_options *o)
{
    const unsigned domain = o->network ? AF_INET : AF_VSOCK;
    const unsigned other = o->vsock ? AF_VSOCK : domain;
    put(c, BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 7);
    load(c, argument(0));
    put(c, BPF_JMP | BPF_JEQ | BPF_K, domain, 1, 0);
    put(c, BPF_JMP | BPF_JEQ | BPF_K, other, 0, 3);
    load(c, argument(1));
    put(c, BPF_ALU | BPF_AND | BPF_K, TYPE_MASK, 0, 0);
    put(c, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0);
    answer(c, REFUSE);
}

static void put_clone(struct code *c)
{
    put(c, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4);
    load(c, argument(0));
    put(c, BPF_ALU | BPF_AND | BPF_K, CLONE_THREAD, 0, 0);
    put(c, BPF_JMP | BPF_JEQ | BPF_K, CLONE_THREAD, 1, 0);
    answer(c, REFUSE);
}

static void code_make(struct code *c, const struct init_options *o)
{
    load(c, offsetof(struct seccomp_data, arch));
    put(c, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
    answer(c, SECCOMP_RET_KILL_PROCESS);
    load(c, offsetof(struct seccomp_data, nr));
    put(c, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
    answer(c, SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < REFUSED_COUNT; i++) {
        put(c, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refused[i], 0, 1);
        answer(c, REFUSE);
    }
    put(c, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1);
    answer(c, SECCOMP_RET_ERRNO | ENOSYS); /* its flags stand in memory; libc then takes clone */
    if (!o->connects) {
        put(c, BPF_JMP | BPF_JEQ | BPF_K, __NR_connect, 0, 1);
        answer(c, REFUSE);
    }
    /* What follows changes the accumulator: each ends the program, or goes on with another number than its own. */
    put_socket(c, o);
    load(c, offsetof(struct seccomp_data, nr));
    put_clone(c);
    answer(c, SECCOMP_RET_ALLOW);
}

static enum err filter_enter(const struct init_options *o, struct err_note *note)
{
    static struct code code;
    code.count = 0;
    code_make(&code, o);
    const struct sock_fprog program = {.len = code.count, .filter = code.at};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0 ? ERR_OK
                                                                           : init_failed(note, "seccomp");
}

enum err init_confine(const struct init_options *o, struct err_note *note)
{
    enum err e = limits_set(note);
    if (e == ERR_OK)
        e = become_user(note);
    if (e == ERR_OK)
        e = landlock_enter(o, note);
    return e == ERR_OK ? filter_enter(o, note) : e;
}
