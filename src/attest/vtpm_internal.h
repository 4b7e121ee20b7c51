/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VTPM_INTERNAL_H
#define ATTEST_VTPM_INTERNAL_H

/* The appraisal of a virtual TPM's evidence: vtpm.c (the table), vtpm_binding.c (whose key is it?), vtpm_certificate.c (does anybody else say so?) and
 * vtpm_state.c (what does the TPM say?). */

#include "attest/check.h"
#include "attest/event_log.h"
#include "attest/hcl_report.h"
#include "attest/hcl_runtime.h"
#include "attest/td_report.h"
#include "attest/vtpm.h"
#include "attest/x509.h"

/* What a check stands on; bits. */
enum vtpm_have {
    VTPM_HAVE_BLOB = 1U << 0,         /* the HCL report was read */
    VTPM_HAVE_KIND = 1U << 1,         /* it carries a report of a kind that is known and accepted */
    VTPM_HAVE_HASH = 1U << 2,         /* and by a hash that is known: the report data that are wanted */
    VTPM_HAVE_TD_REPORT = 1U << 3,    /* it carries a TDREPORT, which was read, or an SNP report */
    VTPM_HAVE_RUNTIME = 1U << 4,      /* the JSON was read */
    VTPM_HAVE_AK = 1U << 5,           /* the attestation key was loaded */
    VTPM_HAVE_HEADER = 1U << 6,       /* of the quote */
    VTPM_HAVE_QUOTE = 1U << 7,        /* all of it */
    VTPM_HAVE_SIGNATURE = 1U << 8,    /* the octets of the signature */
    VTPM_HAVE_PCRS = 1U << 9,         /* as many PCR values as are quoted */
    VTPM_HAVE_CERTIFICATE = 1U << 10, /* of the AK was read, or there is none and none is needed */
};

enum { VTPM_REPORT_DATA_SIZE = 64 };

struct vtpm_certificate {
    struct x509 cert;
    struct crypto_public_key *key;
};

struct vtpm_context {
    const struct vtpm_evidence *evidence;
    const struct vtpm_policy *policy;
    struct bytes nonce;
    int64_t now;
    struct verdict *v;

    unsigned have;
    struct hcl_report hcl;
    uint8_t report_data[VTPM_REPORT_DATA_SIZE]; /* that the runtime data demand of the hardware's report */
    struct td_report td_report;
    struct hcl_runtime runtime;
    struct crypto_public_key *ak;
    struct tpm_quote quote;
    struct bytes signature;
    uint32_t pcrs; /* that are quoted and whose values are here */
    uint8_t pcr_values[TPM_PCR_COUNT][TPM_PCR_SIZE];
    bool log_replayed;
    bool simulated; /* the AK is certified under a root given by hand */
    struct vtpm_certificate certificates[VTPM_CERTIFICATES_MAX];

    /* The answer of the check under way. */
    struct check_answer answer;
};

/* A check: `which` tells apart rows that differ in one thing. */
typedef bool vtpm_check(struct vtpm_context *c, unsigned which);

/* vtpm_binding.c */
vtpm_check vtpm_hcl_form, vtpm_hcl_kind, vtpm_hcl_hash, vtpm_hcl_binding, vtpm_td_report_form,
    vtpm_td_report_quote;
vtpm_check vtpm_runtime_form, vtpm_ak_one, vtpm_ak_key;

/* vtpm_certificate.c */
vtpm_check vtpm_ak_certificate, vtpm_ak_certificate_key, vtpm_ak_certificate_chain, vtpm_ak_certificate_root,
    vtpm_ak_certificate_validity;
void vtpm_certificates_release(struct vtpm_context *c);

/* vtpm_state.c */
vtpm_check vtpm_quote_magic, vtpm_quote_type, vtpm_quote_form, vtpm_signature_form, vtpm_signature,
    vtpm_nonce;
vtpm_check vtpm_pcr_selection, vtpm_pcr_values, vtpm_pcr_digest, vtpm_pcr_references, vtpm_event_log;
vtpm_check vtpm_clock_safe, vtpm_clock_reset, vtpm_clock_restart;
vtpm_check vtpm_switch, vtpm_user_data; /* which: enum hcl_switch */

#endif
