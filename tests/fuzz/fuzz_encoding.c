/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders take any text; what they accept is the only text of its bytes, so encoding gives it back. */
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_base64(struct bytes text, uint8_t *out, char *again, bool url)
{
    size_t len;
    enum err e =
        url ? encoding_unbase64url(text, out, text.len, &len) : encoding_unbase64(text, out, text.len, &len);
    require(e == ERR_OK || (e == ERR_ENCODING && len == 0));
    if (e != ERR_OK)
        return;
    if (url)
        encoding_base64url(bytes_of(out, len), again);
    else
        encoding_base64(bytes_of(out, len), again);
    require(bytes_is_str(text, again));
}

static void check_hex(struct bytes text, uint8_t *out, char *again)
{
    if (encoding_unhex(text, out, text.len / 2) != ERR_OK)
        return;
    encoding_hex(bytes_of(out, text.len / 2), again);
    for (size_t i = 0; i < text.len; i++)
        require(again[i] ==
                (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'F' ? text.ptr[i] + 'a' - 'A' : text.ptr[i]));
}

static void check_pem(struct bytes text, uint8_t *out, size_t size)
{
    size_t len;
    size_t left = text.len;
    while (encoding_pem_next(&text, "CERTIFICATE", out, size, &len) == ERR_OK) {
        require(text.len < left && len > 0 && len <= size);
        left = text.len;
    }
    require(len == 0 && text.len == left);
}

/* A valid text stays valid when its end is cut off and the incomplete character at the new end is taken away. */
static void check_utf8(struct bytes text)
{
    size_t incomplete = encoding_utf8_incomplete(text);
    require(incomplete <= 3 && incomplete <= text.len);
    if (!encoding_is_utf8(text))
        return;
    require(incomplete == 0);
    struct bytes cut = bytes_of(text.ptr, text.len / 2);
    cut.len -= encoding_utf8_incomplete(cut);
    require(encoding_is_utf8(cut));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of(data, size);
    uint8_t *out = malloc(size + 1);
    char *again = malloc(ENCODING_HEX_SIZE(size));
    require(out != NULL && again != NULL);
    check_base64(text, out, again, false);
    check_base64(text, out, again, true);
    check_hex(text, out, again);
    check_pem(text, out, size);
    check_utf8(text);
    free(out);
    free(again);
    return 0;
}
