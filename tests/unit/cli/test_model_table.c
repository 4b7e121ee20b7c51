/* SPDX-License-Identifier: Apache-2.0 */
/* The table of models: what a person pastes into it is checked here, because a slip would only show at somebody's download. */

#include "unit/test.h"

#include <string.h>

#include "cli/model_table.h"

static const struct model *models;
static size_t count;

static int load(void **state)
{
    (void)state;
    models = model_list(&count);
    return 0;
}

static void there_are_three_or_more_and_the_smallest_comes_first(void **state)
{
    (void)state;
    assert_true(count >= 3);
    for (size_t i = 1; i < count; i++)
        assert_true(models[i].memory > models[i - 1].memory);
}

static void every_row_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct model *m = &models[i];
        assert_true(m->name[0] != '\0' && m->parameters[0] != '\0' && m->license[0] != '\0');
        assert_int_equal(strspn(m->name, "abcdefghijklmnopqrstuvwxyz0123456789.-"), strlen(m->name));
        assert_true(m->memory > 0);
        /* the weights alone must fit what the row says the engine needs */
        assert_true(m->size / 1000000 < m->memory);
    }
}

static void every_hash_is_64_lower_case_hex_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(strlen(models[i].sha256), 64);
        assert_int_equal(strspn(models[i].sha256, "0123456789abcdef"), 64);
    }
}

static void every_url_is_https_at_a_fixed_revision_and_ends_with_the_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct model *m = &models[i];
        assert_memory_equal(m->url, "https://", 8);
        const char *revision = strstr(m->url, "/resolve/");
        assert_non_null(revision);
        revision += strlen("/resolve/");
        assert_int_equal(strspn(revision, "0123456789abcdef"), 40);
        assert_int_equal(revision[40], '/');
        assert_string_equal(revision + 41, m->file);
        assert_null(strchr(m->file, '/'));
        assert_string_equal(m->file + strlen(m->file) - 5, ".gguf");
    }
}

static void names_files_and_hashes_are_unique(void **state)
{
    (void)state;
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count; b++) {
            assert_string_not_equal(models[a].name, models[b].name);
            assert_string_not_equal(models[a].file, models[b].file);
            assert_string_not_equal(models[a].sha256, models[b].sha256);
        }
}

static void a_model_is_found_by_its_whole_name_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < count; i++)
        assert_ptr_equal(model_find(models[i].name), &models[i]);
    assert_null(model_find(""));
    assert_null(model_find("qwen"));
    assert_null(model_find("SMOLLM2-135M"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_three_or_more_and_the_smallest_comes_first),
        cmocka_unit_test(every_row_is_complete),
        cmocka_unit_test(every_hash_is_64_lower_case_hex_digits),
        cmocka_unit_test(every_url_is_https_at_a_fixed_revision_and_ends_with_the_file),
        cmocka_unit_test(names_files_and_hashes_are_unique),
        cmocka_unit_test(a_model_is_found_by_its_whole_name_only),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
