/* SPDX-License-Identifier: Apache-2.0 */
/* GPU evidence through a double of NVIDIA's library, loaded as the real one is. */
#include <dlfcn.h>

#include "evidence/nvml.h"
#include "support/nvml_double.h"
#include "unit/test.h"

static void (*double_set)(const struct nvml_double *);
static int (*double_running)(void);
static struct evidence_nvml *gpus;
static struct gpu_evidence evidence;
static struct err_note note;
static uint8_t nonce[NVML_NONCE_SIZE];

static enum err ask(const struct nvml_double *wanted)
{
    double_set(wanted);
    note.text[0] = '\0';
    enum err e = evidence_nvml_open(NVML_DOUBLE, &gpus, &note);
    if (e == ERR_OK) {
        e = evidence_nvml_report(gpus, 0, nonce, &evidence, &note);
        evidence_nvml_close(gpus);
    } else {
        assert_null(gpus);
    }
    assert_int_equal(double_running(), 0);
    return e;
}

static void assert_refused(const struct nvml_double *wanted, const char *words)
{
    assert_err(ask(wanted), ERR_EVIDENCE);
    if (strstr(note.text, words) == NULL)
        fail_msg("the note says: %s; wanted in it: %s", note.text, words);
}

static void each_gpu_gives_its_report_and_certificates(void **state)
{
    (void)state;
    double_set(&(struct nvml_double){.devices = 2});
    assert_ok(evidence_nvml_open(NVML_DOUBLE, &gpus, &note));
    assert_int_equal(evidence_nvml_count(gpus), 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_ok(evidence_nvml_report(gpus, i, nonce, &evidence, &note));
        assert_int_equal(evidence.report_len, 4000);
        assert_memory_equal(evidence.report + 4, nonce, sizeof nonce);
        assert_int_equal(evidence.report[NVML_REQUEST_SIZE], 0x11);
        assert_int_equal(evidence.report[3999], 0x5a);
        assert_int_equal(evidence.chain[evidence.chain_len - 1], '0' + i);
    }
    assert_err(evidence_nvml_report(gpus, 2, nonce, &evidence, &note), ERR_EVIDENCE);
    assert_int_equal(evidence.report_len, 0);
    evidence_nvml_close(gpus);
    assert_int_equal(double_running(), 0);
    evidence_nvml_close(NULL);
}

static void a_gpu_that_protects_nothing_is_refused(void **state)
{
    (void)state;
    assert_refused(&(struct nvml_double){.devices = 1, .cc_off = true}, "confidential computing is off");
    assert_refused(&(struct nvml_double){.devices = 1, .dev_tools = true}, "developer mode");
    assert_refused(&(struct nvml_double){.devices = 1, .simulation = true}, "not that of production");
    assert_refused(&(struct nvml_double){.devices = 1, .state = 3}, "not supported");
}

static void what_the_library_refuses_is_said(void **state)
{
    (void)state;
    assert_refused(&(struct nvml_double){.devices = 1, .init = 9}, "the driver is not loaded (9)");
    assert_refused(&(struct nvml_double){.devices = 1, .count = 999}, "number of GPUs: failed (999)");
    assert_refused(&(struct nvml_double){.devices = 1, .handle = 15}, "fallen off the bus");
    assert_refused(&(struct nvml_double){.devices = 1, .report = 27},
                   "attestation report: the GPU is not ready (27)");
    assert_refused(&(struct nvml_double){.devices = 1, .certificate = 4}, "certificates: not permitted");
    assert_refused(&(struct nvml_double){.devices = 0}, "0 GPUs");
    assert_refused(&(struct nvml_double){.devices = NVML_DEVICES_MAX + 1}, "17 GPUs");
    assert_ok(ask(&(struct nvml_double){.devices = NVML_DEVICES_MAX}));
}

