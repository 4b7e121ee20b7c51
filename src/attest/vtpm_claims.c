/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vtpm_claims.h"

#include <stdio.h>

#include "attest/claim_json.h"

/* {"0": "...", "4": "..."}: those that are quoted. */
static json_t *pcrs(const struct vtpm_claims *c)
{
    enum { NUMBER_SIZE = 16 };
    json_t *object = json_object();
    for (unsigned i = 0; i < TPM_PCR_COUNT; i++) {
        char number[NUMBER_SIZE];
        if ((c->pcrs >> i & 1) == 0)
            continue;
        (void)snprintf(number, sizeof number, "%u", i);
        if (json_object_set_new(object, number, claim_json_hex(c->pcr_values[i], TPM_PCR_SIZE)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

/* What the report does not state is null. */
static json_t *switches(const struct vtpm_claims *c)
{
    json_t *object = json_object();
    for (enum hcl_switch s = 0; s < HCL_SWITCH_COUNT; s++) {
        json_t *value =
            c->switches[s] == HCL_NOT_STATED ? json_null() : json_boolean(c->switches[s] == HCL_ON);
        if (json_object_set_new(object, hcl_switch_name(s), value) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

json_t *vtpm_claims_json(const struct vtpm_claims *c)
{
    return json_pack("{s:o, s:b, s:o, s:b, s:o, s:I, s:I, s:o, s:o, s:s, s:I, s:o}",  //
                     "ak_digest", claim_json_hex(c->ak_digest, sizeof c->ak_digest),  //
                     "ak_certified", c->ak_certified,                                 //
                     "pcrs", pcrs(c),                                                 //
                     "event_log_replayed", c->event_log_replayed,                     //
                     "clock", json_sprintf("%llu", (unsigned long long)c->clock),     //
                     "reset_count", (json_int_t)c->reset_count,                       //
                     "restart_count", (json_int_t)c->restart_count,                   //
                     "firmware_version",                                              //
                     json_sprintf("0x%llx", (unsigned long long)c->firmware_version), //
                     "configuration", switches(c),                                    //
                     "vm_id", c->vm_id,                                               //
                     "current_time", (json_int_t)c->current_time,                     //
                     "user_data", claim_json_hex(c->user_data, c->user_data_len));
}
