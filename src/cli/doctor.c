/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/fold.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/cli.h"
#include "cli/doctor.h"
#include "cli/size_text.h"

struct doctor_options {
    const char *platform;
    const char *root;
    const char *qemu;
    const char *firmware;
    const char *memory;
    bool host;
    bool guest;
    bool json;
    bool help;
};

#define AT(field) offsetof(struct doctor_options, field)

static const struct option table[] = {
    {"--host", OPTION_SWITCH, AT(host), 0, 0, NULL, "can this machine start confidential VMs? The default"},
    {"--guest", OPTION_SWITCH, AT(guest), 0, 0, NULL, "is this machine a confidential VM as it should be?"},
    {"--platform", OPTION_TEXT, AT(platform), 0, 0, "NAME",
     "snp, tdx, or simulated. Default: what the processor's maker has"},
    {"--firmware", OPTION_TEXT, AT(firmware), 0, 0, "FILE", "look at this firmware too"},
    {"--memory", OPTION_TEXT, AT(memory), 0, 0, "SIZE", "is there so much for a VM, like 8G?"},
    {"--qemu", OPTION_TEXT, AT(qemu), 0, 0, "PROGRAM", "default qemu-system-x86_64"},
    {"--root", OPTION_TEXT, AT(root), 0, 0, "DIR", "look below this directory: another machine's files"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "one JSON object"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume doctor [--host|--guest] [--platform snp|tdx|simulated] [OPTION]...\n"
        "\n"
        "Looks at what a machine must have to start confidential VMs, or to be one: processor, kernel, "
        "devices, QEMU, firmware, memory. Each line names one thing, what was seen, and for what is wrong "
        "what was wanted and what to do. Nothing is changed. enclume launch asks the same before it "
        "starts a VM.\n"
        "\n"
        "    enclume doctor --platform snp --firmware OVMF.amdsev.fd --memory 16G\n"
        "\n");
    options_help(table);
    fold_help(stdout, "\n"
                      "Exit codes: 0 nothing is missing, 2 wrong use, 4 something is.");
}

static const struct {
    const char *name;
    enum doctor_platform platform;
} platforms[] = {{"snp", DOCTOR_SNP}, {"tdx", DOCTOR_TDX}, {"simulated", DOCTOR_ANY}};
enum { PLATFORM_COUNT = sizeof platforms / sizeof platforms[0] };

static const char *const status_words[] = {
    [DOCTOR_GOOD] = "ok", [DOCTOR_ADVICE] = "advice", [DOCTOR_BAD] = "MISSING"};

static void print_text(const struct doctor_findings *findings)
{
    enum { COLUMN = 30 };
    const size_t width = fold_width(stdout, FOLD_NEVER);
    char text[1024];
    for (size_t i = 0; i < findings->count; i++) {
        const struct doctor_finding *f = &findings->at[i];
        (void)snprintf(text, sizeof text, "%s: %s", f->looked_at, f->seen);
        (void)printf("%-8s %-20s ", status_words[f->status], f->name);
        fold_text(stdout, text, COLUMN, COLUMN, width);
        if (f->status != DOCTOR_GOOD) {
            (void)snprintf(text, sizeof text, "wanted %s: %s", f->wanted, f->remedy);
            (void)printf("%*s", COLUMN, "");
            fold_text(stdout, text, COLUMN, COLUMN, width);
        }
    }
    if (findings->bad == 0)
        (void)puts("Nothing is missing.");
    else
        (void)printf("%zu of %zu are missing.\n", findings->bad, findings->count);
}

static enum err print_json(const struct doctor_findings *findings, const char *side, const char *platform)
{
    strict_json_init();
    json_t *list = json_array();
    for (size_t i = 0; i < findings->count; i++) {
        const struct doctor_finding *f = &findings->at[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", f->name, "status",
                                                    status_words[f->status], "seen", f->seen, "wanted",
                                                    f->wanted, "remedy", f->remedy));
    }
    json_t *object = json_pack("{s:s, s:s, s:b, s:o}", "side", side, "platform", platform, "good",
                               findings->bad == 0, "findings", list);
    char *text = object == NULL ? NULL : strict_json_canonical(object);
    json_decref(object);
    if (text == NULL)
        return ERR_MEMORY;
    (void)puts(text);
    secret_free(text);
    return ERR_OK;
}

static enum err doctor_of(const struct doctor_options *o, const struct option_list *operands,
                          struct doctor *d, struct err_note *note)
{
    size_t i = 0;
    *d = (struct doctor){.root = o->root == NULL ? "" : o->root,
                         .qemu = o->qemu == NULL ? "qemu-system-x86_64" : o->qemu,
                         .firmware = o->firmware,
                         .side = o->guest ? DOCTOR_GUEST : DOCTOR_HOST};
    if (operands->count != 0)
        return err_noted(ERR_USAGE, note, "%.100s: takes no argument", operands->items[0]);
    if (o->host && o->guest)
        return err_noted(ERR_USAGE, note, "--host and --guest: one of the two");
    if (o->memory != NULL && !size_text_parse(o->memory, &d->memory))
        return err_noted(ERR_USAGE, note, "--memory %.100s: wanted a size like 4G or 2048M", o->memory);
    d->platform = doctor_guess(d->root);
    while (o->platform != NULL && i < PLATFORM_COUNT && strcmp(platforms[i].name, o->platform) != 0)
        i++;
    if (i == PLATFORM_COUNT)
        return err_noted(ERR_USAGE, note, "--platform %.100s: is not known; known: snp, tdx, simulated",
                         o->platform);
    if (o->platform != NULL)
        d->platform = platforms[i].platform;
    return ERR_OK;
}

int cli_doctor(int argc, char **argv)
{
    struct doctor_options o = {0};
    struct option_list operands;
    struct err_note note = {0};
    struct doctor d;
    static struct doctor_findings findings;
    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK)
        e = doctor_of(&o, &operands, &d, &note);
    if (e != ERR_OK)
        return cli_usage("doctor", &note);
    doctor_examine(&d, &findings);
    if (o.json)
        e = print_json(&findings, d.side == DOCTOR_GUEST ? "guest" : "host", platforms[d.platform].name);
    else
        print_text(&findings);
    if (e != ERR_OK)
        return cli_fail(e, &note);
    return findings.bad == 0 ? 0 : (int)ERR_CLASS_ENCLAVE;
}
