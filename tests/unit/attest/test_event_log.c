/* SPDX-License-Identifier: Apache-2.0 */
/* Event logs replayed: made-up ones, right and wrong, and the real one of a TD, against its quote. */
#include <stdio.h>

#include "attest/ccel.h"
#include "attest/event_log.h"
#include "attest/tdx_quote.h"
#include "support/real_evidence.h"
#include "support/synthetic_event_log.h"
#include "unit/test.h"

enum { LOG_MAX = 4096, FILE_MAX = 512 * 1024, SPEC_ID_SIZE = 8 + 20 + 4 + 16 + 4 + 3 + 1 + 4 + 1 };

static struct event_log log_read;
static uint8_t buffer[LOG_MAX];
static struct verdict verdict;

static struct writer begin(const struct synthetic_algorithm *algorithm)
{
    struct writer w = writer_into(buffer, sizeof buffer);
    synthetic_log_begin(&w, algorithm, 1);
    return w;
}

static void put(struct writer *w, uint32_t pcr, const char *text)
{
    synthetic_log_event(w, pcr, SYNTHETIC_EV_SEPARATOR, &synthetic_sha256, 1, bytes_str(text));
}

static enum err replay(const struct writer *w, enum event_log_kind kind)
{
    struct bytes out;
    assert_ok(writer_finish(w, &out));
    return event_log_replay(out, kind, &log_read, NULL);
}

static void registers_hold_what_the_events_give(void **state)
{
    uint8_t pcr[24][32] = {{0}};
    struct writer w = begin(&synthetic_sha256);
    (void)state;
    synthetic_log_locality(&w, &synthetic_sha256, 1, 4);
    put(&w, 0, "a");
    put(&w, 0, "b");
    put(&w, 23, "c");
    put(&w, 17, "d");
    synthetic_log_event(&w, 9, SYNTHETIC_EV_NO_ACTION, &synthetic_sha256, 1, bytes_str("nothing"));
    assert_ok(replay(&w, EVENT_LOG_PCRS));
    pcr[0][31] = 4;
    memset(pcr[17], 0xff, 32);
    memset(pcr[22], 0xff, 32);
    synthetic_extend(pcr[0], 32, "a");
    synthetic_extend(pcr[0], 32, "b");
    synthetic_extend(pcr[23], 32, "c");
    synthetic_extend(pcr[17], 32, "d");
    for (size_t i = 0; i < 24; i++)
        if (i < 18 || i > 21)
            assert_memory_equal(log_read.registers[i], pcr[i], 32);
    assert_int_equal(log_read.event_count, 6);
    assert_int_equal(log_read.extended, 1U << 0 | 1U << 17 | 1U << 23);
}

/* Number 1 is RTMR0; 0 is MRTD. */
static void the_registers_of_a_td_count_from_one(void **state)
{
    uint8_t rtmr[48] = {0};
    struct writer w = begin(&synthetic_sha384);
    (void)state;
    for (uint32_t i = 1; i <= 4; i++)
        synthetic_log_event(&w, i, SYNTHETIC_EV_SEPARATOR, &synthetic_sha384, 1, bytes_str("x"));
    synthetic_log_event(&w, 0, SYNTHETIC_EV_NO_ACTION, &synthetic_sha384, 1, bytes_str("x"));
    assert_ok(replay(&w, EVENT_LOG_RTMR));
    synthetic_extend(rtmr, 48, "x");
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(log_read.registers[i], rtmr, 48);
    assert_int_equal(log_read.extended, 0xf);
    struct writer end = w;
    synthetic_log_event(&w, 0, SYNTHETIC_EV_SEPARATOR, &synthetic_sha384, 1, bytes_str("x"));
    assert_err(replay(&w, EVENT_LOG_RTMR), ERR_VALUE);
    synthetic_log_event(&end, 5, SYNTHETIC_EV_SEPARATOR, &synthetic_sha384, 1, bytes_str("x"));
    assert_err(replay(&end, EVENT_LOG_RTMR), ERR_VALUE);
}

