/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed: one change each, with the check that it must fail. */
#include "unit/attest/snp_scene.h"

#define CHANGE(name) static void name(struct scene *s)

CHANGE(version_6)
{
    s->snp.patch_signed = 6;
}
CHANGE(reserved_signed)
{
    s->snp.patch_signed_at = 0x4c;
    s->snp.patch_signed = 1;
}
CHANGE(reserved_unsigned)
{
    s->snp.patch_after_at = 0x49f;
    s->snp.patch_after = 1;
}
CHANGE(upper_bytes_of_r)
{
    s->snp.patch_after_at = 0x2d0;
    s->snp.patch_after = 1;
}
CHANGE(unsigned_report)
{
    s->snp.report.key_info = SNP_KEY_NONE << 2;
}
CHANGE(masked_chip_key)
{
    s->snp.report.key_info = 1 << 1;
}
CHANGE(unknown_key_info)
{
    s->snp.report.key_info = 1U << 31;
}
CHANGE(foreign_root)
{
    s->foreign_root = true;
}
CHANGE(root_signed_by_another)
{
    s->snp.ark.signer = keys.ask;
}
CHANGE(root_is_no_ca)
{
    s->snp.ark.is_ca = false;
}
CHANGE(root_may_not_sign)
{
    s->snp.ark.key_usage = 0x02;
}
CHANGE(root_without_key_usage)
{
    s->snp.ark.key_usage = SYNTHETIC_NONE;
}
CHANGE(small_root)
{
    s->snp.ark.key = s->snp.ark.signer = s->snp.ask.signer = s->snp.crl.signer = keys.small;
}
CHANGE(root_of_unknown_product)
{
    s->snp.ark.issuer_cn = s->snp.ark.subject_cn = s->snp.ask.issuer_cn = s->snp.crl.issuer_cn = "ARK-Naples";
}
CHANGE(ask_signed_by_another)
{
    s->snp.ask.signer = keys.ask;
}
CHANGE(ask_is_no_ca)
{
    s->snp.ask.is_ca = false;
}
CHANGE(ask_may_not_sign)
{
    s->snp.ask.key_usage = 0x02;
}
CHANGE(ask_names_another_issuer)
{
    s->snp.ask.issuer_cn = "ARK-Turin";
}
CHANGE(ask_of_another_product)
{
    s->snp.ask.subject_cn = s->snp.vek.issuer_cn = "SEV-Turin";
}
CHANGE(ask_for_vleks)
{
    s->snp.ask.subject_cn = s->snp.vek.issuer_cn = "SEV-VLEK-Genoa";
}
CHANGE(small_ask)
{
    s->snp.ask.key = s->snp.vek.signer = keys.small;
}
CHANGE(vcek_signed_by_the_root)
{
    s->snp.vek.signer = keys.ark;
}
CHANGE(vcek_names_another_issuer)
{
    s->snp.vek.issuer_cn = "SEV-Turin";
}
CHANGE(vcek_named_vlek)
{
    s->snp.vek.subject_cn = "SEV-VLEK";
}
CHANGE(vcek_is_a_ca)
{
    s->snp.vek.is_ca = true;
}
CHANGE(vcek_for_other_use)
{
    s->snp.vek.key_usage = 0x04;
}
CHANGE(before_the_vcek)
{
    s->snp.vek.not_before = "260101000001Z";
}
CHANGE(after_the_vcek)
{
    s->snp.vek.not_after = "251231235959Z";
}
CHANGE(after_the_ask)
{
    s->snp.ask.not_after = "251231235959Z";
}
CHANGE(before_the_ark)
{
    s->snp.ark.not_before = "260101000001Z";
}
CHANGE(short_salt)
{
    s->snp.vek.salt = 32;
}
CHANGE(version_1_certificate)
{
    s->snp.ask.version = 0;
}
CHANGE(unknown_critical_extension)
{
    s->snp.vek.unknown_critical = true;
}
CHANGE(duplicate_extension)
{
    s->snp.ask.duplicate_extension = true;
}
CHANGE(vcek_without_extensions)
{
    /* A certificate has at least one extension; so leave one that says nothing. */
    s->snp.vek.amd_extensions = false;
    s->snp.vek.key_usage = 0x80;
}
CHANGE(vcek_without_hwid)
{
    s->snp.hwid_len = SYNTHETIC_NONE;
}
CHANGE(vcek_with_short_hwid)
{
    s->snp.hwid_len = 63;
}
CHANGE(vcek_with_csp_id)
{
    s->snp.csp_id = "CN=cloud.example";
}
CHANGE(vcek_with_unknown_extension)
{
    s->snp.unknown_amd_extension = true;
}
CHANGE(vcek_with_reserved_level)
{
    s->snp.reserved_level = 1;
}
CHANGE(vcek_without_a_level)
{
    s->snp.level[SNP_MICROCODE] = SYNTHETIC_NONE;
}
CHANGE(vcek_with_fmc_of_turin)
{
    s->snp.level[SNP_FMC] = 0;
}
CHANGE(vcek_of_another_product)
{
    s->snp.product = "Turin";
}
CHANGE(vcek_key_off_the_curve)
{
    s->snp.vek.damaged_key = true;
}
CHANGE(vcek_with_empty_product)
{
    s->snp.product = "";
}
CHANGE(vcek_with_long_product)
{
    s->snp.product = "Genoa-B012345678";
}
CHANGE(vcek_with_too_long_product)
{
    s->snp.product = "Genoa-B0123456789";
}
CHANGE(vcek_product_with_a_tail)
{
    s->snp.product = "Genoa-B0x";
}
CHANGE(milan_cpuid)
{
    s->snp.report.cpuid_model = 0x01;
}
CHANGE(unknown_cpuid)
{
    s->snp.report.cpuid_family = 0x1b;
}
CHANGE(milan_platform)
{
    s->snp.ark.issuer_cn = s->snp.ark.subject_cn = s->snp.ask.issuer_cn = s->snp.crl.issuer_cn = "ARK-Milan";
    s->snp.ask.subject_cn = s->snp.vek.issuer_cn = "SEV-Milan";
    s->snp.product = "Milan-B0";
    s->snp.report.cpuid_model = 0x01;
}
CHANGE(damaged_signature)
{
    s->snp.patch_after_at = 0x2e8 + 40;
    s->snp.patch_after = 0x5a;
}
CHANGE(report_changed_after_signing)
{
    s->snp.patch_after_at = 0x140;
    s->snp.patch_after = 0x01;
}
CHANGE(reported_microcode_differs)
{
    s->snp.level[SNP_MICROCODE] = 0xdc;
}
CHANGE(reported_boot_loader_differs)
{
    s->snp.report.reported_tcb.raw[0] = 9;
}
CHANGE(reported_tee_differs)
{
    s->snp.level[SNP_TEE] = 1;
}
CHANGE(reported_firmware_differs)
{
    s->snp.level[SNP_FIRMWARE] = 0x1c;
}
CHANGE(another_chip)
{
    s->snp.report.chip_id[63] ^= 1;
}
CHANGE(masked_chip)
{
    memset(s->snp.report.chip_id, 0, 64);
    memset(s->snp.hwid, 0, 64);
}
CHANGE(turin_chip_id_with_a_tail)
{
    s->snp.report.chip_id[8] = 1;
}
CHANGE(turin_fmc_differs)
{
    s->snp.level[SNP_FMC] = 2;
}
CHANGE(turin_without_fmc)
{
    s->snp.level[SNP_FMC] = SYNTHETIC_NONE;
}

