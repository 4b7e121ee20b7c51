/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/snp_scene.h"

struct synthetic_keys keys;

void scene_init(struct scene *s, enum scene_kind kind)
{
    static void (*const init[])(struct synthetic_snp *, const struct synthetic_keys *) = {
        [SCENE_GENOA] = synthetic_snp_init,
        [SCENE_TURIN] = synthetic_snp_init_turin,
        [SCENE_VLEK] = synthetic_snp_init_vlek,
    };
    memset(s, 0, sizeof *s);
    init[kind](&s->snp, &keys);
    memcpy(s->measurement[0], s->snp.report.measurement, 48);
    memcpy(s->report_data, s->snp.report.report_data, 64);
    s->policy.measurements = (const uint8_t(*)[48])s->measurement;
    s->policy.measurement_count = 1;
    s->now = SYNTHETIC_NOW;
}

void scene_appraise(struct scene *s, struct verdict *v)
{
    synthetic_snp_build(&s->snp);
    if (!s->foreign_root)
        s->policy.simulated_root = s->snp.evidence.ark;
    memset(v, 0, sizeof *v);
    snp_appraise(&s->snp.evidence, s->report_data, &s->policy, s->now, v);
    verdict_conclude(v);
}

int scene_make_keys(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    return 0;
}

int scene_drop_keys(void **state)
{
    (void)state;
    synthetic_keys_release(&keys);
    return 0;
}
