/* SPDX-License-Identifier: Apache-2.0 */
/* What a file holds: text taken off, wrappings taken off, kinds told apart by content. */
#include "attest/evidence_file.h"

#include "attest/snp_report.h"
#include "base/writer.h"
#include "unit/test.h"

enum { ROOM = 8192 };

static uint8_t room[ROOM];

/* A report of version 3 whose first octets can be told from others. */
static struct bytes report_write(struct writer *w)
{
    struct snp_report report = {.version = 3, .signature_algorithm = 1, .vmpl = 2};
    uint8_t *at = writer_reserve(w, SNP_REPORT_SIZE);
    assert_non_null(at);
    assert_ok(snp_report_write(&report, at));
    return bytes_of(at, SNP_REPORT_SIZE);
}

static void header_write(struct writer *w, uint32_t status, uint32_t size)
{
    writer_u32le(w, status);
    writer_u32le(w, size);
    writer_zeros(w, 24);
}

/* One entry, for a VCEK of four octets. */
static void table_write(struct writer *w)
{
    static const uint8_t vcek[] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                   0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};
    writer_bytes(w, bytes_of(vcek, sizeof vcek));
    writer_u32le(w, 48);
    writer_u32le(w, 4);
    writer_zeros(w, 24);
    writer_str(w, "cert");
}

static struct bytes written(const struct writer *w)
{
    struct bytes all;
    assert_ok(writer_finish(w, &all));
    return all;
}

static void text_is_told_from_what_it_spells(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum evidence_encoding encoding;
        const char *content;
    } rows[] = {
        {"616263", EVIDENCE_HEX, "abc"},
        {"0x616263\n", EVIDENCE_HEX, "abc"},
        {" 61 62\r\n63\t", EVIDENCE_HEX, "abc"},
        {"6A6b", EVIDENCE_HEX, "jk"},
        {"aGVsbG8=", EVIDENCE_BASE64, "hello"},
        {"aGVsbG8", EVIDENCE_BASE64, "hello"},
        {"aGVs\nbG8=\n", EVIDENCE_BASE64, "hello"},
        {"Pz8_", EVIDENCE_BASE64, "???"},
        {"Pz8/", EVIDENCE_BASE64, "???"},
        {"{\"a\":1}", EVIDENCE_RAW, "{\"a\":1}"},
        {"not text of either kind.", EVIDENCE_RAW, "not text of either kind."},
        {"-----BEGIN A-----", EVIDENCE_RAW, "-----BEGIN A-----"},
        {"", EVIDENCE_RAW, ""},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct evidence_file f;
        assert_ok(evidence_file_open(bytes_str(rows[i].text), &f, NULL));
        assert_int_equal(f.encoding, rows[i].encoding);
        assert_true(bytes_is_str(f.content, rows[i].content));
        evidence_file_release(&f);
    }
}

static void text_that_is_cut_off_is_an_error(void **state)
{
    (void)state;
    static const char *const wrong[] = {"616", "0x6", "aGVsbG8==", "a", "aGVsb=8="};
    struct evidence_file f;
    struct err_note note;
    for (size_t i = 0; i < test_count(wrong); i++) {
        assert_err(evidence_file_open(bytes_str(wrong[i]), &f, &note), ERR_ENCODING);
        assert_null(f.storage);
    }
    static uint8_t large[EVIDENCE_FILE_MAX + 1];
    assert_err(evidence_file_open(bytes_of(large, sizeof large), &f, &note), ERR_TOO_LARGE);
}

