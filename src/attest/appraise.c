/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/appraise.h"

#include "attest/bundle_parts.h"
#include "attest/collateral.h"
#include "attest/nvgpu.h"
#include "attest/rules.h"
#include "attest/snp.h"
#include "attest/statement.h"
#include "attest/tdx.h"
#include "base/encoding.h"

/* What every platform has in common; the platform's own checks follow (snp.c, tdx.c), and those of its GPUs (nvgpu.c). */
static const struct verdict_rule rule_bundle = {
    "bundle.form", "The evidence arrived whole and well formed",
    "One JSON document, nothing unknown in it (docs/protocol.md, Evidence bundle)."};
static const struct verdict_rule rule_content = {
    "bundle.content", "It holds what the platform needs, and nothing else",
    "A report with its certificates and revocation lists, or a quote with its collateral "
    "(docs/protocol.md, Evidence bundle)."};
static const struct verdict_rule rule_platform = {
    "bundle.platform", "The platform is one that you accept",
    "Reference values of one platform do not make you trust another."};
static const struct verdict_rule rule_collateral = {
    "bundle.collateral", "What Intel says of the platform came along whole",
    "TCB info, identity of the quoting enclave, their signer, two revocation lists."};
static const struct verdict_rule rule_statement = {
    "statement.form", "The enclave's statement about itself is well formed",
    "Canonical JSON, so that no two texts say the same (docs/protocol.md, Key statement)."};
static const struct verdict_rule rule_model = {"statement.model", "The model is one that you allow",
                                               "The SHA-256 of the weights, loaded by measured code."};
static const struct verdict_rule rule_gpu = {
    "statement.gpu",
    "The GPUs whose reports came along are those that the enclave names, and none is missing",
    "The statement holds the hash of their reports, and they answer a hash of the statement: so processor "
    "and GPUs speak of the same "
    "VM (docs/protocol.md, GPUs)."};
static const struct verdict_rule rule_challenge = {
    "freshness.challenge", "There is a challenge that the report must answer",
    "A report that answers nobody's challenge can be old, or made for somebody else."};
static const struct verdict_rule rule_path = {
    "freshness.path", "The report answers this challenge",
    "The challenge's place in the tree that the report covers (RFC 9162 section 2.1.3)."};

const struct verdict_rule *appraise_rule(size_t index)
{
    static const struct verdict_rule *const rules[] = {
        &rule_bundle,    &rule_content, &rule_platform, &rule_challenge,  &rule_path,
        &rule_statement, &rule_model,   &rule_gpu,      &rule_collateral, NULL};
    size_t i = 0;
    while (i < index && rules[i] != NULL)
        i++;
    return rules[i];
}

struct appraisal {
    const struct attest_policy *policy;
    const uint8_t *challenge; /* NULL: there is none */
    struct bundle bundle;
    bool parsed;
    struct bundle_parts parts;
    bool sorted;
    struct statement statement;
    bool stated;
    uint8_t root[MERKLE_HASH_SIZE];
    bool rooted;
    struct verdict *v;
};

static bool add_result(struct verdict *v, const struct verdict_rule *rule, enum err e,
                       const struct err_note *note)
{
    if (e == ERR_OK)
        return verdict_add(v, rule, true, "", "%s", "");
    return verdict_add(v, rule, false, "", "%s", note->text[0] != '\0' ? note->text : err_text(e));
}

static bool add_not_checked(struct verdict *v, const struct verdict_rule *rule, const char *why)
{
    return verdict_add(v, rule, false, "", "not checked: %s", why);
}

static void check_content(struct appraisal *a)
{
    struct err_note note = {{0}};
    if (!a->parsed) {
        (void)add_not_checked(a->v, &rule_content, "the bundle is malformed");
        return;
    }
    enum err e = bundle_parts_of(&a->bundle, &a->parts, &note);
    a->sorted = add_result(a->v, &rule_content, e, &note);
}

static void check_platform(struct appraisal *a)
{
    const uint32_t accepted = a->policy->platforms;
    if (a->parts.platform == VERDICT_PLATFORM_NONE) {
        (void)add_not_checked(a->v, &rule_platform,
                              "the bundle is malformed, or of a platform that is not known");
        return;
    }
    (void)verdict_add(a->v, &rule_platform, accepted == 0 || (accepted >> a->parts.platform & 1) != 0,
                      accepted == 0 ? "any" : "one of those you named", "%s",
                      verdict_platform_name(a->parts.platform));
}

