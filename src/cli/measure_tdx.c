/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/measure_tdx.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli/digest_file.h"
#include "cli/measure_files.h"
#include "cli/size_text.h"
#include "launch/acpi.h"
#include "launch/smbios.h"

enum { KERNEL_MAX = 128 * 1024 * 1024 };

/* Versions as version_text_parse gives them. */
enum {
    QEMU_OLDEST = 80000,
    QEMU_PAGE_BY_PAGE = 90000,
    QEMU_PLAIN_KERNEL = 100000, /* hands out the kernel without its changes too, to firmware that asks */
    QEMU_PLAIN_KERNEL_ALWAYS = 100100, /* to a confidential machine */
    FIRMWARE_OLDEST = 20230500,
    FIRMWARE_SEPARATOR = 20240500,
    FIRMWARE_FW_CFG = 20250500,
    FIRMWARE_INITRD_FIRST = 20250800,
};

struct inputs {
    struct tdx_machine launch;
    struct tdx_tables tables;
    uint8_t smbios[TDX_DIGEST_SIZE];
    uint8_t processor_id[SMBIOS_PROCESSOR_ID_SIZE];
    char *cmdline;
};

/* ---- words ---- */

static enum err versions_read(const struct measure_tdx *m, struct tdx_machine *l, struct err_note *note)
{
    const char *qemu_text = m->qemu == NULL ? "11.0" : m->qemu;
    const char *firmware_text = m->firmware_version == NULL ? "2025.02" : m->firmware_version;
    uint32_t qemu;
    uint32_t firmware;
    if (!version_text_parse(qemu_text, &qemu) || qemu < QEMU_OLDEST)
        return err_noted(ERR_USAGE, note, "--qemu %.100s: wanted a version like 10.1, not before 8.0",
                         qemu_text);
    if (!version_text_parse(firmware_text, &firmware) || firmware < FIRMWARE_OLDEST)
        return err_noted(
            ERR_USAGE, note,
            "--firmware-version %.100s: wanted a release of edk2 like 2025.02, not before 2023.05",
            firmware_text);
    l->page_order = qemu < QEMU_PAGE_BY_PAGE ? TDX_SECTION_BY_SECTION : TDX_PAGE_BY_PAGE;
    l->firmware_kind = firmware >= FIRMWARE_INITRD_FIRST ? TDX_FIRMWARE_202508
                       : firmware >= FIRMWARE_FW_CFG     ? TDX_FIRMWARE_202505
                       : firmware >= FIRMWARE_SEPARATOR  ? TDX_FIRMWARE_202502
                                                         : TDX_FIRMWARE_202402;
    l->kernel_is_patched =
        qemu < QEMU_PLAIN_KERNEL || (qemu < QEMU_PLAIN_KERNEL_ALWAYS && firmware < FIRMWARE_FW_CFG);
    return ERR_OK;
}

static enum err secure_boot_read(const struct measure_tdx *m, struct tdx_machine *l, struct err_note *note)
{
    static const struct {
        const char *name;
        enum tdx_secure_boot is;
    } names[] = {
        {"absent", TDX_SECURE_BOOT_ABSENT}, {"off", TDX_SECURE_BOOT_OFF}, {"on", TDX_SECURE_BOOT_ON}};
    if (m->secure_boot == NULL)
        return ERR_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, m->secure_boot) == 0) {
            l->secure_boot = names[i].is;
            return ERR_OK;
        }
    return err_noted(ERR_USAGE, note, "--secure-boot %.100s: is not known; known: absent, off, on",
                     m->secure_boot);
}

