/* SPDX-License-Identifier: Apache-2.0 */
/* Real reports and quotes from the stand-in of the kernel, with the endorsements that AMD and Intel gave for them from a made-up host: third-party evidence
 * is not in this repository, and is used where it is at hand. */
#include <stdlib.h>

#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "attest/snp_report.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "evidence/evidence.h"
#include "support/real_evidence.h"
#include "support/stand_in_kernel.h"
#include "unit/attest/tdx_files.h"
#include "unit/test.h"

enum { TIME_2024 = 1704067200, TIME_2025_06_25 = 1750809600, TIME_2025_09_10 = 1757462400 };

static struct stand_in_kernel k;
static struct err_note note;
static struct bytes chip; /* what it gives, whatever it is asked */
static struct bytes document;
static char asked[COLLATERAL_NAME_MAX];

static size_t chip_report(void *owner, const uint8_t report_data[static 64], unsigned privlevel, uint8_t *out)
{
    (void)owner;
    (void)report_data;
    (void)privlevel;
    memcpy(out, chip.ptr, chip.len);
    return chip.len;
}

static enum err host_ask(struct collateral_source *self, const struct collateral_key *key, uint8_t *out,
                         size_t *len, struct err_note *n)
{
    (void)self;
    assert_ok(collateral_key_write(key, asked));
    if (key->kind == COLLATERAL_SNP_CRL)
        return err_noted(ERR_EVIDENCE, n, "AMD's list is not at hand");
    memcpy(out, document.ptr, document.len);
    *len = document.len;
    return ERR_OK;
}

static void host_close(struct collateral_source *self)
{
    (void)self;
}

/* Asks for a report over what the real one covers. */
static enum err ask(const char *provider, const uint8_t *covered, int64_t now)
{
    struct collateral_source host = {.ask = host_ask, .close = host_close};
    struct collateral_cache *cache;
    struct evidence_source *source;
    struct evidence evidence;
    stand_in_init(&k);
    k.has_tsm = true;
    k.provider = provider;
    k.report = chip_report;
    k.now = now;
    note.text[0] = asked[0] = '\0';
    assert_ok(collateral_cache_new(&host, NULL, &cache)); /* the makers' own roots alone */
    assert_ok(evidence_kernel_open(&k.base, "tsm", cache, &source, &note));
    enum err e = source->report(source, covered, &evidence, &note);
    if (e == ERR_OK) {
        assert_true(bytes_equal(evidence.report.value, chip));
        assert_true(bytes_equal(evidence.endorsements[0].value, document));
    }
    evidence_release(&evidence);
    source->close(source);
    collateral_cache_free(cache);
    assert_true(stand_in_is_clean(&k));
    return e;
}

static void assert_noted(const char *words)
{
    if (strstr(note.text, words) == NULL)
        fail_msg("the note says: %s; wanted in it: %s", note.text, words);
}

/* ---- TDX ---- */

static const struct {
    const char *quote;
    const char *collateral;
    int64_t now;
    const char *name;
} tds[] = {
    {"dcap-qvl/tdx_quote", "dcap-qvl/tdx_quote_collateral.json", TIME_2025_06_25,
     "tdx-b0c06f000000-platform.json"},
    {"dcap-qvl/quote_hex.txt", "dcap-qvl/quote_collateral.json", TIME_2025_09_10, NULL},
};

static void real_collateral_is_taken_with_its_quote(void **state)
{
    (void)state;
    static struct tdx_file quote;
    for (size_t i = 0; i < test_count(tds); i++) {
        const char *const files[] = {tds[i].collateral, NULL};
        struct collateral c;
        struct tdx_quote parsed;
        char *text;
        collateral_init(&c);
        if (!tdx_quote_read(tds[i].quote, &quote) || !tdx_collateral_read(files, &c)) {
            print_message("skipped: there is no %s\n", tds[i].quote);
            skip();
        }
        assert_ok(collateral_write(&c.tdx, &text, &document.len, &note));
        document.ptr = (const uint8_t *)text;
        chip = quote.bytes;
        assert_ok(tdx_quote_parse(chip, &parsed, &note));
        assert_ok(ask("tdx_guest", parsed.body.report_data, tds[i].now));
        if (tds[i].name != NULL)
            assert_string_equal(asked, tds[i].name);
        assert_err(ask("tdx_guest", parsed.body.report_data, tds[i].now + 400LL * 24 * 3600), ERR_EVIDENCE);
        assert_noted("no tdx-");
        secret_free(text);
        collateral_release(&c);
    }
}

