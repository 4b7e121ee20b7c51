/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the SEV-SNP appraisal, failed alone: sound evidence, one thing changed, built and signed anew. */
#include <stdio.h>

#include "attest/snp.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

static struct synthetic_keys keys;

struct scene {
    struct synthetic_snp snp;
    struct attest_policy policy;
    uint8_t measurement[1][48];
    uint8_t report_data[64];
    int64_t now;
    bool foreign_root;
};

static void scene_init(struct scene *s, bool turin)
{
    memset(s, 0, sizeof *s);
    if (turin)
        synthetic_snp_init_turin(&s->snp, &keys);
    else
        synthetic_snp_init(&s->snp, &keys);
    memcpy(s->measurement[0], s->snp.report.measurement, 48);
    memcpy(s->report_data, s->snp.report.report_data, 64);
    s->policy.measurements = (const uint8_t(*)[48])s->measurement;
    s->policy.measurement_count = 1;
    s->now = SYNTHETIC_NOW;
}

static void scene_appraise(struct scene *s, struct verdict *v)
{
    synthetic_snp_build(&s->snp);
    if (!s->foreign_root)
        s->policy.simulated_root = s->snp.evidence.ark;
    memset(v, 0, sizeof *v);
    snp_appraise(&s->snp.evidence, s->report_data, &s->policy, s->now, v);
    verdict_conclude(v);
}

/* ---- one change each ---- */

#define CHANGE(name) static void name(struct scene *s)

