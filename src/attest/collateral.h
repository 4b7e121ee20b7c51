/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_COLLATERAL_H
#define ATTEST_COLLATERAL_H

/*
 * TDX collateral from the files that people have: answers of Intel's Provisioning Certification Service as they came, and the one JSON document into
 * which quote verification libraries put all of them.
 *
 *     struct collateral c;
 *     collateral_init(&c);
 *     e = collateral_add(&c, file, &note);        // as often as there are files; what each is, its content says
 *     tdx_appraise(quote, &c.tdx, ...);
 *     collateral_release(&c);
 *
 * Recognised:
 *   {"tcbInfo":…,"signature":…}                   answer "TCB Info"
 *   {"enclaveIdentity":…,"signature":…}           answer "Enclave Identity"
 *   {"tcb_info":…,"tcb_info_signature":…,…}       all in one: the documents as text (or, without a signature beside them, whole answers), PEM chains,
 *                                                 lists as PEM, or DER in hexadecimal or base64
 *   PEM certificates                              an issuer chain: Intel SGX TCB Signing and the root; for both documents. That of the PCK's list, which
 *                                                 the quote has, too, is passed over
 *   a list of revoked certificates                DER, PEM, or DER in hexadecimal; whose it is, its issuer's name says
 * In PEM, text may stand around the blocks, and lists beside a chain. Something that is there already is not replaced: ERR_VALUE, but for the same chain
 * again. Nothing is verified here.
 */

#include "attest/tdx.h"

enum { COLLATERAL_BLOCKS_MAX = 16, COLLATERAL_FILE_MAX = 1024 * 1024 };

struct collateral {
    struct tdx_collateral tdx;
    size_t block_count; /* memory that the ranges in tdx point to */
    uint8_t *blocks[COLLATERAL_BLOCKS_MAX];
};

void collateral_init(struct collateral *c);
/* file is copied where it is needed. ERR_JSON, ERR_UNKNOWN, ERR_VALUE, ERR_ENCODING, ERR_TOO_LARGE, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_add(struct collateral *c, struct bytes file, struct err_note *note);
void collateral_release(struct collateral *c);

/* The one document with everything, which collateral_add reads; NUL-terminated, in canonical form, release with secret_free. Every part of c must be there:
 * ERR_VALUE with its name otherwise. ERR_TOO_LARGE, ERR_MEMORY. */
ERR_MUST_USE enum err collateral_write(const struct tdx_collateral *c, char **text, size_t *len,
                                       struct err_note *note);

#endif
