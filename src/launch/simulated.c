/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/simulated.h"

#include "base/writer.h"
#include "crypto/crypto.h"

enum { LENGTH_SIZE = 4 };

static const char label[] = "enclume simulated launch v1"; /* hashed with its NUL */

static struct bytes length_of(size_t n, uint8_t buffer[static LENGTH_SIZE])
{
    struct writer w = writer_into(buffer, LENGTH_SIZE);
    writer_u32be(&w, (uint32_t)n);
    return bytes_of(buffer, LENGTH_SIZE);
}

static enum err argument_feed(struct crypto_hash_stream *s, struct bytes argument)
{
    uint8_t length[LENGTH_SIZE];
    if (argument.len > LAUNCH_SIMULATED_ARG_SIZE_MAX)
        return ERR_TOO_LARGE;
    enum err e = crypto_hash_feed(s, length_of(argument.len, length));
    return e == ERR_OK ? crypto_hash_feed(s, argument) : e;
}

enum err launch_simulated_measure(const uint8_t program_digest[static 48], const char *const *args,
                                  size_t count, uint8_t measurement[static 48])
{
    struct crypto_hash_stream *s;
    uint8_t length[LENGTH_SIZE];
    memset(measurement, 0, CRYPTO_SHA384_SIZE);
    if (count > LAUNCH_SIMULATED_ARGS_MAX)
        return ERR_TOO_LARGE;
    enum err e = crypto_hash_open(CRYPTO_SHA384, &s);
    if (e != ERR_OK)
        return e;
    e = crypto_hash_feed(s, bytes_of(label, sizeof label));
    if (e == ERR_OK)
        e = crypto_hash_feed(s, bytes_of(program_digest, CRYPTO_SHA384_SIZE));
    if (e == ERR_OK)
        e = crypto_hash_feed(s, length_of(count, length));
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = argument_feed(s, bytes_str(args[i]));
    enum err closed = crypto_hash_close(s, e == ERR_OK ? measurement : NULL);
    return e == ERR_OK ? closed : e;
}
