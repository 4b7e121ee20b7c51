/* SPDX-License-Identifier: Apache-2.0 */
/* What does it say? The quoting enclave, the TDX module, the level of the firmware, and the TD itself. */
#include <stdio.h>

#include "attest/tdx_internal.h"
#include "base/encoding.h"
#include "base/secret.h"

static bool bit(uint64_t value, unsigned n)
{
    return (value >> n & 1) != 0;
}

/* ---- the quoting enclave, against Intel's identity of it ---- */

bool tdx_qe_mrsigner(struct context *c, unsigned which)
{
    (void)which;
    return check_saw_bytes(&c->answer, bytes_of(c->quote.qe_report.mrsigner, 32),
                           bytes_of(c->qe_identity.mrsigner, 32));
}

bool tdx_qe_product(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "%u", c->quote.qe_report.isv_prod_id);
    check_wanted(&c->answer, "%u", c->qe_identity.isv_prod_id);
    return c->quote.qe_report.isv_prod_id == c->qe_identity.isv_prod_id;
}

bool tdx_qe_attributes(struct context *c, unsigned which)
{
    (void)which;
    uint8_t masked[sizeof c->qe_identity.attributes];
    for (size_t i = 0; i < sizeof masked; i++)
        masked[i] = c->quote.qe_report.attributes[i] & c->qe_identity.attributes_mask[i];
    return check_saw_bytes(&c->answer, bytes_of(masked, sizeof masked),
                           bytes_of(c->qe_identity.attributes, sizeof masked));
}

/* Whatever the identity's mask leaves out. SGX ATTRIBUTES.FLAGS, Intel SDM volume 3D, table 37-3. */
bool tdx_qe_debug(struct context *c, unsigned which)
{
    enum { FLAG_DEBUG = 1 };
    (void)which;
    bool debug = bit(c->quote.qe_report.attributes[0], FLAG_DEBUG);
    check_saw(&c->answer, "%s", debug ? "a debug enclave" : "a production enclave");
    return !debug;
}

bool tdx_qe_miscselect(struct context *c, unsigned which)
{
    (void)which;
    uint32_t masked = c->quote.qe_report.miscselect & c->qe_identity.miscselect_mask;
    check_saw(&c->answer, "0x%x", masked);
    check_wanted(&c->answer, "0x%x", c->qe_identity.miscselect);
    return masked == c->qe_identity.miscselect;
}

static const struct isv_level *qe_level(const struct context *c)
{
    return isv_levels_match(&c->qe_identity.levels, c->quote.qe_report.isv_svn);
}

static enum tcb_status qe_status(const struct context *c)
{
    const struct isv_level *level = qe_level(c);
    return level == NULL ? TCB_UNKNOWN : level->status;
}

bool tdx_qe_level(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "ISVSVN %u: %s", c->quote.qe_report.isv_svn,
              qe_level(c) == NULL ? "below every level" : tcb_status_name(qe_status(c)));
    return qe_level(c) != NULL;
}

/* ---- the TDX module ---- */

bool tdx_module_identity(struct context *c, unsigned which)
{
    (void)which;
    const uint8_t *svn = c->quote.body.tee_tcb_svn;
    c->module = tdx_module_find(&c->tcb_info, svn);
    if (c->module != NULL)
        c->have |= HAVE_MODULE;
    check_saw(&c->answer, "module version %u%s", svn[TDX_SVN_MODULE_VERSION],
              c->module == NULL ? ": no identity in the TCB info" : "");
    return c->module != NULL;
}

bool tdx_module_signer(struct context *c, unsigned which)
{
    (void)which;
    return check_saw_bytes(&c->answer, bytes_of(c->quote.body.mrsignerseam, TDX_REGISTER_SIZE),
                           bytes_of(c->module->mrsigner, TDX_REGISTER_SIZE));
}

bool tdx_module_attributes(struct context *c, unsigned which)
{
    (void)which;
    uint64_t masked = c->quote.body.seam_attributes & c->module->attributes_mask;
    check_saw(&c->answer, "0x%llx", (unsigned long long)masked);
    check_wanted(&c->answer, "0x%llx", (unsigned long long)c->module->attributes);
    return masked == c->module->attributes;
}

bool tdx_module_seam_attributes(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "0x%llx", (unsigned long long)c->quote.body.seam_attributes);
    check_wanted(&c->answer, "0");
    return c->quote.body.seam_attributes == 0;
}

bool tdx_module_level(struct context *c, unsigned which)
{
    (void)which;
    const uint8_t *svn = c->quote.body.tee_tcb_svn;
    if (svn[TDX_SVN_MODULE_VERSION] == 0) {
        check_saw(&c->answer, "module version 0: part of the platform's level");
        return true;
    }
    const struct isv_level *level = isv_levels_match(&c->module->levels, svn[TDX_SVN_MODULE]);
    check_saw(&c->answer, "SVN %u: %s", svn[TDX_SVN_MODULE],
              level == NULL ? "below every level" : tcb_status_name(level->status));
    return level != NULL;
}

