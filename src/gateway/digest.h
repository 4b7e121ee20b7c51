/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_DIGEST_H
#define GATEWAY_DIGEST_H

/*
 * Hashes straight from libcrypto. Not by crypto/, whose crypto_init moves libcrypto's whole heap into locked memory: the gateway has no secret of
 * the channel, and TLS buffers of ten thousand connections do not belong there. SHA-1 is here because RFC 6455 wants it, and protects nothing.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { DIGEST_SHA1_SIZE = 20, DIGEST_SHA256_SIZE = 32 };

/* Of the concatenation of count parts. ERR_CRYPTO. */
ERR_MUST_USE enum err digest_sha1(const struct bytes *parts, size_t count,
                                  uint8_t out[static DIGEST_SHA1_SIZE]);
ERR_MUST_USE enum err digest_sha256(const struct bytes *parts, size_t count,
                                    uint8_t out[static DIGEST_SHA256_SIZE]);

#endif
