/* SPDX-License-Identifier: Apache-2.0 */
/* Document 56860, tables "ATTESTATION_REPORT", "Guest Policy", "PLATFORM_INFO field", "TCB_VERSION"; the names are the manual's. */
#include <stdio.h>

#include "attest/anchors.h"
#include "attest/certificate_table.h"
#include "attest/evidence_file.h"
#include "attest/snp_report.h"
#include "base/reader.h"
#include "cli/inspect.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct inspect_bit policy_bits[] = {
    {0, 7, "ABI_MINOR"},
    {8, 15, "ABI_MAJOR"},
    {16, 16, "SMT"},
    {17, 17, "reserved, must be 1"},
    {18, 18, "MIGRATE_MA"},
    {19, 19, "DEBUG"},
    {20, 20, "SINGLE_SOCKET"},
    {21, 21, "CXL_ALLOW"},
    {22, 22, "MEM_AES_256_XTS"},
    {23, 23, "RAPL_DIS"},
    {24, 24, "CIPHERTEXT_HIDING_DRAM"},
    {25, 25, "PAGE_SWAP_DISABLE"},
};

static const struct inspect_bit platform_bits[] = {
    {0, 0, "SMT_EN"},
    {1, 1, "TSME_EN"},
    {2, 2, "ECC_EN"},
    {3, 3, "RAPL_DIS"},
    {4, 4, "CIPHERTEXT_HIDING_DRAM_EN"},
    {5, 5, "ALIAS_CHECK_COMPLETE"},
    {6, 6, "IOMMU_WRITE_SAFE (Turin)"},
    {7, 7, "TIO_EN"},
};

static const struct inspect_bit key_bits[] = {
    {0, 0, "AUTHOR_KEY_EN"},
    {1, 1, "MASK_CHIP_KEY"},
    {2, 4, "SIGNING_KEY (0 VCEK, 1 VLEK, 7 none)"},
};

/* How the levels stand in TCB_VERSION, the product says; a report of version 2 does not say the product, and then the bytes are all there is. */
static void put_tcb(json_t *object, const char *name, struct bytes raw, const struct snp_product *product)
{
    json_t *inner = json_object();
    inspect_put_hex(inner, "value", raw);
    for (size_t i = 0; product != NULL && i < SNP_COMPONENT_COUNT; i++) {
        struct reader r = reader_over(raw);
        if (product->tcb[i] == SNP_COMPONENT_NONE)
            continue;
        (void)reader_bytes(&r, product->tcb[i]);
        inspect_put_text(inner, anchors_snp_component_name((enum snp_component)i), "%u", reader_u8(&r));
    }
    inspect_put(object, name, inner);
}

static void put_version(json_t *object, const char *name, struct bytes value)
{
    struct reader r = reader_over(value);
    unsigned build = reader_u8(&r);
    unsigned minor = reader_u8(&r);
    unsigned major = reader_u8(&r);
    inspect_put_text(object, name, "%u.%u, build %u", major, minor, build);
}

enum special { BITS_POLICY, BITS_PLATFORM, BITS_KEY, TCB, VERSION };

/* Fields that are more than a number or bytes. */
static const struct {
    const char *name; /* in the report's table */
    enum special special;
    const char *shown; /* NULL: the same */
} specials[] = {
    {"POLICY", BITS_POLICY, NULL},
    {"PLATFORM_INFO", BITS_PLATFORM, NULL},
    {"KEY_INFO", BITS_KEY, NULL},
    {"CURRENT_TCB", TCB, NULL},
    {"REPORTED_TCB", TCB, NULL},
    {"COMMITTED_TCB", TCB, NULL},
    {"LAUNCH_TCB", TCB, NULL},
    {"CURRENT_BUILD, _MINOR, _MAJOR", VERSION, "CURRENT version"},
    {"COMMITTED_BUILD, _MINOR, _MAJOR", VERSION, "COMMITTED version"},
};

static uint64_t number_of(struct bytes value)
{
    struct reader r = reader_over(value);
    return value.len == 1 ? reader_u8(&r) : value.len == 4 ? reader_u32le(&r) : reader_u64le(&r);
}

