/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that are put together and written: simulated roots, reference values that are added, and what no document says. */
#include "attest/policy_document.h"

#include <stdlib.h>

#include "attest/verdict.h"
#include "base/secret.h"
#include "policy_samples.h"

/* ---- simulated roots ---- */

static void roots_may_be_pem_and_are_one_a_platform(void **state)
{
    (void)state;
    struct sample_place p = {.rows = {policy_members}, .depth = 1};
    while (strcmp(p.rows[0]->key, "simulated_roots") != 0)
        p.rows[0]++;
    char *value = NULL;
    assert_true(asprintf(&value, "[\"-----BEGIN CERTIFICATE-----\\n%s\\n-----END CERTIFICATE-----\\n\"]",
                         sample_root_text[0]) > 0);
    struct policy_document *doc = sample_parse(sample_document(&p, value));
    assert_true(bytes_equal(doc->policy.tdx.simulated_root, bytes_of(sample_roots[0], sample_root_len[0])));
    assert_int_equal(doc->policy.simulated_root.len, 0);
    policy_document_release(doc);
    free(value);

    assert_true(asprintf(&value, "[\"%s\",\"%s\"]", sample_root_text[0], sample_root_text[0]) > 0);
    sample_refused(&p, value, "[1]");
    free(value);
    assert_true(asprintf(&value,
                         "[\"-----BEGIN CERTIFICATE-----\\n%s\\n-----END CERTIFICATE-----\\n"
                         "-----BEGIN CERTIFICATE-----\\n%s\\n-----END CERTIFICATE-----\\n\"]",
                         sample_root_text[0], sample_root_text[1]) > 0);
    sample_refused(&p, value, "[0]"); /* two in one text */
    free(value);
}

static void a_root_is_one_certificate_in_either_form(void **state)
{
    (void)state;
    struct policy_document *doc;
    struct bytes root = {0};
    char *pem = NULL;
    assert_true(asprintf(&pem, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
                         sample_root_text[0]) > 0);
    assert_ok(policy_document_new(&doc));
    assert_ok(policy_read_root(doc, bytes_str(sample_root_text[0]), &root));
    assert_true(bytes_equal(root, bytes_of(sample_roots[0], sample_root_len[0])));
    assert_ok(policy_read_root(doc, bytes_str(pem), &root));
    assert_true(bytes_equal(root, bytes_of(sample_roots[0], sample_root_len[0])));
    assert_err(policy_read_root(doc, bytes_str("!"), &root), ERR_ENCODING);
    assert_err(policy_read_root(doc, bytes_str("-----BEGIN"), &root), ERR_ENCODING);
    assert_err(policy_read_root(doc, bytes_of(pem, strlen(pem) - 3), &root), ERR_ENCODING);
    policy_document_release(doc);
    free(pem);
    sample_refused_text(bytes_str("{\"version\":1,\"gpu\":{\"serials\":[\"\"]}}"), ERR_VALUE,
                        "gpu.serials[0]");
    sample_refused_text(bytes_str("{\"version\":1,\"gpu\":{\"serials\":[1]}}"), ERR_JSON, "gpu.serials[0]");
}

static void a_file_may_hold_roots_of_both_platforms(void **state)
{
    (void)state;
    struct policy_document *doc;
    struct err_note note;
    char *pem = NULL;
    int len = asprintf(&pem,
                       "AMD\n-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                       "Intel\n-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
                       sample_root_text[1], sample_root_text[0]);
    assert_true(len > 0);
    assert_ok(policy_document_new(&doc));
    assert_ok(policy_document_trust_simulated(doc, bytes_of(pem, (size_t)len), &note));
    assert_true(bytes_equal(doc->policy.tdx.simulated_root, bytes_of(sample_roots[0], sample_root_len[0])));
    assert_true(bytes_equal(doc->policy.simulated_root, bytes_of(sample_roots[1], sample_root_len[1])));

    const struct attest_policy before = doc->policy;
    assert_err(policy_document_trust_simulated(doc, bytes_str(""), &note), ERR_ENCODING);
    assert_err(policy_document_trust_simulated(doc, bytes_str("no certificate"), &note), ERR_ENCODING);
    assert_err(policy_document_trust_simulated(doc, bytes_of(sample_roots[0], sample_root_len[0] - 1), &note),
               ERR_CERTIFICATE);
    /* What fails at the second leaves the first as it was. */
    assert_err(policy_document_trust_simulated(doc, bytes_of(pem, (size_t)len - 3), &note), ERR_ENCODING);
    assert_memory_equal(&before, &doc->policy, sizeof before);
    assert_ok(policy_document_trust_simulated(doc, bytes_of(sample_roots[0], sample_root_len[0]), &note));
    static const uint8_t large[POLICY_ROOT_MAX + 1];
    assert_err(policy_document_trust_simulated(doc, bytes_of(large, sizeof large), &note), ERR_TOO_LARGE);
    assert_err(policy_document_trust_simulated(doc, bytes_of(large, sizeof large - 1), &note), ERR_ENCODING);
    policy_document_release(doc);
    free(pem);
}

