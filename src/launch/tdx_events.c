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
#include "launch/tdx_digest.h"
#include "launch/uefi_variables.h"

/* Room for what stands before a variable's value, and for a boot option. */
enum { VARIABLE_HEAD_MAX = 128, OPTION_MAX = 256 };

struct measuring {
    const struct tdx_machine *launch;
    struct tdvf firmware;
    const struct tdvf_section *variables;
    struct tdx_events *events;
    struct err_note *note;
};

/* ---- one event ---- */

static enum err event_add(struct tdx_events *events, unsigned rtmr, const char *name,
                          const uint8_t digest[static TDX_DIGEST_SIZE])
{
    if (events->count == TDX_EVENTS_MAX)
        return ERR_NO_SPACE;
    struct tdx_event *event = &events->at[events->count++];
    event->rtmr = rtmr;
    event->name = name;
    memcpy(event->digest, digest, TDX_DIGEST_SIZE);
    return ERR_OK;
}

/* Most events have the digest of the data that they are about. */
static enum err event_of(struct tdx_events *events, unsigned rtmr, const char *name, struct bytes data)
{
    uint8_t digest[TDX_DIGEST_SIZE];
    enum err e = crypto_hash_parts(CRYPTO_SHA384, &data, 1, digest);
    return e == ERR_OK ? event_add(events, rtmr, name, digest) : e;
}

static enum err separator(struct tdx_events *events, unsigned rtmr)
{
    static const uint8_t zero[4];
    return event_of(events, rtmr, "separator", bytes_of(zero, sizeof zero));
}

static void utf16_put(struct writer *w, const char *ascii)
{
    for (const char *c = ascii; *c != '\0'; c++)
        writer_u16le(w, (uint16_t)(unsigned char)*c);
}

static void guid_put(struct writer *w, const char *text)
{
    uint8_t guid[GUID_SIZE];
    guid_of(text, guid);
    writer_bytes(w, bytes_of(guid, sizeof guid));
}

/* ---- RTMR0: variables (TCG PC Client Platform Firmware Profile, UEFI_VARIABLE_DATA) ---- */

static enum err variable_event(struct tdx_events *events, const char *vendor, const char *name,
                               struct bytes value)
{
    uint8_t room[VARIABLE_HEAD_MAX];
    uint8_t digest[TDX_DIGEST_SIZE];
    struct bytes parts[2] = {[1] = value};
    struct writer w = writer_into(room, sizeof room);
    guid_put(&w, vendor);
    writer_u64le(&w, strlen(name));
    writer_u64le(&w, value.len);
    utf16_put(&w, name);
    enum err e = writer_finish(&w, &parts[0]);
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA384, parts, 2, digest);
    return e == ERR_OK ? event_add(events, 0, name, digest) : e;
}

/* On, when a platform key is there and nobody has switched it off. */
static enum err secure_boot_find(struct measuring *m, enum tdx_secure_boot *is)
{
    struct bytes key;
    struct bytes enable;
    bool has_key = false;
    bool has_enable = false;
    enum err e = uefi_variable_find(m->variables->data, UEFI_GLOBAL_VARIABLE, "PK", &has_key, &key, m->note);
    if (e == ERR_OK)
        e = uefi_variable_find(m->variables->data, UEFI_SECURE_BOOT_ENABLE, "SecureBootEnable", &has_enable,
                               &enable, m->note);
    if (e != ERR_OK)
        return e;
    const bool is_off = has_enable && enable.len == 1 && enable.ptr[0] == 0;
    *is = m->launch->secure_boot;
    if (has_key)
        *is = is_off ? TDX_SECURE_BOOT_OFF : TDX_SECURE_BOOT_ON;
    return ERR_OK;
}

static enum err secure_boot_events(struct measuring *m)
{
    static const struct {
        const char *vendor, *name;
    } names[] = {{UEFI_GLOBAL_VARIABLE, "PK"},
                 {UEFI_GLOBAL_VARIABLE, "KEK"},
                 {UEFI_SECURITY_DATABASE, "db"},
                 {UEFI_SECURITY_DATABASE, "dbx"}};
    static const uint8_t values[] = {0, 1};
    static const struct bytes of[] = {[TDX_SECURE_BOOT_ABSENT] = {.ptr = NULL, .len = 0},
                                      [TDX_SECURE_BOOT_OFF] = {.ptr = &values[0], .len = 1},
                                      [TDX_SECURE_BOOT_ON] = {.ptr = &values[1], .len = 1}};
    enum tdx_secure_boot is = TDX_SECURE_BOOT_ABSENT;
    enum err e = secure_boot_find(m, &is);
    if (e == ERR_OK)
        e = variable_event(m->events, UEFI_GLOBAL_VARIABLE, "SecureBoot", of[is]);
    for (size_t i = 0; e == ERR_OK && i < sizeof names / sizeof *names; i++) {
        struct bytes value;
        bool found;
        e = uefi_variable_find(m->variables->data, names[i].vendor, names[i].name, &found, &value, m->note);
        if (e == ERR_OK)
            e = variable_event(m->events, names[i].vendor, names[i].name, value);
    }
    if (is == TDX_SECURE_BOOT_ON)
        m->events->unknown[0] =
            "Secure Boot is on: the key that admits the kernel is measured too, and is not computed";
    return e == ERR_OK ? separator(m->events, 0) : e;
}

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
    guid_put(w, guid);
}

