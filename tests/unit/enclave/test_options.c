/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/options.h"

#include "unit/test.h"

static struct enclave_options options;
static struct err_note note;

static enum err parse(const char *const *argv, int count)
{
    char *copy[16];
    for (int i = 0; i < count; i++)
        copy[i] = bytes_owned(bytes_str(argv[i]));
    copy[count] = NULL;
    return enclave_options_parse(count, copy, &options, &note);
}

#define PARSE(...)                                                                                           \
    parse((const char *const[]){"enclumed", __VA_ARGS__},                                                    \
          (int)test_count(((const char *const[]){"enclumed", __VA_ARGS__})))

static void evidence_and_collateral_are_named(void **state)
{
    (void)state;
    assert_ok(PARSE("--model", "m", "--evidence", "tsm"));
    assert_string_equal(options.evidence, "tsm");
    assert_null(options.collateral);
    assert_ok(PARSE("--model", "m", "--evidence", "auto", "--collateral", "vsock:4051"));
    assert_string_equal(options.collateral, "vsock:4051");
    assert_ok(PARSE("--model", "m", "--evidence", "simulated"));
}

static void the_simulator_needs_no_collateral(void **state)
{
    (void)state;
    assert_err(PARSE("--model", "m", "--evidence", "simulated", "--collateral", "dir:/x"), ERR_USAGE);
    assert_non_null(strstr(note.text, "--collateral"));
}

static void gpus_need_a_real_chip_and_endorsements(void **state)
{
    (void)state;
    assert_ok(PARSE("--model", "m", "--evidence", "tsm"));
    assert_string_equal(options.gpus, "none");
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--gpus", "nvml", "--collateral", "vsock:1"));
    assert_string_equal(options.gpus, "nvml");
    assert_ok(PARSE("--model", "m", "--evidence", "simulated", "--gpus", "none"));
    assert_err(PARSE("--model", "m", "--evidence", "tsm", "--gpus", "nvml"), ERR_USAGE);
    assert_non_null(strstr(note.text, "--collateral"));
    assert_err(PARSE("--model", "m", "--evidence", "simulated", "--gpus", "nvml"), ERR_USAGE);
    assert_err(PARSE("--model", "m", "--evidence", "tsm", "--gpus", "cuda", "--collateral", "vsock:1"),
               ERR_USAGE);
    assert_non_null(strstr(note.text, "cuda"));
}

static void what_is_required_is_asked_for(void **state)
{
    (void)state;
    assert_err(PARSE("--evidence", "tsm"), ERR_USAGE);
    assert_non_null(strstr(note.text, "--model"));
    assert_err(PARSE("--model", "m"), ERR_USAGE);
    assert_non_null(strstr(note.text, "--evidence"));
    assert_err(PARSE("--model", "m", "--evidence", "tsm", "more"), ERR_USAGE);
    assert_err(PARSE("--model", "m", "--evidence", "tsm", "--collateral"), ERR_USAGE);
}

static void another_server_is_one_of_this_machine(void **state)
{
    (void)state;
    assert_ok(PARSE("--model", "m", "--evidence", "tsm"));
    assert_null(enclave_options_upstream(&options));
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--engine", "llama", "--threads", "2"));
    assert_null(enclave_options_upstream(&options));
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--engine", "upstream=unix:/run/s"));
    assert_string_equal(enclave_options_upstream(&options), "unix:/run/s");
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--engine=upstream=tcp:127.0.0.1:8000"));
    assert_string_equal(enclave_options_upstream(&options), "tcp:127.0.0.1:8000");
    static const char *const refused[] = {"vllm",
                                          "upstream",
                                          "upstream=",
                                          "upstream=tcp:10.0.0.1:80",
                                          "upstream=http://127.0.0.1",
                                          "Upstream=unix:/s",
                                          ""};
    for (size_t i = 0; i < test_count(refused); i++) {
        assert_err(PARSE("--model", "m", "--evidence", "tsm", "--engine", refused[i]), ERR_USAGE);
        assert_non_null(strstr(note.text, "--engine"));
    }
}

