/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_chip.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "enclave/init/init_system.h"
#include "evidence/report_device.h"

enum { PATH_SIZE = 320 };

static enum err entry_give(const char *name, struct err_note *note)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, REPORT_TSM_ENTRY "/%s", name);
    return chown(path, INIT_USER, INIT_USER) == 0 ? ERR_OK : init_failed(note, path);
}

static enum err tsm_open(struct err_note *note)
{
    enum err e = ERR_OK;
    if (mkdir(REPORT_TSM_ENTRY, 0755) != 0)
        return errno == ENXIO
                   ? err_noted(ERR_SYSTEM, note,
                               "no chip answers: this is no SEV-SNP or TDX machine, or it offers no reports")
                   : init_failed(note, REPORT_TSM_ENTRY);
    DIR *d = opendir(REPORT_TSM_ENTRY);
    if (d == NULL)
        return init_failed(note, REPORT_TSM_ENTRY);
    for (struct dirent *entry = readdir(d); e == ERR_OK && entry != NULL; entry = readdir(d))
        if (entry->d_name[0] != '.')
            e = entry_give(entry->d_name, note);
    (void)closedir(d);
    return e;
}

static enum err device_open(const char *name, struct err_note *note)
{
    char path[PATH_SIZE];
    struct stat info;
    (void)snprintf(path, sizeof path, "/dev/%s", name);
    if (stat(path, &info) != 0)
        return init_failed(note, path);
    return init_device_keep(name, info.st_rdev, false, true, note);
}

enum err init_chip_open(const struct init_options *o, struct err_note *note)
{
    static const struct {
        const char *evidence;
        const char *device;
    } devices[] = {{"sev-guest", "sev-guest"}, {"tdx-guest", "tdx_guest"}};
    bool any = strcmp(o->evidence, "auto") == 0;
    bool found = false;
    enum err e = ERR_OK;
    if (any || strcmp(o->evidence, "tsm") == 0) {
        e = tsm_open(note);
        found = e == ERR_OK;
        if (!any)
            return e;
    }
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (any || strcmp(o->evidence, devices[i].evidence) == 0) {
            enum err opened = device_open(devices[i].device, found ? NULL : note);
            found = found || opened == ERR_OK;
            if (!found)
                e = opened;
        }
    return found ? ERR_OK : e;
}
