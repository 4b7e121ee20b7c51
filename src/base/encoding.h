/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

/*
 * Hexadecimal and base64 (RFC 4648), without lookup tables, so that the time does not depend on the bytes: keys pass
 * through here. Decoding is strict: exactly one text for each byte string (no white space, no missing or superfluous
 * padding, no stray bits in the last character); base64url is without padding, as RATS and JOSE use it.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/writer.h"

#define ENCODING_HEX_SIZE(n)       ((n)*2 + 1) /* with its NUL */
#define ENCODING_BASE64_SIZE(n)    (((n) + 2) / 3 * 4 + 1)
#define ENCODING_BASE64URL_SIZE(n) (((n)*4 + 2) / 3 + 1)

/* Lower case, NUL-terminated; out holds ENCODING_HEX_SIZE(in.len). */
void encoding_hex(struct bytes in, char *out);

/* Either case; text has exactly 2 * size characters. ERR_ENCODING otherwise. */
ERR_MUST_USE enum err encoding_unhex(struct bytes text, uint8_t *out, size_t size);

/* NUL-terminated; out holds ENCODING_BASE64_SIZE / ENCODING_BASE64URL_SIZE(in.len). */
void encoding_base64(struct bytes in, char *out);
void encoding_base64url(struct bytes in, char *out);

/* Decodes into out (size bytes of room), length in *len. ERR_ENCODING, ERR_NO_SPACE. */
ERR_MUST_USE enum err encoding_unbase64(struct bytes text, uint8_t *out, size_t size, size_t *len);
ERR_MUST_USE enum err encoding_unbase64url(struct bytes text, uint8_t *out, size_t size, size_t *len);

/* One certificate or CRL of a PEM file (RFC 7468): finds the next "-----BEGIN label-----" block in *text, decodes it into out and moves
 * *text behind it. Line breaks and blanks inside the block are allowed, text between blocks is skipped. ERR_TRUNCATED: there is no further block. */
ERR_MUST_USE enum err encoding_pem_next(struct bytes *text, const char *label, uint8_t *out, size_t size,
                                        size_t *len);

/* Such a block, lines of 64 characters. What does not fit shows in writer_finish. ERR_MEMORY. */
ERR_MUST_USE enum err encoding_pem_write(struct writer *w, const char *label, struct bytes der);

/* Valid UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF)? */
bool encoding_is_utf8(struct bytes text);

/* Size of the character that text begins with: 0 when it is ill-formed, more than is left when it is not complete. */
size_t encoding_utf8_size(struct bytes text);

/* How many bytes at the end of text begin a UTF-8 character that is not complete yet (0 to 3). */
size_t encoding_utf8_incomplete(struct bytes text);

#endif
