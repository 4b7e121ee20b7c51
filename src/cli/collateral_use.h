/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_USE_H
#define CLI_COLLATERAL_USE_H

/*
 * Which documents of a directory (evidence/collateral_directory.h) endorse a report or quote. `enclume verify` reads by these names what `enclume collateral
 * fetch` wrote under them.
 */

#include "cli/files.h"

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
