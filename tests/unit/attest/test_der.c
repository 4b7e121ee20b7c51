/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "attest/der.h"
#include "unit/test.h"

#define BYTES(...) bytes_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static bool reads_value(struct bytes der, uint8_t tag)
{
    struct reader r = reader_over(der);
    (void)der_value(&r, tag);
    return reader_finish(&r) == ERR_OK;
}

static void lengths_are_definite_and_minimal(void **state)
{
    (void)state;
    static uint8_t long_form[3 + 128] = {0x04, 0x81, 0x80};
    assert_true(reads_value(BYTES(0x04, 0x01, 0xaa), DER_OCTET_STRING));
    assert_true(reads_value(BYTES(0x04, 0x00), DER_OCTET_STRING));
    assert_true(reads_value(bytes_of(long_form, sizeof long_form), DER_OCTET_STRING));
    assert_false(reads_value(BYTES(0x04, 0x80, 0x00, 0x00), DER_OCTET_STRING)); /* indefinite */
    assert_false(reads_value(BYTES(0x04, 0x81, 0x01, 0xaa), DER_OCTET_STRING)); /* fits the short form */
    assert_false(reads_value(BYTES(0x04, 0x82, 0x00, 0x01, 0xaa), DER_OCTET_STRING)); /* leading zero */
    assert_false(reads_value(BYTES(0x04, 0x84, 0, 0, 0, 1, 0xaa), DER_OCTET_STRING)); /* too wide */
    assert_false(reads_value(BYTES(0x04, 0xff), DER_OCTET_STRING));
    assert_false(reads_value(BYTES(0x04, 0x02, 0xaa), DER_OCTET_STRING)); /* cut */
    assert_false(reads_value(BYTES(0x04), DER_OCTET_STRING));
    assert_false(reads_value(BYTES(0x05, 0x01, 0xaa), DER_OCTET_STRING)); /* another tag */
}

/* Where the content is long enough for each of the wrong ways to write its length. */
static void long_lengths_have_one_encoding(void **state)
{
    (void)state;
    enum { HEADER_MAX = 6, MOST = 1 << 24 };
    static uint8_t der[HEADER_MAX + MOST];
    static const struct {
        uint8_t header[HEADER_MAX];
        size_t header_len, len;
        bool good;
    } rows[] = {
        {{0x04, 0x7f}, 2, 0x7f, true},
        {{0x04, 0x80}, 2, 0x80, false}, /* indefinite */
        {{0x04, 0x81, 0x7f}, 3, 0x7f, false},
        {{0x04, 0x81, 0x80}, 3, 0x80, true},
        {{0x04, 0x82, 0x00, 0x80}, 4, 0x80, false},
        {{0x04, 0x82, 0x01, 0x00}, 4, 0x100, true},
        {{0x04, 0x83, 0x00, 0x01, 0x00}, 5, 0x100, false},
        {{0x04, 0x83, 0x01, 0x00, 0x00}, 5, 0x10000, true},
        {{0x04, 0x83, 0xff, 0xff, 0xff}, 5, 0xffffff, true},
        {{0x04, 0x84, 0x01, 0x00, 0x00, 0x00}, 6, 0x1000000, false}, /* more than is read */
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        memcpy(der, rows[i].header, rows[i].header_len);
        if (reads_value(bytes_of(der, rows[i].header_len + rows[i].len), DER_OCTET_STRING) != rows[i].good)
            fail_msg("row %zu", i);
    }
}

