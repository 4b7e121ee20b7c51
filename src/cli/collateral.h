/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLLATERAL_H
#define CLI_COLLATERAL_H

/* enclume collateral: endorsements from the makers' services, into a directory (evidence/collateral_directory.h). */

#include <stdint.h>

#include "attest/bundle_parts.h"
#include "attest/nvgpu.h"
#include "attest/policy.h"
#include "cli/files.h"
#include "evidence/collateral_key.h"

/* AMD's Key Distribution Service (document 57230, section "Key Distribution Service"); Intel's Provisioning Certification Service, version 4; NVIDIA's RIM
 * service and OCSP responder. */
#define COLLATERAL_AMD_URL         "https://kdsintf.amd.com"
#define COLLATERAL_INTEL_URL       "https://api.trustedservices.intel.com"
#define COLLATERAL_INTEL_ROOT_CRL  "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
#define COLLATERAL_NVIDIA_RIM_URL  "https://rim.attestation.nvidia.com"
#define COLLATERAL_NVIDIA_OCSP_URL "https://ocsp.ndis.nvidia.com"

struct collateral_fetch {
    const char *directory;
    const char *amd_url; /* with http:// too, for a mirror of one's own */
    const char *intel_url;
    const char *rim_url;
    const char *ocsp_url;
    /* For what; files as in attest/evidence_file.h. Empty: not for that. */
    struct bytes snp_report;
    struct bytes tdx_quote;
    struct nvgpu_evidence gpus[BUNDLE_GPUS_MAX];
    size_t gpu_count;
    const char *product;                /* of a report that does not say it; NULL: not given */
    struct files certificates;          /* a VLEK, which no service hands out */
    const struct attest_policy *policy; /* the simulated roots that are trusted too */
    bool no_nonce;                      /* OCSP answers may be of somebody else's asking */
    int64_t now;                        /* what comes must be good at this time */
    int64_t
        renew; /* seconds: what the directory has, good for longer than that, is left alone; 0: everything is asked for anew */
};

enum {
    COLLATERAL_FETCHED_MAX = BUNDLE_RIMS_MAX + BUNDLE_OCSP_MAX + 2 * BUNDLE_GPUS_MAX + 2,
    COLLATERAL_SOURCES_MAX = 4,
    COLLATERAL_URL_MAX = 512,
};

/* What was fetched and kept. */
struct collateral_document {
    char name[COLLATERAL_NAME_MAX];
    bool held; /* it was there, and good for longer than `renew` */
    int64_t expires;
    size_t source_count;
    char sources[COLLATERAL_SOURCES_MAX][COLLATERAL_URL_MAX];
    uint8_t sha256[32];
};
struct collateral_fetched {
    size_t count;
    struct collateral_document documents[COLLATERAL_FETCHED_MAX];
    /* The maker's word is there, and it is not a good one: a certificate is revoked, or not known. The note says which. */
    bool disowned;
    struct err_note why;
};

/* Everything is fetched and held against the evidence, by the verifier's own checks, before the first file is replaced. ERR_NETWORK, ERR_REFUSED (what came
 * does not endorse this evidence; the note names the check), ERR_USAGE, ERR_FILE, and what parsers say. */
ERR_MUST_USE enum err collateral_fetch(const struct collateral_fetch *f, struct collateral_fetched *fetched,
                                       struct err_note *note);

/* The manifest, DIRECTORY/manifest.json: where each document came from, when, and its SHA-256. For people: nothing rests on it. */
ERR_MUST_USE enum err collateral_manifest_add(const char *directory, const struct collateral_fetched *fetched,
                                              int64_t now, struct err_note *note);

/* `enclume collateral show`. */
ERR_MUST_USE enum err collateral_show(const char *directory, int64_t now, bool json, struct err_note *note);

#endif
