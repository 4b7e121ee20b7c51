/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx.h"

#include <stdarg.h>
#include <stdio.h>

#include "attest/rules.h"
#include "attest/tdx_internal.h"
#include "base/encoding.h"

/* ---- saying what was seen ---- */

void tdx_saw(struct context *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->saw, sizeof c->saw, format, args);
    va_end(args);
}

void tdx_wanted(struct context *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(c->wanted, sizeof c->wanted, format, args);
    va_end(args);
}

bool tdx_saw_bytes(struct context *c, struct bytes seen, struct bytes reference)
{
    encoding_hex(seen, c->saw);
    encoding_hex(reference, c->wanted);
    return bytes_equal(seen, reference);
}

bool tdx_saw_error(struct context *c, enum err e, const struct err_note *note)
{
    if (e != ERR_OK)
        tdx_saw(c, "%.190s", note->text[0] != '\0' ? note->text : err_text(e));
    return e == ERR_OK;
}

/* ---- the table ---- */

static const struct check {
    struct verdict_rule rule;
    tdx_check *holds;
    unsigned needs;
    unsigned which;
} checks[] = {
    {{"tdx.quote.version", "The quote has a version that is known",
      "Another version can have another layout. DCAP Quoting Library API, appendix A."},
     tdx_quote_version,
     0,
     0},
    {{"tdx.quote.tee_type", "The quote speaks of a TD",
      "An SGX quote has another body. DCAP appendix A.3.1, TEE Type."},
     tdx_quote_tee_type,
     HAVE_HEADER,
     0},
    {{"tdx.quote.key_type", "The quote is signed with a kind of key that is known",
      "ECDSA on P-256 is the one that Intel's enclaves use. DCAP appendix A.3.1, Attestation Key Type."},
     tdx_quote_key_type,
     HAVE_HEADER,
     0},
    {{"tdx.quote.qe_vendor", "Intel's quoting enclave made the quote", "DCAP appendix A.3.1, QE Vendor ID."},
     tdx_quote_qe_vendor,
     HAVE_HEADER,
     0},
    {{"tdx.quote.form", "The quote has the form of Intel's manual",
      "Each length leads exactly to the end of its part, and what follows the last is zero. DCAP appendix "
      "A.3 and A.4."},
     tdx_quote_form,
     HAVE_HEADER,
     0},
    {{"tdx.pck.form", "The three certificates of the quote are well formed",
      "RFC 5280 and X.690, nothing left over, nothing twice."},
     tdx_pck_form,
     HAVE_QUOTE,
     0},
    {{"tdx.pck.root", "The chain begins at a root that is trusted",
      "Intel's root is pinned by its public key, since it has two certificates; evidence cannot bring its "
      "own."},
     tdx_pck_root,
     HAVE_CHAIN,
     0},
    {{"tdx.pck.ca", "The root signed the intermediate certificate",
      "Platform CA or Processor CA. Intel SGX PCK Certificate Profile, section 1.3."},
     tdx_pck_ca,
     HAVE_CHAIN,
     0},
    {{"tdx.pck.leaf", "The intermediate signed the platform's certificate",
      "The PCK is derived from the processor's secret and its firmware."},
     tdx_pck_leaf,
     HAVE_CHAIN,
     0},
    {{"tdx.pck.validity", "The three certificates are valid now", "RFC 5280 section 4.1.2.5: both ends."},
     tdx_pck_validity,
     HAVE_CHAIN,
     0},
    {{"tdx.pck.extension", "The platform's certificate says which platform and firmware it is for",
      "Extension 1.2.840.113741.1.13.1, all of it. Intel SGX PCK Certificate Profile, section 1.3.5."},
     tdx_pck_extension,
     HAVE_CHAIN,
     0},
    {{"tdx.pck.inventory", "The platform is one of yours, when you have an inventory",
      "Genuine evidence can come from a processor in somebody's laboratory, and a physical attack on that "
      "one is enough."},
     tdx_pck_inventory,
     HAVE_PCK,
     0},
    {{"tdx.root_crl", "The root signed its list of revoked certificates", "RFC 5280 section 6.3.3."},
     tdx_root_crl,
     HAVE_CHAIN,
     0},
    {{"tdx.root_crl.current", "The root's list is current",
      "An old list does not know of later revocations. RFC 5280 section 5.1.2."},
     tdx_root_crl_current,
     HAVE_ROOT_CRL,
     0},
    {{"tdx.pck.ca_not_revoked", "The intermediate certificate is not revoked", "RFC 5280 section 6.3.3."},
     tdx_pck_ca_not_revoked,
     HAVE_CHAIN | HAVE_ROOT_CRL,
     0},
    {{"tdx.pck_crl", "The intermediate signed its list of revoked certificates",
      "The list is that of the very issuer of the platform's certificate. RFC 5280 section 6.3.3."},
     tdx_pck_crl,
     HAVE_CHAIN,
     0},
    {{"tdx.pck_crl.current", "The intermediate's list is current",
      "An old list does not know of later revocations. RFC 5280 section 5.1.2."},
     tdx_pck_crl_current,
     HAVE_PCK_CRL,
     0},
    {{"tdx.pck.not_revoked", "The platform's certificate is not revoked",
      "Intel revokes platforms whose keys were extracted. RFC 5280 section 6.3.3."},
     tdx_pck_not_revoked,
     HAVE_CHAIN | HAVE_PCK_CRL,
     0},
    {{"tdx.tcb_info.signer", "The certificates of the TCB info's signer are well formed",
      "They come with the document. Intel PCS API version 4, issuer chain headers."},
     tdx_document_signer,
     0,
     DOCUMENT_TCB_INFO},
    {{"tdx.tcb_info.signer_chain", "The root signed the certificate of that signer",
      "Intel SGX TCB Signing, under the pinned root."},
     tdx_document_signer_chain,
     HAVE_TCB_SIGNER,
     DOCUMENT_TCB_INFO},
    {{"tdx.tcb_info.signer_valid", "The signer's certificates are valid now", "RFC 5280 section 4.1.2.5."},
     tdx_document_signer_valid,
     HAVE_TCB_SIGNER,
     DOCUMENT_TCB_INFO},
    {{"tdx.tcb_info.signer_not_revoked", "The signer's certificate is not revoked",
      "It is in the root's list when it is. RFC 5280 section 6.3.3."},
     tdx_document_signer_not_revoked,
     HAVE_TCB_SIGNER | HAVE_ROOT_CRL,
     DOCUMENT_TCB_INFO},
    {{"tdx.tcb_info.form", "The TCB info has the form of Intel's manual",
      "Every member is known, none is there twice: what is not understood must not be skipped. Intel PCS API "
      "version 4."},
     tdx_document_form,
     0,
     DOCUMENT_TCB_INFO},
    {{"tdx.tcb_info.signature", "Intel signed the TCB info",
      "ECDSA P-256 over the octets of the document as they came."},
     tdx_document_signature,
     HAVE_TCB_SIGNER | HAVE_TCB_INFO,
     DOCUMENT_TCB_INFO},
    {{"tdx.tcb_info.current", "The TCB info is current",
      "From issueDate to nextUpdate. Intel PCS API version 4."},
     tdx_document_current,
     HAVE_TCB_INFO,
     DOCUMENT_TCB_INFO},
    {{"tdx.qe_identity.signer",
      "The certificates of the identity of the quoting enclave's signer are well formed",
      "They come with the document. Intel PCS API version 4, issuer chain headers."},
     tdx_document_signer,
     0,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.qe_identity.signer_chain", "The root signed the certificate of that signer",
      "Intel SGX TCB Signing, under the pinned root."},
     tdx_document_signer_chain,
     HAVE_QE_SIGNER,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.qe_identity.signer_valid", "The signer's certificates are valid now", "RFC 5280 section 4.1.2.5."},
     tdx_document_signer_valid,
     HAVE_QE_SIGNER,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.qe_identity.signer_not_revoked", "The signer's certificate is not revoked",
      "It is in the root's list when it is. RFC 5280 section 6.3.3."},
     tdx_document_signer_not_revoked,
     HAVE_QE_SIGNER | HAVE_ROOT_CRL,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.qe_identity.form", "The identity of the quoting enclave has the form of Intel's manual",
      "Every member is known, none is there twice: what is not understood must not be skipped. Intel PCS API "
      "version 4."},
     tdx_document_form,
     0,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.qe_identity.signature", "Intel signed the identity of the quoting enclave",
      "ECDSA P-256 over the octets of the document as they came."},
     tdx_document_signature,
     HAVE_QE_SIGNER | HAVE_QE_IDENTITY,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.qe_identity.current", "The identity of the quoting enclave is current",
      "From issueDate to nextUpdate. Intel PCS API version 4."},
     tdx_document_current,
     HAVE_QE_IDENTITY,
     DOCUMENT_QE_IDENTITY},
    {{"tdx.tcb_info.platform", "The TCB info is for this kind of platform",
      "FMSPC and PCEID are those of the platform's certificate."},
     tdx_tcb_info_platform,
     HAVE_TCB_INFO | HAVE_PCK,
     0},
    {{"tdx.evaluation_number", "Both documents know of the latest vulnerabilities",
      "Intel keeps giving out older evaluations, by which a vulnerable platform is still up to date. Intel "
      "PCS API version 4, tcbEvaluationDataNumber."},
     tdx_evaluation_number,
     HAVE_TCB_INFO | HAVE_QE_IDENTITY,
     0},
    {{"tdx.qe.signature", "The platform signed the report of the quoting enclave",
      "ECDSA P-256 with the PCK. DCAP appendix A.3.8."},
     tdx_qe_signature,
     HAVE_QUOTE | HAVE_CHAIN,
     0},
    {{"tdx.qe.attestation_key", "The quoting enclave vouches for the key of the quote",
      "REPORTDATA is the hash of the key and the authentication data. DCAP appendix A.3.8."},
     tdx_qe_attestation_key,
     HAVE_QUOTE,
     0},
    {{"tdx.qe.mrsigner", "Intel signed the quoting enclave",
      "MRSIGNER is that of the identity. Intel PCS API version 4."},
     tdx_qe_mrsigner,
     HAVE_QUOTE | HAVE_QE_IDENTITY,
     0},
    {{"tdx.qe.product", "The enclave is the one that makes quotes of TDs",
      "ISVPRODID is that of the identity: Intel signs other enclaves too."},
     tdx_qe_product,
     HAVE_QUOTE | HAVE_QE_IDENTITY,
     0},
    {{"tdx.qe.attributes", "The quoting enclave has the attributes of its identity",
      "Under the identity's mask. Intel PCS API version 4."},
     tdx_qe_attributes,
     HAVE_QUOTE | HAVE_QE_IDENTITY,
     0},
    {{"tdx.qe.debug", "The quoting enclave cannot be debugged",
      "The host reads the memory of a debug enclave, and so its keys."},
     tdx_qe_debug,
     HAVE_QUOTE,
     0},
    {{"tdx.qe.miscselect", "The quoting enclave has the extended features of its identity",
      "Under the identity's mask. Intel PCS API version 4."},
     tdx_qe_miscselect,
     HAVE_QUOTE | HAVE_QE_IDENTITY,
     0},
    {{"tdx.qe.level", "The quoting enclave is of a version that Intel judges",
      "The first level whose ISVSVN it reaches. Intel PCS API version 4."},
     tdx_qe_level,
     HAVE_QUOTE | HAVE_QE_IDENTITY,
     0},
    {{"tdx.quote.signature", "The quoting enclave signed the quote",
      "ECDSA P-256 over header and body, with a point that is on the curve. DCAP appendix A.3."},
     tdx_quote_signature,
     HAVE_QUOTE,
     0},
    {{"tdx.module.identity", "The TDX module is one that Intel judges",
      "TEE_TCB_SVN[1] names the identity. Intel PCS API version 4, tdxModuleIdentities."},
     tdx_module_identity,
     HAVE_QUOTE | HAVE_TCB_INFO,
     0},
    {{"tdx.module.signer", "Intel signed the TDX module", "MRSIGNERSEAM is that of the identity."},
     tdx_module_signer,
     HAVE_QUOTE | HAVE_MODULE,
     0},
    {{"tdx.module.attributes", "The TDX module has the attributes of its identity",
      "Under the identity's mask."},
     tdx_module_attributes,
     HAVE_QUOTE | HAVE_MODULE,
     0},
    {{"tdx.module.seam_attributes", "The TDX module is a production one",
      "SEAMATTRIBUTES are zero: none is defined but for debugging. Intel TDX Module Base Architecture "
      "Specification."},
     tdx_module_seam_attributes,
     HAVE_QUOTE,
     0},
    {{"tdx.module.level", "The TDX module is of a version that Intel judges",
      "The first level whose ISVSVN TEE_TCB_SVN[0] reaches."},
     tdx_module_level,
     HAVE_QUOTE | HAVE_MODULE,
     0},
    {{"tdx.module.mrseam", "The TDX module is one of yours, when you list any",
      "MRSEAM is the module's digest."},
     tdx_module_mrseam,
     HAVE_QUOTE,
     0},
    {{"tdx.tcb.level", "The platform's firmware is of a level that Intel judges",
      "The first level that the sixteen components, PCESVN and TEE_TCB_SVN all reach. Intel PCS API version "
      "4."},
     tdx_tcb_level,
     HAVE_QUOTE | HAVE_PCK | HAVE_TCB_INFO,
     0},
    {{"tdx.tcb.status", "The firmware is up to date",
      "The status of platform, TDX module and quoting enclave together: the worst part decides."},
     tdx_tcb_status,
     HAVE_QUOTE | HAVE_PCK | HAVE_TCB_INFO | HAVE_QE_IDENTITY | HAVE_MODULE,
     0},
    {{"tdx.tcb.advisories", "No vulnerability is open that you do not know of",
      "advisoryIDs of the three levels; Intel's advisories say what each means for the guest."},
     tdx_tcb_advisories,
     HAVE_QUOTE | HAVE_PCK | HAVE_TCB_INFO | HAVE_QE_IDENTITY | HAVE_MODULE,
     0},
    {{"tdx.tcb.minimum", "The firmware reaches your own minimum", "TEE_TCB_SVN, component by component."},
     tdx_tcb_svn_min,
     HAVE_QUOTE,
     0},
    {{"tdx.td.debug", "The host cannot debug the TD",
      "With DEBUG the host reads its memory. ATTRIBUTES, bit 0."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_DEBUG},
    {{"tdx.td.under_debug", "Nothing else makes the TD untrusted",
      "ATTRIBUTES, bits 7:1, are the rest of the group TUD, TD under debug."},
     tdx_td_tud,
     HAVE_QUOTE,
     0},
    {{"tdx.td.reserved", "The TD has no unknown attributes",
      "What is not known could weaken it. ATTRIBUTES, reserved bits."},
     tdx_td_reserved,
     HAVE_QUOTE,
     0},
    {{"tdx.td.sept_ve_disable", "The host cannot inject exceptions by taking memory away",
      "ATTRIBUTES, bit 28, SEPT_VE_DISABLE."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_SEPT_VE_DISABLE},
    {{"tdx.td.migratable", "The TD cannot be moved away",
      "A migration TD could export it. ATTRIBUTES, bit 29."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_MIGRATABLE},
    {{"tdx.td.lass", "Linear address separation is as wanted", "ATTRIBUTES, bit 27."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_LASS},
    {{"tdx.td.pks", "Supervisor protection keys are as wanted", "ATTRIBUTES, bit 30."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_PKS},
    {{"tdx.td.key_locker", "Key Locker is as wanted", "ATTRIBUTES, bit 31."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_KEY_LOCKER},
    {{"tdx.td.perfmon", "The TD does not count its own events",
      "Counters are a side channel. ATTRIBUTES, bit 63."},
     tdx_td_attribute,
     HAVE_QUOTE,
     TDX_PERFMON},
    {{"tdx.td.xfam_required", "The TD has the processor features that it must have",
      "XFAM, bits that are fixed to 1."},
     tdx_td_xfam_required,
     HAVE_QUOTE,
     0},
    {{"tdx.td.xfam_known", "The TD has no unknown processor features",
      "XFAM, bits that are fixed to 0, and those that you forbid."},
     tdx_td_xfam_known,
     HAVE_QUOTE,
     0},
    {{"tdx.td.service", "No other TD has power over this one",
      "MRSERVICETD is the digest of the service TDs that are bound. TDX 1.5, SERVTD."},
     tdx_td_service,
     HAVE_QUOTE,
     0},
    {{"tdx.mrtd", "It starts on the firmware that you expect",
      "MRTD, the digest of what was in the TD when it was made."},
     tdx_td_mrtd,
     HAVE_QUOTE,
     0},
    {{"tdx.rtmr0", "Firmware configuration is what you expect",
      "RTMR0: what the firmware measured of itself and of the virtual platform."},
     tdx_td_rtmr,
     HAVE_QUOTE,
     0},
    {{"tdx.rtmr1", "Boot loader and kernel are what you expect", "RTMR1."}, tdx_td_rtmr, HAVE_QUOTE, 1},
    {{"tdx.rtmr2", "Command line and initial file system are what you expect", "RTMR2."},
     tdx_td_rtmr,
     HAVE_QUOTE,
     2},
    {{"tdx.rtmr3", "What was measured at run time is what you expect", "RTMR3."}, tdx_td_rtmr, HAVE_QUOTE, 3},
    {{"tdx.mrconfigid", "The configuration that the host gave is what you expect", "MRCONFIGID."},
     tdx_td_owner,
     HAVE_QUOTE,
     TDX_MRCONFIGID},
    {{"tdx.mrowner", "The owner that the host named is what you expect", "MROWNER."},
     tdx_td_owner,
     HAVE_QUOTE,
     TDX_MROWNER},
    {{"tdx.mrownerconfig", "The owner's configuration is what you expect", "MROWNERCONFIG."},
     tdx_td_owner,
     HAVE_QUOTE,
     TDX_MROWNERCONFIG},
    {{"tdx.report_data", "The quote was made for this key and this challenge",
      "REPORTDATA is the hash of the key statement and of the challenges that the quote answers."},
     tdx_td_report_data,
     HAVE_QUOTE,
     0},
};

const struct verdict_rule *tdx_rule(size_t index)
{
    return index < sizeof checks / sizeof *checks ? &checks[index].rule : NULL;
}

static const struct {
    unsigned have;
    const char *text;
} missing_texts[] = {
    {HAVE_HEADER | HAVE_QUOTE, "not checked: the quote is malformed"},
    {HAVE_CHAIN, "not checked: a certificate of the quote is malformed"},
    {HAVE_PCK, "not checked: the platform's certificate says too little"},
    {HAVE_ROOT_CRL | HAVE_PCK_CRL, "not checked: there is no list of revoked certificates"},
    {HAVE_TCB_SIGNER | HAVE_QE_SIGNER, "not checked: a signer's certificate is missing or malformed"},
    {HAVE_TCB_INFO, "not checked: there is no TCB info"},
    {HAVE_QE_IDENTITY, "not checked: there is no identity of the quoting enclave"},
    {HAVE_MODULE, "not checked: the TDX module is not known"},
};

static const char *what_is_missing(unsigned missing)
{
    for (size_t i = 0; i < sizeof missing_texts / sizeof *missing_texts; i++)
        if ((missing & missing_texts[i].have) != 0)
            return missing_texts[i].text;
    return "";
}

static void claims_from(const struct context *c, struct verdict_claims *claims)
{
    const struct tdx_body *body = &c->quote.body;
    struct tdx_claims *tdx = &claims->tdx;
    claims->platform = VERDICT_PLATFORM_TDX;
    claims->report_version = c->quote.version;
    memcpy(claims->measurement, body->mrtd, sizeof claims->measurement);
    memcpy(claims->report_data, body->report_data, sizeof claims->report_data);
    tdx_claims_from(&c->quote, &c->pck, tdx);
    tdx->inventory_checked = c->policy->ppid_count != 0;
    tdx->evaluation_number = c->tcb_info.evaluation_number;
    (void)snprintf(tdx->tcb_status, sizeof tdx->tcb_status, "%s", tcb_status_name(c->status));
}

void tdx_appraise(struct bytes quote, const struct tdx_collateral *collateral, const uint8_t *report_data,
                  const struct tdx_policy *policy, int64_t now, struct verdict *v)
{
    struct context c = {.quote_bytes = quote,
                        .collateral = collateral,
                        .policy = policy,
                        .report_data = report_data,
                        .now = now,
                        .v = v};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const struct check *check = &checks[i];
        unsigned missing = check->needs & ~c.have;
        c.saw[0] = '\0';
        c.wanted[0] = '\0';
        bool passed = missing == 0 && check->holds(&c, check->which);
        (void)verdict_add_text(v, &check->rule, passed, c.wanted,
                               missing == 0 ? c.saw : what_is_missing(missing));
    }
    if ((c.have & HAVE_QUOTE) != 0)
        claims_from(&c, &v->claims);
    tdx_endorsements_release(&c);
}
