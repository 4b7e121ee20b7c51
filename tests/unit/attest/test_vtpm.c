/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of a virtual TPM's evidence, failed alone: sound evidence, one thing changed, built and signed anew. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/hcl_report.h"
#include "attest/hcl_runtime.h"
#include "attest/rules.h"
#include "attest/vtpm.h"
#include "base/secret.h"
#include "support/synthetic_event_log.h"
#include "support/synthetic_vtpm.h"
#include "unit/test.h"

enum { FAILURES_MAX = 3, VTPM_CHECKS = 36 };

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_vtpm_keys keys;
static struct verdict verdict;

struct scene {
    bool is_tdx;
    struct synthetic_snp snp;
    struct synthetic_tdx tdx;
    struct synthetic_vtpm vtpm;
    struct attest_policy snp_policy;
    struct tdx_policy tdx_policy;
    struct vtpm_policy policy;
    uint8_t measurement[1][48];
    struct tdx_launch launch;
    uint8_t pcr[TPM_PCR_COUNT][1][TPM_PCR_SIZE];
    uint8_t user_data[HCL_USER_DATA_SIZE];
    uint8_t nonce[TPM_NONCE_MAX + 1]; /* as the verifier remembers it */
    size_t nonce_known;               /* how much of it */
    bool foreign_ak_root;
    size_t certificates; /* how many: the root again and again; 0: as they were built */
    int64_t now;
};

static void reference(struct scene *s, unsigned pcr)
{
    memcpy(s->pcr[pcr][0], s->vtpm.pcr_values[pcr], TPM_PCR_SIZE);
    s->policy.references[pcr] = (struct vtpm_references){(const uint8_t(*)[TPM_PCR_SIZE])s->pcr[pcr], 1};
}

static void scene_init(struct scene *s, bool is_tdx)
{
    memset(s, 0, sizeof *s);
    s->is_tdx = is_tdx;
    synthetic_vtpm_init(&s->vtpm, &keys);
    vtpm_policy_default(&s->policy);
    if (is_tdx) {
        synthetic_tdx_init(&s->tdx, &tdx_keys);
        tdx_policy_default(&s->tdx_policy);
        s->tdx_policy.evaluation_number_min = 17;
        memcpy(s->measurement[0], s->tdx.quote_fields.body.mrtd, 48);
        memcpy(s->launch.mrtd, s->measurement[0], 48);
        s->launch.waived = 0xf;
        s->tdx_policy.launches = &s->launch;
        s->tdx_policy.launch_count = 1;
        s->vtpm.kind = HCL_KIND_TDX;
    } else {
        synthetic_snp_init(&s->snp, &snp_keys);
        memcpy(s->measurement[0], s->snp.report.measurement, 48);
        s->snp_policy.measurements = (const uint8_t(*)[48])s->measurement;
        s->snp_policy.measurement_count = 1;
    }
    s->policy.snp = &s->snp_policy;
    s->policy.tdx = &s->tdx_policy;
    s->policy.pcrs = s->vtpm.pcrs;
    s->policy.pcrs_outside_log = 1U << 11;
    reference(s, 4);
    reference(s, 11);
    memcpy(s->nonce, s->vtpm.nonce_bytes, sizeof s->nonce);
    s->nonce_known = SYNTHETIC_VTPM_NONCE;
    s->now = SYNTHETIC_NOW;
}

static void appraise_built(struct scene *s)
{
    memset(&verdict, 0, sizeof verdict);
    vtpm_appraise(&s->vtpm.evidence, bytes_of(s->nonce, s->nonce_known), &s->policy, s->now, &verdict);
    verdict_conclude(&verdict);
}

static void scene_build(struct scene *s)
{
    if (s->is_tdx)
        synthetic_vtpm_build_tdx(&s->vtpm, &s->tdx);
    else
        synthetic_vtpm_build_snp(&s->vtpm, &s->snp);
    s->snp_policy.simulated_root = s->snp.evidence.ark;
    s->tdx_policy.simulated_root = s->tdx.root_der;
    if (!s->foreign_ak_root)
        s->policy.simulated_ak_root = s->vtpm.root_der;
    for (size_t i = SYNTHETIC_VTPM_CERTIFICATES; i < VTPM_CERTIFICATES_MAX; i++)
        s->vtpm.evidence.ak_certificates[i] = s->vtpm.root_der;
    if (s->certificates != 0)
        s->vtpm.evidence.ak_certificate_count = s->certificates;
}

static void scene_appraise(struct scene *s)
{
    scene_build(s);
    appraise_built(s);
}

/* ---- one change each ---- */

#define CHANGE(name, ...)                                                                                    \
    static void name(struct scene *s)                                                                        \
    {                                                                                                        \
        struct synthetic_vtpm *t = &s->vtpm;                                                                 \
        (void)t;                                                                                             \
        __VA_ARGS__                                                                                          \
    }

#define SOUND "\"console-enabled\":false,\"secure-boot\":true,\"tpm-enabled\":true,\"vmUniqueId\":\"x\""

