/* SPDX-License-Identifier: Apache-2.0 */

/* A quote that the parser takes, bare or wrapped, is the same in the other form; a signature lies within its input. */

#include <stdlib.h>

#include "attest/tpm_quote.h"
#include "base/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_wrapped(const struct tpm_quote *q)
{
    uint8_t buffer[TPM_QUOTE_MAX + 2];
    struct tpm_quote again;
    struct bytes whole;
    struct writer w = writer_into(buffer, sizeof buffer);
    writer_u16be(&w, (uint16_t)q->attest.len);
    writer_bytes(&w, q->attest);
    if (writer_finish(&w, &whole) != ERR_OK || whole.len > TPM_QUOTE_MAX)
        return;
    if (tpm_quote_parse(whole, &again, NULL) != ERR_OK || !bytes_equal(again.attest, q->attest) ||
        !bytes_equal(again.extra_data, q->extra_data) || again.selection_count != q->selection_count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { KEY_SIZE = 256 };
    struct tpm_quote q;
    struct err_note note;
    struct bytes signature;
    if (tpm_signature_parse(bytes_of(data, size), KEY_SIZE, &signature, &note) == ERR_OK &&
        (signature.len != KEY_SIZE || signature.ptr + signature.len != data + size))
        abort();
    if (tpm_quote_parse(bytes_of(data, size), &q, &note) != ERR_OK)
        return 0;
    if (q.magic != TPM_QUOTE_MAGIC || q.type != TPM_QUOTE_TYPE || q.attest.len > size)
        abort();
    check_wrapped(&q);
    return 0;
}
