/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_report.h"
#include "unit/test.h"

/* A report in which each byte that may be anything is different from zero. */
static struct snp_report full(uint32_t version)
{
    struct snp_report r;
    memset(&r, 0xa5, sizeof r);
    r.version = version;
    r.signature_algorithm = 1;
    if (version < 3)
        r.cpuid_family = r.cpuid_model = r.cpuid_stepping = 0;
    if (version < 5)
        r.launch_mitigations = r.current_mitigations = 0;
    memset(r.r + 48, 0, sizeof r.r - 48);
    memset(r.s + 48, 0, sizeof r.s - 48);
    return r;
}

static void every_version_reads_back_what_was_written(void **state)
{
    (void)state;
    for (uint32_t version = 2; version <= 5; version++) {
        struct snp_report report = full(version);
        struct snp_report back;
        uint8_t bytes[SNP_REPORT_SIZE];
        uint8_t again[SNP_REPORT_SIZE];
        assert_ok(snp_report_write(&report, bytes));
        assert_ok(snp_report_parse(bytes_of(bytes, sizeof bytes), &back, NULL));
        assert_ok(snp_report_write(&back, again));
        assert_memory_equal(bytes, again, sizeof bytes);
        assert_int_equal(back.policy, report.policy);
        assert_memory_equal(back.chip_id, report.chip_id, sizeof back.chip_id);
        assert_memory_equal(back.s, report.s, sizeof back.s);
    }
}

/* The places of document 56860, each marked by hand in the bytes. */
static void the_fields_stand_where_the_manual_says(void **state)
{
    (void)state;
    uint8_t bytes[SNP_REPORT_SIZE] = {0};
    struct snp_report r;
    bytes[0x000] = 5;
    bytes[0x004] = 1;
    bytes[0x00f] = 2;
    bytes[0x010] = 3;
    bytes[0x020] = 4;
    bytes[0x033] = 5;
    bytes[0x034] = 1;
    bytes[0x038] = 6;
    bytes[0x047] = 7;
    bytes[0x048] = 8;
    bytes[0x050] = 9;
    bytes[0x090] = 10;
    bytes[0x0c0] = 11;
    bytes[0x0e0] = 12;
    bytes[0x110] = 13;
    bytes[0x140] = 14;
    bytes[0x160] = 15;
    bytes[0x180] = 16;
    bytes[0x188] = 17;
    bytes[0x189] = 18;
    bytes[0x18a] = 19;
    bytes[0x1a0] = 20;
    bytes[0x1e0] = 21;
    bytes[0x1e8] = 22;
    bytes[0x1ec] = 23;
    bytes[0x1f0] = 24;
    bytes[0x1f8] = 25;
    bytes[0x200] = 26;
    bytes[0x2a0] = 27;
    bytes[0x2e8] = 28;
    assert_ok(snp_report_parse(bytes_of(bytes, sizeof bytes), &r, NULL));
    assert_int_equal(r.guest_svn, 1);
    assert_true(r.policy == 2ULL << 56);
    assert_int_equal(r.family_id[0], 3);
    assert_int_equal(r.image_id[0], 4);
    assert_int_equal(r.vmpl, 5U << 24);
    assert_int_equal(r.current_tcb.raw[0], 6);
    assert_true(r.platform_info == 7ULL << 56);
    assert_int_equal(r.key_info, 8);
    assert_int_equal(r.report_data[0], 9);
    assert_int_equal(r.measurement[0], 10);
    assert_int_equal(r.host_data[0], 11);
    assert_int_equal(r.id_key_digest[0], 12);
    assert_int_equal(r.author_key_digest[0], 13);
    assert_int_equal(r.report_id[0], 14);
    assert_int_equal(r.report_id_ma[0], 15);
    assert_int_equal(r.reported_tcb.raw[0], 16);
    assert_int_equal(r.cpuid_family, 17);
    assert_int_equal(r.cpuid_model, 18);
    assert_int_equal(r.cpuid_stepping, 19);
    assert_int_equal(r.chip_id[0], 20);
    assert_int_equal(r.committed_tcb.raw[0], 21);
    assert_int_equal(r.current_version[0], 22);
    assert_int_equal(r.committed_version[0], 23);
    assert_int_equal(r.launch_tcb.raw[0], 24);
    assert_int_equal(r.launch_mitigations, 25);
    assert_int_equal(r.current_mitigations, 26);
    assert_int_equal(r.r[0], 27);
    assert_int_equal(r.s[0], 28);
}

