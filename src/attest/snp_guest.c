/* SPDX-License-Identifier: Apache-2.0 */
/* What was launched, under which guest policy, and for whom the report was made. */
#include "attest/snp_context.h"
#include "base/encoding.h"
#include "base/secret.h"

bool snp_check_policy_reserved(struct snp_context *c)
{
    check_saw(&c->answer, "0x%llx", (unsigned long long)c->report.policy);
    check_wanted(&c->answer, "bit %d set, none from bit %d on", SNP_POLICY_RESERVED_ONE,
                 SNP_POLICY_KNOWN_BITS);
    return snp_bit_of(c->report.policy, SNP_POLICY_RESERVED_ONE) &&
           c->report.policy >> SNP_POLICY_KNOWN_BITS == 0;
}

bool snp_check_policy_bit(struct snp_context *c)
{
    return snp_bit_holds(c, c->report.policy, c->policy->snp.guest[c->bit->rule]);
}

/* Whoever allows migration by name, allows the agent that does it. */
bool snp_check_migration_agent(struct snp_context *c)
{
    bool agent = !snp_is_all(bytes_of(c->report.report_id_ma, sizeof c->report.report_id_ma), 0xff);
    const enum policy_rule rule = c->policy->snp.guest[SNP_GUEST_MIGRATE_MA];
    check_saw(&c->answer, "%s", agent ? "a migration agent is bound" : "none");
    check_wanted(&c->answer, "none");
    return !agent || rule == POLICY_ANY || rule == POLICY_REQUIRE;
}

bool snp_check_abi(struct snp_context *c)
{
    enum { ABI_MASK = 0xffff };
    const uint8_t *floor = c->policy->snp.abi_floor;
    const unsigned abi = (unsigned)(c->report.policy & ABI_MASK);
    check_saw(&c->answer, "%u.%u", abi >> 8, abi & 0xff);
    check_wanted(&c->answer, "%u.%u or later", floor[0], floor[1]);
    return abi >= ((unsigned)floor[0] << 8 | floor[1]);
}

bool snp_check_vmpl(struct snp_context *c)
{
    check_saw(&c->answer, "%u", c->report.vmpl);
    check_wanted(&c->answer, "%u", c->policy->vmpl);
    return c->report.vmpl == c->policy->vmpl;
}

/* ---- identity ---- */

/* The digest of a key that vouches for the guest: one of the list, or none when the list is empty. */
static bool is_key_wanted(struct snp_context *c, struct bytes digest, const struct snp_digests *list)
{
    bool none = snp_is_all(digest, 0);
    if (none)
        check_saw(&c->answer, "none");
    else
        encoding_hex(digest, c->answer.saw);
    check_wanted(&c->answer, "%s", list->count == 0 ? "none" : "one of those you named");
    return list->count == 0 ? none : !none && snp_is_listed(digest, list->items, list->count);
}

bool snp_check_id_key(struct snp_context *c)
{
    return is_key_wanted(c, bytes_of(c->report.id_key_digest, sizeof c->report.id_key_digest),
                         &c->policy->snp.id_keys);
}

bool snp_check_author_key(struct snp_context *c)
{
    return is_key_wanted(c, bytes_of(c->report.author_key_digest, sizeof c->report.author_key_digest),
                         &c->policy->snp.author_keys);
}

bool snp_check_author_flag(struct snp_context *c)
{
    enum { KEY_INFO_AUTHOR_KEY = 0 };
    bool flag = snp_bit_of(c->report.key_info, KEY_INFO_AUTHOR_KEY);
    bool digest = !snp_is_all(bytes_of(c->report.author_key_digest, sizeof c->report.author_key_digest), 0);
    check_saw(&c->answer, "AUTHOR_KEY_EN %d, %s digest", flag, digest ? "a" : "no");
    return flag == digest;
}

bool snp_check_guest_svn(struct snp_context *c)
{
    check_saw(&c->answer, "%u", c->report.guest_svn);
    check_wanted(&c->answer, "%u or higher", c->policy->snp.guest_svn_floor);
    return c->report.guest_svn >= c->policy->snp.guest_svn_floor;
}

/* A value that the policy may name; without it any is good. */
static bool is_value_wanted(struct snp_context *c, struct bytes seen, const uint8_t *reference)
{
    encoding_hex(seen, c->answer.saw);
    if (reference == NULL) {
        check_wanted(&c->answer, "any");
        return true;
    }
    encoding_hex(bytes_of(reference, seen.len), c->answer.wanted);
    return bytes_equal(seen, bytes_of(reference, seen.len));
}

bool snp_check_family_id(struct snp_context *c)
{
    return is_value_wanted(c, bytes_of(c->report.family_id, sizeof c->report.family_id),
                           c->policy->snp.family_id);
}

bool snp_check_image_id(struct snp_context *c)
{
    return is_value_wanted(c, bytes_of(c->report.image_id, sizeof c->report.image_id),
                           c->policy->snp.image_id);
}

bool snp_check_host_data(struct snp_context *c)
{
    return is_value_wanted(c, bytes_of(c->report.host_data, sizeof c->report.host_data),
                           c->policy->snp.host_data);
}

/* ---- what it runs, and for whom the report was made ---- */

bool snp_check_measurement(struct snp_context *c)
{
    const struct attest_policy *p = c->policy;
    struct bytes seen = bytes_of(c->report.measurement, sizeof c->report.measurement);
    encoding_hex(seen, c->answer.saw);
    if (p->measurement_count == 0)
        check_wanted(&c->answer, "there is no reference value");
    else if (p->measurement_count == 1)
        encoding_hex(bytes_of(p->measurements[0], ATTEST_MEASUREMENT_SIZE), c->answer.wanted);
    else
        check_wanted(&c->answer, "one of %zu reference values", p->measurement_count);
    return snp_is_listed(seen, p->measurements, p->measurement_count);
}

bool snp_check_report_data(struct snp_context *c)
{
    if (c->report_data == NULL) {
        check_saw(&c->answer, "not compared: without statement and challenge it is not known");
        return false;
    }
    check_saw_bytes(&c->answer, bytes_of(c->report.report_data, sizeof c->report.report_data),
                    bytes_of(c->report_data, SNP_REPORT_DATA_SIZE));
    return secret_equal(c->report.report_data, c->report_data, SNP_REPORT_DATA_SIZE);
}
