/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/vtpm_scene.h"

#include "unit/test.h"

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;
struct synthetic_vtpm_keys keys;

void scene_reference(struct scene *s, unsigned pcr)
{
    memcpy(s->pcr[pcr][0], s->vtpm.pcr_values[pcr], TPM_PCR_SIZE);
    s->policy.references[pcr] = (struct vtpm_references){(const uint8_t(*)[TPM_PCR_SIZE])s->pcr[pcr], 1};
}

void scene_init(struct scene *s, bool is_tdx)
{
    memset(s, 0, sizeof *s);
    s->is_tdx = is_tdx;
    synthetic_vtpm_init(&s->vtpm, &keys);
    vtpm_policy_default(&s->policy);
    if (is_tdx) {
        synthetic_tdx_init(&s->tdx, &tdx_keys);
        tdx_policy_default(&s->tdx_policy);
        s->tdx_policy.evaluation_number_min = 17;
        memcpy(s->measurement[0], s->tdx.quote_fields.body.mrtd, 48);
        memcpy(s->launch.mrtd, s->measurement[0], 48);
        s->launch.waived = 0xf;
        s->tdx_policy.launches = &s->launch;
        s->tdx_policy.launch_count = 1;
        s->vtpm.kind = HCL_KIND_TDX;
    } else {
        synthetic_snp_init(&s->snp, &snp_keys);
        memcpy(s->measurement[0], s->snp.report.measurement, 48);
        s->snp_policy.measurements = (const uint8_t(*)[48])s->measurement;
        s->snp_policy.measurement_count = 1;
    }
    s->policy.snp = &s->snp_policy;
    s->policy.tdx = &s->tdx_policy;
    s->policy.pcrs = s->vtpm.pcrs;
    s->policy.pcrs_outside_log = 1U << 11;
    scene_reference(s, 4);
    scene_reference(s, 11);
    memcpy(s->nonce, s->vtpm.nonce_bytes, sizeof s->nonce);
    s->nonce_known = SYNTHETIC_VTPM_NONCE;
    s->now = SYNTHETIC_NOW;
}

void scene_appraise_built(struct scene *s, struct verdict *v)
{
    memset(v, 0, sizeof *v);
    vtpm_appraise(&s->vtpm.evidence, bytes_of(s->nonce, s->nonce_known), &s->policy, s->now, v);
    verdict_conclude(v);
}

void scene_build(struct scene *s)
{
    if (s->is_tdx)
        synthetic_vtpm_build_tdx(&s->vtpm, &s->tdx);
    else
        synthetic_vtpm_build_snp(&s->vtpm, &s->snp);
    s->snp_policy.simulated_root = s->snp.evidence.ark;
    s->tdx_policy.simulated_root = s->tdx.root_der;
    if (!s->foreign_ak_root)
        s->policy.simulated_ak_root = s->vtpm.root_der;
    for (size_t i = SYNTHETIC_VTPM_CERTIFICATES; i < VTPM_CERTIFICATES_MAX; i++)
        s->vtpm.evidence.ak_certificates[i] = s->vtpm.root_der;
    if (s->certificates != 0)
        s->vtpm.evidence.ak_certificate_count = s->certificates;
}

void scene_appraise(struct scene *s, struct verdict *v)
{
    scene_build(s);
    scene_appraise_built(s, v);
}

int scene_make_keys(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&snp_keys);
    synthetic_tdx_keys_make(&tdx_keys);
    synthetic_vtpm_keys_make(&keys);
    return 0;
}

int scene_drop_keys(void **state)
{
    (void)state;
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    synthetic_vtpm_keys_release(&keys);
    return 0;
}

void scene_change(struct scene *s, const char *name)
{
    for (size_t i = 0; i < vtpm_row_count; i++) {
        if (strcmp(vtpm_rows[i].name, name) == 0) {
            vtpm_rows[i].change(s);
            return;
        }
    }
    fail_msg("no change %s", name);
}
