/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/simulated.h"

#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/register.h"

enum { LENGTH_SIZE = 4 };

/* Each is hashed with its NUL. */
static const char label_launch[] = "enclume simulated launch v1";
static const char label_firmware[] = "enclume simulated firmware v1";
static const char label_platform[] = "enclume simulated virtual platform v1";
static const char label_command_line[] = "enclume simulated command line v1";

#define LABEL(text) bytes_of((text), sizeof(text))

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

/* SHA-384 of label, prefix (may be empty) and the arguments. */
static enum err arguments_hash(struct bytes label, struct bytes prefix, const char *const *args, size_t count,
                               uint8_t digest[static LAUNCH_REGISTER_SIZE])
{
    struct crypto_hash_stream *s;
    uint8_t length[LENGTH_SIZE];
    memset(digest, 0, LAUNCH_REGISTER_SIZE);
    if (count > LAUNCH_SIMULATED_ARGS_MAX)
        return ERR_TOO_LARGE;
    enum err e = crypto_hash_open(CRYPTO_SHA384, &s);
    if (e != ERR_OK)
        return e;
    e = crypto_hash_feed(s, label);
    if (e == ERR_OK)
        e = crypto_hash_feed(s, prefix);
    if (e == ERR_OK)
        e = crypto_hash_feed(s, length_of(count, length));
    for (size_t i = 0; e == ERR_OK && i < count; i++)
        e = argument_feed(s, bytes_str(args[i]));
    enum err closed = crypto_hash_close(s, e == ERR_OK ? digest : NULL);
    return e == ERR_OK ? closed : e;
}

enum err launch_simulated_measure(const uint8_t program_digest[static 48], const char *const *args,
                                  size_t count, uint8_t measurement[static 48])
{
    return arguments_hash(LABEL(label_launch), bytes_of(program_digest, CRYPTO_SHA384_SIZE), args, count,
                          measurement);
}

/* ---- the platforms ---- */

static enum err snp_measure(const uint8_t program_digest[static 48], const char *const *args, size_t count,
                            struct launch_registers *out)
{
    *out = (struct launch_registers){.count = 1, .at = {{.name = "measurement"}}};
    return launch_simulated_measure(program_digest, args, count, out->at[0].value);
}

static enum err tdx_measure(const uint8_t program_digest[static 48], const char *const *args, size_t count,
                            struct launch_registers *out)
{
    enum { MRTD, RTMR0, RTMR1, RTMR2 };
    const struct bytes firmware = LABEL(label_firmware);
    const struct bytes platform = LABEL(label_platform);
    uint8_t event[LAUNCH_REGISTER_SIZE];
    *out = (struct launch_registers){
        .count = 5,
        .at = {{.name = "mrtd"}, {.name = "rtmr0"}, {.name = "rtmr1"}, {.name = "rtmr2"}, {.name = "rtmr3"}}};
    enum err e = crypto_hash_parts(CRYPTO_SHA384, &firmware, 1, out->at[MRTD].value);
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA384, &platform, 1, event);
    if (e == ERR_OK)
        e = launch_register_extend(out->at[RTMR0].value, event);
    if (e == ERR_OK)
        e = launch_register_extend(out->at[RTMR1].value, program_digest);
    if (e == ERR_OK)
        e = arguments_hash(LABEL(label_command_line), (struct bytes){0}, args, count, event);
    return e == ERR_OK ? launch_register_extend(out->at[RTMR2].value, event) : e;
}

const struct launch_platform *launch_simulated_platform(const char *name)
{
    static const struct launch_platform platforms[] = {{"snp", snp_measure}, {"tdx", tdx_measure}};
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++)
        if (strcmp(platforms[i].name, name) == 0)
            return &platforms[i];
    return NULL;
}
