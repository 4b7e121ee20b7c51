/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/statement.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "unit/test.h"

#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
static const char plain[] =
    "{\"gpu_evidence\":null,\"model\":\"sha256:" DIGEST
    "\",\"model_name\":\"a \\\"b\\\\ c\",\"noise_static\":\"" KEY "\",\"openpgp\":null,\"version\":1}";

static struct statement counting(void)
{
    struct statement s = {.model_name = "a \"b\\ c"};
    for (uint8_t i = 0; i < 32; i++)
        s.noise_key[i] = s.model_digest[i] = i;
    return s;
}

static void the_text_is_the_canonical_one(void **state)
{
    (void)state;
    struct statement s = counting();
    char text[STATEMENT_MAX];
    size_t len;
    assert_ok(statement_write(&s, text, sizeof text, &len));
    assert_int_equal(len, strlen(plain));
    assert_memory_equal(text, plain, len);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct statement s = counting();
    struct statement back;
    char text[STATEMENT_MAX];
    size_t len;
    s.has_gpu_evidence = s.has_openpgp = true;
    memset(s.gpu_evidence, 0xa1, sizeof s.gpu_evidence);
    memset(s.openpgp, 0xb2, sizeof s.openpgp);
    assert_ok(statement_write(&s, text, sizeof text, &len));
    assert_ok(statement_parse(bytes_of(text, len), &back, NULL));
    assert_memory_equal(back.noise_key, s.noise_key, 32);
    assert_memory_equal(back.model_digest, s.model_digest, 32);
    assert_string_equal(back.model_name, s.model_name);
    assert_true(back.has_gpu_evidence && back.has_openpgp);
    assert_memory_equal(back.gpu_evidence, s.gpu_evidence, 32);
    assert_memory_equal(back.openpgp, s.openpgp, 32);
}

static void a_statement_that_does_not_fit_is_not_written(void **state)
{
    (void)state;
    struct statement s = counting();
    char text[STATEMENT_MAX];
    size_t len;
    assert_err(statement_write(&s, text, strlen(plain) - 1, &len), ERR_NO_SPACE);
    assert_ok(statement_write(&s, text, strlen(plain), &len));
}

static void a_name_with_control_characters_or_too_long_is_not_written(void **state)
{
    (void)state;
    struct statement s = counting();
    char text[STATEMENT_MAX];
    size_t len;
    memcpy(s.model_name, "a\x1b[2J", 6);
    assert_err(statement_write(&s, text, sizeof text, &len), ERR_VALUE);
    memset(s.model_name, '~', sizeof s.model_name); /* without its end */
    assert_err(statement_write(&s, text, sizeof text, &len), ERR_VALUE);
    s.model_name[STATEMENT_MODEL_NAME_MAX] = '\0';
    assert_ok(statement_write(&s, text, sizeof text, &len));
}

#define M "\"model\":\"sha256:" DIGEST "\",\"model_name\":\"m\","
#define N "\"noise_static\":\"" KEY "\",\"openpgp\":null,"

