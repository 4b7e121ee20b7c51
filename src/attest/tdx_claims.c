/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tdx_claims.h"

#include "attest/claim_json.h"
#include "attest/pck.h"

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

void tdx_claims_from(const struct tdx_quote *quote, const struct pck *pck, struct tdx_claims *claims)
{
    const struct tdx_body *body = &quote->body;
    memcpy(claims->qe_vendor, quote->qe_vendor, sizeof claims->qe_vendor);
    memcpy(claims->user_data, quote->user_data, sizeof claims->user_data);
    claims->key_type = quote->key_type;
    claims->qe_svn = quote->qe_svn;
    claims->pce_svn_of_header = quote->pce_svn;
    claims->is_15 = body->is_15;
    claims->qe = quote->qe_report;
    memcpy(claims->rtmr, body->rtmr, sizeof claims->rtmr);
    memcpy(claims->mrseam, body->mrseam, sizeof claims->mrseam);
    memcpy(claims->mrsignerseam, body->mrsignerseam, sizeof claims->mrsignerseam);
    memcpy(claims->mrconfigid, body->mrconfigid, sizeof claims->mrconfigid);
    memcpy(claims->mrowner, body->mrowner, sizeof claims->mrowner);
    memcpy(claims->mrownerconfig, body->mrownerconfig, sizeof claims->mrownerconfig);
    memcpy(claims->mrservicetd, body->mrservicetd, sizeof claims->mrservicetd);
    memcpy(claims->tee_tcb_svn, body->tee_tcb_svn, sizeof claims->tee_tcb_svn);
    memcpy(claims->tee_tcb_svn_2, body->tee_tcb_svn_2, sizeof claims->tee_tcb_svn_2);
    claims->seam_attributes = body->seam_attributes;
    claims->attributes = body->attributes;
    claims->xfam = body->xfam;
    memcpy(claims->fmspc, pck->fmspc, sizeof claims->fmspc);
    memcpy(claims->ppid, pck->ppid, sizeof claims->ppid);
    memcpy(claims->pce_id, pck->pce_id, sizeof claims->pce_id);
    memcpy(claims->cpu_svn, pck->cpu_svn, sizeof claims->cpu_svn);
    claims->pce_svn = pck->pce_svn;
}

#define HEX(name) #name, claim_json_hex(c->name, sizeof c->name)

static json_t *qe_json(const struct sgx_report *c)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I}",          //
                     "miscselect", claim_json_number(c->miscselect), //
                     HEX(attributes), HEX(mrenclave), HEX(mrsigner), //
                     HEX(report_data),                               //
                     "isv_prod_id", (json_int_t)c->isv_prod_id,      //
                     "isv_svn", (json_int_t)c->isv_svn);
}

/* Of the quote's header and body. */
static json_t *quote_json(const struct tdx_claims *c)
{
    return json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:o, s:o}",                                         //
        "attestation_key_type", (json_int_t)c->key_type,          //
        "header_qe_svn", (json_int_t)c->qe_svn,                   //
        "header_pce_svn", (json_int_t)c->pce_svn_of_header,       //
        HEX(qe_vendor), HEX(user_data),                           //
        "body", c->is_15 ? "1.5" : "1.0",                         //
        HEX(tee_tcb_svn), HEX(mrseam), HEX(mrsignerseam),         //
        "seam_attributes", claim_json_number(c->seam_attributes), //
        "attributes", claim_json_number(c->attributes),           //
        "xfam", claim_json_number(c->xfam),                       //
        HEX(mrconfigid), HEX(mrowner), HEX(mrownerconfig),        //
        "rtmr0", claim_json_hex(c->rtmr[0], sizeof c->rtmr[0]),   //
        "rtmr1", claim_json_hex(c->rtmr[1], sizeof c->rtmr[1]),   //
        "rtmr2", claim_json_hex(c->rtmr[2], sizeof c->rtmr[2]),   //
        "rtmr3", claim_json_hex(c->rtmr[3], sizeof c->rtmr[3]),   //
        HEX(tee_tcb_svn_2), HEX(mrservicetd), "qe", qe_json(&c->qe));
}

json_t *tdx_claims_json(const struct tdx_claims *c)
{
    json_t *object = quote_json(c);
    json_t *platform = json_pack("{s:o, s:o, s:o, s:I, s:o, s:b, s:I, s:s, s:o}",       //
                                 HEX(fmspc), HEX(ppid), HEX(pce_id),                    //
                                 "pce_svn", (json_int_t)c->pce_svn,                     //
                                 HEX(cpu_svn),                                          //
                                 "inventory_checked", c->inventory_checked,             //
                                 "evaluation_number", (json_int_t)c->evaluation_number, //
                                 "tcb_status", c->tcb_status,                           //
                                 "advisories", advisories(&c->advisories));
    if (json_object_update_new(object, platform) == 0)
        return object;
    json_decref(object);
    return NULL;
}
