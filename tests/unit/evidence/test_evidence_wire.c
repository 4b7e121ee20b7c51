/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attest/certificate_table.h"
#include "evidence/simulated.h"

enum {
    WHAT_AT = 8,
    PLATFORM_AT = 12,
    STATUS_AT = 16,
    EVIDENCE_SIZE_AT = 20,
    ENDORSEMENTS_SIZE_AT = 24,
    QUOTE_SIZE = 5000,
};

static uint8_t report[SIMULATED_WIRE_EVIDENCE_MAX];
static uint8_t table[1024];

struct frame {
    uint8_t bytes[SIMULATED_WIRE_ANSWER_MAX + 1];
    size_t len;
};

static struct bytes all_of(const struct frame *f)
{
    return bytes_of(f->bytes, f->len);
}

/* A good answer of each platform. */
static void snp_answer(struct frame *f)
{
    const struct certificate_table t = {.vcek = bytes_str("vcek"),
                                        .ask = bytes_str("ask"),
                                        .ark = bytes_str("the ark"),
                                        .crl = bytes_str("list")};
    struct simulated_answer a = {.what = SIMULATED_ASKS_REPORT,
                                 .platform = SIMULATED_PLATFORM_SNP,
                                 .evidence = bytes_of(report, SNP_REPORT_SIZE)};
    size_t len;
    memset(report, 0x5a, sizeof report);
    assert_ok(certificate_table_write(&t, table, sizeof table, &len));
    a.endorsements = bytes_of(table, len);
    assert_ok(simulated_answer_write(&a, f->bytes, &f->len));
}

static void tdx_answer(struct frame *f)
{
    const struct simulated_answer a = {.what = SIMULATED_ASKS_REPORT,
                                       .platform = SIMULATED_PLATFORM_TDX,
                                       .evidence = bytes_of(report, QUOTE_SIZE),
                                       .endorsements = bytes_str("collateral")};
    memset(report, 0xa5, sizeof report);
    assert_ok(simulated_answer_write(&a, f->bytes, &f->len));
}

/* Two GPUs: reports, chains, reference values and a word about revocation. */
static void gpus_answer(struct frame *f)
{
    static uint8_t reports[256];
    static uint8_t others[256];
    struct writer w = writer_into(reports, sizeof reports);
    struct writer o = writer_into(others, sizeof others);
    simulated_part_write(&w, SIMULATED_PART_REPORT, bytes_str("first"));
    simulated_part_write(&w, SIMULATED_PART_REPORT, bytes_str("second"));
    simulated_part_write(&o, SIMULATED_PART_CHAIN, bytes_str("chain 1"));
    simulated_part_write(&o, SIMULATED_PART_CHAIN, bytes_str("chain 2"));
    simulated_part_write(&o, SIMULATED_PART_RIM, bytes_str("values"));
    simulated_part_write(&o, SIMULATED_PART_OCSP, bytes_str("good"));
    const struct simulated_answer a = {.what = SIMULATED_ASKS_GPUS,
                                       .platform = SIMULATED_PLATFORM_TDX,
                                       .evidence = bytes_of(reports, w.used),
                                       .endorsements = bytes_of(others, o.used)};
    assert_ok(simulated_answer_write(&a, f->bytes, &f->len));
}

static void platform_answer(struct frame *f, enum simulated_platform platform)
{
    const struct simulated_answer a = {.platform = platform};
    assert_ok(simulated_answer_write(&a, f->bytes, &f->len));
}

