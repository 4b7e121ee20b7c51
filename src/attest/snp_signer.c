/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed the report: its form, the chain of certificates, revocation, and that certificate and report speak of the same chip. */
#include <stdio.h>

#include "attest/snp_context.h"
#include "base/reader.h"

/* ---- the report's form ---- */

bool snp_check_report_version(struct snp_context *c)
{
    c->report_error = snp_report_parse(c->evidence->report, &c->report, &c->report_note);
    if (c->report_error == ERR_OK)
        c->have |= HAVE_REPORT;
    /* Only an unknown version gives this error; what else is wrong, the next check says. */
    bool read = c->report.version != 0;
    if (read)
        snp_saw(c, "%u", c->report.version);
    else
        snp_saw(c, "none");
    snp_wanted(c, "2 to 5");
    return read && c->report_error != ERR_UNKNOWN;
}

bool snp_check_report_form(struct snp_context *c)
{
    if (c->report_error == ERR_UNKNOWN)
        snp_saw(c, "not checked: the version is not known");
    else
        (void)snp_saw_error(c, c->report_error, &c->report_note);
    return c->report_error == ERR_OK;
}

/* ---- KEY_INFO ---- */

enum { KEY_INFO_MASK_CHIP_KEY = 1, KEY_INFO_SIGNING_KEY = 2, SIGNING_KEY_MASK = 7, KEY_INFO_KNOWN_BITS = 5 };

static uint32_t signing_key(const struct snp_context *c)
{
    return c->report.key_info >> KEY_INFO_SIGNING_KEY & SIGNING_KEY_MASK;
}

bool snp_check_signing_key(struct snp_context *c)
{
    static const char *const texts[] = {
        [SNP_SIGNER_ANY] = "VCEK or VLEK", [SNP_SIGNER_VCEK] = "VCEK", [SNP_SIGNER_VLEK] = "VLEK"};
    const uint32_t key = signing_key(c);
    const enum snp_signer_rule rule = c->policy->snp.signer;
    snp_wanted(c, "%s", texts[rule]);
    if (key == SNP_KEY_VCEK)
        snp_saw(c, "VCEK: the chip's own");
    else if (key == SNP_KEY_VLEK)
        snp_saw(c, "VLEK: the cloud provider's");
    else if (key == SNP_KEY_NONE)
        snp_saw(c, "no key: the report is not signed");
    else
        snp_saw(c, "SIGNING_KEY %u", key);
    return (key == SNP_KEY_VCEK && rule != SNP_SIGNER_VLEK) ||
           (key == SNP_KEY_VLEK && rule != SNP_SIGNER_VCEK);
}

bool snp_check_key_mask(struct snp_context *c)
{
    bool masked = snp_bit_of(c->report.key_info, KEY_INFO_MASK_CHIP_KEY);
    snp_saw(c, "%s", masked ? "masked" : "not masked");
    snp_wanted(c, "not masked");
    return !masked;
}

bool snp_check_key_info_reserved(struct snp_context *c)
{
    snp_saw(c, "0x%x", c->report.key_info);
    snp_wanted(c, "none from bit %d on", KEY_INFO_KNOWN_BITS);
    return c->report.key_info >> KEY_INFO_KNOWN_BITS == 0;
}

/* ---- the chain ---- */

/* The report chooses the path, never the certificates that came with it. */
static enum vcek_kind kind_wanted(const struct snp_context *c)
{
    return (c->have & HAVE_REPORT) != 0 && signing_key(c) == SNP_KEY_VLEK ? VCEK_OF_PROVIDER : VCEK_OF_CHIP;
}

bool snp_check_chain_form(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e =
        chain_parse(c->evidence->ark, c->evidence->ask, c->evidence->vek, kind_wanted(c), &c->chain, &note);
    if (e == ERR_OK)
        c->have |= HAVE_CHAIN;
    if (e == ERR_OK && c->chain.product != NULL) {
        c->have |= HAVE_PRODUCT;
        (void)snprintf(c->v->claims.product, sizeof c->v->claims.product, "%s", c->chain.product->name);
    }
    return snp_saw_error(c, e, &note);
}

