/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every program and subcommand explains itself: --help names each option that is accepted, exit code 0; what is not an option is refused with 2 and
 * named.
 */
#include "e2e/support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

static const struct program {
    const char *argv[3];
    const char *options[40]; /* as docs and tests know them; --help must name all, and no other */
} programs[] = {
    {{E2E_ENCLUME, "chat"},
     {"--connect",     "--policy",  "--measurement", "--rtmr",          "--model-digest", "--trust-simulated",
      "--allow-milan", "--max-age", "--remember",    "--save-evidence", "--system",       "--max-tokens",
      "--temperature", "--top-p",   "--seed",        "--stop",          "--plain",        "--verbose",
      "--history",     "--quiet",   "--json",        "--help"}},
    {{E2E_ENCLUME, "ask"},
     {"--connect",     "--policy",  "--measurement", "--rtmr",          "--model-digest", "--trust-simulated",
      "--allow-milan", "--max-age", "--remember",    "--save-evidence", "--system",       "--max-tokens",
      "--temperature", "--top-p",   "--seed",        "--stop",          "--plain",        "--verbose",
      "--quiet",       "--json",    "--help"}},
    {{E2E_ENCLUME, "proxy"},
     {"--connect", "--listen", "--policy", "--measurement", "--rtmr", "--model-digest", "--trust-simulated",
      "--allow-milan", "--max-age", "--token-file", "--no-token", "--allow-origin", "--max-connections",
      "--request-timeout", "--install", "--uninstall", "--help"}},
    {{E2E_ENCLUME, "verify"},
     {"--snp-report",
      "--certs",
      "--crl",
      "--tdx-quote",
      "--collateral",
      "--report-data",
      "--list-checks",
      "--hcl-report",
      "--tpm-quote",
      "--tpm-signature",
      "--pcrs",
      "--event-log",
      "--ak-cert",
      "--nonce",
      "--gpu-report",
      "--gpu-certs",
      "--rim",
      "--ocsp",
      "--policy",
      "--measurement",
      "--rtmr",
      "--model-digest",
      "--trust-simulated",
      "--allow-milan",
      "--at",
      "--json",
      "--explain",
      "--help"}},
    {{E2E_ENCLUME, "inspect"}, {"--json", "--help"}},
    {{E2E_ENCLUME, "collateral"}, {"--snp-report", "--tdx-quote",
                                   "--gpu-report", "--gpu-certs",
                                   "--bundle",     "--certs",
                                   "--product",    "--amd-url",
                                   "--intel-url",  "--rim-url",
                                   "--ocsp-url",   "--no-ocsp-nonce",
                                   "--renew",      "--trust-simulated",
                                   "--at",         "--listen",
                                   "--fetch-gpu",  "--once",
                                   "--json",       "--help"}},
    {{E2E_ENCLUME, "policy"},
     {"--policy", "--measurement", "--rtmr", "--model-digest", "--trust-simulated", "--allow-milan",
      "--canonical", "--help"}},
    {{E2E_ENCLUME, "measure"}, {"--platform",         "--firmware",      "--ovmf",         "--kernel",
                                "--initrd",           "--cmdline",       "--vcpus",        "--vcpu-model",
                                "--guest-features",   "--vmm",           "--memory",       "--qemu",
                                "--firmware-version", "--acpi-tables",   "--rsdp",         "--table-loader",
                                "--smbios",           "--smbios-tables", "--processor-id", "--secure-boot",
                                "--events",           "--policy",        "--json",         "--help"}},
    {{E2E_ENCLUME, "launch"}, {"--platform",    "--image",        "--model",
                               "--word",        "--memory",       "--vcpus",
                               "--vcpu-model",  "--firmware",     "--firmware-version",
                               "--vsock-cid",   "--vsock-socket", "--port",
                               "--bind",        "--tap",          "--address",
                               "--gateway",     "--guest-port",   "--snp-policy",
                               "--host-data",   "--cbitpos",      "--quote-service",
                               "--acpi-tables", "--accel",        "--root-out",
                               "--chain",       "--simulator",    "--qemu",
                               "--name",        "--serial",       "--cmdline-out",
                               "--policy-out",  "--dry-run",      "--systemd",
                               "--libvirt",     "--unchecked",    "--help"}},
    {{E2E_ENCLUME, "doctor"},
     {"--host", "--guest", "--platform", "--firmware", "--memory", "--qemu", "--root", "--json", "--help"}},
    {{E2E_ENCLUMED},
     {"--listen",
      "--model",
      "--model-size",
      "--engine",
      "--projector",
      "--evidence",
      "--device",
      "--collateral",
      "--gpus",
      "--slots",
      "--queue",
      "--context",
      "--threads",
      "--chat-template",
      "--reuse-timeout",
      "--max-connections",
      "--idle-timeout",
      "--handshake-timeout",
      "--request-timeout",
      "--grace",
      "--user",
      "--help",
      "--version"}},
    {{E2E_GATEWAY},
     {"--listen",
      "--backend",
      "--backends",
      "--tls-cert",
      "--tls-key",
      "--tokens",
      "--origin",
      "--max-connections",
      "--address-connections",
      "--address-rate",
      "--address-bytes",
      "--token-connections",
      "--token-rate",
      "--token-bytes",
      "--greeting-timeout",
      "--connect-timeout",
      "--idle-timeout",
      "--stall-timeout",
      "--ping",
      "--check-interval",
      "--grace",
      "--reuse-port",
      "--metrics",
      "--help",
      "--version"}},
    {{E2E_SIMULATOR},
     {"--platform", "--gpus", "--delay-ms", "--root-out", "--chain", "--vm", "--vcpu-model", "--policy-debug",
      "--json", "--help", "--version"}},
};

