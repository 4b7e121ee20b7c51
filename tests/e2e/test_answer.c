/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking, as a user does: answers that stream, exit codes, saved evidence, coming back, and what happens when the enclave stops or dies on the way.
 */
#include "e2e/support/asker.h"
#include "e2e/support/relay.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

#define PROMPT "Once upon a time a blacksmith"

enum {
    KIND_XX_1 = 0x01,
    KIND_IK_1 = 0x02,
    KIND_IK_2 = 0x12,
    KIND_FALLBACK_1 = 0x13,
    WAIT_MS = 60000,
    LONG = 200, /* tokens: an answer that takes a while */
    PACED_MS = 3,
};

/* ---- one question ---- */

struct watch {
    struct relay *relay;
    size_t records[3]; /* from the enclave, when the first, the second and the third piece arrived */
    size_t pieces;
};

static void watch_piece(void *owner, struct bytes piece)
{
    struct watch *watch = owner;
    (void)piece;
    if (watch->pieces < test_count(watch->records))
        watch->records[watch->pieces] = relay_record_count(watch->relay, 0, RELAY_FROM_ENCLAVE);
    watch->pieces++;
    process_sleep(PACED_MS);
}

static void an_answer_streams(void **state)
{
    struct world w;
    struct asker a;
    struct watch watch = {.pieces = 0};
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    watch.relay = relay_start(w.relay, w.socket);
    asker_open(&a, &w, w.relay_address, NULL);
    a.on_piece = watch_piece;
    a.owner = &watch;
    assert_ok(asker_ask(&a, PROMPT));
    size_t records = relay_record_count(watch.relay, 0, RELAY_FROM_ENCLAVE);
    assert_true(a.pieces > 20);
    assert_int_equal(a.pieces, watch.pieces);
    assert_true(records > 10);
    /* The first pieces were here when most of the answer was not. */
    assert_true(watch.records[2] < records / 2);
    assert_true(a.answer.usage.completion_tokens >= a.pieces);
    assert_true(a.answer.usage.prompt_tokens > 3);
    asker_close(&a);
    relay_stop(watch.relay);
    world_stop(&w);
}

static void exit_codes_say_whose_fault_it_was(void **state)
{
    struct world w;
    struct process p;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    assert_int_equal(world_chat(&w, NULL, &p, (const char *const[]){"--max-tokens", "5", PROMPT, NULL}), 0);
    assert_true(p.out.len > 1 && p.out.bytes[p.out.len - 1] == '\n');
    assert_non_null(strstr(p.err.bytes, "SIMULATED"));
    assert_non_null(strstr(p.err.bytes, "[cut off here by --max-tokens]\n"));
    process_release(&p);
    assert_int_equal(
        world_chat(&w, NULL, &p, (const char *const[]){"--quiet", "--max-tokens", "5", PROMPT, NULL}), 0);
    assert_null(strstr(p.err.bytes, "Verified"));
    assert_null(strstr(p.err.bytes, "cut off"));
    assert_non_null(strstr(p.err.bytes, "SIMULATED")); /* this is said always */
    process_release(&p);
    assert_int_equal(
        world_chat(&w, NULL, &p, (const char *const[]){"--model-digest", w.measurement, PROMPT, NULL}), 2);
    process_release(&p);
    assert_int_equal(world_chat(&w, NULL, &p, (const char *const[]){"two", "prompts", NULL}), 2);
    process_release(&p);
    char *nobody = world_path(&w, "nobody");
    char *address = malloc(strlen(nobody) + 8);
    (void)sprintf(address, "unix:%s", nobody);
    assert_int_equal(world_chat(&w, address, &p, (const char *const[]){PROMPT, NULL}), 3);
    assert_non_null(strstr(p.err.bytes, "Nothing was sent.\n"));
    process_release(&p);
    free(address);
    free(nobody);
    /* More than the context: the enclave's error, by name, and the enclave goes on. */
    char *huge = calloc(1, 40001);
    assert_non_null(huge);
    for (size_t i = 0; i < 40000; i++)
        huge[i] = i % 5 == 4 ? ' ' : (char)('a' + i % 23);
    assert_int_equal(world_chat(&w, NULL, &p, (const char *const[]){huge, NULL}), 4);
    assert_non_null(strstr(p.err.bytes, err_text(ERR_CONTEXT)));
    process_release(&p);
    free(huge);
    assert_int_equal(world_chat(&w, NULL, &p, (const char *const[]){"--max-tokens", "5", PROMPT, NULL}), 0);
    process_release(&p);
    world_stop(&w);
}

