/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "unit/test.h"

enum { SKIPPED = 77, START_MS = 120000, END_MS = 60000, CHAT_MS = 120000 };

static void name_it(char to[static WORLD_PATH], const char *prefix, const char *dir, const char *name)
{
    int n = snprintf(to, WORLD_PATH, "%s%s/%s", prefix, dir, name);
    assert_true(n > 0 && n < WORLD_PATH);
}

static void append(const char **argv, size_t *n, const char *const *more)
{
    while (*more != NULL) {
        assert_true(*n < PROCESS_ARGS_MAX - 1);
        argv[(*n)++] = *more++;
    }
    argv[*n] = NULL;
}

/* The command line of the enclave. */
static void append_enclave(const struct world *w, const char **argv, size_t *n,
                           char listen[static WORLD_PATH])
{
    const char *program = w->options.program != NULL ? w->options.program : E2E_ENCLUMED;
    const char *model = w->options.model != NULL ? w->options.model : ENCLUME_DEMO_MODEL;
    (void)snprintf(listen, WORLD_PATH, "%s", w->address);
    append(argv, n,
           (const char *const[]){program, "--listen", listen, "--model", model, "--evidence", "simulated",
                                 NULL});
    append(argv, n, w->options.enclave);
}

static const char *platform_of(const struct world *w)
{
    return w->options.platform != NULL ? w->options.platform : "snp";
}

/* enclume measure, with an option more, or NULL. */
static void measure(const struct world *w, const char *option, struct process *p)
{
    const char *argv[PROCESS_ARGS_MAX];
    char listen[WORLD_PATH];
    size_t n = 0;
    append(argv, &n,
           (const char *const[]){E2E_ENCLUME, "measure", "simulated", "--platform", platform_of(w), option,
                                 NULL});
    append(argv, &n, (const char *const[]){"--", NULL});
    append_enclave(w, argv, &n, listen);
    assert_int_equal(process_run(p, argv), 0);
}

/* The first line is the measurement, or "mrtd " and MRTD. */
static void measure_all(struct world *w)
{
    struct process p;
    struct err_note note = {{0}};
    measure(w, NULL, &p);
    const char *end = strchr(p.out.bytes, '\n');
    assert_true(end != NULL && end - p.out.bytes >= (ptrdiff_t)sizeof w->measurement - 1);
    memcpy(w->measurement, end - (sizeof w->measurement - 1), sizeof w->measurement - 1);
    w->measurement[sizeof w->measurement - 1] = '\0';
    process_release(&p);
    measure(w, "--policy", &p);
    assert_ok(file_write(w->policy, bytes_of(p.out.bytes, p.out.len), &note));
    process_release(&p);
}

