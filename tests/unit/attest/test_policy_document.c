/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as documents: every member takes effect, in its own place and nowhere else; whatever is wrong with one is refused with its path. */
#include "attest/policy_document.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/policy_members.h"
#include "attest/vcek.h"
#include "attest/verdict.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

enum { DEPTH_MAX = 5, PATH_SIZE = 128, VALUE_SIZE = 256 };

static struct synthetic_tdx_keys keys;
enum { ROOTS = 5 };

static uint8_t roots[ROOTS][SYNTHETIC_TDX_CERT_MAX]; /* Intel's name, AMD's, NVIDIA's two, Microsoft's */
static size_t root_len[ROOTS];
static char root_text[ROOTS][ENCODING_BASE64_SIZE(SYNTHETIC_TDX_CERT_MAX)];

/* ---- documents ---- */

static char *text_made; /* by the last print */
static size_t text_len;

static FILE *text_open(void)
{
    free(text_made);
    text_made = NULL;
    FILE *out = open_memstream(&text_made, &text_len);
    assert_non_null(out);
    return out;
}

static void print_hex(FILE *out, unsigned byte, size_t size)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < size; i++)
        (void)fprintf(out, "%02x", byte);
    (void)fputc('"', out);
}

static void print_record(FILE *out, const struct policy_member *table, const struct policy_member *but,
                         const char *value);

/* A value that is good for the member. */
static void print_sample(FILE *out, const struct policy_member *m)
{
    switch (m->kind) {
    case MEMBER_BOOL:
        (void)fputs("true", out);
        break;
    case MEMBER_NUMBER:
        (void)fprintf(out, "%llu", (unsigned long long)(strcmp(m->key, "model_last") == 0 ? m->max : m->min));
        break;
    case MEMBER_NUMBER_OR_ANY:
        (void)fputs("\"any\"", out);
        break;
    case MEMBER_WORD:
        (void)fprintf(out, "\"%s\"", m->words[0].text);
        break;
    case MEMBER_TEXT:
        (void)fputs("\"sample\"", out);
        break;
    case MEMBER_BYTES:
    case MEMBER_REGISTER:
        print_hex(out, 0xab, m->size);
        break;
    case MEMBER_RECORDS:
        (void)fputc('[', out);
        print_record(out, m->members, NULL, "null");
        (void)fputc(']', out);
        break;
    default:
        fail_msg("no sample for a member of the kind of %s", m->key);
    }
}

/* An object with all members of the table, one of them with this value. */
static void print_record(FILE *out, const struct policy_member *table, const struct policy_member *but,
                         const char *value)
{
    (void)fputc('{', out);
    for (const struct policy_member *m = table; m->key != NULL; m++) {
        (void)fprintf(out, "%s\"%s\":", m == table ? "" : ",", m->key);
        if (m == but)
            (void)fputs(value, out);
        else
            print_sample(out, m);
    }
    (void)fputc('}', out);
}

struct place {
    const struct policy_member *rows[DEPTH_MAX];
    size_t depth;
};

static const char *path_of(const struct place *p, char out[static PATH_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < p->depth; i++)
        used += (size_t)snprintf(out + used, PATH_SIZE - used, "%s%s%s", i == 0 ? "" : ".", p->rows[i]->key,
                                 i + 1 < p->depth && p->rows[i]->kind == MEMBER_RECORDS ? "[0]" : "");
    return out;
}

/* The smallest document with this value in this place. */
static struct bytes document(const struct place *p, const char *value)
{
    FILE *out = text_open();
    size_t objects = 0;
    bool in_record = false;
    if (p->rows[0]->kind == MEMBER_VERSION) {
        (void)fprintf(out, "{\"version\":%s}", value);
        assert_int_equal(fclose(out), 0);
        return bytes_of(text_made, text_len);
    }
    (void)fputs("{\"version\":1,", out);
    for (size_t i = 0; i < p->depth && !in_record; i++) {
        const struct policy_member *m = p->rows[i];
        (void)fprintf(out, "\"%s\":", m->key);
        if (i + 1 == p->depth) {
            (void)fputs(value, out);
        } else if (m->kind == MEMBER_RECORDS) {
            (void)fputc('[', out);
            print_record(out, m->members, p->rows[i + 1], value);
            (void)fputc(']', out);
            in_record = true;
        } else {
            (void)fputc('{', out);
            objects++;
        }
    }
    for (size_t i = 0; i <= objects; i++)
        (void)fputc('}', out);
    assert_int_equal(fclose(out), 0);
    return bytes_of(text_made, text_len);
}

/* ---- every row ---- */

typedef void visit_function(const struct place *p);

static void walk(const struct policy_member *table, struct place *p, bool objects, visit_function *visit)
{
    assert_true(p->depth < DEPTH_MAX);
    for (const struct policy_member *m = table; m->key != NULL; m++) {
        p->rows[p->depth++] = m;
        if (objects || m->kind != MEMBER_OBJECT)
            visit(p);
        if (m->members != NULL)
            walk(m->members, p, objects, visit);
        p->depth--;
    }
}

static void for_each_member(bool objects, visit_function *visit)
{
    struct place p = {.depth = 0};
    walk(policy_members, &p, objects, visit);
}

/* ---- what each member does ---- */

static bool is_filled(const uint8_t *value, unsigned byte, size_t size)
{
    for (size_t i = 0; value != NULL && i < size; i++)
        if (value[i] != byte)
            return false;
    return value != NULL;
}

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
    bool is = (n) == 2 && is_filled((list)[0], 0x11, size) && is_filled((list)[1], 0x22, size);              \
    (list) = NULL;                                                                                           \
    (n) = 0;                                                                                                 \
    return is;
