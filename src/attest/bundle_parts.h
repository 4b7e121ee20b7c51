/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_BUNDLE_PARTS_H
#define ATTEST_BUNDLE_PARTS_H

/*
 * Which of a bundle's parts is which: the messages sorted by media type, and whether they are those that the platform needs, no fewer and no more.
 *
 *   platform  evidence                       endorsements
 *   sev-snp   one SNP report                 three certificates (VCEK or VLEK, ASK or ASVK, ARK), up to four of the root's revocation lists
 *   tdx       one TD quote                   one document of collateral (attest/collateral.h, "all in one")
 *   either    and for each GPU one report    its certificate chain, in the reports' order; reference integrity manifests; OCSP responses
 */

#include "attest/bundle.h"
#include "attest/snp.h"
#include "attest/verdict.h"

enum { BUNDLE_GPUS_MAX = 16, BUNDLE_RIMS_MAX = 16, BUNDLE_OCSP_MAX = 48, BUNDLE_CERTIFICATES = 3 };

struct bundle_list {
    size_t count;
    struct bytes items[BUNDLE_ENDORSEMENTS_MAX];
};

/* Borrowed from the bundle. */
struct bundle_parts {
    enum verdict_platform platform;
    struct bundle_list report; /* of the processor: a report or a quote */
    struct bundle_list certificates;
    struct bundle_list crls;
    struct bundle_list collateral;
    struct bundle_list gpu_reports;
    struct bundle_list gpu_chains;
    struct bundle_list rims;
    struct bundle_list ocsp;
};

/* ERR_VALUE: what is there is not what the platform needs; the note counts. */
ERR_MUST_USE enum err bundle_parts_of(const struct bundle *b, struct bundle_parts *parts,
                                      struct err_note *note);

#endif
