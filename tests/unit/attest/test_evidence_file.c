/* SPDX-License-Identifier: Apache-2.0 */
/* What a file holds: text taken off, wrappings taken off, kinds told apart by content. */
#include "attest/evidence_file.h"

#include "attest/certificate_table.h"
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
        {"0X4f4F6a61", EVIDENCE_HEX, "OOja"},
        {"5a5A3930", EVIDENCE_HEX, "ZZ90"},
        {" \n", EVIDENCE_RAW, " \n"},
        {"0ZAzaZA0", EVIDENCE_BASE64, NULL},
        {"9zZA+/az", EVIDENCE_BASE64, NULL},
        {"-_az09AZ", EVIDENCE_BASE64, NULL},
        {"61g@", EVIDENCE_RAW, "61g@"},
        {"61`a", EVIDENCE_RAW, "61`a"},
        {"61G[", EVIDENCE_RAW, "61G["},
        {"61{z", EVIDENCE_RAW, "61{z"},
        {"61:z", EVIDENCE_RAW, "61:z"},
        {"61.z", EVIDENCE_RAW, "61.z"},
        {"61,z", EVIDENCE_RAW, "61,z"},
        {"aGVsbG8=", EVIDENCE_BASE64, "hello"},
        {"aGVsbG8", EVIDENCE_BASE64, "hello"},
        {"aGVs\nbG8=\n", EVIDENCE_BASE64, "hello"},
        {"aGVsbG8_", EVIDENCE_BASE64, "hello?"},
        {"aGVsbA==", EVIDENCE_BASE64, "hell"},
        {"aGVsbA", EVIDENCE_BASE64, "hell"},
        {"Pz8/Pz8/aA", EVIDENCE_BASE64, "??????h"},
        {"Pz8_Pz8_aA==", EVIDENCE_BASE64, "??????h"},
        {"Pj4+Pg==", EVIDENCE_BASE64, ">>>>"},
        {"Pj4-Pg", EVIDENCE_BASE64, ">>>>"},
        {"\"616263\"", EVIDENCE_HEX, "abc"},
        {" \n\"0x616263\"\r\n", EVIDENCE_HEX, "abc"},
        {"\"aGVsbG8=\"\n", EVIDENCE_BASE64, "hello"},
        {"\"", EVIDENCE_RAW, "\""},
        {"\"\"", EVIDENCE_RAW, "\"\""},
        {"\"61", EVIDENCE_RAW, "\"61"},
        {"61\"", EVIDENCE_RAW, "61\""},
        {"\"61\"62\"", EVIDENCE_RAW, "\"61\"62\""},
        {"\xef\xbb\xbf{}", EVIDENCE_RAW, "{}"},
        {"\xef\xbb\xbf"
         "616263",
         EVIDENCE_HEX, "abc"},
        {"\xef\xbb", EVIDENCE_RAW, "\xef\xbb"},
        {"\xef\xbb\xbe", EVIDENCE_RAW, "\xef\xbb\xbe"},
        {"-----BEGIN%20A-----%0aa%2Bb+c%0A", EVIDENCE_PERCENT, "-----BEGIN A-----\na+b+c\n"},
        {"X: -----BEGIN%20A\r\nY: 100%", EVIDENCE_PERCENT, "-----BEGIN A"},
        {"X: -----BEGIN%20A\nY", EVIDENCE_PERCENT, "-----BEGIN A"},
        {"-----BEGIN%2", EVIDENCE_RAW, "-----BEGIN%2"},
        {"Pz8_", EVIDENCE_BASE64, "???"},
        {"Pz8/", EVIDENCE_BASE64, "???"},
        {"{\"a\":1}", EVIDENCE_RAW, "{\"a\":1}"},
        {"not text of either kind.", EVIDENCE_RAW, "not text of either kind."},
        {"-----BEGIN A-----", EVIDENCE_RAW, "-----BEGIN A-----"},
        {"", EVIDENCE_RAW, ""},
        {" \n", EVIDENCE_RAW, " \n"},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct evidence_file f;
        assert_ok(evidence_file_open(bytes_str(rows[i].text), &f, NULL));
        assert_int_equal(f.encoding, rows[i].encoding);
        assert_true(rows[i].content == NULL || bytes_is_str(f.content, rows[i].content));
        assert_int_equal(f.storage == NULL, f.encoding == EVIDENCE_RAW);
        evidence_file_release(&f);
        assert_null(f.storage);
    }
}