static void a_root_is_known_by_its_whole_name(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    static const struct {
        const char *name;
        enum err wanted;
    } table[] = {
        {"ARK-", ERR_UNKNOWN},
        {"ARK-x", ERR_OK},
        {"Intel SGX Root CA", ERR_OK},
        {"Intel SGX Root CA 2", ERR_UNKNOWN},
        {"Azure Virtual TPM Root Certificate Authority", ERR_UNKNOWN},
        {"Azure Virtual TPM Root Certificate Authority 2023", ERR_OK},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct attest_policy policy;
        struct err_note note = {{0}};
        attest_policy_default(&policy);
        synthetic_tdx_init(&t, &sample_keys);
        t.root.subject_cn = t.root.issuer_cn = table[i].name;
        synthetic_tdx_build(&t);
        assert_err(attest_policy_trust_simulated(&policy, t.root_der, &note), table[i].wanted);
    }
}

/* ---- adding, and writing what no document says ---- */

static void reference_values_are_added_up_to_their_limit(void **state)
{
    (void)state;
    struct policy_document *doc = sample_parse(
        bytes_str("{\"version\":1,\"snp\":{\"measurements\":[" ONE(B48) "]},\"models\":[" ONE(B32) "]}"));
    struct tdx_launch launch = {.named = 0};
    uint8_t value[ATTEST_MEASUREMENT_SIZE];
    for (unsigned n = 1; n < ATTEST_REFERENCES_MAX; n++) {
        memset(value, (int)n, sizeof value);
        assert_ok(policy_document_add_measurement(doc, value));
        assert_ok(policy_document_add_model(doc, value));
    }
    for (unsigned n = 0; n < TDX_LAUNCHES_MAX; n++) {
        memset(launch.mrtd, (int)n, sizeof launch.mrtd);
        assert_ok(policy_document_add_launch(doc, &launch));
    }
    assert_err(policy_document_add_measurement(doc, value), ERR_TOO_LARGE);
    assert_err(policy_document_add_model(doc, value), ERR_TOO_LARGE);
    assert_err(policy_document_add_launch(doc, &launch), ERR_TOO_LARGE);
    const struct attest_policy *p = &doc->policy;
    assert_int_equal(p->measurement_count, ATTEST_REFERENCES_MAX);
    assert_int_equal(p->model_count, POLICY_MODELS_MAX);
    assert_int_equal(p->tdx.launch_count, TDX_LAUNCHES_MAX);
    assert_true(sample_is_filled(p->measurements[0], 0x33, 48) &&
                sample_is_filled(p->measurements[1], 1, 48) && sample_is_filled(p->measurements[63], 63, 48));
    assert_true(sample_is_filled(p->models[0], 0x33, 32) && sample_is_filled(p->models[63], 63, 32));
    assert_true(sample_is_filled(p->tdx.launches[0].mrtd, 0, 48) &&
                sample_is_filled(p->tdx.launches[63].mrtd, 63, 48));
    policy_document_release(doc);
}

static void a_launch_that_nothing_meets_is_not_written(void **state)
{
    (void)state;
    const struct tdx_launch all[] = {
        {.named = 0x7}, {.named = 0x1, .waived = 0xe}, {.waived = 0x7}, {.named = 0}};
    struct attest_policy policy;
    struct err_note note;
    char *text;
    attest_policy_default(&policy);
    policy.tdx.launches = all;
    policy.tdx.launch_count = test_count(all);
    assert_ok(policy_document_write(&policy, 0, POLICY_CANONICAL, &text, &note));
    struct policy_document *doc = sample_parse(bytes_str(text));
    assert_int_equal(doc->policy.tdx.launch_count, 1);
    assert_int_equal(doc->policy.tdx.launches[0].named, 0x1);
    assert_int_equal(doc->policy.tdx.launches[0].waived, 0xe);
    policy_document_release(doc);
    secret_free(text);
}

