/* SPDX-License-Identifier: Apache-2.0 */

/* What the guest's init reads. The first byte says as what: a command line, modules, devices. What is taken is within its bounds, and what is not is explained. */

#include <stdlib.h>
#include <string.h>

#include "enclave/init/init_lists.h"
#include "enclave/init/init_options.h"

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
        check(strchr(list.at[i].name, '/') == NULL && strlen(list.at[i].name) > strlen(".ko"));
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct bytes) = {command_line, modules, devices};
    if (size > 0)
        readers[data[0] % (sizeof readers / sizeof *readers)](bytes_of(data + 1, size - 1));
    return 0;
}
