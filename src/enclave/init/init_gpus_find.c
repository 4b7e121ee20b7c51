/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "enclave/init/init_gpus.h"
#include "enclave/init/init_system.h"
#include "enclave/init/init_text.h"

#define DRIVER "/proc/driver/nvidia/gpus"
#define BUS    "/sys/bus/pci/devices"

enum {
    PATH_SIZE = 512,
    ID_TEXT = 16,
    STEP_MS = 50,
    NS_OF_MS = 1000000,
    CONTROL_MINOR = 255,
    MAJOR_MAX = 4095
};

/* ---- numbers ---- */

static struct bytes trimmed(struct bytes text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = bytes_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

enum err init_gpu_minor_parse(struct bytes text, unsigned *minor, struct err_note *note)
{
    size_t found = 0;
    uint64_t number = 0;
    for (struct bytes rest = text; rest.len > 0;) {
        struct bytes value = init_field(&rest, '\n');
        struct bytes name = init_field(&value, ':');
        if (!bytes_is_str(trimmed(name), "Device Minor"))
            continue;
        if (!init_number(trimmed(value), INIT_GPU_MINOR_MAX, &number))
            return err_noted(ERR_VALUE, note, "the driver gives a GPU a number that is none");
        found++;
    }
    *minor = (unsigned)number;
    return found == 1 ? ERR_OK : err_noted(ERR_VALUE, note, "the driver gives a GPU %zu numbers", found);
}

/* "195 nvidia", below "Character devices:", before "Block devices:"; numbers are filled up with spaces. */
static bool major_find(struct bytes devices, const char *name, unsigned *major)
{
    uint64_t number = 0;
    for (struct bytes rest = devices; rest.len > 0;) {
        struct bytes line = trimmed(init_field(&rest, '\n'));
        if (bytes_is_str(line, "Block devices:"))
            return false;
        struct bytes value = line;
        struct bytes digits = init_field(&value, ' ');
        if (bytes_is_str(value, name) && init_number(digits, MAJOR_MAX, &number)) {
            *major = (unsigned)number;
            return true;
        }
    }
    return false;
}

/* ---- nodes ---- */

static void node_add(struct init_gpu_nodes *nodes, const char *name, unsigned major, unsigned minor)
{
    (void)snprintf(nodes->at[nodes->count].name, INIT_GPU_NAME_MAX, "%s", name);
    nodes->at[nodes->count].major = major;
    nodes->at[nodes->count].minor = minor;
    nodes->count++;
}

/* The names that the driver's parts have in /proc/devices: from 545 on, and before. */
enum { NAMES = 2 };
static const struct part {
    const char *node;
    const char *names[NAMES];
    unsigned minor;
} parts[] = {
    {"nvidiactl", {"nvidiactl", "nvidia-frontend"}, CONTROL_MINOR},
    {"nvidia-uvm", {"nvidia-uvm", NULL}, 0},
};
static const char *const gpu_names[NAMES] = {"nvidia", "nvidia-frontend"};

static enum err major_of(struct bytes devices, const char *const names[static NAMES], unsigned *major,
                         struct err_note *note)
{
    for (size_t i = 0; i < NAMES && names[i] != NULL; i++)
        if (major_find(devices, names[i], major))
            return ERR_OK;
    return err_noted(ERR_VALUE, note, "no driver %s: its module is not there, or took no GPU", names[0]);
}

enum err init_gpu_nodes_of(struct bytes devices, const unsigned *minors, size_t gpus,
                           struct init_gpu_nodes *nodes, struct err_note *note)
{
    unsigned major = 0;
    memset(nodes, 0, sizeof *nodes);
    if (gpus > INIT_GPUS_MAX)
        return err_noted(ERR_VALUE, note, "%zu GPUs, wanted %d at most", gpus, INIT_GPUS_MAX);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        enum err e = major_of(devices, parts[i].names, &major, note);
        if (e != ERR_OK)
            return e;
        node_add(nodes, parts[i].node, major, parts[i].minor);
    }
    enum err e = major_of(devices, gpu_names, &major, note);
    for (size_t i = 0; e == ERR_OK && i < gpus; i++) {
        char name[INIT_GPU_NAME_MAX];
        (void)snprintf(name, sizeof name, "nvidia%u", minors[i]);
        node_add(nodes, name, major, minors[i]);
    }
    return e;
}