#define UNSAYABLE(name, ...)                                                                                 \
    static void name(struct attest_policy *p)                                                                \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
static const uint8_t many[ATTEST_REFERENCES_MAX + 1][ATTEST_MEASUREMENT_SIZE];
static const char *const unprintable[] = {"\x1b"};
static const struct snp_floor backwards[] = {{.model_first = 2, .model_last = 1, .bulletin = "x"}};
static const struct snp_floor no_component[] = {{.component = SNP_COMPONENT_COUNT, .bulletin = "x"}};
UNSAYABLE(unknown_platform, p->platforms = 1U << 31;)
UNSAYABLE(unknown_status, p->tdx.statuses |= 1U << TCB_UNKNOWN;)
UNSAYABLE(feature_of_all, p->tdx.xfam_forbidden = 1;)
UNSAYABLE(required_and_forbidden, p->tdx.attributes_required |= 1U << TDX_DEBUG;)
UNSAYABLE(vmpl_4, p->vmpl = 4;)
UNSAYABLE(unknown_signer, p->snp.signer = (enum snp_signer_rule)3;)
UNSAYABLE(too_many, p->measurements = many; p->measurement_count = test_count(many);)
UNSAYABLE(unprintable_name, p->snp.csp_ids = unprintable; p->snp.csp_id_count = 1;)
UNSAYABLE(floor_backwards, p->snp.own_floors = true; p->snp.floors = backwards; p->snp.floor_count = 1;)
UNSAYABLE(floor_of_nothing, p->snp.own_floors = true; p->snp.floors = no_component; p->snp.floor_count = 1;)

static void what_no_document_says_is_not_written(void **state)
{
    (void)state;
    void (*const changes[])(struct attest_policy *) = {
        unknown_platform, unknown_status, feature_of_all,   required_and_forbidden, vmpl_4,
        unknown_signer,   too_many,       unprintable_name, floor_backwards,        floor_of_nothing};
    for (size_t i = 0; i < test_count(changes); i++) {
        struct attest_policy policy;
        struct err_note note = {{0}};
        char *text;
        struct policy_document *doc;
        struct policy_document *copy;
        attest_policy_default(&policy);
        changes[i](&policy);
        assert_int_not_equal(policy_document_write(&policy, 0, POLICY_CANONICAL, &text, &note), ERR_OK);
        assert_null(text);
        assert_true(note.text[0] != '\0');
        assert_ok(policy_document_new(&doc));
        changes[i](&doc->policy);
        assert_int_not_equal(policy_document_copy(doc, &copy, &note), ERR_OK);
        assert_null(copy);
        policy_document_release(doc);
    }
}

static void a_register_is_named_or_waived_once_and_for_all(void **state)
{
    (void)state;
    struct tdx_launch launch = {.named = 0x8};
    assert_ok(tdx_launch_set_rtmr(&launch, 2, bytes_str(B48("aB"))));
    assert_true(sample_is_filled(launch.rtmr[2], 0xab, 48));
    assert_int_equal(launch.named, 0xc);
    assert_ok(tdx_launch_set_rtmr(&launch, 2, bytes_str("any")));
    assert_int_equal(launch.named, 0x8);
    assert_int_equal(launch.waived, 0x4);
    assert_err(tdx_launch_set_rtmr(&launch, 3, bytes_str("ANY")), ERR_ENCODING);
    assert_ok(tdx_launch_set_rtmr(&launch, 2, bytes_str(B48("01"))));
    assert_int_equal(launch.named, 0xc);
    assert_int_equal(launch.waived, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_may_be_pem_and_are_one_a_platform),
        cmocka_unit_test(a_root_is_one_certificate_in_either_form),
        cmocka_unit_test(a_file_may_hold_roots_of_both_platforms),
        cmocka_unit_test(a_root_is_known_by_its_whole_name),
        cmocka_unit_test(reference_values_are_added_up_to_their_limit),
        cmocka_unit_test(a_launch_that_nothing_meets_is_not_written),
        cmocka_unit_test(what_no_document_says_is_not_written),
        cmocka_unit_test(a_register_is_named_or_waived_once_and_for_all),
    };
    return cmocka_run_group_tests(tests, sample_make, sample_drop);
}