CHANGE(version_6)
{
    s->snp.patch_signed = 6;
}
CHANGE(reserved_signed)
{
    s->snp.patch_signed_at = 0x4c;
    s->snp.patch_signed = 1;
}
CHANGE(reserved_unsigned)
{
    s->snp.patch_after_at = 0x49f;
    s->snp.patch_after = 1;
}
CHANGE(upper_bytes_of_r)
{
    s->snp.patch_after_at = 0x2d0;
    s->snp.patch_after = 1;
}
CHANGE(vlek_report)
{
    s->snp.report.key_info = SNP_KEY_VLEK << 2;
}
CHANGE(unsigned_report)
{
    s->snp.report.key_info = SNP_KEY_NONE << 2;
}
CHANGE(masked_chip_key)
{
    s->snp.report.key_info = 1 << 1;
}
CHANGE(unknown_key_info)
{
    s->snp.report.key_info = 1U << 31;
}
CHANGE(foreign_root)
{
    s->foreign_root = true;
}
CHANGE(root_signed_by_another)
{
    s->snp.ark.signer = keys.ask;
}
CHANGE(root_is_no_ca)
{
    s->snp.ark.is_ca = false;
}
CHANGE(root_may_not_sign)
{
    s->snp.ark.key_usage = 0x02;
}
CHANGE(root_without_key_usage)
{
    s->snp.ark.key_usage = SYNTHETIC_NONE;
}
CHANGE(small_root)
{
    s->snp.ark.key = s->snp.ark.signer = s->snp.ask.signer = keys.small;
}
CHANGE(root_of_unknown_product)
{
    s->snp.ark.issuer_cn = s->snp.ark.subject_cn = s->snp.ask.issuer_cn = "ARK-Naples";
}
CHANGE(ask_signed_by_another)
{
    s->snp.ask.signer = keys.ask;
}
CHANGE(ask_is_no_ca)
{
    s->snp.ask.is_ca = false;
}
CHANGE(ask_may_not_sign)
{
    s->snp.ask.key_usage = 0x02;
}
CHANGE(ask_names_another_issuer)
{
    s->snp.ask.issuer_cn = "ARK-Turin";
}
CHANGE(ask_of_another_product)
{
    s->snp.ask.subject_cn = s->snp.vcek.issuer_cn = "SEV-Turin";
}
CHANGE(ask_for_vleks)
{
    s->snp.ask.subject_cn = s->snp.vcek.issuer_cn = "SEV-VLEK-Genoa";
}
CHANGE(small_ask)
{
    s->snp.ask.key = s->snp.vcek.signer = keys.small;
}
CHANGE(vcek_signed_by_the_root)
{
    s->snp.vcek.signer = keys.ark;
}
CHANGE(vcek_names_another_issuer)
{
    s->snp.vcek.issuer_cn = "SEV-Turin";
}
CHANGE(vcek_named_vlek)
{
    s->snp.vcek.subject_cn = "SEV-VLEK";
}
CHANGE(vcek_is_a_ca)
{
    s->snp.vcek.is_ca = true;
}
CHANGE(vcek_for_other_use)
{
    s->snp.vcek.key_usage = 0x04;
}
CHANGE(before_the_vcek)
{
    s->snp.vcek.not_before = "260101000001Z";
}
CHANGE(after_the_vcek)
{
    s->snp.vcek.not_after = "251231235959Z";
}
CHANGE(after_the_ask)
{
    s->snp.ask.not_after = "251231235959Z";
}
CHANGE(before_the_ark)
{
    s->snp.ark.not_before = "260101000001Z";
}
CHANGE(short_salt)
{
    s->snp.vcek.salt = 32;
}
CHANGE(version_1_certificate)
{
    s->snp.ask.version = 0;
}
CHANGE(unknown_critical_extension)
{
    s->snp.vcek.unknown_critical = true;
}
CHANGE(duplicate_extension)
{
    s->snp.ask.duplicate_extension = true;
}
CHANGE(vcek_without_extensions)
{
    /* A certificate has at least one extension; so leave one that says nothing. */
    s->snp.vcek.amd_extensions = false;
    s->snp.vcek.key_usage = 0x80;
}
CHANGE(vcek_without_hwid)
{
    s->snp.hwid_len = SYNTHETIC_NONE;
}
CHANGE(vcek_with_short_hwid)
{
    s->snp.hwid_len = 63;
}
CHANGE(vcek_with_csp_id)
{
    s->snp.has_csp_id = true;
}
CHANGE(vcek_with_unknown_extension)
{
    s->snp.unknown_amd_extension = true;
}
CHANGE(vcek_with_reserved_level)
{
    s->snp.reserved_level = 1;
}
CHANGE(vcek_without_a_level)
{
    s->snp.level[SNP_MICROCODE] = SYNTHETIC_NONE;
}
CHANGE(vcek_with_fmc_of_turin)
{
    s->snp.level[SNP_FMC] = 0;
}
CHANGE(vcek_of_another_product)
{
    s->snp.product = "Turin";
}
CHANGE(vcek_product_with_a_tail)
{
    s->snp.product = "Genoa-B0x";
}
CHANGE(milan_cpuid)
{
    s->snp.report.cpuid_model = 0x01;
}
CHANGE(unknown_cpuid)
{
    s->snp.report.cpuid_family = 0x1b;
}
CHANGE(milan_platform)
{
    s->snp.ark.issuer_cn = s->snp.ark.subject_cn = s->snp.ask.issuer_cn = "ARK-Milan";
    s->snp.ask.subject_cn = s->snp.vcek.issuer_cn = "SEV-Milan";
    s->snp.product = "Milan-B0";
    s->snp.report.cpuid_model = 0x01;
}
CHANGE(damaged_signature)
{
    s->snp.patch_after_at = 0x2e8 + 40;
    s->snp.patch_after = 0x5a;
}
CHANGE(report_changed_after_signing)
{
    s->snp.patch_after_at = 0x140;
    s->snp.patch_after = 0x01;
}
CHANGE(reported_microcode_differs)
{
    s->snp.report.reported_tcb.raw[7] = 0xdc;
}
CHANGE(reported_boot_loader_differs)
{
    s->snp.report.reported_tcb.raw[0] = 9;
}
CHANGE(reported_tee_differs)
{
    s->snp.report.reported_tcb.raw[1] = 1;
}
CHANGE(reported_firmware_differs)
{
    s->snp.report.reported_tcb.raw[6] = 0x1a;
}
CHANGE(another_chip)
{
    s->snp.report.chip_id[63] ^= 1;
}
CHANGE(masked_chip)
{
    memset(s->snp.report.chip_id, 0, 64);
    memset(s->snp.hwid, 0, 64);
}
CHANGE(reserved_tcb_byte)
{
    s->snp.report.launch_tcb.raw[3] = 1;
}
CHANGE(rolled_back)
{
    s->snp.report.committed_tcb.raw[7] = 0xff;
}
CHANGE(policy_without_bit_17)
{
    s->snp.report.policy &= ~(1ULL << 17);
}
CHANGE(policy_with_unknown_bit)
{
    s->snp.report.policy |= 1ULL << 26;
}
CHANGE(policy_with_last_bit)
{
    s->snp.report.policy |= 1ULL << 63;
}
CHANGE(debug)
{
    s->snp.report.policy |= 1ULL << SNP_POLICY_DEBUG;
}
CHANGE(migration_allowed)
{
    s->snp.report.policy |= 1ULL << SNP_POLICY_MIGRATE_MA;
}
CHANGE(migration_agent)
{
    s->snp.report.report_id_ma[0] = 0;
}
CHANGE(another_vmpl)
{
    s->snp.report.vmpl = 1;
}
CHANGE(another_vmpl_wanted)
{
    s->policy.vmpl = 1;
}
CHANGE(id_key)
{
    s->snp.report.id_key_digest[47] = 1;
}
CHANGE(author_key)
{
    s->snp.report.author_key_digest[0] = 1;
}
CHANGE(author_key_flag)
{
    s->snp.report.key_info = 1;
}
CHANGE(unknown_platform_bit)
{
    s->snp.report.platform_info |= 1U << 6;
}
CHANGE(unknown_high_platform_bit)
{
    s->snp.report.platform_info |= 1ULL << 63;
}
CHANGE(no_alias_check)
{
    s->snp.report.platform_info &= ~(1ULL << 5);
}
CHANGE(another_measurement)
{
    s->snp.report.measurement[0] ^= 1;
}
CHANGE(no_reference_value)
{
    s->policy.measurement_count = 0;
}
CHANGE(another_report_data)
{
    s->report_data[63] ^= 1;
}
/* Turin */
CHANGE(turin_chip_id_with_a_tail)
{
    s->snp.report.chip_id[8] = 1;
}
CHANGE(turin_fmc_differs)
{
    s->snp.report.reported_tcb.raw[0] = 2;
}
CHANGE(turin_without_fmc)
{
    s->snp.level[SNP_FMC] = SYNTHETIC_NONE;
}
CHANGE(turin_reserved_tcb_byte)
{
    s->snp.report.current_tcb.raw[4] = 1;
}

