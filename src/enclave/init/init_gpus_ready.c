/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enclave/init/init_gpus.h"
#include "enclave/init/init_system.h"

enum { PATH_SIZE = 64, TEXT_SIZE = 16 };

/* In /dev for now, which is the kernel's; and in the /dev that stays, for enclumed. */
static enum err nodes_make(const struct init_gpu_nodes *nodes, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < nodes->count; i++) {
        char path[PATH_SIZE];
        dev_t device = makedev(nodes->at[i].major, nodes->at[i].minor);
        (void)snprintf(path, sizeof path, "/dev/%s", nodes->at[i].name);
        if (mknod(path, S_IFCHR | 0600, device) != 0 && errno != EEXIST)
            e = init_failed(note, path);
        else
            e = init_device_keep(nodes->at[i].name, device, false, true, note);
    }
    return e;
}

_Noreturn static void program_run(size_t gpus, const char *collateral, int said)
{
    char count[TEXT_SIZE];
    (void)snprintf(count, sizeof count, "%zu", gpus);
    char *const arguments[] = {INIT_GPUS_PROGRAM, count, (char *)collateral, NULL};
    char *const environment[] = {NULL};
    if (dup2(said, STDOUT_FILENO) == STDOUT_FILENO)
        (void)execve(INIT_GPUS_PROGRAM, arguments, environment);
    _exit((int)ERR_CLASS_ENCLAVE);
}

/* One line: "ready", or what is wrong. What is not printable in it is not shown. */
static enum err program_await(int said, struct err_note *note)
{
    char text[sizeof note->text] = "";
    size_t len = 0;
    ssize_t n = 1;
    while (n > 0 && len < sizeof text - 1 && memchr(text, '\n', len) == NULL) {
        n = read(said, text + len, sizeof text - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        n = n < 0 && errno == EINTR ? 1 : n;
    }
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    for (char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    if (strcmp(text, "ready") == 0)
        return ERR_OK;
    return err_noted(ERR_SYSTEM, note, "%s",
                     text[0] != '\0' ? text : INIT_GPUS_PROGRAM " has ended without a word");
}

enum err init_gpus_ready(const struct init_gpu_nodes *nodes, size_t gpus, const char *collateral,
                         pid_t *holder, struct err_note *note)
{
    int said[2];
    enum err e = nodes_make(nodes, note);
    if (e == ERR_OK && pipe2(said, O_CLOEXEC) != 0)
        e = init_failed(note, "a pipe");
    if (e != ERR_OK)
        return e;
    *holder = fork();
    if (*holder == 0)
        program_run(gpus, collateral, said[1]);
    (void)close(said[1]);
    e = *holder < 0 ? init_failed(note, INIT_GPUS_PROGRAM) : program_await(said[0], note);
    (void)close(said[0]);
    return e;
}
