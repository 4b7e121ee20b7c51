/* SPDX-License-Identifier: Apache-2.0 */
/* An enclave that hands its requests to llama-server: the same answers as without it, several at once, cancelled, refused, and when the server dies. */
#include "e2e/support/asker.h"
#include "e2e/support/llama_server.h"
#include "e2e/support/raw.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strict_json.h"
#include "unit/test.h"

enum { WAIT_MS = 60000, BUSY = 429, CROWD = 8, TEXT_MAX = 8192, ALL_TOKENS = 200 };

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"Once upon a time\"}]"
#define GREEDY   "\"temperature\":0,\"seed\":1"

static struct llama_server server;
static struct world world;
static struct raw raw;

static void request(const char *path, const char *body, uint16_t status)
{
    if (!raw_request(&raw, path, body, WAIT_MS))
        fail_msg("%s: no answer", path);
    if (raw.status != status)
        fail_msg("%s: %u, wanted %u: %s", path, raw.status, status, raw.text);
}

/* The texts of all deltas, messages and completions in lines or in server-sent events, one behind the other. */
static void add_text(const json_t *doc, char *out)
{
    const json_t *choice = json_array_get(json_object_get(doc, "choices"), 0);
    static const char *const places[] = {"delta", "message"};
    const char *text = json_string_value(json_object_get(choice, "text"));
    for (size_t i = 0; text == NULL && i < test_count(places); i++)
        text = json_string_value(json_object_get(json_object_get(choice, places[i]), "content"));
    if (text != NULL)
        (void)strncat(out, text, TEXT_MAX - strlen(out) - 1);
}

static void collect(const char *answer, char *out)
{
    out[0] = '\0';
    while (*answer != '\0') {
        const char *end = strchr(answer, '\n');
        size_t len = end == NULL ? strlen(answer) : (size_t)(end - answer);
        size_t skip = strncmp(answer, "data: ", 6) == 0 ? 6 : 0;
        json_t *doc;
        if (strict_json_parse(bytes_of(answer + skip, len - skip), 1 << 20, &doc, NULL) == ERR_OK) {
            add_text(doc, out);
            json_decref(doc);
        }
        answer += len + (end == NULL ? 0 : 1);
    }
}

static void it_answers_as_the_server_itself_does(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *body;
    } table[] = {
        {"/v1/chat/completions", "{" MESSAGES "," GREEDY ",\"max_tokens\":40}"},
        {"/v1/chat/completions", "{" MESSAGES "," GREEDY ",\"max_tokens\":40,\"stream\":true}"},
        {"/v1/completions", "{\"prompt\":\"Once upon a time\"," GREEDY ",\"max_tokens\":40}"},
        {"/v1/completions", "{\"prompt\":\"Once upon a time\"," GREEDY ",\"max_tokens\":40,\"stream\":true}"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        static char direct[TEXT_MAX];
        static char ours[TEXT_MAX];
        char *answer;
        assert_int_equal(llama_server_ask(&server, table[i].path, table[i].body, &answer), 200);
        collect(answer, direct);
        free(answer);
        request(table[i].path, table[i].body, 200);
        collect(raw.text, ours);
        assert_true(strlen(ours) > 40);
        assert_string_equal(ours, direct);
        assert_null(strstr(raw.text, "data:"));
        assert_null(strstr(raw.text, "[DONE]"));
    }
}

static void the_client_chats_with_it(void **state)
{
    (void)state;
    struct asker a;
    asker_open(&a, &world, NULL, NULL);
    a.sampling.temperature = 0;
    a.max_tokens = 30;
    assert_ok(asker_ask(&a, "Once upon a time"));
    assert_true(a.pieces > 10 && a.len > 40);
    assert_int_equal(a.answer.finish, CHAT_FINISH_LENGTH);
    assert_int_equal(a.answer.usage.completion_tokens, 30);
    asker_close(&a);
}

static void the_other_apis_pass_and_end_in_their_way(void **state)
{
    (void)state;
    request("/v1/responses", "{\"input\":\"Once upon a time\",\"max_output_tokens\":4,\"stream\":true}", 200);
    assert_non_null(strstr(raw.text, "\"response.completed\""));
    request("/v1/messages/count_tokens", "{" MESSAGES "}", 200);
    assert_non_null(strstr(raw.text, "{\"input_tokens\":"));
    request("/v1/models", "", 200);
    assert_non_null(strstr(raw.text, "\"demo\""));
}

