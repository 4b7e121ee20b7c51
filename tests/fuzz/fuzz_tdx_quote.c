/* SPDX-License-Identifier: Apache-2.0 */

/* A quote that the parser takes is made of the parts that it names, in their order, and zeros; its PCK's extension, when a leaf is there, is read too. */

#include <stdlib.h>

#include "attest/pck.h"
#include "attest/sgx_chain.h"
#include "attest/tdx_quote.h"
#include "base/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct tdx_quote *q, size_t size)
{
    enum { LENGTHS = 4 + 2 + 4 + 2 + 2 + 4 };
    const struct bytes parts[] = {q->signed_part,     q->signature,    q->attestation_key,
                                  q->qe_report_bytes, q->qe_signature, q->qe_authentication,
                                  q->pck_chain};
    size_t sum = LENGTHS;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum += parts[i].len;
    if (sum > size)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tdx_quote q;
    struct err_note note;
    static uint8_t der[4096];
    struct x509 leaf;
    struct pck pck;
    size_t len;
    if (tdx_quote_parse(bytes_of(data, size), &q, &note) != ERR_OK)
        return 0;
    check_parts(&q, size);
    struct bytes text = q.pck_chain;
    if (encoding_pem_next(&text, "CERTIFICATE", der, sizeof der, &len) == ERR_OK &&
        x509_parse(bytes_of(der, len), &leaf, &note) == ERR_OK && pck_parse(&leaf, &pck, &note) == ERR_OK &&
        x509_extension(&leaf, leaf.extensions[0].oid) == NULL)
        abort();
    return 0;
}
