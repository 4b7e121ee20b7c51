/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/nv_chain.h"

#include "attest/der.h"
#include "base/encoding.h"

/* ---- taking it apart ---- */

/* A note about the certificate at this place; its common name is text of a stranger's, and so not in it. */
static enum err noted(enum err e, struct err_note *note, const struct nv_chain *c, size_t place,
                      const char *what)
{
    if (place + 1 == c->count)
        return err_noted(e, note, "the root %s", what);
    if (place == 0)
        return err_noted(e, note, "the leaf %s", what);
    return err_noted(e, note, "certificate %zu %s", place + 1, what);
}

enum err nv_chain_add(struct nv_chain *c, struct bytes der, struct err_note *note)
{
    struct err_note detail = {{0}};
    if (c->count == NV_CHAIN_MAX)
        return err_noted(ERR_TOO_LARGE, note, "more than %d certificates", NV_CHAIN_MAX);
    if (der.len == 0 || der.len > NV_DER_MAX)
        return err_noted(ERR_TOO_LARGE, note, "certificate %zu is of %zu bytes", c->count + 1, der.len);
    struct nv_certificate *one = &c->at[c->count];
    one->key = NULL;
    memcpy(c->der[c->count], der.ptr, der.len);
    enum err e = x509_parse(bytes_of(c->der[c->count], der.len), &one->cert, &detail);
    if (e != ERR_OK)
        return err_noted(e, note, "certificate %zu: %.150s", c->count + 1, detail.text);
    e = crypto_public_key_from_spki(one->cert.spki, &one->key);
    if (e == ERR_OK && crypto_public_key_kind(one->key) != CRYPTO_KEY_P384) {
        crypto_public_key_free(one->key);
        one->key = NULL;
        e = ERR_KEY;
    }
    if (e != ERR_OK)
        return err_noted(e, note, "certificate %zu: the public key is not one on P-384", c->count + 1);
    c->count++;
    return ERR_OK;
}

static bool is_blank(struct bytes rest)
{
    for (struct reader r = reader_over(rest); r.left > 0;) {
        uint8_t octet = reader_u8(&r);
        if (octet != 0 && octet != '\n' && octet != '\r' && octet != ' ')
            return false;
    }
    return true;
}

static enum err read_pem(struct nv_chain *c, struct bytes text, struct err_note *note)
{
    uint8_t der[NV_DER_MAX];
    size_t len;
    enum err e = ERR_OK;
    while (e == ERR_OK && !is_blank(text)) {
        e = encoding_pem_next(&text, "CERTIFICATE", der, sizeof der, &len);
        if (e != ERR_OK)
            return err_noted(e, note, "behind certificate %zu: no certificate in PEM", c->count);
        e = nv_chain_add(c, bytes_of(der, len), note);
    }
    return e;
}

static enum err read_der(struct nv_chain *c, struct bytes list, struct err_note *note)
{
    struct reader r = reader_over(list);
    enum err e = ERR_OK;
    while (e == ERR_OK && r.left > 0) {
        struct bytes one = der_whole(&r, DER_SEQUENCE);
        if (reader_status(&r) != ERR_OK)
            return err_noted(ERR_CERTIFICATE, note, "behind certificate %zu: no certificate", c->count);
        e = nv_chain_add(c, one, note);
    }
    return e;
}

enum err nv_chain_read(struct nv_chain *c, struct bytes text, struct err_note *note)
{
    if (text.len != 0 && text.ptr[0] == DER_SEQUENCE)
        return read_der(c, text, note);
    return read_pem(c, text, note);
}

void nv_chain_release(struct nv_chain *c)
{
    for (size_t i = 0; i < c->count; i++)
        crypto_public_key_free(c->at[i].key);
    c->count = 0;
}

/* ---- the questions ---- */

enum err nv_chain_check_root(const struct nv_chain *c, const struct nvidia_root *pinned,
                             struct bytes simulated_root, bool *simulated, struct err_note *note)
{
    *simulated = false;
    if (c->count == 0)
        return err_noted(ERR_REFUSED, note, "there is no root");
    const struct nv_certificate *root = &c->at[c->count - 1];
    if (!bytes_is_str(root->cert.subject_cn, pinned->name))
        return err_noted(ERR_CERTIFICATE, note, "the root is not named %s", pinned->name);
    *simulated = simulated_root.len != 0 && bytes_equal(root->cert.der, simulated_root);
    if (*simulated || anchors_pinned(root->cert.der, pinned->der))
        return ERR_OK;
    if (!anchors_pinned(root->cert.spki, pinned->spki))
        return err_noted(ERR_REFUSED, note, "a root of somebody else's");
    /* Another certificate for the same key: what else it says is true only when that key signed it. */
    enum err e = x509_verify(&root->cert, root->key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "the root is not signed by itself");
}

