/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way of being the wrong enclave that the product knows: enclume chat refuses with exit code 1, by the check that is there for it, and a relay in
 * between has seen one record from the client, the first message of the handshake, and nothing behind it.
 */
#include "e2e/support/asker.h"
#include "e2e/support/relay.h"
#include "e2e/support/responder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/policy_document.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "unit/test.h"

#define PROMPT "The canary sings in the coal mine at a quarter past seven"

enum {
    KIND_XX_FIRST = 0x01,
    XX_FIRST_SIZE = 1217, /* the kind and message 1 of XXhfs */
    CHAT_MS = 60000,
};

/* What the client said, all of it: one record, the first of XX. Nothing that could hold a prompt. */
static void assert_nothing_said(struct relay *relay, size_t connection)
{
    struct relay_record record = {0};
    size_t rest = 0;
    assert_true(relay_ended(relay, connection));
    struct relay_tape tape = relay_tape(relay, connection, RELAY_FROM_CLIENT);
    assert_int_equal(relay_records(&tape, &record, 1, &rest), 1);
    assert_int_equal(rest, 0);
    assert_int_equal(record.len, XX_FIRST_SIZE);
    assert_int_equal(record.first, KIND_XX_FIRST);
    free(tape.bytes);
}

static void assert_refused_by(const struct process *p, int code, const char *check)
{
    char line[128];
    (void)snprintf(line, sizeof line, "\n  > %s\n", check);
    if (code != 1 || strstr(p->err.bytes, line) == NULL)
        fail_msg("exit code %d, wanted 1 and %s; it said:\n%s", code, check, p->err.bytes);
    assert_non_null(strstr(p->err.bytes, "REFUSED"));
    assert_non_null(strstr(p->err.bytes, "Nothing was sent."));
    assert_null(strstr(p->err.bytes, ": \n")); /* nothing is announced and then left empty */
    assert_string_equal(p->out.bytes, "");
}

/* ---- an honest enclave and a client that wants another, and enclaves on platforms that lie ---- */

/* Other reference values. They are of the right form, and of nothing that exists. */
static const char other_measurement[] =
    "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";
static const char other_digest[] = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";

static void chat_is_refused(const struct world *w, const char *const *arguments, const char *check)
{
    const char *argv[PROCESS_ARGS_MAX] = {E2E_ENCLUME, "chat", "--connect"};
    size_t n = 3;
    struct process p;
    struct relay *relay = relay_start(w->relay, w->socket);
    argv[n++] = w->relay_address;
    while (*arguments != NULL)
        argv[n++] = *arguments++;
    argv[n++] = PROMPT;
    argv[n] = NULL;
    int code = process_run(&p, argv);
    assert_refused_by(&p, code, check);
    assert_int_equal(relay_connections(relay), 1);
    assert_nothing_said(relay, 0);
    process_release(&p);
    relay_stop(relay);
}

/* The names of a platform's rows. */
static const struct rows {
    const char *platform;
    const char *measurement;
    const char *root;
    const char *report_data;
} rows[] = {
    {"snp", "snp.measurement", "snp.chain.root", "snp.report_data"},
    {"tdx", "tdx.mrtd", "tdx.pck.root", "tdx.report_data"},
};