CHANGE(nothing, )
CHANGE(version_1, t->version = HCL_VERSION_1;)
CHANGE(no_padding, t->padding = 0;)
CHANGE(sha384, t->hash_type = HCL_SHA384;)
CHANGE(sha512, t->hash_type = HCL_SHA512;)
CHANGE(wrapped_quote, t->wrapped = true;)
CHANGE(bare_signature, t->raw_signature = true;)
CHANGE(four_octets_of_selection, t->select_size = 4;)
CHANGE(no_certificate, t->certificate_count = 0;)
CHANGE(no_event_log, t->without_log = true;)
CHANGE(shorter_nonce, t->nonce_len = 20; s->nonce_known = 20;)
CHANGE(longest_nonce, t->nonce_len = TPM_NONCE_MAX; s->nonce_known = TPM_NONCE_MAX;)
CHANGE(longer_configuration, t->configuration = SOUND
                             ",\"interactive-console-enabled\":false,\"ipmi-enabled\":false,"
                             "\"tpm-persisted\":true,\"filtered-vpci-devices-allowed\":true,"
                             "\"root-cert-thumbprint\":\"6nZZnYaJc4KqUZ_yvA-mucFdYNouvlPnITnNMXsHl-0\","
                             "\"current-time\":1678652405,\"tpm-version\":\"1.38\","
                             "\"hardware-sealing-policy\":\"none\",\"key-release-context-hash\":\"00\"";)
CHANGE(empty_thumbprint_and_user_data, t->configuration = SOUND ",\"root-cert-thumbprint\":\"\"";
       t->user_data = "";)
CHANGE(console_allowed, t->configuration = "\"console-enabled\":true,\"secure-boot\":true,"
                                           "\"tpm-enabled\":true,\"vmUniqueId\":\"x\"";
       s->policy.switches[HCL_CONSOLE_ENABLED] = POLICY_ANY;)

CHANGE(another_magic, t->hcl_signature = "HCLB";)
CHANGE(version_0, t->version = 0;)
CHANGE(version_3, t->version = 3;)
CHANGE(size_too_large, t->size_off = 1;)
CHANGE(size_too_small, t->size_off = -1;)
CHANGE(request_for_a_key, t->request_type = 1;)
CHANGE(status_1, t->status = 1;)
CHANGE(reserved_1, t->reserved = 1;)
CHANGE(data_size_too_large, t->data_size_off = 1;)
CHANGE(data_version_2, t->data_version = 2;)
CHANGE(octet_behind, t->last_octet = 1;)
CHANGE(octet_behind_the_td_report, t->behind_td_report = 1;)
CHANGE(kind_of_no_hardware, t->kind = 3;)
CHANGE(snp_not_accepted, s->policy.snp = NULL;)
CHANGE(tdx_not_accepted, s->policy.tdx = NULL;)
CHANGE(hash_0, t->hash_type = 0;)
CHANGE(hash_4, t->hash_type = 4;)
CHANGE(type_of_an_enclave, t->td_type = 0;)
CHANGE(td_report_version_2, t->td_version = 2;)
CHANGE(td_report_version_1, t->td_version = 1;)
CHANGE(report_data_of_others, t->wrong_report_data = true;)
CHANGE(octet_behind_the_hash, t->behind_hash = 1;)
CHANGE(another_td, t->other_mrtd = true;)
CHANGE(another_rtmr, t->other_rtmr = true;)
CHANGE(unknown_member, t->more = ",\"x\":1";)
CHANGE(member_twice, t->more = ",\"keys\":[]";)
CHANGE(unknown_key, t->more_keys = ",{\"kid\":\"HCLTransferKey\",\"key_ops\":[],\"kty\":\"RSA\",\"e\":"
                                   "\"AQAB\",\"n\":\"AQAB\"}";)
CHANGE(two_endorsement_keys, t->more_keys = ",{\"kid\":\"HCLEkPub\",\"key_ops\":[],\"kty\":\"RSA\",\"e\":"
                                            "\"AQAB\",\"n\":\"AQAB\"}";)
CHANGE(key_of_another_type, t->more_keys = ",{\"kid\":\"HCLAkPub\",\"key_ops\":[],\"kty\":\"EC\",\"e\":"
                                           "\"AQAB\",\"n\":\"AQAB\"}";)
CHANGE(key_with_unknown_member, t->more_keys = ",{\"kid\":\"HCLAkPub\",\"key_ops\":[],\"kty\":\"RSA\",\"e\":"
                                               "\"AQAB\",\"n\":\"AQAB\",\"use\":\"sig\"}";)
CHANGE(key_operation_1, t->more_keys = ",{\"kid\":\"HCLAkPub\",\"key_ops\":[1],\"kty\":\"RSA\",\"e\":"
                                       "\"AQAB\",\"n\":\"AQAB\"}";)
CHANGE(exponent_with_padding, t->exponent = "AQAB====";)
CHANGE(unknown_switch, t->configuration = SOUND ",\"debug-enabled\":false";)
CHANGE(switch_of_text, t->configuration = SOUND ",\"ipmi-enabled\":\"false\"";)
CHANGE(without_secure_boot, t->configuration = "\"console-enabled\":false,\"tpm-enabled\":true,"
                                               "\"vmUniqueId\":\"x\"";)
CHANGE(without_vm_id, t->configuration = "\"console-enabled\":false,\"secure-boot\":true,"
                                         "\"tpm-enabled\":true";)
CHANGE(vm_id_with_blank, t->configuration = "\"console-enabled\":false,\"secure-boot\":true,"
                                            "\"tpm-enabled\":true,\"vmUniqueId\":\"a b\"";)
CHANGE(vm_id_too_long, t->configuration = "\"console-enabled\":false,\"secure-boot\":true,"
                                          "\"tpm-enabled\":true,\"vmUniqueId\":\"0123456789012345678901"
                                          "234567890123456789012345678901234567890123\"";)
CHANGE(short_thumbprint, t->configuration = SOUND ",\"root-cert-thumbprint\":\"AQAB\"";)
CHANGE(negative_time, t->configuration = SOUND ",\"current-time\":-1";)
#define DIGITS_32 "00000000000000000000000000000000"
CHANGE(long_word,
       t->configuration = SOUND ",\"tpm-version\":\"" DIGITS_32 DIGITS_32 DIGITS_32 DIGITS_32 "0\"";)
