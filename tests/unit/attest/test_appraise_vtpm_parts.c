/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of a virtual TPM that comes as separate files: each has a row of its own, and the hardware's follow what the report of the paravisor carries. */
#include <stdio.h>

#include "attest/appraise_parts.h"
#include "attest/collateral.h"
#include "attest/vtpm_files.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "support/synthetic_vtpm.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { TEXT_MAX = 64 * 1024, FILES = 5 };

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_vtpm_keys vtpm_keys;
static struct synthetic_snp snp;
static struct synthetic_tdx tdx;
static struct synthetic_vtpm vtpm;
static struct verdict verdict;
static struct attest_policy policy;
static struct tdx_launch launch;
static struct bytes files[FILES];
static struct bytes ak_files[VTPM_CERTIFICATES_MAX + 1];
static struct appraise_vtpm_parts parts;
static char *collateral;

static struct bytes hex(struct bytes of)
{
    static char text[TEXT_MAX];
    assert_true(ENCODING_HEX_SIZE(of.len) <= TEXT_MAX);
    encoding_hex(of, text);
    return bytes_str(text);
}

/* What was built, as files. */
static void as_files(void)
{
    const struct vtpm_evidence *e = &vtpm.evidence;
    attest_policy_default(&policy);
    policy.vtpm.pcrs = vtpm.pcrs;
    policy.vtpm.pcrs_outside_log = 1U << 11;
    policy.vtpm.references[11] =
        (struct vtpm_references){(const uint8_t(*)[TPM_PCR_SIZE])vtpm.pcr_values[11], 1};
    policy.vtpm.simulated_ak_root = vtpm.root_der;
    for (size_t i = 0; i < e->ak_certificate_count; i++)
        ak_files[i] = e->ak_certificates[i];
    parts = (struct appraise_vtpm_parts){.hardware = {.endorsements = files},
                                         .hcl_report = e->hcl_report,
                                         .quote = e->quote,
                                         .signature = e->signature,
                                         .pcr_values = e->pcr_values,
                                         .event_log = e->event_log,
                                         .ak_certificates = ak_files,
                                         .ak_certificate_count = e->ak_certificate_count,
                                         .nonce = vtpm.nonce};
}

static void snp_files(void)
{
    as_files();
    policy.measurements = (const uint8_t(*)[48]) & snp.report.measurement;
    policy.measurement_count = 1;
    policy.simulated_root = snp.evidence.ark;
    files[0] = snp.evidence.vek;
    files[1] = snp.evidence.ask;
    files[2] = snp.evidence.ark;
    files[3] = snp.evidence.crls[0];
    parts.hardware.endorsement_count = 4;
}

static void snp_scene(void)
{
    synthetic_snp_init(&snp, &snp_keys);
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    synthetic_vtpm_build_snp(&vtpm, &snp);
    snp_files();
}

static void tdx_scene(void)
{
    size_t len;
    synthetic_tdx_init(&tdx, &tdx_keys);
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    vtpm.kind = HCL_KIND_TDX;
    synthetic_vtpm_build_tdx(&vtpm, &tdx);
    as_files();
    memset(&launch, 0, sizeof launch);
    memcpy(launch.mrtd, tdx.quote_fields.body.mrtd, sizeof launch.mrtd);
    launch.waived = 0xf;
    policy.tdx.launches = &launch;
    policy.tdx.launch_count = 1;
    policy.tdx.evaluation_number_min = 17;
    policy.tdx.simulated_root = tdx.root_der;
    secret_free(collateral);
    assert_ok(collateral_write(&tdx.collateral, &collateral, &len, NULL));
    files[0] = bytes_of(collateral, len);
    parts.hardware.endorsement_count = 1;
    parts.hardware.evidence = tdx.quote;
}

static void appraise(void)
{
    appraise_vtpm_parts(&parts, &policy, SYNTHETIC_NOW, &verdict);
    assert_int_equal(verdict.appraised_at, SYNTHETIC_NOW);
}

static void expect_size(const char *name, struct bytes file, const char *encoding)
{
    char saw[VERDICT_VALUE_SIZE];
    (void)snprintf(saw, sizeof saw, "%zu bytes, %s", file.len, encoding);
    verdict_expect_row(&verdict, name, true, saw, NULL);
}

/* ---- over SEV-SNP ---- */

static void sound_files_are_accepted(void **state)
{
    (void)state;
    snp_scene();
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.platform", true, "AMD SEV-SNP", NULL);
    expect_size("file.vtpm.hcl_report", vtpm.evidence.hcl_report, "binary");
    expect_size("file.vtpm.quote", vtpm.evidence.quote, "binary");
    expect_size("file.vtpm.signature", vtpm.evidence.signature, "binary");
    expect_size("file.vtpm.pcrs", vtpm.evidence.pcr_values, "binary");
    expect_size("file.vtpm.event_log", vtpm.evidence.event_log, "binary");
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", true, "3 of them", NULL);
    verdict_expect_row(&verdict, "file.snp.certificates", true, "VCEK, ASK, ARK, 1 revocation list", NULL);
    assert_null(verdict_find(&verdict, "file.tdx.quote"));
}

