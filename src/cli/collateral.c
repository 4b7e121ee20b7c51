/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "attest/bundle.h"
#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/cli.h"
#include "cli/collateral_serve.h"
#include "cli/policy_options.h"
#include "cli/rfc3339.h"

struct collateral_options {
    const char *snp_report;
    const char *tdx_quote;
    struct option_list gpu_reports;
    struct option_list gpu_certs;
    const char *bundle;
    struct option_list certs;
    const char *product;
    const char *amd_url;
    const char *intel_url;
    const char *rim_url;
    const char *ocsp_url;
    bool no_nonce;
    uint32_t renew;
    const char *simulated_root;
    const char *at;
    const char *listen;
    bool once;
    bool fetch_gpu;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct collateral_options, field)

enum { HOUR = 3600, RENEW_HOURS_MAX = 24 * 366 };

static const struct option table[] = {
    {"--snp-report", OPTION_TEXT, AT(snp_report), 0, 0, "FILE", "fetch: for this SEV-SNP report, from AMD"},
    {"--tdx-quote", OPTION_TEXT, AT(tdx_quote), 0, 0, "FILE", "fetch: for this TD quote, from Intel"},
    {"--gpu-report", OPTION_LIST, AT(gpu_reports), 0, 0, "FILE",
     "fetch: for this report of an NVIDIA GPU, from NVIDIA; may be repeated, once a GPU, and stand beside "
     "one of "
     "those above"},
    {"--gpu-certs", OPTION_LIST, AT(gpu_certs), 0, 0, "FILE",
     "fetch: the GPU's certificates, PEM or DER, the leaf first; once a GPU, in the order of the reports"},
    {"--bundle", OPTION_TEXT, AT(bundle), 0, 0, "FILE",
     "fetch: for all that this evidence bundle has, processor and GPUs"},
    {"--certs", OPTION_LIST, AT(certs), 0, 0, "FILE",
     "fetch: the certificate of the report's key, where no service hands it out (a VLEK); may be repeated"},
    {"--product", OPTION_TEXT, AT(product), 0, 0, "NAME",
     "fetch: Milan, Genoa or Turin, for a report of version 2, which does not say it"},
    {"--amd-url", OPTION_TEXT, AT(amd_url), 0, 0, "URL",
     "fetch: another service with AMD's interface; http:// too. Default: " COLLATERAL_AMD_URL},
    {"--intel-url", OPTION_TEXT, AT(intel_url), 0, 0, "URL",
     "fetch: another service with Intel's interface; http:// too. Default: " COLLATERAL_INTEL_URL},
    {"--rim-url", OPTION_TEXT, AT(rim_url), 0, 0, "URL",
     "fetch and serve: another service with the interface of NVIDIA's for reference values; http:// too. "
     "Default: " COLLATERAL_NVIDIA_RIM_URL},
    {"--ocsp-url", OPTION_TEXT, AT(ocsp_url), 0, 0, "URL",
     "fetch and serve: another OCSP responder than NVIDIA's; http:// too. "
     "Default: " COLLATERAL_NVIDIA_OCSP_URL},
    {"--no-ocsp-nonce", OPTION_SWITCH, AT(no_nonce), 0, 0, NULL,
     "fetch and serve: take OCSP responses that were made for somebody else, as a caching service has them"},
    {"--renew", OPTION_NUMBER, AT(renew), 1, RENEW_HOURS_MAX, "HOURS",
     "fetch: leave alone what is there and good for longer than that. Default: get everything anew"},
    {"--trust-simulated", OPTION_TEXT, AT(simulated_root), 0, 0, "FILE",
     "fetch: also take what simulated roots have signed; proves nothing about hardware"},
    {"--at", OPTION_TEXT, AT(at), 0, 0, "TIME",
     "fetch and show: what must be good at this time (RFC 3339), or is shown as expired. Default: now"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "fetch and show: the result as one JSON object"},
    {"--listen", OPTION_TEXT, AT(listen), 0, 0, "ADDRESS",
     "serve: where enclaves ask: unix:PATH or vsock:PORT"},
    {"--fetch-gpu", OPTION_SWITCH, AT(fetch_gpu), 0, 0, NULL,
     "serve: ask NVIDIA for what enclaves need for their GPUs and is not here, or not for long; it is handed "
     "on"},
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
        "       enclume collateral fetch DIRECTORY --gpu-report FILE --gpu-certs FILE [OPTION]...\n"
        "       enclume collateral fetch DIRECTORY --bundle FILE [OPTION]...\n"
        "       enclume collateral show DIRECTORY [OPTION]...\n"
        "       enclume collateral serve DIRECTORY --listen ADDRESS [OPTION]...\n"
        "\n"
        "Gets what a chip maker says of the platform that made a report or quote, into a directory that "
        "enclume verify --collateral DIRECTORY uses without a network; shows what is there, and until "
        "when. What comes is held against the report or quote, by the verifier's own checks, before it is "
        "kept. The service learns which chip you ask about.\n"
        "\n"
        "NVIDIA's word that a certificate is not revoked is good for about a day: from a timer, with --renew "
        "HOURS, only what is near its end is asked for again.\n"
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

/* What is to be fetched for, and with what; begin with all zero. */
struct job {
    struct collateral_fetch fetch;
    struct policy_holder trusted;
    struct files files; /* evidence */
    struct bundle bundle;
    struct bundle_parts parts;
};

static enum err usage_check(const struct collateral_options *o, struct err_note *note)
{
    if (o->snp_report != NULL && o->tdx_quote != NULL)
        return err_noted(ERR_USAGE, note, "--snp-report and --tdx-quote: one at a time");
    if (o->bundle != NULL && (o->snp_report != NULL || o->tdx_quote != NULL || o->gpu_reports.count != 0))
        return err_noted(ERR_USAGE, note, "--bundle goes alone: it brings its reports");
    if (o->gpu_reports.count != o->gpu_certs.count)
        return err_noted(ERR_USAGE, note, "%zu --gpu-report with %zu --gpu-certs", o->gpu_reports.count,
                         o->gpu_certs.count);
    if (o->gpu_reports.count > BUNDLE_GPUS_MAX)
        return err_noted(ERR_USAGE, note, "--gpu-report: at most %d", BUNDLE_GPUS_MAX);
    if (o->snp_report == NULL && o->tdx_quote == NULL && o->gpu_reports.count == 0 && o->bundle == NULL)
        return err_noted(ERR_USAGE, note,
                         "fetch: wanted --snp-report, --tdx-quote, --gpu-report or --bundle");
    return ERR_OK;
}

/* NULL is no file. */
static enum err evidence_load(const char *path, struct files *files, struct bytes *content,
                              struct err_note *note)
{
    enum err e = path == NULL ? ERR_OK : files_add(files, path, note);
    if (e == ERR_OK && path != NULL)
        *content = files->contents[files->count - 1];
    return e;
}

static enum err bundle_load(const char *path, struct job *j, struct err_note *note)
{
    struct err_note why = {{0}};
    struct bytes text = {0};
    enum err e = evidence_load(path, &j->files, &text, note);
    if (e != ERR_OK || path == NULL)
        return e;
    e = bundle_parse(text, &j->bundle, &why);
    if (e == ERR_OK)
        e = bundle_parts_of(&j->bundle, &j->parts, &why);
    if (e != ERR_OK)
        return err_noted(e, note, "%.100s: %.150s", path, why.text);
    const bool is_tdx = j->parts.platform == VERDICT_PLATFORM_TDX;
    *(is_tdx ? &j->fetch.tdx_quote : &j->fetch.snp_report) = j->parts.report.items[0];
    j->fetch.gpu_count = j->parts.gpu_reports.count;
    for (size_t i = 0; i < j->fetch.gpu_count; i++)
        j->fetch.gpus[i] =
            (struct nvgpu_evidence){j->parts.gpu_reports.items[i], j->parts.gpu_chains.items[i]};
    /* That of the report's key comes first: for a VLEK there is no service. */
    return is_tdx ? ERR_OK : files_copy(&j->fetch.certificates, path, j->parts.certificates.items[0], note);
}

static enum err directory_make(const char *directory, struct err_note *note)
{
    return mkdir(directory, 0777) == 0 || errno == EEXIST
               ? ERR_OK
               : err_noted(ERR_FILE, note, "%s: %s", directory, strerror(errno));
}

static enum err job_load(const struct collateral_options *o, struct job *j, struct err_note *note)
{
    const struct policy_options trusted = {.simulated_root = o->simulated_root};
    struct collateral_fetch *f = &j->fetch;
    enum err e = policy_options_load(&trusted, &j->trusted, note);
    f->policy = &j->trusted.policy;
    if (e == ERR_OK)
        e = evidence_load(o->snp_report, &j->files, &f->snp_report, note);
    if (e == ERR_OK)
        e = evidence_load(o->tdx_quote, &j->files, &f->tdx_quote, note);
    for (size_t i = 0; e == ERR_OK && i < o->gpu_reports.count; i++) {
        e = evidence_load(o->gpu_reports.items[i], &j->files, &f->gpus[i].report, note);
        if (e == ERR_OK)
            e = evidence_load(o->gpu_certs.items[i], &j->files, &f->gpus[i].certificates, note);
        f->gpu_count = i + 1;
    }
    if (e == ERR_OK)
        e = bundle_load(o->bundle, j, note);
    for (size_t i = 0; e == ERR_OK && i < o->certs.count; i++)
        e = files_add(&f->certificates, o->certs.items[i], note);
    return e == ERR_OK ? directory_make(f->directory, note) : e;
}

static void job_release(struct job *j)
{
    bundle_release(&j->bundle);
    files_release(&j->files);
    files_release(&j->fetch.certificates);
    policy_holder_release(&j->trusted);
}

static enum err fetched_print(const struct collateral_fetched *fetched, bool json)
{
    char until[RFC3339_SIZE];
    json_t *list = json_array();
    for (size_t i = 0; i < fetched->count; i++) {
        const struct collateral_document *d = &fetched->documents[i];
        (void)rfc3339_write(d->expires, until);
        if (!json)
            (void)printf("%s  valid until %s%s\n", d->name, until, d->held ? ", as it was" : "");
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:b}", "file", d->name, "valid_until", until, "kept", (int)d->held));
    }
    int failed = json ? json_dumpf(list, stdout, JSON_INDENT(2)) : 0;
    if (json)
        (void)putchar('\n');
    json_decref(list);
    return failed == 0 ? ERR_OK : ERR_MEMORY;
}