static const struct row {
    const char *what;
    void (*change)(struct scene *s);
    const char *check;
    const char *also; /* another check that the same change fails; NULL: none */
    bool turin;
} rows[] = {
#define ROW(change, check)                                                                                   \
    {                                                                                                        \
#change, change, check, NULL, false                                                                  \
    }
#define ROW2(change, check, also)                                                                            \
    {                                                                                                        \
#change, change, check, also, false                                                                  \
    }
#define TURIN(change, check)                                                                                 \
    {                                                                                                        \
#change, change, check, NULL, true                                                                   \
    }
    ROW(version_6, "snp.report.version"),
    ROW(reserved_signed, "snp.report.form"),
    ROW(reserved_unsigned, "snp.report.form"),
    ROW(upper_bytes_of_r, "snp.report.form"),
    ROW(vlek_report, "snp.key_info"),
    ROW(unsigned_report, "snp.key_info"),
    ROW(masked_chip_key, "snp.key_info"),
    ROW(unknown_key_info, "snp.key_info"),
    ROW(foreign_root, "snp.chain.root"),
    ROW(root_signed_by_another, "snp.chain.root"),
    ROW(root_is_no_ca, "snp.chain.root"),
    ROW(root_may_not_sign, "snp.chain.root"),
    ROW(root_without_key_usage, "snp.chain.root"),
    ROW(small_root, "snp.chain.root"),
    ROW2(root_of_unknown_product, "snp.chain.root", "snp.chain.ask"),
    ROW(ask_signed_by_another, "snp.chain.ask"),
    ROW(ask_is_no_ca, "snp.chain.ask"),
    ROW(ask_may_not_sign, "snp.chain.ask"),
    ROW(ask_names_another_issuer, "snp.chain.ask"),
    ROW(ask_of_another_product, "snp.chain.ask"),
    ROW(ask_for_vleks, "snp.chain.ask"),
    ROW(small_ask, "snp.chain.ask"),
    ROW(vcek_signed_by_the_root, "snp.chain.vcek"),
    ROW(vcek_names_another_issuer, "snp.chain.vcek"),
    ROW(vcek_named_vlek, "snp.chain.vcek"),
    ROW(vcek_is_a_ca, "snp.chain.vcek"),
    ROW(vcek_for_other_use, "snp.chain.vcek"),
    ROW(before_the_vcek, "snp.chain.validity"),
    ROW(after_the_vcek, "snp.chain.validity"),
    ROW(after_the_ask, "snp.chain.validity"),
    ROW(before_the_ark, "snp.chain.validity"),
    ROW(short_salt, "snp.chain.form"),
    ROW(version_1_certificate, "snp.chain.form"),
    ROW(unknown_critical_extension, "snp.chain.form"),
    ROW(duplicate_extension, "snp.chain.form"),
    ROW(vcek_without_extensions, "snp.vcek.form"),
    ROW(vcek_without_hwid, "snp.vcek.form"),
    ROW(vcek_with_short_hwid, "snp.vcek.form"),
    ROW(vcek_with_csp_id, "snp.vcek.form"),
    ROW(vcek_with_unknown_extension, "snp.vcek.form"),
    ROW(vcek_with_reserved_level, "snp.vcek.form"),
    ROW(vcek_without_a_level, "snp.vcek.form"),
    ROW(vcek_with_fmc_of_turin, "snp.vcek.form"),
    ROW(vcek_of_another_product, "snp.vcek.product"),
    ROW(vcek_product_with_a_tail, "snp.vcek.product"),
    ROW(milan_cpuid, "snp.report.product"),
    ROW(unknown_cpuid, "snp.report.product"),
    ROW(milan_platform, "snp.product.milan"),
    ROW(damaged_signature, "snp.report.signature"),
    ROW(report_changed_after_signing, "snp.report.signature"),
    ROW(reported_microcode_differs, "snp.vcek.tcb"),
    ROW(reported_boot_loader_differs, "snp.vcek.tcb"),
    ROW(reported_tee_differs, "snp.vcek.tcb"),
    ROW(reported_firmware_differs, "snp.vcek.tcb"),
    ROW(another_chip, "snp.vcek.chip_id"),
    ROW(masked_chip, "snp.vcek.chip_id"),
    ROW(reserved_tcb_byte, "snp.tcb.form"),
    ROW(rolled_back, "snp.tcb.committed"),
    ROW(policy_without_bit_17, "snp.policy.reserved"),
    ROW(policy_with_unknown_bit, "snp.policy.reserved"),
    ROW(policy_with_last_bit, "snp.policy.reserved"),
    ROW(debug, "snp.policy.debug"),
    ROW(migration_allowed, "snp.policy.migrate"),
    ROW(migration_agent, "snp.policy.migrate"),
    ROW(another_vmpl, "snp.vmpl"),
    ROW(another_vmpl_wanted, "snp.vmpl"),
    ROW(id_key, "snp.id_block"),
    ROW(author_key, "snp.id_block"),
    ROW(author_key_flag, "snp.id_block"),
    ROW(unknown_platform_bit, "snp.platform.reserved"),
    ROW(unknown_high_platform_bit, "snp.platform.reserved"),
    ROW(no_alias_check, "snp.platform.alias_check"),
    ROW(another_measurement, "snp.measurement"),
    ROW(no_reference_value, "snp.measurement"),
    ROW(another_report_data, "snp.report_data"),
    TURIN(turin_chip_id_with_a_tail, "snp.vcek.chip_id"),
    TURIN(turin_fmc_differs, "snp.vcek.tcb"),
    TURIN(turin_without_fmc, "snp.vcek.form"),
    TURIN(turin_reserved_tcb_byte, "snp.tcb.form"),
};

