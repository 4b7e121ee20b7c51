/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "attest/evidence_file.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/cli.h"
#include "cli/collateral_serve.h"
#include "cli/rfc3339.h"

struct collateral_options {
    const char *snp_report;
    const char *tdx_quote;
    struct option_list certs;
    const char *product;
    const char *amd_url;
    const char *intel_url;
    const char *simulated_root;
    const char *at;
    const char *listen;
    bool once;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct collateral_options, field)

static const struct option table[] = {
    {"--snp-report", OPTION_TEXT, AT(snp_report), 0, 0, "FILE", "fetch: for this SEV-SNP report, from AMD"},
    {"--tdx-quote", OPTION_TEXT, AT(tdx_quote), 0, 0, "FILE", "fetch: for this TD quote, from Intel"},
    {"--certs", OPTION_LIST, AT(certs), 0, 0, "FILE",
     "fetch: the certificate of the report's key, where no service hands it out (a VLEK); may be repeated"},
    {"--product", OPTION_TEXT, AT(product), 0, 0, "NAME",
     "fetch: Milan, Genoa or Turin, for a report of version 2, which does not say it"},
    {"--amd-url", OPTION_TEXT, AT(amd_url), 0, 0, "URL",
     "fetch: another service with AMD's interface; http:// too. Default: " COLLATERAL_AMD_URL},
    {"--intel-url", OPTION_TEXT, AT(intel_url), 0, 0, "URL",
     "fetch: another service with Intel's interface; http:// too. Default: " COLLATERAL_INTEL_URL},
    {"--trust-simulated", OPTION_TEXT, AT(simulated_root), 0, 0, "FILE",
     "fetch: also take what a simulated root has signed; proves nothing about hardware"},
    {"--at", OPTION_TEXT, AT(at), 0, 0, "TIME",
     "fetch and show: what must be good at this time (RFC 3339), or is shown as expired. Default: now"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "fetch and show: the result as one JSON object"},
    {"--listen", OPTION_TEXT, AT(listen), 0, 0, "ADDRESS",
     "serve: where enclaves ask: unix:PATH or vsock:PORT"},
    {"--once", OPTION_SWITCH, AT(once), 0, 0, NULL, "serve: end after the first connection"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume collateral fetch DIRECTORY --snp-report FILE [OPTION]...\n"
        "       enclume collateral fetch DIRECTORY --tdx-quote FILE [OPTION]...\n"
        "       enclume collateral show DIRECTORY [OPTION]...\n"
        "       enclume collateral serve DIRECTORY --listen ADDRESS [--once]\n"
        "\n"
        "Gets what a chip maker says of the platform that made a report or quote, into a directory that "
        "enclume verify --collateral DIRECTORY uses without a network; shows what is there, and until "
        "when. What comes is held against the report or quote, by the verifier's own checks, before it is "
        "kept. The service learns which chip you ask about.\n"
        "\n"
        "serve hands what is there to enclaves on this host, which have no network (enclumed "
        "--collateral).\n"
        "\n");
    options_help(table);
    fold_help(
        stdout,
        "\n"
        "Exit codes: 0 done, 1 what came does not endorse this evidence, 2 wrong use or unreadable input, "
        "3 network.");
}

/* ---- fetch ---- */

static const struct source {
    const char *option;
    size_t evidence;
    enum err (*fetch)(const struct collateral_fetch *f, struct bytes evidence,
                      struct collateral_fetched *fetched, struct err_note *note);
} sources[] = {
    {"--snp-report", AT(snp_report), collateral_fetch_snp},
    {"--tdx-quote", AT(tdx_quote), collateral_fetch_tdx},
};

static const char *evidence_of(const struct collateral_options *o, const struct source *s)
{
    const char *value;
    memcpy(&value, (const char *)o + s->evidence, sizeof value);
    return value;
}

static enum err source_find(const struct collateral_options *o, const struct source **source,
                            struct err_note *note)
{
    *source = NULL;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (evidence_of(o, &sources[i]) == NULL)
            continue;
        if (*source != NULL)
            return err_noted(ERR_USAGE, note, "%s and %s: one at a time", (*source)->option,
                             sources[i].option);
        *source = &sources[i];
    }
    return *source != NULL ? ERR_OK : err_noted(ERR_USAGE, note, "fetch: wanted --snp-report or --tdx-quote");
}

/* PEM (the first certificate) or DER. */
static enum err root_load(const char *path, struct bytes *root, struct err_note *note)
{
    enum { ROOT_MAX = 64 * 1024 };
    struct bytes file = {0};
    size_t len = 0;
    enum err e = file_read(path, ROOT_MAX, &file, note);
    if (e != ERR_OK)
        return e;
    uint8_t *der = secret_alloc(file.len + 1);
    struct bytes text = file;
    if (der == NULL)
        e = ERR_MEMORY;
    else if (evidence_file_kind(file) == EVIDENCE_CERTIFICATE)
        memcpy(der, file.ptr, len = file.len);
    else if (encoding_pem_next(&text, "CERTIFICATE", der, file.len, &len) != ERR_OK)
        e = err_noted(ERR_ENCODING, note, "%s: holds no certificate in PEM or DER", path);
    secret_free(bytes_owned(file));
    *root = bytes_of(der, len);
    return e;
}

