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

#include "attest/collateral.h"
#include "attest/policy.h"
#include "attest/snp.h"
#include "attest/tdx.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "evidence/simulated_certificate.h"
#include "evidence/simulated_wire.h"
#include "launch/simulated.h"

enum { OUTPUT_MAX = 256 * 1024, PATH_SIZE = 256, PARTS_MAX = 4 };

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
#define HOSTILE(lie, platform, ...)                                                                          \
    ((const char *const[]){hostile_simulator, lie, "--platform", platform, "--chain", chain_directory,       \
                           "--root-out", root_file, "--delay-ms", "0", "--", child, __VA_ARGS__, NULL})

/* What is shown of every platform. */
static const char *const platforms[] = {"snp", "tdx"};

/* ---- what the child printed ---- */

struct answer {
    long ms;
    size_t count; /* endorsements; of SEV-SNP VCEK, ASK, ARK and the revocation list, of TDX the collateral */
    struct bytes report;
    struct bytes endorsements[PARTS_MAX];
    uint8_t bytes[SIMULATED_WIRE_ANSWER_MAX]; /* where they are */
    size_t used;
};

static struct bytes part_take(struct answer *a, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *to = a->bytes + a->used;
    assert_true(len <= sizeof a->bytes - a->used);
    assert_ok(encoding_unhex(bytes_str(hex), to, len));
    a->used += len;
    return bytes_of(to, len);
}

/* Takes one line "report milliseconds endorsement..." off the text. */
static void answer_take(char **text, struct answer *a)
{
    a->count = a->used = 0;
    char *line = strsep(text, "\n");
    assert_non_null(line);
    a->report = part_take(a, strsep(&line, " "));
    const char *ms = strsep(&line, " ");
    assert_non_null(ms);
    a->ms = strtol(ms, NULL, 10);
    while (line != NULL) {
        assert_true(a->count < PARTS_MAX);
        a->endorsements[a->count++] = part_take(a, strsep(&line, " "));
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

static void reference_values(const char *platform, const char *program, const char *const *args, size_t count,
                             struct launch_registers *r)
{
    struct bytes content;
    uint8_t digest[48];
    assert_ok(file_read(program, 1U << 30, &content, NULL));
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &content, 1, digest));
    secret_free(bytes_owned(content));
    assert_ok(launch_simulated_platform(platform)->measure(digest, args, count, r));
}

/* ---- the verifier's view ---- */

static void appraise_snp(const struct answer *a, const struct launch_registers *launch,
                         const uint8_t report_data[static 64], struct attest_policy *policy,
                         struct verdict *v)
{
    const struct snp_evidence evidence = {
        .report = a->report,
        .vek = a->endorsements[0],
        .ask = a->endorsements[1],
        .ark = a->endorsements[2],
        .crls = {a->endorsements[3]},
        .crl_count = 1,
    };
    assert_int_equal(a->count, 4);
    policy->measurements = (const uint8_t(*)[48])launch->at[0].value;
    policy->measurement_count = 1;
    snp_appraise(&evidence, report_data, policy, time(NULL), v);
}

static void appraise_tdx(const struct answer *a, const struct launch_registers *launch,
                         const uint8_t report_data[static 64], struct attest_policy *policy,
                         struct verdict *v)
{
    struct tdx_launch wanted = {.named = 0xf};
    struct collateral collateral;
    assert_int_equal(a->count, 1);
    memcpy(wanted.mrtd, launch->at[0].value, sizeof wanted.mrtd);
    for (size_t i = 0; i < TDX_RTMR_COUNT; i++)
        memcpy(wanted.rtmr[i], launch->at[1 + i].value, sizeof wanted.rtmr[i]);
    policy->tdx.launches = &wanted;
    policy->tdx.launch_count = 1;
    collateral_init(&collateral);
    assert_ok(collateral_add(&collateral, a->endorsements[0], NULL));
    tdx_appraise(a->report, &collateral.tdx, report_data, &policy->tdx, time(NULL), v);
    collateral_release(&collateral);
}