static void check_statement(struct appraisal *a)
{
    struct err_note note = {{0}};
    if (!a->parsed) {
        (void)add_not_checked(a->v, &rule_statement, "the bundle is malformed");
        return;
    }
    enum err e = statement_parse(a->bundle.statement, &a->statement, &note);
    a->stated = add_result(a->v, &rule_statement, e, &note);
}

/* The statement and the reports name each other, or neither is there, and then the policy must not want any. */
static bool gpus_are_named(const struct appraisal *a, const char **saw)
{
    const struct bundle_list *reports = &a->parts.gpu_reports;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    *saw = "none";
    if (!a->statement.has_gpu_evidence && reports->count == 0)
        return a->policy->gpu.gpu_count == 0;
    *saw = "reports that the statement does not name";
    if (!a->statement.has_gpu_evidence)
        return false;
    *saw = "no reports, and a statement that names some";
    if (reports->count == 0)
        return false;
    *saw = "other reports than those that the statement names";
    if (statement_gpu_digest(reports->items, reports->count, digest) != ERR_OK ||
        memcmp(digest, a->statement.gpu_evidence, sizeof digest) != 0)
        return false;
    *saw = "the same";
    return true;
}

static void check_gpu(struct appraisal *a)
{
    const char *saw;
    if (!a->stated || !a->sorted) {
        (void)add_not_checked(a->v, &rule_gpu,
                              a->stated ? "the bundle's parts are wrong" : "there is no statement");
        return;
    }
    bool named = gpus_are_named(a, &saw);
    (void)verdict_add(a->v, &rule_gpu, named,
                      a->policy->gpu.gpu_count == 0 ? "the same, or none" : "the same", "%s", saw);
}

static bool is_allowed_model(const struct attest_policy *policy,
                             const uint8_t digest[static ATTEST_DIGEST_SIZE])
{
    for (size_t i = 0; i < policy->model_count; i++)
        if (memcmp(policy->models[i], digest, ATTEST_DIGEST_SIZE) == 0)
            return true;
    return policy->model_count == 0;
}

static void check_model(struct appraisal *a)
{
    char hex[ENCODING_HEX_SIZE(ATTEST_DIGEST_SIZE)];
    if (!a->stated) {
        (void)add_not_checked(a->v, &rule_model, "there is no statement");
        return;
    }
    encoding_hex(bytes_of(a->statement.model_digest, sizeof a->statement.model_digest), hex);
    (void)verdict_add(a->v, &rule_model, is_allowed_model(a->policy, a->statement.model_digest),
                      a->policy->model_count == 0 ? "any" : "one of those you named", "%s", hex);
}

/* The challenge that counts: the caller's own, or else the one saved in the bundle. Both, and not the same, is nobody's. */
static void check_challenge(struct appraisal *a, const uint8_t *own)
{
    const bool saved = a->parsed && a->bundle.has_challenge;
    const bool differ =
        own != NULL && saved && memcmp(own, a->bundle.challenge, sizeof a->bundle.challenge) != 0;
    a->challenge = own != NULL ? own : saved ? a->bundle.challenge : NULL;
    if (differ)
        (void)verdict_add(a->v, &rule_challenge, false, "this one", "the bundle was saved with another one");
    else if (a->challenge != NULL)
        (void)verdict_add(a->v, &rule_challenge, true, "one", "%s",
                          own != NULL ? "of this handshake" : "saved with the bundle");
    else
        (void)verdict_add(a->v, &rule_challenge, false, "one", "none");
}

static void check_path(struct appraisal *a)
{
    struct err_note note = {{0}};
    if (!a->parsed) {
        (void)add_not_checked(a->v, &rule_path, "the bundle is malformed");
    } else if (a->challenge == NULL) {
        (void)add_not_checked(a->v, &rule_path, "there is no challenge");
    } else {
        enum err e = merkle_root_from_path(a->challenge, &a->bundle.freshness, a->root);
        a->rooted = e == ERR_OK;
        if (a->rooted)
            (void)verdict_add(a->v, &rule_path, true, "", "%u of %u", a->bundle.freshness.index + 1,
                              a->bundle.freshness.size);
        else
            (void)add_result(a->v, &rule_path, e, &note);
    }
}

/* False: the report cannot be held against the statement. */
static bool expected_report_data(const struct appraisal *a, uint8_t out[static 64])
{
    return a->rooted && statement_report_data(a->bundle.statement, a->root, out) == ERR_OK;
}

