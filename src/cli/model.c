/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/fold.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/cli.h"
#include "cli/digest_file.h"
#include "cli/model_fetch.h"
#include "cli/model_pack.h"
#include "cli/model_table.h"

struct model_options {
    const char *output;
    const char *url;
    const char *sha256;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct model_options, field)

static const struct option table[] = {
    {"--output", OPTION_TEXT, AT(output), 0, 0, "FILE",
     "get: where to keep it. Default: under ${XDG_CACHE_HOME:-~/.cache}/enclume/models. pack: the volume. "
     "Default: "
     "FILE.volume"},
    {"--url", OPTION_TEXT, AT(url), 0, 0, "URL",
     "get: another file than those of the list (https://, or http:// for a mirror of your own)"},
    {"--sha256", OPTION_TEXT, AT(sha256), 0, 0, "HEX", "get: what the file at --url must be (64 hex digits)"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "the result as JSON"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume model list [--json]\n"
        "       enclume model get NAME [--output FILE] [--json]\n"
        "       enclume model get --url URL --sha256 HEX --output FILE [--json]\n"
        "       enclume model digest FILE [--json]\n"
        "       enclume model pack FILE [--output VOLUME] [--json]\n"
        "\n"
        "Gets a model for enclumed. What was got is hashed before it is put into its place, and is "
        "refused when its SHA-256 is not the pinned one. An interrupted download is taken up again by the "
        "same command. The program curl does the transfer. digest prints the SHA-256 of a file: what "
        "--model-digest of chat and verify wants.\n"
        "\n"
        "pack makes the volume that a confidential VM gets its model from: the file, and a hash tree of "
        "dm-verity. It prints the words of the guest's command line that name it, and with it all of its "
        "bytes: the root hash.\n"
        "\n"
        "    enclume model get qwen2.5-0.5b --output m.gguf\n"
        "    enclume model pack m.gguf --output m.volume\n"
        "\n");
    options_help(table);
    fold_help(
        stdout,
        "\n"
        "Exit codes: 0 done, 1 a file is not the one with that SHA-256, 2 wrong use or a file that cannot "
        "be read or written, 3 the download failed.");
}

/* Takes the document over and prints it; ERR_MEMORY when it could not be made. */
static enum err print_json(json_t *document)
{
    char *text = document == NULL ? NULL : json_dumps(document, JSON_COMPACT);
    json_decref(document);
    if (text == NULL)
        return ERR_MEMORY;
    (void)puts(text);
    secret_free(text); /* strict_json_init gave jansson this memory */
    return ERR_OK;
}

static json_t *model_json(const struct model *m)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "name", m->name, "parameters", m->parameters,
                     "file", m->file, "url", m->url, "sha256", m->sha256, "size", (json_int_t)m->size,
                     "memory_mb", (json_int_t)m->memory, "license", m->license);
}

static enum err list_json(void)
{
    size_t count = 0;
    const struct model *models = model_list(&count);
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < count; i++)
        if (json_array_append_new(list, model_json(&models[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    return print_json(list);
}

static enum err run_list(const struct model_options *o, const struct option_list *operands,
                         struct err_note *note)
{
    size_t count = 0;
    const struct model *models = model_list(&count);
    if (operands->count != 1)
        return err_noted(ERR_USAGE, note, "list takes no name");
    if (o->json)
        return list_json();
    (void)printf("%-14s %-6s %10s %12s  %s\n", "NAME", "SIZE", "DOWNLOAD", "MEMORY", "LICENSE");
    for (size_t i = 0; i < count; i++)
        (void)printf("%-14s %-6s %7" PRIu64 " MB %6" PRIu32 " MB ca.  %s\n", models[i].name,
                     models[i].parameters, (models[i].size + 500000) / 1000000, models[i].memory,
                     models[i].license);
    return ERR_OK;
}

static enum err run_digest(const struct model_options *o, const struct option_list *operands,
                           struct err_note *note)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char hex[ENCODING_HEX_SIZE(sizeof digest)];
    if (operands->count != 2)
        return err_noted(ERR_USAGE, note, "wanted one file");
    enum err e = digest_file(operands->items[1], CRYPTO_SHA256, digest, note);
    if (e != ERR_OK)
        return e;
    encoding_hex(bytes_of(digest, sizeof digest), hex);
    if (o->json)
        return print_json(json_pack("{s:s, s:s}", "path", operands->items[1], "sha256", hex));
    (void)puts(hex);
    return ERR_OK;
}

/* Makes the directories of path, all but its last part. */
static enum err make_parents(char *path, struct err_note *note)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        if (!made)
            return err_noted(ERR_FILE, note, "%s: %s", path, strerror(errno));
        *slash = '/';
    }
    return ERR_OK;
}

/* XDG Base Directory Specification: a cache directory that is not absolute is to be ignored. */
static enum err default_output(const char *file, char out[static PATH_MAX], struct err_note *note)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length = 0;
    if (cache != NULL && cache[0] == '/')
        length = snprintf(out, PATH_MAX, "%s/enclume/models/%s", cache, file);
    else if (home != NULL && home[0] == '/')
        length = snprintf(out, PATH_MAX, "%s/.cache/enclume/models/%s", home, file);
    else
        return err_noted(ERR_USAGE, note,
                         "neither XDG_CACHE_HOME nor HOME says where to keep it: wanted --output FILE");
    if (length < 0 || length >= PATH_MAX)
        return err_noted(ERR_FILE, note, "the path of the cache is too long");
    return make_parents(out, note);
}