static void integers_have_one_encoding(void **state)
{
    (void)state;
    static const struct {
        uint8_t der[12];
        size_t len;
        bool good;
        uint64_t value;
    } rows[] = {
        {{0x02, 1, 0}, 3, true, 0},
        {{0x02, 1, 0x7f}, 3, true, 0x7f},
        {{0x02, 2, 0, 0x80}, 4, true, 0x80},
        {{0x02, 2, 0x01, 0x00}, 4, true, 0x100},
        {{0x02, 8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 10, true, INT64_MAX},
        {{0x02, 9, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         11,
         false,
         0}, /* nine octets: wider than is read */
        {{0x02, 0}, 2, false, 0},
        {{0x02, 1, 0x80}, 3, false, 0},
        {{0x02, 2, 0, 0x7f}, 4, false, 0},
        {{0x02, 2, 0, 0}, 4, false, 0},
        {{0x02, 2, 0xff, 0xff}, 4, false, 0},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct reader r = reader_over(bytes_of(rows[i].der, rows[i].len));
        assert_true(der_uint(&r, UINT64_MAX) == rows[i].value);
        assert_int_equal(reader_finish(&r) == ERR_OK, rows[i].good);
    }
    struct reader r = reader_over(BYTES(0x02, 0x01, 0x06));
    (void)der_uint(&r, 5);
    assert_err(reader_finish(&r), ERR_CERTIFICATE);
}

static void booleans_are_00_or_ff(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        const uint8_t der[] = {0x01, 0x01, (uint8_t)value};
        struct reader r = reader_over(bytes_of(der, sizeof der));
        assert_int_equal(der_bool(&r), value == 0xff);
        assert_int_equal(reader_finish(&r) == ERR_OK, value == 0 || value == 0xff);
    }
}

static void bit_strings_have_no_stray_bits(void **state)
{
    (void)state;
    struct reader r = reader_over(BYTES(0x03, 0x02, 0x01, 0x06));
    assert_int_equal(der_flags(&r), 1U << 5 | 1U << 6);
    assert_ok(reader_finish(&r));
    r = reader_over(BYTES(0x03, 0x02, 0x01, 0x07)); /* a padding bit */
    (void)der_flags(&r);
    assert_err(reader_finish(&r), ERR_CERTIFICATE);
    r = reader_over(BYTES(0x03, 0x02, 0x08, 0x00));
    (void)der_flags(&r);
    assert_err(reader_finish(&r), ERR_CERTIFICATE);
    r = reader_over(BYTES(0x03, 0x02, 0x01, 0xaa)); /* whole octets were asked for */
    (void)der_bits(&r);
    assert_err(reader_finish(&r), ERR_CERTIFICATE);
    r = reader_over(BYTES(0x03, 0x02, 0x07, 0x80)); /* one bit, and seven that are none */
    assert_int_equal(der_flags(&r), 1);
    assert_ok(reader_finish(&r));
    r = reader_over(BYTES(0x03, 0x03, 0x00, 0x80, 0x01)); /* as many as are read */
    assert_int_equal(der_flags(&r), 0x8001);
    assert_ok(reader_finish(&r));
    static const struct {
        uint8_t der[6];
        size_t len;
    } wrong[] = {{{0x03, 0x00}, 2}, {{0x03, 0x01, 0x00}, 3}, {{0x03, 0x04, 0x00, 0x00, 0x00, 0x00}, 6}};
    for (size_t i = 0; i < test_count(wrong); i++) {
        r = reader_over(bytes_of(wrong[i].der, wrong[i].len));
        assert_int_equal(der_flags(&r), 0);
        assert_err(reader_finish(&r), ERR_CERTIFICATE);
    }
    r = reader_over(BYTES(0x05, 0x01, 0x00)); /* NULL has no content */
    der_null(&r);
    assert_err(reader_finish(&r), ERR_CERTIFICATE);
    r = reader_over(BYTES(0x03, 0x00));
    (void)der_bits(&r);
    assert_err(reader_finish(&r), ERR_CERTIFICATE);
}

static void times_are_those_of_rfc_5280(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        bool good;
        int64_t time;
    } rows[] = {
        {DER_UTC_TIME, "700101000000Z", true, 0},
        {DER_UTC_TIME, "220924005528Z", true, 1663980928},
        {DER_UTC_TIME, "491231235959Z", true, 2524607999},
        {DER_UTC_TIME, "500101000000Z", true, -631152000},
        {DER_UTC_TIME, "000229120000Z", true, 951825600},
        {DER_GENERALIZED_TIME, "20500101000000Z", true, 2524608000},
        {DER_GENERALIZED_TIME, "99991231235959Z", true, 253402300799},
        {DER_GENERALIZED_TIME, "20491231235959Z", false, 0}, /* UTCTime's */
        {DER_GENERALIZED_TIME, "21000229000000Z", false, 0}, /* no leap year */
        {DER_GENERALIZED_TIME, "20500101000000.5Z", false, 0},
        {DER_UTC_TIME, "230229000000Z", false, 0},
        {DER_UTC_TIME, "221324005528Z", false, 0},
        {DER_UTC_TIME, "220024005528Z", false, 0},
        {DER_UTC_TIME, "220900005528Z", false, 0},
        {DER_UTC_TIME, "220924245528Z", false, 0},
        {DER_UTC_TIME, "220924006028Z", false, 0},
        {DER_UTC_TIME, "220924005560Z", false, 0},
        {DER_UTC_TIME, "2209240055Z", false, 0},
        {DER_UTC_TIME, "220924005528+0000", false, 0},
        {DER_UTC_TIME, "22092400552:Z", false, 0},
        {DER_UTC_TIME, "220924005528ZZ", false, 0},
        {DER_UTC_TIME, "220924005528z", false, 0},
        {DER_GENERALIZED_TIME, "20500101000000ZZ", false, 0},
        {DER_UTC_TIME, "", false, 0},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        uint8_t der[32] = {rows[i].tag, (uint8_t)strlen(rows[i].text)};
        memcpy(der + 2, rows[i].text, strlen(rows[i].text));
        struct reader r = reader_over(bytes_of(der, 2 + strlen(rows[i].text)));
        int64_t time = der_time(&r);
        if ((reader_finish(&r) == ERR_OK) != rows[i].good || time != rows[i].time)
            fail_msg("%s: %lld", rows[i].text, (long long)time);
    }
}

