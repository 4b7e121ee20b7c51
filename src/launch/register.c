/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/register.h"

#include "crypto/crypto.h"

enum err launch_register_extend(uint8_t value[static LAUNCH_REGISTER_SIZE],
                                const uint8_t event[static LAUNCH_REGISTER_SIZE])
{
    const struct bytes parts[] = {bytes_of(value, LAUNCH_REGISTER_SIZE),
                                  bytes_of(event, LAUNCH_REGISTER_SIZE)};
    uint8_t next[LAUNCH_REGISTER_SIZE];
    enum err e = crypto_hash_parts(CRYPTO_SHA384, parts, 2, next);
    if (e == ERR_OK)
        memcpy(value, next, sizeof next);
    return e;
}
