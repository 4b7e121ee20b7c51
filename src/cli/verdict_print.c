/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verdict_print.h"

#include <stdlib.h>
#include <unistd.h>

#include "attest/rules.h"
#include "base/fold.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "cli/terminal.h"

/* How a line begins, and its colour (ECMA-48, SELECT GRAPHIC RENDITION). */
static const struct style {
    const char *beginning;
    const char *colour;
} styles[] = {
    {"ok ", "32"},        {"FAILED", "31;1"},  {"        first", "31;1"},
    {"ACCEPTED", "32;1"}, {"REFUSED", "31;1"}, {"SIMULATED", "35;1"},
};

static const char *colour_of(struct bytes line)
{
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        struct reader r = reader_over(line);
        struct bytes wanted = bytes_str(styles[i].beginning);
        if (bytes_equal(reader_bytes(&r, wanted.len), wanted))
            return styles[i].colour;
    }
    return NULL;
}

static struct bytes line_next(struct reader *r)
{
    struct reader look = *r;
    size_t n = 0;
    while (look.left > 0) {
        n++;
        if (reader_u8(&look) == '\n')
            break;
    }
    return reader_bytes(r, n);
}

/* Where the words of a line begin: behind a label and the blanks after it, as verdict_text has them. Hexadecimal is left to the terminal in any case. */
static size_t words_at(const char *line)
{
    enum { RESULT = 8 }; /* "ok", "FAILED", or blanks */
    if (strlen(line) <= RESULT || line[RESULT - 1] != ' ')
        return 0;
    size_t name = strcspn(line + RESULT, " ");
    return RESULT + name + strspn(line + RESULT + name, " ");
}

/* On a terminal: without control characters, and folded beside its label. */
static enum err print_folded(FILE *to, struct bytes line, size_t width)
{
    struct secret_buffer text = {0};
    enum err e = terminal_clean(&text, line);
    if (e == ERR_OK)
        e = secret_buffer_append(&text, bytes_of((const uint8_t *)"", 1), SIZE_MAX / 4);
    if (e == ERR_OK) {
        const char *whole = (const char *)text.ptr;
        const size_t at = words_at(whole);
        (void)fprintf(to, "%.*s", (int)at, whole);
        fold_text(to, whole + at, at, at, width);
    }
    secret_buffer_release(&text);
    return e;
}

static bool is_colourful(FILE *to)
{
    const char *no = getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe): one thread
    const char *term = getenv("TERM");   // NOLINT(concurrency-mt-unsafe)
    return isatty(fileno(to)) == 1 && (no == NULL || no[0] == '\0') && term != NULL &&
           strcmp(term, "dumb") != 0;
}

enum err verdict_print_text(FILE *to, const struct verdict *v, bool explain)
{
    char *text = verdict_text(v, explain);
    if (text == NULL)
        return ERR_MEMORY;
    const bool to_terminal = isatty(fileno(to)) == 1;
    const bool colourful = is_colourful(to);
    const size_t width = fold_width(to, FOLD_NEVER);
    enum err e = ERR_OK;
    for (struct reader r = reader_over(bytes_str(text)); r.left > 0;) {
        struct bytes line = line_next(&r);
        const char *colour = colourful ? colour_of(line) : NULL;
        if (colour != NULL)
            (void)fprintf(to, "\033[%sm", colour);
        if (!to_terminal)
            (void)fwrite(line.ptr, 1, line.len, to);
        else if (e == ERR_OK)
            e = print_folded(to, line, width);
        if (colour != NULL)
            (void)fputs("\033[0m", to);
    }
    secret_free(text);
    return e;
}

/* ---- the rules ---- */

static void rules_text(FILE *to)
{
    enum { COLUMN = 35 };
    const size_t width = fold_width(to, FOLD_NEVER);
    const struct rule_table *table;
    for (size_t t = 0; (table = rules_table(t)) != NULL; t++) {
        const struct verdict_rule *rule;
        (void)fprintf(to, "%s%s\n", t == 0 ? "" : "\n", table->title);
        for (size_t i = 0; (rule = table->rule(i)) != NULL; i++) {
            (void)fprintf(to, "  %-*s ", COLUMN - 3, rule->name);
            fold_text(to, rule->text, COLUMN, COLUMN, width);
            (void)fprintf(to, "%*s", COLUMN, "");
            fold_text(to, rule->why, COLUMN, COLUMN, width);
        }
    }
}

static json_t *rules_json(void)
{
    json_t *list = json_array();
    const struct rule_table *table;
    for (size_t t = 0; (table = rules_table(t)) != NULL; t++) {
        const struct verdict_rule *rule;
        for (size_t i = 0; (rule = table->rule(i)) != NULL; i++) {
            json_t *item = json_pack("{s:s, s:s, s:s, s:s}", "table", table->title, "name", rule->name,
                                     "text", rule->text, "why", rule->why);
            if (json_array_append_new(list, item) != 0) {
                json_decref(list);
                return NULL;
            }
        }
    }
    return list;
}

enum err verdict_print_rules(FILE *to, bool json)
{
    if (!json) {
        rules_text(to);
        return ERR_OK;
    }
    json_t *list = rules_json();
    int failed = list == NULL ? -1 : json_dumpf(list, to, JSON_INDENT(2));
    json_decref(list);
    (void)fputc('\n', to);
    return failed == 0 ? ERR_OK : ERR_MEMORY;
}