static void unused_memory_behind_the_last_event_is_no_event(void **state)
{
    (void)state;
    for (int octet = 0; octet < 0x100; octet += 0xff) {
        for (size_t len = 1; len < 40; len++) {
            struct writer w = begin(&synthetic_sha256);
            put(&w, 1, "a");
            uint8_t *rest = writer_reserve(&w, len);
            memset(rest, octet, len);
            assert_ok(replay(&w, EVENT_LOG_PCRS));
            assert_int_equal(log_read.event_count, 1);
            rest[len - 1] ^= 1;
            assert_true(replay(&w, EVENT_LOG_PCRS) != ERR_OK);
        }
    }
}

#define MALFORMED(name, wanted, ...)                                                                         \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        struct writer w = begin(&synthetic_sha256);                                                          \
        (void)state;                                                                                         \
        __VA_ARGS__                                                                                          \
        assert_err(replay(&w, EVENT_LOG_PCRS), wanted);                                                      \
    }
MALFORMED(a_register_that_is_not_there_is_refused, ERR_VALUE, put(&w, 24, "a");)
MALFORMED(a_log_without_the_wanted_hash_is_refused, ERR_UNKNOWN, w = begin(&synthetic_sha384);)
MALFORMED(another_signature_is_refused, ERR_UNKNOWN, w.start[32] = 'X';)
MALFORMED(a_signature_that_goes_on_is_refused, ERR_UNKNOWN, w.start[47] = 'X';)
MALFORMED(another_first_event_is_refused, ERR_UNKNOWN, w.start[4] = 4;)
MALFORMED(a_first_event_with_a_digest_is_refused, ERR_NOT_ZERO, w.start[8] = 1;)
MALFORMED(no_algorithm_is_refused, ERR_VALUE, w.start[56] = 0;)
MALFORMED(nine_algorithms_are_refused, ERR_VALUE, w.start[56] = 9;)
MALFORMED(a_number_beyond_all_registers_is_refused, ERR_VALUE, put(&w, UINT32_MAX, "a");)
MALFORMED(a_digest_of_65_octets_is_refused, ERR_TOO_LARGE, w.start[62] = 65;)
MALFORMED(a_sha256_of_31_octets_is_refused, ERR_UNKNOWN, w.start[62] = 31;)
MALFORMED(a_pointer_of_three_words_is_refused, ERR_VALUE, w.start[55] = 3;)
MALFORMED(a_first_event_that_is_too_long_is_refused, ERR_TRAILING, w.start[28]++; put(&w, 1, "a");)
MALFORMED(an_event_that_is_cut_is_refused, ERR_TRUNCATED, put(&w, 1, "a"); w.used--;)
MALFORMED(an_event_with_another_algorithm_is_refused, ERR_VALUE,
          synthetic_log_event(&w, 1, SYNTHETIC_EV_SEPARATOR, &synthetic_sha384, 1, bytes_str("a"));)
MALFORMED(an_event_with_two_digests_is_refused, ERR_VALUE,
          const struct synthetic_algorithm two[] = {synthetic_sha256, synthetic_sha256};
          synthetic_log_event(&w, 1, SYNTHETIC_EV_SEPARATOR, two, 2, bytes_str("a"));)
MALFORMED(an_event_without_digests_is_refused, ERR_VALUE,
          synthetic_log_event(&w, 1, SYNTHETIC_EV_SEPARATOR, NULL, 0, bytes_str("a"));)
MALFORMED(a_locality_behind_an_event_is_refused, ERR_VALUE, put(&w, 0, "a");
          synthetic_log_locality(&w, &synthetic_sha256, 1, 3);)
MALFORMED(locality_5_is_refused, ERR_VALUE, synthetic_log_locality(&w, &synthetic_sha256, 1, 5);)

static void what_a_vendor_adds_is_passed_over(void **state)
{
    struct writer w = begin(&synthetic_sha256);
    (void)state;
    w.start[28] += 3;
    w.start[w.used - 1] = 3;
    writer_str(&w, "abc");
    put(&w, 1, "a");
    assert_ok(replay(&w, EVENT_LOG_PCRS));
    assert_int_equal(log_read.event_count, 1);
}

