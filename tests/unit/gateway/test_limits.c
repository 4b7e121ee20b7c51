/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets, what one address or token may have, and the file of tokens. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/tokens.h"
#include "unit/test.h"

static void a_bucket_gives_its_burst_at_once_and_then_its_rate(void **state)
{
    const struct bucket_rule rule = {.rate = 10, .burst = 5};
    struct bucket b;
    (void)state;
    bucket_open(&b, &rule, 1000);
    for (unsigned i = 0; i < 5; i++)
        assert_true(bucket_take(&b, &rule, 1000));
    assert_false(bucket_take(&b, &rule, 1000));
    assert_false(bucket_take(&b, &rule, 1099));
    assert_true(bucket_take(&b, &rule, 1100));
    assert_false(bucket_take(&b, &rule, 1100));
    /* Over a long time it is the rate, however often it is asked. */
    unsigned taken = 0;
    for (uint64_t now = 1100; now < 11100; now += 7)
        taken += bucket_take(&b, &rule, now);
    assert_in_range(taken, 99, 100);
    /* Rest fills it, and no further than that. */
    for (unsigned i = 0; i < 5; i++)
        assert_true(bucket_take(&b, &rule, 1ULL << 60));
    assert_false(bucket_take(&b, &rule, 1ULL << 60));
}

static void a_bucket_in_debt_says_when_it_is_paid(void **state)
{
    const struct bucket_rule rule = {.rate = 1000, .burst = 1000};
    struct bucket b;
    (void)state;
    bucket_open(&b, &rule, 0);
    bucket_charge(&b, &rule, 1000, 0);
    assert_int_equal(bucket_wait(&b, &rule, 0), 0);
    bucket_charge(&b, &rule, 500, 0);
    assert_int_equal(bucket_wait(&b, &rule, 0), 500);
    assert_int_equal(bucket_wait(&b, &rule, 499), 1);
    assert_int_equal(bucket_wait(&b, &rule, 500), 0);
    assert_false(bucket_full(&b, &rule, 1499));
    assert_true(bucket_full(&b, &rule, 1500));
    /* A clock that stands or goes back harms nothing. */
    bucket_charge(&b, &rule, 2000, 1500);
    assert_int_equal(bucket_wait(&b, &rule, 10), 1000);
}

