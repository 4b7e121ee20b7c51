/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as documents: every member takes effect, in its own place and nowhere else. */
#include "attest/policy_document.h"

#include "attest/verdict.h"
#include "base/secret.h"
#include "policy_samples.h"

/* ---- what each member does ---- */

#define EFFECT(name, ...)                                                                                    \
    static bool name(struct policy_document *d)                                                              \
    {                                                                                                        \
        struct attest_policy *p = &d->policy;                                                                \
        struct snp_policy *snp = &p->snp;                                                                    \
        struct tdx_policy *tdx = &p->tdx;                                                                    \
        (void)snp;                                                                                           \
        (void)tdx;                                                                                           \
        __VA_ARGS__                                                                                          \
    }
/* The field has this value; and as it was, so that the rest can be compared. */
#define IS(field, value, before)                                                                             \
    bool is = (field) == (value);                                                                            \
    (field) = (before);                                                                                      \
    return is;
#define LIST_IS(list, n, size)                                                                               \
    bool is =                                                                                                \
        (n) == 2 && sample_is_filled((list)[0], 0x11, size) && sample_is_filled((list)[1], 0x22, size);      \
    (list) = NULL;                                                                                           \
    (n) = 0;                                                                                                 \
    return is;
#define VALUE_IS(value, size)                                                                                \
    bool is = sample_is_filled(value, 0x33, size);                                                           \
    (value) = NULL;                                                                                          \
    return is;

EFFECT(version, return p->measurement_count == 0;)
EFFECT(platforms, IS(p->platforms, 1U << VERDICT_PLATFORM_TDX, 0))
EFFECT(models, LIST_IS(p->models, p->model_count, 32))
EFFECT(max_age, IS(d->max_age, 604800, 0))
EFFECT(simulated_roots,
       bool is = bytes_equal(p->simulated_root, bytes_of(sample_roots[1], sample_root_len[1])) &&
                 bytes_equal(tdx->simulated_root, bytes_of(sample_roots[0], sample_root_len[0])) &&
                 bytes_equal(p->gpu.simulated_device_root, bytes_of(sample_roots[2], sample_root_len[2])) &&
                 bytes_equal(p->gpu.simulated_rim_root, bytes_of(sample_roots[3], sample_root_len[3])) &&
                 bytes_equal(p->vtpm.simulated_ak_root, bytes_of(sample_roots[4], sample_root_len[4]));
       p->simulated_root = tdx->simulated_root = p->gpu.simulated_device_root = p->gpu.simulated_rim_root =
           p->vtpm.simulated_ak_root = (struct bytes){0};
       return is;)
EFFECT(measurements, LIST_IS(p->measurements, p->measurement_count, 48))
EFFECT(vmpl, IS(p->vmpl, 3, 0))
EFFECT(allow_milan, IS(p->allow_milan, true, false))

