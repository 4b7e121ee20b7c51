/* SPDX-License-Identifier: Apache-2.0 */
/* The programs themselves: test_simulator SIMULATOR HOSTILE_SIMULATOR REPORT_CHILD. */
#include "unit/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attest/snp.h"
#include "attest/snp_report.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "evidence/simulated_certificate.h"
#include "launch/simulated.h"

enum { OUTPUT_MAX = 64 * 1024, ARGS_MAX = 16, PATH_SIZE = 256 };

static const char *simulator;
static const char *hostile_simulator;
static const char *child;
static char directory[PATH_SIZE];
static char chain_directory[PATH_SIZE];
static char root_file[PATH_SIZE];

/* ---- running programs ---- */

struct process {
    pid_t pid;
    int output; /* its standard output */
};

static struct process start(const char *const *argv)
{
    int out[2];
    assert_int_equal(pipe(out), 0);
    struct process p = {.pid = fork(), .output = out[0]};
    if (p.pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        (void)close(out[0]);
        (void)close(out[1]);
        (void)close(null);
        (void)execv(argv[0], (char *const *)argv);
        _exit(126);
    }
    assert_true(p.pid > 0);
    (void)close(out[1]);
    return p;
}

static void read_some(struct process *p, char *text, size_t size, bool one_line)
{
    size_t used = 0;
    while (used + 1 < size) {
        ssize_t n = read(p->output, text + used, one_line ? 1 : size - 1 - used);
        if (n <= 0)
            break;
        used += (size_t)n;
        if (one_line && text[used - 1] == '\n')
            break;
    }
    text[used] = '\0';
}

/* The exit code; 1000 + the signal that ended it. */
static int finish(struct process *p)
{
    int status;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    (void)close(p->output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* argv: up to a NULL. */
static int run(char *output, const char *const *argv)
{
    struct process p = start(argv);
    read_some(&p, output, OUTPUT_MAX, false);
    return finish(&p);
}

#define SIMULATOR(...)                                                                                       \
    ((const char *const[]){simulator, "--chain", chain_directory, "--root-out", root_file, "--delay-ms",     \
                           __VA_ARGS__, NULL})
#define HOSTILE(lie, ...)                                                                                    \
    ((const char *const[]){hostile_simulator, lie, "--chain", chain_directory, "--root-out", root_file,      \
                           "--delay-ms", "0", "--", child, __VA_ARGS__, NULL})

/* ---- what the child printed ---- */

struct answer {
    uint8_t report[SNP_REPORT_SIZE];
    long ms;
    uint8_t certificates[4][SIMULATED_CERTIFICATE_MAX]; /* the last is the revocation list */
    size_t lens[4];
};

/* Takes one line "report milliseconds vcek ask ark list" off the text. */
static void answer_take(char **text, struct answer *a)
{
    char *line = strsep(text, "\n");
    assert_non_null(line);
    char *hex = strsep(&line, " ");
    assert_ok(encoding_unhex(bytes_str(hex), a->report, sizeof a->report));
    hex = strsep(&line, " ");
    assert_non_null(hex);
    a->ms = strtol(hex, NULL, 10);
    for (size_t i = 0; i < 4; i++) {
        hex = strsep(&line, " ");
        assert_non_null(hex);
        a->lens[i] = strlen(hex) / 2;
        assert_ok(encoding_unhex(bytes_str(hex), a->certificates[i], a->lens[i]));
    }
}

static size_t root_read(uint8_t *der, size_t size)
{
    struct bytes text;
    size_t len;
    assert_ok(file_read(root_file, OUTPUT_MAX, &text, NULL));
    struct bytes rest = text;
    assert_ok(encoding_pem_next(&rest, "CERTIFICATE", der, size, &len));
    secret_free((void *)text.ptr);
    return len;
}

static void reference_value(const char *program, const char *const *args, size_t count, uint8_t m[static 48])
{
    struct bytes content;
    uint8_t digest[48];
    assert_ok(file_read(program, 1U << 30, &content, NULL));
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &content, 1, digest));
    secret_free((void *)content.ptr);
    assert_ok(launch_simulated_measure(digest, args, count, m));
}

