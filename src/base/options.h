/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

/*
 * Command lines as tables: one row an option, from which both the parser and the help are made, so that they cannot disagree.
 *
 *     struct mine { const char *file; uint32_t count; bool loud; };
 *     static const struct option table[] = {
 *         {"--file", OPTION_TEXT, offsetof(struct mine, file), .argument = "FILE", .help = "what to read"},
 *         {"--count", OPTION_NUMBER, offsetof(struct mine, count), .min = 1, .max = 10, .argument = "N", .help = "how often"},
 *         {"--loud", OPTION_SWITCH, offsetof(struct mine, loud), .help = "say it loudly"},
 *         {0}};
 *     options_parse(table, argc, argv, &mine, &operands, &note);
 *
 * "--name value" and "--name=value" are the same; "--" ends the options; "-" is an operand. An option given twice is an error, unless it is a list. Values
 * are kept as pointers into argv.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { OPTION_LIST_MAX = 64 };

struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

enum option_kind {
    OPTION_TEXT = 1, /* const char * */
    OPTION_NUMBER,   /* uint32_t, min to max */
    OPTION_REAL,     /* float, min to max */
    OPTION_SWITCH,   /* bool */
    OPTION_LIST,     /* struct option_list: may be given many times */
};

struct option {
    const char *name; /* NULL ends the table */
    enum option_kind kind;
    size_t offset;
    double min, max;
    const char *argument;
    const char *help;
};

/* Fills the struct `into` (which holds the defaults) and gives what is not an option. The note names the argument that was wrong. ERR_USAGE. */
ERR_MUST_USE enum err options_parse(const struct option *table, int argc, char *const *argv, void *into,
                                    struct option_list *operands, struct err_note *note);

/* The table as lines of help on standard output. */
void options_help(const struct option *table);

#endif
