/* SPDX-License-Identifier: Apache-2.0 */
/* The textual encoding of certificates and CRLs (RFC 7468). Public data: nothing here is constant-time. */
#include "base/encoding.h"

#include <stdio.h>

#include "base/reader.h"
#include "base/secret.h"

enum { PEM_BOUNDARY_MAX = 80, PEM_LINE = 64 };

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

/* How many octets stand before the next end of a line, which may be that of the text. */
static size_t line_length(const struct reader *r)
{
    size_t len = 0;
    while (len < r->left && !is_line_end(r->at[len]))
        len++;
    return len;
}

/* Moves r behind the next occurrence of the boundary that begins a line, blanks aside; what stands before it in *before. */
static bool pem_boundary(struct reader *r, const char *boundary, struct bytes *before)
{
    struct reader line = *r;
    struct bytes whole = bytes_of(r->at, r->left);
    struct bytes wanted = bytes_str(boundary);
    while (line.left >= wanted.len) {
        while (line.left > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
            (void)reader_u8(&line);
        struct reader look = line;
        if (bytes_equal(reader_bytes(&look, wanted.len), wanted)) {
            *before = bytes_of(whole.ptr, whole.len - line.left);
            *r = look;
            return true;
        }
        (void)reader_bytes(&line, line_length(&line));
        (void)reader_u8(&line);
    }
    return false;
}

/* The base64 inside a block, without its white space. */
static enum err pem_body(struct bytes body, uint8_t *out, size_t size, size_t *len)
{
    enum err e = ERR_ENCODING;
    size_t used = 0;
    uint8_t *packed = secret_alloc(body.len);
    if (packed == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < body.len; i++)
        if (!is_blank(body.ptr[i]))
            packed[used++] = body.ptr[i];
    if (used != 0)
        e = encoding_unbase64(bytes_of(packed, used), out, size, len);
    secret_free(packed);
    return e;
}

enum err encoding_pem_next(struct bytes *text, const char *label, uint8_t *out, size_t size, size_t *len)
{
    char begin[PEM_BOUNDARY_MAX];
    char end[PEM_BOUNDARY_MAX];
    struct bytes between;
    struct bytes body;
    struct reader r = reader_over(*text);
    *len = 0;
    if (snprintf(begin, sizeof begin, "-----BEGIN %s-----", label) >= (int)sizeof begin ||
        snprintf(end, sizeof end, "-----END %s-----", label) >= (int)sizeof end)
        return ERR_NO_SPACE;
    if (!pem_boundary(&r, begin, &between))
        return ERR_TRUNCATED;
    if (!pem_boundary(&r, end, &body))
        return ERR_ENCODING;
    enum err e = pem_body(body, out, size, len);
    if (e == ERR_OK)
        *text = reader_rest(&r);
    return e;
}

enum err encoding_pem_write(struct writer *w, const char *label, struct bytes der)
{
    char *base64 = secret_alloc(ENCODING_BASE64_SIZE(der.len));
    if (base64 == NULL)
        return ERR_MEMORY;
    encoding_base64(der, base64);
    writer_str(w, "-----BEGIN ");
    writer_str(w, label);
    writer_str(w, "-----\n");
    for (struct reader r = reader_over(bytes_str(base64)); r.left > 0;) {
        writer_bytes(w, reader_bytes(&r, r.left < PEM_LINE ? r.left : PEM_LINE));
        writer_str(w, "\n");
    }
    writer_str(w, "-----END ");
    writer_str(w, label);
    writer_str(w, "-----\n");
    secret_free(base64);
    return ERR_OK;
}
