/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/openai/openai_fixture.h"

#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"

struct generation generation;
struct err_note note;
struct answer *answer;
struct secret_buffer lines;
static size_t live;

/* The texts of a test are not secret: ordinary memory, so that what the code under test leaves behind can be counted. */
static char *unquote(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

enum err openai_parse(enum api api, const char *json)
{
    char *text = unquote(json);
    openai_release();
    note.text[0] = '\0';
    enum err e = generation_parse(api, bytes_str(text), &generation, &note);
    free(text);
    return e;
}

void openai_parsed(enum api api, const char *json)
{
    enum err e = openai_parse(api, json);
    if (e != ERR_OK)
        fail_msg("%s: %s", json, note.text);
}

const struct generation_message *openai_message(size_t i)
{
    assert_true(i < generation.message_count);
    return &generation.messages[i];
}

void openai_assert_message(size_t i, enum generation_role role, size_t parts, const char *text)
{
    const struct generation_message *m = openai_message(i);
    assert_int_equal(m->role, role);
    assert_int_equal(m->part_count, parts);
    openai_assert_bytes(m->parts[0].bytes, text);
}

void openai_release(void)
{
    answer_close(answer);
    answer = NULL;
    generation_release(&generation);
    secret_buffer_release(&lines);
}

void openai_refuse_all(enum api api, const struct openai_refusal *rows, size_t count)
{
    openai_release();
    for (size_t i = 0; i < count; i++) {
        size_t before = secret_stats().live;
        enum err e = openai_parse(api, rows[i].json);
        if (e != ERR_REQUEST)
            fail_msg("%s: %s", rows[i].json, err_name(e));
        assert_string_equal(note.text, rows[i].note);
        assert_int_equal(secret_stats().live, before);
        assert_null(generation.storage);
    }
}

void openai_assert_bytes(struct bytes seen, const char *wanted)
{
    if (!bytes_is_str(seen, wanted))
        fail_msg("\"%.*s\", wanted \"%s\"", (int)seen.len, (const char *)seen.ptr, wanted);
}

/* ---- answers ---- */

void openai_answer(enum api api, const char *json)
{
    uint8_t id[ANSWER_ID_SIZE];
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (uint8_t)i;
    openai_parsed(api, json);
    assert_ok(answer_open(&generation, "anvil", id, 1700000000, &answer));
}

static void give(uint32_t choice, const struct answer_delta *d)
{
    assert_ok(answer_delta(answer, choice, d, &lines));
}

void openai_text(uint32_t choice, const char *text)
{
    give(choice, &(struct answer_delta){.kind = ANSWER_TEXT, .text = bytes_str(text)});
}

void openai_reasoning(uint32_t choice, const char *text)
{
    give(choice, &(struct answer_delta){.kind = ANSWER_REASONING, .text = bytes_str(text)});
}

void openai_tool(uint32_t choice, uint32_t tool, const char *id, const char *name)
{
    give(choice, &(struct answer_delta){
                     .kind = ANSWER_TOOL_BEGIN, .tool = tool, .id = bytes_str(id), .name = bytes_str(name)});
}

void openai_arguments(uint32_t choice, uint32_t tool, const char *text)
{
    give(choice,
         &(struct answer_delta){.kind = ANSWER_TOOL_ARGUMENTS, .tool = tool, .text = bytes_str(text)});
}

void openai_finish(uint32_t choice, enum answer_finish finish)
{
    assert_ok(answer_finish(answer, choice, finish, (struct bytes){0}, &lines));
}

void openai_end(void)
{
    const struct answer_usage usage = {
        .prompt_tokens = 11, .cached_tokens = 3, .completion_tokens = 7, .reasoning_tokens = 2};
    assert_ok(answer_end(answer, &usage, &lines));
}

static void assert_line(struct bytes line)
{
    json_t *document = NULL;
    struct err_note why = {""};
    if (strict_json_parse(line, ANSWER_SIZE_MAX, &document, &why) != ERR_OK || !json_is_object(document))
        fail_msg("%s: %.*s", why.text, (int)line.len, (const char *)line.ptr);
    json_decref(document);
}

void openai_assert_lines(const char *wanted)
{
    struct bytes rest = secret_buffer_bytes(&lines);
    while (rest.len != 0) {
        const uint8_t *newline = memchr(rest.ptr, '\n', rest.len);
        assert_non_null(newline);
        size_t n = (size_t)(newline - rest.ptr);
        assert_line(bytes_of(rest.ptr, n));
        rest = bytes_of(rest.ptr + n + 1, rest.len - n - 1);
    }
    /* As a text, so that cmocka shows both. */
    assert_ok(secret_buffer_append(&lines, bytes_of("", 1), ANSWER_SIZE_MAX));
    char *text = unquote(wanted);
    assert_string_equal((const char *)lines.ptr, text);
    free(text);
    lines.len = 0;
}

int openai_setup(void **state)
{
    (void)state;
    strict_json_init();
    live = secret_stats().live;
    return 0;
}

int openai_teardown(void **state)
{
    (void)state;
    openai_release();
    return secret_stats().live == live ? 0 : -1;
}
