/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of the virtual TPM's evidence by themselves: what is read is what is there, and where it is cut or wrong the error says so. */
#include "attest/hcl_report.h"
#include "attest/hcl_runtime.h"
#include "attest/td_report.h"
#include "attest/tpm_pcr_file.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "unit/test.h"

static struct err_note note;

/* ---- TPMS_ATTEST ---- */

enum { ATTEST_MAX = 512 };

static uint8_t buffer[ATTEST_MAX];

static struct bytes attest_write(size_t name, size_t nonce, uint32_t count, uint8_t select, size_t digest)
{
    struct bytes out;
    struct writer w = writer_into(buffer, sizeof buffer);
    writer_u32be(&w, TPM_QUOTE_MAGIC);
    writer_u16be(&w, TPM_QUOTE_TYPE);
    writer_u16be(&w, (uint16_t)name);
    writer_zeros(&w, name);
    writer_u16be(&w, (uint16_t)nonce);
    writer_zeros(&w, nonce);
    writer_u64be(&w, 0x0102030405060708);
    writer_u32be(&w, 11);
    writer_u32be(&w, 22);
    writer_u8(&w, 0);
    writer_u64be(&w, 0x1112131415161718);
    writer_u32be(&w, count);
    for (uint32_t i = 0; i < count && i < 17; i++) {
        writer_u16be(&w, (uint16_t)(TPM_ALG_SHA256 + i));
        writer_u8(&w, select);
        for (uint8_t k = 0; k < select; k++)
            writer_u8(&w, (uint8_t)(1U << k));
    }
    writer_u16be(&w, (uint16_t)digest);
    writer_zeros(&w, digest);
    assert_ok(writer_finish(&w, &out));
    return out;
}

static void a_quote_is_read_field_by_field(void **state)
{
    struct tpm_quote q;
    (void)state;
    assert_ok(tpm_quote_parse(attest_write(34, 20, 2, 4, 32), &q, &note));
    assert_int_equal(q.magic, TPM_QUOTE_MAGIC);
    assert_int_equal(q.type, TPM_QUOTE_TYPE);
    assert_int_equal(q.qualified_signer.len, 34);
    assert_int_equal(q.extra_data.len, 20);
    assert_int_equal(q.clock, 0x0102030405060708);
    assert_int_equal(q.reset_count, 11);
    assert_int_equal(q.restart_count, 22);
    assert_false(q.safe);
    assert_int_equal(q.firmware_version, 0x1112131415161718);
    assert_int_equal(q.selection_count, 2);
    assert_int_equal(q.selections[0].hash, TPM_ALG_SHA256);
    assert_int_equal(q.selections[1].hash, TPM_ALG_SHA384);
    assert_int_equal(q.selections[1].pcrs, 0x08040201);
    assert_int_equal(q.digest.len, 32);
}

static void sizes_that_no_tpm_writes_are_refused(void **state)
{
    static const uint8_t zeros[TPM_QUOTE_MAX + 1];
    struct tpm_quote q;
    (void)state;
    assert_err(tpm_quote_parse(bytes_of(zeros, TPM_QUOTE_MAX), &q, &note), ERR_UNKNOWN); /* not too large */
    assert_err(tpm_quote_parse(bytes_of(zeros, TPM_QUOTE_MAX + 1), &q, &note), ERR_TOO_LARGE);
    assert_ok(tpm_quote_parse(attest_write(66, 66, 16, 3, 64), &q, &note));
    assert_err(tpm_quote_parse(attest_write(67, 20, 1, 3, 32), &q, &note), ERR_TOO_LARGE);
    assert_err(tpm_quote_parse(attest_write(34, 67, 1, 3, 32), &q, &note), ERR_TOO_LARGE);
    assert_err(tpm_quote_parse(attest_write(34, 20, 17, 3, 32), &q, &note), ERR_TOO_LARGE);
    assert_err(tpm_quote_parse(attest_write(34, 20, 1, 2, 32), &q, &note), ERR_VALUE);
    assert_err(tpm_quote_parse(attest_write(34, 20, 1, 5, 32), &q, &note), ERR_VALUE);
    assert_err(tpm_quote_parse(attest_write(34, 20, 1, 3, 65), &q, &note), ERR_TOO_LARGE);
    struct bytes whole = attest_write(34, 20, 1, 3, 32);
    for (size_t len = 0; len < whole.len; len++)
        assert_err(tpm_quote_parse(bytes_of(whole.ptr, len), &q, &note), ERR_TRUNCATED);
    assert_err(tpm_quote_parse(bytes_of(whole.ptr, whole.len + 1), &q, &note), ERR_TRAILING);
}

