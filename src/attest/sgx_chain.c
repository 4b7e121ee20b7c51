/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/sgx_chain.h"

#define ROOT_NAME      "Intel SGX Root CA"
#define PLATFORM_NAME  "Intel SGX PCK Platform CA"
#define PROCESSOR_NAME "Intel SGX PCK Processor CA"
#define PCK_NAME       "Intel SGX PCK Certificate"
#define SIGNER_NAME    "Intel SGX TCB Signing"

/* SHA-256 of the root's SubjectPublicKeyInfo. */
static const uint8_t intel_root_spki[CRYPTO_SHA256_SIZE] = {
    0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91, 0x86, 0x06, 0x8a, 0x7f, 0xc1,
    0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35, 0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e};

/* SHA-256 of the two certificates that Intel made for it, until 2049 and until 2033. */
static const uint8_t intel_root_certificates[][CRYPTO_SHA256_SIZE] = {
    {0x44, 0xa0, 0x19, 0x6b, 0x2b, 0x99, 0xf8, 0x89, 0xb8, 0xe1, 0x49, 0xe9, 0x5b, 0x80, 0x7a, 0x35,
     0x0e, 0x74, 0x24, 0x96, 0x43, 0x99, 0xe8, 0x85, 0xa7, 0xcb, 0xb8, 0xcc, 0xfa, 0xb6, 0x74, 0xd3},
    {0xfc, 0x64, 0xf8, 0x07, 0x6d, 0x79, 0xa4, 0xfe, 0xe9, 0xd1, 0xd4, 0x73, 0xd7, 0x4c, 0x89, 0xeb,
     0x8d, 0x8f, 0xd5, 0x5c, 0x5a, 0xba, 0xfe, 0xab, 0xeb, 0xa7, 0x36, 0x6d, 0x20, 0x42, 0x94, 0x04},
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

static enum err check_issued(const char *name, const struct sgx_certificate *c,
                             const struct sgx_certificate *issuer, struct err_note *note)
{
    if (!bytes_equal(c->cert.issuer, issuer->cert.subject))
        return err_noted(ERR_CERTIFICATE, note, "%s names another issuer", name);
    if (c->cert.algorithm != X509_ECDSA_SHA256)
        return err_noted(ERR_CERTIFICATE, note, "%s is not signed with ECDSA and SHA-256", name);
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

static bool is_known_root(const struct sgx_certificate *root)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    if (crypto_hash_parts(CRYPTO_SHA256, &root->cert.der, 1, digest) != ERR_OK)
        return false;
    for (size_t i = 0; i < sizeof intel_root_certificates / sizeof *intel_root_certificates; i++)
        if (memcmp(digest, intel_root_certificates[i], sizeof digest) == 0)
            return true;
    return false;
}

/* A third certificate for the same key: what else it says is true only when that key signed it. */
static enum err check_pinned_key(const struct sgx_certificate *root, struct err_note *note)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    enum err e = crypto_hash_parts(CRYPTO_SHA256, &root->cert.spki, 1, digest);
    if (e == ERR_OK && memcmp(digest, intel_root_spki, sizeof digest) != 0)
        e = err_noted(ERR_REFUSED, note, "a root of somebody else's");
    return e == ERR_OK ? check_issued("the root", root, root, note) : e;
}

enum err sgx_check_root(const struct sgx_certificate *root, struct bytes simulated_root, bool *simulated,
                        struct err_note *note)
{
    *simulated = simulated_root.len != 0 && bytes_equal(root->cert.der, simulated_root);
    enum err e = *simulated || is_known_root(root) ? ERR_OK : check_pinned_key(root, note);
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
