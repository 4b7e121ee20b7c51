/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_chain.h"

#include <stdio.h>

#include "attest/x509.h"
#include "base/secret.h"
#include "evidence/der_writer.h"
#include "evidence/simulated_chain_internal.h"
#include "evidence/simulated_extension.h"

enum { RSA_BITS = 4096, SALT_SIZE = 48, VERSION_3 = 2, SPL_COUNT = 8 };

static const int64_t day = 86400;
static const int64_t root_days = 9131; /* 25 years, as AMD's roots */
static const int64_t chip_days = 2557; /* 7 years, as a VCEK */

/* AMD's three generations: what their certificates and reports differ in (document 57230; 56860, table "TCB_VERSION"). The levels lie above what the
 * security bulletins ask for (AMD-SB-3019 and later). */
static const struct product {
    const char *name;
    const char *chip_name; /* in the VCEK: Milan's has a stepping */
    uint8_t struct_version;
    uint8_t family;
    uint8_t model;
    uint8_t stepping;
    uint8_t hwid_size;
    uint64_t ark_serial;
    uint64_t ask_serial;
    struct snp_tcb tcb;
    uint8_t spl
        [SPL_COUNT]; /* for each byte of TCB_VERSION, the n of the extension 1.3.6.1.4.1.3704.1.3.n; 0: not written */
} products[] = {
    {"Milan",
     "Milan-B0",
     0,
     0x19,
     0x01,
     1,
     64,
     0x10000,
     0x10001,
     {{4, 0, 0, 0, 0, 0, 0x1c, 0xdf}},
     {1, 2, 4, 5, 6, 7, 3, 8}},
    {"Genoa",
     "Genoa",
     0,
     0x19,
     0x11,
     1,
     64,
     0x20000,
     0x20002,
     {{11, 0, 0, 0, 0, 0, 0x1e, 0x5e}},
     {1, 2, 4, 5, 6, 7, 3, 8}},
    {"Turin",
     "Turin",
     1,
     0x1a,
     0x02,
     1,
     8,
     0x30000,
     0x30001,
     {{1, 2, 1, 5, 0, 0, 0, 0x52}},
     {9, 1, 2, 3, 5, 6, 7, 8}},
};

static const struct product *product_named(const char *name)
{
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        if (strcmp(products[i].name, name) == 0)
            return &products[i];
    return NULL;
}

/* ---- the three certificates ---- */

static struct writer value_uint(uint8_t *buffer, uint64_t value)
{
    struct writer w = writer_into(buffer, SIMULATED_VALUE_MAX);
    der_put_uint(&w, value);
    return w;
}

static void common_fields(struct simulated_certificate *c, uint64_t serial, int64_t start, int64_t days)
{
    c->maker = &simulated_amd;
    c->version = VERSION_3;
    c->serial = serial;
    c->salt_size = SALT_SIZE;
    c->not_before = start;
    c->not_after = start + days * day;
}

static bool add_crl_distribution(struct simulated_certificate *c, const char *product_name)
{
    char path[SIMULATED_VALUE_MAX];
    (void)snprintf(path, sizeof path, "vcek/v1/%s/crl", product_name);
    return simulated_add_crl_distribution(c, path);
}

static bool ark_fields(struct simulated_chain *chain, const struct product *p)
{
    struct simulated_certificate *c = &chain->ark;
    c->subject_cn = chain->ark_cn;
    c->issuer_cn = chain->ark_cn;
    c->serial = p->ark_serial;
    return simulated_add_key_usage(c, X509_USAGE_CERT_SIGN | X509_USAGE_CRL_SIGN) &&
           simulated_add_subject_key_id(c) && simulated_add_basic_constraints(c, true, SIMULATED_NO_LIMIT) &&
           add_crl_distribution(c, p->name);
}

static bool ask_fields(struct simulated_chain *chain, const struct product *p)
{
    struct simulated_certificate *c = &chain->ask;
    c->subject_cn = chain->ask_cn;
    c->issuer_cn = chain->ark_cn;
    c->serial = p->ask_serial;
    return simulated_add_subject_key_id(c) && simulated_add_authority_key_id(c, &chain->ark) &&
           simulated_add_basic_constraints(c, true, 0) && simulated_add_key_usage(c, X509_USAGE_CERT_SIGN) &&
           add_crl_distribution(c, p->name);
}

