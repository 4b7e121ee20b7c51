/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sealed.h"
#include "crypto/crypto.h"
#include "evidence/simulated_wire.h"

enum { CHUNK = 256 * 1024, EXIT_NOT_STARTED = 127, ELF_MAGIC_SIZE = 4 };

static const char program_name[] = "launched"; /* argv[0]: not measured, so not the host's choice */

static enum err failed(struct err_note *note, const char *step)
{
    return err_noted(ERR_SYSTEM, note, "%s: %s", step, strerror(errno));
}

/* ---- measuring ---- */

static bool write_all(int fd, struct bytes chunk)
{
    for (size_t done = 0; done < chunk.len;) {
        ssize_t n = write(fd, chunk.ptr + done, chunk.len - done);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            done += (size_t)n;
    }
    return true;
}

static ssize_t read_some(int fd, uint8_t *to, size_t size)
{
    ssize_t n;
    do
        n = read(fd, to, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static enum err copy_into(int from, int to, const char *path, struct err_note *note)
{
    static uint8_t chunk[CHUNK];
    for (size_t total = 0;;) {
        ssize_t n = read_some(from, chunk, sizeof chunk);
        if (n == 0)
            return ERR_OK;
        if (n < 0)
            return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
        total += (size_t)n;
        if (total > LAUNCH_PROGRAM_MAX)
            return err_noted(ERR_TOO_LARGE, note, "%s: larger than %d bytes", path, LAUNCH_PROGRAM_MAX);
        if (!write_all(to, bytes_of(chunk, (size_t)n)))
            return failed(note, "copying the program");
    }
}

/* After the seals: what is hashed here is what runs. */
static enum err hash_sealed(int fd, const char *path, uint8_t digest[static 48], struct err_note *note)
{
    static uint8_t chunk[CHUNK];
    struct crypto_hash_stream *s;
    bool is_elf = false;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return failed(note, "reading the copy");
    enum err e = crypto_hash_open(CRYPTO_SHA384, &s);
    if (e != ERR_OK)
        return e;
    for (bool first = true; e == ERR_OK; first = false) {
        ssize_t n = read_some(fd, chunk, sizeof chunk);
        if (n == 0)
            break;
        if (first)
            is_elf = n >= ELF_MAGIC_SIZE && memcmp(chunk, "\177ELF", ELF_MAGIC_SIZE) == 0;
        e = n < 0 ? failed(note, "reading the copy") : crypto_hash_feed(s, bytes_of(chunk, (size_t)n));
    }
    enum err closed = crypto_hash_close(s, e == ERR_OK ? digest : NULL);
    if (e == ERR_OK)
        e = closed;
    if (e == ERR_OK && !is_elf)
        e = err_noted(ERR_VALUE, note, "%s: not an ELF program", path);
    return e;
}

enum err launch_copy(const char *path, int *fd, uint8_t digest[static 48], struct err_note *note)
{
    enum err e;
    *fd = -1;
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
    int copy = memfd_create(program_name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (copy < 0) {
        e = failed(note, "memory for the program");
        goto out;
    }
    e = copy_into(from, copy, path, note);
    if (e != ERR_OK)
        goto out;
    if (fchmod(copy, 0500) != 0 || !sealed_make(copy)) {
        e = failed(note, "sealing the program");
        goto out;
    }
    e = hash_sealed(copy, path, digest, note);
    if (e != ERR_OK)
        goto out;
    *fd = copy;
    copy = -1;
out:
    if (copy >= 0)
        (void)close(copy);
    (void)close(from);
    return e;
}

/* ---- launching ---- */

static bool signals_to_default(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL); /* fails for those that cannot be changed, and they are as they should be */
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* In the child. Returns only when it failed; the parent's exit status then says so. */
static void become(int fd, int wire, const char *const *args, size_t count, pid_t parent)
{
    const char *argv[LAUNCH_SIMULATED_ARGS_MAX + 2] = {program_name};
    char *const environment[] = {NULL};
    memcpy(argv + 1, args, count * sizeof *args);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) /* it may have ended before the call */
        return;
    if (!signals_to_default())
        return;
    /* dup2 onto itself would leave the flag that closes it at the launch. */
    if (wire == SIMULATED_WIRE_FD ? fcntl(wire, F_SETFD, 0) != 0 : dup2(wire, SIMULATED_WIRE_FD) < 0)
        return;
    if (close_range(SIMULATED_WIRE_FD + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0)
        return;
    (void)fexecve(fd, (char *const *)argv, environment);
}

/* The copy must not stand where the wire goes. */
static int above_wire(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, SIMULATED_WIRE_FD + 1);
}

enum err launch_start(int fd, const char *const *args, size_t count, struct launched *l,
                      struct err_note *note)
{
    int pair[2] = {-1, -1};
    int program = -1;
    enum err e = ERR_OK;
    pid_t parent = getpid();
    *l = (struct launched){.pid = -1, .wire = -1};
    if (count > LAUNCH_SIMULATED_ARGS_MAX)
        return err_noted(ERR_TOO_LARGE, note, "%zu arguments, at most %d", count, LAUNCH_SIMULATED_ARGS_MAX);
    program = above_wire(fd);
    if (program < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        e = failed(note, "the way to the program");
        goto out;
    }
    l->pid = fork();
    if (l->pid == 0) {
        become(program, pair[1], args, count, parent);
        (void)dprintf(STDERR_FILENO, "enclume-simulator: the program cannot be started: %s\n",
                      strerror(errno));
        _exit(EXIT_NOT_STARTED);
    }
    if (l->pid < 0) {
        e = failed(note, "a process for the program");
        goto out;
    }
    l->wire = pair[0];
    pair[0] = -1;
out:
    if (program >= 0)
        (void)close(program);
    for (size_t i = 0; i < 2; i++)
        if (pair[i] >= 0)
            (void)close(pair[i]);
    return e;
}
