/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <string.h>

#include "base/encoding.h"

/* RFC 3629 section 3, the other way round: the text of a code point. */
static size_t utf8_of(uint32_t c, uint8_t out[static 4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

static void every_code_point_is_judged_and_its_beginnings_are_incomplete(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x140000; c++) {
        uint8_t text[5] = {'x'};
        size_t size = utf8_of(c, text + 1);
        bool valid = c < 0xd800 || (c > 0xdfff && c < 0x110000);
        if (encoding_is_utf8(bytes_of(text, size + 1)) != valid)
            fail_msg("U+%04X", c);
        for (size_t cut = 1; cut < size && valid; cut++) {
            if (encoding_is_utf8(bytes_of(text, cut + 1)) ||
                encoding_utf8_incomplete(bytes_of(text, cut + 1)) != cut)
                fail_msg("U+%04X cut to %zu bytes", c, cut);
        }
        if (encoding_utf8_incomplete(bytes_of(text, size + 1)) != 0 && valid)
            fail_msg("U+%04X is complete", c);
    }
}

/* Every sequence of one, two and three bytes: valid exactly when it is the text of code points. */
static size_t valid_size(const uint8_t *text, size_t len)
{
    uint8_t wanted[4];
    for (size_t size = 1; size <= len; size++) {
        uint32_t c = size == 1 ? text[0] : text[0] & (0x7fU >> size);
        for (size_t i = 1; i < size; i++)
            c = c << 6 | (text[i] & 0x3f);
        if ((c < 0xd800 || c > 0xdfff) && utf8_of(c, wanted) == size && memcmp(wanted, text, size) == 0)
            return size;
    }
    return 0;
}

static void every_short_sequence_is_judged_as_by_its_definition(void **state)
{
    (void)state;
    for (uint32_t v = 0; v < 1U << 24; v++) {
        const uint8_t text[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        size_t at = 0;
        while (at < 3) {
            size_t size = valid_size(text + at, 3 - at);
            if (size == 0)
                break;
            at += size;
        }
        if (encoding_is_utf8(bytes_of(text, 3)) != (at == 3))
            fail_msg("%02x %02x %02x", text[0], text[1], text[2]);
    }
}

static void ill_formed_sequences_are_refused(void **state)
{
    static const char *const wrong[] = {"\x80",
                                        "\xbf",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x80\x80",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xed\xbf\xbf",
                                        "\xf0\x80\x80\x80",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xfe",
                                        "\xff",
                                        "\xc3\x28",
                                        "\xe2\x28\xa1",
                                        "\xe2\x82\x28",
                                        "\xf0\x28\x8c\xbc",
                                        "a\xe2\x82",
                                        "\xf0\x9f\x98",
                                        "\xf8\x88\x80\x80\x80"};
    (void)state;
    for (size_t i = 0; i < test_count(wrong); i++)
        assert_false(encoding_is_utf8(bytes_str(wrong[i])));
    assert_true(encoding_is_utf8((struct bytes){0}));
    assert_true(encoding_is_utf8(bytes_of("a\0b", 3)));
}

static void what_can_never_become_a_character_is_not_incomplete(void **state)
{
    (void)state;
    assert_int_equal(encoding_utf8_incomplete((struct bytes){0}), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("abc")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("\x80\x80\x80")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("\xc0")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("\xe0\x80")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("\xed\xa0")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("\xf4\x90")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("\xff")), 0);
    assert_int_equal(encoding_utf8_incomplete(bytes_str("a\xf0\x9f\x98")), 3);
}

static void the_first_character_has_a_size(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {{"", 0},       {"a\xff", 1},        {"\xc3\xa9 ", 2},        {"\xe2\x82\xac", 3},
                {"\x9b[m", 0}, {"\xc2\x07\x9b", 0}, {"\xe2\x80\x07\xae", 0}, {"\xf0\x9f", 4}};
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        assert_int_equal(encoding_utf8_size(bytes_str(rows[i].text)), rows[i].size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_judged_and_its_beginnings_are_incomplete),
        cmocka_unit_test(every_short_sequence_is_judged_as_by_its_definition),
        cmocka_unit_test(ill_formed_sequences_are_refused),
        cmocka_unit_test(what_can_never_become_a_character_is_not_incomplete),
        cmocka_unit_test(the_first_character_has_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
