/* SPDX-License-Identifier: Apache-2.0 */
/* AMD's chains, question by question: what each says of a chain that another question refuses as well. */
#include "attest/chain.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static struct chain chain;
static struct err_note note;

static void parse(enum vcek_kind kind)
{
    memset(&note, 0, sizeof note);
    chain_release(&chain);
    assert_ok(chain_parse(snp.evidence.ark, snp.evidence.ask, snp.evidence.vek, kind, &chain, &note));
}

/* An algorithm that does not fit the issuer's key is named before anything is computed. */
static void a_signature_of_another_kind_is_named(void **state)
{
    (void)state;
    bool simulated;
    parse(VCEK_OF_CHIP);
    assert_ok(chain_check_vek(&chain, &note));
    chain.vek.cert.algorithm = X509_ECDSA_SHA384;
    assert_err(chain_check_vek(&chain, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "VCEK is not signed with RSASSA-PSS");
    chain.ask.cert.algorithm = X509_ECDSA_SHA256;
    assert_err(chain_check_ask(&chain, true, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "ASK is not signed with RSASSA-PSS");
    chain.ark.cert.algorithm = X509_ECDSA_SHA384;
    assert_err(chain_check_root(&chain, snp.evidence.ark, &simulated, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "ARK is not signed with RSASSA-PSS");
}

static void without_a_product_neither_root_nor_intermediate_is_good(void **state)
{
    (void)state;
    bool simulated;
    parse(VCEK_OF_CHIP);
    chain.product = NULL;
    assert_err(chain_check_root(&chain, snp.evidence.ark, &simulated, &note), ERR_UNKNOWN);
    assert_err(chain_check_ask(&chain, true, &note), ERR_UNKNOWN);
}

/* No pin but the real one: a chain of nobody's is refused at the root and, on its own, at the intermediate. */
static void a_chain_of_nobodys_is_refused_twice(void **state)
{
    (void)state;
    bool simulated = true;
    parse(VCEK_OF_CHIP);
    assert_err(chain_check_root(&chain, (struct bytes){0}, &simulated, &note), ERR_REFUSED);
    assert_false(simulated);
    assert_err(chain_check_ask(&chain, false, &note), ERR_REFUSED);
    assert_ok(chain_check_ask(&chain, true, &note));
}

static void a_malformed_certificate_is_named(void **state)
{
    (void)state;
    static const char *const names[] = {"ARK certificate", "ASK certificate", "VCEK certificate"};
    for (size_t i = 0; i < test_count(names); i++) {
        struct bytes part[3] = {snp.evidence.ark, snp.evidence.ask, snp.evidence.vek};
        part[i].len--;
        chain_release(&chain);
        memset(&note, 0, sizeof note);
        assert_err(chain_parse(part[0], part[1], part[2], VCEK_OF_CHIP, &chain, &note), ERR_CERTIFICATE);
        assert_memory_equal(note.text, names[i], strlen(names[i]));
    }
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    chain_release(&chain);
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_of_another_kind_is_named),
        cmocka_unit_test(without_a_product_neither_root_nor_intermediate_is_good),
        cmocka_unit_test(a_chain_of_nobodys_is_refused_twice),
        cmocka_unit_test(a_malformed_certificate_is_named),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
