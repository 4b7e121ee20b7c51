/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA over P-256 and P-384 (FIPS 186-5 section 6.4). */
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/library.h"

enum {
    DER_SEQUENCE = 0x30,
    DER_INTEGER = 0x02,
    DER_HEADER_SIZE = 2, /* tag and a length below 128: P-384 needs 104 bytes at most */
    DER_SIGNATURE_MAX = DER_HEADER_SIZE + 2 * (DER_HEADER_SIZE + 1 + 48),
};

/* libcrypto encodes the signature anew and compares, so what is not DER does not verify; nor does r or s outside [1, n-1]. */
enum err crypto_ecdsa_verify(const struct crypto_public_key *key, enum crypto_hash h, struct bytes message,
                             struct bytes der)
{
    uint8_t digest[CRYPTO_HASH_MAX];
    if (crypto_field_size(key->kind) == 0)
        return ERR_KEY;
    enum err e = crypto_hash_parts(h, &message, 1, digest);
    if (e != ERR_OK)
        return e;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (context == NULL || EVP_PKEY_verify_init(context) != 1)
        e = ERR_CRYPTO;
    else if (EVP_PKEY_verify(context, der.ptr, der.len, digest, crypto_hash_size(h)) != 1)
        e = ERR_SIGNATURE;
    EVP_PKEY_CTX_free(context);
    return e == ERR_OK ? ERR_OK : crypto_failed(e);
}

/* An unsigned number of fixed size as a DER INTEGER: no leading zeros, but for one that keeps it positive. */
static void write_integer(struct writer *w, struct bytes number)
{
    struct reader r = reader_over(number);
    for (struct reader next = r; next.left > 1 && reader_u8(&next) == 0;)
        r = next;
    struct bytes digits = reader_rest(&r);
    bool sign = digits.ptr[0] >= 0x80;
    writer_u8(w, DER_INTEGER);
    writer_u8(w, (uint8_t)(digits.len + sign));
    writer_zeros(w, sign);
    writer_bytes(w, digits);
}

enum err crypto_ecdsa_verify_raw(const struct crypto_public_key *key, enum crypto_hash h,
                                 struct bytes message, struct bytes rs)
{
    const size_t size = crypto_field_size(key->kind);
    uint8_t content[DER_SIGNATURE_MAX];
    uint8_t whole[DER_SIGNATURE_MAX];
    struct bytes out;
    if (size == 0)
        return ERR_KEY;
    if (rs.len != 2 * size)
        return ERR_SIGNATURE;
    struct reader r = reader_over(rs);
    struct writer w = writer_into(content, sizeof content);
    write_integer(&w, reader_bytes(&r, size));
    write_integer(&w, reader_bytes(&r, size));
    enum err e = writer_finish(&w, &out);
    if (e != ERR_OK)
        return e;
    w = writer_into(whole, sizeof whole);
    writer_u8(&w, DER_SEQUENCE);
    writer_u8(&w, (uint8_t)out.len);
    writer_bytes(&w, out);
    e = writer_finish(&w, &out);
    return e == ERR_OK ? crypto_ecdsa_verify(key, h, message, out) : e;
}
