/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"

enum { ROWS_MAX = 64, HELP_COLUMN = 26 };

/* The row of this name; -h is what people try when they do not know --help. */
static size_t find(const struct option *table, const char *arg, size_t len)
{
    size_t i = 0;
    if (len == 2 && strncmp(arg, "-h", len) == 0) {
        arg = "--help";
        len = strlen(arg);
    }
    while (table[i].name != NULL && (strlen(table[i].name) != len || strncmp(table[i].name, arg, len) != 0))
        i++;
    return i;
}

static bool is_range(const struct option *o, double value, const char *text, const char *end)
{
    return end != text && *end == '\0' && value >= o->min && value <= o->max;
}

static enum err take_value(const struct option *o, const char *value, void *field, struct err_note *note)
{
    char *end = NULL;
    switch (o->kind) {
    case OPTION_TEXT:
        *(const char **)field = value;
        return ERR_OK;
    case OPTION_LIST: {
        struct option_list *list = field;
        if (list->count == OPTION_LIST_MAX)
            return err_noted(ERR_USAGE, note, "%s: given more than %d times", o->name, OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return ERR_OK;
    }
    case OPTION_NUMBER: {
        unsigned long long number = strtoull(value, &end, 10);
        if (value[0] < '0' || value[0] > '9' || !is_range(o, (double)number, value, end))
            return err_noted(ERR_USAGE, note, "%s %s: wanted a number from %.0f to %.0f", o->name, value,
                             o->min, o->max);
        *(uint32_t *)field = (uint32_t)number;
        return ERR_OK;
    }
    case OPTION_REAL: {
        double number = strtod(value, &end);
        if (!is_range(o, number, value, end))
            return err_noted(ERR_USAGE, note, "%s %s: wanted a number from %g to %g", o->name, value, o->min,
                             o->max);
        *(float *)field = (float)number;
        return ERR_OK;
    }
    case OPTION_SWITCH:
        *(bool *)field = true;
        return ERR_OK;
    }
    return ERR_USAGE;
}

/* One option at argv[*i]; moves *i over a value that stands apart. */
static enum err take_option(const struct option *table, bool *seen, int argc, char *const *argv, int *i,
                            void *into, struct err_note *note)
{
    const char *arg = argv[*i];
    size_t len = strcspn(arg, "=");
    size_t row = find(table, arg, len);
    const struct option *o = &table[row];
    const char *value = arg[len] == '=' ? arg + len + 1 : NULL;
    if (o->name == NULL)
        return err_noted(ERR_USAGE, note, "%.*s: there is no such option", (int)len, arg);
    if (seen[row] && o->kind != OPTION_LIST)
        return err_noted(ERR_USAGE, note, "%s: given twice", o->name);
    seen[row] = true;
    if (o->kind == OPTION_SWITCH && value != NULL)
        return err_noted(ERR_USAGE, note, "%s: takes no value", o->name);
    if (o->kind != OPTION_SWITCH && value == NULL) {
        if (*i + 1 == argc)
            return err_noted(ERR_USAGE, note, "%s: wants %s after it", o->name, o->argument);
        value = argv[++*i];
    }
    return take_value(o, value, (char *)into + o->offset, note);
}

enum err options_parse(const struct option *table, int argc, char *const *argv, void *into,
                       struct option_list *operands, struct err_note *note)
{
    bool seen[ROWS_MAX] = {false};
    bool ended = false;
    *operands = (struct option_list){.count = 0};
    for (int i = 0; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0') {
            enum err e = take_option(table, seen, argc, argv, &i, into, note);
            if (e != ERR_OK)
                return e;
        } else if (operands->count == OPTION_LIST_MAX) {
            return err_noted(ERR_USAGE, note, "more than %d arguments", OPTION_LIST_MAX);
        } else {
            operands->items[operands->count++] = argv[i];
        }
    }
    return ERR_OK;
}

void options_help(const struct option *table)
{
    const size_t columns = fold_width(stdout, FOLD_WIDTH);
    for (const struct option *o = table; o->name != NULL; o++) {
        int width = printf("  %s %s", o->name, o->argument == NULL ? "" : o->argument);
        if (width >= HELP_COLUMN)
            (void)printf("\n%*s", HELP_COLUMN, "");
        else
            (void)printf("%*s", HELP_COLUMN - width, "");
        fold_text(stdout, o->help, HELP_COLUMN, HELP_COLUMN, columns);
    }
}
