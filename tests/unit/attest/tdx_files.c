/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/tdx_files.h"

#include <stdio.h>

#include "base/encoding.h"
#include "support/real_evidence.h"
#include "unit/test.h"

bool tdx_file_read(const char *name, struct tdx_file *f)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tdx/%s", name);
    f->bytes = real_evidence_read(path, f->content, sizeof f->content);
    return f->bytes.len != 0;
}

bool tdx_quote_read(const char *name, struct tdx_file *f)
{
    static struct tdx_file text;
    static const char prefix[] = "0x";
    if (!tdx_file_read(name, f))
        return false;
    if (f->content[0] > 0x20) {
        text = *f;
        const uint8_t *digits = text.content;
        size_t len = f->bytes.len;
        if (memcmp(digits, prefix, 2) == 0) {
            digits += 2;
            len -= 2;
        }
        len -= digits[len - 1] == '\n';
        assert_ok(encoding_unhex(bytes_of(digits, len), f->content, len / 2));
        f->bytes = bytes_of(f->content, len / 2);
    }
    return true;
}

bool tdx_collateral_read(const char *const *names, struct collateral *c)
{
    static struct tdx_file file;
    struct err_note note = {{0}};
    collateral_init(c);
    for (; *names != NULL; names++) {
        if (!tdx_file_read(*names, &file))
            return false;
        enum err e = collateral_add(c, file.bytes, &note);
        if (e != ERR_OK)
            fail_msg("%s: %s: %s", *names, err_text(e), note.text);
    }
    return true;
}