/* What stands there, every user of the machine can read, for as long as the answer takes. */
static void a_question_does_not_stay_on_the_command_line(void **state)
{
    struct world w;
    struct process p;
    char path[64];
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    world_chat_start(&w, NULL, &p, (const char *const[]){"--system", "Be brief with secrets.", PROMPT, NULL});
    assert_true(process_says(&p, "Verified", WAIT_MS));
    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)p.pid);
    size_t len = 0;
    char *line = process_read_file(path, &len);
    assert_non_null(memmem(line, len, "chat", strlen("chat")));
    assert_null(memmem(line, len, PROMPT, strlen(PROMPT)));
    assert_null(memmem(line, len, "secrets", strlen("secrets")));
    free(line);
    assert_int_equal(process_finish(&p, WAIT_MS), 0);
    process_release(&p);
    world_stop(&w);
}

static void a_prompt_comes_from_standard_input_too(void **state)
{
    struct world w;
    struct process p;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    world_chat_start(&w, NULL, &p,
                     (const char *const[]){"--max-tokens", "12", "--temperature", "0", "--json", "-", NULL});
    assert_int_equal(write(p.in, PROMPT, strlen(PROMPT)), strlen(PROMPT));
    assert_int_equal(process_finish(&p, WAIT_MS), 0);
    json_t *doc = json_loadb(p.out.bytes, p.out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(doc);
    const char *content = NULL;
    const char *verdict = NULL;
    int completion = 0;
    int simulated = 0;
    assert_int_equal(json_unpack(doc, "{s:{s:[{s:{s:s}}],s:{s:i}},s:{s:s,s:b}}", "answer", "choices",
                                 "message", "content", &content, "usage", "completion_tokens", &completion,
                                 "verdict", "verdict", &verdict, "simulated", &simulated),
                     0);
    assert_true(strlen(content) > 10);
    assert_int_equal(completion, 12);
    assert_int_equal(simulated, 1);
    assert_string_equal(verdict, "accepted");
    /* Greedy: the same words again, without --json. */
    struct process q;
    assert_int_equal(
        world_chat(&w, NULL, &q,
                   (const char *const[]){"--max-tokens", "12", "--temperature", "0", PROMPT, NULL}),
        0);
    assert_int_equal(q.out.len, strlen(content) + 1);
    assert_memory_equal(q.out.bytes, content, strlen(content));
    process_release(&q);
    json_decref(doc);
    process_release(&p);
    world_stop(&w);
}

/* ---- evidence that is kept ---- */

/* measurement: NULL for the policy that the enclave fulfills. */
static int verify(const struct world *w, const char *file, const char *measurement, const char *at,
                  const char *failed)
{
    const char *argv[PROCESS_ARGS_MAX] = {E2E_ENCLUME,
                                          "verify",
                                          file,
                                          measurement != NULL ? "--measurement" : "--policy",
                                          measurement != NULL ? measurement : w->policy,
                                          "--trust-simulated",
                                          w->root};
    struct process p;
    char line[128];
    if (at != NULL) {
        argv[7] = "--at";
        argv[8] = at;
    }
    int code = process_run(&p, argv);
    (void)snprintf(line, sizeof line, "FAILED  %s ", failed == NULL ? "" : failed);
    if (failed != NULL && strstr(p.out.bytes, line) == NULL)
        fail_msg("%s was wanted, it said:\n%s%s", line, p.out.bytes, p.err.bytes);
    process_release(&p);
    return code;
}

/* The media type of a platform's evidence, and the names of its rows. */
static const struct rows {
    const char *platform;
    const char *evidence;
    const char *measurement;
    const char *validity;
    const char *signature;
    const char *debug;
} rows[] = {
    {"snp", "sev-snp-report\",\"", "snp.measurement", "snp.chain.validity", "snp.report.signature",
     "snp.policy.debug"},
    {"tdx", "tdx-quote\",\"", "tdx.mrtd", "tdx.pck.validity", "tdx.quote.signature", "tdx.td.debug"},
};

static void flip_byte(const char *path, const char *after)
{
    size_t len = 0;
    char *text = process_read_file(path, &len);
    char *at = strstr(text, after);
    assert_non_null(at);
    at += strlen(after) + 100;
    *at = *at == 'A' ? 'B' : 'A';
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    (void)fclose(f);
    free(text);
}

static void saved_evidence_is_verified_offline(void **state)
{
    static const char other[] = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
                                "000102030405060708090a0b0c0d0e0f";
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        const struct rows *r = &rows[i];
        struct world w;
        struct process p;
        world_start(&w, &(struct world_options){.platform = r->platform});
        char *file = world_path(&w, "evidence.json");
        assert_int_equal(
            world_chat(&w, NULL, &p,
                       (const char *const[]){"--max-tokens", "2", "--save-evidence", file, PROMPT, NULL}),
            0);
        process_release(&p);
        assert_int_equal(world_end(&w), 0); /* nobody is asked any more */
        assert_int_equal(verify(&w, file, NULL, NULL, NULL), 0);
        assert_int_equal(verify(&w, file, other, NULL, r->measurement), 1);
        assert_int_equal(verify(&w, file, NULL, "2096-01-01T00:00:00Z", r->validity), 1);
        flip_byte(file, r->evidence);
        assert_int_equal(verify(&w, file, NULL, NULL, r->signature), 1);
        free(file);
        world_remove(&w);
    }
}

