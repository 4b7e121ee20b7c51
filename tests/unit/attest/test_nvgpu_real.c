/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA's own samples: a Hopper report with its certificates, and signed reference values, each at its own time. */
#include <stdio.h>

#include "attest/anchors.h"
#include "attest/nvgpu.h"
#include "attest/nvgpu_report.h"
#include "attest/rim.h"
#include "base/encoding.h"
#include "unit/attest/nvgpu_files.h"
#include "unit/test.h"

enum {
    TIME_2024_09_01 = 1725148800,
    TIME_2026_11_25 = 1795564800,
};

static struct nvgpu_file report;
static struct nvgpu_file chain;
static struct nvgpu_file rims[4];
static struct verdict verdict;

static void need(bool there)
{
    if (there)
        return;
    print_message("skipped: no evidence of NVIDIA's\n");
    skip();
}

/* ---- the roots ---- */

static void the_pinned_roots_are_those_of_the_files(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const struct nvidia_root *root;
    } table[] = {
        {"verifier_device_root.pem", &anchors_nvidia_device},
        {"switch_verifier_device_root.pem", &anchors_nvidia_device},
        {"verifier_RIM_root.pem", &anchors_nvidia_rim},
        {"switch_verifier_RIM_root.pem", &anchors_nvidia_rim},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        uint8_t der[2048];
        uint8_t digest[CRYPTO_SHA256_SIZE];
        size_t len;
        struct x509 cert;
        need(nvgpu_file_read(table[i].file, &chain));
        assert_ok(encoding_pem_next(&chain.bytes, "CERTIFICATE", der, sizeof der, &len));
        const struct bytes whole = bytes_of(der, len);
        assert_ok(x509_parse(whole, &cert, NULL));
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, &whole, 1, digest));
        assert_memory_equal(digest, table[i].root->der, sizeof digest);
        assert_ok(crypto_hash_parts(CRYPTO_SHA256, &cert.spki, 1, digest));
        assert_memory_equal(digest, table[i].root->spki, sizeof digest);
        assert_true(bytes_is_str(cert.subject_cn, table[i].root->name));
    }
}

/* Another certificate for the pinned key is one that this key signed. */
static void a_certificate_for_a_pinned_key_is_signed_by_it(void **state)
{
    (void)state;
    static struct nv_chain c;
    struct err_note note = {{0}};
    uint8_t der[2048];
    size_t len;
    bool simulated;
    need(nvgpu_file_read("verifier_device_root.pem", &chain));
    assert_ok(encoding_pem_next(&chain.bytes, "CERTIFICATE", der, sizeof der, &len));
    assert_ok(nv_chain_add(&c, bytes_of(der, len), &note));
    assert_ok(nv_chain_check_root(&c, &anchors_nvidia_device, (struct bytes){0}, &simulated, &note));
    c.der[0][len - 1] ^= 1; /* of the signature */
    assert_err(nv_chain_check_root(&c, &anchors_nvidia_device, (struct bytes){0}, &simulated, &note),
               ERR_SIGNATURE);
    assert_string_equal(note.text, "the root is not signed by itself");
    nv_chain_release(&c);
}

/* ---- the report ---- */

static void appraise(const char *const *names, int64_t now)
{
    struct nvgpu_policy policy;
    struct nvgpu_report r;
    struct nvgpu_rim documents[4] = {{{0}, {0}}};
    struct nvgpu_endorsements endorsements = {.rims = documents};
    const struct nvgpu_evidence gpu = {report.bytes, chain.bytes};
    for (; names[endorsements.rim_count] != NULL; endorsements.rim_count++) {
        need(nvgpu_file_read(names[endorsements.rim_count], &rims[endorsements.rim_count]));
        documents[endorsements.rim_count].document = rims[endorsements.rim_count].bytes;
    }
    assert_ok(nvgpu_report_parse(report.bytes, &r, NULL));
    nvgpu_policy_default(&policy);
    policy.allow_missing_ocsp = true; /* NVIDIA's samples have none */
    memset(&verdict, 0, sizeof verdict);
    nvgpu_appraise(&gpu, 1, &endorsements, r.nonce.ptr, &policy, now, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.simulated);
}

