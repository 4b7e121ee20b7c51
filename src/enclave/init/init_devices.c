/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_devices.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "enclave/init/init_system.h"

enum { PATH_SIZE = 320, ID_TEXT = 16 };

struct check {
    const struct init_devices *list;
    bool vsock;
    bool network;
    unsigned seen[INIT_DEVICES_MAX];
};

/* "0x1af4\n" */
static enum err id_read(const char *directory, const char *name, const char *file, uint16_t *id,
                        struct err_note *note)
{
    char path[PATH_SIZE];
    char text[ID_TEXT];
    struct bytes content;
    char *end = NULL;
    (void)snprintf(path, sizeof path, "%s/%s/%s", directory, name, file);
    enum err e = init_file_read(path, text, sizeof text, &content, note);
    if (e != ERR_OK)
        return e;
    text[content.len] = '\0';
    unsigned long value = strtoul(text, &end, 16);
    *id = (uint16_t)value;
    return value <= UINT16_MAX && end != text && *end == '\n'
               ? ERR_OK
               : err_noted(ERR_SYSTEM, note, "%s: is no number", path);
}

static enum err device_check(struct check *c, bool virtio, const char *directory, const char *name,
                             struct err_note *note)
{
    uint16_t vendor = 0;
    uint16_t device = 0;
    enum err e = virtio ? ERR_OK : id_read(directory, name, "vendor", &vendor, note);
    if (e == ERR_OK)
        e = id_read(directory, name, "device", &device, note);
    if (e != ERR_OK)
        return e;
    const struct init_device *row = init_device_find(c->list, virtio, vendor, device, c->vsock, c->network);
    if (row == NULL)
        return virtio ? err_noted(ERR_SYSTEM, note, "virtio device %u is not on the list", device)
                      : err_noted(ERR_SYSTEM, note, "PCI device %04x:%04x at %.20s is not on the list",
                                  vendor, device, name);
    if (c->seen[row - c->list->at]++ > 0 && virtio)
        return err_noted(ERR_SYSTEM, note, "virtio device %u is there more than once", device);
    return ERR_OK;
}

static enum err bus_check(struct check *c, bool virtio, const char *directory, struct err_note *note)
{
    enum err e = ERR_OK;
    DIR *d = opendir(directory);
    if (d == NULL)
        return init_failed(note, directory);
    for (struct dirent *entry = readdir(d); e == ERR_OK && entry != NULL; entry = readdir(d))
        if (entry->d_name[0] != '.')
            e = device_check(c, virtio, directory, entry->d_name, note);
    (void)closedir(d);
    return e;
}

/* Every device that is wanted must be there: a machine without says so here, and not by an error of somebody else's. */
static enum err wanted_check(const struct check *c, struct err_note *note)
{
    for (size_t i = 0; i < c->list->count; i++) {
        const struct init_device *d = &c->list->at[i];
        bool is_wanted = d->virtio && init_is_wanted(d->when, c->vsock, c->network);
        if (is_wanted && c->seen[i] == 0)
            return err_noted(ERR_SYSTEM, note, "virtio device %u is missing", d->device);
    }
    return ERR_OK;
}

enum err init_devices_check(const struct init_devices *list, bool vsock, bool network, struct err_note *note)
{
    struct check c = {.list = list, .vsock = vsock, .network = network};
    enum err e = bus_check(&c, false, "/sys/bus/pci/devices", note);
    if (e == ERR_OK)
        e = bus_check(&c, true, "/sys/bus/virtio/devices", note);
    return e == ERR_OK ? wanted_check(&c, note) : e;
}
