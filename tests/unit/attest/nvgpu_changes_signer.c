/* SPDX-License-Identifier: Apache-2.0 */
/* Which GPU it is, who signed for it and whether that was revoked: one change each, and the checks that it fails. */
#include "attest/ocsp.h"
#include "attest/x509.h"
#include "unit/attest/nvgpu_changes.h"
#include "unit/test.h"

enum { BLOCK = 55, BLOCKS_AT = 45, OPAQUE_AT = BLOCKS_AT + 64 * BLOCK + 34 };

static struct simulated_nv_der appointed;

static void patch(struct synthetic_nvgpu *s, size_t at, uint8_t value)
{
    s->patches[s->patch_count].at = at;
    s->patches[s->patch_count++].value = value;
}
CHANGE(none, ;)
CHANGE(no_gpus, s->gpu_count = 0;)
CHANGE(seventeen_gpus, s->gpu_count = NVGPU_GPUS_MAX + 1;)
CHANGE(sixteen_gpus, s->gpu_count = NVGPU_GPUS_MAX;)
CHANGE(one_of_two, p->gpu_count = 2;)
CHANGE(one_of_one, p->gpu_count = 1;)
CHANGE(two_gpus, s->gpu_count = 2; s->with_second = true; p->gpu_count = 2;)
CHANGE(the_same_twice, s->gpu_count = 2;)
CHANGE(second_is_old, s->gpu_count = 2; s->with_second = true; p->driver_min = "581";)

/* Another GPU, but for one thing that no two have. */
static void leaf_serial_of_the_first(struct simulated_gpu *second, const struct simulated_gpu *first)
{
    second->device[LEAF].serial = first->device[LEAF].serial;
}
static void device_serial_of_the_first(struct simulated_gpu *second, const struct simulated_gpu *first)
{
    second->device[DEVICE].serial = first->device[DEVICE].serial;
}
static void device_key_of_the_first(struct simulated_gpu *second, const struct simulated_gpu *first)
{
    second->device[DEVICE].key = second->device[LEAF].signer = first->device[DEVICE].key;
}
CHANGE(two_of_one_leaf_serial, two_gpus(s); s->second_change = leaf_serial_of_the_first;)
CHANGE(two_of_one_device_serial, two_gpus(s); s->second_change = device_serial_of_the_first;)
CHANGE(two_of_one_device_key, two_gpus(s); s->second_change = device_key_of_the_first;)

CHANGE(octet_behind, s->more = 1;)
CHANGE(octet_less, s->less = 1;)
CHANGE(record_too_long, patch(s, 42, 0xff);)
CHANGE(request_of_spdm_12, g->report.request[0] = 0x12;)
CHANGE(request_of_another_kind, g->report.request[1] = 0xe1;)
CHANGE(request_without_signature, g->report.request[2] = 0;)
CHANGE(request_of_one_measurement, g->report.request[3] = 1;)
CHANGE(slot_8, g->report.slot = g->report.response[3] = 8;)
CHANGE(slot_7, g->report.slot = g->report.response[3] = 7;)
CHANGE(response_of_spdm_12, g->report.response[0] = 0x12;)
CHANGE(response_of_another_kind, g->report.response[1] = 0x61;)
CHANGE(response_of_another_slot, g->report.response[3] = 1;)
CHANGE(block_of_another_form, patch(s, BLOCKS_AT + 1, 2);)
CHANGE(block_twice, patch(s, BLOCKS_AT + BLOCK, 1);)
CHANGE(block_zero, patch(s, BLOCKS_AT, 0);)
CHANGE(block_beyond, patch(s, BLOCKS_AT, 65);)
CHANGE(block_shorter, patch(s, BLOCKS_AT + 5, 47);)
CHANGE(block_longer, patch(s, BLOCKS_AT + 5, 49);)
CHANGE(one_block_less_than_said, patch(s, 41, 65);)
CHANGE(one_block_more_than_said, patch(s, 41, 63);)
CHANGE(no_blocks, g->report.blocks = 0;)
CHANGE(field_twice, (void)simulated_gpu_field_add(&g->report, NVGPU_PROJECT, bytes_str("1010"));)
CHANGE(field_not_known, (void)simulated_gpu_field_add(&g->report, 63, bytes_str("x"));
       (void)simulated_gpu_field_add(&g->report, 64, bytes_str("x"));
       (void)simulated_gpu_field_add(&g->report, 64, bytes_str("y"));)
