/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with GPUs, as far as that can be without one: reports by way of a double of NVIDIA's library, endorsements from a made-up host; whole bundles
 * of it are appraised. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest/appraise.h"
#include "attest/bundle.h"
#include "attest/certificate_table.h"
#include "attest/ocsp.h"
#include "attest/statement.h"
#include "enclave/gpus/gpus.h"
#include "evidence/batch.h"
#include "evidence/nvml_gpus.h"
#include "evidence/simulated_gpu.h"
#include "support/nvml_double.h"
#include "support/stand_in_kernel.h"
#include "support/synthetic_snp.h"
#include "unit/test.h"

enum { GPUS = 2, DAY = 24 * 3600, BUNDLE_ROOM = 1024 * 1024 };

static void (*double_set)(const struct nvml_double *);
static int (*double_running)(void);
static void (*double_ready)(struct nvml_double_ready *);
static struct synthetic_keys keys;
static struct synthetic_snp snp;
static struct simulated_gpu *gpu[GPUS];
static struct stand_in_kernel k;
static struct err_note note;
static struct evidence_gpus gpus;
static uint8_t nonce[NVML_NONCE_SIZE];

/* ---- the GPUs ---- */

static size_t gpu_answer(unsigned index, const uint8_t *asked, uint8_t *out)
{
    size_t len = 0;
    assert_ok(simulated_gpu_answer(gpu[index], asked, out, NVML_REPORT_MAX, &len));
    return len;
}

static size_t gpu_chain(unsigned index, uint8_t *out)
{
    assert_in_range(gpu[index]->pem_len, 1, NVML_CHAIN_MAX);
    memcpy(out, gpu[index]->pem, gpu[index]->pem_len);
    return gpu[index]->pem_len;
}

static const struct nvml_double sound = {.devices = GPUS, .answer = gpu_answer, .chain = gpu_chain};

/* ---- the host's helper, which looks for what it was asked for ---- */

static struct {
    struct collateral_source base;
    unsigned asked;
    char rims[4][COLLATERAL_ID_MAX];
    size_t rim_count;
    bool no_rim;
    bool no_ocsp;
    bool other_rim; /* what is no document, under the right name */
} host;

static enum err hand_out(struct bytes found, uint8_t *out, size_t *len)
{
    memcpy(out, found.ptr, found.len);
    *len = found.len;
    return ERR_OK;
}

/* As `enclume collateral fetch` keeps them: by what the certificate and its issuer are called. */
static enum err ocsp_find(const struct collateral_key *key, uint8_t *out, size_t *len)
{
    for (size_t i = 0; i < GPUS; i++)
        for (size_t n = 0; n < SIMULATED_GPU_OCSP; n++) {
            struct bytes one = bytes_of(gpu[i]->ocsp_der[n], gpu[i]->ocsp_len[n]);
            struct ocsp_response response;
            struct ocsp_certificate_id id;
            struct ocsp_answer answer;
            assert_ok(ocsp_parse(one, &response, &note));
            struct reader r = reader_over(response.answers);
            ocsp_answer_next(&r, &id, &answer);
            if (bytes_equal(id.serial, bytes_of(key->serial, key->serial_len)))
                return hand_out(one, out, len);
        }
    return ERR_EVIDENCE;
}

static enum err rim_find(const struct collateral_key *key, uint8_t *out, size_t *len)
{
    if (host.rim_count < test_count(host.rims))
        memcpy(host.rims[host.rim_count++], key->id, sizeof key->id);
    const size_t n = strncmp(key->id, "NV_GPU_DRIVER", 13) == 0 ? SIMULATED_GPU_DRIVER : SIMULATED_GPU_VBIOS;
    struct bytes one = bytes_of(gpu[0]->rim_text[n], gpu[0]->rim_len[n]);
    return hand_out(host.other_rim ? bytes_str("<SoftwareIdentity/>") : one, out, len);
}

static enum err host_ask(struct collateral_source *self, const struct collateral_key *key, uint8_t *out,
                         size_t *len, struct err_note *n)
{
    (void)self;
    host.asked++;
    *len = 0;
    enum err e = key->kind == COLLATERAL_OCSP  ? ocsp_find(key, out, len)
                 : key->kind == COLLATERAL_RIM ? rim_find(key, out, len)
                                               : ERR_EVIDENCE;
    if ((host.no_rim && key->kind == COLLATERAL_RIM) || (host.no_ocsp && key->kind == COLLATERAL_OCSP))
        e = ERR_EVIDENCE;
    return e == ERR_OK ? e : err_noted(e, n, "the helper has none");
}