static const struct view {
    const char *platform;
    void (*appraise)(const struct answer *a, const struct launch_registers *launch,
                     const uint8_t report_data[static 64], struct attest_policy *policy, struct verdict *v);
} views[] = {{"snp", appraise_snp}, {"tdx", appraise_tdx}};

/* The i-th answer to "report COUNT": all that is checked, with the root from the file and the reference values of the child. */
static void appraise(const char *platform, const struct answer *a, const char *count, uint8_t report_byte,
                     struct verdict *v)
{
    uint8_t root[SIMULATED_CERTIFICATE_MAX];
    uint8_t report_data[64];
    struct launch_registers launch;
    struct attest_policy policy;
    attest_policy_default(&policy);
    assert_ok(attest_policy_trust_simulated(&policy, bytes_of(root, root_read(root, sizeof root)), NULL));
    reference_values(platform, child, (const char *const[]){"report", count}, 2, &launch);
    memset(report_data, report_byte, sizeof report_data);
    memset(v, 0, sizeof *v);
    for (size_t i = 0; i < test_count(views); i++)
        if (strcmp(views[i].platform, platform) == 0)
            views[i].appraise(a, &launch, report_data, &policy, v);
    assert_true(v->count > 0);
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
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        static struct answer a;
        static struct verdict v;
        char *text = output;
        assert_int_equal(run(output, SIMULATOR("0", "--platform", platforms[p], "--", child, "report", "2")),
                         0);
        for (uint8_t i = 0; i < 2; i++) {
            answer_take(&text, &a);
            appraise(platforms[p], &a, "2", i, &v);
            if (!v.accepted)
                print_error("%s: %s\n", verdict_first_failure(&v)->rule->name,
                            verdict_first_failure(&v)->saw);
            assert_true(v.accepted);
            assert_true(v.simulated);
        }
    }
}

static void snp_is_what_it_plays_when_not_told(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    static struct answer a;
    static struct verdict v;
    char *text = output;
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "report", "1")), 0);
    answer_take(&text, &a);
    appraise("snp", &a, "1", 0, &v);
    assert_true(v.accepted);
    assert_string_equal(v.claims.product, "Genoa");
    assert_int_equal(v.claims.report_version, 3);
}

/* On each platform by the row of the register that has it. */
static void another_argument_is_another_measurement(void **state)
{
    (void)state;
    static const char *const rules[] = {"snp.measurement", "tdx.rtmr2"};
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        static struct answer a;
        static struct verdict v;
        char *text = output;
        assert_int_equal(run(output, SIMULATOR("0", "--platform", platforms[p], "--", child, "report", "1")),
                         0);
        answer_take(&text, &a);
        appraise(platforms[p], &a, "2", 0, &v);
        assert_refused_by(&v, rules[p]);
    }
}

static void a_changed_program_is_another_measurement(void **state)
{
    (void)state;
    static const char *const rules[] = {"snp.measurement", "tdx.rtmr1"};
    char changed[PATH_SIZE * 2];
    struct bytes content;
    (void)snprintf(changed, sizeof changed, "%s/changed", directory);
    assert_ok(file_read(child, 1U << 30, &content, NULL));
    assert_ok(file_write(changed, content, NULL));
    secret_free((void *)content.ptr);
    int fd = open(changed, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "", 1), 1); /* one byte behind the end changes nothing that it does */
    (void)close(fd);
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        static struct answer a;
        static struct verdict v;
        char *text = output;
        assert_int_equal(
            run(output, SIMULATOR("0", "--platform", platforms[p], "--", changed, "report", "1")), 0);
        answer_take(&text, &a);
        appraise(platforms[p], &a, "1", 0, &v);
        assert_refused_by(&v, rules[p]);
    }
    (void)unlink(changed);
}

