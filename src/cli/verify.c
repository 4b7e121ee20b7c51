/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "attest/appraise.h"
#include "attest/appraise_parts.h"
#include "attest/bundle.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/collateral_use.h"
#include "cli/files.h"
#include "cli/policy_options.h"
#include "cli/rfc3339.h"
#include "cli/verdict_print.h"
#include "cli/verify_gpu.h"
#include "cli/verify_vtpm.h"

struct verify_options {
    struct policy_options policy;
    const char *snp_report;
    const char *tdx_quote;
    struct option_list certs;
    struct option_list crls;
    struct option_list collateral;
    struct vtpm_options vtpm;
    const char *report_data;
    struct gpu_options gpu;
    const char *nonce;
    const char *at;
    bool json;
    bool explain;
    bool list_checks;
    bool help;
};

#define AT(field) offsetof(struct verify_options, field)

static const struct option table[] = {
    {"--snp-report", OPTION_TEXT, AT(snp_report), 0, 0, "FILE",
     "instead of a bundle: an SEV-SNP report, in any wrapping, binary, hexadecimal or base64"},
    {"--certs", OPTION_LIST, AT(certs), 0, 0, "FILE",
     "AMD's certificates for it: PEM, DER or a table of certificates; may be repeated"},
    {"--crl", OPTION_LIST, AT(crls), 0, 0, "FILE", "AMD's revocation list: DER or PEM; may be repeated"},
    {"--tdx-quote", OPTION_TEXT, AT(tdx_quote), 0, 0, "FILE",
     "instead of a bundle: a TD quote, binary, hexadecimal or base64"},
    {"--collateral", OPTION_LIST, AT(collateral), 0, 0, "PATH",
     "what the maker says of the platform: a file, or a directory that `enclume collateral fetch` has "
     "filled; may be "
     "repeated"},
    {"--report-data", OPTION_TEXT, AT(report_data), 0, 0, "HEX",
     "what the report or quote must cover: up to 128 hexadecimal digits, zeros follow; \"any\" waives that, "
     "and the "
     "verdict says so"},
    VTPM_OPTION_ROWS(struct verify_options, vtpm),
    GPU_OPTION_ROWS(struct verify_options, gpu),
    {"--nonce", OPTION_TEXT, AT(nonce), 0, 0, "HEX",
     "what the TPM or the GPUs must have signed: up to 128 hexadecimal digits, for GPUs 64; \"any\" waives "
     "that, and the "
     "verdict says so"},
    POLICY_OPTION_ROWS(struct verify_options, policy),
    {"--at", OPTION_TEXT, AT(at), 0, 0, "TIME",
     "appraise as of this time (RFC 3339: 2026-11-02T10:00:00Z, or with an offset like +01:00). Default: "
     "now"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "the verdict as one JSON object"},
    {"--explain", OPTION_SWITCH, AT(explain), 0, 0, NULL, "say for each check why it is there"},
    {"--list-checks", OPTION_SWITCH, AT(list_checks), 0, 0, NULL,
     "only list every check that there is, and why"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume verify FILE [--policy FILE] [--measurement HEX] [OPTION]...\n"
        "       enclume verify --snp-report FILE --certs FILE --crl FILE --report-data HEX [OPTION]...\n"
        "       enclume verify --tdx-quote FILE --collateral PATH --report-data HEX [OPTION]...\n"
        "       enclume verify --hcl-report FILE --tpm-quote FILE --tpm-signature FILE --pcrs FILE "
        "--nonce HEX [OPTION]...\n"
        "       enclume verify --gpu-report FILE --gpu-certs FILE --collateral DIRECTORY --nonce HEX "
        "[OPTION]...\n"
        "       enclume verify --gpu-report FILE --gpu-certs FILE --rim FILE --ocsp FILE --nonce HEX "
        "[OPTION]...\n"
        "       enclume verify --list-checks [--json]\n"
        "\n"
        "Appraises evidence: a bundle that `enclume chat --save-evidence FILE` has written (\"-\": standard "
        "input), or a report or quote with what the maker says of it in files, of a machine or of its "
        "GPUs. Needs no network and trusts nobody but the chip maker's key. Prints every check that was "
        "made, passed or failed.\n"
        "\n"
        "    enclume verify evidence.json --measurement 3f0c... --json\n"
        "\n");
    options_help(table);
    fold_help(stdout, "\n"
                      "Exit codes: 0 accepted, 1 refused, 2 wrong use or unreadable input.");
}

