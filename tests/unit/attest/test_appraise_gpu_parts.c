/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of GPUs that comes as separate files: what cannot be read has a row that says so, and the rest is appraised all the same. */
#include "attest/appraise_gpu.h"

#include <stdio.h>

#include "attest/nvgpu_names.h"
#include "attest/rules.h"
#include "base/encoding.h"
#include "support/synthetic_nvgpu.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { TEXT_MAX = 256 * 1024, FILES = NVGPU_OCSP_MAX + 2 };

static struct synthetic_nvgpu s;
static struct verdict verdict;
static struct bytes reports[FILES], certificates[FILES], rims[FILES], ocsp[FILES];
static struct appraise_gpu_files files;

static void scene(void)
{
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    synthetic_nvgpu_build(&s);
    for (size_t i = 0; i < FILES; i++) {
        reports[i] = s.gpus[0].report;
        certificates[i] = s.gpus[0].certificates;
        rims[i] = s.rims[i < 2 ? i : 0].document;
        ocsp[i] = s.ocsp[i < s.endorsements.ocsp_count ? i : 0];
    }
    files = (struct appraise_gpu_files){.reports = {.files = reports, .count = 1},
                                        .certificates = {.files = certificates, .count = 1},
                                        .rims = {.files = rims, .count = 2},
                                        .ocsp = {.files = ocsp, .count = s.endorsements.ocsp_count},
                                        .nonce = s.nonce};
}

static void appraise(void)
{
    appraise_gpu_parts(&files, &s.policy, SYNTHETIC_NVGPU_NOW, &verdict);
    assert_int_equal(verdict.appraised_at, SYNTHETIC_NVGPU_NOW);
    assert_int_equal(verdict.claims.platform, VERDICT_PLATFORM_GPU);
    assert_false(verdict.claims.fresh);
}

static struct bytes hex(struct bytes of)
{
    static char text[TEXT_MAX];
    assert_true(ENCODING_HEX_SIZE(of.len) <= TEXT_MAX);
    encoding_hex(of, text);
    return bytes_str(text);
}

static const char *number(size_t n)
{
    static char text[24];
    (void)snprintf(text, sizeof text, "%zu", n);
    return text;
}

static void sound_files_are_accepted(void **state)
{
    (void)state;
    scene();
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.gpu.report", true, "1", "");
    verdict_expect_row(&verdict, "file.gpu.certificates", true, "1", "");
    verdict_expect_row(&verdict, "file.gpu.rim", true, "2", "");
    verdict_expect_row(&verdict, "file.gpu.ocsp", true, number(s.endorsements.ocsp_count), "");
}

static char pem[TEXT_MAX];

/* Behind what stands there already. */
static void pem_add(const char *label, struct bytes der)
{
    static char base64[ENCODING_BASE64_SIZE(SIMULATED_OCSP_MAX)];
    const size_t used = strlen(pem);
    encoding_base64(der, base64);
    int len = snprintf(pem + used, sizeof pem - used, "-----BEGIN %s-----\n%s\n-----END %s-----\n", label,
                       base64, label);
    assert_true(len > 0 && (size_t)len < sizeof pem - used);
}

static void each_file_has_its_other_forms(void **state)
{
    (void)state;
    static char answer[TEXT_MAX];
    static char base64[ENCODING_BASE64_SIZE(SIMULATED_RIM_MAX)];
    scene();
    reports[0] = hex(reports[0]);
    appraise();
    assert_true(verdict.accepted);

    scene();
    certificates[0] = hex(certificates[0]);
    appraise();
    assert_true(verdict.accepted);

    scene();
    encoding_base64(rims[1], base64);
    (void)snprintf(answer, sizeof answer, "{\"id\":\"NV_GPU_VBIOS\",\"rim\":\"%s\"}", base64);
    rims[1] = bytes_str(answer);
    appraise();
    /* The answer names the document, so that the name must be the one that is looked for. */
    assert_false(verdict_find(&verdict, "nvgpu.vbios.rim_id")->passed);
    verdict_expect_row(&verdict, "file.gpu.rim", true, "2", "");

    scene();
    pem[0] = '\0';
    for (size_t i = 0; i < s.endorsements.ocsp_count; i++)
        pem_add("OCSP RESPONSE", s.ocsp[i]);
    ocsp[0] = bytes_str(pem);
    files.ocsp.count = 1;
    appraise();
    assert_true(verdict.accepted);
    verdict_expect_row(&verdict, "file.gpu.ocsp", true, number(s.endorsements.ocsp_count), "");
}

static bool is_named(const char *row)
{
    return verdict_find(&verdict, row)->passed;
}

