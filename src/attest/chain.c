/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/chain.h"

#include <stdio.h>

#include "base/reader.h"

/* Documents 57230 and 58369, section "Certificate Chain": names, key sizes. */
#define ARK_NAME_PREFIX "ARK-"

static const struct kind {
    const char *ask_prefix;
    const char *ask; /* for notes */
    const char *vek_name;
} kinds[] = {
    [VCEK_OF_CHIP] = {"SEV-", "ASK", "SEV-VCEK"},
    [VCEK_OF_PROVIDER] = {"SEV-VLEK-", "ASVK", "SEV-VLEK"},
};

enum { CA_KEY_BITS = 4096, NAME_SIZE = 32 };

/* ---- taking it apart ---- */

static enum err link_parse(const char *name, struct bytes der, struct chain_link *link, struct err_note *note)
{
    struct err_note detail = {{0}};
    enum err e = x509_parse(der, &link->cert, &detail);
    if (e != ERR_OK)
        return err_noted(e, note, "%s %.200s", name, detail.text);
    e = crypto_public_key_from_spki(link->cert.spki, &link->key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "%s: the public key is malformed", name);
}

static const struct snp_product *product_of_root(const struct x509 *ark)
{
    struct reader r = reader_over(ark->subject_cn);
    struct bytes prefix = bytes_str(ARK_NAME_PREFIX);
    if (!bytes_equal(reader_bytes(&r, prefix.len), prefix))
        return NULL;
    return anchors_snp_by_name(reader_rest(&r));
}

enum err chain_parse(struct bytes ark, struct bytes ask, struct bytes vek, enum vcek_kind kind,
                     struct chain *c, struct err_note *note)
{
    memset(c, 0, sizeof *c);
    c->kind = kind;
    enum err e = link_parse("ARK", ark, &c->ark, note);
    if (e == ERR_OK)
        e = link_parse(kinds[kind].ask, ask, &c->ask, note);
    if (e == ERR_OK)
        e = link_parse(vcek_kind_name(kind), vek, &c->vek, note);
    if (e == ERR_OK)
        c->product = product_of_root(&c->ark.cert);
    return e;
}

void chain_release(struct chain *c)
{
    crypto_public_key_free(c->ark.key);
    crypto_public_key_free(c->ask.key);
    crypto_public_key_free(c->vek.key);
    memset(c, 0, sizeof *c);
}

/* ---- what root, intermediate and leaf have in common ---- */

/* RFC 5280 section 6.1.4: a certificate that may sign others. */
static enum err check_ca(const char *name, const struct chain_link *link, struct err_note *note)
{
    if (!link->cert.is_ca)
        return err_noted(ERR_CERTIFICATE, note, "%s is not a CA", name);
    if ((link->cert.key_usage & X509_USAGE_CERT_SIGN) == 0)
        return err_noted(ERR_CERTIFICATE, note, "%s may not sign certificates", name);
    if (crypto_public_key_kind(link->key) != CRYPTO_KEY_RSA ||
        crypto_public_key_bits(link->key) != CA_KEY_BITS)
        return err_noted(ERR_KEY, note, "the key of %s is not RSA of %d bits", name, CA_KEY_BITS);
    return ERR_OK;
}

static enum err check_issued(const char *name, const struct chain_link *link, const char *issuer_name,
                             const struct chain_link *issuer, struct err_note *note)
{
    if (!bytes_equal(link->cert.issuer, issuer->cert.subject))
        return err_noted(ERR_CERTIFICATE, note, "%s names another issuer than %s", name, issuer_name);
    if (link->cert.algorithm != X509_RSA_PSS_SHA384)
        return err_noted(ERR_CERTIFICATE, note, "%s is not signed with RSASSA-PSS", name);
    enum err e = x509_verify(&link->cert, issuer->key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "%s is not signed by %s", name, issuer_name);
}

/* ---- the questions ---- */

/* Pinned by key; and, when the very certificate is pinned, *known: what its signature would say of it was said then. */
static enum err check_pinned(const char *name, const struct x509 *cert,
                             const uint8_t der[static ANCHOR_PIN_SIZE],
                             const uint8_t spki[static ANCHOR_PIN_SIZE], bool *known, struct err_note *note)
{
    *known = anchors_pinned(cert->der, der);
    return anchors_pinned(cert->spki, spki)
               ? ERR_OK
               : err_noted(ERR_REFUSED, note, "the key of the %s is not the one that is pinned", name);
}

