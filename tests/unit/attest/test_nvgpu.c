/* SPDX-License-Identifier: Apache-2.0 */
/* Every check of the GPUs' appraisal, failed alone: sound evidence, one thing changed, built and signed anew. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/nvgpu.h"
#include "attest/ocsp.h"
#include "attest/rules.h"
#include "attest/x509.h"
#include "base/secret.h"
#include "support/synthetic_nvgpu.h"
#include "unit/test.h"

enum {
    FAILURES_MAX = 8,
    ALL_CHECKS = 40,
    BLOCK = 55,
    BLOCKS_AT = 45,
    OPAQUE_AT = BLOCKS_AT + 64 * BLOCK + 34
};
enum { LEAF, DEVICE, PROVISIONER, IDENTITY, ROOT };

static struct verdict verdict;
static struct simulated_nv_der appointed;

/* ---- one change each ---- */

#define CHANGE(name, ...)                                                                                    \
    static void name(struct synthetic_nvgpu *s)                                                              \
    {                                                                                                        \
        struct simulated_gpu *g = s->g;                                                                      \
        struct nvgpu_policy *p = &s->policy;                                                                 \
        (void)g;                                                                                             \
        (void)p;                                                                                             \
        __VA_ARGS__                                                                                          \
    }

static void patch(struct synthetic_nvgpu *s, size_t at, uint8_t value)
{
    s->patches[s->patch_count].at = at;
    s->patches[s->patch_count++].value = value;
}

static void field_set(struct synthetic_nvgpu *s, uint16_t type, const void *value, size_t size)
{
    struct simulated_gpu_field *f = simulated_gpu_field_find(&s->g->report, type);
    memcpy(f->value, value, size);
    f->size = (uint16_t)size;
}
#define FIELD(type, ...)                                                                                     \
    field_set(s, type, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}));

