/* SPDX-License-Identifier: Apache-2.0 */
/* One change each, and the checks of a virtual TPM's appraisal that it fails. */
#include "unit/attest/vtpm_scene.h"
#include "unit/test.h"

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
CHANGE(reference_for_what_is_not_quoted, scene_reference(s, 9);)
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
CHANGE(user_data_as_wanted, memset(s->user_data, 0x42, sizeof s->user_data);
       s->policy.user_data = s->user_data; t->user_data = USER_DATA;)
CHANGE(other_user_data, s->policy.user_data = s->user_data; t->user_data = USER_DATA;)
CHANGE(no_user_data, s->policy.user_data = s->user_data;)
/* Of the hardware: its rows are in the same verdict, and its own tests fail each of them. */
CHANGE(debug_guest, s->snp.report.policy |= 1ULL << 19;)
CHANGE(another_firmware, s->measurement[0][0] ^= 1; s->launch.mrtd[0] ^= 1;)
CHANGE(debug_td, s->tdx.quote_fields.body.attributes |= 1;)
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

const struct row vtpm_rows[] = {
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

const size_t vtpm_row_count = test_count(vtpm_rows);
