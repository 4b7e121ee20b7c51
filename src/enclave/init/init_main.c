/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PID 1 of the guest image: makes the machine into a place where enclumed can run and nothing else can, and ends with it. Every step is a row of one table; one that
 * fails stops the machine with a line on the serial port that names it. There is no shell to fall back to, and no input but the measured command line and initrd.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/init/init_chip.h"
#include "enclave/init/init_confine.h"
#include "enclave/init/init_devices.h"
#include "enclave/init/init_network.h"
#include "enclave/init/init_profile.h"
#include "enclave/init/init_system.h"
#include "enclave/init/init_verity.h"

#define VOLUME "/dev/vda"

struct guest {
    struct init_options options;
    struct init_modules modules;
    struct init_devices devices;
    char command_line[INIT_LINE_MAX + 2];
    char list[INIT_LIST_SIZE_MAX + 1];
};

/* ---- the steps ---- */

static enum err step_files(struct guest *g, struct err_note *note)
{
    (void)g;
    return init_mount_kernel(note);
}

static enum err step_command_line(struct guest *g, struct err_note *note)
{
    struct bytes line;
    enum err e = init_file_read("/proc/cmdline", g->command_line, sizeof g->command_line, &line, note);
    if (e == ERR_OK && line.len > 0 && line.ptr[line.len - 1] == '\n')
        line.len--;
    return e == ERR_OK ? init_options_parse(line, &g->options, note) : e;
}

static enum err step_lists(struct guest *g, struct err_note *note)
{
    struct bytes text;
    enum err e = init_file_read("/modules", g->list, sizeof g->list, &text, note);
    if (e == ERR_OK)
        e = init_modules_parse(text, &g->modules, note);
    if (e == ERR_OK)
        e = init_file_read("/devices", g->list, sizeof g->list, &text, note);
    return e == ERR_OK ? init_devices_parse(text, &g->devices, note) : e;
}

static enum err step_acpi(struct guest *g, struct err_note *note)
{
    (void)g;
    return init_acpi_check(note);
}

static enum err step_random(struct guest *g, struct err_note *note)
{
    (void)g;
    return init_random_check(note);
}

static enum err step_devices(struct guest *g, struct err_note *note)
{
    return init_devices_check(&g->devices, g->options.vsock, g->options.network, note);
}

static enum err step_modules(struct guest *g, struct err_note *note)
{
    return init_modules_load(&g->modules, g->options.vsock, g->options.network, note);
}

static enum err step_chip(struct guest *g, struct err_note *note)
{
    enum err e = init_mount_configfs(note);
    return e == ERR_OK ? init_chip_open(&g->options, note) : e;
}

static enum err step_model(struct guest *g, struct err_note *note)
{
    uint64_t device = 0;
    enum err e = init_verity_open(VOLUME, &g->options, &device, note);
    return e == ERR_OK ? init_device_keep(INIT_MODEL_NODE, device, true, false, note) : e;
}

static enum err step_network(struct guest *g, struct err_note *note)
{
    return g->options.network ? init_network_open(&g->options, note) : ERR_OK;
}

static enum err step_kernel(struct guest *g, struct err_note *note)
{
    (void)g;
    return init_kernel_close(note);
}

static enum err step_seal(struct guest *g, struct err_note *note)
{
    (void)g;
    return init_seal_files(note);
}

/* Our own, or without a name the profile's at that point. */
static const struct step {
    const char *name;
    enum err (*run)(struct guest *g, struct err_note *note);
    enum init_profile_point point;
} steps[] = {
    {.name = "file systems", .run = step_files},
    {.name = "command line", .run = step_command_line},
    {.name = "lists", .run = step_lists},
    {.point = INIT_PROFILE_READ},
    {.name = "ACPI", .run = step_acpi},
    {.name = "randomness", .run = step_random},
    {.name = "devices", .run = step_devices},
    {.name = "modules", .run = step_modules},
    {.name = "chip", .run = step_chip},
    {.point = INIT_PROFILE_DEVICES},
    {.name = "model volume", .run = step_model},
    {.name = "network", .run = step_network},
    {.point = INIT_PROFILE_PREPARE},
    {.name = "kernel", .run = step_kernel},
    {.name = "read-only", .run = step_seal},
    {.point = INIT_PROFILE_START},
};

