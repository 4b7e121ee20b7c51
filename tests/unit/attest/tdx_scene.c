/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/tdx_scene.h"

#include "unit/test.h"

struct synthetic_tdx_keys keys;

void scene_init(struct scene *s, bool version_4)
{
    memset(s, 0, sizeof *s);
    if (version_4)
        synthetic_tdx_init_4(&s->tdx, &keys);
    else
        synthetic_tdx_init(&s->tdx, &keys);
    tdx_policy_default(&s->policy);
    s->policy.evaluation_number_min = 17;
    memcpy(s->launches[0].mrtd, s->tdx.quote_fields.body.mrtd, TDX_REGISTER_SIZE);
    memcpy(s->launches[0].rtmr, s->tdx.quote_fields.body.rtmr, sizeof s->launches[0].rtmr);
    s->launches[0].named = 0x7;
    s->launches[0].waived = 0x8;
    memset(s->other[0], 0x11, TDX_REGISTER_SIZE);
    memcpy(s->report_data, s->tdx.quote_fields.body.report_data, TDX_REPORT_DATA_SIZE);
    memcpy(s->ppid[0], s->tdx.platform.ppid, PCK_PPID_SIZE);
    s->policy.launches = s->launches;
    s->policy.launch_count = 1;
    s->now = SYNTHETIC_TDX_NOW;
}

void scene_appraise(struct scene *s, struct verdict *v)
{
    synthetic_tdx_build(&s->tdx);
    if (!s->foreign_root)
        s->policy.simulated_root = s->tdx.root_der;
    memset(v, 0, sizeof *v);
    tdx_appraise(s->tdx.quote, &s->tdx.collateral, s->report_data_unknown ? NULL : s->report_data, &s->policy,
                 s->now, v);
    verdict_conclude(v);
}

int scene_make_keys(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    return 0;
}

int scene_drop_keys(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&keys);
    return 0;
}

void scene_change(struct scene *s, const char *name)
{
    for (size_t i = 0; i < tdx_row_count; i++) {
        if (strcmp(tdx_rows[i].name, name) == 0) {
            tdx_rows[i].change(s);
            return;
        }
    }
    fail_msg("no change %s", name);
}
