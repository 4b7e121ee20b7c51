/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_QUOTE_H
#define ATTEST_TDX_QUOTE_H

/*
 * The TD Quote of Intel TDX (Intel TDX DCAP Quoting Library API, appendix A.3 "Version 4 Quote Format" and A.4 "Version 5 Quote Format"), little endian:
 *
 *     header (48) | version 5: body type u16, body size u32 | body (584 for TDX 1.0, 648 for TDX 1.5)     signed with the attestation key
 *     u32 length, and in it: signature | attestation key | certification data of type 6:
 *         report of the quoting enclave | its signature by the PCK | authentication data | certification data of type 5: three certificates in PEM
 *     zeros, as many as there are: the kernel and hypervisors hand out buffers of fixed size
 *
 *     struct tdx_quote q;
 *     enum err e = tdx_quote_header_parse(in, &q, &note);      // which kind of quote is it?
 *     if (e == ERR_OK)
 *         e = tdx_quote_parse(in, &q, &note);                   // all of it
 *
 * Only the form is looked at here. All ranges point into the input, which must outlive them.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/writer.h"

enum {
    TDX_QUOTE_MAX = 64 * 1024,
    TDX_HEADER_SIZE = 48,
    TDX_BODY_DESCRIPTOR_SIZE = 6,
    TDX_BODY_10_SIZE = 584,
    TDX_BODY_15_SIZE = 648,
    TDX_REGISTER_SIZE = 48, /* MRTD, RTMRs and the like: SHA-384 */
    TDX_RTMR_COUNT = 4,
    TDX_SVN_SIZE = 16,
    TDX_REPORT_DATA_SIZE = 64,
    TDX_POINT_SIZE = 64, /* x || y, and r || s: P-256, big endian */
    SGX_REPORT_SIZE = 384,
};

enum tdx_version { TDX_VERSION_4 = 4, TDX_VERSION_5 = 5 };
enum tdx_body_type { TDX_BODY_SGX = 1, TDX_BODY_10 = 2, TDX_BODY_15 = 3 };
enum { TDX_KEY_TYPE_P256 = 2, TDX_TEE_TYPE = 0x81, TDX_TEE_TYPE_SGX = 0 };

/* TD report body: table "TD Quote Body". */
struct tdx_body {
    uint8_t tee_tcb_svn[TDX_SVN_SIZE]; /* of when the TD was launched */
    uint8_t mrseam[TDX_REGISTER_SIZE]; /* the TDX module */
    uint8_t mrsignerseam[TDX_REGISTER_SIZE];
    uint64_t seam_attributes;
    uint64_t attributes; /* of the TD */
    uint64_t xfam;
    uint8_t mrtd[TDX_REGISTER_SIZE];
    uint8_t mrconfigid[TDX_REGISTER_SIZE];
    uint8_t mrowner[TDX_REGISTER_SIZE];
    uint8_t mrownerconfig[TDX_REGISTER_SIZE];
    uint8_t rtmr[TDX_RTMR_COUNT][TDX_REGISTER_SIZE];
    uint8_t report_data[TDX_REPORT_DATA_SIZE];
    bool is_15;                          /* the two below are there; zero otherwise */
    uint8_t tee_tcb_svn_2[TDX_SVN_SIZE]; /* of when the quote was made */
    uint8_t mrservicetd[TDX_REGISTER_SIZE];
};

/* Enclave report body: table "Enclave Report Body", what of it is checked. */
struct sgx_report {
    uint32_t miscselect;
    uint8_t attributes[16];
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint16_t isv_prod_id;
    uint16_t isv_svn;
    uint8_t report_data[64];
};

struct tdx_quote {
    uint16_t version;
    uint16_t key_type;
    uint32_t tee_type;
    uint16_t
        qe_svn; /* reserved in practice, like the next: the QE's report and the PCK certificate say them */
    uint16_t pce_svn;
    uint8_t qe_vendor[16];
    uint8_t user_data[20]; /* of the quoting enclave */

    struct tdx_body body;
    struct bytes signed_part;
    struct bytes signature;       /* r || s */
    struct bytes attestation_key; /* x || y */
    struct bytes qe_report_bytes;
    struct sgx_report qe_report;
    struct bytes qe_signature; /* r || s */
    struct bytes qe_authentication;
    struct bytes pck_chain; /* PEM */
};

/* The header, whatever kind of quote it is. ERR_TRUNCATED, ERR_TOO_LARGE. */
ERR_MUST_USE enum err tdx_quote_header_parse(struct bytes in, struct tdx_quote *quote, struct err_note *note);

/* All of a version 4 or 5 quote of a TD, header included. ERR_UNKNOWN for another kind of quote; ERR_TRUNCATED, ERR_TRAILING, ERR_NOT_ZERO, ERR_VALUE
 * with the part named. */
ERR_MUST_USE enum err tdx_quote_parse(struct bytes in, struct tdx_quote *quote, struct err_note *note);

/* ---- the way back, for the simulated platform and for tests ---- */

/* Header, the descriptor of version 5, and body: what the attestation key signs. QE_SVN, PCE_SVN and the user data are zero. */
void tdx_signed_part_write(struct writer *w, const struct tdx_quote *quote);
/* SGX_REPORT_SIZE bytes: what the PCK signs. What is not in the structure is zero. */
void sgx_report_write(struct writer *w, const struct sgx_report *report);
/* All of it from the ranges signed_part, signature, attestation_key, qe_report_bytes, qe_signature, qe_authentication and pck_chain; the fields that
 * were read from them are not looked at. */
void tdx_quote_write(struct writer *w, const struct tdx_quote *quote);

#endif
