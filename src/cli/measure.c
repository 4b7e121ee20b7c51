/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "cli/cli.h"
#include "cli/digest_file.h"
#include "launch/simulated.h"

struct measure_options {
    bool json;
    bool help;
};

#define AT(field) offsetof(struct measure_options, field)

static const struct option table[] = {
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
        "arguments: the reference value to give to --measurement. It reads the program; it does not run it.\n"
        "\n"
        "    enclume measure simulated -- ./enclumed --model m.gguf --evidence simulated\n");
    options_help(table);
}

static enum err measure_simulated(const struct option_list *operands, uint8_t measurement[static 48],
                                  struct err_note *note)
{
    uint8_t program[CRYPTO_SHA384_SIZE];
    if (operands->count < 2)
        return err_noted(ERR_USAGE, note, "wanted a program after --");
    enum err e = digest_file(operands->items[1], CRYPTO_SHA384, program, note);
    if (e != ERR_OK)
        return e;
    return launch_simulated_measure(program, operands->items + 2, operands->count - 2, measurement);
}

int cli_measure(int argc, char **argv)
{
    struct measure_options o = {false, false};
    struct option_list operands;
    struct err_note note = {0};
    uint8_t measurement[48];
    char hex[ENCODING_HEX_SIZE(sizeof measurement)];

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && (operands.count == 0 || strcmp(operands.items[0], "simulated") != 0))
        e = err_noted(ERR_USAGE, &note, "wanted the name of a platform: simulated");
    if (e == ERR_OK)
        e = measure_simulated(&operands, measurement, &note);
    if (e != ERR_OK)
        return e == ERR_USAGE ? cli_usage("measure", &note) : cli_fail(e, &note);
    encoding_hex(bytes_of(measurement, sizeof measurement), hex);
    if (o.json)
        (void)printf("{\"platform\":\"simulated\",\"measurement\":\"%s\"}\n", hex);
    else
        (void)puts(hex);
    return 0;
}
