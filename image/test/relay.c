/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Between enclume_chip.ko and the simulated chip outside of the machine (image/README.md, "The simulated chip"): the kernel starts it, as root, when the module is loaded.
 * It says what goes wrong on the console and ends; the module's requests then fail.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "evidence/simulated_wire.h"

#define PORTS   "/sys/class/virtio-ports"
#define PORT    "enclume.chip"
#define DEVICE  "/dev/enclume-chip"
#define CONSOLE "/dev/console"

enum { PATH_SIZE = 320, KERNEL_HEADER = 8, ENDED = 1 };

static _Noreturn void fail(const char *what)
{
    (void)fprintf(stderr, "chip-relay: %s\n", what);
    exit(ENDED);
}

static void read_all(int fd, uint8_t *to, size_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, to, size);
        if (n <= 0)
            fail("the chip has gone away");
        to += n;
        size -= (size_t)n;
    }
}

static void write_all(int fd, const uint8_t *from, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, from, size);
        if (n <= 0)
            fail("the chip does not listen");
        from += n;
        size -= (size_t)n;
    }
}

static bool is_our_port(const char *name)
{
    char path[PATH_SIZE];
    char text[sizeof PORT + 1] = "";
    (void)snprintf(path, sizeof path, PORTS "/%s/name", name);
    FILE *f = fopen(path, "re");
    bool is = f != NULL && fgets(text, sizeof text, f) != NULL && strcmp(text, PORT "\n") == 0;
    if (f != NULL)
        (void)fclose(f);
    return is;
}

static int port_open(void)
{
    char path[PATH_SIZE];
    int fd = -1;
    DIR *d = opendir(PORTS);
    for (struct dirent *entry = d == NULL ? NULL : readdir(d); fd < 0 && entry != NULL; entry = readdir(d))
        if (entry->d_name[0] != '.' && is_our_port(entry->d_name)) {
            (void)snprintf(path, sizeof path, "/dev/%s", entry->d_name);
            fd = open(path, O_RDWR | O_CLOEXEC);
        }
    if (d != NULL)
        (void)closedir(d);
    if (fd < 0)
        fail("there is no port " PORT);
    return fd;
}

static void ask(int port, const struct simulated_question *q, uint8_t frame[static SIMULATED_WIRE_ANSWER_MAX],
                struct simulated_answer *a)
{
    uint8_t question[SIMULATED_WIRE_QUESTION_SIZE];
    simulated_question_write(q, question);
    write_all(port, question, sizeof question);
    read_all(port, frame, SIMULATED_WIRE_HEADER_SIZE);
    struct reader r = reader_over(bytes_of(frame, SIMULATED_WIRE_HEADER_SIZE));
    (void)reader_bytes(&r, SIMULATED_WIRE_HEADER_SIZE - 2 * sizeof(uint32_t));
    uint32_t evidence = reader_u32be(&r);
    uint32_t endorsements = reader_u32be(&r);
    if (evidence > SIMULATED_WIRE_EVIDENCE_MAX || endorsements > SIMULATED_WIRE_ENDORSEMENTS_MAX)
        fail("the chip's answer is too large");
    size_t rest = (size_t)evidence + endorsements;
    read_all(port, frame + SIMULATED_WIRE_HEADER_SIZE, rest);
    if (simulated_answer_parse(bytes_of(frame, SIMULATED_WIRE_HEADER_SIZE + rest), a) != ERR_OK ||
        a->what != q->what)
        fail("the chip's answer is not one");
}

static void answer_kernel(int device, const struct simulated_answer *a)
{
    static uint8_t out[KERNEL_HEADER + SIMULATED_WIRE_EVIDENCE_MAX + SIMULATED_WIRE_ENDORSEMENTS_MAX];
    struct bytes all;
    struct writer w = writer_into(out, sizeof out);
    writer_u32le(&w, (uint32_t)a->evidence.len);
    writer_u32le(&w, (uint32_t)a->endorsements.len);
    writer_bytes(&w, a->evidence);
    writer_bytes(&w, a->endorsements);
    if (writer_finish(&w, &all) != ERR_OK || write(device, all.ptr, all.len) != (ssize_t)all.len)
        fail("the kernel does not take the answer");
}

int main(void)
{
    static uint8_t frame[SIMULATED_WIRE_ANSWER_MAX];
    struct simulated_answer a;
    struct simulated_question q = {.what = SIMULATED_ASKS_PLATFORM};
    int console = open(CONSOLE, O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (console >= 0)
        (void)dup2(console, STDERR_FILENO);
    int device = open(DEVICE, O_RDWR | O_CLOEXEC);
    if (device < 0)
        fail("there is no " DEVICE);
    int port = port_open();
    ask(port, &q, frame, &a);
    uint32_t platform = a.platform;
    if (a.status != 0 || write(device, &platform, sizeof platform) != (ssize_t)sizeof platform)
        fail("the chip does not say what it is");
    q.what = SIMULATED_ASKS_REPORT;
    while (read(device, q.data, sizeof q.data) == (ssize_t)sizeof q.data) {
        ask(port, &q, frame, &a);
        answer_kernel(device, &a);
    }
    return 0;
}
