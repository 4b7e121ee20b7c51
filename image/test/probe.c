/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stands in enclumed's place in the test image (image/build --test --probe), is started as enclumed is, and tries what it should not be able to do, as init leaves a
 * program: one line for each attempt on the console, "probe: NAME: refused (WHY)" or "probe: NAME: DONE"; only "control" may be done. Then it confines itself as
 * enclumed does (enclave/sandbox.c) and asks for a socket, which must end it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vm_sockets.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "enclave/sandbox.h"

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

static bool connects(int domain, int type, const void *address, socklen_t size)
{
    int fd = socket(domain, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool refused = connect(fd, address, size) != 0 && (errno == EPERM || errno == EACCES);
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

static const struct {
    const char *name;
    bool (*run)(void);
} attempts[] = {
    {"control", control},
    {"connect tcp", connect_tcp},
    {"connect udp", connect_udp},
    {"connect vsock", connect_vsock},
    {"bind another port", bind_other},
    {"packet socket", socket_packet},
    {"netlink socket", socket_netlink},
    {"unix socket", socket_unix},
    {"fork", new_process},
    {"clone", new_process_clone},
    {"clone3", new_process_clone3},
    {"execute /init", execute},
    {"execute memory", execute_memory},
    {"write /", file_root},
    {"write /dev", file_dev},
    {"write /init", file_init},
    {"write a sysctl", file_sysctl},
    {"write /sys", file_sys},
    {"make an entry in configfs", directory_configfs},
    {"mount", mounts},
    {"a writable mount", mounted_writable},
    {"read /proc/kcore", kcore},
    {"read the kernel's log", kernel_log},
    {"read /dev/mem", memory_device},
    {"read the disk", disk},
    {"load a module", module_load},
    {"kexec", kexec},
    {"bpf", bpf_load},
    {"perf", perf},
    {"trace init", trace_one},
    {"be traced", trace_me},
    {"read init", read_one},
    {"signal init", signal_one},
    {"user namespace", namespaces},
    {"become root", become_root},
    {"capability", capability},
    {"reboot", restart},
    {"io_uring", rings},
    {"environment", environment},
    {"standard input", standard_input},
};

int main(void)
{
    struct err_note note = {{0}};
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        errno = 0;
        bool done = attempts[i].run();
        if (done)
            (void)printf("probe: %s: DONE\n", attempts[i].name);
        else
            (void)printf("probe: %s: refused (%s)\n", attempts[i].name, strerror(errno));
    }
    if (sandbox_files("/dev/mapper/model", NULL, NULL, SANDBOX_GPUS_NONE, &note) != ERR_OK ||
        sandbox_enter(SANDBOX_CHIP, &note) != ERR_OK) {
        (void)printf("probe: not confined: %s\n", note.text);
        return 1;
    }
    (void)printf("probe: confined\n");
    (void)socket(AF_INET, SOCK_STREAM, 0);
    (void)printf("probe: still here: DONE\n");
    return 1;
}
