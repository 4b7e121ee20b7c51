/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "enclave/filter.h"
#include "enclave/init/init_system.h"

/* ---- who it is ---- */

enum { FILES_MAX = 65536, PROCESSES_MAX = 512, CAPABILITIES_MAX = 63 };

enum err init_limit(unsigned processes, struct err_note *note)
{
    const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CORE, 0},
        {RLIMIT_NOFILE, FILES_MAX},
        {RLIMIT_NPROC, processes}, /* and threads */
        {RLIMIT_MEMLOCK, RLIM_INFINITY},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct rlimit both = {limits[i].limit, limits[i].limit};
        if (setrlimit((__rlimit_resource_t)limits[i].resource, &both) != 0)
            return init_failed(note, "a limit");
    }
    return ERR_OK;
}

enum err init_become(unsigned user, struct err_note *note)
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
    if (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0)
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

static enum err execute_rule(int rules, const char *path, struct err_note *note)
{
    struct landlock_path_beneath_attr program = {.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE,
                                                 .parent_fd = open(path, O_PATH | O_CLOEXEC)};
    if (program.parent_fd < 0)
        return init_failed(note, path);
    bool good = syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &program, 0) == 0;
    enum err e = good ? ERR_OK : init_failed(note, "Landlock's rules");
    (void)close(program.parent_fd);
    return e;
}

static enum err landlock_rules(int rules, const struct init_options *o, struct err_note *note)
{
    const struct port_rule port = {.access = NET_BIND, .port = o->port};
    enum err e = execute_rule(rules, INIT_PROGRAM, note);
    if (e == ERR_OK && o->loader != NULL)
        e = execute_rule(rules, o->loader, note);
    if (e == ERR_OK && o->network && syscall(__NR_landlock_add_rule, rules, RULE_NET_PORT, &port, 0) != 0)
        e = init_failed(note, "Landlock's rules");
    return e;
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

/* What of it the command line and the image ask for. */
enum {
    NEEDS_INET = 1U << 0,
    NEEDS_VSOCK = 1U << 1,
    NEEDS_CONNECT = 1U << 2,
    NEEDS_DIALER =
        1U
        << 3 /* another server answers: a child, with a pair of sockets to it, connects there (enclave/dialer.h) */
};

/* libc's fork. */
enum { FORK = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD };

#define ANY           FILTER_ANY
#define BITS(n, m, v) FILTER_BITS(n, m, v)
#define REFUSED(call)                                                                                        \
    {                                                                                                        \
        __NR_##call, FILTER_ALWAYS, ANY, EPERM                                                               \
    }
/* Linux, include/linux/net.h, SOCK_TYPE_MASK */
#define NO_SOCKET_OF(type)                                                                                   \
    {                                                                                                        \
        __NR_socket, FILTER_ALWAYS, BITS(1, 0xf, type), EPERM                                                \
    }

/* Nothing that answers prompts asks for these; what is not here is enclumed's own filter's. */
static const struct filter_row table[] = {
    REFUSED(fork),
    REFUSED(vfork),
    REFUSED(execveat),
    REFUSED(ptrace),
    REFUSED(process_vm_readv),
    REFUSED(process_vm_writev),
    REFUSED(init_module),
    REFUSED(finit_module),
    REFUSED(delete_module),
    REFUSED(kexec_load),
    REFUSED(kexec_file_load),
    REFUSED(bpf),
    REFUSED(perf_event_open),
    REFUSED(userfaultfd),
    REFUSED(io_uring_setup),
    REFUSED(mount),
    REFUSED(umount2),
    REFUSED(move_mount),
    REFUSED(open_tree),
    REFUSED(fsopen),
    REFUSED(pivot_root),
    REFUSED(chroot),
    REFUSED(unshare),
    REFUSED(setns),
    REFUSED(reboot),
    REFUSED(swapon),
    REFUSED(keyctl),
    REFUSED(add_key),
    REFUSED(request_key),
    REFUSED(personality),
    REFUSED(iopl),
    REFUSED(ioperm),
    REFUSED(modify_ldt),
    REFUSED(quotactl),
    REFUSED(acct),
    REFUSED(syslog),
    REFUSED(open_by_handle_at),
    REFUSED(name_to_handle_at),
    REFUSED(pidfd_getfd),
    REFUSED(kcmp),
    REFUSED(mknod),
    REFUSED(mknodat),
    {__NR_socketpair, NEEDS_DIALER, BITS(0, FILTER_ALL, AF_UNIX), 0},
    REFUSED(socketpair),
    {__NR_connect, NEEDS_CONNECT | NEEDS_DIALER, ANY, 0},
    REFUSED(connect),
    /* Streams of the one kind that this profile listens on, and those that bring endorsements. */
    NO_SOCKET_OF(SOCK_DGRAM),
    NO_SOCKET_OF(SOCK_RAW),
    NO_SOCKET_OF(SOCK_RDM),
    NO_SOCKET_OF(SOCK_SEQPACKET),
    NO_SOCKET_OF(SOCK_DCCP),
    NO_SOCKET_OF(SOCK_PACKET),
    {__NR_socket, NEEDS_INET, BITS(0, FILTER_ALL, AF_INET), 0},
    {__NR_socket, NEEDS_VSOCK, BITS(0, FILTER_ALL, AF_VSOCK), 0},
    {__NR_socket, NEEDS_DIALER, BITS(0, FILTER_ALL, AF_UNIX), 0},
    REFUSED(socket),
    /* Threads, and no processes. What clone3 is asked for stands in memory; libc then takes clone. */
    {__NR_clone, FILTER_ALWAYS, BITS(0, CLONE_THREAD, CLONE_THREAD), 0},
    {__NR_clone, NEEDS_DIALER, BITS(0, FILTER_ALL, FORK), 0},
    REFUSED(clone),
    {__NR_clone3, FILTER_ALWAYS, ANY, ENOSYS},
};

static unsigned needs_of(const struct init_options *o)
{
    return (o->network ? NEEDS_INET : NEEDS_VSOCK) | (o->vsock ? NEEDS_VSOCK : 0U) |
           (o->connects ? NEEDS_CONNECT : 0U) | (o->server ? NEEDS_DIALER : 0U);
}

enum err init_confine(const struct init_options *o, struct err_note *note)
{
    enum err e = init_limit(PROCESSES_MAX, note);
    if (e == ERR_OK)
        e = init_become(INIT_USER, note);
    if (e == ERR_OK)
        e = landlock_enter(o, note);
    if (e == ERR_OK)
        e = filter_enter(table, sizeof table / sizeof *table, needs_of(o), FILTER_ALLOW, note);
    return e;
}
