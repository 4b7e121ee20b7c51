/* SPDX-License-Identifier: Apache-2.0 */
/* What a TPM that is not ours says, under synthetic hardware that vouches for its key. swtpm.sh makes the files and says where they are. */
#include <stdio.h>

#include "attest/vtpm_files.h"
#include "base/encoding.h"
#include "support/synthetic_event_log.h"
#include "support/synthetic_vtpm.h"
#include "unit/attest/verdict_expect.h"
#include "unit/test.h"

enum { FILE_MAX = 4096 };

struct file {
    uint8_t content[FILE_MAX];
    struct bytes bytes;
};

static const char *folder;
static struct synthetic_keys snp_keys;
static struct synthetic_vtpm_keys keys;
static struct synthetic_snp snp;
static struct synthetic_vtpm vtpm;
static struct attest_policy snp_policy;
static struct vtpm_policy policy;
static uint8_t measurement[1][48];
static uint8_t kernel[1][TPM_PCR_SIZE];
static uint8_t challenge[32];
static struct verdict verdict;

static struct bytes file_read(const char *name, struct file *f)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        fail_msg("no %s", path);
    f->bytes = bytes_of(f->content, fread(f->content, 1, sizeof f->content, in));
    (void)fclose(in);
    return f->bytes;
}

/* The firmware's log of these three measurements; swtpm was started at locality 0. */
static struct bytes log_build(const char *boot_loader)
{
    static uint8_t buffer[1024];
    struct bytes out;
    struct writer w = writer_into(buffer, sizeof buffer);
    synthetic_log_begin(&w, &synthetic_sha256, 1);
    synthetic_log_event(&w, 4, SYNTHETIC_EV_SEPARATOR, &synthetic_sha256, 1, bytes_str(boot_loader));
    synthetic_log_event(&w, 7, SYNTHETIC_EV_SEPARATOR, &synthetic_sha256, 1, bytes_str("keys"));
    synthetic_log_event(&w, 11, SYNTHETIC_EV_SEPARATOR, &synthetic_sha256, 1, bytes_str("kernel"));
    assert_ok(writer_finish(&w, &out));
    return out;
}

static void scene_init(void)
{
    static struct file pem, quote, signature, values;
    static uint8_t spki[1024];
    const struct bytes text = bytes_str("challenge");
    struct bytes at = file_read("ak.pem", &pem);
    size_t len;
    assert_ok(encoding_pem_next(&at, "PUBLIC KEY", spki, sizeof spki, &len));
    synthetic_snp_init(&snp, &snp_keys);
    synthetic_vtpm_init(&vtpm, &keys);
    vtpm.ak_spki = bytes_of(spki, len);
    vtpm.certificate_count = 0;
    synthetic_vtpm_build_snp(&vtpm, &snp);
    vtpm.evidence.quote = file_read("quote", &quote);
    vtpm.evidence.signature = file_read("signature", &signature);
    vtpm.evidence.pcr_values = file_read("values", &values);
    vtpm.evidence.event_log = log_build("boot loader");

    memset(&snp_policy, 0, sizeof snp_policy);
    memcpy(measurement[0], snp.report.measurement, 48);
    snp_policy.measurements = (const uint8_t(*)[48])measurement;
    snp_policy.measurement_count = 1;
    snp_policy.simulated_root = snp.evidence.ark;
    vtpm_policy_default(&policy);
    policy.snp = &snp_policy;
    policy.pcrs = 1U << 0 | 1U << 4 | 1U << 7 | 1U << 11;
    policy.require_event_log = true;
    memset(kernel, 0, sizeof kernel);
    synthetic_extend(kernel[0], TPM_PCR_SIZE, "kernel");
    policy.references[11] = (struct vtpm_references){(const uint8_t(*)[TPM_PCR_SIZE])kernel, 1};
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, &text, 1, challenge));
}

static void appraise(void)
{
    memset(&verdict, 0, sizeof verdict);
    vtpm_appraise(&vtpm.evidence, bytes_of(challenge, sizeof challenge), &policy, SYNTHETIC_NOW, &verdict);
    verdict_conclude(&verdict);
}

static void a_quote_for_our_challenge_is_accepted(void **state)
{
    (void)state;
    scene_init();
    appraise();
    const struct verdict_check *failure = verdict_first_failure(&verdict);
    if (failure != NULL)
        fail_msg("%s: %s", failure->rule->name, failure->saw);
    assert_true(verdict.accepted);
    assert_memory_equal(verdict.claims.vtpm.pcr_values[11], kernel[0], TPM_PCR_SIZE);
    assert_true(verdict.claims.vtpm.event_log_replayed);
}

