/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/gpus/gpus.h"

#include <stdlib.h>

#include "attest/nvgpu.h"
#include "crypto/crypto.h"
#include "evidence/nvml_gpus.h"

/* What is appraised, in the verifier's form. Borrowed from the evidence. */
struct appraised {
    struct nvgpu_evidence gpus[BUNDLE_GPUS_MAX];
    struct nvgpu_rim rims[BUNDLE_RIMS_MAX];
    struct bytes ocsp[BUNDLE_OCSP_MAX];
    struct nvgpu_endorsements endorsements;
    struct verdict verdict;
};

static bool sort(const struct evidence_gpus *evidence, struct appraised *a)
{
    for (size_t i = 0; i < evidence->report_count; i++)
        a->gpus[i] = (struct nvgpu_evidence){evidence->reports[i].value, evidence->endorsements[i].value};
    a->endorsements = (struct nvgpu_endorsements){.rims = a->rims, .ocsp = a->ocsp};
    for (size_t i = evidence->report_count; i < evidence->endorsement_count; i++) {
        const struct bundle_item *item = &evidence->endorsements[i];
        bool is_rim = strcmp(item->media_type, BUNDLE_GPU_RIM) == 0;
        if (a->endorsements.rim_count == BUNDLE_RIMS_MAX || a->endorsements.ocsp_count == BUNDLE_OCSP_MAX)
            return false; /* nor would they all go into a bundle */
        if (is_rim)
            a->rims[a->endorsements.rim_count++] = (struct nvgpu_rim){.document = item->value};
        else
            a->ocsp[a->endorsements.ocsp_count++] = item->value;
    }
    return true;
}

static enum err appraise(const struct gpus_options *o, const struct evidence_gpus *evidence,
                         const uint8_t nonce[static NVML_NONCE_SIZE], struct err_note *note)
{
    struct appraised *a = calloc(1, sizeof *a);
    if (a == NULL)
        return ERR_MEMORY;
    enum err e = ERR_OK;
    if (!sort(evidence, a)) {
        free(a);
        return err_noted(ERR_EVIDENCE, note, "the GPUs have more endorsements than a bundle has room for");
    }
    nvgpu_appraise(a->gpus, evidence->report_count, &a->endorsements, nonce, o->policy,
                   o->kernel->now(o->kernel), &a->verdict);
    verdict_conclude(&a->verdict);
    const struct verdict_check *failure = verdict_first_failure(&a->verdict);
    if (!a->verdict.accepted)
        e = err_noted(ERR_EVIDENCE, note, "%s: %s", failure == NULL ? "no check" : failure->rule->name,
                      failure == NULL ? "" : failure->saw);
    free(a);
    return e;
}

static enum err attest(const struct gpus_options *o, struct evidence_nvml *nvml, struct err_note *note)
{
    uint8_t nonce[NVML_NONCE_SIZE];
    struct evidence_gpus evidence;
    enum err e = crypto_random(nonce, sizeof nonce);
    if (e == ERR_OK)
        e = evidence_nvml_gpus(nvml, o->collateral, o->kernel, nonce, &evidence, note);
    if (e != ERR_OK)
        return e;
    e = appraise(o, &evidence, nonce, note);
    evidence_gpus_release(&evidence);
    return e;
}

enum err gpus_ready(const struct gpus_options *o, struct evidence_nvml **held, struct err_note *note)
{
    bool ready = false;
    struct evidence_nvml *nvml;
    *held = NULL;
    enum err e = evidence_nvml_open(o->library, &nvml, note);
    if (e != ERR_OK)
        return e;
    if (evidence_nvml_count(nvml) != o->expected)
        e = err_noted(ERR_EVIDENCE, note, "NVML knows of %u GPUs, and the machine has %zu",
                      evidence_nvml_count(nvml), o->expected);
    if (e == ERR_OK)
        e = evidence_nvml_is_ready(nvml, &ready, note);
    if (e == ERR_OK && ready)
        e = err_noted(ERR_EVIDENCE, note, "the GPUs take work already, before they have attested themselves");
    if (e == ERR_OK)
        e = attest(o, nvml, note);
    if (e == ERR_OK)
        e = evidence_nvml_set_ready(nvml, note);
    if (e == ERR_OK)
        *held = nvml;
    else
        evidence_nvml_close(nvml);
    return e;
}