static void text_that_is_cut_off_is_an_error(void **state)
{
    (void)state;
    static const char *const wrong[] = {"616",
                                        "0x6",
                                        "0x",
                                        "aGVsbG8==",
                                        "a",
                                        "aGVsb=8=",
                                        "aGVsbA=",
                                        "aGVsbG8f=",
                                        "aGVsbA===",
                                        "Pz8_Pz8/",
                                        "Pj4+Pj4-",
                                        "Pj4+Pz8_",
                                        "Pj4-Pz8/",
                                        "=",
                                        "====",
                                        "\"616\"",
                                        "-----BEGIN%20%",
                                        "-----BEGIN%20%4",
                                        "-----BEGIN%20%4g",
                                        "aGVsbH=="};
    struct evidence_file f;
    struct err_note note;
    for (size_t i = 0; i < test_count(wrong); i++) {
        assert_err(evidence_file_open(bytes_str(wrong[i]), &f, &note), ERR_ENCODING);
        assert_null(f.storage);
    }
    static uint8_t large[EVIDENCE_FILE_MAX + 1];
    assert_err(evidence_file_open(bytes_of(large, sizeof large), &f, &note), ERR_TOO_LARGE);
    assert_ok(evidence_file_open(bytes_of(large, sizeof large - 1), &f, &note));
    evidence_file_release(&f);
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

static void reference_values_are_found_in_the_services_answer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err error;
        const char *document;
        const char *id;
    } rows[] = {
        {"<x/>", ERR_OK, "<x/>", ""},
        {"", ERR_OK, "", ""},
        {" \n{\"id\":\"N_1\",\"rim\":\"PHgvPg==\",\"sha256\":\"\"}", ERR_OK, "<x/>", "N_1"},
        {"{\"id\":\"N_1\",\"rim\":\"PHgvPg\"}", ERR_ENCODING, NULL, NULL},
        {"{\"id\":\"N_1\",\"rim\":\"\"}", ERR_JSON, NULL, NULL},
        {"{\"id\":\"\",\"rim\":\"PHgvPg==\"}", ERR_JSON, NULL, NULL},
        {"{\"id\":1,\"rim\":\"PHgvPg==\"}", ERR_JSON, NULL, NULL},
        {"{\"rim\":\"PHgvPg==\"}", ERR_JSON, NULL, NULL},
        {"{\"id\":\"a\",\"id\":\"b\",\"rim\":\"PHgvPg==\"}", ERR_JSON, NULL, NULL},
        {"{\"id\":\"N_1\",\"rim\":\"PHgvPg==\"", ERR_JSON, NULL, NULL},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct evidence_rim rim;
        struct err_note note = {{0}};
        enum err e = evidence_rim_open(bytes_str(rows[i].text), &rim, &note);
        assert_int_equal(e, rows[i].error);
        if (e == ERR_OK) {
            assert_true(bytes_is_str(rim.document, rows[i].document));
            assert_true(bytes_is_str(rim.id, rows[i].id));
            evidence_rim_release(&rim);
        }
        assert_null(rim.storage);
        if (e == ERR_JSON && strstr(rows[i].text, "\"rim\":\"\"") != NULL)
            assert_string_equal(note.text, "no text in \"rim\" of the answer");
        if (e == ERR_JSON && strstr(rows[i].text, "\"id\":1") != NULL)
            assert_string_equal(note.text, "no text in \"id\" of the answer");
    }
}

