/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_H
#define CLI_COLLATERAL_H

/* enclume collateral: endorsements from the makers' services, into a directory (evidence/collateral_directory.h). */

#include <stdint.h>

#include "cli/files.h"
#include "evidence/collateral_key.h"

/* AMD's Key Distribution Service (document 57230, section "Key Distribution Service"); Intel's Provisioning Certification Service, version 4. */
#define COLLATERAL_AMD_URL        "https://kdsintf.amd.com"
#define COLLATERAL_INTEL_URL      "https://api.trustedservices.intel.com"
#define COLLATERAL_INTEL_ROOT_CRL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

struct collateral_fetch {
    const char *directory;
    const char *amd_url; /* with http:// too, for a mirror of one's own */
    const char *intel_url;
    const char *product;       /* of a report that does not say it; NULL: not given */
    struct files certificates; /* a VLEK, which no service hands out */
    struct bytes root;         /* DER of a simulated root that is trusted too; empty: none */
    int64_t now;               /* what comes must be good at this time */
};

enum { COLLATERAL_FETCHED_MAX = 4, COLLATERAL_SOURCES_MAX = 4, COLLATERAL_URL_MAX = 512 };

/* What was fetched and kept. */
struct collateral_document {
    char name[COLLATERAL_NAME_MAX];
    int64_t expires;
    size_t source_count;
    char sources[COLLATERAL_SOURCES_MAX][COLLATERAL_URL_MAX];
    uint8_t sha256[32];
};
struct collateral_fetched {
    size_t count;
    struct collateral_document documents[COLLATERAL_FETCHED_MAX];
};

/* evidence: a file as in attest/evidence_file.h. Everything is fetched and held against the evidence, by the verifier's own checks, before the first file
 * is replaced. ERR_NETWORK, ERR_REFUSED (what came does not endorse this evidence; the note names the check), ERR_USAGE, ERR_FILE, and what parsers say. */
ERR_MUST_USE enum err collateral_fetch_snp(const struct collateral_fetch *f, struct bytes evidence,
                                           struct collateral_fetched *fetched, struct err_note *note);
ERR_MUST_USE enum err collateral_fetch_tdx(const struct collateral_fetch *f, struct bytes evidence,
                                           struct collateral_fetched *fetched, struct err_note *note);

/* The manifest, DIRECTORY/manifest.json: where each document came from, when, and its SHA-256. For people: nothing rests on it. */
ERR_MUST_USE enum err collateral_manifest_add(const char *directory, const struct collateral_fetched *fetched,
                                              int64_t now, struct err_note *note);

/* `enclume collateral show`. */
ERR_MUST_USE enum err collateral_show(const char *directory, int64_t now, bool json, struct err_note *note);

#endif
