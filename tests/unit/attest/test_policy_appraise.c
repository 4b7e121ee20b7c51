/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a policy and the text of a bundle to a verdict: what a policy that says little refuses, and what one has to say to accept it. */
#include <stdio.h>
#include <stdlib.h>

#include "attest/appraise.h"
#include "attest/bundle.h"
#include "attest/collateral.h"
#include "attest/merkle.h"
#include "attest/policy_document.h"
#include "attest/statement.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "support/synthetic_snp.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

_Static_assert((int)SYNTHETIC_NOW == (int)SYNTHETIC_TDX_NOW, "one time for both platforms");

enum { HEX_SIZE = ENCODING_HEX_SIZE(64), FAILURES_MAX = 5 };

static struct synthetic_keys snp_keys;
static struct synthetic_tdx_keys tdx_keys;

static struct scene {
    struct synthetic_snp snp;
    struct synthetic_tdx tdx;
    struct bundle bundle;
    char statement[STATEMENT_MAX];
    char *collateral;
    uint8_t report_data[64];
} scene;
static struct verdict verdict;

static void *must(void *block)
{
    assert_non_null(block);
    return block;
}

/* ---- evidence ---- */

static void challenge_and_statement(struct scene *s)
{
    static const uint8_t challenge[1][32] = {{0x42}};
    struct statement statement = {.model_name = "test model"};
    struct merkle_tree *tree;
    uint8_t root[MERKLE_HASH_SIZE];
    size_t len;
    assert_ok(statement_write(&statement, s->statement, sizeof s->statement, &len));
    s->bundle.statement = bytes_of(s->statement, len);
    assert_ok(merkle_build(challenge, 1, &tree));
    merkle_root(tree, root);
    merkle_path_of(tree, 0, &s->bundle.freshness);
    merkle_free(tree);
    assert_ok(statement_report_data(s->bundle.statement, root, s->report_data));
    memcpy(s->bundle.challenge, challenge[0], sizeof challenge[0]);
    s->bundle.has_challenge = true;
}

static void build_snp(struct scene *s)
{
    struct bundle *b = &s->bundle;
    memcpy(s->snp.report.report_data, s->report_data, sizeof s->report_data);
    synthetic_snp_build(&s->snp);
    memcpy(b->platform, BUNDLE_PLATFORM_SNP, sizeof BUNDLE_PLATFORM_SNP);
    b->evidence_count = 1;
    b->evidence[0] = (struct bundle_item){BUNDLE_SNP_REPORT, s->snp.evidence.report};
    b->endorsement_count = 3 + s->snp.evidence.crl_count;
    b->endorsements[0] = (struct bundle_item){BUNDLE_CERTIFICATE, s->snp.evidence.vek};
    b->endorsements[1] = (struct bundle_item){BUNDLE_CERTIFICATE, s->snp.evidence.ask};
    b->endorsements[2] = (struct bundle_item){BUNDLE_CERTIFICATE, s->snp.evidence.ark};
    b->endorsements[3] = (struct bundle_item){BUNDLE_CRL, s->snp.evidence.crls[0]};
}

static void build_tdx(struct scene *s)
{
    struct bundle *b = &s->bundle;
    size_t len;
    memcpy(s->tdx.quote_fields.body.report_data, s->report_data, sizeof s->report_data);
    synthetic_tdx_build(&s->tdx);
    secret_free(s->collateral);
    assert_ok(collateral_write(&s->tdx.collateral, &s->collateral, &len, NULL));
    memcpy(b->platform, BUNDLE_PLATFORM_TDX, sizeof BUNDLE_PLATFORM_TDX);
    b->evidence_count = 1;
    b->evidence[0] = (struct bundle_item){BUNDLE_TDX_QUOTE, s->tdx.quote};
    b->endorsement_count = 1;
    b->endorsements[0] = (struct bundle_item){BUNDLE_TDX_COLLATERAL, bytes_of(s->collateral, len)};
}

/* ---- the policy: reference values, simulated roots, and what a row adds ---- */

