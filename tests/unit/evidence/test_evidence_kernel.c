/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence from a real chip, as far as that can be without one: reports by way of a stand-in of the kernel, endorsements from a made-up host; whole
 * bundles of it are appraised. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "evidence/evidence.h"
#include "support/stand_in_kernel.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

static struct synthetic_keys keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_snp snp;
static struct synthetic_tdx tdx;
static struct stand_in_kernel k;
static struct err_note note;
static uint8_t wanted[64];

/* ---- the chip ---- */

static struct certificate_table offered;
static size_t longer; /* by so many bytes is what the chip gives longer, or shorter when shorter is set */
static size_t shorter;

static size_t snp_report(void *owner, const uint8_t report_data[static 64], unsigned privlevel, uint8_t *out)
{
    (void)owner;
    (void)report_data;
    (void)privlevel;
    memset(out, 0, SNP_REPORT_SIZE + longer);
    memcpy(out, snp.report_bytes, SNP_REPORT_SIZE);
    return SNP_REPORT_SIZE + longer - shorter;
}

static size_t tdx_quote(void *owner, const uint8_t report_data[static 64], unsigned privlevel, uint8_t *out)
{
    (void)owner;
    (void)report_data;
    (void)privlevel;
    memcpy(out, tdx.quote.ptr, tdx.quote.len);
    return tdx.quote.len - shorter;
}

static size_t table_write(void *owner, uint8_t *out)
{
    size_t len;
    (void)owner;
    assert_ok(certificate_table_write(&offered, out, 16384, &len));
    return len;
}

static size_t table_of_rubbish(void *owner, uint8_t *out)
{
    (void)owner;
    memset(out, 0xff, 4096);
    return 4096;
}

/* ---- the host's helper ---- */

struct helper {
    struct collateral_source base;
    uint8_t table[16384];
    size_t table_len;
    struct bytes crl;
    char *json;
    size_t json_len;
    unsigned asked;
    char name[COLLATERAL_NAME_MAX];
};

static struct helper helper;

static enum err helper_ask(struct collateral_source *self, const struct collateral_key *key, uint8_t *out,
                           size_t *len, struct err_note *n)
{
    (void)self;
    helper.asked++;
    assert_ok(collateral_key_write(key, helper.name));
    struct bytes found = key->kind == COLLATERAL_SNP_CERTIFICATES ? bytes_of(helper.table, helper.table_len)
                         : key->kind == COLLATERAL_SNP_CRL        ? helper.crl
                                                                  : bytes_of(helper.json, helper.json_len);
    if (found.len == 0)
        return err_noted(ERR_EVIDENCE, n, "the helper has none");
    memcpy(out, found.ptr, found.len);
    *len = found.len;
    return ERR_OK;
}

static void helper_close(struct collateral_source *self)
{
    (void)self;
    secret_free(helper.json);
    helper.json = NULL;
}

static struct collateral_cache *cache_new(struct bytes root)
{
    struct collateral_cache *cache;
    helper.base = (struct collateral_source){.ask = helper_ask, .close = helper_close};
    assert_ok(collateral_cache_new(&helper.base, &(struct collateral_roots){.processor = root}, &cache));
    return cache;
}

static void begin_snp(void (*init)(struct synthetic_snp *, const struct synthetic_keys *))
{
    for (size_t i = 0; i < sizeof wanted; i++)
        wanted[i] = (uint8_t)(i + 1);
    init(&snp, &keys);
    memcpy(snp.report.report_data, wanted, sizeof wanted);
    synthetic_snp_build(&snp);
    stand_in_init(&k);
    k.now = SYNTHETIC_NOW;
    k.has_tsm = true;
    k.provider = "sev_guest";
    k.report = snp_report;
    k.table = table_write;
    longer = shorter = 0;
    helper = (struct helper){.asked = 0};
    offered = (struct certificate_table){.vcek = snp.evidence.vek,
                                         .ask = snp.evidence.ask,
                                         .ark = snp.evidence.ark,
                                         .crl = snp.evidence.crls[0]};
}

static void begin_tdx(void)
{
    begin_snp(synthetic_snp_init);
    synthetic_tdx_init(&tdx, &tdx_keys);
    memcpy(tdx.quote_fields.body.report_data, wanted, sizeof wanted);
    synthetic_tdx_build(&tdx);
    k.provider = "tdx_guest";
    k.report = tdx_quote;
    k.no_auxblob = k.no_privlevel = true;
    assert_ok(collateral_write(&tdx.collateral, &helper.json, &helper.json_len, &note));
}

