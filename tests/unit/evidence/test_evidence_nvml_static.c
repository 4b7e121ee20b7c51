/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/nvml.h"
#include "unit/test.h"

static void a_static_program_says_that_it_loads_nothing(void **state)
{
    (void)state;
    static struct gpu_evidence evidence;
    const uint8_t nonce[NVML_NONCE_SIZE] = {0};
    struct evidence_nvml *gpus;
    struct err_note note;
    assert_err(evidence_nvml_open(NULL, &gpus, &note), ERR_EVIDENCE);
    assert_null(gpus);
    assert_non_null(strstr(note.text, "one static file"));
    assert_int_equal(evidence_nvml_count(gpus), 0);
    assert_err(evidence_nvml_report(gpus, 0, nonce, &evidence, &note), ERR_EVIDENCE);
    evidence_nvml_close(gpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_static_program_says_that_it_loads_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