static const char *or_else(const char *given, const char *otherwise)
{
    return given != NULL ? given : otherwise;
}

static enum err fetch(const struct collateral_options *o, const char *directory, int64_t now,
                      struct err_note *note)
{
    static struct collateral_fetched fetched;
    static struct job j;
    j.fetch = (struct collateral_fetch){.directory = directory,
                                        .amd_url = or_else(o->amd_url, COLLATERAL_AMD_URL),
                                        .intel_url = or_else(o->intel_url, COLLATERAL_INTEL_URL),
                                        .rim_url = or_else(o->rim_url, COLLATERAL_NVIDIA_RIM_URL),
                                        .ocsp_url = or_else(o->ocsp_url, COLLATERAL_NVIDIA_OCSP_URL),
                                        .product = o->product,
                                        .no_nonce = o->no_nonce,
                                        .renew = (int64_t)o->renew * HOUR,
                                        .now = now};
    enum err e = usage_check(o, note);
    if (e == ERR_OK)
        e = job_load(o, &j, note);
    if (e == ERR_OK)
        e = collateral_fetch(&j.fetch, &fetched, note);
    if (e == ERR_OK)
        e = collateral_manifest_add(directory, &fetched, now, note);
    if (e == ERR_OK)
        e = fetched_print(&fetched, o->json);
    if (e == ERR_OK && fetched.disowned) /* it is kept, so that nobody goes on with what was there before */
        e = err_noted(ERR_REFUSED, note, "%s", fetched.why.text);
    job_release(&j);
    return e;
}