/* ---- values that are listed in the policy ---- */

static bool is_listed(struct context *c, const uint8_t value[static TDX_REGISTER_SIZE],
                      const struct tdx_references *references)
{
    struct bytes seen = bytes_of(value, TDX_REGISTER_SIZE);
    encoding_hex(seen, c->answer.saw);
    if (references->count == 1)
        encoding_hex(bytes_of(references->values[0], TDX_REGISTER_SIZE), c->answer.wanted);
    else
        check_wanted(&c->answer, "one of %zu reference values", references->count);
    for (size_t i = 0; i < references->count; i++)
        if (bytes_equal(seen, bytes_of(references->values[i], TDX_REGISTER_SIZE)))
            return true;
    return false;
}

static bool is_listed_or_free(struct context *c, const uint8_t value[static TDX_REGISTER_SIZE],
                              const struct tdx_references *references)
{
    if (references->count != 0)
        return is_listed(c, value, references);
    check_saw(&c->answer, "not compared: no reference value");
    return true;
}

bool tdx_module_mrseam(struct context *c, unsigned which)
{
    (void)which;
    return is_listed_or_free(c, c->quote.body.mrseam, &c->policy->mrseam);
}

bool tdx_td_owner(struct context *c, unsigned which)
{
    if (which == TDX_MRCONFIGID)
        return is_listed_or_free(c, c->quote.body.mrconfigid, &c->policy->mrconfigid);
    if (which == TDX_MROWNER)
        return is_listed_or_free(c, c->quote.body.mrowner, &c->policy->mrowner);
    return is_listed_or_free(c, c->quote.body.mrownerconfig, &c->policy->mrownerconfig);
}

/* A service TD, such as a migration TD, may do to this one what its own code allows. */
bool tdx_td_service(struct context *c, unsigned which)
{
    (void)which;
    if (!c->quote.body.is_15) {
        check_saw(&c->answer, "none (TDX 1.0)");
        return c->policy->mrservicetd.count == 0;
    }
    if (c->policy->mrservicetd.count != 0)
        return is_listed(c, c->quote.body.mrservicetd, &c->policy->mrservicetd);
    static const uint8_t none[TDX_REGISTER_SIZE];
    check_wanted(&c->answer, "none");
    if (memcmp(c->quote.body.mrservicetd, none, sizeof none) == 0) {
        check_saw(&c->answer, "none");
        return true;
    }
    encoding_hex(bytes_of(c->quote.body.mrservicetd, TDX_REGISTER_SIZE), c->answer.saw);
    return false;
}

/* ---- the level of the firmware ---- */

bool tdx_tcb_level(struct context *c, unsigned which)
{
    (void)which;
    const struct tcb_level *level = tdx_platform_level(&c->tcb_info, &c->pck, c->quote.body.tee_tcb_svn);
    check_saw(&c->answer, "%s", level == NULL ? "below every level" : tcb_status_name(level->status));
    return level != NULL;
}

bool tdx_tcb_status(struct context *c, unsigned which)
{
    (void)which;
    const struct tdx_body *body = &c->quote.body;
    c->status = tdx_status(&c->tcb_info, &c->pck, body->tee_tcb_svn, qe_status(c));
    if (body->is_15)
        c->status = tcb_status_relaunch(c->status,
                                        tdx_status(&c->tcb_info, &c->pck, body->tee_tcb_svn_2, qe_status(c)));
    check_saw(&c->answer, "%s", tcb_status_name(c->status));
    size_t used = 0;
    for (enum tcb_status s = TCB_UP_TO_DATE; s < TCB_STATUS_COUNT && used < sizeof c->answer.wanted; s++)
        if ((c->policy->statuses >> s & 1) != 0)
            used += (size_t)snprintf(c->answer.wanted + used, sizeof c->answer.wanted - used, "%s%s",
                                     used == 0 ? "" : " or ", tcb_status_name(s));
    return c->status != TCB_UNKNOWN && (c->policy->statuses >> c->status & 1) != 0;
}

static bool is_accepted_advisory(const struct tdx_policy *policy, const char *name)
{
    for (size_t i = 0; i < policy->advisory_count; i++)
        if (strcmp(policy->advisories[i], name) == 0)
            return true;
    return false;
}

/* Into the claims, each once; false when there is no more room. */
static bool advisory_add(struct tdx_advisories *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return true;
    if (list->count == TDX_ADVISORIES_MAX)
        return false;
    (void)snprintf(list->names[list->count++], TDX_ADVISORY_SIZE, "%s", name);
    return true;
}

static bool advisories_add(struct tdx_advisories *list, const json_t *names)
{
    bool room = true;
    for (size_t i = 0; i < json_array_size(names); i++)
        room = advisory_add(list, json_string_value(json_array_get(names, i))) && room;
    return room;
}

