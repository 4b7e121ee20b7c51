/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "base/fold.h"
#include "cli/cli.h"
#include "cli/digest_file.h"
#include "cli/measure_snp.h"
#include "cli/measure_tdx.h"
#include "launch/simulated.h"

struct measure_options {
    const char *platform;
    struct measure_snp snp; /* kernel, initrd, cmdline and vcpus are for TDX too */
    struct measure_tdx tdx;
    bool events;
    bool policy;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct measure_options, field)

static const struct option table[] = {
    {"--platform", OPTION_TEXT, AT(platform), 0, 0, "NAME",
     "simulated: which platform, snp (one measurement) or tdx (MRTD and RTMR0 to RTMR3); snp when not "
     "given"},
    {"--firmware", OPTION_TEXT, AT(tdx.firmware), 0, 0, "FILE", "snp, tdx: the firmware image"},
    {"--ovmf", OPTION_TEXT, AT(snp.ovmf), 0, 0, "FILE", "snp: the same"},
    {"--kernel", OPTION_TEXT, AT(snp.kernel), 0, 0, "FILE",
     "snp, tdx: the kernel that is booted directly; without it, on SNP, the firmware boots what it finds, "
     "and "
     "nothing says what"},
    {"--initrd", OPTION_TEXT, AT(snp.initrd), 0, 0, "FILE", "snp, tdx: its initial file system"},
    {"--cmdline", OPTION_TEXT, AT(snp.cmdline), 0, 0, "FILE",
     "snp, tdx: a file with its command line, of which a line feed at the end is left out"},
    {"--vcpus", OPTION_NUMBER, AT(snp.vcpus), 1, SNP_VCPUS_MAX, "N",
     "snp, tdx: virtual processors. Default 1"},
    {"--vcpu-model", OPTION_TEXT, AT(snp.vcpu_model), 0, 0, "NAME",
     "snp: their model as QEMU names it (EPYC-Genoa, EPYC-Milan-v2, ...), or its CPUID signature (0xa10f10)"},
    {"--guest-features", OPTION_TEXT, AT(snp.features), 0, 0, "HEX",
     "snp: SEV_FEATURES. Default 0x1; 0x21 where the host's kernel swaps debug registers"},
    {"--vmm", OPTION_TEXT, AT(snp.vmm), 0, 0, "NAME", "snp: who starts it: qemu, ec2 or gce. Default qemu"},
    {"--memory", OPTION_TEXT, AT(tdx.memory), 0, 0, "SIZE", "tdx: of the machine, like 4G"},
    {"--qemu", OPTION_TEXT, AT(tdx.qemu), 0, 0, "VERSION",
     "tdx: which QEMU starts it; before 10.1 it changes the kernel. Default 11.0"},
    {"--firmware-version", OPTION_TEXT, AT(tdx.firmware_version), 0, 0, "VERSION",
     "tdx: the edk2 that the firmware was made from, like 2025.02, which is the default; later ones measure "
     "more"},
    {"--acpi-tables", OPTION_TEXT, AT(tdx.acpi_tables), 0, 0, "FILE",
     "tdx: the ACPI tables that QEMU makes (fw_cfg etc/acpi/tables); without them RTMR0 is not known"},
    {"--rsdp", OPTION_TEXT, AT(tdx.rsdp), 0, 0, "FILE",
     "tdx: fw_cfg etc/acpi/rsdp. Default: as it follows from the tables"},
    {"--table-loader", OPTION_TEXT, AT(tdx.table_loader), 0, 0, "FILE",
     "tdx: fw_cfg etc/table-loader. Default: as it follows from the tables"},
    {"--smbios", OPTION_TEXT, AT(tdx.smbios), 0, 0, "HEX",
     "tdx: digest of the event about SMBIOS, of firmware from 2025.05 on, out of a machine's event log"},
    {"--smbios-tables", OPTION_TEXT, AT(tdx.smbios_tables), 0, 0, "FILE",
     "tdx: in its place, a machine's SMBIOS structures (/sys/firmware/dmi/tables/DMI), of which it is "
     "computed"},
    {"--processor-id", OPTION_TEXT, AT(tdx.processor_id), 0, 0, "HEX",
     "tdx: what the server's processor says of itself there, where the structures are an emulated machine's"},
    {"--secure-boot", OPTION_TEXT, AT(tdx.secure_boot), 0, 0, "STATE",
     "tdx: absent (the firmware was built without it), off or on. Default absent, or what its variables say"},
    {"--events", OPTION_SWITCH, AT(events), 0, 0, NULL,
     "tdx: also each event that the registers are made of, to hold against a machine's event log"},
    {"--policy", OPTION_SWITCH, AT(policy), 0, 0, NULL,
     "a policy for --policy of the other subcommands: it accepts this launch and no other"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "one JSON object"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(stdout,
              "Usage: enclume measure snp --firmware FILE --kernel FILE --initrd FILE --cmdline FILE "
              "--vcpus N --vcpu-model NAME\n"
              "       enclume measure tdx --firmware FILE --kernel FILE --initrd FILE --cmdline FILE "
              "--memory SIZE [--acpi-tables FILE --vcpus N] [--qemu VERSION] [OPTION]...\n"
              "       enclume measure simulated [OPTION]... -- PROGRAM [ARGUMENT]...\n"
              "\n"
              "Computes the launch measurement that a platform must report: the reference value to give to "
              "--measurement, or in a document to --policy. Nothing is run, and nobody has to be asked.\n"
              "\n"
              "snp: of a virtual machine that QEMU starts on AMD SEV-SNP with this firmware, kernel, initial "
              "file system and command line.\n"
              "\n"
              "tdx: the same on Intel TDX, where there are several registers: one a line, MRTD for "
              "--measurement and the others for --rtmr. RTMR0 is about virtual hardware, of which QEMU makes "
              "the tables: without them it is \"any\".\n"
              "\n"
              "simulated: of a program with exactly these arguments on the simulated platform.\n"
              "\n"
              "    enclume measure snp --firmware OVMF.amdsev.fd --kernel vmlinuz \\\n"
              "        --initrd initrd --cmdline cmdline --vcpus 8 --vcpu-model EPYC-Genoa\n"
              "    enclume measure tdx --firmware OVMF.fd --kernel vmlinuz --initrd initrd \\\n"
              "        --cmdline cmdline --memory 8G --vcpus 4 --acpi-tables tables.bin\n"
              "    enclume measure simulated -- ./enclumed --model m.gguf --evidence simulated\n"
              "\n");
    options_help(table);
    fold_help(stdout, "\nExit codes: 0 printed, 2 wrong use, or a file that cannot be read or measured.");
}

/* ---- what is printed ---- */

/* What stands for a register: its value, or that it is not known. */
static void value_text(const struct launch_register *r,
                       char text[static ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)])
{
    if (r->unknown == NULL)
        encoding_hex(bytes_of(r->value, LAUNCH_REGISTER_SIZE), text);
    else
        (void)snprintf(text, ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE), "any");
}

