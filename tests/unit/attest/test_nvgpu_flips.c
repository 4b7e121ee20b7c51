/* SPDX-License-Identifier: Apache-2.0 */
/* No bit of a report, of its certificates, of reference values or of a word about revocation may change unnoticed. */
#include "attest/nvgpu_report.h"
#include "attest/ocsp.h"
#include "attest/rim.h"
#include "support/synthetic_nvgpu.h"
#include "unit/attest/nvgpu_files.h"
#include "unit/test.h"

enum { SPARSE = TEST_UNDER_ASAN ? 97 : 23, BITS = 8 };

static struct synthetic_nvgpu s;
static struct verdict verdict;
static struct nvgpu_file file;
static struct nvgpu_file chain;

static bool is_accepted(void)
{
    synthetic_nvgpu_appraise_again(&s, &verdict);
    return verdict.accepted;
}

static void scene(bool ocsp)
{
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.der = true;
    s.policy.allow_missing_ocsp = !ocsp;
    s.ocsp_missing = ocsp ? 0 : 0x3f;
    synthetic_nvgpu_build(&s);
    assert_true(is_accepted());
}

/* Every so many bits of what the range names, in a copy that takes its place. */
static void flip(struct bytes *part, bool (*is_good)(void), size_t step, const char *what)
{
    static uint8_t copy[SIMULATED_RIM_MAX];
    const struct bytes original = *part;
    assert_true(original.len > 0 && original.len <= sizeof copy);
    memcpy(copy, original.ptr, original.len);
    part->ptr = copy;
    assert_true(is_good());
    for (size_t bit = 0; bit < original.len * BITS; bit += step) {
        uint8_t mask = (uint8_t)(1U << bit % BITS);
        copy[bit / BITS] ^= mask;
        if (is_good())
            fail_msg("%s: octet 0x%zx can be changed by 0x%x", what, bit / BITS, mask);
        copy[bit / BITS] ^= mask;
    }
    *part = original;
}

/* Cut at every so many lengths. */
static void cut(struct bytes *part, bool (*is_good)(void), size_t step, const char *what)
{
    const struct bytes original = *part;
    for (part->len = 0; part->len < original.len; part->len += step)
        if (is_good())
            fail_msg("%s: can be cut to %zu", what, part->len);
    *part = original;
}

/* ---- reports ---- */

static bool report_is_signed_by(struct bytes text, const struct nv_chain *c)
{
    struct nvgpu_report r;
    return nvgpu_report_parse(text, &r, NULL) == ERR_OK &&
           crypto_ecdsa_verify_raw(c->at[0].key, CRYPTO_SHA384, r.signed_part, r.signature) == ERR_OK;
}

static struct nv_chain certificates;

static bool report_is_signed(void)
{
    return report_is_signed_by(s.gpus[0].report, &certificates);
}

static void every_octet_of_a_report_counts(void **state)
{
    (void)state;
    scene(false);
    assert_ok(nv_chain_read(&certificates, s.gpus[0].certificates, NULL));
    flip(&s.gpus[0].report, report_is_signed, TEST_UNDER_ASAN ? 29 : 3, "report");
    cut(&s.gpus[0].report, report_is_signed, 1, "report");
    nv_chain_release(&certificates);
    flip(&s.gpus[0].report, is_accepted, (size_t)SPARSE * 11, "report");
}

/* ---- certificates ---- */

static bool chain_is_good(void)
{
    static struct nv_chain c;
    bool simulated;
    bool good = nv_chain_read(&c, s.gpus[0].certificates, NULL) == ERR_OK &&
                nv_chain_check_root(&c, &anchors_nvidia_device, s.policy.simulated_device_root, &simulated,
                                    NULL) == ERR_OK &&
                nv_chain_check_links(&c, NULL) == ERR_OK && c.count == SIMULATED_GPU_CHAIN;
    nv_chain_release(&c);
    return good;
}

static void every_octet_of_the_certificates_counts(void **state)
{
    (void)state;
    scene(false);
    flip(&s.gpus[0].certificates, chain_is_good, TEST_UNDER_ASAN ? 61 : 7, "certificates");
    cut(&s.gpus[0].certificates, chain_is_good, 1, "certificates");
    flip(&s.gpus[0].certificates, is_accepted, (size_t)SPARSE * 11, "certificates");
}

/* ---- words about revocation ---- */

static bool word_is_good(void)
{
    const struct nv_certificate *one = &certificates.at[1];
    const struct nv_certificate *issuer = &certificates.at[2];
    struct ocsp_response r;
    struct ocsp_answer a;
    return ocsp_parse(s.ocsp[0], &r, NULL) == ERR_OK && ocsp_answers(&r, &one->cert, &issuer->cert, &a) &&
           ocsp_verify(&r, &issuer->cert, issuer->key, s.now, NULL) == ERR_OK && a.status == OCSP_GOOD;
}

