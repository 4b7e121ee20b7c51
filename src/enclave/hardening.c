/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/hardening.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "enclave/sandbox.h"

/* What sanitizers and coverage do by themselves is not in the sandbox's table. Such builds are for tests alone. */
#if defined(__SANITIZE_ADDRESS__) || defined(ENCLUME_INSTRUMENTED)
static const bool can_be_confined = false;
#else
static const bool can_be_confined = true;
#endif

static enum err failed(struct err_note *note, const char *step)
{
    return err_noted(ERR_SYSTEM, note, "%s: %s", step, strerror(errno));
}

static int raise_open_files(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

/* Chat templates ask for the local time, and libc then looks for the zone's file, each time, unless it knows the zone from before: that of no place. */
static int fix_time_zone(void)
{
    if (setenv("TZ", "UTC0", 1) != 0) // NOLINT(concurrency-mt-unsafe): there is one thread yet
        return -1;
    tzset();
    return 0;
}

enum err hardening_at_start(struct err_note *note)
{
    const struct rlimit none = {0, 0};
    /* The C library gives each thread a heap of its own, and when it gives memory of one back it opens a file of /proc to see how: the sandbox would end us
     * in the middle of a request. One heap for all threads does without. (A sanitizer's heap knows nothing of it, nor of the sandbox.) */
    if (can_be_confined && mallopt(M_ARENA_MAX, 1) != 1)
        return err_noted(ERR_SYSTEM, note, "one heap for all threads");
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return failed(note, "no core dumps");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return failed(note, "not dumpable");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(note, "no new privileges");
    if (raise_open_files() != 0)
        return failed(note, "open files");
    if (fix_time_zone() != 0)
        return failed(note, "time zone");
    enum err e = secret_require_locked();
    return e == ERR_OK ? e : err_noted(e, note, "RLIMIT_MEMLOCK is too small");
}

/* One connection more, and libuv would open a file in order to be able to refuse it: the sandbox would end us. */
void hardening_fit_files(struct enclave_options *options)
{
    enum { SPARE = 64 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    rlim_t taken = SPARE + (rlim_t)options->slots; /* each of them may have a connection to another server */
    rlim_t allowed = limit.rlim_cur > taken ? limit.rlim_cur - taken : 1;
    if (options->connections <= allowed)
        return;
    (void)fprintf(stderr, "enclumed: %llu open files are allowed, so at most %llu connections at once\n",
                  (unsigned long long)limit.rlim_cur, (unsigned long long)allowed);
    options->connections = (uint32_t)allowed;
}

static enum err user_change(uint32_t user, struct err_note *note)
{
    int parent_death = 0;
    if (user == 0)
        return ERR_OK;
    if (prctl(PR_GET_PDEATHSIG, &parent_death, 0, 0, 0) != 0)
        return failed(note, "--user");
    if (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0)
        return failed(note, "--user");
    /* A change of user makes a process dumpable again, and clears what should happen to it when its launcher dies. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, parent_death, 0, 0, 0) != 0)
        return failed(note, "--user");
    return ERR_OK;
}

static bool has_real_chip(const struct enclave_options *options)
{
    return strcmp(options->evidence, ENCLAVE_EVIDENCE_SIMULATED) != 0;
}

/* What stands behind the prefix of the address of endorsements; NULL when it has another. */
static const char *collateral_at(const struct enclave_options *options, const char *prefix)
{
    size_t len = strlen(prefix);
    bool is = options->collateral != NULL && strncmp(options->collateral, prefix, len) == 0;
    return is ? options->collateral + len : NULL;
}

/* Whether the engine will look for GPUs. */
static bool looks_for_gpus(const struct enclave_options *options)
{
    return engine_llama_knows_gpus() && enclave_options_upstream(options) == NULL &&
           options->on != ENGINE_DEVICE_CPU;
}

static enum sandbox_gpus gpus_of(const struct enclave_options *options, bool started)
{
    if (looks_for_gpus(options))
        return started ? SANDBOX_GPUS_ASKED : SANDBOX_GPUS_STARTED;
    return strcmp(options->gpus, ENCLAVE_GPUS_NVML) == 0 ? SANDBOX_GPUS_ASKED : SANDBOX_GPUS_NONE;
}

static unsigned needs_of(const struct enclave_options *options, bool gpu)
{
    unsigned needs = has_real_chip(options) ? SANDBOX_CHIP : 0;
    if (gpu)
        needs |= SANDBOX_GPU;
    return collateral_at(options, "unix:") != NULL ? needs | SANDBOX_UNIX : needs;
}

enum err hardening_of_dialer(const struct enclave_options *options, int family, struct err_note *note)
{
    enum err e = user_change(options->user, note);
    return e == ERR_OK && can_be_confined ? sandbox_enter_dialer(family, note) : e;
}

enum err hardening_before_chip(const struct enclave_options *options, bool started, struct err_note *note)
{
    if (!has_real_chip(options) || !can_be_confined || (started && !looks_for_gpus(options)))
        return ERR_OK;
    return sandbox_files(options->model, options->projector, collateral_at(options, "dir:"),
                         gpus_of(options, started), note);
}

enum err hardening_after_start(const struct enclave_options *options, bool gpu, struct err_note *note)
{
    enum err e = user_change(options->user, note);
    return e == ERR_OK && can_be_confined ? sandbox_enter(needs_of(options, gpu), note) : e;
}
