/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/acpi.h"
#include "launch/guid.h"
#include "launch/pe_digest.h"
#include "launch/qemu_linux.h"
#include "launch/register.h"
#include "launch/tdx_event.h"

enum { OPTION_MAX = 256 };

/* ---- RTMR0: boot options (UEFI Specification, section 3.1.3, EFI_LOAD_OPTION), as edk2's OvmfPkgX64 has them with no disk to boot from ---- */

struct boot_option {
    const char *variable;
    uint32_t attributes;
    const char *description;
    const char *file;
};

static const char firmware_volume[] = "7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1";

enum {
    OPTION_ACTIVE = 0x1,
    OPTION_HIDDEN = 0x8,
    OPTION_CATEGORY_APP = 0x100,
    NODE_MEDIA = 4,
    NODE_FILE = 6,
    NODE_VOLUME = 7,
    NODE_END = 0x7f,
    NODE_END_ENTIRE = 0xff,
    NODE_HEADER_SIZE = 4,
};

static const struct boot_option only_setup[] = {
    {"Boot0000", OPTION_ACTIVE | OPTION_HIDDEN | OPTION_CATEGORY_APP, "UiApp",
     "462caa21-7614-4503-836e-8ab6f4662331"},
};
static const struct boot_option menu_and_setup[] = {
    {"Boot0000", OPTION_ACTIVE | OPTION_HIDDEN | OPTION_CATEGORY_APP, "BootManagerMenuApp",
     "eec25bdc-67f2-4d95-b1d5-f81b2039d11d"},
    {"Boot0001", OPTION_ACTIVE | OPTION_CATEGORY_APP, "EFI Firmware Setup",
     "462caa21-7614-4503-836e-8ab6f4662331"},
};

static void node_put(struct writer *w, uint8_t subtype, const char *guid)
{
    writer_u8(w, NODE_MEDIA);
    writer_u8(w, subtype);
    writer_u16le(w, NODE_HEADER_SIZE + GUID_SIZE);
    tdx_event_put_guid(w, guid);
}

static enum err option_event(struct tdx_events *events, const struct boot_option *o)
{
    uint8_t room[OPTION_MAX];
    struct bytes all;
    struct writer w = writer_into(room, sizeof room);
    writer_u32le(&w, o->attributes);
    writer_u16le(&w, 2 * (NODE_HEADER_SIZE + GUID_SIZE) + NODE_HEADER_SIZE);
    tdx_event_put_text(&w, o->description);
    writer_u16le(&w, 0);
    node_put(&w, NODE_VOLUME, firmware_volume);
    node_put(&w, NODE_FILE, o->file);
    writer_u8(&w, NODE_END);
    writer_u8(&w, NODE_END_ENTIRE);
    writer_u16le(&w, NODE_HEADER_SIZE);
    enum err e = writer_finish(&w, &all);
    return e == ERR_OK ? tdx_event_of(events, 0, o->variable, all) : e;
}

static enum err options_events(struct tdx_events *events, const struct boot_option *options, size_t count)
{
    uint8_t room[2 * 2];
    struct bytes order;
    struct writer w = writer_into(room, sizeof room);
    for (size_t i = 0; i < count; i++)
        writer_u16le(&w, (uint16_t)i);
    enum err e = writer_finish(&w, &order);
    if (e == ERR_OK)
        e = tdx_event_of(events, 0, "BootOrder", order);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = option_event(events, &options[i]);
    return e;
}

/* ---- RTMR0: what the host supplies ---- */

static enum err hob_events(struct tdx_measuring *m)
{
    uint8_t hob[TDX_HOB_MAX];
    size_t size;
    enum err e = tdx_hob(&m->firmware, m->launch->memory, hob, &size, m->note);
    if (e == ERR_OK)
        e = tdx_event_of(m->events, 0, "TD HOB", bytes_of(hob, size));
    return e == ERR_OK ? tdx_event_of(m->events, 0, "configuration volume", m->variables->data) : e;
}

/* QEMU, hw/core/... fw_cfg: a menu that nobody asked for, and the option ROM that QEMU adds with a kernel. */
static enum err fw_cfg_events(struct tdx_measuring *m)
{
    static const uint8_t no_menu[2];
    static const char order[] = "/rom@genroms/linuxboot_dma.bin";
    enum err e = tdx_event_of(m->events, 0, "fw_cfg BootMenu", bytes_of(no_menu, sizeof no_menu));
    return e == ERR_OK ? tdx_event_of(m->events, 0, "fw_cfg bootorder", bytes_of(order, sizeof order)) : e;
}

