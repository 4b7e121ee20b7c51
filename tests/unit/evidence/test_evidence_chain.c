/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "attest/chain.h"
#include "attest/vcek.h"
#include "base/secret.h"
#include "evidence/simulated_chain.h"

enum { NOW = 1793000000, DAY = 86400 }; /* October 2026 */

static struct bytes der_of(const struct simulated_der *d)
{
    return bytes_of(d->der, d->len);
}

/* Everything that the verifier asks about a chain, and what a report would say. */
static void assert_sound(const struct simulated_chain *made)
{
    struct chain c;
    struct vcek vcek;
    struct err_note note = {{0}};
    bool simulated = false;
    assert_ok(chain_parse(der_of(&made->ark_der), der_of(&made->ask_der), der_of(&made->vcek_der),
                          VCEK_OF_CHIP, &c, &note));
    assert_ok(chain_check_root(&c, der_of(&made->ark_der), &simulated, &note));
    assert_true(simulated);
    assert_ok(chain_check_ask(&c, true, &note));
    assert_ok(chain_check_vek(&c, &note));
    assert_ok(chain_check_validity(&c, NOW, &note));
    assert_string_equal(c.product->name, made->product);
    assert_ptr_equal(anchors_snp_by_cpuid(made->cpuid_family, made->cpuid_model), c.product);
    assert_ok(vcek_parse(&c.vek.cert, VCEK_OF_CHIP, &vcek, &note));
    assert_true(vcek_is_product(&vcek, c.product));
    assert_true(bytes_equal(vcek.hwid, bytes_of(made->chip_id, c.product->chip_id_size)));
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++)
        if (c.product->tcb[i] != SNP_COMPONENT_NONE)
            assert_int_equal(vcek.level[i], made->tcb.raw[c.product->tcb[i]]);
    chain_release(&c);
}

static void every_product_passes_the_verifiers_checks(void **state)
{
    static const char *const products[] = {"Milan", "Turin"};
    assert_sound(*state); /* Genoa */
    for (size_t i = 0; i < test_count(products); i++) {
        struct simulated_chain *chain;
        assert_ok(simulated_chain_new(products[i], NOW, &chain));
        assert_sound(chain);
        simulated_chain_free(chain);
    }
}

static void another_product_is_not_made(void **state)
{
    (void)state;
    struct simulated_chain *chain;
    assert_err(simulated_chain_new("Naples", NOW, &chain), ERR_UNKNOWN);
    assert_null(chain);
}

static void without_being_given_by_hand_the_root_is_nothing(void **state)
{
    struct simulated_chain *made = *state;
    struct chain c;
    bool simulated = false;
    assert_ok(chain_parse(der_of(&made->ark_der), der_of(&made->ask_der), der_of(&made->vcek_der),
                          VCEK_OF_CHIP, &c, NULL));
    assert_int_not_equal(chain_check_root(&c, (struct bytes){0}, &simulated, NULL), ERR_OK);
    assert_false(simulated);
    chain_release(&c);
}

static void kept_as_text_it_comes_back_the_same(void **state)
{
    struct simulated_chain *made = *state;
    struct simulated_chain *back;
    static char text[SIMULATED_CHAIN_TEXT_MAX];
    static char again[SIMULATED_CHAIN_TEXT_MAX];
    size_t len;
    size_t again_len;
    assert_ok(simulated_chain_write(made, text, sizeof text, &len));
    assert_int_equal(strlen(text), len);
    assert_ok(simulated_chain_read(bytes_of(text, len), &back));
    assert_true(bytes_equal(der_of(&made->ark_der), der_of(&back->ark_der)));
    assert_true(bytes_equal(der_of(&made->vcek_der), der_of(&back->vcek_der)));
    assert_memory_equal(made->chip_id, back->chip_id, sizeof back->chip_id);
    assert_int_equal(back->vcek.not_before, made->vcek.not_before);
    assert_ok(simulated_chain_write(back, again, sizeof again, &again_len));
    assert_string_equal(text, again);
    assert_sound(back);
    /* and its fields can be signed again */
    assert_ok(simulated_certificate_sign(&back->vcek, back->ask_key, back->vcek_der.der,
                                         sizeof back->vcek_der.der, &back->vcek_der.len));
    assert_sound(back);
    simulated_chain_free(back);
}