/* The size of TPM2B_ATTEST must lead exactly to the end; then it cannot be taken for the magic number. */
static void the_size_in_front_is_taken_when_it_is_right(void **state)
{
    uint8_t wrapped[ATTEST_MAX];
    struct bytes bare = attest_write(34, 20, 1, 3, 32);
    struct tpm_quote q;
    (void)state;
    memcpy(wrapped + 2, bare.ptr, bare.len);
    for (int off = -1; off <= 1; off++) {
        wrapped[0] = 0;
        wrapped[1] = (uint8_t)((int)bare.len + off);
        enum err e = tpm_quote_parse(bytes_of(wrapped, bare.len + 2), &q, &note);
        assert_err(e, off == 0 ? ERR_OK : ERR_UNKNOWN);
        if (off == 0)
            assert_true(q.attest.ptr == wrapped + 2 && q.attest.len == bare.len);
    }
    assert_ok(tpm_quote_header_parse(bytes_of(wrapped, 6), &q, &note));
    assert_err(tpm_quote_header_parse(bytes_of(wrapped, 5), &q, &note), ERR_TRUNCATED);
}

static void a_signature_has_the_size_of_its_key(void **state)
{
    enum { KEY_SIZE = 256 };
    uint8_t whole[KEY_SIZE + 6] = {0x00, 0x14, 0x00, 0x0b, 0x01, 0x00};
    struct bytes signature;
    (void)state;
    assert_ok(tpm_signature_parse(bytes_of(whole, sizeof whole), KEY_SIZE, &signature, &note));
    assert_true(signature.ptr == whole + 6 && signature.len == KEY_SIZE);
    assert_ok(tpm_signature_parse(bytes_of(whole, KEY_SIZE), KEY_SIZE, &signature, &note));
    assert_true(signature.ptr == whole && signature.len == KEY_SIZE);
    for (size_t len = 0; len < sizeof whole; len++)
        if (len != KEY_SIZE)
            assert_true(tpm_signature_parse(bytes_of(whole, len), KEY_SIZE, &signature, &note) != ERR_OK);
    whole[5] = 1;
    assert_err(tpm_signature_parse(bytes_of(whole, sizeof whole), KEY_SIZE, &signature, &note),
               ERR_TOO_LARGE);
    whole[4] = 0;
    whole[5] = 0xff;
    assert_err(tpm_signature_parse(bytes_of(whole, 6 + 0xff), KEY_SIZE, &signature, &note), ERR_VALUE);
}

/* ---- TDREPORT_STRUCT ---- */