static enum err acpi_events(struct tdx_measuring *m)
{
    const struct tdx_tables *t = m->launch->tables;
    uint8_t rsdp_made[ACPI_RSDP_SIZE];
    uint8_t loader_made[ACPI_LOADER_SIZE];
    if (t == NULL) {
        m->events->unknown[0] = "the ACPI tables that QEMU makes for this machine are not given";
        return ERR_OK;
    }
    struct bytes rsdp = t->rsdp;
    struct bytes loader = t->loader;
    enum err e = ERR_OK;
    if (rsdp.len == 0) {
        e = acpi_rsdp(t->acpi, rsdp_made, m->note);
        rsdp = bytes_of(rsdp_made, sizeof rsdp_made);
    }
    if (e == ERR_OK && loader.len == 0) {
        e = acpi_loader(t->acpi, loader_made, m->note);
        loader = bytes_of(loader_made, sizeof loader_made);
    }
    if (e == ERR_OK)
        e = tdx_event_of(m->events, 0, "fw_cfg etc/table-loader", loader);
    if (e == ERR_OK)
        e = tdx_event_of(m->events, 0, "fw_cfg etc/acpi/rsdp", rsdp);
    return e == ERR_OK ? tdx_event_of(m->events, 0, "fw_cfg etc/acpi/tables", t->acpi) : e;
}

static enum err smbios_events(struct tdx_measuring *m)
{
    const struct tdx_tables *t = m->launch->tables;
    if (t != NULL && t->smbios != NULL)
        return tdx_event_add(m->events, 0, "SMBIOS", t->smbios);
    if (m->events->unknown[0] == NULL)
        m->events->unknown[0] = "the digest of what this firmware measures of SMBIOS is not given";
    return ERR_OK;
}

static enum err setup_options(struct tdx_measuring *m)
{
    return options_events(m->events, only_setup, sizeof only_setup / sizeof *only_setup);
}

static enum err menu_options(struct tdx_measuring *m)
{
    return options_events(m->events, menu_and_setup, sizeof menu_and_setup / sizeof *menu_and_setup);
}

static enum err late_separator(struct tdx_measuring *m)
{
    return tdx_event_separator(m->events, 0);
}

/* ---- RTMR1 ---- */

static enum err kernel_digest(struct tdx_measuring *m, uint8_t digest[static TDX_DIGEST_SIZE])
{
    const struct tdx_machine *l = m->launch;
    if (!l->kernel_is_patched)
        return pe_digest(l->kernel, CRYPTO_SHA384, digest, m->note);
    if (l->kernel.len < QEMU_LINUX_HEADER_SIZE)
        return err_noted(ERR_TRUNCATED, m->note, "kernel: %zu bytes", l->kernel.len);
    const struct qemu_linux q = {.memory = l->memory,
                                 .has_initrd = l->has_initrd,
                                 .initrd_size = l->initrd_size,
                                 .cmdline = l->cmdline};
    uint8_t *patched = malloc(l->kernel.len);
    if (patched == NULL)
        return ERR_MEMORY;
    memcpy(patched, l->kernel.ptr, l->kernel.len);
    enum err e = qemu_linux_patch(&q, patched, m->note);
    if (e == ERR_OK)
        e = pe_digest(bytes_of(patched, l->kernel.len), CRYPTO_SHA384, digest, m->note);
    free(patched);
    return e;
}

static enum err kernel_events(struct tdx_measuring *m)
{
    uint8_t digest[TDX_DIGEST_SIZE];
    enum err e = kernel_digest(m, digest);
    if (e == ERR_OK)
        e = tdx_event_add(m->events, 1, "kernel", digest);
    if (e == ERR_OK)
        e = tdx_event_of(m->events, 1, "calling the boot option",
                         bytes_str("Calling EFI Application from Boot Option"));
    if (e == ERR_OK && m->launch->firmware_kind != TDX_FIRMWARE_202402)
        e = tdx_event_separator(m->events, 1);
    if (e == ERR_OK)
        e = tdx_event_of(m->events, 1, "leaving the firmware", bytes_str("Exit Boot Services Invocation"));
    return e == ERR_OK ? tdx_event_of(m->events, 1, "firmware left",
                                      bytes_str("Exit Boot Services Returned with Success"))
                       : e;
}

/* ---- RTMR2: Linux, drivers/firmware/efi/libstub; the firmware (edk2, GenericQemuLoadImageLib) adds where the initial file system is ---- */

