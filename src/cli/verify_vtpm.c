/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verify_vtpm.h"

bool vtpm_options_stray(const struct vtpm_options *options)
{
    return options->hcl_report == NULL &&
           (options->quote != NULL || options->signature != NULL || options->pcrs != NULL ||
            options->event_log != NULL || options->ak_certs.count != 0);
}

static enum err load(const char *path, struct files *files, struct bytes *part, struct err_note *note)
{
    if (path == NULL)
        return ERR_OK;
    enum err e = files_add(files, path, note);
    if (e == ERR_OK)
        *part = files->contents[files->count - 1];
    return e;
}

enum err vtpm_options_load(const struct vtpm_options *options, struct files *files,
                           struct appraise_vtpm_parts *parts, struct err_note *note)
{
    enum err e = load(options->quote, files, &parts->quote, note);
    if (e == ERR_OK)
        e = load(options->signature, files, &parts->signature, note);
    if (e == ERR_OK)
        e = load(options->pcrs, files, &parts->pcr_values, note);
    if (e == ERR_OK)
        e = load(options->event_log, files, &parts->event_log, note);
    const size_t first = files->count;
    for (size_t i = 0; e == ERR_OK && i < options->ak_certs.count; i++)
        e = files_add(files, options->ak_certs.items[i], note);
    parts->ak_certificates = files->contents + first;
    parts->ak_certificate_count = files->count - first;
    return e;
}
