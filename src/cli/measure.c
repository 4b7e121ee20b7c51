/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "cli/cli.h"
#include "cli/digest_file.h"
#include "launch/simulated.h"

struct measure_options {
    const char *platform;
    bool policy;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct measure_options, field)

static const struct option table[] = {
    {"--platform", OPTION_TEXT, AT(platform), 0, 0, "NAME",
     "which platform is simulated: snp (one measurement) or tdx (MRTD and RTMR0 to RTMR3); snp when not "
     "given"},
    {"--policy", OPTION_SWITCH, AT(policy), 0, 0, NULL,
     "a policy for --policy of the other subcommands: it accepts this launch and no other"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "one JSON object"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    (void)puts(
        "Usage: enclume measure simulated [OPTION]... -- PROGRAM [ARGUMENT]...\n"
        "\n"
        "Computes the launch measurement that the simulated platform must report for this program with "
        "exactly these\n"
        "arguments: the reference value to give to --measurement; for TDX, MRTD to give to --measurement and "
        "the values for\n"
        "--rtmr, one register a line. It reads the program; it does not run it.\n"
        "\n"
        "    enclume measure simulated -- ./enclumed --model m.gguf --evidence simulated\n");
    options_help(table);
}

/* ---- what is printed ---- */

/* The registers as members: "name":"value". */
static void print_members(const struct launch_registers *launch)
{
    for (size_t i = 0; i < launch->count; i++) {
        char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        encoding_hex(bytes_of(launch->at[i].value, LAUNCH_REGISTER_SIZE), hex);
        (void)printf("%s\"%s\":\"%s\"", i == 0 ? "" : ",", launch->at[i].name, hex);
    }
}

static void snp_print(const struct launch_registers *launch)
{
    char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
    encoding_hex(bytes_of(launch->at[0].value, LAUNCH_REGISTER_SIZE), hex);
    (void)puts(hex);
}

static void snp_policy(const struct launch_registers *launch)
{
    char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
    encoding_hex(bytes_of(launch->at[0].value, LAUNCH_REGISTER_SIZE), hex);
    (void)printf("{\"version\":1,\"snp\":{\"measurements\":[\"%s\"]}}\n", hex);
}

static void tdx_print(const struct launch_registers *launch)
{
    for (size_t i = 0; i < launch->count; i++) {
        char hex[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        encoding_hex(bytes_of(launch->at[i].value, LAUNCH_REGISTER_SIZE), hex);
        (void)printf("%s %s\n", launch->at[i].name, hex);
    }
}

static void tdx_policy(const struct launch_registers *launch)
{
    (void)fputs("{\"version\":1,\"tdx\":{\"launches\":[{", stdout);
    print_members(launch);
    (void)puts("}]}}");
}

/* One row a platform that can be simulated (launch/simulated.h). */
static const struct simulated {
    const char *name;
    void (*print)(const struct launch_registers *launch);
    void (*policy)(const struct launch_registers *launch);
} platforms[] = {
    {"snp", snp_print, snp_policy},
    {"tdx", tdx_print, tdx_policy},
};

static const struct simulated *simulated_named(const char *name)
{
    for (size_t i = 0; i < sizeof platforms / sizeof platforms[0]; i++)
        if (strcmp(platforms[i].name, name) == 0)
            return &platforms[i];
    return NULL;
}

static void print(const struct simulated *platform, const struct measure_options *o,
                  const struct launch_registers *launch)
{
    if (o->policy) {
        platform->policy(launch);
    } else if (o->json) {
        (void)fputs("{\"platform\":\"simulated\",", stdout);
        print_members(launch);
        (void)puts("}");
    } else {
        platform->print(launch);
    }
}

/* ---- */

static enum err measure(const struct simulated *platform, const struct option_list *operands,
                        struct launch_registers *launch, struct err_note *note)
{
    uint8_t program[CRYPTO_SHA384_SIZE];
    if (operands->count < 2)
        return err_noted(ERR_USAGE, note, "wanted a program after --");
    enum err e = digest_file(operands->items[1], CRYPTO_SHA384, program, note);
    return e == ERR_OK ? launch_simulated_platform(platform->name)
                             ->measure(program, operands->items + 2, operands->count - 2, launch)
                       : e;
}

int cli_measure(int argc, char **argv)
{
    struct measure_options o = {.platform = "snp"};
    struct option_list operands;
    struct err_note note = {0};
    struct launch_registers launch = {0};
    const struct simulated *platform = NULL;

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && (operands.count == 0 || strcmp(operands.items[0], "simulated") != 0))
        e = err_noted(ERR_USAGE, &note, "wanted the name of a platform: simulated");
    if (e == ERR_OK && o.policy && o.json)
        e = err_noted(ERR_USAGE, &note, "--policy and --json: one of the two");
    if (e == ERR_OK && (platform = simulated_named(o.platform)) == NULL)
        e = err_noted(ERR_USAGE, &note, "--platform %.100s: there is no such platform; known: snp, tdx",
                      o.platform);
    if (e == ERR_OK)
        e = measure(platform, &operands, &launch, &note);
    if (e != ERR_OK)
        return e == ERR_USAGE ? cli_usage("measure", &note) : cli_fail(e, &note);
    print(platform, &o, &launch);
    return 0;
}
