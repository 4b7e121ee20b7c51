/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of the public API: as documents, and by calls, for both platforms. Only include/enclume.h is used of what is tested. */
#include "enclume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/bundle.h"
#include "attest/collateral.h"
#include "attest/statement.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "support/synthetic_tdx.h"
#include "unit/lib/sound_bundle.h"
#include "unit/test.h"

#define assert_error(expression, name) assert_string_equal(enclume_error_name(expression), name)

enum { HEX_SIZE = 2 * ENCLUME_MEASUREMENT_SIZE + 1 };

static struct sound_bundle snp;

static struct {
    struct synthetic_tdx_keys keys;
    struct synthetic_tdx t;
    char *text; /* the bundle */
    size_t size;
    char mrtd[HEX_SIZE];
    char rtmr[4][HEX_SIZE];
} tdx;

static int verify_tdx(const struct enclume_policy *policy)
{
    struct enclume_verdict *verdict = NULL;
    int e = enclume_verify(tdx.text, tdx.size, policy, SYNTHETIC_TDX_NOW, &verdict);
    enclume_verdict_free(verdict);
    return e;
}

static int verify_snp(const struct enclume_policy *policy)
{
    struct enclume_verdict *verdict = NULL;
    int e = enclume_verify(snp.text, snp.size, policy, SYNTHETIC_NOW, &verdict);
    enclume_verdict_free(verdict);
    return e;
}

static struct enclume_policy *new_policy(void)
{
    struct enclume_policy *policy = NULL;
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, snp.root.ptr, snp.root.len), ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, tdx.t.root_der.ptr, tdx.t.root_der.len),
                     ENCLUME_OK);
    return policy;
}

static void a_td_is_accepted_by_all_its_registers(void **state)
{
    (void)state;
    struct enclume_policy *policy = new_policy();
    char other[HEX_SIZE];
    memset(other, '1', sizeof other - 1);
    other[sizeof other - 1] = '\0';
    assert_error(verify_tdx(policy), "verification-refused");
    assert_int_equal(enclume_policy_add_measurement(policy, tdx.mrtd), ENCLUME_OK); /* is of SEV-SNP */
    assert_error(verify_tdx(policy), "verification-refused");
    assert_int_equal(enclume_policy_add_tdx_launch(policy, tdx.mrtd, tdx.rtmr[0], other, NULL, "any"),
                     ENCLUME_OK);
    assert_error(verify_tdx(policy), "verification-refused");
    assert_int_equal(enclume_policy_add_tdx_launch(policy, tdx.mrtd, tdx.rtmr[0], tdx.rtmr[1], NULL, "any"),
                     ENCLUME_OK);
    assert_int_equal(verify_tdx(policy), ENCLUME_OK);
    assert_error(verify_snp(policy), "verification-refused");
    assert_int_equal(enclume_policy_add_measurement(policy, snp.measurement), ENCLUME_OK);
    assert_int_equal(verify_snp(policy), ENCLUME_OK);
    enclume_policy_free(policy);
}

static void what_is_no_launch_is_not_added(void **state)
{
    (void)state;
    struct enclume_policy *policy = new_policy();
    assert_error(enclume_policy_add_tdx_launch(NULL, tdx.mrtd, NULL, NULL, NULL, NULL), "usage");
    assert_error(enclume_policy_add_tdx_launch(policy, NULL, NULL, NULL, NULL, NULL), "usage");
    assert_error(enclume_policy_add_tdx_launch(policy, "any", NULL, NULL, NULL, NULL), "bad-encoding");
    assert_error(enclume_policy_add_tdx_launch(policy, tdx.mrtd, NULL, NULL, NULL, "Any"), "bad-encoding");
    assert_error(enclume_policy_add_tdx_launch(policy, tdx.mrtd, "", NULL, NULL, NULL), "bad-encoding");
    assert_error(enclume_policy_add_tdx_launch(policy, tdx.mrtd + 1, NULL, NULL, NULL, NULL), "bad-encoding");
    assert_error(verify_tdx(policy), "verification-refused");
    for (int i = 0; i < ENCLUME_REFERENCES_MAX; i++)
        assert_int_equal(enclume_policy_add_tdx_launch(policy, tdx.mrtd, NULL, NULL, NULL, NULL), ENCLUME_OK);
    assert_error(enclume_policy_add_tdx_launch(policy, tdx.mrtd, NULL, NULL, NULL, NULL), "too-large");
    assert_int_equal(verify_tdx(policy), ENCLUME_OK);
    enclume_policy_free(policy);
}

