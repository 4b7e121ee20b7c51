/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/snp_digest.h"

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/crypto.h"

static const uint64_t four_gib = 1ULL << 32;
static const uint64_t reset_vector = 0xfffffff0;
static const uint64_t vmsa_gpa =
    0xfffffffff000; /* where the firmware says that every save area is, wherever it is */

/* ---- the digest: document 56860, table PAGE_INFO ---- */

enum page_type {
    PAGE_NORMAL = 1,
    PAGE_VMSA = 2,
    PAGE_ZERO = 3,
    PAGE_UNMEASURED = 4,
    PAGE_SECRETS = 5,
    PAGE_CPUID = 6
};

enum { PAGE_INFO_SIZE = 0x70 };

/* digest := SHA-384(digest || contents || size || type || is_imi || permissions of VMPL 3, 2, 1 || 0 || address) */
static enum err page_add(uint8_t digest[static SNP_DIGEST_SIZE], enum page_type type, uint64_t gpa,
                         const uint8_t contents[static CRYPTO_SHA384_SIZE])
{
    enum { IMI_PERMISSIONS_RESERVED = 1 + 3 + 1 };
    uint8_t info[PAGE_INFO_SIZE];
    struct bytes all;
    struct writer w = writer_into(info, sizeof info);
    writer_bytes(&w, bytes_of(digest, SNP_DIGEST_SIZE));
    writer_bytes(&w, bytes_of(contents, CRYPTO_SHA384_SIZE));
    writer_u16le(&w, PAGE_INFO_SIZE);
    writer_u8(&w, (uint8_t)type);
    writer_zeros(&w, IMI_PERMISSIONS_RESERVED);
    writer_u64le(&w, gpa);
    enum err e = writer_finish(&w, &all);
    return e == ERR_OK ? crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest) : e;
}

/* Pages whose contents count. data: whole pages. */
static enum err contents_add(uint8_t digest[static SNP_DIGEST_SIZE], enum page_type type, uint64_t gpa,
                             struct bytes data)
{
    enum err e = ERR_OK;
    for (struct reader r = reader_over(data); e == ERR_OK && r.left > 0; gpa += OVMF_PAGE_SIZE) {
        uint8_t contents[CRYPTO_SHA384_SIZE];
        struct bytes page = reader_bytes(&r, OVMF_PAGE_SIZE);
        e = reader_status(&r);
        if (e == ERR_OK)
            e = crypto_hash_parts(CRYPTO_SHA384, &page, 1, contents);
        if (e == ERR_OK)
            e = page_add(digest, type, gpa, contents);
    }
    return e;
}

/* Pages of which only place and type count. */
static enum err places_add(uint8_t digest[static SNP_DIGEST_SIZE], enum page_type type, uint64_t gpa,
                           uint32_t size)
{
    static const uint8_t nothing[CRYPTO_SHA384_SIZE];
    enum err e = ERR_OK;
    for (uint32_t done = 0; e == ERR_OK && done < size; done += OVMF_PAGE_SIZE)
        e = page_add(digest, type, gpa + done, nothing);
    return e;
}

/* ---- the firmware's sections ---- */

static enum err hashes_add(uint8_t digest[static SNP_DIGEST_SIZE], const struct ovmf *f,
                           const struct sev_kernel *kernel, const struct ovmf_section *s,
                           struct err_note *note)
{
    uint8_t page[OVMF_PAGE_SIZE] = {0};
    const uint32_t offset = f->hash_table_gpa % OVMF_PAGE_SIZE;
    if (!f->has_hash_table || f->hash_table_gpa - offset != s->gpa || s->size != OVMF_PAGE_SIZE ||
        offset > OVMF_PAGE_SIZE - SEV_HASHES_TABLE_SIZE)
        return err_noted(ERR_VALUE, note, "the firmware's table of hashes is at 0x%x, its page at 0x%x",
                         f->hash_table_gpa, s->gpa);
    struct writer w = writer_into(page, sizeof page);
    (void)writer_reserve(&w, offset);
    enum err e = sev_hashes_table(kernel, writer_reserve(&w, SEV_HASHES_TABLE_SIZE));
    return e == ERR_OK ? contents_add(digest, PAGE_NORMAL, s->gpa, bytes_of(page, sizeof page)) : e;
}

/* Google leaves the zeroed memory unmeasured. */
static enum page_type zero_page_of(enum vmsa_hypervisor h)
{
    return h == VMSA_GCE ? PAGE_UNMEASURED : PAGE_ZERO;
}