/* How an SPDM request and the response to it begin; a certificate, once and twice; an OCSP response. */
static void gpu_evidence_is_told_by_how_it_begins(void **state)
{
    (void)state;
    static const uint8_t certificate[] = {0x30, 7, 0x30, 5, 0xa0, 3, 2, 1, 2};
    static const uint8_t ocsp[] = {0x30, 3, 0x0a, 1, 6};
    struct writer w = writer_into(room, sizeof room);
    writer_u16be(&w, 0x11e0);
    writer_zeros(&w, 35);
    writer_u16be(&w, 0x1160);
    assert_int_equal(evidence_file_kind(written(&w)), EVIDENCE_GPU_REPORT);
    room[38] = 0x61;
    assert_int_equal(evidence_file_kind(written(&w)), EVIDENCE_UNKNOWN);
    w = writer_into(room, sizeof room);
    writer_bytes(&w, bytes_of(certificate, sizeof certificate));
    assert_int_equal(evidence_file_kind(written(&w)), EVIDENCE_CERTIFICATE);
    writer_bytes(&w, bytes_of(certificate, sizeof certificate));
    assert_int_equal(evidence_file_kind(written(&w)), EVIDENCE_CERTIFICATES);
    assert_int_equal(evidence_file_kind(bytes_of(ocsp, sizeof ocsp)), EVIDENCE_OCSP);
    assert_int_equal(evidence_file_kind(bytes_of(ocsp, sizeof ocsp - 1)), EVIDENCE_UNKNOWN);
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
        {"{\"version\":1,\"snp\":{}}", EVIDENCE_POLICY},
        {"{\"version\":1,\"sev-snp\":{}}", EVIDENCE_POLICY},
        {"{\"version\":1}", EVIDENCE_UNKNOWN},
        {"{\"snp\":{}}", EVIDENCE_UNKNOWN},
        {"{\"tcbInfo\":{}}", EVIDENCE_UNKNOWN},
        {"{\"signature\":\"\"}", EVIDENCE_UNKNOWN},
        {"HCLA", EVIDENCE_HCL_REPORT},
        {"HCL", EVIDENCE_UNKNOWN},
        {"HCLB", EVIDENCE_UNKNOWN},
        {"-----BEGIN ", EVIDENCE_PEM},
        {"{\"version\":1,\"gpu\":{}}", EVIDENCE_POLICY},
        {"<SoftwareIdentity xmlns=\"x:y\"/>", EVIDENCE_RIM},
        {"<?xml version=\"1.0\"?>\n<SoftwareIdentity></SoftwareIdentity>", EVIDENCE_RIM},
        {"<Software/>", EVIDENCE_UNKNOWN},
        {"{\"id\":\"\",\"rim\":\"\"}", EVIDENCE_RIM_ANSWER},
        {"x\n-----BEGIN CERTIFICATE-----", EVIDENCE_PEM},
        {"-----BEGIN", EVIDENCE_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(rows); i++)
        assert_int_equal(evidence_file_kind(bytes_str(rows[i].text)), rows[i].kind);
    for (int kind = EVIDENCE_UNKNOWN + 1; kind < EVIDENCE_KIND_COUNT; kind++)
        assert_string_not_equal(evidence_kind_name((enum evidence_kind)kind),
                                evidence_kind_name(EVIDENCE_UNKNOWN));
}

/* ---- binary kinds, by the fields that tell them ---- */

static enum evidence_kind quote(uint16_t version, uint16_t key_type, uint32_t tee_type, size_t len)
{
    struct writer w = writer_into(room, sizeof room);
    writer_u16le(&w, version);
    writer_u16le(&w, key_type);
    writer_u32le(&w, tee_type);
    writer_zeros(&w, 600);
    return evidence_file_kind(bytes_of(room, len));
}

