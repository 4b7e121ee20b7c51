/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_claims.h"

#include "attest/claim_json.h"
#include "attest/snp_report.h"

void snp_claims_from(const struct snp_report *report, struct snp_claims *claims)
{
    claims->guest_svn = report->guest_svn;
    claims->signature_algorithm = report->signature_algorithm;
    claims->key_info = report->key_info;
    claims->cpuid[0] = report->cpuid_family;
    claims->cpuid[1] = report->cpuid_model;
    claims->cpuid[2] = report->cpuid_stepping;
    memcpy(claims->current_tcb, report->current_tcb.raw, sizeof claims->current_tcb);
    memcpy(claims->committed_tcb, report->committed_tcb.raw, sizeof claims->committed_tcb);
    memcpy(claims->launch_tcb, report->launch_tcb.raw, sizeof claims->launch_tcb);
    memcpy(claims->current_version, report->current_version, sizeof claims->current_version);
    memcpy(claims->committed_version, report->committed_version, sizeof claims->committed_version);
    claims->launch_mitigations = report->launch_mitigations;
    claims->current_mitigations = report->current_mitigations;
    memcpy(claims->family_id, report->family_id, sizeof claims->family_id);
    memcpy(claims->image_id, report->image_id, sizeof claims->image_id);
    memcpy(claims->host_data, report->host_data, sizeof claims->host_data);
    memcpy(claims->id_key_digest, report->id_key_digest, sizeof claims->id_key_digest);
    memcpy(claims->author_key_digest, report->author_key_digest, sizeof claims->author_key_digest);
    memcpy(claims->report_id, report->report_id, sizeof claims->report_id);
    memcpy(claims->report_id_ma, report->report_id_ma, sizeof claims->report_id_ma);
}

static json_t *version(const uint8_t parts[static 3])
{
    return json_sprintf("%u.%u.%u", parts[2], parts[1], parts[0]);
}

#define HEX(name) #name, claim_json_hex(c->name, sizeof c->name)

json_t *snp_claims_json(const struct snp_claims *c)
{
    return json_pack("{s:s, s:s, s:b, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o, s:o, s:o, s:o, s:I}",                                        //
                     "signing_key", c->signing_key == NULL ? "" : c->signing_key,       //
                     "csp_id", c->csp_id,                                               //
                     "inventory_checked", c->inventory_checked,                         //
                     "crl_count", (json_int_t)c->crl_count,                             //
                     "guest_svn", (json_int_t)c->guest_svn,                             //
                     "key_info", claim_json_number(c->key_info),                        //
                     HEX(cpuid), HEX(current_tcb), HEX(committed_tcb), HEX(launch_tcb), //
                     "current_version", version(c->current_version),                    //
                     "committed_version", version(c->committed_version),                //
                     "launch_mitigations", claim_json_number(c->launch_mitigations),    //
                     "current_mitigations", claim_json_number(c->current_mitigations),  //
                     HEX(family_id), HEX(image_id), HEX(host_data),                     //
                     HEX(id_key_digest), HEX(author_key_digest), HEX(report_id), HEX(report_id_ma),
                     "signature_algorithm", (json_int_t)c->signature_algorithm);
}
