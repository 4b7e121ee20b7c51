/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appraisal of a TD quote with all its collateral, held against the limit that it stands on, the signatures that have to be verified: of made-up
 * evidence, under a made-up root, which needs nothing from anybody. And against other people's verifiers, in the same run, of a real quote.
 */
#include <inttypes.h>
#include <stdio.h>

#include "appraisal.h"
#include "attest/collateral.h"
#include "attest/tdx.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "support/synthetic_tdx.h"

#define GO_PEER   ENCLUME_DEPS_DIR "/bench/go-tdx-guest_peer"
#define JS_FOLDER ENCLUME_DEPS_DIR "/bench/dcap-qvl"

/* Intermediate, leaf, signer of the documents, two lists, two documents, report of the quoting enclave, quote; Intel's own intermediate and signer are
 * pinned, which saves two of them on real evidence. */
enum { SIGNATURES = 9 };

struct scene {
    struct synthetic_tdx tdx;
    struct tdx_policy policy;
    struct tdx_launch launch;
    struct crypto_public_key *key;
};

static double appraise(void *self, uint64_t count)
{
    static struct verdict v;
    const struct scene *s = self;
    double start = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        memset(&v, 0, sizeof v);
        tdx_appraise(s->tdx.quote, &s->tdx.collateral, s->tdx.quote_fields.body.report_data, &s->policy,
                     SYNTHETIC_TDX_NOW, &v);
        verdict_conclude(&v);
        bench_must_be(v.accepted, "the evidence is accepted");
    }
    return bench_processor_time() - start;
}

static double verify(void *self, uint64_t count)
{
    const struct scene *s = self;
    const struct intel_document *d = &s->tdx.collateral.qe_identity;
    double start = bench_processor_time();
    for (uint64_t i = 0; i < count * SIGNATURES; i++)
        bench_must(crypto_ecdsa_verify_raw(s->key, CRYPTO_SHA256, d->body, bytes_of(d->signature, 64)),
                   "a signature verifies");
    return bench_processor_time() - start;
}

static void compare_with_signatures(void)
{
    static struct scene s;
    struct synthetic_tdx_keys keys;
    uint8_t spki[256];
    size_t len;
    synthetic_tdx_keys_make(&keys);
    synthetic_tdx_init(&s.tdx, &keys);
    synthetic_tdx_build(&s.tdx);
    tdx_policy_default(&s.policy);
    memcpy(s.launch.mrtd, s.tdx.quote_fields.body.mrtd, sizeof s.launch.mrtd);
    s.launch.waived = 0xf;
    s.policy.launches = &s.launch;
    s.policy.launch_count = 1;
    s.policy.simulated_root = s.tdx.root_der;
    bench_must(crypto_private_key_spki(keys.tcb, spki, sizeof spki, &len), "a key");
    bench_must(crypto_public_key_from_spki(bytes_of(spki, len), &s.key), "a key");
    bench_compare(&(struct bench_claim){
        .name = "attest.tdx.signatures",
        .text =
            "TD quote with collateral and lists of revoked certificates, against its nine signatures alone",
        .unit = "us",
        .is_time = true,
        .scale = 1e6,
        .aim = 0.6,
        .ours = {"appraisal", appraise, &s},
        .peer = {"ECDSA P-256, nine times", verify, &s}});
    crypto_public_key_free(s.key);
    synthetic_tdx_keys_release(&keys);
}

/* ---- real evidence ---- */

enum { TIME_2025_09_10 = 1757462400 };

struct real {
    char quote_path[EVIDENCE_PATH_MAX];
    char collateral_path[EVIDENCE_PATH_MAX];
    struct bytes quote;
    struct bytes collateral; /* the document as it came */
    struct tdx_quote fields;
    struct tdx_policy policy;
    struct tdx_launch launch;
};

static bool real_find(struct real *r)
{
    return evidence_path("tdx/dcap-qvl/quote_hex.txt", r->quote_path) &&
           evidence_path("tdx/dcap-qvl/quote_collateral.json", r->collateral_path);
}

