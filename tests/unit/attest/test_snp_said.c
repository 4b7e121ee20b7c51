/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of SEV-SNP evidence say of what they saw and wanted: a person reads it. */
#include "unit/attest/snp_scene.h"
#include "unit/test.h"

static void expect_accepted(const struct verdict *v)
{
    const struct verdict_check *failure = verdict_first_failure(v);
    if (failure != NULL)
        fail_msg("%s: %s", failure->rule->name, failure->saw);
}

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
    expect_accepted(&v);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_seen_is_said),
        cmocka_unit_test(what_was_wanted_is_said),
        cmocka_unit_test(what_a_bit_should_be_is_said),
        cmocka_unit_test(which_providers_are_wanted_is_said),
        cmocka_unit_test(what_proves_nothing_is_called_so),
        cmocka_unit_test(what_is_wrong_with_a_report_is_said),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
