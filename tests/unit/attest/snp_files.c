/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/snp_files.h"

#include <stdio.h>

#include "attest/snp_report.h"
#include "base/encoding.h"
#include "support/real_evidence.h"
#include "unit/test.h"

bool snp_file_read(const char *name, struct snp_file *f)
{
    char path[256];
    (void)snprintf(path, sizeof path, "snp/%s", name);
    f->bytes = real_evidence_read(path, f->content, sizeof f->content);
    return f->bytes.len != 0;
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
