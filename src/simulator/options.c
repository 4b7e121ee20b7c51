/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { DELAY_DEFAULT_MS = 5, DELAY_MAX_MS = 60000 };

enum kind { FLAG, TEXT, NUMBER };

static const struct option {
    const char *name;
    const char *value; /* as --help shows it */
    enum kind kind;
    size_t to;
    const char *help;
} table[] = {
    {"--delay-ms", "N", NUMBER, offsetof(struct options, delay_ms),
     "how long the chip takes for a report, 0 to 60000; 5 when not given"},
    {"--root-out", "FILE", TEXT, offsetof(struct options, root_out),
     "write the made-up root certificate there (PEM): the root that a client must be given by hand"},
    {"--chain", "DIR", TEXT, offsetof(struct options, chain),
     "keep the made-up keys and certificates there and use them again; for tests, since making them takes "
     "seconds"},
    {"--policy-debug", NULL, FLAG, offsetof(struct options, policy_debug),
     "launch with a guest policy that allows debugging, which a verifier must refuse"},
    {"--json", NULL, FLAG, offsetof(struct options, json),
     "say what was launched as one JSON object, on standard output"},
    {"--help", NULL, FLAG, offsetof(struct options, help), "this text"},
    {"--version", NULL, FLAG, offsetof(struct options, version), "the version"},
};

static const struct option *option_named(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static bool number_parse(const char *text, uint32_t *value)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    *value = (uint32_t)n;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && n <= DELAY_MAX_MS;
}

static enum err value_parse(const struct option *option, const char *text, struct options *o,
                            struct err_note *note)
{
    void *to = (char *)o + option->to;
    if (text == NULL)
        return err_noted(ERR_USAGE, note, "%s: wants a value, %s", option->name, option->value);
    if (option->kind == TEXT)
        *(const char **)to = text;
    else if (!number_parse(text, to))
        return err_noted(ERR_USAGE, note, "%s: a number from 0 to %d is wanted", option->name, DELAY_MAX_MS);
    return ERR_OK;
}

enum err simulator_options_parse(int argc, char **argv, struct options *o, struct err_note *note)
{
    int i = 1;
    *o = (struct options){.delay_ms = DELAY_DEFAULT_MS};
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const struct option *option = option_named(argv[i]);
        if (option == NULL)
            return err_noted(ERR_USAGE, note, "%.100s: there is no such option; the program stands after --",
                             argv[i]);
        if (option->kind == FLAG) {
            *(bool *)((char *)o + option->to) = true;
            continue;
        }
        enum err e = value_parse(option, i + 1 < argc ? argv[i + 1] : NULL, o, note);
        if (e != ERR_OK)
            return e;
        i++;
    }
    if (o->help || o->version)
        return ERR_OK;
    if (i + 1 >= argc)
        return err_noted(ERR_USAGE, note, "which program to launch must follow --");
    o->program = argv[i + 1];
    o->args = (const char *const *)argv + i + 2;
    o->arg_count = (size_t)(argc - i - 2);
    return ERR_OK;
}

void simulator_options_help(void)
{
    (void)puts(
        "Usage: enclume-simulator [OPTION]... -- PROGRAM [ARGUMENT]...\n"
        "\n"
        "Plays AMD's SEV-SNP chip and the hypervisor for one program, on a machine that has neither: "
        "measures the program\n"
        "and its arguments, launches exactly what it measured, and answers its requests for attestation "
        "reports. The reports\n"
        "have AMD's form and are signed under a certificate chain that is made up at each start.\n"
        "\n"
        "THIS IS A SIMULATION. IT PROVES NOTHING ABOUT HARDWARE. A client accepts it only when it is given "
        "the made-up root by\n"
        "hand, and then says SIMULATED in every output.\n"
        "\n"
        "Example:\n"
        "    enclume-simulator --root-out root.pem -- ./enclumed --listen tcp:127.0.0.1:7443 --model m.gguf "
        "--evidence simulated\n"
        "    enclume verify --trust-simulated root.pem ...\n"
        "\n"
        "PROGRAM is an ELF file, or a name to be looked for in PATH. It runs with an empty environment, with "
        "descriptor 3 as its\n"
        "way to the chip, and with everything else inherited. The measurement to expect of it is printed by\n"
        "    enclume measure simulated -- PROGRAM [ARGUMENT]...\n"
        "\n"
        "Options:");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        (void)printf("  %-14s %-5s %s\n", table[i].name, table[i].value == NULL ? "" : table[i].value,
                     table[i].help);
    (void)puts("\nThe exit code is the program's own, 128 + N when signal N ended it, 2 for wrong use, 4 "
               "when this machine failed.");
}
