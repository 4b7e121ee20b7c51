/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/init/init_confine.h"
#include "enclave/init/init_server_filter.h"
#include "enclave/init/init_system.h"

#define ROOT "/server"
#define RUN  "/run"

enum { PATH_SIZE = 128, OPTIONS_SIZE = 96, PROCESSES_MAX = 4096, FD_GO = 3, FD_SAID = 4, FD_ABOVE = 10 };

/* ---- its files ---- */

enum { QUIET = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static enum err mount_at(const char *source, const char *target, const char *type, unsigned long flags,
                         const char *options, struct err_note *note)
{
    return mount(source, target, type, flags, options) == 0 ? ERR_OK : init_failed(note, target);
}

static enum err node_make(const char *name, mode_t mode, uint64_t device, struct err_note *note)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, ROOT "/dev/%s", name);
    if (mknod(path, mode, device) != 0 || chown(path, 0, INIT_SERVER_USER) != 0 ||
        chmod(path, mode & 07777) != 0)
        return init_failed(note, path);
    return ERR_OK;
}

static enum err nodes_make(uint64_t model, const struct init_gpu_nodes *gpus, struct err_note *note)
{
    static const struct {
        const char *name;
        mode_t mode;
        unsigned minor; /* Linux, Documentation/admin-guide/devices.txt: major 1 */
    } memory[] = {{"null", 0666, 3}, {"zero", 0444, 5}, {"random", 0444, 8}, {"urandom", 0444, 9}};
    enum err e = node_make("model", S_IFBLK | 0440, model, note);
    for (size_t i = 0; e == ERR_OK && i < sizeof memory / sizeof *memory; i++)
        e = node_make(memory[i].name, S_IFCHR | memory[i].mode, makedev(1, memory[i].minor), note);
    for (size_t i = 0; e == ERR_OK && i < gpus->count; i++)
        e = node_make(gpus->at[i].name, S_IFCHR | 0660, makedev(gpus->at[i].major, gpus->at[i].minor), note);
    return e;
}

static enum err memory_mount(const char *target, const struct init_server_list *list, struct err_note *note)
{
    char options[OPTIONS_SIZE];
    (void)snprintf(options, sizeof options, "mode=0700,uid=%d,gid=%d,size=%uM", INIT_SERVER_USER,
                   INIT_SERVER_USER, list->scratch_mib);
    return mount_at("tmpfs", target, "tmpfs", QUIET, options, note);
}

/* What it sees as its root is /server of the initrd, with the kernel's file systems of its own namespaces in it. */
static enum err root_fill(const struct init_server_list *list, uint64_t model,
                          const struct init_gpu_nodes *gpus, struct err_note *note)
{
    enum err e = mount_at(ROOT, ROOT, NULL, MS_BIND, NULL, note);
    if (e == ERR_OK)
        e = mount_at("tmpfs", ROOT "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k,nr_inodes=64",
                     note);
    if (e == ERR_OK)
        e = nodes_make(model, gpus, note);
    if (e == ERR_OK && mkdir(ROOT "/dev/shm", 0755) != 0)
        e = init_failed(note, ROOT "/dev/shm");
    if (e == ERR_OK)
        e = memory_mount(ROOT "/dev/shm", list, note);
    if (e == ERR_OK)
        e = memory_mount(ROOT "/tmp", list, note);
    if (e == ERR_OK)
        e = mount_at("proc", ROOT "/proc", "proc", QUIET | MS_RDONLY, NULL, note);
    if (e == ERR_OK)
        e = mount_at("sysfs", ROOT "/sys", "sysfs", QUIET | MS_RDONLY, NULL, note);
    if (e == ERR_OK)
        e = mount_at(RUN, ROOT RUN, NULL, MS_BIND, NULL, note);
    return e;
}

/* The root of an initrd cannot be pivoted: what is below /server is moved over it. What init has mounted goes, in this namespace. */
static enum err root_move(struct err_note *note)
{
    static const char *const others[] = {"/dev", "/proc", "/sys", RUN};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (umount2(others[i], MNT_DETACH) != 0)
            return init_failed(note, others[i]);
    bool good =
        chdir(ROOT) == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0 && chdir("/") == 0;
    return good ? ERR_OK : init_failed(note, "its root");
}

static enum err files_make(const struct init_server_list *list, uint64_t model,
                           const struct init_gpu_nodes *gpus, struct err_note *note)
{
    enum err e = mount_at(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL, note);
    if (e == ERR_OK)
        e = root_fill(list, model, gpus, note);
    if (e == ERR_OK)
        e = init_read_only(ROOT "/dev", MS_NOSUID | MS_NOEXEC, note);
    if (e == ERR_OK)
        e = init_read_only(ROOT, MS_NOSUID | MS_NODEV, note);
    return e == ERR_OK ? root_move(note) : e;
}

/* ---- the rest of it ---- */