#define VALUE_IS(value, size)                                                                                \
    bool is = is_filled(value, 0x33, size);                                                                  \
    (value) = NULL;                                                                                          \
    return is;

EFFECT(version, return p->measurement_count == 0;)
EFFECT(platforms, IS(p->platforms, 1U << VERDICT_PLATFORM_TDX, 0))
EFFECT(models, LIST_IS(p->models, p->model_count, 32))
EFFECT(max_age, IS(d->max_age, 604800, 0))
EFFECT(simulated_roots,
       bool is = bytes_equal(p->simulated_root, bytes_of(roots[1], root_len[1])) &&
                 bytes_equal(tdx->simulated_root, bytes_of(roots[0], root_len[0])) &&
                 bytes_equal(p->gpu.simulated_device_root, bytes_of(roots[2], root_len[2])) &&
                 bytes_equal(p->gpu.simulated_rim_root, bytes_of(roots[3], root_len[3])) &&
                 bytes_equal(p->vtpm.simulated_ak_root, bytes_of(roots[4], root_len[4]));
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
              is_filled(tdx->launches[0].mrtd, changed < 0 ? 0x33 : 0xab, 48);
    for (int i = 0; is && i < TDX_RTMR_COUNT; i++)
        is = is_filled(tdx->launches[0].rtmr[i], changed == i ? 0x33 : 0xab, 48);
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
EFFECT(svn_min, bool is = is_filled(tdx->tee_tcb_svn_min, 0x33, 16);
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
EFFECT(gpu_serials, bool is = p->gpu.serial_count == 2 && p->gpu.serials[0].len == 16 &&
                              p->gpu.serials[1].len == 1 && is_filled(p->gpu.serials[0].ptr, 0x11, 16) &&
                              p->gpu.serials[1].ptr[0] == 0x22;
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
#define B4(x)         x x x x
#define B16(x)        B4(B4(x))
#define B32(x)        B16(x) B16(x)
#define B48(x)        B32(x) B16(x)
#define B64(x)        B32(x) B32(x)
#define TWO(repeated) "[\"" repeated("11") "\",\"" repeated("22") "\"]"
#define ONE(repeated) "\"" repeated("33") "\""

static char roots_value[ROOTS * sizeof root_text[0] + 16]; /* PEM would do as well */

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

static struct policy_document *parse(struct bytes text)
{
    struct policy_document *doc = NULL;
    struct err_note note = {{0}};
    enum err e = policy_document_parse(text, &doc, &note);
    if (e != ERR_OK)
        fail_msg("%.*s: %s: %s", (int)text.len, (const char *)text.ptr, err_name(e), note.text);
    return doc;
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
    struct policy_document *again = parse(bytes_str(text));
    if (!effect->took(again))
        fail_msg("%s is written in another place: %s", effect->path, text);
    policy_document_release(again);

    assert_ok(policy_document_copy(doc, &copy, &note));
    assert_ok(policy_document_write(&copy->policy, copy->max_age, POLICY_CANONICAL, &again_text, &note));
    assert_string_equal(text, again_text);
    secret_free(again_text);
    policy_document_release(copy);

    assert_ok(policy_document_write(&doc->policy, doc->max_age, POLICY_INDENTED, &again_text, &note));
    again = parse(bytes_str(again_text));
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

static void expect_effect(const struct place *p)
{
    char path[PATH_SIZE];
    const struct effect *effect = effect_of(path_of(p, path));
    if (effect == NULL)
        fail_msg("no test says what %s does", path);
    seen_effects++;
    struct policy_document *doc = parse(document(p, effect->value));
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
    for_each_member(false, expect_effect);
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
        struct policy_document *doc = parse(bytes_str(texts[i]));
        assert_true(is_default(doc));
        policy_document_release(doc);
    }
}

/* ---- what is refused ---- */

static void expect_refused_text(struct bytes text, enum err wanted, const char *path)
{
    struct policy_document *doc = (struct policy_document *)text_made;
    struct err_note note = {{0}};
    enum err e = policy_document_parse(text, &doc, &note);
    assert_null(doc);
    assert_err(policy_document_parse(text, &doc, NULL), e);
    if (wanted != ERR_OK)
        assert_err(e, wanted);
    const size_t length = strlen(path);
    if (e == ERR_OK || strncmp(note.text, path, length) != 0 || note.text[length] != ':')
        fail_msg("%.*s: wanted \"%s: ...\", got %s \"%s\"", (int)text.len, (const char *)text.ptr, path,
                 err_name(e), note.text);
}

static void expect_refused(const struct place *p, const char *value, const char *below)
{
    char path[PATH_SIZE];
    char whole[PATH_SIZE + 16];
    (void)snprintf(whole, sizeof whole, "%s%s", path_of(p, path), below);
    expect_refused_text(document(p, value), ERR_OK, whole);
}

/* Not what any kind takes. */
static const char *const wrong_for_all[] = {"null",         "1.5",       "-1",     "\"\"",
                                            "\"nonsense\"", "{\"x\":1}", "[null]", "1e2"};

struct wrong {
    enum member_kind kind;
    const char *value;
    const char *below; /* where in the member it is */
};
static const struct wrong wrongs[] = {
    {MEMBER_VERSION, "0", ""},
    {MEMBER_VERSION, "2", ""},
    {MEMBER_VERSION, "true", ""},
    {MEMBER_OBJECT, "[]", ""},
    {MEMBER_OBJECT, "true", ""},
    {MEMBER_OBJECT, "{\"\":1}", "."},
    {MEMBER_OBJECT, "{\"a\\u001b[2J\":1}", ".a?[2J"},
    {MEMBER_BOOL, "0", ""},
    {MEMBER_BOOL, "1", ""},
    {MEMBER_BOOL, "\"true\"", ""},
    {MEMBER_BOOL, "[]", ""},
    {MEMBER_NUMBER, "true", ""},
    {MEMBER_NUMBER, "\"1\"", ""},
    {MEMBER_NUMBER, "\"any\"", ""},
    {MEMBER_NUMBER, "9223372036854775807", ""},
    {MEMBER_NUMBER_OR_ANY, "16", ""},
    {MEMBER_NUMBER_OR_ANY, "255", ""},
    {MEMBER_NUMBER_OR_ANY, "\"1\"", ""},
    {MEMBER_NUMBER_OR_ANY, "true", ""},
    {MEMBER_NUMBER_IF, "4294967296", ""},
    {MEMBER_NUMBER_IF, "true", ""},
    {MEMBER_NUMBER_IF, "\"1\"", ""},
    {MEMBER_TEXT_OR_ANY, "1", ""},
    {MEMBER_TEXT_OR_ANY, "\"\\u0007\"", ""},
    {MEMBER_TEXT_OR_ANY, "\"" B32("x") "y\"", ""},
    {MEMBER_OCTETS, "\"33\"", ""},
    {MEMBER_OCTETS, "[1]", "[0]"},
    {MEMBER_OCTETS, "[\"\"]", "[0]"},
    {MEMBER_OCTETS, "[\"33\",\"3\"]", "[1]"},
    {MEMBER_OCTETS, "[\"333\"]", "[0]"},
    {MEMBER_OCTETS, "[\"3g\"]", "[0]"},
    {MEMBER_OCTETS, "[\"" B16("11") B4("11") "11\"]", "[0]"},
    {MEMBER_MASK, "1", ""},
    {MEMBER_MASK, "\"1\"", ""},
    {MEMBER_MASK, "\"0x\"", ""},
    {MEMBER_MASK, "\"0X1\"", ""},
    {MEMBER_MASK, "\"0xg\"", ""},
    {MEMBER_MASK, "\"0x 1\"", ""},
    {MEMBER_MASK, "\"1x1\"", ""},
    {MEMBER_MASK, "\"0x11111111111111111\"", ""},
    {MEMBER_DOTTED, "\"1\"", ""},
    {MEMBER_DOTTED, "\"1.2.3.4\"", ""},
    {MEMBER_DOTTED, "\"1.\"", ""},
    {MEMBER_DOTTED, "\"1.2.\"", ""},
    {MEMBER_DOTTED, "\".2\"", ""},
    {MEMBER_DOTTED, "\"1..2\"", ""},
    {MEMBER_DOTTED, "\"01.2.3\"", ""},
    {MEMBER_DOTTED, "\"01.2\"", ""},
    {MEMBER_DOTTED, "\"256.2\"", ""},
    {MEMBER_DOTTED, "\"256.2.3\"", ""},
    {MEMBER_DOTTED, "\"1.99999999999999999999\"", ""},
    {MEMBER_DOTTED, "\"1.-2\"", ""},
    {MEMBER_DOTTED, "1", ""},
    {MEMBER_WORD, "\"ANY\"", ""},
    {MEMBER_WORD, "\"vce\"", ""},
    {MEMBER_WORD, "0", ""},
    {MEMBER_WORD, "[]", ""},
    {MEMBER_WORDS, "\"tdx\"", ""},
    {MEMBER_WORDS, "[1]", "[0]"},
    {MEMBER_WORDS, "[\"nonsense\"]", "[0]"},
    {MEMBER_WORDS, "[\"\"]", "[0]"},
    {MEMBER_RULE, "\"required\"", ""},
    {MEMBER_RULE, "\"default\"", ""},
    {MEMBER_RULE, "true", ""},
    {MEMBER_BIT_RULE, "\"allow\"", ""},
    {MEMBER_BIT_RULE, "1", ""},
    {MEMBER_TEXT, "1", ""},
    {MEMBER_TEXT, "\"\\u0007\"", ""},
    {MEMBER_TEXT, "\"\\u00e4\"", ""},
    {MEMBER_TEXT, "\"" B64("x") "y\"", ""},
    {MEMBER_TEXTS, "\"text\"", ""},
    {MEMBER_TEXTS, "[\"a\",\"\"]", "[1]"},
    {MEMBER_TEXTS, "[\"\\n\"]", "[0]"},
    {MEMBER_TEXTS, "[1]", "[0]"},
    {MEMBER_TEXTS, "[\"" B64("x") B64("x") "y\"]", "[0]"},
    {MEMBER_BYTES, "\"" B16("33") "3\"", ""},
    {MEMBER_BYTES, "\"" B16("33") B16("33") B16("33") B4("33") "\"", ""},
    {MEMBER_BYTES, "\"" B16("3g") "\"", ""},
    {MEMBER_BYTES, "\"any\"", ""},
    {MEMBER_BYTES, "1", ""},
    {MEMBER_VALUE, "\"Any\"", ""},
    {MEMBER_VALUE, "\"" B16("33") "3\"", ""},
    {MEMBER_VALUE, "[\"" B16("33") "\"]", ""},
    {MEMBER_VALUE, "1", ""},
    {MEMBER_VALUES, ONE(B48), ""},
    {MEMBER_VALUES, "[\"33\"]", "[0]"},
    {MEMBER_VALUES, "[\"any\"]", "[0]"},
    {MEMBER_VALUES, "[[]]", "[0]"},
    {MEMBER_RECORDS, "{}", ""},
    {MEMBER_RECORDS, "[1]", "[0]"},
    {MEMBER_RECORDS, "[[]]", "[0]"},
    {MEMBER_RECORDS, "[{\"nonsense\":1}]", "[0].nonsense"},
    {MEMBER_RECORDS, "\"Shipped\"", ""},
    {MEMBER_REGISTER, "\"" B48("33") "3\"", ""},
    {MEMBER_REGISTER, "\"" B32("33") "\"", ""},
    {MEMBER_REGISTER, "\"Any\"", ""},
    {MEMBER_REGISTER, "1", ""},
    {MEMBER_ROOTS, "\"AAAA\"", ""},
    {MEMBER_ROOTS, "[1]", "[0]"},
    {MEMBER_ROOTS, "[\"\"]", "[0]"},
    {MEMBER_ROOTS, "[\"AAAA\"]", "[0]"},
    {MEMBER_ROOTS, "[\"-----BEGIN CERTIFICATE-----\"]", "[0]"},
    {MEMBER_ROOTS, "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]", ""},
};

static void expect_wrong_values_refused(const struct place *p)
{
    const struct policy_member *m = p->rows[p->depth - 1];
    size_t tried = 0;
    for (size_t i = 0; i < test_count(wrong_for_all); i++) {
        const char *value = wrong_for_all[i];
        const bool list = m->kind == MEMBER_WORDS || m->kind == MEMBER_TEXTS || m->kind == MEMBER_VALUES ||
                          m->kind == MEMBER_RECORDS || m->kind == MEMBER_ROOTS || m->kind == MEMBER_OCTETS;
        if ((m->kind == MEMBER_TEXT || m->kind == MEMBER_TEXT_OR_ANY) && strcmp(value, "\"nonsense\"") == 0)
            continue;
        expect_refused(p, value,
                       strcmp(value, "[null]") == 0 && list                          ? "[0]"
                       : strcmp(value, "{\"x\":1}") == 0 && m->kind == MEMBER_OBJECT ? ".x"
                                                                                     : "");
    }
    for (size_t i = 0; i < test_count(wrongs); i++) {
        if (wrongs[i].kind != m->kind)
            continue;
        tried++;
        expect_refused(p, wrongs[i].value, wrongs[i].below);
    }
    assert_true(tried != 0);
}

static void every_wrong_value_is_refused_with_its_path(void **state)
{
    (void)state;
    for_each_member(true, expect_wrong_values_refused);
}

/* What was read well is left again, so that the path is that of what was not. */
static void the_second_of_two_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *document, *path;
    } table[] = {
        {"\"platforms\":[\"sev-snp\",\"x\"]", "platforms[1]"},
        {"\"models\":[" ONE(B32) ",\"00\"]", "models[1]"},
        {"\"snp\":{\"csp_ids\":[\"a\",1]}", "snp.csp_ids[1]"},
        {"\"snp\":{\"csp_ids\":[\"a\"],\"vmpl\":9}", "snp.vmpl"},
        {"\"gpu\":{\"serials\":[\"00\",\"0\"]}", "gpu.serials[1]"},
        {"\"gpu\":{\"serials\":[\"00\"],\"count\":-1}", "gpu.count"},
        {"\"tdx\":{\"advisories\":[\"a\",\"\"]}", "tdx.advisories[1]"},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        char text[512];
        struct policy_document *doc;
        struct err_note note = {{0}};
        (void)snprintf(text, sizeof text, "{\"version\":1,%s}", table[i].document);
        assert_true(policy_document_parse(bytes_str(text), &doc, &note) != ERR_OK);
        const size_t len = strlen(table[i].path);
        if (strncmp(note.text, table[i].path, len) != 0 || note.text[len] != ':')
            fail_msg("%s: %s", text, note.text);
    }
}

static void numbers_with_dots_have_every_digit(void **state)
{
    (void)state;
    struct policy_document *doc =
        parse(bytes_str("{\"version\":1,\"snp\":{\"firmware_min\":\"190.0.255\",\"abi_min\":\"9.89\"}}"));
    static const uint8_t firmware[] = {190, 0, 255};
    static const uint8_t abi[] = {9, 89};
    assert_memory_equal(doc->policy.snp.firmware_floor, firmware, sizeof firmware);
    assert_memory_equal(doc->policy.snp.abi_floor, abi, sizeof abi);
    policy_document_release(doc);
    expect_refused_text(bytes_str("{\"version\":1,\"snp\":{\"abi_min\":\"1./\"}}"), ERR_VALUE, "snp.abi_min");
    expect_refused_text(bytes_str("{\"version\":1,\"snp\":{\"abi_min\":\"1.:\"}}"), ERR_VALUE, "snp.abi_min");
}

static void a_text_has_as_many_characters_as_it_may(void **state)
{
    (void)state;
    char text[256];
    char name[VCEK_CSP_ID_MAX + 2];
    memset(name, '~', sizeof name);
    for (size_t more = 0; more < 2; more++) {
        (void)snprintf(text, sizeof text, "{\"version\":1,\"snp\":{\"csp_ids\":[\"%.*s\"]}}",
                       (int)(VCEK_CSP_ID_MAX + more), name);
        if (more == 0)
            policy_document_release(parse(bytes_str(text)));
        else
            expect_refused_text(bytes_str(text), ERR_VALUE, "snp.csp_ids[0]");
    }
    policy_document_release(parse(bytes_str("{\"version\":1,\"snp\":{\"csp_ids\":[\" \"]}}")));
    expect_refused_text(bytes_str("{\"version\":1,\"snp\":{\"csp_ids\":[\"\\u001f\"]}}"), ERR_VALUE,
                        "snp.csp_ids[0]");
    expect_refused_text(bytes_str("{\"version\":1,\"snp\":{\"csp_ids\":[\"\\u007f\"]}}"), ERR_VALUE,
                        "snp.csp_ids[0]");
}

static void an_unknown_member_is_refused_in_every_object(void **state)
{
    (void)state;
    expect_refused_text(bytes_str("{\"version\":1,\"nvidia\":{}}"), ERR_UNKNOWN, "nvidia");
    expect_refused_text(bytes_str("{\"version\":1,\"a !~\x7f\":{}}"), ERR_UNKNOWN, "a?!~?");
    expect_refused_text(bytes_str("{\"version\":1,\"snp\":{\"Vmpl\":0}}"), ERR_UNKNOWN, "snp.Vmpl");
    expect_refused_text(bytes_str("{\"version\":1,\"snp\":{\"guest_policy\":{\"sev\":\"any\"}}}"),
                        ERR_UNKNOWN, "snp.guest_policy.sev");
    expect_refused_text(bytes_str("{\"version\":1,\"tdx\":{\"vmpl\":0}}"), ERR_UNKNOWN, "tdx.vmpl");
    expect_refused_text(bytes_str("{\"version\":1,\"tdx\":{\"launches\":[{\"rtmr4\":\"any\"}]}}"),
                        ERR_UNKNOWN, "tdx.launches[0].rtmr4");
    /* A document of another version is told so, and not that its members are unknown. */
    expect_refused_text(bytes_str("{\"new\":1,\"version\":2}"), ERR_UNKNOWN, "version");
    expect_refused_text(bytes_str("{\"snp\":{}}"), ERR_JSON, "version");
    expect_refused_text(bytes_str("{}"), ERR_JSON, "version");
    expect_refused_text(bytes_str("[]"), ERR_JSON, "policy");
}

/* The second of two records, so that the index in the path is right as well. */
static void a_record_that_lacks_a_member_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *list;
    } lists[] = {{"snp", "tcb_floors"}, {"tdx", "launches"}};
    for (size_t i = 0; i < test_count(lists); i++) {
        const struct policy_member *section = policy_members;
        while (strcmp(section->key, lists[i].section) != 0)
            section++;
        const struct policy_member *list = section->members;
        while (strcmp(list->key, lists[i].list) != 0)
            list++;
        for (const struct policy_member *missing = list->members; missing->key != NULL; missing++) {
            char path[PATH_SIZE];
            FILE *out = text_open();
            (void)fprintf(out, "{\"version\":1,\"%s\":{\"%s\":[", section->key, list->key);
            print_record(out, list->members, NULL, "null");
            (void)fputs(",{", out);
            const char *comma = "";
            for (const struct policy_member *m = list->members; m->key != NULL; m++) {
                if (m == missing)
                    continue;
                (void)fprintf(out, "%s\"%s\":", comma, m->key);
                print_sample(out, m);
                comma = ",";
            }
            (void)fputs("}]}}", out);
            assert_int_equal(fclose(out), 0);
            (void)snprintf(path, sizeof path, "%s.%s[1].%s", section->key, list->key, missing->key);
            expect_refused_text(bytes_of(text_made, text_len), ERR_JSON, path);
        }
    }
}