static void a_client_that_wants_another_enclave_says_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct world w;
        struct process p;
        world_start(&w, &(struct world_options){.platform = rows[i].platform});
        char *empty = world_path(&w, "empty.json");
        assert_ok(file_write(empty, bytes_str("{\"version\":1}"), NULL));
        chat_is_refused(
            &w, (const char *const[]){"--trust-simulated", w.root, "--measurement", other_measurement, NULL},
            rows[i].measurement);
        chat_is_refused(&w, (const char *const[]){"--policy", w.policy, NULL}, rows[i].root);
        chat_is_refused(&w,
                        (const char *const[]){"--trust-simulated", w.root, "--policy", w.policy,
                                              "--model-digest", other_digest, NULL},
                        "statement.model");
        chat_is_refused(&w, (const char *const[]){"--trust-simulated", w.root, "--policy", empty, NULL},
                        rows[i].measurement);
        /* A program is told which checks failed. */
        assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "chat", "--json", "--connect",
                                                               w.address, "--trust-simulated", w.root,
                                                               "--policy", empty, PROMPT, NULL}),
                         1);
        assert_memory_equal(p.out.bytes, "{\"answer\":null,\"verdict\":{", 26);
        json_t *said = json_loads(p.out.bytes, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(json_object_get(said, "verdict"), "verdict")),
                            "refused");
        json_decref(said);
        process_release(&p);
        /* Without any word about the code nobody is connected to: that is a mistake of who asks. */
        assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "chat", "--connect", w.address,
                                                               "--trust-simulated", w.root, PROMPT, NULL}),
                         2);
        assert_non_null(strstr(p.err.bytes, "--policy FILE"));
        process_release(&p);
        assert_int_equal(unlink(empty), 0);
        free(empty);
        world_stop(&w);
    }
}

/* MRTD says what the firmware is and nothing about what it loaded. */
static void a_td_whose_registers_nobody_named_is_refused(void **state)
{
    struct world w;
    struct process p;
    (void)state;
    world_start(&w, &(struct world_options){.platform = "tdx"});
    const char *const named[] = {"--trust-simulated",
                                 w.root,
                                 "--measurement",
                                 w.measurement,
                                 "--rtmr",
                                 "0:any",
                                 "--rtmr",
                                 "1:any",
                                 NULL};
    chat_is_refused(&w,
                    (const char *const[]){"--trust-simulated", w.root, "--measurement", w.measurement, NULL},
                    "tdx.rtmr0");
    chat_is_refused(&w, named, "tdx.rtmr2");
    /* Waived, it is accepted: whoever says so knows it. */
    const char *argv[] = {E2E_ENCLUME,     "chat",        "--connect", w.address, "--trust-simulated", w.root,
                          "--measurement", w.measurement, "--rtmr",    "all:any", "--max-tokens",      "4",
                          PROMPT,          NULL};
    assert_int_equal(process_run(&p, argv), 0);
    process_release(&p);
    world_stop(&w);
}

/* Each platform's policy is of no use for the other. */
static void a_policy_of_the_other_platform_accepts_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct world w;
        struct world other;
        world_start(&w, &(struct world_options){.platform = rows[i].platform});
        world_open(&other, &(struct world_options){.platform = rows[1 - i].platform});
        chat_is_refused(&w,
                        (const char *const[]){"--trust-simulated", w.root, "--policy", other.policy, NULL},
                        rows[i].measurement);
        world_remove(&other);
        world_stop(&w);
    }
}

/* Accepted by the same commands: else the refusals above and below would prove nothing. */
static void the_right_enclave_is_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++) {
        struct world w;
        struct process p;
        world_start(&w, &(struct world_options){.platform = rows[i].platform});
        struct relay *relay = relay_start(w.relay, w.socket);
        assert_int_equal(
            world_chat(&w, w.relay_address, &p, (const char *const[]){"--max-tokens", "4", PROMPT, NULL}), 0);
        assert_true(p.out.len > 1);
        assert_true(relay_ended(relay, 0));
        assert_true(relay_record_count(relay, 0, RELAY_FROM_CLIENT) > 2);
        process_release(&p);
        relay_stop(relay);
        world_stop(&w);
    }
}

static void a_platform_that_lies_is_refused(void **state)
{
    static const struct {
        const char *platform;
        const char *lie;
        const char *check;
    } cases[] = {
        {"snp", "foreign-root", "snp.chain.root"},
        {"snp", "debug", "snp.policy.debug"},
        {"snp", "stale", "snp.report_data"},
        {"snp", "report-data", "snp.report_data"},
        {"snp", "measurement", "snp.measurement"},
        {"snp", "bit:2560", "snp.report.signature"},
        {"snp", "bit:1152", "snp.report.signature"},
        {"tdx", "foreign-root", "tdx.pck.root"},
        {"tdx", "debug", "tdx.td.debug"},
        {"tdx", "stale", "tdx.report_data"},
        {"tdx", "report-data", "tdx.report_data"},
        {"tdx", "measurement:0", "tdx.mrtd"},
        {"tdx", "measurement:3", "tdx.rtmr2"},
        {"tdx", "bit:2560", "tdx.quote.signature"},
    };
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct world w;
        world_start(&w, &(struct world_options){.platform = cases[i].platform, .lie = cases[i].lie});
        chat_is_refused(&w, (const char *const[]){"--trust-simulated", w.root, "--policy", w.policy, NULL},
                        cases[i].check);
        world_stop(&w);
    }
}

