/* SPDX-License-Identifier: Apache-2.0 */
/* What was launched, and in what state the firmware is: one change each, with the check that it must fail. */
#include "unit/attest/snp_scene.h"

#define CHANGE(name) static void name(struct scene *s)

CHANGE(reserved_tcb_byte)
{
    s->snp.report.launch_tcb.raw[3] = 1;
}
CHANGE(rolled_back)
{
    s->snp.report.committed_tcb.raw[7] = 0xff;
}
CHANGE(policy_without_bit_17)
{
    s->snp.report.policy &= ~(1ULL << 17);
}
CHANGE(policy_with_unknown_bit)
{
    s->snp.report.policy |= 1ULL << 26;
}
CHANGE(policy_with_last_bit)
{
    s->snp.report.policy |= 1ULL << 63;
}
CHANGE(debug)
{
    s->snp.report.policy |= 1ULL << SNP_POLICY_DEBUG;
}
CHANGE(migration_allowed)
{
    s->snp.report.policy |= 1ULL << SNP_POLICY_MIGRATE_MA;
}
CHANGE(migration_agent)
{
    s->snp.report.report_id_ma[0] = 0;
}
CHANGE(another_vmpl)
{
    s->snp.report.vmpl = 1;
}
CHANGE(another_vmpl_wanted)
{
    s->policy.vmpl = 1;
}
CHANGE(id_key)
{
    s->snp.report.id_key_digest[47] = 1;
}
CHANGE(author_key)
{
    s->snp.report.author_key_digest[0] = 1;
    s->snp.report.key_info = 1;
}
CHANGE(author_key_flag)
{
    s->snp.report.key_info = 1;
}
CHANGE(unknown_platform_bit)
{
    s->snp.report.platform_info |= 1U << 8;
}
CHANGE(unknown_high_platform_bit)
{
    s->snp.report.platform_info |= 1ULL << 63;
}
CHANGE(no_alias_check)
{
    s->snp.report.platform_info &= ~(1ULL << 5);
}
CHANGE(another_measurement)
{
    s->snp.report.measurement[0] ^= 1;
}
CHANGE(no_reference_value)
{
    s->policy.measurement_count = 0;
}
CHANGE(another_report_data)
{
    s->report_data[63] ^= 1;
}
CHANGE(turin_reserved_tcb_byte)
{
    s->snp.report.current_tcb.raw[4] = 1;
}

