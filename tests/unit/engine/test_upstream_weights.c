/* SPDX-License-Identifier: Apache-2.0 */
/* The digest that names what another server was told to load. */
#include "engine/upstream_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "unit/test.h"

#define WEIGHTS_LISTING_DIGEST "7b2073624abe0d58c77e091b112e173da0c52e3a12c01523e39f04258297b3de"

static char dir[] = "/tmp/enclume-weights-XXXXXX";

static const char *path(const char *name)
{
    static char text[128];
    (void)snprintf(text, sizeof text, "%s/%s", dir, name);
    return text;
}

static void write_file(const char *name, const char *content)
{
    FILE *f = fopen(path(name), "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void is_digest(const char *name, const char *wanted)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char hex[ENCODING_HEX_SIZE(CRYPTO_SHA256_SIZE)];
    struct err_note note = {{0}};
    enum err e = upstream_weights_digest(path(name), 0, digest, &note);
    if (e != ERR_OK)
        fail_msg("%s", note.text);
    encoding_hex(bytes_of(digest, sizeof digest), hex);
    assert_string_equal(hex, wanted);
}

static void is_refused(const char *name, const char *why)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct err_note note = {{0}};
    assert_err(upstream_weights_digest(name == NULL ? NULL : path(name), 0, digest, &note), ERR_MODEL);
    if (strstr(note.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", note.text, why);
}

/* FIPS 180-4's example; and of the directory, what `sha256sum *` prints there, hashed. */
static void a_file_and_a_directory_have_one(void **state)
{
    (void)state;
    write_file("model.gguf", "abc");
    is_digest("model.gguf", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(mkdir(path("hf"), 0700), 0);
    is_refused("hf", "empty");
    write_file("hf/b.safetensors", "abc");
    write_file("hf/a.json", "{}");
    write_file("hf/B", "x");
    is_digest("hf", WEIGHTS_LISTING_DIGEST);
    write_file("hf/B", "y");
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char hex[ENCODING_HEX_SIZE(CRYPTO_SHA256_SIZE)];
    assert_ok(upstream_weights_digest(path("hf"), 0, digest, NULL));
    encoding_hex(bytes_of(digest, sizeof digest), hex);
    assert_string_not_equal(hex, WEIGHTS_LISTING_DIGEST);
}

static void what_has_none_is_said(void **state)
{
    (void)state;
    is_refused(NULL, "no model file");
    is_refused("missing", "No such file");
    write_file("empty", "");
    is_refused("empty", "is empty");
    assert_int_equal(mkdir(path("hf/sub"), 0700), 0);
    is_refused("hf", "sub: wanted a file");
    assert_int_equal(rmdir(path("hf/sub")), 0);
    write_file("hf/a\nb", "x");
    is_refused("hf", "listing cannot hold");
    assert_int_equal(unlink(path("hf/a\nb")), 0);
}

static void a_length_that_was_said_is_the_files(void **state)
{
    (void)state;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    struct err_note note = {{0}};
    write_file("model.gguf", "abc");
    assert_ok(upstream_weights_digest(path("model.gguf"), 3, digest, &note));
    assert_err(upstream_weights_digest(path("model.gguf"), 2, digest, &note), ERR_MODEL);
    assert_non_null(strstr(note.text, "another length"));
    assert_err(upstream_weights_digest(path("model.gguf"), 4096, digest, &note), ERR_MODEL);
    /* What is neither a file nor has blocks. */
    assert_err(upstream_weights_digest("/dev/null", 3, digest, &note), ERR_MODEL);
    assert_non_null(strstr(note.text, "wanted a file"));
}

static int tidy(void **state)
{
    (void)state;
    static const char *const names[] = {"model.gguf", "empty", "hf/b.safetensors", "hf/a.json", "hf/B"};
    for (size_t i = 0; i < test_count(names); i++)
        (void)unlink(path(names[i]));
    (void)rmdir(path("hf"));
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_and_a_directory_have_one),
        cmocka_unit_test(what_has_none_is_said),
        cmocka_unit_test(a_length_that_was_said_is_the_files),
    };
    assert_ok(crypto_init());
    assert_non_null(mkdtemp(dir));
    return cmocka_run_group_tests(tests, NULL, tidy);
}