static void a_bare_signature_is_accepted_too(void **state)
{
    static struct file quote, signature;
    (void)state;
    scene_init();
    vtpm.evidence.quote = file_read("quote.plain", &quote);
    vtpm.evidence.signature = file_read("signature.plain", &signature);
    appraise();
    assert_true(verdict.accepted);
}

/* As tpm2_quote -o writes them. */
static void values_in_the_form_of_the_tools_are_read(void **state)
{
    static struct file quote, signature, values;
    static struct vtpm_files set;
    struct err_note note = {{0}};
    (void)state;
    scene_init();
    assert_ok(vtpm_files_add(&set, VTPM_FILE_PCR_VALUES, file_read("values.serialized", &values), &note));
    assert_true(bytes_equal(set.contents[VTPM_FILE_PCR_VALUES], vtpm.evidence.pcr_values));
    vtpm.evidence.pcr_values = set.contents[VTPM_FILE_PCR_VALUES];
    appraise();
    assert_true(verdict.accepted);

    vtpm.evidence.quote = file_read("quote.more", &quote);
    vtpm.evidence.signature = file_read("signature.more", &signature);
    assert_ok(vtpm_files_add(&set, VTPM_FILE_PCR_VALUES, file_read("values.more", &values), &note));
    vtpm.evidence.pcr_values = set.contents[VTPM_FILE_PCR_VALUES];
    assert_int_equal(vtpm.evidence.pcr_values.len, 12 * TPM_PCR_SIZE);
    policy.pcrs = 0xfff;
    appraise();
    assert_true(verdict.accepted);
    vtpm_files_release(&set);
}

static void another_challenge_is_refused(void **state)
{
    (void)state;
    scene_init();
    challenge[31] ^= 1;
    appraise();
    verdict_expect_only(&verdict, "vtpm.nonce");
}

static void another_kernel_is_refused(void **state)
{
    (void)state;
    scene_init();
    kernel[0][0] ^= 1;
    appraise();
    verdict_expect_only(&verdict, "vtpm.pcr.references");
}

static void another_log_is_refused(void **state)
{
    (void)state;
    scene_init();
    vtpm.evidence.event_log = log_build("boot leader");
    appraise();
    verdict_expect_only(&verdict, "vtpm.event_log");
}

/* CVE-2022-0317: signed as well, over less. */
static void a_quote_of_fewer_registers_is_refused(void **state)
{
    static struct file quote, signature;
    (void)state;
    scene_init();
    vtpm.evidence.quote = file_read("quote.less", &quote);
    vtpm.evidence.signature = file_read("signature.less", &signature);
    appraise();
    assert_false(verdict.accepted);
    assert_true(verdict_find(&verdict, "vtpm.signature")->passed);
    assert_false(verdict_find(&verdict, "vtpm.pcr.selection")->passed);
    assert_false(verdict_find(&verdict, "vtpm.pcr.values")->passed);
    assert_false(verdict_find(&verdict, "vtpm.pcr.digest")->passed);
}

static void another_statement_by_the_same_key_is_no_quote(void **state)
{
    static struct file statement, signature;
    (void)state;
    scene_init();
    vtpm.evidence.quote = file_read("certify", &statement);
    vtpm.evidence.signature = file_read("certify.signature", &signature);
    appraise();
    assert_false(verdict.accepted);
    assert_true(verdict_find(&verdict, "vtpm.signature")->passed);
    assert_true(verdict_find(&verdict, "vtpm.quote.magic")->passed);
    assert_false(verdict_find(&verdict, "vtpm.quote.type")->passed);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&snp_keys);
    synthetic_vtpm_keys_make(&keys);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_keys_release(&snp_keys);
    synthetic_vtpm_keys_release(&keys);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_for_our_challenge_is_accepted),
        cmocka_unit_test(a_bare_signature_is_accepted_too),
        cmocka_unit_test(values_in_the_form_of_the_tools_are_read),
        cmocka_unit_test(another_challenge_is_refused),
        cmocka_unit_test(another_kernel_is_refused),
        cmocka_unit_test(another_log_is_refused),
        cmocka_unit_test(a_quote_of_fewer_registers_is_refused),
        cmocka_unit_test(another_statement_by_the_same_key_is_no_quote),
    };
    if (argc != 2) {
        (void)fprintf(stderr, "usage: test_attest_vtpm_swtpm DIRECTORY (swtpm.sh calls it)\n");
        return 2;
    }
    folder = argv[1];
    return cmocka_run_group_tests(tests, make, drop);
}
