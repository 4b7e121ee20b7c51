/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vcek.h"
#include "attest/x509.h"
#include "attest/x509_parts.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static struct err_note note;

static void the_parts_of_a_certificate_are_found(void **state)
{
    (void)state;
    struct x509 ask;
    struct crypto_public_key *key;
    assert_ok(x509_parse(snp.evidence.ask, &ask, NULL));
    assert_true(bytes_is_str(ask.issuer_cn, "ARK-Genoa"));
    assert_true(bytes_is_str(ask.subject_cn, "SEV-Genoa"));
    assert_int_equal(ask.not_before, 1735689600);
    assert_int_equal(ask.not_after, 2051222399);
    assert_true(ask.is_ca && ask.has_path_length && ask.path_length == 0);
    assert_int_equal(ask.key_usage, X509_USAGE_CERT_SIGN);
    assert_int_equal(ask.algorithm, X509_RSA_PSS_SHA384);
    assert_true(bytes_equal(ask.serial, bytes_of("\x12", 1)));
    assert_ok(crypto_public_key_from_spki(ask.spki, &key));
    assert_int_equal(crypto_public_key_bits(key), 4096);
    assert_err(x509_verify(&ask, key), ERR_SIGNATURE);
    crypto_public_key_free(key);
}

static bool is_product(const char *written, const char *name)
{
    return vcek_is_product(&(struct vcek){.product = bytes_str(written)},
                           anchors_snp_by_name(bytes_str(name)));
}

/* Bergamo and Siena are certified under Genoa's root; a VCEK may call them by their own names. */
static void a_product_has_its_own_names_and_no_others(void **state)
{
    (void)state;
    static const char *const names[] = {"Milan",    "Genoa", "Bergamo", "Siena",
                                        "Siena-A2", "Turin", "Gen",     "Venice"};
    static const char *const roots[] = {"Milan", "Genoa", "Turin"};
    static const char of[] = "MGGGGT--";
    for (size_t n = 0; n < test_count(names); n++)
        for (size_t i = 0; i < test_count(roots); i++)
            assert_int_equal(is_product(names[n], roots[i]), of[n] == roots[i][0]);
}

static void the_extensions_of_a_vcek_are_read(void **state)
{
    (void)state;
    struct x509 cert;
    struct vcek vcek;
    assert_ok(x509_parse(snp.evidence.vek, &cert, NULL));
    assert_ok(vcek_parse(&cert, VCEK_OF_CHIP, &vcek, NULL));
    assert_true(bytes_is_str(vcek.product, "Genoa"));
    assert_int_equal(vcek.level[SNP_BOOTLOADER], 10);
    assert_int_equal(vcek.level[SNP_FIRMWARE], 0x1b);
    assert_int_equal(vcek.level[SNP_MICROCODE], 0xdb);
    assert_false(vcek.has_fmc);
    assert_true(bytes_equal(vcek.hwid, bytes_of(snp.hwid, 64)));
    assert_true(is_product("Genoa", "Genoa"));
    assert_false(is_product("Genoa", "Milan"));
}

static void a_stepping_is_a_letter_and_a_digit(void **state)
{
    (void)state;
    static const char *const good[] = {"Milan", "Milan-A0", "Milan-B0", "Milan-Z9"};
    static const char *const wrong[] = {"Milan-",   "Milan-B",  "Milan-B00", "Milan_B0",
                                        "Milan-@0", "Milan-[0", "Milan-a0",  "Milan-B/",
                                        "Milan-B:", "MilanB0",  "Mila",      ""};
    for (size_t i = 0; i < test_count(good); i++)
        assert_true(is_product(good[i], "Milan"));
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_false(is_product(wrong[i], "Milan"));
}