static void offer_to_helper(bool vlek)
{
    offered = (struct certificate_table){.ask = snp.evidence.ask, .ark = snp.evidence.ark};
    *(vlek ? &offered.vlek : &offered.vcek) = snp.evidence.vek;
    assert_ok(certificate_table_write(&offered, helper.table, sizeof helper.table, &helper.table_len));
    helper.crl = snp.evidence.crls[0];
    offered = (struct certificate_table){.vcek = {0}};
}

/* Opens, asks once, closes. */
static enum err report(const char *name, struct collateral_cache *cache, struct evidence *evidence)
{
    struct evidence_source *source;
    note.text[0] = '\0';
    memset(evidence, 0, sizeof *evidence);
    enum err e = evidence_kernel_open(&k.base, name, cache, &source, &note);
    if (e == ERR_OK) {
        e = source->report(source, wanted, evidence, &note);
        source->close(source);
    }
    if (e != ERR_OK) {
        assert_int_equal(evidence->endorsement_count, 0);
        assert_null(evidence->storage);
    }
    assert_true(stand_in_is_clean(&k));
    return e;
}

static void assert_refused(const char *name, struct collateral_cache *cache, const char *words)
{
    struct evidence evidence;
    assert_err(report(name, cache, &evidence), ERR_EVIDENCE);
    if (strstr(note.text, words) == NULL)
        fail_msg("the note says: %s; wanted in it: %s", note.text, words);
}

/* ---- what a verifier says of it ---- */

