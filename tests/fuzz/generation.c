/* SPDX-License-Identifier: Apache-2.0 */
#include "generation.h"

#include <stdlib.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/answer.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* ---- all that can be pointed to is there ---- */

static uint64_t sum;

static void read_bytes(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        sum += b.ptr[i];
}

static void read_message(const struct generation_message *m)
{
    check(m->role < GENERATION_ROLE_COUNT);
    read_bytes(m->name);
    read_bytes(m->reasoning);
    read_bytes(m->call_id);
    for (size_t i = 0; i < m->part_count; i++)
        read_bytes(m->parts[i].bytes);
    for (size_t i = 0; i < m->call_count; i++) {
        read_bytes(m->calls[i].id);
        read_bytes(m->calls[i].name);
        read_bytes(m->calls[i].arguments);
    }
}

static uint64_t read_all(const struct generation *g)
{
    sum = 0;
    for (size_t i = 0; i < g->message_count; i++)
        read_message(&g->messages[i]);
    for (size_t i = 0; i < g->prompt_count; i++) {
        read_bytes(g->prompts[i].text);
        read_bytes(bytes_of(g->prompts[i].tokens, g->prompts[i].token_count * sizeof(int32_t)));
    }
    for (size_t i = 0; i < g->tool_count; i++) {
        read_bytes(g->tools[i].name);
        read_bytes(g->tools[i].description);
        read_bytes(g->tools[i].parameters);
    }
    for (size_t i = 0; i < g->stop_count; i++)
        read_bytes(g->stops[i]);
    for (size_t i = 0; i < g->sampling.bias_count; i++)
        sum += (uint64_t)g->sampling.biases[i].token;
    read_bytes(g->tool_choice_name);
    read_bytes(g->schema_name);
    read_bytes(g->schema);
    read_bytes(g->instructions);
    read_bytes(g->metadata);
    return sum;
}

/* ---- answering ---- */

static void check_lines(const struct secret_buffer *out)
{
    struct bytes rest = secret_buffer_bytes(out);
    while (rest.len != 0) {
        json_t *document = NULL;
        const uint8_t *newline = memchr(rest.ptr, '\n', rest.len);
        check(newline != NULL);
        size_t n = (size_t)(newline - rest.ptr);
        check(memchr(rest.ptr, '\r', n) == NULL);
        check(strict_json_parse(bytes_of(rest.ptr, n), ANSWER_SIZE_MAX, &document, NULL) == ERR_OK);
        check(json_is_object(document));
        json_decref(document);
        rest = bytes_of(rest.ptr + n + 1, rest.len - n - 1);
    }
}

/* Two bytes of the input choose what comes next; an answer that makes no sense is refused, and does no harm. */
static void say(struct answer *a, const uint8_t *data, size_t size, struct secret_buffer *out)
{
    static const char words[] = "Once \"upon\"\n{\"a\": 1}\xf0\x9f\x94\xa8";
    enum { STEPS_MAX = 64 };
    for (size_t i = 0; i + 1 < size && i < STEPS_MAX; i += 2) {
        const struct answer_alternative top = {bytes_of(data + i, 2), (float)data[i] - 300};
        const struct answer_token token = {
            .text = bytes_of(data + i, 1), .logprob = -1, .top_count = 1, .top = &top};
        const struct answer_delta d = {
            .kind = (enum answer_delta_kind)(data[i] % 4),
            .text = bytes_of(words, data[i] % 8 < 4 ? sizeof words - 1 : 0),
            .tool = data[i + 1] % 4,
            .name = bytes_of("f", 1),
            .token_count = data[i] / 128,
            .tokens = &token,
        };
        size_t before = out->len;
        if (answer_delta(a, data[i + 1] / 128, &d, out) != ERR_OK)
            check(out->len == before || out->ptr[out->len - 1] == '\n');
    }
}

static void answer_it(const struct generation *g, const uint8_t *data, size_t size)
{
    static const uint8_t id[ANSWER_ID_SIZE] = {1};
    static const float vector[2] = {1, -0.5F};
    const struct answer_usage usage = {5, 1, 7, 2};
    struct answer *a = NULL;
    struct secret_buffer out = {0};
    check(answer_open(g, "model", id, 1, &a) == ERR_OK);
    say(a, data, size, &out);
    for (uint32_t c = 0; g->api != API_EMBEDDINGS && c < generation_choices(g); c++)
        check(answer_finish(a, c, (enum answer_finish)(size % ANSWER_FINISH_COUNT), bytes_of("s", size % 2),
                            &out) == ERR_OK);
    bool complete = true;
    for (uint32_t i = 0; g->api == API_EMBEDDINGS && i < g->prompt_count; i++)
        complete = answer_embedding(a, i, vector, 2) == ERR_OK && complete;
    check((answer_end(a, &usage, &out) == ERR_OK) == complete);
    check_lines(&out);
    answer_close(a);
    secret_buffer_release(&out);
}

int fuzz_generation(enum api api, const uint8_t *data, size_t size)
{
    struct generation g;
    struct generation copy;
    struct err_note note = {""};
    strict_json_init();
    size_t live = secret_stats().live;
    if (generation_parse(api, bytes_of(data, size), &g, &note) == ERR_OK) {
        check(generation_copy(&g, &copy) == ERR_OK);
        uint64_t wanted = read_all(&g);
        generation_release(&g);
        check(read_all(&copy) == wanted);
        answer_it(&copy, data, size);
        copy.stream = !copy.stream && api_events(api) != API_EVENTS_NONE;
        answer_it(&copy, data, size);
        generation_release(&copy);
    } else {
        check(note.text[0] != '\0' && encoding_is_utf8(bytes_str(note.text)));
        char *line = api_error(api, ERR_REQUEST, &note, false);
        check(line != NULL);
        secret_free(line);
    }
    check(secret_stats().live == live);
    return 0;
}
