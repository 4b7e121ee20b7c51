/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/snp_files.h"

#include <stdio.h>

#include "attest/snp_report.h"
#include "base/encoding.h"
#include "unit/test.h"

static const char *const folders[] = {ENCLUME_SHARED "/evidence/snp", ENCLUME_DEPS_DIR "/evidence/snp"};

bool snp_file_read(const char *name, struct snp_file *f)
{
    char path[1024];
    for (size_t i = 0; i < test_count(folders); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folders[i], name);
        FILE *in = fopen(path, "rb");
        if (in == NULL)
            continue;
        f->bytes = bytes_of(f->content, fread(f->content, 1, sizeof f->content, in));
        (void)fclose(in);
        return f->bytes.len > 0 && f->bytes.len < sizeof f->content;
    }
    return false;
}

bool snp_report_read(const char *name, struct snp_file *f)
{
    static struct snp_file text;
    if (!snp_file_read(name, f))
        return false;
    if (f->bytes.len >= (size_t)2 * SNP_REPORT_SIZE) {
        text = *f;
        assert_ok(
            encoding_unhex(bytes_of(text.content, (size_t)2 * SNP_REPORT_SIZE), f->content, SNP_REPORT_SIZE));
        f->bytes = bytes_of(f->content, SNP_REPORT_SIZE);
    }
    return true;
}

bool snp_chain_read(const char *name, struct snp_file *ask, struct snp_file *ark)
{
    static struct snp_file pem;
    size_t len;
    if (!snp_file_read(name, &pem))
        return false;
    struct bytes text = pem.bytes;
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", ask->content, sizeof ask->content, &len));
    ask->bytes = bytes_of(ask->content, len);
    assert_ok(encoding_pem_next(&text, "CERTIFICATE", ark->content, sizeof ark->content, &len));
    ark->bytes = bytes_of(ark->content, len);
    return true;
}
