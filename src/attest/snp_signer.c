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
        check_saw(&c->answer, "%u", c->report.version);
    else
        check_saw(&c->answer, "none");
    check_wanted(&c->answer, "2 to 5");
    return read && c->report_error != ERR_UNKNOWN;
}

bool snp_check_report_form(struct snp_context *c)
{
    if (c->report_error == ERR_UNKNOWN)
        check_saw(&c->answer, "not checked: the version is not known");
    else
        (void)check_saw_error(&c->answer, c->report_error, &c->report_note);
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
    check_wanted(&c->answer, "%s", texts[rule]);
    if (key == SNP_KEY_VCEK)
        check_saw(&c->answer, "VCEK: the chip's own");
    else if (key == SNP_KEY_VLEK)
        check_saw(&c->answer, "VLEK: the cloud provider's");
    else if (key == SNP_KEY_NONE)
        check_saw(&c->answer, "no key: the report is not signed");
    else
        check_saw(&c->answer, "SIGNING_KEY %u", key);
    return (key == SNP_KEY_VCEK && rule != SNP_SIGNER_VLEK) ||
           (key == SNP_KEY_VLEK && rule != SNP_SIGNER_VCEK);
}

bool snp_check_key_mask(struct snp_context *c)
{
    bool masked = snp_bit_of(c->report.key_info, KEY_INFO_MASK_CHIP_KEY);
    check_saw(&c->answer, "%s", masked ? "masked" : "not masked");
    check_wanted(&c->answer, "not masked");
    return !masked;
}

bool snp_check_key_info_reserved(struct snp_context *c)
{
    check_saw(&c->answer, "0x%x", c->report.key_info);
    check_wanted(&c->answer, "none from bit %d on", KEY_INFO_KNOWN_BITS);
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
    return check_saw_error(&c->answer, e, &note);
}

bool snp_check_chain_root(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = chain_check_root(&c->chain, c->policy->simulated_root, &c->v->simulated, &note);
    if (e == ERR_OK)
        check_saw(&c->answer, "%s", c->v->simulated ? "the SIMULATED root that was given by hand" : "AMD's");
    check_wanted(&c->answer, "AMD's");
    return check_saw_error(&c->answer, e, &note);
}

bool snp_check_chain_ask(struct snp_context *c)
{
    struct err_note note = {{0}};
    return check_saw_error(&c->answer, chain_check_ask(&c->chain, c->v->simulated, &note), &note);
}

bool snp_check_chain_vek(struct snp_context *c)
{
    struct err_note note = {{0}};
    check_saw(&c->answer, "%s", vcek_kind_name(c->chain.kind));
    return check_saw_error(&c->answer, chain_check_vek(&c->chain, &note), &note);
}

bool snp_check_chain_validity(struct snp_context *c)
{
    struct err_note note = {{0}};
    return check_saw_error(&c->answer, chain_check_validity(&c->chain, c->now, &note), &note);
}

/* ---- revocation ---- */

bool snp_check_crl_present(struct snp_context *c)
{
    const size_t count = c->evidence->crl_count;
    check_saw(&c->answer, "%zu%s", count,
              count == 0 && c->policy->snp.allow_missing_crl ? ": you allowed that there is none" : "");
    check_wanted(&c->answer, "1 to %d", SNP_CRLS_MAX);
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
    return check_saw_error(&c->answer, e, &note);
}

bool snp_check_crl_signature(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < c->evidence->crl_count; i++)
        e = crl_verify(&c->crls[i], &c->chain.ark.cert, c->chain.ark.key, &note);
    return check_saw_error(&c->answer, e, &note);
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
    return check_saw_error(&c->answer, e, &note);
}

bool snp_check_crl_listed(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < c->evidence->crl_count; i++)
        e = chain_check_revoked(&c->chain, &c->crls[i], &note);
    return check_saw_error(&c->answer, e, &note);
}

/* ---- the certificate and the report say the same ---- */

