/* SPDX-License-Identifier: Apache-2.0 */
/* Firmware for TDX as it should not be, and what MRTD and the registers depend on. */
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/acpi.h"
#include "launch/pe_digest.h"
#include "launch/qemu_linux.h"
#include "launch/tdx_digest.h"
#include "launch/uefi_variables.h"
#include "support/synthetic_tdvf.h"
#include "unit/test.h"

static struct synthetic_tdvf firmware;

/* ---- metadata ---- */

static void a_sound_image_is_read(void **state)
{
    (void)state;
    struct tdvf f;
    const struct tdvf_section *section;
    synthetic_tdvf_init(&firmware);
    for (int way = 0; way < 2; way++) {
        firmware.no_table = way == 1;
        assert_ok(tdvf_parse(synthetic_tdvf_build(&firmware), &f, NULL));
        assert_int_equal(f.section_count, 6);
        assert_int_equal(f.sections[0].type, TDVF_SECTION_BFV);
        assert_int_equal(f.sections[0].data.len, SYNTHETIC_TDVF_CODE);
        assert_ptr_equal(f.sections[0].data.ptr, firmware.image + SYNTHETIC_TDVF_VARIABLES);
        assert_ok(tdvf_find(&f, TDVF_SECTION_TD_HOB, &section, NULL));
        assert_int_equal(section->gpa, 0x809000);
        assert_err(tdvf_find(&f, TDVF_SECTION_TEMP_MEM, &section, NULL), ERR_VALUE);
        assert_err(tdvf_find(&f, TDVF_SECTION_PAYLOAD, &section, NULL), ERR_VALUE);
    }
}

#define CHANGE(name, statements)                                                                             \
    static void name(struct synthetic_tdvf *t)                                                               \
    {                                                                                                        \
        statements                                                                                           \
    }
CHANGE(no_entry, t->no_entry = true;)
CHANGE(metadata_outside, t->metadata_offset = SYNTHETIC_TDVF_SIZE + 1;)
CHANGE(metadata_at_the_end, t->metadata_offset = 15;)
CHANGE(metadata_outside_without_table, t->no_table = true; t->metadata_offset = (uint32_t)-1;)
CHANGE(metadata_of_another_kind, t->signature[0] = 'X';)
CHANGE(metadata_of_version_2, t->version = 2;)
CHANGE(metadata_size_wrong, t->metadata_size = 17;)
CHANGE(no_sections, t->section_count = 0;)
CHANGE(too_many_sections, t->section_count = TDVF_SECTIONS_MAX + 1;)
CHANGE(section_unknown, t->sections[2].type = TDVF_SECTION_TYPES;)
CHANGE(attribute_unknown, t->sections[2].attributes = 4;)
CHANGE(section_not_on_a_page, t->sections[2].gpa += 0x800;)
CHANGE(section_not_of_pages, t->sections[2].size += 0x800;)
CHANGE(section_empty, t->sections[2].size = 0;)
CHANGE(section_endless, t->sections[2].size = 1ULL << 40;)
CHANGE(section_beyond_all_memory, t->sections[2].gpa = UINT64_MAX - 0xfff;)
CHANGE(section_outside_the_image, t->sections[0].offset += 1;)
CHANGE(section_far_outside_the_image, t->sections[0].offset = UINT32_MAX;)
CHANGE(code_without_bytes, t->sections[0].raw_size = 0;)
CHANGE(memory_with_bytes, t->sections[2].raw_size = 0x1000;)
CHANGE(measured_in_part, t->sections[0].raw_size = 0x1000;)
CHANGE(measured_and_added_later, t->sections[0].attributes |= TDVF_ATTRIBUTE_PAGE_AUG;)
CHANGE(measured_memory, t->sections[2].attributes = TDVF_ATTRIBUTE_MR_EXTEND;)
CHANGE(more_bytes_than_memory, t->sections[1].size = 0x1000;)
CHANGE(sections_overlap, t->sections[3].gpa = t->sections[4].gpa + 0x1000;)

