/* SPDX-License-Identifier: Apache-2.0 */
/* Reports and quotes that come as separate files: what is missing or cannot be read has a row of its own, and the rest is appraised all the same. */
#include "attest/appraise_parts.h"

#include <stdio.h>

#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "attest/rules.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { TEXT_MAX = 64 * 1024, FILES = 5 };

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_snp snp;
static struct synthetic_snp vlek;
static struct synthetic_tdx tdx;
static struct verdict verdict;
static struct attest_policy policy;
static struct tdx_launch launch;
static struct bytes files[FILES];
static struct appraise_parts parts;

static struct bytes hex(struct bytes of)
{
    static char text[2][TEXT_MAX];
    static size_t next;
    next = 1 - next;
    assert_true(ENCODING_HEX_SIZE(of.len) <= TEXT_MAX);
    encoding_hex(of, text[next]);
    return bytes_str(text[next]);
}

/* ---- SEV-SNP ---- */

static void snp_scene(const struct synthetic_snp *s)
{
    attest_policy_default(&policy);
    policy.measurements = (const uint8_t(*)[48]) & s->report.measurement;
    policy.measurement_count = 1;
    policy.simulated_root = s->evidence.ark;
    files[0] = s->evidence.vek;
    files[1] = s->evidence.ask;
    files[2] = s->evidence.ark;
    files[3] = s->evidence.crls[0];
    parts = (struct appraise_parts){.evidence = s->evidence.report,
                                    .endorsements = files,
                                    .endorsement_count = 4,
                                    .report_data = s->report.report_data};
}

static void snp_appraise_now(void)
{
    appraise_snp_parts(&parts, &policy, SYNTHETIC_NOW, &verdict);
    assert_int_equal(verdict.appraised_at, SYNTHETIC_NOW);
}

static void a_sound_report_is_accepted(void **state)
{
    (void)state;
    snp_scene(&snp);
    snp_appraise_now();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.platform", true, "AMD SEV-SNP", "another one");
    verdict_expect_row(&verdict, "file.snp.report", true, "bare, binary", "");
    verdict_expect_row(&verdict, "file.snp.certificates", true, "VCEK, ASK, ARK, 1 revocation list", "");

    snp_scene(&vlek);
    policy.snp.allow_masked_chip_id = true;
    files[4] = snp.evidence.crls[0];
    parts.endorsement_count = 5;
    snp_appraise_now();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.snp.certificates", true, "VLEK, ASVK, ARK, 1 revocation list", "");
}

static void a_platform_that_is_not_accepted_is_refused(void **state)
{
    (void)state;
    snp_scene(&snp);
    policy.platforms = 1U << VERDICT_PLATFORM_SNP;
    snp_appraise_now();
    assert_true(verdict.accepted);
    policy.platforms = 1U << VERDICT_PLATFORM_TDX;
    snp_appraise_now();
    verdict_expect_only(&verdict, "file.platform");
}

static void each_file_may_be_text(void **state)
{
    (void)state;
    snp_scene(&snp);
    parts.evidence = hex(snp.evidence.report);
    files[1] = hex(snp.evidence.ask);
    snp_appraise_now();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.snp.report", true, "bare, hexadecimal", "");
    parts.evidence = bytes_str("abc");
    snp_appraise_now();
    verdict_expect_row(&verdict, "file.snp.report", false, "text that looks like hexadecimal, and is not",
                       "");
    assert_false(verdict.accepted);
}

/* A document is not looked into: it is said what is wanted. */
static void a_document_with_a_report_is_refused_in_words(void **state)
{
    (void)state;
    static const char *const documents[] = {"{\"attestation_report\":\"AAAA\"}", " \n[5,0]", "{"};
    snp_scene(&snp);
    for (size_t i = 0; i < test_count(documents); i++) {
        parts.evidence = bytes_str(documents[i]);
        snp_appraise_now();
        verdict_expect_row(
            &verdict, "file.snp.report", false,
            "a JSON document: the report that is in it is wanted alone, in hexadecimal or base64", "");
        assert_false(verdict.accepted);
    }
}

