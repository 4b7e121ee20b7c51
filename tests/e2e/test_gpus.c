/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An enclave with GPUs, on either simulated platform: their evidence goes with the processor's, and each of them that is wrong refuses all of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "e2e/support/world.h"
#include "unit/test.h"

#define PROMPT "Once upon a time a blacksmith"

static const char *const platforms[] = {"snp", "tdx"};

static void assert_refused_by(const struct world *w, const char *check)
{
    struct process p;
    char line[128];
    (void)snprintf(line, sizeof line, "\n  > %s\n", check);
    int code = world_chat(w, NULL, &p, (const char *const[]){PROMPT, NULL});
    if (code != 1 || strstr(p.err.bytes, line) == NULL)
        fail_msg("exit code %d, wanted 1 and %s; it said:\n%s", code, check, p.err.bytes);
    assert_non_null(strstr(p.err.bytes, "Nothing was sent."));
    assert_string_equal(p.out.bytes, "");
    process_release(&p);
}

/* Eight are the most that the simulator plays. */
static void an_enclave_with_gpus_answers_and_is_verified_offline(void **state)
{
    static const char *const counts[] = {"1", "8"};
    (void)state;
    for (size_t i = 0; i < test_count(platforms); i++) {
        struct world w;
        struct process p;
        world_start(&w,
                    &(struct world_options){.platform = platforms[i], .simulator = {"--gpus", counts[i]}});
        char *file = world_path(&w, "evidence.json");
        assert_int_equal(
            world_chat(&w, NULL, &p,
                       (const char *const[]){"--max-tokens", "4", "--save-evidence", file, PROMPT, NULL}),
            0);
        assert_true(p.out.len > 1);
        process_release(&p);
        const char *argv[] = {E2E_ENCLUME,         "verify", file, "--policy", w.policy,
                              "--trust-simulated", w.root,   NULL};
        assert_int_equal(process_run(&p, argv), 0);
        assert_non_null(strstr(p.out.bytes, "nvgpu.report.nonce"));
        assert_non_null(strstr(p.out.bytes, "SIMULATED"));
        process_release(&p);
        free(file);
        world_stop(&w);
    }
}

/* The first certificate of the file is the processor's root: the GPUs' stand behind it. */
static void without_their_roots_the_gpus_are_nobodys(void **state)
{
    static const char end[] = "-----END CERTIFICATE-----\n";
    struct world w;
    struct err_note note = {{0}};
    size_t len = 0;
    (void)state;
    world_start(&w, &(struct world_options){.simulator = {"--gpus", "1"}});
    char *roots = process_read_file(w.root, &len);
    const char *first = strstr(roots, end);
    assert_non_null(first);
    len = (size_t)(first - roots) + strlen(end);
    assert_non_null(strstr(roots + len, end)); /* there are more */
    assert_ok(file_write(w.root, bytes_of(roots, len), &note));
    assert_refused_by(&w, "nvgpu.chain.root");
    free(roots);
    world_stop(&w);
}

static void gpus_that_lie_are_refused(void **state)
{
    static const struct {
        const char *lie;
        const char *check;
    } cases[] = {
        {"gpu-nonce", "nvgpu.report.nonce"},
        {"gpu-bit:2048", "nvgpu.report.signature"},
    };
    (void)state;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct world w;
        world_start(&w, &(struct world_options){.platform = platforms[i % test_count(platforms)],
                                                .lie = cases[i].lie,
                                                .simulator = {"--gpus", "2"}});
        assert_refused_by(&w, cases[i].check);
        world_stop(&w);
    }
}

static void an_enclave_whose_gpus_give_no_evidence_does_not_start(void **state)
{
    /* The second changes the size of a report. */
    static const char *const lies[] = {"gpu-refuse", "gpu-bit:57"};
    (void)state;
    for (size_t i = 0; i < test_count(lies); i++) {
        struct world w;
        size_t len = 0;
        world_open(&w, &(struct world_options){.lie = lies[i], .simulator = {"--gpus", "1"}});
        assert_false(world_run(&w));
        assert_int_equal(world_end(&w), ERR_CLASS_ENCLAVE);
        char *log = process_read_file(w.log, &len);
        assert_non_null(strstr(log, err_text(ERR_EVIDENCE)));
        free(log);
        world_remove(&w);
    }
}

/* Here is no GPU that protects anything, and in a static program no way to one: it says which, before it does anything else. */
static void real_gpus_that_are_not_there_are_said(void **state)
{
    struct process p;
    (void)state;
    const char *const argv[] = {E2E_ENCLUMED, "--model", "no-such-model", "--evidence", "tsm",
                                "--gpus",     "nvml",    "--collateral",  "dir:/",      NULL};
    assert_int_equal(process_run(&p, argv), ERR_CLASS_ENCLAVE);
    assert_non_null(strstr(p.err.bytes, err_text(ERR_EVIDENCE)));
    if (strstr(p.err.bytes, "NVIDIA's management library") == NULL && strstr(p.err.bytes, "NVML") == NULL &&
        strstr(p.err.bytes, "on the GPUs") == NULL)
        fail_msg("it says: %s", p.err.bytes);
    process_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enclave_with_gpus_answers_and_is_verified_offline),
        cmocka_unit_test(without_their_roots_the_gpus_are_nobodys),
        cmocka_unit_test(gpus_that_lie_are_refused),
        cmocka_unit_test(real_gpus_that_are_not_there_are_said),
        cmocka_unit_test(an_enclave_whose_gpus_give_no_evidence_does_not_start),
    };
    world_require_model();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