CHANGE(longest_word,
       t->configuration = SOUND ",\"tpm-version\":\"" DIGITS_32 DIGITS_32 DIGITS_32 DIGITS_32 "\"";)
CHANGE(vm_id_with_delete, t->configuration = "\"console-enabled\":false,\"secure-boot\":true,"
                                             "\"tpm-enabled\":true,\"vmUniqueId\":\"a\x7f\"";)
CHANGE(thumbprint_of_a_number, t->configuration = SOUND ",\"root-cert-thumbprint\":7";)
CHANGE(user_data_of_a_number, t->user_data = NULL; t->more = ",\"user-data\":7";)
CHANGE(short_user_data, t->user_data = "00";)
CHANGE(no_json, t->json = "keys";)
CHANGE(no_keys, t->ak_count = 0;)
CHANGE(two_keys, t->ak_count = 2;)
CHANGE(key_of_2040_bits, t->modulus_len = 255;)
CHANGE(exponent_3, t->exponent = "Aw";)
CHANGE(exponent_65539, t->exponent = "AQAD";)
CHANGE(certificate_damaged, t->certificates[1].damaged = true;)
CHANGE(certificate_wanted, t->certificate_count = 0; s->policy.require_ak_certificate = true;)
CHANGE(certificate_with_a_damaged_key, t->certificates[1].damaged_key = true;)
CHANGE(as_many_certificates_as_are_taken, s->certificates = VTPM_CERTIFICATES_MAX;)
CHANGE(too_many_certificates, s->certificates = VTPM_CERTIFICATES_MAX + 1;)
CHANGE(certificate_of_another_key, t->certificates[0].key = keys.other;)
CHANGE(certificate_by_another, t->certificates[0].signer = keys.other;)
CHANGE(certificate_names_another,
       t->certificates[0].issuer_cn = "Azure Virtual TPM Root Certificate Authority 0";)
CHANGE(certificate_of_a_ca, t->certificates[0].is_ca = true;)
CHANGE(intermediate_by_another, t->certificates[1].signer = keys.other;)
CHANGE(intermediate_is_no_ca, t->certificates[1].is_ca = false;)
CHANGE(intermediate_may_not_sign, t->certificates[1].key_usage = 0x80;)
CHANGE(root_is_no_ca, t->certificates[2].is_ca = false;)
CHANGE(root_allows_no_intermediate, t->certificates[2].path_length = 0;)
CHANGE(foreign_ak_root, s->foreign_ak_root = true;)
CHANGE(chain_without_its_root, t->certificate_count = 2;)
CHANGE(certificate_alone, t->certificate_count = 1;)
CHANGE(certificate_expired, t->certificates[0].not_after = "251231235959Z";)
CHANGE(certificate_of_tomorrow, t->certificates[0].not_before = "260101000001Z";)
CHANGE(certificate_at_its_ends,
       t->certificates[0].not_before = t->certificates[0].not_after = "260101000000Z";)
CHANGE(root_expired, t->certificates[2].not_after = "251231235959Z";)
CHANGE(magic_of_no_tpm, t->magic ^= 1;)
CHANGE(certified_key, t->type = 0x8017;)
CHANGE(octet_behind_the_quote, t->trailing = 1;)
CHANGE(octet_behind_the_wrapped_quote, t->trailing = 1; t->wrapped = true;)
CHANGE(safe_is_2, t->safe = 2;)
CHANGE(two_octets_of_selection, t->select_size = 2;)
CHANGE(five_octets_of_selection, t->select_size = 5;)
CHANGE(seventeen_banks, t->banks = 17;)
CHANGE(pss, t->scheme = 0x0016;)
CHANGE(ecdsa, t->scheme = 0x0018;)
CHANGE(signature_of_sha384, t->signature_hash = TPM_ALG_SHA384;)
CHANGE(signature_too_short, t->signature_short = 1;)
CHANGE(quote_by_another, t->signer = keys.other;)
CHANGE(another_nonce, t->nonce_bytes[31] ^= 1;)
CHANGE(the_beginning_of_the_nonce, t->nonce_len = 31;)
CHANGE(more_than_the_nonce, t->nonce_len = 33;)
CHANGE(nonce_too_long, t->nonce_len = TPM_NONCE_MAX + 1; s->nonce_known = TPM_NONCE_MAX + 1;)
CHANGE(report_of_an_unknown_version, s->snp.patch_signed_at = 1; s->snp.patch_signed = 1;)
CHANGE(no_nonce_in_the_quote, t->nonce_len = 0;)
CHANGE(nonce_unknown, s->nonce_known = 0;)
CHANGE(quote_of_no_register, t->pcrs = 0; s->policy.pcrs = 0; t->without_log = true;)
CHANGE(no_bank, t->banks = 0;)
CHANGE(two_banks, t->banks = 2;)
CHANGE(bank_of_sha384, t->bank = TPM_ALG_SHA384;)
CHANGE(one_register_more, t->pcrs |= 1U << 14;)
CHANGE(one_register_less, t->pcrs &= ~(1U << 7);)
CHANGE(values_too_long, t->values_off = 1;)
CHANGE(values_too_short, t->values_off = -1;)
CHANGE(register_25, t->pcrs |= 1U << 25; t->select_size = 4; s->policy.pcrs = t->pcrs;)
CHANGE(digest_of_other_values, t->digest_of_others = true;)
CHANGE(another_kernel, t->pcr_values[11][0] ^= 1;)
CHANGE(no_reference, memset(s->policy.references, 0, sizeof s->policy.references);)
CHANGE(reference_for_what_is_not_quoted, reference(s, 9);)
CHANGE(log_says_too_much, t->more_events = "implant";)
CHANGE(log_explains_too_little, s->policy.pcrs_outside_log = 0;)
CHANGE(log_malformed, t->log_malformed = true;)
CHANGE(log_wanted, t->without_log = true; s->policy.require_event_log = true;)
CHANGE(clock_set_back, t->safe = 0;)
CHANGE(reset_count_as_wanted, s->policy.fixed_reset_count = true; s->policy.reset_count = 3;)
CHANGE(restarted, s->policy.fixed_reset_count = true; s->policy.reset_count = 2;)
CHANGE(resumed, t->restart_count = 1;)
CHANGE(resumed_as_allowed, t->restart_count = 1; s->policy.restart_count_max = 1;)
CHANGE(secure_boot_off, t->configuration = "\"console-enabled\":false,\"secure-boot\":false,"
                                           "\"tpm-enabled\":true,\"vmUniqueId\":\"x\"";)
