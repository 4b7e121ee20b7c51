/* SPDX-License-Identifier: Apache-2.0 */
/* No bit of a quote or of its collateral may change unnoticed. Of long parts one bit of each octet is tried, another one each time; with
 * ENCLUME_EVERY_BIT in the environment, all of them, which takes minutes. Under AddressSanitizer, which looks at how they are read, fewer. */
#include <stdlib.h>

#include "attest/tdx_quote.h"
#include "support/synthetic_tdx.h"
#include "unit/attest/tdx_files.h"
#include "unit/test.h"

enum {
    TIME_2025_06_25 = 1750809600,
    BYTES_MAX = 32 * 1024,
    OCTETS_APART = TEST_UNDER_ASAN ? 5 : 1,
    BITS_APART = TEST_UNDER_ASAN ? 7 : 1,
};

static struct synthetic_tdx_keys keys;
static struct synthetic_tdx tdx;
static struct verdict verdict;

/* Evidence and the policy that accepts it. */
struct scene {
    struct bytes quote;
    struct tdx_collateral collateral;
    struct tdx_launch launch;
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
    struct tdx_policy policy;
    int64_t now;
};

static bool is_accepted(const struct scene *s)
{
    memset(&verdict, 0, sizeof verdict);
    tdx_appraise(s->quote, &s->collateral, s->report_data, &s->policy, s->now, &verdict);
    verdict_conclude(&verdict);
    return verdict.accepted;
}

static void scene_complete(struct scene *s)
{
    struct tdx_quote q;
    assert_ok(tdx_quote_parse(s->quote, &q, NULL));
    memcpy(s->launch.mrtd, q.body.mrtd, TDX_REGISTER_SIZE);
    s->launch.waived = 0xf;
    memcpy(s->report_data, q.body.report_data, TDX_REPORT_DATA_SIZE);
    tdx_policy_default(&s->policy);
    s->policy.launches = &s->launch;
    s->policy.launch_count = 1;
}

static void synthetic_scene(struct scene *s)
{
    memset(s, 0, sizeof *s);
    synthetic_tdx_init(&tdx, &keys);
    synthetic_tdx_build(&tdx);
    s->quote = tdx.quote;
    s->collateral = tdx.collateral;
    s->now = SYNTHETIC_TDX_NOW;
    scene_complete(s);
    s->policy.simulated_root = tdx.root_der;
    assert_true(is_accepted(s));
}