bool snp_check_chain_root(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = chain_check_root(&c->chain, c->policy->simulated_root, &c->v->simulated, &note);
    if (e == ERR_OK)
        snp_saw(c, "%s", c->v->simulated ? "the SIMULATED root that was given by hand" : "AMD's");
    snp_wanted(c, "AMD's");
    return snp_saw_error(c, e, &note);
}

bool snp_check_chain_ask(struct snp_context *c)
{
    struct err_note note = {{0}};
    return snp_saw_error(c, chain_check_ask(&c->chain, c->v->simulated, &note), &note);
}

bool snp_check_chain_vek(struct snp_context *c)
{
    struct err_note note = {{0}};
    snp_saw(c, "%s", vcek_kind_name(c->chain.kind));
    return snp_saw_error(c, chain_check_vek(&c->chain, &note), &note);
}

bool snp_check_chain_validity(struct snp_context *c)
{
    struct err_note note = {{0}};
    return snp_saw_error(c, chain_check_validity(&c->chain, c->now, &note), &note);
}

/* ---- revocation ---- */

bool snp_check_crl_present(struct snp_context *c)
{
    const size_t count = c->evidence->crl_count;
    snp_saw(c, "%zu%s", count,
            count == 0 && c->policy->snp.allow_missing_crl ? ": you allowed that there is none" : "");
    snp_wanted(c, "1 to %d", SNP_CRLS_MAX);
    return count <= SNP_CRLS_MAX && (count > 0 || c->policy->snp.allow_missing_crl);
}

bool snp_check_crl_form(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = c->evidence->crl_count <= SNP_CRLS_MAX ? ERR_OK : ERR_TOO_LARGE;
    for (size_t i = 0; e == ERR_OK && i < c->evidence->crl_count; i++)
        e = crl_parse(c->evidence->crls[i], &c->crls[i], &note);
    if (e == ERR_OK)
        c->have |= HAVE_LISTS;
    return snp_saw_error(c, e, &note);
}

bool snp_check_crl_signature(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < c->evidence->crl_count; i++)
        e = crl_verify(&c->crls[i], &c->chain.ark.cert, c->chain.ark.key, &note);
    return snp_saw_error(c, e, &note);
}

/* The grace counts behind the end alone: a list from the future is nobody's. */
bool snp_check_crl_window(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < c->evidence->crl_count; i++) {
        struct crl list = c->crls[i];
        list.next_update += c->policy->snp.crl_grace;
        e = crl_check_window(&list, c->now, &note);
    }
    return snp_saw_error(c, e, &note);
}

bool snp_check_crl_listed(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < c->evidence->crl_count; i++)
        e = chain_check_revoked(&c->chain, &c->crls[i], &note);
    return snp_saw_error(c, e, &note);
}

/* ---- the certificate and the report say the same ---- */

bool snp_check_vek_form(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = vcek_parse(&c->chain.vek.cert, c->chain.kind, &c->vcek, &note);
    if (e == ERR_OK)
        c->have |= HAVE_EXTENSIONS;
    return snp_saw_error(c, e, &note);
}

bool snp_check_vek_product(struct snp_context *c)
{
    bool same = vcek_is_product(&c->vcek, c->chain.product);
    /* Anything may stand in the certificate; printed is only what was recognised. */
    snp_saw(c, "%s", same ? c->chain.product->name : "another name");
    snp_wanted(c, "%s", c->chain.product->name);
    return same;
}

bool snp_check_vek_provider(struct snp_context *c)
{
    const struct snp_policy *p = &c->policy->snp;
    bool listed = p->csp_id_count == 0;
    if (c->chain.kind == VCEK_OF_CHIP) {
        snp_saw(c, "none: the chip's own key");
        return true;
    }
    for (size_t i = 0; i < p->csp_id_count; i++)
        listed = listed || bytes_is_str(c->vcek.csp_id, p->csp_ids[i]);
    snp_saw(c, "%.*s", (int)c->vcek.csp_id.len, (const char *)c->vcek.csp_id.ptr);
    snp_wanted(c, "%s", p->csp_id_count == 0 ? "any" : "one of those you named");
    return listed;
}