static enum err words_read(const struct measure_tdx *m, struct inputs *in, struct err_note *note)
{
    if (m->firmware == NULL)
        return err_noted(ERR_USAGE, note, "--firmware: is required");
    if (m->kernel == NULL && (m->initrd != NULL || m->cmdline != NULL))
        return err_noted(ERR_USAGE, note, "--initrd and --cmdline: are a kernel's; give --kernel");
    if (m->memory == NULL && (m->kernel != NULL || m->acpi_tables != NULL))
        return err_noted(ERR_USAGE, note, "--memory: is required, but for MRTD alone");
    if (m->acpi_tables == NULL &&
        (m->rsdp != NULL || m->table_loader != NULL || m->smbios != NULL || m->smbios_tables != NULL))
        return err_noted(ERR_USAGE, note,
                         "--rsdp, --table-loader, --smbios and --smbios-tables: go with --acpi-tables");
    if (m->smbios != NULL && m->smbios_tables != NULL)
        return err_noted(ERR_USAGE, note, "--smbios and --smbios-tables: one of the two");
    if (m->processor_id != NULL && m->smbios_tables == NULL)
        return err_noted(ERR_USAGE, note, "--processor-id: goes with --smbios-tables");
    if (m->memory != NULL && !size_text_parse(m->memory, &in->launch.memory))
        return err_noted(ERR_USAGE, note, "--memory %.100s: wanted a size like 4G or 2048M", m->memory);
    if (m->smbios != NULL && encoding_unhex(bytes_str(m->smbios), in->smbios, sizeof in->smbios) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--smbios: wanted the event's digest, 96 hexadecimal digits");
    if (m->processor_id != NULL &&
        encoding_unhex(bytes_str(m->processor_id), in->processor_id, sizeof in->processor_id) != ERR_OK)
        return err_noted(
            ERR_USAGE, note,
            "--processor-id: wanted 16 hexadecimal digits, as dmidecode shows them without the spaces");
    enum err e = versions_read(m, &in->launch, note);
    return e == ERR_OK ? secure_boot_read(m, &in->launch, note) : e;
}

/* ---- files ---- */

static enum err maybe_read(const char *path, struct bytes *content, struct err_note *note)
{
    return path == NULL ? ERR_OK : file_read(path, ACPI_TABLES_MAX, content, note);
}

static enum err smbios_read(const struct measure_tdx *m, struct inputs *in, struct err_note *note)
{
    struct bytes table;
    if (m->smbios_tables == NULL)
        return ERR_OK;
    enum err e = file_read(m->smbios_tables, SMBIOS_TABLE_MAX, &table, note);
    if (e != ERR_OK)
        return e;
    e = smbios_digest(table, m->processor_id == NULL ? NULL : in->processor_id, in->smbios, note);
    secret_free(bytes_owned(table));
    return e;
}

static enum err tables_read(const struct measure_tdx *m, struct inputs *in, struct err_note *note)
{
    uint32_t processors;
    if (m->acpi_tables == NULL)
        return ERR_OK;
    in->launch.tables = &in->tables;
    in->tables.smbios = m->smbios == NULL && m->smbios_tables == NULL ? NULL : in->smbios;
    enum err e = smbios_read(m, in, note);
    if (e == ERR_OK)
        e = file_read(m->acpi_tables, ACPI_TABLES_MAX, &in->tables.acpi, note);
    if (e == ERR_OK)
        e = maybe_read(m->rsdp, &in->tables.rsdp, note);
    if (e == ERR_OK)
        e = maybe_read(m->table_loader, &in->tables.loader, note);
    if (e == ERR_OK)
        e = acpi_processors(in->tables.acpi, &processors, note);
    if (e == ERR_OK && processors != m->vcpus)
        e = err_noted(ERR_VALUE, note, "%s: is of a machine with %u processors, --vcpus says %u",
                      m->acpi_tables, processors, m->vcpus);
    return e;
}

static enum err initrd_read(const char *path, struct tdx_machine *l, struct err_note *note)
{
    struct stat s;
    if (path == NULL)
        return ERR_OK;
    enum err e = digest_file(path, CRYPTO_SHA384, l->initrd, note);
    if (e == ERR_OK && (stat(path, &s) != 0 || s.st_size <= 0 || s.st_size > INT32_MAX))
        e = err_noted(ERR_FILE, note, "%s: is empty, or too large for an initial file system", path);
    if (e != ERR_OK)
        return e;
    l->has_initrd = true;
    l->initrd_size = (uint32_t)s.st_size;
    return ERR_OK;
}

static enum err files_read(const struct measure_tdx *m, struct inputs *in, struct err_note *note)
{
    struct tdx_machine *l = &in->launch;
    enum err e = file_read(m->firmware, OVMF_SIZE_MAX, &l->firmware, note);
    if (e == ERR_OK)
        e = tables_read(m, in, note);
    if (e == ERR_OK && m->kernel != NULL)
        e = file_read(m->kernel, KERNEL_MAX, &l->kernel, note);
    if (e == ERR_OK && m->kernel != NULL && l->kernel.len == 0)
        e = err_noted(ERR_VALUE, note, "%s: is empty", m->kernel);
    if (e == ERR_OK)
        e = initrd_read(m->initrd, l, note);
    if (e == ERR_OK && m->cmdline_text == NULL)
        e = measure_cmdline_read(m->cmdline, &in->cmdline, note);
    l->cmdline = m->cmdline_text != NULL ? m->cmdline_text : in->cmdline;
    return e;
}

static void inputs_free(struct inputs *in)
{
    secret_free(bytes_owned(in->launch.firmware));
    secret_free(bytes_owned(in->launch.kernel));
    secret_free(bytes_owned(in->tables.acpi));
    secret_free(bytes_owned(in->tables.rsdp));
    secret_free(bytes_owned(in->tables.loader));
    secret_free(in->cmdline);
}

/* ---- registers ---- */

static enum err registers_fill(const struct tdx_events *events, struct launch_registers *launch)
{
    enum err e = ERR_OK;
    for (unsigned i = 0; e == ERR_OK && i < TDX_RTMRS; i++) {
        launch->at[1 + i].unknown = events->unknown[i];
        if (events->unknown[i] == NULL)
            e = tdx_event_fold(events, i, launch->at[1 + i].value);
    }
    return e;
}

enum err measure_tdx_compute(const struct measure_tdx *m, struct launch_registers *launch,
                             struct tdx_events *events, struct err_note *note)
{
    struct inputs in = {0};
    *events = (struct tdx_events){0};
    /* Nothing in the guest extends RTMR3. */
    *launch = (struct launch_registers){
        .count = 5,
        .at = {{.name = "mrtd"}, {.name = "rtmr0"}, {.name = "rtmr1"}, {.name = "rtmr2"}, {.name = "rtmr3"}}};
    enum err e = words_read(m, &in, note);
    if (e == ERR_OK)
        e = files_read(m, &in, note);
    if (e == ERR_OK)
        e = tdx_mrtd(in.launch.firmware, in.launch.page_order, launch->at[0].value, note);
    if (e == ERR_OK && m->memory != NULL)
        e = tdx_machine_events(&in.launch, events, note);
    for (unsigned i = 0; m->memory == NULL && i < TDX_RTMRS; i++)
        events->unknown[i] = "nothing but the firmware is given";
    if (e == ERR_OK)
        e = registers_fill(events, launch);
    inputs_free(&in);
    return e;
}
