/* SPDX-License-Identifier: Apache-2.0 */
/* What the host gives as endorsements: what of it is kept, for how long, and what a host that lies achieves. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/certificate_table.h"
#include "attest/collateral.h"
#include "base/secret.h"
#include "evidence/collateral_cache.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

enum { DAY = 24 * 3600, TABLE_ROOM = 16 * 1024 };

static struct synthetic_keys keys;
static struct synthetic_tdx_keys tdx_keys;
static struct synthetic_snp snp;
static struct synthetic_tdx tdx;
static uint8_t table[TABLE_ROOM];
static char *json;
static struct err_note note;

/* A host that says what it is told to. */
struct host {
    struct collateral_source base;
    struct bytes document;
    bool silent;
    unsigned asked;
    struct collateral_key key;
    bool closed;
};

static struct host host;

static enum err host_ask(struct collateral_source *self, const struct collateral_key *key, uint8_t *out,
                         size_t *len, struct err_note *n)
{
    (void)self;
    host.asked++;
    host.key = *key;
    *len = host.silent ? 0 : host.document.len;
    if (host.silent)
        return err_noted(ERR_EVIDENCE, n, "the host is silent");
    if (*len > 0)
        memcpy(out, host.document.ptr, *len);
    return ERR_OK;
}

static void host_close(struct collateral_source *self)
{
    (void)self;
    host.closed = true;
}

static struct collateral_cache *cache_over_host(struct bytes root)
{
    struct collateral_cache *cache;
    host = (struct host){.base = {.ask = host_ask, .close = host_close}};
    assert_ok(collateral_cache_new(&host.base, &(struct collateral_roots){.processor = root}, &cache));
    return cache;
}

static void cache_end(struct collateral_cache *cache)
{
    collateral_cache_free(cache);
    assert_true(host.closed);
}

/* ---- what is asked about ---- */

static struct bytes table_of(const struct synthetic_snp *s, bool vlek)
{
    const struct certificate_table t = {.vcek = vlek ? (struct bytes){0} : s->evidence.vek,
                                        .vlek = vlek ? s->evidence.vek : (struct bytes){0},
                                        .ask = s->evidence.ask,
                                        .ark = s->evidence.ark};
    size_t len;
    assert_ok(certificate_table_write(&t, table, sizeof table, &len));
    return bytes_of(table, len);
}

static struct collateral_key certificates_key(bool vlek)
{
    struct collateral_key key = {.kind = COLLATERAL_SNP_CERTIFICATES, .product = "Genoa", .vlek = vlek};
    memcpy(key.chip_id, snp.report.chip_id, sizeof key.chip_id);
    memcpy(key.tcb, snp.report.reported_tcb.raw, sizeof key.tcb);
    return key;
}

static const struct collateral_key crl_key = {.kind = COLLATERAL_SNP_CRL, .product = "Genoa"};

static struct collateral_subject subject_of(const struct synthetic_snp *s)
{
    return (struct collateral_subject){.snp = s->evidence};
}

static enum err check(const struct collateral_key *key, const struct synthetic_snp *evidence,
                      struct bytes document, int64_t *expires)
{
    struct collateral_subject subject = subject_of(evidence);
    subject.roots.processor = evidence->evidence.ark;
    return collateral_check(key, &subject, document, SYNTHETIC_NOW, expires, &note);
}

static void assert_refused_by(const char *name)
{
    if (strncmp(note.text, name, strlen(name)) != 0)
        fail_msg("refused by \"%s\", wanted %s", note.text, name);
}

/* ---- certificates of SEV-SNP ---- */

static void good_certificates_are_taken(void **state)
{
    (void)state;
    int64_t expires;
    struct collateral_key key = certificates_key(false);
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    assert_ok(check(&key, &snp, table_of(&snp, false), &expires));
    assert_true(expires > SYNTHETIC_NOW + 365LL * DAY);

    synthetic_snp_init(&snp, &keys);
    snp.vek.not_after = "260201000000Z";
    synthetic_snp_build(&snp);
    assert_ok(check(&key, &snp, table_of(&snp, false), &expires));
    assert_int_equal(expires, SYNTHETIC_NOW + 31LL * DAY);
    snp.ask.not_after = "260131000000Z";
    snp.ark.not_after = "260130000000Z";
    synthetic_snp_build(&snp);
    assert_ok(check(&key, &snp, table_of(&snp, false), &expires));
    assert_int_equal(expires, SYNTHETIC_NOW + 29LL * DAY);
}