static void a_launch_with_debugging_is_in_the_report(void **state)
{
    (void)state;
    static const char *const rules[] = {"snp.policy.debug", "tdx.td.debug"};
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        static struct answer a;
        static struct verdict v;
        char *text = output;
        assert_int_equal(run(output, SIMULATOR("0", "--platform", platforms[p], "--policy-debug", "--", child,
                                               "report", "1")),
                         0);
        answer_take(&text, &a);
        appraise(platforms[p], &a, "1", 0, &v);
        assert_refused_by(&v, rules[p]);
    }
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
    static const char *const files[] = {"chain.pem", "chain-tdx.pem"};
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        uint8_t first[SIMULATED_CERTIFICATE_MAX];
        uint8_t second[SIMULATED_CERTIFICATE_MAX];
        char file[PATH_SIZE * 2];
        struct stat s;
        const char *const *command = SIMULATOR("0", "--platform", platforms[p], "--", child, "exit", "0");
        assert_int_equal(run(output, command), 0);
        size_t len = root_read(first, sizeof first);
        assert_int_equal(run(output, command), 0);
        assert_int_equal(root_read(second, sizeof second), len);
        assert_memory_equal(first, second, len);
        (void)snprintf(file, sizeof file, "%s/%s", chain_directory, files[p]);
        assert_int_equal(stat(file, &s), 0);
        assert_int_equal(s.st_mode & 0777, 0600);
    }
}

static void a_chain_of_the_other_platform_is_none(void **state)
{
    (void)state;
    static char output[OUTPUT_MAX];
    char other[PATH_SIZE * 2];
    char from[PATH_SIZE * 2];
    char to[PATH_SIZE * 3];
    struct bytes content;
    assert_int_equal(run(output, SIMULATOR("0", "--", child, "exit", "0")), 0);
    (void)snprintf(from, sizeof from, "%s/chain.pem", chain_directory);
    (void)snprintf(other, sizeof other, "%s/other", directory);
    (void)snprintf(to, sizeof to, "%s/chain-tdx.pem", other);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_ok(file_read(from, OUTPUT_MAX, &content, NULL));
    assert_ok(file_write(to, content, NULL));
    secret_free(bytes_owned(content));
    assert_int_not_equal(run(output, (const char *const[]){simulator, "--platform", "tdx", "--chain", other,
                                                           "--", child, "exit", "0", NULL}),
                         0);
    (void)unlink(to);
    assert_int_equal(rmdir(other), 0);
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
    assert_int_equal(run(output, (const char *const[]){simulator, "--platform", "sgx", "--", child, NULL}),
                     2);
    assert_int_equal(run(output, SIMULATOR("0", "--", root_file)), 2); /* not an ELF file */
    assert_int_equal(run(output, SIMULATOR("0", "--", "/nonexistent")), 2);
    assert_int_equal(run(output, (const char *const[]){simulator, "--help", NULL}), 0);
    assert_non_null(strstr(output, "PROVES NOTHING"));
}

static void json_says_what_was_launched(void **state)
{
    (void)state;
    static const char *const names[] = {"\"platform\":\"sev-snp\"", "\"platform\":\"tdx\""};
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        struct launch_registers r;
        assert_int_equal(
            run(output, SIMULATOR("0", "--platform", platforms[p], "--json", "--", child, "exit", "0")), 0);
        reference_values(platforms[p], child, (const char *const[]){"exit", "0"}, 2, &r);
        for (size_t i = 0; i < r.count; i++) {
            char hex[ENCODING_HEX_SIZE(48)];
            char member[sizeof hex + 32];
            encoding_hex(bytes_of(r.at[i].value, sizeof r.at[i].value), hex);
            (void)snprintf(member, sizeof member, "\"%s\":\"%s\"", r.at[i].name, hex);
            assert_non_null(strstr(output, member));
        }
        assert_non_null(strstr(output, names[p]));
        assert_non_null(strstr(output, "\"simulated\":true"));
        assert_non_null(strstr(output, "\"debug\":false"));
    }
}

/* ---- the hostile one: each lie is seen by the check that is there for it ---- */

