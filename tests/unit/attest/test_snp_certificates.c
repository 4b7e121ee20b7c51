/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as people have them, sorted: PEM, DER, the GUID table. */
#include "attest/snp_certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

static struct synthetic_keys keys;
static struct synthetic_snp vcek_chain;
static struct synthetic_snp vlek_chain;

enum { TEXT_MAX = 16 * 1024 };

static void append_pem(char *text, const char *label, struct bytes der)
{
    char base64[ENCODING_BASE64_SIZE(SYNTHETIC_CERT_MAX)];
    size_t used = strlen(text);
    struct writer w = writer_into(text + used, TEXT_MAX - used);
    encoding_base64(der, base64);
    writer_str(&w, "-----BEGIN ");
    writer_str(&w, label);
    writer_str(&w, "-----\n");
    writer_str(&w, base64);
    writer_str(&w, "\n-----END ");
    writer_str(&w, label);
    writer_str(&w, "-----\n");
    writer_u8(&w, 0);
    assert_false(w.failed);
}

static void expect_vcek(const struct snp_certificates *set)
{
    struct snp_evidence e = {0};
    snp_certificates_into(set, SNP_KEY_VCEK, &e);
    assert_true(bytes_equal(e.vek, vcek_chain.evidence.vek));
    assert_true(bytes_equal(e.ask, vcek_chain.evidence.ask));
    assert_true(bytes_equal(e.ark, vcek_chain.evidence.ark));
}

static void pem_in_any_order_is_sorted(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    struct snp_certificates set = {0};
    const struct snp_evidence *e = &vcek_chain.evidence;
    const struct bytes orders[][3] = {
        {e->vek, e->ask, e->ark}, {e->ark, e->vek, e->ask}, {e->ask, e->ark, e->vek}};
    for (size_t i = 0; i < test_count(orders); i++) {
        text[0] = '\0';
        append_pem(text, "X509 CRL", e->crls[0]);
        for (size_t c = 0; c < 3; c++)
            append_pem(text, "CERTIFICATE", orders[i][c]);
        assert_ok(snp_certificates_add(&set, bytes_str(text), NULL));
        expect_vcek(&set);
        assert_int_equal(set.crl_count, 1);
        assert_true(bytes_equal(set.crls[0], e->crls[0]));
        snp_certificates_release(&set);
    }
}

static void der_files_come_one_by_one_and_twice(void **state)
{
    (void)state;
    struct snp_certificates set = {0};
    const struct snp_evidence *e = &vcek_chain.evidence;
    const struct bytes files[] = {e->ark, e->vek, e->crls[0], e->ask, e->ark, e->crls[0]};
    for (size_t i = 0; i < test_count(files); i++)
        assert_ok(snp_certificates_add(&set, files[i], NULL));
    expect_vcek(&set);
    assert_int_equal(set.crl_count, 1);
    snp_certificates_release(&set);
}

static void der_may_stand_one_behind_the_other(void **state)
{
    (void)state;
    static uint8_t file[TEXT_MAX];
    struct snp_certificates set = {0};
    const struct snp_evidence *e = &vcek_chain.evidence;
    const struct bytes parts[] = {e->vek, e->ask, e->crls[0], e->ark};
    struct writer w = writer_into(file, sizeof file);
    for (size_t i = 0; i < test_count(parts); i++)
        writer_bytes(&w, parts[i]);
    assert_ok(snp_certificates_add(&set, bytes_of(file, w.used), NULL));
    expect_vcek(&set);
    assert_int_equal(set.crl_count, 1);
    snp_certificates_release(&set);
    /* What stands behind them must be one, too, and whole. */
    assert_err(snp_certificates_add(&set, bytes_of(file, w.used + 1), NULL), ERR_CERTIFICATE);
    assert_err(snp_certificates_add(&set, bytes_of(file, w.used - 1), NULL), ERR_CERTIFICATE);
    assert_int_equal(set.file_count + set.vcek.len, 0);
}

