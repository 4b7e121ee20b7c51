/* SPDX-License-Identifier: Apache-2.0 */
#include "client/pin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/bundle.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"

enum { PIN_VERSION = 1, PIN_FILE_MAX = 2 * BUNDLE_MAX };

void pin_clear(struct pin *pin)
{
    secret_free(pin->bundle);
    *pin = (struct pin){0};
}

enum err pin_set(struct pin *pin, struct bytes bundle, const uint8_t challenge[static 32],
                 const struct verdict *verdict)
{
    struct bundle b;
    char *text = NULL;
    size_t size = 0;
    enum err e = bundle_parse(bundle, &b, NULL);
    if (e != ERR_OK)
        return e;
    memcpy(b.challenge, challenge, sizeof b.challenge);
    b.has_challenge = true;
    e = bundle_write(&b, &text, &size);
    bundle_release(&b);
    if (e != ERR_OK)
        return e;
    pin_clear(pin);
    *pin =
        (struct pin){.bundle = text, .size = size, .verified_at = verdict->appraised_at, .verdict = *verdict};
    return ERR_OK;
}

static enum err pin_parse(struct bytes text, struct bytes *bundle, int64_t *verified_at, json_t **doc,
                          struct err_note *note)
{
    static const char *const keys[] = {"version", "verified_at", "bundle", NULL};
    int64_t version = 0;
    enum err e = strict_json_parse(text, PIN_FILE_MAX, doc, note);
    if (e == ERR_OK)
        e = strict_json_only(*doc, "remembered", keys, note);
    if (e == ERR_OK)
        e = strict_json_integer(*doc, "version", PIN_VERSION, PIN_VERSION, &version, note);
    if (e == ERR_OK)
        e = strict_json_integer(*doc, "verified_at", 0, INT64_MAX, verified_at, note);
    if (e == ERR_OK)
        e = strict_json_string(*doc, "bundle", bundle, note);
    return e;
}

enum err pin_load(const char *path, const struct attest_policy *policy, int64_t now, int64_t max_age,
                  struct pin *pin, struct err_note *note)
{
    struct bytes text = {0};
    struct bytes bundle = {0};
    int64_t verified_at = 0;
    json_t *doc = NULL;
    struct verdict verdict;
    *pin = (struct pin){0};
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return ERR_OK;
    enum err e = file_read(path, PIN_FILE_MAX, &text, note);
    if (e != ERR_OK)
        return e;
    e = pin_parse(text, &bundle, &verified_at, &doc, note);
    if (e != ERR_OK || verified_at > now || now - verified_at > max_age)
        goto out;
    attest_appraise(bundle, NULL, policy, now, &verdict);
    if (!verdict.accepted || !verdict.claims.fresh)
        goto out;
    pin->bundle = secret_alloc(bundle.len + 1);
    if (pin->bundle == NULL) {
        e = ERR_MEMORY;
        goto out;
    }
    memcpy(pin->bundle, bundle.ptr, bundle.len);
    pin->size = bundle.len;
    pin->verified_at = verified_at;
    pin->verdict = verdict;
    pin->verdict.appraised_at = verified_at; /* when its challenge was answered, not when the file was read */
out:
    json_decref(doc);
    secret_free(bytes_owned(text));
    return e;
}

enum err pin_save(const char *path, const struct pin *pin, struct err_note *note)
{
    json_t *doc = json_pack("{s:i, s:I, s:s%}", "version", PIN_VERSION, "verified_at",
                            (json_int_t)pin->verified_at, "bundle", pin->bundle, pin->size);
    char *text = doc == NULL ? NULL : strict_json_canonical(doc);
    enum err e = text == NULL ? ERR_MEMORY : file_write(path, bytes_str(text), note);
    secret_free(text);
    json_decref(doc);
    return e;
}
