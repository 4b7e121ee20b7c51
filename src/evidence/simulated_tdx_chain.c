/* SPDX-License-Identifier: Apache-2.0 */
/* The four certificates of a made-up platform of Intel's shape, their keys, and both as text. */
#include "attest/x509.h"
#include "base/secret.h"
#include "evidence/der_writer.h"
#include "evidence/simulated_extension.h"
#include "evidence/simulated_tdx_internal.h"

enum { VERSION_3 = 2, PCK_EXTENSION_MAX = 1024 };

static const int64_t day = 86400;
static const int64_t root_days = 9131; /* 25 years */
static const int64_t chip_days = 2557; /* 7 years, as a PCK certificate */

/* ---- the extension of a PCK certificate (Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5) ---- */

enum {
    MEMBER_PPID = 1,
    MEMBER_TCB,
    MEMBER_PCE_ID,
    MEMBER_FMSPC,
    MEMBER_SGX_TYPE,
    TCB_PCE_SVN = 17,
    TCB_CPU_SVN = 18,
    SGX_TYPE_SCALABLE = 1,
};

/* SEQUENCE { 1.2.840.113741.1.13.1.<number>[.<below>], the value } is begun; below 0: none. */
static size_t member_begin(struct writer *w, uint8_t number, uint8_t below)
{
    static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};
    size_t member = der_begin(w, DER_SEQUENCE);
    size_t oid = der_begin(w, DER_OID);
    writer_bytes(w, bytes_of(arc, sizeof arc));
    writer_u8(w, number);
    if (below != 0)
        writer_u8(w, below);
    der_end(w, oid);
    return member;
}

static void octets_write(struct writer *w, uint8_t number, const uint8_t *value, size_t size)
{
    size_t member = member_begin(w, number, 0);
    der_put(w, DER_OCTET_STRING, bytes_of(value, size));
    der_end(w, member);
}

static void tcb_write(struct writer *w, const struct pck *pck)
{
    size_t member = member_begin(w, MEMBER_TCB, 0);
    size_t list = der_begin(w, DER_SEQUENCE);
    for (int i = 1; i <= TCB_CPU_SVN; i++) {
        size_t item = member_begin(w, MEMBER_TCB, (uint8_t)i);
        if (i == TCB_CPU_SVN)
            der_put(w, DER_OCTET_STRING, bytes_of(pck->cpu_svn, sizeof pck->cpu_svn));
        else
            der_put_uint(w, i == TCB_PCE_SVN ? pck->pce_svn : pck->component[i - 1]);
        der_end(w, item);
    }
    der_end(w, list);
    der_end(w, member);
}

static void extension_write(struct writer *w, const struct pck *pck)
{
    static const uint8_t type = SGX_TYPE_SCALABLE;
    size_t list = der_begin(w, DER_SEQUENCE);
    octets_write(w, MEMBER_PPID, pck->ppid, sizeof pck->ppid);
    tcb_write(w, pck);
    octets_write(w, MEMBER_PCE_ID, pck->pce_id, sizeof pck->pce_id);
    octets_write(w, MEMBER_FMSPC, pck->fmspc, sizeof pck->fmspc);
    size_t member = member_begin(w, MEMBER_SGX_TYPE, 0);
    der_put(w, DER_ENUMERATED, bytes_of(&type, 1));
    der_end(w, member);
    der_end(w, list);
}

/* ---- the four certificates ---- */

/* In what they differ. */
struct shape {
    const char *issuer_cn;
    const char *subject_cn;
    int64_t days;
    bool is_ca;
    int path_length;
    uint16_t usage;
};

static const struct shape root_shape = {
    SIMULATED_ROOT_CN, SIMULATED_ROOT_CN, root_days, true, 1, X509_USAGE_CERT_SIGN | X509_USAGE_CRL_SIGN};
static const struct shape ca_shape = {
    SIMULATED_ROOT_CN, SIMULATED_CA_CN, root_days, true, 0, X509_USAGE_CERT_SIGN | X509_USAGE_CRL_SIGN};
static const struct shape pck_shape = {SIMULATED_CA_CN,    "Intel SGX PCK Certificate", chip_days, false,
                                       SIMULATED_NO_LIMIT, X509_USAGE_DIGITAL_SIGNATURE};
static const struct shape tcb_shape = {SIMULATED_ROOT_CN,  "Intel SGX TCB Signing",     chip_days, false,
                                       SIMULATED_NO_LIMIT, X509_USAGE_DIGITAL_SIGNATURE};

/* issuer: NULL for one that signs itself. */
static enum err certify(const struct shape *shape, int64_t start, struct bytes extension,
                        const struct crypto_private_key *key, const struct simulated_certificate *issuer,
                        const struct crypto_private_key *signer, struct simulated_certificate *c,
                        struct simulated_der *out)
{
    uint8_t serial[sizeof(uint32_t)];
    *c = (struct simulated_certificate){
        .maker = &simulated_intel,
        .version = VERSION_3,
        .issuer_cn = shape->issuer_cn,
        .subject_cn = shape->subject_cn,
        .not_before = start,
        .not_after = start + shape->days * day,
        .sgx_extension = extension,
    };
    enum err e = crypto_random(serial, sizeof serial);
    for (size_t i = 0; i < sizeof serial; i++)
        c->serial = c->serial << 8 | serial[i];
    if (e == ERR_OK)
        e = simulated_certificate_key(c, key);
    if (e != ERR_OK)
        return e;
    bool added = simulated_add_authority_key_id(c, issuer != NULL ? issuer : c) &&
                 simulated_add_crl_distribution(c, "sgx/certification/v4/crl") &&
                 simulated_add_subject_key_id(c) && simulated_add_key_usage(c, shape->usage) &&
                 simulated_add_basic_constraints(c, shape->is_ca, shape->path_length);
    return added ? simulated_certificate_sign(c, signer, out->der, sizeof out->der, &out->len) : ERR_NO_SPACE;
}

