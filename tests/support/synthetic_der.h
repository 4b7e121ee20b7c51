/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_DER_H
#define TESTS_SUPPORT_SYNTHETIC_DER_H

/*
 * DER for made-up certificates and revocation lists: the tests' own writer, so that the parser is not held against a mirror of itself. Any value can be
 * written, wrong ones included. An element is begun, filled and ended; its content moves up when the length needs more octets.
 */

#include "base/writer.h"
#include "crypto/sign.h"

/* A test that cannot make its evidence has nothing to say: says which error it was and aborts. */
void synthetic_must(enum err e);

size_t synthetic_begin(struct writer *w, uint8_t tag);
void synthetic_end(struct writer *w, size_t start);
void synthetic_put(struct writer *w, uint8_t tag, const void *value, size_t len);
void synthetic_put_uint8(struct writer *w, int value);            /* INTEGER, 0 to 255 */
void synthetic_put_number(struct writer *w, struct bytes number); /* INTEGER, without sign */
/* AlgorithmIdentifier of RSASSA-PSS with SHA-384, and this salt. */
void synthetic_put_pss(struct writer *w, int salt);
/* RSASSA-PSS with SHA-384 into out, 512 bytes. Signing the same bytes again gives the same signature: a key of 4096 bits is slow, and tests sign the same
 * certificates hundreds of times. One thread. */
struct bytes synthetic_sign_pss(const struct crypto_private_key *signer, int salt, struct bytes message,
                                uint8_t out[static 512]);
/* Name: an organisation and a common name. */
void synthetic_put_name(struct writer *w, const char *common_name);
void synthetic_put_extension(struct writer *w, const uint8_t *oid, size_t oid_len, bool critical,
                             const void *value, size_t len);

enum { SYNTHETIC_LEFT_OUT = -1 };

/* Basic constraints and key usage, both critical; path_length may be SYNTHETIC_LEFT_OUT; key_usage: the one octet of flags. */
void synthetic_put_ca(struct writer *w, bool is_ca, int path_length, int key_usage);

/* Text that is put together, such as JSON: printf into a buffer; what does not fit aborts. */
struct synthetic_text {
    char *at;
    size_t size;
    size_t used;
};
void synthetic_print(struct synthetic_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define SYNTHETIC_OID(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define SYNTHETIC_PUT_OID(w, ...)                                                                            \
    synthetic_put(w, 0x06, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#endif
