/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When a request has ended, neither its text nor its tokens in their order are anywhere in the process. A subject process works on
 * prompts that it is given through a pipe; then all of its memory is searched. That the search finds what is there is shown with the
 * same subject, built without wiping (ENCLUME_NO_WIPE), and with requests that still run.
 *
 * The same for the rows of the KV cache that were computed of the prompt: while they are kept for the session's next turn they are found, and nothing else is; then they are gone.
 */

#include "unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <llama.h>

#include "base/encoding.h"
#include "e2e/memscan.h"
#include "engine/llama_internal.h"
#include "engine_fixture.h"
#include "support/gguf_projector.h"
#include "templates.h"
#include "wipe_requests.h"

enum {
    TOKENS_MAX = 4096,
    LINE_MAX_SIZE = 128,
    LONG_REPEATS = 400,
    HOUR = 3600,
    ROWS = 16,     /* of K and V of the second layer, which depend on all tokens so far; */
    CACHE = 2,     /* the first of the two */
    ROW_PART = 64, /* of each so many bytes */
};

static const char canary[] =
    "The lighthouse keeper Octavia hid seventeen copper buttons under the violet staircase, and she said";
static const char other[] =
    "A grumpy badger named Wilhelmina wanted to paint the whole windmill orange before the harvest came, so";

struct expected {
    char answer[FIXTURE_TEXT_MAX];
    int32_t prompt_tokens[TOKENS_MAX];
    int32_t answer_tokens[TOKENS_MAX];
    size_t answer_len, prompt_count, answer_count;
};
static struct expected canary_expected, other_expected, sampled_expected, chat_expected, jinja_expected,
    schema_expected, tools_expected, thinking_expected, image_expected;

static uint8_t rows[2][ROWS][ROW_PART];

static char directory[] = "/tmp/enclume-wipe-XXXXXX";
static char projector[sizeof directory + 16];
static char picture[64 * 1024]; /* a PNG whose pixels are the other prompt, in base64 */

static void tokenize(const struct llama_vocab *vocab, const char *text, size_t len, int32_t *tokens,
                     size_t *count)
{
    int32_t n = llama_tokenize(vocab, text, (int32_t)len, tokens, TOKENS_MAX, false, false);
    assert_in_range(n, MEMSCAN_TOKEN_WINDOW, TOKENS_MAX);
    *count = (size_t)n;
}

/* The text of whatever came: content, or the arguments of a call. */
static size_t answer_text(const struct fixture_answer *a, char *text, size_t size)
{
    size_t len = 0;
    json_t *line;
    if (a->len != 0) {
        memcpy(text, a->text, a->len);
        return a->len;
    }
    for (size_t i = 0; (line = fixture_line(a, i)) != NULL; i++) {
        const json_t *delta = json_object_get(json_array_get(json_object_get(line, "choices"), 0), "delta");
        const json_t *call = json_array_get(json_object_get(delta, "tool_calls"), 0);
        const char *piece =
            json_string_value(json_object_get(json_object_get(call, "function"), "arguments"));
        size_t n = piece == NULL ? 0 : strlen(piece);
        assert_true(len + n < size);
        if (n != 0)
            memcpy(text + len, piece, n);
        len += n;
        json_decref(line);
    }
    return len;
}

static void expect(struct fixture *f, const struct llama_vocab *vocab, const char *prompt,
                   uint32_t max_tokens, const char *more, struct expected *x)
{
    struct fixture_answer *a = fixture_ask(
        f, 0, &(struct fixture_request){.prompt = prompt, .max_tokens = max_tokens, .more = more});
    assert_ok(a->result);
    x->answer_len = answer_text(a, x->answer, sizeof x->answer);
    tokenize(vocab, prompt, strlen(prompt), x->prompt_tokens, &x->prompt_count);
    tokenize(vocab, x->answer, x->answer_len, x->answer_tokens, &x->answer_count);
}

