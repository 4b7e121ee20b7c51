/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TPM_PCR_FILE_H
#define ATTEST_TPM_PCR_FILE_H

/*
 * Values of PCRs in the bank of SHA-256, as people have them. The length tells the two forms apart:
 *
 *   values       32 bytes each, lowest register first: tpm2_pcrread -o, tpm2_quote -o with -F values
 *   serialized   what tpm2_quote -o writes otherwise: structures of its library as they lie in memory, little endian: a TPML_PCR_SELECTION, the
 *                number of TPML_DIGESTs, and these, each with up to eight values. Which octets of them are not in use does not matter
 *
 * Nobody signs such a file: it counts as far as the quote's digest covers the values.
 */

#include "attest/tpm_quote.h"

/* The values one behind the other, to out; *len is 32 for each. ERR_TRUNCATED, ERR_TRAILING, ERR_TOO_LARGE; ERR_UNKNOWN: of another bank; ERR_VALUE: not as many
 * as are selected. */
ERR_MUST_USE enum err tpm_pcr_file_parse(struct bytes in, uint8_t out[static TPM_PCR_VALUES_MAX], size_t *len,
                                         struct err_note *note);

#endif
