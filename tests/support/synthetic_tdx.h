/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_TDX_H
#define TESTS_SUPPORT_SYNTHETIC_TDX_H

/*
 * Intel TDX evidence made up for tests: a quote and collateral that pass every check, in which a test changes what it wants before all of it is built
 * and signed. The writers of certificates, lists and documents are the tests' own, so that the parsers are not held against mirrors of themselves; the
 * layout of a quote is attest/tdx_quote_write.c's, and real quotes hold the parser.
 *
 *     struct synthetic_tdx t;
 *     synthetic_tdx_init(&t, &keys);
 *     t.body.attributes |= 1;
 *     synthetic_tdx_build(&t);
 *     tdx_appraise(t.quote, &t.collateral, ...);
 */

#include "attest/pck.h"
#include "attest/tdx.h"
#include "attest/tdx_quote.h"
#include "crypto/sign.h"
#include "support/synthetic_crl.h"

enum {
    SYNTHETIC_TDX_CERT_MAX = 2048,
    SYNTHETIC_TDX_QUOTE_MAX = 16 * 1024,
    SYNTHETIC_TDX_JSON_MAX = 8 * 1024,
    SYNTHETIC_TDX_LEVELS_MAX = 3,
    SYNTHETIC_TDX_NOW = 1767225600 /* 2026-01-01 */
};

struct synthetic_tdx_keys {
    struct crypto_private_key *root, *ca, *pck, *tcb, *attestation, *other;
    struct crypto_private_key *p384;
};
void synthetic_tdx_keys_make(struct synthetic_tdx_keys *keys);
void synthetic_tdx_keys_release(struct synthetic_tdx_keys *keys);

struct synthetic_tdx_cert {
    const char *issuer_cn;
    const char *subject_cn;
    const char *not_before; /* UTCTime */
    const char *not_after;
    int serial;
    bool is_ca;
    int path_length; /* SYNTHETIC_LEFT_OUT */
    int key_usage;   /* the one octet of flags */
    bool pck_extension;
    const struct crypto_private_key *key;
    const struct crypto_private_key *signer;
};

struct synthetic_tdx_level {
    int svn[PCK_COMPONENTS]; /* SGX components; of an enclave or module: [0] is ISVSVN */
    int tdx[TDX_SVN_SIZE];
    int pce_svn;
    const char *status;
    const char *advisories; /* JSON array, or NULL */
};

/* What the two signed documents have in common. */
struct synthetic_tdx_document {
    const char *id;
    int version;
    const char *issue_date;
    const char *next_update;
    int evaluation_number;
    const char *more; /* members put in at the front: "\"x\":1," */
    size_t level_count;
    struct synthetic_tdx_level levels[SYNTHETIC_TDX_LEVELS_MAX];
    const struct crypto_private_key *signer;
    struct synthetic_tdx_cert certificate;
    struct synthetic_tdx_cert root;
};

struct synthetic_tdx {
    struct synthetic_tdx_cert root, ca, pck;
    struct pck platform; /* as the certificate says it */
    int components;      /* how many of the eighteen of the TCB are written */
    int sgx_type;
    const char *after_chain; /* behind the third certificate, before a NUL */
    bool no_nul;
    int certificates; /* how many are in the quote */

    struct tdx_quote quote_fields; /* header and body, and the quoting enclave's report */
    int body_type, body_size;      /* version 5 */
    int qe_type, chain_type;       /* of certification data */
    uint8_t authentication[32];
    bool keep_qe_report_data; /* as it is in quote_fields */
    size_t padding;           /* zeros behind the quote */
    int last_octet;           /* of the padding */
    int length_off;           /* by how much the length of the signature data is wrong */
    bool point_off_curve;
    const struct crypto_private_key *quote_signer, *qe_report_signer;

    struct synthetic_tdx_document tcb_info, qe_identity;
    const char *fmspc, *pce_id, *module_signer, *module_attributes, *module_mask, *module_id;
    int tcb_type, tdx_components;
    bool no_modules; /* no tdxModuleIdentities, as before there was more than one module */
    size_t module_level_count;
    struct synthetic_tdx_level module_levels[SYNTHETIC_TDX_LEVELS_MAX];
    const char *miscselect, *miscselect_mask, *attributes, *attributes_mask, *mrsigner;
    int isv_prod_id;
    struct synthetic_crl root_crl, pck_crl;

    /* Built: */
    struct bytes quote;
    struct tdx_collateral collateral;
    struct bytes root_der;
    uint8_t quote_bytes[SYNTHETIC_TDX_QUOTE_MAX];
    uint8_t certs[7][SYNTHETIC_TDX_CERT_MAX];
    char json[2][SYNTHETIC_TDX_JSON_MAX];
    uint8_t crls[2][SYNTHETIC_CRL_MAX];
};

/* A sound version 5 quote of a TDX 1.5 TD on module version 1; valid for the year 2025-06 to 2026-06. */
void synthetic_tdx_init(struct synthetic_tdx *t, const struct synthetic_tdx_keys *keys);
/* The same in version 4: TDX 1.0, module version 0. */
void synthetic_tdx_init_4(struct synthetic_tdx *t, const struct synthetic_tdx_keys *keys);
void synthetic_tdx_build(struct synthetic_tdx *t);

#endif
