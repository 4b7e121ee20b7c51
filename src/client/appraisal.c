/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_internal.h"

#include <time.h>

/*
 * Between the evidence and the first byte of a prompt stands this file: channel_verified is called here and nowhere else in the product, with the key
 * out of an accepted verdict.
 */

static const struct verdict_rule rule_channel_key = {
    .name = "channel.key",
    .text = "the encrypted channel ends at the key that the enclave vouches for",
    .why = "The key statement is covered by the chip's report, and the Noise handshake was made with that "
           "very key; somebody in between who passes "
           "genuine evidence on has another key and fails here.",
};

static void refuse(struct client *c, enum err reason)
{
    c->failure = reason;
    channel_close(c->channel, reason);
}

/* Resumed by IK, and no evidence was asked for: the verdict of the first time stands while it is fresh enough. */
static void resume(struct client *c, int64_t now)
{
    bool fresh =
        c->pin.bundle != NULL && c->pin.verified_at <= now && now - c->pin.verified_at <= c->options.max_age;
    if (!fresh || channel_handshake_path(c->channel) != CHANNEL_PATH_IK) {
        refuse(c, ERR_REFUSED);
        return;
    }
    c->verdict = c->pin.verdict;
    c->has_verdict = true;
    enum err e = channel_verified(c->channel, c->pin.verdict.claims.noise_key);
    if (e != ERR_OK)
        refuse(c, e);
    c->appraised = e == ERR_OK;
}

/* The enclave's key must be the one that this channel was made with; in state VERIFIED too, when evidence is renewed in place. */
static bool key_matches(struct client *c)
{
    const uint8_t *peer = channel_remote_static(c->channel);
    return peer != NULL && memcmp(peer, c->verdict.claims.noise_key, NOISE_KEY_SIZE) == 0;
}

void appraisal_on_evidence(void *owner, struct bytes bundle,
                           const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct client *c = owner;
    int64_t now = (int64_t)time(NULL);
    if (bundle.len == 0) {
        resume(c, now);
        return;
    }
    attest_appraise(bundle, challenge, c->options.policy, now, &c->verdict);
    (void)verdict_add(&c->verdict, &rule_channel_key, key_matches(c), "the key in the key statement", "%s",
                      key_matches(c) ? "the same key" : "another key");
    verdict_conclude(&c->verdict);
    c->has_verdict = true;
    if (!c->verdict.accepted) {
        /* Kept for the auditor if it can be parsed at all. */
        if (pin_set(&c->refused, bundle, challenge, &c->verdict) != ERR_OK)
            pin_clear(&c->refused);
        refuse(c, ERR_REFUSED);
        return;
    }
    enum err e = pin_set(&c->pin, bundle, challenge, &c->verdict);
    if (e == ERR_OK && channel_state(c->channel) == CHANNEL_UNVERIFIED)
        e = channel_verified(c->channel, c->verdict.claims.noise_key);
    if (e != ERR_OK) {
        refuse(c, e);
        return;
    }
    c->appraised = true;
    c->fresh = true;
}
