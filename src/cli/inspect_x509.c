/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and revocation lists (RFC 5280), with the extensions of AMD's (documents 57230, 58369) and Intel's (PCK Certificate Profile). */
#include <inttypes.h>
#include <stdio.h>

#include "attest/crl.h"
#include "attest/der.h"
#include "attest/evidence_file.h"
#include "attest/nv_chain.h"
#include "attest/pck.h"
#include "attest/vcek.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "cli/inspect.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- object identifiers ---- */

enum { OID_TEXT_SIZE = 128 };

/* Dotted (X.690 section 8.19); what does not fit is cut. */
static void oid_write(struct bytes oid, char out[static OID_TEXT_SIZE])
{
    size_t used = 0;
    uint64_t value = 0;
    bool first = true;
    for (struct reader r = reader_over(oid); r.left > 0;) {
        uint8_t octet = reader_u8(&r);
        value = value << 7 | (octet & 0x7f);
        if ((octet & 0x80) != 0)
            continue;
        uint64_t top = value < 80 ? value / 40 : 2;
        int n =
            first ? snprintf(out + used, OID_TEXT_SIZE - used, "%" PRIu64 ".%" PRIu64, top, value - 40 * top)
                  : snprintf(out + used, OID_TEXT_SIZE - used, ".%" PRIu64, value);
        if (n < 0 || (size_t)n >= OID_TEXT_SIZE - used)
            return;
        used += (size_t)n;
        first = false;
        value = 0;
    }
    out[used] = '\0';
}

/* Names by dotted text: attributes of a Name, and extensions. */
static const struct {
    const char *oid;
    const char *name;
} oids[] = {
    {"2.5.4.3", "CN"},
    {"2.5.4.5", "serialNumber"},
    {"2.5.4.6", "C"},
    {"2.5.4.7", "L"},
    {"2.5.4.8", "ST"},
    {"2.5.4.10", "O"},
    {"2.5.4.11", "OU"},
    {"2.5.29.14", "subjectKeyIdentifier"},
    {"2.5.29.15", "keyUsage"},
    {"2.5.29.19", "basicConstraints"},
    {"2.5.29.31", "cRLDistributionPoints"},
    {"2.5.29.35", "authorityKeyIdentifier"},
    {"2.5.29.37", "extKeyUsage"},
    {"2.23.133.5.4.1", "DICE TcbInfo"},
    {"2.23.133.5.4.1.1", "DICE TcbInfo (FWID)"},
    {"1.3.6.1.5.5.7.1.1", "authorityInfoAccess"},
    {"1.2.840.113741.1.13.1", "SGX Extensions"},
    {"1.3.6.1.4.1.3704.1.1", "structVersion"},
    {"1.3.6.1.4.1.3704.1.2", "productName"},
    {"1.3.6.1.4.1.3704.1.3.1", "blSPL"},
    {"1.3.6.1.4.1.3704.1.3.2", "teeSPL"},
    {"1.3.6.1.4.1.3704.1.3.3", "snpSPL"},
    {"1.3.6.1.4.1.3704.1.3.8", "ucodeSPL"},
    {"1.3.6.1.4.1.3704.1.3.9", "fmcSPL"},
    {"1.3.6.1.4.1.3704.1.4", "hwID"},
    {"1.3.6.1.4.1.3704.1.5", "cspID"},
};

static const char *oid_name(const char *dotted)
{
    for (size_t i = 0; i < COUNT(oids); i++)
        if (strcmp(oids[i].oid, dotted) == 0)
            return oids[i].name;
    return dotted;
}

/* ---- parts ---- */

static void put_name(json_t *object, const char *key, struct bytes name)
{
    json_t *inner = json_object();
    struct reader r = reader_over(name);
    struct reader names = der_open(&r, DER_SEQUENCE);
    while (names.left > 0 && reader_status(&names) == ERR_OK) {
        char dotted[OID_TEXT_SIZE];
        struct reader set = der_open(&names, DER_SET);
        struct reader attribute = der_open(&set, DER_SEQUENCE);
        oid_write(der_value(&attribute, DER_OID), dotted);
        (void)reader_u8(
            &attribute); /* the string's type; its length is one octet, for x509_parse has looked */
        struct reader rest = attribute;
        size_t len = reader_u8(&rest);
        inspect_put_foreign(inner, oid_name(dotted),
                            len < 0x80 ? reader_bytes(&rest, len) : reader_rest(&rest));
    }
    inspect_put(object, key, inner);
}

