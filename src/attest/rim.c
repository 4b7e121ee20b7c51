/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/rim.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/xml_c14n.h"
#include "base/encoding.h"
#include "base/reader.h"

#define SWID "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define HASH "http://www.w3.org/2001/04/xmlenc#sha384"
#define DSIG "http://www.w3.org/2000/09/xmldsig#"

#define C14N_10   "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define C14N_11   "http://www.w3.org/2006/12/xml-c14n11"
#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SHA384    "http://www.w3.org/2001/04/xmldsig-more#sha384"
#define ECDSA384  "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"

enum { BASE64_MAX = 4096, NAME_SIZE = 24 };

struct parse {
    struct rim *rim;
    const struct xml_document *d;
    struct err_note *note;
};

/* ---- the children of an element, one after the other ---- */

struct cursor {
    const struct xml_document *d;
    uint32_t at;
    uint32_t end;
};

/* Blank text between elements says nothing; other text does not belong there. */
static bool skip_blank(struct cursor *c)
{
    while (c->at != c->end && c->d->nodes[c->at].is_text && xml_is_blank(c->d->nodes[c->at].text))
        c->at++;
    return c->at != c->end;
}

static struct cursor children(const struct xml_document *d, uint32_t i)
{
    return (struct cursor){d, i + 1, d->nodes[i].end};
}

/* The next child, when it is this element. */
static bool take(struct cursor *c, const char *uri, const char *local, uint32_t *i)
{
    if (!skip_blank(c) || !xml_is(c->d, c->at, uri, local))
        return false;
    *i = c->at;
    c->at = c->d->nodes[c->at].end;
    return true;
}

static bool is_done(struct cursor *c)
{
    return !skip_blank(c);
}

static bool has_no_attributes(const struct xml_document *d, uint32_t i)
{
    return d->nodes[i].attribute_count == 0;
}

/* One of two values of the only attribute. */
static bool algorithm_is(const struct xml_document *d, uint32_t i, const char *one, const char *other)
{
    const struct xml_attribute *a = xml_attribute(d, i, "", "Algorithm");
    return a != NULL && d->nodes[i].attribute_count == 1 &&
           (bytes_is_str(a->value, one) || (other != NULL && bytes_is_str(a->value, other)));
}

/* ---- values ---- */

/* Base64 with white space in it, as XML Schema and so XML Signature write it. */
static bool base64_of(const struct xml_document *d, uint32_t i, uint8_t *out, size_t size, size_t *len)
{
    uint8_t packed[BASE64_MAX];
    size_t used = 0;
    struct bytes said;
    if (!has_no_attributes(d, i) || !xml_text(d, i, &said))
        return false;
    for (struct reader r = reader_over(said); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (xml_is_blank(bytes_of(&c, 1)))
            continue;
        if (used == sizeof packed)
            return false;
        packed[used++] = c;
    }
    return used != 0 && encoding_unbase64(bytes_of(packed, used), out, size, len) == ERR_OK;
}

/* A number as NVIDIA writes it: digits, without a sign or a zero in front. */
static bool number_of(const struct xml_attribute *a, unsigned max, unsigned *value)
{
    *value = 0;
    if (a == NULL || a->value.len == 0 || (a->value.len > 1 && a->value.ptr[0] == '0'))
        return false;
    for (struct reader r = reader_over(a->value); r.left > 0;) {
        uint8_t c = reader_u8(&r);
        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (unsigned)(c - '0');
        if (*value > max)
            return false;
    }
    return true;
}

/* ---- what is to be measured ---- */

static const struct xml_attribute *value_of(const struct xml_document *d, uint32_t node, size_t which)
{
    char name[NAME_SIZE];
    (void)snprintf(name, sizeof name, "Hash%zu", which);
    return xml_attribute(d, node, HASH, name);
}

static size_t values_in(const struct xml_document *d, uint32_t node)
{
    const struct xml_node *n = &d->nodes[node];
    size_t found = 0;
    for (uint32_t k = 0; k < n->attribute_count; k++)
        found += bytes_is_str(d->attributes[n->first_attribute + k].uri, HASH);
    return found;
}

static bool values_read(const struct xml_document *d, const struct rim_row *row)
{
    uint8_t value[RIM_VALUE_MAX];
    if (values_in(d, row->node) != row->alternatives)
        return false;
    for (size_t i = 0; i < row->alternatives; i++) {
        const struct xml_attribute *a = value_of(d, row->node, i);
        if (a == NULL || a->value.len != (size_t)row->size * 2 ||
            encoding_unhex(a->value, value, row->size) != ERR_OK)
            return false;
    }
    return true;
}