static void other_images_are_refused(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct synthetic_tdvf *t);
        enum err wanted;
    } cases[] = {
        {no_entry, ERR_VALUE},
        {metadata_outside, ERR_VALUE},
        {metadata_at_the_end, ERR_UNKNOWN},
        {metadata_outside_without_table, ERR_UNKNOWN},
        {metadata_of_another_kind, ERR_UNKNOWN},
        {metadata_of_version_2, ERR_UNKNOWN},
        {metadata_size_wrong, ERR_VALUE},
        {no_sections, ERR_VALUE},
        {too_many_sections, ERR_VALUE},
        {section_unknown, ERR_UNKNOWN},
        {attribute_unknown, ERR_UNKNOWN},
        {section_not_on_a_page, ERR_VALUE},
        {section_not_of_pages, ERR_VALUE},
        {section_empty, ERR_VALUE},
        {section_endless, ERR_VALUE},
        {section_beyond_all_memory, ERR_VALUE},
        {section_outside_the_image, ERR_VALUE},
        {section_far_outside_the_image, ERR_VALUE},
        {code_without_bytes, ERR_VALUE},
        {memory_with_bytes, ERR_VALUE},
        {measured_in_part, ERR_VALUE},
        {measured_and_added_later, ERR_VALUE},
        {measured_memory, ERR_VALUE},
        {more_bytes_than_memory, ERR_VALUE},
        {sections_overlap, ERR_VALUE},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        struct tdvf f;
        struct err_note note = {{0}};
        synthetic_tdvf_init(&firmware);
        cases[i].change(&firmware);
        print_message("case %zu\n", i);
        assert_err(tdvf_parse(synthetic_tdvf_build(&firmware), &f, &note), cases[i].wanted);
        assert_int_not_equal(note.text[0], '\0');
    }
}

/* ---- MRTD, put together here in another way: all records in one buffer, hashed at once ---- */

static uint8_t records[8 * 1024 * 1024];

static void record(struct writer *w, const char *name, uint64_t gpa)
{
    uint8_t *start = writer_reserve(w, 128);
    assert_non_null(start);
    memset(start, 0, 128);
    memcpy(start, name, strlen(name));
    for (int i = 0; i < 8; i++)
        start[16 + i] = (uint8_t)(gpa >> 8 * i);
}

static void mrtd_by_hand(bool by_section, uint8_t digest[static TDX_DIGEST_SIZE])
{
    struct writer w = writer_into(records, sizeof records);
    const uint8_t *code = firmware.image + SYNTHETIC_TDVF_VARIABLES;
    const uint64_t code_gpa = 0xffffe000;
    for (uint64_t page = 0; page < 2; page++) {
        record(&w, "MEM.PAGE.ADD", code_gpa + page * 0x1000);
        if (by_section && page == 0)
            record(&w, "MEM.PAGE.ADD", code_gpa + 0x1000);
        for (uint64_t chunk = 0; chunk < 16; chunk++) {
            record(&w, "MR.EXTEND", code_gpa + page * 0x1000 + chunk * 256);
            writer_bytes(&w, bytes_of(code + page * 0x1000 + chunk * 256, 256));
        }
        if (by_section && page == 0) { /* the second page was added before */
            for (uint64_t chunk = 0; chunk < 16; chunk++) {
                record(&w, "MR.EXTEND", code_gpa + 0x1000 + chunk * 256);
                writer_bytes(&w, bytes_of(code + 0x1000 + chunk * 256, 256));
            }
            break;
        }
    }
    for (uint64_t gpa = 0xffc00000; gpa < 0xffc84000; gpa += 0x1000)
        record(&w, "MEM.PAGE.ADD", gpa);
    for (uint64_t gpa = 0x811000; gpa < 0x820000; gpa += 0x1000)
        record(&w, "MEM.PAGE.ADD", gpa);
    for (uint64_t gpa = 0x80b000; gpa < 0x80d000; gpa += 0x1000)
        record(&w, "MEM.PAGE.ADD", gpa);
    for (uint64_t gpa = 0x809000; gpa < 0x80b000; gpa += 0x1000)
        record(&w, "MEM.PAGE.ADD", gpa);
    for (uint64_t gpa = 0x800000; gpa < 0x806000; gpa += 0x1000)
        record(&w, "MEM.PAGE.ADD", gpa);
    const struct bytes all = bytes_of(records, w.used);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest));
}

