/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/options.h"

#include <stddef.h>
#include <stdio.h>

#include "base/fold.h"
#include "base/options.h"
#include "simulator/gpus.h"

enum { DELAY_DEFAULT_MS = 5, DELAY_MAX_MS = 60000 };

#define AT(field) offsetof(struct options, field)

static const struct option table[] = {
    {"--platform", OPTION_TEXT, AT(platform), 0, 0, "NAME",
     "which platform to play: snp (AMD SEV-SNP) or tdx (Intel TDX); snp when not given"},
    {"--gpus", OPTION_NUMBER, AT(gpus), 0, GPUS_MAX, "N",
     "also play so many NVIDIA H100 GPUs, 0 to 8; 0 when not given"},
    {"--delay-ms", OPTION_NUMBER, AT(delay_ms), 0, DELAY_MAX_MS, "N",
     "how long the chip takes for a report, 0 to 60000; 5 when not given"},
    {"--root-out", OPTION_TEXT, AT(root_out), 0, 0, "FILE",
     "write the made-up root certificate there, and those of the GPUs (PEM): what a client must be given by "
     "hand"},
    {"--chain", OPTION_TEXT, AT(chain), 0, 0, "DIR",
     "keep the made-up keys and certificates of each platform there and use them again; for tests, since "
     "making "
     "AMD's takes seconds"},
    {"--vm", OPTION_SWITCH, AT(vm), 0, 0, NULL,
     "the program is QEMU: measure the virtual machine that its arguments start (-bios, -kernel, -initrd, "
     "-append, -smp), as enclume measure snp does, and give it the chip as the serial port enclume.chip"},
    {"--vcpu-model", OPTION_TEXT, AT(vcpu_model), 0, 0, "NAME",
     "with --vm: the processor model to measure; EPYC-Genoa when not given"},
    {"--policy-debug", OPTION_SWITCH, AT(policy_debug), 0, 0, NULL,
     "launch so that the host may debug, which a verifier must refuse"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL,
     "say what was launched as one JSON object, on standard output"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {"--version", OPTION_SWITCH, AT(version), 0, 0, NULL, "the version"},
    {0},
};

/* Only what stands before "--" is ours; what follows is the program's, untouched. */
enum err simulator_options_parse(int argc, char **argv, struct options *o, struct err_note *note)
{
    struct option_list operands;
    int own = 1;
    while (own < argc && strcmp(argv[own], "--") != 0)
        own++;
    *o = (struct options){.platform = "snp", .delay_ms = DELAY_DEFAULT_MS};
    enum err e = options_parse(table, own - 1, argv + 1, o, &operands, note);
    if (e != ERR_OK || o->help || o->version)
        return e;
    if (operands.count != 0)
        return err_noted(ERR_USAGE, note, "%.100s: is no option; the program stands after --",
                         operands.items[0]);
    if (own + 1 >= argc)
        return err_noted(ERR_USAGE, note, "which program to launch must follow --");
    if (o->vcpu_model != NULL && !o->vm)
        return err_noted(ERR_USAGE, note, "--vcpu-model: goes with --vm");
    if (o->vm && strcmp(o->platform, "snp") != 0)
        return err_noted(ERR_USAGE, note, "--vm: can play snp alone");
    if (o->vcpu_model == NULL)
        o->vcpu_model = "EPYC-Genoa";
    o->program = argv[own + 1];
    o->args = (const char *const *)argv + own + 2;
    o->arg_count = (size_t)(argc - own - 2);
    return ERR_OK;
}

void simulator_options_help(void)
{
    fold_help(
        stdout,
        "Usage: enclume-simulator [OPTION]... -- PROGRAM [ARGUMENT]...\n"
        "\n"
        "Plays the chip and the hypervisor for one program, on a machine that has neither: measures the "
        "program and its arguments, launches exactly what it measured, and answers its requests for "
        "evidence. The evidence has the form of AMD SEV-SNP's reports or Intel TDX's quotes and is signed "
        "under a certificate chain that is made up at each start.\n"
        "\n"
        "THIS IS A SIMULATION. IT PROVES NOTHING ABOUT HARDWARE. A client accepts it only when it is "
        "given the made-up root by hand, and then says SIMULATED in every output.\n"
        "\n"
        "Example:\n"
        "    enclume-simulator --root-out root.pem -- \\\n"
        "        ./enclumed --model m.gguf --evidence simulated\n"
        "    enclume chat --trust-simulated root.pem ...\n"
        "\n"
        "PROGRAM is an ELF file, or a name to be looked for in PATH. It runs with an empty environment, "
        "with descriptor 3 as its way to the chip, and with everything else inherited. The measurement to "
        "expect of it is printed by\n"
        "    enclume measure simulated [--platform NAME] -- PROGRAM [ARGUMENT]...\n"
        "and of a virtual machine (--vm), which keeps its environment, by enclume measure snp of its "
        "files. enclume launch --platform simulated writes the whole command.\n"
        "\n"
        "Options:\n");
    options_help(table);
    fold_help(
        stdout,
        "\n"
        "The exit code is the program's own, 128 + N when signal N ended it, 2 for wrong use, 4 when this "
        "machine failed.");
}