/* A document itself says no name. The answer that it came in does; else what the caller knows of it counts. */
static void a_name_that_is_known_otherwise_counts_where_a_file_says_none(void **state)
{
    (void)state;
    static char answer[TEXT_MAX];
    static char base64[ENCODING_BASE64_SIZE(SIMULATED_RIM_MAX)];
    static struct nvgpu_certificate_ids words;
    char names[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct bytes ids[FILES] = {{0}};
    struct err_note note = {{0}};
    scene();
    assert_ok(nvgpu_names_of_gpu(reports[0], certificates[0], names, &words, &note));
    files.rim_ids = ids; /* of none it is known */
    appraise();
    assert_true(verdict.accepted);
    for (size_t i = 0; i < NVGPU_GPU_RIMS; i++)
        ids[i] = bytes_str(names[i]);
    appraise();
    assert_true(verdict.accepted);
    for (size_t i = 0; i < NVGPU_GPU_RIMS; i++) {
        ids[i] = bytes_str("NV_OTHER");
        appraise();
        assert_int_equal(is_named("nvgpu.driver.rim_id"), i != 0);
        assert_int_equal(is_named("nvgpu.vbios.rim_id"), i != 1);
        ids[i] = bytes_str(names[i]);
    }
    /* What its answer says goes before what the caller says, in both directions. */
    encoding_base64(rims[1], base64);
    (void)snprintf(answer, sizeof answer, "{\"id\":\"%s\",\"rim\":\"%s\"}", names[1], base64);
    rims[1] = bytes_str(answer);
    ids[1] = bytes_str("NV_OTHER");
    appraise();
    assert_true(verdict.accepted);
    (void)snprintf(answer, sizeof answer, "{\"id\":\"NV_OTHER\",\"rim\":\"%s\"}", base64);
    rims[1] = bytes_str(answer);
    ids[1] = bytes_str(names[1]);
    appraise();
    assert_false(is_named("nvgpu.vbios.rim_id"));
}

static void the_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    static const char *const names[FILES] = {"a", "b", "c", "d"};
    static const char *const rows[] = {"file.gpu.report", "file.gpu.certificates", "file.gpu.rim",
                                       "file.gpu.ocsp"};
    struct bytes *const lists[] = {reports, certificates, rims, ocsp};
    struct appraise_gpu_list *const listed[] = {&files.reports, &files.certificates, &files.rims,
                                                &files.ocsp};
    for (size_t i = 0; i < test_count(rows); i++) {
        scene();
        lists[i][0] = bytes_str("abc");
        appraise();
        verdict_expect_row(&verdict, rows[i], false, "file 1: text that looks like hexadecimal, and is not",
                           "");
        assert_false(verdict.accepted);
        listed[i]->names = names;
        appraise();
        verdict_expect_row(&verdict, rows[i], false, "a: text that looks like hexadecimal, and is not", "");
        /* The first of two, and what stands beside it is read all the same. */
        lists[i][1] = bytes_str("abc");
        listed[i]->count = 2;
        appraise();
        verdict_expect_row(&verdict, rows[i], false, "a: text that looks like hexadecimal, and is not", "");
        for (size_t k = 0; k < test_count(rows); k++)
            if (k != i && !(i < 2 && k == 1))
                assert_true(verdict_find(&verdict, rows[k])->passed);
    }
    scene();
    rims[1] = bytes_str("{\"id\":\"a\"}");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.rim", false, "file 2: no text in \"rim\" of the answer", "");
    rims[0] = bytes_str("abc");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.rim", false,
                       "file 1: text that looks like hexadecimal, and is not", "");
}

static void a_document_is_not_a_report(void **state)
{
    (void)state;
    scene();
    files.reports.count = files.certificates.count = 2;
    reports[1] = bytes_str("{}");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.report", false,
                       "file 2: a JSON document without \"evidence\" and \"certificate\" of a GPU", "");
    reports[1] = bytes_str("[{\"evidence\":\"EeAB\",\"certificate\":\"EeAB\"}]");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.report", false,
                       "file 2: a JSON document: the reports that are in it are wanted one by one", "");
    reports[0] = bytes_str("[");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.report", false, "file 1: JSON error at byte 1 (line 1)", "");
    assert_false(verdict.accepted);
}

static void as_many_chains_as_reports_are_wanted(void **state)
{
    (void)state;
    scene();
    files.certificates.count = 0;
    appraise();
    verdict_expect_row(&verdict, "file.gpu.certificates", false, "0 for 1 report", "as many as reports");
    files.reports.count = 2;
    files.certificates.count = 1;
    appraise();
    verdict_expect_row(&verdict, "file.gpu.certificates", false, "1 for 2 reports", "as many as reports");
    files.reports.count = 1;
    files.certificates.count = 2;
    appraise();
    verdict_expect_row(&verdict, "file.gpu.certificates", false, "2 for 1 report", "as many as reports");
    assert_false(verdict.accepted);
    /* What cannot be read is said first. */
    certificates[1] = bytes_str("abc");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.certificates", false,
                       "file 2: text that looks like hexadecimal, and is not", "");
}

