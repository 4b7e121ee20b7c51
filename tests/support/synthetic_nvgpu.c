/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_nvgpu.h"

#include <stdlib.h>

#include "support/synthetic_der.h"

/* Made once; what a test changes is put back from the copy. */
static struct {
    struct simulated_gpu *gpu;
    struct simulated_gpu *sound;
} made[2];
static struct simulated_gpu *second; /* a Hopper one */
static struct simulated_gpu *second_sound;
static struct crypto_private_key *other;

int synthetic_nvgpu_make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    for (enum simulated_gpu_kind k = SIMULATED_HOPPER; k <= SIMULATED_BLACKWELL; k++) {
        synthetic_must(simulated_gpu_new(k, SYNTHETIC_NVGPU_NOW, &made[k].gpu));
        made[k].sound = malloc(sizeof *made[k].sound);
        synthetic_must(made[k].sound == NULL ? ERR_MEMORY : ERR_OK);
        memcpy(made[k].sound, made[k].gpu, sizeof *made[k].sound);
    }
    synthetic_must(simulated_gpu_new(SIMULATED_HOPPER, SYNTHETIC_NVGPU_NOW, &second));
    second_sound = malloc(sizeof *second_sound);
    synthetic_must(second_sound == NULL ? ERR_MEMORY : ERR_OK);
    memcpy(second_sound, second, sizeof *second);
    synthetic_must(crypto_private_key_new(CRYPTO_KEY_P384, 0, &other));
    return 0;
}

int synthetic_nvgpu_drop(void **state)
{
    (void)state;
    for (size_t k = 0; k < 2; k++) {
        memcpy(made[k].gpu, made[k].sound, sizeof *made[k].sound);
        simulated_gpu_free(made[k].gpu);
        free(made[k].sound);
    }
    memcpy(second, second_sound, sizeof *second);
    simulated_gpu_free(second);
    free(second_sound);
    crypto_private_key_free(other);
    return 0;
}

void synthetic_nvgpu_init(struct synthetic_nvgpu *s, enum simulated_gpu_kind kind)
{
    memset(s, 0, sizeof *s);
    memcpy(made[kind].gpu, made[kind].sound, sizeof *made[kind].sound);
    s->g = made[kind].gpu;
    s->other = other;
    s->now = SYNTHETIC_NVGPU_NOW;
    s->gpu_count = 1;
    memset(s->nonce, 0x42, sizeof s->nonce);
    nvgpu_policy_default(&s->policy);
}

static struct bytes chain_of(struct synthetic_nvgpu *s, const struct simulated_gpu *g)
{
    struct writer w = writer_into(s->chain, sizeof s->chain);
    size_t count = s->certificates == 0 ? SIMULATED_GPU_CHAIN : s->certificates;
    if (s->der) {
        for (size_t i = 0; i < count; i++)
            writer_bytes(&w, bytes_of(g->device_der[i].der, g->device_der[i].len));
    } else if (count == SIMULATED_GPU_CHAIN) {
        writer_bytes(&w, bytes_of(g->pem, g->pem_len));
    } else {
        const char *end = g->pem;
        for (size_t i = 0; i < count; i++)
            end = strstr(end, "-----END CERTIFICATE-----\n") + strlen("-----END CERTIFICATE-----\n");
        writer_bytes(&w, bytes_of(g->pem, (size_t)(end - g->pem)));
    }
    writer_str(&w, s->after_certificates != NULL ? s->after_certificates : "");
    return bytes_of(s->chain, w.used);
}

static struct bytes report_of(struct synthetic_nvgpu *s)
{
    size_t len;
    memcpy(s->g->report.nonce, s->nonce, sizeof s->nonce);
    synthetic_must(simulated_gpu_report_write(&s->g->report, s->report, sizeof s->report, &len));
    for (size_t i = 0; i < s->patch_count; i++)
        s->report[s->patches[i].at] = s->patches[i].value;
    synthetic_must(simulated_gpu_report_sign(s->g->report_key, s->report, sizeof s->report, &len));
    memset(s->report + len, 0, s->more);
    return bytes_of(s->report, len + s->more - s->less);
}

