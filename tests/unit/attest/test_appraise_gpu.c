/* SPDX-License-Identifier: Apache-2.0 */
/* GPUs in a bundle: tied to the key statement in both directions, or refused. */
#include "attest/appraise.h"
#include "attest/bundle.h"
#include "attest/merkle.h"
#include "attest/statement.h"
#include "base/secret.h"
#include "evidence/simulated_gpu.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

enum { GPUS = 2, REPORT_MAX = 16 * 1024 };

static const uint8_t challenge[32] = {7};

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static struct simulated_gpu *gpu[GPUS];
static uint8_t reports[GPUS][REPORT_MAX];
static uint8_t measurement[1][48];
static struct statement statement;
static char statement_text[STATEMENT_MAX];
static struct bundle bundle;
static struct attest_policy policy;
static struct verdict verdict;

static void appraise(const struct bundle *b)
{
    char *text;
    size_t len;
    assert_ok(bundle_write(b, &text, &len));
    attest_appraise(bytes_of(text, len), challenge, &policy, SYNTHETIC_NOW, &verdict);
    secret_free(text);
}

/* failures: names, NULL at the end. */
static void expect(const char *const failures[])
{
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *c = &verdict.checks[i];
        bool wanted = false;
        for (size_t k = 0; failures[k] != NULL; k++)
            wanted = wanted || strcmp(c->rule->name, failures[k]) == 0;
        if (c->passed == wanted)
            fail_msg("%s %s (%s)", c->rule->name, c->passed ? "passed" : "failed", c->saw);
    }
}

static void add(struct bundle *b, const char *media_type, struct bytes value)
{
    b->endorsements[b->endorsement_count++] = (struct bundle_item){media_type, value};
}

/* What the chip vouches for, made anew after a change of the statement. */
static void sign(struct bundle *b, const struct statement *s)
{
    size_t len;
    uint8_t root[32];
    assert_ok(statement_write(s, statement_text, sizeof statement_text, &len));
    b->statement = bytes_of(statement_text, len);
    b->freshness = (struct merkle_path){.size = 1};
    assert_ok(merkle_root_from_path(challenge, &b->freshness, root));
    assert_ok(statement_report_data(b->statement, root, snp.report.report_data));
    synthetic_snp_build(&snp);
    policy.simulated_root = snp.evidence.ark;
    b->evidence[0] = (struct bundle_item){BUNDLE_SNP_REPORT, snp.evidence.report};
    b->endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.vek};
    b->endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.ask};
    b->endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.ark};
    b->endorsements[3] = (struct bundle_item){BUNDLE_CRL, snp.evidence.crls[0]};
}

static void name_reports(const struct bundle *b, struct statement *s)
{
    struct bytes named[GPUS];
    for (size_t i = 0; i < GPUS; i++)
        named[i] = b->evidence[1 + i].value;
    s->has_gpu_evidence = true;
    assert_ok(statement_gpu_digest(named, GPUS, s->gpu_evidence));
}

static void put_together(struct bundle *b)
{
    uint8_t nonce[32];
    memset(b, 0, sizeof *b);
    memcpy(b->platform, BUNDLE_PLATFORM_SNP, sizeof BUNDLE_PLATFORM_SNP);
    statement = (struct statement){.noise_key = {1}, .model_digest = {2}, .model_name = "test model"};
    assert_ok(statement_gpu_nonce(&statement, nonce));
    for (size_t i = 0; i < GPUS; i++) {
        size_t len;
        assert_ok(simulated_gpu_answer(gpu[i], nonce, reports[i], sizeof reports[i], &len));
        b->evidence[1 + i] = (struct bundle_item){BUNDLE_GPU_REPORT, bytes_of(reports[i], len)};
    }
    b->evidence_count = 1 + GPUS;
    b->endorsement_count = 4;
    for (size_t i = 0; i < GPUS; i++)
        add(b, BUNDLE_GPU_CHAIN, bytes_of(gpu[i]->pem, gpu[i]->pem_len));
    for (size_t i = 0; i < SIMULATED_GPU_RIMS; i++)
        add(b, BUNDLE_GPU_RIM, bytes_of(gpu[0]->rim_text[i], gpu[0]->rim_len[i]));
    for (size_t i = 0; i < GPUS; i++)
        for (size_t k = 0; k < SIMULATED_GPU_OCSP; k++)
            add(b, BUNDLE_OCSP, bytes_of(gpu[i]->ocsp_der[k], gpu[i]->ocsp_len[k]));
    name_reports(b, &statement);
    sign(b, &statement);
}

static void gpus_that_the_statement_names_are_accepted(void **state)
{
    (void)state;
    put_together(&bundle);
    appraise(&bundle);
    expect((const char *const[]){NULL});
    assert_true(verdict.accepted && verdict.simulated);
    assert_int_equal(verdict.claims.gpu.count, GPUS);
    policy.gpu.gpu_count = GPUS;
    appraise(&bundle);
    assert_true(verdict.accepted);
    policy.gpu.gpu_count = GPUS + 1;
    appraise(&bundle);
    policy.gpu.gpu_count = 0;
    expect((const char *const[]){"nvgpu.count", NULL});
}