static void texts_that_are_no_json_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "null",
                                        "{\"version\":1}x",
                                        "{\"version\":1,}",
                                        "{\"version\":1,\"version\":1}",
                                        "{\"version\":1,\"snp\":{\"vmpl\":0,\"vmpl\":0}}",
                                        "{\"version\":1,\"models\":[\"\\ud800\"]}",
                                        "{'version':1}",
                                        "\xef\xbb\xbf{\"version\":1}",
                                        "{\"version\":1,\"snp\":{\"csp_ids\":[\"a\\u0000b\"]}}"};
    for (size_t i = 0; i < test_count(texts); i++) {
        struct policy_document *doc;
        struct err_note note;
        assert_err(policy_document_parse(bytes_str(texts[i]), &doc, &note), ERR_JSON);
        assert_null(doc);
    }
}

static void a_truncated_document_is_refused(void **state)
{
    (void)state;
    struct attest_policy policy;
    struct policy_document *doc;
    struct err_note note;
    char *text;
    attest_policy_default(&policy);
    assert_ok(policy_document_write(&policy, 60, POLICY_CANONICAL, &text, &note));
    for (size_t n = 0; n < strlen(text); n++)
        assert_err(policy_document_parse(bytes_of(text, n), &doc, &note), ERR_JSON);
    secret_free(text);
}