/* *name: of what was run. */
static enum err step_run(const struct step *step, struct guest *g, const char **name, struct err_note *note)
{
    const struct init_profile_step *of_profile = &init_profile_steps[step->point];
    *name = step->name != NULL ? step->name : of_profile->name;
    if (step->name != NULL)
        return step->run(g, note);
    return of_profile->run != NULL ? of_profile->run(&g->options, note) : ERR_OK;
}

/* ---- the end ---- */

/* Without ACPI's byte code the machine cannot be switched off, only reset: the host's -no-reboot ends it. */
static _Noreturn void stop(const char *step, const char *reason)
{
    (void)fprintf(stderr, "enclume-init: stopped: %s: %s\n", step, reason);
    (void)fflush(stderr);
    sync();
    (void)reboot(RB_AUTOBOOT);
    for (;;)
        (void)pause();
}

static _Noreturn void enclumed_start(const struct guest *g)
{
    struct err_note note = {{0}};
    static char *const environment[] = {NULL};
    enum err e = init_confine(&g->options, &note);
    if (e == ERR_OK)
        (void)execve(INIT_PROGRAM, (char *const *)g->options.args, environment);
    (void)fprintf(stderr, "enclume-init: " INIT_PROGRAM " cannot be started: %s\n",
                  e == ERR_OK ? strerror(errno) : note.text);
    _exit((int)ERR_CLASS_ENCLAVE);
}

/* Whose process must not end; NULL: it has been somebody's orphan. */
static const char *name_of(pid_t pid, pid_t enclumed)
{
    return pid == enclumed ? "enclumed" : init_profile_child(pid);
}

static _Noreturn void enclumed_watch(pid_t pid)
{
    char reason[64];
    int status = 0;
    pid_t ended;
    const char *name = NULL;
    while (name == NULL) {
        ended = wait(&status);
        if (ended < 0 && errno != EINTR)
            stop("enclumed", strerror(errno));
        if (ended >= 0)
            name = name_of(ended, pid);
    }
    if (WIFSIGNALED(status))
        (void)snprintf(reason, sizeof reason, "ended by signal %d", WTERMSIG(status));
    else
        (void)snprintf(reason, sizeof reason, "ended with status %d", WEXITSTATUS(status));
    stop(name, reason);
}

/* Input is nobody's, output the kernel's console. */
static void console_open(void)
{
    int console = open("/dev/console", O_WRONLY | O_NOCTTY);
    int null = open("/dev/null", O_RDWR);
    if (null >= 0)
        (void)dup2(null, STDIN_FILENO);
    if (console < 0)
        console = null;
    if (console >= 0) {
        (void)dup2(console, STDOUT_FILENO);
        (void)dup2(console, STDERR_FILENO);
    }
    for (int fd = STDERR_FILENO + 1; fd <= STDERR_FILENO + 3; fd++)
        (void)close(fd);
}

int main(void)
{
    static struct guest guest;
    struct err_note note = {{0}};
    const char *name = NULL;
    if (getpid() != 1) {
        (void)fputs("enclume-init: it is the first process of the guest image, and nothing else\n", stderr);
        return (int)ERR_CLASS_USAGE;
    }
    (void)umask(0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        enum err e = step_run(&steps[i], &guest, &name, &note);
        if (i == 0)
            console_open();
        if (e != ERR_OK)
            stop(name, note.text[0] != '\0' ? note.text : err_text(e));
    }
    pid_t pid = fork();
    if (pid < 0)
        stop("enclumed", strerror(errno));
    if (pid == 0)
        enclumed_start(&guest);
    enclumed_watch(pid);
}