static void the_hash_that_is_missing_is_named(void **state)
{
    struct writer w = begin(&synthetic_sha1);
    struct err_note note = {{0}};
    (void)state;
    const struct bytes in = bytes_of(w.start, w.used);
    assert_err(event_log_replay(in, EVENT_LOG_PCRS, &log_read, &note), ERR_UNKNOWN);
    assert_string_equal(note.text, "event log: without SHA-256 digests");
    assert_err(event_log_replay(in, EVENT_LOG_RTMR, &log_read, &note), ERR_UNKNOWN);
    assert_string_equal(note.text, "event log: without SHA-384 digests");
}

static void an_algorithm_named_twice_is_refused(void **state)
{
    const struct synthetic_algorithm two[] = {synthetic_sha256, synthetic_sha256};
    struct writer w = writer_into(buffer, sizeof buffer);
    (void)state;
    synthetic_log_begin(&w, two, 2);
    assert_err(replay(&w, EVENT_LOG_PCRS), ERR_VALUE);
}

static void eight_algorithms_and_digests_of_64_octets_are_taken(void **state)
{
    struct synthetic_algorithm all[8] = {synthetic_sha256};
    struct writer w = writer_into(buffer, sizeof buffer);
    (void)state;
    for (size_t i = 1; i < test_count(all); i++)
        all[i] = (struct synthetic_algorithm){(uint16_t)(0x100 + i), CRYPTO_SHA512_SIZE};
    synthetic_log_begin(&w, all, test_count(all));
    assert_ok(replay(&w, EVENT_LOG_PCRS));
}

static void the_same_digest_twice_in_one_event_is_refused(void **state)
{
    const struct synthetic_algorithm both[] = {synthetic_sha1, synthetic_sha256};
    const struct synthetic_algorithm twice[] = {synthetic_sha256, synthetic_sha256};
    struct writer w = writer_into(buffer, sizeof buffer);
    (void)state;
    synthetic_log_begin(&w, both, 2);
    synthetic_log_event(&w, 1, SYNTHETIC_EV_SEPARATOR, both, 2, bytes_str("a"));
    assert_ok(replay(&w, EVENT_LOG_PCRS));
    synthetic_log_event(&w, 1, SYNTHETIC_EV_SEPARATOR, twice, 2, bytes_str("a"));
    assert_err(replay(&w, EVENT_LOG_PCRS), ERR_VALUE);
}

static void a_cut_log_is_refused_everywhere_but_between_events(void **state)
{
    struct writer w = begin(&synthetic_sha256);
    size_t end_of_first = w.used;
    (void)state;
    assert_int_equal(end_of_first, SPEC_ID_SIZE + 4);
    put(&w, 1, "a");
    size_t end_of_second = w.used;
    put(&w, 2, "b");
    for (size_t len = 0; len < w.used; len++) {
        enum err e = event_log_replay(bytes_of(buffer, len), EVENT_LOG_PCRS, &log_read, NULL);
        bool between = len == end_of_first || len == end_of_second;
        assert_true((e == ERR_OK) == between);
    }
    static uint8_t largest[EVENT_LOG_MAX];
    memcpy(largest, buffer, w.used);
    assert_ok(event_log_replay(bytes_of(largest, sizeof largest), EVENT_LOG_PCRS, &log_read, NULL));
    assert_err(event_log_replay(bytes_of(largest, sizeof largest + 1), EVENT_LOG_PCRS, &log_read, NULL),
               ERR_TOO_LARGE);
}

/* ---- a real one ---- */

static void appraise(struct bytes log, struct bytes quote, uint32_t outside)
{
    memset(&verdict, 0, sizeof verdict);
    ccel_appraise(log, quote, outside, &verdict);
    verdict_conclude(&verdict);
    assert_int_equal(verdict.count, 2);
}