#define NAME_63 "~ 3456789012345678901234567890123456789012345678901234567890123"
static void every_other_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *note; /* what it says is wrong */
        const char *text;
    } rows[] = {
        {"white space", "canonical", "{\"gpu_evidence\":null, " M N "\"version\":1}"},
        {"trailing newline", "canonical", "{\"gpu_evidence\":null," M N "\"version\":1}\n"},
        {"other order", "canonical", "{" M "\"gpu_evidence\":null," N "\"version\":1}"},
        {"escaped letter", "canonical",
         "{\"gpu_evidence\":null,\"model\":\"sha256:" DIGEST "\",\"model_name\":\"\\u006d\"," N
         "\"version\":1}"},
        {"unknown member", "not known", "{\"gpu_evidence\":null," M N "\"version\":1,\"z\":1}"},
        {"duplicate member", "JSON error", "{\"gpu_evidence\":null," M N "\"version\":1,\"version\":1}"},
        {"missing member that may be null", "gpu_evidence", "{" M N "\"version\":1}"},
        {"missing model", "\"model\"", "{\"gpu_evidence\":null,\"model_name\":\"m\"," N "\"version\":1}"},
        {"missing name", "\"model_name\"",
         "{\"gpu_evidence\":null,\"model\":\"sha256:" DIGEST "\"," N "\"version\":1}"},
        {"missing key", "noise_static", "{\"gpu_evidence\":null," M "\"openpgp\":null,\"version\":1}"},
        {"missing version", "version",
         "{\"gpu_evidence\":null," M "\"noise_static\":\"" KEY "\",\"openpgp\":null}"},
        {"other version", "version", "{\"gpu_evidence\":null," M N "\"version\":2}"},
        {"version as a real", "version", "{\"gpu_evidence\":null," M N "\"version\":1.0}"},
        {"upper case digest", "canonical",
         "{\"gpu_evidence\":null,\"model\":\"sha256:"
         "000102030405060708090A0b0c0d0e0f101112131415161718191a1b1c1d1e1f\",\"model_name\":\"m\"," N
         "\"version\":1}"},
        {"other digest", "\"model\"",
         "{\"gpu_evidence\":null,\"model\":\"sha512:" DIGEST "\",\"model_name\":\"m\"," N "\"version\":1}"},
        {"short digest", "\"model\"",
         "{\"gpu_evidence\":null,\"model\":\"sha256:00\",\"model_name\":\"m\"," N "\"version\":1}"},
        {"short key", "noise_static",
         "{\"gpu_evidence\":null," M "\"noise_static\":\"AAEC\",\"openpgp\":null,\"version\":1}"},
        {"stray bits in the key", "noise_static",
         "{\"gpu_evidence\":null," M
         "\"noise_static\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\",\"openpgp\":null,\"version\":1}"},
        {"name of 64 characters", "model_name",
         "{\"gpu_evidence\":null,\"model\":\"sha256:" DIGEST "\",\"model_name\":\"" NAME_63 "m\"," N
         "\"version\":1}"},
        {"name outside ASCII", "model_name",
         "{\"gpu_evidence\":null,\"model\":\"sha256:" DIGEST "\",\"model_name\":\"\xc3\xa9\"," N
         "\"version\":1}"},
        {"an array", "object", "[]"},
        {"nothing", "JSON error", ""},
    };
    struct statement s;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct err_note note = {{0}};
        if (statement_parse(bytes_str(rows[i].text), &s, &note) == ERR_OK)
            fail_msg("accepted: %s", rows[i].what);
        if (strstr(note.text, rows[i].note) == NULL)
            fail_msg("%s: %s", rows[i].what, note.text);
    }
    /* The common parts of the rows are sound, or the test would prove nothing. */
    assert_ok(statement_parse(bytes_str("{\"gpu_evidence\":null," M N "\"version\":1}"), &s, NULL));
    assert_ok(statement_parse(bytes_str("{\"gpu_evidence\":null,\"model\":\"sha256:" DIGEST
                                        "\",\"model_name\":\"" NAME_63 "\"," N "\"version\":1}"),
                              &s, NULL));
    assert_string_equal(s.model_name, NAME_63);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct statement s;
    for (size_t len = 0; len < strlen(plain); len++)
        assert_int_not_equal(statement_parse(bytes_of(plain, len), &s, NULL), ERR_OK);
}

/* SHA-512("enclume report data v1\0" || SHA-512(statement) || root), computed with Python's hashlib for the text above and a root of 32 bytes 0x5a. */
static void the_report_data_are_the_known_answer(void **state)
{
    (void)state;
    static const char answer[] = "048b1d7d7895e87a6f8464d98fb01356ef196ce2d4bb031f2f6d5e51043c31f5"
                                 "64739783553dd273002f7b6ec431431a5c2c1330d799cf4d5d5c0513eda2c088";
    uint8_t root[32];
    uint8_t data[64];
    char hex[ENCODING_HEX_SIZE(64)];
    memset(root, 0x5a, sizeof root);
    assert_ok(statement_report_data(bytes_str(plain), root, data));
    encoding_hex(bytes_of(data, sizeof data), hex);
    assert_string_equal(hex, answer);
}

/* SHA-256 of the text above, whatever GPU evidence the statement names; and of "enclume gpu evidence v1\0" and two reports, each behind its length. Computed with
 * Python's hashlib. */
static void gpus_are_tied_by_the_known_answers(void **state)
{
    (void)state;
    static const char nonce_answer[] = "be5dfbfaae102b60aca799d1ecf6c478e9ad775f05c0b3cfc62c24eeacc58e40";
    static const char digest_answer[] = "5b4f7489e56535e518e75b5c0920ddb3b559140210c0a44eed73e56b68a23326";
    const struct bytes reports[] = {bytes_str("one"), bytes_str("three")};
    struct statement s;
    uint8_t out[32];
    char hex[ENCODING_HEX_SIZE(32)];
    assert_ok(statement_parse(bytes_str(plain), &s, NULL));
    for (int i = 0; i < 2; i++) {
        assert_ok(statement_gpu_nonce(&s, out));
        encoding_hex(bytes_of(out, sizeof out), hex);
        assert_string_equal(hex, nonce_answer);
        s.has_gpu_evidence = true;
        memset(s.gpu_evidence, 0x77, sizeof s.gpu_evidence);
    }
    assert_ok(statement_gpu_digest(reports, 2, out));
    encoding_hex(bytes_of(out, sizeof out), hex);
    assert_string_equal(hex, digest_answer);
    assert_ok(statement_gpu_digest(reports, 1, out));
    encoding_hex(bytes_of(out, sizeof out), hex);
    assert_string_not_equal(hex, digest_answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_the_canonical_one),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_statement_that_does_not_fit_is_not_written),
        cmocka_unit_test(a_name_with_control_characters_or_too_long_is_not_written),
        cmocka_unit_test(every_other_text_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(the_report_data_are_the_known_answer),
        cmocka_unit_test(gpus_are_tied_by_the_known_answers),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
