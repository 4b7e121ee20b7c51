/* SPDX-License-Identifier: Apache-2.0 */

/* Whose prompt is read next, and how much of it. */

#include "unit/test.h"

#include "engine/llama_shares.h"

enum { ROOM = 128, MOST = 512, SLOTS = 6 };

static void give(struct engine_share *s, const uint32_t *left, bool oldest)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        s[i] = (struct engine_share){.left = left[i], .turn = SLOTS - i, .taken = 77};
    engine_shares(s, SLOTS, ROOM, MOST, oldest, true);
}

static void assert_taken(const struct engine_share *s, const uint32_t *taken)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        assert_int_equal(s[i].taken, taken[i]);
}

static void test_nothing_waits_and_nothing_is_given(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    give(s, (const uint32_t[SLOTS]){0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){0});
    give(s, (const uint32_t[SLOTS]){0}, true);
    assert_taken(s, (const uint32_t[SLOTS]){0});
}

static void test_who_needs_the_fewest_steps_comes_first(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    give(s, (const uint32_t[SLOTS]){1000, 0, 300, 40, 260, 0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){0, 0, 0, 40, 0, 0});
}

static void test_among_equals_the_lowest_slot_comes_first(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    /* The second is shorter, but needs as many steps. */
    give(s, (const uint32_t[SLOTS]){0, 250, 226, 0, 230, 0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){0, 128, 0, 0, 0, 0});
}

static void test_short_prompts_share_a_step(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    give(s, (const uint32_t[SLOTS]){24, 24, 24, 24, 24, 24}, false);
    /* 8 of 128 were left for the last, which ends with a few more. */
    assert_taken(s, (const uint32_t[SLOTS]){24, 24, 24, 24, 24, 24});
    give(s, (const uint32_t[SLOTS]){24, 24, 24, 24, 24, 25}, false);
    assert_taken(s, (const uint32_t[SLOTS]){24, 24, 24, 24, 24, 0});
}

static void test_a_second_prompt_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    give(s, (const uint32_t[SLOTS]){0, 100, 100, 20, 0, 0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){0, 100, 0, 0, 0, 0});
    give(s, (const uint32_t[SLOTS]){0, 60, 60, 20, 0, 0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){0, 60, 60, 20, 0, 0});
}

static void test_one_by_one_each_prompt_has_its_own_step(void **state)
{
    (void)state;
    struct engine_share s[SLOTS] = {{.left = 0}, {.left = 24}, {.left = 24}, {.left = 24}};
    engine_shares(s, SLOTS, ROOM, MOST, false, false);
    assert_taken(s, (const uint32_t[SLOTS]){0, 24, 0, 0, 0, 0});
    s[1].left = 0;
    engine_shares(s, SLOTS, ROOM, MOST, false, false);
    assert_taken(s, (const uint32_t[SLOTS]){0, 0, 24, 0, 0, 0});
}

static void test_no_crumb_of_a_prompt_is_left_over(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    give(s, (const uint32_t[SLOTS]){144, 0, 0, 0, 0, 0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){144, 0, 0, 0, 0, 0});
    give(s, (const uint32_t[SLOTS]){145, 0, 0, 0, 0, 0}, false);
    assert_taken(s, (const uint32_t[SLOTS]){128, 0, 0, 0, 0, 0});
}

static void test_a_batch_never_holds_more_than_it_has_room_for(void **state)
{
    (void)state;
    struct engine_share s[SLOTS] = {{.left = 520}, {.left = 500}, {.left = 30}};
    engine_shares(s, 3, 512, 512, false, true);
    uint32_t all = s[0].taken + s[1].taken + s[2].taken;
    assert_true(all <= 512);
    assert_int_equal(s[2].taken, 0);
    /* And where an answer has taken some of it. */
    struct engine_share one = {.left = 520};
    engine_shares(&one, 1, 512, 505, false, true);
    assert_int_equal(one.taken, 505);
    engine_shares(&one, 1, 0, 505, false, true);
    assert_int_equal(one.taken, 0);
}

static void test_who_came_first_has_its_turn_behind_shorter_prompts(void **state)
{
    (void)state;
    struct engine_share s[SLOTS];
    give(s, (const uint32_t[SLOTS]){10, 10, 10, 10, 10, 4000}, true);
    assert_taken(s, (const uint32_t[SLOTS]){0, 0, 0, 0, 0, 128});
}

/* Whatever waits, some of it is read, and each prompt comes to its end. */
static void test_every_prompt_comes_to_its_end(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int run = 0; run < 500; run++) {
        struct engine_share s[SLOTS];
        uint32_t left = 0;
        for (uint32_t i = 0; i < SLOTS; i++) {
            seed = seed * 1664525 + 1013904223;
            s[i] = (struct engine_share){.left = (seed >> 8) % 900, .turn = seed >> 28};
            left += s[i].left;
        }
        for (uint32_t step = 1; left != 0; step++) {
            engine_shares(s, SLOTS, ROOM, MOST, step % 8 == 0, run % 2 == 0);
            uint32_t taken = 0;
            for (uint32_t i = 0; i < SLOTS; i++) {
                assert_true(s[i].taken <= s[i].left);
                s[i].left -= s[i].taken;
                taken += s[i].taken;
            }
            assert_true(taken > 0 && taken <= ROOM + ROOM / 8);
            left -= taken;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_waits_and_nothing_is_given),
        cmocka_unit_test(test_who_needs_the_fewest_steps_comes_first),
        cmocka_unit_test(test_among_equals_the_lowest_slot_comes_first),
        cmocka_unit_test(test_short_prompts_share_a_step),
        cmocka_unit_test(test_a_second_prompt_is_read_whole_or_not_at_all),
        cmocka_unit_test(test_one_by_one_each_prompt_has_its_own_step),
        cmocka_unit_test(test_no_crumb_of_a_prompt_is_left_over),
        cmocka_unit_test(test_a_batch_never_holds_more_than_it_has_room_for),
        cmocka_unit_test(test_who_came_first_has_its_turn_behind_shorter_prompts),
        cmocka_unit_test(test_every_prompt_comes_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
