/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

enum { INPUT_MAX = 12 };

#define ADAPTER(name)                                                                                        \
    static uint64_t read_##name(struct reader *r)                                                            \
    {                                                                                                        \
        return reader_##name(r);                                                                             \
    }
ADAPTER(u8)
ADAPTER(u16be)
ADAPTER(u24be)
ADAPTER(u32be)
ADAPTER(u64be)
ADAPTER(u16le)
ADAPTER(u24le)
ADAPTER(u32le)
ADAPTER(u64le)

static const struct {
    uint64_t (*read)(struct reader *);
    size_t size;
    bool big;
} integers[] = {
    {read_u8, 1, true},     {read_u16be, 2, true},  {read_u24be, 3, true},
    {read_u32be, 4, true},  {read_u64be, 8, true},  {read_u16le, 2, false},
    {read_u24le, 3, false}, {read_u32le, 4, false}, {read_u64le, 8, false},
};

/* In a heap block of exactly that size, so that AddressSanitizer sees a step too far. */
static uint8_t *numbered(size_t len)
{
    uint8_t *block = malloc(len + (len == 0));
    assert_non_null(block);
    for (size_t i = 0; i < len; i++)
        block[i] = (uint8_t)(0xf1 - 13 * i);
    return block;
}

static uint64_t expected_integer(const uint8_t *at, size_t size, bool big)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << 8 * (big ? size - 1 - i : i);
    return value;
}

static void integers_of_every_size_at_every_offset_in_every_input(void **state)
{
    (void)state;
    for (size_t len = 0; len <= INPUT_MAX; len++) {
        uint8_t *input = numbered(len);
        for (size_t skip = 0; skip <= len; skip++) {
            for (size_t k = 0; k < test_count(integers); k++) {
                struct reader r = reader_over(bytes_of(input, len));
                assert_int_equal(reader_bytes(&r, skip).len, skip);
                uint64_t value = integers[k].read(&r);
                if (skip + integers[k].size <= len) {
                    assert_true(value == expected_integer(input + skip, integers[k].size, integers[k].big));
                    assert_ok(reader_status(&r));
                    assert_int_equal(r.left, len - skip - integers[k].size);
                    assert_err(reader_finish(&r), r.left == 0 ? ERR_OK : ERR_TRAILING);
                } else {
                    assert_true(value == 0);
                    assert_err(reader_status(&r), ERR_TRUNCATED);
                    assert_int_equal(r.failed_at, skip);
                }
            }
        }
        free(input);
    }
}

static void after_a_failure_every_read_gives_nothing(void **state)
{
    static const uint8_t input[4] = {1, 2, 3, 4};
    uint8_t copied[2] = {9, 9};
    (void)state;
    struct reader r = reader_over(bytes_of(input, sizeof input));
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_u64be(&r), 0);
    assert_int_equal(reader_u8(&r), 0);
    assert_null(reader_bytes(&r, 1).ptr);
    assert_int_equal(reader_bytes(&r, 0).len, 0);
    reader_copy(&r, copied, sizeof copied);
    assert_int_equal(copied[0] | copied[1], 0);
    assert_int_equal(reader_rest(&r).len, 0);
    struct reader sub = reader_sub(&r, 0);
    assert_err(reader_finish(&sub), ERR_TRUNCATED);
    reader_fail(&r, ERR_VALUE);
    assert_err(reader_finish(&r), ERR_TRUNCATED);
    assert_int_equal(r.failed_at, 1);
}

static void a_length_larger_than_memory_is_refused(void **state)
{
    static const uint8_t input[4] = {1, 2, 3, 4};
    const size_t lengths[] = {5, SIZE_MAX, SIZE_MAX - 3, (size_t)1 << 63};
    (void)state;
    for (size_t i = 0; i < test_count(lengths); i++) {
        struct reader r = reader_over(bytes_of(input, sizeof input));
        assert_null(reader_bytes(&r, lengths[i]).ptr);
        assert_err(reader_finish(&r), ERR_TRUNCATED);
        r = reader_over(bytes_of(input, sizeof input));
        struct reader sub = reader_sub(&r, lengths[i]);
        assert_err(reader_status(&sub), ERR_TRUNCATED);
        assert_err(reader_status(&r), ERR_TRUNCATED);
    }
}

static void bytes_are_given_in_place(void **state)
{
    static const uint8_t input[4] = {1, 2, 3, 4};
    (void)state;
    struct reader r = reader_over(bytes_of(input, sizeof input));
    assert_ptr_equal(reader_bytes(&r, 2).ptr, input);
    struct bytes rest = reader_rest(&r);
    assert_ptr_equal(rest.ptr, input + 2);
    assert_int_equal(rest.len, 2);
    assert_ok(reader_finish(&r));
}

static void a_sub_reader_ends_where_it_should_and_knows_its_offset(void **state)
{
    static const uint8_t input[6] = {1, 2, 3, 4, 5, 6};
    (void)state;
    struct reader r = reader_over(bytes_of(input, sizeof input));
    (void)reader_u8(&r);
    struct reader sub = reader_sub(&r, 3);
    assert_int_equal(reader_u24be(&sub), 0x020304);
    assert_ok(reader_finish(&sub));
    assert_int_equal(reader_u8(&sub), 0);
    assert_int_equal(sub.failed_at, 4);
    assert_ok(reader_status(&r));
    assert_int_equal(reader_u16be(&r), 0x0506);
    assert_ok(reader_finish(&r));
}

static void a_reserved_field_must_be_zero_in_every_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len <= INPUT_MAX; len++) {
        for (size_t wrong = 0; wrong <= len; wrong++) {
            uint8_t *input = calloc(1, len + 1);
            assert_non_null(input);
            input[wrong] = 0x80; /* wrong == len: behind the field */
            struct reader r = reader_over(bytes_of(input, len + 1));
            reader_zeros(&r, len);
            assert_err(reader_status(&r), wrong == len ? ERR_OK : ERR_NOT_ZERO);
            assert_int_equal(r.failed_at, 0);
            free(input);
        }
    }
    struct reader r = reader_over((struct bytes){0});
    reader_zeros(&r, 1);
    assert_err(reader_finish(&r), ERR_TRUNCATED);
}

static void an_empty_input_without_an_address_is_fine(void **state)
{
    uint8_t copied[3] = {7, 7, 7};
    (void)state;
    struct reader r = reader_over((struct bytes){0});
    reader_copy(&r, copied, 0);
    assert_int_equal(copied[0], 7);
    assert_int_equal(reader_rest(&r).len, 0);
    assert_ok(reader_finish(&r));
    reader_copy(&r, copied, sizeof copied);
    assert_int_equal(copied[0] | copied[1] | copied[2], 0);
    assert_err(reader_finish(&r), ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_of_every_size_at_every_offset_in_every_input),
        cmocka_unit_test(after_a_failure_every_read_gives_nothing),
        cmocka_unit_test(a_length_larger_than_memory_is_refused),
        cmocka_unit_test(bytes_are_given_in_place),
        cmocka_unit_test(a_sub_reader_ends_where_it_should_and_knows_its_offset),
        cmocka_unit_test(a_reserved_field_must_be_zero_in_every_byte),
        cmocka_unit_test(an_empty_input_without_an_address_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