static void mrtd_is_every_page_and_the_codes_contents(void **state)
{
    (void)state;
    static const enum tdx_page_order orders[] = {TDX_PAGE_BY_PAGE, TDX_SECTION_BY_SECTION};
    uint8_t mrtd[TDX_DIGEST_SIZE];
    uint8_t wanted[TDX_DIGEST_SIZE];
    synthetic_tdvf_init(&firmware);
    for (size_t i = 0; i < test_count(orders); i++) {
        assert_ok(tdx_mrtd(synthetic_tdvf_build(&firmware), orders[i], mrtd, NULL));
        mrtd_by_hand(orders[i] == TDX_SECTION_BY_SECTION, wanted);
        assert_memory_equal(mrtd, wanted, sizeof wanted);
    }
}

static void mrtd_changes_with_code_and_not_with_variables(void **state)
{
    (void)state;
    uint8_t before[TDX_DIGEST_SIZE];
    uint8_t after[TDX_DIGEST_SIZE];
    synthetic_tdvf_init(&firmware);
    const struct bytes image = synthetic_tdvf_build(&firmware);
    assert_ok(tdx_mrtd(image, TDX_PAGE_BY_PAGE, before, NULL));
    firmware.image[0x1000] ^= 1;
    assert_ok(tdx_mrtd(image, TDX_PAGE_BY_PAGE, after, NULL));
    assert_memory_equal(before, after, sizeof before);
    firmware.image[SYNTHETIC_TDVF_VARIABLES + 100] ^= 1;
    assert_ok(tdx_mrtd(image, TDX_PAGE_BY_PAGE, after, NULL));
    assert_memory_not_equal(before, after, sizeof before);
    synthetic_tdvf_init(&firmware);
    firmware.sections[2].attributes = TDVF_ATTRIBUTE_PAGE_AUG; /* added later, so not measured */
    assert_ok(tdx_mrtd(synthetic_tdvf_build(&firmware), TDX_PAGE_BY_PAGE, after, NULL));
    assert_memory_not_equal(before, after, sizeof before);
}

/* ---- memory ---- */

static void memory_that_does_not_hold_the_firmware_is_refused(void **state)
{
    (void)state;
    uint8_t hob[TDX_HOB_MAX];
    struct tdvf f;
    size_t size;
    synthetic_tdvf_init(&firmware);
    assert_ok(tdvf_parse(synthetic_tdvf_build(&firmware), &f, NULL));
    assert_err(tdx_hob(&f, 8ULL << 20, hob, &size, NULL), ERR_VALUE);
    assert_ok(tdx_hob(&f, 1ULL << 30, hob, &size, NULL));
    /* Below 4 GiB alone: eight ranges; with memory above, one more. */
    assert_int_equal(size, 56 + 8 * 48);
    assert_ok(tdx_hob(&f, 0xb0000000, hob, &size, NULL));
    assert_int_equal(size, 56 + 9 * 48);
    assert_ok(tdx_hob(&f, 0xb0000000 - 0x1000, hob, &size, NULL));
    assert_int_equal(size, 56 + 8 * 48);
}

/* ---- variables ---- */

static struct bytes volume(void)
{
    return bytes_of(firmware.image, SYNTHETIC_TDVF_VARIABLES);
}

