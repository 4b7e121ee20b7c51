/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/hcl_runtime.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/reader.h"
#include "base/strict_json.h"

enum { KEYS_MAX = 4, KEY_OPERATIONS_MAX = 4, TEXT_MAX = 128 };

static const char *const switch_names[HCL_SWITCH_COUNT] = {
    "secure-boot",
    "tpm-enabled",
    "console-enabled",
    "interactive-console-enabled", //
    "ipmi-enabled",
    "tpm-persisted",
    "filtered-vpci-devices-allowed",
};

const char *hcl_switch_name(enum hcl_switch s)
{
    return switch_names[s];
}

/* ---- keys ---- */

static enum err operations_check(const json_t *object, struct err_note *note)
{
    const json_t *list;
    enum err e = strict_json_array(object, "key_ops", KEY_OPERATIONS_MAX, &list, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            e = err_noted(ERR_VALUE, note, "\"key_ops\" holds something that is not text");
    return e;
}

static enum err rsa_read(const json_t *object, struct hcl_key *key, struct err_note *note)
{
    static const char *const members[] = {"kid", "key_ops", "kty", "e", "n", NULL};
    struct bytes type;
    enum err e = strict_json_only(object, "keys[]", members, note);
    if (e == ERR_OK)
        e = strict_json_string(object, "kty", &type, note);
    if (e == ERR_OK && !bytes_is_str(type, "RSA"))
        e = err_noted(ERR_UNKNOWN, note, "\"kty\" is not \"RSA\"");
    if (e == ERR_OK)
        e = operations_check(object, note);
    if (e == ERR_OK)
        e = strict_json_base64url(object, "n", key->modulus, sizeof key->modulus, &key->modulus_len, note);
    if (e == ERR_OK)
        e = strict_json_base64url(object, "e", key->exponent, sizeof key->exponent, &key->exponent_len, note);
    return e;
}

static enum err key_read(const json_t *object, struct hcl_runtime *runtime, struct err_note *note)
{
    struct hcl_key key = {0};
    struct bytes id;
    enum err e = rsa_read(object, &key, note);
    if (e == ERR_OK)
        e = strict_json_string(object, "kid", &id, note);
    if (e != ERR_OK)
        return e;
    if (bytes_is_str(id, "HCLAkPub")) {
        if (runtime->ak_count++ == 0)
            runtime->ak = key;
    } else if (bytes_is_str(id, "HCLEkPub")) {
        if (runtime->ek_count++ == 0)
            runtime->ek = key;
    } else {
        return err_noted(ERR_UNKNOWN, note, "\"kid\" is neither \"HCLAkPub\" nor \"HCLEkPub\"");
    }
    return ERR_OK;
}

static enum err keys_read(const json_t *doc, struct hcl_runtime *runtime, struct err_note *note)
{
    const json_t *list;
    enum err e = strict_json_array(doc, "keys", KEYS_MAX, &list, note);
    for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
        e = key_read(json_array_get(list, i), runtime, note);
    if (e == ERR_OK && runtime->ek_count > 1)
        e = err_noted(ERR_VALUE, note, "\"keys\" holds more than one \"HCLEkPub\"");
    return e;
}

/* ---- configuration ---- */

static enum err switch_read(const json_t *config, enum hcl_switch s, struct hcl_runtime *runtime,
                            struct err_note *note)
{
    const json_t *value = json_object_get(config, switch_names[s]);
    if (value == NULL && s >= HCL_SWITCHES_ALWAYS)
        return ERR_OK;
    if (!json_is_boolean(value))
        return err_noted(ERR_VALUE, note, "\"%s\" is not true or false", switch_names[s]);
    runtime->switches[s] = json_is_true(value) ? HCL_ON : HCL_OFF;
    return ERR_OK;
}

static enum err vm_id_read(const json_t *config, struct hcl_runtime *runtime, struct err_note *note)
{
    struct bytes text;
    enum err e = strict_json_string(config, "vmUniqueId", &text, note);
    if (e != ERR_OK)
        return e;
    bool good = text.len < sizeof runtime->vm_id;
    for (struct reader r = reader_over(text); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        good = good && c > ' ' && c < 0x7f;
    }
    if (!good)
        return err_noted(ERR_VALUE, note, "\"vmUniqueId\" is not a short printable text");
    memcpy(runtime->vm_id, text.ptr, text.len);
    return ERR_OK;
}

static enum err thumbprint_read(const json_t *config, struct hcl_runtime *runtime, struct err_note *note)
{
    static const char member[] = "root-cert-thumbprint";
    struct bytes text;
    size_t len = 0;
    if (json_object_get(config, member) == NULL)
        return ERR_OK;
    enum err e = strict_json_string(config, member, &text, note);
    if (e != ERR_OK || text.len == 0)
        return e;
    e = strict_json_base64url(config, member, runtime->thumbprint, sizeof runtime->thumbprint, &len, note);
    if (e == ERR_OK && len != sizeof runtime->thumbprint)
        e = err_noted(ERR_VALUE, note, "\"%s\" is not a SHA-256 digest", member);
    runtime->has_thumbprint = e == ERR_OK;
    return e;
}

/* Words that no check uses: they only have to be words. */
static enum err words_check(const json_t *config, struct err_note *note)
{
    static const char *const members[] = {"tpm-version", "hardware-sealing-policy",
                                          "key-release-context-hash"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct bytes text;
        if (json_object_get(config, members[i]) == NULL)
            continue;
        enum err e = strict_json_string(config, members[i], &text, note);
        if (e == ERR_OK && text.len > TEXT_MAX)
            e = err_noted(ERR_VALUE, note, "\"%s\" is longer than %d characters", members[i], TEXT_MAX);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

static enum err configuration_read(const json_t *doc, struct hcl_runtime *runtime, struct err_note *note)
{
    static const char *const members[] = {"secure-boot",
                                          "tpm-enabled",
                                          "console-enabled",
                                          "interactive-console-enabled",
                                          "ipmi-enabled",
                                          "tpm-persisted",
                                          "filtered-vpci-devices-allowed",
                                          "vmUniqueId",
                                          "root-cert-thumbprint",
                                          "current-time",
                                          "tpm-version",
                                          "hardware-sealing-policy",
                                          "key-release-context-hash",
                                          NULL};
    const json_t *config;
    enum err e = strict_json_object(doc, "vm-configuration", &config, note);
    if (e == ERR_OK)
        e = strict_json_only(config, "vm-configuration", members, note);
    for (enum hcl_switch s = 0; e == ERR_OK && s < HCL_SWITCH_COUNT; s++)
        e = switch_read(config, s, runtime, note);
    if (e == ERR_OK)
        e = vm_id_read(config, runtime, note);
    if (e == ERR_OK)
        e = thumbprint_read(config, runtime, note);
    if (e == ERR_OK)
        e = words_check(config, note);
    if (e == ERR_OK && json_object_get(config, "current-time") != NULL)
        e = strict_json_integer(config, "current-time", 0, INT64_MAX, &runtime->current_time, note);
    return e;
}

static enum err user_data_read(const json_t *doc, struct hcl_runtime *runtime, struct err_note *note)
{
    struct bytes text;
    if (json_object_get(doc, "user-data") == NULL)
        return ERR_OK;
    enum err e = strict_json_string(doc, "user-data", &text, note);
    if (e != ERR_OK || text.len == 0)
        return e;
    e = encoding_unhex(text, runtime->user_data, sizeof runtime->user_data);
    if (e != ERR_OK)
        return err_noted(e, note, "\"user-data\" is not %d hexadecimal digits", 2 * HCL_USER_DATA_SIZE);
    runtime->user_data_len = sizeof runtime->user_data;
    return ERR_OK;
}

enum err hcl_runtime_parse(struct bytes json, struct hcl_runtime *runtime, struct err_note *note)
{
    static const char *const members[] = {"keys", "vm-configuration", "user-data", NULL};
    json_t *doc;
    memset(runtime, 0, sizeof *runtime);
    enum err e = strict_json_parse(json, HCL_RUNTIME_MAX, &doc, note);
    if (e == ERR_OK)
        e = strict_json_only(doc, "runtime data", members, note);
    if (e == ERR_OK)
        e = keys_read(doc, runtime, note);
    if (e == ERR_OK)
        e = configuration_read(doc, runtime, note);
    if (e == ERR_OK)
        e = user_data_read(doc, runtime, note);
    json_decref(doc);
    return e;
}
