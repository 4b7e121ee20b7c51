/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_internal.h"
#include "base/encoding.h"

/*
 * Which of the policy's launches is it? The registers are asked one after the other, and each answer leaves fewer launches: a TD that has the kernel of
 * one image and the command line of another is neither.
 */

_Static_assert(TDX_LAUNCHES_MAX <= 64, "a launch is a bit");

static uint64_t all_launches(const struct tdx_policy *policy)
{
    uint64_t all = 0;
    for (size_t i = 0; i < policy->launch_count && i < TDX_LAUNCHES_MAX; i++)
        all |= 1ULL << i;
    return all;
}

/* The launches that a register is compared with: those that are left, or all of them when an earlier register was none of theirs, so that each row speaks of
 * its own register. */
static uint64_t candidates(const struct context *c)
{
    return c->launches != 0 ? c->launches : all_launches(c->policy);
}

/* What is wanted, when it is the same for all of the candidates; else how many there are. */
static void say_wanted(struct context *c, const uint8_t *only, size_t count)
{
    if (count == 1)
        encoding_hex(bytes_of(only, TDX_REGISTER_SIZE), c->answer.wanted);
    else if (count != 0)
        check_wanted(&c->answer, "one of %zu reference values", count);
}

bool tdx_td_mrtd(struct context *c, unsigned which)
{
    (void)which;
    const struct tdx_policy *policy = c->policy;
    encoding_hex(bytes_of(c->quote.body.mrtd, TDX_REGISTER_SIZE), c->answer.saw);
    if (policy->launch_count > TDX_LAUNCHES_MAX) {
        check_wanted(&c->answer, "at most %d launches in the policy", TDX_LAUNCHES_MAX);
        return false;
    }
    if (policy->launch_count == 0) {
        check_wanted(&c->answer, "there is no reference value");
        return false;
    }
    for (size_t i = 0; i < policy->launch_count; i++)
        if (memcmp(policy->launches[i].mrtd, c->quote.body.mrtd, TDX_REGISTER_SIZE) == 0)
            c->launches |= 1ULL << i;
    say_wanted(c, policy->launches[0].mrtd, policy->launch_count);
    return c->launches != 0;
}

/* which: the register's number */
bool tdx_td_rtmr(struct context *c, unsigned which)
{
    const struct tdx_policy *policy = c->policy;
    const uint8_t *seen = c->quote.body.rtmr[which];
    const uint64_t asked = candidates(c);
    const uint8_t *only = NULL;
    uint64_t equal = 0;
    uint64_t waived = 0;
    size_t named = 0;
    for (size_t i = 0; i < TDX_LAUNCHES_MAX; i++) {
        if ((asked >> i & 1) == 0)
            continue;
        const struct tdx_launch *launch = &policy->launches[i];
        if ((launch->named >> which & 1) != 0) {
            only = launch->rtmr[which];
            named++;
            if (memcmp(only, seen, TDX_REGISTER_SIZE) == 0)
                equal |= 1ULL << i;
        } else if ((launch->waived >> which & 1) != 0) {
            waived |= 1ULL << i;
        }
    }
    if (equal == 0 && waived != 0)
        check_saw(&c->answer, "not compared: any will do");
    else
        encoding_hex(bytes_of(seen, TDX_REGISTER_SIZE), c->answer.saw);
    say_wanted(c, only, named);
    if (named == 0 && waived == 0)
        check_wanted(&c->answer, "a reference value, or that any will do");
    c->launches = equal | waived;
    return c->launches != 0;
}