static void host_close(struct collateral_source *self)
{
    (void)self;
}

static struct collateral_cache *cache_new(void)
{
    struct collateral_cache *cache;
    const struct simulated_nv_der *device = &gpu[0]->device_der[SIMULATED_GPU_CHAIN - 1];
    const struct simulated_nv_der *signer = &gpu[0]->signer_der[SIMULATED_RIM_CHAIN - 1];
    const struct collateral_roots roots = {.gpu = bytes_of(device->der, device->len),
                                           .rim = bytes_of(signer->der, signer->len)};
    memset(&host, 0, sizeof host);
    host.base = (struct collateral_source){.ask = host_ask, .close = host_close};
    assert_ok(collateral_cache_new(&host.base, &roots, &cache));
    return cache;
}

/* Loads, asks all, ends the library: nothing is asked of it any more. */
static enum err ask(const struct nvml_double *wanted, struct collateral_cache *cache)
{
    struct evidence_nvml *nvml;
    double_set(wanted);
    note.text[0] = '\0';
    memset(&gpus, 0, sizeof gpus);
    enum err e = evidence_nvml_open(NVML_DOUBLE, &nvml, &note);
    if (e == ERR_OK) {
        e = evidence_nvml_gpus(nvml, cache, &k.base, nonce, &gpus, &note);
        evidence_nvml_close(nvml);
    }
    assert_int_equal(double_running(), 0);
    if (e != ERR_OK) {
        assert_int_equal(gpus.report_count + gpus.endorsement_count, 0);
        assert_null(gpus.storage);
    }
    return e;
}

/* ---- a whole bundle ---- */

static size_t snp_report(void *owner, const uint8_t report_data[static 64], unsigned privlevel, uint8_t *out)
{
    (void)owner;
    (void)privlevel;
    memcpy(snp.report.report_data, report_data, sizeof snp.report.report_data);
    synthetic_snp_build(&snp);
    memcpy(out, snp.report_bytes, SNP_REPORT_SIZE);
    return SNP_REPORT_SIZE;
}

static size_t snp_table(void *owner, uint8_t *out)
{
    const struct certificate_table t = {.vcek = snp.evidence.vek,
                                        .ask = snp.evidence.ask,
                                        .ark = snp.evidence.ark,
                                        .crl = snp.evidence.crls[0]};
    size_t len;
    (void)owner;
    assert_ok(certificate_table_write(&t, out, 16384, &len));
    return len;
}

static const uint8_t challenge[32] = {7};
static struct statement statement;
static char bundle_text[BUNDLE_ROOM];
static size_t bundle_len;
static enum err bundle_result;
static struct verdict verdict;

static void bundle_ready(void *owner, uint64_t ticket, enum err result, struct bytes bundle, size_t leaves)
{
    (void)owner;
    (void)ticket;
    (void)leaves;
    bundle_len = bundle.len;
    if (bundle.len > 0 && bundle.len <= sizeof bundle_text)
        memcpy(bundle_text, bundle.ptr, bundle.len);
    __atomic_store_n(&bundle_result, result, __ATOMIC_RELEASE);
}

static void statement_begin(void)
{
    statement = (struct statement){.noise_key = {1}, .model_digest = {2}, .model_name = "test model"};
    assert_ok(statement_gpu_nonce(&statement, nonce));
}

static void statement_names(const struct evidence_gpus *of)
{
    struct bytes reports[BUNDLE_GPUS_MAX];
    for (size_t i = 0; i < of->report_count; i++)
        reports[i] = of->reports[i].value;
    statement.has_gpu_evidence = true;
    assert_ok(statement_gpu_digest(reports, of->report_count, statement.gpu_evidence));
}