/* The registers as members: "name":"value". */
static void print_members(const struct launch_registers *launch)
{
    for (size_t i = 0; i < launch->count; i++) {
        char text[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        value_text(&launch->at[i], text);
        (void)printf("%s\"%s\":\"%s\"", i == 0 ? "" : ",", launch->at[i].name, text);
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
        char text[ENCODING_HEX_SIZE(LAUNCH_REGISTER_SIZE)];
        value_text(&launch->at[i], text);
        (void)printf("%s %s\n", launch->at[i].name, text);
    }
}

static void tdx_policy(const struct launch_registers *launch)
{
    (void)fputs("{\"version\":1,\"tdx\":{\"launches\":[{", stdout);
    print_members(launch);
    (void)puts("}]}}");
}

/* What came of it. */
struct measured {
    struct launch_registers launch;
    struct tdx_events events; /* of TDX */
};

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

static void print_events(const struct tdx_events *events, bool json)
{
    for (size_t i = 0; i < events->count; i++) {
        const struct tdx_event *event = &events->at[i];
        char hex[ENCODING_HEX_SIZE(TDX_DIGEST_SIZE)];
        encoding_hex(bytes_of(event->digest, TDX_DIGEST_SIZE), hex);
        if (json)
            (void)printf("%s{\"rtmr\":%u,\"name\":\"%s\",\"digest\":\"%s\"}", i == 0 ? "" : ",", event->rtmr,
                         event->name, hex);
        else
            (void)printf("event rtmr%u %s %s\n", event->rtmr, hex, event->name);
    }
}

static void print(const struct simulated *platform, const char *name, const struct measure_options *o,
                  const struct measured *m)
{
    for (size_t i = 0; i < m->launch.count; i++)
        if (m->launch.at[i].unknown != NULL)
            (void)fprintf(stderr, "enclume: %s is not known: %s\n", m->launch.at[i].name,
                          m->launch.at[i].unknown);
    if (o->policy) {
        platform->policy(&m->launch);
    } else if (o->json) {
        (void)printf("{\"platform\":\"%s\",", name);
        print_members(&m->launch);
        if (o->events) {
            (void)fputs(",\"events\":[", stdout);
            print_events(&m->events, true);
            (void)fputs("]", stdout);
        }
        (void)puts("}");
    } else {
        platform->print(&m->launch);
        if (o->events)
            print_events(&m->events, false);
    }
}

/* ---- */

/* What is for TDX alone. */
static bool tdx_is_given(const struct measure_options *o)
{
    const struct measure_tdx *t = &o->tdx;
    return t->memory != NULL || t->qemu != NULL || t->firmware_version != NULL || t->acpi_tables != NULL ||
           t->rsdp != NULL || t->table_loader != NULL || t->smbios != NULL || t->smbios_tables != NULL ||
           t->processor_id != NULL || t->secure_boot != NULL || o->events;
}

static enum err measure_simulated(const struct measure_options *o, const struct option_list *operands,
                                  const struct simulated **platform, struct measured *measured,
                                  struct err_note *note)
{
    uint8_t program[CRYPTO_SHA384_SIZE];
    *platform = simulated_named(o->platform == NULL ? "snp" : o->platform);
    if (*platform == NULL)
        return err_noted(ERR_USAGE, note, "--platform %.100s: there is no such platform; known: snp, tdx",
                         o->platform);
    if (measure_snp_is_given(&o->snp) || tdx_is_given(o) || o->tdx.firmware != NULL)
        return err_noted(ERR_USAGE, note, "simulated: takes a program, and no firmware or kernel");
    if (operands->count < 2)
        return err_noted(ERR_USAGE, note, "wanted a program after --");
    enum err e = digest_file(operands->items[1], CRYPTO_SHA384, program, note);
    return e == ERR_OK ? launch_simulated_platform((*platform)->name)
                             ->measure(program, operands->items + 2, operands->count - 2, &measured->launch)
                       : e;
}

static enum err measure_snp(const struct measure_options *o, const struct option_list *operands,
                            const struct simulated **platform, struct measured *measured,
                            struct err_note *note)
{
    struct measure_snp snp = o->snp;
    *platform = simulated_named("snp");
    if (operands->count != 1)
        return err_noted(ERR_USAGE, note, "snp: takes files by its options, and no program");
    if (o->platform != NULL)
        return err_noted(ERR_USAGE, note, "--platform: is for what is simulated");
    if (snp.ovmf != NULL && o->tdx.firmware != NULL)
        return err_noted(ERR_USAGE, note, "--firmware and --ovmf: are the same; give one");
    if (snp.ovmf == NULL)
        snp.ovmf = o->tdx.firmware;
    if (tdx_is_given(o))
        return err_noted(ERR_USAGE, note, "snp: takes no option that is for tdx");
    return measure_snp_compute(&snp, &measured->launch, note);
}

static enum err measure_tdx(const struct measure_options *o, const struct option_list *operands,
                            const struct simulated **platform, struct measured *measured,
                            struct err_note *note)
{
    struct measure_tdx tdx = o->tdx;
    *platform = simulated_named("tdx");
    if (operands->count != 1)
        return err_noted(ERR_USAGE, note, "tdx: takes files by its options, and no program");
    if (o->platform != NULL)
        return err_noted(ERR_USAGE, note, "--platform: is for what is simulated");
    if (o->snp.ovmf != NULL || o->snp.vcpu_model != NULL || o->snp.features != NULL || o->snp.vmm != NULL)
        return err_noted(ERR_USAGE, note, "tdx: takes no option that is for snp");
    if (o->policy && o->snp.kernel == NULL)
        return err_noted(ERR_USAGE, note, "--policy: would accept any kernel; give --kernel");
    tdx.kernel = o->snp.kernel;
    tdx.initrd = o->snp.initrd;
    tdx.cmdline = o->snp.cmdline;
    tdx.vcpus = o->snp.vcpus;
    return measure_tdx_compute(&tdx, &measured->launch, &measured->events, note);
}

/* One row a first word. */
static const struct {
    const char *name;
    enum err (*measure)(const struct measure_options *o, const struct option_list *operands,
                        const struct simulated **platform, struct measured *measured, struct err_note *note);
} kinds[] = {
    {"snp", measure_snp},
    {"tdx", measure_tdx},
    {"simulated", measure_simulated},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

int cli_measure(int argc, char **argv)
{
    struct measure_options o = {.snp = {.vcpus = 1}};
    struct option_list operands;
    struct err_note note = {0};
    static struct measured measured;
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
        e = err_noted(ERR_USAGE, &note, "wanted the name of a platform: snp, tdx or simulated");
    if (e == ERR_OK && o.policy && o.json)
        e = err_noted(ERR_USAGE, &note, "--policy and --json: one of the two");
    if (e == ERR_OK)
        e = kinds[kind].measure(&o, &operands, &platform, &measured, &note);
    if (e != ERR_OK)
        return cli_end("measure", e, &note);
    print(platform, kinds[kind].name, &o, &measured);
    return 0;
}
