/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_TDX_INTERNAL_H
#define EVIDENCE_SIMULATED_TDX_INTERNAL_H

/* Shared by simulated_tdx*.c alone. */

#include "evidence/simulated_tdx.h"

#define SIMULATED_ROOT_CN "Intel SGX Root CA"
#define SIMULATED_CA_CN   "Intel SGX PCK Platform CA"

/* Makes the quoting enclave of a platform that has its keys and certificates, and says on what its TDs run. */
ERR_MUST_USE enum err simulated_tdx_enclave(struct simulated_tdx *t);

#endif