CHANGE(field_too_long, patch(s, OPAQUE_AT + 2, 0xff); patch(s, OPAQUE_AT + 3, 0xff);)
CHANGE(opaque_version_2, FIELD(NVGPU_OPAQUE_VERSION, 2, 0, 0, 0))
CHANGE(opaque_version_empty, simulated_gpu_field_find(&g->report, NVGPU_OPAQUE_VERSION)->size = 0;)
CHANGE(opaque_form_new, for (size_t i = 0; i < 6; i++) patch(s, OPAQUE_AT + i, (uint8_t) "NVDAOD"[i]);)
CHANGE(another_nonce, memset(g->report.nonce, 1, 32); patch(s, 4, 0);)
CHANGE(nonce_not_known, s->nonce_unknown = true;)

CHANGE(four_certificates, s->certificates = 4;)
CHANGE(text_behind_certificates, s->after_certificates = "x";)
CHANGE(blanks_behind_certificates, s->after_certificates = "\n \r\n";)
CHANGE(certificates_in_der, s->der = true;)
CHANGE(octet_behind_der, s->der = true; s->after_certificates = "x";)
CHANGE(foreign_root, s->foreign_device_root = true;)
CHANGE(another_root_by_hand, s->foreign_device_root = true;
       p->simulated_device_root = bytes_of(g->signer_der[SIMULATED_RIM_CHAIN - 1].der,
                                           g->signer_der[SIMULATED_RIM_CHAIN - 1].len);)
CHANGE(root_of_another_name, g->device[ROOT].subject_cn = g->device[ROOT].issuer_cn =
                                 g->device[IDENTITY].issuer_cn = "NVIDIA Device Identity CB";)
CHANGE(leaf_by_another, g->device[LEAF].signer = s->other;)
CHANGE(device_by_another, g->device[DEVICE].signer = s->other;)
CHANGE(identity_by_another, g->device[IDENTITY].signer = s->other;)
CHANGE(leaf_names_another_issuer, g->device[LEAF].issuer_cn = "GH100 A01 GSP BROM 2";)
CHANGE(leaf_is_ca, g->device[LEAF].is_ca = true;)
CHANGE(leaf_may_sign_certificates, g->device[LEAF].key_usage |= X509_USAGE_CERT_SIGN;)
CHANGE(leaf_for_other_use, g->device[LEAF].key_usage = X509_USAGE_CRL_SIGN;)
CHANGE(leaf_of_a_responder, g->device[LEAF].ocsp_signing = true;)
CHANGE(device_is_no_ca, g->device[DEVICE].is_ca = false;)
CHANGE(device_may_not_sign, g->device[DEVICE].key_usage = X509_USAGE_CRL_SIGN;)
CHANGE(root_is_no_ca, g->device[ROOT].is_ca = false;)
CHANGE(provisioner_path_too_short, g->device[PROVISIONER].path_length = 0;)
CHANGE(provisioner_path_just_right, g->device[PROVISIONER].path_length = 1;
       g->device[DEVICE].path_length = 0;)
CHANGE(before_the_leaf, g->device[LEAF].not_before = s->now + 1;)
CHANGE(after_the_leaf, g->device[LEAF].not_after = s->now - 1;)
CHANGE(after_the_root, g->device[ROOT].not_after = s->now - 1;)
CHANGE(at_the_ends_of_the_leaf, g->device[LEAF].not_after = g->device[LEAF].not_before = s->now;)
CHANGE(grace_is_not_for_gpus, g->device[LEAF].not_after = s->now - 1; p->rim_expired_grace = 100;)
CHANGE(blackwell_wanted, p->architecture = NVGPU_BLACKWELL;)
CHANGE(hopper_wanted, p->architecture = NVGPU_HOPPER;)
CHANGE(a_chip_not_known, g->device[LEAF].subject_cn = "GH200 A01 GSP FMC LF";)
CHANGE(a_switch, g->device[LEAF].subject_cn = "LS10 A01 FSP FMC LF";)
CHANGE(identity_of_another_chip,
       g->device[IDENTITY].subject_cn = g->device[PROVISIONER].issuer_cn = "NVIDIA GB100 Identity";)