/* ---- limits ---- */

static struct bytes document_of_many(const struct place *p, size_t count, const char *between)
{
    const struct policy_member *m = p->rows[p->depth - 1];
    char *value = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&value, &len);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(i == 0 ? "[" : between, out);
        if (m->kind == MEMBER_RECORDS)
            print_record(out, m->members, NULL, "null");
        else if (m->kind == MEMBER_TEXTS)
            (void)fputs("\"t\"", out);
        else
            print_hex(out, 0x11, m->size);
    }
    (void)fputc(']', out);
    assert_int_equal(fclose(out), 0);
    struct bytes text = document(p, value);
    free(value);
    return text;
}

static void expect_limit(const struct place *p)
{
    const struct policy_member *m = p->rows[p->depth - 1];
    char path[PATH_SIZE];
    char value[32];
    if (m->kind == MEMBER_VALUES || m->kind == MEMBER_TEXTS || m->kind == MEMBER_RECORDS ||
        m->kind == MEMBER_OCTETS) {
        policy_document_release(parse(document_of_many(p, m->max, ",")));
        expect_refused_text(document_of_many(p, m->max + 1, ","), ERR_TOO_LARGE, path_of(p, path));
    }
    if (m->kind == MEMBER_NUMBER || m->kind == MEMBER_NUMBER_OR_ANY || m->kind == MEMBER_NUMBER_IF) {
        (void)snprintf(value, sizeof value, "%llu", (unsigned long long)m->max);
        policy_document_release(parse(document(p, value)));
        (void)snprintf(value, sizeof value, "%llu", (unsigned long long)m->max + 1);
        expect_refused_text(document(p, value), ERR_VALUE, path_of(p, path));
        (void)snprintf(value, sizeof value, "%lld", (long long)m->min - 1);
        expect_refused_text(document(p, value), ERR_VALUE, path_of(p, path));
    }
}