static enum err section_add(uint8_t digest[static SNP_DIGEST_SIZE], const struct snp_launch *launch,
                            const struct ovmf *f, const struct ovmf_section *s, struct err_note *note)
{
    switch ((enum ovmf_section_type)s->type) {
    case OVMF_SECTION_SEC_MEM:
        return places_add(digest, zero_page_of(launch->hypervisor), s->gpa, s->size);
    case OVMF_SECTION_SVSM_CAA:
        return places_add(digest, PAGE_ZERO, s->gpa, s->size);
    case OVMF_SECTION_SECRETS:
        return places_add(digest, PAGE_SECRETS, s->gpa, OVMF_PAGE_SIZE);
    case OVMF_SECTION_CPUID:
        return places_add(digest, PAGE_CPUID, s->gpa, OVMF_PAGE_SIZE);
    case OVMF_SECTION_KERNEL_HASHES:
        return launch->kernel == NULL ? places_add(digest, PAGE_ZERO, s->gpa, s->size)
                                      : hashes_add(digest, f, launch->kernel, s, note);
    }
    return ERR_UNKNOWN;
}

/* Amazon adds the CPUID page last, all others in the firmware's order. */
static bool comes_later(enum vmsa_hypervisor h, uint32_t type)
{
    return h == VMSA_EC2 && type == OVMF_SECTION_CPUID;
}

static enum err sections_add(uint8_t digest[static SNP_DIGEST_SIZE], const struct snp_launch *launch,
                             const struct ovmf *f, struct err_note *note)
{
    enum err e = ERR_OK;
    bool hashed = false;
    for (int later = 0; later <= 1; later++)
        for (size_t i = 0; e == ERR_OK && i < f->section_count; i++) {
            const struct ovmf_section *s = &f->sections[i];
            if (comes_later(launch->hypervisor, s->type) == (later == 1))
                e = section_add(digest, launch, f, s, note);
            hashed = hashed || s->type == OVMF_SECTION_KERNEL_HASHES;
        }
    if (e == ERR_OK && launch->kernel != NULL && !hashed)
        e = err_noted(ERR_VALUE, note,
                      "this firmware does not check a kernel: it has no page for its hashes");
    return e;
}

/* ---- the processors ---- */

static enum err entry_of(const struct snp_launch *launch, const struct ovmf *f, bool is_first,
                         uint64_t *entry, struct err_note *note)
{
    *entry = reset_vector;
    if (launch->hypervisor == VMSA_SVSM)
        *entry = four_gib - launch->firmware.len - launch->variables_size - launch->svsm.len + f->svsm_entry;
    else if (!is_first && !f->has_reset_eip)
        return err_noted(ERR_VALUE, note, "this firmware does not say where further processors begin");
    else if (!is_first)
        *entry = f->reset_eip;
    return ERR_OK;
}

static enum err save_area(const struct snp_launch *launch, const struct ovmf *f, uint64_t features,
                          bool is_first, uint8_t page[static VMSA_SIZE], struct err_note *note)
{
    struct vmsa v = {.hypervisor = launch->hypervisor,
                     .is_first = is_first,
                     .sev_features = features,
                     .signature = launch->signature};
    enum err e = entry_of(launch, f, is_first, &v.entry, note);
    if (e == ERR_OK)
        vmsa_build(&v, page);
    return e;
}

static enum err processors_add(uint8_t digest[static SNP_DIGEST_SIZE], const struct snp_launch *launch,
                               const struct ovmf *f, struct err_note *note)
{
    uint8_t page[VMSA_SIZE];
    enum err e = ERR_OK;
    for (uint32_t i = 0; e == ERR_OK && i < launch->vcpus; i++) {
        if (i <= 1) /* all but the first are the same */
            e = save_area(launch, f, launch->features, i == 0, page, note);
        if (e == ERR_OK)
            e = contents_add(digest, PAGE_VMSA, vmsa_gpa, bytes_of(page, sizeof page));
    }
    return e;
}

/* ---- all of it ---- */

static enum err image_check(struct bytes image, struct err_note *note)
{
    if (image.len == 0 || image.len % OVMF_PAGE_SIZE != 0 || image.len > OVMF_SIZE_MAX)
        return err_noted(ERR_VALUE, note, "an image of %zu bytes is not of whole pages, at most %d",
                         image.len, OVMF_SIZE_MAX);
    return ERR_OK;
}

enum err snp_firmware_digest(struct bytes firmware, uint8_t digest[static SNP_DIGEST_SIZE],
                             struct err_note *note)
{
    memset(digest, 0, SNP_DIGEST_SIZE);
    enum err e = image_check(firmware, note);
    return e == ERR_OK ? contents_add(digest, PAGE_NORMAL, four_gib - firmware.len, firmware) : e;
}

