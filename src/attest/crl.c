/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/crl.h"

#include "attest/x509_parts.h"

enum { VERSION_2 = 1, OID_MAX = 3, REASON_MAX = 10 };

static void malformed(struct reader *r)
{
    reader_fail(r, ERR_CERTIFICATE);
}

/* ---- extensions ---- */

/* CRLReason, section 5.3.1: ENUMERATED; 7 is not used. */
static void reason_read(struct reader *r, struct crl *crl)
{
    (void)crl;
    struct bytes value = der_value(r, DER_ENUMERATED);
    if (value.len != 1 || value.ptr[0] > REASON_MAX)
        malformed(r);
}

static void number_read(struct reader *r, struct crl *crl)
{
    crl->number = x509_serial_read(r);
}

/* Says nothing that this verifier uses. */
static void informative_read(struct reader *r, struct crl *crl)
{
    (void)crl;
    (void)reader_rest(r);
}

/* Makes the list speak of other certificates than all of its issuer's: such lists are not taken, whether the extension is critical or not. */
static void narrowing_read(struct reader *r, struct crl *crl)
{
    (void)crl;
    reader_fail(r, ERR_UNKNOWN);
}

struct extension {
    uint8_t oid[OID_MAX]; /* 2.5.29.n */
    void (*read)(struct reader *r, struct crl *crl);
};

/* Section 5.2. */
static const struct extension list_extensions[] = {
    {{0x55, 0x1d, 0x14}, number_read},      /* cRLNumber */
    {{0x55, 0x1d, 0x1b}, narrowing_read},   /* deltaCRLIndicator */
    {{0x55, 0x1d, 0x1c}, narrowing_read},   /* issuingDistributionPoint */
    {{0x55, 0x1d, 0x23}, informative_read}, /* authorityKeyIdentifier */
};

/* Section 5.3. */
static const struct extension entry_extensions[] = {
    {{0x55, 0x1d, 0x15}, reason_read},      /* reasonCode */
    {{0x55, 0x1d, 0x18}, informative_read}, /* invalidityDate */
    {{0x55, 0x1d, 0x1d}, narrowing_read},   /* certificateIssuer */
};

struct extensions {
    const struct extension *known;
    size_t count;
};

/* seen: a bit for each row that occurred. */
static void extension_read(struct reader *r, const struct extensions *table, unsigned *seen, struct crl *crl)
{
    struct der_extension extension = der_extension(r);
    struct reader value = reader_over(extension.value);
    for (size_t i = 0; i < table->count; i++) {
        if (!bytes_equal(extension.oid, bytes_of(table->known[i].oid, OID_MAX)))
            continue;
        if ((*seen & 1U << i) != 0) /* section 4.2: not twice */
            malformed(r);
        *seen |= 1U << i;
        table->known[i].read(&value, crl);
        if (reader_status(&value) == ERR_UNKNOWN)
            reader_fail(r, ERR_UNKNOWN);
        der_close(r, &value);
        return;
    }
    if (extension.critical)
        reader_fail(r, ERR_UNKNOWN);
}

static void extensions_read(struct reader *r, const struct extensions *table, struct crl *crl)
{
    unsigned seen = 0;
    struct reader list = der_open(r, DER_SEQUENCE);
    if (list.left == 0)
        malformed(&list);
    while (list.left > 0)
        extension_read(&list, table, &seen, crl);
    if (reader_status(&list) == ERR_UNKNOWN)
        reader_fail(r, ERR_UNKNOWN);
    der_close(r, &list);
}

/* ---- entries ---- */

/* Section 5.1.2.6. */
static struct bytes entry_read(struct reader *r, struct crl *crl)
{
    static const struct extensions table = {entry_extensions,
                                            sizeof entry_extensions / sizeof *entry_extensions};
    struct reader seq = der_open(r, DER_SEQUENCE);
    struct bytes serial = x509_serial_read(&seq);
    (void)der_time(&seq);
    if (seq.left > 0)
        extensions_read(&seq, &table, crl);
    if (reader_status(&seq) == ERR_UNKNOWN)
        reader_fail(r, ERR_UNKNOWN);
    der_close(r, &seq);
    return serial;
}

/* A list that revokes nothing leaves the sequence out; an empty one says the same and is taken too. */
static void entries_read(struct reader *r, struct crl *crl)
{
    if (!der_peek(r, DER_SEQUENCE))
        return;
    struct reader list = der_open(r, DER_SEQUENCE);
    struct reader all = list;
    crl->revoked = reader_rest(&all);
    for (; list.left > 0; crl->revoked_count++)
        (void)entry_read(&list, crl);
    if (reader_status(&list) == ERR_UNKNOWN)
        reader_fail(r, ERR_UNKNOWN);
    der_close(r, &list);
}