/* RFC 6960 section 4.2.2.1; and NVIDIA's certificates. */
static void generalized_times_are_of_any_year_where_that_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        bool good, good_generalized;
        int64_t time;
    } rows[] = {
        {DER_GENERALIZED_TIME, "20230511000000Z", true, true, 1683763200},
        {DER_GENERALIZED_TIME, "19500101000000Z", true, true, -631152000},
        {DER_GENERALIZED_TIME, "99991231235959Z", true, true, 253402300799},
        {DER_GENERALIZED_TIME, "19491231235959Z", false, false, 0},
        {DER_GENERALIZED_TIME, "00000101000000Z", false, false, 0},
        {DER_GENERALIZED_TIME, "20230230000000Z", false, false, 0},
        {DER_UTC_TIME, "230511000000Z", true, false, 1683763200},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        uint8_t der[32] = {rows[i].tag, (uint8_t)strlen(rows[i].text)};
        memcpy(der + 2, rows[i].text, strlen(rows[i].text));
        const struct bytes whole = bytes_of(der, 2 + strlen(rows[i].text));
        struct reader r = reader_over(whole);
        assert_int_equal(der_time_any(&r), rows[i].time);
        assert_int_equal(reader_finish(&r) == ERR_OK, rows[i].good);
        r = reader_over(whole);
        assert_int_equal(der_generalized_time(&r), rows[i].good_generalized ? rows[i].time : 0);
        assert_int_equal(reader_status(&r) == ERR_OK, rows[i].good_generalized);
        assert_int_equal(reader_finish(&r) == ERR_OK, rows[i].good_generalized);
    }
}

static void what_is_left_inside_an_element_is_noticed(void **state)
{
    (void)state;
    struct reader r = reader_over(BYTES(0x30, 0x04, 0x05, 0x00, 0x05, 0x00));
    struct reader seq = der_open(&r, DER_SEQUENCE);
    der_null(&seq);
    struct reader early = r;
    der_close(&early, &seq);
    assert_err(reader_finish(&early), ERR_CERTIFICATE);
    der_null(&seq);
    der_close(&r, &seq);
    assert_ok(reader_finish(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_definite_and_minimal),
        cmocka_unit_test(long_lengths_have_one_encoding),
        cmocka_unit_test(integers_have_one_encoding),
        cmocka_unit_test(booleans_are_00_or_ff),
        cmocka_unit_test(bit_strings_have_no_stray_bits),
        cmocka_unit_test(times_are_those_of_rfc_5280),
        cmocka_unit_test(generalized_times_are_of_any_year_where_that_is_asked_for),
        cmocka_unit_test(what_is_left_inside_an_element_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