static void trailing_bytes_and_truncations_are_refused(void **state)
{
    (void)state;
    uint8_t longer[SYNTHETIC_CERT_MAX + 1] = {0};
    struct x509 cert;
    struct bytes vcek = snp.evidence.vek;
    memcpy(longer, vcek.ptr, vcek.len);
    assert_ok(x509_parse(bytes_of(longer, vcek.len), &cert, NULL));
    assert_err(x509_parse(bytes_of(longer, vcek.len + 1), &cert, NULL), ERR_CERTIFICATE);
    for (size_t len = 0; len < vcek.len; len++)
        assert_int_not_equal(x509_parse(bytes_of(longer, len), &cert, NULL), ERR_OK);
}

static void the_algorithm_outside_must_be_the_one_inside(void **state)
{
    (void)state;
    uint8_t copy[SYNTHETIC_CERT_MAX];
    struct x509 cert;
    struct bytes ask = snp.evidence.ask;
    assert_ok(x509_parse(ask, &cert, NULL));
    memcpy(copy, ask.ptr, ask.len);
    /* Behind the signed part: SEQUENCE, length, OID ... its last octet. */
    size_t at = (size_t)(cert.tbs.ptr - ask.ptr) + cert.tbs.len + 2 + 2 + 8;
    assert_int_equal(copy[at], 0x0a);
    copy[at] = 0x0b;
    assert_err(x509_parse(bytes_of(copy, ask.len), &cert, &note), ERR_CERTIFICATE);
    assert_non_null(strstr(note.text, "signatureAlgorithm"));
}

static void a_certificate_that_is_too_large_is_refused_unread(void **state)
{
    (void)state;
    static const uint8_t large[X509_SIZE_MAX + 1] = {0x30};
    struct x509 cert;
    assert_err(x509_parse(bytes_of(large, sizeof large), &cert, NULL), ERR_TOO_LARGE);
    assert_err(x509_parse(bytes_of(large, sizeof large - 1), &cert, NULL), ERR_CERTIFICATE);
}

/* A certificate in which some octets stand for others of the same number; n: which of their occurrences. */
static enum err parse_with(struct bytes der, const char *from, const char *to, size_t len, int n)
{
    static uint8_t copy[SYNTHETIC_CERT_MAX];
    struct x509 cert;
    note.text[0] = '\0';
    memcpy(copy, der.ptr, der.len);
    for (size_t at = 0; at + len <= der.len; at++) {
        if (memcmp(copy + at, from, len) != 0 || n-- != 0)
            continue;
        memcpy(copy + at, to, len);
        return x509_parse(bytes_of(copy, der.len), &cert, &note);
    }
    fail_msg("not found");
    return ERR_OK;
}

static void what_is_not_understood_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what, *from, *to;
        size_t len;
        int n;
        enum err wanted;
        const char *part;
    } rows[] = {
        {"another algorithm", "\x0d\x01\x01\x0a", "\x0d\x01\x01\x7f", 4, 0, ERR_UNKNOWN, "signature "},
        {"an issuer without a common name", "\x55\x04\x03", "\x55\x04\x0b", 3, 0, ERR_CERTIFICATE, "issuer"},
        {"an issuer with two", "\x55\x04\x0a", "\x55\x04\x03", 3, 0, ERR_CERTIFICATE, "issuer"},
        {"a subject without a common name", "\x55\x04\x03", "\x55\x04\x0b", 3, 1, ERR_CERTIFICATE, "subject"},
        {"a subject with two", "\x55\x04\x0a", "\x55\x04\x03", 3, 1, ERR_CERTIFICATE, "subject"},
        {"a name in another alphabet", "\x55\x04\x03\x0c", "\x55\x04\x03\x1e", 4, 0, ERR_CERTIFICATE,
         "issuer"},
        {"a critical extension that is written as none", "\x1d\x13\x01\x01\xff", "\x1d\x13\x01\x01\x00", 5, 0,
         ERR_CERTIFICATE, "extensions"},
        {"a CA that is written as none", "\x30\x06\x01\x01\xff", "\x30\x06\x01\x01\x00", 5, 0,
         ERR_CERTIFICATE, "extensions"},
        {"a critical extension that is not known", "\x55\x1d\x0f", "\x55\x1d\x24", 3, 0, ERR_UNKNOWN,
         "extensions"},
        {"a negative serial number", "\x02\x01\x12", "\x02\x01\x92", 3, 0, ERR_CERTIFICATE, "serialNumber"},
        {"a signature of bits that are no octets", "\x03\x82\x02\x01\x00", "\x03\x82\x02\x01\x01", 5, 0,
         ERR_CERTIFICATE, "signatureValue"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        enum err e = parse_with(snp.evidence.ask, rows[i].from, rows[i].to, rows[i].len, rows[i].n);
        if (e != rows[i].wanted || strstr(note.text, rows[i].part) != note.text + strlen("certificate."))
            fail_msg("%s: %s, %s", rows[i].what, err_name(e), note.text);
    }
    /* Other kinds of strings say the same. */
    assert_ok(parse_with(snp.evidence.ask, "\x55\x04\x03\x0c", "\x55\x04\x03\x13", 4, 0));
    assert_ok(parse_with(snp.evidence.ask, "\x55\x04\x03\x0c", "\x55\x04\x03\x16", 4, 0));
}