static void the_sample_is_genuine_and_its_reference_values_are_not_there(void **state)
{
    (void)state;
    need(nvgpu_hex_read(NVGPU_REPORT_FILE, &report) && nvgpu_file_read(NVGPU_CHAIN_FILE, &chain));
    static const char *const failures[] = {
        "nvgpu.driver.rim",  "nvgpu.vbios.rim",    "nvgpu.driver.rim_id",   "nvgpu.vbios.rim_id",
        "nvgpu.rim.product", "nvgpu.rim.digest",   "nvgpu.rim.signature",   "nvgpu.rim.root",
        "nvgpu.rim.chain",   "nvgpu.rim.validity", "nvgpu.rim.not_revoked", NULL};
    static const char *const names[] = {"Driver_RIM_test_no_gpu.swidtag",
                                        "1010_0200_882_960074001C_PROD.swidtag", NULL};
    appraise(names, TIME_2024_09_01);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        bool named = strncmp(check->rule->name, "nvgpu.measurements.", 19) == 0 &&
                     strcmp(check->rule->name, "nvgpu.measurements.counts") != 0;
        for (size_t k = 0; failures[k] != NULL; k++)
            named = named || strcmp(failures[k], check->rule->name) == 0;
        if (named == check->passed)
            fail_msg("%s %s (%s)", check->rule->name, check->passed ? "passed" : "failed", check->saw);
    }
    assert_string_equal(verdict_find(&verdict, "nvgpu.driver.rim")->saw,
                        "GPU 1: none for the driver 550.90.07");
    assert_string_equal(verdict_find(&verdict, "nvgpu.vbios.rim")->saw,
                        "GPU 1: none for the VBIOS 96.00.9F.00.01");
    const struct nvgpu_claim *g = &verdict.claims.gpu.gpus[0];
    assert_int_equal(verdict.claims.gpu.count, 1);
    assert_string_equal(g->chip, "GH100");
    assert_string_equal(g->architecture, "Hopper");
    assert_string_equal(g->mode, "SPT");
    assert_string_equal(g->project, "1010");
    assert_string_equal(g->project_sku, "0200");
    assert_string_equal(g->chip_sku, "882");
}

/* The sample says that it has the VBIOS of a document that is there: its signature is void then, but the document is judged to its end. */
static void a_real_document_that_is_used_has_nvidias_root(void **state)
{
    (void)state;
    static const char *const names[] = {"1010_0200_882_960074001C_PROD.swidtag", NULL};
    static const char *const passed[] = {"nvgpu.vbios.rim",     "nvgpu.rim.product",    "nvgpu.rim.digest",
                                         "nvgpu.rim.signature", "nvgpu.rim.root",       "nvgpu.rim.chain",
                                         "nvgpu.rim.validity",  "nvgpu.rim.not_revoked"};
    static const uint8_t version[] = {0x00, 0x74, 0x00, 0x96, 0x1c};
    struct nvgpu_report r;
    need(nvgpu_hex_read(NVGPU_REPORT_FILE, &report) && nvgpu_file_read(NVGPU_CHAIN_FILE, &chain));
    assert_ok(nvgpu_report_parse(report.bytes, &r, NULL));
    assert_ok(nvgpu_report_fields(&r, NULL));
    memcpy(bytes_owned(r.fields[NVGPU_VBIOS_VERSION]), version, sizeof version);
    appraise(names, TIME_2024_09_01);
    assert_false(verdict_find(&verdict, "nvgpu.report.signature")->passed);
    for (size_t i = 0; i < test_count(passed); i++)
        if (!verdict_find(&verdict, passed[i])->passed)
            fail_msg("%s failed (%s)", passed[i], verdict_find(&verdict, passed[i])->saw);
    assert_string_equal(verdict_find(&verdict, "nvgpu.rim.root")->saw, "NVIDIA's");
    assert_string_equal(verdict_find(&verdict, "nvgpu.chain.root")->saw, "NVIDIA's");
}

/* ---- the reference values ---- */

