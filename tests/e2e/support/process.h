/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_PROCESS_H
#define TESTS_E2E_PROCESS_H

/*
 * Child processes of a test: started, fed, listened to, ended. Whatever goes wrong here fails the test.
 *
 *     struct process p;
 *     process_start(&p, argv, NULL);
 *     int code = process_finish(&p, 10000);      // p.out, p.err: NUL-terminated
 *     process_release(&p);
 *
 * A child never outlives the test's program, however that ends.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESS_ARGS_MAX = 64, PROCESS_TIMED_OUT = -1 };

struct process_text {
    char *bytes; /* NUL-terminated */
    size_t len;
};

struct process {
    pid_t pid;
    int in; /* its standard input, -1 when closed */
    int fds[2];
    struct process_text out;
    struct process_text err;
    bool reaped;
    int code;
};

/* argv ends with NULL. log: standard output and error go to that file instead of the pipes. */
void process_start(struct process *p, const char *const *argv, const char *log);
/* Reads what it says until it has said this on standard output or error; false after timeout_ms, or when it is at its end before. */
bool process_says(struct process *p, const char *text, int timeout_ms);
/* Closes its input, reads all it says and waits for its end: its exit code, or 128 + the signal. After timeout_ms it is killed: PROCESS_TIMED_OUT. */
int process_finish(struct process *p, int timeout_ms);
/* Kills what still runs. */
void process_release(struct process *p);

/* Milliseconds of the monotonic clock. */
long process_clock(void);
void process_sleep(long ms);

/* Start, finish within a minute. The caller releases. */
int process_run(struct process *p, const char *const *argv);

/* Of /proc: the first child of a process; the number that stands behind the name ("VmRSS:", KiB) in its status; how many files it has open. */
pid_t process_child_of(pid_t parent);
long process_status(pid_t pid, const char *name);
size_t process_open_files(pid_t pid);

/* The whole file, NUL-terminated; free it. */
char *process_read_file(const char *path, size_t *len);

#endif
