/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of quotes by itself: what it refuses, as what, and where it says that it stands. */
#include "attest/tdx_quote.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

static struct synthetic_tdx_keys keys;
static struct synthetic_tdx tdx;
static struct tdx_quote quote;
static struct err_note note;

static enum err parse(void)
{
    synthetic_tdx_build(&tdx);
    memset(&note, 0, sizeof note);
    return tdx_quote_parse(tdx.quote, &quote, &note);
}

static void the_parts_of_a_quote_are_found(void **state)
{
    (void)state;
    for (int version_4 = 0; version_4 < 2; version_4++) {
        if (version_4 != 0)
            synthetic_tdx_init_4(&tdx, &keys);
        else
            synthetic_tdx_init(&tdx, &keys);
        assert_ok(parse());
        assert_int_equal(quote.version, version_4 != 0 ? 4 : 5);
        assert_int_equal(quote.body.is_15, version_4 == 0);
        assert_int_equal(quote.signed_part.len, version_4 != 0 ? 48 + 584 : 48 + 6 + 648);
        assert_ptr_equal(quote.signed_part.ptr, tdx.quote.ptr);
        assert_int_equal(quote.qe_report_bytes.len, SGX_REPORT_SIZE);
        assert_true(bytes_equal(quote.qe_authentication, bytes_of(tdx.authentication, 32)));
        assert_memory_equal(quote.body.rtmr, tdx.quote_fields.body.rtmr, sizeof quote.body.rtmr);
    }
}

static void another_kind_of_quote_is_named(void **state)
{
    (void)state;
    static const struct {
        uint16_t version;
        uint32_t tee_type;
        uint16_t key_type;
        const char *text;
    } rows[] = {{3, 0x81, 2, "quote.version: 3, a quote of an SGX enclave"},
                {6, 0x81, 2, "quote.version: 6"},
                {2, 0x81, 2, "quote.version: 2"},
                {4, 0, 2, "quote.tee_type: 0x0, not a TD"},
                {5, 0x80, 2, "quote.tee_type: 0x80, not a TD"},
                {5, 0x81, 3, "quote.key_type: 3"},
                {4, 0x81, 0, "quote.key_type: 0"}};
    for (size_t i = 0; i < test_count(rows); i++) {
        synthetic_tdx_init(&tdx, &keys);
        tdx.quote_fields.version = rows[i].version;
        tdx.quote_fields.tee_type = rows[i].tee_type;
        tdx.quote_fields.key_type = rows[i].key_type;
        assert_err(parse(), ERR_UNKNOWN);
        assert_string_equal(note.text, rows[i].text);
    }
}

static void a_header_is_whole_and_a_quote_not_endless(void **state)
{
    (void)state;
    static uint8_t large[TDX_QUOTE_MAX + 1] = {4};
    assert_err(tdx_quote_header_parse(bytes_of(large, sizeof large), &quote, &note), ERR_TOO_LARGE);
    assert_err(tdx_quote_parse(bytes_of(large, sizeof large), &quote, &note), ERR_TOO_LARGE);
    assert_string_equal(note.text, "quote of 65537 bytes, at most 65536 are taken");
    assert_ok(tdx_quote_header_parse(bytes_of(large, sizeof large - 1), &quote, &note));
    for (size_t len = 0; len < TDX_HEADER_SIZE; len++) {
        memset(&note, 0, sizeof note);
        assert_err(tdx_quote_header_parse(bytes_of(large, len), &quote, &note), ERR_TRUNCATED);
        assert_memory_equal(note.text, "quote.header: ", 14);
        assert_err(tdx_quote_parse(bytes_of(large, len), &quote, &note), ERR_TRUNCATED);
    }
    assert_ok(tdx_quote_header_parse(bytes_of(large, TDX_HEADER_SIZE), &quote, &note));
}

static void the_note_says_which_part_and_where(void **state)
{
    (void)state;
    synthetic_tdx_init(&tdx, &keys);
    tdx.body_size++;
    assert_err(parse(), ERR_VALUE);
    assert_memory_equal(note.text, "quote.body at 0x36: ", 20);
    synthetic_tdx_init(&tdx, &keys);
    tdx.qe_type = 5;
    assert_err(parse(), ERR_VALUE);
    assert_memory_equal(note.text, "quote.signature_data at 0x", 26);
    synthetic_tdx_init(&tdx, &keys);
    tdx.last_octet = 1;
    assert_err(parse(), ERR_NOT_ZERO);
    assert_memory_equal(note.text, "quote.padding at 0x", 19);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&keys);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_quote_are_found),
        cmocka_unit_test(another_kind_of_quote_is_named),
        cmocka_unit_test(a_header_is_whole_and_a_quote_not_endless),
        cmocka_unit_test(the_note_says_which_part_and_where),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