static void quotes_are_told_by_their_headers(void **state)
{
    (void)state;
    enum { P256 = 2, P384 = 3, TDX = 0x81, HEADER = 48 };
    assert_int_equal(quote(4, P256, TDX, HEADER), EVIDENCE_TD_QUOTE);
    assert_int_equal(quote(5, P384, TDX, HEADER), EVIDENCE_TD_QUOTE);
    assert_int_equal(quote(3, P256, TDX, HEADER), EVIDENCE_TD_QUOTE);
    assert_int_equal(quote(3, P256, 0, HEADER), EVIDENCE_SGX_QUOTE);
    assert_int_equal(quote(5, P384, 0, HEADER), EVIDENCE_SGX_QUOTE);
    assert_int_equal(quote(4, P256, TDX, HEADER - 1), EVIDENCE_UNKNOWN);
    assert_int_equal(quote(2, P256, TDX, HEADER), EVIDENCE_UNKNOWN);
    assert_int_equal(quote(6, P256, TDX, HEADER), EVIDENCE_UNKNOWN);
    assert_int_equal(quote(4, 1, TDX, HEADER), EVIDENCE_UNKNOWN);
    assert_int_equal(quote(4, 4, TDX, HEADER), EVIDENCE_UNKNOWN);
    assert_int_equal(quote(4, P256, 1, HEADER), EVIDENCE_UNKNOWN);
    assert_int_equal(quote(2, P256, 0, HEADER), EVIDENCE_UNKNOWN);
}

static void reports_are_told_by_their_first_octets(void **state)
{
    (void)state;
    enum { ALGORITHM_AT = 0x34, TD_REPORT = 1024 };
    for (unsigned version = 0; version < 17; version++) {
        memset(room, 0, sizeof room);
        room[0] = (uint8_t)version;
        room[ALGORITHM_AT] = 1;
        const bool known = version >= 1 && version <= 15;
        assert_int_equal(evidence_file_kind(bytes_of(room, SNP_REPORT_SIZE)),
                         known ? EVIDENCE_SNP_REPORT : EVIDENCE_UNKNOWN);
        assert_int_equal(evidence_file_kind(bytes_of(room, SNP_REPORT_SIZE - 1)), EVIDENCE_UNKNOWN);
        room[ALGORITHM_AT] = 2;
        assert_int_equal(evidence_file_kind(bytes_of(room, SNP_REPORT_SIZE)), EVIDENCE_UNKNOWN);
    }
    for (size_t at = 0; at < 4; at++) {
        memset(room, 0, sizeof room);
        room[0] = 0x81;
        assert_int_equal(evidence_file_kind(bytes_of(room, TD_REPORT)), EVIDENCE_TD_REPORT);
        assert_int_equal(evidence_file_kind(bytes_of(room, TD_REPORT - 1)), EVIDENCE_UNKNOWN);
        assert_int_equal(evidence_file_kind(bytes_of(room, TD_REPORT + 1)), EVIDENCE_UNKNOWN);
        room[at]++;
        assert_int_equal(evidence_file_kind(bytes_of(room, TD_REPORT)),
                         at == 2 ? EVIDENCE_TD_REPORT : EVIDENCE_UNKNOWN); /* any version */
    }
}

static void der_is_told_by_what_is_signed(void **state)
{
    (void)state;
    static const uint8_t crl[] = {0x30, 5, 0x30, 3, 2, 1, 1};
    static const uint8_t other[] = {0x30, 5, 0x30, 3, 4, 1, 1};
    static const uint8_t crl_and_more[] = {0x30, 5, 0x30, 3, 2, 1, 1, 0};
    assert_int_equal(evidence_file_kind(bytes_of(crl, sizeof crl)), EVIDENCE_CRL);
    assert_int_equal(evidence_file_kind(bytes_of(crl, sizeof crl - 1)), EVIDENCE_UNKNOWN);
    assert_int_equal(evidence_file_kind(bytes_of(other, sizeof other)), EVIDENCE_UNKNOWN);
    assert_int_equal(evidence_file_kind(bytes_of(crl_and_more, sizeof crl_and_more)), EVIDENCE_CRL);
}

