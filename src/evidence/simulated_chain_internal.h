/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_CHAIN_INTERNAL_H
#define EVIDENCE_SIMULATED_CHAIN_INTERNAL_H

/* Shared by simulated_chain.c and simulated_chain_file.c alone. */

#include "evidence/simulated_chain.h"

/* Fills the fields of the three certificates, and what a report says about the chip, from product, chip_id and the keys, which are set. ERR_UNKNOWN. */
ERR_MUST_USE enum err simulated_chain_fields(struct simulated_chain *chain, int64_t start);

#endif