static bool is_excused(const struct verdict_check *check, const struct row *row)
{
    return strcmp(check->rule->name, row->check) == 0 || strncmp(check->saw, "not checked: ", 13) == 0 ||
           (row->also != NULL && strcmp(check->rule->name, row->also) == 0);
}

/* ---- the tests ---- */

static void sound_evidence_is_accepted_and_called_simulated(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    for (int turin = 0; turin <= 1; turin++) {
        scene_init(&s, turin == 1);
        scene_appraise(&s, &v);
        const struct verdict_check *failure = verdict_first_failure(&v);
        if (failure != NULL)
            fail_msg("%s: %s", failure->rule->name, failure->saw);
        assert_true(v.accepted);
        assert_true(v.simulated);
        assert_string_equal(v.claims.product, turin == 1 ? "Turin" : "Genoa");
        assert_memory_equal(v.claims.measurement, s.measurement[0], 48);
    }
}

static void each_change_fails_its_own_check_and_no_other(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    for (size_t i = 0; i < test_count(rows); i++) {
        scene_init(&s, rows[i].turin);
        rows[i].change(&s);
        scene_appraise(&s, &v);
        const struct verdict_check *own = verdict_find(&v, rows[i].check);
        assert_non_null(own);
        if (v.accepted || own->passed || strncmp(own->saw, "not checked", 11) == 0)
            fail_msg("%s: %s did not fail", rows[i].what, rows[i].check);
        for (size_t c = 0; c < v.count; c++)
            if (!v.checks[c].passed && !is_excused(&v.checks[c], &rows[i]))
                fail_msg("%s: %s failed too (%s)", rows[i].what, v.checks[c].rule->name, v.checks[c].saw);
    }
}

