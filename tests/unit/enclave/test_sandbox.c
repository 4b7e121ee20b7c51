/* SPDX-License-Identifier: Apache-2.0 */
/* What the sandbox lets through and what it ends the process for: each in a child of its own. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/dialer.h"
#include "enclave/sandbox.h"
#include "engine/upstream_dial.h"
#include "evidence/collateral_directory.h"
#include "evidence/collateral_source.h"
#include "unit/test.h"

enum { DONE = 0, NOT_DONE = 1, NO_SANDBOX = 2, SIZE = 65536 };

static int sockets[2];
static char *page;

/* Runs `what` in a sandbox, in a child; its status. */
static int run_in(enum err (*enter)(int kind), int kind, bool (*what)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        (void)setrlimit(RLIMIT_CORE, &none);
        if (enter(kind) != ERR_OK)
            _exit(NO_SANDBOX);
        _exit(what() ? DONE : NOT_DONE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static enum err enter_as_enclave(int needs)
{
    return sandbox_enter((unsigned)needs, NULL);
}

static int run(unsigned needs, bool (*what)(void))
{
    return run_in(enter_as_enclave, (int)needs, what);
}

/* ---- what the enclave does when it serves ---- */

static void *thread_run(void *argument)
{
    *(bool *)argument = true;
    return NULL;
}

static bool starts_a_thread(void)
{
    pthread_t thread;
    bool ran = false;
    return pthread_create(&thread, NULL, thread_run, &ran) == 0 && pthread_join(thread, NULL) == 0 && ran;
}

static bool gets_memory(void)
{
    void *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *heap = malloc((size_t)SIZE * 16);
    bool good = memory != MAP_FAILED && heap != NULL && mprotect(memory, SIZE, PROT_READ) == 0 &&
                madvise(memory, SIZE, MADV_DONTDUMP) == 0 && munmap(memory, SIZE) == 0;
    free(heap);
    return good;
}

static bool reads_and_writes(void)
{
    char c = 'x';
    int on = 1;
    return write(sockets[0], &c, 1) == 1 && read(sockets[1], &c, 1) == 1 && send(sockets[0], &c, 1, 0) == 1 &&
           recv(sockets[1], &c, 1, 0) == 1 && ioctl(sockets[0], FIONBIO, &on) == 0;
}

static bool names_a_thread(void)
{
    return prctl(PR_SET_NAME, "engine", 0, 0, 0) == 0;
}

static bool cannot_unlink(void)
{
    return unlink("/nowhere") == -1 && errno == EPERM;
}

/* ---- what it never does ---- */

static bool makes_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static bool makes_a_pair(void)
{
    int pair[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}
static bool connects(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 80};
    return connect(sockets[0], (struct sockaddr *)&to, sizeof to) == 0;
}
static bool listens(void)
{
    return listen(sockets[0], 1) == 0;
}
static bool forks(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) >= 0;
}
static bool executes(void)
{
    char *const arguments[] = {"true", NULL};
    return execve("/bin/true", arguments, arguments) == 0;
}
static bool opens_to_read(void)
{
    return open("/etc/passwd", O_RDONLY) >= 0;
}
static bool opens_to_write(void)
{
    return open("/tmp/enclume-sandbox-test", O_WRONLY | O_CREAT, 0600) >= 0;
}
static bool makes_memory_executable(void)
{
    return mprotect(page, SIZE, PROT_READ | PROT_EXEC) == 0;
}
static bool maps_executable_memory(void)
{
    return mmap(NULL, SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static bool traces(void)
{
    return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0;
}
static bool reads_another_process(void)
{
    return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) >= 0;
}
static bool kills(void)
{
    return kill(getppid(), 0) == 0;
}
static bool becomes_root(void)
{
    return setuid(0) == 0;
}
static bool becomes_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}
static bool asks_a_terminal(void)
{
    struct winsize size;
    return ioctl(sockets[0], TIOCGWINSZ, &size) == 0;
}
static bool asks_the_chip(void)
{
    return ioctl(sockets[0], 0xc0205300UL /* SNP_GET_REPORT */, &sockets) == 0 || errno == ENOTTY;
}
/* NV_ESC_RM_ALLOC as of today and with a structure of another size; UVM_FREE. */
static bool asks_a_gpu(void)
{
    static const unsigned long requests[] = {0xc030462bUL, 0xc040462bUL, 34};
    for (size_t i = 0; i < test_count(requests); i++)
        if (ioctl(sockets[0], requests[i], &sockets) != 0 && errno != ENOTTY)
            return false;
    return true;
}
/* NV_ESC_RM_MAP_MEMORY. */
static bool maps_a_gpus_memory(void)
{
    return ioctl(sockets[0], 0xc038464eUL, &sockets) == 0 || errno == ENOTTY;
}
static bool makes_a_directory(void)
{
    return mkdir("/tmp/enclume-sandbox-test", 0700) == 0 || errno == EEXIST || errno == EACCES;
}
static bool uses_io_uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL) >= 0;
}
static bool makes_a_namespace(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}
static bool loads_a_module(void)
{
    return syscall(SYS_finit_module, 0, "", 0) == 0;
}
static bool makes_anonymous_files(void)
{
    return syscall(SYS_memfd_create, "x", 0) >= 0;
}
#ifdef __x86_64__
/* The same processor's other numbering, which a filter by number must not overlook. */
static bool uses_x32_numbers(void)
{
    return syscall(0x40000000L + SYS_getpid) > 0;
}
#endif

