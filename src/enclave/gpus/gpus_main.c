/* SPDX-License-Identifier: Apache-2.0 */

/*
 * enclume-gpus COUNT COLLATERAL: started by the image's init, as root, before there is a model or a key. Makes the machine's GPUs ready (gpus.h), says "ready" on
 * standard output, or in one line why not, and stays: the driver forgets a GPU that nobody uses. It asks for nothing any more then, and cannot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attest/bundle_parts.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "enclave/filter.h"
#include "enclave/gpus/gpus.h"

static enum err collateral_open(const char *address, struct collateral_cache **cache, struct err_note *note)
{
    struct collateral_source *source;
    enum err e = collateral_source_open(&kernel_real, address, &source, note);
    if (e != ERR_OK)
        return e;
    e = collateral_cache_new(source, NULL, cache);
    if (e != ERR_OK)
        source->close(source);
    return e;
}

static enum err make_ready(const char *count, const char *address, struct err_note *note)
{
    struct nvgpu_policy policy;
    struct evidence_nvml *held;
    char *end = NULL;
    struct gpus_options o = {.policy = &policy, .kernel = &kernel_real, .expected = strtoul(count, &end, 10)};
    if (end == count || *end != '\0' || o.expected == 0 || o.expected > BUNDLE_GPUS_MAX)
        return err_noted(ERR_USAGE, note, "the number of GPUs is none");
    nvgpu_policy_default(&policy);
    policy.gpu_count = o.expected;
    strict_json_init();
    enum err e = crypto_init();
    if (e == ERR_OK)
        e = collateral_open(address, &o.collateral, note);
    if (e == ERR_OK)
        e = gpus_ready(&o, &held, note);
    return e;
}

/* Holds what is open. */
static enum err hold(struct err_note *note)
{
    static const struct filter_row rows[] = {
        {__NR_pause, FILTER_ALWAYS, FILTER_ANY, 0},
        {__NR_restart_syscall, FILTER_ALWAYS, FILTER_ANY, 0},
        {__NR_write, FILTER_ALWAYS, FILTER_BITS(0, FILTER_ALL, STDOUT_FILENO), 0},
        {__NR_futex, FILTER_ALWAYS, FILTER_ANY, 0}, /* a thread of the library's, if it has one, sleeps on */
        {__NR_exit_group, FILTER_ALWAYS, FILTER_ANY, 0},
    };
    return filter_enter(rows, sizeof rows / sizeof *rows, 0, FILTER_REFUSE, note);
}

int main(int argc, char **argv)
{
    static const char word[] = "ready\n";
    struct err_note note = {{0}};
    enum err e = argc == 3 ? make_ready(argv[1], argv[2], &note)
                           : err_noted(ERR_USAGE, &note, "usage: enclume-gpus COUNT COLLATERAL");
    if (e == ERR_OK)
        e = hold(&note);
    if (e != ERR_OK) {
        (void)printf("%s\n", note.text[0] != '\0' ? note.text : err_text(e));
        return (int)err_class(e);
    }
    if (write(STDOUT_FILENO, word, sizeof word - 1) != (ssize_t)(sizeof word - 1))
        return (int)ERR_CLASS_ENCLAVE;
    for (;;)
        (void)pause();
}
