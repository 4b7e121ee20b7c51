/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation lists: made-up ones with one thing changed each, every octet flipped, and Intel's where they are at hand. */
#include "attest/crl.h"
#include "support/real_evidence.h"
#include "support/synthetic_crl.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

static struct synthetic_keys keys;
static struct synthetic_snp snp;
static struct x509 ark;
static struct crypto_public_key *ark_key;
static uint8_t buffer[SYNTHETIC_CRL_MAX];

static struct bytes serial_of(uint8_t *octet)
{
    return bytes_of(octet, 1);
}

static enum err take(struct bytes der, int64_t now)
{
    struct crl list;
    enum err e = crl_parse(der, &list, NULL);
    if (e == ERR_OK)
        e = crl_verify(&list, &ark, ark_key, NULL);
    return e == ERR_OK ? crl_check_window(&list, now, NULL) : e;
}

static void the_parts_of_a_list_are_found(void **state)
{
    (void)state;
    struct synthetic_crl s;
    struct crl list;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.serial_count = 3;
    s.serials[0] = 4;
    s.serials[1] = 200;
    s.serials[2] = 9;
    s.reason = 1;
    s.unknown_extension = true;
    struct bytes der = synthetic_crl_build(&s, buffer);
    assert_ok(crl_parse(der, &list, NULL));
    assert_true(bytes_is_str(list.issuer_cn, "ARK-Genoa"));
    assert_int_equal(list.algorithm, X509_RSA_PSS_SHA384);
    assert_int_equal(list.this_update, 1748736000);
    assert_int_equal(list.next_update, 1780272000);
    assert_int_equal(list.revoked_count, 3);
    assert_true(bytes_equal(list.number, bytes_of("\x07", 1)));
    assert_ok(crl_verify(&list, &ark, ark_key, NULL));
}

static void listed_serials_are_found_and_no_others(void **state)
{
    (void)state;
    struct synthetic_crl s;
    struct crl list;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.serial_count = 3;
    s.serials[0] = 4;
    s.serials[1] = 200;
    s.serials[2] = 0;
    assert_ok(crl_parse(synthetic_crl_build(&s, buffer), &list, NULL));
    for (int serial = 0; serial < 256; serial++) {
        const uint8_t octets[2] = {0, (uint8_t)serial};
        struct bytes value = serial < 0x80 ? bytes_of(octets + 1, 1) : bytes_of(octets, 2);
        assert_int_equal(crl_lists(&list, value), serial == 4 || serial == 200 || serial == 0);
    }
    assert_false(crl_lists(&list, bytes_of("\x04\x04", 2)));
}

static void a_list_without_entries_revokes_nothing(void **state)
{
    (void)state;
    struct synthetic_crl s;
    struct crl list;
    uint8_t zero = 0;
    for (int empty = 0; empty < 2; empty++) {
        synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
        s.empty_list = empty == 1;
        assert_ok(crl_parse(synthetic_crl_build(&s, buffer), &list, NULL));
        assert_int_equal(list.revoked_count, 0);
        assert_false(crl_lists(&list, serial_of(&zero)));
        s.no_extensions = true;
        assert_ok(crl_parse(synthetic_crl_build(&s, buffer), &list, NULL));
        assert_int_equal(list.number.len, 0);
    }
}

static void the_last_of_the_reasons_is_taken(void **state)
{
    (void)state;
    struct synthetic_crl s;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.serial_count = 1;
    s.reason = 10; /* aACompromise */
    assert_ok(take(synthetic_crl_build(&s, buffer), SYNTHETIC_NOW));
}

/* What authorities write beside the serials, AMD's among them: whose key it is, why and since when. */
static void what_only_informs_is_taken(void **state)
{
    (void)state;
    struct synthetic_crl s;
    uint8_t four = 4;
    struct crl list;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.authority_key = s.invalidity_date = s.unknown_extension = true;
    s.serial_count = 1;
    s.serials[0] = 4;
    s.reason = 1;
    struct bytes der = synthetic_crl_build(&s, buffer);
    assert_ok(take(der, SYNTHETIC_NOW));
    assert_ok(crl_parse(der, &list, NULL));
    assert_true(crl_lists(&list, serial_of(&four)));
}

static void a_list_counts_from_its_first_to_its_last_second(void **state)
{
    (void)state;
    struct synthetic_crl s;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    struct bytes der = synthetic_crl_build(&s, buffer);
    assert_ok(take(der, 1748736000));
    assert_ok(take(der, 1780272000));
    assert_err(take(der, 1748735999), ERR_CERTIFICATE);
    assert_err(take(der, 1780272001), ERR_CERTIFICATE);
}

#define CHANGE(name) static void name(struct synthetic_crl *s)

