/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of a virtual TPM's evidence, failed alone: sound evidence, one thing changed, built and signed anew. */
#include <jansson.h>
#include <stdlib.h>

#include "attest/hcl_runtime.h"
#include "attest/rules.h"
#include "base/secret.h"
#include "unit/attest/vtpm_scene.h"
#include "unit/test.h"

static struct verdict verdict;

static bool is_named(const struct row *row, const char *name)
{
    for (size_t i = 0; i < VTPM_ROW_FAILURES && row->failures[i] != NULL; i++)
        if (strcmp(row->failures[i], name) == 0)
            return true;
    return false;
}

static bool row_holds(const struct row *row)
{
    bool good = verdict.accepted == (row->failures[0] == NULL);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        bool consequence = strncmp(check->saw, "not checked: ", 13) == 0;
        if (!consequence)
            good = good && check->passed != is_named(row, check->rule->name);
        good = good && !(consequence && is_named(row, check->rule->name));
    }
    for (size_t i = 0; i < VTPM_ROW_FAILURES && row->failures[i] != NULL; i++)
        good = good && verdict_find(&verdict, row->failures[i]) != NULL;
    for (size_t i = 0; i < verdict.count && !good; i++)
        if (!verdict.checks[i].passed)
            print_message("%s: %s: saw %s\n", row->name, verdict.checks[i].rule->name, verdict.checks[i].saw);
    if (!good)
        print_message("%s: %zu checks, not what was wanted\n", row->name, verdict.count);
    return good;
}

static void each_change_fails_its_own_check(void **state)
{
    static struct scene s;
    size_t wrong = 0;
    bool one_is_enough = getenv("CMOCKA_TEST_ABORT") != NULL;
    (void)state;
    for (size_t i = 0; i < vtpm_row_count && !(wrong != 0 && one_is_enough); i++) {
        scene_init(&s, vtpm_rows[i].is_tdx);
        vtpm_rows[i].change(&s);
        scene_appraise(&s, &verdict);
        wrong += !row_holds(&vtpm_rows[i]);
    }
    assert_int_equal(wrong, 0);
}

static void every_check_has_a_change_that_fails_it(void **state)
{
    static struct scene s;
    size_t found = 0;
    (void)state;
    scene_init(&s, true);
    scene_appraise(&s, &verdict);
    for (size_t i = 0; i < verdict.count; i++) {
        bool named = strncmp(verdict.checks[i].rule->name, "vtpm.", 5) != 0;
        found += !named;
        for (size_t r = 0; r < vtpm_row_count; r++)
            named = named || is_named(&vtpm_rows[r], verdict.checks[i].rule->name);
        if (!named)
            fail_msg("no change fails %s", verdict.checks[i].rule->name);
    }
    assert_int_equal(found, VTPM_CHECKS);
}

static void sound_evidence_is_accepted_and_marked_simulated(void **state)
{
    static struct scene s;
    (void)state;
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        scene_init(&s, is_tdx != 0);
        scene_appraise(&s, &verdict);
        assert_true(verdict.accepted);
        assert_true(verdict.simulated);
        assert_true(verdict.count > VTPM_CHECKS + 50);
        assert_int_equal(verdict.claims.platform, is_tdx ? VERDICT_PLATFORM_TDX : VERDICT_PLATFORM_SNP);
        assert_memory_equal(verdict.claims.measurement, s.measurement[0], 48);
        const struct vtpm_claims *c = &verdict.claims.vtpm;
        assert_true(c->there && c->ak_certified && c->event_log_replayed);
        assert_int_equal(c->pcrs, s.vtpm.pcrs);
        assert_memory_equal(c->pcr_values[11], s.vtpm.pcr_values[11], TPM_PCR_SIZE);
        assert_int_equal(c->reset_count, 3);
        assert_string_equal(c->vm_id, "D270E56B-F668-4990-A5BC-9B624576841D");
    }
}

static void the_claims_name_the_key_by_the_digest_of_its_modulus(void **state)
{
    static struct scene s;
    static struct hcl_runtime runtime;
    struct hcl_report hcl;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    (void)state;
    scene_init(&s, false);
    scene_appraise(&s, &verdict);
    assert_ok(hcl_report_parse(s.vtpm.evidence.hcl_report, &hcl, NULL));
    assert_ok(hcl_runtime_parse(hcl.runtime, &runtime, NULL));
    const struct bytes modulus = bytes_of(runtime.ak.modulus, runtime.ak.modulus_len);
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, &modulus, 1, digest));
    assert_memory_equal(verdict.claims.vtpm.ak_digest, digest, sizeof digest);
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(vtpm_rule(0)->name, "vtpm.hcl.form");
    assert_string_equal(vtpm_rule(VTPM_CHECKS - 1)->name, "vtpm.user_data");
    assert_null(vtpm_rule(VTPM_CHECKS));
}