static void expect_by(const char *chat_template, const struct llama_vocab *vocab, uint32_t max_tokens,
                      const char *more, struct expected *x)
{
    struct fixture *f = fixture_open(&(struct engine_llama_options){
        .model_path = FIXTURE_MODEL, .threads = 1, .slots = 1, .chat_template = chat_template});
    expect(f, vocab, canary, max_tokens, more, x);
    fixture_close(f);
}

static void draw_picture(void)
{
    static uint8_t file[32 * 1024];
    size_t len = png_write(file, sizeof file, 60, (const uint8_t *)other, sizeof other - 1);
    assert_true(len != 0);
    encoding_base64(bytes_of(file, len), picture);
}

static void expect_with_image(const struct llama_vocab *vocab, struct expected *x)
{
    static char body[sizeof picture + 1024];
    struct fixture *f = fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL,
                                                                    .threads = 1,
                                                                    .slots = 1,
                                                                    .chat_template = TEMPLATE_CHATML,
                                                                    .projector_path = projector});
    (void)snprintf(body, sizeof body, WIPE_IMAGE_BODY, canary, picture);
    const struct fixture_answer *a = fixture_ask_body(f, 0, API_CHAT, body);
    assert_ok(a->result);
    x->answer_len = answer_text(a, x->answer, sizeof x->answer);
    tokenize(vocab, canary, strlen(canary), x->prompt_tokens, &x->prompt_count);
    tokenize(vocab, x->answer, x->answer_len, x->answer_tokens, &x->answer_count);
    fixture_close(f);
}

/* What is computed of the canary's first tokens, the same in each process with these weights; but for the very first one, which each prompt has. */
static void expect_rows(void)
{
    struct fixture *f = fixture_open(&(struct engine_llama_options){
        .model_path = FIXTURE_MODEL, .threads = 1, .slots = 1, .keep_seconds = HOUR});
    const struct engine_llama *e = (const struct engine_llama *)f->engine;
    f->engine->session_begin(f->engine, 0);
    assert_ok(fixture_ask(f, 0, &(struct fixture_request){.prompt = canary, .max_tokens = 1})->result);
    assert_int_equal(e->slots[0].state, ENGINE_SLOT_KEPT);
    assert_true(e->slots[0].rows > ROWS + 1);
    assert_string_equal(e->traces.caches[CACHE]->name, "cache_k_l1");
    for (size_t cache = 0; cache < 2; cache++)
        for (size_t row = 0; row < ROWS; row++)
            memcpy(rows[cache][row],
                   (const uint8_t *)e->traces.caches[CACHE + cache]->data +
                       (row + 1) * e->traces.caches[CACHE + cache]->nb[1],
                   ROW_PART);
    fixture_close(f);
}

/* What the prompts' tokens and answers are, from an engine in this process. */
static int learn_what_to_look_for(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(projector, sizeof projector, "%s/mmproj.gguf", directory);
    if (!gguf_projector_write(projector, 288))
        return -1;
    draw_picture();
    struct fixture *f =
        fixture_open(&(struct engine_llama_options){.model_path = FIXTURE_MODEL, .threads = 1, .slots = 1});
    struct llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    struct llama_model *model = llama_model_load_from_file(FIXTURE_MODEL, params);
    assert_non_null(model);
    const struct llama_vocab *vocab = llama_model_get_vocab(model);
    expect(f, vocab, canary, 0, NULL, &canary_expected);
    expect(f, vocab, other, 0, NULL, &other_expected);
    expect(f, vocab, canary, 40, WIPE_SAMPLING, &sampled_expected);
    expect(f, vocab, canary, 60, WIPE_SCHEMA, &schema_expected);
    fixture_close(f);
    expect_rows();
    expect_by("chatml", vocab, 40, NULL, &chat_expected);
    expect_by(TEMPLATE_CHATML, vocab, 40, NULL, &jinja_expected);
    expect_by(TEMPLATE_TOOLS, vocab, 100, WIPE_TOOLS, &tools_expected);
    expect_by(TEMPLATE_THINK, vocab, 40, NULL, &thinking_expected);
    expect_with_image(vocab, &image_expected);
    llama_model_free(model);
    return 0;
}

/* ---- the subject ---- */