static void a_question_comes_back_as_it_was(void **state)
{
    (void)state;
    struct simulated_question question = {.what = SIMULATED_ASKS_REPORT};
    struct simulated_question back;
    uint8_t frame[SIMULATED_WIRE_QUESTION_SIZE + 1] = {0};
    for (size_t i = 0; i < sizeof question.data; i++)
        question.data[i] = (uint8_t)i;
    simulated_question_write(&question, frame);
    assert_ok(simulated_question_parse(bytes_of(frame, SIMULATED_WIRE_QUESTION_SIZE), &back));
    assert_int_equal(back.what, SIMULATED_ASKS_REPORT);
    assert_memory_equal(question.data, back.data, sizeof back.data);
    for (size_t n = 0; n < SIMULATED_WIRE_QUESTION_SIZE; n++)
        assert_int_not_equal(simulated_question_parse(bytes_of(frame, n), &back), ERR_OK);
    assert_err(simulated_question_parse(bytes_of(frame, sizeof frame), &back), ERR_TRAILING);
    frame[0] ^= 1;
    assert_err(simulated_question_parse(bytes_of(frame, SIMULATED_WIRE_QUESTION_SIZE), &back), ERR_VALUE);
}

static void a_question_for_the_platform_says_nothing_else(void **state)
{
    (void)state;
    const struct simulated_question question = {.what = SIMULATED_ASKS_PLATFORM};
    struct simulated_question back;
    uint8_t frame[SIMULATED_WIRE_QUESTION_SIZE];
    simulated_question_write(&question, frame);
    assert_ok(simulated_question_parse(bytes_of(frame, sizeof frame), &back));
    assert_int_equal(back.what, SIMULATED_ASKS_PLATFORM);
    frame[sizeof frame - 1] = 1;
    assert_err(simulated_question_parse(bytes_of(frame, sizeof frame), &back), ERR_NOT_ZERO);
    frame[sizeof frame - 1] = 0;
    frame[WHAT_AT + 3] = SIMULATED_ASKS_GPUS; /* 32 bytes of it say something */
    frame[SIMULATED_WIRE_QUESTION_SIZE - 33] = 1;
    assert_ok(simulated_question_parse(bytes_of(frame, sizeof frame), &back));
    assert_int_equal(back.data[SIMULATED_WIRE_NONCE_SIZE - 1], 1);
    frame[SIMULATED_WIRE_QUESTION_SIZE - 32] = 1;
    assert_err(simulated_question_parse(bytes_of(frame, sizeof frame), &back), ERR_NOT_ZERO);
    frame[WHAT_AT + 3] = SIMULATED_WHAT_COUNT;
    assert_err(simulated_question_parse(bytes_of(frame, sizeof frame), &back), ERR_UNKNOWN);
}

static void an_answer_comes_back_as_it_was(void **state)
{
    (void)state;
    static struct frame f;
    struct simulated_answer a;
    snp_answer(&f);
    assert_ok(simulated_answer_parse(all_of(&f), &a));
    assert_int_equal(a.platform, SIMULATED_PLATFORM_SNP);
    assert_int_equal(a.status, 0);
    assert_true(bytes_equal(a.evidence, bytes_of(report, SNP_REPORT_SIZE)));
    assert_true(bytes_equal(a.endorsements, bytes_of(table, a.endorsements.len)));
    tdx_answer(&f);
    assert_ok(simulated_answer_parse(all_of(&f), &a));
    assert_int_equal(a.platform, SIMULATED_PLATFORM_TDX);
    assert_true(bytes_equal(a.evidence, bytes_of(report, QUOTE_SIZE)));
    assert_true(bytes_is_str(a.endorsements, "collateral"));
}

static void a_refusal_comes_back_as_it_was(void **state)
{
    (void)state;
    static struct frame f;
    struct simulated_answer a = {.platform = SIMULATED_PLATFORM_TDX, .status = 0x1234};
    assert_ok(simulated_answer_write(&a, f.bytes, &f.len));
    a.status = 0;
    assert_ok(simulated_answer_parse(all_of(&f), &a));
    assert_int_equal(a.status, 0x1234);
    assert_int_equal(a.evidence.len + a.endorsements.len, 0);
    f.len++;
    assert_err(simulated_answer_parse(all_of(&f), &a), ERR_TRAILING);
}

