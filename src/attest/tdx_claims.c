/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_claims.h"

#include "base/encoding.h"

enum { CLAIM_MAX = 48 };

static json_t *hex(const uint8_t *value, size_t size)
{
    char text[ENCODING_HEX_SIZE(CLAIM_MAX)];
    encoding_hex(bytes_of(value, size), text);
    return json_string(text);
}

static json_t *number(uint64_t value)
{
    return json_sprintf("0x%llx", (unsigned long long)value);
}

static json_t *advisories(const struct tdx_advisories *a)
{
    json_t *list = json_array();
    for (size_t i = 0; i < a->count; i++) {
        if (json_array_append_new(list, json_string(a->names[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *tdx_claims_json(const struct tdx_claims *c)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:s, s:o}", "rtmr0",
        hex(c->rtmr[0], sizeof c->rtmr[0]),                              //
        "rtmr1", hex(c->rtmr[1], sizeof c->rtmr[1]),                     //
        "rtmr2", hex(c->rtmr[2], sizeof c->rtmr[2]),                     //
        "rtmr3", hex(c->rtmr[3], sizeof c->rtmr[3]),                     //
        "mrseam", hex(c->mrseam, sizeof c->mrseam),                      //
        "mrconfigid", hex(c->mrconfigid, sizeof c->mrconfigid),          //
        "mrowner", hex(c->mrowner, sizeof c->mrowner),                   //
        "mrownerconfig", hex(c->mrownerconfig, sizeof c->mrownerconfig), //
        "mrservicetd", hex(c->mrservicetd, sizeof c->mrservicetd),       //
        "attributes", number(c->attributes),                             //
        "xfam", number(c->xfam),                                         //
        "tee_tcb_svn", hex(c->tee_tcb_svn, sizeof c->tee_tcb_svn),       //
        "fmspc", hex(c->fmspc, sizeof c->fmspc),                         //
        "ppid", hex(c->ppid, sizeof c->ppid),                            //
        "inventory_checked", c->inventory_checked,                       //
        "evaluation_number", (json_int_t)c->evaluation_number,           //
        "tcb_status", c->tcb_status,                                     //
        "advisories", advisories(&c->advisories));
}