static void a_report_may_bring_its_certificates(void **state)
{
    (void)state;
    static uint8_t room[SNP_REPORT_SIZE + 5 * SYNTHETIC_CERT_MAX];
    static struct synthetic_snp other;
    const struct snp_evidence *e = &snp.evidence;
    const struct certificate_table table = {.vcek = e->vek, .ask = e->ask, .ark = e->ark, .crl = e->crls[0]};
    size_t len;
    snp_scene(&snp);
    memcpy(room, e->report.ptr, SNP_REPORT_SIZE);
    assert_ok(certificate_table_write(&table, room + SNP_REPORT_SIZE, sizeof room - SNP_REPORT_SIZE, &len));
    parts.evidence = bytes_of(room, SNP_REPORT_SIZE + len);
    parts.endorsement_count = 0;
    snp_appraise_now();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.snp.report", true, "extended, with a table of certificates, binary",
                       "");
    /* What is in it must agree with what comes beside it. */
    synthetic_snp_init(&other, &snp_keys);
    other.ark.serial++;
    synthetic_snp_build(&other);
    files[0] = other.evidence.ark;
    parts.endorsement_count = 1;
    snp_appraise_now();
    assert_false(verdict_find(&verdict, "file.snp.certificates")->passed);
    /* What came beside it decides first, whatever is in the table. */
    files[0] = bytes_str("no certificate");
    snp_appraise_now();
    assert_memory_equal(verdict_find(&verdict, "file.snp.certificates")->saw, "file 1: ", 8);
}

static void the_missing_certificate_is_named(void **state)
{
    (void)state;
    static const char *const of_vcek[] = {"there is no VCEK", "there is no ASK", "there is no ARK"};
    static const char *const of_vlek[] = {"there is no VLEK", "there is no ASVK", "there is no ARK"};
    for (size_t i = 0; i < 3; i++) {
        snp_scene(&snp);
        files[i] = snp.evidence.crls[0];
        snp_appraise_now();
        verdict_expect_row(&verdict, "file.snp.certificates", false, of_vcek[i], "VCEK, ASK, ARK");
        snp_scene(&vlek);
        files[i] = snp.evidence.crls[0];
        snp_appraise_now();
        verdict_expect_row(&verdict, "file.snp.certificates", false, of_vlek[i], "VLEK, ASVK, ARK");
    }
}

static void the_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d"};
    snp_scene(&snp);
    files[1] = bytes_str("abc");
    snp_appraise_now();
    verdict_expect_row(&verdict, "file.snp.certificates", false,
                       "file 2: text that looks like hexadecimal, and is not", "");
    parts.names = names;
    snp_appraise_now();
    verdict_expect_row(&verdict, "file.snp.certificates", false,
                       "b: text that looks like hexadecimal, and is not", "");
}

static void report_data_are_compared_or_waived(void **state)
{
    (void)state;
    char saw[VERDICT_VALUE_SIZE];
    char digits[ENCODING_HEX_SIZE(SNP_REPORT_DATA_SIZE)];
    static uint8_t damaged[SNP_REPORT_SIZE];
    snp_scene(&snp);
    parts.report_data = vlek.hwid;
    snp_appraise_now();
    verdict_expect_only(&verdict, "snp.report_data");
    parts.report_data = NULL;
    snp_appraise_now();
    verdict_expect_only(&verdict, "snp.report_data");
    assert_null(verdict_find(&verdict, "snp.report_data.any"));

    parts.any_report_data = true;
    snp_appraise_now();
    assert_true(verdict.accepted);
    assert_null(verdict_find(&verdict, "snp.report_data"));
    encoding_hex(bytes_of(snp.report.report_data, SNP_REPORT_DATA_SIZE), digits);
    (void)snprintf(saw, sizeof saw, "not compared: %s", digits);
    verdict_expect_row(&verdict, "snp.report_data.any", true, saw, "");
    assert_false(verdict.claims.fresh);

    memcpy(damaged, snp.evidence.report.ptr, sizeof damaged);
    damaged[0] = 0x7f; /* a version that is not known: there are no report data to be seen */
    parts.evidence = bytes_of(damaged, sizeof damaged);
    snp_appraise_now();
    assert_false(verdict_find(&verdict, "snp.report_data.any")->passed);
    assert_null(strstr(verdict_find(&verdict, "snp.report_data.any")->saw, "not compared: "));
}

/* ---- Intel TDX ---- */

static char text[2][TEXT_MAX];

static struct bytes answer(char *room, const char *member, const struct intel_document *d)
{
    char signature[ENCODING_HEX_SIZE(INTEL_SIGNATURE_SIZE)];
    encoding_hex(bytes_of(d->signature, sizeof d->signature), signature);
    int len = snprintf(room, TEXT_MAX, "{\"%s\":%.*s,\"signature\":\"%s\"}", member, (int)d->body.len,
                       (const char *)d->body.ptr, signature);
    return bytes_of(room, (size_t)len);
}

