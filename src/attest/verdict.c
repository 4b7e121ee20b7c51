/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/claim_json.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "base/utc.h"

enum { PLATFORM_SIZE = 64 };

#define SIMULATED_LINE                                                                                       \
    "SIMULATED: this platform was made up by a simulator. It proves nothing about any hardware.\n"

const char *verdict_platform_name(enum verdict_platform p)
{
    switch (p) {
    case VERDICT_PLATFORM_SNP:
        return "AMD SEV-SNP";
    case VERDICT_PLATFORM_TDX:
        return "Intel TDX";
    case VERDICT_PLATFORM_GPU:
        return "NVIDIA GPU";
    case VERDICT_PLATFORM_NONE:
        break;
    }
    return "none";
}

/* A simulated platform never goes by the name of the real one. */
static const char *platform_text(const struct verdict *v, char out[static PLATFORM_SIZE])
{
    (void)snprintf(out, PLATFORM_SIZE, "%s%s", v->simulated ? "SIMULATED " : "",
                   verdict_platform_name(v->claims.platform));
    return out;
}

/* ---- the list ---- */

/* What does not fit loses its middle: the ends of a digest are what people compare. */
static void copy_shortened(char to[static VERDICT_VALUE_SIZE], const char *text)
{
    enum { END = (VERDICT_VALUE_SIZE - 4) / 2 };
    size_t len = strlen(text);
    if (len < VERDICT_VALUE_SIZE)
        memcpy(to, text, len + 1);
    else
        (void)snprintf(to, VERDICT_VALUE_SIZE, "%.*s...%s", END, text, text + len - END);
}

bool verdict_add_text(struct verdict *v, const struct verdict_rule *rule, bool passed, const char *wanted,
                      const char *saw)
{
    if (v->count == VERDICT_CHECKS_MAX)
        abort();
    struct verdict_check *check = &v->checks[v->count++];
    check->rule = rule;
    check->passed = passed;
    copy_shortened(check->saw, saw);
    copy_shortened(check->wanted, wanted);
    return passed;
}

bool verdict_add(struct verdict *v, const struct verdict_rule *rule, bool passed, const char *wanted,
                 const char *saw_format, ...)
{
    char saw[2 * VERDICT_VALUE_SIZE];
    va_list args;
    va_start(args, saw_format);
    (void)vsnprintf(saw, sizeof saw, saw_format, args);
    va_end(args);
    return verdict_add_text(v, rule, passed, wanted, saw);
}

void verdict_conclude(struct verdict *v)
{
    v->accepted = v->count != 0 && verdict_first_failure(v) == NULL;
}

const struct verdict_check *verdict_first_failure(const struct verdict *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->checks[i].passed)
            return &v->checks[i];
    return NULL;
}

const struct verdict_check *verdict_find(const struct verdict *v, const char *name)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->checks[i].rule->name, name) == 0)
            return &v->checks[i];
    return NULL;
}

/* ---- time ---- */

const char *verdict_time(const struct verdict *v, char text[static VERDICT_TIME_SIZE])
{
    _Static_assert((int)VERDICT_TIME_SIZE >= (int)UTC_TEXT_SIZE, "it fits");
    if (!utc_words(v->appraised_at, text))
        (void)snprintf(text, VERDICT_TIME_SIZE, "%lld seconds since 1970", (long long)v->appraised_at);
    return text;
}

bool verdict_is_about_time(const struct verdict_check *check)
{
    static const char *const endings[] = {".validity", ".window", ".current", ".signer_valid"};
    const size_t len = strlen(check->rule->name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t n = strlen(endings[i]);
        if (len > n && strcmp(check->rule->name + len - n, endings[i]) == 0)
            return true;
    }
    return false;
}

/* ---- for people ---- */

enum { NAME_COLUMN = 31, SAW_SHORT = 40 };

static void check_print(FILE *out, const struct verdict_check *c, bool is_first_failure, bool explain)
{
    (void)fprintf(out, "%-6s  %-*s  %s", c->passed ? "ok" : "FAILED", NAME_COLUMN, c->rule->name,
                  c->rule->text);
    if (c->passed && c->saw[0] != '\0' && strlen(c->saw) <= SAW_SHORT)
        (void)fprintf(out, ": %s", c->saw);
    (void)fputc('\n', out);
    if (!c->passed && c->saw[0] != '\0')
        (void)fprintf(out, "        saw     %s\n", c->saw);
    if (!c->passed && c->wanted[0] != '\0')
        (void)fprintf(out, "        wanted  %s\n", c->wanted);
    if (is_first_failure)
        (void)fputs("        first   what failed before anything else\n", out);
    if (explain)
        (void)fprintf(out, "        why     %s\n", c->rule->why);
}

static void time_print(FILE *out, const struct verdict *v)
{
    char text[VERDICT_TIME_SIZE];
    if (v->count != 0)
        (void)fprintf(out, "As of %s.\n", verdict_time(v, text));
}

/* Whether the operator's own chips were looked for: genuine evidence of any other chip passes without that. */
static void inventory_print(FILE *out, const struct verdict_claims *c)
{
    const struct {
        enum verdict_platform platform;
        bool checked;
    } rows[] = {{VERDICT_PLATFORM_SNP, c->snp.inventory_checked},
                {VERDICT_PLATFORM_TDX, c->tdx.inventory_checked}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].platform == c->platform)
            (void)fputs(rows[i].checked
                            ? "Inventory of chips: checked.\n"
                            : "Inventory of chips: not checked, any genuine chip of the maker's will do.\n",
                        out);
}