enum err chain_check_root(const struct chain *c, struct bytes simulated_root, bool *simulated,
                          struct err_note *note)
{
    enum err e = ERR_OK;
    bool known = false;
    *simulated = simulated_root.len != 0 && bytes_equal(c->ark.cert.der, simulated_root);
    if (c->product == NULL)
        return err_noted(ERR_UNKNOWN, note, "a root for a product that is not known");
    if (!*simulated)
        e = check_pinned("ARK", &c->ark.cert, c->product->ark_der, c->product->ark_spki, &known, note);
    if (e == ERR_OK)
        e = check_ca("ARK", &c->ark, note);
    return e == ERR_OK && !known ? check_issued("ARK", &c->ark, "itself", &c->ark, note) : e;
}

enum err chain_check_ask(const struct chain *c, bool simulated, struct err_note *note)
{
    const struct kind *kind = &kinds[c->kind];
    const bool asvk = c->kind == VCEK_OF_PROVIDER;
    const struct snp_product *p = c->product;
    char wanted[NAME_SIZE];
    enum err e = ERR_OK;
    bool known = false;
    if (p == NULL)
        return err_noted(ERR_UNKNOWN, note, "a root for a product that is not known");
    if (!simulated)
        e = check_pinned(kind->ask, &c->ask.cert, asvk ? p->asvk_der : p->ask_der,
                         asvk ? p->asvk_spki : p->ask_spki, &known, note);
    if (e != ERR_OK)
        return e;
    (void)snprintf(wanted, sizeof wanted, "%s%s", kind->ask_prefix, p->name);
    if (!bytes_is_str(c->ask.cert.subject_cn, wanted))
        return err_noted(ERR_CERTIFICATE, note, "%s is not named %s", kind->ask, wanted);
    e = check_ca(kind->ask, &c->ask, note);
    return e == ERR_OK && !known ? check_issued(kind->ask, &c->ask, "the ARK", &c->ark, note) : e;
}

enum err chain_check_vek(const struct chain *c, struct err_note *note)
{
    const struct kind *kind = &kinds[c->kind];
    const char *name = vcek_kind_name(c->kind);
    const struct x509 *cert = &c->vek.cert;
    if (!bytes_is_str(cert->subject_cn, kind->vek_name))
        return err_noted(ERR_CERTIFICATE, note, "%s is not named %s", name, kind->vek_name);
    if (cert->is_ca || (cert->has_key_usage && (cert->key_usage & X509_USAGE_DIGITAL_SIGNATURE) == 0))
        return err_noted(ERR_CERTIFICATE, note, "%s is not a certificate for signing reports", name);
    if (crypto_public_key_kind(c->vek.key) != CRYPTO_KEY_P384)
        return err_noted(ERR_KEY, note, "the key of the %s is not on P-384", name);
    return check_issued(name, &c->vek, kind->ask, &c->ask, note);
}

static enum err check_valid_at(const char *name, const struct x509 *cert, int64_t now, struct err_note *note)
{
    if (now < cert->not_before)
        return err_noted(ERR_CERTIFICATE, note, "%s is not valid yet", name);
    if (now > cert->not_after)
        return err_noted(ERR_CERTIFICATE, note, "%s has expired", name);
    return ERR_OK;
}

enum err chain_check_validity(const struct chain *c, int64_t now, struct err_note *note)
{
    enum err e = check_valid_at(vcek_kind_name(c->kind), &c->vek.cert, now, note);
    if (e == ERR_OK)
        e = check_valid_at(kinds[c->kind].ask, &c->ask.cert, now, note);
    if (e == ERR_OK)
        e = check_valid_at("ARK", &c->ark.cert, now, note);
    return e;
}

enum err chain_check_revoked(const struct chain *c, const struct crl *crl, struct err_note *note)
{
    if (crl_lists(crl, c->ask.cert.serial))
        return err_noted(ERR_CERTIFICATE, note, "%s is revoked", kinds[c->kind].ask);
    if (crl_lists(crl, c->ark.cert.serial))
        return err_noted(ERR_CERTIFICATE, note, "ARK is revoked");
    return ERR_OK;
}