static void every_bit_of_the_words_about_revocation_counts(void **state)
{
    (void)state;
    scene(true);
    assert_ok(nv_chain_read(&certificates, s.gpus[0].certificates, NULL));
    flip(&s.ocsp[0], word_is_good, TEST_UNDER_ASAN ? 5 : 1, "OCSP response");
    cut(&s.ocsp[0], word_is_good, 1, "OCSP response");
    nv_chain_release(&certificates);
    flip(&s.ocsp[3], is_accepted, (size_t)SPARSE * 11, "OCSP response about the signer");
}

/* ---- reference values, as far as the first thing that is wrong ---- */

static struct bytes rim_text;
static struct bytes rim_root;

static bool rim_is_good(void)
{
    struct rim *rim;
    bool simulated;
    if (rim_parse(rim_text, &rim, NULL) != ERR_OK)
        return false;
    bool good = rim_check_digest(rim, NULL) == ERR_OK && rim_check_signature(rim, NULL) == ERR_OK &&
                nv_chain_check_root(&rim->chain, &anchors_nvidia_rim, rim_root, &simulated, NULL) == ERR_OK &&
                nv_chain_check_links(&rim->chain, NULL) == ERR_OK;
    rim_free(rim);
    return good;
}

static void rim_flips(struct bytes text, struct bytes simulated_root, const char *what)
{
    rim_text = text;
    rim_root = simulated_root;
    flip(&rim_text, rim_is_good, TEST_UNDER_ASAN ? 101 : 9, what);
    cut(&rim_text, rim_is_good, 53, what);
}

static void every_octet_of_made_up_reference_values_counts(void **state)
{
    (void)state;
    scene(false);
    rim_flips(s.rims[0].document, s.policy.simulated_rim_root, "driver");
}

static void every_octet_of_real_reference_values_counts(void **state)
{
    (void)state;
    if (!nvgpu_file_read(nvgpu_rim_files[0], &file)) {
        print_message("skipped: no evidence of NVIDIA's\n");
        skip();
    }
    rim_flips(file.bytes, (struct bytes){0}, nvgpu_rim_files[0]);
}

/* ---- the real report ---- */

static void every_octet_of_a_real_report_counts(void **state)
{
    (void)state;
    if (!nvgpu_hex_read(NVGPU_REPORT_FILE, &file) || !nvgpu_file_read(NVGPU_CHAIN_FILE, &chain)) {
        print_message("skipped: no evidence of NVIDIA's\n");
        skip();
    }
    assert_ok(nv_chain_read(&certificates, chain.bytes, NULL));
    assert_true(report_is_signed_by(file.bytes, &certificates));
    for (size_t at = 0; at < file.bytes.len; at++) {
        uint8_t mask = (uint8_t)(1U << (at * 5) % BITS);
        file.content[at] ^= mask;
        if (report_is_signed_by(file.bytes, &certificates))
            fail_msg("octet 0x%zx can be changed by 0x%x", at, mask);
        file.content[at] ^= mask;
    }
    assert_true(report_is_signed_by(file.bytes, &certificates));
    nv_chain_release(&certificates);
}

/* Everything in the place of everything else. */
static void parts_in_another_order_are_refused(void **state)
{
    (void)state;
    scene(true);
    const struct bytes first = s.ocsp[0];
    s.ocsp[0] = s.ocsp[1];
    assert_false(is_accepted());
    s.ocsp[0] = first;
    const struct nvgpu_rim driver = s.rims[0];
    s.rims[0] = s.rims[1];
    assert_false(is_accepted());
    s.rims[1] = driver; /* their order says nothing */
    assert_true(is_accepted());
    struct bytes one = bytes_of(s.g->device_der[0].der, s.g->device_der[0].len);
    s.gpus[0].certificates = one;
    assert_false(is_accepted());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_of_a_report_counts),
        cmocka_unit_test(every_octet_of_the_certificates_counts),
        cmocka_unit_test(every_bit_of_the_words_about_revocation_counts),
        cmocka_unit_test(every_octet_of_made_up_reference_values_counts),
        cmocka_unit_test(every_octet_of_real_reference_values_counts),
        cmocka_unit_test(every_octet_of_a_real_report_counts),
        cmocka_unit_test(parts_in_another_order_are_refused),
    };
    return cmocka_run_group_tests(tests, synthetic_nvgpu_make, synthetic_nvgpu_drop);
}