static void the_note_names_the_part(void **state)
{
    (void)state;
    static struct synthetic_snp other;
    struct x509 cert;
    synthetic_snp_init(&other, &keys);
    other.vek.not_after = "341331235959Z";
    other.ask.version = 1;
    other.ark.duplicate_extension = true;
    synthetic_snp_build(&other);
    assert_err(x509_parse(other.evidence.vek, &cert, &note), ERR_CERTIFICATE);
    assert_non_null(strstr(note.text, "certificate.validity at 0x"));
    assert_err(x509_parse(other.evidence.ask, &cert, &note), ERR_CERTIFICATE);
    assert_non_null(strstr(note.text, "certificate.version"));
    assert_err(x509_parse(other.evidence.ark, &cert, &note), ERR_CERTIFICATE);
    assert_non_null(strstr(note.text, "certificate.extensions"));
}

static void a_signature_is_of_its_algorithm(void **state)
{
    (void)state;
    static const struct {
        enum x509_algorithm algorithm, other;
        enum crypto_hash hash;
    } rows[] = {{X509_RSA_PKCS1_SHA256, X509_RSA_PKCS1_SHA384, CRYPTO_SHA256},
                {X509_RSA_PKCS1_SHA384, X509_RSA_PKCS1_SHA256, CRYPTO_SHA384}};
    const struct bytes said = bytes_str("what is signed");
    struct crypto_public_key *key;
    uint8_t room[512];
    size_t len;
    assert_ok(crypto_private_key_spki(keys.small, room, sizeof room, &len));
    assert_ok(crypto_public_key_from_spki(bytes_of(room, len), &key));
    for (size_t i = 0; i < test_count(rows); i++) {
        assert_ok(crypto_rsa_pkcs1_sign(keys.small, rows[i].hash, said, room, sizeof room, &len));
        const struct bytes signature = bytes_of(room, len);
        assert_ok(x509_verify_signed(rows[i].algorithm, said, signature, key));
        assert_err(x509_verify_signed(rows[i].other, said, signature, key), ERR_SIGNATURE);
        assert_err(x509_verify_signed(rows[i].algorithm, bytes_str("else"), signature, key), ERR_SIGNATURE);
        assert_err(x509_verify_signed((enum x509_algorithm)99, said, signature, key), ERR_SIGNATURE);
    }
    crypto_public_key_free(key);
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
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_certificate_are_found),
        cmocka_unit_test(the_extensions_of_a_vcek_are_read),
        cmocka_unit_test(a_product_has_its_own_names_and_no_others),
        cmocka_unit_test(a_stepping_is_a_letter_and_a_digit),
        cmocka_unit_test(trailing_bytes_and_truncations_are_refused),
        cmocka_unit_test(the_algorithm_outside_must_be_the_one_inside),
        cmocka_unit_test(a_certificate_that_is_too_large_is_refused_unread),
        cmocka_unit_test(what_is_not_understood_is_refused),
        cmocka_unit_test(the_note_names_the_part),
        cmocka_unit_test(a_signature_is_of_its_algorithm),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