static void every_list_and_number_has_its_limit(void **state)
{
    (void)state;
    for_each_member(false, expect_limit);
}

static void a_document_has_a_limit(void **state)
{
    (void)state;
    char *text = malloc(POLICY_DOCUMENT_MAX + 1);
    struct policy_document *doc;
    struct err_note note;
    assert_non_null(text);
    memset(text, ' ', POLICY_DOCUMENT_MAX + 1);
    memcpy(text, "{\"version\":1}", 13);
    policy_document_release(parse(bytes_of(text, POLICY_DOCUMENT_MAX)));
    assert_err(policy_document_parse(bytes_of(text, POLICY_DOCUMENT_MAX + 1), &doc, &note), ERR_TOO_LARGE);
    assert_null(doc);
    free(text);
}

static void words_are_different_and_platforms_are_named(void **state)
{
    (void)state;
    expect_refused_text(bytes_str("{\"version\":1,\"platforms\":[]}"), ERR_VALUE, "platforms");
    expect_refused_text(bytes_str("{\"version\":1,\"platforms\":[\"tdx\",\"sev-snp\",\"tdx\"]}"), ERR_VALUE,
                        "platforms[2]");
    expect_refused_text(bytes_str("{\"version\":1,\"tdx\":{\"tcb_statuses\":[\"UpToDate\",\"UpToDate\"]}}"),
                        ERR_VALUE, "tdx.tcb_statuses[1]");
    struct policy_document *doc = parse(bytes_str("{\"version\":1,\"tdx\":{\"tcb_statuses\":[]}}"));
    assert_int_equal(doc->policy.tdx.statuses, 0); /* none is accepted */
    policy_document_release(doc);
}