/* A refused enclave's evidence is kept too, for the auditor. */
static void evidence_that_was_refused_is_saved(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct world w;
        struct process p;
        world_start(&w, &(struct world_options){.platform = rows[i].platform, .lie = "debug"});
        char *file = world_path(&w, "evidence.json");
        assert_int_equal(
            world_chat(&w, NULL, &p, (const char *const[]){"--save-evidence", file, PROMPT, NULL}), 1);
        process_release(&p);
        assert_int_equal(verify(&w, file, NULL, NULL, rows[i].debug), 1);
        free(file);
        world_stop(&w);
    }
}

/* ---- coming back ---- */

static uint8_t first_kind(struct relay *relay, size_t connection, enum relay_direction direction)
{
    struct relay_record record = {0};
    size_t rest = 0;
    struct relay_tape tape = relay_tape(relay, connection, direction);
    assert_true(relay_records(&tape, &record, 1, &rest) >= 1);
    free(tape.bytes);
    return record.first;
}

static void comes_back(const char *platform)
{
    struct world w;
    struct process p;
    world_start(&w, &(struct world_options){.platform = platform});
    char *file = world_path(&w, "remembered.json");
    struct relay *relay = relay_start(w.relay, w.socket);
    const char *const arguments[] = {"--remember", file, "--max-tokens", "4", PROMPT, NULL};

    assert_int_equal(world_chat(&w, w.relay_address, &p, arguments), 0);
    assert_non_null(strstr(p.err.bytes, "the chip signed for this very connection"));
    process_release(&p);
    assert_int_equal(first_kind(relay, 0, RELAY_FROM_CLIENT), KIND_XX_1);

    /* At once, within the same second: no evidence comes, and it is not said that any came. */
    assert_int_equal(world_chat(&w, w.relay_address, &p, arguments), 0);
    assert_non_null(strstr(p.err.bytes, "resumed"));
    assert_null(strstr(p.err.bytes, "this very connection"));
    process_release(&p);
    assert_int_equal(first_kind(relay, 1, RELAY_FROM_CLIENT), KIND_IK_1);
    assert_int_equal(first_kind(relay, 1, RELAY_FROM_ENCLAVE), KIND_IK_2);

    /* Another start, another key: fallback, with evidence. */
    assert_int_equal(world_end(&w), 0);
    assert_true(world_run(&w));
    assert_int_equal(world_chat(&w, w.relay_address, &p, arguments), 0);
    assert_non_null(strstr(p.err.bytes, "the chip signed for this very connection"));
    process_release(&p);
    assert_int_equal(first_kind(relay, 2, RELAY_FROM_CLIENT), KIND_IK_1);
    assert_int_equal(first_kind(relay, 2, RELAY_FROM_ENCLAVE), KIND_FALLBACK_1);

    assert_int_equal(world_chat(&w, w.relay_address, &p, arguments), 0);
    assert_non_null(strstr(p.err.bytes, "resumed"));
    process_release(&p);
    assert_int_equal(first_kind(relay, 3, RELAY_FROM_ENCLAVE), KIND_IK_2);

    /* Older than the user wants: asked as if never seen. */
    process_sleep(2100);
    assert_int_equal(world_chat(&w, w.relay_address, &p,
                                (const char *const[]){"--remember", file, "--max-age", "1", "--max-tokens",
                                                      "4", PROMPT, NULL}),
                     0);
    assert_non_null(strstr(p.err.bytes, "the chip signed for this very connection"));
    process_release(&p);
    relay_stop(relay);
    free(file);
    world_stop(&w);
}