static void certificates_of_a_vlek_are_taken(void **state)
{
    (void)state;
    int64_t expires;
    synthetic_snp_init_vlek(&snp, &keys);
    synthetic_snp_build(&snp);
    struct collateral_key key = certificates_key(true);
    assert_ok(check(&key, &snp, table_of(&snp, true), &expires));
    assert_int_not_equal(check(&key, &snp, table_of(&snp, false), &expires),
                         ERR_OK); /* in the other's place */
}

static void change_chip(struct synthetic_snp *s)
{
    s->hwid[0] ^= 1;
}
static void change_tcb(struct synthetic_snp *s)
{
    s->level[SNP_MICROCODE]++;
}
static void change_end(struct synthetic_snp *s)
{
    s->vek.not_after = "251231000000Z";
}
static void change_signer(struct synthetic_snp *s)
{
    s->vek.signer = keys.ark;
}
static void change_key(struct synthetic_snp *s)
{
    s->vek.key = keys.p256;
}
static void change_ask_signer(struct synthetic_snp *s)
{
    s->ask.signer = keys.ask;
}
static void change_product(struct synthetic_snp *s)
{
    s->product = "Turin";
}

static void certificates_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct synthetic_snp *);
        const char *check;
    } rows[] = {
        {change_chip, "snp.vek.chip_id"}, {change_tcb, "snp.vek.tcb"},   {change_end, "snp.chain.validity"},
        {change_signer, "snp.chain.vek"}, {change_key, "snp.chain.vek"}, {change_ask_signer, "snp.chain.ask"},
        {change_product, "snp.vek."},
    };
    static struct synthetic_snp other;
    struct collateral_key key;
    int64_t expires;
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    key = certificates_key(false);
    for (size_t i = 0; i < test_count(rows); i++) {
        synthetic_snp_init(&other, &keys);
        rows[i].change(&other);
        synthetic_snp_build(&other);
        assert_err(check(&key, &snp, table_of(&other, false), &expires), ERR_REFUSED);
        assert_refused_by(rows[i].check);
    }
    /* Of a root that nobody gave: without it, only AMD's own are known. */
    struct collateral_subject subject = subject_of(&snp);
    assert_err(collateral_check(&key, &subject, table_of(&snp, false), SYNTHETIC_NOW, &expires, &note),
               ERR_REFUSED);
    assert_refused_by("snp.chain.root");
    assert_int_not_equal(check(&key, &snp, bytes_str("no table"), &expires), ERR_OK);
    assert_int_not_equal(check(&key, &snp, (struct bytes){0}, &expires), ERR_OK);
}

/* ---- revocation lists of SEV-SNP ---- */

static void a_revocation_list_is_held_against_the_root(void **state)
{
    (void)state;
    static struct synthetic_snp other;
    int64_t expires;
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    assert_ok(check(&crl_key, &snp, snp.evidence.crls[0], &expires));
    assert_true(expires > SYNTHETIC_NOW);
    synthetic_snp_init(&other, &keys);
    other.crl.serials[other.crl.serial_count++] = other.ask.serial;
    other.crl.next_update = "260111000000Z";
    synthetic_snp_build(&other);
    assert_ok(check(&crl_key, &snp, other.evidence.crls[0],
                    &expires)); /* it tells the truth, though it is a sad one */
    assert_int_equal(expires, SYNTHETIC_NOW + 10LL * DAY);
    other.crl.next_update = "251231000000Z";
    synthetic_snp_build(&other);
    assert_err(check(&crl_key, &snp, other.evidence.crls[0], &expires), ERR_REFUSED);
    assert_refused_by("snp.crl.window");
    synthetic_snp_init(&other, &keys);
    other.crl.signer = keys.ask;
    synthetic_snp_build(&other);
    assert_err(check(&crl_key, &snp, other.evidence.crls[0], &expires), ERR_REFUSED);
    assert_refused_by("snp.crl.signature");
    assert_err(check(&crl_key, &snp, bytes_str("no list"), &expires), ERR_REFUSED);
    assert_refused_by("snp.crl.form");
}