static void every_part_of_a_td_report_is_compared(void **state)
{
    static const struct {
        size_t offset; /* in TDREPORT_STRUCT */
        size_t size;
        const char *name; /* NULL: no quote says it */
    } parts[] = {
        {16, 16 + 96, NULL},        {128, 64, "REPORTDATA"},    {224, 32 + 8, NULL},
        {264, 16, "TEE_TCB_SVN"},   {280, 48, "MRSEAM"},        {328, 48, "MRSIGNERSEAM"},
        {376, 8, "SEAMATTRIBUTES"}, {384, 16, "TEE_TCB_SVN_2"}, {512, 8, "ATTRIBUTES"},
        {520, 8, "XFAM"},           {528, 48, "MRTD"},          {576, 48, "MRCONFIGID"},
        {624, 48, "MROWNER"},       {672, 48, "MROWNERCONFIG"}, {720, 192, "RTMRs"},
        {912, 48, "MRSERVICETD"},
    };
    uint8_t bytes[TD_REPORT_SIZE] = {0x81};
    struct td_report sound;
    struct td_report report;
    size_t named = 0;
    (void)state;
    assert_ok(td_report_parse(bytes_of(bytes, sizeof bytes), &sound, &note));
    assert_null(td_report_difference(&sound, &sound.body));
    for (size_t at = 0; at < sizeof bytes; at++) {
        size_t p = 0;
        while (p < test_count(parts) && (at < parts[p].offset || at >= parts[p].offset + parts[p].size))
            p++;
        bytes[at] ^= 2;
        enum err e = td_report_parse(bytes_of(bytes, sizeof bytes), &report, &note);
        if (p == test_count(parts)) {
            assert_err(e, at < 3 ? ERR_UNKNOWN : ERR_NOT_ZERO);
        } else {
            assert_ok(e);
            const char *difference = td_report_difference(&report, &sound.body);
            if (parts[p].name == NULL)
                assert_null(difference);
            else
                assert_string_equal(difference, parts[p].name);
            named += parts[p].name != NULL;
        }
        bytes[at] ^= 2;
    }
    assert_int_equal(named, 64 + 648 - 64);
    /* What a quote of TDX 1.0 does not say cannot differ. */
    struct tdx_body quoted = sound.body;
    quoted.is_15 = false;
    memset(quoted.mrservicetd, 1, sizeof quoted.mrservicetd);
    assert_null(td_report_difference(&sound, &quoted));
    quoted.is_15 = true;
    assert_string_equal(td_report_difference(&sound, &quoted), "MRSERVICETD");
}

static void a_td_report_has_one_size(void **state)
{
    uint8_t bytes[TD_REPORT_SIZE + 1] = {0x81};
    struct td_report report;
    (void)state;
    for (size_t len = 0; len < TD_REPORT_SIZE; len++)
        assert_err(td_report_parse(bytes_of(bytes, len), &report, &note), ERR_TRUNCATED);
    assert_err(td_report_parse(bytes_of(bytes, sizeof bytes), &report, &note), ERR_TRAILING);
    bytes[2] = 1; /* a service TD is bound */
    assert_ok(td_report_parse(bytes_of(bytes, TD_REPORT_SIZE), &report, &note));
}

/* ---- HCL report and its JSON ---- */

/* ---- values of registers ---- */

struct pcr_file {
    uint32_t banks;
    uint16_t hash;
    uint8_t select_size;
    uint32_t pcrs;
    uint32_t lists, used; /* how many it says there are, and are used in each */
    uint32_t written;     /* how many lists there are */
    uint16_t digest;      /* size of each value */
};

/* Two registers in one list, as tpm2_quote -o writes them. */
static const struct pcr_file two_registers = {1, TPM_ALG_SHA256, 3, 1U << 4 | 1U << 11, 1, 2,
                                              1, TPM_PCR_SIZE};

static struct bytes pcr_file_write(const struct pcr_file *f)
{
    enum { OTHER_BANKS = 15 * 8, SLOTS = 8, ROOM = 64 };
    static uint8_t room[16384];
    struct bytes whole;
    struct writer w = writer_into(room, sizeof room);
    writer_u32le(&w, f->banks);
    writer_u16le(&w, f->hash);
    writer_u8(&w, f->select_size);
    writer_u32le(&w, f->pcrs);
    writer_zeros(&w, 1 + OTHER_BANKS);
    writer_u32le(&w, f->lists);
    for (uint32_t list = 0; list < f->written; list++) {
        writer_u32le(&w, f->used);
        for (uint32_t i = 0; i < SLOTS; i++) {
            writer_u16le(&w, i < f->used ? f->digest : 0);
            for (uint32_t k = 0; k < ROOM; k++)
                writer_u8(&w, (uint8_t)(list * SLOTS + i + 1));
        }
    }
    assert_ok(writer_finish(&w, &whole));
    return whole;
}

