/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/policy_members.h"

#include <stddef.h>

#include "attest/snp.h"
#include "attest/tdx_claims.h"
#include "attest/vcek.h"
#include "attest/verdict.h"

#define DOCUMENT(field) offsetof(struct policy_document, field)
#define SIZE(field)     sizeof(((struct policy_document *)0)->field)

/* Rows that read alike; what else they need follows the name. clang-format would give each a screen of its own. */
/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): a member cannot stand in parentheses */
#define OBJECT(name, table)          {.key = name, .kind = MEMBER_OBJECT, .members = (table)}
#define BOOL(name, field)            {.key = name, .kind = MEMBER_BOOL, .at = DOCUMENT(field)}
#define NUMBER(name, field, a, b)    {.key = name, .kind = MEMBER_NUMBER, .at = DOCUMENT(field), .size = SIZE(field), .min = (a), .max = (b)}
#define MASK(name, field)            {.key = name, .kind = MEMBER_MASK, .at = DOCUMENT(field)}
#define DOTTED(name, field)          {.key = name, .kind = MEMBER_DOTTED, .at = DOCUMENT(field), .size = SIZE(field)}
#define WORDS(name, field, list, a)  {.key = name, .kind = MEMBER_WORDS, .at = DOCUMENT(field), .size = SIZE(field), .min = (a), .words = (list)}
#define BYTES(name, field)           {.key = name, .kind = MEMBER_BYTES, .at = DOCUMENT(field), .size = SIZE(field)}
#define VALUE(name, field, length)   {.key = name, .kind = MEMBER_VALUE, .at = DOCUMENT(field), .size = (length)}
#define VALUES(name, list, n, b)     {.key = name, .kind = MEMBER_VALUES, .at = DOCUMENT(list), .beside = DOCUMENT(n), .size = SIZE(list[0]), .max = (b)}
#define TEXTS(name, list, n, a, b)   {.key = name, .kind = MEMBER_TEXTS, .at = DOCUMENT(list), .beside = DOCUMENT(n), .size = (a), .max = (b)}
#define GUEST(name, which)           {.key = name, .kind = MEMBER_RULE, .at = DOCUMENT(policy.snp.guest[which]), .bit = (which), .otherwise = snp_guest_default}
#define PLATFORM(name, which)        {.key = name, .kind = MEMBER_RULE, .at = DOCUMENT(policy.snp.platform[which]), .bit = (which), .otherwise = snp_platform_default}
#define ATTRIBUTE(name, which)       {.key = name, .kind = MEMBER_BIT_RULE, .at = DOCUMENT(policy.tdx.attributes_required), .beside = DOCUMENT(policy.tdx.attributes_forbidden), .bit = (which)}
#define REGISTERS(name, list)        VALUES(name, policy.tdx.list.values, policy.tdx.list.count, ATTEST_REFERENCES_MAX)
#define REGISTER(name, which)        {.key = name, .kind = MEMBER_REGISTER, .required = true, .size = TDX_REGISTER_SIZE, .bit = (which)}
#define FLOOR(name, field, k, ...)   {.key = name, .kind = (k), .required = true, .at = offsetof(struct snp_floor, field), .size = sizeof(((struct snp_floor *)0)->field), __VA_ARGS__}
#define TEXT(name, field, length)    {.key = name, .kind = MEMBER_TEXT_OR_ANY, .at = DOCUMENT(field), .size = (length)}
#define PCR(name, which)             VALUES(name, policy.vtpm.references[which].values, policy.vtpm.references[which].count, ATTEST_REFERENCES_MAX)
#define SWITCH(name, which)          {.key = name, .kind = MEMBER_RULE, .at = DOCUMENT(policy.vtpm.switches[which]), .bit = (which), .otherwise = vtpm_switch_default}
/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

enum { TEXT_SIZE = 64, PROVIDERS_MAX = 64, ADVISORIES_MAX = 256, FLOORS_MAX = 256, GRACE_MAX = 366 * 86400 };

const struct policy_word policy_rule_words[] = {
    {"any", POLICY_ANY}, {"require", POLICY_REQUIRE}, {"forbid", POLICY_FORBID}, {NULL, 0}};