static void each_lie_is_refused_by_its_check(void **state)
{
    (void)state;
    static const struct {
        const char *lie;
        const char *platform;
        const char *rule;
    } lies[] = {
        {"foreign-root", "snp", "snp.chain.root"},   {"debug", "snp", "snp.policy.debug"},
        {"stale", "snp", "snp.report_data"},         {"report-data", "snp", "snp.report_data"},
        {"measurement", "snp", "snp.measurement"},   {"bit:0", "snp", "snp.report.form"},
        {"bit:1152", "snp", "snp.report.signature"}, {"bit:5376", "snp", "snp.report.signature"},
        {"foreign-root", "tdx", "tdx.pck.root"},     {"debug", "tdx", "tdx.td.debug"},
        {"stale", "tdx", "tdx.report_data"},         {"report-data", "tdx", "tdx.report_data"},
        {"measurement:0", "tdx", "tdx.mrtd"},        {"measurement:1", "tdx", "tdx.rtmr0"},
        {"measurement:2", "tdx", "tdx.rtmr1"},       {"measurement:3", "tdx", "tdx.rtmr2"},
        {"measurement:4", "tdx", "tdx.rtmr3"},       {"bit:1", "tdx", "tdx.quote.version"},
        {"bit:300", "tdx", "tdx.quote.signature"},  /* user data in the header */
        {"bit:1500", "tdx", "tdx.quote.signature"}, /* TEE_TCB_SVN and what follows */
    };
    for (size_t i = 0; i < test_count(lies); i++) {
        static char output[OUTPUT_MAX];
        static struct answer a;
        static struct verdict v;
        char *text = output;
        assert_int_equal(run(output, HOSTILE(lies[i].lie, lies[i].platform, "report", "2")), 0);
        answer_take(&text, &a);
        answer_take(&text, &a);
        appraise(lies[i].platform, &a, "2", 1, &v);
        assert_refused_by(&v, lies[i].rule);
    }
}

static void an_answer_that_is_cut_or_refused_is_no_evidence(void **state)
{
    (void)state;
    for (size_t p = 0; p < test_count(platforms); p++) {
        static char output[OUTPUT_MAX];
        assert_int_equal(run(output, HOSTILE("truncated", platforms[p], "report", "1")), 1);
        assert_int_equal(strncmp(output, "evidence-source:", strlen("evidence-source:")), 0);
        assert_int_equal(run(output, HOSTILE("refuse", platforms[p], "report", "1")), 1);
        assert_non_null(strstr(output, "the simulator refused, status 0x1"));
        assert_int_equal(run(output, HOSTILE("other-platform", platforms[p], "report", "1")), 1);
        assert_non_null(strstr(output, "another platform"));
    }
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
    (void)snprintf(file, sizeof file, "%s/chain-tdx.pem", chain_directory);
    (void)unlink(file);
    (void)unlink(root_file);
    (void)rmdir(chain_directory);
    return rmdir(directory);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verifier_accepts_its_evidence_as_simulated),
        cmocka_unit_test(snp_is_what_it_plays_when_not_told),
        cmocka_unit_test(another_argument_is_another_measurement),
        cmocka_unit_test(a_changed_program_is_another_measurement),
        cmocka_unit_test(a_launch_with_debugging_is_in_the_report),
        cmocka_unit_test(reports_are_made_one_at_a_time_and_take_the_delay),
        cmocka_unit_test(the_environment_is_empty_and_nothing_else_is_handed_down),
        cmocka_unit_test(it_ends_with_its_program_and_with_its_code),
        cmocka_unit_test(signals_are_handed_on),
        cmocka_unit_test(killed_it_takes_its_program_along),
        cmocka_unit_test(a_program_that_breaks_the_wires_rules_gets_no_answer),
        cmocka_unit_test(the_chain_that_is_kept_is_readable_by_its_owner_alone),
        cmocka_unit_test(a_chain_of_the_other_platform_is_none),
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
