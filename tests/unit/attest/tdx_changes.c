/* SPDX-License-Identifier: Apache-2.0 */
/* One change each, and the checks of the TDX appraisal that it fails. */
#include <stdio.h>

#include "unit/attest/tdx_scene.h"
#include "unit/test.h"

static struct tdx_references reference(const uint8_t (*values)[TDX_REGISTER_SIZE])
{
    return (struct tdx_references){values, 1};
}

/* ---- one change each ---- */

#define CHANGE(name, ...)                                                                                    \
    static void name(struct scene *s)                                                                        \
    {                                                                                                        \
        struct synthetic_tdx *t = &s->tdx;                                                                   \
        struct tdx_body *b = &t->quote_fields.body;                                                          \
        (void)t;                                                                                             \
        (void)b;                                                                                             \
        __VA_ARGS__                                                                                          \
    }

CHANGE(version_6, t->quote_fields.version = 6;)
CHANGE(version_3, t->quote_fields.version = 3;)
CHANGE(sgx_tee_type, t->quote_fields.tee_type = 0;)
CHANGE(p384_key_type, t->quote_fields.key_type = 3;)
CHANGE(another_vendor, t->quote_fields.qe_vendor[15] ^= 1;)
CHANGE(sgx_body, t->body_type = TDX_BODY_SGX;)
CHANGE(body_of_10_and_size_of_15, t->body_type = TDX_BODY_10;)
CHANGE(body_size_wrong, t->body_size++;)
CHANGE(body_10_in_version_5, t->body_type = TDX_BODY_10; t->body_size = TDX_BODY_10_SIZE; b->is_15 = false;)
CHANGE(certification_type_1, t->qe_type = 1;)
CHANGE(chain_of_type_4, t->chain_type = 4;)
CHANGE(signature_length_too_large, t->length_off = 1;)
CHANGE(signature_length_too_small, t->length_off = -1;)
CHANGE(trailing_octet, t->last_octet = 1;)
CHANGE(two_certificates, t->certificates = 2;)
CHANGE(four_certificates, t->certificates = 4;)
CHANGE(text_behind_the_chain, t->after_chain = "x";)
CHANGE(p384_leaf, t->pck.key = keys.p384;)
CHANGE(foreign_root, s->foreign_root = true;)
CHANGE(root_of_another_name,
       t->root.subject_cn = t->root.issuer_cn = t->ca.issuer_cn = t->root_crl.issuer_cn =
           t->tcb_info.certificate.issuer_cn = t->qe_identity.certificate.issuer_cn = "Intel SGX Root CB";
       t->tcb_info.root = t->qe_identity.root = t->root;)
CHANGE(root_is_no_ca, t->root.is_ca = false; t->tcb_info.root = t->qe_identity.root = t->root;)
CHANGE(root_without_path_length, t->root.path_length = SYNTHETIC_LEFT_OUT;
       t->tcb_info.root = t->qe_identity.root = t->root;)
CHANGE(root_may_not_sign, t->root.key_usage = 0x02; t->tcb_info.root = t->qe_identity.root = t->root;)
CHANGE(ca_signed_by_another, t->ca.signer = keys.other;)
CHANGE(ca_of_another_name, t->ca.subject_cn = t->pck.issuer_cn = t->pck_crl.issuer_cn = "Intel SGX PCK CA";)
CHANGE(ca_names_another_issuer, t->ca.issuer_cn = "Intel SGX Root CB";)
CHANGE(ca_is_no_ca, t->ca.is_ca = false;)
CHANGE(ca_may_not_sign, t->ca.key_usage = 0x02;)
CHANGE(ca_with_path_length_1, t->ca.path_length = 1;)
CHANGE(leaf_signed_by_another, t->pck.signer = keys.other;)
CHANGE(leaf_signed_by_the_root, t->pck.signer = keys.root;)
CHANGE(leaf_of_another_name, t->pck.subject_cn = "Intel SGX TCB Signing";)
CHANGE(leaf_names_another_issuer, t->pck.issuer_cn = "Intel SGX PCK Processor CA";)
CHANGE(leaf_is_a_ca, t->pck.is_ca = true;)
CHANGE(leaf_for_other_use, t->pck.key_usage = 0x08;)
CHANGE(leaf_may_sign_certificates, t->pck.key_usage = 0x84;)
CHANGE(before_the_leaf, t->pck.not_before = "260101000001Z";)
CHANGE(after_the_leaf, t->pck.not_after = "251231235959Z";)
CHANGE(at_the_ends_of_the_leaf, t->pck.not_after = t->pck.not_before = "260101000000Z";)
CHANGE(before_the_ca, t->ca.not_before = "260101000001Z";)
CHANGE(after_the_ca, t->ca.not_after = "251231235959Z";)
CHANGE(after_the_root, t->root.not_after = "251231235959Z"; t->tcb_info.root = t->qe_identity.root = t->root;)
CHANGE(leaf_without_extension, t->pck.pck_extension = false;)
CHANGE(leaf_with_too_few_components, t->components = 17;)
CHANGE(leaf_of_unknown_type, t->sgx_type = 3;)
CHANGE(in_the_inventory, s->policy.ppids = (const uint8_t (*)[PCK_PPID_SIZE])s->ppid;
       s->policy.ppid_count = 1;)