/* Of Azure's, bare behind the firmware's header; which it was, is said. */
static void a_wrapping_has_a_name(void **state)
{
    (void)state;
    struct evidence_snp found;
    struct writer w = writer_into(room, sizeof room);
    (void)report_write(&w);
    writer_u32le(&w, 20);
    writer_u32le(&w, 1);
    writer_u32le(&w, 2);
    writer_u32le(&w, 1);
    writer_u32le(&w, 0);
    evidence_snp_find(written(&w), &found);
    assert_string_equal(found.wrapping, "before the header of Azure's runtime data");
    w = writer_into(room, sizeof room);
    header_write(&w, 0, SNP_REPORT_SIZE);
    (void)report_write(&w);
    evidence_snp_find(written(&w), &found);
    assert_string_equal(found.wrapping, "behind the header of MSG_REPORT_RSP");
    assert_int_equal(found.report.len, SNP_REPORT_SIZE);
}

/* An extended report behind the firmware's header: the header must say that all went well, and how long the report is. */
static void each_certificate_makes_a_table(void **state)
{
    (void)state;
    static const struct bytes one = {(const uint8_t *)"cert", 4};
    const struct certificate_table tables[] = {
        {.vcek = one}, {.vlek = one}, {.ask = one}, {.ark = one}, {.crl = one}};
    size_t len;
    for (size_t i = 0; i < test_count(tables); i++) {
        assert_ok(certificate_table_write(&tables[i], room, sizeof room, &len));
        assert_int_equal(evidence_file_kind(bytes_of(room, len)), EVIDENCE_CERTIFICATE_TABLE);
    }
    assert_ok(certificate_table_write(&(struct certificate_table){.crl = {0}}, room, sizeof room, &len));
    assert_int_equal(evidence_file_kind(bytes_of(room, len)), EVIDENCE_UNKNOWN);
}

static void the_header_in_front_is_of_an_answer_that_went_well(void **state)
{
    (void)state;
    struct evidence_snp found;
    for (int wrong = 0; wrong < 4; wrong++) {
        struct writer w = writer_into(room, sizeof room);
        header_write(&w, wrong == 1, wrong == 2 ? SNP_REPORT_SIZE + 1 : SNP_REPORT_SIZE);
        (void)report_write(&w);
        table_write(&w);
        room[31] = wrong == 3; /* reserved */
        evidence_snp_find(written(&w), &found);
        assert_int_equal(found.certificates.len, wrong == 0 ? 52 : 0);
        assert_int_equal(found.report.len, wrong == 0 ? SNP_REPORT_SIZE : written(&w).len);
    }
}

static void a_buffer_without_a_quote_stays_whole(void **state)
{
    (void)state;
    struct writer w = writer_into(room, sizeof room);
    writer_u64le(&w, 1);
    writer_zeros(&w, 16);
    assert_int_equal(evidence_tdx_find(written(&w)).len, 24);
    room[20] = 1; /* one octet more than there is */
    assert_int_equal(evidence_tdx_find(written(&w)).len, 24);
    writer_u8(&w, 0x55);
    assert_int_equal(evidence_tdx_find(written(&w)).len, 1);
    room[0] = 2; /* another version */
    assert_int_equal(evidence_tdx_find(written(&w)).len, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_told_from_what_it_spells),
        cmocka_unit_test(text_that_is_cut_off_is_an_error),
        cmocka_unit_test(a_report_is_found_in_each_wrapping),
        cmocka_unit_test(what_is_not_clear_stays_whole),
        cmocka_unit_test(a_quote_is_found_in_its_buffer),
        cmocka_unit_test(reference_values_are_found_in_the_services_answer),
        cmocka_unit_test(gpu_evidence_is_told_by_how_it_begins),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(quotes_are_told_by_their_headers),
        cmocka_unit_test(reports_are_told_by_their_first_octets),
        cmocka_unit_test(der_is_told_by_what_is_signed),
        cmocka_unit_test(a_wrapping_has_a_name),
        cmocka_unit_test(each_certificate_makes_a_table),
        cmocka_unit_test(the_header_in_front_is_of_an_answer_that_went_well),
        cmocka_unit_test(a_buffer_without_a_quote_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
