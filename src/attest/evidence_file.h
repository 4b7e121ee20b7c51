/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_EVIDENCE_FILE_H
#define ATTEST_EVIDENCE_FILE_H

/*
 * Files of evidence as people have them. What a file is, its content says, never its name:
 *
 *     struct evidence_file f;
 *     e = evidence_file_open(bytes, &f, &note);            // hexadecimal, base64 or URL-encoded text taken off
 *     if (evidence_file_kind(f.content) == EVIDENCE_SNP_REPORT)
 *         evidence_snp_find(f.content, &snp);              // what the report is wrapped in taken off
 *     evidence_file_release(&f);
 *
 * Text is hexadecimal when it has only hexadecimal digits ("0x" may stand before them), else base64 when it has only characters of base64 (RFC 4648 section
 * 4 or section 5, not of both; with its padding or without); white space does not count, nor do quotation marks around all of it. A line with PEM that is
 * URL-encoded, as in the headers of Intel's service, is that PEM. Anything else, PEM and JSON among it, stays as it is, without the mark (U+FEFF) that may
 * stand before it.
 *
 * Pure functions; nothing is verified here.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { EVIDENCE_FILE_MAX = 1024 * 1024 };

enum evidence_encoding { EVIDENCE_RAW, EVIDENCE_HEX, EVIDENCE_BASE64, EVIDENCE_PERCENT };

struct evidence_file {
    enum evidence_encoding encoding;
    struct bytes content; /* in the file, or in storage */
    uint8_t *storage;     /* NULL: the content is in the file */
};

/* file must outlive f. ERR_TOO_LARGE, ERR_MEMORY, ERR_ENCODING (an odd number of digits, base64 that is cut off, an escape that is
 * none). Release after ERR_OK. */
ERR_MUST_USE enum err evidence_file_open(struct bytes file, struct evidence_file *f, struct err_note *note);
void evidence_file_release(struct evidence_file *f);

/* Does it begin as a JSON document (an object or a list) does? No binary evidence does. */
bool evidence_is_json(struct bytes content);

/* "hexadecimal", "base64", "URL-encoded"; "binary" for what was none. */
const char *evidence_encoding_name(enum evidence_encoding encoding);

/* ---- wrappings ---- */

/* Ranges in the content. */
struct evidence_snp {
    struct bytes report; /* 1184 bytes; or all of the content, when there is no report of that size in it */
    struct bytes certificates; /* the table behind the report (attest/certificate_table.h); empty: none */
    const char *wrapping;      /* "bare", "behind the header of MSG_REPORT_RSP", ... */
};

/*
 * The report: bare; behind the 32 bytes of header that the firmware answers with (document 56860, table "MSG_REPORT_RSP"), zeros behind it; before the
 * header of Azure's runtime data (20 bytes); or, bare or behind the header, with the table of certificates of an extended report behind it.
 */
void evidence_snp_find(struct bytes content, struct evidence_snp *found);

/* The quote: bare, or behind the header of a GetQuote buffer (Guest-Hypervisor Communication Interface for TDX, section "TDG.VP.VMCALL<GetQuote>": version 1,
 * status 0, two lengths; 24 bytes). */
struct bytes evidence_tdx_find(struct bytes content);

/* ---- NVIDIA's reference values ---- */

/* Ranges in storage or in the content. */
struct evidence_rim {
    struct bytes document; /* XML */
    struct bytes id;       /* the name that NVIDIA's service gave with it; empty: bare */
    uint8_t *storage;
};

/*
 * The document: bare, or in the answer of NVIDIA's service (GET /v1/rim/{id}: a JSON object with "id" and "rim", which is base64 of the document). What else
 * is in the answer is nobody's signed word and is left alone. ERR_JSON, ERR_ENCODING, ERR_MEMORY. Release after ERR_OK; the content must outlive it.
 */
ERR_MUST_USE enum err evidence_rim_open(struct bytes content, struct evidence_rim *rim,
                                        struct err_note *note);
void evidence_rim_release(struct evidence_rim *rim);

/* The label of an OCSP response in PEM; there is no standard for it, and this is what tools write. */
#define EVIDENCE_PEM_OCSP "OCSP RESPONSE"

/* ---- what it is ---- */

enum evidence_kind {
    EVIDENCE_UNKNOWN,
    EVIDENCE_SNP_REPORT,
    EVIDENCE_CERTIFICATE_TABLE,
    EVIDENCE_TD_QUOTE,
    EVIDENCE_SGX_QUOTE,
    EVIDENCE_TD_REPORT,
    EVIDENCE_HCL_REPORT,
    EVIDENCE_GPU_REPORT,
    EVIDENCE_GPU_EVIDENCE, /* reports and certificates, as NVIDIA's SDK collects them (attest/gpu_evidence.h) */
    EVIDENCE_RIM,
    EVIDENCE_RIM_ANSWER,   /* of NVIDIA's service */
    EVIDENCE_OCSP,         /* DER */
    EVIDENCE_CERTIFICATES, /* DER, several, one behind the other */
    EVIDENCE_CERTIFICATE,  /* DER */
    EVIDENCE_CRL,          /* DER */
    EVIDENCE_PEM,          /* any number of blocks of any kind */
    EVIDENCE_TCB_INFO,
    EVIDENCE_QE_IDENTITY,
    EVIDENCE_COLLATERAL,
    EVIDENCE_BUNDLE,
    EVIDENCE_STATEMENT,
    EVIDENCE_POLICY,
    EVIDENCE_KIND_COUNT
};

enum evidence_kind evidence_file_kind(struct bytes content);
/* "an SEV-SNP attestation report" */
const char *evidence_kind_name(enum evidence_kind kind);

#endif