/* ---- TDX ---- */

static struct bytes json_of(const struct synthetic_tdx *t)
{
    size_t len;
    secret_free(json);
    assert_ok(collateral_write(&t->collateral, &json, &len, &note));
    return bytes_of(json, len);
}

/* Of this TD: the root that was given by hand is compared octet by octet, and each build signs it anew. */
static enum err check_tdx(const struct synthetic_tdx *t, struct bytes document, int64_t *expires)
{
    const struct collateral_subject subject = {.quote = t->quote, .roots.processor = t->root_der};
    struct collateral_key key = {.kind = COLLATERAL_TDX};
    memcpy(key.fmspc, t->platform.fmspc, sizeof key.fmspc);
    return collateral_check(&key, &subject, document, SYNTHETIC_TDX_NOW, expires, &note);
}

static void collateral_of_a_td_is_taken_until_its_first_part_ends(void **state)
{
    (void)state;
    int64_t expires;
    static struct synthetic_tdx other;
    synthetic_tdx_init(&tdx, &tdx_keys);
    synthetic_tdx_build(&tdx);
    assert_ok(check_tdx(&tdx, json_of(&tdx), &expires));
    assert_true(expires > SYNTHETIC_TDX_NOW);
    static const struct {
        int days;
        size_t member;
    } rows[] = {{5, 0}, {4, 1}, {3, 2}, {2, 3}};
    synthetic_tdx_init(&other, &tdx_keys);
    for (size_t i = 0; i < test_count(rows); i++) {
        static const char *const utc[] = {"260106000000Z", "260105000000Z", "260104000000Z", "260103000000Z"};
        static const char *const iso[] = {"2026-01-06T00:00:00Z", "2026-01-05T00:00:00Z"};
        if (rows[i].member == 0)
            other.tcb_info.next_update = iso[0];
        else if (rows[i].member == 1)
            other.qe_identity.next_update = iso[1];
        else if (rows[i].member == 2)
            other.root_crl.next_update = utc[2];
        else
            other.pck_crl.next_update = utc[3];
        synthetic_tdx_build(&other);
        assert_ok(check_tdx(&other, json_of(&other), &expires));
        assert_int_equal(expires, SYNTHETIC_TDX_NOW + (int64_t)rows[i].days * DAY);
    }
    other.qe_identity.certificate.not_after = "260102000000Z";
    synthetic_tdx_build(&other);
    assert_ok(check_tdx(&other, json_of(&other), &expires));
    assert_int_equal(expires, SYNTHETIC_TDX_NOW + DAY);
}

static void tdx_other_platform(struct synthetic_tdx *t)
{
    t->fmspc = "aabbccddeeff";
}
static void tdx_old_info(struct synthetic_tdx *t)
{
    t->tcb_info.next_update = "2025-12-31T00:00:00Z";
}
static void tdx_old_identity(struct synthetic_tdx *t)
{
    t->qe_identity.next_update = "2025-12-31T00:00:00Z";
}
static void tdx_info_signer(struct synthetic_tdx *t)
{
    t->tcb_info.signer = tdx_keys.other;
}
static void tdx_identity_signer(struct synthetic_tdx *t)
{
    t->qe_identity.signer = tdx_keys.other;
}
static void tdx_root_list(struct synthetic_tdx *t)
{
    t->root_crl.signer = tdx_keys.other;
}
static void tdx_pck_list(struct synthetic_tdx *t)
{
    t->pck_crl.signer = tdx_keys.other;
}
static void tdx_old_list(struct synthetic_tdx *t)
{
    t->pck_crl.next_update = "251231000000Z";
}
static void tdx_info_certificate(struct synthetic_tdx *t)
{
    t->tcb_info.certificate.signer = tdx_keys.other;
}

