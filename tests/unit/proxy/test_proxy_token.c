/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "proxy/guard.h"
#include "proxy/token.h"

static char dir[] = "/tmp/enclume-token-XXXXXX";
static char path[64];

static enum err load(struct bytes *token, bool *made)
{
    struct err_note note = {{0}};
    enum err e = token_file(path, token, made, &note);
    assert_int_equal(note.text[0] != '\0', e != ERR_OK);
    return e;
}

static void write_text(const char *text, mode_t mode)
{
    struct err_note note;
    assert_ok(file_write(path, bytes_str(text), &note));
    assert_int_equal(chmod(path, mode), 0);
}

static void test_a_file_is_made_once_for_its_owner_alone(void **state)
{
    struct bytes first;
    struct bytes second;
    struct stat info;
    bool made = false;
    (void)state;
    assert_ok(load(&first, &made));
    assert_true(made && guard_is_token(first) && memcmp(first.ptr, "enclume-", 8) == 0 && first.len == 51);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_ok(load(&second, &made));
    assert_false(made);
    assert_true(bytes_equal(first, second));
    secret_free(bytes_owned(first));
    secret_free(bytes_owned(second));
    assert_int_equal(unlink(path), 0);
}

static void test_what_another_user_put_there_is_no_secret(void **state)
{
    enum { SOMEBODY = 65534 };
    struct bytes token;
    bool made = false;
    (void)state;
    if (geteuid() != 0)
        skip(); /* only root could read such a file, and only root can make it */
    write_text("enclume-0123456789", 0600);
    assert_int_equal(chown(path, SOMEBODY, SOMEBODY), 0);
    assert_err(load(&token, &made), ERR_FILE);
    assert_int_equal(unlink(path), 0);
}

static void test_what_others_may_read_is_no_secret(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0644, 0777};
    struct bytes token;
    bool made = false;
    (void)state;
    for (size_t i = 0; i < test_count(modes); i++) {
        write_text("enclume-0123456789", modes[i]);
        assert_err(load(&token, &made), ERR_FILE);
        assert_null(token.ptr);
    }
}

static void test_a_users_own_token(void **state)
{
    static const struct {
        const char *text;
        const char *token; /* NULL: refused */
    } rows[] = {
        {"0123456789abcdef\n", "0123456789abcdef"},
        {"0123456789abcdef\r\n", "0123456789abcdef"},
        {"0123456789abcdef", "0123456789abcdef"},
        {"0123456789abcde\n", NULL},
        {"0123456789 abcdef\n", NULL},
        {"0123456789\nabcdef\n", NULL},
        {"\n", NULL},
        {"", NULL},
        {"0123456789abcd\xc3\xa4\n", NULL},
    };
    char long_text[GUARD_TOKEN_MAX + 8];
    struct bytes token;
    bool made = false;
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        write_text(rows[i].text, 0600);
        enum err e = load(&token, &made);
        if ((e == ERR_OK) != (rows[i].token != NULL))
            fail_msg("row %zu: %s", i, err_name(e));
        if (e == ERR_OK)
            assert_true(bytes_is_str(token, rows[i].token));
        secret_free(bytes_owned(token));
    }
    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    write_text(long_text, 0600);
    assert_int_not_equal(load(&token, &made), ERR_OK);
}

static void test_two_tokens_are_never_the_same(void **state)
{
    struct bytes a;
    struct bytes b;
    (void)state;
    assert_ok(token_new(&a));
    assert_ok(token_new(&b));
    assert_false(bytes_equal(a, b));
    secret_free(bytes_owned(a));
    secret_free(bytes_owned(b));
    assert_ok(token_random(&a));
    assert_int_equal(a.len, GUARD_COOKIE_SIZE);
    secret_free(bytes_owned(a));
}

static int setup(void **state)
{
    (void)state;
    assert_ok(crypto_init());
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/token", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_made_once_for_its_owner_alone),
        cmocka_unit_test(test_what_another_user_put_there_is_no_secret),
        cmocka_unit_test(test_what_others_may_read_is_no_secret),
        cmocka_unit_test(test_a_users_own_token),
        cmocka_unit_test(test_two_tokens_are_never_the_same),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