/* what names the part. skip: an octet that says nothing. */
static void flip(struct scene *s, struct bytes *part, const char *what, size_t skip)
{
    static uint8_t copy[BYTES_MAX];
    const struct bytes original = *part;
    assert_true(original.len > 0 && original.len <= sizeof copy);
    memcpy(copy, original.ptr, original.len);
    *part = bytes_of(copy, original.len);
    assert_true(is_accepted(s));
    bool all = getenv("ENCLUME_EVERY_BIT") != NULL;
    for (size_t bit = 0; bit < original.len * 8; bit++) {
        size_t at = bit / 8;
        if (at == skip || (!all && (bit % 8 != at * 5 % 8 || at % OCTETS_APART != 0)))
            continue;
        copy[at] ^= (uint8_t)(1U << bit % 8);
        if (is_accepted(s))
            fail_msg("%s: bit %zu of octet 0x%zx can be flipped", what, bit % 8, at);
        copy[at] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(is_accepted(s));
    *part = original;
}

/* Cut at every length, and lengthened by an octet that is not zero. */
static void cut(struct scene *s, struct bytes *part, const char *what, size_t least)
{
    static uint8_t copy[BYTES_MAX];
    const struct bytes original = *part;
    memcpy(copy, original.ptr, original.len);
    copy[original.len] = 0x20;
    part->ptr = copy;
    for (part->len = 0; part->len < least; part->len++)
        if (is_accepted(s))
            fail_msg("%s: can be cut to %zu", what, part->len);
    part->len = original.len + 1;
    assert_false(is_accepted(s));
    *part = original;
}

static void collateral_flips(struct scene *s)
{
    struct tdx_collateral *c = &s->collateral;
    struct bytes signature = bytes_of(c->tcb_info.signature, INTEL_SIGNATURE_SIZE);
    flip(s, &c->tcb_info.body, "tcb_info", SIZE_MAX);
    flip(s, &c->qe_identity.body, "qe_identity", SIZE_MAX);
    flip(s, &c->root_crl, "root_crl", SIZE_MAX);
    flip(s, &c->pck_crl, "pck_crl", SIZE_MAX);
    flip(s, &c->tcb_info_issuer.signer, "tcb_info_issuer.signer", SIZE_MAX);
    flip(s, &c->qe_identity_issuer.signer, "qe_identity_issuer.signer", SIZE_MAX);
    flip(s, &c->tcb_info_issuer.root, "tcb_info_issuer.root", SIZE_MAX);
    flip(s, &c->qe_identity_issuer.root, "qe_identity_issuer.root", SIZE_MAX);
    for (size_t at = 0; at < signature.len; at++) {
        c->tcb_info.signature[at] ^= 1;
        assert_false(is_accepted(s));
        c->tcb_info.signature[at] ^= 1;
        c->qe_identity.signature[at] ^= 0x80;
        assert_false(is_accepted(s));
        c->qe_identity.signature[at] ^= 0x80;
    }
    assert_true(is_accepted(s));
}

static void every_octet_of_made_up_evidence_counts(void **state)
{
    (void)state;
    static struct scene s;
    synthetic_scene(&s);
    /* The NUL behind the certificates could be a blank. */
    size_t nul = s.quote.len - tdx.padding - 1;
    flip(&s, &s.quote, "quote", nul);
    collateral_flips(&s);
}

static void every_bit_of_what_is_signed_counts(void **state)
{
    (void)state;
    static struct scene s;
    static uint8_t copy[BYTES_MAX];
    synthetic_scene(&s);
    size_t signed_size = TDX_HEADER_SIZE + TDX_BODY_DESCRIPTOR_SIZE + TDX_BODY_15_SIZE;
    memcpy(copy, s.quote.ptr, s.quote.len);
    s.quote.ptr = copy;
    for (size_t bit = 0; bit < signed_size * 8; bit += BITS_APART) {
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        (void)is_accepted(&s);
        assert_false(verdict.accepted);
        if (bit / 8 >= TDX_HEADER_SIZE + TDX_BODY_DESCRIPTOR_SIZE)
            assert_false(verdict_find(&verdict, "tdx.quote.signature")->passed);
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(is_accepted(&s));
}

static void evidence_cut_or_lengthened_is_refused(void **state)
{
    (void)state;
    static struct scene s;
    synthetic_scene(&s);
    cut(&s, &s.quote, "quote", s.quote.len - tdx.padding);
    cut(&s, &s.collateral.root_crl, "root_crl", s.collateral.root_crl.len);
    cut(&s, &s.collateral.pck_crl, "pck_crl", s.collateral.pck_crl.len);
    cut(&s, &s.collateral.tcb_info.body, "tcb_info", s.collateral.tcb_info.body.len);
    cut(&s, &s.collateral.qe_identity.body, "qe_identity", s.collateral.qe_identity.body.len);
    assert_true(is_accepted(&s));
}

/* Everything in the place of everything else. */
static void parts_in_another_order_are_refused(void **state)
{
    (void)state;
    static struct scene s;
    synthetic_scene(&s);
    const struct tdx_collateral good = s.collateral;
    s.collateral.root_crl = good.pck_crl;
    s.collateral.pck_crl = good.root_crl;
    assert_false(is_accepted(&s));
    s.collateral = good;
    s.collateral.tcb_info = good.qe_identity;
    assert_false(is_accepted(&s));
    s.collateral = good;
    s.collateral.qe_identity = good.tcb_info;
    assert_false(is_accepted(&s));
    s.collateral = good;
    s.collateral.tcb_info_issuer.signer = good.tcb_info_issuer.root;
    assert_false(is_accepted(&s));
    s.collateral = good;
    assert_true(is_accepted(&s));
}

static void every_octet_of_real_evidence_counts(void **state)
{
    (void)state;
    static struct scene s;
    static struct tdx_file quote;
    struct collateral c;
    static const char *const collateral[] = {"dcap-qvl/tdx_quote_collateral.json", NULL};
    if (!tdx_quote_read("dcap-qvl/tdx_quote", &quote) || !tdx_collateral_read(collateral, &c)) {
        print_message("skipped: no real quote with collateral\n");
        skip();
    }
    memset(&s, 0, sizeof s);
    s.quote = quote.bytes;
    s.collateral = c.tdx;
    s.now = TIME_2025_06_25;
    scene_complete(&s);
    /* 70 octets of padding, and before them a NUL. */
    flip(&s, &s.quote, "quote", s.quote.len - 70 - 1);
    collateral_flips(&s);
    collateral_release(&c);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_octet_of_made_up_evidence_counts),
        cmocka_unit_test(every_bit_of_what_is_signed_counts),
        cmocka_unit_test(evidence_cut_or_lengthened_is_refused),
        cmocka_unit_test(parts_in_another_order_are_refused),
        cmocka_unit_test(every_octet_of_real_evidence_counts),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