static void a_remembered_enclave_is_resumed_and_a_new_one_appraised(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        comes_back(rows[i].platform);
}

/* On an open connection evidence that is too old is renewed in place before the next question. */
static void old_evidence_is_renewed_in_place(void **state)
{
    struct world w;
    struct asker a;
    struct asker next;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    char *file = world_path(&w, "remembered.json");
    struct relay *relay = relay_start(w.relay, w.socket);
    asker_open(&a, &w, w.relay_address, &(struct client_options){.max_age = 1, .remember = file});
    a.max_tokens = 4;
    assert_ok(asker_ask(&a, PROMPT));
    int64_t first = client_verdict(a.client)->appraised_at;
    process_sleep(2100);
    size_t before = relay_record_count(relay, 0, RELAY_FROM_ENCLAVE);
    assert_ok(asker_ask(&a, PROMPT));
    assert_true(client_verdict(a.client)->appraised_at > first);
    assert_true(client_verdict(a.client)->accepted);
    assert_true(relay_record_count(relay, 0, RELAY_FROM_ENCLAVE) > before);
    assert_int_equal(relay_connections(relay), 1);
    asker_close(&a);
    /* What is remembered is the newer one. */
    asker_open(&next, &w, NULL, &(struct client_options){.remember = file});
    assert_ok(client_connect(next.client, &next.note));
    assert_int_equal(client_path(next.client), CHANNEL_PATH_IK);
    assert_true(client_verdict(next.client)->appraised_at > first);
    asker_close(&next);
    free(file);
    relay_stop(relay);
    world_stop(&w);
}

/* A cancel that came after an answer's end is not held against the next question. */
static void a_late_cancel_is_forgotten(void **state)
{
    struct world w;
    struct asker a;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    asker_open(&a, &w, NULL, NULL);
    a.max_tokens = 4;
    assert_ok(asker_ask(&a, PROMPT));
    client_cancel(a.client);
    assert_ok(asker_ask(&a, PROMPT));
    asker_close(&a);
    world_stop(&w);
}

/* ---- the enclave stops, or dies, while it answers ---- */

struct stopper {
    const struct world *w;
    int signal;
    size_t pieces;
};

static void stop_at_third(void *owner, struct bytes piece)
{
    struct stopper *s = owner;
    (void)piece;
    if (++s->pieces == 3)
        (void)kill(s->w->enclave, s->signal);
    process_sleep(PACED_MS);
}

static void a_stopping_enclave_finishes_its_answer(void **state)
{
    struct world w;
    struct asker a;
    (void)state;
    world_start(&w, &(struct world_options){.enclave = {"--grace", "20"}});
    asker_open(&a, &w, NULL, NULL);
    struct stopper s = {.w = &w, .signal = SIGTERM};
    a.on_piece = stop_at_third;
    a.owner = &s;
    a.max_tokens = LONG;
    assert_ok(asker_ask(&a, PROMPT));
    assert_true(a.pieces > 20);
    assert_int_equal(process_finish(&w.simulator, WAIT_MS), 0); /* it ends by itself */
    /* And nobody can ask any more. */
    assert_err(asker_ask(&a, PROMPT), ERR_NETWORK);
    asker_close(&a);
    process_release(&w.simulator);
    world_remove(&w);
}

