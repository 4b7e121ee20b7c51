/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "attest/appraise.h"
#include "attest/bundle.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/policy_options.h"

struct verify_options {
    struct policy_options policy;
    const char *at;
    bool json;
    bool explain;
    bool help;
};

#define AT(field) offsetof(struct verify_options, field)

static const struct option table[] = {
    POLICY_OPTION_ROWS(struct verify_options, policy),
    {"--at", OPTION_TEXT, AT(at), 0, 0, "TIME",
     "appraise as of this time (RFC 3339, UTC: 2026-11-02T10:00:00Z). Default: now"},
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "the verdict as one JSON object"},
    {"--explain", OPTION_SWITCH, AT(explain), 0, 0, NULL, "say for each check why it is there"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    (void)puts("Usage: enclume verify FILE [--policy FILE] [--measurement HEX] [OPTION]...\n"
               "\n"
               "Appraises evidence that `enclume chat --save-evidence FILE` has written (\"-\": standard "
               "input). Needs no\n"
               "network and trusts nobody but the chip maker's key. Prints every check that was made, passed "
               "or failed.\n"
               "\n"
               "    enclume verify evidence.json --measurement 3f0c... --json\n");
    options_help(table);
    (void)puts("\nExit codes: 0 accepted, 1 refused, 2 wrong use or unreadable input.");
}

static enum err parse_time(const char *text, int64_t *seconds, struct err_note *note)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    if (end == NULL || *end != '\0')
        return err_noted(ERR_USAGE, note, "--at %s: wanted a time like 2026-11-02T10:00:00Z", text);
    *seconds = (int64_t)timegm(&parts);
    return ERR_OK;
}

static int show(const struct verdict *v, const struct verify_options *o)
{
    char *text = o->json ? verdict_json(v) : verdict_text(v, o->explain);
    if (text == NULL)
        return cli_fail(ERR_MEMORY, NULL);
    (void)fputs(text, stdout);
    if (o->json)
        (void)putchar('\n');
    secret_free(text);
    return v->accepted ? 0 : ERR_CLASS_REFUSED;
}

int cli_verify(int argc, char **argv)
{
    struct verify_options o = {.at = NULL};
    struct option_list operands;
    struct err_note note = {0};
    struct policy_holder holder = {0};
    struct bytes bundle = {0};
    int64_t now = (int64_t)time(NULL);
    static struct verdict v;

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && operands.count != 1)
        e = err_noted(ERR_USAGE, &note, "wanted one file with evidence");
    if (e == ERR_OK && o.at != NULL)
        e = parse_time(o.at, &now, &note);
    if (e == ERR_OK)
        e = policy_options_load(&o.policy, &holder, &note);
    if (e != ERR_OK)
        return e == ERR_USAGE ? cli_usage("verify", &note) : cli_fail(e, &note);
    e = file_read(operands.items[0], BUNDLE_MAX, &bundle, &note);
    int code = 0;
    if (e != ERR_OK) {
        code = cli_fail(e, &note);
    } else {
        attest_appraise(bundle, NULL, &holder.policy, now, &v);
        code = show(&v, &o);
    }
    secret_free(bytes_owned(bundle));
    policy_holder_release(&holder);
    return code;
}