static void no_rate_is_no_limit(void **state)
{
    const struct bucket_rule rule = {0};
    struct bucket b;
    (void)state;
    bucket_open(&b, &rule, 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(bucket_take(&b, &rule, 0));
    bucket_charge(&b, &rule, UINT32_MAX, 0);
    assert_int_equal(bucket_wait(&b, &rule, 0), 0);
}

static void large_rates_and_long_times_do_not_overflow(void **state)
{
    const struct bucket_rule rule = {.rate = UINT32_MAX, .burst = UINT32_MAX};
    struct bucket b;
    (void)state;
    bucket_open(&b, &rule, 0);
    for (unsigned i = 0; i < 100; i++)
        bucket_charge(&b, &rule, UINT32_MAX, 0);
    assert_int_equal(bucket_wait(&b, &rule, 0), 99 * 1000);
    assert_int_equal(bucket_wait(&b, &rule, UINT64_MAX), 0);
    assert_true(bucket_full(&b, &rule, UINT64_MAX));
}

static void a_user_has_so_many_connections(void **state)
{
    const struct limits_rules rules = limits_rules_of(2, 3, 0);
    struct limits_user u;
    (void)state;
    limits_user_open(&u, &rules, 0);
    assert_int_equal(limits_open(&u, 0), LIMITS_FINE);
    assert_int_equal(limits_open(&u, 0), LIMITS_FINE);
    assert_int_equal(limits_open(&u, 0),
                     LIMITS_CONNECTIONS); /* and it has cost the last one of this second */
    limits_close(&u);
    assert_int_equal(limits_open(&u, 0), LIMITS_RATE);
    assert_int_equal(limits_open(&u, 400), LIMITS_FINE);
    assert_int_equal(limits_open(NULL, 0), LIMITS_FINE);
    limits_close(NULL);
    limits_charge(NULL, 5, 0);
    assert_int_equal(limits_wait(NULL, 0), 0);
}

static struct sockaddr_storage at(const char *text)
{
    struct sockaddr_storage where = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&where;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&where;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        where.ss_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        where.ss_family = AF_INET6;
    return where;
}

static struct limits_user *user_at(struct limits_table *t, const char *text)
{
    bool full = false;
    struct sockaddr_storage where = at(text);
    struct limits_user *u = limits_find(t, &where, 0, &full);
    assert_false(full);
    return u;
}

static void an_address_is_one_user_and_so_is_a_network_of_ipv6(void **state)
{
    const struct limits_rules rules = limits_rules_of(1, 0, 0);
    struct limits_table t;
    (void)state;
    assert_ok(limits_table_open(&t, &rules));
    struct limits_user *a = user_at(&t, "192.0.2.1");
    assert_non_null(a);
    assert_ptr_equal(user_at(&t, "192.0.2.1"), a);
    assert_ptr_equal(user_at(&t, "::ffff:192.0.2.1"), a);
    assert_ptr_not_equal(user_at(&t, "192.0.2.2"), a);
    assert_ptr_not_equal(user_at(&t, "::ffff:192.0.2.2"), a);
    struct limits_user *b = user_at(&t, "2001:db8:1:2::1");
    assert_ptr_equal(user_at(&t, "2001:db8:1:2:ffff:1:2:3"), b);
    assert_ptr_not_equal(user_at(&t, "2001:db8:1:3::1"), b);
    assert_null(user_at(&t, "")); /* a UNIX socket has no address */
    assert_int_equal(t.count, 4);
    limits_table_close(&t);
}

static void who_has_gone_and_owes_nothing_is_forgotten(void **state)
{
    const struct limits_rules rules = limits_rules_of(8, 1, 100);
    struct limits_table t;
    (void)state;
    assert_ok(limits_table_open(&t, &rules));
    struct limits_user *a = user_at(&t, "192.0.2.1");
    assert_int_equal(limits_open(a, 0), LIMITS_FINE);
    limits_table_sweep(&t, 100000);
    assert_int_equal(t.count, 1);
    limits_charge(a, 300, 100000);
    limits_close(a);
    limits_table_sweep(&t, 102900);
    assert_int_equal(t.count, 1); /* it owes still */
    limits_table_sweep(&t, 103000);
    assert_int_equal(t.count, 0);
    limits_table_close(&t);
}

static void the_table_does_not_grow_for_ever(void **state)
{
    const struct limits_rules rules = limits_rules_of(1, 1, 0);
    struct limits_table t;
    struct sockaddr_storage where = at("10.0.0.0");
    bool full = false;
    (void)state;
    assert_ok(limits_table_open(&t, &rules));
    for (uint32_t i = 0; !full && i <= LIMITS_ADDRESSES_MAX; i++) {
        ((struct sockaddr_in *)&where)->sin_addr.s_addr = htonl(0x0A000000 + i);
        struct limits_user *u = limits_find(&t, &where, 0, &full);
        assert_true(full == (u == NULL));
        if (u != NULL)
            assert_int_equal(limits_open(u, 0), LIMITS_FINE);
        limits_close(u);
    }
    assert_true(full);
    assert_int_equal(t.count, LIMITS_ADDRESSES_MAX);
    limits_table_sweep(&t, 2000);
    assert_int_equal(t.count, 0);
    limits_table_close(&t);
}

#define DIGEST_A "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b" /* secret */
#define DIGEST_B "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" /* test */

static void the_file_of_tokens_is_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "abc\n",
        DIGEST_A "00\n",
        DIGEST_A " connections\n",
        DIGEST_A " connections=\n",
        DIGEST_A " connections=-1\n",
        DIGEST_A " connections=4294967296\n",
        DIGEST_A " connexions=1\n",
        DIGEST_A " " DIGEST_B "\n",
        DIGEST_A "\n" DIGEST_A "\n",
        "connections=1 " DIGEST_A "\n",
    };
    const struct limits_rules rules = limits_rules_of(7, 8, 9);
    struct tokens t = {0};
    struct err_note note;
    (void)state;
    assert_ok(tokens_read(&t, bytes_str("# who may\n\n" DIGEST_A " rate=2   bytes=3 # a guest\r\n" DIGEST_B),
                          &rules, 0, &note));
    assert_int_equal(t.count, 2);
    assert_int_equal(t.rows[0]->user.rules.connections, 7);
    assert_int_equal(t.rows[0]->user.rules.opening.rate, 2);
    assert_int_equal(t.rows[0]->user.rules.bytes.rate, 3);
    assert_int_equal(t.rows[1]->user.rules.opening.rate, 8);
    assert_ptr_equal(tokens_find(&t, bytes_str("secret")), t.rows[0]);
    assert_ptr_equal(tokens_find(&t, bytes_str("test")), t.rows[1]);
    assert_null(tokens_find(&t, bytes_str("Test")));
    assert_null(tokens_find(&t, bytes_str("")));
    for (size_t i = 0; i < test_count(wrong); i++) {
        note.text[0] = '\0';
        assert_err(tokens_read(&t, bytes_str(wrong[i]), &rules, 0, &note), ERR_VALUE);
        assert_non_null(strstr(note.text, "line "));
        assert_null(strstr(note.text, "2bb80d"));
        assert_int_equal(t.count, 2);
    }
    tokens_close(&t);
}