CHANGE(not_in_the_inventory, s->ppid[0][0] ^= 1; s->policy.ppids = (const uint8_t (*)[PCK_PPID_SIZE])s->ppid;
       s->policy.ppid_count = 1;)
CHANGE(root_crl_by_another, t->root_crl.signer = keys.other;)
CHANGE(root_crl_of_another_issuer, t->root_crl.issuer_cn = "Intel SGX PCK Platform CA";)
CHANGE(root_crl_malformed, t->root_crl.number_twice = true;)
CHANGE(root_crl_old, t->root_crl.next_update = "251231235959Z";)
CHANGE(root_crl_of_tomorrow, t->root_crl.this_update = "260101000001Z";)
CHANGE(ca_revoked, t->root_crl.serials[0] = t->ca.serial;)
CHANGE(signers_revoked, t->root_crl.serials[0] = t->tcb_info.certificate.serial;)
CHANGE(tcb_info_signer_revoked, t->qe_identity.certificate.serial = 9; t->root_crl.serials[0] = 4;)
CHANGE(qe_identity_signer_revoked, t->qe_identity.certificate.serial = 9; t->root_crl.serials[0] = 9;)
CHANGE(pck_crl_by_another, t->pck_crl.signer = keys.other;)
CHANGE(pck_crl_by_the_root, t->pck_crl.signer = keys.root; t->pck_crl.issuer_cn = t->root.subject_cn;)
CHANGE(pck_crl_of_the_other_ca, t->pck_crl.issuer_cn = "Intel SGX PCK Processor CA";)
CHANGE(pck_crl_old, t->pck_crl.next_update = "251231235959Z";)
CHANGE(leaf_revoked, t->pck_crl.serials[0] = t->pck.serial;)
CHANGE(tcb_info_signer_p384, t->tcb_info.certificate.key = keys.p384;)
CHANGE(tcb_info_signer_by_another, t->tcb_info.certificate.signer = keys.other;)
CHANGE(tcb_info_signer_of_another_name, t->tcb_info.certificate.subject_cn = "Intel SGX PCK Certificate";)
CHANGE(tcb_info_signer_is_a_ca, t->tcb_info.certificate.is_ca = true;)
CHANGE(tcb_info_under_another_root,
       t->tcb_info.root.key = t->tcb_info.root.signer = t->tcb_info.certificate.signer = keys.other;)
CHANGE(tcb_info_signer_old, t->tcb_info.certificate.not_after = "251231235959Z";)
CHANGE(tcb_info_by_another, t->tcb_info.signer = keys.other;)
CHANGE(tcb_info_of_sgx, t->tcb_info.id = "SGX";)
CHANGE(tcb_info_version_2, t->tcb_info.version = 2;)
CHANGE(tcb_info_type_1, t->tcb_type = 1;)
CHANGE(tcb_info_unknown_member, t->tcb_info.more = "\"x\":1,";)
CHANGE(tcb_info_member_twice, t->tcb_info.more = "\"tcbType\":0,";)
CHANGE(tcb_info_fifteen_components, t->tdx_components = 15;)
CHANGE(tcb_info_unknown_status, t->tcb_info.levels[1].status = "Fine";)
CHANGE(tcb_info_no_levels, t->tcb_info.level_count = 0;)
CHANGE(tcb_info_component_256, t->tcb_info.levels[1].svn[15] = 256;)
CHANGE(tcb_info_issue_date_wrong, t->tcb_info.issue_date = "2025-02-29T00:00:00Z";)
CHANGE(tcb_info_of_tomorrow, t->tcb_info.issue_date = "2026-01-01T00:00:01Z";)
CHANGE(tcb_info_old, t->tcb_info.next_update = "2025-12-31T23:59:59Z";)
CHANGE(tcb_info_at_its_ends, t->tcb_info.issue_date = t->tcb_info.next_update = "2026-01-01T00:00:00Z";)
CHANGE(tcb_info_of_another_platform, t->fmspc = "00806F050001";)
CHANGE(tcb_info_of_another_pce, t->pce_id = "0001";)
CHANGE(fmspc_in_lower_case, t->fmspc = "00806f050000";)
CHANGE(tcb_info_number_16, t->tcb_info.evaluation_number = 16;)
CHANGE(qe_identity_number_16, t->qe_identity.evaluation_number = 16;)
CHANGE(number_below_that_of_the_time, s->policy.evaluation_number_min = 0;
       t->tcb_info.evaluation_number = t->qe_identity.evaluation_number = 16;)
