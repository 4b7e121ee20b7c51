/* SPDX-License-Identifier: Apache-2.0 */

/* A firmware that the parser takes has sections of whole pages, and a launch digest or a reason why not. */

#include <stdlib.h>

#include "crypto/crypto.h"
#include "launch/snp_digest.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return crypto_init() == ERR_OK ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MEASURED_MAX = 4 * 1024 * 1024 };
    static const uint8_t of_firmware[SNP_DIGEST_SIZE];
    struct ovmf f;
    struct err_note note = {{0}};
    struct sev_kernel kernel = {.cmdline = "quiet"};
    uint8_t digest[SNP_DIGEST_SIZE];
    uint64_t measured = 0;
    if (ovmf_parse(bytes_of(data, size), &f, &note) != ERR_OK)
        return 0;
    for (size_t i = 0; i < f.section_count; i++) {
        if (f.sections[i].size == 0 || f.sections[i].size % OVMF_PAGE_SIZE != 0)
            abort();
        measured += f.sections[i].size;
    }
    if (measured > MEASURED_MAX) /* takes its time, and shows nothing more */
        return 0;
    struct snp_launch launch = {.firmware = bytes_of(data, size),
                                .firmware_digest = of_firmware,
                                .kernel = f.has_hash_table ? &kernel : NULL,
                                .hypervisor = f.has_svsm ? VMSA_EC2 : VMSA_QEMU,
                                .vcpus = 2};
    if (snp_launch_digest(&launch, digest, &note) != ERR_OK && note.text[0] == '\0')
        abort();
    return 0;
}