/* Programs that share their work out among processes talk over it; nobody else is there. */
static enum err loopback_up(struct err_note *note)
{
    struct ifreq r = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    r.ifr_flags = IFF_UP;
    bool good = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
    enum err e = good ? ERR_OK : init_failed(note, "its loopback");
    if (fd >= 0)
        (void)close(fd);
    return e;
}

/* Nothing is open but what was asked for: nobody's input and output, and the two pipes, until its program begins. */
static enum err descriptors_set(int go, int said, struct err_note *note)
{
    int null = open("/dev/null", O_RDWR);
    int high_go = fcntl(go, F_DUPFD, FD_ABOVE);
    int high_said = fcntl(said, F_DUPFD, FD_ABOVE);
    bool good = null >= 0 && high_go >= 0 && high_said >= 0;
    for (int fd = STDIN_FILENO; good && fd <= STDERR_FILENO; fd++)
        good = dup2(null, fd) == fd;
    good = good && dup3(high_go, FD_GO, O_CLOEXEC) == FD_GO &&
           dup3(high_said, FD_SAID, O_CLOEXEC) == FD_SAID && close_range(FD_SAID + 1, UINT_MAX, 0) == 0;
    return good ? ERR_OK : init_failed(note, "its descriptors");
}

static enum err child_prepare(const struct init_server_list *list, uint64_t model,
                              const struct init_gpu_nodes *gpus, int *go, int *said, struct err_note *note)
{
    (void)setsid();
    (void)umask(0007); /* its socket is for enclumed's group as well, which it gets from the directory */
    enum err e = loopback_up(note);
    if (e == ERR_OK)
        e = files_make(list, model, gpus, note);
    if (e == ERR_OK)
        e = descriptors_set(*go, *said, note);
    if (e != ERR_OK)
        return e;
    *go = FD_GO;
    *said = FD_SAID;
    e = init_limit(PROCESSES_MAX, note);
    if (e == ERR_OK)
        e = init_become(INIT_SERVER_USER, note);
    return e == ERR_OK ? init_server_filter(note) : e;
}

/* "." is said when all is as it should be; else what is not. */
_Noreturn static void child_run(const struct init_server_list *list, uint64_t model,
                                const struct init_gpu_nodes *gpus, int go, int said)
{
    struct err_note note = {{0}};
    char byte = '.';
    enum err e = child_prepare(list, model, gpus, &go, &said, &note);
    if (e != ERR_OK)
        (void)!write(said, note.text, strlen(note.text));
    else if (write(said, &byte, 1) == 1 && close(said) == 0 && read(go, &byte, 1) == 1)
        (void)execve(list->args[0], (char *const *)list->args, (char *const *)list->env);
    _exit((int)ERR_CLASS_ENCLAVE);
}

static enum err child_await(int said, struct err_note *note)
{
    char text[sizeof note->text] = "";
    size_t len = 0;
    ssize_t n;
    while (len < sizeof text - 1 && (n = read(said, text + len, sizeof text - 1 - len)) != 0)
        if (n > 0)
            len += (size_t)n;
        else if (errno != EINTR)
            return init_failed(note, "the server's process");
    text[len] = '\0';
    if (len == 1 && text[0] == '.')
        return ERR_OK;
    return err_noted(ERR_SYSTEM, note, "%s", len > 0 ? text : "its process has ended");
}

/* The group of the directory is that of what is made in it. */
static enum err run_make(struct err_note *note)
{
    char options[OPTIONS_SIZE];
    (void)snprintf(options, sizeof options, "mode=2750,uid=%d,gid=%d,size=64k,nr_inodes=16", INIT_SERVER_USER,
                   INIT_USER);
    return mount_at("tmpfs", RUN, "tmpfs", QUIET, options, note);
}

enum err init_server_prepare(const struct init_server_list *list, const struct init_gpu_nodes *gpus,
                             struct init_server *server, struct err_note *note)
{
    enum {
        NAMESPACES = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID,
        READ = 0,
        WRITE = 1
    };
    int go[2] = {-1, -1};
    int said[2] = {-1, -1};
    uint64_t model = 0;
    enum err e = init_device_kept(INIT_MODEL_NODE, &model, note);
    if (e == ERR_OK)
        e = run_make(note);
    if (e == ERR_OK && (pipe2(go, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0))
        e = init_failed(note, "a pipe");
    if (e != ERR_OK)
        return e;
    long pid = syscall(__NR_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        child_run(list, model, gpus, go[READ], said[WRITE]);
    if (pid < 0)
        return init_failed(note, "its namespaces");
    (void)close(go[READ]);
    (void)close(said[WRITE]);
    e = child_await(said[READ], note);
    (void)close(said[READ]);
    server->pid = (pid_t)pid;
    server->go = go[WRITE];
    return e == ERR_OK ? init_read_only(RUN, QUIET, note)
                       : e; /* here; not where the server makes its socket */
}

enum err init_server_start(struct init_server *server, struct err_note *note)
{
    bool good = write(server->go, ".", 1) == 1;
    (void)close(server->go);
    return good ? ERR_OK : init_failed(note, "the server's process");
}