static void reports_that_nobody_names_are_refused(void **state)
{
    (void)state;
    put_together(&bundle);
    statement.has_gpu_evidence = false;
    sign(&bundle, &statement);
    appraise(&bundle);
    expect((const char *const[]){"statement.gpu", NULL});
}

static void a_gpu_that_is_named_and_missing_is_refused(void **state)
{
    (void)state;
    put_together(&bundle);
    bundle.evidence_count = 1; /* none of them */
    bundle.endorsement_count = 4;
    appraise(&bundle);
    expect((const char *const[]){"statement.gpu", NULL});
    put_together(&bundle);
    bundle.evidence_count--; /* one of them */
    bundle.endorsements[5] = bundle.endorsements[--bundle.endorsement_count];
    appraise(&bundle);
    expect((const char *const[]){"statement.gpu", NULL});
}

static void in_another_order_they_are_refused(void **state)
{
    (void)state;
    put_together(&bundle);
    struct bundle_item first = bundle.evidence[1];
    bundle.evidence[1] = bundle.evidence[2];
    bundle.evidence[2] = first;
    first = bundle.endorsements[4];
    bundle.endorsements[4] = bundle.endorsements[5];
    bundle.endorsements[5] = first;
    appraise(&bundle);
    expect((const char *const[]){"statement.gpu", NULL});
}

/* Genuine reports of the same GPUs, made for the key of another VM. */
static void reports_for_another_key_are_refused(void **state)
{
    (void)state;
    put_together(&bundle);
    statement.noise_key[0] ^= 1;
    sign(&bundle, &statement);
    appraise(&bundle);
    expect((const char *const[]){"nvgpu.report.nonce", NULL});
}

static void a_policy_that_wants_gpus_gets_them(void **state)
{
    (void)state;
    put_together(&bundle);
    bundle.evidence_count = 1;
    bundle.endorsement_count = 4;
    statement.has_gpu_evidence = false;
    sign(&bundle, &statement);
    appraise(&bundle);
    assert_true(verdict.accepted);
    policy.gpu.gpu_count = 1;
    appraise(&bundle);
    policy.gpu.gpu_count = 0;
    expect((const char *const[]){"statement.gpu", NULL});
}

static void as_many_chains_as_reports(void **state)
{
    (void)state;
    put_together(&bundle);
    bundle.endorsements[5] = bundle.endorsements[--bundle.endorsement_count];
    appraise(&bundle);
    assert_false(verdict.accepted);
    assert_false(verdict_find(&verdict, "bundle.content")->passed);
}

static void without_the_roots_given_by_hand_they_are_refused(void **state)
{
    (void)state;
    const struct attest_policy before = policy;
    put_together(&bundle);
    policy.gpu.simulated_device_root = (struct bytes){0};
    policy.gpu.simulated_rim_root = (struct bytes){0};
    appraise(&bundle);
    policy.gpu = before.gpu;
    assert_false(verdict.accepted);
    assert_false(verdict_find(&verdict, "nvgpu.chain.root")->passed);
}

static int make(void **state)
{
    (void)state;
    struct err_note note;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    memcpy(measurement[0], snp.report.measurement, sizeof measurement[0]);
    attest_policy_default(&policy);
    policy.measurements = (const uint8_t(*)[48])measurement;
    policy.measurement_count = 1;
    for (size_t i = 0; i < GPUS; i++) {
        if (simulated_gpu_new(SIMULATED_HOPPER, SYNTHETIC_NOW, &gpu[i]) != ERR_OK)
            return -1;
        if (i == 0)
            continue;
        simulated_gpu_adopt(gpu[i], gpu[0]);
        if (simulated_gpu_build(gpu[i]) != ERR_OK)
            return -1;
    }
    const struct simulated_nv_der *roots[] = {&gpu[0]->device_der[SIMULATED_GPU_CHAIN - 1],
                                              &gpu[0]->signer_der[SIMULATED_RIM_CHAIN - 1]};
    for (size_t i = 0; i < test_count(roots); i++)
        if (attest_policy_trust_simulated(&policy, bytes_of(roots[i]->der, roots[i]->len), &note) != ERR_OK)
            return -1;
    return 0;
}

static int drop(void **state)
{
    (void)state;
    for (size_t i = GPUS; i > 0; i--)
        simulated_gpu_free(gpu[i - 1]);
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_that_the_statement_names_are_accepted),
        cmocka_unit_test(reports_that_nobody_names_are_refused),
        cmocka_unit_test(a_gpu_that_is_named_and_missing_is_refused),
        cmocka_unit_test(in_another_order_they_are_refused),
        cmocka_unit_test(reports_for_another_key_are_refused),
        cmocka_unit_test(a_policy_that_wants_gpus_gets_them),
        cmocka_unit_test(as_many_chains_as_reports),
        cmocka_unit_test(without_the_roots_given_by_hand_they_are_refused),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