/* Firmware. The levels of the certificate go along where the report's do, so that they do not differ. */
static void all_levels(struct scene *s, enum snp_component which, uint8_t at, uint8_t level)
{
    s->snp.level[which] = level;
    s->snp.report.reported_tcb.raw[at] = level;
}
CHANGE(reported_above_current)
{
    s->snp.report.current_tcb.raw[7] = 0xda;
    s->snp.report.committed_tcb.raw[7] = 0xda;
}
CHANGE(reported_above_committed)
{
    s->snp.report.committed_tcb.raw[7] = 0xda;
    s->policy.snp.require_reported_committed = true;
}
CHANGE(reported_firmware_below_the_floor)
{
    all_levels(s, SNP_FIRMWARE, 6, 0x1a);
}
CHANGE(committed_firmware_below_the_floor)
{
    s->snp.report.committed_tcb.raw[6] = 0x1a;
}
CHANGE(launch_firmware_below_the_floor)
{
    s->snp.report.launch_tcb.raw[6] = 0x1a;
}
CHANGE(launch_microcode_below_the_floor)
{
    s->snp.report.launch_tcb.raw[7] = 0x53;
}
CHANGE(launch_microcode_of_siblings)
{
    s->snp.report.launch_tcb.raw[7] = 0x55;
    s->snp.report.policy |= 1ULL << SNP_POLICY_SMT;
    s->snp.report.platform_info &= ~1ULL;
}
CHANGE(launch_microcode_of_a_machine_with_siblings)
{
    s->snp.report.launch_tcb.raw[7] = 0x55;
    s->snp.report.policy &= ~(1ULL << SNP_POLICY_SMT);
}
CHANGE(genoa_x_microcode)
{
    s->snp.report.cpuid_stepping = 2;
    s->snp.report.launch_tcb.raw[7] = 0x50;
}
CHANGE(bergamo_firmware)
{
    s->snp.report.cpuid_model = 0xa0;
    s->snp.report.launch_tcb.raw[6] = 0x1a;
}
CHANGE(floor_of_the_policys_own)
{
    static const struct snp_floor floors[] = {
        {0x19, 0x11, 0x11, 1, SNP_BOOTLOADER, 11, false, "a bulletin of their own"}};
    s->policy.snp.floors = floors;
    s->policy.snp.floor_count = 1;
    s->policy.snp.own_floors = true;
    s->snp.report.committed_tcb.raw[0] = 11;
    s->snp.report.launch_tcb.raw[0] = 11;
    s->snp.report.current_tcb.raw[0] = 11;
}
CHANGE(provisional_levels)
{
    s->snp.report.current_tcb.raw[7] = 0xdc;
    s->policy.snp.forbid_provisional = true;
}
CHANGE(provisional_version)
{
    s->snp.report.current_version[0] = 22;
    s->policy.snp.forbid_provisional = true;
}
CHANGE(version_below_what_is_committed)
{
    s->snp.report.committed_version[1] = 56;
    s->snp.report.committed_version[0] = 0;
}
CHANGE(version_below_in_its_major)
{
    s->snp.report.committed_version[2] = 2;
    s->snp.report.committed_version[1] = 0;
}
/* Both the version that runs and the one below which it cannot be rolled back. */
CHANGE(committed_version_below_the_floor)
{
    static const uint8_t version[3] = {22, 55, 1};
    static const uint8_t floor[3] = {1, 55, 22};
    memcpy(s->policy.snp.firmware_floor, floor, 3);
    memcpy(s->snp.report.current_version, version, 3);
    memcpy(s->snp.report.committed_version, version, 3);
    s->snp.report.committed_version[0] = 21;
}
CHANGE(mitigation_not_at_launch)
{
    s->policy.snp.mitigations = 2;
    s->snp.report.launch_mitigations = 1;
}
CHANGE(mitigation_not_now)
{
    s->policy.snp.mitigations = 2;
    s->snp.report.current_mitigations = 0xd;
}
CHANGE(mitigations_of_an_old_report)
{
    s->policy.snp.mitigations = 1;
}
/* The guest */
CHANGE(old_abi)
{
    s->snp.report.policy = 0x30136;
    s->policy.snp.abi_floor[0] = 1;
    s->policy.snp.abi_floor[1] = 0x37;
}
CHANGE(old_major_abi)
{
    s->snp.report.policy = 0x300ff;
    s->policy.snp.abi_floor[0] = 1;
}
CHANGE(id_key_that_was_not_named)
{
    static const uint8_t keys48[2][48] = {{1}, {2}};
    s->policy.snp.id_keys = (struct snp_digests){keys48, 2};
    s->snp.report.id_key_digest[0] = 3;
}
CHANGE(no_id_key_where_one_was_named)
{
    static const uint8_t keys48[2][48] = {{1}, {0}};
    s->policy.snp.id_keys = (struct snp_digests){keys48, 2};
}
CHANGE(author_that_was_not_named)
{
    static const uint8_t keys48[1][48] = {{1}};
    s->policy.snp.author_keys = (struct snp_digests){keys48, 1};
    s->snp.report.author_key_digest[47] = 1;
    s->snp.report.key_info = 1;
}
CHANGE(guest_svn_below)
{
    s->policy.snp.guest_svn_floor = 8;
    s->snp.report.guest_svn = 7;
}
CHANGE(another_family)
{
    static const uint8_t id[16] = {1};
    s->policy.snp.family_id = id;
}
CHANGE(another_image)
{
    static const uint8_t id[16] = {0, 1};
    s->policy.snp.image_id = id;
}
CHANGE(other_host_data)
{
    static const uint8_t data[32] = {[31] = 1};
    s->policy.snp.host_data = data;
}
CHANGE(migration_agent_beside_a_rule_for_the_bit)
{
    s->snp.report.report_id_ma[31] = 0;
    s->policy.snp.guest[SNP_GUEST_MIGRATE_MA] = POLICY_FORBID;
}