/* What to get: a name of the list, or --url with --sha256 and --output. path holds the default output. */
static enum err get_request(const struct model_options *o, const struct option_list *operands,
                            struct model_request *r, uint8_t sha256[static CRYPTO_SHA256_SIZE],
                            char path[static PATH_MAX], struct err_note *note)
{
    const char *hex = o->sha256;
    if (o->url != NULL) {
        if (operands->count != 1 || o->sha256 == NULL || o->output == NULL)
            return err_noted(ERR_USAGE, note, "--url wants --sha256 and --output, and no name");
        r->url = o->url;
        r->allow_http = true;
    } else {
        if (operands->count != 2 || o->sha256 != NULL)
            return err_noted(ERR_USAGE, note,
                             "wanted one name (see: enclume model list), or --url and --sha256");
        const struct model *m = model_find(operands->items[1]);
        if (m == NULL)
            return err_noted(ERR_USAGE, note, "there is no model %s (see: enclume model list)",
                             operands->items[1]);
        r->url = m->url;
        r->size = m->size;
        hex = m->sha256;
        if (o->output == NULL) {
            enum err e = default_output(m->file, path, note);
            if (e != ERR_OK)
                return e;
        }
    }
    r->output = o->output != NULL ? o->output : path;
    r->sha256 = sha256;
    if (encoding_unhex(bytes_of(hex, strlen(hex)), sha256, CRYPTO_SHA256_SIZE) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--sha256 %.80s: wanted 64 hex digits", hex);
    return ERR_OK;
}

static enum err run_get(const struct model_options *o, const struct option_list *operands,
                        struct err_note *note)
{
    struct model_request r = {.progress = isatty(STDERR_FILENO) == 1};
    uint8_t sha256[CRYPTO_SHA256_SIZE];
    char hex[ENCODING_HEX_SIZE(sizeof sha256)];
    char path[PATH_MAX];
    bool fetched = false;
    enum err e = get_request(o, operands, &r, sha256, path, note);
    if (e == ERR_OK && r.progress)
        (void)fprintf(stderr, "%s\n", r.url);
    if (e == ERR_OK)
        e = model_fetch(&r, &fetched, note);
    if (e != ERR_OK)
        return e;
    encoding_hex(bytes_of(sha256, sizeof sha256), hex);
    if (o->json)
        return print_json(json_pack("{s:s, s:s, s:b}", "path", r.output, "sha256", hex, "fetched", fetched));
    (void)printf("%s %s\nsha256 %s\n", fetched ? "fetched" : "already there:", r.output, hex);
    return ERR_OK;
}

static enum err run_pack(const struct model_options *o, const struct option_list *operands,
                         struct err_note *note)
{
    struct model_pack pack = {0};
    char output[PATH_MAX];
    char root[ENCODING_HEX_SIZE(sizeof pack.root)];
    char sha256[ENCODING_HEX_SIZE(sizeof pack.sha256)];
    if (operands->count != 2)
        return err_noted(ERR_USAGE, note, "wanted one file");
    int n = o->output != NULL ? snprintf(output, sizeof output, "%s", o->output)
                              : snprintf(output, sizeof output, "%s.volume", operands->items[1]);
    if (n < 0 || (size_t)n >= sizeof output)
        return err_noted(ERR_FILE, note, "the name of the volume is too long");
    enum err e = model_pack(operands->items[1], output, &pack, note);
    if (e != ERR_OK)
        return e;
    encoding_hex(bytes_of(pack.root, sizeof pack.root), root);
    encoding_hex(bytes_of(pack.sha256, sizeof pack.sha256), sha256);
    if (o->json)
        return print_json(json_pack("{s:s, s:s, s:s, s:I, s:I}", "path", output, "root", root, "sha256",
                                    sha256, "size", (json_int_t)pack.size, "volume_size",
                                    (json_int_t)pack.volume_size));
    (void)printf("packed %s\nsha256 %s\nenclume.model=%s enclume.model_size=%" PRIu64 "\n", output, sha256,
                 root, pack.size);
    return ERR_OK;
}

static const struct {
    const char *name;
    bool fetches; /* takes --url and --sha256 */
    bool writes;  /* takes --output */
    enum err (*run)(const struct model_options *o, const struct option_list *operands, struct err_note *note);
} actions[] = {
    {"list", false, false, run_list},
    {"get", true, true, run_get},
    {"digest", false, false, run_digest},
    {"pack", false, true, run_pack},
};
enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static enum err run_action(const struct model_options *o, const struct option_list *operands,
                           struct err_note *note)
{
    bool of_get = o->url != NULL || o->sha256 != NULL;
    for (size_t i = 0; operands->count > 0 && i < ACTION_COUNT; i++)
        if (strcmp(operands->items[0], actions[i].name) == 0) {
            if (of_get && !actions[i].fetches)
                return err_noted(ERR_USAGE, note, "--url and --sha256 belong to get");
            if (o->output != NULL && !actions[i].writes)
                return err_noted(ERR_USAGE, note, "--output belongs to get and pack");
            return actions[i].run(o, operands, note);
        }
    return err_noted(ERR_USAGE, note, "wanted list, get, digest or pack");
}

int cli_model(int argc, char **argv)
{
    struct model_options o = {.output = NULL};
    struct option_list operands;
    struct err_note note = {0};

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK)
        e = run_action(&o, &operands, &note);
    return cli_end("model", e, &note);
}