static void assert_snp_accepted(const struct evidence *evidence)
{
    static struct verdict v;
    assert_string_equal(evidence->report.media_type, BUNDLE_SNP_REPORT);
    assert_int_equal(evidence->endorsement_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(evidence->endorsements[i].media_type, i < 3 ? BUNDLE_CERTIFICATE : BUNDLE_CRL);
    const struct snp_evidence parts = {.report = evidence->report.value,
                                       .vek = evidence->endorsements[0].value,
                                       .ask = evidence->endorsements[1].value,
                                       .ark = evidence->endorsements[2].value,
                                       .crls = {evidence->endorsements[3].value},
                                       .crl_count = 1};
    const struct attest_policy policy = {.simulated_root = snp.evidence.ark,
                                         .measurements = (const uint8_t(*)[48])snp.report.measurement,
                                         .measurement_count = 1};
    memset(&v, 0, sizeof v);
    snp_appraise(&parts, wanted, &policy, SYNTHETIC_NOW, &v);
    static const char *const names[] = {"snp.chain.root",  "snp.chain.vek",        "snp.crl.signature",
                                        "snp.crl.window",  "snp.report.signature", "snp.vek.tcb",
                                        "snp.vek.chip_id", "snp.report_data"};
    for (size_t i = 0; i < test_count(names); i++)
        if (!verdict_find(&v, names[i])->passed)
            fail_msg("%s: %s", names[i], verdict_find(&v, names[i])->saw);
}

/* ---- SEV-SNP ---- */

static void an_snp_report_comes_with_what_the_host_offers(void **state)
{
    (void)state;
    struct evidence evidence;
    begin_snp(synthetic_snp_init);
    assert_ok(report("tsm", NULL, &evidence));
    assert_snp_accepted(&evidence);
    evidence_release(&evidence);
    k.has_tsm = false;
    k.has_sev_guest = true;
    k.pages_wanted = 3;
    assert_ok(report("sev-guest", NULL, &evidence));
    assert_snp_accepted(&evidence);
    evidence_release(&evidence);
}

static void what_the_host_leaves_out_comes_from_the_cache(void **state)
{
    (void)state;
    struct evidence evidence;
    begin_snp(synthetic_snp_init);
    offer_to_helper(false);
    struct collateral_cache *cache = cache_new(snp.evidence.ark);
    assert_ok(report("tsm", cache, &evidence));
    assert_snp_accepted(&evidence);
    evidence_release(&evidence);
    assert_int_equal(helper.asked, 2);
    k.table = table_of_rubbish;
    assert_ok(report("tsm", cache, &evidence));
    assert_snp_accepted(&evidence);
    evidence_release(&evidence);
    assert_int_equal(helper.asked, 2); /* they are held */
    /* The certificates come with the report, the list does not: it never does from real hosts. */
    k.table = table_write;
    offered = (struct certificate_table){
        .vcek = snp.evidence.vek, .ask = snp.evidence.ask, .ark = snp.evidence.ark};
    assert_ok(report("tsm", cache, &evidence));
    assert_snp_accepted(&evidence);
    assert_true(evidence.endorsements[0].value.ptr != NULL);
    evidence_release(&evidence);
    collateral_cache_free(cache);
}

/* The name of the certificates of the chip that is played. */
static void certificates_name(char name[static COLLATERAL_NAME_MAX], const char *key)
{
    char chip_id[ENCODING_HEX_SIZE(64)];
    char tcb[ENCODING_HEX_SIZE(8)];
    static const uint8_t zeros[64];
    bool vlek = strcmp(key, "vlek") == 0;
    encoding_hex(bytes_of(vlek ? zeros : snp.report.chip_id, 64), chip_id);
    encoding_hex(bytes_of(snp.report.reported_tcb.raw, 8), tcb);
    (void)snprintf(name, COLLATERAL_NAME_MAX, "snp-certificates-Genoa-%s-%s-%s.table", key, chip_id, tcb);
}

static void certificates_are_asked_for_by_chip_and_level(void **state)
{
    (void)state;
    char name[COLLATERAL_NAME_MAX];
    begin_snp(synthetic_snp_init);
    offered = (struct certificate_table){.vcek = {0}};
    struct collateral_cache *cache = cache_new(snp.evidence.ark);
    assert_refused("tsm", cache, "the helper has none");
    certificates_name(name, "vcek");
    assert_string_equal(helper.name, name);
    collateral_cache_free(cache);
    /* Of a VLEK all chips of a provider have the same; a report may all the same say which chip it is from. */
    begin_snp(synthetic_snp_init_vlek);
    memset(snp.report.chip_id, 0x77, sizeof snp.report.chip_id);
    synthetic_snp_build(&snp);
    offered = (struct certificate_table){.vcek = {0}};
    cache = cache_new(snp.evidence.ark);
    assert_refused("tsm", cache, "the helper has none");
    certificates_name(name, "vlek");
    assert_string_equal(helper.name, name);
    collateral_cache_free(cache);
}

static void the_cache_is_asked_for_this_chip_at_this_level(void **state)
{
    (void)state;
    struct evidence evidence;
    begin_snp(synthetic_snp_init);
    offer_to_helper(false);
    helper.crl = (struct bytes){0};
    struct collateral_cache *cache = cache_new(snp.evidence.ark);
    assert_refused("tsm", cache, "no snp-crl-Genoa-vcek.crl");
    assert_non_null(strstr(note.text, "the helper has none"));
    assert_string_equal(helper.name, "snp-crl-Genoa-vcek.crl");
    collateral_cache_free(cache);

    begin_snp(synthetic_snp_init_vlek);
    offer_to_helper(true);
    cache = cache_new(snp.evidence.ark);
    assert_ok(report("tsm", cache, &evidence));
    assert_snp_accepted(&evidence);
    evidence_release(&evidence);
    assert_string_equal(helper.name, "snp-crl-Genoa-vlek.crl");
    helper.table_len = 0;
    collateral_cache_free(cache);
    cache = cache_new(snp.evidence.ark);
    assert_refused("tsm", cache, "no snp-certificates-Genoa-vlek-0000");
    collateral_cache_free(cache);

    begin_snp(synthetic_snp_init);
    snp.report.version = 2; /* does not say what it is */
    snp.report.cpuid_family = snp.report.cpuid_model = snp.report.cpuid_stepping = 0;
    synthetic_snp_build(&snp);
    offered = (struct certificate_table){.vcek = {0}};
    cache = cache_new(snp.evidence.ark);
    assert_refused("tsm", cache, "no snp-certificates-any-vcek-");
    collateral_cache_free(cache);
}

static void another_chips_certificates_are_not_handed_on(void **state)
{
    (void)state;
    static struct synthetic_snp other;
    begin_snp(synthetic_snp_init);
    synthetic_snp_init(&other, &keys);
    other.hwid[0] ^= 1;
    synthetic_snp_build(&other);
    offer_to_helper(false);
    const struct certificate_table t = {
        .vcek = other.evidence.vek, .ask = other.evidence.ask, .ark = other.evidence.ark};
    assert_ok(certificate_table_write(&t, helper.table, sizeof helper.table, &helper.table_len));
    struct collateral_cache *cache = cache_new(other.evidence.ark);
    assert_refused("tsm", cache, "snp.vek.chip_id");
    collateral_cache_free(cache);
}

static void without_certificates_and_cache_there_is_no_evidence(void **state)
{
    (void)state;
    struct evidence evidence;
    begin_snp(synthetic_snp_init);
    offered.vcek = (struct bytes){0};
    assert_refused("tsm", NULL, "--collateral");
    begin_snp(synthetic_snp_init);
    offered.ark = (struct bytes){0};
    assert_refused("tsm", NULL, "--collateral");
    begin_snp(synthetic_snp_init);
    offered.vlek = offered.vcek; /* of the wrong kind */
    offered.vcek = (struct bytes){0};
    assert_refused("tsm", NULL, "--collateral");
    begin_snp(synthetic_snp_init);
    offered.crl = (struct bytes){0};
    assert_ok(report("tsm", NULL, &evidence)); /* whether that is enough, the client says */
    assert_int_equal(evidence.endorsement_count, 3);
    evidence_release(&evidence);
}

static void a_report_that_is_none_is_refused(void **state)
{
    (void)state;
    begin_snp(synthetic_snp_init);
    longer = 1;
    assert_refused("tsm", NULL, "1185 bytes, wanted 1184");
    begin_snp(synthetic_snp_init);
    shorter = 1;
    assert_refused("tsm", NULL, "1183 bytes, wanted 1184");
    begin_snp(synthetic_snp_init);
    shorter = SNP_REPORT_SIZE;
    assert_refused("tsm", NULL, "0 bytes, wanted 1184");
    begin_snp(synthetic_snp_init);
    snp.report_bytes[0] = 99;
    assert_refused("tsm", NULL, "VERSION");
    begin_snp(synthetic_snp_init);
    wanted[63] ^= 1;
    assert_refused("tsm", NULL, "covers other data");
}

/* ---- TDX ---- */

static void a_td_quote_comes_with_collateral_from_the_cache(void **state)
{
    (void)state;
    static const char *const names[] = {"tsm", "tdx-guest", "auto"};
    begin_tdx();
    struct collateral_cache *cache = cache_new(tdx.root_der);
    k.has_tdx_guest = true;
    for (size_t i = 0; i < test_count(names); i++) {
        static struct verdict v;
        struct evidence evidence;
        struct collateral c;
        struct tdx_policy policy;
        assert_ok(report(names[i], cache, &evidence));
        assert_string_equal(evidence.report.media_type, BUNDLE_TDX_QUOTE);
        assert_int_equal(evidence.endorsement_count, 1);
        assert_string_equal(evidence.endorsements[0].media_type, BUNDLE_TDX_COLLATERAL);
        collateral_init(&c);
        assert_ok(collateral_add(&c, evidence.endorsements[0].value, &note));
        tdx_policy_default(&policy);
        struct tdx_launch launch = {.waived = 0xf};
        memcpy(launch.mrtd, tdx.quote_fields.body.mrtd, sizeof launch.mrtd);
        policy.launches = &launch;
        policy.launch_count = 1;
        policy.simulated_root = tdx.root_der;
        memset(&v, 0, sizeof v);
        tdx_appraise(evidence.report.value, &c.tdx, wanted, &policy, SYNTHETIC_TDX_NOW, &v);
        verdict_conclude(&v);
        const struct verdict_check *failure = verdict_first_failure(&v);
        if (failure != NULL)
            fail_msg("%s: %s", failure->rule->name, failure->saw);
        assert_true(v.accepted && v.simulated);
        collateral_release(&c);
        evidence_release(&evidence);
    }
    assert_int_equal(helper.asked, 1);
    collateral_cache_free(cache);
}

static void a_td_quote_without_collateral_is_not_given_out(void **state)
{
    (void)state;
    begin_tdx();
    assert_refused("tsm", NULL, "--collateral");
    helper.json_len = 0;
    struct collateral_cache *cache = cache_new(tdx.root_der);
    assert_refused("tsm", cache, "-platform.json");
    assert_non_null(strstr(note.text, "no tdx-"));
    k.now += 365LL * 24 * 3600; /* nothing is good for so long */
    helper.json_len = strlen(helper.json);
    assert_refused("tsm", cache, "tdx.");
    collateral_cache_free(cache);
}

static void a_quote_that_is_none_is_refused(void **state)
{
    (void)state;
    begin_tdx();
    struct collateral_cache *cache = cache_new(tdx.root_der);
    shorter = 200;
    assert_refused("tsm", cache, "");
    assert_true(note.text[0] != '\0');
    shorter = 0;
    wanted[0] ^= 1;
    assert_refused("tsm", cache, "covers other data");
    collateral_cache_free(cache);
}

/* ---- which way ---- */

static void auto_takes_the_first_that_answers(void **state)
{
    (void)state;
    struct evidence evidence;
    begin_snp(synthetic_snp_init);
    k.has_sev_guest = true;
    assert_ok(report("auto", NULL, &evidence));
    assert_int_equal(k.ioctls, 0);
    evidence_release(&evidence);
    k.provider = NULL;
    assert_ok(report("auto", NULL, &evidence));
    assert_int_equal(k.ioctls,
                     2 * 2); /* a question to learn the table's size, and one that has room for it */
    evidence_release(&evidence);
    /* It is there, but it does not answer. */
    k.provider = "sev_guest";
    k.outblob_failed = EIO;
    assert_ok(report("auto", NULL, &evidence));
    evidence_release(&evidence);
}

static void auto_says_what_it_looked_for(void **state)
{
    (void)state;
    begin_snp(synthetic_snp_init);
    k.has_tsm = false;
    assert_refused("auto", NULL, "/sys/kernel/config/tsm/report");
    assert_non_null(strstr(note.text, "/dev/sev-guest"));
    assert_non_null(strstr(note.text, "/dev/tdx_guest"));
    k.has_tsm = true; /* what is there speaks for itself */
    k.provider = NULL;
    assert_refused("auto", NULL, "tsm: the kernel has no provider");
    k.has_sev_guest = true;
    k.ioctl_failed = ENOTTY;
    assert_refused("auto", NULL, "tsm: the kernel has no provider");
    k.has_tsm = false;
    assert_refused("auto", NULL, "new start of the machine");
    assert_refused("tdx-guest", NULL, "module tdx-guest");
}

static void a_name_that_is_none_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"", "TSM", "tsm ", "simulated", "/dev/sev-guest"};
    begin_snp(synthetic_snp_init);
    for (size_t i = 0; i < test_count(names); i++) {
        struct evidence_source *source;
        assert_err(evidence_kernel_open(&k.base, names[i], NULL, &source, &note), ERR_USAGE);
        assert_null(source);
    }
}