#define TRY(function)                                                                                        \
    {                                                                                                        \
#function, function                                                                                  \
    }
struct trial {
    const char *name;
    bool (*what)(void);
};

static void what_serving_needs_is_done(void **state)
{
    (void)state;
    static const struct trial trials[] = {TRY(starts_a_thread), TRY(gets_memory), TRY(reads_and_writes),
                                          TRY(names_a_thread), TRY(cannot_unlink)};
    for (size_t i = 0; i < test_count(trials); i++) {
        int status = run(0, trials[i].what);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
            fail_msg("%s: status 0x%x", trials[i].name, (unsigned)status);
    }
}

static void everything_else_ends_the_process(void **state)
{
    (void)state;
    static const struct trial trials[] = {
        TRY(makes_a_socket),
        TRY(makes_a_pair),
        TRY(connects),
        TRY(listens),
        TRY(forks),
        TRY(executes),
        TRY(opens_to_read),
        TRY(opens_to_write),
        TRY(makes_memory_executable),
        TRY(maps_executable_memory),
        TRY(traces),
        TRY(reads_another_process),
        TRY(kills),
        TRY(becomes_root),
        TRY(becomes_dumpable),
        TRY(asks_a_terminal),
        TRY(asks_the_chip),
        TRY(asks_a_gpu),
        TRY(makes_a_directory),
        TRY(uses_io_uring),
        TRY(makes_a_namespace),
        TRY(loads_a_module),
        TRY(makes_anonymous_files),
#ifdef __x86_64__
        TRY(uses_x32_numbers),
#endif
    };
    for (size_t i = 0; i < test_count(trials); i++) {
        int status = run(0, trials[i].what);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: status 0x%x, wanted SIGSYS", trials[i].name, (unsigned)status);
    }
}