/* The verifier's view of the i-th answer to "report N": all that it checks, with the root from the file and the reference value of the child. */
static void appraise(const struct answer *a, const char *count, uint8_t report_byte, struct verdict *v)
{
    uint8_t root[SIMULATED_CERTIFICATE_MAX];
    uint8_t measurement[1][48];
    uint8_t report_data[64];
    const struct snp_evidence evidence = {
        .report = bytes_of(a->report, sizeof a->report),
        .vek = bytes_of(a->certificates[0], a->lens[0]),
        .ask = bytes_of(a->certificates[1], a->lens[1]),
        .ark = bytes_of(a->certificates[2], a->lens[2]),
        .crls = {bytes_of(a->certificates[3], a->lens[3])},
        .crl_count = 1,
    };
    const struct attest_policy policy = {
        .measurements = (const uint8_t(*)[48])measurement,
        .measurement_count = 1,
        .simulated_root = bytes_of(root, root_read(root, sizeof root)),
    };
    reference_value(child, (const char *const[]){"report", count}, 2, measurement[0]);
    memset(report_data, report_byte, sizeof report_data);
    memset(v, 0, sizeof *v);
    snp_appraise(&evidence, report_data, &policy, time(NULL), v);
    verdict_conclude(v);
}

static void assert_refused_by(const struct verdict *v, const char *rule)
{
    assert_false(v->accepted);
    const struct verdict_check *failure = verdict_first_failure(v);
    assert_non_null(failure);
    assert_string_equal(failure->rule->name, rule);
}

/* ---- the honest simulator ---- */

static void the_verifier_accepts_its_evidence_as_simulated(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static struct answer a;
    static struct verdict v;
    char *text = output;
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "report", "2")), 0);
    for (uint8_t i = 0; i < 2; i++) {
        answer_take(&text, &a);
        appraise(&a, "2", i, &v);
        if (!v.accepted)
            print_error("%s: %s\n", verdict_first_failure(&v)->rule->name, verdict_first_failure(&v)->saw);
        assert_true(v.accepted);
        assert_true(v.simulated);
        assert_string_equal(v.claims.product, "Genoa");
        assert_int_equal(v.claims.report_version, 3);
    }
}

static void another_argument_is_another_measurement(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static struct answer a;
    static struct verdict v;
    char *text = output;
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "report", "1")), 0);
    answer_take(&text, &a);
    appraise(&a, "2", 0, &v);
    assert_refused_by(&v, "snp.measurement");
}

static void a_changed_program_is_another_measurement(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static struct answer a;
    static struct verdict v;
    char changed[PATH_SIZE * 2];
    char *text = output;
    struct bytes content;
    (void)snprintf(changed, sizeof changed, "%s/changed", directory);
    assert_ok(file_read(child, 1U << 30, &content, NULL));
    assert_ok(file_write(changed, content, NULL));
    secret_free((void *)content.ptr);
    int fd = open(changed, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "", 1), 1); /* one byte behind the end changes nothing that it does */
    (void)close(fd);
    assert_int_equal(run(output, SIMULATOR("0", "--", changed, "report", "1")), 0);
    answer_take(&text, &a);
    appraise(&a, "1", 0, &v);
    assert_refused_by(&v, "snp.measurement");
    (void)unlink(changed);
}

static void a_policy_with_debugging_is_in_the_report(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static struct answer a;
    static struct verdict v;
    char *text = output;
    assert_int_equal(run(output, SIMULATOR("0", "--policy-debug", "--", child, "report", "1")), 0);
    answer_take(&text, &a);
    appraise(&a, "1", 0, &v);
    assert_refused_by(&v, "snp.policy.debug");
}

