/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H

/*
 * The Attester's side: where Evidence comes from. One small struct of functions a platform (siblings: simulated.c, and kernel_source.c for
 * real chips), and nobody above asks which platform it is.
 */

#include "attest/bundle_parts.h"
#include "base/bytes.h"
#include "base/error.h"
#include "evidence/collateral_cache.h"
#include "evidence/kernel.h"

struct evidence {
    struct bundle_item report;
    size_t endorsement_count;
    struct bundle_item endorsements[BUNDLE_ENDORSEMENTS_MAX];
    void *storage; /* owns the bytes; release with evidence_release */
};
void evidence_release(struct evidence *e);

/* What the GPUs of the VM say, one report each, and what endorses them: as many certificate chains, in the same order, reference values, OCSP responses. */
struct evidence_gpus {
    size_t report_count; /* 0: there is no GPU */
    struct bundle_item reports[BUNDLE_GPUS_MAX];
    size_t endorsement_count;
    struct bundle_item endorsements[BUNDLE_ENDORSEMENTS_MAX];
    void *storage; /* owns the bytes; release with evidence_gpus_release */
    /* Before a bundle is made: what the endorsements are now, for those that expire; NULL: they stay. ERR_EVIDENCE: then they are as before. */
    ERR_MUST_USE enum err (*renew)(struct evidence_gpus *self, struct err_note *note);
    void (*release)(struct evidence_gpus *self); /* the storage; NULL: free */
};
void evidence_gpus_release(struct evidence_gpus *gpus);

struct evidence_source {
    const char *platform; /* BUNDLE_PLATFORM_... */
    /* Asks the chip for a report over these 64 bytes. Blocks for as long as the chip takes; one call at a time. ERR_EVIDENCE. */
    ERR_MUST_USE enum err (*report)(struct evidence_source *self, const uint8_t report_data[static 64],
                                    struct evidence *out, struct err_note *note);
    /* Asks the GPUs for reports over this nonce (statement_gpu_nonce). NULL: this source has no way to GPUs. Blocks; not while report is asked. ERR_EVIDENCE. */
    ERR_MUST_USE enum err (*gpu_reports)(struct evidence_source *self, const uint8_t nonce[static 32],
                                         struct evidence_gpus *out, struct err_note *note);
    void (*close)(struct evidence_source *self); /* releases self */
};

/* The simulated platform, over the descriptor that the simulator handed down when it launched this process. */
ERR_MUST_USE enum err evidence_simulated_open(int fd, struct evidence_source **source);

/*
 * A real chip, by way of the kernel. name: "tsm" (configfs-tsm), "sev-guest", "tdx-guest" (the device nodes of older kernels), or "auto", the first of
 * them that answers. collateral: where the endorsements come from that do not come with the report (always for TDX, for SNP whatever the host leaves out);
 * may be NULL; must outlive the source, and is used by report alone. ERR_EVIDENCE: the note says what was looked for, and what to do. ERR_USAGE.
 */
ERR_MUST_USE enum err evidence_kernel_open(const struct kernel *kernel, const char *name,
                                           struct collateral_cache *collateral,
                                           struct evidence_source **source, struct err_note *note);

#endif