static void a_report_is_found_in_each_wrapping(void **state)
{
    (void)state;
    struct evidence_snp found;
    struct writer w = writer_into(room, sizeof room);
    struct bytes report = report_write(&w);
    evidence_snp_find(written(&w), &found);
    assert_ptr_equal(found.report.ptr, report.ptr);
    assert_string_equal(found.wrapping, "bare");

    table_write(&w);
    evidence_snp_find(written(&w), &found);
    assert_int_equal(found.report.len, SNP_REPORT_SIZE);
    assert_int_equal(found.certificates.len, 52);
    assert_int_equal(evidence_file_kind(written(&w)), EVIDENCE_SNP_REPORT);
    assert_int_equal(evidence_file_kind(found.certificates), EVIDENCE_CERTIFICATE_TABLE);

    w = writer_into(room, sizeof room);
    header_write(&w, 0, SNP_REPORT_SIZE);
    report = report_write(&w);
    evidence_snp_find(written(&w), &found);
    assert_ptr_equal(found.report.ptr, report.ptr);
    assert_int_equal(found.certificates.len, 0);
    table_write(&w);
    evidence_snp_find(written(&w), &found);
    assert_ptr_equal(found.report.ptr, report.ptr);
    assert_int_equal(found.certificates.len, 52);
}

/* What is not clear is not taken apart: the parser of reports then refuses it as a whole. */
static void what_is_not_clear_stays_whole(void **state)
{
    (void)state;
    struct evidence_snp found;
    for (int wrong = 0; wrong < 5; wrong++) {
        struct writer w = writer_into(room, sizeof room);
        if (wrong >= 2)
            header_write(&w, wrong == 2, wrong == 3 ? 1 : SNP_REPORT_SIZE);
        (void)report_write(&w);
        if (wrong == 0)
            writer_str(&w, "x");
        if (wrong == 1)
            writer_zeros(&w, 24); /* a table of nothing */
        if (wrong == 4)
            writer_str(&w, "x");
        evidence_snp_find(written(&w), &found);
        assert_int_equal(found.report.len, written(&w).len);
        assert_int_equal(found.certificates.len, 0);
    }
}

static void a_quote_is_found_in_its_buffer(void **state)
{
    (void)state;
    struct writer w = writer_into(room, sizeof room);
    writer_u32le(&w, 1);
    writer_u32le(&w, 0);
    writer_u32le(&w, 0);
    writer_u32le(&w, 0);
    writer_u32le(&w, 1024);
    writer_u32le(&w, 5);
    writer_str(&w, "quote");
    writer_zeros(&w, 10);
    assert_true(bytes_is_str(evidence_tdx_find(written(&w)), "quote"));
    room[8] = 1; /* status: an error */
    assert_int_equal(evidence_tdx_find(written(&w)).len, written(&w).len);
    room[8] = 0;
    room[20] = 255; /* more than there is */
    assert_int_equal(evidence_tdx_find(written(&w)).len, written(&w).len);
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum evidence_kind kind;
    } rows[] = {
        {"", EVIDENCE_UNKNOWN},
        {"{}", EVIDENCE_UNKNOWN},
        {"{\"tcbInfo\":{},\"signature\":\"\"}", EVIDENCE_TCB_INFO},
        {"{\"enclaveIdentity\":{},\"signature\":\"\"}", EVIDENCE_QE_IDENTITY},
        {"{\"tcb_info\":\"\",\"qe_identity\":\"\"}", EVIDENCE_COLLATERAL},
        {"{\"evidence\":[],\"endorsements\":[]}", EVIDENCE_BUNDLE},
        {"{\"noise_static\":\"\",\"model\":\"\"}", EVIDENCE_STATEMENT},
        {"{\"version\":1,\"tdx\":{}}", EVIDENCE_POLICY},
        {"x\n-----BEGIN CERTIFICATE-----", EVIDENCE_PEM},
        {"-----BEGIN", EVIDENCE_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(rows); i++)
        assert_int_equal(evidence_file_kind(bytes_str(rows[i].text)), rows[i].kind);
    for (int kind = EVIDENCE_UNKNOWN + 1; kind < EVIDENCE_KIND_COUNT; kind++)
        assert_string_not_equal(evidence_kind_name((enum evidence_kind)kind),
                                evidence_kind_name(EVIDENCE_UNKNOWN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_told_from_what_it_spells),
        cmocka_unit_test(text_that_is_cut_off_is_an_error),
        cmocka_unit_test(a_report_is_found_in_each_wrapping),
        cmocka_unit_test(what_is_not_clear_stays_whole),
        cmocka_unit_test(a_quote_is_found_in_its_buffer),
        cmocka_unit_test(kinds_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