static void variables_are_found(void **state)
{
    (void)state;
    enum { ADDED = 0x3f, DELETED = 0x3c };
    size_t at = 0;
    bool found;
    struct bytes value;
    synthetic_tdvf_init(&firmware);
    (void)synthetic_tdvf_build(&firmware);
    assert_ok(uefi_variable_find(volume(), UEFI_GLOBAL_VARIABLE, "PK", &found, &value, NULL));
    assert_false(found);
    synthetic_tdvf_variable(&firmware, &at, DELETED, UEFI_GLOBAL_VARIABLE, "PK", bytes_str("old"));
    synthetic_tdvf_variable(&firmware, &at, ADDED, UEFI_SECURITY_DATABASE, "PK",
                            bytes_str("another vendor's"));
    synthetic_tdvf_variable(&firmware, &at, ADDED, UEFI_GLOBAL_VARIABLE, "PKI", bytes_str("another"));
    synthetic_tdvf_variable(&firmware, &at, ADDED, UEFI_GLOBAL_VARIABLE, "PK", bytes_str("key"));
    assert_ok(uefi_variable_find(volume(), UEFI_GLOBAL_VARIABLE, "PK", &found, &value, NULL));
    assert_true(found);
    assert_true(bytes_is_str(value, "key"));
    synthetic_tdvf_variable(&firmware, &at, ADDED, UEFI_GLOBAL_VARIABLE, "PK", bytes_str("twin"));
    assert_err(uefi_variable_find(volume(), UEFI_GLOBAL_VARIABLE, "PK", &found, &value, NULL), ERR_VALUE);
}

static void other_volumes_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        enum err wanted;
    } cases[] = {
        {0x10, 0, ERR_UNKNOWN},   /* kind of volume */
        {0x22, 0x09, ERR_VALUE},  /* larger than it is */
        {0x28, 'X', ERR_UNKNOWN}, /* "_FVH" */
        {0x30, 0, ERR_VALUE},     /* header without a size */
        {0x48, 0, ERR_UNKNOWN},   /* kind of store */
        {0x5a, 0xff, ERR_TRUNCATED}, {0x5c, 0, ERR_UNKNOWN}, {0x5d, 0, ERR_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        bool found;
        struct bytes value;
        struct err_note note = {{0}};
        synthetic_tdvf_init(&firmware);
        (void)synthetic_tdvf_build(&firmware);
        firmware.image[cases[i].at] = cases[i].value;
        print_message("case %zu\n", i);
        assert_err(uefi_variable_find(volume(), UEFI_GLOBAL_VARIABLE, "PK", &found, &value, &note),
                   cases[i].wanted);
    }
    /* A variable that says it is longer than the store. */
    size_t at = 0;
    bool found;
    struct bytes value;
    synthetic_tdvf_init(&firmware);
    (void)synthetic_tdvf_build(&firmware);
    synthetic_tdvf_variable(&firmware, &at, 0x3f, UEFI_GLOBAL_VARIABLE, "PK", bytes_str("key"));
    firmware.image[0x48 + 28 + 42] = 0xff; /* its data's size, the third octet */
    assert_err(uefi_variable_find(volume(), UEFI_GLOBAL_VARIABLE, "PK", &found, &value, NULL), ERR_TRUNCATED);
}

/* ---- events ---- */

static struct bytes kernel_image(uint8_t *room, size_t size)
{
    memset(room, 0, size);
    struct writer w = writer_into(room, size);
    writer_str(&w, "MZ");
    writer_zeros(&w, 0x3c - 2);
    writer_u32le(&w, 0x40);
    writer_str(&w, "PE");
    writer_u16le(&w, 0);
    writer_u16le(&w, 0x8664);
    writer_u16le(&w, 1); /* sections */
    writer_zeros(&w, 12);
    writer_u16le(&w, 0xa0); /* optional header, at 0x58 */
    writer_u16le(&w, 0);
    writer_u16le(&w, 0x20b);
    writer_zeros(&w, 58);
    writer_u32le(&w, 0x400);  /* headers */
    writer_zeros(&w, 4 + 40); /* checksum, and what follows */
    writer_u32le(&w, 6);      /* directories, at 0xc4 */
    writer_zeros(&w, 6 * 8);
    /* the section, at 0xf8 */
    writer_zeros(&w, 16);
    writer_u32le(&w, 0x400);
    writer_u32le(&w, 0x400);
    /* Linux's setup header */
    w = writer_into(room + 0x202, 0x40);
    writer_str(&w, "HdrS");
    writer_u16le(&w, 0x20f);
    room[0x211] = 1;
    room[0x236] = 3;
    for (size_t i = 0x400; i < size; i++)
        room[i] = (uint8_t)(i >> 3);
    return bytes_of(room, size);
}