/* Document 57230: AMD's extensions and no others. The HWID stands in its OCTET STRING as it is. */
static bool vcek_fields(struct simulated_chain *chain, const struct product *p)
{
    struct simulated_certificate *c = &chain->vcek;
    uint8_t buffer[SIMULATED_VALUE_MAX];
    c->subject_cn = "SEV-VCEK";
    c->issuer_cn = chain->ask_cn;
    struct writer w = value_uint(buffer, p->struct_version);
    bool good = simulated_add(c, SIMULATED_EXTENSION_STRUCT_VERSION, false, &w);
    w = writer_into(buffer, sizeof buffer);
    der_put(&w, DER_IA5_STRING, bytes_str(p->chip_name));
    good = good && simulated_add(c, SIMULATED_EXTENSION_PRODUCT, false, &w);
    for (size_t i = 0; i < SPL_COUNT; i++) {
        w = value_uint(buffer, chain->tcb.raw[i]);
        good = good && simulated_add(c, SIMULATED_EXTENSION_SPL + p->spl[i], false, &w);
    }
    return good && simulated_extension_add(c, SIMULATED_EXTENSION_HWID, false,
                                           bytes_of(chain->chip_id, p->hwid_size));
}

/* Everything that follows from the product, the keys, the chip's identity and the start of validity. */
enum err simulated_chain_fields(struct simulated_chain *chain, int64_t start)
{
    const struct product *p = product_named(chain->product);
    if (p == NULL)
        return ERR_UNKNOWN;
    (void)snprintf(chain->ark_cn, sizeof chain->ark_cn, "ARK-%s", p->name);
    (void)snprintf(chain->ask_cn, sizeof chain->ask_cn, "SEV-%s", p->name);
    chain->cpuid_family = p->family;
    chain->cpuid_model = p->model;
    chain->cpuid_stepping = p->stepping;
    chain->tcb = p->tcb;
    common_fields(&chain->ark, p->ark_serial, start, root_days);
    common_fields(&chain->ask, p->ask_serial, start, root_days);
    common_fields(&chain->vcek, 0, start, chip_days);
    enum err e = simulated_certificate_key(&chain->ark, chain->ark_key);
    if (e == ERR_OK)
        e = simulated_certificate_key(&chain->ask, chain->ask_key);
    if (e == ERR_OK)
        e = simulated_certificate_key(&chain->vcek, chain->vcek_key);
    if (e == ERR_OK && !(ark_fields(chain, p) && ask_fields(chain, p) && vcek_fields(chain, p)))
        e = ERR_NO_SPACE;
    return e;
}

static enum err sign(const struct simulated_certificate *c, const struct crypto_private_key *signer,
                     struct simulated_der *out)
{
    return simulated_certificate_sign(c, signer, out->der, sizeof out->der, &out->len);
}

static enum err make_keys(struct simulated_chain *chain)
{
    enum err e = crypto_private_key_new(CRYPTO_KEY_RSA, RSA_BITS, &chain->ark_key);
    if (e == ERR_OK)
        e = crypto_private_key_new(CRYPTO_KEY_RSA, RSA_BITS, &chain->ask_key);
    if (e == ERR_OK)
        e = crypto_private_key_new(CRYPTO_KEY_P384, 0, &chain->vcek_key);
    return e;
}

enum err simulated_chain_new(const char *product, int64_t now, struct simulated_chain **out)
{
    const struct product *p = product_named(product);
    *out = NULL;
    if (p == NULL)
        return ERR_UNKNOWN;
    struct simulated_chain *chain = secret_alloc(sizeof *chain);
    if (chain == NULL)
        return ERR_MEMORY;
    (void)snprintf(chain->product, sizeof chain->product, "%s", p->name);
    enum err e = crypto_random(chain->chip_id, p->hwid_size);
    if (e == ERR_OK)
        e = make_keys(chain);
    if (e == ERR_OK)
        e = simulated_chain_fields(chain, now - day);
    if (e == ERR_OK)
        e = sign(&chain->ark, chain->ark_key, &chain->ark_der);
    if (e == ERR_OK)
        e = sign(&chain->ask, chain->ark_key, &chain->ask_der);
    if (e == ERR_OK)
        e = sign(&chain->vcek, chain->ask_key, &chain->vcek_der);
    if (e == ERR_OK)
        *out = chain;
    else
        simulated_chain_free(chain);
    return e;
}

enum err simulated_chain_list(struct simulated_chain *chain, int64_t now)
{
    enum { HOUR = 3600, LIST_DAYS = 365 };
    const struct simulated_list list = {.maker = &simulated_amd,
                                        .issuer_cn = chain->ark_cn,
                                        .this_update = now - HOUR,
                                        .next_update = now + LIST_DAYS * day,
                                        .number = (uint64_t)now};
    return simulated_list_sign(&list, chain->ark_key, chain->crl_der.der, sizeof chain->crl_der.der,
                               &chain->crl_der.len);
}

void simulated_chain_free(struct simulated_chain *chain)
{
    if (chain == NULL)
        return;
    crypto_private_key_free(chain->ark_key);
    crypto_private_key_free(chain->ask_key);
    crypto_private_key_free(chain->vcek_key);
    secret_free(chain);
}