static bool makes_a_host_socket(void)
{
    return socket(AF_VSOCK, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT;
}
static bool makes_a_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

/* A chip gets what it needs, and no more than that. */
static void a_need_opens_its_rows_alone(void **state)
{
    (void)state;
    static const struct {
        unsigned needs;
        bool (*what)(void);
        bool done;
    } table[] = {
        {SANDBOX_CHIP, makes_a_directory, true},
        {SANDBOX_CHIP, opens_to_read, true},
        {SANDBOX_CHIP, asks_the_chip, true},
        {SANDBOX_CHIP, asks_a_terminal, false},
        {SANDBOX_CHIP, asks_a_gpu, false},
        {SANDBOX_GPU, asks_a_gpu, true},
        {SANDBOX_GPU, maps_a_gpus_memory, false},
        {SANDBOX_GPU, asks_the_chip, false},
        {SANDBOX_GPU, asks_a_terminal, false},
        {SANDBOX_GPU, opens_to_read, false},
        {SANDBOX_GPU, makes_memory_executable, false},
        {SANDBOX_GPU, maps_executable_memory, false},
        {SANDBOX_GPU, executes, false},
        {SANDBOX_GPU, makes_a_socket, false},
        {SANDBOX_GPU, makes_a_host_socket, false},
        {SANDBOX_CHIP, makes_a_host_socket, true},
        {SANDBOX_CHIP, makes_a_socket, false},
        {SANDBOX_CHIP, makes_a_unix_socket, false},
        {SANDBOX_CHIP, executes, false},
        {SANDBOX_CHIP, listens, false},
        {SANDBOX_CHIP, makes_memory_executable, false},
        {SANDBOX_UNIX, makes_a_unix_socket, true},
        {SANDBOX_UNIX, makes_a_socket, false},
        {SANDBOX_UNIX, opens_to_read, false},
        {SANDBOX_UNIX, asks_the_chip, false},
        {0, makes_a_host_socket, false},
        {0, makes_a_unix_socket, false},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        int status = run(table[i].needs, table[i].what);
        bool as_wanted = table[i].done ? status == DONE : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        if (!as_wanted)
            fail_msg("row %zu: status 0x%x", i, (unsigned)status);
    }
    (void)rmdir("/tmp/enclume-sandbox-test");
}

/* ---- the process that makes connections for the enclave ---- */

static enum err enter_as_dialer(int family)
{
    return sandbox_enter_dialer(family, NULL);
}

static int run_dialer(int family, bool (*what)(void))
{
    return run_in(enter_as_dialer, family, what);
}

static bool makes_a_tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}
static bool connects_somewhere(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = 80};
    return connect(sockets[0], (struct sockaddr *)&to, sizeof to) == 0 || errno != 0;
}
static bool writes(void)
{
    return write(sockets[0], "x", 1) == 1;
}
static bool gets_more_memory(void)
{
    return mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static bool accepts(void)
{
    return accept(sockets[0], NULL, NULL) >= 0;
}

static void a_dialer_connects_and_does_nothing_else(void **state)
{
    (void)state;
    static const struct {
        int family;
        bool (*what)(void);
        bool done;
    } rows[] = {
        {AF_UNIX, makes_a_unix_socket, true},
        {AF_INET, makes_a_tcp_socket, true},
        {AF_UNIX, connects_somewhere, true},
        {AF_UNIX, makes_a_tcp_socket, false},
        {AF_INET, makes_a_unix_socket, false},
        {AF_INET, makes_a_host_socket, false},
        {AF_UNIX, makes_a_pair, false},
        {AF_UNIX, listens, false},
        {AF_UNIX, accepts, false},
        {AF_UNIX, writes, false},
        {AF_UNIX, gets_more_memory, false},
        {AF_UNIX, opens_to_read, false},
        {AF_UNIX, opens_to_write, false},
        {AF_UNIX, executes, false},
        {AF_UNIX, forks, false},
        {AF_UNIX, traces, false},
        {AF_UNIX, kills, false},
        {AF_UNIX, reads_another_process, false},
        {AF_UNIX, asks_the_chip, false},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        int status = run_dialer(rows[i].family, rows[i].what);
        bool as_wanted = rows[i].done ? status == DONE : WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
        if (!as_wanted)
            fail_msg("row %zu: status 0x%x", i, (unsigned)status);
    }
}

/* The whole of it: the program that enclumed starts, for somebody who can neither make a socket nor connect. */
static int dialer;

static bool gets_a_connection(void)
{
    int fd = -1;
    int error = -1;
    enum upstream_dial got = UPSTREAM_DIAL_NOTHING_YET;
    if (!upstream_dial_ask(dialer))
        return false;
    struct pollfd polled = {.fd = dialer, .events = POLLIN};
    if (poll(&polled, 1, 10000) == 1)
        got = upstream_dial_take(dialer, &fd, &error);
    return got == UPSTREAM_DIAL_ANSWERED && error == 0 && send(fd, "x", 1, 0) == 1;
}

static void the_confined_get_connections_from_a_dialer(void **state)
{
    (void)state;
    char dir[] = "/tmp/enclume-sandbox-XXXXXX";
    char engine[160];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char said = 0;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/s", dir);
    (void)snprintf(engine, sizeof engine, "upstream=unix:%s", at.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 1), 0);
    const struct enclave_options options = {.engine = engine};
    assert_ok(dialer_start(&options, &dialer, NULL));
    assert_true(dialer >= 0);
    (void)signal(SIGCHLD, SIG_DFL);
    assert_int_equal(run(0, gets_a_connection), DONE);
    int fd = accept(listener, NULL, NULL);
    assert_int_equal(recv(fd, &said, 1, 0), 1);
    assert_int_equal(said, 'x');
    /* It ends when nobody can ask any more. */
    int status = -1;
    (void)close(dialer);
    assert_true(wait(&status) > 0);
    assert_int_equal(status, DONE);
    (void)close(fd);
    (void)close(listener);
    (void)unlink(at.sun_path);
    (void)rmdir(dir);
}

static struct collateral_source *endorsements;

/* Under its own name, and under the one that says no product. */
static bool reads_endorsements(void)
{
    static uint8_t out[COLLATERAL_DOCUMENT_MAX];
    static const struct collateral_key keys[] = {{.kind = COLLATERAL_SNP_CRL, .product = "Genoa"},
                                                 {.kind = COLLATERAL_SNP_CRL, .product = "any"}};
    size_t len;
    for (size_t i = 0; i < test_count(keys); i++)
        if (endorsements->ask(endorsements, &keys[i], out, &len, NULL) != ERR_OK || len != 4)
            return false;
    return true;
}

