/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/collateral.h"

#include <stdlib.h>

#include "base/encoding.h"
#include "base/strict_json.h"

enum { CHAIN_TEXT_MAX = 16 * 1024 };

static json_t *hex(struct bytes value)
{
    json_t *string = NULL;
    char *text = malloc(ENCODING_HEX_SIZE(value.len));
    if (text != NULL) {
        encoding_hex(value, text);
        string = json_string(text);
    }
    free(text);
    return string;
}

static json_t *text_of(struct bytes value)
{
    return json_stringn((const char *)value.ptr, value.len);
}

/* The signer's certificate and the root's, as PEM. */
static json_t *chain(const struct tdx_issuer *issuer)
{
    json_t *string = NULL;
    struct bytes written;
    char *text = malloc(CHAIN_TEXT_MAX);
    if (text == NULL)
        return NULL;
    struct writer w = writer_into(text, CHAIN_TEXT_MAX);
    if (encoding_pem_write(&w, "CERTIFICATE", issuer->signer) == ERR_OK &&
        encoding_pem_write(&w, "CERTIFICATE", issuer->root) == ERR_OK &&
        writer_finish(&w, &written) == ERR_OK)
        string = text_of(written);
    free(text);
    return string;
}

enum err collateral_write(const struct tdx_collateral *c, char **text, size_t *len)
{
    *text = NULL;
    *len = 0;
    strict_json_init();
    json_t *doc =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",                                             //
                  "pck_crl", hex(c->pck_crl),                                                             //
                  "qe_identity", text_of(c->qe_identity.body),                                            //
                  "qe_identity_issuer_chain", chain(&c->qe_identity_issuer),                              //
                  "qe_identity_signature", hex(bytes_of(c->qe_identity.signature, INTEL_SIGNATURE_SIZE)), //
                  "root_ca_crl", hex(c->root_crl),                                                        //
                  "tcb_info", text_of(c->tcb_info.body),                                                  //
                  "tcb_info_issuer_chain", chain(&c->tcb_info_issuer),                                    //
                  "tcb_info_signature", hex(bytes_of(c->tcb_info.signature, INTEL_SIGNATURE_SIZE)));
    if (doc != NULL)
        *text = strict_json_canonical(doc);
    json_decref(doc);
    if (*text == NULL)
        return ERR_MEMORY;
    *len = strlen(*text);
    return ERR_OK;
}