#define GUEST_IS(name, which, rule)    EFFECT(name, IS(snp->guest[which], rule, POLICY_DEFAULT))
#define PLATFORM_IS(name, which, rule) EFFECT(name, IS(snp->platform[which], rule, POLICY_DEFAULT))
GUEST_IS(guest_smt, SNP_GUEST_SMT, POLICY_FORBID)
GUEST_IS(guest_migrate, SNP_GUEST_MIGRATE_MA, POLICY_ANY)
GUEST_IS(guest_debug, SNP_GUEST_DEBUG, POLICY_ANY)
GUEST_IS(guest_single_socket, SNP_GUEST_SINGLE_SOCKET, POLICY_REQUIRE)
GUEST_IS(guest_cxl, SNP_GUEST_CXL, POLICY_FORBID)
GUEST_IS(guest_aes, SNP_GUEST_AES_XTS, POLICY_REQUIRE)
GUEST_IS(guest_rapl, SNP_GUEST_RAPL_DIS, POLICY_REQUIRE)
GUEST_IS(guest_ciphertext, SNP_GUEST_CIPHERTEXT_HIDING, POLICY_REQUIRE)
GUEST_IS(guest_page_swap, SNP_GUEST_PAGE_SWAP_DISABLE, POLICY_REQUIRE)
PLATFORM_IS(info_smt, SNP_PLATFORM_SMT, POLICY_FORBID)
PLATFORM_IS(info_tsme, SNP_PLATFORM_TSME, POLICY_REQUIRE)
PLATFORM_IS(info_ecc, SNP_PLATFORM_ECC, POLICY_REQUIRE)
PLATFORM_IS(info_rapl, SNP_PLATFORM_RAPL_DIS, POLICY_REQUIRE)
PLATFORM_IS(info_ciphertext, SNP_PLATFORM_CIPHERTEXT_HIDING, POLICY_REQUIRE)
PLATFORM_IS(info_alias, SNP_PLATFORM_ALIAS_CHECK, POLICY_ANY)
PLATFORM_IS(info_iommu, SNP_PLATFORM_IOMMU_WRITE_SAFE, POLICY_REQUIRE)
PLATFORM_IS(info_tio, SNP_PLATFORM_TIO, POLICY_FORBID)
EFFECT(info_unknown, IS(snp->platform_unknown, 0xfedcba9876543210, 0))
EFFECT(signer, IS(snp->signer, SNP_SIGNER_VLEK, SNP_SIGNER_ANY))
EFFECT(csp_ids, bool is = snp->csp_id_count == 2 && strcmp(snp->csp_ids[0], "one") == 0 &&
                          strcmp(snp->csp_ids[1], "another one") == 0;
       snp->csp_ids = NULL; snp->csp_id_count = 0; return is;)
EFFECT(masked_chip, IS(snp->allow_masked_chip_id, true, false))
EFFECT(chips, LIST_IS(snp->chips, snp->chip_count, 64))
EFFECT(missing_crl, IS(snp->allow_missing_crl, true, false))
EFFECT(crl_grace, IS(snp->crl_grace, 86400, 0))
EFFECT(floors, bool is = snp->own_floors && snp->floor_count == 0 && snp->floors == NULL;
       snp->own_floors = false; return is;)
EFFECT(reported_committed, IS(snp->require_reported_committed, true, false))
EFFECT(provisional, IS(snp->forbid_provisional, true, false))
EFFECT(firmware_min,
       bool is = snp->firmware_floor[0] == 1 && snp->firmware_floor[1] == 55 && snp->firmware_floor[2] == 255;
       memset(snp->firmware_floor, 0, sizeof snp->firmware_floor); return is;)
EFFECT(abi_min, bool is = snp->abi_floor[0] == 1 && snp->abi_floor[1] == 51;
       memset(snp->abi_floor, 0, sizeof snp->abi_floor); return is;)
EFFECT(mitigations, IS(snp->mitigations, 0x1f, 0))
EFFECT(guest_svn, IS(snp->guest_svn_floor, 4294967295, 0))
EFFECT(family_id, VALUE_IS(snp->family_id, 16))
EFFECT(image_id, VALUE_IS(snp->image_id, 16))
EFFECT(host_data, VALUE_IS(snp->host_data, 32))
EFFECT(id_keys, LIST_IS(snp->id_keys.items, snp->id_keys.count, 48))
EFFECT(author_keys, LIST_IS(snp->author_keys.items, snp->author_keys.count, 48))

/* The one record: all else in it is as print_sample has it. */
static bool is_floor(struct policy_document *d, const struct snp_floor *change, size_t at, size_t size)
{
    struct snp_policy *snp = &d->policy.snp;
    struct snp_floor wanted = {
        .model_last = 255, .stepping = SNP_STEPPING_ANY, .smt_off_suffices = true, .bulletin = "sample"};
    memcpy((uint8_t *)&wanted + at, (const uint8_t *)change + at, size);
    const struct snp_floor *f = snp->floors;
    bool is = snp->own_floors && snp->floor_count == 1 && f->family == wanted.family &&
              f->model_first == wanted.model_first && f->model_last == wanted.model_last &&
              f->stepping == wanted.stepping && f->component == wanted.component &&
              f->minimum == wanted.minimum && f->smt_off_suffices == wanted.smt_off_suffices &&
              strcmp(f->bulletin, wanted.bulletin) == 0;
    snp->floors = NULL;
    snp->floor_count = 0;
    snp->own_floors = false;
    return is;
}