/* Revocation lists */
CHANGE(no_list)
{
    s->snp.crl_count = 0;
}
CHANGE(too_many_lists)
{
    s->snp.crl_count = SNP_CRLS_MAX + 1;
}
CHANGE(malformed_list)
{
    s->snp.crl.version = 2;
}
CHANGE(list_signed_by_another)
{
    s->snp.crl.signer = keys.ask;
}
CHANGE(list_of_another_product)
{
    s->snp.crl.issuer_cn = "ARK-Turin";
}
CHANGE(list_of_a_root_that_may_not_sign_lists)
{
    s->snp.ark.key_usage = 0x04;
}
CHANGE(list_out_of_date)
{
    s->snp.crl.next_update = "251231235959Z";
}
CHANGE(list_out_of_date_and_of_grace)
{
    s->snp.crl.next_update = "251231235959Z";
    s->policy.snp.crl_grace = 0;
    s->now = SYNTHETIC_NOW + 60;
}
CHANGE(list_from_the_future)
{
    s->snp.crl.this_update = "260101000001Z";
    s->policy.snp.crl_grace = 3600;
}
CHANGE(list_that_is_stale_though_none_is_needed)
{
    s->snp.crl.next_update = "251231235959Z";
    s->policy.snp.allow_missing_crl = true;
}
CHANGE(revoked_ask)
{
    s->snp.crl.serial_count = 2;
    s->snp.crl.serials[0] = 200;
    s->snp.crl.serials[1] = s->snp.ask.serial;
}
CHANGE(revoked_ark)
{
    s->snp.crl.serial_count = 1;
    s->snp.crl.serials[0] = s->snp.ark.serial;
}
/* VLEK */
CHANGE(vlek_not_wanted)
{
    s->policy.snp.signer = SNP_SIGNER_VCEK;
}
CHANGE(vcek_not_wanted)
{
    s->policy.snp.signer = SNP_SIGNER_VLEK;
}
CHANGE(another_key)
{
    s->snp.report.key_info = 2 << 2;
}
CHANGE(vlek_under_the_ask)
{
    s->snp.ask.subject_cn = s->snp.vek.issuer_cn = "SEV-Genoa";
}
CHANGE(vlek_named_vcek)
{
    s->snp.vek.subject_cn = "SEV-VCEK";
}
CHANGE(vlek_without_provider)
{
    s->snp.csp_id = NULL;
}
CHANGE(vlek_with_empty_provider)
{
    s->snp.csp_id = "";
}
CHANGE(vlek_with_provider_that_cannot_be_shown)
{
    s->snp.csp_id = "CN=\x1b[2J";
}
CHANGE(vlek_with_del)
{
    s->snp.csp_id = "CN=\x7f";
}
CHANGE(vlek_with_hwid)
{
    s->snp.hwid_len = 64;
}
CHANGE(vlek_of_another_provider)
{
    static const char *const ids[] = {"CN=cloud.examples", "CN=cloud.exampl"};
    s->policy.snp.csp_ids = ids;
    s->policy.snp.csp_id_count = 2;
}
CHANGE(vlek_tcb_differs)
{
    s->snp.report.reported_tcb.raw[7] = 0xda;
}
CHANGE(vlek_and_an_inventory)
{
    static const uint8_t chips[1][64];
    s->policy.snp.chips = chips;
    s->policy.snp.chip_count = 1;
}
CHANGE(chip_that_is_not_in_the_inventory)
{
    static uint8_t chips[2][64];
    memcpy(chips[0], s->snp.report.chip_id, 64);
    chips[0][0] ^= 1;
    s->policy.snp.chips = (const uint8_t(*)[64])chips;
    s->policy.snp.chip_count = 2;
}
/* A product from the certificate has to be the one of the CPUID. */
CHANGE(genoa_of_turin_cpuid)
{
    s->snp.report.cpuid_family = 0x1a;
    s->snp.report.cpuid_model = 0x02;
}

