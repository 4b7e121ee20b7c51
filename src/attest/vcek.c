/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vcek.h"

#include "attest/der.h"

enum { SPL_MAX = 255, STRUCT_VERSION_MAX = 1, HWID_SIZE_WITH_FMC = 8, ARC_MAX = 2, PRODUCT_NAME_MAX = 16 };

/* 1.3.6.1.4.1.3704.1 */
static const uint8_t amd_arc[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01};

enum kind { STRUCT_VERSION, PRODUCT, LEVEL, RESERVED_LEVEL, HWID };

/* Below amd_arc. VLEK certificates have .5 (CSP_ID) in place of .4: not known here, so refused. */
static const struct row {
    uint8_t arc_len;
    uint8_t arc[ARC_MAX];
    enum kind kind;
    enum snp_component component;
    bool required;
    const char *name;
} rows[] = {
    {1, {1}, STRUCT_VERSION, 0, true, "structVersion"}, {1, {2}, PRODUCT, 0, true, "productName"},
    {2, {3, 1}, LEVEL, SNP_BOOTLOADER, true, "blSPL"},  {2, {3, 2}, LEVEL, SNP_TEE, true, "teeSPL"},
    {2, {3, 3}, LEVEL, SNP_FIRMWARE, true, "snpSPL"},   {2, {3, 4}, RESERVED_LEVEL, 0, false, "spl4"},
    {2, {3, 5}, RESERVED_LEVEL, 0, false, "spl5"},      {2, {3, 6}, RESERVED_LEVEL, 0, false, "spl6"},
    {2, {3, 7}, RESERVED_LEVEL, 0, false, "spl7"},      {2, {3, 8}, LEVEL, SNP_MICROCODE, true, "ucodeSPL"},
    {2, {3, 9}, LEVEL, SNP_FMC, false, "fmcSPL"},       {1, {4}, HWID, 0, true, "hwID"},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* Is the OID one of AMD's, and which? *row is NULL for one of AMD's that is not known. */
static bool is_amd(struct bytes oid, const struct row **row)
{
    struct reader r = reader_over(oid);
    if (!bytes_equal(reader_bytes(&r, sizeof amd_arc), bytes_of(amd_arc, sizeof amd_arc)))
        return false;
    struct bytes arc = reader_rest(&r);
    *row = NULL;
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (bytes_equal(arc, bytes_of(rows[i].arc, rows[i].arc_len)))
            *row = &rows[i];
    return true;
}

static enum err value_read(const struct row *row, struct bytes value, uint64_t *struct_version,
                           struct vcek *vcek)
{
    struct reader r = reader_over(value);
    switch (row->kind) {
    case STRUCT_VERSION:
        *struct_version = der_uint(&r, STRUCT_VERSION_MAX);
        break;
    case PRODUCT:
        vcek->product = der_value(&r, DER_IA5_STRING);
        if (vcek->product.len == 0 || vcek->product.len > PRODUCT_NAME_MAX)
            reader_fail(&r, ERR_CERTIFICATE);
        break;
    case LEVEL:
        vcek->level[row->component] = (uint8_t)der_uint(&r, SPL_MAX);
        vcek->has_fmc = vcek->has_fmc || row->component == SNP_FMC;
        break;
    case RESERVED_LEVEL:
        (void)der_uint(&r, 0);
        break;
    case HWID: /* the octets themselves, not an OCTET STRING inside the OCTET STRING */
        vcek->hwid = reader_rest(&r);
        break;
    }
    return reader_finish(&r);
}

enum err vcek_parse(const struct x509 *cert, struct vcek *vcek, struct err_note *note)
{
    bool seen[ROW_COUNT] = {0};
    uint64_t struct_version = 0;
    memset(vcek, 0, sizeof *vcek);
    /* Duplicates were refused by x509_parse. */
    for (size_t i = 0; i < cert->extension_count; i++) {
        const struct row *row;
        if (!is_amd(cert->extensions[i].oid, &row))
            continue;
        if (row == NULL)
            return err_noted(ERR_UNKNOWN, note, "VCEK: an extension of AMD's that is not known");
        if (value_read(row, cert->extensions[i].value, &struct_version, vcek) != ERR_OK)
            return err_noted(ERR_CERTIFICATE, note, "VCEK: the extension %s is malformed", row->name);
        seen[row - rows] = true;
    }
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (rows[i].required && !seen[i])
            return err_noted(ERR_CERTIFICATE, note, "VCEK: there is no extension %s", rows[i].name);
    /* structVersion 1 came with Turin: an FMC level, and a chip id of 8 octets. */
    if (vcek->has_fmc != (struct_version == 1) ||
        vcek->hwid.len != (vcek->has_fmc ? HWID_SIZE_WITH_FMC : VCEK_HWID_MAX))
        return err_noted(ERR_CERTIFICATE, note,
                         "VCEK: structVersion %u does not fit the fmcSPL or a hwID of %zu octets",
                         (unsigned)struct_version, vcek->hwid.len);
    return ERR_OK;
}

bool vcek_is_product(const struct vcek *vcek, const char *name)
{
    struct bytes wanted = bytes_str(name);
    struct reader r = reader_over(vcek->product);
    if (!bytes_equal(reader_bytes(&r, wanted.len), wanted))
        return false;
    if (r.left == 0)
        return true;
    /* A stepping is a letter and a digit. */
    uint8_t dash = reader_u8(&r);
    uint8_t letter = reader_u8(&r);
    uint8_t digit = reader_u8(&r);
    return reader_finish(&r) == ERR_OK && dash == '-' && letter >= 'A' && letter <= 'Z' && digit >= '0' &&
           digit <= '9';
}