/* So that a check that is added gets a row. */
static void every_check_of_the_table_has_a_change_that_fails_it(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, false);
    scene_appraise(&s, &v);
    for (size_t c = 0; c < v.count; c++) {
        bool found = false;
        for (size_t i = 0; i < test_count(rows); i++)
            found = found || strcmp(rows[i].check, v.checks[c].rule->name) == 0;
        if (!found)
            fail_msg("nothing fails %s", v.checks[c].rule->name);
    }
}

static void milan_is_accepted_only_by_name(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, false);
    milan_platform(&s);
    s.policy.allow_milan = true;
    scene_appraise(&s, &v);
    assert_true(v.accepted);
    assert_non_null(strstr(verdict_find(&v, "snp.product.milan")->saw, "proves nothing"));
}

/* An evil twin: everything right, under a root with the right name, but not the one that was given by hand. */
static void a_simulated_root_is_compared_octet_by_octet(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    uint8_t twin[SYNTHETIC_CERT_MAX];
    scene_init(&s, false);
    synthetic_snp_build(&s.snp);
    memcpy(twin, s.snp.evidence.ark.ptr, s.snp.evidence.ark.len);
    for (size_t at = 0; at < s.snp.evidence.ark.len; at++) {
        twin[at] ^= 1;
        s.policy.simulated_root = bytes_of(twin, s.snp.evidence.ark.len);
        if (at % 64 == 0) {
            memset(&v, 0, sizeof v);
            snp_appraise(&s.snp.evidence, s.report_data, &s.policy, s.now, &v);
            assert_false(v.simulated);
            assert_false(verdict_find(&v, "snp.chain.root")->passed);
        }
        twin[at] ^= 1;
    }
}

/* The key of a chain that was made for another curve does not even get as far as a signature. */
static void a_vcek_on_another_curve_is_refused(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, false);
    synthetic_snp_build(&s.snp);
    s.snp.vcek.key = keys.p256;
    scene_appraise(&s, &v);
    assert_false(verdict_find(&v, "snp.chain.vcek")->passed);
    assert_false(verdict_find(&v, "snp.report.signature")->passed);
}

static void without_evidence_every_check_is_listed_as_failed(void **state)
{
    (void)state;
    static struct verdict v;
    const struct snp_evidence none = {0};
    const struct attest_policy policy = {0};
    static struct scene s;
    static struct verdict sound;
    scene_init(&s, false);
    scene_appraise(&s, &sound);
    snp_appraise(&none, NULL, &policy, SYNTHETIC_NOW, &v);
    assert_int_equal(v.count, sound.count);
    for (size_t i = 0; i < v.count; i++)
        assert_false(v.checks[i].passed);
}

static int make_keys(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_called_simulated),
        cmocka_unit_test(each_change_fails_its_own_check_and_no_other),
        cmocka_unit_test(every_check_of_the_table_has_a_change_that_fails_it),
        cmocka_unit_test(milan_is_accepted_only_by_name),
        cmocka_unit_test(a_simulated_root_is_compared_octet_by_octet),
        cmocka_unit_test(a_vcek_on_another_curve_is_refused),
        cmocka_unit_test(without_evidence_every_check_is_listed_as_failed),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