/* As enclumed does it, over the stand-in of the kernel. */
static enum err bundle_make(void)
{
    char text[STATEMENT_MAX];
    size_t len;
    struct evidence_source *chip;
    struct evidence_batch *batch;
    bundle_result = ERR_BUSY;
    assert_ok(statement_write(&statement, text, sizeof text, &len));
    assert_ok(evidence_kernel_open(&k.base, "tsm", NULL, &chip, &note));
    assert_ok(evidence_batch_new(chip, &gpus, bytes_of(text, len), bundle_ready, NULL, &batch));
    assert_ok(evidence_batch_ask(batch, challenge, 1));
    for (int i = 0; i < 1000 && __atomic_load_n(&bundle_result, __ATOMIC_ACQUIRE) == ERR_BUSY; i++)
        kernel_real.sleep_ms(&kernel_real, 10);
    evidence_batch_free(batch);
    chip->close(chip);
    return bundle_result;
}

static void trust_simulated(struct nvgpu_policy *policy)
{
    const struct simulated_nv_der *device = &gpu[0]->device_der[SIMULATED_GPU_CHAIN - 1];
    const struct simulated_nv_der *signer = &gpu[0]->signer_der[SIMULATED_RIM_CHAIN - 1];
    policy->gpu_count = GPUS;
    policy->simulated_device_root = bytes_of(device->der, device->len);
    policy->simulated_rim_root = bytes_of(signer->der, signer->len);
}

static void appraise(int64_t now)
{
    struct attest_policy policy;
    attest_policy_default(&policy);
    policy.measurements = (const uint8_t(*)[48])snp.report.measurement;
    policy.measurement_count = 1;
    policy.simulated_root = snp.evidence.ark;
    trust_simulated(&policy.gpu);
    attest_appraise(bytes_of(bundle_text, bundle_len), challenge, &policy, now, &verdict);
}

static void assert_accepted(void)
{
    for (size_t i = 0; i < verdict.count; i++)
        if (!verdict.checks[i].passed)
            fail_msg("%s: %s", verdict.checks[i].rule->name, verdict.checks[i].saw);
    assert_true(verdict.accepted);
    assert_int_equal(verdict.claims.gpu.count, GPUS);
}

static void two_gpus_are_accepted(void **state)
{
    (void)state;
    struct collateral_cache *cache = cache_new();
    statement_begin();
    if (ask(&sound, cache) != ERR_OK)
        fail_msg("%s", note.text);
    assert_int_equal(gpus.report_count, GPUS);
    /* Chains; driver and VBIOS; three words of the maker of the signer's, three above the first GPU's leaf, and one more for the other's chip. */
    assert_int_equal(gpus.endorsement_count, GPUS + SIMULATED_GPU_RIMS + SIMULATED_GPU_OCSP + GPUS - 1);
    assert_int_equal(host.rim_count, 2);
    assert_string_equal(host.rims[0], "NV_GPU_DRIVER_GH100_580.95.05");
    assert_string_equal(host.rims[1], "NV_GPU_VBIOS_1010_0200_882_96009F0001");
    statement_names(&gpus);
    unsigned asked = host.asked;
    assert_ok(bundle_make());
    assert_int_equal(host.asked, asked); /* they are held */
    appraise(SYNTHETIC_NOW);
    assert_accepted();
    /* Named by nobody, or of another key, they are not. */
    statement.has_gpu_evidence = false;
    assert_ok(bundle_make());
    appraise(SYNTHETIC_NOW);
    assert_false(verdict.accepted);
    assert_false(verdict_find(&verdict, "statement.gpu")->passed);
    statement_names(&gpus);
    statement.noise_key[0] ^= 1;
    assert_ok(bundle_make());
    appraise(SYNTHETIC_NOW);
    assert_false(verdict.accepted);
    assert_false(verdict_find(&verdict, "nvgpu.report.nonce")->passed);
    evidence_gpus_release(&gpus);
    collateral_cache_free(cache);
}

/* A word about revocation is good for a while; enclumed runs for longer. */
static void words_are_renewed_in_the_bundles_of_later(void **state)
{
    (void)state;
    struct collateral_cache *cache = cache_new();
    statement_begin();
    assert_ok(ask(&sound, cache));
    statement_names(&gpus);
    unsigned asked = host.asked;
    k.now = SYNTHETIC_NOW + 300LL * DAY; /* the words are for a year */
    assert_ok(bundle_make());
    assert_true(host.asked > asked);
    /* Without an answer what is held goes on, and when it is at its end there is no evidence: none that has expired. */
    host.no_ocsp = true;
    k.now = SYNTHETIC_NOW + 310LL * DAY;
    assert_ok(bundle_make());
    k.now = SYNTHETIC_NOW + 400LL * DAY;
    assert_err(bundle_make(), ERR_EVIDENCE);
    assert_int_equal(bundle_len, 0);
    k.now = SYNTHETIC_NOW;
    host.no_ocsp = false;
    assert_ok(bundle_make());
    appraise(SYNTHETIC_NOW);
    assert_accepted();
    evidence_gpus_release(&gpus);
    collateral_cache_free(cache);
}