const struct change changes_signer[] = {
    ROW(version_6, "snp.report.version"),
    ROW(reserved_signed, "snp.report.form"),
    ROW(reserved_unsigned, "snp.report.form"),
    ROW(upper_bytes_of_r, "snp.report.form"),
    ROW(unsigned_report, "snp.key_info.signing_key"),
    ROW(masked_chip_key, "snp.key_info.mask"),
    ROW(unknown_key_info, "snp.key_info.reserved"),
    ROW2(foreign_root, "snp.chain.root", "snp.chain.ask"),
    ROW(root_signed_by_another, "snp.chain.root"),
    ROW(root_is_no_ca, "snp.chain.root"),
    ROW(root_may_not_sign, "snp.chain.root"),
    ROW2(root_without_key_usage, "snp.chain.root", "snp.crl.signature"),
    ROW(small_root, "snp.chain.root"),
    ROW2(root_of_unknown_product, "snp.chain.root", "snp.chain.ask"),
    ROW(ask_signed_by_another, "snp.chain.ask"),
    ROW(ask_is_no_ca, "snp.chain.ask"),
    ROW(ask_may_not_sign, "snp.chain.ask"),
    ROW(ask_names_another_issuer, "snp.chain.ask"),
    ROW(ask_of_another_product, "snp.chain.ask"),
    ROW(ask_for_vleks, "snp.chain.ask"),
    ROW(small_ask, "snp.chain.ask"),
    ROW(vcek_signed_by_the_root, "snp.chain.vek"),
    ROW(vcek_names_another_issuer, "snp.chain.vek"),
    ROW(vcek_named_vlek, "snp.chain.vek"),
    ROW(vcek_is_a_ca, "snp.chain.vek"),
    ROW(vcek_for_other_use, "snp.chain.vek"),
    ROW(before_the_vcek, "snp.chain.validity"),
    ROW(after_the_vcek, "snp.chain.validity"),
    ROW(after_the_ask, "snp.chain.validity"),
    ROW(before_the_ark, "snp.chain.validity"),
    ROW(short_salt, "snp.chain.form"),
    ROW(version_1_certificate, "snp.chain.form"),
    ROW(unknown_critical_extension, "snp.chain.form"),
    ROW(duplicate_extension, "snp.chain.form"),
    ROW(vcek_without_extensions, "snp.vek.form"),
    ROW(vcek_without_hwid, "snp.vek.form"),
    ROW(vcek_with_short_hwid, "snp.vek.form"),
    ROW(vcek_with_csp_id, "snp.vek.form"),
    ROW(vcek_with_unknown_extension, "snp.vek.form"),
    ROW(vcek_with_reserved_level, "snp.vek.form"),
    ROW(vcek_without_a_level, "snp.vek.form"),
    ROW(vcek_with_fmc_of_turin, "snp.vek.form"),
    ROW(vcek_of_another_product, "snp.vek.product"),
    ROW(vcek_key_off_the_curve, "snp.chain.form"),
    ROW(vcek_with_empty_product, "snp.vek.form"),
    ROW(vcek_with_long_product, "snp.vek.product"),
    ROW(vcek_with_too_long_product, "snp.vek.form"),
    ROW(vcek_product_with_a_tail, "snp.vek.product"),
    ROW(milan_cpuid, "snp.report.product"),
    ROW(unknown_cpuid, "snp.report.product"),
    ROW(milan_platform, "snp.product.milan"),
    ROW(damaged_signature, "snp.report.signature"),
    ROW(report_changed_after_signing, "snp.report.signature"),
    ROW(reported_microcode_differs, "snp.vek.tcb"),
    ROW(reported_boot_loader_differs, "snp.vek.tcb"),
    ROW(reported_tee_differs, "snp.vek.tcb"),
    ROW(reported_firmware_differs, "snp.vek.tcb"),
    ROW(another_chip, "snp.vek.chip_id"),
    ROW(masked_chip, "snp.vek.chip_id"),
    TURIN(turin_chip_id_with_a_tail, "snp.vek.chip_id"),
    TURIN(turin_fmc_differs, "snp.vek.tcb"),
    TURIN(turin_without_fmc, "snp.vek.form"),
    ROW(no_list, "snp.crl.present"),
    ROW2(too_many_lists, "snp.crl.present", "snp.crl.form"),
    ROW(malformed_list, "snp.crl.form"),
    ROW(list_signed_by_another, "snp.crl.signature"),
    ROW(list_of_another_product, "snp.crl.signature"),
    ROW(list_of_a_root_that_may_not_sign_lists, "snp.crl.signature"),
    ROW(list_out_of_date, "snp.crl.window"),
    ROW(list_out_of_date_and_of_grace, "snp.crl.window"),
    ROW(list_from_the_future, "snp.crl.window"),
    ROW(list_that_is_stale_though_none_is_needed, "snp.crl.window"),
    ROW(revoked_ask, "snp.crl.listed"),
    ROW(revoked_ark, "snp.crl.listed"),
    VLEK(vlek_not_wanted, "snp.key_info.signing_key"),
    ROW(vcek_not_wanted, "snp.key_info.signing_key"),
    ROW(another_key, "snp.key_info.signing_key"),
    VLEK(vlek_under_the_ask, "snp.chain.ask"),
    VLEK(vlek_named_vcek, "snp.chain.vek"),
    VLEK(vlek_without_provider, "snp.vek.form"),
    VLEK(vlek_with_empty_provider, "snp.vek.form"),
    VLEK(vlek_with_provider_that_cannot_be_shown, "snp.vek.form"),
    VLEK(vlek_with_del, "snp.vek.form"),
    VLEK(vlek_with_hwid, "snp.vek.form"),
    VLEK(vlek_of_another_provider, "snp.vek.provider"),
    VLEK(vlek_tcb_differs, "snp.vek.tcb"),
    VLEK(vlek_and_an_inventory, "snp.chip.inventory"),
    ROW(chip_that_is_not_in_the_inventory, "snp.chip.inventory"),
    ROW2(genoa_of_turin_cpuid, "snp.report.product", "snp.tcb.floor.reported"),
};
const size_t changes_signer_count = sizeof changes_signer / sizeof *changes_signer;
