/* SPDX-License-Identifier: Apache-2.0 */
/* What the TDX appraisal says and hands on: what a person reads of each check, the claims, and what is read only once. */
#include "base/secret.h"
#include "unit/attest/tdx_scene.h"
#include "unit/test.h"

static struct verdict verdict;

static void the_advisories_of_all_parts_are_listed_once(void **state)
{
    (void)state;
    static struct scene s;
    scene_init(&s, false);
    scene_change(&s, "platform_old");
    scene_change(&s, "module_old");
    scene_change(&s, "qe_old");
    s.tdx.qe_identity.levels[1].advisories = "[\"INTEL-SA-01036\",\"INTEL-SA-01234\"]";
    scene_appraise(&s, &verdict);
    const struct tdx_advisories *list = &verdict.claims.tdx.advisories;
    assert_int_equal(list->count, 4);
    assert_string_equal(list->names[0], "INTEL-SA-00837");
    assert_string_equal(list->names[1], "INTEL-SA-01036");
    assert_string_equal(list->names[2], "INTEL-SA-01099");
    assert_string_equal(list->names[3], "INTEL-SA-01234");
    assert_string_equal(verdict.claims.tdx.tcb_status, "OutOfDate");
    char *json = verdict_json(&verdict);
    assert_non_null(json);
    assert_non_null(strstr(json, "\"INTEL-SA-00837\""));
    assert_non_null(strstr(json, "\"INTEL-SA-01234\""));
    secret_free(json);
}