static void assert_refused(const struct nvml_double *wanted, const char *words)
{
    struct collateral_cache *cache = cache_new();
    statement_begin();
    assert_err(ask(wanted, cache), ERR_EVIDENCE);
    if (strstr(note.text, words) == NULL)
        fail_msg("the note says: %s; wanted in it: %s", note.text, words);
    collateral_cache_free(cache);
}

#define BUT(...)                                                                                             \
    &(struct nvml_double)                                                                                    \
    {                                                                                                        \
        .devices = GPUS, .answer = gpu_answer, .chain = gpu_chain, __VA_ARGS__                               \
    }

static size_t chain_of_text(unsigned index, uint8_t *out)
{
    (void)index;
    memcpy(out, "no certificates", 15);
    return 15;
}

static void gpus_that_answer_otherwise_are_refused(void **state)
{
    (void)state;
    assert_refused(BUT(.cc_off = true), "confidential computing is off");
    assert_refused(BUT(.dev_tools = true), "developer mode");
    assert_refused(BUT(.flip_at = 4, .flip = 1), "another nonce");
    assert_refused(BUT(.report_size = 30), "ends too early");
    assert_refused(BUT(.report_size = 400), "ends before the field does");
    assert_refused(BUT(.report_size = 0x2001), "more than it has room for");
    assert_refused(BUT(.devices_later = 1), "1 GPUs, and there were 2");
    assert_refused(BUT(.devices_later = 3), "3 GPUs, and there were 2");
    assert_refused(BUT(.report = 15), "NVML, attestation report");
    assert_refused(BUT(.no_chain = true), "certificates have 0 bytes");
    const struct nvml_double other = {.devices = GPUS, .answer = gpu_answer, .chain = chain_of_text};
    assert_refused(&other, "no certificate");
}

static void without_what_endorses_them_there_is_no_evidence(void **state)
{
    (void)state;
    statement_begin();
    assert_err(ask(&sound, NULL), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "--collateral"));
    for (int i = 0; i < 3; i++) {
        struct collateral_cache *cache = cache_new();
        host.no_rim = i == 0;
        host.no_ocsp = i == 1;
        host.other_rim = i == 2;
        assert_err(ask(&sound, cache), ERR_EVIDENCE);
        assert_non_null(strstr(note.text, i == 1 ? "no gpu-ocsp-" : "no gpu-rim-NV_GPU_DRIVER_GH100_"));
        collateral_cache_free(cache);
    }
}

/* ---- before there is anything to compute (enclave/gpus) ---- */

static enum err make_ready(const struct nvml_double *wanted, size_t expected, bool trusted,
                           struct nvml_double_ready *is)
{
    struct nvgpu_policy policy;
    struct evidence_nvml *held = NULL;
    struct collateral_cache *cache = cache_new();
    const struct gpus_options o = {.library = NVML_DOUBLE,
                                   .expected = expected,
                                   .policy = &policy,
                                   .collateral = cache,
                                   .kernel = &k.base};
    nvgpu_policy_default(&policy);
    if (trusted)
        trust_simulated(&policy);
    double_set(wanted);
    note.text[0] = '\0';
    enum err e = gpus_ready(&o, &held, &note);
    assert_int_equal(double_running(), e == ERR_OK ? 1 : 0); /* in use, or let go */
    assert_true((held != NULL) == (e == ERR_OK));
    double_ready(is);
    evidence_nvml_close(held);
    collateral_cache_free(cache);
    return e;
}

static void gpus_work_when_all_have_attested_themselves(void **state)
{
    (void)state;
    struct nvml_double_ready is;
    if (make_ready(&sound, GPUS, true, &is) != ERR_OK)
        fail_msg("%s", note.text);
    assert_true(is.is);
    assert_int_equal(is.after_reports, GPUS);
}

static size_t gpu_answer_changed(unsigned index, const uint8_t *asked, uint8_t *out)
{
    size_t len = gpu_answer(index, asked, out);
    out[index == GPUS - 1 ? len - 1 : 0] ^= index == GPUS - 1; /* of the last one, its signature */
    return len;
}