static void a_floor_for_no_chip_is_refused(void **state)
{
    (void)state;
    expect_refused_text(
        bytes_str(
            "{\"version\":1,\"snp\":{\"tcb_floors\":[{\"family\":25,\"model_first\":17,\"model_last\":16,"
            "\"stepping\":\"any\",\"component\":\"snp\",\"minimum\":1,\"smt_off_suffices\":false,"
            "\"bulletin\":\"x\"}]}}"),
        ERR_VALUE, "snp.tcb_floors[0]");
}

/* ---- simulated roots ---- */

static void roots_may_be_pem_and_are_one_a_platform(void **state)
{
    (void)state;
    struct place p = {.rows = {policy_members}, .depth = 1};
    while (strcmp(p.rows[0]->key, "simulated_roots") != 0)
        p.rows[0]++;
    char *value = NULL;
    assert_true(asprintf(&value, "[\"-----BEGIN CERTIFICATE-----\\n%s\\n-----END CERTIFICATE-----\\n\"]",
                         root_text[0]) > 0);
    struct policy_document *doc = parse(document(&p, value));
    assert_true(bytes_equal(doc->policy.tdx.simulated_root, bytes_of(roots[0], root_len[0])));
    assert_int_equal(doc->policy.simulated_root.len, 0);
    policy_document_release(doc);
    free(value);

    assert_true(asprintf(&value, "[\"%s\",\"%s\"]", root_text[0], root_text[0]) > 0);
    expect_refused(&p, value, "[1]");
    free(value);
    assert_true(asprintf(&value,
                         "[\"-----BEGIN CERTIFICATE-----\\n%s\\n-----END CERTIFICATE-----\\n"
                         "-----BEGIN CERTIFICATE-----\\n%s\\n-----END CERTIFICATE-----\\n\"]",
                         root_text[0], root_text[1]) > 0);
    expect_refused(&p, value, "[0]"); /* two in one text */
    free(value);
}

static void a_root_is_one_certificate_in_either_form(void **state)
{
    (void)state;
    struct policy_document *doc;
    struct bytes root = {0};
    char *pem = NULL;
    assert_true(asprintf(&pem, "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n", root_text[0]) >
                0);
    assert_ok(policy_document_new(&doc));
    assert_ok(policy_read_root(doc, bytes_str(root_text[0]), &root));
    assert_true(bytes_equal(root, bytes_of(roots[0], root_len[0])));
    assert_ok(policy_read_root(doc, bytes_str(pem), &root));
    assert_true(bytes_equal(root, bytes_of(roots[0], root_len[0])));
    assert_err(policy_read_root(doc, bytes_str("!"), &root), ERR_ENCODING);
    assert_err(policy_read_root(doc, bytes_str("-----BEGIN"), &root), ERR_ENCODING);
    assert_err(policy_read_root(doc, bytes_of(pem, strlen(pem) - 3), &root), ERR_ENCODING);
    policy_document_release(doc);
    free(pem);
    expect_refused_text(bytes_str("{\"version\":1,\"gpu\":{\"serials\":[\"\"]}}"), ERR_VALUE,
                        "gpu.serials[0]");
    expect_refused_text(bytes_str("{\"version\":1,\"gpu\":{\"serials\":[1]}}"), ERR_JSON, "gpu.serials[0]");
}

