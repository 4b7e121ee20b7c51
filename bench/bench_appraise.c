/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole appraisal of a bundle (parse, chain, signatures, policy, key statement, freshness) against the signature checks that it cannot do without, done bare
 * with libcrypto: four RSA-4096 PSS and one ECDSA P-384. Evidence from the simulated platform, in AMD's form.
 */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appraisal.h"
#include "attest/appraise.h"
#include "attest/bundle.h"
#include "attest/statement.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "bench.h"
#include "crypto/crypto.h"
#include "evidence/simulated.h"
#include "simulator/platform.h"

enum { BUNDLE_ROOM = 64 * 1024, CERTIFICATES = 3 };

struct appraisal {
    struct bytes bundle;
    uint8_t challenge[32];
    uint8_t measurement[1][ATTEST_MEASUREMENT_SIZE];
    struct attest_policy policy;
    int64_t now;
};

/* Shared by the three processes, at the same address: the one that makes the evidence, the one that appraises it, and the one of the limit. */
struct material {
    struct appraisal appraisal;
    char bundle[BUNDLE_ROOM];
    uint8_t report[SNP_REPORT_SIZE];
    struct simulated_der certificate[CERTIFICATES]; /* VCEK, ASK, ARK */
    struct simulated_der crl;
};

/* ---- the limit, in a process with the ordinary heap ---- */

enum { SIGNATURES = 5, MESSAGE_MAX = 4096, SIGNATURE_MAX = 1024, P384_SIZE = 48 };

struct check {
    EVP_PKEY *key;
    bool pss;
    uint8_t message[MESSAGE_MAX];
    size_t message_len;
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_len;
};

static X509 *certificate_of(const struct simulated_der *der)
{
    const unsigned char *p = der->der;
    X509 *x = d2i_X509(NULL, &p, (long)der->len);
    bench_must_be(x != NULL, "a certificate");
    return x;
}

static void certificate_check(struct check *c, X509 *x, X509 *issuer)
{
    const ASN1_BIT_STRING *signature;
    uint8_t *p = c->message;
    X509_get0_signature(&signature, NULL, x);
    int n = i2d_re_X509_tbs(x, NULL);
    bench_must_be(n > 0 && n <= MESSAGE_MAX && signature->length <= SIGNATURE_MAX, "a certificate");
    c->message_len = (size_t)i2d_re_X509_tbs(x, &p);
    memcpy(c->signature, signature->data, (size_t)signature->length);
    c->signature_len = (size_t)signature->length;
    c->key = X509_get_pubkey(issuer);
    c->pss = true;
}

static void crl_check(struct check *c, const struct simulated_der *der, X509 *ark)
{
    const unsigned char *p = der->der;
    const ASN1_BIT_STRING *signature;
    uint8_t *out = c->message;
    X509_CRL *list = d2i_X509_CRL(NULL, &p, (long)der->len);
    bench_must_be(list != NULL, "a revocation list");
    X509_CRL_get0_signature(list, &signature, NULL);
    int n = i2d_re_X509_CRL_tbs(list, NULL);
    bench_must_be(n > 0 && n <= MESSAGE_MAX && signature->length <= SIGNATURE_MAX, "a revocation list");
    c->message_len = (size_t)i2d_re_X509_CRL_tbs(list, &out);
    memcpy(c->signature, signature->data, (size_t)signature->length);
    c->signature_len = (size_t)signature->length;
    c->key = X509_get_pubkey(ark);
    c->pss = true;
    X509_CRL_free(list);
}

static void report_check(struct check *c, const uint8_t *report, X509 *vcek)
{
    uint8_t *p = c->signature;
    ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r_part = BN_lebin2bn(report + SNP_REPORT_SIGNED_SIZE, P384_SIZE, NULL);
    BIGNUM *s_part = BN_lebin2bn(report + SNP_REPORT_SIGNED_SIZE + SNP_SIGNATURE_PART_SIZE, P384_SIZE, NULL);
    bench_must_be(s != NULL && ECDSA_SIG_set0(s, r_part, s_part) == 1, "a signature");
    c->signature_len = (size_t)i2d_ECDSA_SIG(s, &p);
    ECDSA_SIG_free(s);
    memcpy(c->message, report, SNP_REPORT_SIGNED_SIZE);
    c->message_len = SNP_REPORT_SIGNED_SIZE;
    c->key = X509_get_pubkey(vcek);
}

static void checks_make(struct check checks[static SIGNATURES], const struct material *m)
{
    X509 *x[3];
    for (int i = 0; i < 3; i++)
        x[i] = certificate_of(&m->certificate[i]);
    for (int i = 0; i < 3; i++)
        certificate_check(&checks[i], x[i], x[i < 2 ? i + 1 : 2]);
    report_check(&checks[3], m->report, x[0]);
    crl_check(&checks[4], &m->crl, x[2]);
    for (int i = 0; i < 3; i++)
        X509_free(x[i]);
}

static bool check_passes(const struct check *c)
{
    EVP_PKEY_CTX *options;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context != NULL &&
              EVP_DigestVerifyInit_ex(context, &options, "SHA384", NULL, NULL, c->key, NULL) == 1;
    if (ok && c->pss)
        ok = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
    ok = ok && EVP_DigestVerify(context, c->signature, c->signature_len, c->message, c->message_len) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static double limit_run(void *self, uint64_t count)
{
    static struct check checks[SIGNATURES];
    if (checks[0].key == NULL)
        checks_make(checks, self);
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++)
        for (int n = 0; n < SIGNATURES; n++)
            bench_must_be(check_passes(&checks[n]), "a signature does not verify");
    return bench_processor_time() - began;
}

