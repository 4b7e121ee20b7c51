/* SPDX-License-Identifier: Apache-2.0 */

/* Firmware for TDX, an EFI program, ACPI tables, SMBIOS structures or lists of signatures: each has its digests, or a reason why not. The first byte says what the rest is. */

#include <stdlib.h>

#include "base/reader.h"
#include "launch/acpi.h"
#include "launch/pe_digest.h"
#include "launch/smbios.h"
#include "launch/tdx_digest.h"
#include "launch/uefi_signatures.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return crypto_init() == ERR_OK ? 0 : 1;
}

static void firmware(struct bytes image)
{
    enum { MEASURED_MAX = 4 * 1024 * 1024 };
    static const uint8_t no_kernel[64];
    struct tdvf f;
    struct tdx_events events;
    struct err_note note = {{0}};
    uint8_t mrtd[TDX_DIGEST_SIZE];
    uint64_t measured = 0;
    if (tdvf_parse(image, &f, &note) != ERR_OK) {
        if (note.text[0] == '\0')
            abort();
        return;
    }
    for (size_t i = 0; i < f.section_count; i++) {
        if (f.sections[i].size % OVMF_PAGE_SIZE != 0 || f.sections[i].data.len > f.sections[i].size)
            abort();
        measured += f.sections[i].size;
    }
    if (measured > MEASURED_MAX) /* takes its time, and shows nothing more */
        return;
    if (tdx_mrtd(image, TDX_PAGE_BY_PAGE, mrtd, &note) != ERR_OK)
        abort();
    const struct tdx_machine machine = {.firmware = image,
                                        .firmware_kind = TDX_FIRMWARE_202505,
                                        .memory = 4ULL << 30,
                                        .kernel = bytes_of(no_kernel, sizeof no_kernel),
                                        .cmdline = "quiet"};
    if (tdx_machine_events(&machine, &events, &note) == ERR_OK)
        abort(); /* there is no kernel */
}

static void kernel(struct bytes image)
{
    struct err_note note = {{0}};
    uint8_t digest[TDX_DIGEST_SIZE];
    if (pe_digest(image, CRYPTO_SHA384, digest, &note) != ERR_OK && note.text[0] == '\0')
        abort();
}

static void tables(struct bytes all)
{
    struct err_note note = {{0}};
    uint8_t rsdp[ACPI_RSDP_SIZE];
    uint8_t loader[ACPI_LOADER_SIZE];
    uint32_t count;
    const bool has_root = acpi_rsdp(all, rsdp, &note) == ERR_OK;
    if (acpi_loader(all, loader, &note) == ERR_OK && !has_root)
        abort();
    if (acpi_processors(all, &count, &note) == ERR_OK && !has_root)
        abort();
}

static void structures(struct bytes all)
{
    static const uint8_t processor[SMBIOS_PROCESSOR_ID_SIZE] = {0xf8, 0x06, 0x0c};
    struct err_note note = {{0}};
    uint8_t digest[TDX_DIGEST_SIZE];
    uint8_t other[TDX_DIGEST_SIZE];
    const bool is_one = smbios_digest(all, processor, digest, &note) == ERR_OK;
    if (!is_one && note.text[0] == '\0')
        abort();
    if (smbios_digest(all, NULL, other, &note) == ERR_OK && !is_one)
        abort(); /* with a sound processor it is no worse */
}

static void signatures(struct bytes all)
{
    struct err_note note = {{0}};
    struct bytes first;
    size_t count;
    if (uefi_signatures_read(all, &count, &first, &note) != ERR_OK) {
        if (note.text[0] == '\0')
            abort();
    } else if ((count != 0) != (first.len != 0) || first.len > all.len) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(bytes_of(data, size));
    const uint8_t what = reader_u8(&r);
    const struct bytes rest = reader_rest(&r);
    if (what == 'K')
        kernel(rest);
    else if (what == 'A')
        tables(rest);
    else if (what == 'S')
        structures(rest);
    else if (what == 'D')
        signatures(rest);
    else
        firmware(rest);
    return 0;
}