static void real_read(struct real *r)
{
    const struct bytes hex = evidence_read(r->quote_path);
    uint8_t *quote = secret_alloc(hex.len / 2);
    bench_must_be(quote != NULL, "no memory");
    bench_must(encoding_unhex(hex, quote, hex.len / 2), "the quote");
    r->quote = bytes_of(quote, hex.len / 2);
    secret_free((void *)hex.ptr);
    r->collateral = evidence_read(r->collateral_path);
    bench_must(tdx_quote_parse(r->quote, &r->fields, NULL), "the quote");
    tdx_policy_default(&r->policy);
    memcpy(r->launch.mrtd, r->fields.body.mrtd, sizeof r->launch.mrtd);
    r->launch.waived = 0xf;
    r->policy.launches = &r->launch;
    r->policy.launch_count = 1;
}

static void real_release(struct real *r)
{
    secret_free((void *)r->quote.ptr);
    secret_free((void *)r->collateral.ptr);
}

static double real_appraise(void *self, uint64_t count)
{
    static struct verdict v;
    static struct collateral collateral;
    const struct real *r = self;
    double start = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        memset(&v, 0, sizeof v);
        collateral_init(&collateral);
        bench_must(collateral_add(&collateral, r->collateral, NULL), "the collateral");
        tdx_appraise(r->quote, &collateral.tdx, r->fields.body.report_data, &r->policy, TIME_2025_09_10, &v);
        verdict_conclude(&v);
        collateral_release(&collateral);
        bench_must_be(v.accepted, "the evidence is accepted");
    }
    return bench_processor_time() - start;
}

struct other {
    const char *name;
    const char *label;
    const char *file; /* that its set-up leaves */
    const char *argv[2];
    double aim;
    const char *memory;
};

static const struct other others[] = {
    {"attest.tdx.peer_go",
     "go-tdx-guest's speed",
     GO_PEER,
     {GO_PEER, NULL},
     1 / 0.5,
     "peak memory of go-tdx-guest"},
    {"attest.tdx.peer_js",
     "@phala/dcap-qvl's speed (JavaScript; its cryptography is node's OpenSSL)",
     JS_FOLDER "/node_modules/@phala/dcap-qvl/package.json",
     {"node", JS_FOLDER "/main.cjs"},
     1 / 0.1,
     "peak memory of node with @phala/dcap-qvl"},
};

static void compare_with(const struct other *o, struct real *r)
{
    char now[32];
    const char *argv[6] = {0};
    size_t count = 0;
    (void)snprintf(now, sizeof now, "%" PRId64, (int64_t)TIME_2025_09_10);
    for (size_t i = 0; i < 2 && o->argv[i] != NULL; i++)
        argv[count++] = o->argv[i];
    argv[count++] = r->quote_path;
    argv[count++] = r->collateral_path;
    argv[count] = now;
    struct bench_peer *peer = bench_peer_start(o->file, argv);
    if (peer == NULL) {
        bench_left_out(o->name, "it could not be had here (bench/peers/setup says why)");
        return;
    }
    bench_compare(&(struct bench_claim){.name = o->name,
                                        .text = "real quote with collateral and revocation lists",
                                        .unit = "us",
                                        .is_time = true,
                                        .scale = 1e6,
                                        .aim = o->aim,
                                        .round = 0.05,
                                        .ours = {"appraisal", real_appraise, r},
                                        .peer = {o->label, bench_peer_run, peer}});
    appraisal_report_peer(o->name, o->memory, peer);
    bench_peer_stop(peer);
}

static void compare_with_others(void)
{
    static struct real r;
    const bool found = real_find(&r);
    if (found) {
        real_read(&r);
        appraisal_report("attest.tdx", real_appraise, &r);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (found)
            compare_with(&others[i], &r);
        else
            bench_left_out(others[i].name, "there is no evidence here that every one of them can read");
    }
    if (found)
        real_release(&r);
}

int main(int argc, char **argv)
{
    bench_begin(
        "bench_tdx",
        "Appraisal of an Intel TDX quote, from the bytes of quote and collateral to the verdict, against "
        "other "
        "people's verifiers on the same files, at the same time of appraisal. Differences: ours knows "
        "Intel's "
        "intermediate certificate and signer by their SHA-256 and does not verify those signatures again; "
        "go-tdx-guest verifies the signer and the root's list once for each document; @phala/dcap-qvl "
        "verifies "
        "no list's signature or date and compares neither measurement nor report data. Processor time, "
        "garbage collection included.",
        argc, argv);
    bench_must(crypto_init(), "crypto_init");
    compare_with_others();
    compare_with_signatures();
    return bench_end();
}
