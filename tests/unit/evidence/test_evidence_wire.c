/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attest/certificate_table.h"
#include "evidence/evidence.h"
#include "evidence/simulated_wire.h"

enum { STATUS_AT = 8, TABLE_SIZE_AT = 12, REPORT_AT = 16, TABLE_AT = REPORT_AT + SNP_REPORT_SIZE };

static uint8_t report[SNP_REPORT_SIZE];
static uint8_t table[SIMULATED_WIRE_TABLE_MAX];

/* A good answer, its table of certificates included. */
static void good_answer(uint8_t frame[static SIMULATED_WIRE_ANSWER_SIZE])
{
    const struct certificate_table t = {.vcek = bytes_str("vcek"),
                                        .ask = bytes_str("ask"),
                                        .ark = bytes_str("the ark"),
                                        .crl = bytes_str("list")};
    struct simulated_answer a = {.report = bytes_of(report, sizeof report)};
    size_t len;
    memset(report, 0x5a, sizeof report);
    assert_ok(certificate_table_write(&t, table, sizeof table, &len));
    a.table = bytes_of(table, len);
    assert_ok(simulated_answer_write(&a, frame));
}

static void a_question_comes_back_as_it_was(void **state)
{
    (void)state;
    uint8_t data[SNP_REPORT_DATA_SIZE];
    uint8_t back[SNP_REPORT_DATA_SIZE];
    uint8_t frame[SIMULATED_WIRE_QUESTION_SIZE + 1] = {0};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    simulated_question_write(data, frame);
    assert_ok(simulated_question_parse(bytes_of(frame, SIMULATED_WIRE_QUESTION_SIZE), back));
    assert_memory_equal(data, back, sizeof data);
    for (size_t n = 0; n < SIMULATED_WIRE_QUESTION_SIZE; n++)
        assert_int_not_equal(simulated_question_parse(bytes_of(frame, n), back), ERR_OK);
    assert_err(simulated_question_parse(bytes_of(frame, sizeof frame), back), ERR_TRAILING);
    frame[0] ^= 1;
    assert_err(simulated_question_parse(bytes_of(frame, SIMULATED_WIRE_QUESTION_SIZE), back), ERR_VALUE);
}

static void an_answer_comes_back_as_it_was(void **state)
{
    (void)state;
    static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE];
    struct simulated_answer a;
    good_answer(frame);
    assert_ok(simulated_answer_parse(bytes_of(frame, sizeof frame), &a));
    assert_int_equal(a.status, 0);
    assert_true(bytes_equal(a.report, bytes_of(report, sizeof report)));
    assert_true(bytes_equal(a.table, bytes_of(table, a.table.len)));
}

static void a_refusal_comes_back_as_it_was(void **state)
{
    (void)state;
    static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE];
    struct simulated_answer a = {.status = 0x1234};
    assert_ok(simulated_answer_write(&a, frame));
    a.status = 0;
    assert_ok(simulated_answer_parse(bytes_of(frame, sizeof frame), &a));
    assert_int_equal(a.status, 0x1234);
    assert_int_equal(a.report.len + a.table.len, 0);
    frame[REPORT_AT] = 1;
    assert_err(simulated_answer_parse(bytes_of(frame, sizeof frame), &a), ERR_NOT_ZERO);
}

static void a_wrong_answer_is_refused_and_gives_nothing(void **state)
{
    (void)state;
    static uint8_t good[SIMULATED_WIRE_ANSWER_SIZE];
    static const struct {
        size_t at;
        uint8_t value;
        enum err wanted;
    } cases[] = {
        {0, 'X', ERR_VALUE},
        {7, 'Q', ERR_VALUE},
        {TABLE_SIZE_AT, 0xff, ERR_TOO_LARGE},
        {TABLE_SIZE_AT + 2, 0x40, ERR_TOO_LARGE}, /* 16384 and a little */
        {STATUS_AT + 3, 1, ERR_TOO_LARGE},        /* a refusal with a table */
        {SIMULATED_WIRE_ANSWER_SIZE - 1, 1, ERR_NOT_ZERO},
    };
    struct simulated_answer a;
    good_answer(good);
    for (size_t i = 0; i < test_count(cases); i++) {
        static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE];
        memcpy(frame, good, sizeof frame);
        frame[cases[i].at] = cases[i].value;
        assert_err(simulated_answer_parse(bytes_of(frame, sizeof frame), &a), cases[i].wanted);
        assert_null(a.report.ptr);
        assert_int_equal(a.table.len, 0);
    }
}

static void an_answer_of_another_size_is_refused(void **state)
{
    (void)state;
    static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE + 1];
    struct simulated_answer a;
    good_answer(frame);
    assert_err(simulated_answer_parse((struct bytes){0}, &a), ERR_TRUNCATED);
    for (size_t n = 1; n < SIMULATED_WIRE_ANSWER_SIZE; n++) {
        uint8_t *exact = malloc(n); /* so that a read past the end is seen */
        memcpy(exact, frame, n);
        assert_int_not_equal(simulated_answer_parse(bytes_of(exact, n), &a), ERR_OK);
        free(exact);
    }
    assert_err(simulated_answer_parse(bytes_of(frame, sizeof frame), &a), ERR_TRAILING);
}

