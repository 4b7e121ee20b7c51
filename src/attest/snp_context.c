/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_context.h"

#include "base/reader.h"

bool snp_is_all(struct bytes b, uint8_t value)
{
    for (size_t i = 0; i < b.len; i++)
        if (b.ptr[i] != value)
            return false;
    return true;
}

bool snp_bit_of(uint64_t value, unsigned n)
{
    return (value >> n & 1) != 0;
}

bool snp_bit_holds(struct snp_context *c, uint64_t value, enum policy_rule rule)
{
    bool set = snp_bit_of(value, c->bit->bit);
    if (rule == POLICY_DEFAULT)
        rule = c->bit->default_rule;
    check_saw(&c->answer, "%s", set ? c->bit->set : c->bit->clear);
    check_wanted(&c->answer, "%s",
                 rule == POLICY_REQUIRE  ? c->bit->set
                 : rule == POLICY_FORBID ? c->bit->clear
                                         : "any");
    return !(rule == POLICY_REQUIRE && !set) && !(rule == POLICY_FORBID && set);
}

bool snp_is_listed(struct bytes seen, const void *items, size_t count)
{
    struct reader r = reader_over(bytes_of(items, seen.len * count));
    while (r.left > 0)
        if (bytes_equal(reader_bytes(&r, seen.len), seen))
            return true;
    return false;
}

uint8_t snp_component_of(const struct snp_product *product, const struct snp_tcb *tcb, size_t which)
{
    uint8_t at = product->tcb[which];
    return at == SNP_COMPONENT_NONE ? 0 : tcb->raw[at];
}