static enum err resource_read(struct parse *p, uint32_t i)
{
    const struct xml_document *d = p->d;
    struct rim *rim = p->rim;
    const struct xml_attribute *type = xml_attribute(d, i, "", "type");
    const struct xml_attribute *active = xml_attribute(d, i, "", "active");
    unsigned index;
    unsigned size;
    unsigned alternatives;
    struct cursor inside = children(d, i);
    if (type == NULL || !bytes_is_str(type->value, "Measurement"))
        return err_noted(ERR_UNKNOWN, p->note, "resource %zu: a type that is not known", rim->row_count);
    if (active == NULL || !number_of(xml_attribute(d, i, "", "index"), UINT8_MAX, &index) ||
        !number_of(xml_attribute(d, i, "", "size"), RIM_VALUE_MAX, &size) ||
        !number_of(xml_attribute(d, i, "", "alternatives"), RIM_ALTERNATIVES_MAX, &alternatives) ||
        size == 0 || alternatives == 0 || !is_done(&inside))
        return err_noted(ERR_VALUE, p->note, "resource %zu: not a measurement", rim->row_count);
    bool is_active = bytes_is_str(active->value, "True");
    if (!is_active && !bytes_is_str(active->value, "False"))
        return err_noted(ERR_VALUE, p->note, "resource %zu: neither active nor not", rim->row_count);
    if (rim_row(rim, index) != NULL)
        return err_noted(ERR_VALUE, p->note, "measurement %u: twice", index);
    struct rim_row *row = &rim->rows[rim->row_count++];
    *row = (struct rim_row){i, (uint8_t)index, is_active, (uint8_t)size, (uint8_t)alternatives};
    if (!values_read(d, row))
        return err_noted(ERR_VALUE, p->note, "measurement %u: not %u values of %u bytes", index, alternatives,
                         size);
    return ERR_OK;
}

static enum err payload_read(struct parse *p, uint32_t payload)
{
    struct cursor c = children(p->d, payload);
    uint32_t i;
    enum err e = ERR_OK;
    while (e == ERR_OK && take(&c, SWID, "Resource", &i))
        e = resource_read(p, i);
    if (e == ERR_OK && !is_done(&c))
        e = err_noted(ERR_UNKNOWN, p->note, "Payload: something that is not a Resource");
    return e;
}

static enum err meta_read(struct parse *p, uint32_t meta)
{
    const struct xml_attribute *version = xml_attribute(p->d, meta, "", "colloquialVersion");
    const struct xml_attribute *product = xml_attribute(p->d, meta, "", "product");
    struct cursor inside = children(p->d, meta);
    if (version == NULL || version->value.len == 0 || product == NULL || product->value.len == 0 ||
        !is_done(&inside))
        return err_noted(ERR_VALUE, p->note, "Meta: no version or no product");
    p->rim->version = version->value;
    p->rim->product = product->value;
    return ERR_OK;
}

/* ---- the signature ---- */

static bool transforms_are_known(const struct xml_document *d, uint32_t transforms)
{
    struct cursor c = children(d, transforms);
    uint32_t enveloped;
    uint32_t canonical;
    return has_no_attributes(d, transforms) && take(&c, DSIG, "Transform", &enveloped) &&
           algorithm_is(d, enveloped, ENVELOPED, NULL) && d->nodes[enveloped].end == enveloped + 1 &&
           take(&c, DSIG, "Transform", &canonical) && algorithm_is(d, canonical, C14N_11, C14N_10) &&
           d->nodes[canonical].end == canonical + 1 && is_done(&c);
}