/* The module that runs below the firmware is measured after it, and its own sections count, not the firmware's. */
static enum err svsm_add(uint8_t digest[static SNP_DIGEST_SIZE], const struct snp_launch *launch,
                         struct ovmf *f, struct err_note *note)
{
    const uint64_t end = four_gib - launch->firmware.len - launch->variables_size;
    if (launch->kernel != NULL)
        return err_noted(ERR_VALUE, note, "a kernel cannot be measured together with an SVSM");
    if (launch->variables_size % OVMF_PAGE_SIZE != 0 || launch->variables_size > OVMF_SIZE_MAX)
        return err_noted(ERR_VALUE, note, "variables of %u bytes are not of whole pages",
                         launch->variables_size);
    enum err e = image_check(launch->svsm, note);
    if (e == ERR_OK)
        e = ovmf_parse(launch->svsm, f, note);
    if (e == ERR_OK && !f->has_svsm)
        e = err_noted(ERR_VALUE, note, "the image given as SVSM does not say where it begins");
    return e == ERR_OK ? contents_add(digest, PAGE_NORMAL, end - launch->svsm.len, launch->svsm) : e;
}

static enum err launch_check(const struct snp_launch *launch, struct err_note *note)
{
    if (launch->vcpus == 0 || launch->vcpus > SNP_VCPUS_MAX)
        return err_noted(ERR_VALUE, note, "%u virtual processors; 1 to %d can be", launch->vcpus,
                         SNP_VCPUS_MAX);
    if ((launch->hypervisor == VMSA_SVSM) != (launch->svsm.len != 0))
        return err_noted(ERR_VALUE, note, "an SVSM needs its image, and nothing else takes one");
    return ERR_OK;
}

enum err snp_launch_digest(const struct snp_launch *launch, uint8_t digest[static SNP_DIGEST_SIZE],
                           struct err_note *note)
{
    struct ovmf f;
    memset(digest, 0, SNP_DIGEST_SIZE);
    enum err e = launch_check(launch, note);
    if (e == ERR_OK)
        e = ovmf_parse(launch->firmware, &f, note);
    if (e == ERR_OK && launch->firmware_digest == NULL)
        e = snp_firmware_digest(launch->firmware, digest, note);
    if (e == ERR_OK && launch->firmware_digest != NULL)
        memcpy(digest, launch->firmware_digest, SNP_DIGEST_SIZE);
    if (e == ERR_OK && launch->hypervisor == VMSA_SVSM)
        e = svsm_add(digest, launch, &f, note);
    if (e == ERR_OK)
        e = sections_add(digest, launch, &f, note);
    if (e == ERR_OK)
        e = processors_add(digest, launch, &f, note);
    if (e != ERR_OK)
        memset(digest, 0, SNP_DIGEST_SIZE);
    return e;
}

/* ---- SEV and SEV-ES ---- */

static enum err es_processors_feed(struct crypto_hash_stream *s, const struct snp_launch *launch,
                                   const struct ovmf *f, struct err_note *note)
{
    uint8_t page[VMSA_SIZE];
    enum err e = ERR_OK;
    for (uint32_t i = 0; e == ERR_OK && i < launch->vcpus; i++) {
        e = save_area(launch, f, 0, i == 0, page, note);
        if (e == ERR_OK)
            e = crypto_hash_feed(s, bytes_of(page, sizeof page));
    }
    return e;
}

enum err sev_launch_digest(const struct snp_launch *launch, uint8_t digest[static 32], struct err_note *note)
{
    struct ovmf f;
    struct crypto_hash_stream *s;
    uint8_t table[SEV_HASHES_TABLE_SIZE];
    memset(digest, 0, CRYPTO_SHA256_SIZE);
    enum err e = launch->vcpus > SNP_VCPUS_MAX ? ERR_TOO_LARGE : ovmf_parse(launch->firmware, &f, note);
    if (e == ERR_OK && launch->kernel != NULL && !f.has_hash_table)
        e = err_noted(ERR_VALUE, note,
                      "this firmware does not check a kernel: it has no place for its hashes");
    if (e == ERR_OK && launch->kernel != NULL)
        e = sev_hashes_table(launch->kernel, table);
    if (e == ERR_OK)
        e = crypto_hash_open(CRYPTO_SHA256, &s);
    if (e != ERR_OK)
        return e;
    e = crypto_hash_feed(s, launch->firmware);
    if (e == ERR_OK && launch->kernel != NULL)
        e = crypto_hash_feed(s, bytes_of(table, sizeof table));
    if (e == ERR_OK)
        e = es_processors_feed(s, launch, &f, note);
    enum err closed = crypto_hash_close(s, e == ERR_OK ? digest : NULL);
    return e == ERR_OK ? closed : e;
}