CHANGE(version_1)
{
    s->version = SYNTHETIC_LEFT_OUT;
    s->no_extensions = true;
}
CHANGE(version_3)
{
    s->version = 2;
}
CHANGE(version_written_as_1)
{
    s->version = 0;
}
CHANGE(without_next_update)
{
    s->next_update = NULL;
}
CHANGE(impossible_time)
{
    s->this_update = "250631000000Z";
}
CHANGE(reason_out_of_range)
{
    s->serial_count = 1;
    s->reason = 11;
}
CHANGE(entry_of_another_issuer)
{
    s->serial_count = 1;
    s->certificate_issuer = true;
}
CHANGE(unknown_critical_entry_extension)
{
    s->serial_count = 2;
    s->unknown_entry_extension = true;
}
CHANGE(empty_extensions)
{
    s->empty_extensions = true;
}
CHANGE(number_twice)
{
    s->number_twice = true;
}
CHANGE(explicit_false)
{
    s->explicit_false = true;
}
CHANGE(extension_tail)
{
    s->extension_tail = true;
}
CHANGE(value_tail)
{
    s->value_tail = true;
}
CHANGE(entry_tail)
{
    s->serial_count = 2;
    s->entry_tail = true;
}
CHANGE(delta)
{
    s->delta = true;
}
CHANGE(partial)
{
    s->distribution_point = true;
}
CHANGE(unknown_critical_extension)
{
    s->unknown_critical_extension = true;
}
CHANGE(short_salt)
{
    s->salt = 32;
}
CHANGE(another_signer)
{
    s->signer = keys.ask;
}
CHANGE(another_algorithm)
{
    s->ecdsa_sha384 = true;
    s->signer = keys.vcek;
}
CHANGE(another_name)
{
    s->issuer_cn = "ARK-Turin";
}

static void each_change_is_refused_as_what_it_is(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct synthetic_crl *s);
        const char *what;
        enum err wanted;
    } rows[] = {
#define ROW(change, wanted) {change, #change, wanted}
        ROW(version_1, ERR_CERTIFICATE),
        ROW(version_3, ERR_CERTIFICATE),
        ROW(version_written_as_1, ERR_CERTIFICATE),
        ROW(without_next_update, ERR_CERTIFICATE),
        ROW(impossible_time, ERR_CERTIFICATE),
        ROW(reason_out_of_range, ERR_CERTIFICATE),
        ROW(entry_of_another_issuer, ERR_UNKNOWN),
        ROW(unknown_critical_entry_extension, ERR_UNKNOWN),
        ROW(empty_extensions, ERR_CERTIFICATE),
        ROW(number_twice, ERR_CERTIFICATE),
        ROW(explicit_false, ERR_CERTIFICATE),
        ROW(extension_tail, ERR_CERTIFICATE),
        ROW(value_tail, ERR_CERTIFICATE),
        ROW(entry_tail, ERR_CERTIFICATE),
        ROW(delta, ERR_UNKNOWN),
        ROW(partial, ERR_UNKNOWN),
        ROW(unknown_critical_extension, ERR_UNKNOWN),
        ROW(short_salt, ERR_CERTIFICATE),
        ROW(another_signer, ERR_SIGNATURE),
        ROW(another_algorithm, ERR_KEY),
        ROW(another_name, ERR_CERTIFICATE),
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct synthetic_crl s;
        synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
        rows[i].change(&s);
        enum err e = take(synthetic_crl_build(&s, buffer), SYNTHETIC_NOW);
        if (e != rows[i].wanted)
            fail_msg("%s: %s", rows[i].what, err_name(e));
    }
}

static void an_issuer_that_may_not_sign_lists_is_refused(void **state)
{
    (void)state;
    struct synthetic_crl s;
    struct crl list;
    struct x509 issuer = ark;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    assert_ok(crl_parse(synthetic_crl_build(&s, buffer), &list, NULL));
    issuer.key_usage = X509_USAGE_CERT_SIGN;
    assert_err(crl_verify(&list, &issuer, ark_key, NULL), ERR_CERTIFICATE);
    issuer.key_usage = X509_USAGE_CRL_SIGN;
    assert_ok(crl_verify(&list, &issuer, ark_key, NULL));
}

static void lists_signed_with_ecdsa_are_verified(void **state)
{
    (void)state;
    const struct crypto_private_key *const signers[] = {keys.p256, keys.vcek};
    for (size_t i = 0; i < test_count(signers); i++) {
        struct synthetic_crl s;
        struct crl list;
        uint8_t spki[256];
        size_t len;
        struct crypto_public_key *key;
        synthetic_crl_init(&s, "ARK-Genoa", signers[i]);
        s.ecdsa_sha256 = i == 0;
        s.ecdsa_sha384 = i == 1;
        assert_ok(crypto_private_key_spki(signers[i], spki, sizeof spki, &len));
        assert_ok(crypto_public_key_from_spki(bytes_of(spki, len), &key));
        assert_ok(crl_parse(synthetic_crl_build(&s, buffer), &list, NULL));
        assert_ok(crl_verify(&list, &ark, key, NULL));
        buffer[(size_t)(list.tbs.ptr - buffer) + list.tbs.len - 1] ^= 1; /* of the list's number */
        assert_err(crl_verify(&list, &ark, key, NULL), ERR_SIGNATURE);
        crypto_public_key_free(key);
    }
}