static void values_of_registers_have_two_forms(void **state)
{
    static uint8_t values[TPM_PCR_VALUES_MAX], again[TPM_PCR_VALUES_MAX];
    size_t len;
    (void)state;
    struct bytes whole = pcr_file_write(&two_registers);
    assert_ok(tpm_pcr_file_parse(whole, values, &len, &note));
    assert_int_equal(len, 2 * TPM_PCR_SIZE);
    assert_int_equal(values[0], 1);
    assert_int_equal(values[len - 1], 2);
    assert_ok(tpm_pcr_file_parse(bytes_of(values, len), again, &len, &note));
    assert_int_equal(len, 2 * TPM_PCR_SIZE);
    assert_memory_equal(values, again, len);
    assert_ok(tpm_pcr_file_parse(bytes_of(values, sizeof values), again, &len, &note));
    assert_int_equal(len, sizeof values);
    for (size_t cut = 0; cut < whole.len; cut++)
        if (cut == 0 || cut % TPM_PCR_SIZE != 0)
            assert_err(tpm_pcr_file_parse(bytes_of(whole.ptr, cut), values, &len, &note), ERR_TRUNCATED);
    whole.len++;
    assert_err(tpm_pcr_file_parse(whole, values, &len, &note), ERR_TRAILING);
}

static void lists_of_values_have_the_form_of_the_tools(void **state)
{
    (void)state;
    enum { ALL = 0xffffff, SHA384 = 0x0c };
    static const struct {
        const char *what;
        struct pcr_file file;
        enum err wanted;
    } rows[] = {
        {"a selection of four octets", {1, TPM_ALG_SHA256, 4, 1, 1, 1, 1, 32}, ERR_OK},
        {"every register in three lists", {1, TPM_ALG_SHA256, 3, ALL, 3, 8, 3, 32}, ERR_OK},
        {"every register in a list of its own", {1, TPM_ALG_SHA256, 3, ALL, 24, 1, 24, 32}, ERR_OK},
        {"no bank", {0, TPM_ALG_SHA256, 3, 1, 1, 1, 1, 32}, ERR_UNKNOWN},
        {"two banks", {2, TPM_ALG_SHA256, 3, 1, 1, 1, 1, 32}, ERR_UNKNOWN},
        {"another bank", {1, SHA384, 3, 1, 1, 1, 1, 32}, ERR_UNKNOWN},
        {"a selection of five octets", {1, TPM_ALG_SHA256, 5, 1, 1, 1, 1, 32}, ERR_VALUE},
        {"register 24", {1, TPM_ALG_SHA256, 4, 1U << 24, 1, 1, 1, 32}, ERR_VALUE},
        {"a list that is not there", {1, TPM_ALG_SHA256, 3, 3, 2, 1, 1, 32}, ERR_TRUNCATED},
        {"a list more", {1, TPM_ALG_SHA256, 3, 1, 1, 1, 2, 32}, ERR_TRAILING},
        {"lists without end", {1, TPM_ALG_SHA256, 3, ALL, 25, 1, 24, 32}, ERR_TOO_LARGE},
        {"nine in a list", {1, TPM_ALG_SHA256, 3, 0x1ff, 1, 9, 1, 32}, ERR_TOO_LARGE},
        {"more than there are registers", {1, TPM_ALG_SHA256, 3, ALL, 4, 8, 4, 32}, ERR_TOO_LARGE},
        {"fewer than are selected", {1, TPM_ALG_SHA256, 3, 3, 1, 1, 1, 32}, ERR_VALUE},
        {"more than are selected", {1, TPM_ALG_SHA256, 3, 1, 1, 2, 1, 32}, ERR_VALUE},
        {"values of another size", {1, TPM_ALG_SHA256, 3, 1, 1, 1, 1, 48}, ERR_UNKNOWN},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        static uint8_t values[TPM_PCR_VALUES_MAX];
        size_t len = 1;
        enum err e = tpm_pcr_file_parse(pcr_file_write(&rows[i].file), values, &len, &note);
        if (e != rows[i].wanted)
            fail_msg("%s: %s", rows[i].what, err_name(e));
        const struct pcr_file *f = &rows[i].file;
        assert_int_equal(len, e == ERR_OK ? (size_t)f->lists * f->used * TPM_PCR_SIZE : 0);
    }
}