/* Which GPUs took part. Of refused evidence it is what somebody says, and no more. */
static void gpus_print(FILE *out, const struct verdict *v)
{
    const struct nvgpu_claims *c = &v->claims.gpu;
    for (size_t i = 0; i < c->count; i++) {
        const struct nvgpu_claim *g = &c->gpus[i];
        (void)fprintf(
            out, "GPU %zu%s: %s, driver %s, VBIOS %s, %s.\n", i + 1, v->accepted ? "" : " says of itself",
            g->architecture[0] != '\0' ? g->architecture : "?", g->driver[0] != '\0' ? g->driver : "?",
            g->vbios[0] != '\0' ? g->vbios : "?", g->mode[0] != '\0' ? g->mode : "?");
    }
    if (c->count != 0)
        (void)fprintf(out, "Inventory of GPUs: %s.\nRevocation of the GPUs' certificates: %s.\n",
                      c->inventory_checked ? "checked" : "not checked, any genuine GPU of NVIDIA's will do",
                      c->revocation_checked ? "asked of each" : "not asked of each");
}

static size_t count_failed(const struct verdict *v)
{
    size_t failed = 0;
    for (size_t i = 0; i < v->count; i++)
        failed += !v->checks[i].passed;
    return failed;
}

static void verdict_print(FILE *out, const struct verdict *v, bool explain)
{
    const struct verdict_check *failure = verdict_first_failure(v);
    if (v->simulated)
        (void)fputs(SIMULATED_LINE, out);
    for (size_t i = 0; i < v->count; i++)
        check_print(out, &v->checks[i], &v->checks[i] == failure, explain);
    char platform[PLATFORM_SIZE];
    if (v->accepted)
        (void)fprintf(out, "ACCEPTED: all %zu checks passed (%s%s%s).\n", v->count,
                      platform_text(v, platform), v->claims.product[0] != '\0' ? " " : "", v->claims.product);
    else if (failure == NULL)
        (void)fputs("REFUSED: nothing was checked.\n", out);
    else
        (void)fprintf(out, "REFUSED: %zu of %zu checks failed, the first is %s.\n", count_failed(v), v->count,
                      failure->rule->name);
    time_print(out, v);
    inventory_print(out, &v->claims);
    gpus_print(out, v);
    if (v->simulated)
        (void)fputs(SIMULATED_LINE, out);
}

char *verdict_text(const struct verdict *v, bool explain)
{
    char *text = NULL;
    char *copy = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return NULL;
    verdict_print(out, v, explain);
    bool complete = ferror(out) == 0;
    complete = fclose(out) == 0 && complete; /* equivalent: there is memory, or there is no text */
    if (complete && (copy = secret_alloc(len + 1)) != NULL)
        memcpy(copy, text, len);
    free(text);
    return copy;
}

/* ---- for programs ---- */

static json_t *checks_json(const struct verdict *v)
{
    json_t *list = json_array();
    for (size_t i = 0; i < v->count; i++) {
        const struct verdict_check *c = &v->checks[i];
        json_t *item = json_pack("{s:s, s:b, s:s, s:s, s:s}", "name", c->rule->name, "passed", c->passed,
                                 "saw", c->saw, "wanted", c->wanted, "text", c->rule->text);
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *claims_json(const struct verdict_claims *c)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", //
        "measurement", claim_json_hex(c->measurement, sizeof c->measurement),                    //
        "report_data", claim_json_hex(c->report_data, sizeof c->report_data),                    //
        "chip_id", claim_json_hex(c->chip_id, sizeof c->chip_id),                                //
        "noise_key", claim_json_hex(c->noise_key, sizeof c->noise_key),                          //
        "model_digest", claim_json_hex(c->model_digest, sizeof c->model_digest),                 //
        "model_name", c->model_name,                                                             //
        "product", c->product,                                                                   //
        "report_version", (json_int_t)c->report_version,                                         //
        "vmpl", (json_int_t)c->vmpl,                                                             //
        "guest_policy", claim_json_number(c->guest_policy),                                      //
        "platform_info", claim_json_number(c->platform_info),                                    //
        "reported_tcb", claim_json_hex(c->reported_tcb, sizeof c->reported_tcb),                 //
        "snp", c->platform == VERDICT_PLATFORM_SNP ? snp_claims_json(&c->snp) : json_null(),     //
        "tdx", c->platform == VERDICT_PLATFORM_TDX ? tdx_claims_json(&c->tdx) : json_null(),     //
        "vtpm", c->vtpm.there ? vtpm_claims_json(&c->vtpm) : json_null(),                        //
        "gpu", c->gpu.count != 0 ? nvgpu_claims_json(&c->gpu) : json_null(),                     //
        "fresh", c->fresh);
}

char *verdict_json(const struct verdict *v)
{
    char platform[PLATFORM_SIZE];
    strict_json_init();
    json_t *doc = json_pack("{s:s, s:s, s:b, s:I, s:o, s:o}",                //
                            "verdict", v->accepted ? "accepted" : "refused", //
                            "platform", platform_text(v, platform),          //
                            "simulated", v->simulated,                       //
                            "appraised_at", (json_int_t)v->appraised_at,     //
                            "checks", checks_json(v),                        //
                            "claims", claims_json(&v->claims));
    char *text = doc == NULL ? NULL : json_dumps(doc, JSON_INDENT(2));
    json_decref(doc);
    return text;
}