static void every_bit_of_a_list_counts(void **state)
{
    (void)state;
    struct synthetic_crl s;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.serial_count = 2;
    s.serials[0] = 4;
    s.serials[1] = 200;
    s.reason = 1;
    struct bytes der = synthetic_crl_build(&s, buffer);
    assert_ok(take(der, SYNTHETIC_NOW));
    for (size_t bit = 0; bit < der.len * 8; bit++) {
        buffer[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (take(der, SYNTHETIC_NOW) == ERR_OK)
            fail_msg("bit %zu of octet 0x%zx can be flipped", bit % 8, bit / 8);
        buffer[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_ok(take(der, SYNTHETIC_NOW));
}

static void trailing_bytes_and_truncations_are_refused(void **state)
{
    (void)state;
    struct synthetic_crl s;
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    struct bytes der = synthetic_crl_build(&s, buffer);
    for (size_t len = 0; len < der.len; len++)
        assert_int_not_equal(take(bytes_of(buffer, len), SYNTHETIC_NOW), ERR_OK);
    assert_err(take(bytes_of(buffer, der.len + 1), SYNTHETIC_NOW), ERR_CERTIFICATE);
}

static void a_list_that_is_too_large_is_refused_unread(void **state)
{
    (void)state;
    static const uint8_t large[CRL_SIZE_MAX + 1] = {0x30};
    struct crl list;
    assert_err(crl_parse(bytes_of(large, sizeof large), &list, NULL), ERR_TOO_LARGE);
    assert_err(crl_parse(bytes_of(large, sizeof large - 1), &list, NULL), ERR_CERTIFICATE);
}

static void the_note_names_the_part(void **state)
{
    (void)state;
    struct synthetic_crl s;
    struct crl list;
    struct err_note note = {{0}};
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.next_update = "250631000000Z";
    assert_err(crl_parse(synthetic_crl_build(&s, buffer), &list, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "revocation list.nextUpdate at 0xa3: a certificate is malformed");
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    s.tbs_tail = true; /* all of it is read, and then there is more */
    assert_err(crl_parse(synthetic_crl_build(&s, buffer), &list, &note), ERR_CERTIFICATE);
    assert_string_equal(
        note.text, "revocation list.crlExtensions at 0xb3: there are bytes after the end of the structure");
    /* The algorithm that is not signed says another thing than the one that is. */
    synthetic_crl_init(&s, "ARK-Genoa", keys.ark);
    struct bytes der = synthetic_crl_build(&s, buffer);
    assert_ok(crl_parse(der, &list, &note));
    uint8_t *outer = buffer + (list.tbs.ptr - buffer) + list.tbs.len;
    outer[4] ^= 1;
    assert_err(crl_parse(der, &list, &note), ERR_CERTIFICATE);
    assert_string_equal(note.text, "revocation list.signatureAlgorithm: not the one that is signed");
}

/* Of Intel's, which has the serials of 20 octets that begin with a 1 bit. */
static void real_lists_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *issuer;
        int64_t this_update;
    } rows[] = {
        {"tdx/go-tdx-guest/rootcrl.der", "Intel SGX Root CA", 1680517371},
        {"tdx/go-tdx-guest/pckcrl", "Intel SGX PCK Platform CA", 1686209272},
    };
    static uint8_t content[64 * 1024];
    for (size_t i = 0; i < test_count(rows); i++) {
        struct crl list;
        struct err_note note = {{0}};
        struct bytes file = real_evidence_read(rows[i].file, content, sizeof content);
        if (file.len == 0) {
            print_message("skipped: no %s\n", rows[i].file);
            skip();
        }
        if (crl_parse(file, &list, &note) != ERR_OK)
            fail_msg("%s: %s", rows[i].file, note.text);
        assert_true(bytes_is_str(list.issuer_cn, rows[i].issuer));
        assert_int_equal(list.this_update, rows[i].this_update);
        assert_int_equal(list.revoked_count > 0, i == 1);
        assert_int_equal(list.algorithm, X509_ECDSA_SHA256);
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
    if (x509_parse(snp.evidence.ark, &ark, NULL) != ERR_OK)
        return -1;
    return crypto_public_key_from_spki(ark.spki, &ark_key) == ERR_OK ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    crypto_public_key_free(ark_key);
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_list_are_found),
        cmocka_unit_test(listed_serials_are_found_and_no_others),
        cmocka_unit_test(a_list_without_entries_revokes_nothing),
        cmocka_unit_test(the_last_of_the_reasons_is_taken),
        cmocka_unit_test(what_only_informs_is_taken),
        cmocka_unit_test(a_list_counts_from_its_first_to_its_last_second),
        cmocka_unit_test(each_change_is_refused_as_what_it_is),
        cmocka_unit_test(an_issuer_that_may_not_sign_lists_is_refused),
        cmocka_unit_test(lists_signed_with_ecdsa_are_verified),
        cmocka_unit_test(every_bit_of_a_list_counts),
        cmocka_unit_test(trailing_bytes_and_truncations_are_refused),
        cmocka_unit_test(a_list_that_is_too_large_is_refused_unread),
        cmocka_unit_test(the_note_names_the_part),
        cmocka_unit_test(real_lists_are_read),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
