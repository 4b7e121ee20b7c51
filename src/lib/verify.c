/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/appraise.h"
#include "attest/bundle.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_BUNDLE_SIZE_MAX == (int)BUNDLE_MAX &&
                   (int)ENCLUME_CHECKS_MAX == (int)VERDICT_CHECKS_MAX,
               "the limits are the same on both sides");

int enclume_verify(const void *bundle, size_t size, const struct enclume_policy *policy, int64_t now,
                   struct enclume_verdict **verdict)
{
    if (verdict == NULL)
        return ERR_USAGE;
    *verdict = NULL;
    if (policy == NULL || (bundle == NULL && size != 0))
        return ERR_USAGE;
    enum err e = lib_init();
    if (e != ERR_OK)
        return e;
    struct enclume_verdict *made = secret_alloc(sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    attest_appraise(bytes_of(bundle, size), NULL, &policy->document->policy, now, &made->v);
    *verdict = made;
    return made->v.accepted ? ERR_OK : ERR_REFUSED;
}

void enclume_verdict_free(struct enclume_verdict *verdict)
{
    secret_free(verdict);
}

int enclume_verdict_accepted(const struct enclume_verdict *verdict)
{
    return verdict != NULL && verdict->v.accepted;
}

int enclume_verdict_simulated(const struct enclume_verdict *verdict)
{
    return verdict != NULL && verdict->v.simulated;
}

char *enclume_verdict_text(const struct enclume_verdict *verdict, int explain)
{
    return verdict == NULL ? NULL : verdict_text(&verdict->v, explain != 0);
}

char *enclume_verdict_json(const struct enclume_verdict *verdict)
{
    return verdict == NULL ? NULL : verdict_json(&verdict->v);
}

/* ---- checks ---- */

size_t enclume_verdict_check_count(const struct enclume_verdict *verdict)
{
    return verdict == NULL ? 0 : verdict->v.count;
}

int enclume_verdict_check(const struct enclume_verdict *verdict, size_t index, struct enclume_check *check)
{
    if (check == NULL)
        return ERR_USAGE;
    *check = (struct enclume_check){0};
    if (verdict == NULL)
        return ERR_USAGE;
    if (index >= verdict->v.count)
        return ERR_VALUE;
    const struct verdict_check *c = &verdict->v.checks[index];
    *check = (struct enclume_check){
        .name = c->rule->name,
        .passed = c->passed,
        .saw = c->saw,
        .wanted = c->wanted,
        .text = c->rule->text,
    };
    return ERR_OK;
}

/* ---- claims ---- */

static enum err claim(const struct enclume_verdict *verdict, const uint8_t *value, uint8_t *out, size_t size)
{
    memset(out, 0, size);
    if (!verdict->v.accepted)
        return ERR_REFUSED;
    memcpy(out, value, size);
    return ERR_OK;
}

int enclume_verdict_noise_key(const struct enclume_verdict *verdict, uint8_t key[ENCLUME_KEY_SIZE])
{
    if (verdict == NULL || key == NULL)
        return ERR_USAGE;
    return claim(verdict, verdict->v.claims.noise_key, key, ENCLUME_KEY_SIZE);
}

int enclume_verdict_model_digest(const struct enclume_verdict *verdict, uint8_t digest[ENCLUME_DIGEST_SIZE])
{
    if (verdict == NULL || digest == NULL)
        return ERR_USAGE;
    return claim(verdict, verdict->v.claims.model_digest, digest, ENCLUME_DIGEST_SIZE);
}

int enclume_verdict_measurement(const struct enclume_verdict *verdict,
                                uint8_t measurement[ENCLUME_MEASUREMENT_SIZE])
{
    if (verdict == NULL || measurement == NULL)
        return ERR_USAGE;
    return claim(verdict, verdict->v.claims.measurement, measurement, ENCLUME_MEASUREMENT_SIZE);
}