/* An enclave whose chip gives nothing usable does not even start to listen, and says why. */
static void an_enclave_without_evidence_does_not_start(void **state)
{
    static const struct {
        const char *platform;
        const char *lie;
    } cases[] = {{"snp", "refuse"},
                 {"snp", "truncated"},
                 {"snp", "other-platform"},
                 {"tdx", "refuse"},
                 {"tdx", "truncated"}};
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct world w;
        size_t len = 0;
        world_open(&w, &(struct world_options){.platform = cases[i].platform, .lie = cases[i].lie});
        assert_false(world_run(&w));
        assert_int_equal(world_end(&w), ERR_CLASS_ENCLAVE);
        char *log = process_read_file(w.log, &len);
        assert_non_null(strstr(log, err_text(ERR_EVIDENCE)));
        free(log);
        world_remove(&w);
    }
}

/* ---- an enclave that lies itself ---- */

static void an_enclave_that_lies_is_refused_on(const struct rows *platform_rows)
{
    const struct {
        enum responder_lie lie;
        size_t number;
        const char *check; /* NULL: accepted */
    } cases[] = {
        {RESPONDER_HONEST, 0, NULL},
        {RESPONDER_TRUNCATED, 1, "bundle.form"},
        {RESPONDER_TRUNCATED, 5000, "bundle.form"},
        {RESPONDER_TRUNCATED, SIZE_MAX, "bundle.form"}, /* one byte is left */
        {RESPONDER_OTHER_STATEMENT, 0, platform_rows->report_data},
        {RESPONDER_OTHER_KEY, 0, "channel.key"},
        {RESPONDER_OTHER_DATA, 0, platform_rows->report_data},
        {RESPONDER_STALE, 0, platform_rows->report_data},
        {RESPONDER_HONEST, 0, NULL},
    };
    struct world w;
    world_open(&w, &(struct world_options){.platform = platform_rows->platform});
    struct platform *platform = responder_platform(platform_rows->platform);
    responder_accept(&w, platform);
    struct responder *r = responder_start(w.socket, platform);
    for (size_t i = 0; i < test_count(cases); i++) {
        struct process p;
        struct asker a;
        responder_serve(r, cases[i].lie, cases[i].number);
        if (cases[i].check == NULL) { /* this enclave answers no question: connect is all */
            asker_open(&a, &w, NULL, NULL);
            assert_ok(client_connect(a.client, &a.note));
            asker_close(&a);
            assert_true(responder_heard(r) > 0); /* the last message of the handshake */
            continue;
        }
        world_chat_start(&w, NULL, &p, (const char *const[]){PROMPT, NULL});
        assert_refused_by(&p, process_finish(&p, CHAT_MS), cases[i].check);
        assert_int_equal(responder_heard(r), 0);
        process_release(&p);
    }
    responder_stop(r);
    platform_close(platform);
    (void)unlink(w.socket);
    world_remove(&w);
}

static void an_enclave_that_lies_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        an_enclave_that_lies_is_refused_on(&rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_enclave_is_asked),
        cmocka_unit_test(a_client_that_wants_another_enclave_says_nothing),
        cmocka_unit_test(a_td_whose_registers_nobody_named_is_refused),
        cmocka_unit_test(a_policy_of_the_other_platform_accepts_nothing),
        cmocka_unit_test(a_platform_that_lies_is_refused),
        cmocka_unit_test(an_enclave_without_evidence_does_not_start),
        cmocka_unit_test(an_enclave_that_lies_is_refused),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