static void field_drop(struct synthetic_nvgpu *s, uint16_t type)
{
    simulated_gpu_field_find(&s->g->report, type)->type = 200;
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
CHANGE(report_without_fwid, field_drop(s, NVGPU_FWID);)
CHANGE(report_without_fwid_allowed, field_drop(s, NVGPU_FWID); p->allow_missing_fwid = true;)
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

CHANGE(no_rims, s->no_rims = true;)
CHANGE(as_many_rims_as_are_taken, s->more_rims = NVGPU_RIMS_MAX - 2;)
CHANGE(one_rim_too_many, s->more_rims = NVGPU_RIMS_MAX - 1;)
CHANGE(rim_with_a_comment, g->rims[0].texts[SIMULATED_RIM_BEFORE_META] = "<!-- -->";)
CHANGE(rim_with_a_type, g->rims[0].texts[SIMULATED_RIM_DECLARATION] = "<!DOCTYPE x>";)
CHANGE(rim_with_another_element, g->rims[0].texts[SIMULATED_RIM_BEFORE_META] = "<Evidence></Evidence>";)
CHANGE(rim_with_text, g->rims[0].texts[SIMULATED_RIM_BEFORE_META] = "text";)
CHANGE(rim_with_another_resource, g->rims[0].texts[SIMULATED_RIM_RESOURCE] = "MinSvn";)
CHANGE(rim_neither_active_nor_not, g->rims[0].texts[SIMULATED_RIM_ACTIVE] = "true";)
CHANGE(rim_with_something_in_the_payload, g->rims[0].texts[SIMULATED_RIM_IN_PAYLOAD] = "<File></File>";)
CHANGE(rim_with_two_signatures,
       g->rims[0].texts[SIMULATED_RIM_BEHIND] =
           "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature>";)
CHANGE(rim_with_an_object, g->rims[0].texts[SIMULATED_RIM_IN_SIGNATURE] = "<ds:Object></ds:Object>";)
CHANGE(rim_of_a_part, g->rims[0].texts[SIMULATED_RIM_URI] = "#a";)
CHANGE(rim_with_two_references,
       g->rims[0].texts[SIMULATED_RIM_REFERENCES] = "<ds:Reference URI=\"\"></ds:Reference>";)
CHANGE(rim_in_exclusive_form,
       g->rims[0].texts[SIMULATED_RIM_CANONICAL] = "http://www.w3.org/2001/10/xml-exc-c14n#";)
CHANGE(rim_under_an_exclusive_transform,
       g->rims[0].texts[SIMULATED_RIM_TRANSFORM] = "http://www.w3.org/2001/10/xml-exc-c14n#";)
CHANGE(rim_under_xslt,
       g->rims[0].texts[SIMULATED_RIM_ENVELOPED] = "http://www.w3.org/TR/1999/REC-xslt-19991116";)
CHANGE(rim_with_sha256, g->rims[0].texts[SIMULATED_RIM_DIGEST] = "http://www.w3.org/2001/04/xmlenc#sha256";)
CHANGE(rim_with_hmac, g->rims[0].texts[SIMULATED_RIM_METHOD] = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";)
CHANGE(rim_in_canonical_xml_10,
       g->rims[0].texts[SIMULATED_RIM_CANONICAL] = g->rims[0].texts[SIMULATED_RIM_TRANSFORM] =
           "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";)
CHANGE(rim_without_declaration, g->rims[0].texts[SIMULATED_RIM_DECLARATION] = "";)
CHANGE(rim_row_twice, g->rims[0].rows[1].index = 0;)

CHANGE(driver_without_rim, FIELD(NVGPU_DRIVER_VERSION, '5', '8', '0', '.', '9', '5', '.', '0', '6'))
CHANGE(driver_not_named, FIELD(NVGPU_DRIVER_VERSION, '5', ' ', '0'))
CHANGE(vbios_without_rim, simulated_gpu_field_find(&g->report, NVGPU_VBIOS_VERSION)->value[4] = 2;)
CHANGE(vbios_of_seven_octets, simulated_gpu_field_find(&g->report, NVGPU_VBIOS_VERSION)->size = 7;)
CHANGE(driver_rim_of_another_name, s->ids[0] = "NV_GPU_DRIVER_GH100_580.95.06";)
CHANGE(driver_rim_of_its_name, s->ids[0] = "NV_GPU_DRIVER_GH100_580.95.05";)
CHANGE(vbios_rim_of_another_board, s->ids[1] = "NV_GPU_VBIOS_1010_0205_882_96009F0001";)
CHANGE(vbios_rim_of_its_name, s->ids[1] = "NV_GPU_VBIOS_1010_0200_882_96009F0001";)
CHANGE(board_not_named, field_drop(s, NVGPU_PROJECT_SKU);)
CHANGE(driver_rim_of_another_chip, g->rims[0].product = "GB100";)
CHANGE(vbios_rim_of_another_chip, g->rims[1].product = "GB100";)
CHANGE(driver_rim_in_small_letters,
       FIELD(NVGPU_DRIVER_VERSION, '5', '8', '0', '.', 'A', 'Z') g->rims[0].version = "580.az";)
CHANGE(vbios_rim_in_small_letters, g->rims[1].version = "96.00.9f.00.01";)
CHANGE(rim_changed, s->rim_edit[0] = "Measurement_2\""; s->rim_edit[1] = "Measurement_3\"";)
CHANGE(rim_by_another, g->rim_key = s->other;)
CHANGE(rim_under_a_foreign_root, s->foreign_rim_root = true;)
CHANGE(rim_under_another_root_by_hand, s->foreign_rim_root = true;
       p->simulated_rim_root = bytes_of(g->device_der[SIMULATED_GPU_CHAIN - 1].der,
                                        g->device_der[SIMULATED_GPU_CHAIN - 1].len);)
CHANGE(rim_signer_by_another, g->signer[LEAF].signer = s->other;)
CHANGE(rim_signer_is_ca, g->signer[LEAF].is_ca = true;)
CHANGE(rim_ca_is_none, g->signer[1].is_ca = false;)
CHANGE(rim_signer_expired, g->signer[LEAF].not_after = s->now - 10;)
CHANGE(rim_signer_expired_in_grace, g->signer[LEAF].not_after = s->now - 10; p->rim_expired_grace = 10;)
CHANGE(rim_signer_expired_beyond_grace, g->signer[LEAF].not_after = s->now - 10; p->rim_expired_grace = 9;)
CHANGE(rim_signer_of_tomorrow, g->signer[LEAF].not_before = s->now + 1; p->rim_expired_grace = 10;)
CHANGE(rim_signer_revoked, g->ocsp[3].status = SIMULATED_OCSP_REVOKED; g->ocsp[3].reason = 4;)
CHANGE(rim_signer_on_hold, g->ocsp[3].status = SIMULATED_OCSP_REVOKED; g->ocsp[3].reason = OCSP_REASON_HOLD;)
CHANGE(rim_signer_on_hold_allowed, rim_signer_on_hold(s); p->allow_hold = true;)
CHANGE(rim_signer_revoked_though_hold_is_allowed, rim_signer_revoked(s); p->allow_hold = true;)

static const char *const driver_list[] = {"570.1", "580.95.05"};
static const char *const vbios_list[] = {"96.00.9F.00.01"};
CHANGE(driver_listed, p->drivers = (struct nvgpu_versions){driver_list, 2};)
CHANGE(driver_not_listed, p->drivers = (struct nvgpu_versions){driver_list, 1};)
CHANGE(vbios_listed, p->vbioses = (struct nvgpu_versions){vbios_list, 1};)
CHANGE(vbios_not_listed, p->vbioses = (struct nvgpu_versions){driver_list, 2};)
CHANGE(driver_just_new_enough, p->driver_min = "580.95.05";)
CHANGE(driver_new_enough, p->driver_min = "580.95";)
CHANGE(driver_newer_by_number, p->driver_min = "99.200";)
CHANGE(driver_too_old, p->driver_min = "580.95.06";)
CHANGE(driver_too_old_by_a_part, p->driver_min = "580.95.05.1";)
CHANGE(driver_minimum_malformed, p->driver_min = "5x";)
CHANGE(vbios_new_enough, p->vbios_min = "96.00.9F.00.00";)
CHANGE(vbios_newer_by_hexadecimal_digit, p->vbios_min = "96.00.99.00.01";)
CHANGE(driver_minimum_with_zeros_behind, p->driver_min = "580.95.05.0.0";)
CHANGE(driver_minimum_of_seven_digits, p->driver_min = "0000580.0000095";)
CHANGE(vbios_minimum_with_an_a, p->vbios_min = "96.00.9A.00.01";)
CHANGE(vbios_minimum_in_small_letters, p->vbios_min = "96.00.9f.00.01";)
CHANGE(vbios_minimum_with_a_small_a, p->vbios_min = "96.00.9a.00.01";)
CHANGE(driver_minimum_of_eight_digits, p->driver_min = "00000580";)
CHANGE(driver_minimum_with_a_letter, p->driver_min = "57a";)
CHANGE(driver_minimum_with_an_empty_part, p->driver_min = "580..05";)
CHANGE(driver_minimum_with_a_colon, p->driver_min = "57:";)
CHANGE(driver_minimum_with_a_slash, p->driver_min = "57/";)
CHANGE(vbios_minimum_with_a_g, p->vbios_min = "96.00.1G";)
CHANGE(vbios_minimum_with_an_at_sign, p->vbios_min = "96.00.1@";)
CHANGE(vbios_minimum_with_a_grave, p->vbios_min = "96.00.1`";)
CHANGE(vbios_minimum_with_a_colon, p->vbios_min = "96.00.1:";)
CHANGE(vbios_too_old, p->vbios_min = "96.00.A0";)

CHANGE(mpt, FIELD(NVGPU_FEATURE_FLAG, 1, 0, 0, 0))
CHANGE(mpt_not_accepted, mpt(s); p->modes = 1U << NVGPU_SPT;)
CHANGE(mode_3, FIELD(NVGPU_FEATURE_FLAG, 3, 0, 0, 0) p->modes = UINT32_MAX;)
CHANGE(mode_of_nine_octets, FIELD(NVGPU_FEATURE_FLAG, 0, 0, 0, 0, 0, 0, 0, 0, 0))
CHANGE(mode_not_named, field_drop(s, NVGPU_FEATURE_FLAG);)
CHANGE(mode_neither_named, field_drop(s, NVGPU_FEATURE_FLAG); field_drop(s, NVGPU_PROTECTED_PCIE);)
CHANGE(ppcie, FIELD(NVGPU_FEATURE_FLAG, 2, 0, 0, 0))
CHANGE(ppcie_by_its_status, mode_not_named(s); FIELD(NVGPU_PROTECTED_PCIE, NVGPU_ON))
CHANGE(ppcie_accepted, ppcie(s); p->modes |= 1U << NVGPU_PPCIE;)
CHANGE(ppcie_and_alone, FIELD(NVGPU_PROTECTED_PCIE, NVGPU_ON) p->modes |= 1U << NVGPU_PPCIE;)
CHANGE(ppcie_status_not_known, FIELD(NVGPU_PROTECTED_PCIE, 0))

CHANGE(nvdec_not_known, FIELD(NVGPU_NVDEC0_STATUS, 0x33))
CHANGE(nvdec_not_named, field_drop(s, NVGPU_NVDEC0_STATUS);)
CHANGE(nvdec_off, FIELD(NVGPU_NVDEC0_STATUS, NVGPU_OFF) g->report.measurements[35][0] ^= 1;)
CHANGE(nvdec_on, g->report.measurements[35][0] ^= 1;)
CHANGE(nvdec_off_is_not_for_others, FIELD(NVGPU_NVDEC0_STATUS, NVGPU_OFF) g->report.measurements[37][0] ^= 1;)
CHANGE(counts_empty, simulated_gpu_field_find(&g->report, NVGPU_MEASUREMENT_COUNTS)->size = 0;)
CHANGE(counts_of_three_octets, simulated_gpu_field_find(&g->report, NVGPU_MEASUREMENT_COUNTS)->size = 255;)
CHANGE(no_counts, field_drop(s, NVGPU_MEASUREMENT_COUNTS);)
CHANGE(both_say, g->rims[1].rows[23].active = true;
       memcpy(g->rims[1].rows[23].values[0], g->rims[0].rows[23].values[0], 48);)
CHANGE(driver_says_nothing, for (size_t i = 0; i < 64; i++) g->rims[0].rows[i].active = false;)
CHANGE(vbios_says_nothing, for (size_t i = 0; i < 64; i++) g->rims[1].rows[i].active = false;)
CHANGE(driver_says_what_is_skipped, driver_says_nothing(s); g->rims[0].rows[35].active = true; nvdec_off(s);)
CHANGE(another_driver, g->report.measurements[21][47] ^= 1;)
CHANGE(another_vbios, g->report.measurements[1][47] ^= 1;)
CHANGE(the_first_of_two_values, memset(g->report.measurements[9], 0xee, 48);)
CHANGE(none_of_two_values, memset(g->report.measurements[9], 0xef, 48);)
CHANGE(inactive_one_differs, g->report.measurements[2][0] ^= 0;)
CHANGE(last_measurement_missing, g->report.blocks = 63;)

/* ---- what comes of each ---- */

struct row {
    const char *name;
    void (*change)(struct synthetic_nvgpu *s);
    enum simulated_gpu_kind kind;
    bool only_first; /* the first failure is what counts: others follow from it */
    const char *failures[FAILURES_MAX];
};
#define ROW(change, ...)                                                                                     \
    {                                                                                                        \
#change, change, SIMULATED_HOPPER, false,                                                            \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define ROW_B(change, ...)                                                                                   \
    {                                                                                                        \
#change " (Blackwell)", change, SIMULATED_BLACKWELL, false,                                          \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define FIRST(change, check)                                                                                 \
    {                                                                                                        \
#change, change, SIMULATED_HOPPER, true,                                                             \
        {                                                                                                    \
            check                                                                                            \
        }                                                                                                    \
    }

#define NO_BLOCKS "nvgpu.report.blocks", "nvgpu.measurements.driver", "nvgpu.measurements.vbios"
#define NO_DRIVER                                                                                            \
    "nvgpu.driver.rim", "nvgpu.driver.rim_id", "nvgpu.measurements.conflict", "nvgpu.measurements.any",      \
        "nvgpu.measurements.driver"
#define NO_VBIOS                                                                                             \
    "nvgpu.vbios.rim", "nvgpu.vbios.rim_id", "nvgpu.measurements.conflict", "nvgpu.measurements.any",        \
        "nvgpu.measurements.vbios"
#define OCSP_BOTH "nvgpu.chain.not_revoked", "nvgpu.rim.not_revoked"

static const struct row rows[] = {
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
    FIRST(no_rims, "nvgpu.rim.form"),
    ROW(as_many_rims_as_are_taken),
    FIRST(one_rim_too_many, "nvgpu.rim.form"),
    FIRST(rim_with_a_comment, "nvgpu.rim.form"),
    FIRST(rim_with_a_type, "nvgpu.rim.form"),
    FIRST(rim_with_another_element, "nvgpu.rim.form"),
    FIRST(rim_with_text, "nvgpu.rim.form"),
    FIRST(rim_with_another_resource, "nvgpu.rim.form"),
    FIRST(rim_neither_active_nor_not, "nvgpu.rim.form"),
    FIRST(rim_with_something_in_the_payload, "nvgpu.rim.form"),
    FIRST(rim_with_two_signatures, "nvgpu.rim.form"),
    FIRST(rim_with_an_object, "nvgpu.rim.form"),
    FIRST(rim_of_a_part, "nvgpu.rim.form"),
    FIRST(rim_with_two_references, "nvgpu.rim.form"),
    FIRST(rim_in_exclusive_form, "nvgpu.rim.form"),
    FIRST(rim_under_an_exclusive_transform, "nvgpu.rim.form"),
    FIRST(rim_under_xslt, "nvgpu.rim.form"),
    FIRST(rim_with_sha256, "nvgpu.rim.form"),
    FIRST(rim_with_hmac, "nvgpu.rim.form"),
    ROW(rim_in_canonical_xml_10),
    ROW(rim_without_declaration),
    FIRST(rim_row_twice, "nvgpu.rim.form"),
    ROW(driver_without_rim, NO_DRIVER),
    ROW(driver_not_named, NO_DRIVER, "nvgpu.driver.version"),
    ROW(vbios_without_rim, NO_VBIOS),
    ROW(vbios_of_seven_octets, NO_VBIOS, "nvgpu.vbios.version"),
    ROW(driver_rim_of_another_name, "nvgpu.driver.rim_id"),
    ROW(driver_rim_of_its_name),
    ROW(vbios_rim_of_another_board, "nvgpu.vbios.rim_id"),
    ROW(vbios_rim_of_its_name),
    ROW(board_not_named, "nvgpu.vbios.rim_id"),
    ROW(driver_rim_of_another_chip, "nvgpu.rim.product"),
    ROW(vbios_rim_of_another_chip, "nvgpu.rim.product"),
    ROW(driver_rim_in_small_letters),
    ROW(vbios_rim_in_small_letters),
    ROW(rim_changed, "nvgpu.rim.digest"),
    ROW(rim_by_another, "nvgpu.rim.signature"),
    ROW(rim_under_a_foreign_root, "nvgpu.rim.root"),
    ROW(rim_under_another_root_by_hand, "nvgpu.rim.root"),
    ROW(rim_signer_by_another, "nvgpu.rim.chain"),
    ROW(rim_signer_is_ca, "nvgpu.rim.chain"),
    ROW(rim_ca_is_none, "nvgpu.rim.chain"),
    ROW(rim_signer_expired, "nvgpu.rim.validity"),
    ROW(rim_signer_expired_in_grace),
    ROW(rim_signer_expired_beyond_grace, "nvgpu.rim.validity"),
    ROW(rim_signer_of_tomorrow, "nvgpu.rim.validity"),
    ROW(rim_signer_revoked, "nvgpu.rim.not_revoked"),
    ROW(rim_signer_on_hold, "nvgpu.rim.not_revoked"),
    ROW(rim_signer_on_hold_allowed),
    ROW(rim_signer_revoked_though_hold_is_allowed, "nvgpu.rim.not_revoked"),
    ROW(driver_listed),
    ROW(driver_not_listed, "nvgpu.driver.version"),
    ROW(vbios_listed),
    ROW(vbios_not_listed, "nvgpu.vbios.version"),
    ROW(driver_just_new_enough),
    ROW(driver_new_enough),
    ROW(driver_newer_by_number),
    ROW(driver_too_old, "nvgpu.driver.version"),
    ROW(driver_too_old_by_a_part, "nvgpu.driver.version"),
    ROW(driver_minimum_with_zeros_behind),
    ROW(driver_minimum_of_seven_digits),
    ROW(vbios_minimum_with_an_a),
    ROW(vbios_minimum_in_small_letters),
    ROW(vbios_minimum_with_a_small_a),
    ROW(driver_minimum_of_eight_digits, "nvgpu.driver.version"),
    ROW(driver_minimum_with_a_letter, "nvgpu.driver.version"),
    ROW(driver_minimum_with_an_empty_part, "nvgpu.driver.version"),
    ROW(driver_minimum_with_a_colon, "nvgpu.driver.version"),
    ROW(driver_minimum_with_a_slash, "nvgpu.driver.version"),
    ROW(vbios_minimum_with_a_g, "nvgpu.vbios.version"),
    ROW(vbios_minimum_with_an_at_sign, "nvgpu.vbios.version"),
    ROW(vbios_minimum_with_a_grave, "nvgpu.vbios.version"),
    ROW(vbios_minimum_with_a_colon, "nvgpu.vbios.version"),
    ROW(driver_minimum_malformed, "nvgpu.driver.version"),
    ROW(vbios_new_enough),
    ROW(vbios_newer_by_hexadecimal_digit),
    ROW(vbios_too_old, "nvgpu.vbios.version"),
    ROW(mpt),
    ROW(mpt_not_accepted, "nvgpu.mode"),
    ROW(mode_3, "nvgpu.mode"),
    ROW(mode_of_nine_octets, "nvgpu.mode"),
    ROW(mode_not_named),
    ROW(mode_neither_named),
    ROW(ppcie, "nvgpu.mode", "nvgpu.switches"),
    ROW(ppcie_by_its_status, "nvgpu.mode", "nvgpu.switches"),
    ROW(ppcie_accepted, "nvgpu.switches"),
    ROW(ppcie_and_alone, "nvgpu.switches"),
    ROW(ppcie_status_not_known, "nvgpu.mode"),
    ROW(nvdec_not_known, "nvgpu.nvdec"),
    ROW(nvdec_not_named, "nvgpu.nvdec"),
    ROW(nvdec_off),
    ROW(nvdec_on, "nvgpu.measurements.driver"),
    ROW(nvdec_off_is_not_for_others, "nvgpu.measurements.driver"),
    ROW(counts_empty, "nvgpu.measurements.counts"),
    ROW(counts_of_three_octets, "nvgpu.measurements.counts"),
    ROW(no_counts),
    ROW(both_say, "nvgpu.measurements.conflict"),
    ROW(driver_says_nothing, "nvgpu.measurements.any"),
    ROW(vbios_says_nothing, "nvgpu.measurements.any"),
    ROW(driver_says_what_is_skipped, "nvgpu.measurements.any"),
    ROW(another_driver, "nvgpu.measurements.driver"),
    ROW(another_vbios, "nvgpu.measurements.vbios"),
    ROW(the_first_of_two_values),
    ROW(none_of_two_values, "nvgpu.measurements.vbios"),
    ROW(inactive_one_differs),
    ROW(last_measurement_missing, "nvgpu.measurements.driver"),
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
    bool right = true;
    const struct verdict_check *first = verdict_first_failure(&verdict);
    if (row->only_first && (first == NULL || strcmp(first->rule->name, row->failures[0]) != 0)) {
        print_message("%s: first failure is %s (%s)\n", row->name, first == NULL ? "none" : first->rule->name,
                      first == NULL ? "" : first->saw);
        return false;
    }
    for (size_t i = 0; !row->only_first && i < verdict.count; i++) {
        const struct verdict_check *check = &verdict.checks[i];
        if (is_named(row, check->rule->name) != check->passed)
            continue;
        print_message("%s: %s %s (saw %s, wanted %s)\n", row->name, check->rule->name,
                      check->passed ? "passed" : "failed", check->saw, check->wanted);
        right = false;
    }
    return right && verdict.accepted == (row->failures[0] == NULL) && verdict.count == ALL_CHECKS;
}

static void each_change_fails_its_own_check(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    size_t wrong = 0;
    bool one_is_enough = getenv("CMOCKA_TEST_ABORT") != NULL;
    for (size_t i = 0; i < test_count(rows) && !(wrong != 0 && one_is_enough); i++) {
        synthetic_nvgpu_init(&s, rows[i].kind);
        rows[i].change(&s);
        synthetic_nvgpu_appraise(&s, &verdict);
        wrong += !row_holds(&rows[i]);
    }
    assert_int_equal(wrong, 0);
}

static void every_check_has_a_change_that_fails_it_alone(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    synthetic_nvgpu_appraise(&s, &verdict);
    for (size_t i = 0; i < verdict.count; i++) {
        bool named = false;
        for (size_t r = 0; r < test_count(rows); r++)
            named = named || (rows[r].failures[0] != NULL &&
                              strcmp(rows[r].failures[0], verdict.checks[i].rule->name) == 0);
        if (!named)
            fail_msg("no change fails %s", verdict.checks[i].rule->name);
    }
}

static void sound_evidence_is_accepted_and_marked_simulated(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    two_gpus(&s);
    synthetic_nvgpu_appraise(&s, &verdict);
    const struct nvgpu_claims *c = &verdict.claims.gpu;
    assert_true(verdict.accepted);
    assert_true(verdict.simulated);
    assert_int_equal(verdict.count, ALL_CHECKS);
    assert_int_equal(c->count, 2);
    assert_memory_equal(c->nonce, s.nonce, sizeof s.nonce);
    assert_true(c->revocation_checked);
    assert_false(c->inventory_checked);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(c->gpus[i].driver, "580.95.05");
        assert_string_equal(c->gpus[i].vbios, "96.00.9F.00.01");
        assert_string_equal(c->gpus[i].chip, "GH100");
        assert_string_equal(c->gpus[i].architecture, "Hopper");
        assert_string_equal(c->gpus[i].mode, "SPT");
        assert_string_equal(c->gpus[i].project, "1010");
        assert_string_equal(c->gpus[i].project_sku, "0200");
        assert_string_equal(c->gpus[i].chip_sku, "882");
        assert_int_equal(c->gpus[i].serial_size, 2);
        assert_int_equal(c->gpus[i].fwid[0], 0xf1);
    }
    assert_int_equal(c->gpus[1].serial[0], 0x11);
    char *json = verdict_json(&verdict);
    assert_non_null(strstr(json, "\"driver\": \"580.95.05\""));
    assert_non_null(strstr(json, "\"device_serial\": \"1101\""));
    secret_free(json);
}

static void one_root_by_hand_is_enough_to_be_simulated(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.foreign_rim_root = true;
    synthetic_nvgpu_appraise(&s, &verdict);
    assert_true(verdict.simulated);
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.foreign_device_root = true;
    synthetic_nvgpu_appraise(&s, &verdict);
    assert_true(verdict.simulated);
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    s.foreign_device_root = s.foreign_rim_root = true;
    synthetic_nvgpu_appraise(&s, &verdict);
    assert_false(verdict.simulated);
}

static void each_rule_has_its_number(void **state)
{
    (void)state;
    assert_string_equal(nvgpu_rule(0)->name, "nvgpu.count");
    assert_string_equal(nvgpu_rule(ALL_CHECKS - 1)->name, verdict.checks[ALL_CHECKS - 1].rule->name);
    assert_null(nvgpu_rule(ALL_CHECKS));
}

/* The claim is of both: the GPU's certificates and those of the reference values. */
static void revocation_is_checked_when_every_word_came_along(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    static const struct {
        unsigned missing; /* bits of responses */
        bool checked;
    } table[] = {{0, true}, {1 << 0, false}, {1 << 3, false}, {0x3f, false}};
    for (size_t i = 0; i < test_count(table); i++) {
        synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
        s.policy.allow_missing_ocsp = true;
        s.ocsp_missing = table[i].missing;
        synthetic_nvgpu_appraise(&s, &verdict);
        assert_true(verdict.accepted);
        assert_int_equal(verdict.claims.gpu.revocation_checked, table[i].checked);
    }
}

/* What a person reads of a check. */
static void the_verdict_says_what_was_seen(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    static const struct {
        void (*change)(struct synthetic_nvgpu *s);
        const char *check, *saw, *wanted; /* wanted NULL: any */
    } table[] = {
        {none, "nvgpu.chain.root", "the SIMULATED root that was given by hand", "NVIDIA's"},
        {none, "nvgpu.rim.root", "the SIMULATED root that was given by hand", "NVIDIA's"},
        {none, "nvgpu.count", "1", "1 to 16"},
        {one_of_two, "nvgpu.count", "1", "2"},
        {none, "nvgpu.chip", "GH100", "GH100 or GB100"},
        {blackwell_wanted, "nvgpu.chip", "GPU 1: GH100, Hopper", "Blackwell"},
        {none, "nvgpu.inventory", "not looked for: you gave no inventory", ""},
        {none, "nvgpu.vbios.rim_id", "its name is not known", ""},
        {none, "nvgpu.mode", "GPU 1: SPT", "SPT or MPT"},
        {mode_3, "nvgpu.mode", "GPU 1: unknown", "SPT or MPT or PPCIE"},
        {no_words_allowed, "nvgpu.chain.not_revoked",
         "not asked of every certificate, which your policy allows", ""},
        {no_word_about_the_device_allowed, "nvgpu.chain.not_revoked",
         "not asked of every certificate, which your policy allows", ""},
        {no_word_about_the_device_allowed, "nvgpu.rim.not_revoked", "good", ""},
        {no_words, "nvgpu.chain.not_revoked", "GPU 1: no OCSP response about certificate 2", ""},
        {device_on_hold, "nvgpu.chain.not_revoked", "GPU 1: certificate 2 is on hold (reason 6)", ""},
        {rim_signer_revoked, "nvgpu.rim.not_revoked", "RIM 1: certificate 1 is revoked (reason 4)", ""},
        {a_switch, "nvgpu.chip", "GPU 1: an NVSwitch (LS10), whose reports are not verified here", NULL},
        {a_chip_not_known, "nvgpu.chip", "GPU 1: a chip that is not known", NULL},
        {identity_of_another_chip, "nvgpu.chip", "GPU 1: certificate 4 is not one of a GH100", NULL},
        {provisioner_of_another_chip, "nvgpu.chip", "GPU 1: certificate 3 is not one of a GH100", NULL},
        {device_of_another_chip, "nvgpu.chip", "GPU 1: certificate 2 is not one of a GH100", NULL},
        {second_is_old, "nvgpu.driver.version", "GPU 1: 580.95.05", "at least 581"},
        {the_same_twice, "nvgpu.distinct", "GPU 2: the same as GPU 1", NULL},
        {ppcie, "nvgpu.switches",
         "GPU 1: in protected PCIe mode, and reports of NVSwitches are not verified here", NULL},
        {last_measurement_missing, "nvgpu.measurements.driver", "GPU 1: measurement 63 is not there", NULL},
        {driver_without_rim, "nvgpu.driver.rim", "GPU 1: none for the driver 580.95.06", NULL},
        {driver_without_rim, "nvgpu.measurements.driver", "not checked: there are no reference values", NULL},
        {report_without_fwid, "nvgpu.fwid", "GPU 1: the report does not name its firmware", NULL},
        {foreign_root, "nvgpu.chain.root", "GPU 1: a root of somebody else's", NULL},
        {rim_changed, "nvgpu.rim.digest", "RIM 1: the document is not the one that was signed", NULL},
        {rim_with_a_comment, "nvgpu.rim.form",
         "RIM 1: XML document at 0xe8: a comment, a declaration or an instruction", NULL},
    };
    for (size_t i = 0; i < test_count(table); i++) {
        synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
        table[i].change(&s);
        synthetic_nvgpu_appraise(&s, &verdict);
        const struct verdict_check *check = verdict_find(&verdict, table[i].check);
        assert_string_equal(check->saw, table[i].saw);
        if (table[i].wanted != NULL)
            assert_string_equal(check->wanted, table[i].wanted);
    }
}

/* The one that is worse is found, wherever it stands. */
static void each_of_several_gpus_counts(void **state)
{
    (void)state;
    static struct synthetic_nvgpu s;
    synthetic_nvgpu_init(&s, SIMULATED_HOPPER);
    two_gpus(&s);
    synthetic_nvgpu_build(&s);
    s.second_report[SIMULATED_GPU_VALUE_SIZE] ^= 1;
    synthetic_nvgpu_appraise_again(&s, &verdict);
    assert_false(verdict.accepted);
    assert_string_equal(verdict_find(&verdict, "nvgpu.report.signature")->saw,
                        "GPU 2: a signature does not verify");
    s.second_report[SIMULATED_GPU_VALUE_SIZE] ^= 1;
    s.second_report[4] ^= 1;
    synthetic_nvgpu_appraise_again(&s, &verdict);
    assert_false(verdict_find(&verdict, "nvgpu.report.nonce")->passed);
    s.second_report[4] ^= 1;
    synthetic_nvgpu_appraise_again(&s, &verdict);
    assert_true(verdict.accepted);
}

static void nothing_at_all_is_refused(void **state)
{
    (void)state;
    struct nvgpu_policy policy;
    nvgpu_policy_default(&policy);
    memset(&verdict, 0, sizeof verdict);
    nvgpu_appraise(NULL, 0, &(struct nvgpu_endorsements){0}, NULL, &policy, SYNTHETIC_NVGPU_NOW, &verdict);
    verdict_conclude(&verdict);
    assert_false(verdict.accepted);
    assert_int_equal(verdict.count, ALL_CHECKS);
    for (size_t i = 0; i < verdict.count; i++)
        assert_false(verdict.checks[i].passed);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_nvgpu_make();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_nvgpu_drop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_evidence_is_accepted_and_marked_simulated),
        cmocka_unit_test(one_root_by_hand_is_enough_to_be_simulated),
        cmocka_unit_test(nothing_at_all_is_refused),
        cmocka_unit_test(each_of_several_gpus_counts),
        cmocka_unit_test(each_rule_has_its_number),
        cmocka_unit_test(revocation_is_checked_when_every_word_came_along),
        cmocka_unit_test(the_verdict_says_what_was_seen),
        cmocka_unit_test(every_check_has_a_change_that_fails_it_alone),
        cmocka_unit_test(each_change_fails_its_own_check),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
