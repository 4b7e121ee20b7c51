/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_GPUS_H
#define SIMULATOR_GPUS_H

/*
 * The GPUs that the simulator plays beside the processor: made-up NVIDIA H100s of one maker, new at each start.
 *
 *     struct gpus *gpus;
 *     e = gpus_open(2, now, &gpus);
 *     e = gpus_answer(gpus, platform, nonce, &frame);
 *     gpus_close(gpus);
 */

#include "evidence/simulated_gpu.h"
#include "simulator/platform.h"

/* More would need more OCSP responses than a bundle takes (BUNDLE_OCSP_MAX: five, and one for each GPU). */
enum { GPUS_MAX = 8 };

struct gpus {
    size_t count;
    struct simulated_gpu *at[GPUS_MAX];
};

/* count: 0 to GPUS_MAX. ERR_CRYPTO, ERR_MEMORY. */
ERR_MUST_USE enum err gpus_open(size_t count, int64_t now, struct gpus **gpus);
void gpus_close(struct gpus *gpus); /* NULL does nothing */

/* The answer to the question for the GPUs of a VM on this platform; that there is none, when there is none. */
ERR_MUST_USE enum err gpus_answer(const struct gpus *gpus, const struct platform *p,
                                  const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                                  struct platform_frame *frame);

/* The roots that a client must be given by hand, as PEM; nothing when there is no GPU. ERR_MEMORY. */
ERR_MUST_USE enum err gpus_roots_write(const struct gpus *gpus, struct writer *w);

#endif