CHANGE(number_of_the_time, s->policy.evaluation_number_min = 0;)
CHANGE(number_above_your_own_minimum, s->policy.evaluation_number_min = 16;
       t->tcb_info.evaluation_number = t->qe_identity.evaluation_number = 16;)
CHANGE(number_below_your_own_minimum, s->policy.evaluation_number_min = 18;)
CHANGE(qe_identity_signer_by_another, t->qe_identity.certificate.signer = keys.other;)
CHANGE(qe_identity_under_another_root,
       t->qe_identity.root.key = t->qe_identity.root.signer = t->qe_identity.certificate.signer = keys.other;)
CHANGE(qe_identity_signer_p384, t->qe_identity.certificate.key = keys.p384;)
CHANGE(qe_identity_signer_old, t->qe_identity.certificate.not_after = "251231235959Z";)
CHANGE(qe_identity_by_another, t->qe_identity.signer = keys.other;)
CHANGE(qe_identity_of_sgx, t->qe_identity.id = "QE";)
CHANGE(qe_identity_version_3, t->qe_identity.version = 3;)
CHANGE(qe_identity_unknown_member, t->qe_identity.more = "\"x\":1,";)
CHANGE(qe_identity_of_tomorrow, t->qe_identity.issue_date = "2026-01-01T00:00:01Z";)
CHANGE(qe_identity_old, t->qe_identity.next_update = "2025-12-31T23:59:59Z";)
CHANGE(qe_report_by_another, t->qe_report_signer = keys.other;)
CHANGE(qe_report_for_another_key, t->keep_qe_report_data = true;)
CHANGE(qe_mrsigner, t->quote_fields.qe_report.mrsigner[0] ^= 1;)
CHANGE(qe_product, t->quote_fields.qe_report.isv_prod_id = 1;)
CHANGE(qe_attributes, t->quote_fields.qe_report.attributes[1] = 1;)
CHANGE(qe_attributes_beyond_the_mask, t->quote_fields.qe_report.attributes[8] = 0xe7;)
CHANGE(qe_debug, t->quote_fields.qe_report.attributes[0] |= 2;)
CHANGE(qe_debug_beyond_the_mask, t->quote_fields.qe_report.attributes[0] |= 2;
       t->attributes_mask = "F9FFFFFFFFFFFFFF0000000000000000";)
CHANGE(qe_miscselect, t->quote_fields.qe_report.miscselect = 1;)
CHANGE(qe_miscselect_beyond_the_mask, t->quote_fields.qe_report.miscselect = 1;
       t->miscselect_mask = "FEFFFFFF";)
CHANGE(qe_old, t->quote_fields.qe_report.isv_svn = 3;)
CHANGE(qe_too_old, t->quote_fields.qe_report.isv_svn = 2;)
CHANGE(quote_by_another, b->mrtd[0] ^= 0; t->point_off_curve = true;)
CHANGE(module_unknown, b->tee_tcb_svn[1] = b->tee_tcb_svn_2[1] = 2;)
CHANGE(module_id_in_lower_case, t->module_id = "tdx_01";)
CHANGE(module_signer, b->mrsignerseam[0] = 1;)
CHANGE(module_attributes, b->seam_attributes = 1;)
CHANGE(module_attributes_beyond_the_mask, b->seam_attributes = 1; t->module_mask = "FEFFFFFFFFFFFFFF";)
CHANGE(module_old, b->tee_tcb_svn[0] = b->tee_tcb_svn_2[0] = 5;)
CHANGE(module_too_old, b->tee_tcb_svn[0] = b->tee_tcb_svn_2[0] = 3;)
CHANGE(module_old_but_updated, b->tee_tcb_svn[0] = 5;)
CHANGE(relaunch_accepted, b->tee_tcb_svn[0] = 5; s->policy.statuses |= 1U << TCB_TD_RELAUNCH_ADVISED;)
CHANGE(module_revoked, t->module_levels[0].status = "Revoked";)
CHANGE(mrseam_listed, memcpy(s->other[0], b->mrseam, 48);
       s->policy.mrseam = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(mrseam_second_of_two, memcpy(s->other[1], b->mrseam, 48);
       s->policy.mrseam = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);
       s->policy.mrseam.count = 2;)
