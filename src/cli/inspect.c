/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/inspect.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attest/evidence_file.h"
#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/terminal.h"

struct inspect_options {
    bool json;
    bool help;
};

#define AT(field) offsetof(struct inspect_options, field)

static const struct option table[] = {
    {"--json", OPTION_SWITCH, AT(json), 0, 0, NULL, "the same as one JSON object"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume inspect FILE [OPTION]...\n"
        "\n"
        "Shows what is in a file of evidence, field by field, by the names of the makers' manuals (\"-\": "
        "standard input). What it is, its content says: an SEV-SNP report in any wrapping, a table of "
        "certificates, a TD quote or TDREPORT, the report of an NVIDIA GPU and its reference values, "
        "certificates, revocation lists and OCSP responses, Intel's collateral, an evidence bundle, a key "
        "statement, a policy; as it is, or as hexadecimal or base64 text. Nothing is verified: enclume "
        "verify does that.\n"
        "\n");
    options_help(table);
    fold_help(stdout,
              "\n"
              "Exit codes: 0 shown, 2 wrong use, or a file that cannot be read or is nothing that is known.");
}

/* ---- as text: one field a line, what is inside indented ---- */

enum { INDENT = 2, NAME_WIDTH = 28 };

static void value_print(FILE *out, const char *name, json_t *value, int depth)
{
    const int indent = INDENT * depth;
    if (json_is_object(value) || json_is_array(value)) {
        const char *key;
        json_t *member;
        size_t index;
        bool empty = json_object_size(value) + json_array_size(value) == 0;
        (void)fprintf(out, "%*s%s%s\n", indent, "", name, empty ? "  none" : "");
        json_object_foreach(value, key, member) value_print(out, key, member, depth + 1);
        json_array_foreach(value, index, member)
        {
            char place[24];
            (void)snprintf(place, sizeof place, "[%zu]", index);
            value_print(out, place, member, depth + 1);
        }
        return;
    }
    char *other = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
    const char *text = json_is_string(value) ? json_string_value(value) : other;
    (void)fprintf(out, "%*s%-*s  %s\n", indent, "", NAME_WIDTH, name, text != NULL ? text : "");
    secret_free(other);
}

static enum err text_print(json_t *object)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return ERR_MEMORY;
    const char *key;
    json_t *member;
    json_object_foreach(object, key, member) value_print(out, key, member, 0);
    (void)fputs("Nothing of this was verified.\n", out);
    bool complete = ferror(out) == 0;
    complete = fclose(out) == 0 && complete;
    if (complete)
        terminal_write(stdout, bytes_of(text, len), isatty(STDOUT_FILENO) == 1);
    free(text);
    return complete ? ERR_OK : ERR_MEMORY;
}

static enum err json_print(json_t *object)
{
    inspect_put(object, "verified", json_false());
    char *text = json_dumps(object, JSON_INDENT(2));
    if (text == NULL)
        return ERR_MEMORY;
    terminal_write(stdout, bytes_str(text), isatty(STDOUT_FILENO) == 1);
    (void)putchar('\n');
    secret_free(text);
    return ERR_OK;
}

/* ---- the command ---- */

static enum err inspect(const char *path, bool json, struct err_note *note)
{
    struct bytes file = {0};
    bool known = false;
    enum err e = file_read(path, EVIDENCE_FILE_MAX, &file, note);
    json_t *object = e == ERR_OK ? inspect_file(file, &known) : NULL;
    secret_free(bytes_owned(file));
    if (e != ERR_OK)
        return e;
    if (!known)
        return err_noted(ERR_UNKNOWN, note, "%.150s: this is nothing that enclume knows", path);
    if (object == NULL)
        return ERR_MEMORY;
    e = json ? json_print(object) : text_print(object);
    const json_t *malformed = json_object_get(json_object_get(object, "fields"), "malformed");
    if (e == ERR_OK && malformed != NULL)
        e = err_noted(ERR_VALUE, note, "%.100s: %.120s", path, json_string_value(malformed));
    json_decref(object);
    return e;
}

int cli_inspect(int argc, char **argv)
{
    struct inspect_options o = {.json = false};
    struct option_list operands;
    struct err_note note = {0};
    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && operands.count != 1)
        e = err_noted(ERR_USAGE, &note, "wanted one file");
    if (e != ERR_OK)
        return cli_usage("inspect", &note);
    e = inspect(operands.items[0], o.json, &note);
    return e == ERR_OK ? 0 : cli_fail(e, &note);
}