/* llama-server does not heed there what it is told about its cache. */
static void messages_are_refused_where_users_would_meet(void **state)
{
    (void)state;
    request("/v1/messages", "{" MESSAGES ",\"max_tokens\":4}", 404);
    assert_non_null(strstr(raw.text, "--no-cache-prompt"));
}

/* In the server's words and with its status; but what is refused by name here never gets there. */
static void refusals_come_back(void **state)
{
    (void)state;
    request("/v1/embeddings", "{\"input\":\"a\"}", 501);
    assert_non_null(strstr(raw.text, "does not support embeddings"));
    char body[8192] = "{\"prompt\":\"";
    for (size_t n = strlen(body); n < 4000; n += 2)
        memcpy(body + n, "a ", 3);
    (void)strcat(body, "\",\"stream\":true}"); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    request("/v1/completions", body, 400);
    assert_non_null(strstr(raw.text, "exceed"));
    request("/v1/chat/completions", "{" MESSAGES ",\"cache_prompt\":true}", 400);
    assert_non_null(strstr(raw.text, "cache_prompt"));
}

/* Another asker's prompt is not used again, though the server would. */
static void no_prefix_is_shared(void **state)
{
    (void)state;
    static const char body[] =
        "{\"prompt\":\"The lighthouse keeper Octavia hid seventeen copper buttons\"," GREEDY
        ",\"max_tokens\":1}";
    char *answer;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(llama_server_ask(&server, "/v1/completions", body, &answer), 200);
        assert_true(i == 0 || strstr(answer, "\"cached_tokens\":0") == NULL); /* it does by itself */
        free(answer);
    }
    for (int i = 0; i < 2; i++) {
        request("/v1/completions", body, 200);
        assert_non_null(strstr(raw.text, "\"cached_tokens\":0"));
    }
}

static void *ask_alone(void *argument)
{
    struct raw *r = argument;
    raw_open(r, world.socket);
    assert_true(raw_finish(r, WAIT_MS));
    assert_true(raw_request(r, "/v1/completions",
                            "{\"prompt\":\"Once upon a time\"," GREEDY ",\"max_tokens\":60,\"stream\":true}",
                            WAIT_MS));
    return NULL;
}

static void eight_at_once_are_all_answered(void **state)
{
    (void)state;
    static struct raw crowd[CROWD];
    static char text[TEXT_MAX];
    pthread_t threads[CROWD];
    for (size_t i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_alone, &crowd[i]), 0);
    for (size_t i = 0; i < CROWD; i++)
        (void)pthread_join(threads[i], NULL);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].status, 200);
        collect(crowd[i].text, text);
        assert_true(strlen(text) > 60);
        assert_non_null(strstr(crowd[i].text, "\"finish_reason\":\"length\""));
        raw_close(&crowd[i]);
    }
}

/* Stops the server's process at the first piece, so that it cannot have finished before it is cancelled. */
static size_t
    files_in_the_answer; /* that the enclave has open, its connection to the server among them; 0: not ours to see */

static void cancel_now(void *owner, struct bytes piece)
{
    struct asker *a = owner;
    (void)piece;
    if (a->pieces != 1)
        return;
    assert_int_equal(kill(server.process.pid, SIGSTOP), 0);
    files_in_the_answer = world_visible(&world) ? world_open_files(&world) : 0;
    client_cancel(a->client);
}

static void cancelling_frees_the_servers_slot(void **state)
{
    (void)state;
    struct asker a;
    double before = llama_server_metric(&server, "tokens_predicted_total");
    asker_open(&a, &world, NULL, NULL);
    a.max_tokens = ALL_TOKENS;
    a.on_piece = cancel_now;
    a.owner = &a;
    assert_err(asker_ask(&a, "Once upon a time"), ERR_CANCELLED);
    /* The enclave closes its connection to the server. */
    long end = process_clock() + WAIT_MS;
    do
        process_sleep(300);
    while (files_in_the_answer != 0 && world_open_files(&world) >= files_in_the_answer &&
           process_clock() < end);
    assert_int_equal(kill(server.process.pid, SIGCONT), 0);
    while (llama_server_metric(&server, "requests_processing") > 0) {
        assert_true(process_clock() < end);
        process_sleep(20);
    }
    assert_true(llama_server_metric(&server, "tokens_predicted_total") - before < ALL_TOKENS);
    asker_close(&a);
}

