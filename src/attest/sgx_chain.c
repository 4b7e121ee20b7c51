/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/sgx_chain.h"

#include "attest/anchors.h"

#define ROOT_NAME      "Intel SGX Root CA"
#define PLATFORM_NAME  "Intel SGX PCK Platform CA"
#define PROCESSOR_NAME "Intel SGX PCK Processor CA"
#define PCK_NAME       "Intel SGX PCK Certificate"
#define SIGNER_NAME    "Intel SGX TCB Signing"

/* SHA-256 of the root's SubjectPublicKeyInfo. */
static const uint8_t intel_root_spki[CRYPTO_SHA256_SIZE] = {
    0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91, 0x86, 0x06, 0x8a, 0x7f, 0xc1,
    0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35, 0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e};

/*
 * SHA-256 of certificates that Intel made and that everybody meets: the root signed them, so under this root nobody has to verify that again.
 * One that is not here is as good, and takes longer.
 */
static const uint8_t intel_certificates[][CRYPTO_SHA256_SIZE] = {
    /* the root, until 2049 */
    {0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49, 0xe9, 0x5b, 0x80, 0x7a, 0x35,
     0x0e, 0x74, 0x24, 0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3},
    /* the root, until 2033 */
    {0xfc, 0x64, 0xf8, 0x07, 0x6d, 0x79, 0xa4, 0xfe, 0xe9, 0xd1, 0xd4, 0x73, 0xd7, 0x4c, 0x89, 0xeb,
     0x8d, 0x8f, 0xd5, 0x5c, 0x5a, 0xba, 0xfe, 0xab, 0xeb, 0xa7, 0x36, 0x6d, 0x20, 0x42, 0x94, 0x04},
    /* PCK Platform CA */
    {0x22, 0xeb, 0x77, 0x0d, 0xca, 0x21, 0x5b, 0x60, 0x7b, 0x5c, 0xcf, 0xc2, 0x1a, 0x67, 0x2b, 0x1d,
     0xa5, 0xcc, 0x66, 0x0b, 0x1a, 0xd0, 0x36, 0x50, 0x20, 0x56, 0x79, 0x79, 0xed, 0xca, 0xa0, 0xe1},
    /* PCK Processor CA */
    {0xf6, 0x5b, 0x24, 0x9b, 0xe2, 0xe8, 0x03, 0x0b, 0x2e, 0x16, 0x82, 0xe7, 0xf7, 0xa1, 0xf2, 0xd4,
     0x8b, 0xf4, 0xc3, 0x5e, 0xec, 0x93, 0x04, 0x83, 0xa4, 0xee, 0x20, 0x08, 0x97, 0x08, 0x1f, 0xfe},
    /* the same, another certificate */
    {0x13, 0xb2, 0xdc, 0xce, 0xf8, 0xfc, 0x4e, 0xc9, 0x77, 0xee, 0x52, 0x49, 0x74, 0x3b, 0x0f, 0x75,
     0x8e, 0xbd, 0x1e, 0x28, 0xd7, 0x68, 0xb2, 0xe1, 0xe1, 0x2b, 0xc3, 0x48, 0xad, 0xaa, 0x09, 0xfb},
    /* TCB Signing, since 2025 */
    {0xc0, 0x57, 0x5e, 0x76, 0xd0, 0x30, 0x3b, 0x61, 0xd0, 0x9c, 0xde, 0x8c, 0xbd, 0xb7, 0x0d, 0xb3,
     0x4a, 0x74, 0xf3, 0x83, 0x18, 0x30, 0x0d, 0x7c, 0x0e, 0x6b, 0xa8, 0xcf, 0x4b, 0xf4, 0x5a, 0xea},
};

/* ---- taking it apart ---- */

enum err sgx_certificate_parse(const char *name, struct bytes der, struct sgx_certificate *c,
                               struct err_note *note)
{
    struct err_note detail = {{0}};
    c->key = NULL;
    enum err e = x509_parse(der, &c->cert, &detail);
    if (e != ERR_OK)
        return err_noted(e, note, "%s: %.200s", name, detail.text);
    e = crypto_public_key_from_spki(c->cert.spki, &c->key);
    if (e == ERR_OK && crypto_public_key_kind(c->key) != CRYPTO_KEY_P256)
        e = ERR_KEY;
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "%s: the public key is not one on P-256", name);
}

void sgx_certificate_release(struct sgx_certificate *c)
{
    crypto_public_key_free(c->key);
    c->key = NULL;
}

/* ---- what they have in common ---- */

/* What is not pinned is verified, which only takes longer. */
static bool is_pinned(const struct sgx_certificate *c)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    /* equivalent: verified instead */
    if (crypto_hash_parts(CRYPTO_SHA256, &c->cert.der, 1, digest) != ERR_OK)
        return false;
    /* equivalent: verified instead */
    for (size_t i = 0; i < sizeof intel_certificates / sizeof *intel_certificates; i++)
        if (memcmp(digest, intel_certificates[i], sizeof digest) == 0)
            return true;
    return false;
}