static enum err reference_read(struct parse *p, uint32_t reference)
{
    const struct xml_document *d = p->d;
    struct cursor c = children(d, reference);
    const struct xml_attribute *uri = xml_attribute(d, reference, "", "URI");
    uint32_t transforms;
    uint32_t method;
    uint32_t value;
    size_t len = 0;
    if (uri == NULL || uri->value.len != 0 || d->nodes[reference].attribute_count != 1)
        return err_noted(ERR_UNKNOWN, p->note, "Reference: not to the whole document");
    if (!take(&c, DSIG, "Transforms", &transforms) || !transforms_are_known(d, transforms))
        return err_noted(ERR_UNKNOWN, p->note, "Reference: transforms that are not known");
    if (!take(&c, DSIG, "DigestMethod", &method) || !algorithm_is(d, method, SHA384, NULL) ||
        d->nodes[method].end != method + 1)
        return err_noted(ERR_UNKNOWN, p->note, "Reference: a digest that is not known");
    if (!take(&c, DSIG, "DigestValue", &value) || !is_done(&c) ||
        !base64_of(d, value, p->rim->digest, sizeof p->rim->digest, &len) || len != sizeof p->rim->digest)
        return err_noted(ERR_VALUE, p->note, "Reference: no digest of %zu bytes", sizeof p->rim->digest);
    return ERR_OK;
}

static enum err signed_info_read(struct parse *p, uint32_t signed_info)
{
    const struct xml_document *d = p->d;
    struct cursor c = children(d, signed_info);
    uint32_t canonical;
    uint32_t method;
    uint32_t reference;
    if (!has_no_attributes(d, signed_info) || !take(&c, DSIG, "CanonicalizationMethod", &canonical) ||
        !algorithm_is(d, canonical, C14N_11, C14N_10) || d->nodes[canonical].end != canonical + 1)
        return err_noted(ERR_UNKNOWN, p->note, "SignedInfo: a canonical form that is not known");
    if (!take(&c, DSIG, "SignatureMethod", &method) || !algorithm_is(d, method, ECDSA384, NULL) ||
        d->nodes[method].end != method + 1)
        return err_noted(ERR_UNKNOWN, p->note, "SignedInfo: a signature that is not known");
    if (!take(&c, DSIG, "Reference", &reference) || !is_done(&c))
        return err_noted(ERR_UNKNOWN, p->note, "SignedInfo: not one Reference");
    return reference_read(p, reference);
}

static enum err certificates_read(struct parse *p, uint32_t data)
{
    struct cursor c = children(p->d, data);
    uint8_t der[NV_DER_MAX];
    uint32_t i;
    size_t len;
    enum err e = ERR_OK;
    while (e == ERR_OK && take(&c, DSIG, "X509Certificate", &i)) {
        if (!base64_of(p->d, i, der, sizeof der, &len))
            return err_noted(ERR_ENCODING, p->note, "X509Certificate: not in base64, or too long");
        e = nv_chain_add(&p->rim->chain, bytes_of(der, len), p->note);
    }
    if (e == ERR_OK && (!is_done(&c) || p->rim->chain.count == 0))
        e = err_noted(ERR_UNKNOWN, p->note, "X509Data: something that is not a certificate");
    return e;
}

static enum err signature_read(struct parse *p, uint32_t signature)
{
    const struct xml_document *d = p->d;
    struct rim *rim = p->rim;
    struct cursor c = children(d, signature);
    uint32_t value;
    uint32_t key_info;
    uint32_t data;
    size_t len = 0;
    rim->signature = signature;
    if (!has_no_attributes(d, signature) || !take(&c, DSIG, "SignedInfo", &rim->signed_info))
        return err_noted(ERR_UNKNOWN, p->note, "Signature: no SignedInfo, or an attribute");
    enum err e = signed_info_read(p, rim->signed_info);
    if (e != ERR_OK)
        return e;
    if (!take(&c, DSIG, "SignatureValue", &value) ||
        !base64_of(d, value, rim->signature_value, sizeof rim->signature_value, &len) ||
        len != sizeof rim->signature_value)
        return err_noted(ERR_VALUE, p->note, "Signature: no SignatureValue of %d bytes", RIM_SIGNATURE_SIZE);
    if (!take(&c, DSIG, "KeyInfo", &key_info) || !is_done(&c) || !has_no_attributes(d, key_info))
        return err_noted(ERR_UNKNOWN, p->note, "Signature: no KeyInfo, or more");
    c = children(d, key_info);
    if (!take(&c, DSIG, "X509Data", &data) || !is_done(&c) || !has_no_attributes(d, data))
        return err_noted(ERR_UNKNOWN, p->note, "KeyInfo: no X509Data, or more");
    return certificates_read(p, data);
}

/* ---- the document ---- */