/* --collateral dir:PATH, with files and calls confined as enclumed confines them (files where this kernel has Landlock). */
static void a_directory_of_endorsements_can_be_read(void **state)
{
    (void)state;
    static const struct collateral_key key = {.kind = COLLATERAL_SNP_CRL, .product = "Genoa"};
    char directory[] = "/tmp/enclume-sandbox-XXXXXX";
    char address[sizeof directory + 4];
    char file[sizeof directory + 32];
    int status;
    assert_non_null(mkdtemp(directory));
    assert_ok(collateral_directory_write(directory, &key, bytes_str("list"), NULL));
    (void)snprintf(address, sizeof address, "dir:%s", directory);
    (void)snprintf(file, sizeof file, "%s/snp-crl-Genoa-vcek.crl", directory);
    assert_ok(collateral_source_open(&kernel_real, address, &endorsements, NULL));
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)!sandbox_files("/etc/hostname", NULL, directory, SANDBOX_GPUS_NONE, NULL);
        if (sandbox_enter(SANDBOX_CHIP, NULL) != ERR_OK)
            _exit(NO_SANDBOX);
        _exit(reads_endorsements() ? DONE : NOT_DONE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    endorsements->close(endorsements);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(status, DONE);
}

static void *waits(void *argument)
{
    char c;
    (void)argument;
    (void)!read(sockets[1], &c, 1);
    (void)open("/etc/passwd", O_RDONLY);
    _exit(NOT_DONE); /* the whole process, should the filter not have reached this thread */
}

/* Threads of before are in it too. */
static void threads_that_run_already_are_caught(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, waits, NULL) != 0 || sandbox_enter(0, NULL) != ERR_OK)
            _exit(NO_SANDBOX);
        (void)!write(sockets[0], "x", 1);
        (void)pthread_join(thread, NULL);
        _exit(DONE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

/* Where this kernel has Landlock, all files but the model and what a chip needs are closed; elsewhere it says what is missing. */
static void files_are_confined_or_it_says_why_not(void **state)
{
    (void)state;
    struct err_note note = {{0}};
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enum err e = sandbox_files("/etc/hostname", NULL, "/usr/lib", SANDBOX_GPUS_ASKED, &note);
        if (e != ERR_OK)
            _exit(note.text[0] != '\0' ? DONE : NOT_DONE);
        bool good = open("/etc/hostname", O_RDONLY) >= 0 && open("/etc/passwd", O_RDONLY) < 0 &&
                    open("/usr/lib/os-release", O_RDONLY) >= 0 && open("/proc/self/status", O_RDONLY) >= 0 &&
                    open("/tmp/enclume-sandbox-test", O_WRONLY | O_CREAT, 0600) < 0;
        _exit(good ? DONE : NOT_DONE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, DONE);
}

static bool names_another_thread(void)
{
    static const char name[] = "driver";
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/comm", getpid());
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool named = fd >= 0 && write(fd, name, sizeof name - 1) == sizeof name - 1;
    if (fd >= 0)
        (void)close(fd);
    return named;
}

/* A driver that starts threads gives them names, and nobody does when it has. */
static void a_driver_names_its_threads_while_it_starts(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (sandbox_files("/etc/hostname", NULL, NULL, SANDBOX_GPUS_STARTED, NULL) != ERR_OK)
            _exit(DONE); /* this kernel has no Landlock */
        bool good = names_another_thread() && open("/etc/passwd", O_RDONLY) < 0;
        good = sandbox_files("/etc/hostname", NULL, NULL, SANDBOX_GPUS_ASKED, NULL) == ERR_OK && good;
        _exit(good && !names_another_thread() ? DONE : NOT_DONE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_serving_needs_is_done),
        cmocka_unit_test(everything_else_ends_the_process),
        cmocka_unit_test(a_need_opens_its_rows_alone),
        cmocka_unit_test(a_dialer_connects_and_does_nothing_else),
        cmocka_unit_test(the_confined_get_connections_from_a_dialer),
        cmocka_unit_test(a_directory_of_endorsements_can_be_read),
        cmocka_unit_test(threads_that_run_already_are_caught),
        cmocka_unit_test(files_are_confined_or_it_says_why_not),
        cmocka_unit_test(a_driver_names_its_threads_while_it_starts),
    };
    page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (TEST_UNDER_ASAN) {
        print_message("SKIPPED: the sanitizer's own system calls are not in the table\n");
        return 77;
    }
    if (page == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