static void a_wrong_answer_is_refused_and_gives_nothing(void **state)
{
    (void)state;
    static struct frame good;
    static const struct {
        size_t at;
        uint8_t value;
        enum err wanted;
    } cases[] = {
        {0, 'X', ERR_VALUE},
        {7, 'Q', ERR_VALUE},
        {WHAT_AT + 3, SIMULATED_WHAT_COUNT, ERR_UNKNOWN},
        {WHAT_AT + 3, SIMULATED_ASKS_PLATFORM, ERR_VALUE}, /* with evidence */
        {PLATFORM_AT, 1, ERR_UNKNOWN},
        {PLATFORM_AT + 3, 0, ERR_UNKNOWN},
        {PLATFORM_AT + 3, 3, ERR_UNKNOWN},
        {STATUS_AT + 3, 1, ERR_VALUE}, /* a refusal with evidence */
        {EVIDENCE_SIZE_AT, 0xff, ERR_TOO_LARGE},
        {EVIDENCE_SIZE_AT + 1, 1, ERR_TOO_LARGE}, /* 65536 and a little */
        {EVIDENCE_SIZE_AT + 3, 0, ERR_VALUE},     /* no report of SEV-SNP */
        {ENDORSEMENTS_SIZE_AT + 1, 2, ERR_TOO_LARGE},
        {ENDORSEMENTS_SIZE_AT + 2, 1, ERR_TRUNCATED},
        {ENDORSEMENTS_SIZE_AT + 3, 1, ERR_TRAILING},
    };
    struct simulated_answer a;
    snp_answer(&good);
    for (size_t i = 0; i < test_count(cases); i++) {
        static struct frame f;
        f = good;
        f.bytes[cases[i].at] = cases[i].value;
        assert_err(simulated_answer_parse(all_of(&f), &a), cases[i].wanted);
        assert_null(a.evidence.ptr);
        assert_int_equal(a.endorsements.len, 0);
    }
}

static void an_answer_of_another_size_is_refused(void **state)
{
    (void)state;
    static struct frame f;
    struct simulated_answer a;
    void (*const good[])(struct frame * f) = {snp_answer, tdx_answer, gpus_answer};
    assert_err(simulated_answer_parse((struct bytes){0}, &a), ERR_TRUNCATED);
    for (size_t i = 0; i < test_count(good); i++) {
        good[i](&f);
        for (size_t n = 1; n < f.len; n++) {
            uint8_t *exact = malloc(n); /* so that a read past the end is seen */
            memcpy(exact, f.bytes, n);
            assert_int_not_equal(simulated_answer_parse(bytes_of(exact, n), &a), ERR_OK);
            free(exact);
        }
        f.len++;
        assert_err(simulated_answer_parse(all_of(&f), &a), ERR_TRAILING);
    }
}

static void what_is_not_an_answer_is_not_written(void **state)
{
    (void)state;
    static struct frame f;
    const struct bytes any = bytes_str("x");
    const struct bytes sound = bytes_of(report, SNP_REPORT_SIZE);
    const struct {
        struct simulated_answer answer;
        enum err wanted;
    } cases[] = {
        {{.what = SIMULATED_ASKS_REPORT,
          .platform = SIMULATED_PLATFORM_SNP,
          .evidence = any,
          .endorsements = any},
         ERR_VALUE},
        {{.what = SIMULATED_ASKS_REPORT, .platform = SIMULATED_PLATFORM_SNP, .evidence = sound}, ERR_VALUE},
        {{.what = SIMULATED_ASKS_REPORT, .platform = SIMULATED_PLATFORM_TDX, .endorsements = any}, ERR_VALUE},
        {{.what = SIMULATED_ASKS_REPORT, .platform = SIMULATED_PLATFORM_TDX}, ERR_VALUE},
        {{.what = SIMULATED_ASKS_GPUS, .platform = SIMULATED_PLATFORM_TDX, .evidence = any}, ERR_VALUE},
        {{.what = SIMULATED_ASKS_PLATFORM,
          .platform = SIMULATED_PLATFORM_TDX,
          .evidence = any,
          .endorsements = any},
         ERR_VALUE},
        {{.what = SIMULATED_ASKS_REPORT,
          .platform = SIMULATED_PLATFORM_TDX,
          .status = 1,
          .evidence = any,
          .endorsements = any},
         ERR_VALUE},
        {{.what = SIMULATED_ASKS_REPORT,
          .platform = (enum simulated_platform)3,
          .evidence = any,
          .endorsements = any},
         ERR_VALUE},
        {{.what = SIMULATED_ASKS_REPORT,
          .platform = SIMULATED_PLATFORM_TDX,
          .evidence = any,
          .endorsements = {report, SIMULATED_WIRE_ENDORSEMENTS_MAX + 1}},
         ERR_NO_SPACE},
        {{.what = SIMULATED_ASKS_REPORT,
          .platform = SIMULATED_PLATFORM_TDX,
          .evidence = {report, SIMULATED_WIRE_EVIDENCE_MAX + 1},
          .endorsements = any},
         ERR_NO_SPACE},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        assert_err(simulated_answer_write(&cases[i].answer, f.bytes, &f.len), cases[i].wanted);
        assert_int_equal(f.len, 0);
    }
}