/* When the certificates of a document are valid together. */
static void window(const struct rim *rim, int64_t *from, int64_t *to)
{
    *from = INT64_MIN;
    *to = INT64_MAX;
    for (size_t i = 0; i < rim->chain.count; i++) {
        const struct x509 *cert = &rim->chain.at[i].cert;
        *from = cert->not_before > *from ? cert->not_before : *from;
        *to = cert->not_after < *to ? cert->not_after : *to;
    }
}

static void every_document_is_signed_by_nvidia_at_its_own_time_and_not_later(void **state)
{
    (void)state;
    for (size_t i = 0; nvgpu_rim_files[i] != NULL; i++) {
        struct err_note note = {{0}};
        struct rim *rim;
        bool simulated;
        int64_t from;
        int64_t to;
        need(nvgpu_file_read(nvgpu_rim_files[i], &rims[0]));
        enum err e = rim_parse(rims[0].bytes, &rim, &note);
        if (e == ERR_OK)
            e = rim_check_digest(rim, &note);
        if (e == ERR_OK)
            e = rim_check_signature(rim, &note);
        if (e == ERR_OK)
            e = nv_chain_check_root(&rim->chain, &anchors_nvidia_rim, (struct bytes){0}, &simulated, &note);
        if (e == ERR_OK)
            e = nv_chain_check_links(&rim->chain, &note);
        if (e != ERR_OK)
            fail_msg("%s: %s: %s", nvgpu_rim_files[i], err_text(e), note.text);
        window(rim, &from, &to);
        assert_true(from < to);
        assert_ok(nv_chain_check_validity(&rim->chain, from, 0, &note));
        assert_ok(nv_chain_check_validity(&rim->chain, to, 0, &note));
        assert_err(nv_chain_check_validity(&rim->chain, from - 1, 0, &note), ERR_CERTIFICATE);
        assert_err(nv_chain_check_validity(&rim->chain, to + 1, 0, &note), ERR_CERTIFICATE);
        assert_ok(nv_chain_check_validity(&rim->chain, to + 1, 1, &note));
        assert_err(nv_chain_check_validity(&rim->chain, TIME_2026_11_25, 0, &note), ERR_CERTIFICATE);
        assert_true(bytes_is_str(rim->product, "GH100"));
        assert_int_equal(rim->row_count, 64);
        rim_free(rim);
    }
}

/* Of each document: how many of its active values the sample's report has. None fits it altogether, and none is of its versions. */
static void no_document_of_the_samples_is_that_of_the_report(void **state)
{
    (void)state;
    struct nvgpu_report r;
    struct err_note note = {{0}};
    char version[NVGPU_TEXT_SIZE];
    need(nvgpu_hex_read(NVGPU_REPORT_FILE, &report));
    assert_ok(nvgpu_report_parse(report.bytes, &r, &note));
    assert_ok(nvgpu_report_blocks(&r, &note));
    assert_ok(nvgpu_report_fields(&r, &note));
    assert_true(nvgpu_report_vbios(&r, version));
    for (size_t i = 0; nvgpu_rim_files[i] != NULL; i++) {
        struct rim *rim;
        size_t active = 0;
        size_t same = 0;
        need(nvgpu_file_read(nvgpu_rim_files[i], &rims[0]));
        assert_ok(rim_parse(rims[0].bytes, &rim, &note));
        for (size_t k = 0; k < rim->row_count; k++) {
            const struct rim_row *row = &rim->rows[k];
            active += row->active;
            same += row->active && rim_row_holds(rim, row, r.measurements[row->index]);
        }
        print_message("%s: %zu of %zu\n", nvgpu_rim_files[i], same, active);
        assert_true(active > 0 && same < active);
        assert_false(bytes_is_str(rim->version, version));
        rim_free(rim);
    }
}

static int make(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pinned_roots_are_those_of_the_files),
        cmocka_unit_test(a_certificate_for_a_pinned_key_is_signed_by_it),
        cmocka_unit_test(the_sample_is_genuine_and_its_reference_values_are_not_there),
        cmocka_unit_test(a_real_document_that_is_used_has_nvidias_root),
        cmocka_unit_test(every_document_is_signed_by_nvidia_at_its_own_time_and_not_later),
        cmocka_unit_test(no_document_of_the_samples_is_that_of_the_report),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
