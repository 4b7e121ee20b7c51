/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral_fetch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/secret.h"
#include "cli/curl.h"
#include "evidence/collateral_directory.h"

/* ---- getting ---- */

enum err fetch_url(char out[static COLLATERAL_URL_MAX], struct err_note *note, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out, COLLATERAL_URL_MAX, format, args);
    va_end(args);
    return n > 0 && n < COLLATERAL_URL_MAX ? ERR_OK : err_noted(ERR_USAGE, note, "a URL that is too long");
}

enum err fetch_get(struct fetch *f, size_t max, const char *url, struct collateral_document *of,
                   struct bytes *body, struct bytes *headers)
{
    const struct curl_request r = {
        .url = url, .allow_http = true, .max = max, .directory = f->options->directory};
    if (of->source_count < COLLATERAL_SOURCES_MAX)
        (void)snprintf(of->sources[of->source_count++], COLLATERAL_URL_MAX, "%s", url);
    return curl_get(&r, body, headers, f->note);
}

enum err fetch_copy(struct bytes from, struct bytes *to)
{
    uint8_t *out = secret_alloc(from.len + 1);
    if (out == NULL)
        return ERR_MEMORY;
    if (from.len != 0)
        memcpy(out, from.ptr, from.len);
    *to = bytes_of(out, from.len);
    return ERR_OK;
}

/* ---- keeping ---- */

/* Takes content over. */
static enum err add(struct fetch *f, const struct collateral_key *key, struct bytes content,
                    const struct collateral_document *about, struct err_note *note)
{
    struct collateral_fetched *all = f->fetched;
    enum err e = all->count < COLLATERAL_FETCHED_MAX
                     ? ERR_OK
                     : err_noted(ERR_TOO_LARGE, note, "more than %d documents", COLLATERAL_FETCHED_MAX);
    struct collateral_document *d = &all->documents[e == ERR_OK ? all->count : 0];
    if (e == ERR_OK) {
        *d = *about;
        e = collateral_key_write(key, d->name);
    }
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA256, &content, 1, d->sha256);
    if (e != ERR_OK) {
        secret_free(bytes_owned(content));
        return e;
    }
    f->keys[all->count] = *key;
    f->contents[all->count++] = content;
    return ERR_OK;
}

enum err fetch_keep(struct fetch *f, const struct collateral_key *key,
                    const struct collateral_subject *subject, struct bytes content,
                    const struct collateral_document *about)
{
    struct collateral_document d = *about;
    enum err e = collateral_check(key, subject, content, f->options->now, &d.expires, f->note);
    if (e == ERR_OK)
        return add(f, key, content, &d, f->note);
    secret_free(bytes_owned(content));
    /* Whatever is wrong with what came, it is not kept; only want of memory is not its fault. */
    return err_class(e) == ERR_CLASS_ENCLAVE ? e : ERR_REFUSED;
}

enum err fetch_held(struct fetch *f, const struct collateral_key *key,
                    const struct collateral_subject *subject, struct bytes *content)
{
    struct collateral_document about = {.held = true};
    size_t len = 0;
    *content = (struct bytes){0};
    if (f->options->renew == 0)
        return ERR_OK;
    uint8_t *room = malloc(COLLATERAL_DOCUMENT_MAX);
    if (room == NULL)
        return ERR_MEMORY;
    struct bytes copy = {0};
    enum err e = ERR_OK;
    if (collateral_directory_read(f->options->directory, key, room, &len, NULL) == ERR_OK &&
        collateral_check(key, subject, bytes_of(room, len), f->options->now, &about.expires, NULL) ==
            ERR_OK &&
        about.expires - f->options->now > f->options->renew)
        e = fetch_copy(bytes_of(room, len), &copy);
    free(room);
    if (e == ERR_OK && copy.len != 0)
        e = add(f, key, copy, &about, f->note);
    if (e == ERR_OK)
        *content = copy;
    return e;
}

void fetch_forget(struct fetch *f, size_t count)
{
    while (f->fetched->count > count)
        secret_free(bytes_owned(f->contents[--f->fetched->count]));
}

struct bytes fetch_find(const struct fetch *f, const struct collateral_key *key)
{
    for (size_t i = 0; i < f->fetched->count; i++)
        if (collateral_key_equal(&f->keys[i], key))
            return f->contents[i];
    return (struct bytes){0};
}

static enum err write_all(struct fetch *f)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < f->fetched->count; i++)
        if (!f->fetched->documents[i].held)
            e = collateral_directory_write(f->options->directory, &f->keys[i], f->contents[i], f->note);
    return e;
}

enum err collateral_fetch(const struct collateral_fetch *options, struct collateral_fetched *fetched,
                          struct err_note *note)
{
    enum err e = ERR_OK;
    memset(fetched, 0, sizeof *fetched);
    struct fetch *f = calloc(1, sizeof *f);
    if (f == NULL)
        return ERR_MEMORY;
    f->options = options;
    f->fetched = fetched;
    f->note = note;
    if (options->snp_report.len != 0)
        e = fetch_snp(f, options->snp_report);
    if (e == ERR_OK && options->tdx_quote.len != 0)
        e = fetch_tdx(f, options->tdx_quote);
    if (e == ERR_OK && options->gpu_count != 0)
        e = fetch_gpus(f, options->gpus, options->gpu_count);
    if (e == ERR_OK)
        e = write_all(f);
    const size_t count = e == ERR_OK ? fetched->count : 0; /* of a failure nothing remains */
    fetch_forget(f, 0);
    fetched->count = count;
    free(f);
    return e;
}
