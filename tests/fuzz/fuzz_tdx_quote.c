/* SPDX-License-Identifier: Apache-2.0 */

/* A quote that the parser takes is what the writer makes of the parts that it names, and zeros; its PCK's extension, when a leaf is there, is read too. */

#include <stdlib.h>

#include "attest/pck.h"
#include "attest/sgx_chain.h"
#include "attest/tdx_quote.h"
#include "base/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_parts(const struct tdx_quote *q, const uint8_t *data, size_t size)
{
    static uint8_t again[TDX_QUOTE_MAX];
    struct bytes whole;
    struct writer w = writer_into(again, sizeof again);
    tdx_quote_write(&w, q);
    if (writer_finish(&w, &whole) != ERR_OK || whole.len > size || memcmp(whole.ptr, data, whole.len) != 0)
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
    check_parts(&q, data, size);
    struct bytes text = q.pck_chain;
    if (encoding_pem_next(&text, "CERTIFICATE", der, sizeof der, &len) == ERR_OK &&
        x509_parse(bytes_of(der, len), &leaf, &note) == ERR_OK && pck_parse(&leaf, &pck, &note) == ERR_OK &&
        x509_extension(&leaf, leaf.extensions[0].oid) == NULL)
        abort();
    return 0;
}
