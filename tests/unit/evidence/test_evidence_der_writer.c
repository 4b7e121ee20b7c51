/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include "evidence/der_writer.h"

static void assert_written(const struct writer *w, const void *wanted, size_t len)
{
    struct bytes out;
    assert_ok(writer_finish(w, &out));
    assert_int_equal(out.len, len);
    assert_memory_equal(out.ptr, wanted, len);
}

/* X.690 section 8.1.3: the lengths at which the form changes. */
static void lengths_take_the_fewest_octets(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        uint8_t head[4];
        size_t head_len;
    } cases[] = {
        {0, {0x04, 0x00}, 2},         {127, {0x04, 0x7f}, 2},       {128, {0x04, 0x81, 0x80}, 3},
        {255, {0x04, 0x81, 0xff}, 3}, {256, {0x04, 0x82, 0x01}, 3}, {65535, {0x04, 0x82, 0xff, 0xff}, 4},
    };
    static uint8_t content[65536];
    static uint8_t buffer[65600];
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < test_count(cases); i++) {
        struct writer w = writer_into(buffer, sizeof buffer);
        der_put(&w, DER_OCTET_STRING, bytes_of(content, cases[i].len));
        assert_false(w.failed);
        assert_memory_equal(buffer, cases[i].head, cases[i].head_len);
        struct reader r = reader_over(bytes_of(buffer, w.used));
        assert_true(bytes_equal(der_value(&r, DER_OCTET_STRING), bytes_of(content, cases[i].len)));
        assert_ok(reader_finish(&r));
    }
    struct writer w = writer_into(buffer, sizeof buffer);
    der_put(&w, DER_OCTET_STRING, bytes_of(content, sizeof content));
    assert_true(w.failed);
}

static void integers_take_the_fewest_octets_and_stay_positive(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        uint8_t der[12];
        size_t len;
    } cases[] = {
        {0, {0x02, 0x01, 0x00}, 3},
        {0x7f, {0x02, 0x01, 0x7f}, 3},
        {0x80, {0x02, 0x02, 0x00, 0x80}, 4},
        {0x20002, {0x02, 0x03, 0x02, 0x00, 0x02}, 5},
        {UINT64_MAX, {0x02, 0x09, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 11},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        uint8_t buffer[16];
        struct writer w = writer_into(buffer, sizeof buffer);
        der_put_uint(&w, cases[i].value);
        assert_written(&w, cases[i].der, cases[i].len);
    }
}

static void integers_of_any_size_lose_their_zeros(void **state)
{
    (void)state;
    static const struct {
        uint8_t octets[4];
        size_t size;
        uint8_t der[8];
        size_t len;
    } cases[] = {
        {{0, 0, 0x7f, 1}, 4, {0x02, 0x02, 0x7f, 0x01}, 4},
        {{0, 0, 0x80, 1}, 4, {0x02, 0x03, 0x00, 0x80, 0x01}, 5},
        {{0, 0, 0, 0}, 4, {0x02, 0x01, 0x00}, 3},
        {{0xff, 0, 0, 0}, 4, {0x02, 0x05, 0x00, 0xff, 0x00, 0x00, 0x00}, 7},
        {{0}, 0, {0x02, 0x01, 0x00}, 3},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        uint8_t buffer[16];
        struct writer w = writer_into(buffer, sizeof buffer);
        der_put_big_uint(&w, bytes_of(cases[i].octets, cases[i].size));
        assert_written(&w, cases[i].der, cases[i].len);
    }
}

static void a_generalized_time_is_one_in_every_year(void **state)
{
    (void)state;
    uint8_t buffer[32];
    struct writer w = writer_into(buffer, sizeof buffer);
    der_put_generalized_time(&w, 1683763200);
    assert_written(&w,
                   "\x18\x0f"
                   "20230511000000Z",
                   17);
}

static void flags_read_back(void **state)
{
    (void)state;
    static const uint8_t cert_sign[] = {0x03, 0x02, 0x02, 0x04}; /* as in AMD's intermediate */
    uint8_t buffer[16];
    struct writer w = writer_into(buffer, sizeof buffer);
    der_put_flags(&w, 1U << 5);
    assert_written(&w, cert_sign, sizeof cert_sign);
    for (unsigned flags = 1; flags <= UINT16_MAX; flags++) {
        w = writer_into(buffer, sizeof buffer);
        der_put_flags(&w, (uint16_t)flags);
        struct reader r = reader_over(bytes_of(buffer, w.used));
        assert_int_equal(der_flags(&r), flags);
        assert_ok(reader_finish(&r));
    }
}

static void times_change_their_form_in_2050(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *der;
    } cases[] = {
        {0, "\x17\x0d"
            "700101000000Z"},
        {2524607999, "\x17\x0d"
                     "491231235959Z"},
        {2524608000, "\x18\x0f"
                     "20500101000000Z"},
        {1709251199, "\x17\x0d"
                     "240229235959Z"},
    };
    uint8_t buffer[32];
    for (size_t i = 0; i < test_count(cases); i++) {
        struct writer w = writer_into(buffer, sizeof buffer);
        der_put_time(&w, cases[i].seconds);
        assert_written(&w, cases[i].der, strlen(cases[i].der));
        struct reader r = reader_over(bytes_of(buffer, w.used));
        assert_true(der_time(&r) == cases[i].seconds);
        assert_ok(reader_finish(&r));
    }
    struct writer w = writer_into(buffer, sizeof buffer);
    der_put_time(&w, 253402300800); /* the year 10000 */
    assert_true(w.failed);
}

static void what_does_not_fit_fails(void **state)
{
    (void)state;
    static const uint8_t content[200];
    uint8_t buffer[202]; /* one octet too few for tag, two octets of length and content */
    struct writer w = writer_into(buffer, sizeof buffer);
    der_put(&w, DER_OCTET_STRING, bytes_of(content, sizeof content));
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_take_the_fewest_octets),
        cmocka_unit_test(integers_take_the_fewest_octets_and_stay_positive),
        cmocka_unit_test(integers_of_any_size_lose_their_zeros),
        cmocka_unit_test(a_generalized_time_is_one_in_every_year),
        cmocka_unit_test(flags_read_back),
        cmocka_unit_test(times_change_their_form_in_2050),
        cmocka_unit_test(what_does_not_fit_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
