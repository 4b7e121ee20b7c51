/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_NVGPU_FILES_H
#define TESTS_UNIT_ATTEST_NVGPU_FILES_H

/* Real reports and reference values of NVIDIA's, where they are at hand: third-party evidence is not in this repository. */

#include "base/bytes.h"

#define NVGPU_REPORT_FILE "hopperAttestationReport.txt"
#define NVGPU_CHAIN_FILE  "hopperCertChain.txt"

enum { NVGPU_FILE_MAX = 64 * 1024 };

struct nvgpu_file {
    uint8_t content[NVGPU_FILE_MAX];
    struct bytes bytes;
};

/* A file below evidence/nvidia/nvtrust; false when it is not there. */
bool nvgpu_file_read(const char *name, struct nvgpu_file *f);
/* The same, decoded from hexadecimal. */
bool nvgpu_hex_read(const char *name, struct nvgpu_file *f);

/* The names of the documents of reference values that are there; NULL-terminated. */
extern const char *const nvgpu_rim_files[];

#endif