static struct bytes pem(struct bytes first, struct bytes second)
{
    static char room[TEXT_MAX];
    static char base64[2][ENCODING_BASE64_SIZE(SYNTHETIC_TDX_CERT_MAX)];
    encoding_base64(first, base64[0]);
    encoding_base64(second, base64[1]);
    int len = snprintf(room, sizeof room,
                       "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                       "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
                       base64[0], base64[1]);
    return bytes_of(room, (size_t)len);
}

static void tdx_scene(void)
{
    const struct tdx_collateral *c = &tdx.collateral;
    attest_policy_default(&policy);
    memset(&launch, 0, sizeof launch);
    memcpy(launch.mrtd, tdx.quote_fields.body.mrtd, sizeof launch.mrtd);
    launch.waived = 0xf;
    policy.tdx.launches = &launch;
    policy.tdx.launch_count = 1;
    policy.tdx.evaluation_number_min = 17;
    policy.tdx.simulated_root = tdx.root_der;
    files[0] = answer(text[0], "tcbInfo", &c->tcb_info);
    files[1] = answer(text[1], "enclaveIdentity", &c->qe_identity);
    files[2] = pem(c->tcb_info_issuer.signer, c->tcb_info_issuer.root);
    files[3] = c->root_crl;
    files[4] = c->pck_crl;
    parts = (struct appraise_parts){.evidence = tdx.quote,
                                    .endorsements = files,
                                    .endorsement_count = 5,
                                    .report_data = tdx.quote_fields.body.report_data};
}

static void tdx_appraise_now(void)
{
    appraise_tdx_parts(&parts, &policy, SYNTHETIC_TDX_NOW, &verdict);
    assert_int_equal(verdict.appraised_at, SYNTHETIC_TDX_NOW);
}

static void a_sound_quote_is_accepted(void **state)
{
    (void)state;
    tdx_scene();
    tdx_appraise_now();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.platform", true, "Intel TDX", "another one");
    verdict_expect_row(&verdict, "file.tdx.quote", true, "bare, binary", "");
    verdict_expect_row(&verdict, "file.tdx.collateral", true, "all six parts", "");
    policy.platforms = 1U << VERDICT_PLATFORM_SNP;
    tdx_appraise_now();
    verdict_expect_only(&verdict, "file.platform");
}

static void a_quote_is_taken_out_of_its_wrapping(void **state)
{
    (void)state;
    static uint8_t room[24 + SYNTHETIC_TDX_QUOTE_MAX];
    struct writer w = writer_into(room, sizeof room);
    tdx_scene();
    writer_u64le(&w, 1);
    writer_u64le(&w, 0);
    writer_u32le(&w, 0);
    writer_u32le(&w, (uint32_t)tdx.quote.len);
    writer_bytes(&w, tdx.quote);
    parts.evidence = hex(bytes_of(room, w.used));
    files[3] = hex(tdx.collateral.root_crl);
    tdx_appraise_now();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.tdx.quote", true,
                       "behind the header of a GetQuote buffer, hexadecimal", "");
    parts.evidence = bytes_str("abc");
    tdx_appraise_now();
    verdict_expect_row(&verdict, "file.tdx.quote", false, "text that looks like hexadecimal, and is not", "");
    assert_false(verdict.accepted);
    parts.evidence = bytes_str("{\"quote\":\"0400\"}");
    tdx_appraise_now();
    verdict_expect_row(&verdict, "file.tdx.quote", false,
                       "a JSON document: the quote that is in it is wanted alone, in hexadecimal or base64",
                       "");
    assert_false(verdict.accepted);
}

static void the_missing_part_of_collateral_is_named(void **state)
{
    (void)state;
    static const char *const saw[] = {"there is no TCB info", "there is no identity of the quoting enclave",
                                      "there is no certificate chain of the TCB info's signer",
                                      "there is no revocation list of the root",
                                      "there is no revocation list of the PCK's issuer"};
    for (size_t i = 0; i < FILES; i++) {
        tdx_scene();
        files[i] = files[FILES - 1];
        parts.endorsement_count = FILES - 1;
        tdx_appraise_now();
        verdict_expect_row(&verdict, "file.tdx.collateral", false, saw[i], "all six parts");
    }
    tdx_scene();
    files[4] = files[3];
    tdx_appraise_now();
    verdict_expect_row(&verdict, "file.tdx.collateral", false, "file 5: a second list of the same issuer's",
                       "");
    files[4] = bytes_str("abc");
    tdx_appraise_now();
    verdict_expect_row(&verdict, "file.tdx.collateral", false,
                       "file 5: text that looks like hexadecimal, and is not", "");
}