static enum err check_issued(const char *name, const struct sgx_certificate *c,
                             const struct sgx_certificate *issuer, struct err_note *note)
{
    if (!bytes_equal(c->cert.issuer, issuer->cert.subject))
        return err_noted(ERR_CERTIFICATE, note, "%s names another issuer", name);
    if (c->cert.algorithm != X509_ECDSA_SHA256)
        return err_noted(ERR_CERTIFICATE, note, "%s is not signed with ECDSA and SHA-256", name);
    if (is_pinned(c) && is_pinned(issuer))
        return ERR_OK;
    enum err e = x509_verify(&c->cert, issuer->key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "%s is not signed by its issuer", name);
}

/* RFC 5280 section 6.1.4: may it certify others, with so many certificates of authorities below it at most? */
static enum err check_ca(const char *name, const struct sgx_certificate *c, uint32_t path_length,
                         struct err_note *note)
{
    if (!c->cert.is_ca)
        return err_noted(ERR_CERTIFICATE, note, "%s is not a CA", name);
    if (!c->cert.has_path_length || c->cert.path_length != path_length)
        return err_noted(ERR_CERTIFICATE, note, "%s does not limit the path to %u", name, path_length);
    if ((c->cert.key_usage & X509_USAGE_CERT_SIGN) == 0)
        return err_noted(ERR_CERTIFICATE, note, "%s may not sign certificates", name);
    return ERR_OK;
}

static enum err check_leaf(const char *name, const struct sgx_certificate *c, struct err_note *note)
{
    if (c->cert.is_ca || (c->cert.key_usage & X509_USAGE_CERT_SIGN) != 0)
        return err_noted(ERR_CERTIFICATE, note, "%s is a CA", name);
    if ((c->cert.key_usage & X509_USAGE_DIGITAL_SIGNATURE) == 0)
        return err_noted(ERR_CERTIFICATE, note, "%s is not for signatures", name);
    return ERR_OK;
}

/* ---- the questions ---- */

/* Another certificate for the same key: what else it says is true only when that key signed it. */
static enum err check_pinned_key(const struct sgx_certificate *root, struct err_note *note)
{
    return anchors_pinned(root->cert.spki, intel_root_spki)
               ? check_issued("the root", root, root, note)
               : err_noted(ERR_REFUSED, note, "a root of somebody else's");
}

enum err sgx_check_root(const struct sgx_certificate *root, struct bytes simulated_root, bool *simulated,
                        struct err_note *note)
{
    *simulated = simulated_root.len != 0 && bytes_equal(root->cert.der, simulated_root);
    enum err e = *simulated || is_pinned(root) ? ERR_OK : check_pinned_key(root, note);
    if (e == ERR_OK && !bytes_is_str(root->cert.subject_cn, ROOT_NAME))
        e = err_noted(ERR_CERTIFICATE, note, "the root is not named %s", ROOT_NAME);
    return e == ERR_OK ? check_ca("the root", root, 1, note) : e;
}

enum err sgx_check_pck_ca(const struct sgx_certificate *ca, const struct sgx_certificate *root,
                          struct err_note *note)
{
    if (!bytes_is_str(ca->cert.subject_cn, PLATFORM_NAME) &&
        !bytes_is_str(ca->cert.subject_cn, PROCESSOR_NAME))
        return err_noted(ERR_CERTIFICATE, note, "the intermediate is named neither %s nor %s", PLATFORM_NAME,
                         PROCESSOR_NAME);
    enum err e = check_ca("the intermediate", ca, 0, note);
    return e == ERR_OK ? check_issued("the intermediate", ca, root, note) : e;
}

enum err sgx_check_pck(const struct sgx_certificate *pck, const struct sgx_certificate *ca,
                       struct err_note *note)
{
    if (!bytes_is_str(pck->cert.subject_cn, PCK_NAME))
        return err_noted(ERR_CERTIFICATE, note, "the leaf is not named %s", PCK_NAME);
    enum err e = check_leaf("the leaf", pck, note);
    return e == ERR_OK ? check_issued("the leaf", pck, ca, note) : e;
}

enum err sgx_check_tcb_signer(const struct sgx_certificate *signer, const struct sgx_certificate *root,
                              struct err_note *note)
{
    if (!bytes_is_str(signer->cert.subject_cn, SIGNER_NAME))
        return err_noted(ERR_CERTIFICATE, note, "the signer is not named %s", SIGNER_NAME);
    enum err e = check_leaf("the signer", signer, note);
    return e == ERR_OK ? check_issued("the signer", signer, root, note) : e;
}

enum err sgx_check_validity(const char *name, const struct sgx_certificate *c, int64_t now,
                            struct err_note *note)
{
    if (now < c->cert.not_before)
        return err_noted(ERR_CERTIFICATE, note, "%s is not valid yet", name);
    if (now > c->cert.not_after)
        return err_noted(ERR_CERTIFICATE, note, "%s has expired", name);
    return ERR_OK;
}