CHANGE(mrseam_not_listed, s->policy.mrseam = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(platform_old, t->platform.component[0] = 4;)
CHANGE(platform_too_old, t->platform.component[7] = 2;)
CHANGE(last_component_too_old, for (size_t i = 0; i < 2; i++) t->tcb_info.levels[i].svn[15] = 1;)
CHANGE(pce_old, t->platform.pce_svn = 10;)
CHANGE(pce_too_old, t->platform.pce_svn = 4;)
CHANGE(tdx_component_old, b->tee_tcb_svn[2] = b->tee_tcb_svn_2[2] = 4;)
CHANGE(tdx_component_too_old, b->tee_tcb_svn[2] = b->tee_tcb_svn_2[2] = 3;)
CHANGE(last_tdx_component_too_old, for (size_t i = 0; i < 2; i++) t->tcb_info.levels[i].tdx[15] = 1;)
CHANGE(tdx_component_0_above, t->tcb_info.levels[0].tdx[0] = 7; t->tcb_info.levels[0].tdx[1] = 2;)
CHANGE(hardening_without_advisory, t->tcb_info.levels[0].status = "SWHardeningNeeded";)
CHANGE(hardening_with_advisory, t->tcb_info.levels[0].status = "SWHardeningNeeded";
       t->tcb_info.levels[0].advisories = "[\"INTEL-SA-00615\"]";)
static const char *const known_advisories[] = {"INTEL-SA-00001", "INTEL-SA-00615"};
CHANGE(hardening_with_known_advisory, hardening_with_advisory(s); s->policy.advisories = known_advisories;
       s->policy.advisory_count = 2;)
CHANGE(hardening_with_another_known_advisory, hardening_with_advisory(s);
       s->policy.advisories = known_advisories; s->policy.advisory_count = 1;)
static const char *many_advisories(void)
{
    static char list[4096];
    size_t used = 0;
    for (int i = 0; i <= TDX_ADVISORIES_MAX; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s\"A%d\"", i == 0 ? "[" : ",", i);
    (void)snprintf(list + used, sizeof list - used, "]");
    return list;
}
static const char *const *many_known(void)
{
    static char names[TDX_ADVISORIES_MAX + 1][8];
    static const char *list[TDX_ADVISORIES_MAX + 1];
    for (int i = 0; i <= TDX_ADVISORIES_MAX; i++) {
        (void)snprintf(names[i], sizeof names[i], "A%d", i);
        list[i] = names[i];
    }
    return list;
}
CHANGE(more_advisories_than_there_is_room_for, t->tcb_info.levels[0].advisories = many_advisories();
       s->policy.advisories = many_known(); s->policy.advisory_count = TDX_ADVISORIES_MAX + 1;)
CHANGE(module_advisory, t->module_levels[0].advisories = "[\"INTEL-SA-00616\"]";)
CHANGE(qe_advisory, t->qe_identity.levels[0].advisories = "[\"INTEL-SA-00617\"]";)
CHANGE(configuration_needed, t->tcb_info.levels[0].status = "ConfigurationNeeded";)
CHANGE(platform_revoked, t->tcb_info.levels[0].status = "Revoked";)
CHANGE(minimum_reached, memcpy(s->policy.tee_tcb_svn_min, b->tee_tcb_svn, 16);)
CHANGE(minimum_not_reached, s->policy.tee_tcb_svn_min[2] = 6;)
CHANGE(debug, b->attributes |= 1;)
CHANGE(under_debug, b->attributes |= 1 << 7;)
CHANGE(reserved_attribute_low, b->attributes |= 1 << 8;)
CHANGE(reserved_attribute_high, b->attributes |= 1ULL << 62;)
CHANGE(sept_ve_enabled, b->attributes = 0;)
CHANGE(migratable, b->attributes |= 1ULL << TDX_MIGRATABLE;)
CHANGE(perfmon, b->attributes |= 1ULL << TDX_PERFMON;)
CHANGE(perfmon_allowed, b->attributes |= 1ULL << TDX_PERFMON;
       s->policy.attributes_forbidden &= ~(1ULL << TDX_PERFMON);)
CHANGE(pks_key_locker_and_lass, b->attributes |= 1ULL << TDX_PKS | 1ULL << TDX_KEY_LOCKER | 1ULL << TDX_LASS;)
CHANGE(pks_forbidden, b->attributes |= 1ULL << TDX_PKS; s->policy.attributes_forbidden |= 1ULL << TDX_PKS;)
CHANGE(key_locker_forbidden, b->attributes |= 1ULL << TDX_KEY_LOCKER;
       s->policy.attributes_forbidden |= 1ULL << TDX_KEY_LOCKER;)
CHANGE(lass_required, s->policy.attributes_required |= 1ULL << TDX_LASS;)
CHANGE(xfam_without_sse, b->xfam &= ~2ULL;)
CHANGE(xfam_without_x87, b->xfam &= ~1ULL;)
CHANGE(xfam_unknown, b->xfam |= 1ULL << 3;)
CHANGE(xfam_forbidden, s->policy.xfam_forbidden = 1ULL << 18;)
CHANGE(service_td, b->mrservicetd[47] = 1;)
CHANGE(service_td_listed, memset(b->mrservicetd, 0x11, 48);
       s->policy.mrservicetd = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(service_td_missing, s->policy.mrservicetd = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(another_mrtd, b->mrtd[47] ^= 1;)
CHANGE(no_reference, s->policy.launch_count = 0; s->launches[0].waived = 0xf;)
CHANGE(too_many_launches, s->policy.launch_count = TDX_LAUNCHES_MAX + 1;)
CHANGE(as_many_launches_as_can_be, s->launches[TDX_LAUNCHES_MAX - 1] = s->launches[0];
       memset(s->launches, 0, sizeof s->launches[0]); s->policy.launch_count = TDX_LAUNCHES_MAX;)
CHANGE(another_rtmr0, b->rtmr[0][0] ^= 1;)
CHANGE(another_rtmr1, b->rtmr[1][47] ^= 1;)
CHANGE(another_rtmr2, b->rtmr[2][20] ^= 1;)
CHANGE(another_rtmr3, memset(b->rtmr[3], 0x11, 48); s->launches[0].named = 0xf;)
CHANGE(rtmr3_named, s->launches[0].named = 0xf; s->launches[0].waived = 0;)
CHANGE(rtmr1_forgotten, s->launches[0].named = 0x5;)
CHANGE(rtmr1_waived, b->rtmr[1][47] ^= 1; s->launches[0].named = 0x5; s->launches[0].waived = 0xa;)
/* Two images, and a TD with the kernel of the one and the command line of the other. */
CHANGE(one_of_two_launches, s->launches[1] = s->launches[0]; s->launches[1].rtmr[1][0] ^= 1;
       s->launches[1].rtmr[2][0] ^= 1; b->rtmr[1][0] ^= 1; b->rtmr[2][0] ^= 1; s->policy.launch_count = 2;)
CHANGE(parts_of_two_launches, s->launches[1] = s->launches[0]; s->launches[1].rtmr[1][0] ^= 1;
       s->launches[1].rtmr[2][0] ^= 1; b->rtmr[2][0] ^= 1; s->policy.launch_count = 2;)
CHANGE(firmware_of_another_launch, s->launches[1] = s->launches[0]; s->launches[1].mrtd[0] ^= 1;
       s->launches[1].rtmr[0][0] ^= 1; b->rtmr[0][0] ^= 1; s->policy.launch_count = 2;)
CHANGE(mrconfigid_not_listed,
       s->policy.mrconfigid = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(mrowner_not_listed, s->policy.mrowner = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(mrownerconfig_not_listed,
       s->policy.mrownerconfig = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(mrconfigid_listed, memset(b->mrconfigid, 0x11, 48);
       s->policy.mrconfigid = reference((const uint8_t (*)[TDX_REGISTER_SIZE])s->other);)
CHANGE(another_report_data, s->report_data[63] ^= 1;)
CHANGE(unknown_report_data, s->report_data_unknown = true;)

/* ---- what comes of each ---- */

#define ROOT_ALL "tdx.pck.root", "tdx.tcb_info.signer_chain", "tdx.qe_identity.signer_chain"

#define ROW(change, ...)                                                                                     \
    {                                                                                                        \
#change, change, false, false,                                                                       \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define ROW_4(change, ...)                                                                                   \
    {                                                                                                        \
#change " (version 4)", change, true, false,                                                         \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define FIRST(change, check)                                                                                 \
    {                                                                                                        \
#change, change, false, true,                                                                        \
        {                                                                                                    \
            check                                                                                            \
        }                                                                                                    \
    }

const struct row tdx_rows[] = {
    FIRST(version_6, "tdx.quote.version"),
    FIRST(version_3, "tdx.quote.version"),
    FIRST(sgx_tee_type, "tdx.quote.tee_type"),
    FIRST(p384_key_type, "tdx.quote.key_type"),
    ROW(another_vendor, "tdx.quote.qe_vendor"),
    ROW_4(another_vendor, "tdx.quote.qe_vendor"),
    FIRST(sgx_body, "tdx.quote.form"),
    FIRST(body_of_10_and_size_of_15, "tdx.quote.form"),
    FIRST(body_size_wrong, "tdx.quote.form"),
    ROW(body_10_in_version_5),
    FIRST(certification_type_1, "tdx.quote.form"),
    FIRST(chain_of_type_4, "tdx.quote.form"),
    FIRST(signature_length_too_large, "tdx.quote.form"),
    FIRST(signature_length_too_small, "tdx.quote.form"),
    FIRST(trailing_octet, "tdx.quote.form"),
    FIRST(two_certificates, "tdx.pck.form"),
    FIRST(four_certificates, "tdx.pck.form"),
    FIRST(text_behind_the_chain, "tdx.pck.form"),
    FIRST(p384_leaf, "tdx.pck.form"),
    ROW(foreign_root, ROOT_ALL),
    ROW(root_of_another_name, ROOT_ALL),
    ROW(root_is_no_ca, ROOT_ALL),
    ROW(root_without_path_length, ROOT_ALL),
    ROW(root_may_not_sign, ROOT_ALL),
    ROW(ca_signed_by_another, "tdx.pck.ca"),
    ROW(ca_of_another_name, "tdx.pck.ca"),
    ROW(ca_names_another_issuer, "tdx.pck.ca"),
    ROW(ca_is_no_ca, "tdx.pck.ca"),
    ROW(ca_may_not_sign, "tdx.pck.ca"),
    ROW(ca_with_path_length_1, "tdx.pck.ca"),
    ROW(leaf_signed_by_another, "tdx.pck.leaf"),
    ROW(leaf_signed_by_the_root, "tdx.pck.leaf"),
    ROW(leaf_of_another_name, "tdx.pck.leaf"),
    ROW(leaf_names_another_issuer, "tdx.pck.leaf"),
    ROW(leaf_is_a_ca, "tdx.pck.leaf"),
    ROW(leaf_for_other_use, "tdx.pck.leaf"),
    ROW(leaf_may_sign_certificates, "tdx.pck.leaf"),
    ROW(before_the_leaf, "tdx.pck.validity"),
    ROW(after_the_leaf, "tdx.pck.validity"),
    ROW(at_the_ends_of_the_leaf),
    ROW(before_the_ca, "tdx.pck.validity"),
    ROW(after_the_ca, "tdx.pck.validity"),
    ROW(after_the_root, "tdx.pck.validity", "tdx.tcb_info.signer_valid", "tdx.qe_identity.signer_valid"),
    FIRST(leaf_without_extension, "tdx.pck.extension"),
    FIRST(leaf_with_too_few_components, "tdx.pck.extension"),
    FIRST(leaf_of_unknown_type, "tdx.pck.extension"),
    ROW(in_the_inventory),
    ROW(not_in_the_inventory, "tdx.pck.inventory"),
    ROW(root_crl_by_another, "tdx.root_crl"),
    ROW(root_crl_of_another_issuer, "tdx.root_crl"),
    FIRST(root_crl_malformed, "tdx.root_crl"),
    ROW(root_crl_old, "tdx.root_crl.current"),
    ROW(root_crl_of_tomorrow, "tdx.root_crl.current"),
    ROW(ca_revoked, "tdx.pck.ca_not_revoked"),
    ROW(signers_revoked, "tdx.tcb_info.signer_not_revoked", "tdx.qe_identity.signer_not_revoked"),
    ROW(tcb_info_signer_revoked, "tdx.tcb_info.signer_not_revoked"),
    ROW(qe_identity_signer_revoked, "tdx.qe_identity.signer_not_revoked"),
    ROW(pck_crl_by_another, "tdx.pck_crl"),
    ROW(pck_crl_by_the_root, "tdx.pck_crl"),
    ROW(pck_crl_of_the_other_ca, "tdx.pck_crl"),
    ROW(pck_crl_old, "tdx.pck_crl.current"),
    ROW(leaf_revoked, "tdx.pck.not_revoked"),
    FIRST(tcb_info_signer_p384, "tdx.tcb_info.signer"),
    ROW(tcb_info_signer_by_another, "tdx.tcb_info.signer_chain"),
    ROW(tcb_info_signer_of_another_name, "tdx.tcb_info.signer_chain"),
    ROW(tcb_info_signer_is_a_ca, "tdx.tcb_info.signer_chain"),
    ROW(tcb_info_under_another_root, "tdx.tcb_info.signer_chain"),
    ROW(tcb_info_signer_old, "tdx.tcb_info.signer_valid"),
    ROW(tcb_info_by_another, "tdx.tcb_info.signature"),
    FIRST(tcb_info_of_sgx, "tdx.tcb_info.form"),
    FIRST(tcb_info_version_2, "tdx.tcb_info.form"),
    FIRST(tcb_info_type_1, "tdx.tcb_info.form"),
    FIRST(tcb_info_unknown_member, "tdx.tcb_info.form"),
    FIRST(tcb_info_member_twice, "tdx.tcb_info.form"),
    FIRST(tcb_info_fifteen_components, "tdx.tcb_info.form"),
    FIRST(tcb_info_unknown_status, "tdx.tcb_info.form"),
    FIRST(tcb_info_no_levels, "tdx.tcb_info.form"),
    FIRST(tcb_info_component_256, "tdx.tcb_info.form"),
    FIRST(tcb_info_issue_date_wrong, "tdx.tcb_info.form"),
    ROW(tcb_info_of_tomorrow, "tdx.tcb_info.current"),
    ROW(tcb_info_old, "tdx.tcb_info.current"),
    ROW(tcb_info_at_its_ends),
    ROW(tcb_info_of_another_platform, "tdx.tcb_info.platform"),
    ROW(tcb_info_of_another_pce, "tdx.tcb_info.platform"),
    ROW(fmspc_in_lower_case),
    ROW(tcb_info_number_16, "tdx.evaluation_number"),
    ROW(qe_identity_number_16, "tdx.evaluation_number"),
    ROW(number_below_that_of_the_time, "tdx.evaluation_number"),
    ROW(number_of_the_time),
    ROW(number_above_your_own_minimum),
    ROW(number_below_your_own_minimum, "tdx.evaluation_number"),
    ROW(qe_identity_signer_by_another, "tdx.qe_identity.signer_chain"),
    ROW(qe_identity_under_another_root, "tdx.qe_identity.signer_chain"),
    FIRST(qe_identity_signer_p384, "tdx.qe_identity.signer"),
    ROW(qe_identity_signer_old, "tdx.qe_identity.signer_valid"),
    ROW(qe_identity_by_another, "tdx.qe_identity.signature"),
    FIRST(qe_identity_of_sgx, "tdx.qe_identity.form"),
    FIRST(qe_identity_version_3, "tdx.qe_identity.form"),
    FIRST(qe_identity_unknown_member, "tdx.qe_identity.form"),
    ROW(qe_identity_of_tomorrow, "tdx.qe_identity.current"),
    ROW(qe_identity_old, "tdx.qe_identity.current"),
    ROW(qe_report_by_another, "tdx.qe.signature"),
    ROW(qe_report_for_another_key, "tdx.qe.attestation_key"),
    ROW(qe_mrsigner, "tdx.qe.mrsigner"),
    ROW(qe_product, "tdx.qe.product"),
    ROW(qe_attributes, "tdx.qe.attributes"),
    ROW(qe_attributes_beyond_the_mask),
    ROW(qe_debug, "tdx.qe.attributes", "tdx.qe.debug"),
    ROW(qe_debug_beyond_the_mask, "tdx.qe.debug"),
    ROW(qe_miscselect, "tdx.qe.miscselect"),
    ROW(qe_miscselect_beyond_the_mask),
    ROW(qe_old, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(qe_too_old, "tdx.qe.level", "tdx.tcb.status"),
    ROW(quote_by_another, "tdx.quote.signature"),
    FIRST(module_unknown, "tdx.module.identity"),
    ROW(module_id_in_lower_case),
    ROW(module_signer, "tdx.module.signer"),
    ROW_4(module_signer, "tdx.module.signer"),
    ROW(module_attributes, "tdx.module.attributes", "tdx.module.seam_attributes"),
    ROW(module_attributes_beyond_the_mask, "tdx.module.seam_attributes"),
    ROW(module_old, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(module_too_old, "tdx.module.level", "tdx.tcb.status"),
    ROW(module_old_but_updated, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(relaunch_accepted, "tdx.tcb.advisories"),
    ROW(module_revoked, "tdx.tcb.status"),
    ROW(mrseam_listed),
    ROW(mrseam_second_of_two),
    ROW(mrseam_not_listed, "tdx.module.mrseam"),
    ROW(platform_old, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(platform_too_old, "tdx.tcb.level", "tdx.tcb.status"),
    ROW(last_component_too_old, "tdx.tcb.level", "tdx.tcb.status"),
    ROW(pce_old, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(pce_too_old, "tdx.tcb.level", "tdx.tcb.status"),
    ROW(tdx_component_old, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(tdx_component_too_old, "tdx.tcb.level", "tdx.tcb.status"),
    ROW(last_tdx_component_too_old, "tdx.tcb.level", "tdx.tcb.status"),
    ROW(tdx_component_0_above),
    ROW_4(tdx_component_0_above, "tdx.tcb.status", "tdx.tcb.advisories"),
    ROW(hardening_without_advisory),
    ROW(hardening_with_advisory, "tdx.tcb.advisories"),
    ROW(hardening_with_known_advisory),
    ROW(hardening_with_another_known_advisory, "tdx.tcb.advisories"),
    ROW(more_advisories_than_there_is_room_for, "tdx.tcb.advisories"),
    ROW(module_advisory, "tdx.tcb.advisories"),
    ROW_4(module_advisory),
    ROW(qe_advisory, "tdx.tcb.advisories"),
    ROW(configuration_needed, "tdx.tcb.status"),
    ROW(platform_revoked, "tdx.tcb.status"),
    ROW(minimum_reached),
    ROW(minimum_not_reached, "tdx.tcb.minimum"),
    ROW(debug, "tdx.td.debug"),
    ROW(under_debug, "tdx.td.under_debug"),
    ROW(reserved_attribute_low, "tdx.td.reserved"),
    ROW(reserved_attribute_high, "tdx.td.reserved"),
    ROW(sept_ve_enabled, "tdx.td.sept_ve_disable"),
    ROW(migratable, "tdx.td.migratable"),
    ROW(perfmon, "tdx.td.perfmon"),
    ROW(perfmon_allowed),
    ROW(pks_key_locker_and_lass),
    ROW(pks_forbidden, "tdx.td.pks"),
    ROW(key_locker_forbidden, "tdx.td.key_locker"),
    ROW(lass_required, "tdx.td.lass"),
    ROW(xfam_without_sse, "tdx.td.xfam_required"),
    ROW(xfam_without_x87, "tdx.td.xfam_required"),
    ROW(xfam_unknown, "tdx.td.xfam_known"),
    ROW(xfam_forbidden, "tdx.td.xfam_known"),
    ROW(service_td, "tdx.td.service"),
    ROW(service_td_listed),
    ROW(service_td_missing, "tdx.td.service"),
    ROW_4(service_td_missing, "tdx.td.service"),
    ROW(another_mrtd, "tdx.mrtd"),
    ROW(too_many_launches, "tdx.mrtd"),
    ROW(as_many_launches_as_can_be),
    ROW(another_rtmr0, "tdx.rtmr0"),
    ROW(another_rtmr1, "tdx.rtmr1"),
    ROW(another_rtmr2, "tdx.rtmr2"),
    ROW(another_rtmr3, "tdx.rtmr3"),
    ROW(rtmr3_named),
    ROW(rtmr1_forgotten, "tdx.rtmr1"),
    ROW(rtmr1_waived),
    ROW(one_of_two_launches),
    ROW(parts_of_two_launches, "tdx.rtmr2"),
    ROW(firmware_of_another_launch, "tdx.rtmr0"),
    ROW(no_reference, "tdx.mrtd", "tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2", "tdx.rtmr3"),
    ROW(mrconfigid_not_listed, "tdx.mrconfigid"),
    ROW(mrowner_not_listed, "tdx.mrowner"),
    ROW(mrownerconfig_not_listed, "tdx.mrownerconfig"),
    ROW(mrconfigid_listed),
    ROW(another_report_data, "tdx.report_data"),
    ROW(unknown_report_data, "tdx.report_data"),
};

const size_t tdx_row_count = test_count(tdx_rows);
