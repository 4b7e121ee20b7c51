/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/fold.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/policy_options.h"
#include "client/client.h"

struct policy_command {
    struct policy_options policy;
    bool canonical;
    bool help;
};

#define AT(field) offsetof(struct policy_command, field)

static const struct option table[] = {
    POLICY_OPTION_ROWS(struct policy_command, policy),
    {"--canonical", OPTION_SWITCH, AT(canonical), 0, 0, NULL,
     "show: as one line (RFC 8785), so that the same policy is the same text"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume policy show [FILE] [OPTION]...\n"
        "       enclume policy check FILE\n"
        "\n"
        "show prints the policy that chat and verify would go by with the same options: one JSON document "
        "with every default written out. FILE is the same as --policy FILE. check says whether FILE is a "
        "policy, and if not, which member of it is wrong.\n"
        "\n"
        "    enclume policy show --measurement 3f0c... > policy.json\n"
        "\n");
    options_help(table);
    fold_help(stdout, "\n"
                      "Exit codes: 0 done, 2 wrong use, or FILE is not a policy.");
}

static enum err show(const struct policy_command *o, struct err_note *note)
{
    struct policy_holder holder;
    char *text = NULL;
    enum err e = policy_options_load(&o->policy, &holder, note);
    if (e != ERR_OK)
        return e;
    e = policy_document_write(&holder.policy, holder.max_age != 0 ? holder.max_age : CLIENT_MAX_AGE,
                              o->canonical ? POLICY_CANONICAL : POLICY_INDENTED, &text, note);
    if (e == ERR_OK)
        (void)puts(text);
    secret_free(text);
    policy_holder_release(&holder);
    return e;
}

static enum err run_show(struct policy_command *o, const struct option_list *operands, struct err_note *note)
{
    if (operands->count > 2 || (operands->count == 2 && o->policy.policy != NULL))
        return err_noted(ERR_USAGE, note, "wanted one policy");
    if (operands->count == 2)
        o->policy.policy = operands->items[1];
    return show(o, note);
}

static enum err run_check(struct policy_command *o, const struct option_list *operands, struct err_note *note)
{
    struct policy_document *document;
    const struct policy_options *p = &o->policy;
    const bool options = p->policy != NULL || p->measurements.count != 0 || p->rtmrs.count != 0 ||
                         p->models.count != 0 || p->simulated_root != NULL || p->allow_milan || o->canonical;
    if (operands->count != 2 || options)
        return err_noted(ERR_USAGE, note, "check takes one file, and no other option");
    enum err e = policy_file_load(operands->items[1], &document, note);
    if (e != ERR_OK)
        return e;
    const struct attest_policy *policy = &document->policy;
    if (policy->measurement_count == 0 && policy->tdx.launch_count == 0)
        (void)puts("A policy without a reference value for a launch: it refuses everything.");
    else
        (void)printf("A policy. It accepts %zu measurement(s) of SEV-SNP and %zu launch(es) of TDX.\n",
                     policy->measurement_count, policy->tdx.launch_count);
    policy_document_release(document);
    return ERR_OK;
}

static const struct {
    const char *name;
    enum err (*run)(struct policy_command *o, const struct option_list *operands, struct err_note *note);
} actions[] = {
    {"show", run_show},
    {"check", run_check},
};

static enum err run_action(struct policy_command *o, const struct option_list *operands,
                           struct err_note *note)
{
    for (size_t i = 0; operands->count > 0 && i < sizeof actions / sizeof actions[0]; i++)
        if (strcmp(operands->items[0], actions[i].name) == 0)
            return actions[i].run(o, operands, note);
    return err_noted(ERR_USAGE, note, "wanted show or check");
}

int cli_policy(int argc, char **argv)
{
    struct policy_command o = {.canonical = false};
    struct option_list operands;
    struct err_note note = {0};

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK)
        e = run_action(&o, &operands, &note);
    return cli_end("policy", e, &note);
}