#define FLOOR_IS(name, field, value)                                                                         \
    EFFECT(name, (void)p; const struct snp_floor change = {.field = (value)};                                \
           return is_floor(d, &change, offsetof(struct snp_floor, field), sizeof change.field);)
FLOOR_IS(floor_family, family, 0x19)
FLOOR_IS(floor_last, model_last, 0x1f)
FLOOR_IS(floor_stepping, stepping, 15)
FLOOR_IS(floor_component, component, SNP_MICROCODE)
FLOOR_IS(floor_minimum, minimum, 255)
FLOOR_IS(floor_smt, smt_off_suffices, false)
FLOOR_IS(floor_bulletin, bulletin, "AMD-SB-3019")
FLOOR_IS(floor_first, model_first, 16)

EFFECT(launches, return tdx->launch_count == 0 && tdx->launches == NULL;)
static bool is_launch(struct policy_document *d, int changed)
{
    struct tdx_policy *tdx = &d->policy.tdx;
    bool is = tdx->launch_count == 1 && tdx->launches[0].named == 0xf && tdx->launches[0].waived == 0 &&
              sample_is_filled(tdx->launches[0].mrtd, changed < 0 ? 0x33 : 0xab, 48);
    for (int i = 0; is && i < TDX_RTMR_COUNT; i++)
        is = sample_is_filled(tdx->launches[0].rtmr[i], changed == i ? 0x33 : 0xab, 48);
    tdx->launches = NULL;
    tdx->launch_count = 0;
    return is;
}
EFFECT(launch_mrtd, (void)p; return is_launch(d, -1);)
EFFECT(launch_rtmr0, (void)p; return is_launch(d, 0);)
EFFECT(launch_rtmr1, (void)p; return is_launch(d, 1);)
EFFECT(launch_rtmr2, (void)p; return is_launch(d, 2);)
EFFECT(launch_rtmr3, (void)p; return is_launch(d, 3);)
EFFECT(mrseam, LIST_IS(tdx->mrseam.values, tdx->mrseam.count, 48))
EFFECT(mrconfigid, LIST_IS(tdx->mrconfigid.values, tdx->mrconfigid.count, 48))
EFFECT(mrowner, LIST_IS(tdx->mrowner.values, tdx->mrowner.count, 48))
EFFECT(mrownerconfig, LIST_IS(tdx->mrownerconfig.values, tdx->mrownerconfig.count, 48))
EFFECT(mrservicetd, LIST_IS(tdx->mrservicetd.values, tdx->mrservicetd.count, 48))
EFFECT(ppids, LIST_IS(tdx->ppids, tdx->ppid_count, 16))
EFFECT(statuses, IS(tdx->statuses, 1U << TCB_OUT_OF_DATE | 1U << TCB_TD_RELAUNCH_ADVISED,
                    1U << TCB_UP_TO_DATE | 1U << TCB_SW_HARDENING_NEEDED))
EFFECT(advisories, bool is = tdx->advisory_count == 1 && strcmp(tdx->advisories[0], "INTEL-SA-00615") == 0;
       tdx->advisories = NULL; tdx->advisory_count = 0; return is;)
EFFECT(evaluation, IS(tdx->evaluation_number_min, 17, 0))
EFFECT(svn_min, bool is = sample_is_filled(tdx->tee_tcb_svn_min, 0x33, 16);
       memset(tdx->tee_tcb_svn_min, 0, sizeof tdx->tee_tcb_svn_min); return is;)