bool snp_check_vek_form(struct snp_context *c)
{
    struct err_note note = {{0}};
    enum err e = vcek_parse(&c->chain.vek.cert, c->chain.kind, &c->vcek, &note);
    if (e == ERR_OK)
        c->have |= HAVE_EXTENSIONS;
    return check_saw_error(&c->answer, e, &note);
}

bool snp_check_vek_product(struct snp_context *c)
{
    bool same = vcek_is_product(&c->vcek, c->chain.product);
    /* Anything may stand in the certificate; printed is only what was recognised. */
    check_saw(&c->answer, "%s", same ? c->chain.product->name : "another name");
    check_wanted(&c->answer, "%s", c->chain.product->name);
    return same;
}

bool snp_check_vek_provider(struct snp_context *c)
{
    const struct snp_policy *p = &c->policy->snp;
    bool listed = p->csp_id_count == 0;
    if (c->chain.kind == VCEK_OF_CHIP) {
        check_saw(&c->answer, "none: the chip's own key");
        return true;
    }
    for (size_t i = 0; i < p->csp_id_count; i++)
        listed = listed || bytes_is_str(c->vcek.csp_id, p->csp_ids[i]);
    check_saw(&c->answer, "%.*s", (int)c->vcek.csp_id.len, (const char *)c->vcek.csp_id.ptr);
    check_wanted(&c->answer, "%s", p->csp_id_count == 0 ? "any" : "one of those you named");
    return listed;
}

bool snp_check_report_product(struct snp_context *c)
{
    check_wanted(&c->answer, "%s", c->chain.product->name);
    if (c->report.version < SNP_REPORT_VERSION_CPUID) {
        check_saw(&c->answer, "not stated (report version 2)");
        return true;
    }
    const struct snp_product *product = anchors_snp_by_cpuid(c->report.cpuid_family, c->report.cpuid_model);
    check_saw(&c->answer, "%s (family 0x%02x, model 0x%02x)", product == NULL ? "unknown" : product->name,
              c->report.cpuid_family, c->report.cpuid_model);
    return product == c->chain.product;
}

bool snp_check_product_not_broken(struct snp_context *c)
{
    check_saw(&c->answer, "%s%s", c->chain.product->name,
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
        check_saw(&c->answer, "%s", err_text(e));
    return e == ERR_OK;
}

/* TCBs are compared component by component, never as one number. */
bool snp_check_vek_tcb(struct snp_context *c)
{
    for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++) {
        uint8_t level = snp_component_of(c->chain.product, &c->report.reported_tcb, i);
        if (level != c->vcek.level[i]) {
            check_saw(&c->answer, "%s %u", anchors_snp_component_name((enum snp_component)i), level);
            check_wanted(&c->answer, "%u, as in the %s", c->vcek.level[i], vcek_kind_name(c->chain.kind));
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
        check_saw(&c->answer, "not bound to a chip: a VLEK serves all of its provider's");
        return true;
    }
    check_saw_bytes(&c->answer, id, c->vcek.hwid);
    if (snp_is_all(whole, 0)) { /* MASK_CHIP_ID */
        check_saw(&c->answer, "masked: all zero%s",
                  c->policy->snp.allow_masked_chip_id ? ", which you allowed" : "");
        return c->policy->snp.allow_masked_chip_id;
    }
    return bytes_equal(id, c->vcek.hwid) && snp_is_all(reader_rest(&r), 0);
}

bool snp_check_chip_inventory(struct snp_context *c)
{
    const struct snp_policy *p = &c->policy->snp;
    const struct bytes id = bytes_of(c->report.chip_id, sizeof c->report.chip_id);
    if (p->chip_count == 0) {
        check_saw(&c->answer, "no inventory: any chip of AMD's");
        return true;
    }
    bool listed =
        !snp_is_all(id, 0) && c->chain.kind == VCEK_OF_CHIP && snp_is_listed(id, p->chips, p->chip_count);
    check_saw(&c->answer, "%s",
              listed ? "one of the operator's chips" : "a chip that is not in the inventory");
    check_wanted(&c->answer, "one of %zu chips", p->chip_count);
    c->v->claims.snp.inventory_checked = true;
    return listed;
}