CHANGE(identity_of_a_longer_name,
       g->device[IDENTITY].subject_cn = g->device[PROVISIONER].issuer_cn = "NVIDIA GH100 Identity 2";)
CHANGE(provisioner_of_another_chip,
       g->device[PROVISIONER].subject_cn = g->device[DEVICE].issuer_cn = "NVIDIA GB100 Provisioner ICA 1";)
CHANGE(device_of_another_chip,
       g->device[DEVICE].subject_cn = g->device[LEAF].issuer_cn = "GB100 A01 GSP BROM";)

CHANGE(device_revoked, g->ocsp[0].status = SIMULATED_OCSP_REVOKED; g->ocsp[0].reason = 1;)
CHANGE(device_on_hold, g->ocsp[0].status = SIMULATED_OCSP_REVOKED; g->ocsp[0].reason = OCSP_REASON_HOLD;
       p->allow_hold = true;)
CHANGE(provisioner_not_known, g->ocsp[1].status = SIMULATED_OCSP_UNKNOWN;)
CHANGE(identity_revoked_without_reason, g->ocsp[2].status = SIMULATED_OCSP_REVOKED;)
CHANGE(no_word_about_the_device, s->ocsp_missing = 1 << 0;)
CHANGE(no_word_about_the_identity, s->ocsp_missing = 1 << 2;)
CHANGE(no_word_about_the_rims_signer, s->ocsp_missing = 1 << 3;)
CHANGE(no_words, s->ocsp_missing = 0x3f;)
CHANGE(no_word_about_the_device_allowed, s->ocsp_missing = 1 << 0; p->allow_missing_ocsp = true;)
CHANGE(no_words_allowed, s->ocsp_missing = 0x3f; p->allow_missing_ocsp = true;)
CHANGE(revoked_though_words_may_be_missing, p->allow_missing_ocsp = true;
       g->ocsp[0].status = SIMULATED_OCSP_REVOKED;)
CHANGE(as_many_words_as_are_taken, s->more_ocsp = NVGPU_OCSP_MAX - SIMULATED_GPU_OCSP;)
CHANGE(one_word_too_many, s->more_ocsp = NVGPU_OCSP_MAX + 1 - SIMULATED_GPU_OCSP;)
CHANGE(word_malformed, s->ocsp_malformed = true;)
CHANGE(word_malformed_though_words_may_be_missing, s->ocsp_malformed = true; p->allow_missing_ocsp = true;)
CHANGE(word_of_an_error, g->ocsp[0].error = 3;)
CHANGE(word_by_another, g->ocsp[0].signer = s->other;)
CHANGE(word_of_tomorrow, g->ocsp[0].this_update = s->now + 1;)
CHANGE(word_made_tomorrow, g->ocsp[0].produced_at = s->now + 1;)
CHANGE(word_old, g->ocsp[0].this_update = s->now - 2; g->ocsp[0].next_update = s->now - 1;)
CHANGE(word_without_end, g->ocsp[0].next_update = 0;)
CHANGE(word_at_its_ends, g->ocsp[0].this_update = g->ocsp[0].next_update = s->now;)
CHANGE(word_with_sha256, g->ocsp[0].sha256 = true;)
CHANGE(word_by_a_key, g->ocsp[0].by_key = true;)
CHANGE(word_with_another_nonce, s->ocsp_nonce = bytes_str("12345678");
       for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) g->ocsp[i].nonce = bytes_str(i == 0 ? "12345679"
                                                                                           : "12345678");)
CHANGE(words_with_the_nonce, s->ocsp_nonce = bytes_str("12345678");
       for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++) g->ocsp[i].nonce = bytes_str("12345678");)
CHANGE(words_without_the_nonce, s->ocsp_nonce = bytes_str("12345678");)