bool snp_check_report_product(struct snp_context *c)
{
    snp_wanted(c, "%s", c->chain.product->name);
    if (c->report.version < SNP_REPORT_VERSION_CPUID) {
        snp_saw(c, "not stated (report version 2)");
        return true;
    }
    const struct snp_product *product = anchors_snp_by_cpuid(c->report.cpuid_family, c->report.cpuid_model);
    snp_saw(c, "%s (family 0x%02x, model 0x%02x)", product == NULL ? "unknown" : product->name,
            c->report.cpuid_family, c->report.cpuid_model);
    return product == c->chain.product;
}

bool snp_check_product_not_broken(struct snp_context *c)
{
    snp_saw(c, "%s%s", c->chain.product->name,
            c->chain.product->broken && c->policy->allow_milan ? ": allowed, proves nothing" : "");
    return !c->chain.product->broken || c->policy->allow_milan;
}

/* The signature is over the bytes that came, never over what was read from them. */
bool snp_check_report_signature(struct snp_context *c)
{
    enum { PART = 48 };
    uint8_t rs[2 * PART];
    for (size_t i = 0; i < PART; i++) {
        rs[i] = c->report.r[PART - 1 - i];
        rs[PART + i] = c->report.s[PART - 1 - i];
    }
    struct reader r = reader_over(c->evidence->report);
    enum err e = crypto_ecdsa_verify_raw(c->chain.vek.key, CRYPTO_SHA384,
                                         reader_bytes(&r, SNP_REPORT_SIGNED_SIZE), bytes_of(rs, sizeof rs));
    if (e != ERR_OK)
        snp_saw(c, "%s", err_text(e));
    return e == ERR_OK;
}

/* TCBs are compared component by component, never as one number. */
bool snp_check_vek_tcb(struct snp_context *c)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++) {
        uint8_t level = snp_component_of(c->chain.product, &c->report.reported_tcb, i);
        if (level != c->vcek.level[i]) {
            snp_saw(c, "%s %u", anchors_snp_component_name((enum snp_component)i), level);
            snp_wanted(c, "%u, as in the %s", c->vcek.level[i], vcek_kind_name(c->chain.kind));
            return false;
        }
    }
    return true;
}

bool snp_check_vek_chip_id(struct snp_context *c)
{
    const struct bytes whole = bytes_of(c->report.chip_id, sizeof c->report.chip_id);
    struct reader r = reader_over(whole);
    struct bytes id = reader_bytes(&r, c->chain.product->chip_id_size);
    if (c->chain.kind == VCEK_OF_PROVIDER) {
        snp_saw(c, "not bound to a chip: a VLEK serves all of its provider's");
        return true;
    }
    snp_saw_bytes(c, id, c->vcek.hwid);
    if (snp_is_all(whole, 0)) { /* MASK_CHIP_ID */
        snp_saw(c, "masked: all zero%s", c->policy->snp.allow_masked_chip_id ? ", which you allowed" : "");
        return c->policy->snp.allow_masked_chip_id;
    }
    return bytes_equal(id, c->vcek.hwid) && snp_is_all(reader_rest(&r), 0);
}

bool snp_check_chip_inventory(struct snp_context *c)
{
    const struct snp_policy *p = &c->policy->snp;
    const struct bytes id = bytes_of(c->report.chip_id, sizeof c->report.chip_id);
    if (p->chip_count == 0) {
        snp_saw(c, "no inventory: any chip of AMD's");
        return true;
    }
    bool listed =
        !snp_is_all(id, 0) && c->chain.kind == VCEK_OF_CHIP && snp_is_listed(id, p->chips, p->chip_count);
    snp_saw(c, "%s", listed ? "one of the operator's chips" : "a chip that is not in the inventory");
    snp_wanted(c, "one of %zu chips", p->chip_count);
    c->v->claims.snp.inventory_checked = true;
    return listed;
}