static void the_log_of_a_real_td_gives_the_registers_of_its_quote(void **state)
{
    static uint8_t log_bytes[FILE_MAX];
    static uint8_t quote_bytes[FILE_MAX];
    struct tdx_quote q;
    struct bytes log = real_evidence_read("tdx/go-tdx-guest/ccel_data.dat", log_bytes, sizeof log_bytes);
    struct bytes quote =
        real_evidence_read("tdx/go-tdx-guest/cos-113-tdx-quote.dat", quote_bytes, sizeof quote_bytes);
    (void)state;
    if (log.len == 0 || quote.len == 0) {
        print_message("skipped: no event log from go-tdx-guest\n");
        skip();
    }
    assert_ok(event_log_replay(log, EVENT_LOG_RTMR, &log_read, NULL));
    assert_ok(tdx_quote_parse(quote, &q, NULL));
    for (size_t i = 0; i < EVENT_LOG_RTMRS; i++)
        assert_memory_equal(log_read.registers[i], q.body.rtmr[i], TDX_REGISTER_SIZE);
    appraise(log, quote, 0);
    assert_true(verdict.accepted);
    assert_string_equal(verdict_find(&verdict, "tdx.event_log.form")->saw, "43 events");

    /* A digest of the last event turned over: RTMR 1 or 2 is another. */
    size_t end = log.len;
    while (log_bytes[end - 1] == 0xff)
        end--;
    for (size_t back = 1; back < 4000; back += 997) {
        log_bytes[end - back] ^= 1;
        appraise(log, quote, 0xf);
        bool still_a_log = verdict_find(&verdict, "tdx.event_log.form")->passed;
        assert_true(verdict.accepted == still_a_log);
        log_bytes[end - back] ^= 1;
    }
    quote_bytes[48 + 376] ^= 1;
    appraise(log, quote, 0);
    assert_string_equal(verdict_first_failure(&verdict)->rule->name, "tdx.event_log.replay");
    assert_string_equal(verdict_first_failure(&verdict)->saw, "RTMR1 is another");
    appraise(log, quote, 1U << 1);
    assert_true(verdict.accepted);
}

static void a_malformed_log_or_quote_fails_by_name(void **state)
{
    struct writer w = begin(&synthetic_sha384);
    (void)state;
    appraise((struct bytes){0}, (struct bytes){0}, 0);
    assert_false(verdict.checks[0].passed || verdict.checks[1].passed);
    assert_string_equal(verdict.checks[1].saw, "not checked: the event log is malformed");
    appraise(bytes_of(w.start, w.used), (struct bytes){0}, 0);
    assert_true(verdict.checks[0].passed);
    assert_string_equal(verdict.checks[1].saw, "not checked: the quote is malformed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_hold_what_the_events_give),
        cmocka_unit_test(the_registers_of_a_td_count_from_one),
        cmocka_unit_test(unused_memory_behind_the_last_event_is_no_event),
        cmocka_unit_test(a_register_that_is_not_there_is_refused),
        cmocka_unit_test(a_log_without_the_wanted_hash_is_refused),
        cmocka_unit_test(another_signature_is_refused),
        cmocka_unit_test(a_signature_that_goes_on_is_refused),
        cmocka_unit_test(what_a_vendor_adds_is_passed_over),
        cmocka_unit_test(the_hash_that_is_missing_is_named),
        cmocka_unit_test(another_first_event_is_refused),
        cmocka_unit_test(a_first_event_with_a_digest_is_refused),
        cmocka_unit_test(no_algorithm_is_refused),
        cmocka_unit_test(nine_algorithms_are_refused),
        cmocka_unit_test(a_number_beyond_all_registers_is_refused),
        cmocka_unit_test(a_digest_of_65_octets_is_refused),
        cmocka_unit_test(a_sha256_of_31_octets_is_refused),
        cmocka_unit_test(a_pointer_of_three_words_is_refused),
        cmocka_unit_test(a_first_event_that_is_too_long_is_refused),
        cmocka_unit_test(an_event_that_is_cut_is_refused),
        cmocka_unit_test(an_event_with_another_algorithm_is_refused),
        cmocka_unit_test(an_event_with_two_digests_is_refused),
        cmocka_unit_test(an_event_without_digests_is_refused),
        cmocka_unit_test(a_locality_behind_an_event_is_refused),
        cmocka_unit_test(locality_5_is_refused),
        cmocka_unit_test(an_algorithm_named_twice_is_refused),
        cmocka_unit_test(eight_algorithms_and_digests_of_64_octets_are_taken),
        cmocka_unit_test(the_same_digest_twice_in_one_event_is_refused),
        cmocka_unit_test(a_cut_log_is_refused_everywhere_but_between_events),
        cmocka_unit_test(the_log_of_a_real_td_gives_the_registers_of_its_quote),
        cmocka_unit_test(a_malformed_log_or_quote_fails_by_name),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