static void gpus_that_are_not_what_they_should_be_do_not_work(void **state)
{
    (void)state;
    static const struct {
        struct nvml_double gpus;
        size_t expected;
        const char *words;
    } cases[] = {
        {{.devices = GPUS, .cc_off = true}, GPUS, "confidential computing is off"},
        {{.devices = GPUS, .dev_tools = true}, GPUS, "developer mode"},
        {{.devices = GPUS, .simulation = true}, GPUS, "not that of production"},
        {{.devices = GPUS}, GPUS + 1, "knows of 2 GPUs, and the machine has 3"},
        {{.devices = GPUS, .ready_before = true}, GPUS, "take work already"},
        {{.devices = GPUS, .ready = 999}, GPUS, "ready state: failed"},
        {{.devices = GPUS, .report = 15}, GPUS, "attestation report: the GPU has fallen off the bus"},
        {{.devices = GPUS, .devices_later = 1}, GPUS, "and there were 2"},
        {{.devices = GPUS, .set_ready = 4}, GPUS, "setting the ready state: not permitted"},
        {{.devices = GPUS, .ready_in_vain = true}, GPUS, "are not ready"},
        {{.devices = GPUS, .answer = gpu_answer_changed}, GPUS, "nvgpu.report.signature"},
    };
    struct nvml_double_ready is;
    for (size_t i = 0; i < test_count(cases); i++) {
        struct nvml_double gpus_of_case = cases[i].gpus;
        gpus_of_case.answer = gpus_of_case.answer != NULL ? gpus_of_case.answer : gpu_answer;
        gpus_of_case.chain = gpu_chain;
        assert_err(make_ready(&gpus_of_case, cases[i].expected, true, &is), ERR_EVIDENCE);
        if (strstr(note.text, cases[i].words) == NULL)
            fail_msg("the note says: %s; wanted in it: %s", note.text, cases[i].words);
        assert_int_equal(is.is, cases[i].gpus.ready_before);
    }
    /* Somebody else's GPUs: NVIDIA's root is not theirs. */
    assert_err(make_ready(&sound, GPUS, false, &is), ERR_EVIDENCE);
    assert_non_null(strstr(note.text, "nvgpu.chain"));
    assert_false(is.is);
}

static int setup(void **state)
{
    (void)state;
    void *library = dlopen(NVML_DOUBLE, RTLD_NOW | RTLD_LOCAL);
    void *symbols[3] = {NULL, NULL, NULL};
    if (library != NULL) {
        symbols[0] = dlsym(library, "nvml_double_set");
        symbols[1] = dlsym(library, "nvml_double_running");
        symbols[2] = dlsym(library, "nvml_double_ready");
    }
    if (symbols[0] == NULL || symbols[1] == NULL || symbols[2] == NULL || crypto_init() != ERR_OK)
        return -1;
    memcpy(&double_set, &symbols[0], sizeof symbols[0]);
    memcpy(&double_running, &symbols[1], sizeof symbols[1]);
    memcpy(&double_ready, &symbols[2], sizeof symbols[2]);
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    stand_in_init(&k);
    k.now = SYNTHETIC_NOW;
    k.has_tsm = true;
    k.provider = "sev_guest";
    k.report = snp_report;
    k.table = snp_table;
    for (size_t i = 0; i < GPUS; i++)
        if (simulated_gpu_new(SIMULATED_HOPPER, SYNTHETIC_NOW, &gpu[i]) != ERR_OK)
            return -1;
    simulated_gpu_adopt(gpu[1], gpu[0]);
    gpu[1]->device[0].serial = gpu[0]->device[0].serial + 0x100;
    gpu[1]->device[1].serial = gpu[0]->device[1].serial + 0x100;
    return simulated_gpu_build(gpu[1]) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    simulated_gpu_free(gpu[1]);
    simulated_gpu_free(gpu[0]);
    synthetic_keys_release(&keys);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_gpus_are_accepted),
        cmocka_unit_test(words_are_renewed_in_the_bundles_of_later),
        cmocka_unit_test(gpus_that_answer_otherwise_are_refused),
        cmocka_unit_test(without_what_endorses_them_there_is_no_evidence),
        cmocka_unit_test(gpus_work_when_all_have_attested_themselves),
        cmocka_unit_test(gpus_that_are_not_what_they_should_be_do_not_work),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