/* In the form of Azure's metadata service. */
static void pem_may_stand_in_an_object(void **state)
{
    (void)state;
    static char leaf[TEXT_MAX];
    static char chain[TEXT_MAX];
    struct snp_certificates set = {0};
    const struct snp_evidence *e = &vcek_chain.evidence;
    leaf[0] = chain[0] = '\0';
    strict_json_init();
    append_pem(leaf, "CERTIFICATE", e->vek);
    append_pem(chain, "CERTIFICATE", e->ask);
    append_pem(chain, "CERTIFICATE", e->ark);
    append_pem(chain, "X509 CRL", e->crls[0]);
    json_t *doc = json_pack("{s:s,s:s,s:s,s:i}", "vcekCert", leaf, "tcbm", "DB18000000000004",
                            "certificateChain", chain, "cacheControl", 86400);
    for (size_t indent = 0; indent < 2; indent++) {
        char *dumped = json_dumps(doc, JSON_INDENT(indent));
        char *spaced = NULL;
        assert_true(asprintf(&spaced, " \t\r\n%s\n", dumped) > 0);
        assert_ok(snp_certificates_add(&set, bytes_str(spaced), NULL));
        expect_vcek(&set);
        assert_int_equal(set.crl_count, 1);
        snp_certificates_release(&set);
        free(spaced);
        secret_free(dumped);
    }
    json_decref(doc);
    struct err_note note = {{0}};
    assert_err(snp_certificates_add(&set, bytes_str("{\"vcekCert\":\"x\",\"n\":1}"), &note), ERR_UNKNOWN);
    assert_string_equal(note.text, "a JSON document without a certificate in PEM");
    assert_err(snp_certificates_add(&set, bytes_str("{}"), NULL), ERR_UNKNOWN);
    assert_err(snp_certificates_add(&set, bytes_str("{\"vcekCert\":"), NULL), ERR_JSON);
    /* What stands behind one that is broken does not hide it. */
    static const char *const broken[] = {"{\"a\":\"-----BEGIN CERTIFICATE-----\\n!\\n\"}",
                                         "{\"a\":\"-----BEGIN CERTIFICATE-----\\n!\\n\",\"b\":\"x\"}"};
    for (size_t i = 0; i < test_count(broken); i++)
        assert_err(snp_certificates_add(&set, bytes_str(broken[i]), NULL), ERR_ENCODING);
    assert_int_equal(set.file_count, 0);
}

static void the_table_of_an_extended_report_is_taken(void **state)
{
    (void)state;
    static uint8_t area[TEXT_MAX];
    struct snp_certificates set = {0};
    struct snp_evidence found = {0};
    const struct snp_evidence *v = &vlek_chain.evidence;
    const struct certificate_table t = {.vlek = v->vek, .ask = v->ask, .ark = v->ark, .crl = v->crls[0]};
    size_t len;
    assert_ok(certificate_table_write(&t, area, sizeof area, &len));
    assert_ok(
        snp_certificates_add(&set, bytes_of(area, sizeof area), NULL)); /* zeros behind it, as in pages */
    snp_certificates_into(&set, SNP_KEY_VLEK, &found);
    assert_true(bytes_equal(found.vek, v->vek) && bytes_equal(found.ask, v->ask) &&
                bytes_equal(found.ark, v->ark));
    assert_int_equal(found.crl_count, 1);
    snp_certificates_into(&set, SNP_KEY_VCEK, &found);
    assert_int_equal(found.vek.len, 0);
    assert_int_equal(found.ask.len, 0);
    snp_certificates_release(&set);
}

static void both_chains_stand_side_by_side(void **state)
{
    (void)state;
    struct snp_certificates set = {0};
    struct snp_evidence found = {0};
    const struct bytes files[] = {vlek_chain.evidence.vek, vcek_chain.evidence.vek, vlek_chain.evidence.ask,
                                  vcek_chain.evidence.ask, vcek_chain.evidence.ark};
    for (size_t i = 0; i < test_count(files); i++)
        assert_ok(snp_certificates_add(&set, files[i], NULL));
    expect_vcek(&set);
    snp_certificates_into(&set, SNP_KEY_VLEK, &found);
    assert_true(bytes_equal(found.vek, vlek_chain.evidence.vek));
    assert_true(bytes_equal(found.ask, vlek_chain.evidence.ask));
    snp_certificates_release(&set);
}