static void every_reserved_byte_must_be_zero(void **state)
{
    (void)state;
    static const struct {
        size_t first;
        size_t last;
        uint32_t until; /* reserved in versions below this */
    } rows[] = {
        {0x04c, 0x04f, 99}, {0x188, 0x18a, 3},  {0x18b, 0x19f, 99}, {0x1eb, 0x1eb, 99}, {0x1ef, 0x1ef, 99},
        {0x1f8, 0x207, 5},  {0x208, 0x29f, 99}, {0x2d0, 0x2e7, 99}, {0x318, 0x32f, 99}, {0x330, 0x49f, 99},
    };
    size_t refused = 0;
    for (uint32_t version = 2; version <= 5; version++) {
        struct snp_report report = full(version);
        struct snp_report back;
        uint8_t bytes[SNP_REPORT_SIZE];
        assert_ok(snp_report_write(&report, bytes));
        for (size_t i = 0; i < test_count(rows); i++) {
            for (size_t at = rows[i].first; version < rows[i].until && at <= rows[i].last; at++) {
                struct err_note note;
                bytes[at] = 0x80;
                assert_err(snp_report_parse(bytes_of(bytes, sizeof bytes), &back, &note), ERR_NOT_ZERO);
                bytes[at] = 0;
                refused++;
            }
        }
        assert_ok(snp_report_parse(bytes_of(bytes, sizeof bytes), &back, NULL));
    }
    assert_int_equal(refused, 4 * (4 + 21 + 1 + 1 + 152 + 24 + 24 + 368) + 3 + 3 * 16);
}

static void every_other_version_is_refused(void **state)
{
    (void)state;
    static const uint32_t versions[] = {0, 1, 6, 7, 256, 0x02000000, UINT32_MAX};
    struct snp_report report = full(3);
    struct snp_report back;
    uint8_t bytes[SNP_REPORT_SIZE];
    assert_ok(snp_report_write(&report, bytes));
    for (size_t i = 0; i < test_count(versions); i++) {
        for (size_t b = 0; b < 4; b++)
            bytes[b] = (uint8_t)(versions[i] >> 8 * b);
        assert_err(snp_report_parse(bytes_of(bytes, sizeof bytes), &back, NULL), ERR_UNKNOWN);
        report.version = versions[i];
        assert_err(snp_report_write(&report, bytes), ERR_UNKNOWN);
    }
}

static void every_other_length_is_refused(void **state)
{
    (void)state;
    struct snp_report report = full(3);
    struct snp_report back;
    uint8_t bytes[SNP_REPORT_SIZE + 32] = {0};
    assert_ok(snp_report_write(&report, bytes));
    for (size_t len = 0; len <= sizeof bytes; len++) {
        enum err wanted = len < SNP_REPORT_SIZE    ? ERR_TRUNCATED
                          : len == SNP_REPORT_SIZE ? ERR_OK
                                                   : ERR_TRAILING;
        assert_err(snp_report_parse(bytes_of(bytes, len), &back, NULL), wanted);
    }
}

static void an_unknown_version_is_named(void **state)
{
    (void)state;
    struct snp_report report = full(3);
    struct snp_report back;
    struct err_note note;
    uint8_t bytes[SNP_REPORT_SIZE];
    assert_ok(snp_report_write(&report, bytes));
    bytes[0] = 6;
    assert_err(snp_report_parse(bytes_of(bytes, sizeof bytes), &back, &note), ERR_UNKNOWN);
    assert_string_equal(note.text, "report.VERSION at 0x000: 6, known are 2 to 5");
}