/* ---- evidence that comes as separate files: a row for each kind ---- */

enum { SOURCE_HCL, SOURCE_SNP, SOURCE_TDX };

static const struct source {
    const char *option;
    size_t evidence; /* where its file's name is in the options */
    void (*appraise)(const struct appraise_parts *parts, const struct attest_policy *policy, int64_t now,
                     struct verdict *v);
    enum err (*use_directory)(const char *directory, struct bytes evidence, struct files *files,
                              struct err_note *note);
    bool takes_certificates; /* --certs and --crl */
    bool is_vtpm_part;       /* may also go with --hcl-report, as a part of that evidence */
} sources[] = {
    [SOURCE_HCL] = {"--hcl-report", AT(vtpm.hcl_report), NULL, collateral_use_hcl, true,
                    false}, /* appraise_vtpm */
    [SOURCE_SNP] = {"--snp-report", AT(snp_report), appraise_snp_parts, collateral_use_snp, true, false},
    [SOURCE_TDX] = {"--tdx-quote", AT(tdx_quote), appraise_tdx_parts, collateral_use_tdx, false, true},
};

static const char *evidence_of(const struct verify_options *o, const struct source *s)
{
    const char *value;
    memcpy(&value, (const char *)o + s->evidence, sizeof value);
    return value;
}

static bool is_directory(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

/* GPUs are verified alone, or in a bundle, where the key statement ties them to the processor: side by side, nothing would. */
static enum err gpu_check(const struct verify_options *o, const struct option_list *operands,
                          struct err_note *note)
{
    const size_t beside = o->gpu.certificates.count + o->gpu.rims.count + o->gpu.ocsp.count;
    if (o->gpu.reports.count == 0)
        return beside == 0 ? ERR_OK
                           : err_noted(ERR_USAGE, note, "--gpu-certs, --rim and --ocsp are for --gpu-report");
    if (operands->count != 0 || o->snp_report != NULL || o->tdx_quote != NULL || o->vtpm.hcl_report != NULL)
        return err_noted(ERR_USAGE, note,
                         "--gpu-report goes alone: separate files do not say that GPU and processor belong "
                         "together; a bundle does");
    if (o->certs.count + o->crls.count != 0 || o->report_data != NULL || vtpm_options_stray(&o->vtpm))
        return err_noted(ERR_USAGE, note,
                         "--gpu-report takes --gpu-certs, --rim, --ocsp, --collateral and --nonce");
    for (size_t i = 0; i < o->collateral.count; i++)
        if (!is_directory(o->collateral.items[i]))
            return err_noted(
                ERR_USAGE, note,
                "--collateral %.100s: with --gpu-report a directory is wanted, as `enclume collateral "
                "fetch` fills it",
                o->collateral.items[i]);
    return ERR_OK;
}

/* *source is NULL for a bundle, and for GPUs. */
static enum err source_find(const struct verify_options *o, const struct option_list *operands,
                            const struct source **source, struct err_note *note)
{
    *source = NULL;
    enum err e = gpu_check(o, operands, note);
    if (e != ERR_OK || o->gpu.reports.count != 0)
        return e;
    size_t found = operands->count;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (evidence_of(o, &sources[i]) != NULL && !(sources[i].is_vtpm_part && o->vtpm.hcl_report != NULL)) {
            *source = &sources[i];
            found++;
        }
    if (found != 1)
        return err_noted(
            ERR_USAGE, note,
            "wanted one file with evidence: a bundle, or that of --snp-report, --tdx-quote, --hcl-report or "
            "--gpu-report");
    if (*source == NULL &&
        (o->certs.count + o->crls.count + o->collateral.count != 0 || o->report_data != NULL))
        return err_noted(
            ERR_USAGE, note,
            "a bundle brings its own certificates, collateral and report data; these options are for "
            "--snp-report, --tdx-quote and --hcl-report");
    if (vtpm_options_stray(&o->vtpm))
        return err_noted(
            ERR_USAGE, note,
            "--tpm-quote, --tpm-signature, --pcrs, --event-log and --ak-cert are for --hcl-report");
    if (o->vtpm.hcl_report == NULL && o->nonce != NULL)
        return err_noted(ERR_USAGE, note, "--nonce is for --gpu-report and --hcl-report");
    if (o->vtpm.hcl_report != NULL && o->report_data != NULL)
        return err_noted(ERR_USAGE, note,
                         "--hcl-report takes --nonce: its report data are the hash of what it says");
    if (*source != NULL && !(*source)->takes_certificates && o->certs.count + o->crls.count != 0)
        return err_noted(ERR_USAGE, note,
                         "--certs and --crl are for --snp-report and --hcl-report; %s takes --collateral",
                         (*source)->option);
    return ERR_OK;
}

static enum err list_add(const struct option_list *list, struct files *files, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < list->count; i++)
        e = files_add(files, list->items[i], note);
    return e;
}