/* The statement speaks for the enclave only when the report covers it. */
static void claims_from(const struct appraisal *a)
{
    struct verdict_claims *claims = &a->v->claims;
    if (!a->stated || !a->rooted)
        return;
    memcpy(claims->noise_key, a->statement.noise_key, sizeof claims->noise_key);
    memcpy(claims->model_digest, a->statement.model_digest, sizeof claims->model_digest);
    memcpy(claims->model_name, a->statement.model_name, sizeof claims->model_name);
}

/* ---- the platforms ---- */

static void appraise_snp(const struct appraisal *a, const uint8_t *report_data, int64_t now)
{
    const struct bundle_parts *parts = &a->parts;
    struct snp_evidence evidence = {.report = parts->report.items[0],
                                    .vek = parts->certificates.items[0],
                                    .ask = parts->certificates.items[1],
                                    .ark = parts->certificates.items[2],
                                    .crl_count = parts->crls.count};
    for (size_t i = 0; i < parts->crls.count; i++)
        evidence.crls[i] = parts->crls.items[i];
    snp_appraise(&evidence, report_data, a->policy, now, a->v);
}

static void appraise_tdx(const struct appraisal *a, const uint8_t *report_data, int64_t now)
{
    struct collateral collateral;
    struct err_note note = {{0}};
    collateral_init(&collateral);
    enum err e = collateral_add(&collateral, a->parts.collateral.items[0], &note);
    (void)add_result(a->v, &rule_collateral, e, &note);
    tdx_appraise(a->parts.report.items[0], &collateral.tdx, report_data, &a->policy->tdx, now, a->v);
    collateral_release(&collateral);
}

/* Without its parts there is nothing to appraise, and bundle.content has failed. */
static void appraise_platform(const struct appraisal *a, const uint8_t *report_data, int64_t now)
{
    if (a->sorted && a->parts.platform == VERDICT_PLATFORM_SNP)
        appraise_snp(a, report_data, now);
    if (a->sorted && a->parts.platform == VERDICT_PLATFORM_TDX)
        appraise_tdx(a, report_data, now);
}

/* Every GPU that sent a report, whoever names it. */
static void appraise_gpus(const struct appraisal *a, int64_t now)
{
    const struct bundle_parts *parts = &a->parts;
    struct nvgpu_evidence gpus[BUNDLE_GPUS_MAX];
    struct nvgpu_rim rims[BUNDLE_RIMS_MAX];
    uint8_t nonce[CRYPTO_SHA256_SIZE];
    if (!a->sorted || parts->gpu_reports.count == 0)
        return;
    for (size_t i = 0; i < parts->gpu_reports.count; i++)
        gpus[i] = (struct nvgpu_evidence){parts->gpu_reports.items[i], parts->gpu_chains.items[i]};
    for (size_t i = 0; i < parts->rims.count; i++)
        rims[i] = (struct nvgpu_rim){.document = parts->rims.items[i]};
    const struct nvgpu_endorsements endorsements = {.rims = rims,
                                                    .rim_count = parts->rims.count,
                                                    .ocsp = parts->ocsp.items,
                                                    .ocsp_count = parts->ocsp.count};
    bool known = a->stated && statement_gpu_nonce(&a->statement, nonce) == ERR_OK;
    nvgpu_appraise(gpus, parts->gpu_reports.count, &endorsements, known ? nonce : NULL, &a->policy->gpu, now,
                   a->v);
}

/* The row that says that the report covers what it should. */
static bool is_covered(const struct verdict *v)
{
    const struct verdict_check *snp = verdict_find(v, "snp.report_data");
    const struct verdict_check *tdx = verdict_find(v, "tdx.report_data");
    return (snp != NULL && snp->passed) || (tdx != NULL && tdx->passed);
}

void attest_appraise(struct bytes bundle_text, const uint8_t *challenge, const struct attest_policy *policy,
                     int64_t now, struct verdict *v)
{
    struct appraisal a = {.policy = policy, .v = v};
    struct err_note note = {{0}};
    uint8_t report_data[64];
    memset(v, 0, sizeof *v);
    v->appraised_at = now;

    enum err e = bundle_parse(bundle_text, &a.bundle, &note);
    a.parsed = add_result(v, &rule_bundle, e, &note);
    check_content(&a);
    check_platform(&a);
    check_challenge(&a, challenge);
    check_path(&a);
    check_statement(&a);
    check_model(&a);
    check_gpu(&a);
    bool bound = expected_report_data(&a, report_data);
    appraise_platform(&a, bound ? report_data : NULL, now);
    appraise_gpus(&a, now);
    claims_from(&a);
    v->claims.fresh = bound && is_covered(v);

    verdict_conclude(v);
    bundle_release(&a.bundle);
}