/* RFC 5280 section 6.1.4: may it certify what stands at the place before it? */
static enum err check_authority(const struct nv_chain *c, size_t place, struct err_note *note)
{
    const struct x509 *cert = &c->at[place].cert;
    if (!cert->is_ca)
        return noted(ERR_CERTIFICATE, note, c, place, "is not a CA");
    if ((cert->key_usage & X509_USAGE_CERT_SIGN) == 0)
        return noted(ERR_CERTIFICATE, note, c, place, "may not sign certificates");
    if (cert->has_path_length && cert->path_length < place - 1)
        return noted(ERR_CERTIFICATE, note, c, place, "allows a shorter path");
    return ERR_OK;
}

static enum err check_leaf(const struct nv_chain *c, struct err_note *note)
{
    const struct x509 *cert = &c->at[0].cert;
    if (cert->is_ca || (cert->key_usage & X509_USAGE_CERT_SIGN) != 0)
        return noted(ERR_CERTIFICATE, note, c, 0, "is a CA");
    if ((cert->key_usage & X509_USAGE_DIGITAL_SIGNATURE) == 0)
        return noted(ERR_CERTIFICATE, note, c, 0, "is not for signatures");
    return ERR_OK;
}

static enum err check_issued(const struct nv_chain *c, size_t place, struct err_note *note)
{
    const struct nv_certificate *one = &c->at[place];
    const struct nv_certificate *issuer = &c->at[place + 1];
    if (one->cert.ocsp_signing)
        return noted(ERR_CERTIFICATE, note, c, place, "is one of a responder's");
    if (!bytes_equal(one->cert.issuer, issuer->cert.subject))
        return noted(ERR_CERTIFICATE, note, c, place, "names another issuer");
    if (one->cert.algorithm != X509_ECDSA_SHA384)
        return noted(ERR_CERTIFICATE, note, c, place, "is not signed with ECDSA and SHA-384");
    enum err e = x509_verify(&one->cert, issuer->key);
    return e == ERR_OK ? ERR_OK : noted(e, note, c, place, "is not signed by its issuer");
}

enum err nv_chain_check_links(const struct nv_chain *c, struct err_note *note)
{
    if (c->count < 2)
        return err_noted(ERR_CERTIFICATE, note, "fewer than two certificates");
    enum err e = check_leaf(c, note);
    for (size_t i = 1; e == ERR_OK && i < c->count; i++)
        e = check_authority(c, i, note);
    for (size_t i = 0; e == ERR_OK && i + 1 < c->count; i++)
        e = check_issued(c, i, note);
    return e;
}

enum err nv_chain_check_validity(const struct nv_chain *c, int64_t now, int64_t expired_grace,
                                 struct err_note *note)
{
    for (size_t i = 0; i < c->count; i++) {
        if (now < c->at[i].cert.not_before)
            return noted(ERR_CERTIFICATE, note, c, i, "is not valid yet");
        if (now - c->at[i].cert.not_after > expired_grace)
            return noted(ERR_CERTIFICATE, note, c, i, "has expired");
    }
    return ERR_OK;
}

/* ---- the identity of the firmware ---- */

static void fwid_read(struct reader *r, struct nv_fwid *fwid)
{
    static const uint8_t sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
    struct reader seq = der_open(r, DER_SEQUENCE);
    struct bytes hash = der_value(&seq, DER_OID);
    struct bytes digest = der_value(&seq, DER_OCTET_STRING);
    der_close(r, &seq);
    if (!bytes_equal(hash, bytes_of(sha384, sizeof sha384)) || digest.len != NV_FWID_SIZE)
        return; /* none was found */
    memcpy(fwid->digest, digest.ptr, NV_FWID_SIZE);
    fwid->found = true;
}

/* TCG, Hardware Requirements for a Device Identifier Composition Engine, and Implicit Identity Based Device Attestation, section 5.2.1:
 * CompositeDeviceID { version INTEGER, SubjectPublicKeyInfo, FWID { OBJECT IDENTIFIER, OCTET STRING } }. */
