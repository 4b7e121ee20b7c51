/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tpm_quote.h"

#include "base/reader.h"

enum {
    NAME_MAX_SIZE = 66, /* TPM2B_NAME: algorithm and the largest digest */
    DATA_MAX_SIZE = 66, /* TPM2B_DATA */
    DIGEST_MAX_SIZE = 64,
    SELECT_SIZE_MIN = 3, /* octets of a PCR bitmap: PC Client Platform TPM Profile, PCR_SELECT_MIN */
    SELECT_SIZE_MAX = 4,
    ALG_RSASSA = 0x0014,
};

/* ---- TPM2B: a size, and that many octets ---- */

static struct bytes sized_read(struct reader *r, size_t max)
{
    uint16_t size = reader_u16be(r);
    if (size > max)
        reader_fail(r, ERR_TOO_LARGE);
    return reader_bytes(r, size);
}

/* The TPMS_ATTEST in it. */
static enum err unwrap(struct bytes in, struct bytes *attest, struct err_note *note)
{
    enum { MAGIC_FIRST_HALF = TPM_QUOTE_MAGIC >> 16 };
    struct reader r = reader_over(in);
    *attest = in;
    if (in.len > TPM_QUOTE_MAX)
        return err_noted(ERR_TOO_LARGE, note, "quote of %zu bytes, at most %d are taken", in.len,
                         TPM_QUOTE_MAX);
    uint16_t first = reader_u16be(&r);
    if (reader_status(&r) == ERR_OK && first == r.left && first != MAGIC_FIRST_HALF)
        *attest = reader_rest(&r);
    return ERR_OK;
}

static enum err part_failed(const char *part, const struct reader *r, struct err_note *note)
{
    enum err e = reader_status(r);
    return e == ERR_OK ? ERR_OK
                       : err_noted(e, note, "attest.%s at 0x%zx: %s", part, r->failed_at, err_text(e));
}

/* ---- TPMS_ATTEST, section 10.12.12 ---- */

static enum err header_read(struct bytes in, struct reader *r, struct tpm_quote *q, struct err_note *note)
{
    memset(q, 0, sizeof *q);
    enum err e = unwrap(in, &q->attest, note);
    if (e != ERR_OK)
        return e;
    *r = reader_over(q->attest);
    q->magic = reader_u32be(r);
    q->type = reader_u16be(r);
    return part_failed("magic", r, note);
}

enum err tpm_quote_header_parse(struct bytes in, struct tpm_quote *q, struct err_note *note)
{
    struct reader r;
    return header_read(in, &r, q, note);
}

/* TPMI_YES_NO, section 9.2. */
static bool yes_no_read(struct reader *r)
{
    uint8_t value = reader_u8(r);
    if (value > 1)
        reader_fail(r, ERR_VALUE);
    return value == 1;
}

/* TPMS_CLOCK_INFO, section 10.11.1. */
static void clock_read(struct reader *r, struct tpm_quote *q)
{
    q->clock = reader_u64be(r);
    q->reset_count = reader_u32be(r);
    q->restart_count = reader_u32be(r);
    q->safe = yes_no_read(r);
}

/* TPMS_PCR_SELECTION, section 10.6.2: the bit of PCR n is bit n % 8 of octet n / 8. */
static void selection_read(struct reader *r, struct tpm_selection *selection)
{
    enum { OCTET_BITS = 8 };
    selection->hash = reader_u16be(r);
    uint8_t size = reader_u8(r);
    if (size < SELECT_SIZE_MIN || size > SELECT_SIZE_MAX) {
        reader_fail(r, ERR_VALUE);
        return;
    }
    for (unsigned i = 0; i < size; i++)
        selection->pcrs |= (uint32_t)reader_u8(r) << i * OCTET_BITS;
}

/* TPMS_QUOTE_INFO, section 10.12.4. */
static void quote_info_read(struct reader *r, struct tpm_quote *q)
{
    uint32_t count = reader_u32be(r);
    if (count > TPM_SELECTIONS_MAX)
        reader_fail(r, ERR_TOO_LARGE);
    for (uint32_t i = 0; i < count && reader_status(r) == ERR_OK; i++)
        selection_read(r, &q->selections[q->selection_count++]);
    q->digest = sized_read(r, DIGEST_MAX_SIZE);
}

enum err tpm_quote_parse(struct bytes in, struct tpm_quote *q, struct err_note *note)
{
    struct reader r;
    enum err e = header_read(in, &r, q, note);
    if (e != ERR_OK)
        return e;
    if (q->magic != TPM_QUOTE_MAGIC)
        return err_noted(ERR_UNKNOWN, note, "attest.magic: 0x%x: no TPM made this", q->magic);
    if (q->type != TPM_QUOTE_TYPE)
        return err_noted(ERR_UNKNOWN, note, "attest.type: 0x%x, not a quote", q->type);
    q->qualified_signer = sized_read(&r, NAME_MAX_SIZE);
    q->extra_data = sized_read(&r, DATA_MAX_SIZE);
    clock_read(&r, q);
    q->firmware_version = reader_u64be(&r);
    e = part_failed("clock_info", &r, note);
    if (e != ERR_OK)
        return e;
    quote_info_read(&r, q);
    e = part_failed("quote", &r, note);
    if (e != ERR_OK)
        return e;
    return reader_finish(&r) == ERR_OK
               ? ERR_OK
               : err_noted(ERR_TRAILING, note, "attest: %zu bytes after its end", r.left);
}

/* ---- TPMT_SIGNATURE, section 11.3.4 ---- */

enum err tpm_signature_parse(struct bytes in, size_t key_size, struct bytes *signature, struct err_note *note)
{
    *signature = in;
    if (in.len == key_size)
        return ERR_OK;
    struct reader r = reader_over(in);
    uint16_t scheme = reader_u16be(&r);
    uint16_t hash = reader_u16be(&r);
    if (reader_status(&r) == ERR_OK && scheme != ALG_RSASSA)
        return err_noted(ERR_UNKNOWN, note, "signature.sigAlg: 0x%x, wanted RSASSA", scheme);
    if (reader_status(&r) == ERR_OK && hash != TPM_ALG_SHA256)
        return err_noted(ERR_UNKNOWN, note, "signature.hash: 0x%x, wanted SHA-256", hash);
    *signature = sized_read(&r, key_size);
    enum err e = reader_finish(&r);
    if (e == ERR_OK && signature->len != key_size)
        e = ERR_VALUE;
    return e == ERR_OK ? ERR_OK
                       : err_noted(e, note, "signature: not one of %zu bytes: %s", key_size, err_text(e));
}
