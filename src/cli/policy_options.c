/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_options.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"

enum { ROOT_FILE_MAX = 64 * 1024 };

/* PEM or DER: a DER certificate begins with the tag of a SEQUENCE, which no PEM file does. */
static enum err load_root(const char *path, struct policy_holder *holder, struct err_note *note)
{
    struct bytes file = {0};
    size_t len = 0;
    enum err e = file_read(path, ROOT_FILE_MAX, &file, note);
    if (e != ERR_OK)
        return e;
    holder->root = secret_alloc(file.len + 1);
    if (holder->root == NULL) {
        e = ERR_MEMORY;
    } else if (file.len != 0 && file.ptr[0] == 0x30) {
        memcpy(holder->root, file.ptr, file.len);
        len = file.len;
    } else {
        struct bytes text = file;
        e = encoding_pem_next(&text, "CERTIFICATE", holder->root, file.len, &len);
        if (e != ERR_OK)
            e = err_noted(ERR_ENCODING, note, "%s: holds no certificate in PEM or DER", path);
    }
    holder->policy.simulated_root = bytes_of(holder->root, len);
    secret_free(bytes_owned(file));
    return e;
}

static enum err load_hex(const char *option, const struct option_list *list, uint8_t *out, size_t size,
                         struct err_note *note)
{
    for (size_t i = 0; i < list->count; i++)
        if (encoding_unhex(bytes_str(list->items[i]), out + i * size, size) != ERR_OK)
            return err_noted(ERR_USAGE, note, "%s %.110s: wanted %zu hexadecimal digits", option,
                             list->items[i], size * 2);
    return ERR_OK;
}

enum err policy_options_load(const struct policy_options *options, struct policy_holder *holder,
                             struct err_note *note)
{
    *holder = (struct policy_holder){0};
    enum err e = load_hex("--measurement", &options->measurements, holder->measurements[0],
                          ATTEST_MEASUREMENT_SIZE, note);
    if (e == ERR_OK)
        e = load_hex("--model-digest", &options->models, holder->models[0], ATTEST_DIGEST_SIZE, note);
    if (e == ERR_OK && options->simulated_root != NULL)
        e = load_root(options->simulated_root, holder, note);
    holder->policy.measurements = (const uint8_t(*)[ATTEST_MEASUREMENT_SIZE])holder->measurements;
    holder->policy.measurement_count = options->measurements.count;
    holder->policy.models = (const uint8_t(*)[ATTEST_DIGEST_SIZE])holder->models;
    holder->policy.model_count = options->models.count;
    holder->policy.allow_milan = options->allow_milan;
    if (e != ERR_OK)
        policy_holder_release(holder);
    return e;
}

void policy_holder_release(struct policy_holder *holder)
{
    secret_free(holder->root);
    *holder = (struct policy_holder){0};
}