/* The process that makes the connections: confined, with one socket and nothing else. */
static void the_dialer_is_confined_and_holds_nothing(void **state)
{
    (void)state;
    if (TEST_UNDER_ASAN || !world_visible(&world))
        return;
    pid_t dialer = process_child_of(world.enclave);
    assert_int_equal(process_status(dialer, "Seccomp:"), 2);
    assert_int_equal(process_status(dialer, "NoNewPrivs:"), 1);
    assert_int_equal(process_open_files(dialer), 1);
    assert_int_equal(process_status(world.enclave, "Seccomp:"), 2);
}

static void kill_the_server(void *owner, struct bytes piece)
{
    const struct asker *a = owner;
    (void)piece;
    if (a->pieces == 1)
        assert_int_equal(kill(server.process.pid, SIGKILL), 0);
}

/* Last, because it kills the server. */
static void a_server_that_dies_is_said_to_be_and_is_welcome_back(void **state)
{
    (void)state;
    struct asker a;
    asker_open(&a, &world, NULL, NULL);
    a.max_tokens = ALL_TOKENS;
    a.on_piece = kill_the_server;
    a.owner = &a;
    assert_err(asker_ask(&a, "Once upon a time"), ERR_ENGINE);
    assert_non_null(strstr(a.note.text, "inference server"));
    asker_close(&a);
    request("/v1/chat/completions", "{" MESSAGES "}", 500);
    assert_non_null(strstr(raw.text, "inference server"));
    llama_server_kill(&server);
    server.without_cache = true;
    llama_server_run(&server);
    for (long end = process_clock() + WAIT_MS; raw.status != 200; process_sleep(50)) {
        assert_true(process_clock() < end);
        assert_true(raw_request(&raw, "/v1/chat/completions", "{" MESSAGES ",\"max_tokens\":2}", WAIT_MS));
    }
    /* And is tried again, until when that path is busy: this one keeps users apart. */
    raw.status = BUSY;
    for (long end = process_clock() + WAIT_MS; raw.status == BUSY; process_sleep(50)) {
        assert_true(process_clock() < end);
        assert_true(raw_request(&raw, "/v1/messages", "{" MESSAGES ",\"max_tokens\":2}", WAIT_MS));
    }
    request("/v1/messages", "{" MESSAGES ",\"max_tokens\":4,\"stream\":true}", 200);
    assert_non_null(strstr(raw.text, "\"message_stop\""));
    request("/v1/messages", "{" MESSAGES ",\"max_tokens\":4}", 200);
    assert_non_null(strstr(raw.text, "\"end_turn\"") != NULL ? raw.text : strstr(raw.text, "\"max_tokens\""));
}

static int setup(void **state)
{
    (void)state;
    strict_json_init();
    if (crypto_init() != ERR_OK)
        return -1;
    llama_server_start(&server);
    world_start(&world, &(struct world_options){.enclave = {"--engine", server.engine, "--slots", "4"}});
    raw_open(&raw, world.socket);
    return raw_finish(&raw, WAIT_MS) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    raw_close(&raw);
    world_stop(&world); /* exit code 0: not ended by the filter */
    llama_server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_answers_as_the_server_itself_does),
        cmocka_unit_test(the_client_chats_with_it),
        cmocka_unit_test(the_other_apis_pass_and_end_in_their_way),
        cmocka_unit_test(messages_are_refused_where_users_would_meet),
        cmocka_unit_test(refusals_come_back),
        cmocka_unit_test(no_prefix_is_shared),
        cmocka_unit_test(eight_at_once_are_all_answered),
        cmocka_unit_test(cancelling_frees_the_servers_slot),
        cmocka_unit_test(the_dialer_is_confined_and_holds_nothing),
        cmocka_unit_test(a_server_that_dies_is_said_to_be_and_is_welcome_back),
    };
    world_require_model();
    llama_server_require();
    return cmocka_run_group_tests(tests, setup, teardown);
}
