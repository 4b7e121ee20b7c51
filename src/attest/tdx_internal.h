/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_INTERNAL_H
#define ATTEST_TDX_INTERNAL_H

/* The appraisal of a TD quote in four files: tdx.c (the table), tdx_endorsements.c (whose word is it?), tdx_state.c (what does it say?) and tdx_launch.c
 * (what was launched?). */

#include "attest/check.h"
#include "attest/crl.h"
#include "attest/pck.h"
#include "attest/qe_identity.h"
#include "attest/sgx_chain.h"
#include "attest/tcb_info.h"
#include "attest/tdx.h"
#include "attest/tdx_tcb.h"

/* What a check stands on; bits. */
enum tdx_have {
    HAVE_HEADER = 1U << 0,   /* the quote's header was read */
    HAVE_QUOTE = 1U << 1,    /* and all of the quote */
    HAVE_CHAIN = 1U << 2,    /* the three certificates that came with it */
    HAVE_PCK = 1U << 3,      /* what the leaf says of the platform */
    HAVE_ROOT_CRL = 1U << 4, /* lists of revoked certificates, read */
    HAVE_PCK_CRL = 1U << 5,
    HAVE_TCB_SIGNER = 1U << 6, /* certificates of the documents' signers, read */
    HAVE_QE_SIGNER = 1U << 7,
    HAVE_TCB_INFO = 1U << 8, /* the documents, read */
    HAVE_QE_IDENTITY = 1U << 9,
    HAVE_MODULE = 1U << 10, /* the TDX module is one that the TCB info names */
};

/* Two documents are signed by Intel in the same way. */
enum tdx_document { DOCUMENT_TCB_INFO, DOCUMENT_QE_IDENTITY, DOCUMENT_COUNT };

/* Intel signs both documents with one key, and its root is that of the quote: what has the same octets is read and verified once. */
struct tdx_signer {
    const struct sgx_certificate *certificate;
    const struct sgx_certificate *root;
    struct sgx_certificate own_certificate;
    struct sgx_certificate own_root;
    bool chain_checked;
    enum err chain_error;
};

enum tdx_chain_place { PLACE_LEAF, PLACE_CA, PLACE_ROOT, PLACE_COUNT };
enum { PCK_DER_MAX = 4096 };

struct context {
    struct bytes quote_bytes;
    const struct tdx_collateral *collateral;
    const struct tdx_policy *policy;
    const uint8_t *report_data;
    int64_t now;
    struct verdict *v;

    unsigned have;
    struct tdx_quote quote;
    uint8_t der[PLACE_COUNT][PCK_DER_MAX];
    struct sgx_certificate chain[PLACE_COUNT];
    struct pck pck;
    struct crl root_crl;
    struct crl pck_crl;
    struct tdx_signer signer[DOCUMENT_COUNT];
    enum err root_error; /* of the root of the quote */
    struct tcb_info tcb_info;
    struct qe_identity qe_identity;
    const struct tdx_module *module;
    enum tcb_status status;
    uint64_t launches; /* bit n: launch n of the policy has all the registers that were compared */

    /* The answer of the check under way. */
    struct check_answer answer;
};

/* A check: `which` tells apart rows that differ in one thing, such as the number of a register or of a bit. */
typedef bool tdx_check(struct context *c, unsigned which);

/* tdx_endorsements.c */
tdx_check tdx_quote_version, tdx_quote_tee_type, tdx_quote_key_type, tdx_quote_qe_vendor, tdx_quote_form;
tdx_check tdx_pck_form, tdx_pck_root, tdx_pck_ca, tdx_pck_leaf, tdx_pck_validity, tdx_pck_extension,
    tdx_pck_inventory;
tdx_check tdx_root_crl, tdx_root_crl_current, tdx_pck_crl, tdx_pck_crl_current, tdx_pck_ca_not_revoked,
    tdx_pck_not_revoked;
tdx_check tdx_document_signer, tdx_document_signer_chain, tdx_document_signer_valid,
    tdx_document_signer_not_revoked, tdx_document_form, tdx_document_signature, tdx_document_current;
tdx_check tdx_tcb_info_platform, tdx_evaluation_number;
tdx_check tdx_qe_signature, tdx_qe_attestation_key, tdx_quote_signature;
void tdx_endorsements_release(struct context *c);

/* tdx_state.c */
tdx_check tdx_qe_mrsigner, tdx_qe_product, tdx_qe_attributes, tdx_qe_debug, tdx_qe_miscselect, tdx_qe_level;
tdx_check tdx_module_identity, tdx_module_signer, tdx_module_attributes, tdx_module_seam_attributes,
    tdx_module_level, tdx_module_mrseam;
tdx_check tdx_tcb_level, tdx_tcb_status, tdx_tcb_advisories, tdx_tcb_svn_min;
tdx_check tdx_td_attribute, tdx_td_tud, tdx_td_reserved, tdx_td_xfam_required, tdx_td_xfam_known,
    tdx_td_service;
tdx_check tdx_td_owner, tdx_td_report_data;

/* tdx_launch.c */
tdx_check tdx_td_mrtd, tdx_td_rtmr;

/* MRCONFIGID, MROWNER, MROWNERCONFIG, for tdx_td_owner. */
enum { TDX_MRCONFIGID, TDX_MROWNER, TDX_MROWNERCONFIG };

#endif
