/* SPDX-License-Identifier: Apache-2.0 */

/* An answer of the host's quote generation service, with the length in front. */

#include <stdlib.h>

#include "evidence/qgs_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes quote;
    struct err_note note;
    size_t len;
    if (size < QGS_LENGTH_SIZE || qgs_length_parse(data, &len) != ERR_OK)
        return 0;
    if (len < 16 || len > QGS_ANSWER_MAX)
        abort();
    struct bytes rest = bytes_of(data + QGS_LENGTH_SIZE, size - QGS_LENGTH_SIZE);
    if (qgs_answer_parse(rest, &quote, &note) != ERR_OK)
        return quote.len == 0 ? 0 : (abort(), 0);
    if (quote.len == 0 || quote.ptr + quote.len != rest.ptr + rest.len || quote.ptr < rest.ptr + 24)
        abort();
    return 0;
}
