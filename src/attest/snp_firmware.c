/* SPDX-License-Identifier: Apache-2.0 */
/* In what state the chip's firmware is: security patch levels, versions, mitigations, features of the platform. */
#include "attest/snp_context.h"

/* ---- TCBs ---- */

static bool is_reserved_tcb_byte(const struct snp_product *product, size_t at)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++)
        if (product->tcb[i] == at)
            return false;
    return true;
}

bool snp_check_tcb_form(struct snp_context *c)
{
    const struct {
        const char *name;
        const struct snp_tcb *tcb;
    } all[] = {
        {"CURRENT_TCB", &c->report.current_tcb},
        {"REPORTED_TCB", &c->report.reported_tcb},
        {"COMMITTED_TCB", &c->report.committed_tcb},
        {"LAUNCH_TCB", &c->report.launch_tcb},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (size_t at = 0; at < SNP_TCB_SIZE; at++) {
            if (is_reserved_tcb_byte(c->chain.product, at) && all[i].tcb->raw[at] != 0) {
                check_saw(&c->answer, "%s byte %zu: %u", all[i].name, at, all[i].tcb->raw[at]);
                check_wanted(&c->answer, "0");
                return false;
            }
        }
    }
    return true;
}

/* No component of low is above that of high. */
static bool is_at_most(struct snp_context *c, const char *low_name, const struct snp_tcb *low,
                       const char *high_name, const struct snp_tcb *high)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++) {
        uint8_t a = snp_component_of(c->chain.product, low, i);
        uint8_t b = snp_component_of(c->chain.product, high, i);
        if (a > b) {
            check_saw(&c->answer, "%s: %s %u, %s %u", anchors_snp_component_name((enum snp_component)i),
                      low_name, a, high_name, b);
            return false;
        }
    }
    return true;
}

bool snp_check_tcb_committed(struct snp_context *c)
{
    return is_at_most(c, "committed", &c->report.committed_tcb, "current", &c->report.current_tcb);
}

/* The host may report less than it runs, never more. */
bool snp_check_tcb_reported(struct snp_context *c)
{
    return is_at_most(c, "reported", &c->report.reported_tcb, "current", &c->report.current_tcb) &&
           (!c->policy->snp.require_reported_committed ||
            is_at_most(c, "reported", &c->report.reported_tcb, "committed", &c->report.committed_tcb));
}

bool snp_check_provisional(struct snp_context *c)
{
    bool committed =
        is_at_most(c, "current", &c->report.current_tcb, "committed", &c->report.committed_tcb) &&
        memcmp(c->report.current_version, c->report.committed_version, sizeof c->report.current_version) == 0;
    if (!committed && c->answer.saw[0] == '\0')
        check_saw(&c->answer, "a version that is not committed");
    check_wanted(&c->answer, "%s", c->policy->snp.forbid_provisional ? "all that runs is committed" : "any");
    return committed || !c->policy->snp.forbid_provisional;
}

/* ---- minimums ---- */

static struct snp_chip chip_of(const struct snp_context *c)
{
    const struct snp_product *product = c->chain.product;
    if (c->report.version < SNP_REPORT_VERSION_CPUID)
        return (struct snp_chip){product->family, product->models[0].first, SNP_STEPPING_ANY};
    return (struct snp_chip){c->report.cpuid_family, c->report.cpuid_model, c->report.cpuid_stepping};
}

/* Neither may the guest have siblings, nor does the machine. */
static bool is_smt_off(const struct snp_report *report)
{
    enum { PLATFORM_SMT = 0 };
    return !snp_bit_of(report->policy, SNP_POLICY_SMT) && !snp_bit_of(report->platform_info, PLATFORM_SMT);
}

