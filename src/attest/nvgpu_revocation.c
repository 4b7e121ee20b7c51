/* SPDX-License-Identifier: Apache-2.0 */
/* Is a certificate revoked? NVIDIA answers that by OCSP (RFC 6960); the answers come with the evidence. */
#include "attest/nvgpu_internal.h"

struct question {
    const struct nv_certificate *certificate;
    const struct nv_certificate *issuer;
    size_t number; /* in the chain, from 1 */
    bool hold_allowed;
};

static enum err judge(const struct question *q, const struct ocsp_answer *answer, struct err_note *note)
{
    if (answer->status == OCSP_GOOD)
        return ERR_OK;
    if (answer->status == OCSP_UNKNOWN)
        return err_noted(ERR_REFUSED, note, "certificate %zu is not known to its issuer", q->number);
    if (answer->reason == OCSP_REASON_HOLD && q->hold_allowed)
        return ERR_OK;
    return err_noted(ERR_REFUSED, note, "certificate %zu is %s (reason %u)", q->number,
                     answer->reason == OCSP_REASON_HOLD ? "on hold" : "revoked", answer->reason);
}

static enum err weigh(const struct context *c, const struct question *q, const struct ocsp_response *response,
                      const struct ocsp_answer *answer, struct err_note *note)
{
    struct err_note detail = {{0}};
    const struct bytes nonce = c->endorsements->ocsp_nonce;
    enum err e = ocsp_verify(response, &q->issuer->cert, q->issuer->key, c->now, &detail);
    if (e == ERR_OK)
        e = ocsp_check_window(response, answer, c->now, &detail);
    if (e == ERR_OK && nonce.len != 0 && !bytes_equal(nonce, response->nonce))
        e = err_noted(ERR_REFUSED, &detail, "the response answers another request");
    if (e != ERR_OK)
        return err_noted(e, note, "certificate %zu: %.150s", q->number, nvgpu_error(e, &detail));
    return judge(q, answer, note);
}

/* The first response that speaks of the certificate decides. *found: there is one. */
static enum err ask(const struct context *c, const struct question *q, bool *found, struct err_note *note)
{
    struct ocsp_response response;
    struct ocsp_answer answer;
    *found = false;
    for (size_t i = 0; i < c->endorsements->ocsp_count; i++) {
        enum err e = ocsp_parse(c->endorsements->ocsp[i], &response, note);
        if (e != ERR_OK)
            return e;
        if (!ocsp_answers(&response, &q->certificate->cert, &q->issuer->cert, &answer))
            continue;
        *found = true;
        return weigh(c, q, &response, &answer, note);
    }
    return ERR_OK;
}

enum err nvgpu_check_revocation(const struct context *c, const struct nv_chain *chain, size_t first,
                                bool hold_allowed, bool *unasked, struct err_note *note)
{
    if (c->endorsements->ocsp_count > NVGPU_OCSP_MAX)
        return err_noted(ERR_TOO_LARGE, note, "more than %d OCSP responses", NVGPU_OCSP_MAX);
    for (size_t i = first; i + 1 < chain->count; i++) {
        const struct question q = {&chain->at[i], &chain->at[i + 1], i + 1, hold_allowed};
        bool found;
        enum err e = ask(c, &q, &found, note);
        if (e == ERR_OK && !found && !c->policy->allow_missing_ocsp)
            e = err_noted(ERR_REFUSED, note, "no OCSP response about certificate %zu", q.number);
        if (e != ERR_OK)
            return e;
        *unasked = *unasked || !found;
    }
    return ERR_OK;
}