static void a_root_goes_to_the_platform_that_it_names(void **state)
{
    (void)state;
    struct enclume_policy *policy = NULL;
    assert_int_equal(enclume_policy_new(&policy), ENCLUME_OK);
    assert_int_equal(enclume_policy_add_measurement(policy, snp.measurement), ENCLUME_OK);
    assert_int_equal(enclume_policy_add_tdx_launch(policy, tdx.mrtd, NULL, NULL, NULL, NULL), ENCLUME_OK);
    assert_int_equal(enclume_policy_trust_simulated_root(policy, tdx.t.root_der.ptr, tdx.t.root_der.len),
                     ENCLUME_OK);
    assert_int_equal(verify_tdx(policy), ENCLUME_OK);
    assert_error(verify_snp(policy), "verification-refused");
    const struct bytes signer = tdx.t.collateral.tcb_info_issuer.signer;
    assert_error(enclume_policy_trust_simulated_root(policy, signer.ptr, signer.len), "unknown-value");
    assert_int_equal(enclume_policy_trust_simulated_root(policy, snp.root_pem, strlen(snp.root_pem)),
                     ENCLUME_OK);
    assert_int_equal(verify_snp(policy), ENCLUME_OK);
    assert_int_equal(verify_tdx(policy), ENCLUME_OK);
    enclume_policy_free(policy);
}

/* A document in the form that is given; %s are root, measurement, MRTD. */
static struct enclume_policy *from_json(const char *more)
{
    char *root = malloc(ENCODING_BASE64_SIZE(snp.root.len));
    char *text = NULL;
    char note[ENCLUME_NOTE_SIZE];
    struct enclume_policy *policy = NULL;
    assert_non_null(root);
    encoding_base64(snp.root, root);
    int len = asprintf(
        &text,
        "{\"version\":1,\"simulated_roots\":[\"%s\"],\"snp\":{\"measurements\":[\"%s\"]},"
        "\"tdx\":{\"launches\":[{\"mrtd\":\"%s\",\"rtmr0\":\"any\",\"rtmr1\":\"%s\",\"rtmr2\":\"any\","
        "\"rtmr3\":\"any\"}]}%s}",
        root, snp.measurement, tdx.mrtd, tdx.rtmr[1], more);
    assert_true(len > 0);
    /* From memory of its size, so that a read behind its end is seen. */
    char *exact = malloc((size_t)len);
    assert_non_null(exact);
    memcpy(exact, text, (size_t)len);
    memset(note, 'x', sizeof note);
    int e = enclume_policy_from_json(exact, (size_t)len, &policy, note);
    if (e != ENCLUME_OK)
        fail_msg("%s: %s", enclume_error_name(e), note);
    assert_int_equal(note[0], '\0');
    free(exact);
    free(text);
    free(root);
    return policy;
}

static void a_document_is_a_policy_to_add_to(void **state)
{
    (void)state;
    struct enclume_policy *policy = from_json("");
    assert_int_equal(verify_snp(policy), ENCLUME_OK);
    assert_error(verify_tdx(policy), "verification-refused");
    assert_int_equal(enclume_policy_trust_simulated_root(policy, tdx.t.root_der.ptr, tdx.t.root_der.len),
                     ENCLUME_OK);
    assert_int_equal(verify_tdx(policy), ENCLUME_OK);
    assert_int_equal(enclume_policy_add_model(policy, snp.measurement + 32), ENCLUME_OK); /* some other */
    assert_error(verify_snp(policy), "verification-refused");
    enclume_policy_free(policy);

    policy = from_json(",\"platforms\":[\"tdx\"],\"max_age\":60");
    assert_error(verify_snp(policy), "verification-refused");
    enclume_policy_free(policy);
}

/* What a client copies verifies like the original, and lives longer. */
static void a_client_keeps_a_policy_of_its_own(void **state)
{
    (void)state;
    struct enclume_policy *policy = from_json("");
    struct enclume_client *client = NULL;
    assert_int_equal(enclume_policy_set_max_age(policy, INT64_MAX), ENCLUME_OK);
    assert_int_equal(enclume_client_new("127.0.0.1:1", policy, &client, NULL), ENCLUME_OK);
    enclume_policy_free(policy);
    assert_int_not_equal(enclume_client_connect(client, NULL), ENCLUME_OK);
    enclume_client_free(client);
}

