/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the SEV-SNP appraisal, failed alone: sound evidence, one thing changed, built and signed anew. */
#include "attest/snp_context.h"
#include "unit/attest/snp_scene.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

static const struct change *change_at(size_t i)
{
    return i < changes_signer_count ? &changes_signer[i] : &changes_state[i - changes_signer_count];
}

static size_t change_count(void)
{
    return changes_signer_count + changes_state_count;
}

/* What each bit means to a policy that says nothing about it. */
static const struct {
    const char *check;
    unsigned bit;
    unsigned which;
    bool platform;
    enum policy_rule usual;
} bits[] = {
    {"snp.policy.smt", 16, SNP_GUEST_SMT, false, POLICY_ANY},
    {"snp.policy.migrate", 18, SNP_GUEST_MIGRATE_MA, false, POLICY_FORBID},
    {"snp.policy.debug", 19, SNP_GUEST_DEBUG, false, POLICY_FORBID},
    {"snp.policy.single_socket", 20, SNP_GUEST_SINGLE_SOCKET, false, POLICY_ANY},
    {"snp.policy.cxl", 21, SNP_GUEST_CXL, false, POLICY_ANY},
    {"snp.policy.aes_xts", 22, SNP_GUEST_AES_XTS, false, POLICY_ANY},
    {"snp.policy.rapl", 23, SNP_GUEST_RAPL_DIS, false, POLICY_ANY},
    {"snp.policy.ciphertext_hiding", 24, SNP_GUEST_CIPHERTEXT_HIDING, false, POLICY_ANY},
    {"snp.policy.page_swap", 25, SNP_GUEST_PAGE_SWAP_DISABLE, false, POLICY_ANY},
    {"snp.platform.smt", 0, SNP_PLATFORM_SMT, true, POLICY_ANY},
    {"snp.platform.tsme", 1, SNP_PLATFORM_TSME, true, POLICY_ANY},
    {"snp.platform.ecc", 2, SNP_PLATFORM_ECC, true, POLICY_ANY},
    {"snp.platform.rapl", 3, SNP_PLATFORM_RAPL_DIS, true, POLICY_ANY},
    {"snp.platform.ciphertext_hiding", 4, SNP_PLATFORM_CIPHERTEXT_HIDING, true, POLICY_ANY},
    {"snp.platform.alias_check", 5, SNP_PLATFORM_ALIAS_CHECK, true, POLICY_REQUIRE},
    {"snp.platform.tio", 7, SNP_PLATFORM_TIO, true, POLICY_ANY},
    {"snp.platform.iommu", 6, SNP_PLATFORM_IOMMU_WRITE_SAFE, true, POLICY_ANY},
};

static bool is_excused(const struct verdict_check *check, const struct change *row)
{
    return strcmp(check->rule->name, row->check) == 0 || strncmp(check->saw, "not checked: ", 13) == 0 ||
           (row->also != NULL && strncmp(check->rule->name, row->also, strlen(row->also)) == 0);
}

/* ---- the tests ---- */

static void sound_evidence_is_accepted_and_called_simulated(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    for (int kind = SCENE_GENOA; kind <= SCENE_VLEK; kind++) {
        scene_init(&s, (enum scene_kind)kind);
        scene_appraise(&s, &v);
        verdict_expect_accepted(&v);
        assert_true(v.simulated);
        assert_string_equal(v.claims.product, kind == SCENE_TURIN ? "Turin" : "Genoa");
        assert_memory_equal(v.claims.measurement, s.measurement[0], 48);
        assert_string_equal(v.claims.snp.signing_key, kind == SCENE_VLEK ? "VLEK" : "VCEK");
        assert_string_equal(v.claims.snp.csp_id, kind == SCENE_VLEK ? "CN=cloud.example" : "");
        assert_false(v.claims.snp.inventory_checked);
        assert_int_equal(v.claims.snp.crl_count, 1);
    }
}

static void each_change_fails_its_own_check_and_no_other(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    for (size_t i = 0; i < change_count(); i++) {
        scene_init(&s, change_at(i)->kind);
        change_at(i)->change(&s);
        scene_appraise(&s, &v);
        const struct verdict_check *own = verdict_find(&v, change_at(i)->check);
        assert_non_null(own);
        if (v.accepted || own->passed || strncmp(own->saw, "not checked", 11) == 0)
            fail_msg("%s: %s did not fail", change_at(i)->what, change_at(i)->check);
        for (size_t c = 0; c < v.count; c++)
            if (!v.checks[c].passed && !is_excused(&v.checks[c], change_at(i)))
                fail_msg("%s: %s failed too (%s)", change_at(i)->what, v.checks[c].rule->name,
                         v.checks[c].saw);
    }
}

