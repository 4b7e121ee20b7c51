/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of SEV-SNP evidence say of what they saw and wanted: a person reads it. */
#include "unit/attest/snp_scene.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

static void what_was_seen_is_said(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const struct {
        uint32_t key_info;
        const char *text;
    } said[] = {{SNP_KEY_VCEK << 2, "VCEK: the chip's own"},
                {SNP_KEY_VLEK << 2, "VLEK: the cloud provider's"},
                {SNP_KEY_NONE << 2, "no key: the report is not signed"},
                {3 << 2, "SIGNING_KEY 3"}};
    for (size_t i = 0; i < test_count(said); i++) {
        scene_init(&s, SCENE_GENOA);
        s.snp.report.key_info = said[i].key_info;
        scene_appraise(&s, &v);
        assert_string_equal(verdict_find(&v, "snp.key_info.signing_key")->saw, said[i].text);
        assert_string_equal(verdict_find(&v, "snp.key_info.signing_key")->wanted, "VCEK or VLEK");
    }
    scene_init(&s, SCENE_GENOA);
    s.snp.crl_count = SNP_CRLS_MAX; /* the most that may come */
    s.policy.snp.allow_missing_crl = true;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
    assert_string_equal(verdict_find(&v, "snp.crl.present")->saw, "4");
    assert_string_equal(verdict_find(&v, "snp.chain.root")->saw, "the SIMULATED root that was given by hand");
    assert_string_equal(verdict_find(&v, "snp.vek.product")->saw, "Genoa");
    assert_string_equal(verdict_find(&v, "snp.report.product")->saw, "Genoa (family 0x19, model 0x11)");
    s.snp.crl_count = 0;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.crl.present")->saw, "0: you allowed that there is none");
    s.policy.snp.allow_missing_crl = false;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.crl.present")->saw, "0");
    s.foreign_root = true;
    s.policy.simulated_root = (struct bytes){0};
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.chain.root")->saw,
                        "the key of the ARK is not the one that is pinned");
}

static void what_was_wanted_is_said(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const uint8_t two[2][48] = {{1}, {2}};
    scene_init(&s, SCENE_GENOA);
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.firmware.provisional")->saw, "");
    assert_string_equal(verdict_find(&v, "snp.id_key")->wanted, "none");
    assert_int_equal(strlen(verdict_find(&v, "snp.measurement")->wanted), 96);
    s.policy.snp.id_keys = (struct snp_digests){two, 2};
    s.policy.measurements = two;
    s.policy.measurement_count = 2;
    s.snp.report.current_version[1] = 56;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.firmware.provisional")->saw, "a version that is not committed");
    assert_string_equal(verdict_find(&v, "snp.id_key")->wanted, "one of those you named");
    assert_string_equal(verdict_find(&v, "snp.measurement")->wanted, "one of 2 reference values");
    s.policy.measurement_count = 0;
    s.snp.report.current_tcb.raw[7] = 0xdc;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.measurement")->wanted, "there is no reference value");
    assert_string_equal(verdict_find(&v, "snp.firmware.provisional")->saw,
                        "microcode: current 220, committed 219");
}

static void what_a_bit_should_be_is_said(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const char *const wanted[] = {[POLICY_DEFAULT] = "any",
                                         [POLICY_ANY] = "any",
                                         [POLICY_REQUIRE] = "allowed",
                                         [POLICY_FORBID] = "forbidden"};
    for (int rule = POLICY_DEFAULT; rule <= POLICY_FORBID; rule++) {
        scene_init(&s, SCENE_GENOA);
        s.policy.snp.guest[SNP_GUEST_SMT] = (enum policy_rule)rule;
        scene_appraise(&s, &v);
        assert_string_equal(verdict_find(&v, "snp.policy.smt")->wanted, wanted[rule]);
        assert_string_equal(verdict_find(&v, "snp.policy.smt")->saw, "allowed");
    }
    s.snp.report.policy &= ~(1ULL << SNP_POLICY_SMT);
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.policy.smt")->saw, "forbidden");
}

static void which_providers_are_wanted_is_said(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const char *const ids[] = {"CN=cloud.example"};
    scene_init(&s, SCENE_VLEK);
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.vek.provider")->saw, "CN=cloud.example");
    assert_string_equal(verdict_find(&v, "snp.vek.provider")->wanted, "any");
    s.policy.snp.csp_ids = ids;
    s.policy.snp.csp_id_count = 1;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.vek.provider")->wanted, "one of those you named");
}

