/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_rim.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/encoding.h"

#define SWID "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define HASH "http://www.w3.org/2001/04/xmlenc#sha384"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"

enum { INFO_MAX = 4096, RAW_SIZE = 96, PIECE_MAX = 512 };

static const char *const texts[SIMULATED_RIM_TEXTS] = {
    [SIMULATED_RIM_DECLARATION] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    [SIMULATED_RIM_BEFORE_META] =
        "<Entity name=\"Simulated NVIDIA\" role=\"softwareCreator tagCreator\"></Entity>\n",
    [SIMULATED_RIM_RESOURCE] = "Measurement",
    [SIMULATED_RIM_ACTIVE] = "True",
    [SIMULATED_RIM_IN_PAYLOAD] = "",
    [SIMULATED_RIM_BEHIND] = "",
    [SIMULATED_RIM_CANONICAL] = "http://www.w3.org/2006/12/xml-c14n11",
    [SIMULATED_RIM_METHOD] = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    [SIMULATED_RIM_ENVELOPED] = "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    [SIMULATED_RIM_TRANSFORM] = "http://www.w3.org/2006/12/xml-c14n11",
    [SIMULATED_RIM_DIGEST] = "http://www.w3.org/2001/04/xmldsig-more#sha384",
    [SIMULATED_RIM_URI] = "",
    [SIMULATED_RIM_REFERENCES] = "",
    [SIMULATED_RIM_IN_SIGNATURE] = "",
};