static enum err certify_all(struct simulated_tdx *t, int64_t start)
{
    struct simulated_certificate root;
    struct simulated_certificate ca;
    struct simulated_certificate leaf;
    const struct bytes none = {0};
    uint8_t buffer[PCK_EXTENSION_MAX];
    struct bytes extension;
    struct writer w = writer_into(buffer, sizeof buffer);
    extension_write(&w, &t->pck);
    enum err e = writer_finish(&w, &extension);
    if (e == ERR_OK)
        e = certify(&root_shape, start, none, t->root_key, NULL, t->root_key, &root, &t->root_der);
    if (e == ERR_OK)
        e = certify(&ca_shape, start, none, t->ca_key, &root, t->root_key, &ca, &t->ca_der);
    if (e == ERR_OK)
        e = certify(&pck_shape, start, extension, t->pck_key, &ca, t->ca_key, &leaf, &t->pck_der);
    return e == ERR_OK ? certify(&tcb_shape, start, none, t->tcb_key, &root, t->root_key, &leaf, &t->tcb_der)
                       : e;
}

/* ---- all of it ---- */

/* In the order of the file. The attestation key is the quoting enclave's own, and not kept. */
static struct simulated_kept kept_of(struct simulated_tdx *t)
{
    return (struct simulated_kept){
        .certificate_count = 4,
        .certificates = {&t->root_der, &t->ca_der, &t->pck_der, &t->tcb_der},
        .key_count = 4,
        .keys = {{CRYPTO_KEY_P256, &t->root_key},
                 {CRYPTO_KEY_P256, &t->ca_key},
                 {CRYPTO_KEY_P256, &t->pck_key},
                 {CRYPTO_KEY_P256, &t->tcb_key}},
    };
}

static enum err chain_make(struct simulated_tdx *t, int64_t now)
{
    /* A server of the fourth generation of Xeon, as up to date as its own TCB info asks for. */
    static const struct pck sound = {.component = {5, 5, 2, 2, 3, 1, 0, 3},
                                     .pce_svn = 11,
                                     .cpu_svn = {5, 5, 2, 2, 3, 1, 0, 3},
                                     .fmspc = {0x00, 0x80, 0x6f, 0x05}};
    const struct simulated_kept kept = kept_of(t);
    t->pck = sound;
    enum err e = crypto_random(t->pck.ppid, sizeof t->pck.ppid);
    for (size_t i = 0; e == ERR_OK && i < kept.key_count; i++)
        e = crypto_private_key_new(kept.keys[i].kind, 0, kept.keys[i].key);
    return e == ERR_OK ? certify_all(t, now - day) : e;
}

static enum err chain_read(struct simulated_tdx *t, struct bytes text)
{
    struct x509 leaf;
    const struct simulated_kept kept = kept_of(t);
    enum err e = simulated_kept_read(text, &kept);
    if (e == ERR_OK)
        e = x509_parse(bytes_of(t->pck_der.der, t->pck_der.len), &leaf, NULL);
    return e == ERR_OK ? pck_parse(&leaf, &t->pck, NULL) : e;
}

/* now: when it is made; text: when it is read. */
static enum err platform_make(const struct bytes *text, int64_t now, struct simulated_tdx **out)
{
    *out = NULL;
    struct simulated_tdx *t = secret_alloc(sizeof *t);
    if (t == NULL)
        return ERR_MEMORY;
    enum err e = text != NULL ? chain_read(t, *text) : chain_make(t, now);
    if (e == ERR_OK)
        e = simulated_tdx_enclave(t);
    if (e == ERR_OK)
        *out = t;
    else
        simulated_tdx_free(t);
    return e;
}

enum err simulated_tdx_new(int64_t now, struct simulated_tdx **t)
{
    return platform_make(NULL, now, t);
}

enum err simulated_tdx_read(struct bytes text, struct simulated_tdx **t)
{
    return platform_make(&text, 0, t);
}

enum err simulated_tdx_write(struct simulated_tdx *t, char *text, size_t size, size_t *len)
{
    const struct simulated_kept kept = kept_of(t);
    return simulated_kept_write(&kept, text, size, len);
}

void simulated_tdx_free(struct simulated_tdx *t)
{
    if (t == NULL)
        return;
    const struct simulated_kept kept = kept_of(t);
    for (size_t i = 0; i < kept.key_count; i++)
        crypto_private_key_free(*kept.keys[i].key);
    crypto_private_key_free(t->attestation_key);
    secret_free(t->tcb_info);
    secret_free(t->qe_identity);
    secret_free(t->collateral_text);
    secret_free(t);
}