struct subject {
    pid_t pid;
    int in, out;
    char line[LINE_MAX_SIZE]; /* its results */
};

static void send_prompt(struct subject *s, const char *text, uint32_t repeats)
{
    uint32_t size = (uint32_t)strlen(text);
    uint32_t len = size * repeats;
    assert_int_equal(write(s->in, &len, sizeof len), sizeof len);
    for (uint32_t i = 0; i < repeats; i++)
        assert_int_equal(write(s->in, text, size), size);
}

static struct subject subject_start(const char *program, const char *scenario)
{
    int in[2];
    int out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    struct subject s = {.pid = fork(), .in = in[1], .out = out[0]};
    assert_true(s.pid >= 0);
    if (s.pid == 0) {
        if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(out[1], STDOUT_FILENO) >= 0)
            (void)execl(program, program, scenario, projector, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    return s;
}

static void subject_await(struct subject *s)
{
    size_t len = 0;
    while (len + 1 < sizeof s->line && read(s->out, s->line + len, 1) == 1 && s->line[len] != '\n')
        len++;
    s->line[len] = '\0';
    assert_true(len > 0);
}

static void subject_end(struct subject *s)
{
    (void)kill(s->pid, SIGKILL);
    assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
    (void)close(s->out);
}

static void add_expected(struct memscan *m, const char *prompt, const struct expected *x)
{
    memscan_add_text(m, "the prompt", prompt, strlen(prompt));
    memscan_add_tokens(m, "the prompt", x->prompt_tokens, x->prompt_count);
    memscan_add_text(m, "the answer", x->answer, x->answer_len);
    memscan_add_tokens(m, "the answer", x->answer_tokens, x->answer_count);
}

/* ---- scenarios ---- */

struct scenario {
    const char *name;
    const char *line; /* what the subject says begins with */
    const struct expected *expected;
    const char *also[2]; /* other texts of the request */
    uint32_t repeats;    /* of the canary */
    bool image;          /* with a picture, whose pixels are the other prompt's bytes */
    bool both;           /* also look for the other prompt */
    bool running;        /* the other prompt's request still runs, and must be found */
    bool kept;           /* the rows are kept, and must be found */
    bool shown;          /* another one shows that it would be found without wiping */
};

static void add_rows(struct memscan *m)
{
    for (size_t cache = 0; cache < 2; cache++)
        for (size_t row = 0; row < ROWS; row++)
            memscan_add_text(m, "the rows", rows[cache][row], ROW_PART);
}

/* still_hits: of what may still be there. */
static size_t hits_of(const char *program, const struct scenario *c, FILE *report, size_t *still_hits)
{
    struct memscan *m = memscan_new();
    struct memscan *still = memscan_new();
    add_expected(m, canary, c->expected);
    for (size_t i = 0; i < test_count(c->also) && c->also[i] != NULL; i++)
        memscan_add_text(m, "the request", c->also[i], strlen(c->also[i]));
    if (c->both)
        add_expected(m, other, &other_expected);
    if (c->image) {
        memscan_add_text(m, "the picture", other, strlen(other));
        memscan_add_text(m, "the picture in base64", picture, strlen(picture));
    }
    add_rows(c->kept ? still : m);
    if (c->running)
        memscan_add_tokens(still, "the other prompt", other_expected.prompt_tokens,
                           other_expected.prompt_count);
    struct subject s = subject_start(program, c->name);
    subject_await(&s);
    assert_string_equal(s.line, "ready");
    const bool looks = c->running || c->kept;
    assert_true(memscan_learn(m, s.pid) && (!looks || memscan_learn(still, s.pid)));
    send_prompt(&s, canary, c->repeats);
    send_prompt(&s, c->image ? picture : other, 1);
    (void)close(s.in);
    subject_await(&s);
    if (strncmp(s.line, c->line, strlen(c->line)) != 0)
        fail_msg("%s: %s", c->name, s.line);
    size_t hits = memscan_process(m, s.pid, report);
    *still_hits = looks ? memscan_process(still, s.pid, NULL) : 0;
    subject_end(&s);
    memscan_free(still);
    memscan_free(m);
    assert_int_not_equal(hits, SIZE_MAX);
    return hits;
}

static const struct scenario scenarios[] = {
    {.name = "finished", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "sampled", .line = "ok", .expected = &sampled_expected, .repeats = 1},
    {.name = "one-token", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "stop", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "cancelled-in-prompt", .line = "cancelled", .expected = &canary_expected, .repeats = 6},
    {.name = "cancelled-in-answer", .line = "cancelled", .expected = &canary_expected, .repeats = 1},
    {.name = "context", .line = "context-length", .expected = &canary_expected, .repeats = LONG_REPEATS},
    {.name = "chat", .line = "ok", .expected = &chat_expected, .repeats = 1},
    {.name = "jinja", .line = "ok", .expected = &jinja_expected, .repeats = 1},
    {.name = "choices", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "logprobs", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "schema", .line = "ok", .expected = &schema_expected, .also = {WIPE_SCHEMA_NAME}, .repeats = 1},
    {.name = "tools",
     .line = "ok",
     .expected = &tools_expected,
     .also = {WIPE_TOOLS_NAME, WIPE_TOOLS_TEXT},
     .repeats = 1},
    {.name = "thinking", .line = "ok", .expected = &thinking_expected, .repeats = 1},
    {.name = "refused", .line = "bad-request", .expected = &canary_expected, .repeats = 1},
    {.name = "vector", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "image", .line = "ok", .expected = &image_expected, .repeats = 1, .image = true},
    {.name = "completion", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "responses", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "cancelled-in-choices", .line = "cancelled", .expected = &canary_expected, .repeats = 1},
    {.name = "several", .line = "ok", .expected = &canary_expected, .repeats = 1, .both = true},
    {.name = "beside", .line = "ok", .expected = &canary_expected, .repeats = 1, .running = true},
    {.name = "kept", .line = "ok", .expected = &canary_expected, .repeats = 1, .kept = true, .shown = true},
    {.name = "kept-ended", .line = "ok", .expected = &canary_expected, .repeats = 1},
    {.name = "kept-too-long", .line = "ok", .expected = &canary_expected, .repeats = 1, .shown = true},
    {.name = "kept-closed", .line = "ok", .expected = &canary_expected, .repeats = 1, .shown = true},
    {.name = "kept-displaced",
     .line = "ok",
     .expected = &canary_expected,
     .repeats = 1,
     .both = true,
     .shown = true},
    {.name = "kept-cancelled",
     .line = "cancelled",
     .expected = &canary_expected,
     .repeats = 1,
     .kept = true,
     .shown = true},
    {.name = "kept-turns", .line = "ok", .expected = &canary_expected, .repeats = 1, .shown = true},
};

static void nothing_is_left_of_an_ended_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(scenarios); i++) {
        size_t still = 0;
        size_t hits = hits_of(WIPE_SUBJECT, &scenarios[i], stderr, &still);
        if (hits != 0)
            fail_msg("%s: %zu hits", scenarios[i].name, hits);
        if ((scenarios[i].running || scenarios[i].kept) && still == 0)
            fail_msg("%s: what is still there was not found, so the search is blind", scenarios[i].name);
    }
}

static void without_wiping_the_search_finds_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(scenarios); i++) {
        size_t still = 0;
        if (scenarios[i].shown)
            continue;
        size_t hits = hits_of(WIPE_SUBJECT_UNWIPED, &scenarios[i], NULL, &still);
        if (hits == 0)
            fail_msg("%s: nothing found", scenarios[i].name);
    }
}

static int remove_directory(void **state)
{
    (void)state;
    (void)unlink(projector);
    return rmdir(directory);
}

int main(void)
{
    if (TEST_UNDER_ASAN) {
        (void)fprintf(stderr, "skipped: AddressSanitizer keeps released memory, on purpose\n");
        return 77;
    }
    fixture_require_model();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_of_an_ended_request),
        cmocka_unit_test(without_wiping_the_search_finds_it),
    };
    return cmocka_run_group_tests(tests, learn_what_to_look_for, remove_directory);
}