/* Only Milan proves nothing, and only when it is let through all the same. */
static void what_proves_nothing_is_called_so(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    for (int milan = 0; milan < 2; milan++) {
        for (int allowed = 0; allowed < 2; allowed++) {
            scene_init(&s, SCENE_GENOA);
            s.policy.allow_milan = allowed != 0;
            if (milan != 0)
                s.snp.ark.subject_cn = "ARK-Milan";
            scene_appraise(&s, &v);
            const struct verdict_check *check = verdict_find(&v, "snp.product.milan");
            assert_string_equal(check->saw, milan == 0     ? "Genoa"
                                            : allowed == 0 ? "Milan"
                                                           : "Milan: allowed, proves nothing");
        }
    }
}

static void what_is_wrong_with_a_report_is_said(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, SCENE_GENOA);
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.report.form")->saw, "");
    assert_string_equal(verdict_find(&v, "snp.report.signature")->saw, "");
    s.snp.patch_after_at = 0x140;
    s.snp.patch_after = 1;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.report.signature")->saw, err_text(ERR_SIGNATURE));
    s.snp.patch_after_at = 0x4c;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.report.form")->saw, "report.reserved at 0x04c: not zero");
    assert_string_equal(verdict_find(&v, "snp.report.signature")->saw,
                        "not checked: the report is malformed");
}

/* A check that has nothing to stand on says why. */
static void why_a_check_was_not_made_is_said(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, SCENE_GENOA);
    s.snp.crl.version = 2;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.crl.signature")->saw,
                        "not checked: a revocation list is malformed");
    scene_init(&s, SCENE_GENOA);
    s.snp.ask.version = 0;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.chain.root")->saw, "not checked: a certificate is malformed");
    assert_string_equal(verdict_find(&v, "snp.vek.product")->saw, "not checked: a certificate is malformed");
    scene_init(&s, SCENE_GENOA);
    s.snp.ark.subject_cn = "ARK-Naples";
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.vek.product")->saw, "not checked: the product is not known");
    scene_init(&s, SCENE_GENOA);
    s.snp.hwid_len = SYNTHETIC_NONE;
    scene_appraise(&s, &v);
    assert_string_equal(verdict_find(&v, "snp.vek.tcb")->saw,
                        "not checked: the extensions of the VCEK or VLEK are malformed");
}

static void what_the_report_claims_is_handed_on(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, SCENE_TURIN);
    struct snp_report *r = &s.snp.report;
    r->guest_svn = 7;
    r->key_info = 1;
    r->current_version[0] = 9;
    r->committed_version[0] = 8;
    r->current_tcb.raw[7] = 0x53;
    r->launch_mitigations = 5;
    r->current_mitigations = 7;
    memset(r->family_id, 1, sizeof r->family_id);
    memset(r->image_id, 2, sizeof r->image_id);
    memset(r->host_data, 3, sizeof r->host_data);
    memset(r->id_key_digest, 4, sizeof r->id_key_digest);
    memset(r->author_key_digest, 5, sizeof r->author_key_digest);
    scene_appraise(&s, &v);
    const struct snp_claims *c = &v.claims.snp;
    assert_int_equal(c->guest_svn, 7);
    assert_int_equal(c->key_info, 1);
    assert_memory_equal(c->cpuid, "\x1a\x02\x01", 3);
    assert_memory_equal(c->current_tcb, r->current_tcb.raw, sizeof c->current_tcb);
    assert_memory_equal(c->committed_tcb, r->committed_tcb.raw, sizeof c->committed_tcb);
    assert_memory_equal(c->launch_tcb, r->launch_tcb.raw, sizeof c->launch_tcb);
    assert_memory_equal(c->current_version, r->current_version, sizeof c->current_version);
    assert_memory_equal(c->committed_version, r->committed_version, sizeof c->committed_version);
    assert_int_equal(c->launch_mitigations, 5);
    assert_int_equal(c->current_mitigations, 7);
    assert_memory_equal(c->family_id, r->family_id, sizeof c->family_id);
    assert_memory_equal(c->image_id, r->image_id, sizeof c->image_id);
    assert_memory_equal(c->host_data, r->host_data, sizeof c->host_data);
    assert_memory_equal(c->id_key_digest, r->id_key_digest, sizeof c->id_key_digest);
    assert_memory_equal(c->author_key_digest, r->author_key_digest, sizeof c->author_key_digest);
    assert_memory_equal(c->report_id, r->report_id, sizeof c->report_id);
    assert_memory_equal(c->report_id_ma, r->report_id_ma, sizeof c->report_id_ma);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_seen_is_said),
        cmocka_unit_test(what_was_wanted_is_said),
        cmocka_unit_test(what_a_bit_should_be_is_said),
        cmocka_unit_test(which_providers_are_wanted_is_said),
        cmocka_unit_test(what_proves_nothing_is_called_so),
        cmocka_unit_test(what_is_wrong_with_a_report_is_said),
        cmocka_unit_test(why_a_check_was_not_made_is_said),
        cmocka_unit_test(what_the_report_claims_is_handed_on),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
