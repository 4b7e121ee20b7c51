/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <string.h>

#include "base/encoding.h"

/* RFC 4648 section 10. */
static const struct {
    const char *plain;
    const char *base64;
    const char *base64url;
    const char *hex;
} rfc4648[] = {
    {"", "", "", ""},
    {"f", "Zg==", "Zg", "66"},
    {"fo", "Zm8=", "Zm8", "666f"},
    {"foo", "Zm9v", "Zm9v", "666f6f"},
    {"foob", "Zm9vYg==", "Zm9vYg", "666f6f62"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
};

static void the_examples_of_rfc_4648(void **state)
{
    char text[64];
    uint8_t out[64];
    size_t len;
    (void)state;
    for (size_t i = 0; i < test_count(rfc4648); i++) {
        struct bytes plain = bytes_str(rfc4648[i].plain);
        encoding_base64(plain, text);
        assert_string_equal(text, rfc4648[i].base64);
        assert_int_equal(strlen(text) + 1, ENCODING_BASE64_SIZE(plain.len));
        encoding_base64url(plain, text);
        assert_string_equal(text, rfc4648[i].base64url);
        assert_int_equal(strlen(text) + 1, ENCODING_BASE64URL_SIZE(plain.len));
        encoding_hex(plain, text);
        assert_string_equal(text, rfc4648[i].hex);
        assert_int_equal(strlen(text) + 1, ENCODING_HEX_SIZE(plain.len));
        assert_ok(encoding_unbase64(bytes_str(rfc4648[i].base64), out, sizeof out, &len));
        assert_true(bytes_equal(bytes_of(out, len), plain));
        assert_ok(encoding_unbase64url(bytes_str(rfc4648[i].base64url), out, plain.len, &len));
        assert_true(bytes_equal(bytes_of(out, len), plain));
        assert_ok(encoding_unhex(bytes_str(rfc4648[i].hex), out, plain.len));
        assert_true(bytes_equal(bytes_of(out, plain.len), plain));
    }
}

static void every_byte_has_one_hexadecimal_text(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            const char text[2] = {(char)a, (char)b};
            uint8_t out;
            char again[3];
            bool digits = memchr("0123456789abcdefABCDEF", a, 22) != NULL &&
                          memchr("0123456789abcdefABCDEF", b, 22) != NULL;
            assert_err(encoding_unhex(bytes_of(text, 2), &out, 1), digits ? ERR_OK : ERR_ENCODING);
            if (digits) {
                encoding_hex(bytes_of(&out, 1), again);
                assert_int_equal(again[0], a >= 'A' && a <= 'F' ? a + 32 : a);
                assert_int_equal(again[1], b >= 'A' && b <= 'F' ? b + 32 : b);
            }
        }
    }
}

static void hexadecimal_of_another_length_is_refused(void **state)
{
    uint8_t out[2];
    (void)state;
    assert_err(encoding_unhex(bytes_str("abc"), out, 1), ERR_ENCODING);
    assert_err(encoding_unhex(bytes_str("abcd"), out, 1), ERR_ENCODING);
    assert_err(encoding_unhex(bytes_str("ab"), out, 2), ERR_ENCODING);
    assert_err(encoding_unhex(bytes_str(""), out, SIZE_MAX / 2 + 1), ERR_ENCODING);
    assert_ok(encoding_unhex(bytes_str(""), out, 0));
}

/* Whatever decodes, encodes to the same text again: so no byte string has two texts. All strings of up to 4 characters
 * from a set that holds the ends of every range, the padding, and neighbours of both. */
static void decode_and_encode_again(bool url)
{
    static const char set[] = "AZaz09+/-_=@[`{:. \n";
    enum { SET = sizeof set - 1 };
    size_t taken = 0;
    for (size_t len = 0; len <= 4; len++) {
        size_t combinations = 1;
        for (size_t i = 0; i < len; i++)
            combinations *= SET;
        for (size_t c = 0; c < combinations; c++) {
            char text[5] = {0};
            char again[8];
            uint8_t out[3];
            size_t out_len;
            size_t rest = c;
            for (size_t i = 0; i < len; i++, rest /= SET)
                text[i] = set[rest % SET];
            enum err e = url ? encoding_unbase64url(bytes_str(text), out, sizeof out, &out_len)
                             : encoding_unbase64(bytes_str(text), out, sizeof out, &out_len);
            if (e != ERR_OK) {
                assert_err(e, ERR_ENCODING);
                assert_int_equal(out_len, 0);
                continue;
            }
            taken++;
            if (url)
                encoding_base64url(bytes_of(out, out_len), again);
            else
                encoding_base64(bytes_of(out, out_len), again);
            assert_string_equal(again, text);
        }
    }
    print_message("%zu texts decode\n", taken);
    assert_true(taken > 8 * 8 * 8 * 8);
}

static void no_byte_string_has_two_base64_texts(void **state)
{
    (void)state;
    decode_and_encode_again(false);
    decode_and_encode_again(true);
}

static void texts_that_are_not_canonical_are_refused(void **state)
{
    static const char *const wrong[] = {"Zg",       "Zg=",  "Zh==",  "Zm9=", "Zm9v\n", " Zm9v",
                                        "Zm9v====", "====", "Z===",  "=",    "==",     "Zg==Zg==",
                                        "Zg=a",     "Z-_v", "Zm9v=", "Zm 9v"};
    static const char *const wrong_url[] = {"Zg==", "Zm8=", "Z", "Zh", "Zm9", "Z+/v", "Zm9v\n", "Zm9vZ"};
    uint8_t out[32];
    size_t len;
    (void)state;
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_err(encoding_unbase64(bytes_str(wrong[i]), out, sizeof out, &len), ERR_ENCODING);
    for (size_t i = 0; i < test_count(wrong_url); i++)
        assert_err(encoding_unbase64url(bytes_str(wrong_url[i]), out, sizeof out, &len), ERR_ENCODING);
    assert_err(encoding_unbase64(bytes_of("Zg\0=", 4), out, sizeof out, &len), ERR_ENCODING);
}

static void all_three_byte_groups_survive(void **state)
{
    char text[8];
    uint8_t out[3];
    size_t len;
    (void)state;
    for (uint32_t v = 0; v < 1U << 24; v += 37) {
        const uint8_t in[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        encoding_base64url(bytes_of(in, sizeof in), text);
        assert_ok(encoding_unbase64url(bytes_str(text), out, sizeof out, &len));
        assert_true(bytes_equal(bytes_of(in, 3), bytes_of(out, len)));
    }
}

static void a_result_that_does_not_fit_is_refused(void **state)
{
    uint8_t out[3] = {0x5a, 0x5a, 0x5a};
    size_t len;
    (void)state;
    assert_err(encoding_unbase64(bytes_str("Zm9v"), out, 2, &len), ERR_NO_SPACE);
    assert_err(encoding_unbase64url(bytes_str("Zm8"), out, 1, &len), ERR_NO_SPACE);
    assert_int_equal(out[0] & out[1] & out[2], 0x5a);
    assert_ok(encoding_unbase64(bytes_str("Zm9v"), out, 3, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_rfc_4648),
        cmocka_unit_test(every_byte_has_one_hexadecimal_text),
        cmocka_unit_test(hexadecimal_of_another_length_is_refused),
        cmocka_unit_test(no_byte_string_has_two_base64_texts),
        cmocka_unit_test(texts_that_are_not_canonical_are_refused),
        cmocka_unit_test(all_three_byte_groups_survive),
        cmocka_unit_test(a_result_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
