/* SPDX-License-Identifier: Apache-2.0 */
/* Sound evidence of every kind that AMD's chips and the clouds give: accepted, by a policy that says nothing in particular. */
#include "unit/attest/snp_scene.h"
#include "unit/test.h"

#define CHANGE(name) static void name(struct scene *s)

CHANGE(as_it_is)
{
    (void)s;
}
CHANGE(version_4)
{
    s->snp.report.version = 4;
}
CHANGE(version_5)
{
    s->snp.report.version = 5;
    s->snp.report.launch_mitigations = 1;
    s->snp.report.current_mitigations = UINT64_MAX;
}
CHANGE(version_3)
{
    s->snp.report.version = 3;
    s->snp.report.launch_mitigations = s->snp.report.current_mitigations = 0;
}
CHANGE(version_2)
{
    s->snp.report.version = 2;
    s->snp.report.cpuid_family = s->snp.report.cpuid_model = s->snp.report.cpuid_stepping = 0;
    s->snp.report.launch_mitigations = s->snp.report.current_mitigations = 0;
}
/* The dense cores: other models under the same root, under one name or the other. */
CHANGE(bergamo)
{
    s->snp.report.cpuid_model = 0xa0;
    s->snp.report.cpuid_stepping = 2;
}
CHANGE(siena_by_its_name)
{
    s->snp.report.cpuid_model = 0xaf;
    s->snp.product = "Siena";
}
CHANGE(genoa_with_a_stepping)
{
    s->snp.product = "Genoa-B1";
}
CHANGE(dense_turin)
{
    s->snp.report.cpuid_model = 0x11;
    s->snp.report.cpuid_stepping = 0;
}
/* Azure asks for firmware of ABI 0.31. */
CHANGE(abi_0_31)
{
    s->snp.report.policy = 0x3001f;
}
CHANGE(every_known_policy_bit_but_the_forbidden)
{
    s->snp.report.policy = 0x3ffffff & ~(1ULL << SNP_POLICY_DEBUG | 1ULL << SNP_POLICY_MIGRATE_MA);
}
CHANGE(every_known_feature_of_the_platform)
{
    s->snp.report.platform_info = 0xff;
}
/* A level of 0x80 and more is written with a zero octet before it. */
CHANGE(levels_up_to_the_last)
{
    s->snp.level[SNP_MICROCODE] = 0xff;
    s->snp.level[SNP_TEE] = 0x80;
    struct snp_report *r = &s->snp.report;
    struct snp_tcb *const all[] = {&r->current_tcb, &r->reported_tcb, &r->committed_tcb, &r->launch_tcb};
    for (size_t i = 0; i < test_count(all); i++) {
        all[i]->raw[7] = 0xff;
        all[i]->raw[1] = 0x80;
    }
}
/* The host reports less than it runs, and the certificate is for what is reported. */
CHANGE(less_is_reported_than_runs)
{
    s->snp.report.current_tcb.raw[0] = 12;
    s->snp.report.committed_tcb.raw[0] = 11;
}
/* As AMD writes lists: whose key signed it, the list's number, serials with their reason. */
CHANGE(list_with_entries)
{
    s->snp.crl.authority_key = s->snp.crl.invalidity_date = true;
    s->snp.crl.serial_count = 2;
    s->snp.crl.serials[0] = 1;
    s->snp.crl.serials[1] = 200;
    s->snp.crl.reason = 4;
}
CHANGE(list_without_extensions)
{
    s->snp.crl.no_extensions = true;
}
CHANGE(chip_of_a_provider_that_names_it)
{
    memset(s->snp.report.chip_id, 7, sizeof s->snp.report.chip_id);
}

static void every_kind_is_accepted(void **state)
{
    (void)state;
    static struct scene s;
    static struct verdict v;
    static const struct {
        const char *what;
        void (*change)(struct scene *s);
        enum scene_kind kind;
    } rows[] = {
#define KIND(kind, change) {#kind ": " #change, change, SCENE_##kind}
        KIND(GENOA, as_it_is),
        KIND(GENOA, version_2),
        KIND(GENOA, version_4),
        KIND(GENOA, version_5),
        KIND(TURIN, as_it_is),
        KIND(TURIN, version_2),
        KIND(TURIN, version_3),
        KIND(TURIN, version_4),
        KIND(VLEK, as_it_is), /* as at AWS: no chip id */
        KIND(VLEK, version_2),
        KIND(VLEK, version_5),
        KIND(VLEK, chip_of_a_provider_that_names_it),
        KIND(GENOA, bergamo),
        KIND(GENOA, siena_by_its_name),
        KIND(GENOA, genoa_with_a_stepping),
        KIND(TURIN, dense_turin),
        KIND(GENOA, abi_0_31),
        KIND(TURIN, every_known_policy_bit_but_the_forbidden),
        KIND(TURIN, every_known_feature_of_the_platform),
        KIND(GENOA, levels_up_to_the_last),
        KIND(GENOA, less_is_reported_than_runs),
        KIND(GENOA, list_with_entries),
        KIND(GENOA, list_without_extensions),
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        scene_init(&s, rows[i].kind);
        rows[i].change(&s);
        scene_appraise(&s, &v);
        const struct verdict_check *failure = verdict_first_failure(&v);
        if (failure != NULL)
            fail_msg("%s: %s: %s", rows[i].what, failure->rule->name, failure->saw);
        assert_true(v.accepted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_accepted),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
