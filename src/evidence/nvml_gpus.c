/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/nvml_gpus.h"

#include <stdlib.h>

#include "attest/nvgpu_names.h"
#include "evidence/collateral_wanted.h"

enum { DOCUMENTS_MAX = BUNDLE_RIMS_MAX + BUNDLE_OCSP_MAX };
_Static_assert((int)NVML_DEVICES_MAX == (int)BUNDLE_GPUS_MAX, "a bundle holds all GPUs that there can be");

struct document {
    struct collateral_key key;
    struct bytes content; /* owned */
};
struct documents {
    size_t count;
    struct document at[DOCUMENTS_MAX];
};

struct machine {
    struct collateral_cache *cache;
    const struct kernel *kernel;
    size_t count;
    struct gpu_evidence gpus[NVML_DEVICES_MAX];
    struct documents documents;
};

static void documents_release(struct documents *d)
{
    for (size_t i = 0; i < d->count; i++)
        free(bytes_owned(d->at[i].content));
    d->count = 0;
}

/* ---- what the host offers ---- */

/* Once each: GPUs of one maker have most of it in common. *content: what came. */
static enum err document_get(const struct machine *m, const struct collateral_subject *subject,
                             struct documents *d, const struct collateral_key *key, struct bytes *content,
                             struct err_note *note)
{
    struct bytes held;
    for (size_t i = 0; i < d->count; i++)
        if (collateral_key_equal(&d->at[i].key, key)) {
            *content = d->at[i].content;
            return ERR_OK;
        }
    if (d->count == DOCUMENTS_MAX)
        return err_noted(ERR_EVIDENCE, note, "the GPUs need more than %d documents", DOCUMENTS_MAX);
    enum err e = collateral_cache_get(m->cache, key, subject, m->kernel->now(m->kernel), &held, note);
    if (e != ERR_OK)
        return e;
    uint8_t *copy = malloc(held.len);
    if (copy == NULL)
        return ERR_MEMORY;
    memcpy(copy, held.ptr, held.len);
    *content = bytes_of(copy, held.len);
    d->at[d->count++] = (struct document){*key, *content};
    return ERR_OK;
}

static enum err words_get(const struct machine *m, const struct collateral_subject *subject,
                          struct documents *d, const struct nvgpu_certificate_ids *ids, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < ids->count; i++) {
        struct collateral_key key;
        struct bytes content;
        collateral_ocsp_key(&ids->at[i], &key);
        e = document_get(m, subject, d, &key, &content, note);
    }
    return e;
}

static enum err rim_get(const struct machine *m, const struct collateral_subject *subject,
                        struct documents *d, const char *id, struct err_note *note)
{
    struct collateral_key key;
    struct nvgpu_certificate_ids ids;
    struct collateral_subject signer = *subject;
    if (collateral_rim_key(id, &key, note) != ERR_OK)
        return ERR_EVIDENCE;
    enum err e = document_get(m, subject, d, &key, &signer.rim, note);
    if (e == ERR_OK && nvgpu_names_of_rim(signer.rim, &ids, note) != ERR_OK)
        e = ERR_EVIDENCE;
    return e == ERR_OK ? words_get(m, &signer, d, &ids, note) : e;
}

static enum err gpu_endorse(const struct machine *m, const struct gpu_evidence *gpu, struct documents *d,
                            struct err_note *note)
{
    char rims[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct nvgpu_certificate_ids ids;
    const struct collateral_subject subject = {
        .gpu = {bytes_of(gpu->report, gpu->report_len), bytes_of(gpu->chain, gpu->chain_len)}};
    if (nvgpu_names_of_gpu(subject.gpu.report, subject.gpu.certificates, rims, &ids, note) != ERR_OK)
        return ERR_EVIDENCE;
    enum err e = words_get(m, &subject, d, &ids, note);
    for (size_t i = 0; e == ERR_OK && i < NVGPU_GPU_RIMS; i++)
        e = rim_get(m, &subject, d, rims[i], note);
    return e;
}

static const char *media_type(const struct document *document)
{
    return document->key.kind == COLLATERAL_RIM ? BUNDLE_GPU_RIM : BUNDLE_OCSP;
}

/* What a bundle needs stands behind the chains, in place of what stood there. Of a failure nothing remains. */
static enum err machine_renew(struct evidence_gpus *self, struct err_note *note)
{
    struct machine *m = self->storage;
    enum err e = ERR_OK;
    struct documents *d = calloc(1, sizeof *d);
    if (d == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < m->count; i++)
        e = gpu_endorse(m, &m->gpus[i], d, note);
    if (e != ERR_OK) {
        documents_release(d);
        free(d);
        return e;
    }
    documents_release(&m->documents);
    m->documents = *d;
    free(d);
    self->endorsement_count = m->count;
    for (size_t i = 0; i < m->documents.count; i++)
        self->endorsements[self->endorsement_count++] =
            (struct bundle_item){media_type(&m->documents.at[i]), m->documents.at[i].content};
    return ERR_OK;
}

static void machine_release(struct evidence_gpus *self)
{
    struct machine *m = self->storage;
    documents_release(&m->documents);
    free(m);
}

/* ---- the GPUs ---- */

static enum err reports_take(struct evidence_nvml *nvml, const uint8_t nonce[static NVML_NONCE_SIZE],
                             struct machine *m, struct err_note *note)
{
    enum err e = ERR_OK;
    m->count = evidence_nvml_count(nvml);
    for (size_t i = 0; e == ERR_OK && i < m->count; i++)
        e = evidence_nvml_report(nvml, (unsigned)i, nonce, &m->gpus[i], note);
    return e == ERR_OK ? evidence_nvml_same(nvml, note) : e;
}

enum err evidence_nvml_gpus(struct evidence_nvml *nvml, struct collateral_cache *cache,
                            const struct kernel *kernel, const uint8_t nonce[static NVML_NONCE_SIZE],
                            struct evidence_gpus *out, struct err_note *note)
{
    memset(out, 0, sizeof *out);
    if (cache == NULL)
        return err_noted(ERR_EVIDENCE, note,
                         "GPUs need NVIDIA's reference values and its word about certificates with their "
                         "reports; name a place to get them from with --collateral");
    struct machine *m = calloc(1, sizeof *m);
    if (m == NULL)
        return ERR_MEMORY;
    m->cache = cache;
    m->kernel = kernel;
    out->storage = m;
    out->renew = machine_renew;
    out->release = machine_release;
    enum err e = reports_take(nvml, nonce, m, note);
    for (size_t i = 0; e == ERR_OK && i < m->count; i++) {
        const struct gpu_evidence *gpu = &m->gpus[i];
        out->reports[i] = (struct bundle_item){BUNDLE_GPU_REPORT, bytes_of(gpu->report, gpu->report_len)};
        out->endorsements[i] = (struct bundle_item){BUNDLE_GPU_CHAIN, bytes_of(gpu->chain, gpu->chain_len)};
    }
    out->report_count = m->count;
    if (e == ERR_OK)
        e = machine_renew(out, note);
    if (e != ERR_OK)
        evidence_gpus_release(out);
    return e;
}