/* So that a check that is added gets a row. */
static void every_check_of_the_table_has_a_change_that_fails_it(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, SCENE_GENOA);
    scene_appraise(&s, &v);
    for (size_t c = 0; c < v.count; c++) {
        bool found = false;
        for (size_t i = 0; i < change_count(); i++)
            found = found || strcmp(change_at(i)->check, v.checks[c].rule->name) == 0;
        for (size_t i = 0; i < test_count(bits); i++) /* by each_bit_obeys_its_rule */
            found = found || strcmp(bits[i].check, v.checks[c].rule->name) == 0;
        if (!found)
            fail_msg("nothing fails %s", v.checks[c].rule->name);
    }
}

static void milan_scene(struct scene *s)
{
    scene_init(s, SCENE_GENOA);
    s->snp.ark.issuer_cn = s->snp.ark.subject_cn = s->snp.ask.issuer_cn = s->snp.crl.issuer_cn = "ARK-Milan";
    s->snp.ask.subject_cn = s->snp.vek.issuer_cn = "SEV-Milan";
    s->snp.product = "Milan-B0";
    s->snp.report.cpuid_model = 0x01;
}

static void milan_is_accepted_only_by_name(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    milan_scene(&s);
    s.policy.allow_milan = true;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
    assert_non_null(strstr(verdict_find(&v, "snp.product.milan")->saw, "proves nothing"));
    s.snp.report.launch_tcb.raw[6] = 0x17;
    scene_appraise(&s, &v);
    verdict_expect_only(&v, "snp.tcb.floor.launch");
}

/* Version 2 does not state the CPUID: the product is the certificate's, and rows for one stepping do not apply. */
static void a_version_2_report_takes_its_product_from_the_certificate(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, SCENE_GENOA);
    s.snp.report.version = 2;
    s.snp.report.cpuid_family = s.snp.report.cpuid_model = s.snp.report.cpuid_stepping = 0;
    s.snp.report.launch_tcb.raw[7] = 0x40; /* below every stepping's floor */
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
    s.snp.report.launch_tcb.raw[6] = 0x1a;
    scene_appraise(&s, &v);
    verdict_expect_only(&v, "snp.tcb.floor.launch");
}

static void each_bit_obeys_its_rule(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    _Static_assert(sizeof bits / sizeof *bits == (size_t)SNP_GUEST_BIT_COUNT + SNP_PLATFORM_BIT_COUNT,
                   "all bits are here");
    for (size_t i = 0; i < test_count(bits); i++) {
        for (int rule = POLICY_DEFAULT; rule <= POLICY_FORBID; rule++) {
            for (int set = 0; set <= 1; set++) {
                scene_init(&s, SCENE_GENOA);
                uint64_t *field = bits[i].platform ? &s.snp.report.platform_info : &s.snp.report.policy;
                *field = (*field & ~(1ULL << bits[i].bit)) | (uint64_t)set << bits[i].bit;
                *(bits[i].platform ? &s.policy.snp.platform[bits[i].which]
                                   : &s.policy.snp.guest[bits[i].which]) = (enum policy_rule)rule;
                scene_appraise(&s, &v);
                enum policy_rule meant = rule == POLICY_DEFAULT ? bits[i].usual : (enum policy_rule)rule;
                if (meant == POLICY_ANY || (meant == POLICY_REQUIRE) == (set == 1))
                    verdict_expect_accepted(&v);
                else
                    verdict_expect_only(&v, bits[i].check);
            }
        }
    }
}

static void a_migration_agent_is_allowed_with_migration(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const enum policy_rule rules[] = {POLICY_ANY, POLICY_REQUIRE};
    for (size_t i = 0; i < test_count(rules); i++) {
        scene_init(&s, SCENE_GENOA);
        s.snp.report.policy |= 1ULL << SNP_POLICY_MIGRATE_MA;
        s.snp.report.report_id_ma[0] = 0;
        s.policy.snp.guest[SNP_GUEST_MIGRATE_MA] = rules[i];
        scene_appraise(&s, &v);
        verdict_expect_accepted(&v);
    }
}