const struct change changes_state[] = {
    ROW(reserved_tcb_byte, "snp.tcb.form"),
    ROW(rolled_back, "snp.tcb.committed"),
    ROW(policy_without_bit_17, "snp.policy.reserved"),
    ROW(policy_with_unknown_bit, "snp.policy.reserved"),
    ROW(policy_with_last_bit, "snp.policy.reserved"),
    ROW(debug, "snp.policy.debug"),
    ROW(migration_allowed, "snp.policy.migrate"),
    ROW(migration_agent, "snp.migration_agent"),
    ROW(another_vmpl, "snp.vmpl"),
    ROW(another_vmpl_wanted, "snp.vmpl"),
    ROW(id_key, "snp.id_key"),
    ROW(author_key, "snp.author_key"),
    ROW(author_key_flag, "snp.author_flag"),
    ROW(unknown_platform_bit, "snp.platform.reserved"),
    ROW(unknown_high_platform_bit, "snp.platform.reserved"),
    ROW(no_alias_check, "snp.platform.alias_check"),
    ROW(another_measurement, "snp.measurement"),
    ROW(no_reference_value, "snp.measurement"),
    ROW(another_report_data, "snp.report_data"),
    TURIN(turin_reserved_tcb_byte, "snp.tcb.form"),
    ROW(reported_above_current, "snp.tcb.reported"),
    ROW(reported_above_committed, "snp.tcb.reported"),
    ROW(reported_firmware_below_the_floor, "snp.tcb.floor.reported"),
    ROW(committed_firmware_below_the_floor, "snp.tcb.floor.committed"),
    ROW(launch_firmware_below_the_floor, "snp.tcb.floor.launch"),
    ROW(launch_microcode_below_the_floor, "snp.tcb.floor.launch"),
    ROW(launch_microcode_of_siblings, "snp.tcb.floor.launch"),
    ROW(launch_microcode_of_a_machine_with_siblings, "snp.tcb.floor.launch"),
    ROW(genoa_x_microcode, "snp.tcb.floor.launch"),
    ROW(bergamo_firmware, "snp.tcb.floor.launch"),
    ROW(floor_of_the_policys_own, "snp.tcb.floor.reported"),
    ROW(provisional_levels, "snp.firmware.provisional"),
    ROW(provisional_version, "snp.firmware.provisional"),
    ROW(version_below_what_is_committed, "snp.firmware.committed"),
    ROW(version_below_in_its_major, "snp.firmware.committed"),
    ROW(committed_version_below_the_floor, "snp.firmware.floor"),
    TURIN(mitigation_not_at_launch, "snp.mitigations"),
    TURIN(mitigation_not_now, "snp.mitigations"),
    ROW(mitigations_of_an_old_report, "snp.mitigations"),
    ROW(old_abi, "snp.policy.abi"),
    ROW(old_major_abi, "snp.policy.abi"),
    ROW(id_key_that_was_not_named, "snp.id_key"),
    ROW(no_id_key_where_one_was_named, "snp.id_key"),
    ROW(author_that_was_not_named, "snp.author_key"),
    ROW(guest_svn_below, "snp.guest_svn"),
    ROW(another_family, "snp.family_id"),
    ROW(another_image, "snp.image_id"),
    ROW(other_host_data, "snp.host_data"),
    ROW(migration_agent_beside_a_rule_for_the_bit, "snp.migration_agent"),
};
const size_t changes_state_count = sizeof changes_state / sizeof *changes_state;
