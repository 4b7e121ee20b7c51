/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_VERDICT_EXPECT_H
#define TESTS_UNIT_ATTEST_VERDICT_EXPECT_H

/* What the tests of appraisals want of a verdict. Whatever is otherwise fails the test, with what was seen. */

#include "attest/verdict.h"

void verdict_expect_accepted(const struct verdict *v);
/* This check failed and no other; all of these, and no others. The verdict is concluded. */
void verdict_expect_only(const struct verdict *v, const char *name);
void verdict_expect_failures(const struct verdict *v, const char *const names[], size_t count);
/* The row of that name. wanted NULL: whatever it says. */
void verdict_expect_row(const struct verdict *v, const char *name, bool passed, const char *saw,
                        const char *wanted);

#endif