static enum err option_event(struct tdx_events *events, const struct boot_option *o)
{
    uint8_t room[OPTION_MAX];
    struct bytes all;
    struct writer w = writer_into(room, sizeof room);
    writer_u32le(&w, o->attributes);
    writer_u16le(&w, 2 * (NODE_HEADER_SIZE + GUID_SIZE) + NODE_HEADER_SIZE);
    utf16_put(&w, o->description);
    writer_u16le(&w, 0);
    node_put(&w, NODE_VOLUME, firmware_volume);
    node_put(&w, NODE_FILE, o->file);
    writer_u8(&w, NODE_END);
    writer_u8(&w, NODE_END_ENTIRE);
    writer_u16le(&w, NODE_HEADER_SIZE);
    enum err e = writer_finish(&w, &all);
    return e == ERR_OK ? event_of(events, 0, o->variable, all) : e;
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
        e = event_of(events, 0, "BootOrder", order);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = option_event(events, &options[i]);
    return e;
}

/* ---- RTMR0: what the host supplies ---- */

static enum err hob_events(struct measuring *m)
{
    uint8_t hob[TDX_HOB_MAX];
    size_t size;
    enum err e = tdx_hob(&m->firmware, m->launch->memory, hob, &size, m->note);
    if (e == ERR_OK)
        e = event_of(m->events, 0, "TD HOB", bytes_of(hob, size));
    return e == ERR_OK ? event_of(m->events, 0, "configuration volume", m->variables->data) : e;
}

/* QEMU, hw/core/... fw_cfg: a menu that nobody asked for, and the option ROM that QEMU adds with a kernel. */
static enum err fw_cfg_events(struct measuring *m)
{
    static const uint8_t no_menu[2];
    static const char order[] = "/rom@genroms/linuxboot_dma.bin";
    enum err e = event_of(m->events, 0, "fw_cfg BootMenu", bytes_of(no_menu, sizeof no_menu));
    return e == ERR_OK ? event_of(m->events, 0, "fw_cfg bootorder", bytes_of(order, sizeof order)) : e;
}

static enum err acpi_events(struct measuring *m)
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
        e = event_of(m->events, 0, "fw_cfg etc/table-loader", loader);
    if (e == ERR_OK)
        e = event_of(m->events, 0, "fw_cfg etc/acpi/rsdp", rsdp);
    return e == ERR_OK ? event_of(m->events, 0, "fw_cfg etc/acpi/tables", t->acpi) : e;
}

static enum err smbios_events(struct measuring *m)
{
    const struct tdx_tables *t = m->launch->tables;
    if (t != NULL && t->smbios != NULL)
        return event_add(m->events, 0, "SMBIOS", t->smbios);
    if (m->events->unknown[0] == NULL)
        m->events->unknown[0] = "the digest of what this firmware measures of SMBIOS is not given";
    return ERR_OK;
}

static enum err setup_options(struct measuring *m)
{
    return options_events(m->events, only_setup, sizeof only_setup / sizeof *only_setup);
}

static enum err menu_options(struct measuring *m)
{
    return options_events(m->events, menu_and_setup, sizeof menu_and_setup / sizeof *menu_and_setup);
}

static enum err late_separator(struct measuring *m)
{
    return separator(m->events, 0);
}

/* ---- RTMR1 ---- */

static enum err kernel_digest(struct measuring *m, uint8_t digest[static TDX_DIGEST_SIZE])
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

static enum err kernel_events(struct measuring *m)
{
    uint8_t digest[TDX_DIGEST_SIZE];
    enum err e = kernel_digest(m, digest);
    if (e == ERR_OK)
        e = event_add(m->events, 1, "kernel", digest);
    if (e == ERR_OK)
        e = event_of(m->events, 1, "calling the boot option",
                     bytes_str("Calling EFI Application from Boot Option"));
    if (e == ERR_OK && m->launch->firmware_kind != TDX_FIRMWARE_202402)
        e = separator(m->events, 1);
    if (e == ERR_OK)
        e = event_of(m->events, 1, "leaving the firmware", bytes_str("Exit Boot Services Invocation"));
    return e == ERR_OK ? event_of(m->events, 1, "firmware left",
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

static enum err linux_events(struct measuring *m)
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
        utf16_put(&w, "initrd=initrd ");
    utf16_put(&w, l->cmdline);
    if (l->has_initrd && l->firmware_kind < TDX_FIRMWARE_202508)
        utf16_put(&w, " initrd=initrd");
    writer_u16le(&w, 0);
    e = writer_finish(&w, &all);
    if (e == ERR_OK)
        e = event_of(m->events, 2, "command line", all);
    free(room);
    return e == ERR_OK && l->has_initrd ? event_add(m->events, 2, "initial file system", l->initrd) : e;
}

/* ---- all of it ---- */

typedef enum err (*step)(struct measuring *m);

/* In the order in which the registers are extended; a firmware is a row. */
enum { STEPS_MAX = 8 };
static const step rtmr0_steps[][STEPS_MAX] = {
    [TDX_FIRMWARE_202402] = {hob_events, secure_boot_events, acpi_events, setup_options, late_separator},
    [TDX_FIRMWARE_202502] = {hob_events, secure_boot_events, acpi_events, setup_options},
    [TDX_FIRMWARE_202505] = {hob_events, fw_cfg_events, secure_boot_events, acpi_events, smbios_events,
                             menu_options},
    [TDX_FIRMWARE_202508] = {hob_events, fw_cfg_events, secure_boot_events, acpi_events, smbios_events,
                             menu_options},
};

static enum err launch_open(struct measuring *m)
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
    struct measuring m = {.launch = launch, .events = events, .note = note};
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