static void collateral_that_does_not_fit_the_td_is_refused(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct synthetic_tdx *);
        const char *check;
    } rows[] = {
        {tdx_other_platform, "tdx.tcb_info.platform"},
        {tdx_old_info, "tdx.tcb_info.current"},
        {tdx_old_identity, "tdx.qe_identity.current"},
        {tdx_info_signer, "tdx.tcb_info.signature"},
        {tdx_identity_signer, "tdx.qe_identity.signature"},
        {tdx_root_list, "tdx.root_crl"},
        {tdx_pck_list, "tdx.pck_crl"},
        {tdx_old_list, "tdx.pck_crl.current"},
        {tdx_info_certificate, "tdx.tcb_info.signer_chain"},
    };
    static struct synthetic_tdx other;
    int64_t expires;
    synthetic_tdx_init(&tdx, &tdx_keys);
    synthetic_tdx_build(&tdx);
    for (size_t i = 0; i < test_count(rows); i++) {
        synthetic_tdx_init(&other, &tdx_keys);
        rows[i].change(&other);
        synthetic_tdx_build(&other);
        assert_err(check_tdx(&other, json_of(&other), &expires), ERR_REFUSED);
        assert_refused_by(rows[i].check);
    }
    assert_int_not_equal(check_tdx(&tdx, bytes_str("{}"), &expires), ERR_OK);
    assert_int_not_equal(check_tdx(&tdx, tdx.collateral.root_crl, &expires),
                         ERR_OK); /* one part is not all */
}

static void collateral_goes_into_one_document_and_back(void **state)
{
    (void)state;
    static struct synthetic_tdx other;
    struct collateral c;
    synthetic_tdx_init(&other, &tdx_keys);
    other.tcb_info.more = "\"note\":\"\\u00e9 \\\\ \\\"\",";
    synthetic_tdx_build(&other);
    collateral_init(&c);
    assert_ok(collateral_add(&c, json_of(&other), &note));
    const struct tdx_collateral *a = &other.collateral;
    const struct bytes pairs[][2] = {
        {a->tcb_info.body, c.tdx.tcb_info.body},
        {a->qe_identity.body, c.tdx.qe_identity.body},
        {a->tcb_info_issuer.signer, c.tdx.tcb_info_issuer.signer},
        {a->tcb_info_issuer.root, c.tdx.tcb_info_issuer.root},
        {a->qe_identity_issuer.signer, c.tdx.qe_identity_issuer.signer},
        {a->qe_identity_issuer.root, c.tdx.qe_identity_issuer.root},
        {a->root_crl, c.tdx.root_crl},
        {a->pck_crl, c.tdx.pck_crl},
    };
    for (size_t i = 0; i < test_count(pairs); i++)
        assert_true(pairs[i][0].len > 0 && bytes_equal(pairs[i][0], pairs[i][1]));
    assert_memory_equal(a->tcb_info.signature, c.tdx.tcb_info.signature, INTEL_SIGNATURE_SIZE);
    assert_memory_equal(a->qe_identity.signature, c.tdx.qe_identity.signature, INTEL_SIGNATURE_SIZE);
    collateral_release(&c);
    /* Each part has to be there. */
    for (size_t i = 0; i < test_count(pairs); i++) {
        struct tdx_collateral less = *a;
        struct bytes *const parts[] = {&less.tcb_info.body,
                                       &less.qe_identity.body,
                                       &less.tcb_info_issuer.signer,
                                       &less.tcb_info_issuer.root,
                                       &less.qe_identity_issuer.signer,
                                       &less.qe_identity_issuer.root,
                                       &less.root_crl,
                                       &less.pck_crl};
        char *text;
        size_t len;
        *parts[i] = (struct bytes){0};
        assert_err(collateral_write(&less, &text, &len, &note), ERR_VALUE);
        assert_null(text);
    }
}

/* ---- the cache ---- */