CHANGE(secure_boot_off_as_allowed, secure_boot_off(s); s->policy.switches[HCL_SECURE_BOOT] = POLICY_ANY;)
CHANGE(tpm_off, t->configuration = "\"console-enabled\":false,\"secure-boot\":true,"
                                   "\"tpm-enabled\":false,\"vmUniqueId\":\"x\"";)
CHANGE(console_on, t->configuration = "\"console-enabled\":true,\"secure-boot\":true,"
                                      "\"tpm-enabled\":true,\"vmUniqueId\":\"x\"";)
CHANGE(interactive_console_on, t->configuration = SOUND ",\"interactive-console-enabled\":true";)
CHANGE(ipmi_on, t->configuration = SOUND ",\"ipmi-enabled\":true";)
CHANGE(persisted_and_forbidden, t->configuration = SOUND ",\"tpm-persisted\":true";
       s->policy.switches[HCL_TPM_PERSISTED] = POLICY_FORBID;)
CHANGE(filter_wanted_and_not_stated, s->policy.switches[HCL_FILTERED_DEVICES_ALLOWED] = POLICY_REQUIRE;)
#define USER_DATA                                                                                            \
    "4242424242424242424242424242424242424242424242424242424242424242"                                       \
    "4242424242424242424242424242424242424242424242424242424242424242"
CHANGE(user_data_as_wanted, memset(s->user_data, 0x42, sizeof s->user_data);
       s->policy.user_data = s->user_data; t->user_data = USER_DATA;)
CHANGE(other_user_data, s->policy.user_data = s->user_data; t->user_data = USER_DATA;)
CHANGE(no_user_data, s->policy.user_data = s->user_data;)
/* Of the hardware: its rows are in the same verdict, and its own tests fail each of them. */
CHANGE(debug_guest, s->snp.report.policy |= 1ULL << 19;)
CHANGE(another_firmware, s->measurement[0][0] ^= 1; s->launch.mrtd[0] ^= 1;)
CHANGE(debug_td, s->tdx.quote_fields.body.attributes |= 1;)