/* A responder that the issuer of the chip's certificate appointed. */
static struct simulated_nv_certificate responder_of(const struct synthetic_nvgpu *s)
{
    const struct simulated_nv_certificate *issuer = &s->g->device[PROVISIONER];
    return (struct simulated_nv_certificate){.issuer_cn = issuer->subject_cn,
                                             .subject_cn = "Simulated OCSP responder",
                                             .serial = 77,
                                             .not_before = s->now - 10,
                                             .not_after = s->now + 10,
                                             .path_length = SIMULATED_NV_NO_LIMIT,
                                             .key_usage = X509_USAGE_DIGITAL_SIGNATURE,
                                             .ocsp_signing = true,
                                             .key = s->other,
                                             .signer = issuer->key};
}
static void appoint(struct synthetic_nvgpu *s, const struct simulated_nv_certificate *responder)
{
    assert_ok(simulated_nv_certificate_sign(responder, &appointed));
    s->g->ocsp[0].responder = bytes_of(appointed.der, appointed.len);
    s->g->ocsp[0].signer = s->other;
}
#define RESPONDER(name, ...)                                                                                 \
    static void name(struct synthetic_nvgpu *s)                                                              \
    {                                                                                                        \
        struct simulated_nv_certificate r = responder_of(s);                                                 \
        __VA_ARGS__                                                                                          \
        appoint(s, &r);                                                                                      \
    }
RESPONDER(word_by_one_appointed, ;)
RESPONDER(word_by_one_appointed_by_its_key, s->g->ocsp[0].by_key = true;)
RESPONDER(word_by_one_appointed_for_nothing, r.ocsp_signing = false;)
RESPONDER(word_by_one_who_appointed_himself, r.signer = s->other;)
RESPONDER(word_by_one_of_another_issuer, r.issuer_cn = "NVIDIA GH100 Identity";
          r.signer = s->g->device[IDENTITY].key;)
RESPONDER(word_by_one_no_more_appointed, r.not_after = s->now - 1;)
RESPONDER(word_in_the_first_and_last_second, r.not_before = r.not_after = s->now;)
RESPONDER(word_by_one_not_yet_appointed, r.not_before = s->now + 1;)

CHANGE(report_by_another, g->report_key = s->other;)
CHANGE(report_by_the_device, g->report_key = g->device_keys[DEVICE];)
CHANGE(another_fwid, simulated_gpu_field_find(&g->report, NVGPU_FWID)->value[47] ^= 1;)
CHANGE(a_shorter_fwid, simulated_gpu_field_find(&g->report, NVGPU_FWID)->size = 47;)
CHANGE(report_without_fwid, nvgpu_field_drop(s, NVGPU_FWID);)
CHANGE(report_without_fwid_allowed, nvgpu_field_drop(s, NVGPU_FWID); p->allow_missing_fwid = true;)
CHANGE(another_fwid_though_it_may_be_missing, another_fwid(s); p->allow_missing_fwid = true;)
CHANGE(leaf_without_fwid, g->device[LEAF].fwid_form = SIMULATED_FWID_NONE;)
CHANGE(leaf_without_fwid_though_it_may_be_missing, leaf_without_fwid(s); p->allow_missing_fwid = true;)
CHANGE(firmware_under_debug, g->device[LEAF].tcb_flags = 1 << 3;)
CHANGE(firmware_not_configured, g->device[LEAF].tcb_flags = 1 << 0;)
CHANGE(firmware_under_debug_allowed, g->device[LEAF].tcb_flags = 1 << 3; p->allow_debug = true;)
CHANGE(firmware_with_other_flags, g->device[LEAF].tcb_flags = 1 << 4;)

static const uint8_t serial_leaf[] = {0x10, 0x00};
static const uint8_t serial_device[] = {0x10, 0x01};
static const uint8_t serial_root[] = {0x10, 0x04};
static const struct bytes inventory[] = {{serial_root, 2}, {serial_leaf, 2}};
static const struct bytes device_inventory[] = {{serial_device, 2}};
CHANGE(leaf_in_the_inventory, p->serials = inventory; p->serial_count = 2;)
CHANGE(device_in_the_inventory, p->serials = device_inventory; p->serial_count = 1;)
CHANGE(not_in_the_inventory, p->serials = inventory; p->serial_count = 1;)

#define NO_BLOCKS "nvgpu.report.blocks", "nvgpu.measurements.driver", "nvgpu.measurements.vbios"
#define OCSP_BOTH "nvgpu.chain.not_revoked", "nvgpu.rim.not_revoked"

