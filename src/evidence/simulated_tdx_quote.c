/* SPDX-License-Identifier: Apache-2.0 */
/* The quoting enclave of a made-up platform, and the quotes that it signs (DCAP Quoting Library API, appendix A.4). */
#include "attest/tdx_policy.h"
#include "attest/tdx_tcb.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "evidence/simulated_tdx_internal.h"

enum { SPKI_MAX = 128, MODULE_SVN = 6, MODULE_VERSION = 1, LOADER_SVN = 5 };
/* XFAM: x87, SSE, AVX, AVX-512, PKU, AMX. */
enum { XFAM = 0x602e7 };

/* Digests of things that do not exist. */
static enum err digest_of(const char *name, enum crypto_hash h, uint8_t *out)
{
    const struct bytes part = bytes_str(name);
    return crypto_hash_parts(h, &part, 1, out);
}

static enum err body_init(struct simulated_tdx *t)
{
    struct tdx_body *b = &t->body;
    *b = (struct tdx_body){.is_15 = true, .attributes = 1ULL << TDX_SEPT_VE_DISABLE, .xfam = XFAM};
    b->tee_tcb_svn[TDX_SVN_MODULE] = MODULE_SVN;
    b->tee_tcb_svn[TDX_SVN_MODULE_VERSION] = MODULE_VERSION;
    b->tee_tcb_svn[TDX_SVN_UPDATABLE] = LOADER_SVN;
    memcpy(b->tee_tcb_svn_2, b->tee_tcb_svn, sizeof b->tee_tcb_svn_2);
    return digest_of("enclume simulated TDX module v1", CRYPTO_SHA384, b->mrseam);
}

/* SGX ATTRIBUTES (Intel SDM volume 3D, table 37-3): INIT, MODE64BIT, PROVISIONKEY; ISVPRODID 2 is the enclave that quotes TDs. */
static enum err enclave_init(struct simulated_tdx *t)
{
    enum { INIT = 1, MODE64BIT = 4, PROVISIONKEY = 0x10, TD_QE = 2, ISV_SVN = 4 };
    struct sgx_report *r = &t->enclave;
    *r = (struct sgx_report){
        .attributes = {INIT | MODE64BIT | PROVISIONKEY}, .isv_prod_id = TD_QE, .isv_svn = ISV_SVN};
    enum err e = digest_of("enclume simulated quoting enclave v1", CRYPTO_SHA256, r->mrenclave);
    if (e == ERR_OK)
        e = digest_of("enclume simulated maker of quoting enclaves v1", CRYPTO_SHA256, r->mrsigner);
    return e == ERR_OK ? crypto_random(t->authentication, sizeof t->authentication) : e;
}

/* x || y: the end of the SubjectPublicKeyInfo (RFC 5480 section 2.2). */
static enum err attestation_key_init(struct simulated_tdx *t)
{
    uint8_t spki[SPKI_MAX];
    size_t len;
    enum err e = crypto_private_key_new(CRYPTO_KEY_P256, 0, &t->attestation_key);
    if (e == ERR_OK)
        e = crypto_private_key_spki(t->attestation_key, spki, sizeof spki, &len);
    if (e == ERR_OK)
        memcpy(t->attestation_point, spki + len - TDX_POINT_SIZE, TDX_POINT_SIZE);
    return e;
}

/* The enclave vouches for its key (DCAP appendix A.3.8), the PCK for the enclave. */
static enum err enclave_certify(struct simulated_tdx *t)
{
    const struct bytes parts[] = {bytes_of(t->attestation_point, sizeof t->attestation_point),
                                  bytes_of(t->authentication, sizeof t->authentication)};
    struct bytes report;
    struct writer w = writer_into(t->enclave_report, sizeof t->enclave_report);
    enum err e = crypto_hash_parts(CRYPTO_SHA256, parts, 2, t->enclave.report_data);
    if (e != ERR_OK)
        return e;
    sgx_report_write(&w, &t->enclave);
    e = writer_finish(&w, &report);
    return e == ERR_OK ? crypto_ecdsa_sign_raw(t->pck_key, CRYPTO_SHA256, report, t->enclave_signature) : e;
}

/* The leaf first, and a NUL at the end, as in real quotes. */
static enum err chain_write(struct simulated_tdx *t)
{
    enum { CERTIFICATES = 3 };
    const struct simulated_der *const chain[CERTIFICATES] = {&t->pck_der, &t->ca_der, &t->root_der};
    struct bytes text;
    struct writer w = writer_into(t->pck_chain, sizeof t->pck_chain);
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < CERTIFICATES; i++)
        e = encoding_pem_write(&w, "CERTIFICATE", bytes_of(chain[i]->der, chain[i]->len));
    writer_u8(&w, 0);
    if (e == ERR_OK)
        e = writer_finish(&w, &text);
    if (e == ERR_OK)
        t->pck_chain_len = text.len;
    return e;
}

enum err simulated_tdx_enclave(struct simulated_tdx *t)
{
    enum err e = body_init(t);
    if (e == ERR_OK)
        e = enclave_init(t);
    if (e == ERR_OK)
        e = attestation_key_init(t);
    if (e == ERR_OK)
        e = enclave_certify(t);
    return e == ERR_OK ? chain_write(t) : e;
}

enum err simulated_tdx_quote(const struct simulated_tdx *t, const struct tdx_body *body, uint8_t *out,
                             size_t size, size_t *len)
{
    static const uint8_t intel[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    uint8_t signed_part[TDX_HEADER_SIZE + TDX_BODY_DESCRIPTOR_SIZE + TDX_BODY_15_SIZE];
    uint8_t signature[TDX_POINT_SIZE] = {0};
    struct bytes written;
    struct tdx_quote q = {
        .version = TDX_VERSION_5,
        .key_type = TDX_KEY_TYPE_P256,
        .tee_type = TDX_TEE_TYPE,
        .body = *body,
        .signature = bytes_of(signature, sizeof signature),
        .attestation_key = bytes_of(t->attestation_point, sizeof t->attestation_point),
        .qe_report_bytes = bytes_of(t->enclave_report, sizeof t->enclave_report),
        .qe_signature = bytes_of(t->enclave_signature, sizeof t->enclave_signature),
        .qe_authentication = bytes_of(t->authentication, sizeof t->authentication),
        .pck_chain = bytes_of(t->pck_chain, t->pck_chain_len),
    };
    *len = 0;
    memcpy(q.qe_vendor, intel, sizeof intel);
    struct writer w = writer_into(signed_part, sizeof signed_part);
    tdx_signed_part_write(&w, &q);
    enum err e = writer_finish(&w, &q.signed_part);
    if (e == ERR_OK)
        e = crypto_ecdsa_sign_raw(t->attestation_key, CRYPTO_SHA256, q.signed_part, signature);
    if (e != ERR_OK)
        return e;
    w = writer_into(out, size);
    tdx_quote_write(&w, &q);
    e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}