static void report_data_of_a_quote_are_compared_or_waived(void **state)
{
    (void)state;
    static const uint8_t other[64];
    tdx_scene();
    parts.report_data = other;
    tdx_appraise_now();
    verdict_expect_only(&verdict, "tdx.report_data");
    parts.report_data = NULL;
    tdx_appraise_now();
    verdict_expect_only(&verdict, "tdx.report_data");
    parts.any_report_data = true;
    tdx_appraise_now();
    assert_true(verdict.accepted);
    assert_null(verdict_find(&verdict, "tdx.report_data"));
    assert_memory_equal(verdict_find(&verdict, "tdx.report_data.any")->saw, "not compared: ", 14);
    parts.evidence.len = 600;
    tdx_appraise_now();
    assert_false(verdict_find(&verdict, "tdx.report_data.any")->passed);
}

/* A root by hand is trusted for what its name stands for, and for nothing else. */
static void a_root_has_the_name_of_its_platform(void **state)
{
    (void)state;
    static struct synthetic_snp s;
    struct err_note note = {{0}};
    for (size_t more = 0; more < 2; more++) {
        synthetic_snp_init(&s, &snp_keys);
        s.ark.subject_cn = s.ark.issuer_cn = more == 0 ? "ARK-" : "ARK-X";
        synthetic_snp_build(&s);
        attest_policy_default(&policy);
        assert_err(attest_policy_trust_simulated(&policy, s.evidence.ark, &note),
                   more == 0 ? ERR_UNKNOWN : ERR_OK);
        assert_true(bytes_equal(policy.simulated_root, more == 0 ? (struct bytes){0} : s.evidence.ark));
    }
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    enum { LAST = 13 };
    assert_string_equal(appraise_parts_rule(0)->name, "file.platform");
    assert_string_equal(appraise_parts_rule(LAST)->name, "vtpm.nonce.any");
    assert_null(appraise_parts_rule(LAST + 1));
    /* And each table its place. */
    assert_ptr_equal(rules_table(0)->rule, appraise_rule);
    assert_string_equal(rules_table(6)->title, "Virtual TPM");
    assert_ptr_equal(rules_table(6)->rule, vtpm_rule);
    assert_null(rules_table(7));
}

/* Who lists the checks goes from 0 to the first that is not there. */
static void each_table_has_an_end(void **state)
{
    (void)state;
    static const struct {
        const struct verdict_rule *(*rule)(size_t index);
        const char *first, *last;
    } tables[] = {{snp_rule, "snp.report.version", "snp.report_data"},
                  {tdx_rule, "tdx.quote.version", "tdx.report_data"},
                  {nvgpu_rule, "nvgpu.count", "nvgpu.measurements.vbios"},
                  {vtpm_rule, "vtpm.hcl.form", "vtpm.user_data"}};
    for (size_t i = 0; i < test_count(tables); i++) {
        size_t count = 0;
        const char *last = "";
        while (tables[i].rule(count) != NULL && count < VERDICT_CHECKS_MAX)
            last = tables[i].rule(count++)->name;
        assert_true(count > 1);
        assert_string_equal(tables[i].rule(0)->name, tables[i].first);
        assert_string_equal(last, tables[i].last);
    }
}

/* ---- */

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&snp_keys);
    synthetic_snp_init(&snp, &snp_keys);
    synthetic_snp_build(&snp);
    synthetic_snp_init_vlek(&vlek, &snp_keys);
    synthetic_snp_build(&vlek);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_tdx_init(&tdx, &tdx_keys);
    synthetic_tdx_build(&tdx);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_report_is_accepted),
        cmocka_unit_test(a_platform_that_is_not_accepted_is_refused),
        cmocka_unit_test(each_file_may_be_text),
        cmocka_unit_test(a_document_with_a_report_is_refused_in_words),
        cmocka_unit_test(a_report_may_bring_its_certificates),
        cmocka_unit_test(the_missing_certificate_is_named),
        cmocka_unit_test(the_file_that_cannot_be_read_is_named),
        cmocka_unit_test(report_data_are_compared_or_waived),
        cmocka_unit_test(a_sound_quote_is_accepted),
        cmocka_unit_test(a_quote_is_taken_out_of_its_wrapping),
        cmocka_unit_test(the_missing_part_of_collateral_is_named),
        cmocka_unit_test(report_data_of_a_quote_are_compared_or_waived),
        cmocka_unit_test(a_root_has_the_name_of_its_platform),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(each_table_has_an_end),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
