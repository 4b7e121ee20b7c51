/* SPDX-License-Identifier: Apache-2.0 */
#include "attempts.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

extern char **environ;

enum { LINE = 512, PID_ONE = 1, PORT_OF_ANOTHER = 9999, HOST_PORT = 1234 };

/* ---- attempts: true is done; errno says why not ---- */

static bool reads(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && read(fd, &byte, 1) == 1;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

static bool writes(const char *path, int flags)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool control(void)
{
    return reads("/dev/mapper/model");
}

static bool server_control(void)
{
    return reads("/dev/model") && writes("/tmp/probe", O_CREAT);
}

static bool connects(int domain, int type, const void *address, socklen_t size)
{
    int fd = socket(domain, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused =
        connect(fd, address, size) != 0 && (errno == EPERM || errno == EACCES || errno == ENETUNREACH);
    int why = errno;
    (void)close(fd);
    errno = why;
    return !refused; /* that nobody answers there is no refusal */
}

static bool connect_tcp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    (void)inet_pton(AF_INET, "10.0.2.2", &to.sin_addr);
    return connects(AF_INET, SOCK_STREAM, &to, sizeof to);
}

static bool connect_udp(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    (void)inet_pton(AF_INET, "10.0.2.2", &to.sin_addr);
    return connects(AF_INET, SOCK_DGRAM, &to, sizeof to);
}

static bool connect_vsock(void)
{
    const struct sockaddr_vm to = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_HOST, .svm_port = HOST_PORT};
    return connects(AF_VSOCK, SOCK_STREAM, &to, sizeof to);
}

/* enclumed's own port, which in another network namespace nobody has. */
static bool connect_loopback(void)
{
    enum { PORT_OF_ENCLUMED = 7878 };
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT_OF_ENCLUMED)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool done = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
    int why = errno;
    (void)close(fd);
    errno = why;
    return done;
}

/* Any that is not loopback. */
static bool other_interface(void)
{
    char line[LINE];
    bool found = false;
    FILE *f = fopen("/proc/self/net/dev", "re");
    if (f == NULL)
        return true;
    while (fgets(line, sizeof line, f) != NULL) {
        char name[LINE];
        bool is_one = strchr(line, ':') != NULL && sscanf(line, " %511[^:]", name) == 1;
        found = found || (is_one && strcmp(name, "lo") != 0);
    }
    (void)fclose(f);
    errno = ENODEV;
    return found;
}

static bool bind_other(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT_OF_ANOTHER)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
}

static bool socket_packet(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) >= 0;
}

static bool socket_netlink(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) >= 0;
}

