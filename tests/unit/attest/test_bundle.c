/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "attest/bundle.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "crypto/crypto.h"
#include "unit/test.h"

#define HEAD "{\"version\":1,\"platform\":\"sev-snp\",\"statement\":\"s\","
#define EVID "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\",\"AAEC\"]],"
#define ENDO "\"endorsements\":[[\"" BUNDLE_CERTIFICATE "\",\"AwQ\"],[\"" BUNDLE_CRL "\",\"BQ\"]],"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FRSH "\"freshness\":{\"index\":1,\"size\":2,\"path\":[\"" HASH "\"]}"
static const char sound[] = HEAD EVID ENDO FRSH ",\"challenge\":\"" HASH "\"}";

static void a_bundle_reads_as_it_was_written(void **state)
{
    (void)state;
    struct bundle b;
    struct bundle again;
    char *text;
    size_t len;
    assert_ok(bundle_parse(bytes_str(sound), &b, NULL));
    assert_string_equal(b.platform, BUNDLE_PLATFORM_SNP);
    assert_true(bytes_is_str(b.statement, "s"));
    assert_int_equal(b.evidence_count, 1);
    assert_true(bytes_equal(b.evidence[0].value, bytes_of("\0\1\2", 3)));
    assert_int_equal(b.endorsement_count, 2);
    assert_string_equal(b.endorsements[0].media_type, BUNDLE_CERTIFICATE);
    assert_true(bytes_equal(b.endorsements[0].value, bytes_of("\3\4", 2)));
    assert_string_equal(b.endorsements[1].media_type, BUNDLE_CRL);
    assert_int_equal(b.freshness.index, 1);
    assert_int_equal(b.freshness.size, 2);
    assert_int_equal(b.freshness.count, 1);
    assert_true(b.has_challenge);

    assert_ok(bundle_write(&b, &text, &len));
    assert_int_equal(strlen(text), len);
    assert_ok(bundle_parse(bytes_of(text, len), &again, NULL));
    assert_int_equal(again.endorsement_count, 2);
    assert_true(bytes_equal(again.endorsements[1].value, b.endorsements[1].value));
    assert_memory_equal(&again.freshness, &b.freshness, sizeof b.freshness);
    secret_free(text);
    bundle_release(&again);
    bundle_release(&b);
}

static void the_challenge_may_be_absent(void **state)
{
    (void)state;
    struct bundle b;
    assert_ok(bundle_parse(bytes_str(HEAD EVID ENDO FRSH "}"), &b, NULL));
    assert_false(b.has_challenge);
    bundle_release(&b);
}

