/* SPDX-License-Identifier: Apache-2.0 */
/* Real reports of Azure's confidential VMs and a real quote of a virtual TPM, where they are at hand. They are of three VMs, so each shows a part. */
#include <stdio.h>

#include "attest/hcl_report.h"
#include "attest/hcl_runtime.h"
#include "attest/snp_report.h"
#include "attest/td_report.h"
#include "attest/vtpm.h"
#include "base/encoding.h"
#include "base/reader.h"
#include "support/real_evidence.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { FILE_MAX = 16 * 1024, TIME_2024 = 1704067200, SIGNATURE_SIZE = 256, QUOTE_SIZE = 122 };

struct file {
    uint8_t content[FILE_MAX];
    struct bytes bytes;
};

static struct file blob, quote_file, pem;
static struct verdict verdict;

static void file_need(const char *name, struct file *f)
{
    char path[256];
    (void)snprintf(path, sizeof path, "azure/azure-cvm-tooling/%s", name);
    f->bytes = real_evidence_read(path, f->content, sizeof f->content);
    if (f->bytes.len == 0) {
        print_message("skipped: no %s\n", name);
        skip();
    }
}

/* ---- the quote: a signature, TPMS_ATTEST, and 24 values, each list with its length in eight octets before it ---- */

struct real_quote {
    struct bytes signature, attest, values;
};

static struct real_quote quote_need(void)
{
    enum { VALUE_COUNT = TPM_PCR_COUNT };
    struct real_quote q;
    file_need("quote.bin", &quote_file);
    struct reader r = reader_over(quote_file.bytes);
    q.signature = reader_bytes(&r, reader_u64le(&r));
    q.attest = reader_bytes(&r, reader_u64le(&r));
    assert_int_equal(reader_u64le(&r), VALUE_COUNT);
    q.values = reader_rest(&r);
    assert_int_equal(reader_status(&r), ERR_OK);
    assert_int_equal(q.signature.len, SIGNATURE_SIZE);
    assert_int_equal(q.attest.len, QUOTE_SIZE);
    assert_int_equal(q.values.len, TPM_PCR_VALUES_MAX);
    return q;
}

