/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the table of members, a line each, for test_policy.py: path, kind, required, size, min, max, words (with commas between). */
#include "attest/policy_members.h"

#include <stdio.h>

static const char *const kinds[MEMBER_KIND_COUNT] = {
    [MEMBER_VERSION] = "version",
    [MEMBER_OBJECT] = "object",
    [MEMBER_BOOL] = "bool",
    [MEMBER_NUMBER] = "number",
    [MEMBER_NUMBER_OR_ANY] = "number_or_any",
    [MEMBER_NUMBER_IF] = "number_or_any",
    [MEMBER_MASK] = "mask",
    [MEMBER_DOTTED] = "dotted",
    [MEMBER_WORD] = "word",
    [MEMBER_WORDS] = "words",
    [MEMBER_RULE] = "rule",
    [MEMBER_BIT_RULE] = "rule",
    [MEMBER_TEXT] = "text",
    [MEMBER_TEXT_OR_ANY] = "text_or_any",
    [MEMBER_OCTETS] = "octets",
    [MEMBER_TEXTS] = "texts",
    [MEMBER_BYTES] = "bytes",
    [MEMBER_VALUE] = "value",
    [MEMBER_VALUES] = "values",
    [MEMBER_RECORDS] = "records",
    [MEMBER_REGISTER] = "value",
    [MEMBER_ROOTS] = "roots",
};

static void print_table(const struct policy_member *table, const char *before)
{
    enum { PATH_SIZE = 256 };
    for (const struct policy_member *m = table; m->key != NULL; m++) {
        char path[PATH_SIZE];
        const bool is_rule = m->kind == MEMBER_RULE || m->kind == MEMBER_BIT_RULE;
        const struct policy_word *words = is_rule ? policy_rule_words : m->words;
        (void)snprintf(path, sizeof path, "%s%s", before, m->key);
        (void)printf("%s\t%s\t%d\t%zu\t%llu\t%llu\t", path,
                     m->kind == MEMBER_RECORDS && m->mark != 0 ? "records_or_shipped" : kinds[m->kind],
                     m->required, m->size, (unsigned long long)m->min,
                     (unsigned long long)(m->kind == MEMBER_ROOTS ? policy_root_count : m->max));
        for (const struct policy_word *w = words; w != NULL && w->text != NULL; w++)
            (void)printf("%s%s", w == words ? "" : ",", w->text);
        (void)putchar('\n');
        if (m->members == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s%s%s", before, m->key, m->kind == MEMBER_RECORDS ? "[]." : ".");
        print_table(m->members, path);
    }
}

int main(void)
{
    print_table(policy_members, "");
    return 0;
}