/* ---- SEV-SNP ---- */

static const struct policy_member guest_policy[] = {
    GUEST("smt", SNP_GUEST_SMT),
    GUEST("migrate_ma", SNP_GUEST_MIGRATE_MA),
    GUEST("debug", SNP_GUEST_DEBUG),
    GUEST("single_socket", SNP_GUEST_SINGLE_SOCKET),
    GUEST("cxl", SNP_GUEST_CXL),
    GUEST("aes_256_xts", SNP_GUEST_AES_XTS),
    GUEST("rapl_dis", SNP_GUEST_RAPL_DIS),
    GUEST("ciphertext_hiding", SNP_GUEST_CIPHERTEXT_HIDING),
    GUEST("page_swap_disable", SNP_GUEST_PAGE_SWAP_DISABLE),
    {0},
};

static const struct policy_member platform_info[] = {
    PLATFORM("smt", SNP_PLATFORM_SMT),
    PLATFORM("tsme", SNP_PLATFORM_TSME),
    PLATFORM("ecc", SNP_PLATFORM_ECC),
    PLATFORM("rapl_dis", SNP_PLATFORM_RAPL_DIS),
    PLATFORM("ciphertext_hiding", SNP_PLATFORM_CIPHERTEXT_HIDING),
    PLATFORM("alias_check", SNP_PLATFORM_ALIAS_CHECK),
    PLATFORM("iommu_write_safe", SNP_PLATFORM_IOMMU_WRITE_SAFE),
    PLATFORM("tio", SNP_PLATFORM_TIO),
    {0},
};

static const struct policy_word signers[] = {
    {"any", SNP_SIGNER_ANY}, {"vcek", SNP_SIGNER_VCEK}, {"vlek", SNP_SIGNER_VLEK}, {NULL, 0}};

static const struct policy_word components[] = {
    {"fmc", SNP_FMC},      {"bootloader", SNP_BOOTLOADER}, {"tee", SNP_TEE},
    {"snp", SNP_FIRMWARE}, {"microcode", SNP_MICROCODE},   {NULL, 0}};

static const struct policy_member floor_members[] = {
    FLOOR("family", family, MEMBER_NUMBER, .max = UINT8_MAX),
    FLOOR("model_first", model_first, MEMBER_NUMBER, .max = UINT8_MAX),
    FLOOR("model_last", model_last, MEMBER_NUMBER, .max = UINT8_MAX),
    FLOOR("stepping", stepping, MEMBER_NUMBER_OR_ANY, .max = 15, .any = SNP_STEPPING_ANY),
    FLOOR("component", component, MEMBER_WORD, .words = components),
    FLOOR("minimum", minimum, MEMBER_NUMBER, .max = UINT8_MAX),
    FLOOR("smt_off_suffices", smt_off_suffices, MEMBER_BOOL),
    {.key = "bulletin",
     .kind = MEMBER_TEXT,
     .required = true,
     .at = offsetof(struct snp_floor, bulletin),
     .size = TEXT_SIZE},
    {0},
};

static const char *floor_problem(const void *record)
{
    const struct snp_floor *f = record;
    return f->model_first > f->model_last ? "model_first is above model_last, so that it is for no chip"
                                          : NULL;
}

