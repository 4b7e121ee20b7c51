/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/verdict_expect.h"

#include "unit/test.h"

void verdict_expect_accepted(const struct verdict *v)
{
    const struct verdict_check *failure = verdict_first_failure(v);
    if (failure != NULL)
        fail_msg("%s: %s", failure->rule->name, failure->saw);
    assert_true(v->accepted);
}

void verdict_expect_only(const struct verdict *v, const char *name)
{
    verdict_expect_failures(v, &name, 1);
}

void verdict_expect_failures(const struct verdict *v, const char *const names[], size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < v->count; i++) {
        const struct verdict_check *c = &v->checks[i];
        bool named = false;
        for (size_t n = 0; n < count; n++)
            named = named || strcmp(c->rule->name, names[n]) == 0;
        if (named == c->passed)
            fail_msg("%s %s (%s)", c->rule->name, named ? "passed" : "failed", c->saw);
        failed += !c->passed;
    }
    assert_int_equal(failed, count);
    assert_true(v->accepted == (count == 0));
}

void verdict_expect_row(const struct verdict *v, const char *name, bool passed, const char *saw,
                        const char *wanted)
{
    const struct verdict_check *c = verdict_find(v, name);
    if (c == NULL)
        fail_msg("no row %s", name);
    else if (c->passed != passed || strcmp(c->saw, saw) != 0 ||
             (wanted != NULL && strcmp(c->wanted, wanted) != 0))
        fail_msg("%s: %s, saw \"%s\", wanted \"%s\"", name, c->passed ? "passed" : "failed", c->saw,
                 c->wanted);
}