void world_open(struct world *w, const struct world_options *options)
{
    *w = (struct world){.options = *options, .simulator = {.in = -1, .fds = {-1, -1}, .reaped = true}};
    (void)strcpy(w->dir, "/tmp/enclume-e2e-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    name_it(w->socket, "", w->dir, "enclave");
    name_it(w->address, "unix:", w->dir, "enclave");
    if (options->listen != NULL)
        (void)snprintf(w->address, sizeof w->address, "%s", options->listen);
    name_it(w->relay, "", w->dir, "relay");
    name_it(w->relay_address, "unix:", w->dir, "relay");
    name_it(w->root, "", w->dir, "root.pem");
    name_it(w->log, "", w->dir, "log");
    name_it(w->policy, "", w->dir, "policy.json");
    measure_all(w);
}

int world_setup(void **state)
{
    (void)state;
    strict_json_init();
    return crypto_init() == ERR_OK ? 0 : -1;
}

void world_require_model(void)
{
    if (access(ENCLUME_DEMO_MODEL, R_OK) == 0)
        return;
    (void)printf("skipped: %s is missing; deps/model makes it\n", ENCLUME_DEMO_MODEL);
    exit(SKIPPED); // NOLINT(concurrency-mt-unsafe)
}

void world_require_sight(void)
{
    struct world w;
    world_start(&w, &(struct world_options){.lie = NULL});
    bool visible = world_visible(&w);
    world_stop(&w);
    if (visible)
        return;
    (void)puts("skipped: enclumed hides its memory and its open files from all users but root");
    exit(SKIPPED); // NOLINT(concurrency-mt-unsafe)
}

static bool log_has(const struct world *w, const char *text)
{
    size_t len = 0;
    if (access(w->log, R_OK) != 0)
        return false;
    char *log = process_read_file(w->log, &len);
    bool has = strstr(log, text) != NULL;
    free(log);
    return has;
}

bool world_run(struct world *w)
{
    const char *argv[PROCESS_ARGS_MAX];
    char listen[WORLD_PATH];
    size_t n = 0;
    (void)unlink(w->log);
    if (w->options.lie == NULL)
        append(argv, &n, (const char *const[]){E2E_SIMULATOR, NULL});
    else
        append(argv, &n, (const char *const[]){E2E_HOSTILE_SIMULATOR, w->options.lie, NULL});
    append(argv, &n,
           (const char *const[]){"--platform", platform_of(w), "--root-out", w->root, "--chain", E2E_CHAIN,
                                 "--delay-ms", "2", NULL});
    append(argv, &n, w->options.simulator);
    append(argv, &n, (const char *const[]){"--", NULL});
    append_enclave(w, argv, &n, listen);
    (void)mkdir(E2E_CHAIN, 0700);
    process_start(&w->simulator, argv, w->log);
    long end = process_clock() + START_MS;
    while (!log_has(w, "Z listening")) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/%d/root", (int)w->simulator.pid);
        if (process_clock() > end || access(path, F_OK) != 0) /* a zombie has no root any more */
            return false;
        process_sleep(5);
    }
    w->enclave = process_child_of(w->simulator.pid);
    return true;
}

static void show_log(const struct world *w)
{
    size_t len = 0;
    char *log = process_read_file(w->log, &len);
    (void)fprintf(stderr, "---- log of the enclave\n%s----\n", log);
    free(log);
}

void world_start(struct world *w, const struct world_options *options)
{
    world_open(w, options);
    if (!world_run(w)) {
        show_log(w);
        fail_msg("the enclave did not start");
    }
}

int world_end(struct world *w)
{
    if (!w->simulator.reaped)
        (void)kill(w->simulator.pid, SIGTERM);
    int code = process_finish(&w->simulator, END_MS);
    process_release(&w->simulator);
    return code;
}

void world_remove(struct world *w)
{
    DIR *list = opendir(w->dir);
    assert_non_null(list);
    for (struct dirent *e = readdir(list); e != NULL; e = readdir(list)) { // NOLINT(concurrency-mt-unsafe)
        char *path = world_path(w, e->d_name);
        (void)unlink(path);
        free(path);
    }
    (void)closedir(list);
    assert_int_equal(rmdir(w->dir), 0);
}

void world_stop(struct world *w)
{
    int code = world_end(w);
    if (code != 0)
        show_log(w);
    assert_int_equal(code, 0);
    world_remove(w);
}

void world_chat_start(const struct world *w, const char *address, struct process *p,
                      const char *const *arguments)
{
    const char *argv[PROCESS_ARGS_MAX];
    size_t n = 0;
    append(argv, &n,
           (const char *const[]){E2E_ENCLUME, "chat", "--connect", address != NULL ? address : w->address,
                                 "--trust-simulated", w->root, "--policy", w->policy, NULL});
    append(argv, &n, arguments);
    process_start(p, argv, NULL);
}

int world_chat(const struct world *w, const char *address, struct process *p, const char *const *arguments)
{
    world_chat_start(w, address, p, arguments);
    return process_finish(p, CHAT_MS);
}

char *world_path(const struct world *w, const char *name)
{
    size_t size = strlen(w->dir) + strlen(name) + 2;
    char *path = malloc(size);
    assert_non_null(path);
    (void)snprintf(path, size, "%s/%s", w->dir, name);
    return path;
}

bool world_visible(const struct world *w)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)w->enclave);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

size_t world_open_files(const struct world *w)
{
    return process_open_files(w->enclave);
}

size_t world_resident_kib(const struct world *w)
{
    return (size_t)process_status(w->enclave, "VmRSS:");
}

bool world_alive(const struct world *w)
{
    return kill(w->enclave, 0) == 0;
}