static const char *algorithm_name(enum x509_algorithm a)
{
    switch (a) {
    case X509_RSA_PSS_SHA384:
        return "RSASSA-PSS with SHA-384";
    case X509_ECDSA_SHA256:
        return "ECDSA with SHA-256";
    case X509_ECDSA_SHA384:
        return "ECDSA with SHA-384";
    case X509_RSA_PKCS1_SHA256:
        return "RSASSA-PKCS1-v1_5 with SHA-256";
    case X509_RSA_PKCS1_SHA384:
        return "RSASSA-PKCS1-v1_5 with SHA-384";
    }
    return "not known";
}

static void put_digest(json_t *object, const char *name, struct bytes data)
{
    uint8_t digest[CRYPTO_SHA256_SIZE];
    if (crypto_hash_parts(CRYPTO_SHA256, &data, 1, digest) == ERR_OK)
        inspect_put_hex(object, name, bytes_of(digest, sizeof digest));
}

static const struct inspect_bit usage_bits[] = {
    {0, 0, "digitalSignature"}, {1, 1, "nonRepudiation"}, {2, 2, "keyEncipherment"},
    {3, 3, "dataEncipherment"}, {4, 4, "keyAgreement"},   {5, 5, "keyCertSign"},
    {6, 6, "cRLSign"},
};

/* AMD's extensions, if they are those of a VCEK or a VLEK. */
static void put_amd(json_t *object, const struct x509 *cert)
{
    struct vcek vcek;
    for (int kind = VCEK_OF_CHIP; kind <= VCEK_OF_PROVIDER; kind++) {
        if (vcek_parse(cert, (enum vcek_kind)kind, &vcek, NULL) != ERR_OK)
            continue;
        json_t *inner = json_object();
        inspect_put_foreign(inner, "productName", vcek.product);
        for (size_t i = 0; i < SNP_COMPONENT_COUNT; i++)
            if (i != SNP_FMC || vcek.has_fmc)
                inspect_put_text(inner, anchors_snp_component_name((enum snp_component)i), "%u",
                                 vcek.level[i]);
        if (kind == VCEK_OF_CHIP)
            inspect_put_hex(inner, "hwID", vcek.hwid);
        else
            inspect_put_foreign(inner, "cspID", vcek.csp_id);
        inspect_put(object, vcek_kind_name((enum vcek_kind)kind), inner);
        return;
    }
}

/* Intel's extension, if it is a PCK certificate. */
static void put_intel(json_t *object, const struct x509 *cert)
{
    struct pck pck;
    if (pck_parse(cert, &pck, NULL) != ERR_OK)
        return;
    json_t *inner = json_object();
    inspect_put_hex(inner, "PPID", bytes_of(pck.ppid, sizeof pck.ppid));
    inspect_put_hex(inner, "SGX TCB Comp01 to Comp16 SVN", bytes_of(pck.component, sizeof pck.component));
    inspect_put_text(inner, "PCESVN", "%u", pck.pce_svn);
    inspect_put_hex(inner, "CPUSVN", bytes_of(pck.cpu_svn, sizeof pck.cpu_svn));
    inspect_put_hex(inner, "PCEID", bytes_of(pck.pce_id, sizeof pck.pce_id));
    inspect_put_hex(inner, "FMSPC", bytes_of(pck.fmspc, sizeof pck.fmspc));
    inspect_put(object, "PCK", inner);
}

/* What a certificate of a GPU's leaf says of its firmware. */
static void put_nvidia(json_t *object, const struct x509 *cert)
{
    struct nv_fwid fwid = {.found = false};
    if (nv_fwid_read(cert, &fwid, NULL) != ERR_OK || !fwid.found)
        return;
    json_t *inner = json_object();
    inspect_put_hex(inner, "FWID", bytes_of(fwid.digest, sizeof fwid.digest));
    if (fwid.has_flags)
        inspect_put_text(inner, "flags", "0x%04x", fwid.flags);
    inspect_put(object, "DICE", inner);
}

static void put_extensions(json_t *object, const struct x509 *cert)
{
    json_t *inner = json_object();
    for (size_t i = 0; i < cert->extension_count; i++) {
        char dotted[OID_TEXT_SIZE];
        char name[OID_TEXT_SIZE + sizeof ", critical"];
        oid_write(cert->extensions[i].oid, dotted);
        (void)snprintf(name, sizeof name, "%s%s", oid_name(dotted),
                       cert->extensions[i].critical ? ", critical" : "");
        inspect_put_hex(inner, name, cert->extensions[i].value);
    }
    inspect_put(object, "extensions", inner);
}