static void what_is_not_a_bundle_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err wanted;
    } rows[] = {
        {HEAD EVID ENDO FRSH ",\"other\":1}", ERR_UNKNOWN},
        {HEAD EVID ENDO FRSH "}}", ERR_JSON},
        {HEAD EVID ENDO FRSH ",\"version\":1}", ERR_JSON},
        {HEAD EVID ENDO FRSH "," FRSH "}", ERR_JSON},
        {"{\"platform\":\"sev-snp\",\"statement\":\"s\"," EVID ENDO FRSH "}", ERR_JSON},
        {"{\"version\":1,\"statement\":\"s\"," EVID ENDO FRSH "}", ERR_JSON},
        {"{\"version\":1,\"platform\":\"sev-snp\"," EVID ENDO FRSH "}", ERR_JSON},
        {HEAD ENDO FRSH "}", ERR_JSON},
        {HEAD EVID FRSH "}", ERR_JSON},
        {HEAD EVID "\"endorsements\":[]}", ERR_JSON},
        {"{\"version\":2,\"platform\":\"sev-snp\",\"statement\":\"s\"," EVID ENDO FRSH "}", ERR_VALUE},
        {"{\"version\":\"1\",\"platform\":\"sev-snp\",\"statement\":\"s\"," EVID ENDO FRSH "}", ERR_JSON},
        {"{\"version\":1,\"platform\":\"sev\",\"statement\":\"s\"," EVID ENDO FRSH "}", ERR_UNKNOWN},
        {"{\"version\":1,\"platform\":\"tdx2\",\"statement\":\"s\"," EVID ENDO FRSH "}", ERR_UNKNOWN},
        {HEAD "\"evidence\":[[\"application/pkix-cert\",\"AAEC\"]]," ENDO FRSH "}", ERR_UNKNOWN},
        {HEAD "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\",\"AAEC\",1]]," ENDO FRSH "}", ERR_JSON},
        {HEAD "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\"]]," ENDO FRSH "}", ERR_JSON},
        {HEAD "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\",\"\"]]," ENDO FRSH "}", ERR_VALUE},
        {HEAD "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\",\"AAE=\"]]," ENDO FRSH "}", ERR_VALUE},
        {HEAD "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\",\"AAF\"]]," ENDO FRSH "}", ERR_VALUE},
        {HEAD "\"evidence\":\"AAEC\"," ENDO FRSH "}", ERR_JSON},
        {HEAD "\"evidence\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]," ENDO FRSH "}", ERR_VALUE},
        {HEAD EVID "\"endorsements\":[[\"" BUNDLE_SNP_REPORT "\",\"AAEC\"]]," FRSH "}", ERR_UNKNOWN},
        {HEAD EVID ENDO "\"freshness\":{\"index\":2,\"size\":2,\"path\":[]}}", ERR_VALUE},
        {HEAD EVID ENDO "\"freshness\":{\"index\":-1,\"size\":2,\"path\":[]}}", ERR_VALUE},
        {HEAD EVID ENDO "\"freshness\":{\"index\":0,\"size\":0,\"path\":[]}}", ERR_VALUE},
        {HEAD EVID ENDO "\"freshness\":{\"index\":0,\"size\":65537,\"path\":[]}}", ERR_VALUE},
        {HEAD EVID ENDO "\"freshness\":{\"index\":0,\"size\":1,\"path\":[],\"x\":0}}", ERR_UNKNOWN},
        {HEAD EVID ENDO "\"freshness\":{\"index\":0,\"size\":1}}", ERR_JSON},
        {HEAD EVID ENDO "\"freshness\":{\"index\":0,\"size\":2,\"path\":[\"AAEC\"]}}", ERR_VALUE},
        {HEAD EVID ENDO "\"freshness\":{\"index\":0,\"size\":2,\"path\":[0]}}", ERR_VALUE},
        {HEAD EVID ENDO
         "\"freshness\":{\"index\":0,\"size\":2,\"path\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}}",
         ERR_VALUE},
        {HEAD EVID ENDO FRSH ",\"challenge\":\"AAEC\"}", ERR_VALUE},
        {HEAD EVID ENDO FRSH ",\"challenge\":null}", ERR_JSON},
        {"[]", ERR_JSON},
        {"", ERR_JSON},
    };
    for (size_t i = 0; i < test_count(rows); i++) {
        struct bundle b;
        struct err_note note = {{0}};
        enum err e = bundle_parse(bytes_str(rows[i].text), &b, &note);
        if (e != rows[i].wanted)
            fail_msg("row %zu: %s, wanted %s: %s", i, err_name(e), err_name(rows[i].wanted), rows[i].text);
        if (note.text[0] == '\0')
            fail_msg("row %zu: the note says nothing", i);
        assert_null(b.storage);
    }
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(sound); len++) {
        struct bundle b;
        assert_int_not_equal(bundle_parse(bytes_of(sound, len), &b, NULL), ERR_OK);
    }
}

static void more_than_a_mebibyte_is_refused_unread(void **state)
{
    (void)state;
    struct bundle b;
    char *text = malloc(BUNDLE_MAX + 1);
    assert_non_null(text);
    memset(text, ' ', BUNDLE_MAX + 1);
    memcpy(text, sound, strlen(sound));
    assert_ok(bundle_parse(bytes_of(text, BUNDLE_MAX), &b, NULL));
    bundle_release(&b);
    assert_err(bundle_parse(bytes_of(text, BUNDLE_MAX + 1), &b, NULL), ERR_TOO_LARGE);
    free(text);
}

static void a_statement_too_long_is_refused(void **state)
{
    (void)state;
    static char text[4096];
    static char statement[2050];
    struct bundle b;
    for (size_t len = 2048; len <= 2049; len++) {
        memset(statement, 'a', len);
        statement[len] = '\0';
        (void)snprintf(text, sizeof text, "{\"version\":1,\"platform\":\"sev-snp\",\"statement\":\"%s\",%s",
                       statement, EVID ENDO FRSH "}");
        assert_err(bundle_parse(bytes_str(text), &b, NULL), len == 2048 ? ERR_OK : ERR_TOO_LARGE);
        bundle_release(&b);
    }
}

static void a_bundle_out_of_bounds_is_not_written(void **state)
{
    (void)state;
    struct bundle b = {.platform = "vax"};
    char *text;
    size_t len;
    assert_err(bundle_write(&b, &text, &len), ERR_VALUE);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bundle_reads_as_it_was_written),
        cmocka_unit_test(the_challenge_may_be_absent),
        cmocka_unit_test(what_is_not_a_bundle_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(more_than_a_mebibyte_is_refused_unread),
        cmocka_unit_test(a_statement_too_long_is_refused),
        cmocka_unit_test(a_bundle_out_of_bounds_is_not_written),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
