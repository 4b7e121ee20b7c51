/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_VERIFIER_H
#define CLIENT_VERIFIER_H

/*
 * What stands between evidence and the first byte of a prompt, for everything that holds an initiator's channel: the blocking client and the proxy.
 * It keeps the enclave that was accepted last (the pin), with which further channels are resumed, and the last verdict.
 *
 *     struct channel_config config = {.role = NOISE_INITIATOR, .s = key};
 *     verifier_begin(&v, now, &config);                       // IK with the pinned key, or XX
 *     ... on the channel's callback `evidence`:
 *     e = verifier_evidence(&v, channel, bundle, challenge, now, &fresh);   // ERR_OK: the channel is VERIFIED now
 */

#include "channel/channel.h"
#include "client/pin.h"

struct verifier {
    const struct attest_policy *policy; /* borrowed */
    int64_t max_age;                    /* seconds for which fresh evidence stays good */
    struct pin pin;                     /* the enclave that was accepted last */
    struct verdict verdict;             /* the last appraisal, accepted or refused */
    bool has_verdict;
    struct pin refused; /* the evidence that was refused, for the auditor */
};

void verifier_release(struct verifier *v);

/* Is evidence that was appraised at that time still good at `now`? A time that is yet to come never is. */
bool verifier_is_young(const struct verifier *v, int64_t verified_at, int64_t now);

/* Sets rs and fresh_evidence of an initiator: resume by IK when there is a pin, and ask for evidence all the same when the pin's is too old. rs stays the
 * verifier's. */
void verifier_begin(const struct verifier *v, int64_t now, struct channel_config *config);

/* The channel's `evidence` callback; the only caller of channel_verified in the product. ERR_OK: accepted, and the channel is VERIFIED; *fresh: the enclave
 * answered a challenge of this channel (else it was resumed). Anything else: the channel was closed with that reason; ERR_REFUSED with a verdict that says why,
 * or without one when a resumption was not due. */
ERR_MUST_USE enum err verifier_evidence(struct verifier *v, struct channel *channel, struct bytes bundle,
                                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE], int64_t now,
                                        bool *fresh);

/* The evidence behind the last verdict, with its challenge; also of a refused one. Empty before there is one. */
struct bytes verifier_bundle(const struct verifier *v);

#endif
