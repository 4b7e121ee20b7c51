/* SPDX-License-Identifier: Apache-2.0 */
#include "client/verifier.h"

static const struct verdict_rule rule_channel_key = {
    .name = "channel.key",
    .text = "The encrypted channel ends at the key that the enclave vouches for",
    .why = "The key statement is covered by the chip's report, and the Noise handshake was made with that "
           "very key; somebody in between who passes "
           "genuine evidence on has another key and fails here.",
};

void verifier_release(struct verifier *v)
{
    pin_clear(&v->pin);
    pin_clear(&v->refused);
}

bool verifier_is_young(const struct verifier *v, int64_t verified_at, int64_t now)
{
    return verified_at <= now && now - verified_at <= v->max_age;
}

void verifier_begin(const struct verifier *v, int64_t now, struct channel_config *config)
{
    config->rs = v->pin.bundle != NULL ? v->pin.verdict.claims.noise_key : NULL;
    config->fresh_evidence = !verifier_is_young(v, v->pin.verified_at, now);
}

static enum err refuse(struct channel *channel, enum err reason)
{
    channel_close(channel, reason);
    return reason;
}

/* Resumed by IK, and no evidence was asked for: the verdict of the first time stands while it is fresh enough. */
static enum err resume(struct verifier *v, struct channel *channel, int64_t now)
{
    bool young = v->pin.bundle != NULL && verifier_is_young(v, v->pin.verified_at, now);
    if (!young || channel_handshake_path(channel) != CHANNEL_PATH_IK)
        return refuse(channel, ERR_REFUSED);
    v->verdict = v->pin.verdict;
    v->has_verdict = true;
    enum err e = channel_verified(channel, v->pin.verdict.claims.noise_key);
    return e == ERR_OK ? ERR_OK : refuse(channel, e);
}

/* The enclave's key must be the one that this channel was made with; in state VERIFIED too, when evidence is renewed in place. */
static bool key_matches(const struct verifier *v, const struct channel *channel)
{
    const uint8_t *peer = channel_remote_static(channel);
    return peer != NULL && memcmp(peer, v->verdict.claims.noise_key, NOISE_KEY_SIZE) == 0;
}

enum err verifier_evidence(struct verifier *v, struct channel *channel, struct bytes bundle,
                           const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE], int64_t now, bool *fresh)
{
    *fresh = false;
    if (bundle.len == 0)
        return resume(v, channel, now);
    attest_appraise(bundle, challenge, v->policy, now, &v->verdict);
    (void)verdict_add(&v->verdict, &rule_channel_key, key_matches(v, channel), "the key in the key statement",
                      "%s", key_matches(v, channel) ? "the same key" : "another key");
    verdict_conclude(&v->verdict);
    v->has_verdict = true;
    if (!v->verdict.accepted) {
        /* Kept for the auditor if it can be parsed at all. */
        if (pin_set(&v->refused, bundle, challenge, &v->verdict) != ERR_OK)
            pin_clear(&v->refused);
        return refuse(channel, ERR_REFUSED);
    }
    enum err e = pin_set(&v->pin, bundle, challenge, &v->verdict);
    if (e == ERR_OK && channel_state(channel) == CHANNEL_UNVERIFIED)
        e = channel_verified(channel, v->verdict.claims.noise_key);
    *fresh = e == ERR_OK;
    return e == ERR_OK ? ERR_OK : refuse(channel, e);
}

struct bytes verifier_bundle(const struct verifier *v)
{
    const struct pin *pin = v->has_verdict && !v->verdict.accepted ? &v->refused : &v->pin;
    return bytes_of(pin->bundle, pin->size);
}
