/* SPDX-License-Identifier: Apache-2.0 */
#include "support/synthetic_der.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"

/* A test that cannot make its evidence has nothing to say. */
void synthetic_must(enum err e)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "synthetic evidence: %s\n", err_text(e));
    abort();
}

size_t synthetic_begin(struct writer *w, uint8_t tag)
{
    writer_u8(w, tag);
    return w->used;
}

void synthetic_end(struct writer *w, size_t start)
{
    size_t len = w->used - start;
    uint8_t header[4];
    struct writer h = writer_into(header, sizeof header);
    if (len < 0x80) {
        writer_u8(&h, (uint8_t)len);
    } else if (len < 0x100) {
        writer_u8(&h, 0x81);
        writer_u8(&h, (uint8_t)len);
    } else {
        writer_u8(&h, 0x82);
        writer_u16be(&h, (uint16_t)len);
    }
    writer_zeros(w, h.used);
    if (w->failed)
        synthetic_must(ERR_NO_SPACE);
    memmove(w->start + start + h.used, w->start + start, len);
    memcpy(w->start + start, header, h.used);
}

void synthetic_put(struct writer *w, uint8_t tag, const void *value, size_t len)
{
    size_t at = synthetic_begin(w, tag);
    writer_bytes(w, bytes_of(value, len));
    synthetic_end(w, at);
}

void synthetic_put_uint8(struct writer *w, int value)
{
    const uint8_t octets[] = {0, (uint8_t)value};
    size_t zeros = value < 0x80 ? 1 : 0;
    synthetic_put(w, 0x02, octets + zeros, sizeof octets - zeros);
}

static void put_sha384(struct writer *w)
{
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02);
    synthetic_put(w, 0x05, "", 0);
    synthetic_end(w, seq);
}

void synthetic_put_number(struct writer *w, struct bytes number)
{
    size_t at = synthetic_begin(w, 0x02);
    struct reader r = reader_over(number);
    for (struct reader next = r; next.left > 1 && reader_u8(&next) == 0;)
        r = next;
    struct bytes octets = reader_rest(&r);
    writer_zeros(w, octets.ptr[0] >= 0x80);
    writer_bytes(w, octets);
    synthetic_end(w, at);
}

void synthetic_put_pss(struct writer *w, int salt)
{
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a);
    size_t params = synthetic_begin(w, 0x30);
    size_t hash = synthetic_begin(w, 0xa0);
    put_sha384(w);
    synthetic_end(w, hash);
    size_t mask = synthetic_begin(w, 0xa1);
    size_t mgf = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08);
    put_sha384(w);
    synthetic_end(w, mgf);
    synthetic_end(w, mask);
    size_t salt_tag = synthetic_begin(w, 0xa2);
    synthetic_put_uint8(w, salt);
    synthetic_end(w, salt_tag);
    synthetic_end(w, params);
    synthetic_end(w, seq);
}

static void put_name_part(struct writer *w, uint8_t type, const char *text)
{
    size_t set = synthetic_begin(w, 0x31);
    size_t seq = synthetic_begin(w, 0x30);
    SYNTHETIC_PUT_OID(w, 0x55, 0x04, type);
    synthetic_put(w, 0x0c, text, strlen(text));
    synthetic_end(w, seq);
    synthetic_end(w, set);
}

void synthetic_put_name(struct writer *w, const char *common_name)
{
    size_t seq = synthetic_begin(w, 0x30);
    put_name_part(w, 0x0a, "Synthetic test evidence");
    put_name_part(w, 0x03, common_name);
    synthetic_end(w, seq);
}

void synthetic_put_extension(struct writer *w, const uint8_t *oid, size_t oid_len, bool critical,
                             const void *value, size_t len)
{
    size_t seq = synthetic_begin(w, 0x30);
    synthetic_put(w, 0x06, oid, oid_len);
    if (critical)
        synthetic_put(w, 0x01, "\xff", 1);
    synthetic_put(w, 0x04, value, len);
    synthetic_end(w, seq);
}

void synthetic_put_ca(struct writer *w, bool is_ca, int path_length, int key_usage)
{
    uint8_t buffer[16];
    const uint8_t bits[] = {0x03, 0x02, 0x01, (uint8_t)key_usage};
    struct writer v = writer_into(buffer, sizeof buffer);
    size_t seq = synthetic_begin(&v, 0x30);
    if (is_ca)
        synthetic_put(&v, 0x01, "\xff", 1);
    if (is_ca && path_length != SYNTHETIC_LEFT_OUT)
        synthetic_put_uint8(&v, path_length);
    synthetic_end(&v, seq);
    synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x13), true, buffer, v.used);
    synthetic_put_extension(w, SYNTHETIC_OID(0x55, 0x1d, 0x0f), true, bits, sizeof bits);
}

void synthetic_print(struct synthetic_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it is, two lines above; the analyzer loses it between files */
    int len = vsnprintf(t->at + t->used, t->size - t->used, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= t->size - t->used)
        synthetic_must(ERR_NO_SPACE);
    t->used += (size_t)len;
}

struct bytes synthetic_sign_pss(const struct crypto_private_key *signer, int salt, struct bytes message,
                                uint8_t out[static 512])
{
    enum { KEPT = 64 };
    static struct {
        const struct crypto_private_key *signer;
        int salt;
        uint8_t digest[32];
        size_t len;
        uint8_t signature[512];
    } kept[KEPT];
    static size_t next;
    uint8_t digest[32];
    size_t len;
    synthetic_must(crypto_hash_parts(CRYPTO_SHA256, &message, 1, digest));
    for (size_t i = 0; i < KEPT; i++) {
        if (kept[i].signer != signer || kept[i].salt != salt ||
            memcmp(kept[i].digest, digest, sizeof digest) != 0)
            continue;
        memcpy(out, kept[i].signature, kept[i].len);
        return bytes_of(out, kept[i].len);
    }
    synthetic_must(crypto_rsa_pss_sign(signer, CRYPTO_SHA384, (size_t)salt, message, out, 512, &len));
    kept[next].signer = signer;
    kept[next].salt = salt;
    kept[next].len = len;
    memcpy(kept[next].digest, digest, sizeof digest);
    memcpy(kept[next].signature, out, len);
    next = (next + 1) % KEPT;
    return bytes_of(out, len);
}