static bool put_special(json_t *object, const struct snp_field *f, struct bytes value,
                        const struct snp_product *product)
{
    for (size_t i = 0; i < COUNT(specials); i++) {
        if (strcmp(specials[i].name, f->name) != 0)
            continue;
        const char *name = specials[i].shown != NULL ? specials[i].shown : f->name;
        switch (specials[i].special) {
        case BITS_POLICY:
            inspect_put_bits(object, name, number_of(value), 64, policy_bits, COUNT(policy_bits));
            break;
        case BITS_PLATFORM:
            inspect_put_bits(object, name, number_of(value), 64, platform_bits, COUNT(platform_bits));
            break;
        case BITS_KEY:
            inspect_put_bits(object, name, number_of(value), 32, key_bits, COUNT(key_bits));
            break;
        case TCB:
            put_tcb(object, name, value, product);
            break;
        case VERSION:
            put_version(object, name, value);
            break;
        }
        return true;
    }
    return false;
}

static bool is_zero(struct bytes value)
{
    struct reader r = reader_over(value);
    reader_zeros(&r, value.len);
    return reader_status(&r) == ERR_OK;
}

static void put_field(json_t *object, const struct snp_field *f, struct bytes value, uint32_t version,
                      const struct snp_product *product)
{
    char name[64];
    if (f->kind == SNP_FIELD_RESERVED || version < f->since) {
        (void)snprintf(name, sizeof name, "reserved at 0x%03x", f->offset);
        if (!is_zero(value))
            inspect_put_hex(object, name, value);
    } else if (put_special(object, f, value, product)) {
        return;
    } else if (f->kind == SNP_FIELD_NUMBER && f->size == 8) {
        inspect_put_text(object, f->name, "0x%016llx", (unsigned long long)number_of(value));
    } else if (f->kind == SNP_FIELD_NUMBER) {
        inspect_put_text(object, f->name, "%llu", (unsigned long long)number_of(value));
    } else {
        inspect_put_hex(object, f->name, value);
    }
}

static struct bytes part(struct bytes whole, const struct snp_field *f)
{
    struct reader r = reader_over(whole);
    (void)reader_bytes(&r, f->offset);
    return reader_bytes(&r, f->size);
}

static uint64_t number_named(struct bytes report, const char *name)
{
    const struct snp_field *f;
    for (size_t i = 0; (f = snp_report_field(i)) != NULL; i++)
        if (strcmp(f->name, name) == 0)
            return number_of(part(report, f));
    return 0;
}

json_t *inspect_snp_report(struct bytes content)
{
    struct evidence_snp found;
    struct snp_report parsed;
    struct err_note note = {{0}};
    const struct snp_field *f;
    json_t *object = json_object();
    evidence_snp_find(content, &found);
    const uint32_t version = (uint32_t)number_named(found.report, "VERSION");
    const struct snp_product *product =
        version >= SNP_REPORT_VERSION_CPUID
            ? anchors_snp_by_cpuid((uint8_t)number_named(found.report, "CPUID_FAM_ID"),
                                   (uint8_t)number_named(found.report, "CPUID_MOD_ID"))
            : NULL;
    inspect_put_text(object, "wrapping", "%s", found.wrapping);
    if (product != NULL)
        inspect_put_text(object, "product", "%s", product->name);
    inspect_put_error(object, snp_report_parse(found.report, &parsed, &note), &note);
    for (size_t i = 0; (f = snp_report_field(i)) != NULL; i++)
        put_field(object, f, part(found.report, f), version, product);
    if (found.certificates.len != 0)
        inspect_put(object, "certificates", inspect_certificate_table(found.certificates));
    return object;
}

json_t *inspect_certificate_table(struct bytes content)
{
    struct certificate_table t;
    struct err_note note = {{0}};
    json_t *object = json_object();
    enum err e = certificate_table_parse(content, &t);
    inspect_put_error(object, e, &note);
    const struct {
        const char *name;
        struct bytes der;
    } parts[] = {{"VCEK", t.vcek}, {"VLEK", t.vlek}, {"ASK or ASVK", t.ask}, {"ARK", t.ark}};
    for (size_t i = 0; i < COUNT(parts); i++)
        if (parts[i].der.len != 0)
            inspect_put(object, parts[i].name, inspect_certificate(parts[i].der));
    if (t.crl.len != 0)
        inspect_put(object, "CRL", inspect_crl(t.crl));
    return object;
}
