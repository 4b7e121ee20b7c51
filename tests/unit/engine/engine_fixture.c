/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"

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

static void take_text(void *owner, uint64_t id, struct bytes text)
{
    struct fixture *f = owner;
    struct fixture_answer *a = &f->answers[id];
    pthread_mutex_lock(&f->lock);
    a->pieces++;
    a->text_after_done = a->text_after_done || a->dones != 0;
    a->ill_formed = a->ill_formed || !encoding_is_utf8(text) || text.len == 0;
    if (!f->discard) {
        if (a->len + text.len >= FIXTURE_TEXT_MAX)
            die("answer", ERR_NO_SPACE);
        memcpy(a->text + a->len, text.ptr, text.len);
        a->len += text.len;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void take_done(void *owner, uint64_t id, enum err result, enum chat_finish finish,
                      const struct chat_usage *usage)
{
    struct fixture *f = owner;
    struct fixture_answer *a = &f->answers[id];
    pthread_mutex_lock(&f->lock);
    a->dones++;
    a->result = result;
    a->finish = finish;
    a->usage = *usage;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

struct fixture *fixture_open(const struct engine_llama_options *options)
{
    enum err e = crypto_init();
    if (e != ERR_OK)
        die("crypto", e);
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL)
        die("memory", ERR_MEMORY);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)pthread_cond_init(&f->changed, NULL);
    struct engine_callbacks callbacks = {.text = take_text, .done = take_done};
    struct err_note note = {{0}};
    e = engine_llama_open(options, &callbacks, f, &f->engine, &note);
    if (e != ERR_OK)
        die(note.text, e);
    return f;
}

void fixture_close(struct fixture *f)
{
    if (f->engine != NULL)
        f->engine->close(f->engine);
    for (size_t i = 0; i < FIXTURE_ANSWERS; i++)
        secret_free(f->answers[i].text);
    (void)pthread_cond_destroy(&f->changed);
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
}

struct chat_request fixture_request(const char *prompt, uint32_t max_tokens, struct chat_message *message)
{
    *message = (struct chat_message){.role = CHAT_USER, .content = bytes_str(prompt)};
    return (struct chat_request){
        .message_count = 1,
        .messages = message,
        .sampling = {.temperature = 0, .top_p = 1, .repeat_penalty = 1},
        .max_tokens = max_tokens,
        .stream = true,
    };
}

static void answer_reset(struct fixture *f, uint64_t id)
{
    pthread_mutex_lock(&f->lock);
    secret_free(f->answers[id].text);
    f->answers[id] = (struct fixture_answer){0};
    if (!f->discard) {
        f->answers[id].text = secret_alloc(FIXTURE_TEXT_MAX);
        if (f->answers[id].text == NULL)
            die("memory", ERR_MEMORY);
    }
    pthread_mutex_unlock(&f->lock);
}

void fixture_submit_for(struct fixture *f, uint64_t id, uint64_t asker, const struct chat_request *request)
{
    answer_reset(f, id);
    enum err e = f->engine->submit(f->engine, id, asker, request);
    if (e != ERR_OK)
        die("submit", e);
}

void fixture_submit(struct fixture *f, uint64_t id, const struct chat_request *request)
{
    fixture_submit_for(f, id, 0, request);
}

struct fixture_answer *fixture_wait(struct fixture *f, uint64_t id)
{
    pthread_mutex_lock(&f->lock);
    while (f->answers[id].dones == 0)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
    return &f->answers[id];
}

struct fixture_answer *fixture_ask(struct fixture *f, uint64_t id, const struct chat_request *request)
{
    fixture_submit(f, id, request);
    return fixture_wait(f, id);
}

void fixture_wait_pieces(struct fixture *f, uint64_t id, uint32_t pieces)
{
    pthread_mutex_lock(&f->lock);
    while (f->answers[id].dones == 0 && f->answers[id].pieces < pieces)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}
