/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The appraisal of a real SEV-SNP report against go-sev-guest's, in the same run, of the same files: from the bytes of report and certificates to a
 * verdict, nothing kept in between.
 */
#include <inttypes.h>
#include <stdio.h>

#include "appraisal.h"
#include "attest/snp.h"
#include "attest/snp_report.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/crypto.h"

static const char peer_path[] = ENCLUME_DEPS_DIR "/bench/go-sev-guest_peer";

enum { TIME_2024 = 1704067200, CERTIFICATE_MAX = 4096 };

/* The report is of a debuggable guest on a Milan with old firmware, which the policy of this benchmark lets pass. */
struct scene {
    char report_path[EVIDENCE_PATH_MAX];
    char vcek_path[EVIDENCE_PATH_MAX];
    char chain_path[EVIDENCE_PATH_MAX];
    uint8_t ask[CERTIFICATE_MAX];
    uint8_t ark[CERTIFICATE_MAX];
    struct snp_evidence evidence;
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    uint8_t measurement[1][ATTEST_MEASUREMENT_SIZE];
    struct attest_policy policy;
};

static bool scene_find(struct scene *s)
{
    return evidence_path("snp/go-sev-guest/attestation.bin", s->report_path) &&
           evidence_path("snp/go-sev-guest/vcek.testcer", s->vcek_path) &&
           evidence_path("snp/go-sev-guest/milan.testcer", s->chain_path);
}

static struct bytes certificate_next(struct bytes *text, uint8_t out[static CERTIFICATE_MAX])
{
    size_t len;
    bench_must(encoding_pem_next(text, "CERTIFICATE", out, CERTIFICATE_MAX, &len), "a certificate");
    return bytes_of(out, len);
}

static void scene_read(struct scene *s)
{
    struct snp_report report;
    const struct bytes chain = evidence_read(s->chain_path);
    struct bytes text = chain;
    s->evidence.report = evidence_read(s->report_path);
    s->evidence.vek = evidence_read(s->vcek_path);
    s->evidence.ask = certificate_next(&text, s->ask);
    s->evidence.ark = certificate_next(&text, s->ark);
    secret_free((void *)chain.ptr);
    bench_must(snp_report_parse(s->evidence.report, &report, NULL), "the report");
    memcpy(s->report_data, report.report_data, sizeof s->report_data);
    memcpy(s->measurement[0], report.measurement, sizeof s->measurement[0]);
    attest_policy_default(&s->policy);
    s->policy.measurements = (const uint8_t(*)[ATTEST_MEASUREMENT_SIZE])s->measurement;
    s->policy.measurement_count = 1;
    s->policy.allow_milan = true;
    s->policy.snp.allow_missing_crl = true;
    s->policy.snp.own_floors = true;
    s->policy.snp.guest[SNP_GUEST_DEBUG] = POLICY_ANY;
    s->policy.snp.platform[SNP_PLATFORM_ALIAS_CHECK] = POLICY_ANY;
}

static void scene_release(struct scene *s)
{
    secret_free((void *)s->evidence.report.ptr);
    secret_free((void *)s->evidence.vek.ptr);
}

static double appraise(void *self, uint64_t count)
{
    static struct verdict v;
    const struct scene *s = self;
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        memset(&v, 0, sizeof v);
        snp_appraise(&s->evidence, s->report_data, &s->policy, TIME_2024, &v);
        verdict_conclude(&v);
        bench_must_be(v.accepted, "the evidence was refused");
    }
    return bench_processor_time() - began;
}

static void compare(struct scene *s)
{
    char now[32];
    (void)snprintf(now, sizeof now, "%" PRId64, (int64_t)TIME_2024);
    struct bench_peer *peer = bench_peer_start(
        peer_path, (const char *const[]){peer_path, s->report_path, s->vcek_path, s->chain_path, now, NULL});
    appraisal_report("attest.snp", appraise, s);
    if (peer == NULL) {
        bench_left_out("attest.snp.peer",
                       "go-sev-guest could not be built here (bench/peers/setup says why)");
        return;
    }
    bench_compare(&(struct bench_claim){.name = "attest.snp.peer",
                                        .text = "one appraisal, no revocation list on either side",
                                        .unit = "us",
                                        .is_time = true,
                                        .scale = 1e6,
                                        .aim = 1 / 0.4,
                                        .ours = {"snp_appraise", appraise, s},
                                        .peer = {"go-sev-guest's speed", bench_peer_run, peer}});
    appraisal_report_peer("attest.snp.peer", "peak memory of go-sev-guest", peer);
    bench_peer_stop(peer);
}

int main(int argc, char **argv)
{
    static struct scene s;
    bench_begin(
        "bench_snp",
        "A real SEV-SNP report (Milan), its certificates and a policy, from bytes to verdict, against "
        "go-sev-guest (verify and validate) on the same files, at the same time of appraisal. Differences: "
        "ours makes some 60 checks and writes down what each saw; it knows AMD's own ARK and ASK by their "
        "SHA-256, so it verifies two signatures (certificate and report) where go-sev-guest verifies those "
        "and the ASK's. No revocation list: none of AMD's is at hand (bench_appraise has a made-up one, and "
        "all three signatures of the chain). Processor time, garbage collection included.",
        argc, argv);
    if (scene_find(&s)) {
        bench_must(crypto_init(), "libcrypto");
        scene_read(&s);
        compare(&s);
        scene_release(&s);
    } else {
        bench_left_out("attest.snp.peer", "there is no real evidence here (deps/evidence fetches it)");
    }
    return bench_end();
}
