/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/rand.h>

#include "base/secret.h"
#include "crypto/library.h"

enum { RANDOM_STRENGTH = 256 };

enum err crypto_random(void *out, size_t n)
{
    if (RAND_priv_bytes_ex(NULL, out, n, RANDOM_STRENGTH) == 1)
        return ERR_OK;
    secret_wipe(out, n);
    return crypto_failed(ERR_CRYPTO);
}