static struct bytes *const each[] = {&parts.hcl_report, &parts.quote, &parts.signature, &parts.pcr_values,
                                     &parts.event_log};
static const char *const names[] = {"file.vtpm.hcl_report", "file.vtpm.quote", "file.vtpm.signature",
                                    "file.vtpm.pcrs", "file.vtpm.event_log"};

static void each_file_may_be_text_and_is_named_when_it_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(each); i++) {
        snp_scene();
        const struct bytes binary = *each[i];
        *each[i] = hex(binary);
        appraise();
        assert_true(verdict.accepted);
        expect_size(names[i], binary, "hexadecimal");
        *each[i] = bytes_str("abc");
        appraise();
        verdict_expect_row(&verdict, names[i], false, "text that looks like hexadecimal, and is not", NULL);
        assert_false(verdict.accepted);
        *each[i] = bytes_of(NULL, 0);
        appraise();
        if (each[i] == &parts.event_log)
            verdict_expect_row(&verdict, names[i], true, "there is none", NULL);
        else
            verdict_expect_row(&verdict, names[i], false, "there is none", NULL);
        assert_int_equal(verdict.accepted, each[i] == &parts.event_log);
    }
}

/* As tpm2_quote -o writes them: the selection, and lists with room for eight each. */
static void values_of_registers_are_taken_out_of_their_wrapping(void **state)
{
    (void)state;
    enum { OTHER_BANKS = 15 * 8, SLOTS = 8, ROOM = 64, QUOTED = 4 };
    static uint8_t room[1024];
    struct writer w = writer_into(room, sizeof room);
    snp_scene();
    const struct bytes values = vtpm.evidence.pcr_values;
    assert_int_equal(values.len, QUOTED * TPM_PCR_SIZE);
    writer_u32le(&w, 1);
    writer_u16le(&w, TPM_ALG_SHA256);
    writer_u8(&w, 3);
    writer_u32le(&w, vtpm.pcrs);
    writer_zeros(&w, 1 + OTHER_BANKS);
    writer_u32le(&w, 1);
    writer_u32le(&w, QUOTED);
    for (size_t i = 0; i < SLOTS; i++) {
        writer_u16le(&w, i < QUOTED ? TPM_PCR_SIZE : 0);
        if (i < QUOTED)
            writer_bytes(&w, bytes_of(values.ptr + i * TPM_PCR_SIZE, TPM_PCR_SIZE));
        writer_zeros(&w, i < QUOTED ? ROOM - TPM_PCR_SIZE : ROOM);
    }
    parts.pcr_values = bytes_of(room, w.used);
    appraise();
    assert_true(verdict.accepted);
    expect_size("file.vtpm.pcrs", values, "binary");
}

static void values_of_registers_that_are_none_are_named(void **state)
{
    (void)state;
    snp_scene();
    parts.pcr_values.len--;
    appraise();
    const struct verdict_check *c = verdict_find(&verdict, "file.vtpm.pcrs");
    assert_false(c->passed);
    assert_memory_equal(c->saw, "values of registers: neither", 28);
}

static void hardware_that_is_not_accepted_is_refused(void **state)
{
    (void)state;
    snp_scene();
    policy.platforms = 1U << VERDICT_PLATFORM_SNP;
    appraise();
    assert_true(verdict.accepted);
    assert_string_equal(verdict_find(&verdict, "vtpm.hcl.kind")->wanted, "an SNP report");
    policy.platforms = 1U << VERDICT_PLATFORM_TDX;
    appraise();
    assert_false(verdict_find(&verdict, "file.platform")->passed);
    assert_false(verdict_find(&verdict, "vtpm.hcl.kind")->passed);
    assert_string_equal(verdict_find(&verdict, "vtpm.hcl.kind")->wanted, "a TDREPORT");

    snp_scene();
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    vtpm.kind = 7;
    synthetic_vtpm_build_snp(&vtpm, &snp);
    snp_files();
    appraise();
    verdict_expect_row(&verdict, "file.platform", false,
                       "not checked: there is no hardware report of a kind that is known", NULL);
    assert_null(verdict_find(&verdict, "file.snp.certificates"));
    assert_false(verdict.accepted);
}