bool tdx_tcb_advisories(struct context *c, unsigned which)
{
    (void)which;
    const uint8_t *svn = c->quote.body.tee_tcb_svn;
    struct tdx_advisories *list = &c->v->claims.tdx.advisories;
    const struct tcb_level *platform = tdx_platform_level(&c->tcb_info, &c->pck, svn);
    const struct isv_level *module =
        svn[TDX_SVN_MODULE_VERSION] == 0 ? NULL : isv_levels_match(&c->module->levels, svn[TDX_SVN_MODULE]);
    bool room = platform == NULL || advisories_add(list, platform->advisories);
    room = (module == NULL || advisories_add(list, module->advisories)) && room;
    room = (qe_level(c) == NULL || advisories_add(list, qe_level(c)->advisories)) && room;

    size_t unknown = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (is_accepted_advisory(c->policy, list->names[i]))
            continue;
        if (unknown++ == 0)
            check_saw(&c->answer, "%s", list->names[i]);
    }
    if (unknown > 1)
        check_saw(&c->answer, "%zu of them", unknown);
    else if (unknown == 0)
        check_saw(&c->answer, "%s", list->count == 0 ? "none" : "none but those that you accept");
    return room && unknown == 0;
}

bool tdx_tcb_svn_min(struct context *c, unsigned which)
{
    (void)which;
    bool reached = true;
    for (size_t i = 0; i < TDX_SVN_SIZE; i++)
        reached = reached && c->quote.body.tee_tcb_svn[i] >= c->policy->tee_tcb_svn_min[i];
    (void)check_saw_bytes(&c->answer, bytes_of(c->quote.body.tee_tcb_svn, TDX_SVN_SIZE),
                          bytes_of(c->policy->tee_tcb_svn_min, TDX_SVN_SIZE));
    return reached;
}

/* ---- the TD ---- */

/* which: enum tdx_attribute */
bool tdx_td_attribute(struct context *c, unsigned which)
{
    bool set = bit(c->quote.body.attributes, which);
    bool required = bit(c->policy->attributes_required, which);
    bool forbidden = bit(c->policy->attributes_forbidden, which);
    check_saw(&c->answer, "%s", set ? "set" : "not set");
    check_wanted(&c->answer, "%s", required ? "set" : forbidden ? "not set" : "either");
    return set ? !forbidden : !required;
}

/* Bits 7:1 of the group that makes a TD under debug. */
bool tdx_td_tud(struct context *c, unsigned which)
{
    enum { TUD_RESERVED = 0xfe };
    (void)which;
    check_saw(&c->answer, "0x%llx", (unsigned long long)(c->quote.body.attributes & TUD_RESERVED));
    check_wanted(&c->answer, "0");
    return (c->quote.body.attributes & TUD_RESERVED) == 0;
}

bool tdx_td_reserved(struct context *c, unsigned which)
{
    static const uint64_t known = 0xff | 1ULL << TDX_LASS | 1ULL << TDX_SEPT_VE_DISABLE |
                                  1ULL << TDX_MIGRATABLE | 1ULL << TDX_PKS | 1ULL << TDX_KEY_LOCKER |
                                  1ULL << TDX_PERFMON;
    (void)which;
    check_saw(&c->answer, "0x%llx", (unsigned long long)(c->quote.body.attributes & ~known));
    check_wanted(&c->answer, "0");
    return (c->quote.body.attributes & ~known) == 0;
}

/* Intel TDX Module Base Architecture Specification, XFAM: x87 and SSE are always there; AVX, AVX-512 (3 bits), PT, PKU, CET (2), user interrupts, LBR,
 * AMX (2) can be. */
enum { XFAM_FIXED_1 = 0x3, XFAM_KNOWN = 0x6dbe7 };

bool tdx_td_xfam_required(struct context *c, unsigned which)
{
    (void)which;
    check_saw(&c->answer, "0x%llx", (unsigned long long)c->quote.body.xfam);
    check_wanted(&c->answer, "bits 0 and 1 set");
    return (c->quote.body.xfam & XFAM_FIXED_1) == XFAM_FIXED_1;
}

bool tdx_td_xfam_known(struct context *c, unsigned which)
{
    (void)which;
    uint64_t allowed = XFAM_KNOWN & ~c->policy->xfam_forbidden;
    check_saw(&c->answer, "0x%llx", (unsigned long long)c->quote.body.xfam);
    check_wanted(&c->answer, "only bits of 0x%llx", (unsigned long long)allowed);
    return (c->quote.body.xfam & ~allowed) == 0;
}

bool tdx_td_report_data(struct context *c, unsigned which)
{
    (void)which;
    if (c->report_data == NULL) {
        check_saw(&c->answer, "not compared: it is not known what it should be");
        return false;
    }
    (void)check_saw_bytes(&c->answer, bytes_of(c->quote.body.report_data, TDX_REPORT_DATA_SIZE),
                          bytes_of(c->report_data, TDX_REPORT_DATA_SIZE));
    return secret_equal(c->quote.body.report_data, c->report_data, TDX_REPORT_DATA_SIZE);
}
