/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/crypto/wycheproof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "unit/test.h"

enum { EXIT_SKIPPED = 77, HELD_MAX = 16 };

static const char *const directories[] = {ENCLUME_SHARED "/vectors/wycheproof",
                                          ENCLUME_DEPS_DIR "/vectors/wycheproof"};
static const char *const result_names[WYCHEPROOF_RESULTS] = {"valid", "invalid", "acceptable"};
static bool missing;

/* What the current test's byte strings stand in. */
static uint8_t *held[HELD_MAX];
static size_t held_count;

static void release_held(void)
{
    while (held_count > 0)
        free(held[--held_count]);
}

struct bytes wycheproof_bytes(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL)
        fail_msg("no member %s", key);
    size_t size = strlen(text) / 2;
    /* Exactly that large, so that AddressSanitizer sees a step too far. */
    uint8_t *bytes = malloc(size + (size == 0));
    assert_non_null(bytes);
    assert_true(held_count < HELD_MAX);
    held[held_count++] = bytes;
    assert_ok(encoding_unhex(bytes_str(text), bytes, size));
    return bytes_of(bytes, size);
}

long long wycheproof_integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static json_t *load(const char *file)
{
    char path[4096];
    json_error_t error;
    for (size_t i = 0; i < test_count(directories); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", directories[i], file);
        if (access(path, R_OK) != 0)
            continue;
        json_t *document = json_load_file(path, 0, &error);
        if (document == NULL)
            fail_msg("%s: %s", path, error.text);
        return document;
    }
    print_message("skipped: %s is neither in %s nor in %s\n", file, directories[0], directories[1]);
    missing = true;
    skip();
    return NULL;
}

static enum wycheproof_result result_of(const json_t *test)
{
    const char *name = json_string_value(json_object_get(test, "result"));
    for (int r = 0; r < WYCHEPROOF_RESULTS; r++)
        if (name != NULL && strcmp(name, result_names[r]) == 0)
            return (enum wycheproof_result)r;
    fail_msg("a test with an unknown result");
    return WYCHEPROOF_INVALID;
}

void wycheproof_run(const char *file, wycheproof_check *check, size_t apart)
{
    size_t seen[WYCHEPROOF_RESULTS] = {0};
    size_t seen_apart = 0;
    size_t g;
    size_t t;
    json_t *group;
    json_t *test;
    json_t *document = load(file);
    json_array_foreach(json_object_get(document, "testGroups"), g, group)
    {
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            enum wycheproof_result wanted = result_of(test);
            if (!check(group, test, wanted))
                seen_apart++;
            seen[wanted]++;
            release_held();
        }
    }
    print_message("%s: %zu valid, %zu invalid, %zu acceptable; of these %zu not expressible\n", file,
                  seen[WYCHEPROOF_VALID], seen[WYCHEPROOF_INVALID], seen[WYCHEPROOF_ACCEPTABLE], seen_apart);
    assert_int_equal(seen[WYCHEPROOF_VALID] + seen[WYCHEPROOF_INVALID] + seen[WYCHEPROOF_ACCEPTABLE],
                     wycheproof_integer(document, "numberOfTests"));
    assert_int_equal(seen_apart, apart);
    json_decref(document);
}

int wycheproof_exit(int failed)
{
    return failed != 0 ? failed : missing ? EXIT_SKIPPED : 0;
}