struct row {
    const char *name;
    bool tdx;
    bool no_reference;
    void (*change)(struct scene *s);
    const char *says;                   /* members of the platform's section, each with a comma before it */
    const char *on_top;                 /* the same, of the whole document */
    const char *failures[FAILURES_MAX]; /* none: accepted */
};

static const char *hex(const uint8_t *value, size_t size, char out[static HEX_SIZE])
{
    encoding_hex(bytes_of(value, size), out);
    return out;
}

static char *base64(struct bytes der)
{
    char *text = must(malloc(ENCODING_BASE64_SIZE(der.len)));
    encoding_base64(der, text);
    return text;
}

/* The reference values are those of the sound evidence, whatever became of it. */
static struct policy_document *policy_of(const struct row *row, struct bytes root)
{
    struct synthetic_snp *snp = must(malloc(sizeof *snp));
    struct synthetic_tdx *tdx = must(malloc(sizeof *tdx));
    synthetic_snp_init(snp, &snp_keys);
    synthetic_tdx_init(tdx, &tdx_keys);
    const struct tdx_body *body = &tdx->quote_fields.body;
    char measurement[HEX_SIZE], mrtd[HEX_SIZE], rtmr0[HEX_SIZE], rtmr1[HEX_SIZE], rtmr2[HEX_SIZE];
    char *text = NULL;
    char *root_text = base64(root);
    char *snp_list = NULL;
    char *tdx_list = NULL;
    assert_true(asprintf(&snp_list, "\"%s\"", hex(snp->report.measurement, 48, measurement)) > 0);
    assert_true(
        asprintf(&tdx_list,
                 "{\"mrtd\":\"%s\",\"rtmr0\":\"%s\",\"rtmr1\":\"%s\",\"rtmr2\":\"%s\",\"rtmr3\":\"any\"}",
                 hex(body->mrtd, 48, mrtd), hex(body->rtmr[0], 48, rtmr0), hex(body->rtmr[1], 48, rtmr1),
                 hex(body->rtmr[2], 48, rtmr2)) > 0);
    assert_true(
        asprintf(&text,
                 "{\"version\":1,\"simulated_roots\":[\"%s\"],"
                 "\"snp\":{\"measurements\":[%s]%s},"
                 "\"tdx\":{%s\"launches\":[%s]%s}%s}",
                 root_text, row->no_reference ? "" : snp_list, row->tdx ? "" : row->says,
                 strstr(row->says, "evaluation_number_min") == NULL ? "\"evaluation_number_min\":17," : "",
                 row->no_reference ? "" : tdx_list, row->tdx ? row->says : "", row->on_top) > 0);
    struct policy_document *doc;
    struct err_note note;
    if (policy_document_parse(bytes_str(text), &doc, &note) != ERR_OK)
        fail_msg("%s: %s", row->name, note.text);
    free(text);
    free(root_text);
    free(snp_list);
    free(tdx_list);
    free(snp);
    free(tdx);
    return doc;
}

static void appraise(const struct row *row)
{
    char *text;
    size_t len;
    synthetic_snp_init(&scene.snp, &snp_keys);
    synthetic_tdx_init(&scene.tdx, &tdx_keys);
    if (row->change != NULL)
        row->change(&scene);
    if (row->tdx)
        build_tdx(&scene);
    else
        build_snp(&scene);
    struct policy_document *doc = policy_of(row, row->tdx ? scene.tdx.root_der : scene.snp.evidence.ark);
    assert_ok(bundle_write(&scene.bundle, &text, &len));
    attest_appraise(bytes_of(text, len), NULL, &doc->policy, SYNTHETIC_NOW, &verdict);
    secret_free(text);
    policy_document_release(doc);
}

static bool is_expected(const struct row *row, const char *name)
{
    for (size_t i = 0; i < FAILURES_MAX && row->failures[i] != NULL; i++)
        if (strcmp(row->failures[i], name) == 0)
            return true;
    return false;
}

