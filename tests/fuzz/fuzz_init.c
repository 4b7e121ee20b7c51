/* SPDX-License-Identifier: Apache-2.0 */

/* What the guest's init reads. The first byte says as what: a command line, modules, devices; a server's list, and what the kernel says of GPUs. What is taken is within its bounds, and what is not is explained. */

#include <stdlib.h>
#include <string.h>

#include "enclave/init/init_gpus.h"
#include "enclave/init/init_lists.h"
#include "enclave/init/init_options.h"
#include "enclave/init/init_server_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is)
{
    if (!is)
        abort();
}

static void command_line(struct bytes text)
{
    static struct init_options o;
    struct verity_layout layout;
    struct err_note note = {{0}};
    if (init_options_parse(text, &o, &note) != ERR_OK) {
        check(note.text[0] != '\0');
        return;
    }
    check(verity_layout_of(o.model_size, &layout) == ERR_OK);
    check(o.port >= 1024 && o.arg_count <= INIT_ARGS_MAX && o.args[o.arg_count] == NULL);
    check(o.network || o.vsock);
    for (size_t i = 0; i < o.arg_count; i++)
        check(strlen(o.args[i]) > 0 && strchr(o.args[i], ' ') == NULL);
}

static void modules(struct bytes text)
{
    static struct init_modules list;
    struct err_note note = {{0}};
    if (init_modules_parse(text, &list, &note) != ERR_OK) {
        check(note.text[0] != '\0');
        return;
    }
    check(list.count <= INIT_MODULES_MAX);
    for (size_t i = 0; i < list.count; i++)
        check(strchr(list.at[i].name, '/') == NULL && strlen(list.at[i].name) > strlen(".ko") &&
              strpbrk(list.at[i].parameters, "\"'\n/") == NULL);
}

static void devices(struct bytes text)
{
    static struct init_devices list;
    struct err_note note = {{0}};
    if (init_devices_parse(text, &list, &note) != ERR_OK) {
        check(note.text[0] != '\0');
        return;
    }
    for (size_t i = 0; i < list.count; i++) {
        const struct init_device *d = &list.at[i];
        check(init_device_find(&list, d->virtio, d->vendor, d->device, true, true) != NULL);
    }
}

static void server_list(struct bytes text)
{
    static struct init_server_list list;
    struct err_note note = {{0}};
    if (init_server_list_parse(text, &list, &note) != ERR_OK) {
        check(note.text[0] != '\0');
        return;
    }
    check(list.args[0][0] == '/' && list.scratch_mib >= 1 && list.scratch_mib <= INIT_SERVER_SCRATCH_MAX);
    check(list.arg_count <= INIT_SERVER_WORDS_MAX && list.args[list.arg_count] == NULL);
    check(list.env_count <= INIT_SERVER_WORDS_MAX && list.env[list.env_count] == NULL);
    for (size_t i = 0; i < list.arg_count; i++)
        check(strlen(list.args[i]) > 0 && strchr(list.args[i], '\n') == NULL);
    for (size_t i = 0; i < list.env_count; i++)
        check(strchr(list.env[i], '=') > list.env[i]);
}

static void gpu_minor(struct bytes text)
{
    unsigned minor = 0;
    struct err_note note = {{0}};
    if (init_gpu_minor_parse(text, &minor, &note) != ERR_OK)
        check(note.text[0] != '\0');
    else
        check(minor <= INIT_GPU_MINOR_MAX);
}

static void gpu_nodes(struct bytes text)
{
    static const unsigned minors[INIT_GPUS_MAX] = {INIT_GPU_MINOR_MAX, 1, 2};
    static struct init_gpu_nodes nodes;
    struct err_note note = {{0}};
    if (init_gpu_nodes_of(text, minors, INIT_GPUS_MAX, &nodes, &note) != ERR_OK) {
        check(note.text[0] != '\0');
        return;
    }
    check(nodes.count == INIT_GPU_NODES_MAX);
    for (size_t i = 0; i < nodes.count; i++)
        check(nodes.at[i].major < 4096 && nodes.at[i].minor < 256 && strchr(nodes.at[i].name, '/') == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct bytes) = {command_line, modules,   devices,
                                                    server_list,  gpu_minor, gpu_nodes};
    if (size > 0)
        readers[data[0] % (sizeof readers / sizeof *readers)](bytes_of(data + 1, size - 1));
    return 0;
}
