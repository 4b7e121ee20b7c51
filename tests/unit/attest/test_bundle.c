/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "attest/bundle.h"
#include "attest/bundle_parts.h"
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
        {HEAD "\"evidence\":[[1,\"AAEC\"]]," ENDO FRSH "}", ERR_JSON},
        {HEAD "\"evidence\":[[\"" BUNDLE_SNP_REPORT "\",1]]," ENDO FRSH "}", ERR_JSON},
        {HEAD "\"evidence\":[1]," ENDO FRSH "}", ERR_JSON},
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

static void as_much_as_is_taken_is_written_and_no_more(void **state)
{
    (void)state;
    static const struct {
        size_t evidence, endorsements;
        uint32_t hashes;
        enum err wanted;
    } table[] = {
        {BUNDLE_EVIDENCE_MAX, BUNDLE_ENDORSEMENTS_MAX, MERKLE_PATH_MAX, ERR_OK},
        {BUNDLE_EVIDENCE_MAX + 1, 0, 0, ERR_VALUE},
        {0, BUNDLE_ENDORSEMENTS_MAX + 1, 0, ERR_VALUE},
        {0, 0, MERKLE_PATH_MAX + 1, ERR_VALUE},
    };
    static struct bundle b;
    memcpy(b.platform, BUNDLE_PLATFORM_SNP, sizeof BUNDLE_PLATFORM_SNP);
    b.statement = bytes_str("s");
    for (size_t i = 0; i < BUNDLE_EVIDENCE_MAX; i++)
        b.evidence[i] = (struct bundle_item){BUNDLE_GPU_REPORT, bytes_str("x")};
    for (size_t i = 0; i < BUNDLE_ENDORSEMENTS_MAX; i++)
        b.endorsements[i] = (struct bundle_item){BUNDLE_OCSP, bytes_str("x")};
    for (size_t i = 0; i < test_count(table); i++) {
        struct bundle again;
        char *text;
        size_t len;
        b.evidence_count = table[i].evidence;
        b.endorsement_count = table[i].endorsements;
        b.freshness = (struct merkle_path){.size = 1, .count = table[i].hashes};
        assert_err(bundle_write(&b, &text, &len), table[i].wanted);
        if (table[i].wanted != ERR_OK)
            continue;
        assert_ok(bundle_parse(bytes_of(text, len), &again, NULL));
        bundle_release(&again);
        secret_free(text);
    }
}

static void no_more_than_a_mebibyte_is_written(void **state)
{
    (void)state;
    static char statement[BUNDLE_MAX];
    struct bundle b = {.platform = BUNDLE_PLATFORM_SNP, .statement = bytes_of(statement, 0)};
    char *text;
    size_t len;
    memset(statement, 'a', sizeof statement);
    assert_ok(bundle_write(&b, &text, &len));
    secret_free(text);
    b.statement.len = BUNDLE_MAX - len;
    assert_ok(bundle_write(&b, &text, &len));
    assert_int_equal(len, BUNDLE_MAX);
    secret_free(text);
    b.statement.len++;
    assert_err(bundle_write(&b, &text, &len), ERR_TOO_LARGE);
    assert_null(text);
}

/* ---- the parts ---- */

static void add_parts(struct bundle *b, const char *media_type, size_t count)
{
    bool is_evidence = strcmp(media_type, BUNDLE_SNP_REPORT) == 0 ||
                       strcmp(media_type, BUNDLE_TDX_QUOTE) == 0 ||
                       strcmp(media_type, BUNDLE_GPU_REPORT) == 0;
    for (size_t i = 0; i < count; i++)
        if (is_evidence)
            b->evidence[b->evidence_count++] = (struct bundle_item){media_type, bytes_str("x")};
        else
            b->endorsements[b->endorsement_count++] = (struct bundle_item){media_type, bytes_str("x")};
}

struct amount {
    const char *media_type;
    size_t least, most;
};

/* As few as may be of all, but so many of one; as many chains as there are GPUs. */
static enum err parts_with(const char *platform, const struct amount *amounts, size_t changed, size_t count)
{
    static struct bundle b;
    static struct bundle_parts parts;
    memset(&b, 0, sizeof b);
    memcpy(b.platform, platform, strlen(platform));
    for (size_t i = 0; amounts[i].media_type != NULL; i++)
        add_parts(&b, amounts[i].media_type, i == changed ? count : amounts[i].least);
    if (strcmp(amounts[changed].media_type, BUNDLE_GPU_REPORT) == 0)
        add_parts(&b, BUNDLE_GPU_CHAIN, count);
    return bundle_parts_of(&b, &parts, NULL);
}

static void a_platform_takes_its_parts_no_fewer_and_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *platform;
        struct amount amounts[10];
    } table[] = {
        {BUNDLE_PLATFORM_SNP,
         {{BUNDLE_SNP_REPORT, 1, 1},
          {BUNDLE_CERTIFICATE, 3, 3},
          {BUNDLE_CRL, 0, 4},
          {BUNDLE_GPU_REPORT, 0, 16},
          {BUNDLE_GPU_CHAIN, 0, 0}, /* without a report */
          {BUNDLE_GPU_RIM, 0, 16},
          {BUNDLE_OCSP, 0, 48},
          {BUNDLE_TDX_QUOTE, 0, 0},
          {BUNDLE_TDX_COLLATERAL, 0, 0}}},
        {BUNDLE_PLATFORM_TDX,
         {{BUNDLE_TDX_QUOTE, 1, 1},
          {BUNDLE_TDX_COLLATERAL, 1, 1},
          {BUNDLE_GPU_REPORT, 0, 16},
          {BUNDLE_GPU_CHAIN, 0, 0},
          {BUNDLE_GPU_RIM, 0, 16},
          {BUNDLE_OCSP, 0, 48},
          {BUNDLE_SNP_REPORT, 0, 0},
          {BUNDLE_CERTIFICATE, 0, 0},
          {BUNDLE_CRL, 0, 0}}},
    };
    for (size_t t = 0; t < test_count(table); t++)
        for (size_t i = 0; table[t].amounts[i].media_type != NULL; i++) {
            const struct amount *a = &table[t].amounts[i];
            /* There is no room for more reports than those of the processor and 16 GPUs. */
            size_t last = a->most + (strcmp(a->media_type, BUNDLE_GPU_REPORT) != 0);
            for (size_t count = 0; count <= last; count++) {
                enum err e = parts_with(table[t].platform, table[t].amounts, i, count);
                if (e != (count >= a->least && count <= a->most ? ERR_OK : ERR_VALUE))
                    fail_msg("%s: %zu of %s: %s", table[t].platform, count, a->media_type, err_name(e));
            }
        }
}

static void the_parts_of_an_unknown_platform_are_not_known(void **state)
{
    (void)state;
    static const struct bundle b = {.platform = "vax"};
    static struct bundle_parts parts;
    assert_err(bundle_parts_of(&b, &parts, NULL), ERR_UNKNOWN);
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
        cmocka_unit_test(as_much_as_is_taken_is_written_and_no_more),
        cmocka_unit_test(no_more_than_a_mebibyte_is_written),
        cmocka_unit_test(a_platform_takes_its_parts_no_fewer_and_no_more),
        cmocka_unit_test(the_parts_of_an_unknown_platform_are_not_known),
    };
    if (crypto_init() != ERR_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
