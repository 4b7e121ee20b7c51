/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence of GPUs that comes as separate parts (attest/appraise_gpu.h). */
#include "attest/appraise_gpu.h"
#include "attest/evidence_file.h"
#include "attest/nvgpu.h"
#include "attest/nvgpu_report.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_GPUS_MAX == (int)NVGPU_GPUS_MAX, "the limits are the same on both sides");
_Static_assert((int)ENCLUME_RIMS_MAX == (int)NVGPU_RIMS_MAX, "the limits are the same on both sides");
_Static_assert((int)ENCLUME_OCSP_MAX == (int)NVGPU_OCSP_MAX, "the limits are the same on both sides");
_Static_assert((int)ENCLUME_GPU_NONCE_SIZE == (int)NVGPU_NONCE_SIZE, "the sizes are the same on both sides");

struct ranges {
    struct bytes reports[ENCLUME_GPUS_MAX];
    struct bytes certificates[ENCLUME_GPUS_MAX];
    struct bytes rims[ENCLUME_RIMS_MAX];
    struct bytes ocsp[ENCLUME_OCSP_MAX];
};

/* False: not a range. */
static bool range_take(const struct enclume_bytes *range, struct bytes *into)
{
    *into = bytes_of(range->bytes, range->size);
    return range->bytes != NULL || range->size == 0;
}

static bool ranges_take(const struct enclume_bytes *list, size_t count, size_t max, struct bytes *into)
{
    if (count > max || (list == NULL && count != 0))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!range_take(&list[i], &into[i]))
            return false;
    return true;
}

static bool gpus_take(const struct enclume_gpu *gpus, size_t count, struct ranges *r)
{
    if (count == 0 || count > ENCLUME_GPUS_MAX || gpus == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!range_take(&gpus[i].report, &r->reports[i]) ||
            !range_take(&gpus[i].certificates, &r->certificates[i]))
            return false;
    return true;
}

int enclume_verify_gpu(const struct enclume_gpu *gpus, size_t gpu_count,
                       const struct enclume_gpu_endorsements *endorsements, const uint8_t *nonce,
                       unsigned flags, const struct enclume_policy *policy, int64_t now,
                       struct enclume_verdict **verdict)
{
    struct ranges r;
    const bool any = (flags & ENCLUME_ANY_NONCE) != 0;
    if (verdict == NULL)
        return ERR_USAGE;
    *verdict = NULL;
    if (policy == NULL || endorsements == NULL || !gpus_take(gpus, gpu_count, &r) ||
        !ranges_take(endorsements->rims, endorsements->rim_count, ENCLUME_RIMS_MAX, r.rims) ||
        !ranges_take(endorsements->ocsp, endorsements->ocsp_count, ENCLUME_OCSP_MAX, r.ocsp) ||
        (flags & ~(unsigned)ENCLUME_ANY_NONCE) != 0 || (any && nonce != NULL))
        return ERR_USAGE;
    enum err e = lib_init();
    if (e != ERR_OK)
        return e;
    struct enclume_verdict *made = secret_alloc(sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    const struct appraise_gpu_files files = {.reports = {r.reports, gpu_count, NULL},
                                             .certificates = {r.certificates, gpu_count, NULL},
                                             .rims = {r.rims, endorsements->rim_count, NULL},
                                             .ocsp = {r.ocsp, endorsements->ocsp_count, NULL},
                                             .nonce = nonce,
                                             .any_nonce = any};
    appraise_gpu_parts(&files, &policy->document->policy.gpu, now, &made->v);
    *verdict = made;
    return made->v.accepted ? ERR_OK : ERR_REFUSED;
}
