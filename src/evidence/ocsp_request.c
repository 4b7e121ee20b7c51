/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/ocsp_request.h"

#include "evidence/der_writer.h"

/* Section 4.1.1: CertID. The parameters of the hash are NULL, as everybody writes them. */
static void certificate_id_write(struct writer *w, const struct ocsp_certificate_id *id)
{
    size_t whole = der_begin(w, DER_SEQUENCE);
    size_t algorithm = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, id->hash);
    der_put(w, DER_NULL, (struct bytes){0});
    der_end(w, algorithm);
    der_put(w, DER_OCTET_STRING, id->name_digest);
    der_put(w, DER_OCTET_STRING, id->key_digest);
    der_put_big_uint(w, id->serial);
    der_end(w, whole);
}

/* Section 4.4.1: [2] EXPLICIT Extensions with the nonce alone, which is not critical. */
static void nonce_write(struct writer *w, struct bytes nonce)
{
    size_t outer = der_begin(w, DER_CONTEXT + 2);
    size_t list = der_begin(w, DER_SEQUENCE);
    size_t one = der_begin(w, DER_SEQUENCE);
    der_put(w, DER_OID, ocsp_oid_nonce);
    size_t value = der_begin(w, DER_OCTET_STRING);
    der_put(w, DER_OCTET_STRING, nonce);
    der_end(w, value);
    der_end(w, one);
    der_end(w, list);
    der_end(w, outer);
}

/* OCSPRequest { TBSRequest { requestList { Request { CertID } }, [2] Extensions } }; the one version is the default, and so not written. */
enum err ocsp_request_write(const struct ocsp_certificate_id *id, struct bytes nonce,
                            uint8_t out[static OCSP_REQUEST_MAX], size_t *len)
{
    struct bytes written = {0};
    struct writer w = writer_into(out, OCSP_REQUEST_MAX);
    size_t whole = der_begin(&w, DER_SEQUENCE);
    size_t signed_part = der_begin(&w, DER_SEQUENCE);
    size_t list = der_begin(&w, DER_SEQUENCE);
    size_t one = der_begin(&w, DER_SEQUENCE);
    certificate_id_write(&w, id);
    der_end(&w, one);
    der_end(&w, list);
    if (nonce.len != 0)
        nonce_write(&w, nonce);
    der_end(&w, signed_part);
    der_end(&w, whole);
    enum err e = nonce.len <= OCSP_NONCE_SIZE ? writer_finish(&w, &written) : ERR_NO_SPACE;
    *len = written.len;
    return e;
}