/* ---- the source, against a host that answers with these bytes ---- */

static void host_say(int fd, struct bytes answer)
{
    assert_int_equal(send(fd, answer.ptr, answer.len, 0), answer.len);
}

/* The host says first which platform it plays, then gives this answer. */
static enum err ask_host(enum simulated_platform platform, struct bytes answer, struct evidence *evidence,
                         const char **name, struct err_note *note)
{
    static const uint8_t data[SIMULATED_WIRE_DATA_SIZE];
    static struct frame f;
    struct evidence_source *source;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    platform_answer(&f, platform);
    host_say(pair[0], all_of(&f));
    if (answer.len != 0)
        host_say(pair[0], answer);
    else
        assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
    assert_ok(evidence_simulated_open(pair[1], &source));
    *name = source->platform;
    enum err e = source->report(source, data, evidence, note);
    source->close(source);
    (void)close(pair[0]);
    return e;
}

static void the_source_gives_report_and_certificates_in_the_bundles_order(void **state)
{
    (void)state;
    static struct frame f;
    struct evidence evidence;
    const char *platform;
    snp_answer(&f);
    assert_ok(ask_host(SIMULATED_PLATFORM_SNP, all_of(&f), &evidence, &platform, NULL));
    assert_string_equal(platform, BUNDLE_PLATFORM_SNP);
    assert_string_equal(evidence.report.media_type, BUNDLE_SNP_REPORT);
    assert_true(bytes_equal(evidence.report.value, bytes_of(report, SNP_REPORT_SIZE)));
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

static void the_source_gives_quote_and_collateral(void **state)
{
    (void)state;
    static struct frame f;
    struct evidence evidence;
    const char *platform;
    tdx_answer(&f);
    assert_ok(ask_host(SIMULATED_PLATFORM_TDX, all_of(&f), &evidence, &platform, NULL));
    assert_string_equal(platform, BUNDLE_PLATFORM_TDX);
    assert_string_equal(evidence.report.media_type, BUNDLE_TDX_QUOTE);
    assert_true(bytes_equal(evidence.report.value, bytes_of(report, QUOTE_SIZE)));
    assert_int_equal(evidence.endorsement_count, 1);
    assert_string_equal(evidence.endorsements[0].media_type, BUNDLE_TDX_COLLATERAL);
    assert_true(bytes_is_str(evidence.endorsements[0].value, "collateral"));
    evidence_release(&evidence);
}

static void ask_for_gpus(struct bytes answer, enum err wanted, struct evidence_gpus *gpus)
{
    static const uint8_t nonce[SIMULATED_WIRE_NONCE_SIZE];
    static struct frame f;
    struct evidence_source *source;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    platform_answer(&f, SIMULATED_PLATFORM_TDX);
    host_say(pair[0], all_of(&f));
    host_say(pair[0], answer);
    assert_ok(evidence_simulated_open(pair[1], &source));
    assert_err(source->gpu_reports(source, nonce, gpus, NULL), wanted);
    source->close(source);
    (void)close(pair[0]);
}

static void the_source_gives_what_the_gpus_say(void **state)
{
    (void)state;
    static struct frame f;
    static const char *const types[] = {BUNDLE_GPU_CHAIN, BUNDLE_GPU_CHAIN, BUNDLE_GPU_RIM, BUNDLE_OCSP};
    struct evidence_gpus gpus;
    gpus_answer(&f);
    ask_for_gpus(all_of(&f), ERR_OK, &gpus);
    assert_int_equal(gpus.report_count, 2);
    assert_string_equal(gpus.reports[1].media_type, BUNDLE_GPU_REPORT);
    assert_true(bytes_is_str(gpus.reports[0].value, "first"));
    assert_true(bytes_is_str(gpus.reports[1].value, "second"));
    assert_int_equal(gpus.endorsement_count, test_count(types));
    for (size_t i = 0; i < test_count(types); i++)
        assert_string_equal(gpus.endorsements[i].media_type, types[i]);
    assert_true(bytes_is_str(gpus.endorsements[3].value, "good"));
    evidence_gpus_release(&gpus);
    assert_int_equal(gpus.report_count, 0);
}

static void a_vm_without_gpus_has_none(void **state)
{
    (void)state;
    static struct frame f;
    const struct simulated_answer none = {.what = SIMULATED_ASKS_GPUS, .platform = SIMULATED_PLATFORM_TDX};
    struct evidence_gpus gpus;
    assert_ok(simulated_answer_write(&none, f.bytes, &f.len));
    ask_for_gpus(all_of(&f), ERR_OK, &gpus);
    assert_int_equal(gpus.report_count + gpus.endorsement_count, 0);
    evidence_gpus_release(&gpus);
}

static void what_is_wrong_about_gpus_is_refused(void **state)
{
    (void)state;
    enum { FIRST_PART = SIMULATED_WIRE_HEADER_SIZE, REPORTS = 2 * 8 + 5 + 6 };
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {FIRST_PART + 3, SIMULATED_PART_CHAIN},            /* a chain among the reports */
        {FIRST_PART + 3, 0},                               /* what nobody knows */
        {FIRST_PART + 3, SIMULATED_PART_END},              /* the same */
        {FIRST_PART + 7, 200},                             /* longer than there is */
        {FIRST_PART + REPORTS + 3, SIMULATED_PART_REPORT}, /* a report among the endorsements */
        {WHAT_AT + 3, SIMULATED_ASKS_REPORT},              /* an answer to another question */
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        static struct frame f;
        struct evidence_gpus gpus;
        gpus_answer(&f);
        f.bytes[cases[i].at] = cases[i].value;
        ask_for_gpus(all_of(&f), ERR_EVIDENCE, &gpus);
        assert_int_equal(gpus.report_count + gpus.endorsement_count, 0);
        assert_null(gpus.storage);
    }
}