static const char *text_of(const struct simulated_rim *rim, enum simulated_rim_text which)
{
    return rim->texts[which] != NULL ? rim->texts[which] : texts[which];
}

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *format, ...)
{
    char piece[PIECE_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(piece, sizeof piece, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof piece)
        w->failed = true;
    else
        writer_bytes(w, bytes_of(piece, (size_t)len));
}

static void base64_put(struct writer *w, struct bytes b)
{
    char text[ENCODING_BASE64_SIZE(SIMULATED_NV_DER_MAX)];
    encoding_base64(b, text);
    writer_str(w, text);
}

/* ---- the document, without its signature ---- */

static void row_write(struct writer *w, const struct simulated_rim *rim, const struct simulated_rim_row *row)
{
    put(w,
        "<Resource active=\"%s\" alternatives=\"%u\" index=\"%u\" name=\"Measurement_%u\" size=\"%d\" "
        "type=\"%s\"",
        row->active ? text_of(rim, SIMULATED_RIM_ACTIVE) : "False", row->alternatives, row->index, row->index,
        SIMULATED_RIM_VALUE_SIZE, text_of(rim, SIMULATED_RIM_RESOURCE));
    for (size_t i = 0; i < row->alternatives; i++) {
        char hex[ENCODING_HEX_SIZE(SIMULATED_RIM_VALUE_SIZE)];
        encoding_hex(bytes_of(row->values[i], SIMULATED_RIM_VALUE_SIZE), hex);
        put(w, " ns2:Hash%zu=\"%s\"", i, hex);
    }
    put(w, "></Resource>\n");
}

static void head_write(struct writer *w, const struct simulated_rim *rim)
{
    put(w,
        "<SoftwareIdentity xmlns=\"%s\" xmlns:ns2=\"%s\" corpus=\"false\" name=\"%s\" tagId=\"simulated\" "
        "version=\"1.0\">\n",
        SWID, HASH, rim->product);
    writer_str(w, text_of(rim, SIMULATED_RIM_BEFORE_META));
    put(w, "<Meta colloquialVersion=\"%s\" edition=\"GPU\" product=\"%s\"></Meta>\n<Payload>\n", rim->version,
        rim->product);
    for (size_t i = 0; i < rim->row_count; i++)
        row_write(w, rim, &rim->rows[i]);
    writer_str(w, text_of(rim, SIMULATED_RIM_IN_PAYLOAD));
    put(w, "</Payload>\n");
}

static void tail_write(struct writer *w, const struct simulated_rim *rim)
{
    writer_str(w, text_of(rim, SIMULATED_RIM_BEHIND));
    put(w, "</SoftwareIdentity>");
}

/* ---- the signature ---- */

/* What stands in SignedInfo. */
static void info_write(struct writer *w, const struct simulated_rim *rim,
                       const uint8_t digest[static CRYPTO_SHA384_SIZE])
{
    put(w, "<ds:CanonicalizationMethod Algorithm=\"%s\"></ds:CanonicalizationMethod>",
        text_of(rim, SIMULATED_RIM_CANONICAL));
    put(w, "<ds:SignatureMethod Algorithm=\"%s\"></ds:SignatureMethod>", text_of(rim, SIMULATED_RIM_METHOD));
    put(w, "<ds:Reference URI=\"%s\"><ds:Transforms>", text_of(rim, SIMULATED_RIM_URI));
    put(w, "<ds:Transform Algorithm=\"%s\"></ds:Transform>", text_of(rim, SIMULATED_RIM_ENVELOPED));
    put(w, "<ds:Transform Algorithm=\"%s\"></ds:Transform>", text_of(rim, SIMULATED_RIM_TRANSFORM));
    put(w, "</ds:Transforms><ds:DigestMethod Algorithm=\"%s\"></ds:DigestMethod><ds:DigestValue>",
        text_of(rim, SIMULATED_RIM_DIGEST));
    base64_put(w, bytes_of(digest, CRYPTO_SHA384_SIZE));
    put(w, "</ds:DigestValue></ds:Reference>%s</ds:SignedInfo>", text_of(rim, SIMULATED_RIM_REFERENCES));
}

static enum err signature_write(struct writer *w, const struct simulated_rim *rim,
                                const struct simulated_nv_der chain[static SIMULATED_RIM_CHAIN],
                                const struct crypto_private_key *key, struct bytes info)
{
    uint8_t raw[RAW_SIZE];
    uint8_t buffer[INFO_MAX];
    struct bytes canonical;
    struct writer c = writer_into(buffer, sizeof buffer);
    put(&c, "<ds:SignedInfo xmlns=\"%s\" xmlns:ds=\"%s\" xmlns:ns2=\"%s\">", SWID, DSIG, HASH);
    writer_bytes(&c, info);
    enum err e = writer_finish(&c, &canonical);
    if (e == ERR_OK)
        e = crypto_ecdsa_sign_raw(key, CRYPTO_SHA384, canonical, raw);
    if (e != ERR_OK)
        return e;
    put(w, "<ds:Signature xmlns:ds=\"%s\"><ds:SignedInfo>", DSIG);
    writer_bytes(w, info);
    put(w, "<ds:SignatureValue>");
    base64_put(w, bytes_of(raw, sizeof raw));
    put(w, "</ds:SignatureValue><ds:KeyInfo><ds:X509Data>");
    for (size_t i = 0; i < SIMULATED_RIM_CHAIN; i++) {
        put(w, "<ds:X509Certificate>");
        base64_put(w, bytes_of(chain[i].der, chain[i].len));
        put(w, "\n</ds:X509Certificate>");
    }
    put(w, "</ds:X509Data></ds:KeyInfo>%s</ds:Signature>", text_of(rim, SIMULATED_RIM_IN_SIGNATURE));
    return ERR_OK;
}

enum err simulated_rim_sign(const struct simulated_rim *rim,
                            const struct simulated_nv_der chain[static SIMULATED_RIM_CHAIN],
                            const struct crypto_private_key *key, uint8_t *out, size_t size, size_t *len)
{
    uint8_t digest[CRYPTO_SHA384_SIZE];
    uint8_t info_buffer[INFO_MAX];
    char tail_buffer[PIECE_MAX];
    struct bytes parts[2];
    struct bytes info;
    struct bytes whole;
    *len = 0;
    struct writer w = writer_into(out, size);
    writer_str(&w, text_of(rim, SIMULATED_RIM_DECLARATION));
    size_t begun = w.used;
    head_write(&w, rim);
    parts[0] = bytes_of(out + begun, w.used - begun);
    struct writer tail = writer_into(tail_buffer, sizeof tail_buffer);
    tail_write(&tail, rim);
    enum err e = writer_finish(&tail, &parts[1]);
    if (e == ERR_OK)
        e = crypto_hash_parts(CRYPTO_SHA384, parts, 2, digest);
    struct writer i = writer_into(info_buffer, sizeof info_buffer);
    info_write(&i, rim, digest);
    if (e == ERR_OK)
        e = writer_finish(&i, &info);
    if (e == ERR_OK)
        e = signature_write(&w, rim, chain, key, info);
    if (e != ERR_OK)
        return e;
    writer_bytes(&w, parts[1]);
    e = writer_finish(&w, &whole);
    *len = e == ERR_OK ? whole.len : 0;
    return e;
}