/* These checks fail and no others. */
static void expect(const struct row *row)
{
    size_t expected = 0;
    appraise(row);
    for (; expected < FAILURES_MAX && row->failures[expected] != NULL; expected++)
        if (verdict_find(&verdict, row->failures[expected]) == NULL)
            fail_msg("%s: there is no check %s", row->name, row->failures[expected]);
    for (size_t i = 0; i < verdict.count; i++) {
        const struct verdict_check *c = &verdict.checks[i];
        if (c->passed == is_expected(row, c->rule->name))
            fail_msg("%s: %s %s (%s)", row->name, c->rule->name, c->passed ? "passed" : "failed", c->saw);
    }
    assert_int_equal(verdict.accepted, expected == 0);
}

/* ---- one change of the evidence each ---- */

#define CHANGE(name, ...)                                                                                    \
    static void name(struct scene *s)                                                                        \
    {                                                                                                        \
        struct snp_report *r = &s->snp.report;                                                               \
        struct tdx_body *b = &s->tdx.quote_fields.body;                                                      \
        (void)r;                                                                                             \
        (void)b;                                                                                             \
        __VA_ARGS__                                                                                          \
    }
CHANGE(snp_debug, r->policy |= 1ULL << SNP_POLICY_DEBUG;)
CHANGE(snp_migratable, r->policy |= 1ULL << SNP_POLICY_MIGRATE_MA;)
CHANGE(snp_agent, r->report_id_ma[0] = 0;)
CHANGE(snp_vmpl, r->vmpl = 1;)
CHANGE(snp_no_iommu, r->platform_info &= ~(1ULL << 6);)
CHANGE(snp_no_alias_check, r->platform_info &= ~(1ULL << 5);)
CHANGE(snp_another_code, r->measurement[0] ^= 1;)
CHANGE(snp_id_key, memset(r->id_key_digest, 0x11, 48);)
CHANGE(snp_no_crl, s->snp.crl_count = 0;)
CHANGE(tdx_debug, b->attributes |= 1ULL << TDX_DEBUG;)
CHANGE(tdx_migratable, b->attributes |= 1ULL << TDX_MIGRATABLE;)
CHANGE(tdx_perfmon, b->attributes |= 1ULL << TDX_PERFMON;)
CHANGE(tdx_no_sept, b->attributes &= ~(1ULL << TDX_SEPT_VE_DISABLE);)
CHANGE(tdx_service, memset(b->mrservicetd, 0x11, 48);)
CHANGE(tdx_another_kernel, b->rtmr[1][0] ^= 1;)
CHANGE(tdx_another_firmware, b->mrtd[0] ^= 1;)
CHANGE(tdx_hardening, s->tdx.tcb_info.levels[0].status = "SWHardeningNeeded";)
CHANGE(tdx_hardening_615, tdx_hardening(s); s->tdx.tcb_info.levels[0].advisories = "[\"INTEL-SA-00615\"]";)
CHANGE(tdx_configuration, s->tdx.tcb_info.levels[0].status = "ConfigurationNeeded";)
CHANGE(tdx_both, s->tdx.tcb_info.levels[0].status = "ConfigurationAndSWHardeningNeeded";)
CHANGE(tdx_old, s->tdx.tcb_info.levels[0].status = "OutOfDate";)
CHANGE(tdx_revoked, s->tdx.tcb_info.levels[0].status = "Revoked";)

#define B16(x) x x x x x x x x x x x x x x x x
#define B48(x) B16(x) B16(x) B16(x)
#define B64(x) B48(x) B16(x)