static enum err get(struct collateral_cache *cache, int64_t now, struct bytes *document)
{
    struct collateral_subject subject = subject_of(&snp);
    return collateral_cache_get(cache, &crl_key, &subject, now, document, &note);
}

static struct collateral_dates dates_of(const struct collateral_cache *cache)
{
    struct collateral_dates dates;
    assert_true(collateral_cache_dates(cache, &crl_key, &dates));
    return dates;
}

/* Lists that end so many days after SYNTHETIC_NOW. */
static struct bytes list_until(int days)
{
    static uint8_t buffers[40][SYNTHETIC_CRL_MAX];
    static char ends[40][16];
    struct synthetic_crl list;
    synthetic_crl_init(&list, "ARK-Genoa", keys.ark);
    (void)snprintf(ends[days], sizeof ends[days], "2601%02d000000Z", days + 1);
    list.next_update = ends[days];
    return synthetic_crl_build(&list, buffers[days]);
}

static void the_host_is_asked_once_until_renewal_is_due(void **state)
{
    (void)state;
    struct bytes document;
    struct collateral_dates dates;
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    struct collateral_cache *cache = cache_over_host(snp.evidence.ark);
    assert_false(collateral_cache_dates(cache, &crl_key, &dates));
    host.document = list_until(9);
    assert_ok(get(cache, SYNTHETIC_NOW, &document));
    assert_true(bytes_equal(document, host.document));
    assert_true(collateral_key_equal(&host.key, &crl_key));
    dates = dates_of(cache);
    assert_true(dates.held);
    assert_int_equal(dates.expires, SYNTHETIC_NOW + 9LL * DAY);
    assert_int_equal(dates.ask_from, SYNTHETIC_NOW + 6LL * DAY); /* a third is left */
    assert_ok(get(cache, SYNTHETIC_NOW + 6LL * DAY - 1, &document));
    assert_int_equal(host.asked, 1);
    host.document = list_until(30);
    assert_ok(get(cache, SYNTHETIC_NOW + 6LL * DAY, &document));
    assert_int_equal(host.asked, 2);
    assert_true(bytes_equal(document, host.document));
    assert_int_equal(dates_of(cache).expires, SYNTHETIC_NOW + 30LL * DAY);
    cache_end(cache);
}

