/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_WANTED_H
#define EVIDENCE_COLLATERAL_WANTED_H

/*
 * Which documents endorse a report or quote, by their names (collateral_key.h). One answer for all: what `enclume collateral fetch` writes, what an enclave
 * asks its host for, and what `enclume verify` looks for in a directory.
 */

#include "attest/nvgpu_names.h"
#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "evidence/collateral_key.h"

/* The product that the name of a key has when the report does not say which it is. */
#define COLLATERAL_ANY_PRODUCT "any"

/* The certificates and the revocation list of the report's chip. The product is the one that the report states, else "any". */
void collateral_snp_keys(const struct snp_report *report, struct collateral_key *certificates,
                         struct collateral_key *crl);
/* A list is one product's, whatever the report states (one of version 2 states nothing). Where the key says "any", the product that the root's name gives,
 * "ARK-Milan", is put there; a root that cannot be read, or of no product that is known, leaves it. ark: DER. */
void collateral_snp_product_of_root(struct bytes ark, struct collateral_key *crl);

/* By the PCK certificate that the quote carries. ERR_CERTIFICATE and the like: it cannot be read. */
ERR_MUST_USE enum err collateral_tdx_key(const struct tdx_quote *quote, struct collateral_key *key,
                                         struct err_note *note);

/* By NVIDIA's name of a document of reference values ("NV_GPU_DRIVER_GH100_550.144.03"), which comes out of a GPU's report. ERR_VALUE: a name that no key can
 * hold: with other characters than such names have, or too long. */
ERR_MUST_USE enum err collateral_rim_key(const char *id, struct collateral_key *key, struct err_note *note);
/* Of the word about a certificate that can be revoked. */
void collateral_ocsp_key(const struct nvgpu_certificate_id *id, struct collateral_key *key);

#endif
