/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/vcek.h"

#include "attest/der.h"

enum { SPL_MAX = 255, STRUCT_VERSION_MAX = 1, HWID_SIZE_WITH_FMC = 8, ARC_MAX = 2, PRODUCT_NAME_MAX = 16 };

/* 1.3.6.1.4.1.3704.1 */
static const uint8_t amd_arc[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01};

enum kind { STRUCT_VERSION, PRODUCT, LEVEL, RESERVED_LEVEL, HWID, CSP_ID };

/* In which certificates an extension must be, or may be; bits by enum vcek_kind. */
enum { VCEK = 1U << VCEK_OF_CHIP, VLEK = 1U << VCEK_OF_PROVIDER, BOTH = VCEK | VLEK };

/* Below amd_arc. */
static const struct row {
    uint8_t arc_len;
    uint8_t arc[ARC_MAX];
    enum kind kind;
    enum snp_component component;
    uint8_t required;
    uint8_t allowed;
    const char *name;
} rows[] = {
    {1, {1}, STRUCT_VERSION, 0, BOTH, BOTH, "structVersion"},
    {1, {2}, PRODUCT, 0, BOTH, BOTH, "productName"},
    {2, {3, 1}, LEVEL, SNP_BOOTLOADER, BOTH, BOTH, "blSPL"},
    {2, {3, 2}, LEVEL, SNP_TEE, BOTH, BOTH, "teeSPL"},
    {2, {3, 3}, LEVEL, SNP_FIRMWARE, BOTH, BOTH, "snpSPL"},
    {2, {3, 4}, RESERVED_LEVEL, 0, 0, BOTH, "spl4"},
    {2, {3, 5}, RESERVED_LEVEL, 0, 0, BOTH, "spl5"},
    {2, {3, 6}, RESERVED_LEVEL, 0, 0, BOTH, "spl6"},
    {2, {3, 7}, RESERVED_LEVEL, 0, 0, BOTH, "spl7"},
    {2, {3, 8}, LEVEL, SNP_MICROCODE, BOTH, BOTH, "ucodeSPL"},
    {2, {3, 9}, LEVEL, SNP_FMC, 0, BOTH, "fmcSPL"},
    {1, {4}, HWID, 0, VCEK, VCEK, "hwID"},
    {1, {5}, CSP_ID, 0, VLEK, VLEK, "cspID"},
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

/* Printable ASCII, so that it can be shown as it is. */
static struct bytes csp_id_read(struct reader *r)
{
    uint8_t type = der_peek(r, DER_UTF8_STRING) ? DER_UTF8_STRING : DER_IA5_STRING;
    struct bytes id = der_value(r, type);
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] < ' ' || id.ptr[i] > '~')
            reader_fail(r, ERR_CERTIFICATE);
    if (id.len == 0 || id.len > VCEK_CSP_ID_MAX)
        reader_fail(r, ERR_CERTIFICATE);
    return id;
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
    case CSP_ID:
        vcek->csp_id = csp_id_read(&r);
        break;
    }
    return reader_finish(&r);
}

const char *vcek_kind_name(enum vcek_kind kind)
{
    return kind == VCEK_OF_PROVIDER ? "VLEK" : "VCEK";
}

enum err vcek_parse(const struct x509 *cert, enum vcek_kind kind, struct vcek *vcek, struct err_note *note)
{
    const char *name = vcek_kind_name(kind);
    const unsigned mask = 1U << kind;
    bool seen[ROW_COUNT] = {0};
    uint64_t struct_version = 0;
    memset(vcek, 0, sizeof *vcek);
    /* Duplicates were refused by x509_parse. */
    for (size_t i = 0; i < cert->extension_count; i++) {
        const struct row *row;
        if (!is_amd(cert->extensions[i].oid, &row))
            continue;
        if (row == NULL || (row->allowed & mask) == 0)
            return err_noted(ERR_UNKNOWN, note, "%s: an extension of AMD's that does not belong here", name);
        if (value_read(row, cert->extensions[i].value, &struct_version, vcek) != ERR_OK)
            return err_noted(ERR_CERTIFICATE, note, "%s: the extension %s is malformed", name, row->name);
        seen[row - rows] = true;
    }
    for (size_t i = 0; i < ROW_COUNT; i++)
        if ((rows[i].required & mask) != 0 && !seen[i])
            return err_noted(ERR_CERTIFICATE, note, "%s: there is no extension %s", name, rows[i].name);
    /* structVersion 1 came with Turin: an FMC level, and a chip id of 8 octets. */
    if (vcek->has_fmc != (struct_version == 1))
        return err_noted(ERR_CERTIFICATE, note, "%s: structVersion %u does not fit the fmcSPL", name,
                         (unsigned)struct_version);
    if (kind == VCEK_OF_CHIP && vcek->hwid.len != (vcek->has_fmc ? HWID_SIZE_WITH_FMC : VCEK_HWID_MAX))
        return err_noted(ERR_CERTIFICATE, note, "%s: a hwID of %zu octets", name, vcek->hwid.len);
    return ERR_OK;
}

static bool is_named(struct bytes product, const char *name)
{
    struct bytes wanted = bytes_str(name);
    struct reader r = reader_over(product);
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

bool vcek_is_product(const struct vcek *vcek, const struct snp_product *product)
{
    bool named = is_named(vcek->product, product->name);
    for (size_t i = 0; i < SNP_PRODUCT_ALIASES_MAX && product->aliases[i] != NULL; i++)
        named = named || is_named(vcek->product, product->aliases[i]);
    return named;
}