static void reports_are_made_one_at_a_time_and_take_the_delay(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static struct answer a;
    char *text = output;
    assert_int_equal(run(output, SIMULATOR("60", "--", child, "report", "2")), 0);
    for (size_t i = 0; i < 2; i++) {
        answer_take(&text, &a);
        assert_in_range(a.ms, 60, 10000);
    }
}

static void the_environment_is_empty_and_nothing_else_is_handed_down(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    assert_int_equal(setenv("ENCLUME_TEST", "1", 1), 0);
    int extra = open("/dev/null", O_RDONLY); /* would be inherited */
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "environment")), 0);
    assert_string_equal(output, "0\n");
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "descriptors")), 0);
    assert_string_equal(output, "0 1 2 3 \n");
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "name")), 0);
    assert_string_equal(output, "launched\n");
    (void)close(extra);
}

static void it_ends_with_its_program_and_with_its_code(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "exit", "0")), 0);
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "exit", "42")), 42);
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "kill")), 128 + SIGKILL);
}

static void signals_are_handed_on(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < test_count(signals); i++) {
        char line[64];
        struct process p = start(SIMULATOR("0", "--", child, "wait"));
        read_some(&p, line, sizeof line, true);
        assert_string_equal(line, "waiting\n");
        assert_int_equal(kill(p.pid, signals[i]), 0);
        assert_int_equal(finish(&p), 128 + signals[i]);
    }
}

static void killed_it_takes_its_program_along(void **state)
{
    (void)state;
    char line[64];
    struct process p = start(SIMULATOR("0", "--", child, "wait"));
    read_some(&p, line, sizeof line, true);
    assert_string_equal(line, "waiting\n");
    assert_int_equal(kill(p.pid, SIGKILL), 0);
    /* The pipe ends when the last of the two is gone. */
    read_some(&p, line, sizeof line, false);
    assert_string_equal(line, "");
    assert_int_equal(finish(&p), 1000 + SIGKILL);
}

static void a_program_that_breaks_the_wires_rules_gets_no_answer(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "raw", "give me a report")), 0);
    assert_string_equal(output, "0\n");
}

static void the_chain_that_is_kept_is_readable_by_its_owner_alone(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    uint8_t first[SIMULATED_CERTIFICATE_MAX];
    uint8_t second[SIMULATED_CERTIFICATE_MAX];
    char file[PATH_SIZE * 2];
    struct stat s;
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "exit", "0")), 0);
    size_t len = root_read(first, sizeof first);
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "exit", "0")), 0);
    assert_int_equal(root_read(second, sizeof second), len);
    assert_memory_equal(first, second, len);
    (void)snprintf(file, sizeof file, "%s/chain.pem", chain_directory);
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void wrong_use_is_said(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    assert_int_equal(run(output, (const char *const[]){simulator, NULL}), 2);
    assert_int_equal(run(output, (const char *const[]){simulator, "--", NULL}), 2);
    assert_int_equal(run(output, (const char *const[]){simulator, "--delay-ms", "60001", "--", child, NULL}),
                     2);
    assert_int_equal(run(output, (const char *const[]){simulator, "--delay-ms", "-1", "--", child, NULL}), 2);
    assert_int_equal(run(output, (const char *const[]){simulator, "--delay-ms", NULL}), 2);
    assert_int_equal(run(output, (const char *const[]){simulator, child, NULL}), 2);
    assert_int_equal(run(output, SIMULATOR("0", "--", root_file)), 2); /* not an ELF file */
    assert_int_equal(run(output, SIMULATOR("0", "--", "/nonexistent")), 2);
    assert_int_equal(run(output, (const char *const[]){simulator, "--help", NULL}), 0);
    assert_non_null(strstr(output, "PROVES NOTHING"));
}

