/* SPDX-License-Identifier: Apache-2.0 */

/* Protocol names (section 8): "Noise" "_" pattern "_" DH "_" cipher "_" hash, nothing else and nothing optional. */

#include "noise/noise_internal.h"

#define PREFIX "Noise_"

/* X25519, with ML-KEM-768 beside it exactly where the pattern has the hfs modifier. */
static const char *const dh_names[] = {[false] = "25519", [true] = "25519+MLKEM768"};

struct named {
    const char *name;
    int value;
};

static const struct named ciphers[] = {
    {"AESGCM", CRYPTO_AES256_GCM},
    {"ChaChaPoly", CRYPTO_CHACHA20_POLY1305},
    {NULL, 0},
};

static const struct named hashes[] = {
    {"SHA256", CRYPTO_SHA256},
    {"SHA512", CRYPTO_SHA512},
    {"BLAKE2s", CRYPTO_BLAKE2S},
    {NULL, 0},
};

/* Cuts the part before the next underscore (or the end) off *rest. */
static struct bytes next_part(const char **rest)
{
    size_t len = strcspn(*rest, "_");
    struct bytes part = bytes_of(*rest, len);
    *rest += len;
    if (**rest == '_')
        *rest += 1;
    return part;
}

static const struct named *find(const struct named *table, struct bytes name)
{
    for (; table->name != NULL; table++)
        if (bytes_is_str(name, table->name))
            return table;
    return NULL;
}

enum err noise_protocol_parse(const char *name, struct noise_protocol *protocol)
{
    size_t len = strnlen(name, NOISE_NAME_MAX + 1);
    if (len > NOISE_NAME_MAX || name[len - (len > 0)] == '_' || strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return ERR_NOISE_NAME;

    const char *rest = name + strlen(PREFIX);
    struct bytes pattern_part = next_part(&rest);
    const struct noise_pattern *pattern =
        noise_pattern_find((const char *)pattern_part.ptr, pattern_part.len);
    struct bytes dh = next_part(&rest);
    const struct named *cipher = find(ciphers, next_part(&rest));
    const struct named *hash = find(hashes, next_part(&rest));
    if (pattern == NULL || !bytes_is_str(dh, dh_names[pattern->hfs]) || cipher == NULL || hash == NULL ||
        *rest != '\0')
        return ERR_NOISE_NAME;

    *protocol = (struct noise_protocol){
        .pattern = pattern,
        .aead = (enum crypto_aead)cipher->value,
        .hash = (enum crypto_hash)hash->value,
    };
    return ERR_OK;
}
