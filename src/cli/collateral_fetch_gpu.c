/* SPDX-License-Identifier: Apache-2.0 */
/* From NVIDIA's RIM service and its OCSP responder: the reference values that GPUs' reports need, and a word about each certificate that can be revoked, of the
 * GPUs and of the signers of these values. */
#include <stdlib.h>

#include "attest/evidence_file.h"
#include "attest/nvgpu_names.h"
#include "cli/collateral_fetch.h"
#include "cli/nvidia.h"
#include "evidence/collateral_wanted.h"

/* ---- judging the whole, by the verifier ---- */

/* Of the evidence, before anybody is asked: what it says decides what is asked for. */
static const char *const evidence_checks[] = {
    "nvgpu.report.form",    "nvgpu.report.request", "nvgpu.report.response",  "nvgpu.report.blocks",
    "nvgpu.report.opaque",  "nvgpu.chain.form",     "nvgpu.chain.root",       "nvgpu.chain.signatures",
    "nvgpu.chain.validity", "nvgpu.chip",           "nvgpu.report.signature",
};
/* Of what came, all of it together. */
static const char *const endorsement_checks[] = {
    "nvgpu.rim.form",     "nvgpu.driver.rim",  "nvgpu.vbios.rim",    "nvgpu.driver.rim_id",
    "nvgpu.vbios.rim_id", "nvgpu.rim.product", "nvgpu.rim.digest",   "nvgpu.rim.signature",
    "nvgpu.rim.root",     "nvgpu.rim.chain",   "nvgpu.rim.validity",
};
/* What these say is kept, whatever it is: each word was found to be its signer's. */
static const char *const revocation_checks[] = {"nvgpu.chain.not_revoked", "nvgpu.rim.not_revoked"};

#define CHECKS(list) (list), sizeof(list) / sizeof *(list)

/* What is kept so far, as the verifier takes it. */
struct endorsements {
    struct nvgpu_rim rims[COLLATERAL_FETCHED_MAX];
    struct bytes ocsp[COLLATERAL_FETCHED_MAX];
    struct nvgpu_endorsements all;
};

static void endorsements_of(const struct fetch *f, struct endorsements *e)
{
    e->all = (struct nvgpu_endorsements){.rims = e->rims, .ocsp = e->ocsp};
    for (size_t i = 0; i < f->fetched->count; i++) {
        if (f->keys[i].kind == COLLATERAL_RIM)
            e->rims[e->all.rim_count++] = (struct nvgpu_rim){f->contents[i], bytes_str(f->keys[i].id)};
        else if (f->keys[i].kind == COLLATERAL_OCSP)
            e->ocsp[e->all.ocsp_count++] = f->contents[i];
    }
}

static enum err appraise(const struct fetch *f, const struct nvgpu_evidence *gpus, size_t count,
                         struct verdict *v)
{
    struct nvgpu_policy policy;
    struct endorsements *e = calloc(1, sizeof *e);
    if (e == NULL)
        return ERR_MEMORY;
    nvgpu_policy_default(&policy);
    policy.simulated_device_root = f->options->policy->gpu.simulated_device_root;
    policy.simulated_rim_root = f->options->policy->gpu.simulated_rim_root;
    endorsements_of(f, e);
    memset(v, 0, sizeof *v);
    nvgpu_appraise(gpus, count, &e->all, NULL, &policy, f->options->now, v);
    free(e);
    return ERR_OK;
}

/* ---- one document ---- */

/* What is wrong with what came, and with which document. */
static enum err refused(const struct collateral_key *key, struct err_note *note)
{
    enum { NAME_SHOWN = 70 };
    const struct err_note why = *note;
    char name[COLLATERAL_NAME_MAX];
    if (collateral_key_write(key, name) != ERR_OK)
        name[0] = '\0'; /* not reached: it was written before */
    return err_noted(ERR_REFUSED, note, "%.*s%s: %.150s", NAME_SHOWN, name,
                     strlen(name) > NAME_SHOWN ? "..." : "", why.text);
}

static enum err get(struct fetch *f, const struct collateral_key *key,
                    const struct collateral_subject *subject)
{
    const struct nvidia_services services = {.rim_url = f->options->rim_url,
                                             .ocsp_url = f->options->ocsp_url,
                                             .no_nonce = f->options->no_nonce,
                                             .directory = f->options->directory};
    struct collateral_document about = {.source_count = 1};
    struct bytes document;
    enum err e = nvidia_ask(&services, key, about.sources[0], &document, f->note);
    if (e == ERR_OK)
        e = fetch_keep(f, key, subject, document, &about);
    return e == ERR_REFUSED ? refused(key, f->note) : e;
}

