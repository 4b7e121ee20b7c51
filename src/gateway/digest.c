/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/digest.h"

#include <openssl/evp.h>

static enum err digest(const EVP_MD *md, const struct bytes *parts, size_t count, uint8_t *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fine = context != NULL && EVP_DigestInit_ex2(context, md, NULL) == 1;
    for (size_t i = 0; fine && i < count; i++)
        fine = EVP_DigestUpdate(context, parts[i].ptr, parts[i].len) == 1;
    fine = fine && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return fine ? ERR_OK : ERR_CRYPTO;
}

enum err digest_sha1(const struct bytes *parts, size_t count, uint8_t out[static DIGEST_SHA1_SIZE])
{
    return digest(EVP_sha1(), parts, count, out);
}

enum err digest_sha256(const struct bytes *parts, size_t count, uint8_t out[static DIGEST_SHA256_SIZE])
{
    return digest(EVP_sha256(), parts, count, out);
}
