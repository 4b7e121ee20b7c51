/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The simulated chip beside a machine that a test boots: signs for the measurement that it is told, over the virtio serial port of image/README.md ("The simulated
 * chip"). Prints "ready" when QEMU may start, and ends when QEMU does.
 *
 *     boot_chip MEASUREMENT ROOT.pem SOCKET
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "crypto/crypto.h"
#include "simulator/platform.h"

enum { PEM_SIZE = 16384 };

static _Noreturn void fail(const char *step)
{
    (void)fprintf(stderr, "boot_chip: %s failed\n", step);
    exit(EXIT_FAILURE);
}

static bool read_all(int fd, uint8_t *to, size_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, to, size);
        if (n <= 0)
            return false;
        to += n;
        size -= (size_t)n;
    }
    return true;
}

static bool write_all(int fd, const uint8_t *from, size_t size)
{
    while (size > 0) {
        ssize_t n = send(fd, from, size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        from += n;
        size -= (size_t)n;
    }
    return true;
}

static void root_write(struct platform *p, const char *path)
{
    char pem[PEM_SIZE];
    struct bytes text;
    struct err_note note = {{0}};
    const struct simulated_der *root = p->kind->root(p);
    struct writer w = writer_into(pem, sizeof pem);
    if (encoding_pem_write(&w, "CERTIFICATE", bytes_of(root->der, root->len)) != ERR_OK ||
        writer_finish(&w, &text) != ERR_OK || file_write(path, text, &note) != ERR_OK)
        fail("writing the root");
}

static int machine_wait(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof address.sun_path)
        fail("the socket's name");
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0)
        fail("listening");
    (void)puts("ready");
    (void)fflush(stdout);
    int machine = accept(fd, NULL, NULL);
    (void)close(fd);
    return machine;
}

int main(int argc, char **argv)
{
    static struct platform_frame frame;
    struct platform *p = NULL;
    struct err_note note = {{0}};
    struct simulated_question q;
    uint8_t question[SIMULATED_WIRE_QUESTION_SIZE];
    if (argc != 4)
        fail("the command line");
    if (crypto_init() != ERR_OK || platform_open("snp", NULL, (int64_t)time(NULL), &p, &note) != ERR_OK)
        fail("making the chip");
    p->launched = (struct launch_registers){.count = 1, .at = {{.name = "measurement"}}};
    if (encoding_unhex(bytes_str(argv[1]), p->launched.at[0].value, LAUNCH_REGISTER_SIZE) != ERR_OK)
        fail("the measurement");
    root_write(p, argv[2]);
    int machine = machine_wait(argv[3]);
    while (read_all(machine, question, sizeof question)) {
        if (simulated_question_parse(bytes_of(question, sizeof question), &q) != ERR_OK)
            fail("a question");
        enum err e = q.what == SIMULATED_ASKS_PLATFORM ? platform_introduce(p, &frame)
                                                       : platform_answer(p, q.data, &frame);
        if (e != ERR_OK)
            e = platform_refuse(p, q.what, 1, &frame);
        if (e != ERR_OK || !write_all(machine, frame.bytes, frame.len))
            break;
    }
    platform_close(p);
    return 0;
}