static enum err endorsements_load(const struct verify_options *o, const struct source *s,
                                  struct bytes evidence, struct files *files, struct err_note *note)
{
    enum err e = list_add(&o->certs, files, note);
    if (e == ERR_OK)
        e = list_add(&o->crls, files, note);
    for (size_t i = 0; e == ERR_OK && i < o->collateral.count; i++) {
        const char *path = o->collateral.items[i];
        e = is_directory(path) ? s->use_directory(path, evidence, files, note) : files_add(files, path, note);
    }
    return e;
}

/* ---- what must be covered ---- */

/* Of --report-data or --nonce. */
struct report_data {
    bool given;
    bool any;
    uint8_t value[64]; /* shorter values are completed with zeros */
    size_t len;        /* without these */
};

static enum err report_data_load(const char *option, const char *text, struct report_data *data,
                                 struct err_note *note)
{
    *data = (struct report_data){.given = text != NULL};
    if (text == NULL)
        return ERR_OK;
    data->any = strcmp(text, "any") == 0;
    const size_t digits = strlen(text);
    data->len = data->any ? 0 : digits / 2;
    if (data->any || (digits != 0 && digits <= 2 * sizeof data->value &&
                      encoding_unhex(bytes_str(text), data->value, digits / 2) == ERR_OK))
        return ERR_OK;
    return err_noted(ERR_USAGE, note, "%s %.140s: wanted up to 128 hexadecimal digits, or \"any\"", option,
                     text);
}

/* ---- appraising ---- */

static int show(const struct verdict *v, const struct verify_options *o)
{
    enum err e = ERR_OK;
    if (o->json) {
        char *text = verdict_json(v);
        if (text == NULL)
            e = ERR_MEMORY;
        else
            (void)puts(text);
        secret_free(text);
    } else {
        e = verdict_print_text(stdout, v, o->explain);
    }
    if (e != ERR_OK)
        return cli_fail(e, NULL);
    return v->accepted ? 0 : ERR_CLASS_REFUSED;
}

struct job {
    const struct verify_options *options;
    const struct source *source; /* NULL: a bundle */
    const char *path;
    struct report_data report_data;
    struct report_data nonce;
    const struct attest_policy *policy;
    int64_t now;
};