/* failures: the checks that fail of themselves. Others may say "not checked" because of these, but none else may fail. */
struct row {
    const char *name;
    void (*change)(struct scene *s);
    bool is_tdx;
    const char *failures[FAILURES_MAX];
};
#define SNP(change, ...)                                                                                     \
    {                                                                                                        \
#change, change, false,                                                                              \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define TDX(change, ...)                                                                                     \
    {                                                                                                        \
#change, change, true,                                                                               \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define BOTH(change, ...) SNP(change, __VA_ARGS__), TDX(change, __VA_ARGS__)

static const struct row rows[] = {
    BOTH(nothing, NULL),
    BOTH(version_1, NULL),
    SNP(no_padding, NULL),
    BOTH(sha384, NULL),
    BOTH(sha512, NULL),
    SNP(wrapped_quote, NULL),
    SNP(bare_signature, NULL),
    SNP(four_octets_of_selection, NULL),
    SNP(no_certificate, NULL),
    SNP(no_event_log, NULL),
    SNP(shorter_nonce, NULL),
    SNP(longest_nonce, NULL),
    BOTH(longer_configuration, NULL),
    SNP(empty_thumbprint_and_user_data, NULL),
    SNP(console_allowed, NULL),
    TDX(td_report_version_1, NULL),
    SNP(tdx_not_accepted, NULL),
    TDX(snp_not_accepted, NULL),
    SNP(certificate_at_its_ends, NULL),
    SNP(reset_count_as_wanted, NULL),
    SNP(resumed_as_allowed, NULL),
    SNP(secure_boot_off_as_allowed, NULL),
    SNP(user_data_as_wanted, NULL),

    SNP(another_magic, "vtpm.hcl.form"),
    SNP(version_0, "vtpm.hcl.form"),
    SNP(version_3, "vtpm.hcl.form"),
    SNP(size_too_large, "vtpm.hcl.form"),
    SNP(size_too_small, "vtpm.hcl.form"),
    SNP(request_for_a_key, "vtpm.hcl.form"),
    SNP(status_1, "vtpm.hcl.form"),
    SNP(reserved_1, "vtpm.hcl.form"),
    SNP(data_size_too_large, "vtpm.hcl.form"),
    SNP(data_version_2, "vtpm.hcl.form"),
    SNP(octet_behind, "vtpm.hcl.form"),
    TDX(octet_behind_the_td_report, "vtpm.hcl.form"),
    SNP(kind_of_no_hardware, "vtpm.hcl.kind"),
    SNP(snp_not_accepted, "vtpm.hcl.kind"),
    TDX(tdx_not_accepted, "vtpm.hcl.kind"),
    SNP(hash_0, "vtpm.hcl.hash", "snp.report_data"),
    TDX(hash_4, "vtpm.hcl.hash", "tdx.report_data"),
    TDX(type_of_an_enclave, "vtpm.td_report.form"),
    TDX(td_report_version_2, "vtpm.td_report.form"),
    SNP(report_data_of_others, "vtpm.hcl.binding", "snp.report_data"),
    TDX(report_data_of_others, "vtpm.hcl.binding", "tdx.report_data"),
    SNP(octet_behind_the_hash, "vtpm.hcl.binding", "snp.report_data"),
    TDX(octet_behind_the_hash, "vtpm.hcl.binding", "tdx.report_data"),
    SNP(report_of_an_unknown_version, "vtpm.hcl.binding", "snp.report.version"),
    TDX(another_td, "vtpm.td_report.quote"),
    TDX(another_rtmr, "vtpm.td_report.quote"),
    SNP(unknown_member, "vtpm.runtime.form"),
    SNP(member_twice, "vtpm.runtime.form"),
    SNP(unknown_key, "vtpm.runtime.form"),
    SNP(two_endorsement_keys, "vtpm.runtime.form"),
    SNP(key_of_another_type, "vtpm.runtime.form"),
    SNP(key_with_unknown_member, "vtpm.runtime.form"),
    SNP(key_operation_1, "vtpm.runtime.form"),
    SNP(exponent_with_padding, "vtpm.runtime.form"),
    SNP(unknown_switch, "vtpm.runtime.form"),
    SNP(switch_of_text, "vtpm.runtime.form"),
    SNP(without_secure_boot, "vtpm.runtime.form"),
    SNP(without_vm_id, "vtpm.runtime.form"),
    SNP(vm_id_with_blank, "vtpm.runtime.form"),
    SNP(vm_id_too_long, "vtpm.runtime.form"),
    SNP(short_thumbprint, "vtpm.runtime.form"),
    SNP(negative_time, "vtpm.runtime.form"),
    SNP(long_word, "vtpm.runtime.form"),
    SNP(longest_word, NULL),
    SNP(vm_id_with_delete, "vtpm.runtime.form"),
    SNP(thumbprint_of_a_number, "vtpm.runtime.form"),
    SNP(user_data_of_a_number, "vtpm.runtime.form"),
    SNP(short_user_data, "vtpm.runtime.form"),
    SNP(no_json, "vtpm.runtime.form"),
    SNP(no_keys, "vtpm.ak.one", "vtpm.ak.key"),
    SNP(two_keys, "vtpm.ak.one"),
    SNP(key_of_2040_bits, "vtpm.ak.key"),
    SNP(exponent_3, "vtpm.ak.key"),
    SNP(exponent_65539, "vtpm.ak.key"),
    SNP(certificate_damaged, "vtpm.ak_certificate.form"),
    SNP(certificate_wanted, "vtpm.ak_certificate.form"),
    SNP(certificate_with_a_damaged_key, "vtpm.ak_certificate.form"),
    SNP(as_many_certificates_as_are_taken, NULL),
    SNP(too_many_certificates, "vtpm.ak_certificate.form"),
    SNP(certificate_of_another_key, "vtpm.ak_certificate.key"),
    SNP(certificate_by_another, "vtpm.ak_certificate.chain"),
    SNP(certificate_names_another, "vtpm.ak_certificate.chain"),
    SNP(certificate_of_a_ca, "vtpm.ak_certificate.chain"),
    SNP(intermediate_by_another, "vtpm.ak_certificate.chain"),
    SNP(intermediate_is_no_ca, "vtpm.ak_certificate.chain"),
    SNP(intermediate_may_not_sign, "vtpm.ak_certificate.chain"),
    SNP(root_is_no_ca, "vtpm.ak_certificate.chain"),
    SNP(root_allows_no_intermediate, "vtpm.ak_certificate.chain"),
    SNP(foreign_ak_root, "vtpm.ak_certificate.root"),
    SNP(chain_without_its_root, "vtpm.ak_certificate.root"),
    SNP(certificate_alone, "vtpm.ak_certificate.chain", "vtpm.ak_certificate.root"),
    SNP(certificate_expired, "vtpm.ak_certificate.validity"),
    SNP(certificate_of_tomorrow, "vtpm.ak_certificate.validity"),
    SNP(root_expired, "vtpm.ak_certificate.validity"),
    SNP(magic_of_no_tpm, "vtpm.quote.magic", "vtpm.quote.form"),
    SNP(certified_key, "vtpm.quote.type", "vtpm.quote.form"),
    SNP(octet_behind_the_quote, "vtpm.quote.form"),
    SNP(octet_behind_the_wrapped_quote, "vtpm.quote.form"),
    SNP(safe_is_2, "vtpm.quote.form"),
    SNP(two_octets_of_selection, "vtpm.quote.form"),
    SNP(five_octets_of_selection, "vtpm.quote.form"),
    SNP(seventeen_banks, "vtpm.quote.form"),
    SNP(pss, "vtpm.signature.form"),
    SNP(ecdsa, "vtpm.signature.form"),
    SNP(signature_of_sha384, "vtpm.signature.form"),
    SNP(signature_too_short, "vtpm.signature.form"),
    SNP(quote_by_another, "vtpm.signature"),
    SNP(another_nonce, "vtpm.nonce"),
    SNP(the_beginning_of_the_nonce, "vtpm.nonce"),
    SNP(more_than_the_nonce, "vtpm.nonce"),
    SNP(nonce_too_long, "vtpm.nonce"),
    SNP(no_nonce_in_the_quote, "vtpm.nonce"),
    SNP(nonce_unknown, "vtpm.nonce"),
    SNP(quote_of_no_register, "vtpm.pcr.selection", "vtpm.pcr.values"),
    SNP(no_bank, "vtpm.pcr.selection", "vtpm.pcr.values"),
    SNP(two_banks, "vtpm.pcr.selection"),
    SNP(bank_of_sha384, "vtpm.pcr.selection"),
    SNP(one_register_more, "vtpm.pcr.selection"),
    SNP(one_register_less, "vtpm.pcr.selection"),
    SNP(values_too_long, "vtpm.pcr.values"),
    SNP(values_too_short, "vtpm.pcr.values"),
    SNP(register_25, "vtpm.pcr.values"),
    SNP(digest_of_other_values, "vtpm.pcr.digest"),
    SNP(another_kernel, "vtpm.pcr.references"),
    SNP(no_reference, "vtpm.pcr.references"),
    SNP(reference_for_what_is_not_quoted, "vtpm.pcr.references"),
    SNP(log_says_too_much, "vtpm.event_log"),
    SNP(log_explains_too_little, "vtpm.event_log"),
    SNP(log_malformed, "vtpm.event_log"),
    SNP(log_wanted, "vtpm.event_log"),
    SNP(clock_set_back, "vtpm.clock.safe"),
    SNP(restarted, "vtpm.clock.reset"),
    SNP(resumed, "vtpm.clock.restart"),
    SNP(secure_boot_off, "vtpm.config.secure_boot"),
    SNP(tpm_off, "vtpm.config.tpm_enabled"),
    SNP(console_on, "vtpm.config.console"),
    SNP(interactive_console_on, "vtpm.config.interactive_console"),
    SNP(ipmi_on, "vtpm.config.ipmi"),
    SNP(persisted_and_forbidden, "vtpm.config.tpm_persisted"),
    SNP(filter_wanted_and_not_stated, "vtpm.config.filtered_devices"),
    SNP(other_user_data, "vtpm.user_data"),
    SNP(no_user_data, "vtpm.user_data"),
    SNP(debug_guest, "snp.policy.debug"),
    SNP(another_firmware, "snp.measurement"),
    TDX(another_firmware, "tdx.mrtd"),
    TDX(debug_td, "tdx.td.debug"),
};

static bool is_named(const struct row *row, const char *name)
{
    for (size_t i = 0; i < FAILURES_MAX && row->failures[i] != NULL; i++)
        if (strcmp(row->failures[i], name) == 0)
            return true;
    return false;
}

static bool row_holds(const struct row *row)
{
    bool good = verdict.accepted == (row->failures[0] == NULL);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        bool consequence = strncmp(check->saw, "not checked: ", 13) == 0;
        if (!consequence)
            good = good && check->passed != is_named(row, check->rule->name);
        good = good && !(consequence && is_named(row, check->rule->name));
    }
    for (size_t i = 0; i < FAILURES_MAX && row->failures[i] != NULL; i++)
        good = good && verdict_find(&verdict, row->failures[i]) != NULL;
    for (size_t i = 0; i < verdict.count && !good; i++)
        if (!verdict.checks[i].passed)
            print_message("%s: %s: saw %s\n", row->name, verdict.checks[i].rule->name, verdict.checks[i].saw);
    if (!good)
        print_message("%s: %zu checks, not what was wanted\n", row->name, verdict.count);
    return good;
}

static void each_change_fails_its_own_check(void **state)
{
    static struct scene s;
    size_t wrong = 0;
    bool one_is_enough = getenv("CMOCKA_TEST_ABORT") != NULL;
    (void)state;
    for (size_t i = 0; i < test_count(rows) && !(wrong != 0 && one_is_enough); i++) {
        scene_init(&s, rows[i].is_tdx);
        rows[i].change(&s);
        scene_appraise(&s);
        wrong += !row_holds(&rows[i]);
    }
    assert_int_equal(wrong, 0);
}

static void every_check_has_a_change_that_fails_it(void **state)
{
    static struct scene s;
    size_t found = 0;
    (void)state;
    scene_init(&s, true);
    scene_appraise(&s);
    for (size_t i = 0; i < verdict.count; i++) {
        bool named = strncmp(verdict.checks[i].rule->name, "vtpm.", 5) != 0;
        found += !named;
        for (size_t r = 0; r < test_count(rows); r++)
            named = named || is_named(&rows[r], verdict.checks[i].rule->name);
        if (!named)
            fail_msg("no change fails %s", verdict.checks[i].rule->name);
    }
    assert_int_equal(found, VTPM_CHECKS);
}

static void sound_evidence_is_accepted_and_marked_simulated(void **state)
{
    static struct scene s;
    (void)state;
    for (int is_tdx = 0; is_tdx < 2; is_tdx++) {
        scene_init(&s, is_tdx != 0);
        scene_appraise(&s);
        assert_true(verdict.accepted);
        assert_true(verdict.simulated);
        assert_true(verdict.count > VTPM_CHECKS + 50);
        assert_int_equal(verdict.claims.platform, is_tdx ? VERDICT_PLATFORM_TDX : VERDICT_PLATFORM_SNP);
        assert_memory_equal(verdict.claims.measurement, s.measurement[0], 48);
        const struct vtpm_claims *c = &verdict.claims.vtpm;
        assert_true(c->there && c->ak_certified && c->event_log_replayed);
        assert_int_equal(c->pcrs, s.vtpm.pcrs);
        assert_memory_equal(c->pcr_values[11], s.vtpm.pcr_values[11], TPM_PCR_SIZE);
        assert_int_equal(c->reset_count, 3);
        assert_string_equal(c->vm_id, "D270E56B-F668-4990-A5BC-9B624576841D");
    }
}

static void the_claims_name_the_key_by_the_digest_of_its_modulus(void **state)
{
    static struct scene s;
    static struct hcl_runtime runtime;
    struct hcl_report hcl;
    uint8_t digest[CRYPTO_SHA256_SIZE];
    (void)state;
    scene_init(&s, false);
    scene_appraise(&s);
    assert_ok(hcl_report_parse(s.vtpm.evidence.hcl_report, &hcl, NULL));
    assert_ok(hcl_runtime_parse(hcl.runtime, &runtime, NULL));
    const struct bytes modulus = bytes_of(runtime.ak.modulus, runtime.ak.modulus_len);
    assert_ok(crypto_hash_parts(CRYPTO_SHA256, &modulus, 1, digest));
    assert_memory_equal(verdict.claims.vtpm.ak_digest, digest, sizeof digest);
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(vtpm_rule(0)->name, "vtpm.hcl.form");
    assert_string_equal(vtpm_rule(VTPM_CHECKS - 1)->name, "vtpm.user_data");
    assert_null(vtpm_rule(VTPM_CHECKS));
}

/* That of the hardware, and that of the AK's certificates, each by itself. */
static void a_root_by_hand_marks_the_verdict(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    no_certificate(&s);
    scene_build(&s);
    s.snp_policy.simulated_root = (struct bytes){0};
    appraise_built(&s);
    assert_false(verdict.accepted);
    assert_false(verdict.simulated);
    s.snp_policy.simulated_root = s.snp.evidence.ark;
    appraise_built(&s);
    assert_true(verdict.accepted && verdict.simulated);
    scene_init(&s, false);
    scene_build(&s);
    s.snp_policy.simulated_root = (struct bytes){0};
    appraise_built(&s);
    assert_true(verdict.simulated);
}

static void nothing_at_all_is_refused(void **state)
{
    struct vtpm_policy policy;
    (void)state;
    vtpm_policy_default(&policy);
    memset(&verdict, 0, sizeof verdict);
    vtpm_appraise(&(struct vtpm_evidence){0}, (struct bytes){0}, &policy, SYNTHETIC_NOW, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.accepted);
    assert_int_equal(verdict.count, VTPM_CHECKS);
    for (size_t i = 0; i < verdict.count; i++) {
        /* No certificate is needed by default, and so none is malformed. */
        bool about_certificates = strncmp(verdict.checks[i].rule->name, "vtpm.ak_certificate.", 20) == 0;
        if (!about_certificates)
            assert_false(verdict.checks[i].passed);
    }
}

/* The default policy with everything but reference values. */
static void no_reference_value_accepts_nothing(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    scene_build(&s);
    vtpm_policy_default(&s.policy);
    s.policy.snp = &s.snp_policy;
    s.policy.simulated_ak_root = s.vtpm.root_der;
    appraise_built(&s);
    assert_false(verdict.accepted);
    assert_false(verdict_find(&verdict, "vtpm.pcr.selection")->passed);
    assert_false(verdict_find(&verdict, "vtpm.pcr.references")->passed);
    assert_string_equal(verdict_find(&verdict, "vtpm.pcr.references")->wanted, "there is no reference value");
}

static void the_verdict_says_what_was_seen(void **state)
{
    static struct scene s;
    static const struct {
        void (*change)(struct scene *s);
        const char *check, *saw, *wanted; /* NULL: any */
        bool is_tdx;
    } table[] = {
        {nothing, "vtpm.hcl.kind", "an SNP report", "an SNP report or a TDREPORT", false},
        {snp_not_accepted, "vtpm.hcl.kind", "an SNP report", "a TDREPORT", false},
        {tdx_not_accepted, "vtpm.hcl.kind", "an SNP report", "an SNP report", false},
        {nothing, "vtpm.td_report.form", "not needed: an SNP report is signed itself", NULL, false},
        {nothing, "vtpm.hcl.kind", "a TDREPORT", NULL, true},
        {nothing, "vtpm.td_report.quote", "the same", NULL, true},
        {another_td, "vtpm.td_report.quote", "another MRTD", NULL, true},
        {nothing, "vtpm.signature", "valid", NULL, false},
        {quote_by_another, "vtpm.signature", "a signature does not verify", NULL, false},
        {nothing, "vtpm.hcl.hash", "SHA-256", NULL, false},
        {nothing, "vtpm.ak.key", "RSA of 2048 bits", NULL, false},
        {nothing, "vtpm.ak_certificate.root", "the SIMULATED root that was given by hand", "Microsoft's",
         false},
        {nothing, "vtpm.pcr.selection", "SHA-256: 0x000891", "SHA-256: 0x000891", false},
        {nothing, "vtpm.pcr.references", "0x000810 match, 0x000081 not compared", "", false},
        {nothing, "vtpm.event_log", "4 events", NULL, false},
        {nothing, "vtpm.config.console", "off", "off", false},
        {nothing, "vtpm.config.ipmi", "not stated", "off", false},
        {nothing, "vtpm.user_data", "not compared: no reference value", NULL, false},
        {no_certificate, "vtpm.ak_certificate.form", "no certificate", NULL, false},
        {no_event_log, "vtpm.event_log", "not replayed: there is no event log", NULL, false},
        {kind_of_no_hardware, "vtpm.hcl.kind", "a report of kind 3", NULL, false},
        {version_3, "vtpm.hcl.form", "hcl.version: 3", NULL, false},
        {another_kernel, "vtpm.pcr.references", NULL, "one of 1 reference values for PCR 11", false},
        {log_says_too_much, "vtpm.event_log", "PCR 4 is another", "what 5 events give", false},
        {clock_set_back, "vtpm.clock.safe", "the clock may have been set back", NULL, false},
        {nonce_unknown, "vtpm.nonce", "not compared: it is not known what it should be", NULL, false},
        {ecdsa, "vtpm.signature.form", "signature.sigAlg: 0x18, wanted RSASSA", NULL, false},
        {ecdsa, "vtpm.signature", "not checked: the signature is malformed", NULL, false},
        {nothing, "vtpm.ak_certificate.chain", "signed in turn", NULL, false},
        {certificate_by_another, "vtpm.ak_certificate.chain", "certificate 0 is not signed by the next", NULL,
         false},
        {certificate_with_a_damaged_key, "vtpm.ak_certificate.form",
         "the key of the certificate is malformed", NULL, false},
        {certificate_of_tomorrow, "vtpm.ak_certificate.validity", "certificate 0 is not valid yet", NULL,
         false},
        {certificate_expired, "vtpm.ak_certificate.validity", "certificate 0 has expired", NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < test_count(table); i++) {
        scene_init(&s, table[i].is_tdx);
        table[i].change(&s);
        scene_appraise(&s);
        const struct verdict_check *check = verdict_find(&verdict, table[i].check);
        if (table[i].saw != NULL)
            assert_string_equal(check->saw, table[i].saw);
        if (table[i].wanted != NULL)
            assert_string_equal(check->wanted, table[i].wanted);
    }
}

static void the_json_has_the_claims(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    user_data_as_wanted(&s);
    scene_appraise(&s);
    char *text = verdict_json(&verdict);
    json_t *doc = json_loads(text, 0, NULL);
    const json_t *claims = json_object_get(json_object_get(doc, "claims"), "vtpm");
    assert_int_equal(json_object_size(json_object_get(claims, "pcrs")), 4);
    assert_int_equal(json_string_length(json_object_get(json_object_get(claims, "pcrs"), "11")), 64);
    const json_t *configuration = json_object_get(claims, "configuration");
    assert_true(json_is_true(json_object_get(configuration, "secure-boot")));
    assert_true(json_is_false(json_object_get(configuration, "console-enabled")));
    assert_true(json_is_null(json_object_get(configuration, "ipmi-enabled")));
    assert_string_equal(json_string_value(json_object_get(claims, "user_data")), USER_DATA);
    assert_int_equal(json_integer_value(json_object_get(claims, "reset_count")), 3);
    assert_true(json_is_true(json_object_get(claims, "ak_certified")));
    json_decref(doc);
    secret_free(text);
}

/* Not even of what no signature covers: the blob's own header and the zeros behind it have one form. */
static void no_flipped_bit_is_accepted(void **state)
{
    static struct scene s;
    enum { STEP = 5 };
    (void)state;
    scene_init(&s, false);
    scene_build(&s);
    appraise_built(&s);
    assert_true(verdict.accepted);
    const struct bytes parts[] = {s.vtpm.evidence.quote, s.vtpm.evidence.signature,
                                  s.vtpm.evidence.pcr_values, s.vtpm.evidence.hcl_report};
    for (size_t p = 0; p < test_count(parts); p++) {
        uint8_t *at = bytes_owned(parts[p]);
        for (size_t bit = p; bit < parts[p].len * 8; bit += p == 3 ? 41 : STEP) {
            at[bit / 8] ^= (uint8_t)(1U << bit % 8);
            appraise_built(&s);
            if (verdict.accepted)
                fail_msg("part %zu, bit %zu was turned over and it was accepted", p, bit);
            at[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
    appraise_built(&s);
    assert_true(verdict.accepted);
}

static void no_shortened_part_is_accepted(void **state)
{
    static struct scene s;
    (void)state;
    scene_init(&s, false);
    no_padding(&s);
    scene_build(&s);
    struct bytes *const parts[] = {&s.vtpm.evidence.quote, &s.vtpm.evidence.signature,
                                   &s.vtpm.evidence.pcr_values, &s.vtpm.evidence.hcl_report};
    for (size_t p = 0; p < test_count(parts); p++) {
        const struct bytes whole = *parts[p];
        for (size_t len = 0; len < whole.len; len += len < 64 ? 1 : 37) {
            *parts[p] = bytes_of(whole.ptr, len);
            appraise_built(&s);
            assert_false(verdict.accepted);
        }
        *parts[p] = whole;
    }
    appraise_built(&s);
    assert_true(verdict.accepted);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&snp_keys);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_vtpm_keys_make(&keys);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    synthetic_vtpm_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_marked_simulated),
        cmocka_unit_test(the_claims_name_the_key_by_the_digest_of_its_modulus),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(each_change_fails_its_own_check),
        cmocka_unit_test(every_check_has_a_change_that_fails_it),
        cmocka_unit_test(a_root_by_hand_marks_the_verdict),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(no_reference_value_accepts_nothing),
        cmocka_unit_test(the_verdict_says_what_was_seen),
        cmocka_unit_test(the_json_has_the_claims),
        cmocka_unit_test(no_flipped_bit_is_accepted),
        cmocka_unit_test(no_shortened_part_is_accepted),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