/* That of the hardware, and that of the AK's certificates, each by itself. */
static void a_root_by_hand_marks_the_verdict(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    scene_change(&s, "no_certificate");
    scene_build(&s);
    s.snp_policy.simulated_root = (struct bytes){0};
    scene_appraise_built(&s, &verdict);
    assert_false(verdict.accepted);
    assert_false(verdict.simulated);
    s.snp_policy.simulated_root = s.snp.evidence.ark;
    scene_appraise_built(&s, &verdict);
    assert_true(verdict.accepted && verdict.simulated);
    scene_init(&s, false);
    scene_build(&s);
    s.snp_policy.simulated_root = (struct bytes){0};
    scene_appraise_built(&s, &verdict);
    assert_true(verdict.simulated);
}

static void nothing_at_all_is_refused(void **state)
{
    struct vtpm_policy policy;
    (void)state;
    vtpm_policy_default(&policy);
    memset(&verdict, 0, sizeof verdict);
    vtpm_appraise(&(struct vtpm_evidence){0}, (struct bytes){0}, &policy, SYNTHETIC_NOW, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.accepted);
    assert_int_equal(verdict.count, VTPM_CHECKS);
    for (size_t i = 0; i < verdict.count; i++) {
        /* No certificate is needed by default, and so none is malformed. */
        bool about_certificates = strncmp(verdict.checks[i].rule->name, "vtpm.ak_certificate.", 20) == 0;
        if (!about_certificates)
            assert_false(verdict.checks[i].passed);
    }
}

/* The default policy with everything but reference values. */
static void no_reference_value_accepts_nothing(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    scene_build(&s);
    vtpm_policy_default(&s.policy);
    s.policy.snp = &s.snp_policy;
    s.policy.simulated_ak_root = s.vtpm.root_der;
    scene_appraise_built(&s, &verdict);
    assert_false(verdict.accepted);
    assert_false(verdict_find(&verdict, "vtpm.pcr.selection")->passed);
    assert_false(verdict_find(&verdict, "vtpm.pcr.references")->passed);
    assert_string_equal(verdict_find(&verdict, "vtpm.pcr.references")->wanted, "there is no reference value");
}