static void the_old_stays_while_the_host_is_silent_and_no_longer(void **state)
{
    (void)state;
    struct bytes document;
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    struct collateral_cache *cache = cache_over_host(snp.evidence.ark);
    host.document = list_until(9);
    assert_ok(get(cache, SYNTHETIC_NOW, &document));
    host.silent = true;
    int64_t now = SYNTHETIC_NOW + 6LL * DAY;
    static const int64_t waits[] = {60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (size_t i = 0; i < test_count(waits); i++) {
        assert_ok(get(cache, now, &document));
        assert_true(bytes_equal(document, host.document));
        assert_int_equal(host.asked, 2 + i);
        assert_int_equal(dates_of(cache).failures, i + 1);
        assert_int_equal(dates_of(cache).ask_from, now + waits[i]);
        assert_ok(get(cache, now + waits[i] - 1, &document));
        assert_int_equal(host.asked, 2 + i); /* not before */
        now += waits[i];
    }
    assert_ok(get(cache, SYNTHETIC_NOW + 9LL * DAY, &document)); /* its last second */
    assert_err(get(cache, SYNTHETIC_NOW + 9LL * DAY + 1, &document), ERR_EVIDENCE);
    assert_int_equal(document.len, 0);
    assert_false(dates_of(cache).held);
    /* The host speaks again. */
    host.silent = false;
    host.document = list_until(20);
    assert_ok(get(cache, SYNTHETIC_NOW + 10LL * DAY, &document));
    assert_int_equal(dates_of(cache).failures, 0);
    cache_end(cache);
}

static void a_host_that_lies_changes_nothing(void **state)
{
    (void)state;
    static uint8_t damaged[SYNTHETIC_CRL_MAX];
    struct bytes document;
    struct bytes first = list_until(9);
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    struct collateral_cache *cache = cache_over_host(snp.evidence.ark);
    host.document = first;
    assert_ok(get(cache, SYNTHETIC_NOW, &document));
    memcpy(damaged, list_until(30).ptr, list_until(30).len);
    damaged[list_until(30).len - 1] ^= 1;
    const struct bytes lies[] = {
        {0},           bytes_str("nothing"), bytes_of(damaged, list_until(30).len),
        list_until(8), /* good, but older */
        list_until(2), /* of yesterday */
    };
    int64_t now = SYNTHETIC_NOW + 6LL * DAY;
    for (size_t i = 0; i < test_count(lies); i++) {
        unsigned asked = host.asked;
        host.document = lies[i];
        assert_ok(get(cache, now, &document));
        assert_int_equal(host.asked, asked + 1);
        assert_true(bytes_equal(document, first));
        assert_int_equal(dates_of(cache).expires, SYNTHETIC_NOW + 9LL * DAY);
        now = dates_of(cache).ask_from;
    }
    /* The same once more is no lie: it is what there is. */
    host.document = first;
    assert_ok(get(cache, now, &document));
    assert_int_equal(dates_of(cache).failures, 0);
    cache_end(cache);
}

static void without_anything_the_note_says_why(void **state)
{
    (void)state;
    struct bytes document;
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    struct collateral_cache *cache = cache_over_host(snp.evidence.ark);
    host.silent = true;
    assert_err(get(cache, SYNTHETIC_NOW, &document), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "snp-crl-Genoa-vcek.crl"));
    assert_non_null(strstr(note.text, "the host is silent"));
    assert_err(get(cache, SYNTHETIC_NOW + 1, &document), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "a moment ago"));
    assert_int_equal(host.asked, 1);
    host.silent = false;
    host.document = bytes_str("nothing");
    assert_err(get(cache, SYNTHETIC_NOW + 60, &document), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "snp.crl.form"));
    /* A clock that was set back is no reason to wait for years. */
    host.document = list_until(9);
    assert_ok(get(cache, SYNTHETIC_NOW - 30LL * DAY, &document));
    cache_end(cache);
}

/* What was asked for longest ago makes room. */
static void the_cache_has_an_end(void **state)
{
    (void)state;
    struct bytes document;
    struct collateral_dates dates;
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    struct collateral_cache *cache = cache_over_host(snp.evidence.ark);
    struct collateral_subject subject = subject_of(&snp);
    host.document = list_until(9);
    struct collateral_key key = crl_key;
    for (int i = 0; i <= COLLATERAL_CACHE_ENTRIES; i++) {
        (void)snprintf(key.product, sizeof key.product, "P%d", i);
        assert_ok(collateral_cache_get(cache, &key, &subject, SYNTHETIC_NOW + i, &document, &note));
    }
    for (int i = 0; i <= COLLATERAL_CACHE_ENTRIES; i++) {
        (void)snprintf(key.product, sizeof key.product, "P%d", i);
        assert_int_equal(collateral_cache_dates(cache, &key, &dates), i != 0);
    }
    cache_end(cache);
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
    secret_free(json);
    synthetic_keys_release(&keys);
    synthetic_tdx_keys_release(&tdx_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_certificates_are_taken),
        cmocka_unit_test(certificates_of_a_vlek_are_taken),
        cmocka_unit_test(certificates_that_do_not_fit_are_refused),
        cmocka_unit_test(a_revocation_list_is_held_against_the_root),
        cmocka_unit_test(collateral_of_a_td_is_taken_until_its_first_part_ends),
        cmocka_unit_test(collateral_that_does_not_fit_the_td_is_refused),
        cmocka_unit_test(collateral_goes_into_one_document_and_back),
        cmocka_unit_test(the_host_is_asked_once_until_renewal_is_due),
        cmocka_unit_test(the_old_stays_while_the_host_is_silent_and_no_longer),
        cmocka_unit_test(a_host_that_lies_changes_nothing),
        cmocka_unit_test(without_anything_the_note_says_why),
        cmocka_unit_test(the_cache_has_an_end),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