enum { COLUMNS = 80 };

static int run_with(const struct program *program, const char *more, struct process *p)
{
    const char *argv[5] = {NULL};
    size_t n = 0;
    for (; n < 3 && program->argv[n] != NULL; n++)
        argv[n] = program->argv[n];
    argv[n] = more;
    return process_run(p, argv);
}

static bool known(const struct program *program, const char *name, size_t len)
{
    for (size_t i = 0; program->options[i] != NULL; i++)
        if (strlen(program->options[i]) == len && strncmp(program->options[i], name, len) == 0)
            return true;
    return false;
}

/* The lines of the help that describe an option begin with two blanks and its name. */
static size_t described(const struct program *program, const char *help)
{
    size_t count = 0;
    for (const char *at = help; (at = strstr(at, "\n  --")) != NULL; count++) {
        at += 3;
        size_t len = strcspn(at, " \n");
        if (!known(program, at, len))
            fail_msg("%s describes %.*s, which this test does not know", program->argv[0], (int)len, at);
    }
    return count;
}

static void help_names_each_option(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(programs); i++) {
        struct process p;
        size_t count = 0;
        assert_int_equal(run_with(&programs[i], "--help", &p), 0);
        assert_string_equal(p.err.bytes, "");
        assert_memory_equal(p.out.bytes, "Usage: ", 7);
        while (programs[i].options[count] != NULL) {
            if (strstr(p.out.bytes, programs[i].options[count]) == NULL)
                fail_msg("the help of %s is silent about %s", programs[i].argv[0],
                         programs[i].options[count]);
            count++;
        }
        assert_int_equal(described(&programs[i], p.out.bytes), count);
        for (const char *line = p.out.bytes; *line != '\0'; line += strcspn(line, "\n") + 1)
            if (strcspn(line, "\n") > COLUMNS)
                fail_msg("the help of %s does not fit a terminal: %.*s", programs[i].argv[0],
                         (int)strcspn(line, "\n"), line);
        process_release(&p);
    }
}

static void a_command_is_explained_in_each_way_that_people_try(void **state)
{
    static const char *const ways[][4] = {{E2E_ENCLUME, "chat", "-h"}, {E2E_ENCLUME, "help", "chat"}};
    struct process p;
    struct process other;
    (void)state;
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "chat", "--help", NULL}), 0);
    for (size_t i = 0; i < test_count(ways); i++) {
        assert_int_equal(process_run(&other, ways[i]), 0);
        assert_string_equal(other.out.bytes, p.out.bytes);
        process_release(&other);
    }
    process_release(&p);
}

static void a_wrong_call_is_told_where_help_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(programs); i++) {
        struct process p;
        assert_int_equal(run_with(&programs[i], "--frobnicate", &p), 2);
        assert_non_null(strstr(p.err.bytes, "\nTry: enclume"));
        process_release(&p);
    }
}

static void an_unknown_option_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(programs); i++) {
        struct process p;
        assert_int_equal(run_with(&programs[i], "--frobnicate", &p), 2);
        assert_non_null(strstr(p.err.bytes, "--frobnicate"));
        assert_string_equal(p.out.bytes, "");
        process_release(&p);
    }
}

static void each_command_of_enclume_is_named(void **state)
{
    static const char *const commands[] = {"chat",   "ask",     "proxy", "verify", "inspect", "collateral",
                                           "policy", "measure", "model", "launch", "doctor"};
    struct process p;
    (void)state;
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "--help", NULL}), 0);
    for (size_t i = 0; i < test_count(commands); i++)
        assert_non_null(strstr(p.out.bytes, commands[i]));
    process_release(&p);
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "model", "--help", NULL}), 0);
    assert_memory_equal(p.out.bytes, "Usage: ", 7);
    process_release(&p);
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "model", "--frobnicate", NULL}), 2);
    process_release(&p);
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, NULL}), 2);
    process_release(&p);
    assert_int_equal(process_run(&p, (const char *const[]){E2E_ENCLUME, "forge", NULL}), 2);
    assert_non_null(strstr(p.err.bytes, "forge"));
    process_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(help_names_each_option),
        cmocka_unit_test(a_command_is_explained_in_each_way_that_people_try),
        cmocka_unit_test(a_wrong_call_is_told_where_help_is),
        cmocka_unit_test(an_unknown_option_is_refused_by_name),
        cmocka_unit_test(each_command_of_enclume_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