static enum err identity_read(struct parse *p)
{
    struct cursor c = children(p->d, 0);
    uint32_t i;
    if (!xml_is(p->d, 0, SWID, "SoftwareIdentity"))
        return err_noted(ERR_UNKNOWN, p->note, "not a SoftwareIdentity");
    while (take(&c, SWID, "Entity", &i) || take(&c, SWID, "Link", &i)) {
        struct cursor inside = children(p->d, i);
        if (!is_done(&inside))
            return err_noted(ERR_UNKNOWN, p->note, "Entity or Link: not empty");
    }
    if (!take(&c, SWID, "Meta", &i))
        return err_noted(ERR_UNKNOWN, p->note, "no Meta where it belongs");
    enum err e = meta_read(p, i);
    if (e == ERR_OK && !take(&c, SWID, "Payload", &i))
        e = err_noted(ERR_UNKNOWN, p->note, "no Payload where it belongs");
    if (e == ERR_OK)
        e = payload_read(p, i);
    if (e == ERR_OK && !take(&c, DSIG, "Signature", &i))
        e = err_noted(ERR_UNKNOWN, p->note, "no Signature where it belongs");
    if (e == ERR_OK)
        e = signature_read(p, i);
    if (e == ERR_OK && !is_done(&c))
        e = err_noted(ERR_UNKNOWN, p->note, "something behind the Signature");
    return e;
}

enum err rim_parse(struct bytes text, struct rim **out, struct err_note *note)
{
    *out = NULL;
    struct rim *rim = calloc(1, sizeof *rim);
    if (rim == NULL)
        return ERR_MEMORY;
    enum err e = xml_parse(text, &rim->document, note);
    if (e == ERR_OK)
        e = identity_read(&(struct parse){rim, rim->document, note});
    if (e == ERR_OK)
        *out = rim;
    else
        rim_free(rim);
    return e;
}

void rim_free(struct rim *rim)
{
    if (rim == NULL)
        return;
    nv_chain_release(&rim->chain);
    xml_free(rim->document);
    free(rim);
}

/* ---- the questions ---- */

/* XML Signature 1.1, section 3.2.1, reference validation. */
enum err rim_check_digest(const struct rim *rim, struct err_note *note)
{
    uint8_t digest[CRYPTO_SHA384_SIZE];
    enum err e = xml_c14n_digest(rim->document, 0, rim->signature, CRYPTO_SHA384, digest);
    if (e != ERR_OK)
        return err_noted(e, note, "%s", err_text(e)); /* equivalent: fails for want of memory alone */
    if (memcmp(digest, rim->digest, sizeof digest) != 0)
        return err_noted(ERR_SIGNATURE, note, "the document is not the one that was signed");
    return ERR_OK;
}

struct text {
    uint8_t octets[BASE64_MAX];
    size_t used;
};

static enum err collect(void *sink, struct bytes piece)
{
    struct text *t = sink;
    if (piece.len > sizeof t->octets - t->used)
        return ERR_TOO_LARGE;
    memcpy(t->octets + t->used, piece.ptr, piece.len);
    t->used += piece.len;
    return ERR_OK;
}

/* Section 3.2.2, signature validation. */
enum err rim_check_signature(const struct rim *rim, struct err_note *note)
{
    struct text t = {.used = 0};
    enum err e = xml_c14n(rim->document, rim->signed_info, XML_NOTHING, collect, &t);
    if (e == ERR_OK)
        e = crypto_ecdsa_verify_raw(rim->chain.at[0].key, CRYPTO_SHA384, bytes_of(t.octets, t.used),
                                    bytes_of(rim->signature_value, sizeof rim->signature_value));
    return e == ERR_OK ? e : err_noted(e, note, "the leaf of its certificates did not sign it");
}

const struct rim_row *rim_row(const struct rim *rim, size_t index)
{
    for (size_t i = 0; i < rim->row_count; i++)
        if (rim->rows[i].index == index)
            return &rim->rows[i];
    return NULL;
}

void rim_value(const struct rim *rim, const struct rim_row *row, size_t which,
               uint8_t value[static RIM_VALUE_MAX])
{
    const struct xml_attribute *a = value_of(rim->document, row->node, which);
    if (a == NULL || encoding_unhex(a->value, value, row->size) != ERR_OK)
        abort(); /* rim_parse made sure of it */
}

bool rim_row_holds(const struct rim *rim, const struct rim_row *row, struct bytes measured)
{
    uint8_t value[RIM_VALUE_MAX];
    if (measured.len != row->size)
        return false;
    for (size_t i = 0; i < row->alternatives; i++) {
        rim_value(rim, row, i, value);
        if (bytes_equal(measured, bytes_of(value, row->size)))
            return true;
    }
    return false;
}