EFFECT(xfam, IS(tdx->xfam_forbidden, 1U << 8 | 1U << 15 | 3U << 17, 0))

/* required and forbidden, with this one bit changed from the default */
static bool is_attribute(struct tdx_policy *tdx, unsigned bit, bool required, bool forbidden)
{
    struct tdx_policy defaults;
    tdx_policy_default(&defaults);
    uint64_t wanted_required = (defaults.attributes_required & ~(1ULL << bit)) | (uint64_t)required << bit;
    uint64_t wanted_forbidden = (defaults.attributes_forbidden & ~(1ULL << bit)) | (uint64_t)forbidden << bit;
    bool is = tdx->attributes_required == wanted_required && tdx->attributes_forbidden == wanted_forbidden;
    tdx->attributes_required = defaults.attributes_required;
    tdx->attributes_forbidden = defaults.attributes_forbidden;
    return is;
}
#define ATTRIBUTE_IS(name, which, required, forbidden)                                                       \
    EFFECT(name, return is_attribute(tdx, which, required, forbidden);)
ATTRIBUTE_IS(td_debug, 0, false, false)
ATTRIBUTE_IS(td_lass, 27, true, false)
ATTRIBUTE_IS(td_sept, 28, false, true)
ATTRIBUTE_IS(td_migratable, 29, true, false)
ATTRIBUTE_IS(td_pks, 30, false, true)
ATTRIBUTE_IS(td_key_locker, 31, false, true)
ATTRIBUTE_IS(td_perfmon, 63, false, false)

#define GPU_NAMES(list)                                                                                      \
    bool is = (list).count == 2 && strcmp((list).names[0], "550.90.07") == 0 &&                              \
              strcmp((list).names[1], "570") == 0;                                                           \
    (list).names = NULL;                                                                                     \
    (list).count = 0;                                                                                        \
    return is;
#define GPU_NAME(field)                                                                                      \
    bool is = (field) != NULL && strcmp(field, "96.00.9F.00.01") == 0;                                       \
    (field) = NULL;                                                                                          \
    return is;
EFFECT(gpu_architecture, IS(p->gpu.architecture, NVGPU_BLACKWELL, NVGPU_ARCHITECTURE_ANY))
EFFECT(gpu_count, IS(p->gpu.gpu_count, 16, 0))
EFFECT(gpu_modes, IS(p->gpu.modes, 1U << NVGPU_PPCIE, 1U << NVGPU_SPT | 1U << NVGPU_MPT))
EFFECT(gpu_drivers, GPU_NAMES(p->gpu.drivers))
EFFECT(gpu_vbioses, GPU_NAMES(p->gpu.vbioses))
EFFECT(gpu_driver_min, GPU_NAME(p->gpu.driver_min))
EFFECT(gpu_vbios_min, GPU_NAME(p->gpu.vbios_min))
EFFECT(gpu_serials,
       bool is = p->gpu.serial_count == 2 && p->gpu.serials[0].len == 16 && p->gpu.serials[1].len == 1 &&
                 sample_is_filled(p->gpu.serials[0].ptr, 0x11, 16) && p->gpu.serials[1].ptr[0] == 0x22;
       p->gpu.serials = NULL; p->gpu.serial_count = 0; return is;)
EFFECT(gpu_fwid, IS(p->gpu.allow_missing_fwid, true, false))
EFFECT(gpu_ocsp, IS(p->gpu.allow_missing_ocsp, true, false))
EFFECT(gpu_hold, IS(p->gpu.allow_hold, true, false))
EFFECT(gpu_debug, IS(p->gpu.allow_debug, true, false))
EFFECT(gpu_rim, IS(p->gpu.rim_expired_grace, 86400, 0))
EFFECT(vtpm_pcrs, IS(p->vtpm.pcrs, 1U << 0 | 1U << 23, 0))
EFFECT(vtpm_log, IS(p->vtpm.require_event_log, true, false))
EFFECT(vtpm_outside, IS(p->vtpm.pcrs_outside_log, 1U << 15, 0))
EFFECT(vtpm_resets, bool is = p->vtpm.fixed_reset_count && p->vtpm.reset_count == 7;
       p->vtpm.fixed_reset_count = false; p->vtpm.reset_count = 0; return is;)
