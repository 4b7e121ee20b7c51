/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/policy_options.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"

enum { ROOT_FILE_MAX = 64 * 1024, HEX_SHOWN = 110 };

enum err policy_file_load(const char *path, struct policy_document **document, struct err_note *note)
{
    struct bytes file = {0};
    struct err_note why = {{0}};
    *document = NULL;
    enum err e = file_read(path, POLICY_DOCUMENT_MAX, &file, note);
    if (e != ERR_OK)
        return e;
    e = policy_document_parse(file, document, &why);
    secret_free(bytes_owned(file));
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "%.80s: %.170s", path, why.text);
}

static enum err load_roots(const char *path, struct policy_document *document, struct err_note *note)
{
    struct bytes file = {0};
    struct err_note why = {{0}};
    enum err e = file_read(path, ROOT_FILE_MAX, &file, note);
    if (e != ERR_OK)
        return e;
    e = policy_document_trust_simulated(document, file, &why);
    secret_free(bytes_owned(file));
    if (e == ERR_CERTIFICATE) /* of a peer it would be a refusal; a file of one's own is wrong input */
        e = ERR_VALUE;
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "%.80s: %.170s", path, why.text);
}

static enum err read_hex(const char *option, const char *text, uint8_t *out, size_t size,
                         struct err_note *note)
{
    if (encoding_unhex(bytes_str(text), out, size) == ERR_OK)
        return ERR_OK;
    return err_noted(ERR_USAGE, note, "%s %.*s: wanted %zu hexadecimal digits", option, HEX_SHOWN, text,
                     size * 2);
}

/* ---- what a TD's registers must be beside its MRTD ---- */

static enum err read_rtmr(const char *text, struct tdx_launch *launch, struct err_note *note)
{
    enum { VALUE_AT = 2 };
    if (strcmp(text, "all:any") == 0 && (launch->named | launch->waived) == 0) {
        launch->waived = (1U << TDX_RTMR_COUNT) - 1;
        return ERR_OK;
    }
    if (text[0] < '0' || text[0] >= '0' + TDX_RTMR_COUNT || text[1] != ':')
        return err_noted(ERR_USAGE, note, "--rtmr %.*s: wanted N:HEX, N:any or all:any, N from 0 to 3",
                         HEX_SHOWN, text);
    const unsigned n = (unsigned)(text[0] - '0');
    if (((launch->named | launch->waived) >> n & 1) != 0)
        return err_noted(ERR_USAGE, note, "--rtmr: RTMR%u is given twice", n);
    if (tdx_launch_set_rtmr(launch, n, bytes_str(text + VALUE_AT)) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--rtmr %.*s: wanted %d hexadecimal digits, or any", HEX_SHOWN,
                         text, TDX_REGISTER_SIZE * 2);
    return ERR_OK;
}

static enum err read_rtmrs(const struct policy_options *options, struct tdx_launch *launch,
                           struct err_note *note)
{
    enum err e = ERR_OK;
    if (options->rtmrs.count != 0 && options->measurements.count == 0)
        return err_noted(ERR_USAGE, note, "--rtmr belongs to a --measurement");
    for (size_t i = 0; e == ERR_OK && i < options->rtmrs.count; i++)
        e = read_rtmr(options->rtmrs.items[i], launch, note);
    return e;
}

/* ---- */

/* It is not known which platform it is of, so it counts for both: nothing that is one can be the other. */
static enum err add_measurement(const char *text, const struct tdx_launch *registers,
                                struct policy_document *document, struct err_note *note)
{
    struct tdx_launch launch = *registers;
    enum err e = read_hex("--measurement", text, launch.mrtd, sizeof launch.mrtd, note);
    if (e == ERR_OK)
        e = policy_document_add_measurement(document, launch.mrtd);
    if (e == ERR_OK)
        e = policy_document_add_launch(document, &launch);
    return e == ERR_TOO_LARGE
               ? err_noted(ERR_USAGE, note, "--measurement: at most %d with those of the policy",
                           ATTEST_REFERENCES_MAX)
               : e;
}

static enum err add_model(const char *text, struct policy_document *document, struct err_note *note)
{
    uint8_t digest[ATTEST_DIGEST_SIZE];
    enum err e = read_hex("--model-digest", text, digest, sizeof digest, note);
    if (e == ERR_OK)
        e = policy_document_add_model(document, digest);
    return e == ERR_TOO_LARGE
               ? err_noted(ERR_USAGE, note, "--model-digest: at most %d with those of the policy",
                           POLICY_MODELS_MAX)
               : e;
}

static enum err add_options(const struct policy_options *options, struct policy_document *document,
                            struct err_note *note)
{
    struct tdx_launch registers = {0};
    enum err e = read_rtmrs(options, &registers, note);
    for (size_t i = 0; e == ERR_OK && i < options->measurements.count; i++)
        e = add_measurement(options->measurements.items[i], &registers, document, note);
    for (size_t i = 0; e == ERR_OK && i < options->models.count; i++)
        e = add_model(options->models.items[i], document, note);
    if (e == ERR_OK && options->simulated_root != NULL)
        e = load_roots(options->simulated_root, document, note);
    document->policy.allow_milan = document->policy.allow_milan || options->allow_milan;
    return e;
}

enum err policy_options_wanted(const struct policy_options *options, struct err_note *note)
{
    if (options->policy != NULL || options->measurements.count != 0)
        return ERR_OK;
    return err_noted(ERR_USAGE, note,
                     "nothing says yet which code may read your prompts: give --policy FILE, from somebody "
                     "whom you trust in this, or --measurement HEX, which enclume measure computes");
}

enum err policy_options_load(const struct policy_options *options, struct policy_holder *holder,
                             struct err_note *note)
{
    *holder = (struct policy_holder){0};
    enum err e = options->policy != NULL ? policy_file_load(options->policy, &holder->document, note)
                                         : policy_document_new(&holder->document);
    if (e == ERR_OK)
        e = add_options(options, holder->document, note);
    if (e != ERR_OK) {
        policy_holder_release(holder);
        return e;
    }
    holder->policy = holder->document->policy;
    holder->max_age = holder->document->max_age;
    return ERR_OK;
}

void policy_holder_release(struct policy_holder *holder)
{
    policy_document_release(holder->document);
    *holder = (struct policy_holder){0};
}
