/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/appraise.h"

#include "attest/bundle.h"
#include "attest/snp.h"
#include "attest/statement.h"
#include "base/encoding.h"

/* What every platform has in common; the platform's own checks follow (snp.c). */
static const struct verdict_rule rule_bundle = {
    "bundle.form", "The evidence arrived whole and well formed",
    "One JSON document, nothing unknown in it (docs/protocol.md, Evidence bundle)."};
static const struct verdict_rule rule_content = {
    "bundle.content", "It holds one report, its three certificates and revocation lists",
    "VCEK or VLEK, intermediate and root in this order; then the root's lists."};
static const struct verdict_rule rule_statement = {
    "statement.form", "The enclave's statement about itself is well formed",
    "Canonical JSON, so that no two texts say the same (docs/protocol.md, Key statement)."};
static const struct verdict_rule rule_model = {"statement.model", "The model is one that you allow",
                                               "The SHA-256 of the weights, loaded by measured code."};
static const struct verdict_rule rule_gpu = {
    "statement.gpu", "No part of the enclave goes unverified",
    "A statement that names GPU evidence says that prompts reach a GPU; it must be verified as well."};
static const struct verdict_rule rule_challenge = {
    "freshness.challenge", "There is a challenge that the report must answer",
    "A report that answers nobody's challenge can be old, or made for somebody else."};
static const struct verdict_rule rule_path = {
    "freshness.path", "The report answers this challenge",
    "The challenge's place in the tree that the report covers (RFC 9162 section 2.1.3)."};

enum { CERTIFICATES = 3 };

struct appraisal {
    const struct attest_policy *policy;
    const uint8_t *challenge; /* NULL: there is none */
    struct bundle bundle;
    bool parsed;
    struct statement statement;
    bool stated;
    struct snp_evidence evidence;
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

/* Which of the bundle's parts is which. */
static void check_content(struct appraisal *a)
{
    const struct bundle *b = &a->bundle;
    bool fits = b->evidence_count == 1 && b->endorsement_count >= CERTIFICATES &&
                b->endorsement_count - CERTIFICATES <= SNP_CRLS_MAX;
    for (size_t i = 0; i < b->endorsement_count; i++)
        fits = fits &&
               strcmp(b->endorsements[i].media_type, i < CERTIFICATES ? BUNDLE_CERTIFICATE : BUNDLE_CRL) == 0;
    if (!a->parsed) {
        (void)add_not_checked(a->v, &rule_content, "the bundle is malformed");
        return;
    }
    (void)verdict_add(a->v, &rule_content, fits, "1 report, 3 certificates, at most 4 revocation lists",
                      "%zu of evidence, %zu endorsements", b->evidence_count, b->endorsement_count);
    if (!fits)
        return;
    a->evidence = (struct snp_evidence){.report = b->evidence[0].value,
                                        .vek = b->endorsements[0].value,
                                        .ask = b->endorsements[1].value,
                                        .ark = b->endorsements[2].value,
                                        .crl_count = b->endorsement_count - CERTIFICATES};
    for (size_t i = 0; i < a->evidence.crl_count; i++)
        a->evidence.crls[i] = b->endorsements[CERTIFICATES + i].value;
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

/* A statement that speaks of a GPU asks for GPU evidence to be verified, which this verifier cannot do yet. */
static void check_gpu(struct appraisal *a)
{
    if (!a->stated) {
        (void)add_not_checked(a->v, &rule_gpu, "there is no statement");
        return;
    }
    (void)verdict_add(a->v, &rule_gpu, !a->statement.has_gpu_evidence, "none",
                      a->statement.has_gpu_evidence ? "GPU evidence, which is not verified yet" : "none");
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
    check_challenge(&a, challenge);
    check_path(&a);
    check_statement(&a);
    check_model(&a);
    check_gpu(&a);
    bool bound = expected_report_data(&a, report_data);
    snp_appraise(&a.evidence, bound ? report_data : NULL, policy, now, v);
    claims_from(&a);
    const struct verdict_check *covered = verdict_find(v, "snp.report_data");
    v->claims.fresh = bound && covered != NULL && covered->passed;

    verdict_conclude(v);
    bundle_release(&a.bundle);
}