bool crl_lists(const struct crl *crl, struct bytes serial)
{
    struct crl none;
    struct reader list = reader_over(crl->revoked);
    while (list.left > 0)
        if (bytes_equal(entry_read(&list, &none), serial))
            return true;
    return false;
}

/* ---- CertificateList ---- */

/* Section 5.1: the parts of TBSCertList in their order, each with the name for the note. */
static const char *tbs_read(struct reader *r, struct crl *crl, struct bytes *algorithm)
{
    static const struct extensions table = {list_extensions,
                                            sizeof list_extensions / sizeof *list_extensions};
    if (der_uint(r, UINT64_MAX) != VERSION_2)
        malformed(r);
    if (r->failed != ERR_OK)
        return "version";
    crl->algorithm = x509_algorithm_read(r, algorithm);
    if (r->failed != ERR_OK)
        return "signature";
    crl->issuer = x509_name_read(r, &crl->issuer_cn);
    if (r->failed != ERR_OK)
        return "issuer";
    crl->this_update = der_time(r);
    if (r->failed != ERR_OK)
        return "thisUpdate";
    crl->next_update = der_time(r); /* section 5.1.2.5: required */
    if (r->failed != ERR_OK)
        return "nextUpdate";
    entries_read(r, crl);
    if (r->failed != ERR_OK)
        return "revokedCertificates";
    if (r->left > 0) {
        struct reader outer = der_open(r, DER_CONTEXT + 0);
        extensions_read(&outer, &table, crl);
        if (reader_status(&outer) == ERR_UNKNOWN)
            reader_fail(r, ERR_UNKNOWN);
        der_close(r, &outer);
    }
    return "crlExtensions";
}

enum err crl_parse(struct bytes der, struct crl *crl, struct err_note *note)
{
    struct bytes algorithm = {0};
    struct bytes outer_algorithm;
    memset(crl, 0, sizeof *crl);
    if (der.len > CRL_SIZE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "revocation list of %zu bytes, at most %d are taken", der.len,
                         CRL_SIZE_MAX);
    struct reader r = reader_over(der);
    struct reader outer = der_open(&r, DER_SEQUENCE);
    if (reader_finish(&r) != ERR_OK)
        return err_noted(ERR_CERTIFICATE, note, "revocation list: not one DER structure of %zu bytes",
                         der.len);
    crl->der = der;

    struct reader start = outer;
    crl->tbs = der_whole(&outer, DER_SEQUENCE);
    struct reader tbs = der_open(&start, DER_SEQUENCE);
    const char *part = tbs_read(&tbs, crl, &algorithm);
    enum err e = reader_finish(&tbs);
    if (e != ERR_OK)
        return err_noted(e == ERR_UNKNOWN ? e : ERR_CERTIFICATE, note, "revocation list.%s at 0x%zx: %s",
                         part, tbs.failed != ERR_OK ? tbs.failed_at : tbs.offset, err_text(e));

    /* Section 5.1.1.2: the same algorithm outside, where nothing is signed, as inside. */
    outer_algorithm = der_whole(&outer, DER_SEQUENCE);
    if (!bytes_equal(outer_algorithm, algorithm))
        return err_noted(ERR_CERTIFICATE, note,
                         "revocation list.signatureAlgorithm: not the one that is signed");
    crl->signature = der_bits(&outer);
    if (reader_finish(&outer) != ERR_OK)
        return err_noted(ERR_CERTIFICATE, note, "revocation list.signatureValue: malformed");
    return ERR_OK;
}

/* ---- the questions ---- */

enum err crl_verify(const struct crl *crl, const struct x509 *issuer,
                    const struct crypto_public_key *issuer_key, struct err_note *note)
{
    if (!bytes_equal(crl->issuer, issuer->subject))
        return err_noted(ERR_CERTIFICATE, note, "the revocation list names another issuer");
    if ((issuer->key_usage & X509_USAGE_CRL_SIGN) == 0)
        return err_noted(ERR_CERTIFICATE, note, "the issuer may not sign revocation lists");
    enum err e = x509_verify_signed(crl->algorithm, crl->tbs, crl->signature, issuer_key);
    return e == ERR_OK ? ERR_OK : err_noted(e, note, "the revocation list is not signed by its issuer");
}

enum err crl_check_window(const struct crl *crl, int64_t now, struct err_note *note)
{
    if (now < crl->this_update)
        return err_noted(ERR_CERTIFICATE, note, "the revocation list is not valid yet");
    if (now > crl->next_update)
        return err_noted(ERR_CERTIFICATE, note, "the revocation list is out of date");
    return ERR_OK;
}