/* ---- what is there ---- */

static bool file_is(const char *root, const char *directory, const char *name, const char *file,
                    const char *prefix)
{
    char path[PATH_SIZE];
    char text[ID_TEXT];
    struct bytes content;
    (void)snprintf(path, sizeof path, "%s%s/%.64s/%s", root, directory, name, file);
    return init_file_read(path, text, sizeof text, &content, NULL) == ERR_OK &&
           content.len >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* NVIDIA's, and of the class of 3D or VGA controllers (PCI Code and ID Assignment, base class 03h). */
static bool is_gpu(const char *root, const char *name)
{
    return file_is(root, BUS, name, "vendor", "0x10de\n") && file_is(root, BUS, name, "class", "0x03");
}

static enum err bus_count(const char *root, size_t *gpus, struct err_note *note)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s" BUS, root);
    DIR *d = opendir(path);
    if (d == NULL)
        return init_failed(note, path);
    *gpus = 0;
    for (struct dirent *entry = readdir(d); entry != NULL; entry = readdir(d))
        *gpus += entry->d_name[0] != '.' && is_gpu(root, entry->d_name);
    (void)closedir(d);
    return *gpus > 0 ? ERR_OK : err_noted(ERR_SYSTEM, note, "the machine has no GPU of NVIDIA's");
}

/* The minors of those that the driver has taken, in no order. */
static enum err driver_list(const char *root, unsigned minors[static INIT_GPUS_MAX], size_t *gpus,
                            struct err_note *note)
{
    char path[PATH_SIZE];
    char text[INIT_GPU_TEXT_MAX];
    struct bytes content;
    enum err e = ERR_OK;
    *gpus = 0;
    (void)snprintf(path, sizeof path, "%s" DRIVER, root);
    DIR *d = opendir(path);
    if (d == NULL)
        return errno == ENOENT ? ERR_OK : init_failed(note, path);
    for (struct dirent *entry = readdir(d); e == ERR_OK && entry != NULL; entry = readdir(d)) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%s" DRIVER "/%.64s/information", root, entry->d_name);
        e = *gpus < INIT_GPUS_MAX ? init_file_read(path, text, sizeof text, &content, note)
                                  : err_noted(ERR_SYSTEM, note, "more than %d GPUs", INIT_GPUS_MAX);
        if (e == ERR_OK)
            e = init_gpu_minor_parse(content, &minors[(*gpus)++], note);
    }
    (void)closedir(d);
    return e;
}

enum err init_gpus_find(const char *root, unsigned wait_ms, struct init_gpu_nodes *nodes, size_t *gpus,
                        struct err_note *note)
{
    static const struct timespec step = {.tv_nsec = (long)STEP_MS * NS_OF_MS};
    unsigned minors[INIT_GPUS_MAX];
    char path[PATH_SIZE];
    char text[INIT_GPU_TEXT_MAX];
    struct bytes content;
    size_t taken = 0;
    enum err e = bus_count(root, gpus, note);
    if (e == ERR_OK)
        e = driver_list(root, minors, &taken, note);
    for (unsigned waited = 0; e == ERR_OK && taken != *gpus && waited < wait_ms; waited += STEP_MS) {
        (void)nanosleep(&step, NULL);
        e = driver_list(root, minors, &taken, note);
    }
    if (e == ERR_OK && taken != *gpus)
        e = err_noted(ERR_SYSTEM, note, "the driver has taken %zu of %zu GPUs", taken, *gpus);
    (void)snprintf(path, sizeof path, "%s/proc/devices", root);
    if (e == ERR_OK)
        e = init_file_read(path, text, sizeof text, &content, note);
    return e == ERR_OK ? init_gpu_nodes_of(content, minors, *gpus, nodes, note) : e;
}