const struct row nvgpu_rows_signer[] = {
    ROW(none),
    ROW_B(none),
    FIRST(no_gpus, "nvgpu.count"),
    FIRST(seventeen_gpus, "nvgpu.count"),
    ROW(sixteen_gpus, "nvgpu.distinct"),
    ROW(one_of_two, "nvgpu.count"),
    ROW(one_of_one),
    ROW(two_gpus),
    ROW(the_same_twice, "nvgpu.distinct"),
    ROW(two_of_one_leaf_serial, "nvgpu.distinct"),
    ROW(two_of_one_device_serial, "nvgpu.distinct"),
    ROW(two_of_one_device_key, "nvgpu.distinct"),
    ROW(second_is_old, "nvgpu.driver.version"),
    FIRST(octet_behind, "nvgpu.report.form"),
    FIRST(octet_less, "nvgpu.report.form"),
    FIRST(record_too_long, "nvgpu.report.form"),
    ROW(request_of_spdm_12, "nvgpu.report.request"),
    ROW(request_of_another_kind, "nvgpu.report.request"),
    ROW(request_without_signature, "nvgpu.report.request"),
    ROW(request_of_one_measurement, "nvgpu.report.request"),
    ROW(slot_8, "nvgpu.report.request"),
    ROW(slot_7),
    ROW(response_of_spdm_12, "nvgpu.report.response"),
    ROW(response_of_another_kind, "nvgpu.report.response"),
    ROW(response_of_another_slot, "nvgpu.report.response"),
    ROW(block_of_another_form, NO_BLOCKS),
    ROW(block_twice, NO_BLOCKS),
    ROW(block_zero, NO_BLOCKS),
    ROW(block_beyond, NO_BLOCKS),
    ROW(block_shorter, NO_BLOCKS),
    ROW(block_longer, NO_BLOCKS),
    ROW(one_block_less_than_said, NO_BLOCKS),
    ROW(one_block_more_than_said, NO_BLOCKS),
    ROW(no_blocks, NO_BLOCKS),
    FIRST(field_twice, "nvgpu.report.opaque"),
    ROW(field_not_known),
    FIRST(field_too_long, "nvgpu.report.opaque"),
    FIRST(opaque_version_2, "nvgpu.report.opaque"),
    FIRST(opaque_version_empty, "nvgpu.report.opaque"),
    FIRST(opaque_form_new, "nvgpu.report.opaque"),
    ROW(another_nonce, "nvgpu.report.nonce"),
    ROW(nonce_not_known, "nvgpu.report.nonce"),
    FIRST(four_certificates, "nvgpu.chain.form"),
    FIRST(text_behind_certificates, "nvgpu.chain.form"),
    ROW(blanks_behind_certificates),
    ROW(certificates_in_der),
    FIRST(octet_behind_der, "nvgpu.chain.form"),
    ROW(foreign_root, "nvgpu.chain.root"),
    ROW(another_root_by_hand, "nvgpu.chain.root"),
    ROW(root_of_another_name, "nvgpu.chain.root"),
    ROW(leaf_by_another, "nvgpu.chain.signatures"),
    ROW(device_by_another, "nvgpu.chain.signatures"),
    ROW(identity_by_another, "nvgpu.chain.signatures"),
    ROW(leaf_names_another_issuer, "nvgpu.chain.signatures"),
    ROW(leaf_is_ca, "nvgpu.chain.signatures"),
    ROW(leaf_may_sign_certificates, "nvgpu.chain.signatures"),
    ROW(leaf_for_other_use, "nvgpu.chain.signatures"),
    ROW(leaf_of_a_responder, "nvgpu.chain.signatures"),
    ROW(device_is_no_ca, "nvgpu.chain.signatures"),
    ROW(device_may_not_sign, "nvgpu.chain.signatures"),
    ROW(root_is_no_ca, "nvgpu.chain.signatures"),
    ROW(provisioner_path_too_short, "nvgpu.chain.signatures"),
    ROW(provisioner_path_just_right),
    ROW(before_the_leaf, "nvgpu.chain.validity"),
    ROW(after_the_leaf, "nvgpu.chain.validity"),
    ROW(after_the_root, "nvgpu.chain.validity"),
    ROW(at_the_ends_of_the_leaf),
    ROW(grace_is_not_for_gpus, "nvgpu.chain.validity"),
    ROW(blackwell_wanted, "nvgpu.chip"),
    ROW(hopper_wanted),
    ROW_B(hopper_wanted, "nvgpu.chip"),
    FIRST(a_chip_not_known, "nvgpu.chip"),
    FIRST(a_switch, "nvgpu.chip"),
    FIRST(identity_of_another_chip, "nvgpu.chip"),
    FIRST(identity_of_a_longer_name, "nvgpu.chip"),
    FIRST(provisioner_of_another_chip, "nvgpu.chip"),
    FIRST(device_of_another_chip, "nvgpu.chip"),
    ROW(device_revoked, "nvgpu.chain.not_revoked"),
    ROW(device_on_hold, "nvgpu.chain.not_revoked"),
    ROW(provisioner_not_known, "nvgpu.chain.not_revoked"),
    ROW(identity_revoked_without_reason, "nvgpu.chain.not_revoked"),
    ROW(no_word_about_the_device, "nvgpu.chain.not_revoked"),
    ROW(no_word_about_the_identity, "nvgpu.chain.not_revoked"),
    ROW(no_word_about_the_rims_signer, "nvgpu.rim.not_revoked"),
    ROW(no_words, OCSP_BOTH),
    ROW(no_words_allowed),
    ROW(no_word_about_the_device_allowed),
    ROW(revoked_though_words_may_be_missing, "nvgpu.chain.not_revoked"),
    ROW(as_many_words_as_are_taken),
    ROW(one_word_too_many, OCSP_BOTH),
    ROW(word_malformed, OCSP_BOTH),
    ROW(word_malformed_though_words_may_be_missing, OCSP_BOTH),
    ROW(word_of_an_error, OCSP_BOTH),
    ROW(word_by_another, "nvgpu.chain.not_revoked"),
    ROW(word_of_tomorrow, "nvgpu.chain.not_revoked"),
    ROW(word_made_tomorrow, "nvgpu.chain.not_revoked"),
    ROW(word_old, "nvgpu.chain.not_revoked"),
    ROW(word_without_end, "nvgpu.chain.not_revoked"),
    ROW(word_at_its_ends),
    ROW(word_with_sha256),
    ROW(word_by_a_key),
    ROW(word_with_another_nonce, "nvgpu.chain.not_revoked"),
    ROW(words_with_the_nonce),
    ROW(words_without_the_nonce, OCSP_BOTH),
    ROW(word_by_one_appointed),
    ROW(word_in_the_first_and_last_second),
    ROW(word_by_one_appointed_by_its_key),
    ROW(word_by_one_appointed_for_nothing, "nvgpu.chain.not_revoked"),
    ROW(word_by_one_who_appointed_himself, "nvgpu.chain.not_revoked"),
    ROW(word_by_one_of_another_issuer, "nvgpu.chain.not_revoked"),
    ROW(word_by_one_no_more_appointed, "nvgpu.chain.not_revoked"),
    ROW(word_by_one_not_yet_appointed, "nvgpu.chain.not_revoked"),
    ROW(report_by_another, "nvgpu.report.signature"),
    ROW(report_by_the_device, "nvgpu.report.signature"),
    ROW(another_fwid, "nvgpu.fwid"),
    ROW_B(another_fwid, "nvgpu.fwid"),
    ROW(a_shorter_fwid, "nvgpu.fwid"),
    ROW(report_without_fwid, "nvgpu.fwid"),
    ROW(report_without_fwid_allowed),
    ROW(another_fwid_though_it_may_be_missing, "nvgpu.fwid"),
    ROW(leaf_without_fwid, "nvgpu.fwid"),
    ROW(leaf_without_fwid_though_it_may_be_missing, "nvgpu.fwid"),
    ROW_B(firmware_under_debug, "nvgpu.debug"),
    ROW_B(firmware_not_configured, "nvgpu.debug"),
    ROW_B(firmware_under_debug_allowed),
    ROW_B(firmware_with_other_flags),
    ROW(leaf_in_the_inventory),
    ROW(device_in_the_inventory),
    ROW(not_in_the_inventory, "nvgpu.inventory"),
};

const size_t nvgpu_row_count_signer = test_count(nvgpu_rows_signer);