/* What the hardware says is in the HCL report, or with a TD in its quote: that leads to the endorsements. */
static enum err appraise_vtpm(const struct job *job, struct bytes hcl_report, struct verdict *v,
                              struct err_note *note)
{
    const struct verify_options *o = job->options;
    struct files files = {0};
    struct files endorsements = {0};
    struct bytes td_quote = {0};
    struct appraise_vtpm_parts parts = {.hcl_report = hcl_report,
                                        .nonce = bytes_of(job->nonce.value, job->nonce.len),
                                        .any_nonce = job->nonce.any};
    enum err e = vtpm_options_load(&o->vtpm, &files, &parts, note);
    if (e == ERR_OK && o->tdx_quote != NULL)
        e = file_read(o->tdx_quote, FILE_SIZE_MAX, &td_quote, note);
    if (e == ERR_OK)
        e = o->tdx_quote != NULL ? endorsements_load(o, &sources[SOURCE_TDX], td_quote, &endorsements, note)
                                 : endorsements_load(o, job->source, hcl_report, &endorsements, note);
    if (e == ERR_OK) {
        parts.hardware = (struct appraise_parts){.evidence = td_quote,
                                                 .endorsements = endorsements.contents,
                                                 .endorsement_count = endorsements.count,
                                                 .names = endorsements.names};
        appraise_vtpm_parts(&parts, job->policy, job->now, v);
    }
    files_release(&files);
    files_release(&endorsements);
    secret_free(bytes_owned(td_quote));
    return e;
}

static enum err appraise(const struct job *job, struct verdict *v, struct err_note *note)
{
    struct bytes evidence = {0};
    struct files files = {0};
    enum err e = file_read(job->path, job->source == NULL ? BUNDLE_MAX : FILE_SIZE_MAX, &evidence, note);
    if (e == ERR_OK && job->source == NULL)
        attest_appraise(evidence, NULL, job->policy, job->now, v);
    const bool is_vtpm = job->source == &sources[SOURCE_HCL];
    if (e == ERR_OK && is_vtpm)
        e = appraise_vtpm(job, evidence, v, note);
    if (e == ERR_OK && job->source != NULL && !is_vtpm)
        e = endorsements_load(job->options, job->source, evidence, &files, note);
    if (e == ERR_OK && job->source != NULL && !is_vtpm) {
        const struct report_data *data = &job->report_data;
        const struct appraise_parts parts = {.evidence = evidence,
                                             .endorsements = files.contents,
                                             .endorsement_count = files.count,
                                             .names = files.names,
                                             .report_data = data->given && !data->any ? data->value : NULL,
                                             .any_report_data = data->any};
        job->source->appraise(&parts, job->policy, job->now, v);
    }
    files_release(&files);
    secret_free(bytes_owned(evidence));
    return e;
}

static int run(const struct verify_options *o, const struct option_list *operands)
{
    static struct verdict v;
    struct err_note note = {0};
    struct policy_holder holder = {0};
    struct job job = {.options = o, .policy = &holder.policy, .now = (int64_t)time(NULL)};
    enum err e = source_find(o, operands, &job.source, &note);
    if (e == ERR_OK && o->at != NULL && rfc3339_parse(bytes_str(o->at), &job.now) != ERR_OK)
        e = err_noted(
            ERR_USAGE, &note,
            "--at %.100s: wanted a time like 2026-11-02T10:00:00Z or 2026-11-02T11:00:00+01:00, without "
            "fractions of a second",
            o->at);
    if (e == ERR_OK)
        e = report_data_load("--report-data", o->report_data, &job.report_data, &note);
    if (e == ERR_OK)
        e = report_data_load("--nonce", o->nonce, &job.nonce, &note);
    if (e == ERR_OK)
        e = policy_options_load(&o->policy, &holder, &note);
    if (e != ERR_OK)
        return cli_end("verify", e, &note);
    if (o->gpu.reports.count != 0) {
        e = verify_gpu(&o->gpu, &o->collateral, o->nonce, job.policy, job.now, &v, &note);
    } else {
        job.path = job.source == NULL ? operands->items[0] : evidence_of(o, job.source);
        e = appraise(&job, &v, &note);
    }
    int code = e == ERR_OK ? show(&v, o) : cli_end("verify", e, &note);
    policy_holder_release(&holder);
    return code;
}

int cli_verify(int argc, char **argv)
{
    static struct verify_options o;
    struct option_list operands;
    struct err_note note = {0};
    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e != ERR_OK)
        return cli_usage("verify", &note);
    if (o.help) {
        help();
        return 0;
    }
    if (o.list_checks) {
        e = verdict_print_rules(stdout, o.json);
        return e == ERR_OK ? 0 : cli_fail(e, NULL);
    }
    return run(&o, &operands);
}