static const struct policy_member snp[] = {
    VALUES("measurements", policy.measurements, policy.measurement_count, ATTEST_REFERENCES_MAX),
    NUMBER("vmpl", policy.vmpl, 0, 3),
    BOOL("allow_milan", policy.allow_milan),
    OBJECT("guest_policy", guest_policy),
    OBJECT("platform_info", platform_info),
    MASK("platform_info_unknown", policy.snp.platform_unknown),
    {.key = "signer",
     .kind = MEMBER_WORD,
     .at = DOCUMENT(policy.snp.signer),
     .size = SIZE(policy.snp.signer),
     .words = signers},
    TEXTS("csp_ids", policy.snp.csp_ids, policy.snp.csp_id_count, VCEK_CSP_ID_MAX, PROVIDERS_MAX),
    BOOL("allow_masked_chip_id", policy.snp.allow_masked_chip_id),
    VALUES("chips", policy.snp.chips, policy.snp.chip_count, POLICY_INVENTORY_MAX),
    BOOL("allow_missing_crl", policy.snp.allow_missing_crl),
    NUMBER("crl_grace", policy.snp.crl_grace, 0, GRACE_MAX),
    {.key = "tcb_floors",
     .kind = MEMBER_RECORDS,
     .at = DOCUMENT(policy.snp.floors),
     .beside = DOCUMENT(policy.snp.floor_count),
     .mark = DOCUMENT(policy.snp.own_floors),
     .size = sizeof(struct snp_floor),
     .max = FLOORS_MAX,
     .members = floor_members,
     .problem = floor_problem},
    BOOL("require_reported_committed", policy.snp.require_reported_committed),
    BOOL("forbid_provisional", policy.snp.forbid_provisional),
    DOTTED("firmware_min", policy.snp.firmware_floor),
    DOTTED("abi_min", policy.snp.abi_floor),
    MASK("mitigations", policy.snp.mitigations),
    NUMBER("guest_svn_min", policy.snp.guest_svn_floor, 0, UINT32_MAX),
    VALUE("family_id", policy.snp.family_id, 16),
    VALUE("image_id", policy.snp.image_id, 16),
    VALUE("host_data", policy.snp.host_data, 32),
    VALUES("id_keys", policy.snp.id_keys.items, policy.snp.id_keys.count, ATTEST_REFERENCES_MAX),
    VALUES("author_keys", policy.snp.author_keys.items, policy.snp.author_keys.count, ATTEST_REFERENCES_MAX),
    {0},
};

/* ---- TDX ---- */

static const struct policy_member launch_members[] = {
    {.key = "mrtd",
     .kind = MEMBER_BYTES,
     .required = true,
     .at = offsetof(struct tdx_launch, mrtd),
     .size = TDX_REGISTER_SIZE},
    REGISTER("rtmr0", 0),
    REGISTER("rtmr1", 1),
    REGISTER("rtmr2", 2),
    REGISTER("rtmr3", 3),
    {0},
};

/* A register that is neither named nor waived refuses every TD, so that a document, in which all must be said, loses nothing without such a launch. */
static bool is_whole_launch(const void *record)
{
    const struct tdx_launch *launch = record;
    return (launch->named | launch->waived) == (1U << TDX_RTMR_COUNT) - 1;
}