static void a_file_may_hold_roots_of_both_platforms(void **state)
{
    (void)state;
    struct policy_document *doc;
    struct err_note note;
    char *pem = NULL;
    int len = asprintf(&pem,
                       "AMD\n-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
                       "Intel\n-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n",
                       root_text[1], root_text[0]);
    assert_true(len > 0);
    assert_ok(policy_document_new(&doc));
    assert_ok(policy_document_trust_simulated(doc, bytes_of(pem, (size_t)len), &note));
    assert_true(bytes_equal(doc->policy.tdx.simulated_root, bytes_of(roots[0], root_len[0])));
    assert_true(bytes_equal(doc->policy.simulated_root, bytes_of(roots[1], root_len[1])));

    const struct attest_policy before = doc->policy;
    assert_err(policy_document_trust_simulated(doc, bytes_str(""), &note), ERR_ENCODING);
    assert_err(policy_document_trust_simulated(doc, bytes_str("no certificate"), &note), ERR_ENCODING);
    assert_err(policy_document_trust_simulated(doc, bytes_of(roots[0], root_len[0] - 1), &note),
               ERR_CERTIFICATE);
    /* What fails at the second leaves the first as it was. */
    assert_err(policy_document_trust_simulated(doc, bytes_of(pem, (size_t)len - 3), &note), ERR_ENCODING);
    assert_memory_equal(&before, &doc->policy, sizeof before);
    assert_ok(policy_document_trust_simulated(doc, bytes_of(roots[0], root_len[0]), &note));
    static const uint8_t large[POLICY_ROOT_MAX + 1];
    assert_err(policy_document_trust_simulated(doc, bytes_of(large, sizeof large), &note), ERR_TOO_LARGE);
    assert_err(policy_document_trust_simulated(doc, bytes_of(large, sizeof large - 1), &note), ERR_ENCODING);
    policy_document_release(doc);
    free(pem);
}

static void a_root_is_known_by_its_whole_name(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    static const struct {
        const char *name;
        enum err wanted;
    } table[] = {
        {"ARK-", ERR_UNKNOWN},
        {"ARK-x", ERR_OK},
        {"Intel SGX Root CA", ERR_OK},
        {"Intel SGX Root CA 2", ERR_UNKNOWN},
        {"Azure Virtual TPM Root Certificate Authority", ERR_UNKNOWN},
        {"Azure Virtual TPM Root Certificate Authority 2023", ERR_OK},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        struct attest_policy policy;
        struct err_note note = {{0}};
        attest_policy_default(&policy);
        synthetic_tdx_init(&t, &keys);
        t.root.subject_cn = t.root.issuer_cn = table[i].name;
        synthetic_tdx_build(&t);
        assert_err(attest_policy_trust_simulated(&policy, t.root_der, &note), table[i].wanted);
    }
}

/* ---- adding, and writing what no document says ---- */

static void reference_values_are_added_up_to_their_limit(void **state)
{
    (void)state;
    struct policy_document *doc = parse(
        bytes_str("{\"version\":1,\"snp\":{\"measurements\":[" ONE(B48) "]},\"models\":[" ONE(B32) "]}"));
    struct tdx_launch launch = {.named = 0};
    uint8_t value[ATTEST_MEASUREMENT_SIZE];
    for (unsigned n = 1; n < ATTEST_REFERENCES_MAX; n++) {
        memset(value, (int)n, sizeof value);
        assert_ok(policy_document_add_measurement(doc, value));
        assert_ok(policy_document_add_model(doc, value));
    }
    for (unsigned n = 0; n < TDX_LAUNCHES_MAX; n++) {
        memset(launch.mrtd, (int)n, sizeof launch.mrtd);
        assert_ok(policy_document_add_launch(doc, &launch));
    }
    assert_err(policy_document_add_measurement(doc, value), ERR_TOO_LARGE);
    assert_err(policy_document_add_model(doc, value), ERR_TOO_LARGE);
    assert_err(policy_document_add_launch(doc, &launch), ERR_TOO_LARGE);
    const struct attest_policy *p = &doc->policy;
    assert_int_equal(p->measurement_count, ATTEST_REFERENCES_MAX);
    assert_int_equal(p->model_count, POLICY_MODELS_MAX);
    assert_int_equal(p->tdx.launch_count, TDX_LAUNCHES_MAX);
    assert_true(is_filled(p->measurements[0], 0x33, 48) && is_filled(p->measurements[1], 1, 48) &&
                is_filled(p->measurements[63], 63, 48));
    assert_true(is_filled(p->models[0], 0x33, 32) && is_filled(p->models[63], 63, 32));
    assert_true(is_filled(p->tdx.launches[0].mrtd, 0, 48) && is_filled(p->tdx.launches[63].mrtd, 63, 48));
    policy_document_release(doc);
}

static void a_launch_that_nothing_meets_is_not_written(void **state)
{
    (void)state;
    const struct tdx_launch all[] = {
        {.named = 0x7}, {.named = 0x1, .waived = 0xe}, {.waived = 0x7}, {.named = 0}};
    struct attest_policy policy;
    struct err_note note;
    char *text;
    attest_policy_default(&policy);
    policy.tdx.launches = all;
    policy.tdx.launch_count = test_count(all);
    assert_ok(policy_document_write(&policy, 0, POLICY_CANONICAL, &text, &note));
    struct policy_document *doc = parse(bytes_str(text));
    assert_int_equal(doc->policy.tdx.launch_count, 1);
    assert_int_equal(doc->policy.tdx.launches[0].named, 0x1);
    assert_int_equal(doc->policy.tdx.launches[0].waived, 0xe);
    policy_document_release(doc);
    secret_free(text);
}

#define UNSAYABLE(name, ...)                                                                                 \
    static void name(struct attest_policy *p)                                                                \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