static enum err cmdline_check(const char *cmdline, struct err_note *note)
{
    if (strlen(cmdline) > TDX_CMDLINE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "command line of %zu bytes", strlen(cmdline));
    for (const char *c = cmdline; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
            return err_noted(ERR_VALUE, note, "command line: character 0x%x at %zu is not ASCII",
                             (unsigned)(unsigned char)*c, (size_t)(c - cmdline));
    return ERR_OK;
}

static enum err linux_events(struct tdx_measuring *m)
{
    enum { ROOM = 2 * (TDX_CMDLINE_MAX + 64) };
    const struct tdx_machine *l = m->launch;
    struct bytes all;
    enum err e = cmdline_check(l->cmdline, m->note);
    if (e != ERR_OK)
        return e;
    uint8_t *room = malloc(ROOM);
    if (room == NULL)
        return ERR_MEMORY;
    struct writer w = writer_into(room, ROOM);
    if (l->has_initrd && l->firmware_kind >= TDX_FIRMWARE_202508)
        tdx_event_put_text(&w, "initrd=initrd ");
    tdx_event_put_text(&w, l->cmdline);
    if (l->has_initrd && l->firmware_kind < TDX_FIRMWARE_202508)
        tdx_event_put_text(&w, " initrd=initrd");
    writer_u16le(&w, 0);
    e = writer_finish(&w, &all);
    if (e == ERR_OK)
        e = tdx_event_of(m->events, 2, "command line", all);
    free(room);
    return e == ERR_OK && l->has_initrd ? tdx_event_add(m->events, 2, "initial file system", l->initrd) : e;
}

/* ---- all of it ---- */

typedef enum err (*step)(struct tdx_measuring *m);

/* In the order in which the registers are extended; a firmware is a row. */
enum { STEPS_MAX = 8 };
static const step rtmr0_steps[][STEPS_MAX] = {
    [TDX_FIRMWARE_202402] = {hob_events, tdx_secure_boot_events, acpi_events, tdx_authority_event,
                             setup_options, late_separator},
    [TDX_FIRMWARE_202502] = {hob_events, tdx_secure_boot_events, acpi_events, tdx_authority_event,
                             setup_options},
    [TDX_FIRMWARE_202505] = {hob_events, fw_cfg_events, tdx_secure_boot_events, acpi_events,
                             tdx_authority_event, smbios_events, menu_options},
    [TDX_FIRMWARE_202508] = {hob_events, fw_cfg_events, tdx_secure_boot_events, acpi_events,
                             tdx_authority_event, smbios_events, menu_options},
};

static enum err launch_open(struct tdx_measuring *m)
{
    const struct tdx_machine *l = m->launch;
    enum err e = tdvf_parse(l->firmware, &m->firmware, m->note);
    for (size_t i = 0; e == ERR_OK && i < m->firmware.section_count; i++)
        if (m->firmware.sections[i].type > TDVF_SECTION_TEMP_MEM)
            e = err_noted(ERR_VALUE, m->note, "QEMU takes no firmware with sections of type %d",
                          (int)m->firmware.sections[i].type);
    if (e == ERR_OK && (l->memory == 0 || l->memory % OVMF_PAGE_SIZE != 0 || l->memory > 1ULL << 46))
        e = err_noted(ERR_VALUE, m->note, "memory of %llu bytes", (unsigned long long)l->memory);
    return e == ERR_OK ? tdvf_find(&m->firmware, TDVF_SECTION_CFV, &m->variables, m->note) : e;
}

enum err tdx_machine_events(const struct tdx_machine *launch, struct tdx_events *events,
                            struct err_note *note)
{
    struct tdx_measuring m = {.launch = launch, .events = events, .note = note};
    *events = (struct tdx_events){0};
    enum err e = launch_open(&m);
    const step *steps = rtmr0_steps[launch->firmware_kind];
    for (size_t i = 0; e == ERR_OK && i < STEPS_MAX && steps[i] != NULL; i++)
        e = steps[i](&m);
    if (launch->kernel.len == 0) {
        events->unknown[1] = events->unknown[2] = "no kernel is given";
        return e;
    }
    if (e == ERR_OK)
        e = kernel_events(&m);
    return e == ERR_OK ? linux_events(&m) : e;
}

enum err tdx_event_fold(const struct tdx_events *events, unsigned rtmr, uint8_t value[static TDX_DIGEST_SIZE])
{
    enum err e = events->unknown[rtmr] != NULL ? ERR_VALUE : ERR_OK;
    memset(value, 0, TDX_DIGEST_SIZE);
    for (size_t i = 0; e == ERR_OK && i < events->count; i++)
        if (events->at[i].rtmr == rtmr)
            e = launch_register_extend(value, events->at[i].digest);
    return e;
}