static void another_signature_algorithm_is_refused_and_named(void **state)
{
    (void)state;
    struct snp_report report = full(3);
    struct snp_report back;
    struct err_note note;
    uint8_t bytes[SNP_REPORT_SIZE];
    report.signature_algorithm = 2;
    assert_ok(snp_report_write(&report, bytes));
    assert_err(snp_report_parse(bytes_of(bytes, sizeof bytes), &back, &note), ERR_VALUE);
    assert_non_null(strstr(note.text, "SIGNATURE_ALGO at 0x034"));
}

/* Document 56860, table "MSG_REPORT_RSP"; and a report cut out of Azure's with the next 20 bytes. */
static void a_report_is_taken_out_of_its_wrapper(void **state)
{
    (void)state;
    static uint8_t file[4000];
    enum { HEADER = 32, RUNTIME = 20 };
    static const uint8_t runtime[RUNTIME] = {0x34, 0x12, 0, 0, 1, 0, 0, 0,    2,
                                             0,    0,    0, 1, 0, 0, 0, 0x20, 0x12};
    file[4] = 0xa0;
    file[5] = 0x04;
    file[HEADER] = 3;
    struct bytes got = snp_report_unwrap(bytes_of(file, sizeof file));
    assert_ptr_equal(got.ptr, file + HEADER);
    assert_int_equal(got.len, SNP_REPORT_SIZE);
    assert_ptr_equal(snp_report_unwrap(bytes_of(file, HEADER + SNP_REPORT_SIZE)).ptr, file + HEADER);
    const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 0x16}, {4, 0xa1}, {31, 1}, {8, 1}, {HEADER + SNP_REPORT_SIZE, 1}, {3999, 1}};
    for (size_t i = 0; i < test_count(wrong); i++) {
        uint8_t was = file[wrong[i].at];
        file[wrong[i].at] = wrong[i].value;
        assert_ptr_equal(snp_report_unwrap(bytes_of(file, sizeof file)).ptr, file);
        file[wrong[i].at] = was;
    }
    /* One byte short, or only the report: as it is. */
    assert_ptr_equal(snp_report_unwrap(bytes_of(file, HEADER + SNP_REPORT_SIZE - 1)).ptr, file);
    assert_int_equal(snp_report_unwrap(bytes_of(file, SNP_REPORT_SIZE)).len, SNP_REPORT_SIZE);

    memcpy(file + SNP_REPORT_SIZE, runtime, RUNTIME);
    file[0] = 2;
    got = snp_report_unwrap(bytes_of(file, SNP_REPORT_SIZE + RUNTIME));
    assert_ptr_equal(got.ptr, file);
    assert_int_equal(got.len, SNP_REPORT_SIZE);
    static const struct {
        size_t at;
        uint8_t value;
    } other[] = {{0, 0x35}, {4, 2}, {8, 4}, {12, 0}, {12, 4}, {16, 0x21}};
    for (size_t i = 0; i < test_count(other); i++) {
        uint8_t was = file[SNP_REPORT_SIZE + other[i].at];
        file[SNP_REPORT_SIZE + other[i].at] = other[i].value;
        assert_int_equal(snp_report_unwrap(bytes_of(file, SNP_REPORT_SIZE + RUNTIME)).len,
                         SNP_REPORT_SIZE + RUNTIME);
        file[SNP_REPORT_SIZE + other[i].at] = was;
    }
    file[SNP_REPORT_SIZE + 12] = 3;
    assert_int_equal(snp_report_unwrap(bytes_of(file, SNP_REPORT_SIZE + RUNTIME)).len, SNP_REPORT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_taken_out_of_its_wrapper),
        cmocka_unit_test(every_version_reads_back_what_was_written),
        cmocka_unit_test(the_fields_stand_where_the_manual_says),
        cmocka_unit_test(every_reserved_byte_must_be_zero),
        cmocka_unit_test(every_other_version_is_refused),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(an_unknown_version_is_named),
        cmocka_unit_test(another_signature_algorithm_is_refused_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