static void what_the_other_server_decides_is_not_asked_of_us(void **state)
{
    (void)state;
    static const char *const asked[][2] = {{"--threads", "2"},      {"--projector", "p"},
                                           {"--context", "512"},    {"--chat-template", "chatml"},
                                           {"--device", "gpu"},     {"--reuse-timeout", "300"},
                                           {"--reuse-timeout", "0"}};
    for (size_t i = 0; i < test_count(asked); i++) {
        assert_err(PARSE("--model", "m", "--evidence", "tsm", "--engine", "upstream=unix:/s", asked[i][0],
                         asked[i][1]),
                   ERR_USAGE);
        assert_non_null(strstr(note.text, asked[i][0]));
    }
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--engine", "upstream=unix:/s", "--slots", "9",
                    "--queue", "9"));
}

static void a_device_is_a_processor_or_a_gpu(void **state)
{
    (void)state;
    assert_ok(PARSE("--model", "m", "--evidence", "tsm"));
    assert_int_equal(options.on, ENGINE_DEVICE_ANY);
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--device", "auto"));
    assert_int_equal(options.on, ENGINE_DEVICE_ANY);
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--device", "cpu"));
    assert_int_equal(options.on, ENGINE_DEVICE_CPU);
    assert_ok(PARSE("--model", "m", "--evidence", "simulated", "--device", "gpu"));
    assert_int_equal(options.on, ENGINE_DEVICE_GPU);
    static const char *const wrong[] = {"", "GPU", "cuda", "gpu0", "cpu,gpu"};
    for (size_t i = 0; i < test_count(wrong); i++) {
        assert_err(PARSE("--model", "m", "--evidence", "tsm", "--device", wrong[i]), ERR_USAGE);
        assert_non_null(strstr(note.text, "--device"));
    }
}

static void the_models_size_is_a_number(void **state)
{
    (void)state;
    assert_ok(PARSE("--model", "m", "--evidence", "tsm"));
    assert_int_equal(options.model_bytes, 0);
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--model-size", "16879520"));
    assert_int_equal(options.model_bytes, 16879520);
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--model-size", "9007199254740992"));
    static const char *const wrong[] = {
        "", "0", "01", "-1", "+1", " 1", "1 ", "1k", "0x1", "9007199254740993", "99999999999999999999999"};
    for (size_t i = 0; i < test_count(wrong); i++) {
        assert_err(PARSE("--model", "m", "--evidence", "tsm", "--model-size", wrong[i]), ERR_USAGE);
        assert_non_null(strstr(note.text, "--model-size"));
    }
}

static void how_long_something_is_kept_is_said(void **state)
{
    (void)state;
    assert_ok(PARSE("--model", "m", "--evidence", "tsm"));
    assert_int_equal(options.reuse_seconds, 300);
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--reuse-timeout", "0"));
    assert_int_equal(options.reuse_seconds, 0);
    assert_ok(PARSE("--model", "m", "--evidence", "tsm", "--reuse-timeout", "86400"));
    assert_int_equal(options.reuse_seconds, 86400);
    assert_err(PARSE("--model", "m", "--evidence", "tsm", "--reuse-timeout", "86401"), ERR_USAGE);
    assert_err(PARSE("--model", "m", "--evidence", "tsm", "--reuse-timeout", "4294967295"), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_long_something_is_kept_is_said),
        cmocka_unit_test(evidence_and_collateral_are_named),
        cmocka_unit_test(the_simulator_needs_no_collateral),
        cmocka_unit_test(gpus_need_a_real_chip_and_endorsements),
        cmocka_unit_test(what_is_required_is_asked_for),
        cmocka_unit_test(another_server_is_one_of_this_machine),
        cmocka_unit_test(what_the_other_server_decides_is_not_asked_of_us),
        cmocka_unit_test(a_device_is_a_processor_or_a_gpu),
        cmocka_unit_test(the_models_size_is_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
