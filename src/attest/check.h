/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_CHECK_H
#define ATTEST_CHECK_H

/*
 * What the tables of checks have in common (snp.c, tdx.c, vtpm.c, nvgpu.c): the words of the answer under way, and how it becomes a row of the verdict.
 *
 *     const char *not_made = check_not_made(texts, count, check->needs & ~c.have);
 *     check_begin(&c.answer);
 *     bool passed = not_made == NULL && check->holds(&c, check->which);
 *     check_end(&c.answer, v, &check->rule, passed, not_made);
 */

#include "attest/verdict.h"

struct check_answer {
    char saw[VERDICT_VALUE_SIZE];
    char wanted[VERDICT_VALUE_SIZE];
};

/* In the words of printf; what is too long is cut off. */
void check_saw(struct check_answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
void check_wanted(struct check_answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Both in hexadecimal, at most 64 bytes each. Gives whether they are the same. */
bool check_saw_bytes(struct check_answer *a, struct bytes seen, struct bytes reference);
/* Says what went wrong, if anything did. Gives whether nothing did. */
bool check_saw_error(struct check_answer *a, enum err e, const struct err_note *note);

void check_begin(struct check_answer *a);
/* not_made: what stands there in place of an answer; NULL: the check was made. */
void check_end(const struct check_answer *a, struct verdict *v, const struct verdict_rule *rule, bool passed,
               const char *not_made);

/* Why a check cannot be made: the first text one of whose bits is missing. */
struct check_missing {
    unsigned have;
    const char *text;
};
/* NULL when nothing is missing. Every bit that a table of checks needs has a text. */
const char *check_not_made(const struct check_missing *texts, size_t count, unsigned missing);

#endif