static void what_belongs_to_the_other_hardware_is_refused(void **state)
{
    (void)state;
    snp_scene();
    parts.hardware.evidence = bytes_str("a quote");
    appraise();
    verdict_expect_row(&verdict, "file.tdx.quote", false, "a quote beside an SNP report", NULL);
    verdict_expect_only(&verdict, "file.tdx.quote");
}

static void certificates_of_the_report_are_looked_for(void **state)
{
    (void)state;
    snp_scene();
    parts.hardware.endorsement_count = 0;
    appraise();
    verdict_expect_row(&verdict, "file.snp.certificates", false, "there is no VCEK", NULL);
    snp_scene();
    files[3] = bytes_str("abc");
    appraise();
    verdict_expect_row(&verdict, "file.snp.certificates", false,
                       "file 4: text that looks like hexadecimal, and is not", NULL);
    /* Of the kind that the report in the report asks for. */
    synthetic_snp_init_vlek(&snp, &snp_keys);
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    synthetic_vtpm_build_snp(&vtpm, &snp);
    snp_files();
    appraise();
    verdict_expect_row(&verdict, "file.snp.certificates", true, "VLEK, ASVK, ARK, 1 revocation list", NULL);
}

/* ---- over Intel TDX ---- */

static void sound_files_of_a_td_are_accepted(void **state)
{
    (void)state;
    tdx_scene();
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.platform", true, "Intel TDX", NULL);
    verdict_expect_row(&verdict, "file.tdx.quote", true, "bare, binary", NULL);
    verdict_expect_row(&verdict, "file.tdx.collateral", true, "all six parts", NULL);
    assert_null(verdict_find(&verdict, "file.snp.certificates"));
    policy.platforms = 1U << VERDICT_PLATFORM_TDX;
    appraise();
    assert_true(verdict.accepted);
    policy.platforms = 1U << VERDICT_PLATFORM_SNP;
    appraise();
    assert_false(verdict_find(&verdict, "file.platform")->passed);
}

static void the_quote_of_a_td_is_looked_for(void **state)
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
    parts.hardware.evidence = hex(bytes_of(room, w.used));
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.tdx.quote", true,
                       "behind the header of a GetQuote buffer, hexadecimal", NULL);
    parts.hardware.evidence = bytes_str("abc");
    appraise();
    verdict_expect_row(&verdict, "file.tdx.quote", false, "text that looks like hexadecimal, and is not",
                       NULL);
    parts.hardware.evidence = bytes_of(NULL, 0);
    appraise();
    verdict_expect_row(&verdict, "file.tdx.quote", false, "there is none", NULL);
    parts.hardware.endorsement_count = 0;
    appraise();
    verdict_expect_row(&verdict, "file.tdx.collateral", false, "there is no TCB info", NULL);
    tdx_scene();
    files[0] = bytes_str("abc");
    appraise();
    verdict_expect_row(&verdict, "file.tdx.collateral", false,
                       "file 1: text that looks like hexadecimal, and is not", NULL);
}

/* ---- certificates of the attestation key ---- */

static size_t put_pem(char *room, const char *label, struct bytes der)
{
    char base64[ENCODING_BASE64_SIZE(SYNTHETIC_VTPM_CERT_MAX)];
    encoding_base64(der, base64);
    int len =
        snprintf(room, TEXT_MAX / 8, "-----BEGIN %s-----\n%s\n-----END %s-----\n", label, base64, label);
    return (size_t)len;
}

static void certificates_of_the_key_come_in_each_form(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    static uint8_t padded[SYNTHETIC_VTPM_CERT_MAX + 8];
    const struct vtpm_evidence *e = &vtpm.evidence;
    snp_scene();
    size_t used = put_pem(text, "CERTIFICATE", e->ak_certificates[0]);
    used += put_pem(text + used, "CERTIFICATE", e->ak_certificates[1]);
    ak_files[0] = bytes_of(text, used);
    /* As an index of a TPM is read: as large as it was defined. */
    memset(padded, 0, sizeof padded);
    memcpy(padded, e->ak_certificates[2].ptr, e->ak_certificates[2].len);
    ak_files[1] = bytes_of(padded, e->ak_certificates[2].len + 8);
    parts.ak_certificate_count = 2;
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", true, "3 of them", NULL);
    /* Something else behind it is its own. */
    padded[e->ak_certificates[2].len + 7] = 1;
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", true, "3 of them", NULL);
    assert_false(verdict_find(&verdict, "vtpm.ak_certificate.form")->passed);
    ak_files[1] = hex(e->ak_certificates[2]);
    appraise();
    assert_true(verdict.accepted);
    parts.ak_certificate_count = 0;
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", true, "0 of them", NULL);
}

