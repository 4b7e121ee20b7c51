/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/attest/nvgpu_files.h"

#include <stdio.h>

#include "base/encoding.h"
#include "support/real_evidence.h"
#include "unit/test.h"

const char *const nvgpu_rim_files[] = {
    "1010_0200_882_96005E0001_PROD.swidtag",
    "1010_0200_882_96005E0001_test_no_gpu.swidtag",
    "1010_0200_882_96005E0003_PROD.swidtag",
    "1010_0200_882_960074001A_PROD.swidtag",
    "1010_0200_882_960074001C_PROD.swidtag",
    "1010_0205_862_96005E0002_PROD.swidtag",
    "1010_0205_862_96005E0004_PROD.swidtag",
    "1010_0205_862_960074001F_PROD.swidtag",
    "1010_0205_862_9600740020_PROD.swidtag",
    "1010_0210_886_9600740011_PROD.swidtag",
    "1010_0215_866_9600740010_PROD.swidtag",
    "Driver_RIM_test_no_gpu.swidtag",
    "g520_0200_885_9600740001_PROD.swidtag",
    "g520_0200_885_960074000D_PROD.swidtag",
    "g520_0202_885_96006D0008_PROD.swidtag",
    "g520_0202_885_96006D0027_PROD.swidtag",
    "g520_0202_885_9600740014_PROD.swidtag",
    "g520_0202_885_9600740018_PROD.swidtag",
    "g520_0205_865_9600740006_PROD.swidtag",
    "g520_0205_865_960074000F_PROD.swidtag",
    "g520_0207_865_9600740015_PROD.swidtag",
    "g520_0207_865_9600740019_PROD.swidtag",
    "g520_0213_881_96006D0007_PROD.swidtag",
    "g520_0213_881_96006D0026_PROD.swidtag",
    "g520_0228_889_96006D000A_PROD.swidtag",
    "g520_0228_889_96006D0029_PROD.swidtag",
    NULL,
};

bool nvgpu_file_read(const char *name, struct nvgpu_file *f)
{
    char path[256];
    (void)snprintf(path, sizeof path, "nvidia/nvtrust/%s", name);
    f->bytes = real_evidence_read(path, f->content, sizeof f->content);
    return f->bytes.len != 0;
}

bool nvgpu_hex_read(const char *name, struct nvgpu_file *f)
{
    static struct nvgpu_file text;
    if (!nvgpu_file_read(name, &text))
        return false;
    size_t len = text.bytes.len;
    while (len > 0 && text.content[len - 1] <= ' ')
        len--;
    assert_ok(encoding_unhex(bytes_of(text.content, len), f->content, len / 2));
    f->bytes = bytes_of(f->content, len / 2);
    return true;
}