/* name, evidence, members of the section, members of the document, failures */
#define SNP(change, says, ...)                                                                               \
    {                                                                                                        \
#change " " says, false, false, change, says, "",                                                    \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define TDX(change, says, ...)                                                                               \
    {                                                                                                        \
#change " " says, true, false, change, says, "",                                                     \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

static const struct row rows[] = {
    /* What the default wants is what the sound evidence has. */
    SNP(NULL, ""),
    TDX(NULL, ""),
    {"SNP without a reference value", false, true, NULL, "", "", {"snp.measurement"}},
    {"TDX without a reference value",
     true,
     true,
     NULL,
     "",
     "",
     {"tdx.mrtd", "tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2", "tdx.rtmr3"}},
    SNP(snp_another_code, "", "snp.measurement"),
    TDX(tdx_another_firmware, "", "tdx.mrtd"),
    TDX(tdx_another_kernel, "", "tdx.rtmr1"),

    /* No debugging, no migration, VMPL 0; by name only. */
    SNP(snp_debug, "", "snp.policy.debug"),
    SNP(snp_debug, ",\"guest_policy\":{\"debug\":\"any\"}"),
    SNP(snp_migratable, "", "snp.policy.migrate"),
    SNP(snp_migratable, ",\"guest_policy\":{\"migrate_ma\":\"any\"}"),
    SNP(snp_agent, "", "snp.migration_agent"),
    SNP(snp_agent, ",\"guest_policy\":{\"migrate_ma\":\"any\"}"),
    SNP(snp_vmpl, "", "snp.vmpl"),
    SNP(snp_vmpl, ",\"vmpl\":1"),
    SNP(NULL, ",\"vmpl\":1", "snp.vmpl"),
    SNP(snp_no_iommu, ""),
    SNP(snp_no_iommu, ",\"platform_info\":{\"iommu_write_safe\":\"require\"}", "snp.platform.iommu"),
    SNP(snp_no_alias_check, "", "snp.platform.alias_check"),
    SNP(snp_no_alias_check, ",\"platform_info\":{\"alias_check\":\"any\"}"),
    SNP(snp_id_key, "", "snp.id_key"),
    SNP(snp_id_key, ",\"id_keys\":[\"" B48("11") "\"]"),
    SNP(snp_no_crl, "", "snp.crl.present"),
    SNP(snp_no_crl, ",\"allow_missing_crl\":true"),
    SNP(NULL, ",\"signer\":\"vlek\"", "snp.key_info.signing_key"),
    SNP(NULL, ",\"host_data\":\"" B16("11") B16("11") "\"", "snp.host_data"),
    SNP(NULL, ",\"firmware_min\":\"255.0.0\"", "snp.firmware.floor"),
    SNP(NULL,
        ",\"tcb_floors\":[{\"family\":25,\"model_first\":0,\"model_last\":255,\"stepping\":\"any\","
        "\"component\":\"tee\",\"minimum\":255,\"smt_off_suffices\":false,\"bulletin\":\"of our own\"}]",
        "snp.tcb.floor.reported", "snp.tcb.floor.committed", "snp.tcb.floor.launch"),
    TDX(tdx_debug, "", "tdx.td.debug"),
    TDX(tdx_debug, ",\"attributes\":{\"debug\":\"any\"}"),
    TDX(tdx_migratable, "", "tdx.td.migratable"),
    TDX(tdx_migratable, ",\"attributes\":{\"migratable\":\"any\"}"),
    TDX(tdx_perfmon, "", "tdx.td.perfmon"),
    TDX(tdx_perfmon, ",\"attributes\":{\"perfmon\":\"require\"}"),
    TDX(tdx_no_sept, "", "tdx.td.sept_ve_disable"),
    TDX(tdx_no_sept, ",\"attributes\":{\"sept_ve_disable\":\"any\"}"),
    TDX(tdx_service, "", "tdx.td.service"),
    TDX(tdx_service, ",\"mrservicetd\":[\"" B48("11") "\"]"),

    /* UpToDate, or SWHardeningNeeded without advisories that are not known. */
    TDX(tdx_hardening, ""),
    TDX(tdx_hardening, ",\"tcb_statuses\":[\"UpToDate\"]", "tdx.tcb.status"),
    TDX(tdx_hardening_615, "", "tdx.tcb.advisories"),
    TDX(tdx_hardening_615, ",\"advisories\":[\"INTEL-SA-00614\"]", "tdx.tcb.advisories"),
    TDX(tdx_hardening_615, ",\"advisories\":[\"INTEL-SA-00614\",\"INTEL-SA-00615\"]"),
    TDX(tdx_configuration, "", "tdx.tcb.status"),
    TDX(tdx_configuration, ",\"tcb_statuses\":[\"ConfigurationNeeded\"]"),
    TDX(tdx_both, "", "tdx.tcb.status"),
    TDX(tdx_old, "", "tdx.tcb.status"),
    TDX(tdx_old, ",\"tcb_statuses\":[\"UpToDate\",\"OutOfDate\"]"),
    TDX(tdx_revoked, "", "tdx.tcb.status"),
    TDX(NULL, ",\"tcb_statuses\":[]", "tdx.tcb.status"),
    TDX(NULL, ",\"evaluation_number_min\":18", "tdx.evaluation_number"),
    TDX(NULL, ",\"tee_tcb_svn_min\":\"" B16("ff") "\"", "tdx.tcb.minimum"),

    /* The operator's own chips. */
    SNP(NULL, ",\"chips\":[\"" B64("11") "\"]", "snp.chip.inventory"),
    TDX(NULL, ",\"ppids\":[\"" B16("11") "\"]", "tdx.pck.inventory"),

    /* The platforms. */
    {"SNP alone: a report", false, false, NULL, "", ",\"platforms\":[\"sev-snp\"]", {NULL}},
    {"SNP alone: a quote", true, false, NULL, "", ",\"platforms\":[\"sev-snp\"]", {"bundle.platform"}},
    {"TDX alone: a report", false, false, NULL, "", ",\"platforms\":[\"tdx\"]", {"bundle.platform"}},
    {"TDX alone: a quote", true, false, NULL, "", ",\"platforms\":[\"tdx\"]", {NULL}},
    {"both: a quote", true, false, NULL, "", ",\"platforms\":[\"sev-snp\",\"tdx\"]", {NULL}},
    {"another model",
     false,
     false,
     NULL,
     "",
     ",\"models\":[\"" B16("11") B16("11") "\"]",
     {"statement.model"}},
};

static void each_policy_accepts_what_it_says_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(rows); i++)
        expect(&rows[i]);
}

