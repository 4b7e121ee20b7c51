/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/claim_json.h"

#include "base/encoding.h"

json_t *claim_json_hex(const uint8_t *value, size_t size)
{
    char text[ENCODING_HEX_SIZE(CLAIM_JSON_HEX_MAX)];
    encoding_hex(bytes_of(value, size), text);
    return json_string(text);
}

json_t *claim_json_number(uint64_t value)
{
    return json_sprintf("0x%llx", (unsigned long long)value);
}