EFFECT(vtpm_restarts, IS(p->vtpm.restart_count_max, 3, 0))
EFFECT(vtpm_user_data, VALUE_IS(p->vtpm.user_data, 64))
EFFECT(vtpm_ak, IS(p->vtpm.require_ak_certificate, true, false))
#define SWITCH_IS(name, which, rule) EFFECT(name, IS(p->vtpm.switches[which], rule, POLICY_DEFAULT))
SWITCH_IS(switch_boot, HCL_SECURE_BOOT, POLICY_ANY)
SWITCH_IS(switch_tpm, HCL_TPM_ENABLED, POLICY_ANY)
SWITCH_IS(switch_console, HCL_CONSOLE_ENABLED, POLICY_ANY)
SWITCH_IS(switch_interactive, HCL_INTERACTIVE_CONSOLE_ENABLED, POLICY_REQUIRE)
SWITCH_IS(switch_ipmi, HCL_IPMI_ENABLED, POLICY_ANY)
SWITCH_IS(switch_persisted, HCL_TPM_PERSISTED, POLICY_FORBID)
SWITCH_IS(switch_filtered, HCL_FILTERED_DEVICES_ALLOWED, POLICY_FORBID)
#define PCR_IS(n) EFFECT(vtpm_pcr##n, LIST_IS(p->vtpm.references[n].values, p->vtpm.references[n].count, 32))
#define PCR_EFFECT(n)                                                                                        \
    {                                                                                                        \
        "vtpm.pcr_values.pcr" #n, TWO(B32), vtpm_pcr##n                                                      \
    }
PCR_IS(0)
PCR_IS(1)
PCR_IS(2)
PCR_IS(3)
PCR_IS(4)
PCR_IS(5)
PCR_IS(6)
PCR_IS(7)
PCR_IS(8)
PCR_IS(9)
PCR_IS(10)
PCR_IS(11)
PCR_IS(12)
PCR_IS(13)
PCR_IS(14)
PCR_IS(15)
PCR_IS(16)
PCR_IS(17)
PCR_IS(18)
PCR_IS(19)
PCR_IS(20)
PCR_IS(21)
PCR_IS(22)
PCR_IS(23)

/* In a value, HEX(n,m) is a text of n bytes of 0x11 and one of n bytes of 0x22, or one of 0x33. */

static char roots_value[SAMPLE_ROOTS * sizeof sample_root_text[0] + 16]; /* PEM would do as well */

