/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/pck.h"

#include "attest/der.h"

/* 1.2.840.113741.1.13.1, content octets; its members are named by one or two more arcs. */
static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01};

/* Members, by their arc. */
enum {
    MEMBER_PPID = 1,
    MEMBER_TCB,
    MEMBER_PCE_ID,
    MEMBER_FMSPC,
    MEMBER_SGX_TYPE,
    MEMBER_PLATFORM_INSTANCE,
    MEMBER_CONFIGURATION
};
/* Of the TCB: 1 to 16 are the components. */
enum { TCB_PCE_SVN = 17, TCB_CPU_SVN = 18 };
enum { SGX_TYPES = 2, PLATFORM_INSTANCE_SIZE = 16, CONFIGURATION_MEMBERS = 3 };

static void malformed(struct reader *r)
{
    reader_fail(r, ERR_CERTIFICATE);
}

/* The member's OID: the extension's arc, below it `parent` (0: none), and the number that is given back. */
static uint8_t member_read(struct reader *r, uint8_t parent)
{
    struct bytes value = der_value(r, DER_OID);
    struct reader oid = reader_over(value);
    if (!bytes_equal(reader_bytes(&oid, sizeof arc), bytes_of(arc, sizeof arc)))
        malformed(r);
    if (parent != 0 && reader_u8(&oid) != parent)
        malformed(r);
    uint8_t number = reader_u8(&oid);
    if (reader_finish(&oid) != ERR_OK)
        malformed(r);
    return number;
}

static void octets_read(struct reader *r, uint8_t *to, size_t size)
{
    struct bytes value = der_value(r, DER_OCTET_STRING);
    if (value.len == size)
        memcpy(to, value.ptr, size);
    else
        malformed(r);
}

static void tcb_read(struct reader *r, struct pck *pck)
{
    struct reader list = der_open(r, DER_SEQUENCE);
    for (int i = 1; i <= TCB_CPU_SVN; i++) {
        struct reader item = der_open(&list, DER_SEQUENCE);
        if (member_read(&item, MEMBER_TCB) != i)
            malformed(&item);
        if (i <= PCK_COMPONENTS)
            pck->component[i - 1] = (uint8_t)der_uint(&item, UINT8_MAX);
        else if (i == TCB_PCE_SVN)
            pck->pce_svn = (uint16_t)der_uint(&item, UINT16_MAX);
        else
            octets_read(&item, pck->cpu_svn, sizeof pck->cpu_svn);
        der_close(&list, &item);
    }
    der_close(r, &list);
}

/* DynamicPlatform, CachedKeys, SMTEnabled: said of the platform, not a matter of TDX. */
static void configuration_read(struct reader *r)
{
    struct reader list = der_open(r, DER_SEQUENCE);
    for (uint8_t last = 0; list.left > 0;) {
        struct reader item = der_open(&list, DER_SEQUENCE);
        uint8_t number = member_read(&item, MEMBER_CONFIGURATION);
        if (number <= last || number > CONFIGURATION_MEMBERS)
            malformed(&item);
        (void)der_bool(&item);
        der_close(&list, &item);
        last = number;
    }
    der_close(r, &list);
}

static void value_read(struct reader *r, uint8_t number, struct pck *pck)
{
    uint8_t instance[PLATFORM_INSTANCE_SIZE];
    switch (number) {
    case MEMBER_PPID:
        octets_read(r, pck->ppid, sizeof pck->ppid);
        break;
    case MEMBER_TCB:
        tcb_read(r, pck);
        break;
    case MEMBER_PCE_ID:
        octets_read(r, pck->pce_id, sizeof pck->pce_id);
        break;
    case MEMBER_FMSPC:
        octets_read(r, pck->fmspc, sizeof pck->fmspc);
        break;
    case MEMBER_SGX_TYPE: {
        struct bytes type = der_value(r, DER_ENUMERATED);
        if (type.len != 1 || type.ptr[0] > SGX_TYPES)
            malformed(r);
        break;
    }
    case MEMBER_PLATFORM_INSTANCE:
        octets_read(r, instance, sizeof instance);
        break;
    case MEMBER_CONFIGURATION:
        configuration_read(r);
        break;
    default:
        malformed(r); /* equivalent: what is not read is refused as well */
    }
}

enum err pck_parse(const struct x509 *cert, struct pck *pck, struct err_note *note)
{
    memset(pck, 0, sizeof *pck);
    const struct der_extension *extension = x509_extension(cert, bytes_of(arc, sizeof arc));
    if (extension == NULL)
        return err_noted(ERR_CERTIFICATE, note, "the leaf has no extension 1.2.840.113741.1.13.1");
    struct reader r = reader_over(extension->value);
    struct reader list = der_open(&r, DER_SEQUENCE);
    uint8_t last = 0;
    while (list.left > 0) {
        struct reader item = der_open(&list, DER_SEQUENCE);
        uint8_t number = member_read(&item, 0);
        /* In order, none twice; the platform instance and its configuration are only on multi-package platforms. */
        if (number != last + 1 && !(number > last && last >= MEMBER_SGX_TYPE))
            malformed(&item);
        value_read(&item, number, pck);
        der_close(&list, &item);
        last = number;
    }
    der_close(&r, &list);
    if (reader_finish(&r) != ERR_OK || last < MEMBER_SGX_TYPE)
        return err_noted(ERR_CERTIFICATE, note, "extension 1.2.840.113741.1.13.1: malformed after member %u",
                         last);
    return ERR_OK;
}
