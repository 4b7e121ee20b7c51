/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/collateral.h"
#include "cli/rfc3339.h"

enum { MANIFEST_MAX = 1024 * 1024 };

static enum err path_make(const char *directory, char path[static PATH_MAX], struct err_note *note)
{
    int n = snprintf(path, PATH_MAX, "%s/manifest.json", directory);
    return n > 0 && n < PATH_MAX ? ERR_OK : err_noted(ERR_FILE, note, "%s: the path is too long", directory);
}

/* An empty one where there is none, or where it cannot be read: it is made anew. */
static json_t *manifest_read(const char *path)
{
    struct bytes file = {0};
    json_t *doc = NULL;
    if (access(path, F_OK) == 0 && file_read(path, MANIFEST_MAX, &file, NULL) == ERR_OK)
        (void)!strict_json_parse(file, MANIFEST_MAX, &doc, NULL);
    secret_free(bytes_owned(file));
    if (json_is_object(doc))
        return doc;
    json_decref(doc);
    return json_object();
}

static json_t *document_json(const struct collateral_document *d, int64_t now)
{
    char hex[ENCODING_HEX_SIZE(sizeof d->sha256)];
    char when[RFC3339_SIZE];
    char until[RFC3339_SIZE];
    json_t *sources = json_array();
    for (size_t i = 0; i < d->source_count; i++)
        (void)json_array_append_new(sources, json_string(d->sources[i]));
    encoding_hex(bytes_of(d->sha256, sizeof d->sha256), hex);
    return json_pack("{s:s, s:s, s:s, s:o}", "sha256", hex, "fetched", rfc3339_write(now, when),
                     "valid_until", rfc3339_write(d->expires, until), "sources", sources);
}

enum err collateral_manifest_add(const char *directory, const struct collateral_fetched *fetched, int64_t now,
                                 struct err_note *note)
{
    char path[PATH_MAX];
    enum err e = path_make(directory, path, note);
    if (e != ERR_OK)
        return e;
    json_t *doc = manifest_read(path);
    int failed = doc == NULL ? -1 : 0;
    for (size_t i = 0; failed == 0 && i < fetched->count; i++)
        if (!fetched->documents[i].held)
            failed = json_object_set_new(doc, fetched->documents[i].name,
                                         document_json(&fetched->documents[i], now));
    char *text = failed == 0 ? json_dumps(doc, JSON_INDENT(2)) : NULL;
    json_decref(doc);
    if (text == NULL)
        return ERR_MEMORY;
    e = file_write(path, bytes_str(text), note);
    secret_free(text);
    return e;
}