static void the_verdict_says_what_was_seen(void **state)
{
    static struct scene s;
    static const struct {
        const char *change;               /* NULL: none */
        const char *check, *saw, *wanted; /* NULL: any */
        bool is_tdx;
    } table[] = {
        {NULL, "vtpm.hcl.kind", "an SNP report", "an SNP report or a TDREPORT", false},
        {"snp_not_accepted", "vtpm.hcl.kind", "an SNP report", "a TDREPORT", false},
        {"tdx_not_accepted", "vtpm.hcl.kind", "an SNP report", "an SNP report", false},
        {NULL, "vtpm.td_report.form", "not needed: an SNP report is signed itself", NULL, false},
        {NULL, "vtpm.hcl.kind", "a TDREPORT", NULL, true},
        {NULL, "vtpm.td_report.quote", "the same", NULL, true},
        {"another_td", "vtpm.td_report.quote", "another MRTD", NULL, true},
        {NULL, "vtpm.signature", "valid", NULL, false},
        {"quote_by_another", "vtpm.signature", "a signature does not verify", NULL, false},
        {NULL, "vtpm.hcl.hash", "SHA-256", NULL, false},
        {NULL, "vtpm.ak.key", "RSA of 2048 bits", NULL, false},
        {NULL, "vtpm.ak_certificate.root", "the SIMULATED root that was given by hand", "Microsoft's", false},
        {NULL, "vtpm.pcr.selection", "SHA-256: 0x000891", "SHA-256: 0x000891", false},
        {NULL, "vtpm.pcr.references", "0x000810 match, 0x000081 not compared", "", false},
        {NULL, "vtpm.event_log", "4 events", NULL, false},
        {NULL, "vtpm.config.console", "off", "off", false},
        {NULL, "vtpm.config.ipmi", "not stated", "off", false},
        {NULL, "vtpm.user_data", "not compared: no reference value", NULL, false},
        {"no_certificate", "vtpm.ak_certificate.form", "no certificate", NULL, false},
        {"no_event_log", "vtpm.event_log", "not replayed: there is no event log", NULL, false},
        {"kind_of_no_hardware", "vtpm.hcl.kind", "a report of kind 3", NULL, false},
        {"version_3", "vtpm.hcl.form", "hcl.version: 3", NULL, false},
        {"another_kernel", "vtpm.pcr.references", NULL, "one of 1 reference values for PCR 11", false},
        {"log_says_too_much", "vtpm.event_log", "PCR 4 is another", "what 5 events give", false},
        {"clock_set_back", "vtpm.clock.safe", "the clock may have been set back", NULL, false},
        {"nonce_unknown", "vtpm.nonce", "not compared: it is not known what it should be", NULL, false},
        {"ecdsa", "vtpm.signature.form", "signature.sigAlg: 0x18, wanted RSASSA", NULL, false},
        {"ecdsa", "vtpm.signature", "not checked: the signature is malformed", NULL, false},
        {NULL, "vtpm.ak_certificate.chain", "signed in turn", NULL, false},
        {"certificate_by_another", "vtpm.ak_certificate.chain", "certificate 0 is not signed by the next",
         NULL, false},
        {"certificate_with_a_damaged_key", "vtpm.ak_certificate.form",
         "the key of the certificate is malformed", NULL, false},
        {"certificate_of_tomorrow", "vtpm.ak_certificate.validity", "certificate 0 is not valid yet", NULL,
         false},
        {"certificate_expired", "vtpm.ak_certificate.validity", "certificate 0 has expired", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < test_count(table); i++) {
        scene_init(&s, table[i].is_tdx);
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

static void the_json_has_the_claims(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    scene_change(&s, "user_data_as_wanted");
    scene_appraise(&s, &verdict);
    char *text = verdict_json(&verdict);
    json_t *doc = json_loads(text, 0, NULL);
    const json_t *claims = json_object_get(json_object_get(doc, "claims"), "vtpm");
    assert_int_equal(json_object_size(json_object_get(claims, "pcrs")), 4);
    assert_int_equal(json_string_length(json_object_get(json_object_get(claims, "pcrs"), "11")), 64);
    const json_t *configuration = json_object_get(claims, "configuration");
    assert_true(json_is_true(json_object_get(configuration, "secure-boot")));
    assert_true(json_is_false(json_object_get(configuration, "console-enabled")));
    assert_true(json_is_null(json_object_get(configuration, "ipmi-enabled")));
    assert_string_equal(json_string_value(json_object_get(claims, "user_data")), USER_DATA);
    assert_int_equal(json_integer_value(json_object_get(claims, "reset_count")), 3);
    assert_true(json_is_true(json_object_get(claims, "ak_certified")));
    json_decref(doc);
    secret_free(text);
}

/* Not even of what no signature covers: the blob's own header and the zeros behind it have one form. */
static void no_flipped_bit_is_accepted(void **state)
{
    static struct scene s;
    enum { STEP = 5 };
    (void)state;
    scene_init(&s, false);
    scene_build(&s);
    scene_appraise_built(&s, &verdict);
    assert_true(verdict.accepted);
    const struct bytes parts[] = {s.vtpm.evidence.quote, s.vtpm.evidence.signature,
                                  s.vtpm.evidence.pcr_values, s.vtpm.evidence.hcl_report};
    for (size_t p = 0; p < test_count(parts); p++) {
        uint8_t *at = bytes_owned(parts[p]);
        for (size_t bit = p; bit < parts[p].len * 8; bit += p == 3 ? 41 : STEP) {
            at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            scene_appraise_built(&s, &verdict);
            if (verdict.accepted)
                fail_msg("part %zu, bit %zu was turned over and it was accepted", p, bit);
            at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    scene_appraise_built(&s, &verdict);
    assert_true(verdict.accepted);
}

static void no_shortened_part_is_accepted(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    scene_change(&s, "no_padding");
    scene_build(&s);
    struct bytes *const parts[] = {&s.vtpm.evidence.quote, &s.vtpm.evidence.signature,
                                   &s.vtpm.evidence.pcr_values, &s.vtpm.evidence.hcl_report};
    for (size_t p = 0; p < test_count(parts); p++) {
        const struct bytes whole = *parts[p];
        for (size_t len = 0; len < whole.len; len += len < 64 ? 1 : 37) {
            *parts[p] = bytes_of(whole.ptr, len);
            scene_appraise_built(&s, &verdict);
            assert_false(verdict.accepted);
        }
        *parts[p] = whole;
    }
    scene_appraise_built(&s, &verdict);
    assert_true(verdict.accepted);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_marked_simulated),
        cmocka_unit_test(the_claims_name_the_key_by_the_digest_of_its_modulus),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(each_change_fails_its_own_check),
        cmocka_unit_test(every_check_has_a_change_that_fails_it),
        cmocka_unit_test(a_root_by_hand_marks_the_verdict),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(no_reference_value_accepts_nothing),
        cmocka_unit_test(the_verdict_says_what_was_seen),
        cmocka_unit_test(the_json_has_the_claims),
        cmocka_unit_test(no_flipped_bit_is_accepted),
        cmocka_unit_test(no_shortened_part_is_accepted),
    };
    return cmocka_run_group_tests(tests, scene_make_keys, scene_drop_keys);
}
