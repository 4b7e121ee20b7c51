/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_REAL_EVIDENCE_H
#define TESTS_SUPPORT_REAL_EVIDENCE_H

/* Other people's evidence, where it is at hand: it is not in this repository. */

#include "base/bytes.h"

/* The file of that name ("snp/sev/report_milan.hex") below evidence/, under ENCLUME_SHARED or else ENCLUME_DEPS_DIR, into room; empty: it is nowhere, or is larger. */
struct bytes real_evidence_read(const char *name, uint8_t *room, size_t size);

#endif
