/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "cli/cli.h"
#include "cli/digest_file.h"
#include "cli/measure_snp.h"
#include "launch/simulated.h"

struct measure_options {
    const char *platform;
    struct measure_snp snp;
    bool policy;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct measure_options, field)

static const struct option table[] = {
    {"--platform", OPTION_TEXT, AT(platform), 0, 0, "NAME",
     "simulated: which platform, snp (one measurement) or tdx (MRTD and RTMR0 to RTMR3); snp when not "
     "given"},
    {"--ovmf", OPTION_TEXT, AT(snp.ovmf), 0, 0, "FILE", "snp: the firmware image"},
    {"--kernel", OPTION_TEXT, AT(snp.kernel), 0, 0, "FILE",
     "snp: the kernel that is booted directly; without it, the firmware boots what it finds, and nothing "
     "says what"},
    {"--initrd", OPTION_TEXT, AT(snp.initrd), 0, 0, "FILE", "snp: its initial file system"},
    {"--cmdline", OPTION_TEXT, AT(snp.cmdline), 0, 0, "FILE",
     "snp: a file with its command line, of which a line feed at the end is left out"},
    {"--vcpus", OPTION_NUMBER, AT(snp.vcpus), 1, SNP_VCPUS_MAX, "N", "snp: virtual processors. Default 1"},
    {"--vcpu-model", OPTION_TEXT, AT(snp.vcpu_model), 0, 0, "NAME",
     "snp: their model as QEMU names it (EPYC-Genoa, EPYC-Milan-v2, ...), or its CPUID signature (0xa10f10)"},
    {"--guest-features", OPTION_TEXT, AT(snp.features), 0, 0, "HEX",
     "snp: SEV_FEATURES. Default 0x1; 0x21 where the host's kernel swaps debug registers"},
    {"--vmm", OPTION_TEXT, AT(snp.vmm), 0, 0, "NAME", "snp: who starts it: qemu, ec2 or gce. Default qemu"},
    {"--policy", OPTION_SWITCH, AT(policy), 0, 0, NULL,
     "a policy for --policy of the other subcommands: it accepts this launch and no other"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "one JSON object"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    (void)puts(
        "Usage: enclume measure snp --ovmf FILE --kernel FILE --initrd FILE --cmdline FILE --vcpus N "
        "--vcpu-model NAME\n"
        "       enclume measure simulated [OPTION]... -- PROGRAM [ARGUMENT]...\n"
        "\n"
        "Computes the launch measurement that a platform must report: the reference value to give to "
        "--measurement, or in a\n"
        "document to --policy. Nothing is run, and nobody has to be asked.\n"
        "\n"
        "snp: of a virtual machine that QEMU starts with this firmware, kernel, initial file system and "
        "command line on\n"
        "AMD SEV-SNP. simulated: of a program with exactly these arguments on the simulated platform; for "
        "TDX, one register\n"
        "a line, MRTD for --measurement and the others for --rtmr.\n"
        "\n"
        "    enclume measure snp --ovmf OVMF.fd --kernel vmlinuz --initrd initrd --cmdline cmdline \\\n"
        "        --vcpus 8 --vcpu-model EPYC-Genoa\n"
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

/* One row a platform: how its measurement is shown. Both can be simulated (launch/simulated.h). */
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

static void print(const struct simulated *platform, const char *name, const struct measure_options *o,
                  const struct launch_registers *launch)
{
    if (o->policy) {
        platform->policy(launch);
    } else if (o->json) {
        (void)printf("{\"platform\":\"%s\",", name);
        print_members(launch);
        (void)puts("}");
    } else {
        platform->print(launch);
    }
}

/* ---- */

static enum err measure_simulated(const struct measure_options *o, const struct option_list *operands,
                                  const struct simulated **platform, struct launch_registers *launch,
                                  struct err_note *note)
{
    uint8_t program[CRYPTO_SHA384_SIZE];
    *platform = simulated_named(o->platform == NULL ? "snp" : o->platform);
    if (*platform == NULL)
        return err_noted(ERR_USAGE, note, "--platform %.100s: there is no such platform; known: snp, tdx",
                         o->platform);
    if (measure_snp_is_given(&o->snp))
        return err_noted(ERR_USAGE, note, "simulated: takes a program, and no firmware or kernel");
    if (operands->count < 2)
        return err_noted(ERR_USAGE, note, "wanted a program after --");
    enum err e = digest_file(operands->items[1], CRYPTO_SHA384, program, note);
    return e == ERR_OK ? launch_simulated_platform((*platform)->name)
                             ->measure(program, operands->items + 2, operands->count - 2, launch)
                       : e;
}

static enum err measure_snp(const struct measure_options *o, const struct option_list *operands,
                            const struct simulated **platform, struct launch_registers *launch,
                            struct err_note *note)
{
    *platform = simulated_named("snp");
    if (operands->count != 1)
        return err_noted(ERR_USAGE, note, "snp: takes files by its options, and no program");
    if (o->platform != NULL)
        return err_noted(ERR_USAGE, note, "--platform: is for what is simulated");
    return measure_snp_compute(&o->snp, launch, note);
}

/* One row a first word. */
static const struct {
    const char *name;
    enum err (*measure)(const struct measure_options *o, const struct option_list *operands,
                        const struct simulated **platform, struct launch_registers *launch,
                        struct err_note *note);
} kinds[] = {
    {"snp", measure_snp},
    {"simulated", measure_simulated},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

int cli_measure(int argc, char **argv)
{
    struct measure_options o = {.snp = {.vcpus = 1}};
    struct option_list operands;
    struct err_note note = {0};
    struct launch_registers launch = {0};
    const struct simulated *platform = NULL;
    size_t kind = 0;

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    while (e == ERR_OK && operands.count != 0 && kind < KIND_COUNT &&
           strcmp(operands.items[0], kinds[kind].name) != 0)
        kind++;
    if (e == ERR_OK && (operands.count == 0 || kind == KIND_COUNT))
        e = err_noted(ERR_USAGE, &note, "wanted the name of a platform: snp or simulated");
    if (e == ERR_OK && o.policy && o.json)
        e = err_noted(ERR_USAGE, &note, "--policy and --json: one of the two");
    if (e == ERR_OK)
        e = kinds[kind].measure(&o, &operands, &platform, &launch, &note);
    if (e != ERR_OK)
        return e == ERR_USAGE ? cli_usage("measure", &note) : cli_fail(e, &note);
    print(platform, kinds[kind].name, &o, &launch);
    return 0;
}