static enum err directory_make(const char *directory, struct err_note *note)
{
    return mkdir(directory, 0777) == 0 || errno == EEXIST
               ? ERR_OK
               : err_noted(ERR_FILE, note, "%s: %s", directory, strerror(errno));
}

static enum err fetch_load(const struct collateral_options *o, const struct source *source,
                           struct collateral_fetch *f, struct bytes *evidence, struct err_note *note)
{
    enum err e = file_read(evidence_of(o, source), FILE_SIZE_MAX, evidence, note);
    for (size_t i = 0; e == ERR_OK && i < o->certs.count; i++)
        e = files_add(&f->certificates, o->certs.items[i], note);
    if (e == ERR_OK && o->simulated_root != NULL)
        e = root_load(o->simulated_root, &f->root, note);
    return e == ERR_OK ? directory_make(f->directory, note) : e;
}

static enum err fetched_print(const struct collateral_fetched *fetched, bool json)
{
    char until[RFC3339_SIZE];
    json_t *list = json_array();
    for (size_t i = 0; i < fetched->count; i++) {
        const struct collateral_document *d = &fetched->documents[i];
        (void)rfc3339_write(d->expires, until);
        if (!json)
            (void)printf("%s  valid until %s\n", d->name, until);
        (void)json_array_append_new(list, json_pack("{s:s, s:s}", "file", d->name, "valid_until", until));
    }
    int failed = json ? json_dumpf(list, stdout, JSON_INDENT(2)) : 0;
    if (json)
        (void)putchar('\n');
    json_decref(list);
    return failed == 0 ? ERR_OK : ERR_MEMORY;
}

static enum err fetch(const struct collateral_options *o, const char *directory, int64_t now,
                      struct err_note *note)
{
    static struct collateral_fetched fetched;
    const struct source *source;
    struct bytes evidence = {0};
    struct collateral_fetch f = {.directory = directory,
                                 .amd_url = o->amd_url != NULL ? o->amd_url : COLLATERAL_AMD_URL,
                                 .intel_url = o->intel_url != NULL ? o->intel_url : COLLATERAL_INTEL_URL,
                                 .product = o->product,
                                 .now = now};
    enum err e = source_find(o, &source, note);
    if (e != ERR_OK || source == NULL)
        return e;
    e = fetch_load(o, source, &f, &evidence, note);
    if (e == ERR_OK)
        e = source->fetch(&f, evidence, &fetched, note);
    if (e == ERR_OK)
        e = collateral_manifest_add(directory, &fetched, now, note);
    if (e == ERR_OK)
        e = fetched_print(&fetched, o->json);
    secret_free(bytes_owned(evidence));
    secret_free(bytes_owned(f.root));
    files_release(&f.certificates);
    return e;
}

/* ---- the command ---- */

static bool is_nothing_to_fetch(const struct collateral_options *o)
{
    return o->snp_report == NULL && o->tdx_quote == NULL && o->certs.count == 0 && o->product == NULL &&
           o->amd_url == NULL && o->intel_url == NULL && o->simulated_root == NULL;
}

static bool is_nothing_to_serve(const struct collateral_options *o)
{
    return o->listen == NULL && !o->once;
}

static enum err run_fetch(const struct collateral_options *o, const char *directory, int64_t now,
                          struct err_note *note)
{
    return is_nothing_to_serve(o) ? fetch(o, directory, now, note)
                                  : err_noted(ERR_USAGE, note, "--listen and --once are for serve");
}

static enum err run_show(const struct collateral_options *o, const char *directory, int64_t now,
                         struct err_note *note)
{
    return is_nothing_to_fetch(o) && is_nothing_to_serve(o)
               ? collateral_show(directory, now, o->json, note)
               : err_noted(ERR_USAGE, note, "show takes --at and --json alone");
}

static enum err run_serve(const struct collateral_options *o, const char *directory, int64_t now,
                          struct err_note *note)
{
    (void)now;
    if (!is_nothing_to_fetch(o) || o->at != NULL || o->json)
        return err_noted(ERR_USAGE, note, "serve takes --listen and --once alone");
    return o->listen != NULL ? collateral_serve(directory, o->listen, o->once, note)
                             : err_noted(ERR_USAGE, note, "serve: wanted --listen");
}

static const struct {
    const char *name;
    enum err (*run)(const struct collateral_options *o, const char *directory, int64_t now,
                    struct err_note *note);
} actions[] = {{"fetch", run_fetch}, {"show", run_show}, {"serve", run_serve}};

static enum err run(const struct collateral_options *o, const struct option_list *operands,
                    struct err_note *note)
{
    int64_t now = (int64_t)time(NULL);
    if (operands->count != 2)
        return err_noted(ERR_USAGE, note, "wanted fetch, show or serve, and a directory");
    if (o->at != NULL && rfc3339_parse(bytes_str(o->at), &now) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--at %.100s: wanted a time like 2026-11-02T10:00:00Z", o->at);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(operands->items[0], actions[i].name) == 0)
            return actions[i].run(o, operands->items[1], now, note);
    return err_noted(ERR_USAGE, note, "wanted fetch, show or serve, not %.100s", operands->items[0]);
}

int cli_collateral(int argc, char **argv)
{
    static struct collateral_options o;
    struct option_list operands;
    struct err_note note = {0};
    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK)
        e = run(&o, &operands, &note);
    if (e == ERR_OK)
        return 0;
    return e == ERR_USAGE ? cli_usage("collateral", &note) : cli_fail(e, &note);
}