static void a_token_that_stays_keeps_what_it_has(void **state)
{
    const struct limits_rules rules = limits_rules_of(2, 0, 0);
    struct tokens t = {0};
    (void)state;
    assert_ok(tokens_read(&t, bytes_str(DIGEST_A "\n" DIGEST_B), &rules, 0, NULL));
    struct token *a = tokens_find(&t, bytes_str("secret"));
    assert_int_equal(limits_open(&a->user, 0), LIMITS_FINE);
    assert_ok(tokens_read(&t, bytes_str(DIGEST_A " connections=1"), &rules, 0, NULL));
    assert_ptr_equal(tokens_find(&t, bytes_str("secret")), a);
    assert_int_equal(limits_open(&a->user, 0), LIMITS_CONNECTIONS);
    assert_null(tokens_find(&t, bytes_str("test")));
    /* Taken out while it is used: still there for who holds it, and gone when it is not. */
    assert_ok(tokens_read(&t, bytes_str(""), &rules, 0, NULL));
    assert_null(tokens_find(&t, bytes_str("secret")));
    assert_false(a->listed);
    assert_int_equal(t.count, 1);
    assert_ok(tokens_read(&t, bytes_str(DIGEST_A), &rules, 0, NULL));
    assert_true(a->listed);
    assert_ptr_equal(tokens_find(&t, bytes_str("secret")), a);
    limits_close(&a->user);
    assert_ok(tokens_read(&t, bytes_str(""), &rules, 0, NULL));
    assert_int_equal(t.count, 0);
    tokens_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_burst_at_once_and_then_its_rate),
        cmocka_unit_test(a_bucket_in_debt_says_when_it_is_paid),
        cmocka_unit_test(no_rate_is_no_limit),
        cmocka_unit_test(large_rates_and_long_times_do_not_overflow),
        cmocka_unit_test(a_user_has_so_many_connections),
        cmocka_unit_test(an_address_is_one_user_and_so_is_a_network_of_ipv6),
        cmocka_unit_test(who_has_gone_and_owes_nothing_is_forgotten),
        cmocka_unit_test(the_table_does_not_grow_for_ever),
        cmocka_unit_test(the_file_of_tokens_is_read_strictly),
        cmocka_unit_test(a_token_that_stays_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
