/* SPDX-License-Identifier: Apache-2.0 */
/* Intel's certificates, question by question. */
#include "attest/sgx_chain.h"
#include "base/encoding.h"
#include "support/synthetic_tdx.h"
#include "unit/attest/tdx_files.h"
#include "unit/test.h"

static struct synthetic_tdx_keys keys;
static struct synthetic_tdx tdx;
static struct err_note note;

/* The signer of the TCB info and its root, as made up. */
static void signer_read(struct sgx_certificate *signer, struct sgx_certificate *root)
{
    synthetic_tdx_init(&tdx, &keys);
    synthetic_tdx_build(&tdx);
    assert_ok(sgx_certificate_parse("the signer", tdx.collateral.tcb_info_issuer.signer, signer, &note));
    assert_ok(sgx_certificate_parse("the root", tdx.collateral.tcb_info_issuer.root, root, &note));
    assert_ok(sgx_check_tcb_signer(signer, root, &note));
}

static void a_malformed_certificate_is_named(void **state)
{
    (void)state;
    struct sgx_certificate c;
    struct bytes der = tdx.collateral.tcb_info_issuer.signer;
    der.len--;
    assert_err(sgx_certificate_parse("the signer", der, &c, &note), ERR_CERTIFICATE);
    assert_memory_equal(note.text, "the signer: certificate: ", 25);
    assert_null(c.key);
}

static void a_signature_of_another_kind_is_named(void **state)
{
    (void)state;
    struct sgx_certificate signer;
    struct sgx_certificate root;
    signer_read(&signer, &root);
    signer.cert.algorithm = X509_ECDSA_SHA384;
    assert_err(sgx_check_tcb_signer(&signer, &root, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "the signer is not signed with ECDSA and SHA-256");
    sgx_certificate_release(&signer);
    sgx_certificate_release(&root);
}

/* ---- on Intel's own certificates ---- */

static uint8_t der[3][4096];
static struct sgx_certificate real[3]; /* leaf, intermediate, root */

static bool real_read(void)
{
    static struct tdx_file file;
    struct tdx_quote q;
    if (!tdx_quote_read("dcap-qvl/tdx_quote", &file))
        return false;
    assert_ok(tdx_quote_parse(file.bytes, &q, NULL));
    struct bytes text = q.pck_chain;
    for (size_t i = 0; i < 3; i++) {
        size_t len;
        assert_ok(encoding_pem_next(&text, "CERTIFICATE", der[i], sizeof der[i], &len));
        assert_ok(sgx_certificate_parse("", bytes_of(der[i], len), &real[i], NULL));
    }
    return true;
}

static void real_release(void)
{
    for (size_t i = 0; i < 3; i++)
        sgx_certificate_release(&real[i]);
}

/* A pinned certificate is Intel's word under Intel's root alone; and it makes nobody else's certificate good. */
static void a_pin_speaks_for_two_certificates_together(void **state)
{
    (void)state;
    struct sgx_certificate signer;
    struct sgx_certificate twin;
    if (!real_read()) {
        print_message("skipped: no real quote\n");
        skip();
    }
    assert_ok(sgx_check_pck_ca(&real[1], &real[2], &note));
    assert_ok(sgx_check_pck(&real[0], &real[1], &note));
    /* Another root of the same name. */
    signer_read(&signer, &twin);
    twin.cert.subject = real[2].cert.subject;
    assert_err(sgx_check_pck_ca(&real[1], &twin, &note), ERR_SIGNATURE);
    /* A leaf that the intermediate did not sign. */
    struct bytes signature = real[0].cert.signature;
    real[0].cert.signature.len--;
    assert_int_not_equal(sgx_check_pck(&real[0], &real[1], &note), ERR_OK);
    real[0].cert.signature = signature;
    sgx_certificate_release(&signer);
    sgx_certificate_release(&twin);
    real_release();
}

/* Intel's root has had more than one certificate: one that is not known counts when the key signed it. */
static void another_certificate_of_the_pinned_key_must_be_signed_with_it(void **state)
{
    (void)state;
    struct sgx_certificate root;
    bool simulated;
    if (!real_read())
        skip();
    assert_ok(sgx_check_root(&real[2], (struct bytes){0}, &simulated, &note));
    uint8_t *last = &der[2][real[2].cert.der.len - 1];
    *last ^= 1;
    assert_ok(sgx_certificate_parse("", real[2].cert.der, &root, &note));
    assert_err(sgx_check_root(&root, (struct bytes){0}, &simulated, &note), ERR_SIGNATURE);
    assert_false(simulated);
    sgx_certificate_release(&root);
    real_release();
}

static void somebody_elses_root_is_refused_as_such(void **state)
{
    (void)state;
    struct sgx_certificate signer;
    struct sgx_certificate root;
    bool simulated;
    signer_read(&signer, &root);
    assert_err(sgx_check_root(&root, (struct bytes){0}, &simulated, &note), ERR_REFUSED);
    assert_string_equal(note.text, "a root of somebody else's");
    sgx_certificate_release(&signer);
    sgx_certificate_release(&root);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    synthetic_tdx_init(&tdx, &keys);
    synthetic_tdx_build(&tdx);
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
        cmocka_unit_test(a_malformed_certificate_is_named),
        cmocka_unit_test(a_signature_of_another_kind_is_named),
        cmocka_unit_test(somebody_elses_root_is_refused_as_such),
        cmocka_unit_test(a_pin_speaks_for_two_certificates_together),
        cmocka_unit_test(another_certificate_of_the_pinned_key_must_be_signed_with_it),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
