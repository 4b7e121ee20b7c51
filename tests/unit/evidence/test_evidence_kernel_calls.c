/* SPDX-License-Identifier: Apache-2.0 */
/* The real kernel's calls, as far as any machine has them: what they give on success, and -errno. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "evidence/kernel.h"
#include "unit/test.h"

static const struct kernel *const real = &kernel_real;
static char directory[] = "/tmp/enclume-test-XXXXXX";
static char path[64];

static void files_and_directories(void **state)
{
    (void)state;
    char text[16];
    size_t len;
    char sub[64];
    (void)snprintf(sub, sizeof sub, "%s/d", directory);
    assert_int_equal(real->mkdir(real, sub), 0);
    assert_int_equal(real->mkdir(real, sub), -EEXIST);
    assert_int_equal(real->rmdir(real, sub), 0);
    assert_int_equal(real->rmdir(real, sub), -ENOENT);
    assert_int_equal(real->open(real, sub, O_RDONLY), -ENOENT);
    (void)close(open(path, O_WRONLY | O_CREAT, 0600));
    int fd = real->open(real, path, O_WRONLY);
    assert_true(fd > 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(kernel_write_all(real, fd, "anvil", 5), 0);
    assert_int_equal(real->read(real, fd, text, 1), -EBADF);
    assert_int_equal(real->close(real, fd), 0);
    assert_int_equal(real->close(real, fd), -EBADF);
    assert_int_equal(real->write(real, fd, "x", 1), -EBADF);
    assert_int_equal(kernel_read_file(real, path, text, 4, &len), -EFBIG);
    assert_int_equal(kernel_read_file(real, path, text, 5, &len), 0);
    assert_int_equal(len, 5);
    assert_memory_equal(text, "anvil", 5);
    assert_int_equal(kernel_read_file(real, sub, text, 5, &len), -ENOENT);
    assert_int_equal(len, 0);
    fd = real->open(real, path, O_RDONLY);
    int waiting = 0;
    assert_int_equal(kernel_read_all(real, fd, text, 6), -EPIPE); /* it ends before */
    assert_int_equal(real->ioctl(real, fd, FIONREAD, &waiting), 0);
    assert_int_equal(real->ioctl(real, fd, _IOWR('S', 0, char[32]), text), -ENOTTY);
    assert_int_equal(real->close(real, fd), 0);
    assert_int_equal(unlink(path), 0);
}

static int listener(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void sockets(void **state)
{
    (void)state;
    char text[16];
    struct timeval limit = {0};
    socklen_t size = sizeof limit;
    char longest[200];
    assert_int_equal(real->connect_unix(real, path), -ENOENT);
    memset(longest, 'x', sizeof longest - 1);
    for (size_t n = sizeof((struct sockaddr_un *)0)->sun_path;
         n >= sizeof((struct sockaddr_un *)0)->sun_path - 1; n--) {
        longest[n] = '\0';
        assert_int_equal(real->connect_unix(real, longest),
                         n == sizeof((struct sockaddr_un *)0)->sun_path ? -ENAMETOOLONG : -ENOENT);
    }
    int listening = listener();
    int fd = real->connect_unix(real, path);
    assert_true(fd > 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    /* Nobody keeps us waiting for ever. */
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &size), 0);
    assert_int_equal(limit.tv_sec, 30);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, &size), 0);
    assert_int_equal(limit.tv_sec, 30);
    int peer = accept(listening, NULL, NULL);
    assert_int_equal(kernel_write_all(real, fd, "hot", 3), 0);
    assert_int_equal(kernel_read_all(real, peer, text, 3), 0);
    assert_memory_equal(text, "hot", 3);
    assert_int_equal(real->close(real, peer), 0);
    assert_int_equal(kernel_write_all(real, fd, "hot", 3), -EPIPE); /* and no signal */
    assert_int_equal(real->read(real, fd, text, 1), 0);
    assert_int_equal(real->close(real, fd), 0);
    (void)close(listening);
    assert_int_equal(unlink(path), 0);
    /* Port 0 of nobody; there may be no vsock at all. */
    assert_true(real->connect_vsock(real, 2, 0) < 0);
}

static void clocks(void **state)
{
    (void)state;
    struct timespec before;
    struct timespec after;
    time_t now = time(NULL);
    assert_true(real->now(real) >= now && real->now(real) <= now + 60);
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    real->sleep_ms(real, 30);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true((after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000 >= 29);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/f", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_directories),
        cmocka_unit_test(sockets),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
