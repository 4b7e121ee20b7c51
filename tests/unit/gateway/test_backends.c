/* SPDX-License-Identifier: Apache-2.0 */
/* Which backend comes next, and what the list of them may say. */
#include "gateway/backends.h"

#include <stdlib.h>

#include "unit/test.h"

static struct backends read_fine(const char *text)
{
    struct backends b = {0};
    struct err_note note = {0};
    enum err e = backends_read(&b, bytes_str(text), &note);
    if (e != ERR_OK)
        fail_msg("%s: %s", err_name(e), note.text);
    return b;
}

static void the_one_with_the_fewest_connections_comes_next(void **state)
{
    struct backends b = read_fine("vsock:3:7878\nvsock:4:7878\nvsock:5:7878\n");
    (void)state;
    b.rows[0]->connections = 2;
    b.rows[1]->connections = 1;
    b.rows[2]->connections = 2;
    assert_ptr_equal(backends_choose(&b), b.rows[1]);
    b.rows[1]->connections = 3;
    /* Among equals they take turns. */
    struct backend *first = backends_choose(&b);
    struct backend *second = backends_choose(&b);
    assert_ptr_not_equal(first, second);
    assert_ptr_not_equal(first, b.rows[1]);
    assert_ptr_not_equal(second, b.rows[1]);
    backends_close(&b);
}

static void load_is_spread_evenly(void **state)
{
    struct backends b = read_fine("unix:/a\nunix:/b\nunix:/c\nunix:/d");
    (void)state;
    for (unsigned i = 0; i < 402; i++)
        backends_choose(&b)->connections++;
    for (size_t i = 0; i < b.count; i++)
        assert_in_range(b.rows[i]->connections, 100, 101);
    backends_close(&b);
}

static void who_is_down_or_drains_is_not_chosen(void **state)
{
    struct backends b = read_fine("unix:/a drain\nunix:/b\nunix:/c\n");
    (void)state;
    b.rows[1]->up = false;
    b.rows[2]->connections = 1000;
    for (unsigned i = 0; i < 5; i++)
        assert_ptr_equal(backends_choose(&b), b.rows[2]);
    assert_int_equal(backends_usable_count(&b), 1);
    b.rows[2]->up = false;
    assert_null(backends_choose(&b));
    b.rows[1]->up = true;
    assert_ptr_equal(backends_choose(&b), b.rows[1]);
    backends_close(&b);
    struct backends none = {0};
    assert_null(backends_choose(&none));
}

static void a_list_read_again_keeps_who_stays(void **state)
{
    struct backends b = read_fine("unix:/a\nunix:/b\n");
    (void)state;
    struct backend *a = b.rows[0];
    struct backend *second = b.rows[1];
    a->connections = 3;
    a->up = false;
    assert_ok(backends_read(&b, bytes_str("unix:/c # new\n  unix:/a drain\n"), NULL));
    assert_int_equal(b.count, 3);
    assert_ptr_equal(b.rows[1], a);
    assert_true(a->draining);
    assert_false(a->up);
    assert_int_equal(a->connections, 3);
    assert_false(second->listed);
    backends_sweep(&b); /* /b had nobody */
    assert_int_equal(b.count, 2);
    assert_ok(backends_read(&b, bytes_str("unix:/c"), NULL));
    backends_sweep(&b);
    assert_int_equal(b.count, 2); /* /a still has three */
    assert_false(backends_usable(a));
    a->connections = 0;
    a->checking = true;
    backends_sweep(&b);
    assert_int_equal(b.count, 2);
    a->checking = false;
    backends_sweep(&b);
    assert_int_equal(b.count, 1);
    backends_close(&b);
}

static void a_wrong_list_changes_nothing_and_names_the_line(void **state)
{
    static const struct {
        const char *text;
        enum err e;
    } cases[] = {
        {"unix:/a\nunix:/a\n", ERR_USAGE},       {"unix:/b\nvsock:3\n", ERR_USAGE},
        {"unix:/b\nunix:/c later\n", ERR_USAGE}, {"unix:/b\nunix:/c drain drain\n", ERR_USAGE},
        {"unix:/b\n127.0.0.1:1\n", ERR_USAGE},   {"unix:/b\ntcp:127.0.0.1:65536\n", ERR_USAGE},
        {"unix:/b\ntcp::80\n", ERR_USAGE},       {"unix:/b\nunix:\n", ERR_USAGE},
        {"unix:/b\nvsock:x:1\n", ERR_USAGE},     {"unix:/b\nvsock:4294967295:1\n", ERR_USAGE},
    };
    struct backends b = read_fine("unix:/a\n");
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct err_note note = {0};
        assert_err(backends_read(&b, bytes_str(cases[i].text), &note), cases[i].e);
        assert_non_null(strstr(note.text, "line 2"));
        assert_int_equal(b.count, 1);
        assert_true(b.rows[0]->listed);
    }
    assert_err(backends_read(&b, bytes_of("unix:/b\0", 8), NULL), ERR_TOO_LARGE);
    backends_close(&b);
}

static void addresses_of_every_kind_are_read(void **state)
{
    struct backends b = read_fine("tcp:127.0.0.1:7878\ntcp:[::1]:7878\nunix:/run/a.sock\nvsock:3:7878\n");
    (void)state;
    assert_int_equal(b.rows[0]->address.where.ss_family, AF_INET);
    assert_int_equal(b.rows[1]->address.where.ss_family, AF_INET6);
    assert_int_equal(b.rows[2]->address.where.ss_family, AF_UNIX);
    assert_int_equal(b.rows[3]->address.where.ss_family, AF_VSOCK);
    backends_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_with_the_fewest_connections_comes_next),
        cmocka_unit_test(load_is_spread_evenly),
        cmocka_unit_test(who_is_down_or_drains_is_not_chosen),
        cmocka_unit_test(a_list_read_again_keeps_who_stays),
        cmocka_unit_test(a_wrong_list_changes_nothing_and_names_the_line),
        cmocka_unit_test(addresses_of_every_kind_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