static struct tdx_machine machine_with(struct bytes kernel)
{
    return (struct tdx_machine){.firmware = synthetic_tdvf_build(&firmware),
                                .memory = 4ULL << 30,
                                .kernel = kernel,
                                .has_initrd = true,
                                .initrd_size = 1000,
                                .cmdline = "quiet"};
}

static const struct tdx_event *event_named(const struct tdx_events *events, unsigned rtmr, const char *name)
{
    for (size_t i = 0; i < events->count; i++)
        if (events->at[i].rtmr == rtmr && strcmp(events->at[i].name, name) == 0)
            return &events->at[i];
    return NULL;
}

static void without_tables_the_first_register_is_not_known(void **state)
{
    (void)state;
    static uint8_t room[0x1000];
    uint8_t value[TDX_DIGEST_SIZE];
    struct tdx_events events;
    synthetic_tdvf_init(&firmware);
    struct tdx_machine m = machine_with(kernel_image(room, sizeof room));
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_non_null(events.unknown[0]);
    assert_err(tdx_event_fold(&events, 0, value), ERR_VALUE);
    assert_ok(tdx_event_fold(&events, 1, value));
    m.kernel = (struct bytes){0};
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_err(tdx_event_fold(&events, 1, value), ERR_VALUE);
    assert_err(tdx_event_fold(&events, 2, value), ERR_VALUE);
    assert_null(event_named(&events, 1, "kernel"));
}

static void a_key_in_the_firmware_means_secure_boot(void **state)
{
    (void)state;
    static uint8_t room[0x1000];
    struct tdx_events events;
    size_t at = 0;
    synthetic_tdvf_init(&firmware);
    struct tdx_machine m = machine_with(kernel_image(room, sizeof room));
    synthetic_tdvf_variable(&firmware, &at, 0x3f, UEFI_GLOBAL_VARIABLE, "PK", bytes_str("key"));
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_non_null(strstr(events.unknown[0], "ACPI"));
    static uint8_t tables[256];
    struct writer w = writer_into(tables, sizeof tables);
    writer_str(&w, "RSDT");
    writer_u32le(&w, 40);
    writer_zeros(&w, 32);
    const struct tdx_tables given = {.acpi = bytes_of(tables, sizeof tables)};
    m.tables = &given;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_non_null(strstr(events.unknown[0], "Secure Boot is on"));
    synthetic_tdvf_variable(&firmware, &at, 0x3f, UEFI_SECURE_BOOT_ENABLE, "SecureBootEnable",
                            bytes_of("\0", 1));
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_null(events.unknown[0]);
}

static void firmware_of_each_time_measures_its_own(void **state)
{
    (void)state;
    static uint8_t room[0x1000];
    static const uint8_t smbios[TDX_DIGEST_SIZE] = {1};
    static uint8_t tables[256];
    struct tdx_events events;
    struct writer w = writer_into(tables, sizeof tables);
    writer_str(&w, "RSDT");
    writer_u32le(&w, 40);
    writer_zeros(&w, 32);
    struct tdx_tables given = {.acpi = bytes_of(tables, sizeof tables)};
    synthetic_tdvf_init(&firmware);
    struct tdx_machine m = machine_with(kernel_image(room, sizeof room));
    m.tables = &given;

    m.firmware_kind = TDX_FIRMWARE_202402;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_null(event_named(&events, 1, "separator"));
    assert_null(event_named(&events, 0, "Boot0001"));

    m.firmware_kind = TDX_FIRMWARE_202502;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_non_null(event_named(&events, 1, "separator"));

    m.firmware_kind = TDX_FIRMWARE_202505;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_non_null(strstr(events.unknown[0], "SMBIOS"));
    given.smbios = smbios;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_null(events.unknown[0]);
    assert_non_null(event_named(&events, 0, "fw_cfg bootorder"));
    assert_non_null(event_named(&events, 0, "Boot0001"));
    assert_memory_equal(event_named(&events, 0, "SMBIOS")->digest, smbios, sizeof smbios);
}

