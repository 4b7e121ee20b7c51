/* SPDX-License-Identifier: Apache-2.0 */
#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/tdx_event.h"
#include "launch/uefi_signatures.h"
#include "launch/uefi_variables.h"

/* RTMR0: what the firmware measures of Secure Boot (TCG PC Client Platform Firmware Profile, PCR 7; edk2, OvmfPkg/Tcg/TdTcg2Dxe and
 * SecurityPkg/Library/DxeImageVerificationLib). */

/* Room for what stands before a variable's value. */
enum { VARIABLE_HEAD_MAX = 128 };

/* name: of the variable; event: what the list calls it. UEFI_VARIABLE_DATA. */
static enum err variable_event(struct tdx_events *events, const char *event, const char *vendor,
                               const char *name, struct bytes value)
{
    uint8_t room[VARIABLE_HEAD_MAX];
    uint8_t digest[TDX_DIGEST_SIZE];
    struct bytes parts[2] = {[1] = value};
    struct writer w = writer_into(room, sizeof room);
    tdx_event_put_guid(&w, vendor);
    writer_u64le(&w, strlen(name));
    writer_u64le(&w, value.len);
    tdx_event_put_text(&w, name);
    enum err e = writer_finish(&w, &parts[0]);
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA384, parts, 2, digest);
    return e == ERR_OK ? tdx_event_add(events, 0, event, digest) : e;
}

/* On, when a platform key is there and nobody has switched it off. */
static enum err secure_boot_find(struct tdx_measuring *m, enum tdx_secure_boot *is)
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

enum err tdx_secure_boot_events(struct tdx_measuring *m)
{
    static const struct {
        const char *vendor, *name;
        bool only_if_there; /* the others are measured empty */
    } names[] = {{UEFI_GLOBAL_VARIABLE, "PK", false},
                 {UEFI_GLOBAL_VARIABLE, "KEK", false},
                 {UEFI_SECURITY_DATABASE, "db", false},
                 {UEFI_SECURITY_DATABASE, "dbx", false},
                 {UEFI_SECURITY_DATABASE, "dbt", true}};
    static const uint8_t values[] = {0, 1};
    static const struct bytes of[] = {[TDX_SECURE_BOOT_ABSENT] = {.ptr = NULL, .len = 0},
                                      [TDX_SECURE_BOOT_OFF] = {.ptr = &values[0], .len = 1},
                                      [TDX_SECURE_BOOT_ON] = {.ptr = &values[1], .len = 1}};
    enum tdx_secure_boot is = TDX_SECURE_BOOT_ABSENT;
    enum err e = secure_boot_find(m, &is);
    if (e == ERR_OK)
        e = variable_event(m->events, "SecureBoot", UEFI_GLOBAL_VARIABLE, "SecureBoot", of[is]);
    for (size_t i = 0; e == ERR_OK && i < sizeof names / sizeof *names; i++) {
        struct bytes value;
        bool found;
        e = uefi_variable_find(m->variables->data, names[i].vendor, names[i].name, &found, &value, m->note);
        if (e == ERR_OK && (found || !names[i].only_if_there))
            e = variable_event(m->events, names[i].name, names[i].vendor, names[i].name, value);
    }
    return e == ERR_OK ? tdx_event_separator(m->events, 0) : e;
}

/* With one entry in db it was that one, or the kernel was not started at all. Which of several it is, follows from the kernel's signature, which is not looked
 * at here. */
enum err tdx_authority_event(struct tdx_measuring *m)
{
    enum tdx_secure_boot is = TDX_SECURE_BOOT_ABSENT;
    struct bytes db;
    struct bytes entry;
    size_t count;
    bool found;
    enum err e = secure_boot_find(m, &is);
    if (e != ERR_OK || is != TDX_SECURE_BOOT_ON)
        return e;
    e = uefi_variable_find(m->variables->data, UEFI_SECURITY_DATABASE, "db", &found, &db, m->note);
    if (e == ERR_OK)
        e = uefi_signatures_read(db, &count, &entry, m->note);
    if (e != ERR_OK)
        return e;
    if (count == 1)
        return variable_event(m->events, "db, what admits the kernel", UEFI_SECURITY_DATABASE, "db", entry);
    if (m->events->unknown[0] == NULL)
        m->events->unknown[0] =
            count == 0
                ? "Secure Boot is on, and the firmware's db is empty: it starts no kernel"
                : "Secure Boot is on, and the firmware's db has several entries: which of them admits the "
                  "kernel is measured, and not computed; leave one in db";
    return ERR_OK;
}