static void what_a_policy_names_is_accepted(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const uint8_t digests[2][48] = {{9}, {1, [47] = 2}};
    static const char *const providers[] = {"CN=other.example", "CN=cloud.example"};
    static uint8_t chips[2][64];
    scene_init(&s, SCENE_TURIN);
    struct snp_report *r = &s.snp.report;
    struct snp_policy *p = &s.policy.snp;
    memcpy(r->id_key_digest, digests[1], 48);
    memcpy(r->author_key_digest, digests[1], 48);
    r->key_info = 1;
    r->guest_svn = p->guest_svn_floor = 7;
    r->policy = 0x30137;
    p->abi_floor[0] = 1;
    p->abi_floor[1] = 0x37;
    p->firmware_floor[0] = r->current_version[2] = r->committed_version[2] = 1;
    p->firmware_floor[1] = r->current_version[1] = r->committed_version[1] = 55;
    p->firmware_floor[2] = r->current_version[0] = r->committed_version[0] = 29;
    r->platform_info |= 1U << 8;
    p->platform_unknown = 1U << 8;
    p->mitigations = 3;
    p->signer = SNP_SIGNER_VCEK;
    p->forbid_provisional = p->require_reported_committed = true;
    p->id_keys = p->author_keys = (struct snp_digests){digests, 2};
    memset(r->family_id, 1, 16);
    memset(r->image_id, 2, 16);
    memset(r->host_data, 3, 32);
    static uint8_t named[3][32];
    for (int i = 0; i < 3; i++)
        memset(named[i], i + 1, 32);
    p->family_id = named[0];
    p->image_id = named[1];
    p->host_data = named[2];
    memcpy(chips[1], r->chip_id, 64);
    p->chips = (const uint8_t(*)[64])chips;
    p->chip_count = 2;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
    assert_true(v.claims.snp.inventory_checked);

    scene_init(&s, SCENE_VLEK);
    s.policy.snp.csp_ids = providers;
    s.policy.snp.csp_id_count = 2;
    s.policy.snp.signer = SNP_SIGNER_VLEK;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
}

static void less_than_all_is_accepted_where_the_policy_says_so(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    scene_init(&s, SCENE_GENOA); /* no list */
    s.snp.crl_count = 0;
    s.policy.snp.allow_missing_crl = true;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);

    scene_init(&s, SCENE_GENOA); /* a list that has just run out: SYNTHETIC_NOW - 1 */
    s.snp.crl.next_update = "251231235959Z";
    s.policy.snp.crl_grace = 1;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);

    scene_init(&s, SCENE_GENOA); /* a chip that does not say which it is */
    memset(s.snp.report.chip_id, 0, 64);
    s.policy.snp.allow_masked_chip_id = true;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);

    scene_init(&s, SCENE_GENOA); /* two good lists */
    s.snp.crl_count = 2;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);

    scene_init(&s, SCENE_GENOA); /* firmware on trial; reported above committed */
    s.snp.report.committed_tcb.raw[7] = 0xda;
    s.snp.report.current_version[1] = 56;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);

    scene_init(&s, SCENE_GENOA); /* a table of floors of their own, which is empty */
    s.policy.snp.own_floors = true;
    s.snp.report.launch_tcb.raw[6] = 0;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
}

/* A flag for masked chips is none for a chip that is named wrongly, nor for an inventory. */
static void an_allowance_for_masked_chips_covers_nothing_else(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const uint8_t chips[1][64];
    scene_init(&s, SCENE_GENOA);
    s.policy.snp.allow_masked_chip_id = true;
    s.snp.report.chip_id[0] ^= 1;
    scene_appraise(&s, &v);
    verdict_expect_only(&v, "snp.vek.chip_id");
    memset(s.snp.report.chip_id, 0, 64);
    s.policy.snp.chips = chips;
    s.policy.snp.chip_count = 1;
    scene_appraise(&s, &v);
    verdict_expect_only(&v, "snp.chip.inventory");
}

/* Each row of the shipped table: the level is accepted, the one below it refused with the bulletin's name. */
static void each_floor_is_the_lowest_that_passes(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const struct {
        uint8_t family, model, stepping;
        uint8_t at; /* in LAUNCH_TCB */
        uint8_t minimum;
        const char *bulletin;
        bool smt_matters;
    } floors[] = {
        {0x19, 0x11, 1, 6, 0x17, "AMD-SB-3019", false}, {0x19, 0x10, 0, 6, 0x1b, "AMD-SB-3020", false},
        {0x19, 0x1f, 9, 6, 0x1b, "AMD-SB-3020", false}, {0x19, 0xa0, 2, 6, 0x17, "AMD-SB-3019", false},
        {0x19, 0xaf, 2, 6, 0x1b, "AMD-SB-3020", false}, {0x1a, 0x00, 0, 3, 0x04, "AMD-SB-3020", false},
        {0x1a, 0x11, 0, 3, 0x04, "AMD-SB-3020", false}, {0x19, 0x11, 1, 7, 0x54, "AMD-SB-3019", false},
        {0x19, 0x11, 2, 7, 0x4f, "AMD-SB-3019", false}, {0x19, 0x11, 1, 7, 0x56, "AMD-SB-3027", true},
        {0x19, 0x11, 2, 7, 0x51, "AMD-SB-3027", true},  {0x1a, 0x02, 1, 7, 0x51, "AMD-SB-3027", true},
    };
    for (size_t i = 0; i < test_count(floors); i++) {
        scene_init(&s, floors[i].family == 0x1a ? SCENE_TURIN : SCENE_GENOA);
        s.snp.report.cpuid_model = floors[i].model;
        s.snp.report.cpuid_stepping = floors[i].stepping;
        s.snp.report.launch_tcb.raw[floors[i].at] = (uint8_t)(floors[i].minimum - 1);
        scene_appraise(&s, &v);
        verdict_expect_only(&v, "snp.tcb.floor.launch");
        if (strstr(v.checks[0].saw, "3") == NULL && strstr(v.checks[0].saw, "5") == NULL)
            fail_msg("version %s", v.checks[0].saw);
        assert_non_null(strstr(verdict_find(&v, "snp.tcb.floor.launch")->wanted, floors[i].bulletin));
        if (floors[i].smt_matters) { /* neither the guest nor the machine has siblings */
            s.snp.report.policy &= ~(1ULL << 16);
            s.snp.report.platform_info &= ~1ULL;
            scene_appraise(&s, &v);
            verdict_expect_accepted(&v);
        }
    }
}