static void what_does_not_belong_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static struct synthetic_snp other;
    struct snp_certificates set = {0};
    struct err_note note = {{0}};
    uint8_t zeros[64] = {0};
    synthetic_snp_init(&other, &keys);
    other.ark.not_after = "331231235959Z";
    other.vek.subject_cn = "SEV-VCEK-Genoa"; /* only an intermediate names its product */
    other.ask.subject_cn = "Genoa";
    synthetic_snp_build(&other);
    assert_ok(snp_certificates_add(&set, vcek_chain.evidence.ark, NULL));
    assert_err(snp_certificates_add(&set, other.evidence.ark, &note), ERR_VALUE);
    assert_err(snp_certificates_add(&set, other.evidence.ask, &note), ERR_UNKNOWN);
    assert_err(snp_certificates_add(&set, bytes_of(zeros, sizeof zeros), &note), ERR_UNKNOWN);
    assert_err(snp_certificates_add(&set, bytes_of(zeros, 1), &note), ERR_TRUNCATED);
    assert_err(snp_certificates_add(&set, bytes_str("-----BEGIN CERTIFICATE-----\n!\n"), &note),
               ERR_ENCODING);
    assert_err(snp_certificates_add(&set, bytes_of(vcek_chain.evidence.vek.ptr, 100), &note),
               ERR_CERTIFICATE);
    assert_err(snp_certificates_add(&set, (struct bytes){0}, &note), ERR_TOO_LARGE);
    assert_true(bytes_equal(set.ark, vcek_chain.evidence.ark));
    assert_int_equal(set.vcek.len + set.ask.len, 0);
    assert_int_equal(set.file_count, 1);
    snp_certificates_release(&set);
}

static void what_is_malformed_is_refused_in_each_form(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    static uint8_t list[SYNTHETIC_CRL_MAX];
    struct snp_certificates set = {0};
    struct bytes crl = vcek_chain.evidence.crls[0];
    memcpy(list, crl.ptr, crl.len);
    list[crl.len - 513] ^= 1; /* the tag of the signature's bits or its length */
    list[crl.len - 516] ^= 1;
    const struct bytes damaged = bytes_of(list, crl.len);
    assert_err(snp_certificates_add(&set, damaged, NULL), ERR_CERTIFICATE);
    append_pem(text, "X509 CRL", damaged);
    assert_err(snp_certificates_add(&set, bytes_str(text), NULL), ERR_CERTIFICATE);
    text[0] = '\0';
    append_pem(text, "CERTIFICATE", bytes_of(vcek_chain.evidence.ark.ptr, 500));
    assert_err(snp_certificates_add(&set, bytes_str(text), NULL), ERR_CERTIFICATE);
    assert_int_equal(set.file_count + set.crl_count + set.ark.len, 0);
}

static void a_file_is_as_large_as_it_may_be(void **state)
{
    (void)state;
    enum { MOST = 1024 * 1024 };
    static uint8_t file[MOST + 1];
    struct snp_certificates set = {0};
    assert_err(snp_certificates_add(&set, bytes_of(file, MOST), NULL), ERR_UNKNOWN); /* a table without any */
    assert_err(snp_certificates_add(&set, bytes_of(file, MOST + 1), NULL), ERR_TOO_LARGE);
}

static void there_is_an_end_to_files_and_lists(void **state)
{
    (void)state;
    struct snp_certificates set = {0};
    struct synthetic_crl list;
    static uint8_t buffer[SYNTHETIC_CRL_MAX];
    for (int i = 0; i <= SNP_CRLS_MAX; i++) {
        synthetic_crl_init(&list, "ARK-Genoa", keys.ark);
        list.serial_count = 1;
        list.serials[0] = i;
        assert_err(snp_certificates_add(&set, synthetic_crl_build(&list, buffer), NULL),
                   i < SNP_CRLS_MAX ? ERR_OK : ERR_TOO_LARGE);
    }
    for (size_t i = set.file_count; i < SNP_CERTIFICATES_FILES_MAX; i++)
        assert_ok(snp_certificates_add(&set, vcek_chain.evidence.ark, NULL));
    assert_err(snp_certificates_add(&set, vcek_chain.evidence.ark, NULL), ERR_TOO_LARGE);
    snp_certificates_release(&set);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&vcek_chain, &keys);
    synthetic_snp_build(&vcek_chain);
    synthetic_snp_init_vlek(&vlek_chain, &keys);
    synthetic_snp_build(&vlek_chain);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pem_in_any_order_is_sorted),
        cmocka_unit_test(der_files_come_one_by_one_and_twice),
        cmocka_unit_test(der_may_stand_one_behind_the_other),
        cmocka_unit_test(pem_may_stand_in_an_object),
        cmocka_unit_test(the_table_of_an_extended_report_is_taken),
        cmocka_unit_test(both_chains_stand_side_by_side),
        cmocka_unit_test(what_does_not_belong_is_refused_and_changes_nothing),
        cmocka_unit_test(what_is_malformed_is_refused_in_each_form),
        cmocka_unit_test(a_file_is_as_large_as_it_may_be),
        cmocka_unit_test(there_is_an_end_to_files_and_lists),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
