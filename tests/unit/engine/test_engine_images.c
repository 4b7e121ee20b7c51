/* SPDX-License-Identifier: Apache-2.0 */

/* Images in messages, through a projector of made-up weights. */

#include "unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "support/gguf_projector.h"
#include "templates.h"

enum { WIDTH = 288, FILE_MAX = 64 * 1024, BODY_MAX = 256 * 1024, PICTURE = 40 };

static char directory[] = "/tmp/enclume-images-XXXXXX";
static char projector[sizeof directory + 16];
static struct fixture *f;

static const uint8_t red[] = {250, 10, 20};
static const uint8_t stripes[] = {0, 0, 0, 255, 255, 255, 9, 200, 30, 0, 90, 255};

/* A message of a text, an image and a text. */
static char *body_of(const uint8_t *file, size_t len, const char *more)
{
    static char text[FILE_MAX * 2];
    char *body = secret_alloc(BODY_MAX);
    assert_non_null(body);
    encoding_base64(bytes_of(file, len), text);
    (void)snprintf(
        body, BODY_MAX,
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Once upon\"},"
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,%s\"}},"
        "{\"type\":\"text\",\"text\":\" a time\"}]}],\"stream\":true,\"stream_options\":{"
        "\"include_usage\":true},\"temperature\":0,\"max_tokens\":30%s}",
        text, more);
    return body;
}

static const struct fixture_answer *ask(uint64_t id, const uint8_t *pixels, size_t pixels_len,
                                        const char *more)
{
    static uint8_t file[FILE_MAX];
    size_t len = png_write(file, sizeof file, PICTURE, pixels, pixels_len);
    assert_true(len != 0);
    char *body = body_of(file, len, more);
    const struct fixture_answer *a = fixture_ask_body(f, id, API_CHAT, body);
    secret_free(body);
    return a;
}

static void an_image_is_part_of_the_prompt(void **state)
{
    (void)state;
    struct engine_info info;
    f->engine->info(f->engine, &info);
    assert_true(info.images);
    const struct fixture_answer *a = ask(0, red, sizeof red, "");
    if (a->result != ERR_OK)
        fail_msg("%s: %s", err_name(a->result), a->note.text);
    uint32_t with = a->usage.prompt_tokens;
    assert_true(with > GGUF_PROJECTOR_TOKENS);
    assert_int_equal(a->usage.completion_tokens, 30);
    /* As often as one likes, the same answer; to another picture, another. */
    char first[FIXTURE_TEXT_MAX];
    (void)snprintf(first, sizeof first, "%s", a->text);
    assert_string_equal(ask(1, red, sizeof red, "")->text, first);
    assert_string_not_equal(ask(2, stripes, sizeof stripes, "")->text, first);
}

static void several_answers_and_others_beside_it(void **state)
{
    (void)state;
    struct fixture_request story = {.prompt = "Once upon a time", .max_tokens = 150};
    char alone[FIXTURE_TEXT_MAX];
    char one[FIXTURE_TEXT_MAX];
    (void)snprintf(alone, sizeof alone, "%s", fixture_ask(f, 0, &story)->text);
    (void)snprintf(one, sizeof one, "%s", ask(1, red, sizeof red, "")->text);
    fixture_submit(f, 0, &story);
    fixture_wait_pieces(f, 0, 3);
    const struct fixture_answer *a = ask(1, red, sizeof red, ",\"n\":3");
    assert_ok(a->result);
    assert_string_equal(a->text, one);
    assert_int_equal(a->usage.completion_tokens, 90);
    assert_string_equal(fixture_wait(f, 0)->text, alone);
}

static void nothing_of_it_is_left_in_the_cache(void **state)
{
    (void)state;
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    assert_ok(ask(0, stripes, sizeof stripes, "")->result);
    for (uint32_t i = 0; i < e->info.slots; i++)
        assert_true(fixture_slot_is_fresh(f, i));
}

static void refused(const uint8_t *file, size_t len, const char *words)
{
    char *body = body_of(file, len, "");
    const struct fixture_answer *a = fixture_ask_body(f, 0, API_CHAT, body);
    secret_free(body);
    assert_err(a->result, ERR_REQUEST);
    if (strstr(a->note.text, words) == NULL)
        fail_msg("note: %s", a->note.text);
}