/* As Intel's documents name them, and the two that are found when a TD was not launched anew (tcb_status.h). */
static const struct policy_word statuses[] = {
    {"UpToDate", TCB_UP_TO_DATE},
    {"SWHardeningNeeded", TCB_SW_HARDENING_NEEDED},
    {"ConfigurationNeeded", TCB_CONFIGURATION_NEEDED},
    {"ConfigurationAndSWHardeningNeeded", TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED},
    {"OutOfDate", TCB_OUT_OF_DATE},
    {"OutOfDateConfigurationNeeded", TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
    {"Revoked", TCB_REVOKED},
    {"TDRelaunchAdvised", TCB_TD_RELAUNCH_ADVISED},
    {"TDRelaunchAdvisedConfigurationNeeded", TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED},
    {NULL, 0},
};

static const struct policy_member attributes[] = {
    ATTRIBUTE("debug", TDX_DEBUG),
    ATTRIBUTE("lass", TDX_LASS),
    ATTRIBUTE("sept_ve_disable", TDX_SEPT_VE_DISABLE),
    ATTRIBUTE("migratable", TDX_MIGRATABLE),
    ATTRIBUTE("pks", TDX_PKS),
    ATTRIBUTE("key_locker", TDX_KEY_LOCKER),
    ATTRIBUTE("perfmon", TDX_PERFMON),
    {0},
};

/* State components of XCR0 and IA32_XSS that a TD can have or not (Intel SDM volume 1, section 13.1; tdx_state.c has their mask). */
static const struct policy_word features[] = {
    {"avx", 2},    {"avx512_opmask", 5}, {"avx512_zmm_hi256", 6}, {"avx512_hi16_zmm", 7},
    {"pt", 8},     {"pku", 9},           {"cet_u", 11},           {"cet_s", 12},
    {"uintr", 14}, {"lbr", 15},          {"amx_tilecfg", 17},     {"amx_tiledata", 18},
    {NULL, 0},
};

static const struct policy_member tdx[] = {
    {.key = "launches",
     .kind = MEMBER_RECORDS,
     .at = DOCUMENT(policy.tdx.launches),
     .beside = DOCUMENT(policy.tdx.launch_count),
     .size = sizeof(struct tdx_launch),
     .max = TDX_LAUNCHES_MAX,
     .members = launch_members,
     .counts = is_whole_launch},
    REGISTERS("mrseam", mrseam),
    REGISTERS("mrconfigid", mrconfigid),
    REGISTERS("mrowner", mrowner),
    REGISTERS("mrownerconfig", mrownerconfig),
    REGISTERS("mrservicetd", mrservicetd),
    VALUES("ppids", policy.tdx.ppids, policy.tdx.ppid_count, POLICY_INVENTORY_MAX),
    WORDS("tcb_statuses", policy.tdx.statuses, statuses, 0),
    TEXTS("advisories", policy.tdx.advisories, policy.tdx.advisory_count, TDX_ADVISORY_SIZE - 1,
          ADVISORIES_MAX),
    NUMBER("evaluation_number_min", policy.tdx.evaluation_number_min, 0, UINT32_MAX),
    BYTES("tee_tcb_svn_min", policy.tdx.tee_tcb_svn_min),
    OBJECT("attributes", attributes),
    WORDS("xfam_forbidden", policy.tdx.xfam_forbidden, features, 0),
    {0},
};

/* ---- NVIDIA GPUs ---- */

enum { VERSION_SIZE = 32, VERSIONS_MAX = 64, SERIAL_SIZE = 20, GPUS_MAX = 16 };

static const struct policy_word architectures[] = {
    {"any", NVGPU_ARCHITECTURE_ANY}, {"hopper", NVGPU_HOPPER}, {"blackwell", NVGPU_BLACKWELL}, {NULL, 0}};
static const struct policy_word modes[] = {
    {"spt", NVGPU_SPT}, {"mpt", NVGPU_MPT}, {"ppcie", NVGPU_PPCIE}, {NULL, 0}};

static const struct policy_member gpu[] = {
    {.key = "architecture",
     .kind = MEMBER_WORD,
     .at = DOCUMENT(policy.gpu.architecture),
     .size = SIZE(policy.gpu.architecture),
     .words = architectures},
    NUMBER("count", policy.gpu.gpu_count, 0, GPUS_MAX),
    WORDS("modes", policy.gpu.modes, modes, 0),
    TEXTS("drivers", policy.gpu.drivers.names, policy.gpu.drivers.count, VERSION_SIZE, VERSIONS_MAX),
    TEXTS("vbioses", policy.gpu.vbioses.names, policy.gpu.vbioses.count, VERSION_SIZE, VERSIONS_MAX),
    TEXT("driver_min", policy.gpu.driver_min, VERSION_SIZE),
    TEXT("vbios_min", policy.gpu.vbios_min, VERSION_SIZE),
    {.key = "serials",
     .kind = MEMBER_OCTETS,
     .at = DOCUMENT(policy.gpu.serials),
     .beside = DOCUMENT(policy.gpu.serial_count),
     .size = SERIAL_SIZE,
     .max = POLICY_INVENTORY_MAX},
    BOOL("allow_missing_fwid", policy.gpu.allow_missing_fwid),
    BOOL("allow_missing_ocsp", policy.gpu.allow_missing_ocsp),
    BOOL("allow_hold", policy.gpu.allow_hold),
    BOOL("allow_debug", policy.gpu.allow_debug),
    NUMBER("rim_expired_grace", policy.gpu.rim_expired_grace, 0, GRACE_MAX),
    {0},
};

/* ---- virtual TPMs ---- */

static const struct policy_word pcrs[] = {
    {"pcr0", 0},   {"pcr1", 1},   {"pcr2", 2},   {"pcr3", 3},   {"pcr4", 4},   {"pcr5", 5},   {"pcr6", 6},
    {"pcr7", 7},   {"pcr8", 8},   {"pcr9", 9},   {"pcr10", 10}, {"pcr11", 11}, {"pcr12", 12}, {"pcr13", 13},
    {"pcr14", 14}, {"pcr15", 15}, {"pcr16", 16}, {"pcr17", 17}, {"pcr18", 18}, {"pcr19", 19}, {"pcr20", 20},
    {"pcr21", 21}, {"pcr22", 22}, {"pcr23", 23}, {NULL, 0},
};

static const struct policy_member pcr_values[] = {
    PCR("pcr0", 0),   PCR("pcr1", 1),   PCR("pcr2", 2),   PCR("pcr3", 3),   PCR("pcr4", 4),
    PCR("pcr5", 5),   PCR("pcr6", 6),   PCR("pcr7", 7),   PCR("pcr8", 8),   PCR("pcr9", 9),
    PCR("pcr10", 10), PCR("pcr11", 11), PCR("pcr12", 12), PCR("pcr13", 13), PCR("pcr14", 14),
    PCR("pcr15", 15), PCR("pcr16", 16), PCR("pcr17", 17), PCR("pcr18", 18), PCR("pcr19", 19),
    PCR("pcr20", 20), PCR("pcr21", 21), PCR("pcr22", 22), PCR("pcr23", 23), {0},
};

static const struct policy_member switches[] = {
    SWITCH("secure_boot", HCL_SECURE_BOOT),
    SWITCH("tpm_enabled", HCL_TPM_ENABLED),
    SWITCH("console_enabled", HCL_CONSOLE_ENABLED),
    SWITCH("interactive_console_enabled", HCL_INTERACTIVE_CONSOLE_ENABLED),
    SWITCH("ipmi_enabled", HCL_IPMI_ENABLED),
    SWITCH("tpm_persisted", HCL_TPM_PERSISTED),
    SWITCH("filtered_devices_allowed", HCL_FILTERED_DEVICES_ALLOWED),
    {0},
};

static const struct policy_member vtpm[] = {
    WORDS("pcrs", policy.vtpm.pcrs, pcrs, 0),
    OBJECT("pcr_values", pcr_values),
    BOOL("require_event_log", policy.vtpm.require_event_log),
    WORDS("pcrs_outside_log", policy.vtpm.pcrs_outside_log, pcrs, 0),
    {.key = "reset_count",
     .kind = MEMBER_NUMBER_IF,
     .at = DOCUMENT(policy.vtpm.reset_count),
     .mark = DOCUMENT(policy.vtpm.fixed_reset_count),
     .size = SIZE(policy.vtpm.reset_count),
     .max = UINT32_MAX},
    NUMBER("restart_count_max", policy.vtpm.restart_count_max, 0, UINT32_MAX),
    OBJECT("switches", switches),
    VALUE("user_data", policy.vtpm.user_data, HCL_USER_DATA_SIZE),
    BOOL("require_ak_certificate", policy.vtpm.require_ak_certificate),
    {0},
};

/* ---- the whole ---- */

static const struct policy_word platforms[] = {
    {"sev-snp", VERDICT_PLATFORM_SNP}, {"tdx", VERDICT_PLATFORM_TDX}, {NULL, 0}};

const size_t policy_roots[] = {offsetof(struct attest_policy, simulated_root),
                               offsetof(struct attest_policy, tdx.simulated_root),
                               offsetof(struct attest_policy, gpu.simulated_device_root),
                               offsetof(struct attest_policy, gpu.simulated_rim_root),
                               offsetof(struct attest_policy, vtpm.simulated_ak_root)};
const size_t policy_root_count = sizeof policy_roots / sizeof *policy_roots;

const struct policy_member policy_members[] = {
    {.key = "version", .kind = MEMBER_VERSION, .required = true},
    WORDS("platforms", policy.platforms, platforms, 1),
    VALUES("models", policy.models, policy.model_count, POLICY_MODELS_MAX),
    NUMBER("max_age", max_age, 1, POLICY_AGE_MAX),
    {.key = "simulated_roots", .kind = MEMBER_ROOTS},
    OBJECT("snp", snp),
    OBJECT("tdx", tdx),
    OBJECT("gpu", gpu),
    OBJECT("vtpm", vtpm),
    {0},
};