static void json_says_what_was_launched(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    uint8_t m[48];
    char hex[ENCODING_HEX_SIZE(48)];
    assert_int_equal(run(output, SIMULATOR("0", "--json", "--", child, "exit", "0")), 0);
    reference_value(child, (const char *const[]){"exit", "0"}, 2, m);
    encoding_hex(bytes_of(m, sizeof m), hex);
    assert_non_null(strstr(output, hex));
    assert_non_null(strstr(output, "\"simulated\":true"));
}

/* ---- the hostile one: each lie is seen by the check that is there for it ---- */

static void each_lie_is_refused_by_its_check(void **state)
{
    (void)state;
    static const struct {
        const char *lie;
        const char *rule;
    } lies[] = {
        {"foreign-root", "snp.chain.root"},   {"debug", "snp.policy.debug"},
        {"stale", "snp.report_data"},         {"report-data", "snp.report_data"},
        {"measurement", "snp.measurement"},   {"bit:0", "snp.report.form"},
        {"bit:1152", "snp.report.signature"}, {"bit:5376", "snp.report.signature"},
    };
    for (size_t i = 0; i < test_count(lies); i++) {
        static char output[OUTPUT_MAX];
        static struct answer a;
        static struct verdict v;
        char *text = output;
        assert_int_equal(run(output, HOSTILE(lies[i].lie, "report", "2")), 0);
        answer_take(&text, &a);
        answer_take(&text, &a);
        appraise(&a, "2", 1, &v);
        assert_refused_by(&v, lies[i].rule);
    }
}

static void an_answer_that_is_cut_or_refused_is_no_evidence(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    assert_int_equal(run(output, HOSTILE("truncated", "report", "1")), 1);
    assert_int_equal(strncmp(output, "evidence-source:", strlen("evidence-source:")), 0);
    assert_int_equal(run(output, HOSTILE("refuse", "report", "1")), 1);
    assert_non_null(strstr(output, "the simulator refused, status 0x1"));
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof directory, "/tmp/test-simulator-XXXXXX");
    if (crypto_init() != ERR_OK || mkdtemp(directory) == NULL)
        return -1;
    (void)snprintf(chain_directory, sizeof chain_directory, "%.200s/chain", directory);
    (void)snprintf(root_file, sizeof root_file, "%.200s/root.pem", directory);
    return 0;
}

static int teardown(void **state)
{
    char file[PATH_SIZE * 2];
    (void)state;
    (void)snprintf(file, sizeof file, "%s/chain.pem", chain_directory);
    (void)unlink(file);
    (void)unlink(root_file);
    (void)rmdir(chain_directory);
    return rmdir(directory);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verifier_accepts_its_evidence_as_simulated),
        cmocka_unit_test(another_argument_is_another_measurement),
        cmocka_unit_test(a_changed_program_is_another_measurement),
        cmocka_unit_test(a_policy_with_debugging_is_in_the_report),
        cmocka_unit_test(reports_are_made_one_at_a_time_and_take_the_delay),
        cmocka_unit_test(the_environment_is_empty_and_nothing_else_is_handed_down),
        cmocka_unit_test(it_ends_with_its_program_and_with_its_code),
        cmocka_unit_test(signals_are_handed_on),
        cmocka_unit_test(killed_it_takes_its_program_along),
        cmocka_unit_test(a_program_that_breaks_the_wires_rules_gets_no_answer),
        cmocka_unit_test(the_chain_that_is_kept_is_readable_by_its_owner_alone),
        cmocka_unit_test(wrong_use_is_said),
        cmocka_unit_test(json_says_what_was_launched),
        cmocka_unit_test(each_lie_is_refused_by_its_check),
        cmocka_unit_test(an_answer_that_is_cut_or_refused_is_no_evidence),
    };
    if (argc != 4) {
        (void)fprintf(stderr, "usage: test_simulator SIMULATOR HOSTILE_SIMULATOR REPORT_CHILD\n");
        return 2;
    }
    simulator = argv[1];
    hostile_simulator = argv[2];
    child = argv[3];
    return cmocka_run_group_tests(tests, setup, teardown);
}