static void expect_inventory_said(bool tdx, const char *check, bool checked, const char *text)
{
    const bool *claim = tdx ? &verdict.claims.tdx.inventory_checked : &verdict.claims.snp.inventory_checked;
    assert_true(verdict.accepted);
    assert_int_equal(*claim, checked);
    if (text != NULL)
        assert_non_null(strstr(verdict_find(&verdict, check)->saw, text));
    char *json = verdict_json(&verdict);
    assert_non_null(json);
    assert_non_null(strstr(json, checked ? "\"inventory_checked\": true" : "\"inventory_checked\": false"));
    secret_free(json);
}

static void a_verdict_says_whether_an_inventory_was_checked(void **state)
{
    (void)state;
    char id[HEX_SIZE];
    char says[HEX_SIZE + 32];
    struct row row = {.name = "inventory", .says = "", .on_top = ""};
    appraise(&row);
    expect_inventory_said(false, "snp.chip.inventory", false, "no inventory");
    (void)snprintf(says, sizeof says, ",\"chips\":[\"%s\"]", hex(scene.snp.report.chip_id, 64, id));
    row.says = says;
    appraise(&row);
    expect_inventory_said(false, "snp.chip.inventory", true, "one of the operator's chips");

    row = (struct row){.name = "inventory", .tdx = true, .says = "", .on_top = ""};
    appraise(&row);
    expect_inventory_said(true, "tdx.pck.inventory", false, "no inventory");
    (void)snprintf(says, sizeof says, ",\"ppids\":[\"%s\"]", hex(scene.tdx.platform.ppid, 16, id));
    row.says = says;
    appraise(&row);
    expect_inventory_said(true, "tdx.pck.inventory", true, NULL);
}

static int make(void **state)
{
    (void)state;
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_keys_make(&snp_keys);
    synthetic_tdx_keys_make(&tdx_keys);
    challenge_and_statement(&scene);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    secret_free(scene.collateral);
    synthetic_keys_release(&snp_keys);
    synthetic_tdx_keys_release(&tdx_keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_accepts_what_it_says_and_no_more),
        cmocka_unit_test(a_verdict_says_whether_an_inventory_was_checked),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
