/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"

static char directory[64] = "/tmp/enclume-file-XXXXXX";
static char path[128];

static size_t files_there(void)
{
    size_t n = 0;
    DIR *d = opendir(directory);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += e->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 100000};
    uint8_t *body = calloc(1, 100000);
    assert_non_null(body);
    for (size_t i = 0; i < 100000; i++)
        body[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < test_count(sizes); i++) {
        struct bytes back;
        struct err_note note;
        assert_ok(file_write(path, bytes_of(body, sizes[i]), &note));
        assert_ok(file_read(path, sizes[i], &back, &note));
        assert_true(bytes_equal(back, bytes_of(body, sizes[i])));
        secret_free(bytes_owned(back));
    }
    free(body);
}

static void a_written_file_is_its_owners_and_leaves_nothing_beside_it(void **state)
{
    (void)state;
    struct stat s;
    struct err_note note;
    assert_ok(file_write(path, bytes_str("x"), &note));
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
    assert_int_equal(files_there(), 1);
}

static void a_failed_write_keeps_the_old_file(void **state)
{
    (void)state;
    char missing[160];
    struct err_note note;
    (void)snprintf(missing, sizeof missing, "%s/none/file", directory);
    assert_err(file_write(missing, bytes_str("x"), &note), ERR_FILE);
    assert_non_null(strstr(note.text, "none"));
    assert_int_equal(files_there(), 1);
}

static void a_file_past_the_limit_is_refused(void **state)
{
    (void)state;
    struct bytes back;
    struct err_note note;
    size_t live = secret_stats().live;
    assert_ok(file_write(path, bytes_str("12345"), &note));
    assert_err(file_read(path, 4, &back, &note), ERR_TOO_LARGE);
    assert_null(back.ptr);
    assert_int_equal(secret_stats().live, live);
}

static void what_is_not_there_or_no_file_is_named(void **state)
{
    (void)state;
    struct bytes back;
    struct err_note note;
    assert_err(file_read("/nonexistent/file", 10, &back, &note), ERR_FILE);
    assert_non_null(strstr(note.text, "/nonexistent/file"));
    assert_err(file_read(directory, 10, &back, &note), ERR_FILE);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/file", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(a_written_file_is_its_owners_and_leaves_nothing_beside_it),
        cmocka_unit_test(a_failed_write_keeps_the_old_file),
        cmocka_unit_test(a_file_past_the_limit_is_refused),
        cmocka_unit_test(what_is_not_there_or_no_file_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
