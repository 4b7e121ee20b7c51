/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "engine/llama_internal.h"

#include <ggml-backend.h>

static void die(const char *what, enum err e)
{
    (void)fprintf(stderr, "fixture: %s: %s\n", what, err_text(e));
    abort();
}

void fixture_require_model(void)
{
    if (access(FIXTURE_MODEL, R_OK) == 0)
        return;
    (void)fprintf(stderr, "skipped: %s is missing; deps/model makes it\n", FIXTURE_MODEL);
    exit(77);
}

/* ---- lines ---- */

static void take_choice(struct fixture_answer *a, const json_t *choice)
{
    const json_t *delta = json_object_get(choice, "delta");
    const char *text = json_string_value(json_object_get(delta, "content"));
    const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
    if (json_integer_value(json_object_get(choice, "index")) != 0)
        return;
    if (text == NULL)
        text = json_string_value(json_object_get(choice, "text"));
    if (text != NULL && text[0] != '\0') {
        a->pieces++;
        if (a->len + strlen(text) >= sizeof a->text)
            die("answer", ERR_NO_SPACE);
        memcpy(a->text + a->len, text, strlen(text) + 1);
        a->len += strlen(text);
    }
    if (finish != NULL)
        (void)snprintf(a->finish, sizeof a->finish, "%s", finish);
}

static void take_line(struct fixture_answer *a, struct bytes line)
{
    json_t *document = NULL;
    if (strict_json_parse(line, FIXTURE_LINES_MAX, &document, NULL) != ERR_OK) {
        a->ill_formed = true;
        return;
    }
    const json_t *choices = json_object_get(document, "choices");
    for (size_t i = 0; i < json_array_size(choices); i++)
        take_choice(a, json_array_get(choices, i));
    const json_t *usage = json_object_get(document, "usage");
    if (json_is_object(usage)) {
        a->usage.prompt_tokens = (uint32_t)json_integer_value(json_object_get(usage, "prompt_tokens"));
        a->usage.completion_tokens =
            (uint32_t)json_integer_value(json_object_get(usage, "completion_tokens"));
        a->usage.cached_tokens = (uint32_t)json_integer_value(
            json_object_get(json_object_get(usage, "prompt_tokens_details"), "cached_tokens"));
    }
    json_decref(document);
}

static void take_lines(void *owner, uint64_t id, uint16_t status, struct bytes lines)
{
    struct fixture *f = owner;
    pthread_mutex_lock(&f->lock);
    struct fixture_answer *a = f->answers[id];
    a->status = status;
    a->lines_after_done = a->lines_after_done || a->dones != 0;
    a->ill_formed = a->ill_formed || lines.len == 0 || lines.ptr[lines.len - 1] != '\n';
    if (f->discard) {
        a->pieces++;
    } else {
        if (secret_buffer_append(&a->lines, lines, FIXTURE_LINES_MAX) != ERR_OK)
            die("answer", ERR_NO_SPACE);
        while (lines.len != 0 && !a->ill_formed) {
            const uint8_t *end = memchr(lines.ptr, '\n', lines.len);
            size_t n = (size_t)(end - lines.ptr) + 1;
            take_line(a, bytes_of(lines.ptr, n - 1));
            lines = bytes_of(lines.ptr + n, lines.len - n);
        }
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void take_done(void *owner, uint64_t id, enum err result, const struct err_note *note)
{
    struct fixture *f = owner;
    pthread_mutex_lock(&f->lock);
    struct fixture_answer *a = f->answers[id];
    a->dones++;
    a->result = result;
    a->note = *note;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

json_t *fixture_line(const struct fixture_answer *a, size_t i)
{
    struct bytes left = secret_buffer_bytes(&a->lines);
    json_t *document = NULL;
    while (left.len != 0) {
        const uint8_t *end = memchr(left.ptr, '\n', left.len);
        size_t n = (size_t)(end - left.ptr) + 1;
        if (i-- == 0) {
            if (strict_json_parse(bytes_of(left.ptr, n - 1), FIXTURE_LINES_MAX, &document, NULL) != ERR_OK)
                die("line", ERR_JSON);
            return document;
        }
        left = bytes_of(left.ptr + n, left.len - n);
    }
    return NULL;
}

/* ---- the engine ---- */

/* ---- the KV cache ---- */

/* Wherever it lies: in a GPU's memory, in a build for those where there is one. One tensor's rows of one slot. */
static uint8_t *rows_of(const struct ggml_tensor *t, uint32_t slot, size_t from, size_t to)
{
    size_t size = (to - from) * t->nb[1];
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        die("memory", ERR_MEMORY);
    if (size != 0)
        ggml_backend_tensor_get(t, copy, slot * t->nb[2] + from * t->nb[1], size);
    return copy;
}

bool fixture_rows_are_zero(const struct fixture *f, uint32_t slot, uint32_t from)
{
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    bool zero = true;
    for (size_t i = 0; zero && i < e->traces.cache_count; i++) {
        const struct ggml_tensor *t = e->traces.caches[i];
        uint8_t *rows = rows_of(t, slot, from, (size_t)t->ne[1]);
        for (size_t k = 0; k < ((size_t)t->ne[1] - from) * t->nb[1]; k++)
            zero = zero && rows[k] == 0;
        free(rows);
    }
    return zero;
}

bool fixture_slot_is_fresh(const struct fixture *f, uint32_t slot)
{
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    bool same = true;
    size_t at = 0;
    for (size_t i = 0; i < e->traces.cache_count; i++) {
        const struct ggml_tensor *t = e->traces.caches[i];
        size_t size = e->opening.count * t->nb[1];
        uint8_t *rows = rows_of(t, slot, 0, e->opening.count);
        same = same && memcmp(rows, f->opening + at, size) == 0;
        at += size;
        free(rows);
    }
    return same && fixture_rows_are_zero(f, slot, e->opening.count);
}

static void note_opening(struct fixture *f)
{
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    size_t at = 0;
    for (size_t i = 0; i < e->traces.cache_count; i++) {
        const struct ggml_tensor *t = e->traces.caches[i];
        size_t size = e->opening.count * t->nb[1];
        uint8_t *rows = rows_of(t, 0, 0, e->opening.count);
        f->opening = realloc(f->opening, at + size + 1);
        if (f->opening == NULL)
            die("memory", ERR_MEMORY);
        memcpy(f->opening + at, rows, size);
        at += size;
        free(rows);
    }
}

struct fixture *fixture_open(const struct engine_llama_options *options)
{
    strict_json_init();
    enum err e = crypto_init();
    if (e != ERR_OK)
        die("crypto", e);
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL)
        die("memory", ERR_MEMORY);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->changed, NULL);
    struct engine_callbacks callbacks = {.lines = take_lines, .done = take_done};
    struct err_note note = {{0}};
    e = engine_llama_open(options, &callbacks, f, &f->engine, &note);
    if (e != ERR_OK)
        die(note.text, e);
    note_opening(f);
    return f;
}

static void answer_release(struct fixture *f, uint64_t id)
{
    if (f->answers[id] != NULL)
        secret_buffer_release(&f->answers[id]->lines);
    secret_free(f->answers[id]);
    f->answers[id] = NULL;
}

void fixture_close(struct fixture *f)
{
    if (f->engine != NULL)
        f->engine->close(f->engine);
    for (size_t i = 0; i < FIXTURE_ANSWERS; i++)
        answer_release(f, i);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->lock);
    free(f->opening);
    free(f);
}