static void a_command_line_and_an_initrd_are_measured(void **state)
{
    (void)state;
    /* "quiet initrd=initrd" in UTF-16, with its NUL */
    static const char text[] = "q\0u\0i\0e\0t\0 \0i\0n\0i\0t\0r\0d\0=\0i\0n\0i\0t\0r\0d\0\0";
    static uint8_t room[0x1000];
    uint8_t digest[TDX_DIGEST_SIZE];
    struct tdx_events events;
    synthetic_tdvf_init(&firmware);
    struct tdx_machine m = machine_with(kernel_image(room, sizeof room));
    assert_ok(tdx_machine_events(&m, &events, NULL));
    struct bytes all = bytes_of(text, sizeof text);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest));
    assert_memory_equal(event_named(&events, 2, "command line")->digest, digest, sizeof digest);
    /* Later firmware says it first. */
    static const char first[] = "i\0n\0i\0t\0r\0d\0=\0i\0n\0i\0t\0r\0d\0 \0q\0u\0i\0e\0t\0\0";
    m.firmware_kind = TDX_FIRMWARE_202508;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    all = bytes_of(first, sizeof first);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest));
    assert_memory_equal(event_named(&events, 2, "command line")->digest, digest, sizeof digest);
    m.firmware_kind = TDX_FIRMWARE_202502;
    m.has_initrd = false;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    all = bytes_of(text, 12);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest));
    assert_memory_not_equal(event_named(&events, 2, "command line")->digest, digest, sizeof digest);
    assert_null(event_named(&events, 2, "initial file system"));
    m.cmdline = "caf\xc3\xa9";
    assert_err(tdx_machine_events(&m, &events, NULL), ERR_VALUE);
}

/* ---- the kernel ---- */

static void qemu_changes_the_setup_header(void **state)
{
    (void)state;
    static uint8_t room[0x1000];
    struct qemu_linux q = {
        .memory = 4ULL << 30, .has_initrd = true, .initrd_size = 0x100000, .cmdline = "quiet"};
    (void)kernel_image(room, sizeof room);
    assert_ok(qemu_linux_patch(&q, room, NULL));
    assert_int_equal(room[0x210], 0xb0);
    assert_int_equal(room[0x211], 0x81);
    struct reader r = reader_over(bytes_of(room + 0x218, 0x18));
    assert_int_equal(reader_u32le(&r), 0x7fed7000); /* below 2 GiB, less the room for ACPI, on a page */
    assert_int_equal(reader_u32le(&r), 0x100000);
    (void)reader_u32le(&r);
    assert_int_equal(reader_u16le(&r), 0xfe00);
    (void)reader_u16le(&r);
    assert_int_equal(reader_u32le(&r), 0x20000);
    q.initrd_size = 0x7ffd7fff;
    assert_err(qemu_linux_patch(&q, room, NULL), ERR_VALUE);
    q.cmdline = "vga=ask";
    assert_err(qemu_linux_patch(&q, room, NULL), ERR_VALUE);
    q.cmdline = "";
    room[0x202] = 'X';
    assert_err(qemu_linux_patch(&q, room, NULL), ERR_VALUE);
}

static void a_changed_kernel_has_another_digest(void **state)
{
    (void)state;
    static uint8_t room[0x1000];
    uint8_t plain[TDX_DIGEST_SIZE];
    struct tdx_events events;
    synthetic_tdvf_init(&firmware);
    struct tdx_machine m = machine_with(kernel_image(room, sizeof room));
    assert_ok(tdx_machine_events(&m, &events, NULL));
    memcpy(plain, event_named(&events, 1, "kernel")->digest, sizeof plain);
    m.kernel_is_patched = true;
    assert_ok(tdx_machine_events(&m, &events, NULL));
    assert_memory_not_equal(event_named(&events, 1, "kernel")->digest, plain, sizeof plain);
}