/* Good collateral, of another kind of platform. */
static void collateral_of_another_platform_is_not(void **state)
{
    (void)state;
    static struct tdx_file quote;
    const char *const files[] = {"dcap-qvl/tdx_quote_outdated_collateral.json", NULL};
    struct collateral c;
    struct tdx_quote parsed;
    char *text;
    collateral_init(&c);
    if (!tdx_quote_read("dcap-qvl/tdx_quote", &quote) || !tdx_collateral_read(files, &c)) {
        print_message("skipped: there is no dcap-qvl/tdx_quote\n");
        skip();
    }
    assert_ok(collateral_write(&c.tdx, &text, &document.len, &note));
    document.ptr = (const uint8_t *)text;
    chip = quote.bytes;
    assert_ok(tdx_quote_parse(chip, &parsed, &note));
    assert_err(ask("tdx_guest", parsed.body.report_data, TIME_2025_06_25), ERR_EVIDENCE);
    assert_noted("tdx.");
    secret_free(text);
    collateral_release(&c);
}

/* ---- SEV-SNP ---- */

static void amds_certificates_are_taken_for_their_chip(void **state)
{
    (void)state;
    static uint8_t rooms[3][16 * 1024];
    static uint8_t certificates[2][8 * 1024];
    static uint8_t table[32 * 1024];
    struct certificate_table t = {
        .vcek = real_evidence_read("snp/go-sev-guest/vcek.testcer", rooms[0], sizeof rooms[0])};
    struct bytes pem = real_evidence_read("snp/go-sev-guest/ask_ark_milan.pem", rooms[1], sizeof rooms[1]);
    struct snp_report report;
    size_t len;
    chip =
        snp_report_unwrap(real_evidence_read("snp/go-sev-guest/attestation.bin", rooms[2], sizeof rooms[2]));
    if (t.vcek.len == 0 || pem.len == 0 || chip.len == 0) {
        print_message("skipped: there is no go-sev-guest/attestation.bin\n");
        skip();
    }
    assert_ok(encoding_pem_next(&pem, "CERTIFICATE", certificates[0], sizeof certificates[0], &len));
    t.ask = bytes_of(certificates[0], len);
    assert_ok(encoding_pem_next(&pem, "CERTIFICATE", certificates[1], sizeof certificates[1], &len));
    t.ark = bytes_of(certificates[1], len);
    assert_ok(certificate_table_write(&t, table, sizeof table, &len));
    document = bytes_of(table, len);
    assert_ok(snp_report_parse(chip, &report, &note));
    /* They are; what is missing then is the list, which no one has published. */
    assert_err(ask("sev_guest", report.report_data, TIME_2024), ERR_EVIDENCE);
    assert_string_equal(asked,
                        "snp-crl-Milan-vcek.crl"); /* which the root says: a report of version 2 cannot */
    assert_noted("AMD's list is not at hand");
    /* The VCEK of another chip. */
    t.vcek = real_evidence_read("snp/sev/vcek_milan.der", rooms[0], sizeof rooms[0]);
    assert_ok(certificate_table_write(&t, table, sizeof table, &len));
    document = bytes_of(table, len);
    assert_err(ask("sev_guest", report.report_data, TIME_2024), ERR_EVIDENCE);
    assert_noted("snp.");
    assert_non_null(strstr(asked, "snp-certificates-any-vcek-"));
}

static int setup(void **state)
{
    (void)state;
    return crypto_init() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_collateral_is_taken_with_its_quote),
        cmocka_unit_test(collateral_of_another_platform_is_not),
        cmocka_unit_test(amds_certificates_are_taken_for_their_chip),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