static void more_gpus_than_a_bundle_takes_are_refused(void **state)
{
    (void)state;
    static struct frame f;
    static uint8_t reports[1024];
    struct writer w = writer_into(reports, sizeof reports);
    struct evidence_gpus gpus;
    for (size_t i = 0; i <= BUNDLE_GPUS_MAX; i++)
        simulated_part_write(&w, SIMULATED_PART_REPORT, bytes_str("one"));
    const struct simulated_answer a = {.what = SIMULATED_ASKS_GPUS,
                                       .platform = SIMULATED_PLATFORM_TDX,
                                       .evidence = bytes_of(reports, w.used),
                                       .endorsements = bytes_of(reports, w.used)};
    assert_ok(simulated_answer_write(&a, f.bytes, &f.len));
    ask_for_gpus(all_of(&f), ERR_EVIDENCE, &gpus);
}

static void assert_no_evidence(enum simulated_platform platform, struct bytes answer, const char *says)
{
    struct evidence evidence;
    struct err_note note = {{0}};
    const char *name;
    assert_err(ask_host(platform, answer, &evidence, &name, &note), ERR_EVIDENCE);
    if (says != NULL)
        assert_string_equal(note.text, says);
    assert_int_equal(evidence.endorsement_count, 0);
    assert_null(evidence.report.value.ptr);
    assert_null(evidence.storage);
}

