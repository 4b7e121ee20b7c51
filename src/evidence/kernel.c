/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

enum { DIRECTORY_MODE = 0755, TIMEOUT_SECONDS = 30, MS_PER_SECOND = 1000, NS_PER_MS = 1000000 };

static int result_of(int returned)
{
    return returned < 0 ? -errno : returned;
}

static int real_mkdir(const struct kernel *self, const char *path)
{
    (void)self;
    return result_of(mkdir(path, DIRECTORY_MODE));
}

static int real_rmdir(const struct kernel *self, const char *path)
{
    (void)self;
    return result_of(rmdir(path));
}

static int real_open(const struct kernel *self, const char *path, int flags)
{
    (void)self;
    return result_of(open(path, flags | O_CLOEXEC));
}

static ssize_t real_read(const struct kernel *self, int fd, void *to, size_t size)
{
    (void)self;
    ssize_t n = read(fd, to, size);
    return n < 0 ? -errno : n;
}

static ssize_t real_write(const struct kernel *self, int fd, const void *from, size_t size)
{
    (void)self;
    ssize_t n = send(fd, from, size, MSG_NOSIGNAL); /* a peer that is gone is an error, not a signal */
    if (n < 0 && errno == ENOTSOCK)
        n = write(fd, from, size);
    return n < 0 ? -errno : n;
}

static int real_close(const struct kernel *self, int fd)
{
    (void)self;
    return result_of(close(fd));
}

static int real_ioctl(const struct kernel *self, int fd, unsigned long request, void *argument)
{
    (void)self;
    return result_of(ioctl(fd, request, argument));
}

static bool set_timeouts(int fd)
{
    const struct timeval limit = {.tv_sec = TIMEOUT_SECONDS};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

static int connect_stream(int family, const struct sockaddr *to, socklen_t size)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (set_timeouts(fd) && connect(fd, to, size) == 0)
        return fd;
    int failed = -errno;
    (void)close(fd);
    return failed;
}

static int real_connect_vsock(const struct kernel *self, uint32_t context, uint32_t port)
{
    (void)self;
    const struct sockaddr_vm to = {.svm_family = AF_VSOCK, .svm_cid = context, .svm_port = port};
    return connect_stream(AF_VSOCK, (const struct sockaddr *)&to, sizeof to);
}

static int real_connect_unix(const struct kernel *self, const char *path)
{
    (void)self;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path)
        return -ENAMETOOLONG;
    memcpy(to.sun_path, path, strlen(path));
    return connect_stream(AF_UNIX, (const struct sockaddr *)&to, sizeof to);
}

static void real_sleep_ms(const struct kernel *self, unsigned milliseconds)
{
    (void)self;
    struct timespec left = {.tv_sec = milliseconds / MS_PER_SECOND,
                            .tv_nsec = (long)(milliseconds % MS_PER_SECOND) * NS_PER_MS};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static int64_t real_now(const struct kernel *self)
{
    (void)self;
    return time(NULL);
}

const struct kernel kernel_real = {
    .mkdir = real_mkdir,
    .rmdir = real_rmdir,
    .open = real_open,
    .read = real_read,
    .write = real_write,
    .close = real_close,
    .ioctl = real_ioctl,
    .connect_vsock = real_connect_vsock,
    .connect_unix = real_connect_unix,
    .sleep_ms = real_sleep_ms,
    .now = real_now,
};

/* ---- in pieces ---- */

int kernel_write_all(const struct kernel *k, int fd, const void *from, size_t size)
{
    const char *at = from;
    for (size_t done = 0; done < size;) {
        ssize_t n = k->write(k, fd, at + done, size - done);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? -EPIPE : (int)n;
        done += (size_t)n;
    }
    return 0;
}

int kernel_read_all(const struct kernel *k, int fd, void *to, size_t size)
{
    char *at = to;
    for (size_t done = 0; done < size;) {
        ssize_t n = k->read(k, fd, at + done, size - done);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? -EPIPE : (int)n;
        done += (size_t)n;
    }
    return 0;
}

/* A full buffer is followed by a read of one byte more, to see whether that was all. */
int kernel_read_to_end(const struct kernel *k, int fd, void *to, size_t size, size_t *len)
{
    char *at = to;
    char beyond;
    for (*len = 0;;) {
        bool full = *len == size;
        ssize_t n = full ? k->read(k, fd, &beyond, 1) : k->read(k, fd, at + *len, size - *len);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        if (full)
            return -EFBIG;
        *len += (size_t)n;
    }
}

int kernel_read_file(const struct kernel *k, const char *path, void *to, size_t size, size_t *len)
{
    *len = 0;
    int fd = k->open(k, path, O_RDONLY);
    if (fd < 0)
        return fd;
    int failed = kernel_read_to_end(k, fd, to, size, len);
    (void)k->close(k, fd);
    return failed;
}