static const uint8_t many[ATTEST_REFERENCES_MAX + 1][ATTEST_MEASUREMENT_SIZE];
static const char *const unprintable[] = {"\x1b"};
static const struct snp_floor backwards[] = {{.model_first = 2, .model_last = 1, .bulletin = "x"}};
static const struct snp_floor no_component[] = {{.component = SNP_COMPONENT_COUNT, .bulletin = "x"}};
UNSAYABLE(unknown_platform, p->platforms = 1U << 31;)
UNSAYABLE(unknown_status, p->tdx.statuses |= 1U << TCB_UNKNOWN;)
UNSAYABLE(feature_of_all, p->tdx.xfam_forbidden = 1;)
UNSAYABLE(required_and_forbidden, p->tdx.attributes_required |= 1U << TDX_DEBUG;)
UNSAYABLE(vmpl_4, p->vmpl = 4;)
UNSAYABLE(unknown_signer, p->snp.signer = (enum snp_signer_rule)3;)
UNSAYABLE(too_many, p->measurements = many; p->measurement_count = test_count(many);)
UNSAYABLE(unprintable_name, p->snp.csp_ids = unprintable; p->snp.csp_id_count = 1;)
UNSAYABLE(floor_backwards, p->snp.own_floors = true; p->snp.floors = backwards; p->snp.floor_count = 1;)
UNSAYABLE(floor_of_nothing, p->snp.own_floors = true; p->snp.floors = no_component; p->snp.floor_count = 1;)

static void what_no_document_says_is_not_written(void **state)
{
    (void)state;
    void (*const changes[])(struct attest_policy *) = {
        unknown_platform, unknown_status, feature_of_all,   required_and_forbidden, vmpl_4,
        unknown_signer,   too_many,       unprintable_name, floor_backwards,        floor_of_nothing};
    for (size_t i = 0; i < test_count(changes); i++) {
        struct attest_policy policy;
        struct err_note note = {{0}};
        char *text;
        struct policy_document *doc;
        struct policy_document *copy;
        attest_policy_default(&policy);
        changes[i](&policy);
        assert_int_not_equal(policy_document_write(&policy, 0, POLICY_CANONICAL, &text, &note), ERR_OK);
        assert_null(text);
        assert_true(note.text[0] != '\0');
        assert_ok(policy_document_new(&doc));
        changes[i](&doc->policy);
        assert_int_not_equal(policy_document_copy(doc, &copy, &note), ERR_OK);
        assert_null(copy);
        policy_document_release(doc);
    }
}

static void a_register_is_named_or_waived_once_and_for_all(void **state)
{
    (void)state;
    struct tdx_launch launch = {.named = 0x8};
    assert_ok(tdx_launch_set_rtmr(&launch, 2, bytes_str(B48("aB"))));
    assert_true(is_filled(launch.rtmr[2], 0xab, 48));
    assert_int_equal(launch.named, 0xc);
    assert_ok(tdx_launch_set_rtmr(&launch, 2, bytes_str("any")));
    assert_int_equal(launch.named, 0x8);
    assert_int_equal(launch.waived, 0x4);
    assert_err(tdx_launch_set_rtmr(&launch, 3, bytes_str("ANY")), ERR_ENCODING);
    assert_ok(tdx_launch_set_rtmr(&launch, 2, bytes_str(B48("01"))));
    assert_int_equal(launch.named, 0xc);
    assert_int_equal(launch.waived, 0);
}

static int make(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    static const char *const names[] = {"Intel SGX Root CA", "ARK-Genoa", "NVIDIA Device Identity CA",
                                        "NVIDIA CoRIM signing Root CA",
                                        "Azure Virtual TPM Root Certificate Authority 2023"};
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    for (size_t i = 0; i < test_count(names); i++) {
        synthetic_tdx_init(&t, &keys);
        t.root.subject_cn = t.root.issuer_cn = names[i];
        synthetic_tdx_build(&t);
        memcpy(roots[i], t.root_der.ptr, t.root_der.len);
        root_len[i] = t.root_der.len;
        encoding_base64(t.root_der, root_text[i]);
    }
    (void)snprintf(roots_value, sizeof roots_value, "[\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"]", root_text[0],
                   root_text[1], root_text[2], root_text[3], root_text[4]);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&keys);
    free(text_made);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_the_default),
        cmocka_unit_test(every_member_takes_effect_and_nothing_else),
        cmocka_unit_test(the_forms_differ_in_white_space),
        cmocka_unit_test(every_wrong_value_is_refused_with_its_path),
        cmocka_unit_test(the_second_of_two_is_named),
        cmocka_unit_test(numbers_with_dots_have_every_digit),
        cmocka_unit_test(a_text_has_as_many_characters_as_it_may),
        cmocka_unit_test(an_unknown_member_is_refused_in_every_object),
        cmocka_unit_test(a_record_that_lacks_a_member_is_refused),
        cmocka_unit_test(texts_that_are_no_json_are_refused),
        cmocka_unit_test(a_truncated_document_is_refused),
        cmocka_unit_test(every_list_and_number_has_its_limit),
        cmocka_unit_test(a_document_has_a_limit),
        cmocka_unit_test(words_are_different_and_platforms_are_named),
        cmocka_unit_test(a_floor_for_no_chip_is_refused),
        cmocka_unit_test(roots_may_be_pem_and_are_one_a_platform),
        cmocka_unit_test(a_root_is_one_certificate_in_either_form),
        cmocka_unit_test(a_root_is_known_by_its_whole_name),
        cmocka_unit_test(a_file_may_hold_roots_of_both_platforms),
        cmocka_unit_test(reference_values_are_added_up_to_their_limit),
        cmocka_unit_test(a_launch_that_nothing_meets_is_not_written),
        cmocka_unit_test(what_no_document_says_is_not_written),
        cmocka_unit_test(a_register_is_named_or_waived_once_and_for_all),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