static void edit(struct bytes text, const char *from, const char *to)
{
    char *at = from == NULL ? NULL : memmem(text.ptr, text.len, from, strlen(from));
    if (from != NULL)
        synthetic_must(at == NULL || strlen(from) != strlen(to) ? ERR_VALUE : ERR_OK);
    if (at != NULL)
        memcpy(at, to, strlen(to));
}

static void ocsp_add(struct synthetic_nvgpu *s, const struct simulated_gpu *g, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((s->ocsp_missing >> i & 1) == 0)
            s->ocsp[s->endorsements.ocsp_count++] = bytes_of(g->ocsp_der[i], g->ocsp_len[i]);
}

static void second_build(struct synthetic_nvgpu *s)
{
    size_t len;
    memcpy(second, second_sound, sizeof *second);
    simulated_gpu_adopt(second, s->g);
    if (s->second_change != NULL)
        s->second_change(second, s->g);
    synthetic_must(simulated_gpu_build(second));
    synthetic_must(simulated_gpu_answer(second, s->nonce, s->second_report, sizeof s->second_report, &len));
    s->gpus[1] =
        (struct nvgpu_evidence){bytes_of(s->second_report, len), bytes_of(second->pem, second->pem_len)};
    ocsp_add(s, second, SIMULATED_GPU_OCSP / 2);
}

void synthetic_nvgpu_build(struct synthetic_nvgpu *s)
{
    synthetic_must(simulated_gpu_build(s->g));
    const struct nvgpu_evidence one = {report_of(s), chain_of(s, s->g)};
    for (size_t i = 0; i < NVGPU_GPUS_MAX + 1; i++)
        s->gpus[i] = one;
    for (size_t i = 0; i < 2; i++)
        s->rims[i] = (struct nvgpu_rim){bytes_of(s->g->rim_text[i], s->g->rim_len[i]),
                                        s->ids[i] != NULL ? bytes_str(s->ids[i]) : (struct bytes){0}};
    for (size_t i = 2; i < 2 + s->more_rims; i++)
        s->rims[i] = s->rims[0];
    edit(s->rims[0].document, s->rim_edit[0], s->rim_edit[1]);
    s->endorsements = (struct nvgpu_endorsements){.rims = s->rims,
                                                  .rim_count = s->no_rims ? 0 : 2 + s->more_rims,
                                                  .ocsp = s->ocsp,
                                                  .ocsp_nonce = s->ocsp_nonce};
    ocsp_add(s, s->g, SIMULATED_GPU_OCSP);
    for (size_t i = 0; i < s->more_ocsp; i++, s->endorsements.ocsp_count++)
        s->ocsp[s->endorsements.ocsp_count] = s->ocsp[SIMULATED_GPU_OCSP - 1];
    if (s->ocsp_malformed)
        s->ocsp[0].len--;
    if (s->with_second)
        second_build(s);
    const struct simulated_nv_der *device = &s->g->device_der[SIMULATED_GPU_CHAIN - 1];
    const struct simulated_nv_der *rim = &s->g->signer_der[SIMULATED_RIM_CHAIN - 1];
    if (!s->foreign_device_root)
        s->policy.simulated_device_root = bytes_of(device->der, device->len);
    if (!s->foreign_rim_root)
        s->policy.simulated_rim_root = bytes_of(rim->der, rim->len);
}

void synthetic_nvgpu_appraise_again(const struct synthetic_nvgpu *s, struct verdict *v)
{
    memset(v, 0, sizeof *v);
    nvgpu_appraise(s->gpus, s->gpu_count, &s->endorsements, s->nonce_unknown ? NULL : s->nonce, &s->policy,
                   s->now, v);
    verdict_conclude(v);
}

void synthetic_nvgpu_appraise(struct synthetic_nvgpu *s, struct verdict *v)
{
    synthetic_nvgpu_build(s);
    synthetic_nvgpu_appraise_again(s, v);
}
