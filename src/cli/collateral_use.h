/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_USE_H
#define CLI_COLLATERAL_USE_H

/*
 * Which documents of a directory (evidence/collateral_directory.h) endorse a report or quote. `enclume verify` reads by these names what `enclume collateral
 * fetch` wrote under them.
 */

#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "cli/files.h"
#include "evidence/collateral_key.h"

/* The keys under which the certificates and the revocation list of the report's chip are kept. The product is the one that the report states, else "any". */
void collateral_snp_keys(const struct snp_report *report, struct collateral_key *certificates,
                         struct collateral_key *crl);
/* ERR_CERTIFICATE and the like: the PCK certificate cannot be read. */
ERR_MUST_USE enum err collateral_tdx_key(const struct tdx_quote *quote, struct collateral_key *key,
                                         struct err_note *note);

/* Adds what the directory has for the evidence (a file as in attest/evidence_file.h); nothing when it has nothing, and nothing when the evidence cannot be
 * read: then the appraisal says what is missing. ERR_FILE: the directory cannot be read. */
ERR_MUST_USE enum err collateral_use_snp(const char *directory, struct bytes evidence, struct files *files,
                                         struct err_note *note);
/* For the SNP report that an HCL report carries. */
ERR_MUST_USE enum err collateral_use_hcl(const char *directory, struct bytes evidence, struct files *files,
                                         struct err_note *note);
ERR_MUST_USE enum err collateral_use_tdx(const char *directory, struct bytes evidence, struct files *files,
                                         struct err_note *note);

#endif