/* ---- what a GPU needs, each once ---- */

static enum err obtain(struct fetch *f, const struct collateral_key *key,
                       const struct collateral_subject *subject, struct bytes *content)
{
    enum err e = ERR_OK;
    *content = fetch_find(f, key);
    if (content->len == 0)
        e = fetch_held(f, key, subject, content);
    if (e == ERR_OK && content->len == 0)
        e = get(f, key, subject);
    *content = fetch_find(f, key);
    return e;
}

static enum err words_fetch(struct fetch *f, const struct collateral_subject *subject,
                            const struct nvgpu_certificate_ids *ids)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < ids->count; i++) {
        struct collateral_key key;
        struct bytes content;
        collateral_ocsp_key(&ids->at[i], &key);
        e = obtain(f, &key, subject, &content);
    }
    return e;
}

static enum err rim_fetch(struct fetch *f, const struct collateral_subject *subject, const char *id)
{
    struct collateral_key key;
    struct nvgpu_certificate_ids ids;
    struct collateral_subject signer = *subject;
    enum err e = collateral_rim_key(id, &key, f->note);
    if (e == ERR_OK)
        e = obtain(f, &key, subject, &signer.rim);
    if (e == ERR_OK)
        e = nvgpu_names_of_rim(signer.rim, &ids, f->note);
    return e == ERR_OK ? words_fetch(f, &signer, &ids) : e;
}

static enum err gpu_fetch(struct fetch *f, const struct nvgpu_evidence *gpu)
{
    char rims[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct nvgpu_certificate_ids ids;
    const struct collateral_subject subject = {.gpu = *gpu,
                                               .roots = {.gpu = f->options->policy->gpu.simulated_device_root,
                                                         .rim = f->options->policy->gpu.simulated_rim_root}};
    enum err e = nvgpu_names_of_gpu(gpu->report, gpu->certificates, rims, &ids, f->note);
    for (size_t i = 0; e == ERR_OK && i < NVGPU_GPU_RIMS; i++)
        e = rim_fetch(f, &subject, rims[i]);
    return e == ERR_OK ? words_fetch(f, &subject, &ids) : e;
}

static enum err all_fetch(struct fetch *f, const struct nvgpu_evidence *gpus, size_t count, struct verdict *v)
{
    enum err e = appraise(f, gpus, count, v);
    if (e == ERR_OK)
        e = collateral_checks_passed(v, CHECKS(evidence_checks), f->note);
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = gpu_fetch(f, &gpus[i]);
    if (e == ERR_OK)
        e = appraise(f, gpus, count, v);
    if (e == ERR_OK)
        e = collateral_checks_passed(v, CHECKS(endorsement_checks), f->note);
    if (e == ERR_OK)
        f->fetched->disowned =
            collateral_checks_passed(v, CHECKS(revocation_checks), &f->fetched->why) != ERR_OK;
    return e;
}

/* Text taken off; the others stay in their files. */
enum err fetch_gpus(struct fetch *f, const struct nvgpu_evidence *files, size_t count)
{
    struct opened {
        struct evidence_file reports[BUNDLE_GPUS_MAX];
        struct evidence_file certificates[BUNDLE_GPUS_MAX];
        struct nvgpu_evidence gpus[BUNDLE_GPUS_MAX];
        struct verdict v;
    };
    struct opened *o = calloc(1, sizeof *o);
    enum err e = o != NULL ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        e = evidence_file_open(files[i].report, &o->reports[i], f->note);
        if (e == ERR_OK)
            e = evidence_file_open(files[i].certificates, &o->certificates[i], f->note);
        if (e == ERR_OK)
            o->gpus[i] = (struct nvgpu_evidence){o->reports[i].content, o->certificates[i].content};
    }
    if (e == ERR_OK)
        e = all_fetch(f, o->gpus, count, &o->v);
    for (size_t i = 0; o != NULL && i < count; i++) {
        evidence_file_release(&o->reports[i]);
        evidence_file_release(&o->certificates[i]);
    }
    free(o);
    return e;
}
