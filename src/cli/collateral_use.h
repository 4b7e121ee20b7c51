/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_USE_H
#define CLI_COLLATERAL_USE_H

/*
 * Which documents of a directory (evidence/collateral_directory.h) endorse a report or quote. `enclume verify` reads by these names what `enclume collateral
 * fetch` wrote under them.
 */

#include "cli/files.h"
#include "evidence/collateral_key.h"

/* Adds what the directory has for the evidence (a file as in attest/evidence_file.h); nothing when it has nothing, and nothing when the evidence cannot be
 * read: then the appraisal says what is missing. ERR_FILE: the directory cannot be read. */
ERR_MUST_USE enum err collateral_use_snp(const char *directory, struct bytes evidence, struct files *files,
                                         struct err_note *note);
/* For the SNP report that an HCL report carries. */
ERR_MUST_USE enum err collateral_use_hcl(const char *directory, struct bytes evidence, struct files *files,
                                         struct err_note *note);
ERR_MUST_USE enum err collateral_use_tdx(const char *directory, struct bytes evidence, struct files *files,
                                         struct err_note *note);

/* Documents with the names by which they were found; of those from elsewhere, all zero. */
struct named_files {
    struct files files;
    struct collateral_key keys[FILES_MAX];
};
/* For one GPU: the reference values that its report needs, and a word about each certificate that can be revoked. Each is added once, however many GPUs
 * need it. report, certificates: files as above. */
ERR_MUST_USE enum err collateral_use_gpu(const char *directory, struct bytes report,
                                         struct bytes certificates, struct named_files *rims,
                                         struct named_files *ocsp, struct err_note *note);

#endif