/* A bundle names its platform at the start, so it cannot change under way. */
static void the_platform_cannot_change(void **state)
{
    (void)state;
    struct evidence_source *source;
    struct evidence evidence;
    begin_snp(synthetic_snp_init);
    assert_ok(evidence_kernel_open(&k.base, "tsm", NULL, &source, &note));
    assert_string_equal(source->platform, BUNDLE_PLATFORM_SNP);
    k.provider = "tdx_guest";
    assert_err(source->report(source, wanted, &evidence, &note), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "another platform"));
    source->close(source);
}

/* This machine has no chip: all of the real kernel's ways are refused in words. */
static void this_machine_says_that_it_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"tsm", "sev-guest", "tdx-guest", "auto"};
    for (size_t i = 0; i < test_count(names); i++) {
        struct evidence_source *source;
        enum err e = evidence_kernel_open(&kernel_real, names[i], NULL, &source, &note);
        if (e == ERR_OK) {
            source->close(source);
            skip();
        }
        assert_err(e, ERR_EVIDENCE);
        assert_true(note.text[0] != '\0');
    }
}

static int setup(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&keys);
    synthetic_tdx_keys_make(&tdx_keys);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    secret_free(helper.json);
    synthetic_keys_release(&keys);
    synthetic_tdx_keys_release(&tdx_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_snp_report_comes_with_what_the_host_offers),
        cmocka_unit_test(what_the_host_leaves_out_comes_from_the_cache),
        cmocka_unit_test(certificates_are_asked_for_by_chip_and_level),
        cmocka_unit_test(the_cache_is_asked_for_this_chip_at_this_level),
        cmocka_unit_test(another_chips_certificates_are_not_handed_on),
        cmocka_unit_test(without_certificates_and_cache_there_is_no_evidence),
        cmocka_unit_test(a_report_that_is_none_is_refused),
        cmocka_unit_test(a_td_quote_comes_with_collateral_from_the_cache),
        cmocka_unit_test(a_td_quote_without_collateral_is_not_given_out),
        cmocka_unit_test(a_quote_that_is_none_is_refused),
        cmocka_unit_test(auto_takes_the_first_that_answers),
        cmocka_unit_test(auto_says_what_it_looked_for),
        cmocka_unit_test(a_name_that_is_none_is_refused),
        cmocka_unit_test(the_platform_cannot_change),
        cmocka_unit_test(this_machine_says_that_it_is_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