/* What counts of an EFI program: all but checksum, the entry about signatures, and these. */
static void a_pe_digest_is_of_all_but_the_signature(void **state)
{
    (void)state;
    enum { CHECKSUM_AT = 0x98, SECURITY_AT = 0xe8 };
    static uint8_t room[0x1000];
    uint8_t before[CRYPTO_SHA384_SIZE];
    uint8_t after[CRYPTO_SHA384_SIZE];
    const struct bytes image = kernel_image(room, sizeof room);
    assert_ok(pe_digest(image, CRYPTO_SHA384, before, NULL));
    for (size_t i = 0; i < sizeof room; i++) {
        const bool counts =
            (i < CHECKSUM_AT || i >= CHECKSUM_AT + 4) && (i < SECURITY_AT || i >= SECURITY_AT + 8);
        if (i >= 0x40 && i < 0x140) /* the header itself: other bytes there change how the rest is read */
            continue;
        if (i < 2 || (i >= 0x3c && i < 0x40))
            continue;
        room[i] ^= 0x80;
        assert_ok(pe_digest(image, CRYPTO_SHA384, after, NULL));
        assert_int_equal(memcmp(before, after, sizeof before) != 0, counts);
        room[i] ^= 0x80;
    }
    room[CHECKSUM_AT] = 7;
    assert_ok(pe_digest(image, CRYPTO_SHA384, after, NULL));
    assert_memory_equal(before, after, sizeof before);
    room[SECURITY_AT] = 7;
    assert_ok(pe_digest(image, CRYPTO_SHA384, after, NULL));
    assert_memory_equal(before, after, sizeof before);
    room[SECURITY_AT + 4] = 0x10; /* the last 16 bytes are a signature */
    assert_ok(pe_digest(image, CRYPTO_SHA384, before, NULL));
    room[sizeof room - 1] ^= 1;
    assert_ok(pe_digest(image, CRYPTO_SHA384, after, NULL));
    assert_memory_equal(before, after, sizeof before);
    room[sizeof room - 17] ^= 1;
    assert_ok(pe_digest(image, CRYPTO_SHA384, after, NULL));
    assert_memory_not_equal(before, after, sizeof before);
}

static void other_programs_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        enum err wanted;
    } cases[] = {
        {0, 'X', ERR_UNKNOWN},     {0x3f, 1, ERR_UNKNOWN},    {0x40, 'X', ERR_UNKNOWN},
        {0x46, 97, ERR_TOO_LARGE}, {0x58, 0x0c, ERR_UNKNOWN}, {0x54, 0x10, ERR_VALUE},
        {0x95, 0, ERR_VALUE},      {0x97, 1, ERR_VALUE},      {0x10f, 0xff, ERR_TRUNCATED},
        {0xef, 1, ERR_VALUE},
    };
    for (size_t i = 0; i < test_count(cases); i++) {
        static uint8_t room[0x1000];
        uint8_t digest[CRYPTO_SHA384_SIZE];
        struct err_note note = {{0}};
        const struct bytes image = kernel_image(room, sizeof room);
        room[cases[i].at] = cases[i].value;
        print_message("case %zu\n", i);
        assert_err(pe_digest(image, CRYPTO_SHA384, digest, &note), cases[i].wanted);
        assert_int_not_equal(note.text[0], '\0');
    }
}

/* ---- ACPI ---- */

static void table_put(struct writer *w, const char *name, uint32_t size)
{
    writer_str(w, name);
    writer_u32le(w, size);
    writer_zeros(w, size - 8);
}