static const struct effect {
    const char *path;
    const char *value;
    bool (*took)(struct policy_document *d); /* and puts the default back */
} effects[] = {
    {"version", "1", version},
    {"platforms", "[\"tdx\"]", platforms},
    {"models", TWO(B32), models},
    {"max_age", "604800", max_age},
    {"simulated_roots", roots_value, simulated_roots},
    {"snp.measurements", TWO(B48), measurements},
    {"snp.vmpl", "3", vmpl},
    {"snp.allow_milan", "true", allow_milan},
    {"snp.guest_policy.smt", "\"forbid\"", guest_smt},
    {"snp.guest_policy.migrate_ma", "\"any\"", guest_migrate},
    {"snp.guest_policy.debug", "\"any\"", guest_debug},
    {"snp.guest_policy.single_socket", "\"require\"", guest_single_socket},
    {"snp.guest_policy.cxl", "\"forbid\"", guest_cxl},
    {"snp.guest_policy.aes_256_xts", "\"require\"", guest_aes},
    {"snp.guest_policy.rapl_dis", "\"require\"", guest_rapl},
    {"snp.guest_policy.ciphertext_hiding", "\"require\"", guest_ciphertext},
    {"snp.guest_policy.page_swap_disable", "\"require\"", guest_page_swap},
    {"snp.platform_info.smt", "\"forbid\"", info_smt},
    {"snp.platform_info.tsme", "\"require\"", info_tsme},
    {"snp.platform_info.ecc", "\"require\"", info_ecc},
    {"snp.platform_info.rapl_dis", "\"require\"", info_rapl},
    {"snp.platform_info.ciphertext_hiding", "\"require\"", info_ciphertext},
    {"snp.platform_info.alias_check", "\"any\"", info_alias},
    {"snp.platform_info.iommu_write_safe", "\"require\"", info_iommu},
    {"snp.platform_info.tio", "\"forbid\"", info_tio},
    {"snp.platform_info_unknown", "\"0xFEdcba9876543210\"", info_unknown},
    {"snp.signer", "\"vlek\"", signer},
    {"snp.csp_ids", "[\"one\",\"another one\"]", csp_ids},
    {"snp.allow_masked_chip_id", "true", masked_chip},
    {"snp.chips", TWO(B64), chips},
    {"snp.allow_missing_crl", "true", missing_crl},
    {"snp.crl_grace", "86400", crl_grace},
    {"snp.tcb_floors", "[]", floors},
    {"snp.tcb_floors[0].family", "25", floor_family},
    {"snp.tcb_floors[0].model_first", "16", floor_first},
    {"snp.tcb_floors[0].model_last", "31", floor_last},
    {"snp.tcb_floors[0].stepping", "15", floor_stepping},
    {"snp.tcb_floors[0].component", "\"microcode\"", floor_component},
    {"snp.tcb_floors[0].minimum", "255", floor_minimum},
    {"snp.tcb_floors[0].smt_off_suffices", "false", floor_smt},
    {"snp.tcb_floors[0].bulletin", "\"AMD-SB-3019\"", floor_bulletin},
    {"snp.require_reported_committed", "true", reported_committed},
    {"snp.forbid_provisional", "true", provisional},
    {"snp.firmware_min", "\"1.55.255\"", firmware_min},
    {"snp.abi_min", "\"1.51\"", abi_min},
    {"snp.mitigations", "\"0x1f\"", mitigations},
    {"snp.guest_svn_min", "4294967295", guest_svn},
    {"snp.family_id", ONE(B16), family_id},
    {"snp.image_id", ONE(B16), image_id},
    {"snp.host_data", ONE(B32), host_data},
    {"snp.id_keys", TWO(B48), id_keys},
    {"snp.author_keys", TWO(B48), author_keys},
    {"tdx.launches", "[]", launches},
    {"tdx.launches[0].mrtd", ONE(B48), launch_mrtd},
    {"tdx.launches[0].rtmr0", ONE(B48), launch_rtmr0},
    {"tdx.launches[0].rtmr1", ONE(B48), launch_rtmr1},
    {"tdx.launches[0].rtmr2", ONE(B48), launch_rtmr2},
    {"tdx.launches[0].rtmr3", ONE(B48), launch_rtmr3},
    {"tdx.mrseam", TWO(B48), mrseam},
    {"tdx.mrconfigid", TWO(B48), mrconfigid},
    {"tdx.mrowner", TWO(B48), mrowner},
    {"tdx.mrownerconfig", TWO(B48), mrownerconfig},
    {"tdx.mrservicetd", TWO(B48), mrservicetd},
    {"tdx.ppids", TWO(B16), ppids},
    {"tdx.tcb_statuses", "[\"OutOfDate\",\"TDRelaunchAdvised\"]", statuses},
    {"tdx.advisories", "[\"INTEL-SA-00615\"]", advisories},
    {"tdx.evaluation_number_min", "17", evaluation},
    {"tdx.tee_tcb_svn_min", ONE(B16), svn_min},
    {"tdx.attributes.debug", "\"any\"", td_debug},
    {"tdx.attributes.lass", "\"require\"", td_lass},
    {"tdx.attributes.sept_ve_disable", "\"forbid\"", td_sept},
    {"tdx.attributes.migratable", "\"require\"", td_migratable},
    {"tdx.attributes.pks", "\"forbid\"", td_pks},
    {"tdx.attributes.key_locker", "\"forbid\"", td_key_locker},
    {"tdx.attributes.perfmon", "\"any\"", td_perfmon},
    {"gpu.architecture", "\"blackwell\"", gpu_architecture},
    {"gpu.count", "16", gpu_count},
    {"gpu.modes", "[\"ppcie\"]", gpu_modes},
    {"gpu.drivers", "[\"550.90.07\",\"570\"]", gpu_drivers},
    {"gpu.vbioses", "[\"550.90.07\",\"570\"]", gpu_vbioses},
    {"gpu.driver_min", "\"96.00.9F.00.01\"", gpu_driver_min},
    {"gpu.vbios_min", "\"96.00.9F.00.01\"", gpu_vbios_min},
    {"gpu.serials", "[\"" B16("11") "\",\"22\"]", gpu_serials},
    {"gpu.allow_missing_fwid", "true", gpu_fwid},
    {"gpu.allow_missing_ocsp", "true", gpu_ocsp},
    {"gpu.allow_hold", "true", gpu_hold},
    {"gpu.allow_debug", "true", gpu_debug},
    {"gpu.rim_expired_grace", "86400", gpu_rim},
    {"vtpm.pcrs", "[\"pcr23\",\"pcr0\"]", vtpm_pcrs},
    {"vtpm.require_event_log", "true", vtpm_log},
    {"vtpm.pcrs_outside_log", "[\"pcr15\"]", vtpm_outside},
    {"vtpm.reset_count", "7", vtpm_resets},
    {"vtpm.restart_count_max", "3", vtpm_restarts},
    {"vtpm.user_data", ONE(B64), vtpm_user_data},
    {"vtpm.require_ak_certificate", "true", vtpm_ak},
    {"vtpm.switches.secure_boot", "\"any\"", switch_boot},
    {"vtpm.switches.tpm_enabled", "\"any\"", switch_tpm},
    {"vtpm.switches.console_enabled", "\"any\"", switch_console},
    {"vtpm.switches.interactive_console_enabled", "\"require\"", switch_interactive},
    {"vtpm.switches.ipmi_enabled", "\"any\"", switch_ipmi},
    {"vtpm.switches.tpm_persisted", "\"forbid\"", switch_persisted},
    {"vtpm.switches.filtered_devices_allowed", "\"forbid\"", switch_filtered},
    PCR_EFFECT(0),
    PCR_EFFECT(1),
    PCR_EFFECT(2),
    PCR_EFFECT(3),
    PCR_EFFECT(4),
    PCR_EFFECT(5),
    PCR_EFFECT(6),
    PCR_EFFECT(7),
    PCR_EFFECT(8),
    PCR_EFFECT(9),
    PCR_EFFECT(10),
    PCR_EFFECT(11),
    PCR_EFFECT(12),
    PCR_EFFECT(13),
    PCR_EFFECT(14),
    PCR_EFFECT(15),
    PCR_EFFECT(16),
    PCR_EFFECT(17),
    PCR_EFFECT(18),
    PCR_EFFECT(19),
    PCR_EFFECT(20),
    PCR_EFFECT(21),
    PCR_EFFECT(22),
    PCR_EFFECT(23),
    {"tdx.xfam_forbidden", "[\"pt\",\"lbr\",\"amx_tilecfg\",\"amx_tiledata\"]", xfam},
};