static void what_is_no_document_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error, *note;
    } wrong[] = {
        {"", "bad-json", ""},
        {"{}", "bad-json", "version: "},
        {"{\"version\":2}", "unknown-value", "version: "},
        {"{\"version\":1,\"snp\":{\"vmpl\":4}}", "bad-value", "snp.vmpl: "},
        {"{\"version\":1,\"tdx\":{\"rtmr\":1}}", "unknown-value", "tdx.rtmr: "},
    };
    char note[ENCLUME_NOTE_SIZE];
    struct enclume_policy *policy;
    for (size_t i = 0; i < test_count(wrong); i++) {
        policy = (struct enclume_policy *)(uintptr_t)1;
        int e = enclume_policy_from_json(wrong[i].text, strlen(wrong[i].text), &policy, note);
        assert_error(e, wrong[i].error);
        assert_int_equal(enclume_error_class(e), ENCLUME_CLASS_USAGE);
        assert_null(policy);
        assert_int_equal(strncmp(note, wrong[i].note, strlen(wrong[i].note)), 0);
        assert_error(enclume_policy_from_json(wrong[i].text, strlen(wrong[i].text), &policy, NULL),
                     wrong[i].error);
    }
    char *large = malloc(ENCLUME_POLICY_SIZE_MAX + 1);
    assert_non_null(large);
    memset(large, ' ', ENCLUME_POLICY_SIZE_MAX + 1);
    assert_error(enclume_policy_from_json(large, ENCLUME_POLICY_SIZE_MAX + 1, &policy, note), "too-large");
    free(large);
    policy = (struct enclume_policy *)(uintptr_t)1;
    assert_error(enclume_policy_from_json(NULL, 0, &policy, note), "usage");
    assert_null(policy);
    assert_error(enclume_policy_from_json("{}", 2, NULL, note), "usage");
}

static void make_tdx(void)
{
    const uint8_t challenge[1][32] = {{0x42}};
    struct statement statement = {.model_name = "test model"};
    static struct bundle bundle = {.platform = BUNDLE_PLATFORM_TDX, .has_challenge = true};
    char text[STATEMENT_MAX];
    char *collateral;
    struct merkle_tree *tree;
    uint8_t root[32];
    size_t len;
    synthetic_tdx_keys_make(&tdx.keys);
    synthetic_tdx_init(&tdx.t, &tdx.keys);
    struct tdx_body *body = &tdx.t.quote_fields.body;
    assert_ok(statement_write(&statement, text, sizeof text, &len));
    bundle.statement = bytes_of(text, len);
    assert_ok(merkle_build(challenge, 1, &tree));
    merkle_root(tree, root);
    merkle_path_of(tree, 0, &bundle.freshness);
    merkle_free(tree);
    assert_ok(statement_report_data(bundle.statement, root, body->report_data));
    synthetic_tdx_build(&tdx.t);
    assert_ok(collateral_write(&tdx.t.collateral, &collateral, &len, NULL));
    memcpy(bundle.challenge, challenge[0], sizeof bundle.challenge);
    bundle.evidence_count = 1;
    bundle.evidence[0] = (struct bundle_item){BUNDLE_TDX_QUOTE, tdx.t.quote};
    bundle.endorsement_count = 1;
    bundle.endorsements[0] = (struct bundle_item){BUNDLE_TDX_COLLATERAL, bytes_of(collateral, len)};
    assert_ok(bundle_write(&bundle, &tdx.text, &tdx.size));
    secret_free(collateral);
    encoding_hex(bytes_of(body->mrtd, sizeof body->mrtd), tdx.mrtd);
    for (size_t i = 0; i < test_count(tdx.rtmr); i++)
        encoding_hex(bytes_of(body->rtmr[i], sizeof body->rtmr[i]), tdx.rtmr[i]);
}

static int make(void **state)
{
    (void)state;
    sound_bundle_make(&snp);
    make_tdx();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    sound_bundle_release(&snp);
    secret_free(tdx.text);
    synthetic_tdx_keys_release(&tdx.keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_td_is_accepted_by_all_its_registers),
        cmocka_unit_test(what_is_no_launch_is_not_added),
        cmocka_unit_test(a_root_goes_to_the_platform_that_it_names),
        cmocka_unit_test(a_document_is_a_policy_to_add_to),
        cmocka_unit_test(a_client_keeps_a_policy_of_its_own),
        cmocka_unit_test(what_is_no_document_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