static void what_is_not_an_answer_is_not_written(void **state)
{
    (void)state;
    static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE];
    const struct simulated_answer short_report = {.report = bytes_of(report, SNP_REPORT_SIZE - 1)};
    const struct simulated_answer refusal_with_report = {.status = 1,
                                                         .report = bytes_of(report, SNP_REPORT_SIZE)};
    const struct simulated_answer great_table = {.report = bytes_of(report, SNP_REPORT_SIZE),
                                                 .table = {table, SIMULATED_WIRE_TABLE_MAX + 1}};
    assert_err(simulated_answer_write(&short_report, frame), ERR_VALUE);
    assert_err(simulated_answer_write(&refusal_with_report, frame), ERR_VALUE);
    assert_err(simulated_answer_write(&great_table, frame), ERR_NO_SPACE);
}

/* ---- the source, against a host that answers with these bytes ---- */

static enum err ask_host(const void *answer, size_t len, struct evidence *evidence, struct err_note *note)
{
    static const uint8_t data[SNP_REPORT_DATA_SIZE];
    struct evidence_source *source;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    if (len != 0)
        assert_int_equal(send(pair[0], answer, len, 0), len);
    else
        (void)close(pair[0]);
    assert_ok(evidence_simulated_open(pair[1], &source));
    enum err e = source->report(source, data, evidence, note);
    source->close(source);
    if (len != 0)
        (void)close(pair[0]);
    return e;
}

static void the_source_gives_report_and_certificates_in_the_bundles_order(void **state)
{
    (void)state;
    static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE];
    struct evidence evidence;
    good_answer(frame);
    assert_ok(ask_host(frame, sizeof frame, &evidence, NULL));
    assert_string_equal(evidence.report.media_type, BUNDLE_SNP_REPORT);
    assert_true(bytes_equal(evidence.report.value, bytes_of(report, sizeof report)));
    assert_int_equal(evidence.endorsement_count, 4);
    assert_true(bytes_is_str(evidence.endorsements[0].value, "vcek"));
    assert_true(bytes_is_str(evidence.endorsements[3].value, "list"));
    assert_string_equal(evidence.endorsements[3].media_type, BUNDLE_CRL);
    assert_true(bytes_is_str(evidence.endorsements[1].value, "ask"));
    assert_true(bytes_is_str(evidence.endorsements[2].value, "the ark"));
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(evidence.endorsements[i].media_type, BUNDLE_CERTIFICATE);
    evidence_release(&evidence);
}

static void a_hostile_host_gets_an_error_and_nothing_else(void **state)
{
    (void)state;
    static uint8_t frame[SIMULATED_WIRE_ANSWER_SIZE + 1];
    const struct simulated_answer refusal = {.status = 7};
    struct evidence evidence;
    struct err_note note;
    good_answer(frame);
    assert_err(ask_host(frame, sizeof frame, &evidence, &note), ERR_EVIDENCE);
    assert_err(ask_host(frame, sizeof frame - 2, &evidence, &note), ERR_EVIDENCE);
    assert_err(ask_host("x", 1, &evidence, &note), ERR_EVIDENCE);
    assert_err(ask_host(NULL, 0, &evidence, &note), ERR_EVIDENCE);
    frame[TABLE_AT] ^= 1; /* the GUID of the VCEK */
    assert_err(ask_host(frame, SIMULATED_WIRE_ANSWER_SIZE, &evidence, &note), ERR_EVIDENCE);
    assert_ok(simulated_answer_write(&refusal, frame));
    assert_err(ask_host(frame, SIMULATED_WIRE_ANSWER_SIZE, &evidence, &note), ERR_EVIDENCE);
    assert_string_equal(note.text, "the simulator refused, status 0x7");
    assert_int_equal(evidence.endorsement_count, 0);
    assert_null(evidence.storage);
}

static void a_descriptor_of_another_kind_is_not_a_platform(void **state)
{
    (void)state;
    struct evidence_source *source;
    int pair[2];
    assert_err(evidence_simulated_open(-1, &source), ERR_EVIDENCE);
    assert_int_equal(pipe(pair), 0);
    assert_err(evidence_simulated_open(pair[0], &source), ERR_EVIDENCE);
    (void)close(pair[0]);
    (void)close(pair[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_err(evidence_simulated_open(pair[0], &source), ERR_EVIDENCE);
    assert_null(source);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_comes_back_as_it_was),
        cmocka_unit_test(an_answer_comes_back_as_it_was),
        cmocka_unit_test(a_refusal_comes_back_as_it_was),
        cmocka_unit_test(a_wrong_answer_is_refused_and_gives_nothing),
        cmocka_unit_test(an_answer_of_another_size_is_refused),
        cmocka_unit_test(what_is_not_an_answer_is_not_written),
        cmocka_unit_test(the_source_gives_report_and_certificates_in_the_bundles_order),
        cmocka_unit_test(a_hostile_host_gets_an_error_and_nothing_else),
        cmocka_unit_test(a_descriptor_of_another_kind_is_not_a_platform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
