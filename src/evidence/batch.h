/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_BATCH_H
#define EVIDENCE_BATCH_H

/*
 * Fresh evidence for everybody from a chip that makes one report at a time: the challenges that arrive while the chip is busy become the
 * leaves of one Merkle tree, the next report covers its root, and each asker gets the bundle with its own inclusion path.
 *
 * A thread of its own talks to the chip. `ready` is called from that thread, once for each ticket; the owner passes it on to its loop.
 */

#include "evidence/evidence.h"

enum { EVIDENCE_BATCH_MAX = 8192 }; /* challenges waiting; more are ERR_BUSY */

struct evidence_batch;

/* bundle: the text, empty when result is not ERR_OK; valid during the call. leaves: how many challenges this report answered. */
typedef void evidence_ready(void *owner, uint64_t ticket, enum err result, struct bytes bundle,
                            size_t leaves);

/* statement is copied; source and gpus stay the caller's and must outlive the batch. gpus: what the statement's gpu_evidence is about, which goes into
 * each bundle; NULL: there are none. */
ERR_MUST_USE enum err evidence_batch_new(struct evidence_source *source, struct evidence_gpus *gpus,
                                         struct bytes statement, evidence_ready *ready, void *owner,
                                         struct evidence_batch **b);
ERR_MUST_USE enum err evidence_batch_ask(struct evidence_batch *b, const uint8_t challenge[static 32],
                                         uint64_t ticket);
/* Waits for the report under way; what still waits is answered with ERR_CANCELLED. */
void evidence_batch_free(struct evidence_batch *b);

#endif