/* ---- requests ---- */

char *fixture_body(const struct fixture_request *request)
{
    json_t *text = json_string(request->prompt);
    char *quoted = json_dumps(text, JSON_ENCODE_ANY);
    char limit[32] = "";
    if (text == NULL || quoted == NULL)
        die("memory", ERR_MEMORY);
    if (request->max_tokens != 0)
        (void)snprintf(limit, sizeof limit, ",\"max_tokens\":%u", request->max_tokens);
    const char *more = request->more == NULL ? "\"temperature\":0" : request->more;
    size_t size = strlen(quoted) + strlen(more) + 256;
    char *body = secret_alloc(size);
    if (body == NULL)
        die("memory", ERR_MEMORY);
    (void)snprintf(body, size,
                   "{\"messages\":[{\"role\":\"user\",\"content\":%s}],\"stream\":true,"
                   "\"stream_options\":{\"include_usage\":true}%s,%s}",
                   quoted, limit, more);
    secret_free(quoted);
    json_decref(text);
    return body;
}

static void answer_reset(struct fixture *f, uint64_t id)
{
    pthread_mutex_lock(&f->lock);
    answer_release(f, id);
    f->answers[id] = secret_alloc(sizeof *f->answers[id]);
    if (f->answers[id] == NULL)
        die("memory", ERR_MEMORY);
    pthread_mutex_unlock(&f->lock);
}

void fixture_submit_body(struct fixture *f, uint64_t id, uint64_t asker, enum api api, const char *body)
{
    struct err_note note = {{0}};
    answer_reset(f, id);
    enum err e = f->engine->submit(f->engine, id, asker, api, bytes_str(body), &note);
    if (e != ERR_OK)
        die(note.text, e);
}

void fixture_submit(struct fixture *f, uint64_t id, const struct fixture_request *request)
{
    char *body = fixture_body(request);
    fixture_submit_body(f, id, 0, API_CHAT, body);
    secret_free(body);
}

struct fixture_answer *fixture_wait(struct fixture *f, uint64_t id)
{
    pthread_mutex_lock(&f->lock);
    while (f->answers[id]->dones == 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
    return f->answers[id];
}

struct fixture_answer *fixture_ask(struct fixture *f, uint64_t id, const struct fixture_request *request)
{
    fixture_submit(f, id, request);
    return fixture_wait(f, id);
}

struct fixture_answer *fixture_ask_body(struct fixture *f, uint64_t id, enum api api, const char *body)
{
    fixture_submit_body(f, id, 0, api, body);
    return fixture_wait(f, id);
}

void fixture_wait_pieces(struct fixture *f, uint64_t id, uint32_t pieces)
{
    pthread_mutex_lock(&f->lock);
    while (f->answers[id]->dones == 0 && f->answers[id]->pieces < pieces)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}
