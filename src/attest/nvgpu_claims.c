/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/nvgpu_claims.h"

#include "attest/claim_json.h"

static json_t *gpu_json(const struct nvgpu_claim *g)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}",                //
                     "driver", g->driver,                                                      //
                     "vbios", g->vbios,                                                        //
                     "chip", g->chip,                                                          //
                     "architecture", g->architecture,                                          //
                     "mode", g->mode,                                                          //
                     "project", g->project,                                                    //
                     "project_sku", g->project_sku,                                            //
                     "chip_sku", g->chip_sku,                                                  //
                     "serial", claim_json_hex(g->serial, g->serial_size),                      //
                     "device_serial", claim_json_hex(g->device_serial, g->device_serial_size), //
                     "fwid", claim_json_hex(g->fwid, sizeof g->fwid));
}

json_t *nvgpu_claims_json(const struct nvgpu_claims *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->count; i++) {
        if (json_array_append_new(list, gpu_json(&c->gpus[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o, s:o, s:b, s:b}", "gpus", list, "nonce", claim_json_hex(c->nonce, sizeof c->nonce),
                     "inventory_checked", c->inventory_checked, "revocation_checked", c->revocation_checked);
}
