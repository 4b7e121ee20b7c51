/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_NVIDIA_H
#define CLI_NVIDIA_H

/*
 * NVIDIA's services for what endorses a GPU. Both are asked by the name of a document (evidence/collateral_key.h), which says all that a question holds:
 *
 *   RIM service   GET URL/v1/rim/ID; the answer is a JSON object with "id" and "rim", base64 of the document
 *   OCSP          POST of a request (RFC 6960, appendix A.1) about a certificate that is named by its serial number, and SHA-256 of its issuer's name and key
 *
 * What comes is not verified here, only found to have the form of an answer to this question (evidence/collateral_check.h verifies).
 */

#include "cli/collateral.h"

struct nvidia_services {
    const char *rim_url; /* https://, or http:// for a mirror of one's own */
    const char *ocsp_url;
    /* Ask without a nonce. A store of answers cannot repeat ours; and without it an answer that is old, but still current, is taken for a new one. */
    bool no_nonce;
    const char *directory; /* where temporary files go */
};

/* key: of reference values, or of a word about a certificate. url: what was asked, where something was. document: secret memory. ERR_NETWORK, ERR_REFUSED: no
 * answer to this question; ERR_USAGE: no URL. */
ERR_MUST_USE enum err nvidia_ask(const struct nvidia_services *s, const struct collateral_key *key,
                                 char url[static COLLATERAL_URL_MAX], struct bytes *document,
                                 struct err_note *note);

#endif