static const struct effect *effect_of(const char *path)
{
    for (size_t i = 0; i < test_count(effects); i++)
        if (strcmp(effects[i].path, path) == 0)
            return &effects[i];
    return NULL;
}

static bool is_default(const struct policy_document *doc)
{
    struct attest_policy defaults;
    attest_policy_default(&defaults);
    return doc->max_age == 0 &&
           bytes_equal(bytes_of(&doc->policy, sizeof defaults), bytes_of(&defaults, sizeof defaults));
}

/* Written with its defaults, and parsed again, it is the same policy and the same text. */
static void expect_round_trip(const struct policy_document *doc, const struct effect *effect)
{
    char *text;
    char *again_text;
    struct policy_document *copy;
    struct err_note note;
    assert_ok(policy_document_write(&doc->policy, doc->max_age, POLICY_CANONICAL, &text, &note));
    struct policy_document *again = sample_parse(bytes_str(text));
    if (!effect->took(again))
        fail_msg("%s is written in another place: %s", effect->path, text);
    policy_document_release(again);

    assert_ok(policy_document_copy(doc, &copy, &note));
    assert_ok(policy_document_write(&copy->policy, copy->max_age, POLICY_CANONICAL, &again_text, &note));
    assert_string_equal(text, again_text);
    secret_free(again_text);
    policy_document_release(copy);

    assert_ok(policy_document_write(&doc->policy, doc->max_age, POLICY_INDENTED, &again_text, &note));
    again = sample_parse(bytes_str(again_text));
    secret_free(again_text);
    assert_ok(policy_document_write(&again->policy, again->max_age, POLICY_CANONICAL, &again_text, &note));
    assert_string_equal(text, again_text);
    policy_document_release(again);
    secret_free(again_text);
    secret_free(text);
}