/* No row, no floor. */
static void a_chip_without_a_row_has_no_floor(void **state)
{
    (void)state;
    const struct snp_floor *floors;
    size_t count;
    static const struct snp_chip none[] = {{0x19, 0x20, 1}, {0x19, 0x9f, 1}, {0x19, 0xb0, 1}, {0x1a, 0x12, 1},
                                           {0x1b, 0x00, 1}, {0x18, 0x11, 1}, {0x19, 0xff, 1}};
    floors = snp_floors(&count);
    assert_int_equal(count, 11);
    for (size_t c = 0; c < test_count(none); c++)
        for (size_t i = 0; i < count; i++)
            assert_false(snp_floor_applies(&floors[i], &none[c]));
}

/* Printable ASCII from end to end, and as long as the limit. */
static void a_providers_name_may_use_all_that_is_allowed(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    char name[VCEK_CSP_ID_MAX + 2];
    memset(name, '~', sizeof name);
    name[0] = ' ';
    name[VCEK_CSP_ID_MAX] = '\0';
    scene_init(&s, SCENE_VLEK);
    s.snp.csp_id = name;
    scene_appraise(&s, &v);
    verdict_expect_accepted(&v);
    assert_string_equal(v.claims.snp.csp_id, name);
    name[VCEK_CSP_ID_MAX] = '~';
    name[VCEK_CSP_ID_MAX + 1] = '\0';
    scene_appraise(&s, &v);
    assert_false(verdict_find(&v, "snp.vek.form")->passed);
}

/* An evil twin: everything right, under a root with the right name, but not the one that was given by hand. */
static void a_simulated_root_is_compared_octet_by_octet(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    uint8_t twin[SYNTHETIC_CERT_MAX];
    scene_init(&s, SCENE_GENOA);
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
    scene_init(&s, SCENE_GENOA);
    synthetic_snp_build(&s.snp);
    s.snp.vek.key = keys.p256;
    scene_appraise(&s, &v);
    assert_false(verdict_find(&v, "snp.chain.vek")->passed);
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
    scene_init(&s, SCENE_GENOA);
    scene_appraise(&s, &sound);
    snp_appraise(&none, NULL, &policy, SYNTHETIC_NOW, &v);
    assert_int_equal(v.count, sound.count);
    for (size_t i = 0; i < v.count; i++) {
        const char *name = v.checks[i].rule->name;
        /* Lists that are not there are well formed and current; that they are not there, another check says. */
        if (v.checks[i].passed != (strcmp(name, "snp.crl.form") == 0 || strcmp(name, "snp.crl.window") == 0))
            fail_msg("%s", name);
    }
    verdict_conclude(&v);
    assert_false(v.accepted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_called_simulated),
        cmocka_unit_test(each_change_fails_its_own_check_and_no_other),
        cmocka_unit_test(every_check_of_the_table_has_a_change_that_fails_it),
        cmocka_unit_test(milan_is_accepted_only_by_name),
        cmocka_unit_test(a_version_2_report_takes_its_product_from_the_certificate),
        cmocka_unit_test(each_bit_obeys_its_rule),
        cmocka_unit_test(a_migration_agent_is_allowed_with_migration),
        cmocka_unit_test(what_a_policy_names_is_accepted),
        cmocka_unit_test(less_than_all_is_accepted_where_the_policy_says_so),
        cmocka_unit_test(an_allowance_for_masked_chips_covers_nothing_else),
        cmocka_unit_test(each_floor_is_the_lowest_that_passes),
        cmocka_unit_test(a_chip_without_a_row_has_no_floor),
        cmocka_unit_test(a_providers_name_may_use_all_that_is_allowed),
        cmocka_unit_test(a_simulated_root_is_compared_octet_by_octet),
        cmocka_unit_test(a_vcek_on_another_curve_is_refused),
        cmocka_unit_test(without_evidence_every_check_is_listed_as_failed),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
