/* SPDX-License-Identifier: Apache-2.0 */
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/tdx_digest.h"

/* Intel TDX Module Base Architecture Specification, "TD measurement": each operation updates the hash with 128 bytes: its name, zeros to byte 16, the
 * address (8, little endian), zeros. An extension is followed by the 256 bytes that it is of. */
enum { RECORD_SIZE = 128, RECORD_ADDRESS_AT = 16, CHUNK_SIZE = 256 };

static enum err record_feed(struct crypto_hash_stream *s, const char *name, uint64_t gpa)
{
    uint8_t record[RECORD_SIZE];
    struct bytes all;
    struct writer w = writer_into(record, sizeof record);
    writer_str(&w, name);
    writer_zeros(&w, RECORD_ADDRESS_AT - strlen(name));
    writer_u64le(&w, gpa);
    writer_zeros(&w, RECORD_SIZE - RECORD_ADDRESS_AT - sizeof gpa);
    enum err e = writer_finish(&w, &all);
    return e == ERR_OK ? crypto_hash_feed(s, all) : e;
}

static enum err pages_add(struct crypto_hash_stream *s, uint64_t gpa, uint64_t size)
{
    enum err e = ERR_OK;
    for (uint64_t done = 0; e == ERR_OK && done < size; done += OVMF_PAGE_SIZE)
        e = record_feed(s, "MEM.PAGE.ADD", gpa + done);
    return e;
}

static enum err contents_extend(struct crypto_hash_stream *s, uint64_t gpa, struct bytes contents)
{
    enum err e = ERR_OK;
    for (struct reader r = reader_over(contents); e == ERR_OK && r.left > 0; gpa += CHUNK_SIZE) {
        struct bytes chunk = reader_bytes(&r, CHUNK_SIZE);
        e = record_feed(s, "MR.EXTEND", gpa);
        if (e == ERR_OK)
            e = crypto_hash_feed(s, chunk);
    }
    return e;
}

static enum err measured_add(struct crypto_hash_stream *s, const struct tdvf_section *section,
                             enum tdx_page_order order)
{
    uint64_t gpa = section->gpa;
    enum err e = ERR_OK;
    if (order == TDX_SECTION_BY_SECTION) {
        e = pages_add(s, gpa, section->size);
        return e == ERR_OK ? contents_extend(s, gpa, section->data) : e;
    }
    for (struct reader r = reader_over(section->data); e == ERR_OK && r.left > 0; gpa += OVMF_PAGE_SIZE) {
        struct bytes page = reader_bytes(&r, OVMF_PAGE_SIZE);
        e = pages_add(s, gpa, OVMF_PAGE_SIZE);
        if (e == ERR_OK)
            e = contents_extend(s, gpa, page);
    }
    return e;
}

static enum err section_add(struct crypto_hash_stream *s, const struct tdvf_section *section,
                            enum tdx_page_order order)
{
    if ((section->attributes & TDVF_ATTRIBUTE_PAGE_AUG) != 0)
        return ERR_OK;
    if ((section->attributes & TDVF_ATTRIBUTE_MR_EXTEND) == 0)
        return pages_add(s, section->gpa, section->size);
    return measured_add(s, section, order);
}

enum err tdx_mrtd(struct bytes firmware, enum tdx_page_order order, uint8_t mrtd[static TDX_DIGEST_SIZE],
                  struct err_note *note)
{
    struct tdvf f;
    struct crypto_hash_stream *s = NULL;
    memset(mrtd, 0, TDX_DIGEST_SIZE);
    enum err e = tdvf_parse(firmware, &f, note);
    if (e == ERR_OK)
        e = crypto_hash_open(CRYPTO_SHA384, &s);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; e == ERR_OK && i < f.section_count; i++)
        e = section_add(s, &f.sections[i], order);
    enum err closed = crypto_hash_close(s, e == ERR_OK ? mrtd : NULL);
    return e == ERR_OK ? closed : e;
}
