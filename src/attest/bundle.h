/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_BUNDLE_H
#define ATTEST_BUNDLE_H

/*
 * The Evidence bundle: one JSON document, the same in the handshake, in a file and on the web (docs/protocol.md, "Evidence bundle").
 *
 *   {
 *     "version": 1,
 *     "platform": "sev-snp",
 *     "statement": "<the key statement's text>",
 *     "evidence": [["application/vnd.enclume.sev-snp-report", "<base64url>"]],
 *     "endorsements": [["application/pkix-cert", "<base64url DER>"], ...],
 *     "freshness": {"index": 0, "size": 1, "path": ["<base64url>", ...]},
 *     "challenge": "<base64url>"                                                only in a saved bundle: added by the client
 *   }
 *
 * Evidence and endorsements are conceptual messages: [media type, base64url value]. Unknown members, platforms and media types are refused; which of
 * them a platform wants, and in what order, attest/appraise.c says.
 */

#include <jansson.h>

#include "attest/merkle.h"
#include "base/bytes.h"
#include "base/error.h"

enum {
    BUNDLE_MAX = 1024 * 1024,
    BUNDLE_EVIDENCE_MAX = 17, /* one of the processor, and one of each GPU */
    BUNDLE_ENDORSEMENTS_MAX = 96,
    BUNDLE_PLATFORM_MAX = 16,
};

struct bundle_item {
    const char *media_type; /* one of the constants below */
    struct bytes value;
};

#define BUNDLE_SNP_REPORT     "application/vnd.enclume.sev-snp-report"
#define BUNDLE_TDX_QUOTE      "application/vnd.enclume.tdx-quote"
#define BUNDLE_GPU_REPORT     "application/vnd.enclume.nvidia-gpu-report"
#define BUNDLE_CERTIFICATE    "application/pkix-cert"
#define BUNDLE_CRL            "application/pkix-crl"
#define BUNDLE_TDX_COLLATERAL "application/vnd.enclume.tdx-collateral+json"
#define BUNDLE_GPU_CHAIN      "application/pem-certificate-chain" /* one for each GPU report, in their order */
#define BUNDLE_GPU_RIM        "application/vnd.enclume.nvidia-rim+xml"
#define BUNDLE_OCSP           "application/ocsp-response"

#define BUNDLE_PLATFORM_SNP "sev-snp"
#define BUNDLE_PLATFORM_TDX "tdx"

struct bundle {
    char platform[BUNDLE_PLATFORM_MAX];
    struct bytes statement;
    size_t evidence_count;
    struct bundle_item evidence[BUNDLE_EVIDENCE_MAX];
    size_t endorsement_count;
    struct bundle_item endorsements[BUNDLE_ENDORSEMENTS_MAX];
    struct merkle_path freshness;
    bool has_challenge;
    uint8_t challenge[32];
    void *storage; /* owns what the ranges point to; NULL for a bundle that was put together by hand */
};

/* Strict. The ranges live until bundle_release. */
ERR_MUST_USE enum err bundle_parse(struct bytes text, struct bundle *b, struct err_note *note);
void bundle_release(struct bundle *b);

/* The document; NUL-terminated, release with secret_free. */
ERR_MUST_USE enum err bundle_write(const struct bundle *b, char **text, size_t *len);

#endif