/* ---- the appraisal ---- */

static double appraisal_run(void *self, uint64_t count)
{
    static struct verdict verdict;
    const struct appraisal *a = self;
    double began = bench_processor_time();
    for (uint64_t i = 0; i < count; i++) {
        attest_appraise(a->bundle, a->challenge, &a->policy, a->now, &verdict);
        bench_must_be(verdict.accepted, "the evidence was refused");
    }
    return bench_processor_time() - began;
}

/* As the enclave does it for a single challenge. */
static void evidence_make(const struct platform *p, struct material *m)
{
    struct appraisal *a = &m->appraisal;
    static uint8_t text[STATEMENT_MAX];
    static struct platform_frame frame;
    const struct statement statement = {.noise_key = {1}, .model_digest = {2}, .model_name = "bench"};
    uint8_t root[MERKLE_HASH_SIZE];
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    struct evidence evidence;
    struct merkle_tree *tree;
    const char *name;
    size_t len;
    bench_must(crypto_random(a->challenge, sizeof a->challenge), "randomness");
    bench_must(merkle_build((const uint8_t(*)[32])a->challenge, 1, &tree), "the tree");
    merkle_root(tree, root);
    bench_must(statement_write(&statement, (char *)text, sizeof text, &len), "the statement");
    bench_must(statement_report_data(bytes_of(text, len), root, report_data), "the statement");
    bench_must(platform_answer(p, report_data, &frame), "the report");
    bench_must(evidence_simulated_parse(bytes_of(frame.bytes, frame.len), &evidence, &name, NULL),
               "the report");

    struct bundle bundle = {.platform = BUNDLE_PLATFORM_SNP,
                            .statement = bytes_of(text, len),
                            .evidence_count = 1,
                            .evidence = {evidence.report},
                            .endorsement_count = CERTIFICATES + 1};
    memcpy(m->report, evidence.report.value.ptr, sizeof m->report);
    for (size_t i = 0; i <= CERTIFICATES; i++) {
        struct simulated_der *to = i == CERTIFICATES ? &m->crl : &m->certificate[i];
        const struct bytes der = evidence.endorsements[i].value;
        bench_must_be(der.len <= sizeof to->der, "a certificate or list");
        memcpy(to->der, der.ptr, der.len);
        to->len = der.len;
        bundle.endorsements[i] = evidence.endorsements[i];
    }
    merkle_path_of(tree, 0, &bundle.freshness);
    merkle_free(tree);
    char *json;
    bench_must(bundle_write(&bundle, &json, &len), "the bundle");
    bench_must_be(len <= sizeof m->bundle, "the bundle is larger than expected");
    memcpy(m->bundle, json, len);
    secret_free(json);
    a->bundle = bytes_of(m->bundle, len);
    memcpy(a->measurement[0], p->launched.at[0].value, sizeof a->measurement[0]);
    a->policy =
        (struct attest_policy){.measurements = (const uint8_t(*)[ATTEST_MEASUREMENT_SIZE])a->measurement,
                               .measurement_count = 1,
                               .simulated_root = bytes_of(m->certificate[CERTIFICATES - 1].der,
                                                          m->certificate[CERTIFICATES - 1].len)};
}

/* Making keys takes more memory than appraising evidence, so another process does it. */
static void evidence_make_apart(struct material *m)
{
    static const uint8_t program[LAUNCH_REGISTER_SIZE];
    struct platform *platform;
    struct err_note note = {{0}};
    int status = 0;
    pid_t child = fork();
    bench_must_be(child >= 0, "cannot fork");
    if (child == 0) {
        strict_json_init();
        bench_must(crypto_init(), "libcrypto");
        m->appraisal.now = (int64_t)time(NULL);
        bench_must(platform_open("snp", NULL, m->appraisal.now, &platform, &note), "the simulated platform");
        bench_must(platform->measures->measure(program, NULL, 0, &platform->launched), "the measurement");
        evidence_make(platform, m);
        _exit(0);
    }
    bench_must_be(waitpid(child, &status, 0) == child && status == 0, "the evidence could not be made");
}

int main(int argc, char **argv)
{
    bench_begin("bench_appraise",
                "The whole appraisal of a SEV-SNP bundle (SIMULATED platform) against its bare signature "
                "checks: four "
                "RSA-4096 PSS (three certificates, one revocation list), one ECDSA P-384. One thread, "
                "processor time.",
                argc, argv);
    struct material *material =
        mmap(NULL, sizeof *material, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench_must_be(material != MAP_FAILED, "no memory");
    struct bench_peer *limit = bench_peer_fork(limit_run, material);
    evidence_make_apart(material);
    struct appraisal *appraisal = &material->appraisal;
    strict_json_init();
    bench_must(crypto_init(), "libcrypto");

    appraisal_report("appraise", appraisal_run, appraisal);
    bench_compare(&(struct bench_claim){.name = "appraise.whole",
                                        .text = "one appraisal",
                                        .unit = "us",
                                        .is_time = true,
                                        .scale = 1e6,
                                        .ours = {"attest_appraise", appraisal_run, appraisal},
                                        .peer = {"its bare signature checks", bench_peer_run, limit}});
    bench_value("appraise.bundle", "size of the bundle", (double)appraisal->bundle.len, "bytes", 0);

    bench_peer_stop(limit);
    return bench_end();
}
