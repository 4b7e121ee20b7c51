/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "attest/certificate_table.h"

enum { ENTRY = 24, OFFSET_AT = 16, LENGTH_AT = 20, AREA = 4 * ENTRY + 9 };

/* Laid out by hand: VCEK "v", ASK "as", ARK "ark" of GHCB's GUIDs, in the order of their text. */
static const uint8_t by_hand[AREA] = {
    0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9,
    0x3b, 0xe8, 0xac, 0xcd, 96,   0,    0,    0,    1,    0,    0,    0, //
    0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae,
    0xf3, 0x27, 0xc7, 0x82, 97,   0,    0,    0,    2,    0,    0,    0, //
    0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6,
    0x01, 0x4c, 0xd0, 0xae, 99,   0,    0,    0,    3,    0,    0,    0, //
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, //
    'v',  'a',  's',  'a',  'r',  'k',
};

static void the_layout_is_the_manuals(void **state)
{
    (void)state;
    const struct certificate_table t = {
        .vcek = bytes_str("v"), .ask = bytes_str("as"), .ark = bytes_str("ark")};
    struct certificate_table back;
    uint8_t area[AREA] = {0};
    size_t len;
    assert_ok(certificate_table_write(&t, area, sizeof area, &len));
    assert_int_equal(len, AREA - 3);
    assert_memory_equal(area, by_hand, AREA);
    assert_ok(certificate_table_parse(bytes_of(by_hand, AREA), &back));
    assert_true(bytes_is_str(back.vcek, "v"));
    assert_true(bytes_is_str(back.ask, "as"));
    assert_true(bytes_is_str(back.ark, "ark"));
    assert_err(certificate_table_write(&t, area, len - 1, &len), ERR_NO_SPACE);
}

static void a_wrong_table_is_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        enum err wanted;
    } cases[] = {
        {OFFSET_AT, 95, ERR_VALUE},                /* points into the table */
        {OFFSET_AT, AREA, ERR_TRUNCATED},          /* behind the area */
        {OFFSET_AT + 3, 0xff, ERR_TRUNCATED},      /* far behind */
        {LENGTH_AT, 0, ERR_VALUE},                 /* empty */
        {LENGTH_AT, 10, ERR_TRUNCATED},            /* ends behind the area */
        {LENGTH_AT + 3, 0xff, ERR_TRUNCATED},      /* far behind */
        {3 * ENTRY + OFFSET_AT, 1, ERR_TRUNCATED}, /* not quite an end */
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        struct certificate_table t;
        uint8_t area[AREA];
        memcpy(area, by_hand, AREA);
        area[cases[i].at] = cases[i].value;
        assert_err(certificate_table_parse(bytes_of(area, AREA), &t), cases[i].wanted);
        assert_null(t.vcek.ptr);
        assert_null(t.ark.ptr);
    }
}

static void one_twice_is_refused(void **state)
{
    (void)state;
    struct certificate_table t;
    uint8_t area[AREA];
    memcpy(area, by_hand, AREA);
    memcpy(area + 2 * ENTRY, area, ENTRY); /* the VCEK once more */
    assert_err(certificate_table_parse(bytes_of(area, AREA), &t), ERR_VALUE);
    assert_int_equal(t.vcek.len, 0);
}

static void what_is_missing_is_empty_and_what_is_not_known_left_aside(void **state)
{
    (void)state;
    struct certificate_table t;
    uint8_t area[AREA];
    memcpy(area, by_hand, AREA);
    area[0] ^= 1; /* a GUID of the host's own, with an offset that means something to the host alone */
    area[OFFSET_AT] = 1;
    assert_ok(certificate_table_parse(bytes_of(area, AREA), &t));
    assert_int_equal(t.vcek.len, 0);
    assert_true(bytes_is_str(t.ask, "as"));
    memset(area + ENTRY, 0, ENTRY); /* the end comes after one */
    assert_ok(certificate_table_parse(bytes_of(area, AREA), &t));
    assert_int_equal(t.ask.len, 0);
    assert_int_equal(t.ark.len, 0);
    memset(area, 0, ENTRY);
    assert_ok(certificate_table_parse(bytes_of(area, AREA), &t));
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    const struct certificate_table all = {.vcek = bytes_str("vcek"),
                                          .vlek = bytes_str("vlek"),
                                          .ask = bytes_str("ask"),
                                          .ark = bytes_str("ark"),
                                          .crl = bytes_str("crl")};
    struct certificate_table back;
    uint8_t area[256];
    size_t len;
    assert_ok(certificate_table_write(&all, area, sizeof area, &len));
    assert_ok(certificate_table_parse(bytes_of(area, len), &back));
    assert_true(bytes_equal(back.vcek, all.vcek) && bytes_equal(back.vlek, all.vlek));
    assert_true(bytes_equal(back.ask, all.ask) && bytes_equal(back.ark, all.ark));
    assert_true(bytes_equal(back.crl, all.crl));
}

static void more_entries_than_anybody_needs_are_refused(void **state)
{
    (void)state;
    struct certificate_table t;
    uint8_t area[(CERTIFICATE_TABLE_ENTRIES_MAX + 2) * ENTRY];
    memset(area, 0, sizeof area);
    for (size_t i = 0; i < CERTIFICATE_TABLE_ENTRIES_MAX; i++)
        area[i * ENTRY] = 1;
    assert_ok(certificate_table_parse(bytes_of(area, sizeof area), &t));
    area[CERTIFICATE_TABLE_ENTRIES_MAX * ENTRY] = 1;
    assert_err(certificate_table_parse(bytes_of(area, sizeof area), &t), ERR_TOO_LARGE);
}

static void a_table_without_its_end_is_refused(void **state)
{
    (void)state;
    struct certificate_table t;
    for (size_t n = 0; n < 4 * ENTRY; n++)
        assert_err(certificate_table_parse(bytes_of(by_hand, n), &t), ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_layout_is_the_manuals),
        cmocka_unit_test(a_wrong_table_is_refused),
        cmocka_unit_test(one_twice_is_refused),
        cmocka_unit_test(what_is_missing_is_empty_and_what_is_not_known_left_aside),
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(more_entries_than_anybody_needs_are_refused),
        cmocka_unit_test(a_table_without_its_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