json_t *inspect_certificate(struct bytes der)
{
    struct x509 cert;
    struct err_note note = {{0}};
    json_t *object = json_object();
    enum err e = x509_parse(der, &cert, &note);
    inspect_put_error(object, e, &note);
    if (e != ERR_OK)
        return object;
    put_name(object, "subject", cert.subject);
    put_name(object, "issuer", cert.issuer);
    inspect_put_hex(object, "serialNumber", cert.serial);
    inspect_put_time(object, "notBefore", cert.not_before);
    inspect_put_time(object, "notAfter", cert.not_after);
    inspect_put_text(object, "signatureAlgorithm", "%s", algorithm_name(cert.algorithm));
    put_digest(object, "SHA-256", der);
    put_digest(object, "SHA-256 of the public key", cert.spki);
    inspect_put_text(object, "cA", "%s", cert.is_ca ? "yes" : "no");
    if (cert.has_path_length)
        inspect_put_text(object, "pathLenConstraint", "%u", cert.path_length);
    if (cert.has_key_usage)
        inspect_put_bits(object, "keyUsage", cert.key_usage, 16, usage_bits, COUNT(usage_bits));
    put_amd(object, &cert);
    put_intel(object, &cert);
    put_nvidia(object, &cert);
    put_extensions(object, &cert);
    inspect_put_hex(object, "subjectPublicKeyInfo", cert.spki);
    inspect_put_hex(object, "signatureValue", cert.signature);
    return object;
}

json_t *inspect_certificates(struct bytes list)
{
    json_t *object = json_object();
    json_t *certificates = json_array();
    struct reader r = reader_over(list);
    while (r.left > 0 && reader_status(&r) == ERR_OK) {
        struct bytes one = der_whole(&r, DER_SEQUENCE);
        if (reader_status(&r) == ERR_OK)
            (void)json_array_append_new(certificates, inspect_certificate(one));
    }
    if (reader_status(&r) != ERR_OK)
        inspect_put_text(object, "malformed", "behind certificate %zu: no certificate",
                         json_array_size(certificates));
    inspect_put(object, "certificates", certificates);
    return object;
}

json_t *inspect_crl(struct bytes der)
{
    struct crl list;
    struct err_note note = {{0}};
    json_t *object = json_object();
    enum err e = crl_parse(der, &list, &note);
    inspect_put_error(object, e, &note);
    if (e != ERR_OK)
        return object;
    put_name(object, "issuer", list.issuer);
    inspect_put_time(object, "thisUpdate", list.this_update);
    inspect_put_time(object, "nextUpdate", list.next_update);
    inspect_put_hex(object, "cRLNumber", list.number);
    inspect_put_text(object, "signatureAlgorithm", "%s", algorithm_name(list.algorithm));
    json_t *revoked = json_array();
    for (struct reader r = reader_over(list.revoked); r.left > 0 && reader_status(&r) == ERR_OK;) {
        struct reader entry = der_open(&r, DER_SEQUENCE);
        json_t *item = json_object();
        inspect_put_hex(item, "serialNumber", der_value(&entry, DER_INTEGER));
        inspect_put_time(item, "revocationDate", der_time(&entry));
        (void)json_array_append_new(revoked, item);
    }
    inspect_put(object, "revokedCertificates", revoked);
    put_digest(object, "SHA-256", der);
    inspect_put_hex(object, "signatureValue", list.signature);
    return object;
}

/* ---- PEM ---- */

/* Adds the blocks with this label, each shown by show. */
static size_t put_blocks(json_t *list, struct bytes text, const char *label, uint8_t *room, const char *name,
                         json_t *(*show)(struct bytes der))
{
    size_t found = 0;
    size_t len = 0;
    const size_t size = text.len;
    enum err e = ERR_OK;
    while ((e = encoding_pem_next(&text, label, room, size, &len)) == ERR_OK) {
        json_t *item = json_object();
        inspect_put(item, name, show(bytes_of(room, len)));
        (void)json_array_append_new(list, item);
        found++;
    }
    if (e != ERR_TRUNCATED) {
        json_t *item = json_object();
        inspect_put_text(item, "malformed", "a block of PEM that cannot be read");
        (void)json_array_append_new(list, item);
    }
    return found;
}

json_t *inspect_pem(struct bytes text)
{
    uint8_t *room = secret_alloc(text.len + 1);
    json_t *object = json_object();
    json_t *list = json_array();
    if (room == NULL) {
        json_decref(list);
        return object;
    }
    size_t found = put_blocks(list, text, "CERTIFICATE", room, "certificate", inspect_certificate);
    found += put_blocks(list, text, "X509 CRL", room, "revocation list", inspect_crl);
    found += put_blocks(list, text, EVIDENCE_PEM_OCSP, room, "OCSP response", inspect_ocsp);
    if (found == 0)
        inspect_put_text(object, "malformed", "no certificate, revocation list or OCSP response in it");
    inspect_put(object, "blocks", list);
    secret_free(room);
    return object;
}
