/* SPDX-License-Identifier: Apache-2.0 */
/* The made-up platform of Intel's shape, held against the verifier. */
#include "unit/test.h"

#include "attest/collateral.h"
#include "attest/tdx_tcb.h"
#include "base/secret.h"
#include "evidence/simulated_tdx.h"

enum { NOW = 1793000000, DAY = 86400 }; /* October 2026 */

static struct simulated_tdx *made;
static uint8_t quote[SIMULATED_QUOTE_MAX];
static struct verdict verdict;

static struct bytes der_of(const struct simulated_der *d)
{
    return bytes_of(d->der, d->len);
}

/* A body with something of its own in every register, and a policy that wants exactly it. */
struct scene {
    struct tdx_body body;
    struct tdx_launch launch;
    struct tdx_policy policy;
    int64_t now;
};

static void scene_init(struct scene *s, const struct simulated_tdx *t)
{
    *s = (struct scene){.body = t->body, .now = NOW, .launch = {.named = 0xf}};
    memset(s->body.mrtd, 0x3d, sizeof s->body.mrtd);
    for (size_t i = 0; i < TDX_RTMR_COUNT; i++)
        memset(s->body.rtmr[i], (int)(0x40 + i), sizeof s->body.rtmr[i]);
    memset(s->body.report_data, 0xd0, sizeof s->body.report_data);
    memcpy(s->launch.mrtd, s->body.mrtd, sizeof s->launch.mrtd);
    memcpy(s->launch.rtmr, s->body.rtmr, sizeof s->launch.rtmr);
    tdx_policy_default(&s->policy);
    s->policy.launches = &s->launch;
    s->policy.launch_count = 1;
    s->policy.simulated_root = der_of(&t->root_der);
}

/* Through the one document of collateral, as it travels. */
static void appraise(const struct scene *s, const struct simulated_tdx *t)
{
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
    struct collateral collateral;
    struct err_note note = {{0}};
    size_t len;
    memset(report_data, 0xd0, sizeof report_data);
    assert_ok(simulated_tdx_quote(t, &s->body, quote, sizeof quote, &len));
    collateral_init(&collateral);
    assert_ok(collateral_add(&collateral, bytes_of(t->collateral_text, t->collateral_len), &note));
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise(bytes_of(quote, len), &collateral.tdx, report_data, &s->policy, s->now, &verdict);
    verdict_conclude(&verdict);
    collateral_release(&collateral);
}

static void assert_accepted(void)
{
    if (!verdict.accepted)
        fail_msg("%s: %s", verdict_first_failure(&verdict)->rule->name, verdict_first_failure(&verdict)->saw);
    assert_true(verdict.simulated);
}

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL)
        if (strcmp(*names++, name) == 0)
            return true;
    return false;
}

/* These rows fail, and no others. */
static void assert_refused_by(const char *const *names)
{
    size_t count = 0;
    assert_false(verdict.accepted);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *c = &verdict.checks[i];
        if (!c->passed && !is_one_of(c->rule->name, names))
            fail_msg("%s failed: %s", c->rule->name, c->saw);
        count += !c->passed;
    }
    for (size_t i = 0; names[i] != NULL; i++)
        count--;
    assert_int_equal(count, 0);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void the_verifier_accepts_it_as_simulated(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, made);
    appraise(&s, made);
    assert_accepted();
    assert_int_equal(verdict.claims.platform, VERDICT_PLATFORM_TDX);
    assert_memory_equal(verdict.claims.measurement, s.body.mrtd, TDX_REGISTER_SIZE);
}

static void without_being_given_by_hand_the_root_is_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, made);
    s.policy.simulated_root = (struct bytes){0};
    appraise(&s, made);
    assert_false(verdict.simulated);
    assert_refused_by(NAMES("tdx.pck.root", "tdx.tcb_info.signer_chain", "tdx.qe_identity.signer_chain"));
}

static void the_root_of_another_one_is_not_its(void **state)
{
    (void)state;
    struct simulated_tdx *other;
    struct scene s;
    assert_ok(simulated_tdx_new(NOW, &other));
    assert_memory_not_equal(made->pck.ppid, other->pck.ppid, sizeof other->pck.ppid);
    scene_init(&s, made);
    s.policy.simulated_root = der_of(&other->root_der);
    appraise(&s, made);
    assert_refused_by(NAMES("tdx.pck.root", "tdx.tcb_info.signer_chain", "tdx.qe_identity.signer_chain"));
    simulated_tdx_free(other);
}

static void what_the_body_says_is_what_is_signed(void **state)
{
    (void)state;
    static const char *const rtmrs[] = {"tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2", "tdx.rtmr3"};
    struct scene s;
    scene_init(&s, made);
    s.body.mrtd[0] ^= 1;
    appraise(&s, made);
    assert_refused_by(NAMES("tdx.mrtd"));
    for (size_t i = 0; i < test_count(rtmrs); i++) {
        scene_init(&s, made);
        s.body.rtmr[i][TDX_REGISTER_SIZE - 1] ^= 1;
        appraise(&s, made);
        assert_refused_by(NAMES(rtmrs[i]));
    }
    scene_init(&s, made);
    s.body.report_data[0] ^= 1;
    appraise(&s, made);
    assert_refused_by(NAMES("tdx.report_data"));
    scene_init(&s, made);
    s.body.attributes |= 1ULL << TDX_DEBUG;
    appraise(&s, made);
    assert_refused_by(NAMES("tdx.td.debug"));
}

