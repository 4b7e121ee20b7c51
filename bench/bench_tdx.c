/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appraisal of a TD quote with all its collateral, held against the limit that it stands on: the signatures that have to be verified. Made-up evidence,
 * under a made-up root, so that the benchmark needs nothing from anybody.
 */
#include "attest/tdx.h"
#include "bench.h"
#include "support/synthetic_tdx.h"

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

int main(int argc, char **argv)
{
    static struct scene s;
    struct synthetic_tdx_keys keys;
    uint8_t spki[256];
    size_t len;
    bench_begin("bench_tdx", "appraisal of an Intel TDX quote", argc, argv);
    bench_must(crypto_init(), "crypto_init");
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
        .name = "attest.tdx",
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
    return bench_end();
}