/* What a person reads of a check. */
static void the_verdict_says_what_was_seen(void **state)
{
    (void)state;
    static struct scene s;
    static const struct {
        const char *change;               /* NULL: none */
        const char *check, *saw, *wanted; /* wanted NULL: any */
    } table[] = {
        {NULL, "tdx.quote.version", "5", "4 or 5"},
        {"version_3", "tdx.quote.version", "3: a quote of an SGX enclave", NULL},
        {NULL, "tdx.pck.root", "the SIMULATED root that was given by hand", "Intel's"},
        {NULL, "tdx.qe.level", "ISVSVN 4: UpToDate", NULL},
        {NULL, "tdx.module.identity", "module version 1", NULL},
        {NULL, "tdx.module.level", "SVN 6: UpToDate", NULL},
        {NULL, "tdx.tcb.level", "UpToDate", NULL},
        {NULL, "tdx.tcb.status", "UpToDate", "UpToDate or SWHardeningNeeded"},
        {NULL, "tdx.tcb.advisories", "none", NULL},
        {"mrseam_second_of_two", "tdx.module.mrseam", NULL, "one of 2 reference values"},
        {"mrseam_not_listed", "tdx.module.mrseam", NULL,
         "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"},
        {NULL, "tdx.pck.not_revoked", "not revoked (a list of 1)", NULL},
        {NULL, "tdx.qe.debug", "a production enclave", NULL},
        {NULL, "tdx.pck.inventory", "not compared: no inventory", NULL},
        {NULL, "tdx.td.sept_ve_disable", "set", "set"},
        {NULL, "tdx.td.debug", "not set", "not set"},
        {NULL, "tdx.td.pks", "not set", "either"},
        {NULL, "tdx.td.service", "none", "none"},
        {NULL, "tdx.rtmr3", "not compared: any will do", ""},
        {"rtmr1_forgotten", "tdx.rtmr1", NULL, "a reference value, or that any will do"},
        {"parts_of_two_launches", "tdx.rtmr1", NULL, "one of 2 reference values"},
        {"another_rtmr3", "tdx.rtmr3",
         "111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
         NULL},
        {"qe_old", "tdx.qe.level", "ISVSVN 3: OutOfDate", NULL},
        {"qe_too_old", "tdx.qe.level", "ISVSVN 2: below every level", NULL},
        {"qe_debug", "tdx.qe.debug", "a debug enclave", NULL},
        {"module_unknown", "tdx.module.identity", "module version 2: no identity in the TCB info", NULL},
        {"module_unknown", "tdx.module.level", "not checked: the TDX module is not known", NULL},
        {"module_too_old", "tdx.module.level", "SVN 3: below every level", NULL},
        {"platform_old", "tdx.tcb.level", "OutOfDate", NULL},
        {"platform_too_old", "tdx.tcb.level", "below every level", NULL},
        {"module_old_but_updated", "tdx.tcb.status", "TDRelaunchAdvised", NULL},
        {"hardening_with_advisory", "tdx.tcb.advisories", "INTEL-SA-00615", NULL},
        {"hardening_with_known_advisory", "tdx.tcb.advisories", "none but those that you accept", NULL},
        {"module_old", "tdx.tcb.advisories", "2 of them", NULL},
        {"tcb_info_of_tomorrow", "tdx.tcb_info.current", "issued later than the time of appraisal", NULL},
        {"tcb_info_at_its_ends", "tdx.tcb_info.current", "", NULL},
        {"tcb_info_old", "tdx.tcb_info.current", "there was to be a newer one by now", NULL},
        {"leaf_revoked", "tdx.pck.not_revoked", "revoked (a list of 1)", NULL},
        {"before_the_leaf", "tdx.pck.validity", "the leaf is not valid yet", NULL},
        {"after_the_ca", "tdx.pck.validity", "the intermediate has expired", NULL},
        {"foreign_root", "tdx.pck.root", "a root of somebody else's", NULL},
        {"another_mrtd", "tdx.mrtd", NULL,
         "3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d"},
        {"no_reference", "tdx.mrtd", NULL, "there is no reference value"},
        {"unknown_report_data", "tdx.report_data", "not compared: it is not known what it should be", NULL},
        {"tcb_info_number_16", "tdx.evaluation_number", "16 for the platform, 17 for the quoting enclave",
         "at least 17"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        scene_init(&s, false);
        if (table[i].change != NULL)
            scene_change(&s, table[i].change);
        scene_appraise(&s, &verdict);
        const struct verdict_check *check = verdict_find(&verdict, table[i].check);
        if (table[i].saw != NULL)
            assert_string_equal(check->saw, table[i].saw);
        if (table[i].wanted != NULL)
            assert_string_equal(check->wanted, table[i].wanted);
    }
}

static void appraise_again(struct scene *s)
{
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise(s->tdx.quote, &s->tdx.collateral, s->report_data, &s->policy, s->now, &verdict);
    verdict_conclude(&verdict);
}

/* A certificate that was read and verified once is not read again; what comes with it is. */
static void one_signer_of_both_documents_needs_its_root_twice(void **state)
{
    (void)state;
    static struct scene s;
    struct tdx_collateral *c = &s.tdx.collateral;
    scene_init(&s, false);
    scene_appraise(&s, &verdict);
    c->qe_identity_issuer = c->tcb_info_issuer;
    appraise_again(&s);
    assert_true(verdict.accepted);

    scene_init(&s, false);
    s.tdx.qe_identity.root.key = s.tdx.qe_identity.root.signer = keys.other;
    scene_appraise(&s, &verdict);
    c->qe_identity_issuer.signer = c->tcb_info_issuer.signer;
    appraise_again(&s);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.qe_identity.signer_chain");

    scene_init(&s, false);
    s.tdx.tcb_info.certificate.signer = keys.other;
    scene_appraise(&s, &verdict);
    c->qe_identity_issuer = c->tcb_info_issuer;
    appraise_again(&s);
    assert_false(verdict_find(&verdict, "tdx.tcb_info.signer_chain")->passed);
    assert_false(verdict_find(&verdict, "tdx.qe_identity.signer_chain")->passed);
}

/* What was not read is not known from elsewhere. */
static void a_signer_that_cannot_be_read_stays_so(void **state)
{
    (void)state;
    static struct scene s;
    struct tdx_collateral *c = &s.tdx.collateral;
    scene_init(&s, false);
    s.tdx.tcb_info.certificate.key = keys.p384;
    scene_appraise(&s, &verdict);
    c->qe_identity_issuer = c->tcb_info_issuer;
    appraise_again(&s);
    assert_false(verdict_find(&verdict, "tdx.tcb_info.signer")->passed);
    assert_false(verdict_find(&verdict, "tdx.qe_identity.signer")->passed);

    scene_init(&s, false);
    scene_appraise(&s, &verdict);
    s.tdx.quote.len = 0; /* no chain, so no root */
    c->tcb_info_issuer.root.len = 0;
    appraise_again(&s);
    assert_string_equal(verdict_find(&verdict, "tdx.tcb_info.signer")->saw, "the root: there is none");
    assert_true(verdict_find(&verdict, "tdx.qe_identity.signer")->passed);
}

static void whether_there_was_an_inventory_is_handed_on(void **state)
{
    (void)state;
    static struct scene s;
    scene_init(&s, false);
    scene_appraise(&s, &verdict);
    assert_false(verdict.claims.tdx.inventory_checked);
    scene_init(&s, false);
    scene_change(&s, "in_the_inventory");
    scene_appraise(&s, &verdict);
    assert_true(verdict.claims.tdx.inventory_checked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_advisories_of_all_parts_are_listed_once),
        cmocka_unit_test(the_verdict_says_what_was_seen),
        cmocka_unit_test(one_signer_of_both_documents_needs_its_root_twice),
        cmocka_unit_test(a_signer_that_cannot_be_read_stays_so),
        cmocka_unit_test(whether_there_was_an_inventory_is_handed_on),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