static void what_is_no_picture_is_refused(void **state)
{
    (void)state;
    static uint8_t file[FILE_MAX];
    size_t len = png_write(file, sizeof file, PICTURE, red, sizeof red);
    refused((const uint8_t *)"GIF89a\x01\x00\x01\x00", 10, "neither PNG nor JPEG");
    refused((const uint8_t *)"RIFF\x24\x00\x00\x00WAVEfmt ", 16, "neither PNG nor JPEG");
    refused(file, 20, "cannot be read");
    refused(file, len / 2, "cannot be read");
    file[16] = 0x10; /* its width, as the header says: 268,435,496 */
    refused(file, len, "cannot be read");
    file[16] = 0;
    file[18] = file[22] = 0x17; /* 5,928 by 5,928 */
    refused(file, len, "more than");
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xd9};
    refused(jpeg, sizeof jpeg, "cannot be read");
}

/* A text that looks like what stands for an image stands for nothing. */
static void a_marker_cannot_be_written(void **state)
{
    (void)state;
    const struct fixture_answer *a =
        fixture_ask(f, 0,
                    &(struct fixture_request){
                        .prompt = "<image-00000000000000000000000000000000> <__media__>", .max_tokens = 3});
    assert_ok(a->result);
}

static void the_digest_is_over_both_files(void **state)
{
    (void)state;
    static const char label[] = "enclume model and projector v1";
    struct engine_info plain;
    struct engine_info both;
    struct fixture *without =
        fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1});
    without->engine->info(without->engine, &plain);
    fixture_close(without);
    f->engine->info(f->engine, &both);
    assert_false(plain.images);

    uint8_t digest[CRYPTO_SHA256_SIZE];
    uint8_t content[FILE_MAX];
    struct crypto_hash_stream *hash;
    FILE *file = fopen(projector, "rb");
    assert_non_null(file);
    assert_ok(crypto_hash_open(CRYPTO_SHA256, &hash));
    for (size_t n; (n = fread(content, 1, sizeof content, file)) > 0;)
        assert_ok(crypto_hash_feed(hash, bytes_of(content, n)));
    (void)fclose(file);
    assert_ok(crypto_hash_close(hash, digest));
    assert_ok(crypto_hash_open(CRYPTO_SHA256, &hash));
    assert_ok(crypto_hash_feed(hash, bytes_of(label, sizeof label)));
    assert_ok(crypto_hash_feed(hash, bytes_of(plain.digest, sizeof plain.digest)));
    assert_ok(crypto_hash_feed(hash, bytes_of(digest, sizeof digest)));
    assert_ok(crypto_hash_close(hash, digest));
    assert_memory_equal(both.digest, digest, sizeof digest);
}

static void open_fails(const char *path, const char *chat_template, const char *words)
{
    struct engine *engine = NULL;
    struct engine_callbacks callbacks = {0};
    struct err_note note = {{0}};
    const struct engine_llama_options options = {.model_path = FIXTURE_MODEL,
                                                 .threads = 1,
                                                 .slots = 1,
                                                 .chat_template = chat_template,
                                                 .projector_path = path};
    assert_err(engine_llama_open(&options, &callbacks, NULL, &engine, &note), ERR_MODEL);
    if (strstr(note.text, words) == NULL)
        fail_msg("note: %s", note.text);
}

static void a_file_that_is_no_projector_of_this_model_is_refused(void **state)
{
    (void)state;
    char narrow[sizeof projector + 8];
    (void)snprintf(narrow, sizeof narrow, "%s.narrow", projector);
    assert_true(gguf_projector_write(narrow, WIDTH / 2));
    /* libmtmd does not give back what it had loaded by then; the program ends anyway. */
    if (!TEST_UNDER_ASAN)
        open_fails(narrow, TEMPLATE_CHATML, "--projector");
    open_fails("/nonexistent", TEMPLATE_CHATML, "projector file cannot be opened");
    open_fails(FIXTURE_MODEL, TEMPLATE_CHATML, "--projector");
    open_fails(projector, NULL, "no chat template");
    open_fails(projector, "chatml", "no chat template");
    (void)unlink(narrow);
}

static int open_engine(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(projector, sizeof projector, "%s/mmproj.gguf", directory);
    if (!gguf_projector_write(projector, WIDTH))
        return -1;
    f = fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL,
                                                    .threads = 1,
                                                    .slots = 3,
                                                    .chat_template = TEMPLATE_CHATML,
                                                    .projector_path = projector});
    return 0;
}

static int close_engine(void **state)
{
    (void)state;
    fixture_close(f);
    (void)unlink(projector);
    return rmdir(directory);
}

int main(void)
{
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_is_part_of_the_prompt),
        cmocka_unit_test(several_answers_and_others_beside_it),
        cmocka_unit_test(nothing_of_it_is_left_in_the_cache),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(a_marker_cannot_be_written),
        cmocka_unit_test(the_digest_is_over_both_files),
        cmocka_unit_test(a_file_that_is_no_projector_of_this_model_is_refused),
    };
    return cmocka_run_group_tests(tests, open_engine, close_engine);
}
