/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a firmware with keys of its own measures, by variables that a TD of another cloud had (its published event log), and by such as we made. The event about
 * the kernel's key is held against a real firmware's log in tests/boot/test_firmware.py.
 */
#include "base/encoding.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "launch/guid.h"
#include "launch/tdx_digest.h"
#include "launch/uefi_signatures.h"
#include "launch/uefi_variables.h"
#include "support/synthetic_tdvf.h"
#include "unit/test.h"

enum { ADDED = 0x3f };

static struct synthetic_tdvf firmware;
static struct tdx_events events;

static const uint8_t tables_room[64] = "RSDT\x28";
static const struct tdx_tables tables = {.acpi = {.ptr = tables_room, .len = sizeof tables_room}};

/* Build the image first, then put variables into it. */
static const struct tdx_events *events_now(void)
{
    const struct tdx_machine machine = {.firmware = bytes_of(firmware.image, sizeof firmware.image),
                                        .firmware_kind = TDX_FIRMWARE_202502,
                                        .memory = 4ULL << 30,
                                        .tables = &tables};
    assert_ok(tdx_machine_events(&machine, &events, NULL));
    return &events;
}

static size_t place_of(const char *name)
{
    for (size_t i = 0; i < events.count; i++)
        if (strcmp(events.at[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static void variable(size_t *at, const char *vendor, const char *name, struct bytes value)
{
    synthetic_tdvf_variable(&firmware, at, ADDED, vendor, name, value);
}

static void begin(size_t *at)
{
    synthetic_tdvf_init(&firmware);
    (void)synthetic_tdvf_build(&firmware);
    *at = 0;
    variable(at, UEFI_GLOBAL_VARIABLE, "PK", bytes_str("key"));
}

/* A list of one kind, with so many entries. */
static struct bytes list_of(uint8_t *room, size_t size, size_t entries)
{
    enum { ENTRY = GUID_SIZE + 5 };
    struct writer w = writer_into(room, size);
    writer_str(&w, "kind of entries.");
    writer_u32le(&w, (uint32_t)(28 + entries * ENTRY));
    writer_u32le(&w, 0);
    writer_u32le(&w, ENTRY);
    for (size_t i = 0; i < entries; i++) {
        writer_str(&w, "owner of entry..");
        writer_u8(&w, (uint8_t)('a' + i));
        writer_str(&w, "cert");
    }
    assert_false(w.failed);
    return bytes_of(room, w.used);
}

static void one_key_is_the_one_that_admits_the_kernel(void **state)
{
    (void)state;
    /* UEFI_VARIABLE_DATA: the vendor of db, the lengths of name and value, both */
    static const char measured[] = "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
                                   "\2\0\0\0\0\0\0\0\x15\0\0\0\0\0\0\0d\0b\0owner of entry..acert";
    const struct bytes all = bytes_of(measured, sizeof measured - 1);
    uint8_t room[256];
    uint8_t digest[TDX_DIGEST_SIZE];
    size_t at;
    begin(&at);
    variable(&at, UEFI_SECURITY_DATABASE, "db", list_of(room, sizeof room, 1));
    assert_null(events_now()->unknown[0]);
    const size_t place = place_of("db, what admits the kernel");
    assert_true(place < events.count);
    assert_ok(crypto_hash_parts(CRYPTO_SHA384, &all, 1, digest));
    assert_memory_equal(events.at[place].digest, digest, sizeof digest);
    /* The kernel is loaded behind the tables, and the boot options are measured when it is to be started. */
    assert_int_equal(place, place_of("fw_cfg etc/acpi/tables") + 1);
    assert_int_equal(place + 1, place_of("BootOrder"));

    variable(&at, UEFI_SECURE_BOOT_ENABLE, "SecureBootEnable", bytes_of("\0", 1));
    assert_null(events_now()->unknown[0]);
    assert_int_equal(place_of("db, what admits the kernel"), SIZE_MAX);
}

static void which_of_several_is_not_guessed(void **state)
{
    (void)state;
    uint8_t room[256];
    uint8_t value[TDX_DIGEST_SIZE];
    size_t at;
    begin(&at);
    variable(&at, UEFI_SECURITY_DATABASE, "db", list_of(room, sizeof room, 2));
    assert_non_null(strstr(events_now()->unknown[0], "several entries"));
    assert_err(tdx_event_fold(&events, 0, value), ERR_VALUE);
    begin(&at);
    assert_non_null(strstr(events_now()->unknown[0], "db is empty"));
    /* Two lists of one each, too. */
    struct bytes one = list_of(room, sizeof room, 1);
    uint8_t both[256];
    memcpy(both, one.ptr, one.len);
    memcpy(both + one.len, one.ptr, one.len);
    begin(&at);
    variable(&at, UEFI_SECURITY_DATABASE, "db", bytes_of(both, 2 * one.len));
    assert_non_null(strstr(events_now()->unknown[0], "several entries"));
}

static void dbt_is_measured_where_it_is_there(void **state)
{
    (void)state;
    uint8_t room[256];
    size_t at;
    begin(&at);
    variable(&at, UEFI_SECURITY_DATABASE, "db", list_of(room, sizeof room, 1));
    (void)events_now();
    assert_int_equal(place_of("dbt"), SIZE_MAX);
    variable(&at, UEFI_SECURITY_DATABASE, "dbt", bytes_str("times"));
    (void)events_now();
    assert_int_equal(place_of("dbt"), place_of("dbx") + 1);
    assert_int_equal(place_of("separator"), place_of("dbt") + 1);
}

static void other_lists_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        enum err wanted;
    } cases[] = {
        {16, 27, ERR_VALUE},                            /* less than its own head */
        {16, 50, ERR_TRUNCATED},                        /* more than there is */
        {17, 1, ERR_TRUNCATED},    {20, 1, ERR_VALUE},  /* a header, and the rest is no whole entry */
        {20, 0x30, ERR_TRUNCATED}, {24, 16, ERR_VALUE}, /* nothing but an owner */
        {24, 20, ERR_VALUE},       {24, 0, ERR_VALUE},
    };
    uint8_t room[64];
    size_t count;
    struct bytes first;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct err_note note = {{0}};
        const struct bytes list = list_of(room, sizeof room, 1);
        assert_ok(uefi_signatures_read(list, &count, &first, &note));
        assert_int_equal(count, 1);
        assert_true(bytes_is_str(first, "owner of entry..acert"));
        room[cases[i].at] = cases[i].value;
        print_message("case %zu\n", i);
        assert_err(uefi_signatures_read(list, &count, &first, &note), cases[i].wanted);
        assert_int_not_equal(note.text[0], '\0');
    }
    assert_err(uefi_signatures_read(bytes_of(room, 20), &count, &first, NULL), ERR_TRUNCATED);
    assert_ok(uefi_signatures_read((struct bytes){0}, &count, &first, NULL));
    assert_int_equal(count, 0);
}

/* ---- what a real TD had ---- */

/* Event log of the TCG, in the form of a CC log: the first event has another form. */
enum { VARIABLE_CONFIG = 0x80000001U, FIRST_HEAD = 28, DIGEST_HEAD = 2 };

static bool log_next(struct reader *r, uint32_t *type, struct bytes *digest, struct bytes *data)
{
    (void)reader_u32le(r);
    *type = reader_u32le(r);
    if (reader_u32le(r) != 1) /* digests */
        return false;
    (void)reader_bytes(r, DIGEST_HEAD);
    *digest = reader_bytes(r, TDX_DIGEST_SIZE);
    *data = reader_bytes(r, reader_u32le(r));
    return reader_status(r) == ERR_OK;
}

static void a_real_machines_variables_have_the_digests_of_its_log(void **state)
{
    (void)state;
    static const char *const names[] = {"SecureBoot", "PK", "KEK", "db", "dbx"};
    struct bytes log;
    struct err_note note;
    if (file_read(ENCLUME_SHARED "/evidence/tdx/go-tdx-guest/ccel_data.dat", 1 << 20, &log, &note) !=
        ERR_OK) {
        print_message("skipped: %s\n", note.text);
        skip();
        return;
    }
    struct reader r = reader_over(log);
    struct bytes digests[test_count(names)];
    struct bytes digest;
    struct bytes data;
    uint32_t type;
    size_t at = 0;
    size_t found = 0;
    (void)reader_bytes(&r, FIRST_HEAD);
    (void)reader_bytes(&r, reader_u32le(&r));
    synthetic_tdvf_init(&firmware);
    (void)synthetic_tdvf_build(&firmware);
    while (found < test_count(names) && log_next(&r, &type, &digest, &data)) {
        if (type != VARIABLE_CONFIG)
            continue;
        struct reader v = reader_over(data);
        (void)reader_bytes(&v, GUID_SIZE);
        const uint64_t name_size = 2 * reader_u64le(&v);
        (void)reader_u64le(&v);
        (void)reader_bytes(&v, (size_t)name_size);
        if (found > 0)
            variable(&at, found < 3 ? UEFI_GLOBAL_VARIABLE : UEFI_SECURITY_DATABASE, names[found],
                     reader_rest(&v));
        digests[found++] = digest;
    }
    assert_int_equal(found, test_count(names));
    /* There are keys, and nobody asked for Secure Boot. */
    variable(&at, UEFI_SECURE_BOOT_ENABLE, "SecureBootEnable", bytes_of("\0", 1));
    (void)events_now();
    for (size_t i = 0; i < found; i++) {
        assert_int_not_equal(place_of(names[i]), SIZE_MAX);
        assert_memory_equal(events.at[place_of(names[i])].digest, digests[i].ptr, TDX_DIGEST_SIZE);
    }
    secret_free(bytes_owned(log));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_is_the_one_that_admits_the_kernel),
        cmocka_unit_test(which_of_several_is_not_guessed),
        cmocka_unit_test(dbt_is_measured_where_it_is_there),
        cmocka_unit_test(other_lists_are_refused),
        cmocka_unit_test(a_real_machines_variables_have_the_digests_of_its_log),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
