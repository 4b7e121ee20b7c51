/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nvidia.h"

#include <stdio.h>

#include "attest/evidence_file.h"
#include "base/secret.h"
#include "cli/curl.h"
#include "evidence/ocsp_request.h"

static enum err url_put(char url[static COLLATERAL_URL_MAX], int n, struct err_note *note)
{
    if (n > 0 && n < COLLATERAL_URL_MAX)
        return ERR_OK;
    url[0] = '\0';
    return err_noted(ERR_USAGE, note, "a URL that is empty or too long");
}

static enum err transfer(const struct nvidia_services *s, struct curl_request *r, struct bytes *body,
                         struct err_note *note)
{
    struct bytes headers;
    r->allow_http = true;
    r->directory = s->directory;
    enum err e = curl_get(r, body, &headers, note);
    secret_free(bytes_owned(headers));
    return e;
}

/* ---- reference values ---- */

static enum err rim_take(const struct collateral_key *key, struct bytes body, struct bytes *document,
                         struct err_note *note)
{
    struct err_note why = {{0}};
    struct evidence_rim rim;
    enum err e = evidence_rim_open(body, &rim, &why);
    if (e != ERR_OK)
        return err_noted(ERR_REFUSED, note, "%s", why.text[0] != '\0' ? why.text : err_text(e));
    uint8_t *copy = secret_alloc(rim.document.len + 1);
    if (rim.id.len == 0)
        e = err_noted(ERR_REFUSED, note, "not an answer of NVIDIA's service: no JSON object");
    else if (!bytes_is_str(rim.id, key->id))
        e = err_noted(ERR_REFUSED, note, "the answer is about other reference values");
    else if (copy == NULL)
        e = ERR_MEMORY;
    if (e == ERR_OK) {
        if (rim.document.len != 0)
            memcpy(copy, rim.document.ptr, rim.document.len);
        *document = bytes_of(copy, rim.document.len);
    } else {
        secret_free(copy);
    }
    evidence_rim_release(&rim);
    return e;
}

/* The name is one that a URL can hold as it is, or it would be no key's. */
static enum err rim_ask(const struct nvidia_services *s, const struct collateral_key *key,
                        char url[static COLLATERAL_URL_MAX], struct bytes *document, struct err_note *note)
{
    char name[COLLATERAL_NAME_MAX];
    struct bytes body;
    enum err e = collateral_key_write(key, name);
    if (e == ERR_OK)
        e = url_put(url, snprintf(url, COLLATERAL_URL_MAX, "%s/v1/rim/%s", s->rim_url, key->id), note);
    if (e == ERR_OK)
        e = transfer(s, &(struct curl_request){.url = url, .max = COLLATERAL_DOCUMENT_MAX}, &body, note);
    if (e != ERR_OK)
        return e;
    e = rim_take(key, body, document, note);
    secret_free(bytes_owned(body));
    return e;
}

/* ---- words about certificates ---- */

static enum err request_make(const struct collateral_key *key, struct bytes nonce,
                             uint8_t request[static OCSP_REQUEST_MAX], size_t *len)
{
    const struct ocsp_certificate_id id = {.hash = ocsp_oid_sha256,
                                           .name_digest = bytes_of(key->issuer_name, sizeof key->issuer_name),
                                           .key_digest = bytes_of(key->issuer_key, sizeof key->issuer_key),
                                           .serial = bytes_of(key->serial, key->serial_len)};
    return ocsp_request_write(&id, nonce, request, len);
}

/* Answers from somebody's store have another's nonce, or none. */
static enum err word_check(struct bytes body, struct bytes nonce, struct err_note *note)
{
    struct ocsp_response response;
    enum err e = ocsp_parse(body, &response, note);
    if (e != ERR_OK)
        return ERR_REFUSED;
    if (nonce.len != 0 && !bytes_equal(response.nonce, nonce))
        return err_noted(ERR_REFUSED, note, "the response answers another request: its nonce is not ours");
    return ERR_OK;
}

static enum err word_ask(const struct nvidia_services *s, const struct collateral_key *key,
                         char url[static COLLATERAL_URL_MAX], struct bytes *document, struct err_note *note)
{
    uint8_t request[OCSP_REQUEST_MAX];
    uint8_t random[OCSP_NONCE_SIZE];
    size_t len = 0;
    enum err e = url_put(url, snprintf(url, COLLATERAL_URL_MAX, "%s", s->ocsp_url), note);
    if (e == ERR_OK)
        e = crypto_random(random, sizeof random);
    if (e != ERR_OK)
        return e;
    const struct bytes nonce = bytes_of(random, s->no_nonce ? 0 : sizeof random);
    e = request_make(key, nonce, request, &len);
    if (e == ERR_OK)
        e = transfer(s,
                     &(struct curl_request){.url = url,
                                            .max = OCSP_SIZE_MAX,
                                            .post = bytes_of(request, len),
                                            .media_type = "application/ocsp-request"},
                     document, note);
    if (e != ERR_OK)
        return e;
    e = word_check(*document, nonce, note);
    if (e != ERR_OK) {
        secret_free(bytes_owned(*document));
        *document = (struct bytes){0};
    }
    return e;
}

enum err nvidia_ask(const struct nvidia_services *s, const struct collateral_key *key,
                    char url[static COLLATERAL_URL_MAX], struct bytes *document, struct err_note *note)
{
    *document = (struct bytes){0};
    url[0] = '\0';
    return key->kind == COLLATERAL_RIM ? rim_ask(s, key, url, document, note)
                                       : word_ask(s, key, url, document, note);
}