static void a_real_quote_is_signed_by_its_key_over_its_registers(void **state)
{
    struct real_quote real = quote_need();
    struct tpm_quote q;
    struct bytes signature;
    struct crypto_public_key *key;
    uint8_t der[1024];
    uint8_t digest[32];
    uint8_t attest[QUOTE_SIZE];
    size_t len;
    (void)state;
    file_need("akpub.pem", &pem);
    struct bytes text = pem.bytes;
    assert_ok(encoding_pem_next(&text, "PUBLIC KEY", der, sizeof der, &len));
    assert_ok(crypto_public_key_from_spki(bytes_of(der, len), &key));
    assert_ok(tpm_quote_parse(real.attest, &q, NULL));
    assert_ok(tpm_signature_parse(real.signature, SIGNATURE_SIZE, &signature, NULL));
    assert_ok(crypto_rsa_pkcs1_verify(key, CRYPTO_SHA256, q.attest, signature));
    assert_true(bytes_is_str(q.extra_data, "challenge"));
    assert_int_equal(q.selection_count, 1);
    assert_int_equal(q.selections[0].hash, TPM_ALG_SHA256);
    assert_int_equal(q.selections[0].pcrs, 0xffffff);
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, &real.values, 1, digest));
    assert_true(bytes_equal(q.digest, bytes_of(digest, sizeof digest)));
    assert_true(q.safe);
    assert_int_equal(q.reset_count, 3);
    assert_int_equal(q.restart_count, 0);
    memcpy(attest, real.attest.ptr, sizeof attest);
    for (size_t bit = 0; bit < sizeof attest * 8; bit++) {
        attest[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_err(
            crypto_rsa_pkcs1_verify(key, CRYPTO_SHA256, bytes_of(attest, sizeof attest), real.signature),
            ERR_SIGNATURE);
        attest[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    crypto_public_key_free(key);
}

/* ---- whole appraisals ---- */

static struct vtpm_evidence evidence;
static struct attest_policy snp_policy;
static struct tdx_policy tdx_policy;
static struct vtpm_policy policy;

static void appraise(void)
{
    static uint8_t reference[1][TPM_PCR_SIZE];
    struct real_quote real = quote_need();
    memcpy(reference[0], real.values.ptr, TPM_PCR_SIZE);
    evidence.hcl_report = blob.bytes;
    evidence.quote = real.attest;
    evidence.signature = real.signature;
    evidence.pcr_values = real.values;
    policy.pcrs = 0xffffff;
    policy.references[0] = (struct vtpm_references){(const uint8_t(*)[TPM_PCR_SIZE])reference, 1};
    memset(&verdict, 0, sizeof verdict);
    vtpm_appraise(&evidence, bytes_str("challenge"), &policy, TIME_2024, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.accepted);
    assert_false(verdict.simulated);
}

static void reset(void)
{
    memset(&evidence, 0, sizeof evidence);
    vtpm_policy_default(&policy);
    memset(&snp_policy, 0, sizeof snp_policy);
    tdx_policy_default(&tdx_policy);
    policy.snp = &snp_policy;
    policy.tdx = &tdx_policy;
}

/* The certificates that lie beside it are of another chip; everything else of the report is sound. The quote is of another VM. */
static void a_real_report_under_another_chips_certificate_is_refused_for_that(void **state)
{
    static uint8_t der[3][4096];
    static uint8_t measurement[1][48];
    static uint8_t id_key[1][48];
    static const char *const failures[] = {"vtpm.signature",         "vtpm.config.console",
                                           "snp.report.signature",   "snp.vek.chip_id",
                                           "snp.tcb.floor.reported", "snp.tcb.floor.committed",
                                           "snp.tcb.floor.launch",   "snp.platform.alias_check"};
    struct bytes chain[3];
    struct hcl_report hcl;
    struct snp_report snp;
    (void)state;
    reset();
    file_need("hcl-report-snp.bin", &blob);
    file_need("certs.pem", &pem);
    struct bytes text = pem.bytes;
    for (size_t i = 0; i < 3; i++) {
        size_t len;
        assert_ok(encoding_pem_next(&text, "CERTIFICATE", der[i], sizeof der[i], &len));
        chain[i] = bytes_of(der[i], len);
    }
    evidence.snp.vek = chain[0];
    evidence.snp.ask = chain[1];
    evidence.snp.ark = chain[2];
    assert_ok(hcl_report_parse(blob.bytes, &hcl, NULL));
    assert_int_equal(hcl.version, HCL_VERSION_1);
    assert_int_equal(hcl.kind, HCL_KIND_SNP);
    assert_ok(snp_report_parse(hcl.hardware, &snp, NULL));
    memcpy(measurement[0], snp.measurement, 48);
    snp_policy.measurements = (const uint8_t(*)[48])measurement;
    snp_policy.measurement_count = 1;
    memcpy(id_key[0], snp.id_key_digest, 48); /* Microsoft signs the ID block of its paravisor */
    snp_policy.snp.id_keys = (struct snp_digests){(const uint8_t(*)[48])id_key, 1};
    snp_policy.allow_milan = true;
    snp_policy.snp.allow_missing_crl = true; /* none of AMD's is at hand */
    appraise();
    verdict_expect_failures(&verdict, failures, test_count(failures));
    assert_string_equal(verdict.claims.vtpm.vm_id, "BAEFD3E1-184B-4C4C-AB88-0BDAD260505F");
    assert_int_equal(verdict.claims.vtpm.current_time, 1678652405);
}

/* No quote of this TD is at hand: all that needs one fails, and nothing else but what is true of the VM. */
static void a_real_td_report_without_its_quote_is_refused_for_that(void **state)
{
    static const char *const expected[] = {"vtpm.td_report.quote", "vtpm.signature",
                                           "vtpm.config.secure_boot", "vtpm.config.console"};
    struct hcl_report hcl;
    struct td_report report;
    struct hcl_runtime runtime;
    (void)state;
    reset();
    file_need("hcl-report-tdx.bin", &blob);
    assert_ok(hcl_report_parse(blob.bytes, &hcl, NULL));
    assert_int_equal(hcl.version, HCL_VERSION_2);
    assert_int_equal(hcl.kind, HCL_KIND_TDX);
    assert_ok(td_report_parse(hcl.hardware, &report, NULL));
    assert_ok(hcl_runtime_parse(hcl.runtime, &runtime, NULL));
    assert_int_equal(runtime.ak_count, 1);
    assert_int_equal(runtime.ek_count, 1);
    assert_int_equal(runtime.ak.modulus_len, 256);
    assert_true(runtime.has_thumbprint);
    assert_int_equal(runtime.user_data_len, 64);
    assert_int_equal(runtime.switches[HCL_SECURE_BOOT], HCL_OFF);
    assert_int_equal(runtime.switches[HCL_TPM_PERSISTED], HCL_OFF);
    assert_int_equal(runtime.switches[HCL_IPMI_ENABLED], HCL_NOT_STATED);
    appraise();
    size_t failed = 0;
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        if (strncmp(check->rule->name, "vtpm.", 5) != 0)
            continue;
        bool named = false;
        for (size_t n = 0; n < test_count(expected); n++)
            named = named || strcmp(check->rule->name, expected[n]) == 0;
        if (named == check->passed)
            fail_msg("%s %s (%s)", check->rule->name, named ? "passed" : "failed", check->saw);
        failed += !check->passed;
    }
    assert_int_equal(failed, test_count(expected));
    assert_false(verdict_find(&verdict, "tdx.quote.version")->passed);
}

static void runtime_data_alone_are_read_too(void **state)
{
    struct hcl_runtime runtime;
    (void)state;
    file_need("var-data.bin", &blob);
    assert_ok(hcl_runtime_parse(blob.bytes, &runtime, NULL));
    assert_string_equal(runtime.vm_id, "3404EF27-32A2-4A07-A4C7-1A1171624C5D");
    assert_int_equal(runtime.switches[HCL_SECURE_BOOT], HCL_ON);
    assert_false(runtime.has_thumbprint);
}

/* The JSON is bound by its hash; what surrounds it is not bound and has one form. */
static void no_bit_around_the_hardwares_report_can_be_turned_over_unseen(void **state)
{
    static const char *const names[] = {"hcl-report-snp.bin", "hcl-report-tdx.bin"};
    enum { HARDWARE = 0x20, HARDWARE_END = 0x4c0, STEP = 13 };
    (void)state;
    for (size_t f = 0; f < test_count(names); f++) {
        reset();
        file_need(names[f], &blob);
        appraise();
        assert_true(verdict_find(&verdict, "vtpm.hcl.binding")->passed);
        for (size_t bit = 0; bit < blob.bytes.len * 8; bit += STEP) {
            if (bit / 8 >= HARDWARE && bit / 8 < HARDWARE_END)
                continue;
            blob.content[bit / 8] ^= (uint8_t)(1U << bit % 8);
            appraise();
            if (verdict_find(&verdict, "vtpm.hcl.binding")->passed)
                fail_msg("%s: bit %zu was turned over unseen", names[f], bit);
            blob.content[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_quote_is_signed_by_its_key_over_its_registers),
        cmocka_unit_test(a_real_report_under_another_chips_certificate_is_refused_for_that),
        cmocka_unit_test(a_real_td_report_without_its_quote_is_refused_for_that),
        cmocka_unit_test(runtime_data_alone_are_read_too),
        cmocka_unit_test(no_bit_around_the_hardwares_report_can_be_turned_over_unseen),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
