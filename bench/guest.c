/* SPDX-License-Identifier: Apache-2.0 */
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "bench.h"
#include "client/dial.h"
#include "crypto/crypto.h"
#include "launch/simulated.h"

enum { ARGS_MAX = 32, START_SECONDS = 120, ROOT_FILE_MAX = 16 * 1024 };

static const char program[] = BENCH_BIN "/enclumed";
static const char simulator[] = BENCH_BIN "/enclume-simulator";

static void pause_ms(long ms)
{
    const struct timespec t = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&t, NULL);
}

static void measure(struct guest *g, const char *const *args, size_t count)
{
    uint8_t digest[CRYPTO_SHA384_SIZE];
    struct crypto_hash_stream *hash;
    static uint8_t piece[1 << 16];
    FILE *f = fopen(program, "rb");
    bench_must_be(f != NULL, "enclumed is not there");
    bench_must(crypto_hash_open(CRYPTO_SHA384, &hash), "hashing");
    for (size_t n = fread(piece, 1, sizeof piece, f); n != 0; n = fread(piece, 1, sizeof piece, f))
        bench_must(crypto_hash_feed(hash, bytes_of(piece, n)), "hashing");
    bench_must(crypto_hash_close(hash, digest), "hashing");
    (void)fclose(f);
    bench_must(launch_simulated_measure(digest, args, count, g->measurement[0]), "the measurement");
}

static pid_t launch(const struct guest *g, const char *const *args)
{
    const char *argv[ARGS_MAX + 8] = {simulator, "--root-out", g->root_file, "--delay-ms",
                                      "2",       "--",         program};
    size_t n = 7;
    while (*args != NULL)
        argv[n++] = *args++;
    (void)fflush(stdout);
    pid_t pid = fork();
    bench_must_be(pid >= 0, "cannot fork");
    if (pid == 0) {
        int quiet = open("/dev/null", O_RDWR);
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)dup2(quiet, 0);
        (void)dup2(quiet, 1);
        (void)dup2(quiet, 2);
        (void)execv(simulator, (char *const *)argv);
        _exit(1);
    }
    return pid;
}

static void wait_until_it_listens(const struct guest *g)
{
    double end = bench_clock() + START_SECONDS;
    int fd = -1;
    struct err_note note;
    while (dial(g->address, 1000, -1, &fd, &note) != ERR_OK) {
        bench_must_be(bench_clock() < end && waitpid(g->simulator, NULL, WNOHANG) == 0,
                      "enclumed does not start");
        pause_ms(20);
    }
    (void)close(fd);
}

static void load_root(struct guest *g)
{
    struct bytes file = {0};
    struct err_note note;
    size_t len = 0;
    bench_must(file_read(g->root_file, ROOT_FILE_MAX, &file, &note), "the simulated root");
    struct bytes text = file;
    bench_must(encoding_pem_next(&text, "CERTIFICATE", g->root, sizeof g->root, &len), "the simulated root");
    g->policy.simulated_root = bytes_of(g->root, len);
    secret_free((void *)file.ptr);
}

static pid_t child_of(pid_t parent)
{
    char path[64];
    int child = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    bench_must_be(f != NULL && fscanf(f, "%d", &child) == 1, "enclumed is not a child of the simulator");
    (void)fclose(f);
    return child;
}

void guest_start(struct guest *g, const char *const *args)
{
    const char *all[ARGS_MAX + 1] = {"--listen", g->address, "--evidence", "simulated"};
    size_t count = 4;
    *g = (struct guest){.dir = "/tmp/enclume-bench-XXXXXX"};
    bench_must_be(mkdtemp(g->dir) != NULL, "no directory");
    (void)snprintf(g->address, sizeof g->address, "unix:%s/s", g->dir);
    (void)snprintf(g->root_file, sizeof g->root_file, "%s/root", g->dir);
    while (*args != NULL && count < ARGS_MAX)
        all[count++] = *args++;
    measure(g, all, count);
    g->simulator = launch(g, all);
    wait_until_it_listens(g);
    g->enclave = child_of(g->simulator);
    load_root(g);
    g->policy.measurements = (const uint8_t(*)[ATTEST_MEASUREMENT_SIZE])g->measurement;
    g->policy.measurement_count = 1;
}

void guest_stop(struct guest *g)
{
    (void)kill(g->simulator, SIGTERM);
    (void)waitpid(g->simulator, NULL, 0);
    (void)unlink(g->address + strlen("unix:"));
    (void)unlink(g->root_file);
    (void)rmdir(g->dir);
}

double guest_memory(const struct guest *g, const char *field)
{
    char path[64];
    char line[256];
    double kib = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)g->enclave);
    FILE *f = fopen(path, "r");
    bench_must_be(f != NULL, "enclumed has ended");
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':')
            kib = strtod(line + strlen(field) + 1, NULL);
    (void)fclose(f);
    bench_must_be(kib >= 0, field);
    return kib * 1024;
}
