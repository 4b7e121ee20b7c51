/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_gpu.h"

#include <stdlib.h>

#include "attest/nvgpu_names.h"
#include "attest/ocsp.h"
#include "attest/rim.h"
#include "evidence/collateral_wanted.h"

/* ---- reference values ---- */

/* The rows that tell the two documents of a GPU apart. */
enum { FOUND, NAMED, PART_ROWS };
static const char *const part_checks[NVGPU_GPU_RIMS][PART_ROWS] = {
    {"nvgpu.driver.rim", "nvgpu.driver.rim_id"},
    {"nvgpu.vbios.rim", "nvgpu.vbios.rim_id"},
};

static const char *const rim_checks[] = {
    "nvgpu.rim.form",      "nvgpu.chip",     "nvgpu.rim.product", "nvgpu.rim.digest",
    "nvgpu.rim.signature", "nvgpu.rim.root", "nvgpu.rim.chain",   "nvgpu.rim.validity",
};

/* Which of the documents that the GPU needs has this name. */
static enum err part_of(const struct collateral_key *key, const struct nvgpu_evidence *gpu, size_t *part,
                        struct err_note *note)
{
    char rims[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct nvgpu_certificate_ids ids;
    enum err e = nvgpu_names_of_gpu(gpu->report, gpu->certificates, rims, &ids, note);
    if (e != ERR_OK)
        return e;
    for (*part = 0; *part < NVGPU_GPU_RIMS; ++*part)
        if (strcmp(key->id, rims[*part]) == 0)
            return ERR_OK;
    return err_noted(ERR_REFUSED, note, "the GPU needs no reference values of that name");
}

static enum err rim_appraise(const struct collateral_key *key, const struct collateral_subject *subject,
                             struct bytes document, size_t part, int64_t now, struct err_note *note)
{
    const struct nvgpu_rim rim = {document, bytes_str(key->id)};
    const struct nvgpu_endorsements endorsements = {.rims = &rim, .rim_count = 1};
    struct nvgpu_policy policy;
    struct verdict *v = calloc(1, sizeof *v);
    if (v == NULL)
        return ERR_MEMORY;
    nvgpu_policy_default(&policy);
    policy.simulated_device_root = subject->roots.gpu;
    policy.simulated_rim_root = subject->roots.rim;
    nvgpu_appraise(&subject->gpu, 1, &endorsements, NULL, &policy, now, v);
    enum err e =
        collateral_checks_passed(v, rim_checks, 1, note); /* its form first: all others stand on it */
    if (e == ERR_OK)
        e = collateral_checks_passed(v, part_checks[part], PART_ROWS, note);
    if (e == ERR_OK)
        e = collateral_checks_passed(v, rim_checks, sizeof rim_checks / sizeof *rim_checks, note);
    free(v);
    return e;
}

enum err collateral_check_rim(const struct collateral_key *key, const struct collateral_subject *subject,
                              struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    size_t part = 0;
    struct rim *rim;
    enum err e = part_of(key, &subject->gpu, &part, note);
    if (e == ERR_OK)
        e = rim_appraise(key, subject, document, part, now, note);
    if (e == ERR_OK)
        e = rim_parse(document, &rim, note);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < rim->chain.count; i++)
        if (rim->chain.at[i].cert.not_after < *expires)
            *expires = rim->chain.at[i].cert.not_after;
    rim_free(rim);
    return ERR_OK;
}

/* ---- OCSP ---- */

/* The certificate that the key names, with its issuer behind it; NULL: it is not in the chain, or cannot be revoked. */
static const struct nv_certificate *certificate_of(const struct nv_chain *chain, size_t first,
                                                   const struct collateral_key *key)
{
    for (size_t i = first; i + 1 < chain->count; i++) {
        struct nvgpu_certificate_id id;
        struct collateral_key one;
        if (nvgpu_certificate_id_of(&chain->at[i].cert, &chain->at[i + 1].cert, &id) != ERR_OK)
            continue;
        collateral_ocsp_key(&id, &one);
        if (collateral_key_equal(&one, key))
            return &chain->at[i];
    }
    return NULL;
}

static enum err word_check(const struct nv_certificate *certificate, struct bytes document, int64_t now,
                           int64_t *expires, struct err_note *note)
{
    const struct nv_certificate *issuer = certificate + 1;
    struct ocsp_response response;
    struct ocsp_answer answer;
    enum err e = ocsp_parse(document, &response, note);
    if (e == ERR_OK && !ocsp_answers(&response, &certificate->cert, &issuer->cert, &answer))
        e = err_noted(ERR_REFUSED, note, "the OCSP response is about another certificate");
    if (e == ERR_OK)
        e = ocsp_verify(&response, &issuer->cert, issuer->key, now, note);
    if (e == ERR_OK)
        e = ocsp_check_window(&response, &answer, now, note);
    if (e == ERR_OK)
        *expires = answer.next_update;
    return e;
}

enum err collateral_check_ocsp(const struct collateral_key *key, const struct collateral_subject *subject,
                               struct bytes document, int64_t now, int64_t *expires, struct err_note *note)
{
    struct rim *rim = NULL;
    struct nv_chain *own = calloc(1, sizeof *own);
    if (own == NULL)
        return ERR_MEMORY;
    enum err e = subject->rim.len != 0 ? rim_parse(subject->rim, &rim, note)
                                       : nv_chain_read(own, subject->gpu.certificates, note);
    const struct nv_certificate *certificate =
        e != ERR_OK
            ? NULL
            : certificate_of(rim != NULL ? &rim->chain : own, rim != NULL ? 0 : NVGPU_FIRST_ASKED, key);
    if (e == ERR_OK)
        e = certificate != NULL
                ? word_check(certificate, document, now, expires, note)
                : err_noted(ERR_REFUSED, note, "the certificate that was asked about is not in the chain");
    rim_free(rim);
    nv_chain_release(own);
    free(own);
    return e;
}
