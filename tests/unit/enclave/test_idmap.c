/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdlib.h>

#include "enclave/idmap.h"

static void numbers_start_at_one_and_never_come_back(void **state)
{
    (void)state;
    struct idmap map = {0};
    uint64_t first;
    uint64_t second;
    int a;
    int b;
    assert_null(idmap_find(&map, 1));
    assert_ok(idmap_add(&map, &a, &first));
    assert_int_equal(first, 1);
    idmap_remove(&map, first);
    assert_null(idmap_find(&map, first));
    assert_ok(idmap_add(&map, &b, &second));
    assert_int_equal(second, 2);
    assert_null(idmap_find(&map, first));
    assert_null(idmap_find(&map, 0));
    assert_ptr_equal(idmap_find(&map, second), &b);
    idmap_free(&map);
}

/* The same sequence every time, so that a failure can be repeated (Marsaglia, "Xorshift RNGs"). */
static uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Against a plain array, with removals in an order that makes chains of probes and holes in them. */
static void it_agrees_with_an_array(void **state)
{
    (void)state;
    enum { OPERATIONS = 200000, IDS = OPERATIONS + 1 };
    struct idmap map = {0};
    int *values = calloc(IDS, sizeof *values);
    bool *live = calloc(IDS, sizeof *live);
    assert_true(values != NULL && live != NULL);
    size_t count = 0;
    uint64_t last = 0;
    uint64_t seed = 7;
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (next_number(&seed) % 5 < 3) {
            uint64_t id;
            assert_ok(idmap_add(&map, &values[last + 1], &id));
            assert_int_equal(id, ++last);
            live[id] = true;
            count++;
        } else if (last != 0) {
            uint64_t id = 1 + next_number(&seed) % last;
            idmap_remove(&map, id); /* harmless when it is gone already */
            count -= live[id];
            live[id] = false;
        }
        assert_int_equal(map.count, count);
    }
    for (uint64_t id = 1; id <= last; id++)
        assert_ptr_equal(idmap_find(&map, id), live[id] ? &values[id] : NULL);
    assert_null(idmap_find(&map, last + 1));
    idmap_free(&map);
    free(live);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_start_at_one_and_never_come_back),
        cmocka_unit_test(it_agrees_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
