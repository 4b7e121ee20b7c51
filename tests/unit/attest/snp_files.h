/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_SNP_FILES_H
#define TESTS_UNIT_ATTEST_SNP_FILES_H

/* Real reports and chains of AMD's, where they are at hand: third-party evidence is not in this repository. */

#include "base/bytes.h"

enum { SNP_FILE_MAX = 16 * 1024 };

struct snp_file {
    uint8_t content[SNP_FILE_MAX];
    struct bytes bytes;
};

/* A file below evidence/snp, where it is; false when it is nowhere. A hexadecimal report is decoded. */
bool snp_file_read(const char *name, struct snp_file *f);
bool snp_report_read(const char *name, struct snp_file *f);

/* PEM: ASK and ARK, in this order, as AMD hands them out. */
bool snp_chain_read(const char *name, struct snp_file *ask, struct snp_file *ark);

#endif