static void without_grace_the_answer_ends_with_an_error(void **state)
{
    struct world w;
    struct asker a;
    (void)state;
    world_start(&w, &(struct world_options){.enclave = {"--grace", "0"}});
    asker_open(&a, &w, NULL, NULL);
    struct stopper s = {.w = &w, .signal = SIGTERM};
    a.on_piece = stop_at_third;
    a.owner = &s;
    enum err e = asker_ask(&a, PROMPT);
    assert_true(e == ERR_CHANNEL_SHUTDOWN || e == ERR_OK); /* ERR_OK: the whole answer was on its way */
    assert_int_equal(process_finish(&w.simulator, WAIT_MS), 0);
    asker_close(&a);
    process_release(&w.simulator);
    world_remove(&w);
}

static void an_answer_that_was_cut_is_not_taken_for_whole(void **state)
{
    struct world w;
    struct process p;
    (void)state;
    world_start(&w, &(struct world_options){.lie = NULL});
    world_chat_start(&w, NULL, &p, (const char *const[]){"--quiet", PROMPT, NULL});
    assert_true(process_says(&p, " ", WAIT_MS));
    (void)kill(w.enclave, SIGKILL);
    assert_int_equal(process_finish(&p, WAIT_MS), 3);
    assert_non_null(strstr(p.err.bytes, "enclume: "));
    process_release(&p);
    assert_int_equal(process_finish(&w.simulator, WAIT_MS), 128 + SIGKILL);
    process_release(&w.simulator);
    /* The name of its socket is still there, and in nobody's way. */
    assert_int_equal(access(w.socket, F_OK), 0);
    assert_true(world_run(&w));
    assert_int_equal(world_chat(&w, NULL, &p, (const char *const[]){"--max-tokens", "4", PROMPT, NULL}), 0);
    process_release(&p);
    world_stop(&w);
}

/* Where another one listens, or a file stands, it does not push in. */
static void an_enclave_takes_nobodys_place(void **state)
{
    struct world first;
    struct world second;
    struct process p;
    (void)state;
    world_start(&first, &(struct world_options){.enclave = {NULL}});
    world_open(&second, &(struct world_options){.enclave = {NULL}});
    (void)strcpy(second.socket, first.socket);   // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    (void)strcpy(second.address, first.address); // NOLINT(clang-analyzer-security.insecureAPI.strcpy)
    assert_false(world_run(&second));
    assert_int_equal(world_end(&second), ERR_CLASS_NETWORK);
    assert_int_equal(world_chat(&first, NULL, &p, (const char *const[]){"--max-tokens", "4", PROMPT, NULL}),
                     0);
    process_release(&p);
    world_stop(&first);
    FILE *f = fopen(second.relay, "w");
    assert_non_null(f);
    (void)fclose(f);
    int n = snprintf(second.address, sizeof second.address, "unix:%s", second.relay);
    assert_true(n > 0 && n < (int)sizeof second.address);
    assert_false(world_run(&second));
    assert_int_equal(world_end(&second), ERR_CLASS_NETWORK);
    assert_int_equal(access(second.relay, F_OK), 0);
    world_remove(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_streams),
        cmocka_unit_test(exit_codes_say_whose_fault_it_was),
        cmocka_unit_test(a_question_does_not_stay_on_the_command_line),
        cmocka_unit_test(a_prompt_comes_from_standard_input_too),
        cmocka_unit_test(saved_evidence_is_verified_offline),
        cmocka_unit_test(evidence_that_was_refused_is_saved),
        cmocka_unit_test(a_remembered_enclave_is_resumed_and_a_new_one_appraised),
        cmocka_unit_test(old_evidence_is_renewed_in_place),
        cmocka_unit_test(a_late_cancel_is_forgotten),
        cmocka_unit_test(a_stopping_enclave_finishes_its_answer),
        cmocka_unit_test(without_grace_the_answer_ends_with_an_error),
        cmocka_unit_test(an_answer_that_was_cut_is_not_taken_for_whole),
        cmocka_unit_test(an_enclave_takes_nobodys_place),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
