/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tiny program for the simulator to launch. Its first argument says what it does, and one line on standard output says what came of it:
 *
 *     report N       asks for N reports, the i-th over 64 bytes of value i; for each a line "BYTES-IN-HEX MILLISECONDS"; the endorsements follow
 *     environment    the number of variables in its environment
 *     name           its argv[0]
 *     descriptors    the open descriptors
 *     exit N         ends with N
 *     kill           ends by a signal
 *     wait           says "waiting", then sleeps until it is ended
 *     raw TEXT       sends TEXT in place of a question, and says how many bytes came back
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "evidence/evidence.h"
#include "evidence/simulated_wire.h"

extern char **environ;

static void print_hex(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        (void)printf("%02x", b.ptr[i]);
}

static long milliseconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int do_report(const char *argument)
{
    struct evidence_source *source;
    enum err e = evidence_simulated_open(SIMULATED_WIRE_FD, &source);
    if (e != ERR_OK)
        return 1;
    for (int i = 0; e == ERR_OK && i < atoi(argument); i++) {
        struct evidence evidence;
        struct err_note note = {{0}};
        uint8_t report_data[SIMULATED_WIRE_DATA_SIZE];
        memset(report_data, i, sizeof report_data);
        long before = milliseconds();
        e = source->report(source, report_data, &evidence, &note);
        if (e != ERR_OK) {
            (void)printf("%s: %s\n", err_name(e), note.text);
            break;
        }
        print_hex(evidence.report.value);
        (void)printf(" %ld", milliseconds() - before);
        for (size_t c = 0; c < evidence.endorsement_count; c++) {
            (void)printf(" ");
            print_hex(evidence.endorsements[c].value);
        }
        (void)printf("\n");
        evidence_release(&evidence);
    }
    source->close(source);
    return e == ERR_OK ? 0 : 1;
}

static int do_environment(const char *argument)
{
    (void)argument;
    int n = 0;
    while (environ[n] != NULL)
        n++;
    (void)printf("%d\n", n);
    return 0;
}

static int do_descriptors(const char *argument)
{
    (void)argument;
    DIR *list = opendir("/proc/self/fd");
    if (list == NULL)
        return 1;
    for (struct dirent *entry = readdir(list); entry != NULL;
         entry = readdir(list)) { // NOLINT(concurrency-mt-unsafe)
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd != dirfd(list))
            (void)printf("%d ", fd);
    }
    (void)printf("\n");
    (void)closedir(list);
    return 0;
}

static int do_exit(const char *argument)
{
    return atoi(argument);
}

static int do_kill(const char *argument)
{
    (void)argument;
    return raise(SIGKILL);
}

static int do_wait(const char *argument)
{
    (void)argument;
    (void)puts("waiting");
    (void)fflush(stdout);
    (void)pause(); /* nothing is handled, so no signal lets it go on */
    return 1;
}

static int do_raw(const char *argument)
{
    char room[64];
    if (send(SIMULATED_WIRE_FD, argument, strlen(argument), MSG_NOSIGNAL) < 0)
        return 1;
    (void)printf("%zd\n", recv(SIMULATED_WIRE_FD, room, sizeof room, 0));
    return 0;
}

static char *own_name;

static int do_name(const char *argument)
{
    (void)argument;
    (void)puts(own_name);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(const char *argument);
} actions[] = {
    {"report", do_report},
    {"environment", do_environment},
    {"descriptors", do_descriptors},
    {"exit", do_exit},
    {"kill", do_kill},
    {"wait", do_wait},
    {"raw", do_raw},
    {"name", do_name},
};

int main(int argc, char **argv)
{
    own_name = argv[0];
    for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
        if (strcmp(argv[1], actions[i].name) == 0)
            return actions[i].run(argc > 2 ? argv[2] : "");
    return 2;
}