static void an_older_module_or_firmware_is_of_no_level(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s, made);
    s.body.tee_tcb_svn[TDX_SVN_MODULE]--;
    appraise(&s, made);
    assert_refused_by(NAMES("tdx.module.level", "tdx.tcb.status"));
    scene_init(&s, made);
    s.body.tee_tcb_svn[TDX_SVN_UPDATABLE]--;
    appraise(&s, made);
    assert_refused_by(NAMES("tdx.tcb.level", "tdx.tcb.status"));
}

/* From an hour before it was made, for a year; and so good that a verifier of then still takes it. */
static void its_collateral_is_current_for_a_year(void **state)
{
    (void)state;
    static const char *const current[] = {"tdx.root_crl.current", "tdx.pck_crl.current",
                                          "tdx.tcb_info.current", "tdx.qe_identity.current", NULL};
    struct scene s;
    scene_init(&s, made);
    s.now = NOW + 365 * DAY;
    appraise(&s, made);
    assert_accepted();
    s.now++;
    appraise(&s, made);
    assert_refused_by(current);
    s.now = NOW - 3600;
    appraise(&s, made);
    assert_accepted();
    s.now--;
    appraise(&s, made);
    assert_refused_by(current);
}

static void the_collateral_of_another_one_does_not_fit(void **state)
{
    (void)state;
    struct simulated_tdx *other;
    struct collateral collateral;
    struct scene s;
    size_t len;
    assert_ok(simulated_tdx_new(NOW, &other));
    assert_ok(simulated_tdx_collateral(other, NOW));
    scene_init(&s, made);
    assert_ok(simulated_tdx_quote(made, &s.body, quote, sizeof quote, &len));
    collateral_init(&collateral);
    assert_ok(collateral_add(&collateral, bytes_of(other->collateral_text, other->collateral_len), NULL));
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise(bytes_of(quote, len), &collateral.tdx, s.body.report_data, &s.policy, NOW, &verdict);
    verdict_conclude(&verdict);
    assert_refused_by(
        NAMES("tdx.root_crl", "tdx.pck_crl", "tdx.tcb_info.signer_chain", "tdx.qe_identity.signer_chain"));
    collateral_release(&collateral);
    simulated_tdx_free(other);
}

static void kept_as_text_it_is_the_same_platform(void **state)
{
    (void)state;
    static char text[SIMULATED_CHAIN_TEXT_MAX];
    static char again[SIMULATED_CHAIN_TEXT_MAX];
    struct simulated_tdx *back;
    struct scene s;
    size_t len;
    size_t again_len;
    assert_ok(simulated_tdx_write(made, text, sizeof text, &len));
    assert_int_equal(strlen(text), len);
    assert_ok(simulated_tdx_read(bytes_of(text, len), &back));
    assert_true(bytes_equal(der_of(&made->root_der), der_of(&back->root_der)));
    assert_memory_equal(&made->pck, &back->pck, sizeof back->pck);
    assert_ok(simulated_tdx_write(back, again, sizeof again, &again_len));
    assert_string_equal(text, again);
    assert_ok(simulated_tdx_collateral(back, NOW));
    scene_init(&s, made);
    appraise(&s, back);
    assert_accepted();
    simulated_tdx_free(back);
}

static void a_cut_text_is_refused(void **state)
{
    (void)state;
    static char text[SIMULATED_CHAIN_TEXT_MAX];
    struct simulated_tdx *back;
    size_t len;
    assert_ok(simulated_tdx_write(made, text, sizeof text, &len));
    for (size_t n = 0; n + 30 < len; n += 97) { /* the last line's end may be missing */
        assert_int_not_equal(simulated_tdx_read(bytes_of(text, n), &back), ERR_OK);
        assert_null(back);
    }
    assert_err(simulated_tdx_write(made, text, len, &len), ERR_NO_SPACE);
}

static void a_quote_needs_its_room(void **state)
{
    (void)state;
    size_t len;
    size_t less;
    assert_ok(simulated_tdx_quote(made, &made->body, quote, sizeof quote, &len));
    assert_err(simulated_tdx_quote(made, &made->body, quote, len - 1, &less), ERR_NO_SPACE);
    assert_ok(simulated_tdx_quote(made, &made->body, quote, len, &len));
}

static int setup(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK || simulated_tdx_new(NOW, &made) != ERR_OK)
        return -1;
    return simulated_tdx_collateral(made, NOW) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    simulated_tdx_free(made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verifier_accepts_it_as_simulated),
        cmocka_unit_test(without_being_given_by_hand_the_root_is_nothing),
        cmocka_unit_test(the_root_of_another_one_is_not_its),
        cmocka_unit_test(what_the_body_says_is_what_is_signed),
        cmocka_unit_test(an_older_module_or_firmware_is_of_no_level),
        cmocka_unit_test(its_collateral_is_current_for_a_year),
        cmocka_unit_test(the_collateral_of_another_one_does_not_fit),
        cmocka_unit_test(kept_as_text_it_is_the_same_platform),
        cmocka_unit_test(a_cut_text_is_refused),
        cmocka_unit_test(a_quote_needs_its_room),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