static void gpus_are_ready_when_they_are_told_so(void **state)
{
    (void)state;
    static const struct {
        struct nvml_double gpus;
        const char *words; /* NULL: it works */
    } cases[] = {
        {{.devices = 1}, NULL},
        {{.devices = 1, .set_ready = 4}, "setting the ready state: not permitted"},
        {{.devices = 1, .ready = 999}, "ready state: failed (999)"},
        {{.devices = 1, .ready_in_vain = true}, "are not ready"},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        bool ready = true;
        double_set(&cases[i].gpus);
        assert_ok(evidence_nvml_open(NVML_DOUBLE, &gpus, &note));
        if (cases[i].gpus.ready == 0) {
            assert_ok(evidence_nvml_is_ready(gpus, &ready, &note));
            assert_false(ready);
        }
        enum err e = evidence_nvml_set_ready(gpus, &note);
        assert_err(e, cases[i].words == NULL ? ERR_OK : ERR_EVIDENCE);
        if (cases[i].words != NULL && strstr(note.text, cases[i].words) == NULL)
            fail_msg("the note says: %s; wanted in it: %s", note.text, cases[i].words);
        if (e == ERR_OK) {
            assert_ok(evidence_nvml_is_ready(gpus, &ready, &note));
            assert_true(ready);
        }
        evidence_nvml_close(gpus);
    }
}

static void a_report_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_ok(ask(&(struct nvml_double){.devices = 1, .report_size = NVML_REPORT_MAX}));
    assert_ok(ask(&(struct nvml_double){.devices = 1, .report_size = NVML_REQUEST_SIZE + 2}));
    assert_refused(&(struct nvml_double){.devices = 1, .report_size = NVML_REPORT_MAX + 1},
                   "more than it has room for");
    assert_refused(&(struct nvml_double){.devices = 1, .report_size = UINT32_MAX},
                   "more than it has room for");
    assert_refused(&(struct nvml_double){.devices = 1, .report_size = NVML_REQUEST_SIZE + 1},
                   "ends too early");
    assert_refused(&(struct nvml_double){.devices = 1, .report_size = 1}, "ends too early");
    for (size_t i = 0; i < NVML_NONCE_SIZE; i++)
        assert_refused(&(struct nvml_double){.devices = 1, .flip_at = 4 + i, .flip = 1}, "another nonce");
    static const size_t code[] = {0, 1, 2, 3, 37, 38};
    for (size_t i = 0; i < test_count(code); i++)
        assert_refused(&(struct nvml_double){.devices = 1, .flip_at = code[i], .flip = 1}, "SPDM");
}

static void certificates_that_are_none_are_refused(void **state)
{
    (void)state;
    assert_ok(ask(&(struct nvml_double){.devices = 1, .chain_size = NVML_CHAIN_MAX}));
    assert_refused(&(struct nvml_double){.devices = 1, .chain_size = NVML_CHAIN_MAX + 1},
                   "certificates have 5121 bytes");
    assert_refused(&(struct nvml_double){.devices = 1, .no_chain = true}, "certificates have 0 bytes");
    assert_int_equal(evidence.report_len, 0); /* half of it is nothing */
}

static void a_library_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_err(evidence_nvml_open("/nowhere/libnvidia-ml.so.1", &gpus, &note), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "cannot be loaded"));
    /* Not by a name that the loader would look for. */
    assert_err(evidence_nvml_open("libc.so.6", &gpus, &note), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "cannot be loaded"));
    assert_err(evidence_nvml_open(NVML_NO_DOUBLE, &gpus, &note), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "has no nvmlInit_v2"));
    assert_null(gpus);
}

/* On a machine with NVIDIA's driver this is the real thing; elsewhere it says what is missing. */
static void this_machine_gives_evidence_or_says_why_not(void **state)
{
    (void)state;
    enum err e = evidence_nvml_open(NULL, &gpus, &note);
    if (e == ERR_OK) {
        assert_ok(evidence_nvml_report(gpus, 0, nonce, &evidence, &note));
        evidence_nvml_close(gpus);
        return;
    }
    assert_err(e, ERR_EVIDENCE);
    assert_true(note.text[0] != '\0');
}

static int setup(void **state)
{
    (void)state;
    void *library = dlopen(NVML_DOUBLE, RTLD_NOW);
    if (library == NULL)
        return -1;
    void *set = dlsym(library, "nvml_double_set");
    void *running = dlsym(library, "nvml_double_running");
    memcpy(&double_set, &set, sizeof set);
    memcpy(&double_running, &running, sizeof running);
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (uint8_t)(i * 5);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gpu_gives_its_report_and_certificates),
        cmocka_unit_test(a_gpu_that_protects_nothing_is_refused),
        cmocka_unit_test(what_the_library_refuses_is_said),
        cmocka_unit_test(gpus_are_ready_when_they_are_told_so),
        cmocka_unit_test(a_report_that_is_none_is_refused),
        cmocka_unit_test(certificates_that_are_none_are_refused),
        cmocka_unit_test(a_library_that_is_none_is_refused),
        cmocka_unit_test(this_machine_gives_evidence_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
