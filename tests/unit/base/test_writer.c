/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"

static const uint8_t some[3] = {0xa0, 0xa1, 0xa2};

static void put_u8(struct writer *w)
{
    writer_u8(w, 0x11);
}
static void put_u16be(struct writer *w)
{
    writer_u16be(w, 0x1122);
}
static void put_u24be(struct writer *w)
{
    writer_u24be(w, 0x112233);
}
static void put_u32be(struct writer *w)
{
    writer_u32be(w, 0x11223344);
}
static void put_u64be(struct writer *w)
{
    writer_u64be(w, 0x1122334455667788);
}
static void put_u16le(struct writer *w)
{
    writer_u16le(w, 0x1122);
}
static void put_u32le(struct writer *w)
{
    writer_u32le(w, 0x11223344);
}
static void put_u64le(struct writer *w)
{
    writer_u64le(w, 0x1122334455667788);
}
static void put_bytes(struct writer *w)
{
    writer_bytes(w, bytes_of(some, sizeof some));
}
static void put_str(struct writer *w)
{
    writer_str(w, "anvil");
}
static void put_zeros(struct writer *w)
{
    writer_zeros(w, 4);
}
static void put_nothing(struct writer *w)
{
    writer_bytes(w, (struct bytes){0});
}

static const struct {
    void (*put)(struct writer *);
    size_t size;
    uint8_t wanted[8];
} cases[] = {
    {put_u8, 1, {0x11}},
    {put_u16be, 2, {0x11, 0x22}},
    {put_u24be, 3, {0x11, 0x22, 0x33}},
    {put_u32be, 4, {0x11, 0x22, 0x33, 0x44}},
    {put_u64be, 8, {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88}},
    {put_u16le, 2, {0x22, 0x11}},
    {put_u32le, 4, {0x44, 0x33, 0x22, 0x11}},
    {put_u64le, 8, {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11}},
    {put_bytes, 3, {0xa0, 0xa1, 0xa2}},
    {put_str, 5, {'a', 'n', 'v', 'i', 'l'}},
    {put_zeros, 4, {0}},
    {put_nothing, 0, {0}},
};

static void each_thing_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    for (size_t room = 0; room <= 10; room++) {
        for (size_t before = 0; before <= room; before++) {
            for (size_t k = 0; k < test_count(cases); k++) {
                uint8_t *buffer = malloc(room == 0 ? 1 : room);
                struct bytes out;
                assert_non_null(buffer);
                memset(buffer, 0xee, room);
                struct writer w = writer_into(buffer, room);
                writer_zeros(&w, before);
                cases[k].put(&w);
                if (before + cases[k].size <= room) {
                    assert_ok(writer_finish(&w, &out));
                    assert_int_equal(out.len, before + cases[k].size);
                    assert_memory_equal(out.ptr + before, cases[k].wanted, cases[k].size);
                } else {
                    assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
                    assert_int_equal(out.len, 0);
                    assert_int_equal(w.used, before);
                }
                for (size_t i = w.used; i < room; i++)
                    assert_int_equal(buffer[i], 0xee);
                free(buffer);
            }
        }
    }
}

static void a_failure_is_sticky(void **state)
{
    uint8_t buffer[4];
    struct bytes out;
    (void)state;
    struct writer w = writer_into(buffer, sizeof buffer);
    writer_u8(&w, 1);
    writer_u32be(&w, 2);
    writer_u8(&w, 3); /* would fit */
    assert_int_equal(w.used, 1);
    assert_null(writer_reserve(&w, 0));
    assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
}

static void a_reserved_size_larger_than_memory_is_refused(void **state)
{
    uint8_t buffer[4];
    (void)state;
    struct writer w = writer_into(buffer, sizeof buffer);
    writer_u8(&w, 1);
    assert_null(writer_reserve(&w, SIZE_MAX));
    assert_true(w.failed);
}

static void no_room_and_no_address_is_an_empty_result(void **state)
{
    struct bytes out;
    (void)state;
    struct writer w = writer_into(NULL, 0);
    writer_str(&w, "");
    assert_ok(writer_finish(&w, &out));
    assert_int_equal(out.len, 0);
    writer_u8(&w, 0);
    assert_err(writer_finish(&w, &out), ERR_NO_SPACE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_is_written_whole_or_not_at_all),
        cmocka_unit_test(a_failure_is_sticky),
        cmocka_unit_test(a_reserved_size_larger_than_memory_is_refused),
        cmocka_unit_test(no_room_and_no_address_is_an_empty_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