static void a_hostile_host_gets_an_error_and_nothing_else(void **state)
{
    (void)state;
    static struct frame f;
    const struct simulated_answer refusal = {
        .what = SIMULATED_ASKS_REPORT, .platform = SIMULATED_PLATFORM_SNP, .status = 7};
    snp_answer(&f);
    assert_no_evidence(SIMULATED_PLATFORM_TDX, all_of(&f),
                       "the simulator plays another platform than it said");
    f.len++;
    assert_no_evidence(SIMULATED_PLATFORM_SNP, all_of(&f), NULL);
    f.len -= 2;
    assert_no_evidence(SIMULATED_PLATFORM_SNP, all_of(&f), NULL);
    assert_no_evidence(SIMULATED_PLATFORM_SNP, bytes_str("x"), NULL);
    assert_no_evidence(SIMULATED_PLATFORM_SNP, (struct bytes){0}, NULL);
    f.len++;
    f.bytes[SIMULATED_WIRE_HEADER_SIZE + SNP_REPORT_SIZE] ^= 1; /* the GUID of the VCEK */
    assert_no_evidence(SIMULATED_PLATFORM_SNP, all_of(&f), NULL);
    platform_answer(&f, SIMULATED_PLATFORM_TDX);
    assert_no_evidence(SIMULATED_PLATFORM_TDX, all_of(&f), "the simulator answers another question");
    assert_ok(simulated_answer_write(&refusal, f.bytes, &f.len));
    assert_no_evidence(SIMULATED_PLATFORM_SNP, all_of(&f), "the simulator refused, status 0x7");
}

/* The answer to the first question, which asks for the platform alone. */
static void assert_no_source(struct bytes answer)
{
    struct evidence_source *source;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    if (answer.len != 0)
        host_say(pair[0], answer);
    else
        assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
    assert_err(evidence_simulated_open(pair[1], &source), ERR_EVIDENCE);
    assert_null(source);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void a_host_that_does_not_say_which_platform_it_plays_is_none(void **state)
{
    (void)state;
    static struct frame f;
    const struct simulated_answer refusal = {.platform = SIMULATED_PLATFORM_SNP, .status = 1};
    assert_no_source((struct bytes){0});
    assert_no_source(bytes_str("x"));
    assert_ok(simulated_answer_write(&refusal, f.bytes, &f.len));
    assert_no_source(all_of(&f));
    tdx_answer(&f); /* more than it was asked for */
    assert_no_source(all_of(&f));
    platform_answer(&f, SIMULATED_PLATFORM_TDX);
    f.bytes[PLATFORM_AT + 3] = 9;
    assert_no_source(all_of(&f));
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
        cmocka_unit_test(a_question_for_the_platform_says_nothing_else),
        cmocka_unit_test(an_answer_comes_back_as_it_was),
        cmocka_unit_test(a_refusal_comes_back_as_it_was),
        cmocka_unit_test(a_wrong_answer_is_refused_and_gives_nothing),
        cmocka_unit_test(an_answer_of_another_size_is_refused),
        cmocka_unit_test(what_is_not_an_answer_is_not_written),
        cmocka_unit_test(the_source_gives_report_and_certificates_in_the_bundles_order),
        cmocka_unit_test(the_source_gives_quote_and_collateral),
        cmocka_unit_test(the_source_gives_what_the_gpus_say),
        cmocka_unit_test(a_vm_without_gpus_has_none),
        cmocka_unit_test(what_is_wrong_about_gpus_is_refused),
        cmocka_unit_test(more_gpus_than_a_bundle_takes_are_refused),
        cmocka_unit_test(a_hostile_host_gets_an_error_and_nothing_else),
        cmocka_unit_test(a_host_that_does_not_say_which_platform_it_plays_is_none),
        cmocka_unit_test(a_descriptor_of_another_kind_is_not_a_platform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
