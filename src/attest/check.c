/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"

void check_saw(struct check_answer *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->saw, sizeof a->saw, format, args);
    va_end(args);
}

void check_wanted(struct check_answer *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(a->wanted, sizeof a->wanted, format, args);
    va_end(args);
}

bool check_saw_bytes(struct check_answer *a, struct bytes seen, struct bytes reference)
{
    encoding_hex(seen, a->saw);
    encoding_hex(reference, a->wanted);
    return bytes_equal(seen, reference);
}

bool check_saw_error(struct check_answer *a, enum err e, const struct err_note *note)
{
    if (e != ERR_OK)
        check_saw(a, "%s", note->text[0] != '\0' ? note->text : err_text(e));
    return e == ERR_OK;
}

void check_begin(struct check_answer *a)
{
    a->saw[0] = '\0';
    a->wanted[0] = '\0';
}

void check_end(const struct check_answer *a, struct verdict *v, const struct verdict_rule *rule, bool passed,
               const char *not_made)
{
    (void)verdict_add_text(v, rule, passed, a->wanted, not_made == NULL ? a->saw : not_made);
}

const char *check_not_made(const struct check_missing *texts, size_t count, unsigned missing)
{
    for (size_t i = 0; i < count; i++)
        if ((missing & texts[i].have) != 0)
            return texts[i].text;
    return NULL;
}