static void a_cut_text_is_refused(void **state)
{
    struct simulated_chain *made = *state;
    static char text[SIMULATED_CHAIN_TEXT_MAX];
    struct simulated_chain *back;
    size_t len;
    assert_ok(simulated_chain_write(made, text, sizeof text, &len));
    for (size_t n = 0; n + 30 < len; n += 997) { /* the last line's end may be missing */
        assert_int_not_equal(simulated_chain_read(bytes_of(text, n), &back), ERR_OK);
        assert_null(back);
    }
    assert_err(simulated_chain_write(made, text, len, &len), ERR_NO_SPACE);
}

static void a_changed_field_shows(void **state)
{
    const struct simulated_chain *made = *state;
    struct simulated_certificate fields = made->vcek;
    struct simulated_der changed;
    struct chain c;
    struct vcek vcek;
    simulated_extension_find(&fields, SIMULATED_EXTENSION_HWID)->value[0] ^= 1;
    simulated_extension_find(&fields, SIMULATED_EXTENSION_SPL + 3)->value[2] = 1;
    fields.not_after = NOW - DAY / 2;
    assert_ok(
        simulated_certificate_sign(&fields, made->ask_key, changed.der, sizeof changed.der, &changed.len));
    assert_ok(chain_parse(der_of(&made->ark_der), der_of(&made->ask_der), der_of(&changed), VCEK_OF_CHIP, &c,
                          NULL));
    assert_ok(chain_check_vek(&c, NULL));
    assert_int_not_equal(chain_check_validity(&c, NOW, NULL), ERR_OK);
    assert_ok(vcek_parse(&c.vek.cert, VCEK_OF_CHIP, &vcek, NULL));
    assert_int_equal(vcek.level[SNP_FIRMWARE], 1);
    assert_false(bytes_equal(vcek.hwid, bytes_of(made->chip_id, 64)));
    chain_release(&c);
}

static void its_revocation_list_is_sound_and_revokes_nothing(void **state)
{
    struct simulated_chain *made = *state;
    struct chain c;
    struct crl list;
    assert_ok(simulated_chain_list(made, NOW));
    assert_ok(crl_parse(der_of(&made->crl_der), &list, NULL));
    assert_ok(chain_parse(der_of(&made->ark_der), der_of(&made->ask_der), der_of(&made->vcek_der),
                          VCEK_OF_CHIP, &c, NULL));
    assert_ok(crl_verify(&list, &c.ark.cert, c.ark.key, NULL));
    assert_ok(crl_check_window(&list, NOW, NULL));
    assert_ok(crl_check_window(&list, NOW + 365 * DAY, NULL));
    assert_err(crl_check_window(&list, NOW + 366 * DAY, NULL), ERR_CERTIFICATE);
    assert_ok(chain_check_revoked(&c, &list, NULL));
    chain_release(&c);
}

static void the_wrong_signer_shows(void **state)
{
    const struct simulated_chain *made = *state;
    struct simulated_der changed;
    struct chain c;
    assert_ok(simulated_certificate_sign(&made->vcek, made->ark_key, changed.der, sizeof changed.der,
                                         &changed.len));
    assert_ok(chain_parse(der_of(&made->ark_der), der_of(&made->ask_der), der_of(&changed), VCEK_OF_CHIP, &c,
                          NULL));
    assert_int_not_equal(chain_check_vek(&c, NULL), ERR_OK);
    chain_release(&c);
    assert_err(simulated_certificate_sign(&made->vcek, made->vcek_key, changed.der, sizeof changed.der,
                                          &changed.len),
               ERR_KEY);
    assert_err(simulated_certificate_sign(&made->vcek, made->ask_key, changed.der, 1000, &changed.len),
               ERR_NO_SPACE);
}

static int setup(void **state)
{
    struct simulated_chain *chain = NULL;
    if (crypto_init() != ERR_OK || simulated_chain_new("Genoa", NOW, &chain) != ERR_OK)
        return -1;
    *state = chain;
    return 0;
}

static int teardown(void **state)
{
    simulated_chain_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_product_passes_the_verifiers_checks),
        cmocka_unit_test(another_product_is_not_made),
        cmocka_unit_test(without_being_given_by_hand_the_root_is_nothing),
        cmocka_unit_test(kept_as_text_it_comes_back_the_same),
        cmocka_unit_test(a_cut_text_is_refused),
        cmocka_unit_test(a_changed_field_shows),
        cmocka_unit_test(its_revocation_list_is_sound_and_revokes_nothing),
        cmocka_unit_test(the_wrong_signer_shows),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
