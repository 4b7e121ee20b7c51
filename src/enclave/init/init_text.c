/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_text.h"

struct bytes init_field(struct bytes *rest, char separator)
{
    struct bytes field = *rest;
    const uint8_t *end = field.len == 0 ? NULL : memchr(field.ptr, separator, field.len);
    if (end == NULL) {
        *rest = (struct bytes){0};
        return field;
    }
    field.len = (size_t)(end - field.ptr);
    *rest = bytes_of(end + 1, rest->len - field.len - 1);
    return field;
}

bool init_number(struct bytes text, uint64_t max, uint64_t *number)
{
    *number = 0;
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || *number > (max - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}