static void processors_are_counted(void **state)
{
    (void)state;
    static uint8_t room[512];
    uint32_t count;
    struct writer w = writer_into(room, sizeof room);
    writer_str(&w, "APIC");
    writer_u32le(&w, 44 + 8 + 12 + 16);
    writer_zeros(&w, 36);
    writer_bytes(&w, bytes_of("\0\10\0\0\1\0\0\0", 8));                   /* local APIC */
    writer_bytes(&w, bytes_of("\1\14\0\0\0\0\0\0\0\0\0\0", 12));          /* I/O APIC */
    writer_bytes(&w, bytes_of("\11\20\0\0\1\0\0\0\1\0\0\0\1\0\0\0", 16)); /* local x2APIC */
    table_put(&w, "RSDT", 40);
    assert_ok(acpi_processors(bytes_of(room, sizeof room), &count, NULL));
    assert_int_equal(count, 2);
    room[45] = 1; /* an entry shorter than its own head */
    assert_err(acpi_processors(bytes_of(room, sizeof room), &count, NULL), ERR_VALUE);
}

static void other_tables_are_refused(void **state)
{
    (void)state;
    static uint8_t room[16384];
    uint8_t rsdp[ACPI_RSDP_SIZE];
    uint8_t loader[ACPI_LOADER_SIZE];
    struct bytes all = bytes_of(room, sizeof room);
    struct writer w = writer_into(room, sizeof room);
    table_put(&w, "FACS", 64);
    assert_err(acpi_rsdp(all, rsdp, NULL), ERR_VALUE); /* no root */
    table_put(&w, "RSDT", 40);
    assert_ok(acpi_rsdp(all, rsdp, NULL));
    assert_ok(acpi_loader(all, loader, NULL));
    room[sizeof room - 1] = 1;
    assert_err(acpi_rsdp(all, rsdp, NULL), ERR_NOT_ZERO);
    room[sizeof room - 1] = 0;
    table_put(&w, "RSDT", 40);
    assert_err(acpi_rsdp(all, rsdp, NULL), ERR_VALUE); /* two roots */
    w = writer_into(room, sizeof room);
    memset(room, 0, sizeof room);
    table_put(&w, "TPM2", 76); /* whose part in the script is not known; nothing else depends on it */
    table_put(&w, "RSDT", 40);
    assert_err(acpi_loader(all, loader, NULL), ERR_UNKNOWN);
    assert_ok(acpi_rsdp(all, rsdp, NULL));
    w = writer_into(room, sizeof room);
    memset(room, 0, sizeof room);
    table_put(&w, "FACP", 116);
    assert_err(acpi_loader(all, loader, NULL), ERR_VALUE);
    w = writer_into(room, sizeof room);
    table_put(&w, "RSDT", 36 + 4 * 40); /* more pointers than the script has room for */
    assert_err(acpi_loader(all, loader, NULL), ERR_NO_SPACE);
    room[5] = 0xff; /* longer than all there is */
    assert_err(acpi_loader(all, loader, NULL), ERR_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_image_is_read),
        cmocka_unit_test(other_images_are_refused),
        cmocka_unit_test(mrtd_is_every_page_and_the_codes_contents),
        cmocka_unit_test(mrtd_changes_with_code_and_not_with_variables),
        cmocka_unit_test(memory_that_does_not_hold_the_firmware_is_refused),
        cmocka_unit_test(variables_are_found),
        cmocka_unit_test(other_volumes_are_refused),
        cmocka_unit_test(without_tables_the_first_register_is_not_known),
        cmocka_unit_test(a_key_in_the_firmware_means_secure_boot),
        cmocka_unit_test(firmware_of_each_time_measures_its_own),
        cmocka_unit_test(a_command_line_and_an_initrd_are_measured),
        cmocka_unit_test(qemu_changes_the_setup_header),
        cmocka_unit_test(a_changed_kernel_has_another_digest),
        cmocka_unit_test(a_pe_digest_is_of_all_but_the_signature),
        cmocka_unit_test(other_programs_are_refused),
        cmocka_unit_test(processors_are_counted),
        cmocka_unit_test(other_tables_are_refused),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