/* One is for machines, and is what a digest is made of; the other for people. */
static void the_forms_differ_in_white_space(void **state)
{
    (void)state;
    struct attest_policy policy;
    struct err_note note;
    char *canonical;
    char *indented;
    attest_policy_default(&policy);
    assert_ok(policy_document_write(&policy, 0, POLICY_CANONICAL, &canonical, &note));
    assert_ok(policy_document_write(&policy, 0, POLICY_INDENTED, &indented, &note));
    assert_memory_equal(canonical, "{\"gpu\":{", 8);
    assert_memory_equal(indented, "{\n  \"", 5);
    secret_free(canonical);
    secret_free(indented);
}

static size_t seen_effects;

static void expect_effect(const struct sample_place *p)
{
    char path[SAMPLE_PATH_SIZE];
    const struct effect *effect = effect_of(sample_path(p, path));
    if (effect == NULL)
        fail_msg("no test says what %s does", path);
    seen_effects++;
    struct policy_document *doc = sample_parse(sample_document(p, effect->value));
    expect_round_trip(doc, effect);
    if (!effect->took(doc))
        fail_msg("%s does not take effect", path);
    if (!is_default(doc))
        fail_msg("%s changes something else", path);
    policy_document_release(doc);
}

static void every_member_takes_effect_and_nothing_else(void **state)
{
    (void)state;
    sample_each_member(false, expect_effect);
    assert_int_equal(seen_effects, test_count(effects));
}

static void nothing_said_is_the_default(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"version\":1}", " {\n \"version\" : 1 , \"snp\":{}, \"tdx\":{\"attributes\":{}}}\n",
        "{\"version\":1,\"snp\":{\"tcb_floors\":\"shipped\",\"host_data\":\"any\",\"measurements\":[]}}",
        "{\"snp\":{\"vmpl\":0},\"version\":1}"};
    for (size_t i = 0; i < test_count(texts); i++) {
        struct policy_document *doc = sample_parse(bytes_str(texts[i]));
        assert_true(is_default(doc));
        policy_document_release(doc);
    }
}

static int make(void **state)
{
    if (sample_make(state) != 0)
        return -1;
    (void)snprintf(roots_value, sizeof roots_value, "[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]",
                   sample_root_text[0], sample_root_text[1], sample_root_text[2], sample_root_text[3],
                   sample_root_text[4]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_forms_differ_in_white_space),
        cmocka_unit_test(every_member_takes_effect_and_nothing_else),
        cmocka_unit_test(nothing_said_is_the_default),
    };
    return cmocka_run_group_tests(tests, make, sample_drop);
}
