/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "enclave/init/init_gpus.h"
#include "enclave/init/init_profile.h"
#include "enclave/init/init_server.h"
#include "enclave/init/init_system.h"

/* Of Debian's x86-64. An enclumed that is one static file has none. */
#define LOADER "/lib64/ld-linux-x86-64.so.2"

enum { GPUS_WAIT_MS = 60000 };

static struct {
    struct init_server_list list;
    struct init_gpu_nodes nodes;
    struct init_server server;
    pid_t holder;
} profile;

static const char *collateral_of(const struct init_options *o)
{
    static const char option[] = "--collateral";
    for (size_t i = 0; i + 1 < o->arg_count; i++)
        if (strcmp(o->args[i], option) == 0)
            return o->args[i + 1];
    return NULL;
}

static enum err profile_read(struct init_options *o, struct err_note *note)
{
    char text[INIT_LIST_SIZE_MAX + 1];
    struct bytes content;
    enum err e = init_file_read(INIT_SERVER_LIST, text, sizeof text, &content, note);
    if (e == ERR_OK)
        e = init_server_list_parse(content, &profile.list, note);
    if (e == ERR_OK && profile.list.gpus && collateral_of(o) == NULL)
        e = err_noted(ERR_USAGE, note, "enclume.collateral is missing: GPUs need NVIDIA's endorsements");
    if (e == ERR_OK)
        e = init_options_add(o, "--engine", "upstream=" INIT_SERVER_SOCKET);
    if (e == ERR_OK && profile.list.gpus)
        e = init_options_add(o, "--gpus", "nvml");
    o->server = true;
    o->loader = access(LOADER, F_OK) == 0 ? LOADER : NULL;
    return e;
}

static enum err profile_gpus(struct init_options *o, struct err_note *note)
{
    size_t gpus = 0;
    if (!profile.list.gpus)
        return ERR_OK;
    enum err e = init_gpus_find("", GPUS_WAIT_MS, &profile.nodes, &gpus, note);
    return e == ERR_OK ? init_gpus_ready(&profile.nodes, gpus, collateral_of(o), &profile.holder, note) : e;
}

static enum err profile_prepare(struct init_options *o, struct err_note *note)
{
    (void)o;
    return init_server_prepare(&profile.list, &profile.nodes, &profile.server, note);
}

static enum err profile_start(struct init_options *o, struct err_note *note)
{
    (void)o;
    return init_server_start(&profile.server, note);
}

const struct init_profile_step init_profile_steps[INIT_PROFILE_POINTS] = {
    [INIT_PROFILE_READ] = {"the server's list", profile_read},
    [INIT_PROFILE_DEVICES] = {"GPUs", profile_gpus},
    [INIT_PROFILE_PREPARE] = {"the server's place", profile_prepare},
    [INIT_PROFILE_START] = {"the server's start", profile_start},
};

const char *init_profile_child(pid_t pid)
{
    if (pid == profile.server.pid)
        return "the inference server";
    return profile.list.gpus && pid == profile.holder ? "the GPUs' holder" : NULL;
}