/* ---- the command ---- */

static bool is_nothing_to_ask(const struct collateral_options *o)
{
    return o->rim_url == NULL && o->ocsp_url == NULL && !o->no_nonce;
}

static bool is_nothing_to_fetch(const struct collateral_options *o)
{
    return o->snp_report == NULL && o->tdx_quote == NULL && o->gpu_reports.count + o->gpu_certs.count == 0 &&
           o->bundle == NULL && o->certs.count == 0 && o->product == NULL && o->amd_url == NULL &&
           o->intel_url == NULL && o->simulated_root == NULL && o->renew == 0;
}

static bool is_nothing_to_serve(const struct collateral_options *o)
{
    return o->listen == NULL && !o->once && !o->fetch_gpu;
}

static enum err run_fetch(const struct collateral_options *o, const char *directory, int64_t now,
                          struct err_note *note)
{
    return is_nothing_to_serve(o)
               ? fetch(o, directory, now, note)
               : err_noted(ERR_USAGE, note, "--listen, --fetch-gpu and --once are for serve");
}

static enum err run_show(const struct collateral_options *o, const char *directory, int64_t now,
                         struct err_note *note)
{
    return is_nothing_to_fetch(o) && is_nothing_to_ask(o) && is_nothing_to_serve(o)
               ? collateral_show(directory, now, o->json, note)
               : err_noted(ERR_USAGE, note, "show takes --at and --json alone");
}

static enum err run_serve(const struct collateral_options *o, const char *directory, int64_t now,
                          struct err_note *note)
{
    (void)now;
    const struct nvidia_services services = {.rim_url = or_else(o->rim_url, COLLATERAL_NVIDIA_RIM_URL),
                                             .ocsp_url = or_else(o->ocsp_url, COLLATERAL_NVIDIA_OCSP_URL),
                                             .no_nonce = o->no_nonce,
                                             .directory = directory};
    const struct collateral_serve serve = {
        .directory = directory, .once = o->once, .nvidia = o->fetch_gpu ? &services : NULL};
    if (!is_nothing_to_fetch(o) || o->at != NULL || o->json)
        return err_noted(ERR_USAGE, note,
                         "serve takes --listen, --once and --fetch-gpu with what belongs to it alone");
    if (!o->fetch_gpu && !is_nothing_to_ask(o))
        return err_noted(ERR_USAGE, note,
                         "serve: --rim-url, --ocsp-url and --no-ocsp-nonce are for --fetch-gpu");
    return o->listen != NULL ? collateral_serve(&serve, o->listen, note)
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
    return cli_end("collateral", e, &note);
}