static bool is_above_floors(struct snp_context *c, const struct snp_tcb *tcb)
{
    const struct snp_policy *p = &c->policy->snp;
    const struct snp_chip chip = chip_of(c);
    size_t count;
    const struct snp_floor *floors = snp_floors(&count);
    if (p->own_floors) {
        floors = p->floors;
        count = p->floor_count;
    }
    for (size_t i = 0; i < count; i++) {
        const struct snp_floor *f = &floors[i];
        uint8_t level = snp_component_of(c->chain.product, tcb, f->component);
        if (level >= f->minimum || !snp_floor_applies(f, &chip) ||
            (f->smt_off_suffices && is_smt_off(&c->report)))
            continue;
        check_saw(&c->answer, "%s 0x%02x", anchors_snp_component_name(f->component), level);
        check_wanted(&c->answer, "0x%02x or higher (%s)", f->minimum, f->bulletin);
        return false;
    }
    return true;
}

bool snp_check_tcb_floor_reported(struct snp_context *c)
{
    return is_above_floors(c, &c->report.reported_tcb);
}

bool snp_check_tcb_floor_committed(struct snp_context *c)
{
    return is_above_floors(c, &c->report.committed_tcb);
}

bool snp_check_tcb_floor_launch(struct snp_context *c)
{
    return is_above_floors(c, &c->report.launch_tcb);
}

/* ---- versions ---- */

enum { BUILD, MINOR, MAJOR, VERSION_PARTS }; /* as in the report */

static uint32_t version_of(const uint8_t parts[static VERSION_PARTS])
{
    return (uint32_t)parts[MAJOR] << 16 | (uint32_t)parts[MINOR] << 8 | parts[BUILD];
}

bool snp_check_version_committed(struct snp_context *c)
{
    const uint8_t *current = c->report.current_version;
    const uint8_t *committed = c->report.committed_version;
    check_saw(&c->answer, "%u.%u.%u runs, %u.%u.%u is committed", current[MAJOR], current[MINOR],
              current[BUILD], committed[MAJOR], committed[MINOR], committed[BUILD]);
    return version_of(committed) <= version_of(current);
}

bool snp_check_version_floor(struct snp_context *c)
{
    const uint8_t *floor = c->policy->snp.firmware_floor; /* major first */
    const uint8_t *committed = c->report.committed_version;
    const uint8_t parts[VERSION_PARTS] = {floor[2], floor[1], floor[0]};
    check_saw(&c->answer, "%u.%u.%u is committed", committed[MAJOR], committed[MINOR], committed[BUILD]);
    check_wanted(&c->answer, "%u.%u.%u or later", floor[0], floor[1], floor[2]);
    return version_of(committed) >= version_of(parts) &&
           version_of(c->report.current_version) >= version_of(parts);
}

bool snp_check_mitigations(struct snp_context *c)
{
    const uint64_t mask = c->policy->snp.mitigations;
    const uint64_t launch = c->report.launch_mitigations;
    const uint64_t current = c->report.current_mitigations;
    /* Zero in a report of an older version, which does not state them. */
    check_saw(&c->answer, "0x%llx at launch, 0x%llx now", (unsigned long long)launch,
              (unsigned long long)current);
    check_wanted(&c->answer, "all bits of 0x%llx", (unsigned long long)mask);
    return (launch & mask) == mask && (current & mask) == mask;
}

/* ---- PLATFORM_INFO ---- */

/* Document 56860, table "PLATFORM_INFO field": bits 0 to 7. */
enum { PLATFORM_KNOWN_BITS = 0xff };

bool snp_check_platform_reserved(struct snp_context *c)
{
    const uint64_t allowed = PLATFORM_KNOWN_BITS | c->policy->snp.platform_unknown;
    check_saw(&c->answer, "0x%llx", (unsigned long long)c->report.platform_info);
    check_wanted(&c->answer, "only bits of 0x%llx", (unsigned long long)allowed);
    return (c->report.platform_info & ~allowed) == 0;
}

bool snp_check_platform_bit(struct snp_context *c)
{
    return snp_bit_holds(c, c->report.platform_info, c->policy->snp.platform[c->bit->rule]);
}
