/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values, versions, modes and measurements of GPUs: one change each, and the checks that it fails. */
#include "attest/ocsp.h"
#include "unit/attest/nvgpu_changes.h"
#include "unit/test.h"

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
CHANGE(board_not_named, nvgpu_field_drop(s, NVGPU_PROJECT_SKU);)
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
CHANGE(mode_not_named, nvgpu_field_drop(s, NVGPU_FEATURE_FLAG);)
CHANGE(mode_neither_named, nvgpu_field_drop(s, NVGPU_FEATURE_FLAG);
       nvgpu_field_drop(s, NVGPU_PROTECTED_PCIE);)
CHANGE(ppcie, FIELD(NVGPU_FEATURE_FLAG, 2, 0, 0, 0))
CHANGE(ppcie_by_its_status, mode_not_named(s); FIELD(NVGPU_PROTECTED_PCIE, NVGPU_ON))
CHANGE(ppcie_accepted, ppcie(s); p->modes |= 1U << NVGPU_PPCIE;)
CHANGE(ppcie_and_alone, FIELD(NVGPU_PROTECTED_PCIE, NVGPU_ON) p->modes |= 1U << NVGPU_PPCIE;)
CHANGE(ppcie_status_not_known, FIELD(NVGPU_PROTECTED_PCIE, 0))

CHANGE(nvdec_not_known, FIELD(NVGPU_NVDEC0_STATUS, 0x33))
CHANGE(nvdec_not_named, nvgpu_field_drop(s, NVGPU_NVDEC0_STATUS);)
CHANGE(nvdec_off, FIELD(NVGPU_NVDEC0_STATUS, NVGPU_OFF) g->report.measurements[35][0] ^= 1;)
CHANGE(nvdec_on, g->report.measurements[35][0] ^= 1;)
CHANGE(nvdec_off_is_not_for_others, FIELD(NVGPU_NVDEC0_STATUS, NVGPU_OFF) g->report.measurements[37][0] ^= 1;)
CHANGE(counts_empty, simulated_gpu_field_find(&g->report, NVGPU_MEASUREMENT_COUNTS)->size = 0;)
CHANGE(counts_of_three_octets, simulated_gpu_field_find(&g->report, NVGPU_MEASUREMENT_COUNTS)->size = 255;)
CHANGE(no_counts, nvgpu_field_drop(s, NVGPU_MEASUREMENT_COUNTS);)
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

#define NO_DRIVER                                                                                            \
    "nvgpu.driver.rim", "nvgpu.driver.rim_id", "nvgpu.measurements.conflict", "nvgpu.measurements.any",      \
        "nvgpu.measurements.driver"
#define NO_VBIOS                                                                                             \
    "nvgpu.vbios.rim", "nvgpu.vbios.rim_id", "nvgpu.measurements.conflict", "nvgpu.measurements.any",        \
        "nvgpu.measurements.vbios"

const struct row nvgpu_rows_state[] = {
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

const size_t nvgpu_row_count_state = test_count(nvgpu_rows_state);