static bool socket_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool new_process(void)
{
    long pid = syscall(__NR_fork);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool new_process_clone(void)
{
    long pid = syscall(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool new_process_clone3(void)
{
    uint64_t arguments[8] = {0};
    long pid = syscall(__NR_clone3, arguments, sizeof arguments);
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool execute(void)
{
    char *const none[] = {NULL};
    return execve("/init", none, none) == 0;
}

static bool execute_memory(void)
{
    char *const none[] = {NULL};
    static char empty[] = "";
    int fd = memfd_create("probe", 0);
    (void)fchmod(fd, 0700);
    return fd >= 0 && syscall(__NR_execveat, fd, empty, none, none, AT_EMPTY_PATH) == 0;
}

static bool file_root(void)
{
    return writes("/probe", O_CREAT);
}

static bool file_dev(void)
{
    return writes("/dev/probe", O_CREAT);
}

static bool file_init(void)
{
    return writes("/init", 0);
}

static bool file_sysctl(void)
{
    return writes("/proc/sys/kernel/core_pattern", 0);
}

static bool file_sys(void)
{
    return writes("/sys/kernel/mm/transparent_hugepage/enabled", 0);
}

static bool directory_configfs(void)
{
    return mkdir("/sys/kernel/config/tsm/report/probe", 0700) == 0;
}

static bool mounts(void)
{
    return mount("tmpfs", "/lib", "tmpfs", 0, NULL) == 0;
}

/* Is anything mounted so that it can be written? All but configfs, where the chip is asked. */
static bool mounted_writable(void)
{
    char line[LINE];
    bool found = false;
    FILE *f = fopen("/proc/self/mounts", "re");
    if (f == NULL)
        return true;
    while (fgets(line, sizeof line, f) != NULL) {
        char path[LINE];
        char options[LINE];
        bool is_line = sscanf(line, "%*s %511s %*s %511s", path, options) == 2;
        if (!is_line || (strncmp(options, "rw", 2) == 0 && strcmp(path, "/sys/kernel/config") != 0)) {
            (void)printf("probe: writable: %s", line);
            found = true;
        }
    }
    (void)fclose(f);
    errno = EROFS;
    return found;
}

/* The same where memory for files is given, and a socket is made. */
static bool mounted_writable_server(void)
{
    static const char *const given[] = {"/tmp", "/dev/shm", "/run"};
    char line[LINE];
    bool found = false;
    FILE *f = fopen("/proc/self/mounts", "re");
    if (f == NULL)
        return true;
    while (fgets(line, sizeof line, f) != NULL) {
        char path[LINE];
        char options[LINE];
        bool is_known = false;
        bool is_line = sscanf(line, "%*s %511s %*s %511s", path, options) == 2;
        for (size_t i = 0; is_line && i < sizeof given / sizeof *given; i++)
            is_known = is_known || strcmp(path, given[i]) == 0;
        found = found || !is_line || (strncmp(options, "rw", 2) == 0 && !is_known);
    }
    (void)fclose(f);
    errno = EROFS;
    return found;
}

static bool execute_scratch(void)
{
    char *const none[] = {NULL};
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open("/tmp/program", O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    char block[LINE];
    ssize_t n = from < 0 || to < 0 ? -1 : 1;
    while (n > 0) {
        n = read(from, block, sizeof block);
        if (n > 0 && write(to, block, (size_t)n) != n)
            n = -1;
    }
    (void)close(from);
    (void)close(to);
    bool done = n == 0 && execve("/tmp/program", none, none) == 0;
    int why = errno;
    (void)unlink("/tmp/program");
    errno = why;
    return done;
}

static bool files_of_init(void)
{
    return access("/init", F_OK) == 0 || access("/enclumed", F_OK) == 0 ||
           access("/server.list", F_OK) == 0 || access("/lib/tsm.ko", F_OK) == 0;
}

/* A process that is neither this one nor a child of it. */
static bool other_process(void)
{
    bool found = false;
    DIR *d = opendir("/proc");
    if (d == NULL)
        return true;
    for (struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d)) {
        char own[32];
        (void)snprintf(own, sizeof own, "%d", (int)getpid());
        bool is_number = entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
        found = found || (is_number && strcmp(entry->d_name, own) != 0);
    }
    (void)closedir(d);
    errno = ESRCH;
    return found || getpid() != PID_ONE;
}

/* Where what is printed goes: the null device. */
static bool output_somewhere(void)
{
    bool somewhere = false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat info;
        somewhere =
            somewhere || fstat(fd, &info) != 0 || !S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3);
    }
    errno = ENODEV;
    return somewhere;
}

static bool core_dump(void)
{
    struct rlimit limit = {1, 1};
    errno = EPERM;
    return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_max != 0;
}

static bool open_descriptor(void)
{
    bool found = false;
    for (int fd = STDERR_FILENO + 1; fd < LINE; fd++)
        found = found || fcntl(fd, F_GETFD) >= 0;
    errno = EBADF;
    return found;
}

static bool kcore(void)
{
    return reads("/proc/kcore");
}

static bool kernel_log(void)
{
    return reads("/dev/kmsg") || syscall(__NR_syslog, 3, (char[LINE]){0}, LINE) >= 0;
}

static bool memory_device(void)
{
    return reads("/dev/mem");
}

static bool disk(void)
{
    return reads("/dev/vda") || reads("/dev/dm-0");
}

static bool module_load(void)
{
    int fd = open("/lib/tsm.ko", O_RDONLY | O_CLOEXEC);
    return syscall(__NR_finit_module, fd, "", 0) == 0 || syscall(__NR_init_module, "", 0, "") == 0;
}

static bool kexec(void)
{
    return syscall(__NR_kexec_load, 0, 0, NULL, 0) == 0;
}

static bool bpf_load(void)
{
    char attributes[64] = {0};
    return syscall(__NR_bpf, 0, attributes, sizeof attributes) >= 0;
}

static bool perf(void)
{
    char attributes[128] = {0};
    return syscall(__NR_perf_event_open, attributes, 0, -1, -1, 0) >= 0;
}

static bool trace_one(void)
{
    return ptrace(PTRACE_ATTACH, PID_ONE, NULL, NULL) == 0;
}

static bool trace_me(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool read_one(void)
{
    char byte;
    struct iovec here = {&byte, 1};
    struct iovec there = {(void *)&environ, 1};
    return process_vm_readv(PID_ONE, &here, 1, &there, 1, 0) >= 0 || reads("/proc/1/maps") ||
           reads("/proc/1/cmdline");
}

static bool signal_one(void)
{
    return kill(PID_ONE, SIGTERM) == 0;
}

static bool namespaces(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}

static bool become_root(void)
{
    return setuid(0) == 0 || setresgid(0, 0, 0) == 0;
}

static bool capability(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = 1, .permitted = 1, .inheritable = 0}};
    return syscall(__NR_capset, &head, data) == 0;
}

static bool restart(void)
{
    return reboot(RB_AUTOBOOT) == 0;
}

static bool rings(void)
{
    char parameters[256] = {0};
    return syscall(__NR_io_uring_setup, 1, parameters) >= 0;
}

static bool environment(void)
{
    errno = ENOENT;
    return environ[0] != NULL;
}

static bool standard_input(void)
{
    char byte;
    errno = ENODATA;
    return read(STDIN_FILENO, &byte, 1) != 0;
}

const struct attempt attempts[] = {
    {BY_SERVER, "an open descriptor", open_descriptor}, /* before others leave theirs behind */
    {BY_ENCLUMED, "control", control},
    {BY_BOTH, "connect tcp", connect_tcp},
    {BY_BOTH, "connect udp", connect_udp},
    {BY_BOTH, "connect vsock", connect_vsock},
    {BY_ENCLUMED, "bind another port", bind_other},
    {BY_BOTH, "packet socket", socket_packet},
    {BY_BOTH, "netlink socket", socket_netlink},
    {BY_ENCLUMED, "unix socket", socket_unix},
    {BY_ENCLUMED, "fork", new_process},
    {BY_ENCLUMED, "clone", new_process_clone},
    {BY_ENCLUMED, "clone3", new_process_clone3},
    {BY_ENCLUMED, "execute /init", execute},
    {BY_ENCLUMED, "execute memory", execute_memory},
    {BY_BOTH, "write /", file_root},
    {BY_BOTH, "write /dev", file_dev},
    {BY_ENCLUMED, "write /init", file_init},
    {BY_BOTH, "write a sysctl", file_sysctl},
    {BY_BOTH, "write /sys", file_sys},
    {BY_ENCLUMED, "make an entry in configfs", directory_configfs},
    {BY_BOTH, "mount", mounts},
    {BY_ENCLUMED, "a writable mount", mounted_writable},
    {BY_BOTH, "read /proc/kcore", kcore},
    {BY_BOTH, "read the kernel's log", kernel_log},
    {BY_BOTH, "read /dev/mem", memory_device},
    {BY_BOTH, "read the disk", disk},
    {BY_BOTH, "load a module", module_load},
    {BY_BOTH, "kexec", kexec},
    {BY_BOTH, "bpf", bpf_load},
    {BY_BOTH, "perf", perf},
    {BY_ENCLUMED, "trace init", trace_one},
    {BY_BOTH, "be traced", trace_me},
    {BY_ENCLUMED, "read init", read_one},
    {BY_ENCLUMED, "signal init", signal_one},
    {BY_BOTH, "user namespace", namespaces},
    {BY_BOTH, "become root", become_root},
    {BY_BOTH, "capability", capability},
    {BY_BOTH, "reboot", restart},
    {BY_BOTH, "io_uring", rings},
    {BY_ENCLUMED, "environment", environment},
    {BY_ENCLUMED, "standard input", standard_input},
    {BY_SERVER, "control", server_control},
    {BY_SERVER, "connect to enclumed", connect_loopback},
    {BY_SERVER, "another interface", other_interface},
    {BY_SERVER, "a writable mount", mounted_writable_server},
    {BY_SERVER, "execute what it wrote", execute_scratch},
    {BY_SERVER, "see init's files", files_of_init},
    {BY_SERVER, "see another process", other_process},
    {BY_SERVER, "print", output_somewhere},
    {BY_SERVER, "dump core", core_dump},
};
const size_t attempt_count = sizeof attempts / sizeof *attempts;