static void composite_read(struct reader *r, struct nv_fwid *fwid)
{
    (void)der_uint(r, UINT8_MAX);
    (void)der_whole(r, DER_SEQUENCE);
    fwid_read(r, fwid);
}

/* [n] IMPLICIT BIT STRING, content: the flags of DiceTcbInfo. */
static uint32_t flags_of(struct reader *r, struct bytes content)
{
    struct reader bits = reader_over(content);
    size_t unused = reader_u8(&bits);
    uint32_t flags = 0;
    if (reader_status(&bits) != ERR_OK || bits.left > sizeof flags || unused > 7) {
        reader_fail(r, ERR_CERTIFICATE);
        return 0;
    }
    for (size_t octet = 0; bits.left > 0; octet++) {
        uint8_t value = reader_u8(&bits);
        for (size_t i = 0; i < 8; i++)
            if ((value >> (7 - i) & 1) != 0)
                flags |= 1U << (octet * 8 + i);
    }
    return flags;
}

/* One or more, the firmware's own in front: that is the one that the report names. Blackwell has a second, all zeros. */
static void fwids_read(struct reader *r, struct nv_fwid *fwid)
{
    fwid_read(r, fwid);
    while (r->left > 0) {
        struct nv_fwid other;
        fwid_read(r, &other);
    }
}

/* TCG, DICE Attestation Architecture, section 6.1.1: DiceTcbInfo, a sequence of optional members [0] to [11], each once and in their order. */
static void tcb_info_read(struct reader *r, struct nv_fwid *fwid)
{
    enum { CONTEXT = 0x80, CONSTRUCTED = 0x20, MEMBER = 0x1f, FWIDS = 6, FLAGS = 7, LAST = 11 };
    int before = -1;
    while (r->left > 0) {
        uint8_t tag = r->at[0];
        int member = tag & MEMBER;
        struct reader content = der_open(r, tag);
        if ((tag & ~(CONSTRUCTED | MEMBER)) != CONTEXT || member <= before || member > LAST)
            reader_fail(r, ERR_CERTIFICATE);
        before = member;
        if (member == FWIDS) {
            fwids_read(&content, fwid);
            if (reader_status(&content) != ERR_OK)
                reader_fail(r, ERR_CERTIFICATE);
        } else if (member == FLAGS) {
            fwid->has_flags = true;
            fwid->flags = flags_of(r, reader_rest(&content));
        }
    }
}

static enum err extension_read(const struct der_extension *x, struct nv_fwid *fwid, struct err_note *note)
{
    struct reader r = reader_over(x->value);
    struct reader seq = der_open(&r, DER_SEQUENCE);
    memset(fwid, 0, sizeof *fwid);
    if (der_peek(&seq, DER_INTEGER))
        composite_read(&seq, fwid);
    else
        tcb_info_read(&seq, fwid);
    der_close(&r, &seq);
    if (reader_finish(&r) == ERR_OK && fwid->found)
        return ERR_OK;
    memset(fwid, 0, sizeof *fwid);
    return err_noted(ERR_CERTIFICATE, note, "the leaf names its firmware in a form that is not known");
}

enum err nv_fwid_read(const struct x509 *leaf, struct nv_fwid *fwid, struct err_note *note)
{
    static const uint8_t identity[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01};       /* 2.23.133.5.4.1 */
    static const uint8_t tcb_info[] = {0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01}; /* 2.23.133.5.4.1.1 */
    const struct bytes names[] = {bytes_of(identity, sizeof identity), bytes_of(tcb_info, sizeof tcb_info)};
    memset(fwid, 0, sizeof *fwid);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct nv_fwid one;
        const struct der_extension *x = x509_extension(leaf, names[i]);
        enum err e = x == NULL ? ERR_OK : extension_read(x, &one, note);
        if (e == ERR_OK && x != NULL && fwid->found && memcmp(one.digest, fwid->digest, NV_FWID_SIZE) != 0)
            e = err_noted(ERR_CERTIFICATE, note, "the leaf names two firmwares");
        if (e != ERR_OK) {
            memset(fwid, 0, sizeof *fwid);
            return e;
        }
        if (x != NULL)
            *fwid = one;
    }
    return ERR_OK;
}
