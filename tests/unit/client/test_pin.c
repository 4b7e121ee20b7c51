/* SPDX-License-Identifier: Apache-2.0 */
/* What a client remembers of an enclave: it trusts the file no further than the evidence in it. */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attest/bundle.h"
#include "attest/statement.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "client/pin.h"
#include "support/synthetic_snp.h"

enum { MAX_AGE = 3600 };

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static uint8_t measurement[1][48];
static const uint8_t challenge[32] = {0x40};
static struct attest_policy policy;
static struct pin pin;
static char directory[64] = "/tmp/enclume-pin-XXXXXX";
static char path[128];

static struct bytes sound_bundle(char **text)
{
    static char statement_text[STATEMENT_MAX];
    struct statement statement = {.noise_key = {0x11}, .model_digest = {0x22}, .model_name = "test model"};
    struct bundle bundle = {.platform = BUNDLE_PLATFORM_SNP};
    struct merkle_tree *tree;
    uint8_t root[32];
    size_t len;
    assert_ok(statement_write(&statement, statement_text, sizeof statement_text, &len));
    bundle.statement = bytes_of(statement_text, len);
    assert_ok(merkle_build((const uint8_t(*)[32])challenge, 1, &tree));
    merkle_root(tree, root);
    merkle_path_of(tree, 0, &bundle.freshness);
    merkle_free(tree);
    assert_ok(statement_report_data(bundle.statement, root, snp.report.report_data));
    synthetic_snp_build(&snp);
    bundle.evidence_count = 1;
    bundle.evidence[0] = (struct bundle_item){BUNDLE_SNP_REPORT, snp.evidence.report};
    bundle.endorsement_count = 4;
    bundle.endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.vek};
    bundle.endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.ask};
    bundle.endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, snp.evidence.ark};
    bundle.endorsements[3] = (struct bundle_item){BUNDLE_CRL, snp.evidence.crls[0]};
    assert_ok(bundle_write(&bundle, text, &len));
    memcpy(measurement[0], snp.report.measurement, 48);
    policy = (struct attest_policy){.measurements = (const uint8_t(*)[48])measurement,
                                    .measurement_count = 1,
                                    .simulated_root = snp.evidence.ark};
    return bytes_of(*text, len);
}

static void save_a_sound_one(void)
{
    char *text = NULL;
    struct verdict verdict;
    struct bytes bundle = sound_bundle(&text);
    attest_appraise(bundle, challenge, &policy, SYNTHETIC_NOW, &verdict);
    assert_true(verdict.accepted);
    assert_ok(pin_set(&pin, bundle, challenge, &verdict));
    assert_ok(pin_save(path, &pin, NULL));
    pin_clear(&pin);
    secret_free(text);
}

static bool remembered(int64_t now)
{
    struct err_note note;
    assert_ok(pin_load(path, &policy, now, MAX_AGE, &pin, &note));
    bool there = pin.bundle != NULL;
    if (there) {
        assert_true(pin.verdict.accepted);
        assert_int_equal(pin.verdict.appraised_at, SYNTHETIC_NOW);
        assert_int_equal(pin.verdict.claims.noise_key[0], 0x11);
    }
    pin_clear(&pin);
    return there;
}

static void what_was_verified_is_remembered_until_it_is_too_old(void **state)
{
    (void)state;
    save_a_sound_one();
    assert_true(remembered(SYNTHETIC_NOW));
    assert_true(remembered(SYNTHETIC_NOW + MAX_AGE));
    assert_false(remembered(SYNTHETIC_NOW + MAX_AGE + 1));
    assert_false(remembered(SYNTHETIC_NOW - 1)); /* verified in the future: a clock, or a hand on the file */
}

static void a_policy_that_does_not_accept_it_any_more_forgets_it(void **state)
{
    (void)state;
    save_a_sound_one();
    measurement[0][0] ^= 1;
    assert_false(remembered(SYNTHETIC_NOW));
    measurement[0][0] ^= 1;
    policy.simulated_root = (struct bytes){0};
    assert_false(remembered(SYNTHETIC_NOW));
}

/* One character of the file changed, everywhere in turn: never another key, at most the same one. */
static void a_hand_on_the_file_makes_no_key_trusted(void **state)
{
    (void)state;
    struct bytes file;
    struct err_note note;
    save_a_sound_one();
    assert_ok(file_read(path, BUNDLE_MAX, &file, &note));
    uint8_t *text = bytes_owned(file);
    for (size_t i = 0; i < file.len; i += 61) {
        text[i] ^= 1;
        assert_ok(file_write(path, file, &note));
        if (pin_load(path, &policy, SYNTHETIC_NOW + 10, MAX_AGE, &pin, &note) == ERR_OK && pin.bundle != NULL)
            assert_int_equal(pin.verdict.claims.noise_key[0], 0x11);
        pin_clear(&pin);
        text[i] ^= 1;
    }
    secret_free(text);
}

static void a_file_that_is_not_there_is_no_error_and_garbage_is_one(void **state)
{
    (void)state;
    static const char *const garbage[] = {"", "{}", "{\"version\":2,\"verified_at\":1,\"bundle\":\"\"}",
                                          "{\"version\":1,\"verified_at\":1,\"bundle\":\"\",\"key\":\"\"}"};
    struct err_note note;
    assert_ok(pin_load("/nonexistent/pin", &policy, SYNTHETIC_NOW, MAX_AGE, &pin, &note));
    assert_null(pin.bundle);
    for (size_t i = 0; i < test_count(garbage); i++) {
        assert_ok(file_write(path, bytes_str(garbage[i]), &note));
        assert_true(pin_load(path, &policy, SYNTHETIC_NOW, MAX_AGE, &pin, &note) != ERR_OK);
        assert_null(pin.bundle);
    }
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    if (crypto_init() != ERR_OK || mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/pin", directory);
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    synthetic_keys_release(&keys);
    (void)unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_verified_is_remembered_until_it_is_too_old),
        cmocka_unit_test(a_policy_that_does_not_accept_it_any_more_forgets_it),
        cmocka_unit_test(a_hand_on_the_file_makes_no_key_trusted),
        cmocka_unit_test(a_file_that_is_not_there_is_no_error_and_garbage_is_one),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
