/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tpm_pcr_file.h"

#include "base/reader.h"

/* TSS 2.0 Overview and Common Structures: TPML_PCR_SELECTION has room for 16 banks, each UINT16 hash, UINT8 sizeofSelect, BYTE pcrSelect[4] and an octet
 * that aligns it; TPML_DIGEST for 8 TPM2B_DIGESTs, each UINT16 size and BYTE buffer[64]. */
enum { SELECT_ROOM = 4, BANK_SIZE = 8, DIGESTS = 8, DIGEST_ROOM = 64, LISTS_MAX = TPM_PCR_COUNT };

static unsigned count_bits(uint32_t bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* How many registers are selected. Of a reader that failed before, only the first failure counts. */
static unsigned selection_read(struct reader *r)
{
    uint32_t banks = reader_u32le(r);
    uint16_t hash = reader_u16le(r);
    uint8_t size = reader_u8(r);
    uint32_t pcrs = reader_u32le(r);
    (void)reader_u8(r);
    (void)reader_bytes(r, (size_t)(TPM_SELECTIONS_MAX - 1) * BANK_SIZE);
    if (banks != 1 || hash != TPM_ALG_SHA256)
        reader_fail(r, ERR_UNKNOWN);
    if (size > SELECT_ROOM || pcrs >> TPM_PCR_COUNT != 0)
        reader_fail(r, ERR_VALUE);
    return count_bits(pcrs);
}

/* One TPML_DIGEST; *count is how many values there were, of at most TPM_PCR_COUNT. */
static void list_read(struct reader *r, uint8_t *out, unsigned *count)
{
    uint32_t used = reader_u32le(r);
    if (used > DIGESTS || used > TPM_PCR_COUNT - *count)
        reader_fail(r, ERR_TOO_LARGE);
    for (uint32_t i = 0; i < DIGESTS; i++) {
        uint16_t size = reader_u16le(r);
        struct reader room = reader_sub(r, DIGEST_ROOM);
        if (i >= used || reader_status(r) != ERR_OK)
            continue;
        if (size != TPM_PCR_SIZE)
            reader_fail(r, ERR_UNKNOWN);
        reader_copy(&room, out + (size_t)(*count)++ * TPM_PCR_SIZE, TPM_PCR_SIZE);
    }
}

enum err tpm_pcr_file_parse(struct bytes in, uint8_t out[static TPM_PCR_VALUES_MAX], size_t *len,
                            struct err_note *note)
{
    struct reader r = reader_over(in);
    unsigned count = 0;
    *len = 0;
    if (in.len != 0 && in.len <= TPM_PCR_VALUES_MAX && in.len % TPM_PCR_SIZE == 0) {
        reader_copy(&r, out, in.len);
        *len = in.len;
        return ERR_OK;
    }
    unsigned selected = selection_read(&r);
    uint32_t lists = reader_u32le(&r);
    if (lists > LISTS_MAX)
        reader_fail(&r, ERR_TOO_LARGE);
    for (uint32_t i = 0; i < lists && reader_status(&r) == ERR_OK; i++)
        list_read(&r, out, &count);
    if (count != selected)
        reader_fail(&r, ERR_VALUE);
    enum err e = reader_finish(&r);
    if (e != ERR_OK)
        return err_noted(
            e, note, "values of registers: neither 32 bytes each nor what tpm2_quote writes (%s at 0x%zx)",
            err_text(e), r.failed_at);
    *len = (size_t)count * TPM_PCR_SIZE;
    return ERR_OK;
}