/* ---- */

static void a_cut_or_endless_report_is_refused(void **state)
{
    static uint8_t blob[HCL_REPORT_MAX + 1];
    struct hcl_report hcl;
    struct writer w = writer_into(blob, sizeof blob);
    (void)state;
    writer_str(&w, "HCLA");
    writer_u32le(&w, 1);
    writer_u32le(&w, 32 + 1184 + 20 + 2);
    writer_u32le(&w, 2);
    writer_zeros(&w, 4 + 12 + 1184);
    writer_u32le(&w, 20 + 2);
    writer_u32le(&w, 1);
    writer_u32le(&w, HCL_KIND_SNP);
    writer_u32le(&w, HCL_SHA256);
    writer_u32le(&w, 2);
    writer_str(&w, "{}");
    for (size_t len = 0; len < w.used; len++)
        assert_true(hcl_report_parse(bytes_of(blob, len), &hcl, &note) != ERR_OK);
    assert_err(hcl_report_parse(bytes_of(blob, 20), &hcl, &note), ERR_TRUNCATED);
    assert_memory_equal(note.text, "hcl.header", 10);
    blob[0] = 'X';
    assert_err(hcl_report_parse(bytes_of(blob, w.used), &hcl, &note), ERR_UNKNOWN);
    blob[0] = 'H';
    assert_ok(hcl_report_parse(bytes_of(blob, w.used), &hcl, &note));
    assert_true(bytes_is_str(hcl.runtime, "{}"));
    assert_int_equal(hcl.hardware.len, HCL_SNP_REPORT_SIZE);
    assert_ok(hcl_report_parse(bytes_of(blob, HCL_REPORT_MAX), &hcl, &note));
    assert_err(hcl_report_parse(bytes_of(blob, sizeof blob), &hcl, &note), ERR_TOO_LARGE);
    /* A length that would run past everything. */
    memset(blob + 0x4d0, 0xff, 4);
    assert_err(hcl_report_parse(bytes_of(blob, HCL_REPORT_MAX), &hcl, &note), ERR_TRUNCATED);
}

static void runtime_data_that_are_too_large_are_refused(void **state)
{
    static uint8_t json[HCL_RUNTIME_MAX + 1];
    static struct hcl_runtime runtime;
    (void)state;
    memset(json, ' ', sizeof json);
    assert_err(hcl_runtime_parse(bytes_of(json, sizeof json), &runtime, &note), ERR_TOO_LARGE);
    assert_err(hcl_runtime_parse(bytes_of(json, HCL_RUNTIME_MAX), &runtime, &note), ERR_JSON);
    assert_err(hcl_runtime_parse(bytes_of(json, 0), &runtime, &note), ERR_JSON);
    assert_err(hcl_runtime_parse(bytes_str("[]"), &runtime, &note), ERR_JSON);
    assert_err(hcl_runtime_parse(bytes_str("{\"keys\":[[],[],[],[],[]]}"), &runtime, &note), ERR_VALUE);
    assert_string_equal(hcl_switch_name(HCL_SECURE_BOOT), "secure-boot");
    assert_string_equal(hcl_switch_name(HCL_FILTERED_DEVICES_ALLOWED), "filtered-vpci-devices-allowed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quote_is_read_field_by_field),
        cmocka_unit_test(sizes_that_no_tpm_writes_are_refused),
        cmocka_unit_test(the_size_in_front_is_taken_when_it_is_right),
        cmocka_unit_test(a_signature_has_the_size_of_its_key),
        cmocka_unit_test(every_part_of_a_td_report_is_compared),
        cmocka_unit_test(a_td_report_has_one_size),
        cmocka_unit_test(values_of_registers_have_two_forms),
        cmocka_unit_test(lists_of_values_have_the_form_of_the_tools),
        cmocka_unit_test(a_cut_or_endless_report_is_refused),
        cmocka_unit_test(runtime_data_that_are_too_large_are_refused),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
