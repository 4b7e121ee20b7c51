/* SPDX-License-Identifier: Apache-2.0 */
/* Does anybody else say so? Microsoft also certifies the attestation key. That adds to what the hardware says (it knows of no cloud) and never replaces it, so
 * a certificate may be missing; one that is there must be good. */
#include "attest/anchors.h"
#include "attest/vtpm_internal.h"

static bool is_absent(struct vtpm_context *c)
{
    if (c->evidence->ak_certificate_count != 0)
        return false;
    check_saw(&c->answer, "no certificate");
    return true;
}

static size_t last(const struct vtpm_context *c)
{
    return c->evidence->ak_certificate_count - 1;
}

static enum err certificate_load(struct bytes der, struct vtpm_certificate *certificate,
                                 struct err_note *note)
{
    enum err e = x509_parse(der, &certificate->cert, note);
    if (e != ERR_OK)
        return e;
    e = crypto_public_key_from_spki(certificate->cert.spki, &certificate->key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "the key of the certificate is malformed");
}

bool vtpm_ak_certificate(struct vtpm_context *c, unsigned which)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    (void)which;
    if (c->evidence->ak_certificate_count > VTPM_CERTIFICATES_MAX) {
        check_saw(&c->answer, "%zu certificates, at most %d are taken", c->evidence->ak_certificate_count,
                  VTPM_CERTIFICATES_MAX);
        return false;
    }
    if (is_absent(c)) {
        if (!c->policy->require_ak_certificate)
            c->have |= VTPM_HAVE_CERTIFICATE;
        return !c->policy->require_ak_certificate;
    }
    for (size_t i = 0; e == ERR_OK && i < c->evidence->ak_certificate_count; i++)
        e = certificate_load(c->evidence->ak_certificates[i], &c->certificates[i], &note);
    if (e == ERR_OK) {
        c->have |= VTPM_HAVE_CERTIFICATE;
        check_saw(&c->answer, "%zu certificates", c->evidence->ak_certificate_count);
    }
    return check_saw_error(&c->answer, e, &note);
}

bool vtpm_ak_certificate_key(struct vtpm_context *c, unsigned which)
{
    (void)which;
    if (is_absent(c))
        return true;
    bool same = crypto_public_key_equal(c->certificates[0].key, c->ak);
    check_saw(&c->answer, "%s", same ? "the same key" : "another key");
    return same;
}

/* RFC 5280 section 6.1: who is named signed it, and was allowed to. */
static enum err check_issued(const struct vtpm_certificate *subject, const struct vtpm_certificate *issuer,
                             size_t below, struct err_note *note)
{
    if (!bytes_equal(subject->cert.issuer, issuer->cert.subject))
        return err_noted(ERR_CERTIFICATE, note, "certificate %zu names another issuer", below);
    if (!issuer->cert.is_ca || (issuer->cert.key_usage & X509_USAGE_CERT_SIGN) == 0)
        return err_noted(ERR_CERTIFICATE, note, "certificate %zu may not sign certificates", below + 1);
    if (issuer->cert.has_path_length && issuer->cert.path_length < below)
        return err_noted(ERR_CERTIFICATE, note, "certificate %zu allows no chain of this length", below + 1);
    enum err e = x509_verify(&subject->cert, issuer->key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "certificate %zu is not signed by the next", below);
}

bool vtpm_ak_certificate_chain(struct vtpm_context *c, unsigned which)
{
    struct err_note note = {{0}};
    enum err e = ERR_OK;
    (void)which;
    if (is_absent(c))
        return true;
    if (c->certificates[0].cert.is_ca)
        e = err_noted(ERR_CERTIFICATE, &note, "the certificate of the key is one of a CA");
    else if (last(c) == 0)
        e = err_noted(ERR_CERTIFICATE, &note, "a certificate alone is no chain");
    for (size_t i = 0; e == ERR_OK && i < last(c); i++)
        e = check_issued(&c->certificates[i], &c->certificates[i + 1], i, &note);
    if (e == ERR_OK)
        check_saw(&c->answer, "signed in turn");
    return check_saw_error(&c->answer, e, &note);
}

/* Pinned by the digest of the whole certificate: no copy of it is at hand to take its key from. */
bool vtpm_ak_certificate_root(struct vtpm_context *c, unsigned which)
{
    (void)which;
    if (is_absent(c))
        return true;
    struct bytes root = c->certificates[last(c)].cert.der;
    check_wanted(&c->answer, "Microsoft's");
    if (c->policy->simulated_ak_root.len != 0 && bytes_equal(root, c->policy->simulated_ak_root)) {
        c->simulated = true;
        check_saw(&c->answer, "the SIMULATED root that was given by hand");
        return true;
    }
    bool pinned = anchors_pinned(root, anchor_azure_vtpm_root);
    check_saw(&c->answer, "%s", pinned ? "Microsoft's" : "a root of somebody else's");
    return pinned;
}

bool vtpm_ak_certificate_validity(struct vtpm_context *c, unsigned which)
{
    (void)which;
    if (is_absent(c))
        return true;
    for (size_t i = 0; i <= last(c); i++) {
        const struct x509 *cert = &c->certificates[i].cert;
        const char *wrong = c->now < cert->not_before  ? "is not valid yet"
                            : c->now > cert->not_after ? "has expired"
                                                       : NULL;
        if (wrong != NULL) {
            check_saw(&c->answer, "certificate %zu %s", i, wrong);
            return false;
        }
    }
    check_saw(&c->answer, "valid");
    return true;
}

void vtpm_certificates_release(struct vtpm_context *c)
{
    for (size_t i = 0; i < VTPM_CERTIFICATES_MAX; i++)
        crypto_public_key_free(c->certificates[i].key);
}
