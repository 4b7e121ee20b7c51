/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "base/encoding.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

static void blocks_come_one_after_the_other(void **state)
{
    struct bytes text =
        bytes_str("a comment\n" BEGIN "\nZm9v\n" END "\nanother\r\n" BEGIN "\r\n Zm9v\tYm\r\nE=\r\n" END);
    uint8_t out[16];
    size_t len;
    (void)state;
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len));
    assert_true(bytes_is_str(bytes_of(out, len), "foo"));
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len));
    assert_true(bytes_is_str(bytes_of(out, len), "fooba"));
    assert_err(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len), ERR_TRUNCATED);
    assert_int_equal(len, 0);
}

static void blocks_of_another_label_are_passed_over(void **state)
{
    struct bytes text =
        bytes_str("-----BEGIN X509 CRL-----\nZg==\n-----END X509 CRL-----\n" BEGIN "\nZm8=\n" END "\n");
    struct bytes crls = text;
    uint8_t out[16];
    size_t len;
    (void)state;
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len));
    assert_true(bytes_is_str(bytes_of(out, len), "fo"));
    assert_ok(encoding_pem_next(&crls, "X509 CRL", out, sizeof out, &len));
    assert_true(bytes_is_str(bytes_of(out, len), "f"));
}

/* As it stands in a YAML document. */
static void lines_may_be_indented(void **state)
{
    struct bytes text =
        bytes_str("ca: |\n    " BEGIN "\n    Zm9v\n\t" END "\n \t " BEGIN "\nZm8=\n" END "\n");
    uint8_t out[16];
    size_t len;
    (void)state;
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len));
    assert_true(bytes_is_str(bytes_of(out, len), "foo"));
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len));
    assert_true(bytes_is_str(bytes_of(out, len), "fo"));
    text = bytes_str(" \t");
    assert_err(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len), ERR_TRUNCATED);
}

static void what_is_not_a_whole_block_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum err wanted;
    } cases[] = {
        {"", ERR_TRUNCATED},
        {"Zm9v", ERR_TRUNCATED},
        {"-----BEGIN CERTIFICATE----\nZm9v\n" END, ERR_TRUNCATED},
        {"----BEGIN CERTIFICATE-----\nZm9v\n" END, ERR_TRUNCATED},
        {"-----BEGIN CERTIFICATES-----\nZm9v\n" END, ERR_TRUNCATED},
        {"x" BEGIN "\nZm9v\n" END, ERR_TRUNCATED},
        {"x " BEGIN "\nZm9v\n" END, ERR_TRUNCATED},
        {" x" BEGIN "\nZm9v\n" END, ERR_TRUNCATED},
        {BEGIN "\nZm9v\n", ERR_ENCODING},
        {BEGIN "\nZm9v\n-----END CERTIFICATE----", ERR_ENCODING},
        {BEGIN "\nZm9v\n-----END X509 CRL-----", ERR_ENCODING},
        {BEGIN "\nZm9v" END, ERR_ENCODING},
        {BEGIN "\n\n" END, ERR_ENCODING},
        {BEGIN "\nZm9\n" END, ERR_ENCODING},
        {BEGIN "\nZm9*\n" END, ERR_ENCODING},
        {BEGIN "\nZg==\nZg==\n" END, ERR_ENCODING},
        {BEGIN "\nProc-Type: 4,ENCRYPTED\n\nZm9v\n" END, ERR_ENCODING},
        {BEGIN "\nZm9v\n" BEGIN "\nZm9v\n" END, ERR_ENCODING},
    };
    uint8_t out[16];
    size_t len;
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct bytes text = bytes_str(cases[i].text);
        assert_err(encoding_pem_next(&text, "CERTIFICATE", out, sizeof out, &len), cases[i].wanted);
        assert_int_equal(len, 0);
        assert_ptr_equal(text.ptr, cases[i].text);
    }
}

static void a_block_that_does_not_fit_is_refused(void **state)
{
    struct bytes text = bytes_str(BEGIN "\nZm9vYg==\n" END "\n");
    uint8_t out[4];
    size_t len;
    (void)state;
    assert_err(encoding_pem_next(&text, "CERTIFICATE", out, 3, &len), ERR_NO_SPACE);
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", out, 4, &len));
    assert_int_equal(len, 4);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    uint8_t der[200];
    uint8_t back[200];
    char room[512];
    for (size_t i = 0; i < sizeof der; i++)
        der[i] = (uint8_t)(i * 3);
    for (size_t n = 1; n < sizeof der; n++) { /* lines that are full, and not */
        struct writer w = writer_into(room, sizeof room);
        struct bytes text;
        size_t len;
        assert_ok(encoding_pem_write(&w, "CERTIFICATE", bytes_of(der, n)));
        assert_ok(writer_finish(&w, &text));
        assert_ok(encoding_pem_next(&text, "CERTIFICATE", back, sizeof back, &len));
        assert_true(bytes_equal(bytes_of(back, len), bytes_of(der, n)));
        assert_int_equal(text.len, 1); /* the end of the line */
    }
    struct writer w = writer_into(room, sizeof room);
    struct bytes text;
    assert_ok(encoding_pem_write(&w, "X509 CRL", bytes_of(der, 49)));
    assert_ok(writer_finish(&w, &text));
    assert_true(bytes_is_str(text, "-----BEGIN X509 CRL-----\n"
                                   "AAMGCQwPEhUYGx4hJCcqLTAzNjk8P0JFSEtOUVRXWl1gY2ZpbG9ydXh7foGEh4qN\n"
                                   "kA==\n"
                                   "-----END X509 CRL-----\n"));
    w = writer_into(room, 20);
    assert_ok(encoding_pem_write(&w, "CERTIFICATE", bytes_of(der, 49)));
    assert_err(writer_finish(&w, &text), ERR_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_one_after_the_other),
        cmocka_unit_test(blocks_of_another_label_are_passed_over),
        cmocka_unit_test(lines_may_be_indented),
        cmocka_unit_test(what_is_not_a_whole_block_is_refused),
        cmocka_unit_test(a_block_that_does_not_fit_is_refused),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