static void pem_without_a_response_is_refused(void **state)
{
    (void)state;
    scene();
    pem[0] = '\0';
    pem_add("CERTIFICATE", s.ocsp[0]);
    ocsp[0] = bytes_str(pem);
    appraise();
    verdict_expect_row(&verdict, "file.gpu.ocsp", false, "file 1: no OCSP response in this PEM", "");
    pem[0] = '\0';
    pem_add("OCSP RESPONSE", s.ocsp[0]);
    const size_t used = strlen(pem);
    (void)snprintf(pem + used, sizeof pem - used, "%s",
                   "-----BEGIN OCSP RESPONSE-----\n?\n-----END OCSP RESPONSE-----\n");
    ocsp[0] = bytes_str(pem);
    appraise();
    verdict_expect_row(&verdict, "file.gpu.ocsp", false, "file 1: a block of PEM that cannot be read", "");
    ocsp[0] = bytes_str("abc");
    ocsp[1] = bytes_str("-----BEGIN X-----\n");
    appraise();
    verdict_expect_row(&verdict, "file.gpu.ocsp", false,
                       "file 1: text that looks like hexadecimal, and is not", "");
}

/* One more than the appraisal takes is given to it, so that it says so. */
static void there_can_be_too_many(void **state)
{
    (void)state;
    scene();
    files.reports.count = files.certificates.count = NVGPU_GPUS_MAX + 2;
    appraise();
    assert_false(verdict_find(&verdict, "nvgpu.count")->passed);
    assert_string_equal(verdict_find(&verdict, "file.gpu.report")->saw, number(NVGPU_GPUS_MAX + 2));

    scene();
    files.rims.count = NVGPU_RIMS_MAX + 2;
    appraise();
    assert_false(verdict.accepted);

    scene();
    files.ocsp.count = NVGPU_OCSP_MAX;
    appraise();
    assert_true(verdict.accepted);
    files.ocsp.count = NVGPU_OCSP_MAX + 2;
    appraise();
    assert_false(verdict.accepted);
    verdict_expect_row(&verdict, "file.gpu.ocsp", true, number(NVGPU_OCSP_MAX + 1), "");
    /* In one file, too. */
    pem[0] = '\0';
    for (size_t i = 0; i < NVGPU_OCSP_MAX + 2; i++)
        pem_add("OCSP RESPONSE", s.ocsp[0]);
    ocsp[0] = bytes_str(pem);
    files.ocsp.count = 1;
    appraise();
    assert_false(verdict.accepted);
    verdict_expect_row(&verdict, "file.gpu.ocsp", true, number(NVGPU_OCSP_MAX + 1), "");
}

static void the_nonce_is_compared_or_waived(void **state)
{
    (void)state;
    static const uint8_t other[NVGPU_NONCE_SIZE];
    scene();
    files.nonce = other;
    appraise();
    assert_false(verdict_find(&verdict, "nvgpu.report.nonce")->passed);
    files.nonce = NULL;
    appraise();
    assert_false(verdict_find(&verdict, "nvgpu.report.nonce")->passed);
    assert_false(verdict.accepted);
    files.any_nonce = true;
    appraise();
    assert_true(verdict.accepted);
    assert_null(verdict_find(&verdict, "nvgpu.report.nonce"));
    assert_memory_equal(verdict_find(&verdict, "nvgpu.report.nonce.any")->saw, "not compared: ", 14);
    reports[0].len = 64;
    appraise();
    assert_false(verdict_find(&verdict, "nvgpu.report.nonce.any")->passed);
}

static void nothing_at_all_is_refused(void **state)
{
    (void)state;
    scene();
    files = (struct appraise_gpu_files){.nonce = s.nonce};
    appraise();
    assert_false(verdict.accepted);
    verdict_expect_row(&verdict, "file.gpu.report", true, "0", "");
    verdict_expect_row(&verdict, "file.gpu.certificates", true, "0", "");
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(appraise_gpu_rule(0)->name, "file.gpu.report");
    assert_string_equal(appraise_gpu_rule(4)->name, "nvgpu.report.nonce.any");
    assert_null(appraise_gpu_rule(5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_files_are_accepted),
        cmocka_unit_test(each_file_has_its_other_forms),
        cmocka_unit_test(a_name_that_is_known_otherwise_counts_where_a_file_says_none),
        cmocka_unit_test(the_file_that_cannot_be_read_is_named),
        cmocka_unit_test(a_document_is_not_a_report),
        cmocka_unit_test(as_many_chains_as_reports_are_wanted),
        cmocka_unit_test(pem_without_a_response_is_refused),
        cmocka_unit_test(there_can_be_too_many),
        cmocka_unit_test(the_nonce_is_compared_or_waived),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(each_rule_has_its_number),
    };
    return cmocka_run_group_tests(tests, synthetic_nvgpu_make, synthetic_nvgpu_drop);
}
