/* SPDX-License-Identifier: Apache-2.0 */
/* A made-up chain of AMD's shape as text, and what can be read from it. */
#include "attest/x509.h"
#include "base/reader.h"
#include "base/secret.h"
#include "evidence/simulated_chain_internal.h"

enum { ASK_PREFIX_LEN = 4 /* "SEV-" */ };

static struct simulated_kept kept_of(struct simulated_chain *chain)
{
    return (struct simulated_kept){
        .certificate_count = 3,
        .certificates = {&chain->ark_der, &chain->ask_der, &chain->vcek_der},
        .key_count = 3,
        .keys = {{CRYPTO_KEY_RSA, &chain->ark_key},
                 {CRYPTO_KEY_RSA, &chain->ask_key},
                 {CRYPTO_KEY_P384, &chain->vcek_key}},
    };
}

enum err simulated_chain_write(struct simulated_chain *chain, char *text, size_t size, size_t *len)
{
    const struct simulated_kept kept = kept_of(chain);
    return simulated_kept_write(&kept, text, size, len);
}

/* What the chip is, from its certificate: product, HWID and the start of validity. */
static enum err identity_read(struct simulated_chain *chain, int64_t *start)
{
    static const uint8_t hwid[] = {0x2b, 0x06, 0x01, 0x04, 0x01,
                                   0x9c, 0x78, 0x01, 0x04}; /* 1.3.6.1.4.1.3704.1.4 */
    struct x509 vcek;
    enum err e = x509_parse(bytes_of(chain->vcek_der.der, chain->vcek_der.len), &vcek, NULL);
    if (e != ERR_OK)
        return e;
    const struct der_extension *x = x509_extension(&vcek, bytes_of(hwid, sizeof hwid));
    if (x == NULL || x->value.len > sizeof chain->chip_id || vcek.issuer_cn.len <= ASK_PREFIX_LEN ||
        vcek.issuer_cn.len - ASK_PREFIX_LEN >= sizeof chain->product)
        return ERR_CERTIFICATE;
    struct reader cn = reader_over(vcek.issuer_cn);
    (void)reader_bytes(&cn, ASK_PREFIX_LEN);
    struct bytes product = reader_rest(&cn);
    memcpy(chain->product, product.ptr, product.len);
    memcpy(chain->chip_id, x->value.ptr, x->value.len);
    *start = vcek.not_before;
    return ERR_OK;
}

enum err simulated_chain_read(struct bytes text, struct simulated_chain **out)
{
    int64_t start = 0;
    *out = NULL;
    struct simulated_chain *chain = secret_alloc(sizeof *chain);
    if (chain == NULL)
        return ERR_MEMORY;
    const struct simulated_kept kept = kept_of(chain);
    enum err e = simulated_kept_read(text, &kept);
    if (e == ERR_OK)
        e = identity_read(chain, &start);
    if (e == ERR_OK)
        e = simulated_chain_fields(chain, start);
    if (e == ERR_OK)
        *out = chain;
    else
        simulated_chain_free(chain);
    return e;
}