static void the_certificate_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const char *const none = "PEM that holds no certificate, or one that cannot be read";
    static char text[TEXT_MAX];
    char saw[VERDICT_VALUE_SIZE];
    snp_scene();
    (void)snprintf(saw, sizeof saw, "file 2: %s", none);
    ak_files[1] = bytes_of(text, put_pem(text, "X509 CRL", vtpm.evidence.ak_certificates[1]));
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", false, saw, NULL);
    size_t used = put_pem(text, "CERTIFICATE", vtpm.evidence.ak_certificates[1]);
    (void)snprintf(text + used, sizeof text - used,
                   "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n");
    ak_files[1] = bytes_str(text);
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", false, saw, NULL);
    ak_files[1] = bytes_str("abc");
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", false,
                       "file 2: text that looks like hexadecimal, and is not", NULL);
    ak_files[1] = bytes_of(NULL, 0);
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", false, "file 2: nothing in it", NULL);

    snp_scene();
    for (size_t i = 0; i < test_count(ak_files); i++)
        ak_files[i] = vtpm.evidence.ak_certificates[1];
    parts.ak_certificate_count = VTPM_CERTIFICATES_MAX;
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", true, "4 of them", NULL);
    parts.ak_certificate_count++;
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", false, "file 5: more than 4 certificates",
                       NULL);
    /* In one file, too. */
    used = 0;
    for (size_t i = 0; i < VTPM_CERTIFICATES_MAX; i++)
        used += put_pem(text + used, "CERTIFICATE", vtpm.evidence.ak_certificates[1]);
    ak_files[0] = bytes_of(text, used);
    parts.ak_certificate_count = 1;
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", true, "4 of them", NULL);
    used += put_pem(text + used, "CERTIFICATE", vtpm.evidence.ak_certificates[1]);
    ak_files[0] = bytes_of(text, used);
    appraise();
    verdict_expect_row(&verdict, "file.vtpm.ak_certificates", false, "file 1: more than 4 certificates",
                       NULL);
}

/* ---- the challenge ---- */

static void the_challenge_is_compared_or_waived(void **state)
{
    (void)state;
    snp_scene();
    parts.nonce = bytes_str("another");
    appraise();
    verdict_expect_only(&verdict, "vtpm.nonce");
    parts.nonce = bytes_of(NULL, 0);
    appraise();
    verdict_expect_only(&verdict, "vtpm.nonce");
    parts.any_nonce = true;
    appraise();
    assert_true(verdict.accepted);
    assert_null(verdict_find(&verdict, "vtpm.nonce"));
    assert_memory_equal(verdict_find(&verdict, "vtpm.nonce.any")->saw, "not compared: ", 14);
    assert_false(verdict.claims.fresh);

    /* A quote over nothing holds no challenge that could have been compared. */
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    vtpm.nonce_len = 0;
    synthetic_vtpm_build_snp(&vtpm, &snp);
    snp_files();
    appraise();
    verdict_expect_only(&verdict, "vtpm.nonce");
    parts.any_nonce = true;
    appraise();
    assert_true(verdict.accepted);
    assert_true(verdict_find(&verdict, "vtpm.nonce.any")->passed);

    /* As long as it can be. */
    synthetic_vtpm_init(&vtpm, &vtpm_keys);
    vtpm.nonce_len = TPM_NONCE_MAX;
    synthetic_vtpm_build_snp(&vtpm, &snp);
    snp_files();
    parts.any_nonce = true;
    appraise();
    assert_true(verdict.accepted);
    assert_memory_equal(verdict_find(&verdict, "vtpm.nonce.any")->saw, "not compared: 4e4e", 18);

    /* What is no quote is not waived. */
    parts.quote = bytes_str("no quote");
    appraise();
    assert_false(verdict_find(&verdict, "vtpm.nonce.any")->passed);
    assert_false(verdict.accepted);
}

/* ---- */

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&snp_keys);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_vtpm_keys_make(&vtpm_keys);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    secret_free(collateral);
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    synthetic_vtpm_keys_release(&vtpm_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_files_are_accepted),
        cmocka_unit_test(each_file_may_be_text_and_is_named_when_it_is_none),
        cmocka_unit_test(values_of_registers_are_taken_out_of_their_wrapping),
        cmocka_unit_test(values_of_registers_that_are_none_are_named),
        cmocka_unit_test(hardware_that_is_not_accepted_is_refused),
        cmocka_unit_test(what_belongs_to_the_other_hardware_is_refused),
        cmocka_unit_test(certificates_of_the_report_are_looked_for),
        cmocka_unit_test(sound_files_of_a_td_are_accepted),
        cmocka_unit_test(the_quote_of_a_td_is_looked_for),
        cmocka_unit_test(certificates_of_the_key_come_in_each_form),
        cmocka_unit_test(the_certificate_that_cannot_be_read_is_named),
        cmocka_unit_test(the_challenge_is_compared_or_waived),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
