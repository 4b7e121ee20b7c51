/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind a stand-in of NVIDIA's services: made-up GPUs of one maker, and whoever answers for their certificates. Writes into the current directory
 *
 *   gpu0-, gpu1-     report.bin and chain.pem of two GPUs, whose nonce is 32 times d0
 *   gpu-             roots.pem, and driver.xml and vbios.xml, which both need
 *   gpu-stale-       driver.xml, signed by certificates that have ended
 *   gpu-damaged-     driver.xml, in which a value was changed after it was signed
 *   gpu-odd-         report.bin of the first GPU, with a driver version that would lead a URL elsewhere
 *   bundle.json      an SEV-SNP report with both GPUs, as a bundle
 *   snp-             ark.der, ask.der, crl.der: what AMD's service gives out for that report
 *
 * and then prints a line for each certificate that can be revoked: its number, and the serial number, the issuer's name's and the issuer's key's SHA-256 in
 * hexadecimal. Then it answers lines of its input, until that ends, with lines of its output:
 *
 *   CERTIFICATE NONCE CHANGE    an OCSP response, DER in hexadecimal, about the certificate with that number; NONCE is hexadecimal or "-", CHANGE one of
 *                               the names in `changes`. As NVIDIA's, it is signed by a responder that the issuer appointed, and good for a day.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "attest/bundle.h"
#include "attest/nvgpu_names.h"
#include "attest/statement.h"
#include "attest/x509.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "evidence/simulated_gpu.h"
#include "support/synthetic_snp.h"

enum { NOW = 1767225600 /* 2026-01-01 */, DAY = 24 * 3600, GPUS = 2, WORDS = SIMULATED_GPU_OCSP + GPUS - 1 };

static struct simulated_gpu *gpu[GPUS];
static struct simulated_ocsp words[WORDS];
/* Of the issuer of each: its key appoints the responder. */
static struct crypto_private_key *responder_key;

static void must(enum err e)
{
    if (e == ERR_OK)
        return;
    (void)fprintf(stderr, "stand_in_nvidia: %s\n", err_text(e));
    exit(1);
}

static void put(const char *name, struct bytes content)
{
    must(file_write(name, content, NULL));
}

static struct bytes der_of(const struct simulated_nv_der *d)
{
    return bytes_of(d->der, d->len);
}

/* ---- the files ---- */

static void roots_put(void)
{
    static uint8_t room[16 * 1024];
    struct writer w = writer_into(room, sizeof room);
    struct bytes all;
    must(encoding_pem_write(&w, "CERTIFICATE", der_of(&gpu[0]->device_der[SIMULATED_GPU_CHAIN - 1])));
    must(encoding_pem_write(&w, "CERTIFICATE", der_of(&gpu[0]->signer_der[SIMULATED_RIM_CHAIN - 1])));
    must(writer_finish(&w, &all));
    put("gpu-roots.pem", all);
}

static void rims_put(void)
{
    struct simulated_gpu *g = gpu[0];
    static uint8_t text[SIMULATED_RIM_MAX];
    const struct bytes driver = bytes_of(g->rim_text[SIMULATED_GPU_DRIVER], g->rim_len[SIMULATED_GPU_DRIVER]);
    put("gpu-driver.xml", driver);
    put("gpu-vbios.xml", bytes_of(g->rim_text[SIMULATED_GPU_VBIOS], g->rim_len[SIMULATED_GPU_VBIOS]));
    memcpy(text, driver.ptr, driver.len);
    uint8_t *value = memmem(text, driver.len, "eeee", 4);
    if (value == NULL)
        must(ERR_VALUE);
    else
        value[0] = 'd';
    put("gpu-damaged-driver.xml", bytes_of(text, driver.len));
    /* The same chain, but for its leaf. */
    static struct simulated_nv_der chain[SIMULATED_RIM_CHAIN];
    struct simulated_nv_certificate leaf = g->signer[0];
    size_t len = 0;
    leaf.not_after = NOW - 1;
    memcpy(chain, g->signer_der, sizeof chain);
    must(simulated_nv_certificate_sign(&leaf, &chain[0]));
    must(simulated_rim_sign(&g->rims[SIMULATED_GPU_DRIVER], chain, g->rim_key, text, sizeof text, &len));
    put("gpu-stale-driver.xml", bytes_of(text, len));
}

static void reports_put(const uint8_t nonce[static NVGPU_NONCE_SIZE], struct bytes reports[static GPUS])
{
    static uint8_t room[GPUS][SIMULATED_GPU_REPORT_MAX];
    for (size_t i = 0; i < GPUS; i++) {
        char name[32];
        size_t len = 0;
        must(simulated_gpu_answer(gpu[i], nonce, room[i], sizeof room[i], &len));
        reports[i] = bytes_of(room[i], len);
        (void)snprintf(name, sizeof name, "gpu%zu-report.bin", i);
        put(name, reports[i]);
        (void)snprintf(name, sizeof name, "gpu%zu-chain.pem", i);
        put(name, bytes_of(gpu[i]->pem, gpu[i]->pem_len));
    }
}

static void odd_report_put(const uint8_t nonce[static NVGPU_NONCE_SIZE])
{
    static const char version[] = "1/../ids?x=";
    static uint8_t room[SIMULATED_GPU_REPORT_MAX];
    struct simulated_gpu_field *field = simulated_gpu_field_find(&gpu[0]->report, NVGPU_DRIVER_VERSION);
    const struct simulated_gpu_field before = *field;
    size_t len = 0;
    memcpy(field->value, version, sizeof version);
    field->size = sizeof version;
    must(simulated_gpu_answer(gpu[0], nonce, room, sizeof room, &len));
    put("gpu-odd-report.bin", bytes_of(room, len));
    *field = before;
}

/* The statement is about nobody; nothing that is fetched depends on it. */
static void bundle_put(const struct bytes reports[static GPUS])
{
    static struct synthetic_keys keys;
    static struct synthetic_snp snp;
    static struct bundle b;
    const struct statement about = {.noise_key = {1}, .model_digest = {2}, .model_name = "nobody"};
    char statement[STATEMENT_MAX];
    char *text = NULL;
    size_t len = 0;
    synthetic_keys_make(&keys);
    synthetic_snp_init(&snp, &keys);
    synthetic_snp_build(&snp);
    put("snp-ark.der", snp.evidence.ark);
    put("snp-ask.der", snp.evidence.ask);
    put("snp-crl.der", snp.evidence.crls[0]);
    must(statement_write(&about, statement, sizeof statement, &len));
    (void)snprintf(b.platform, sizeof b.platform, "%s", BUNDLE_PLATFORM_SNP);
    b.statement = bytes_of(statement, len);
    b.evidence[b.evidence_count++] = (struct bundle_item){BUNDLE_SNP_REPORT, snp.evidence.report};
    const struct bytes certificates[] = {snp.evidence.vek, snp.evidence.ask, snp.evidence.ark};
    for (size_t i = 0; i < 3; i++)
        b.endorsements[b.endorsement_count++] = (struct bundle_item){BUNDLE_CERTIFICATE, certificates[i]};
    for (size_t i = 0; i < GPUS; i++) {
        b.evidence[b.evidence_count++] = (struct bundle_item){BUNDLE_GPU_REPORT, reports[i]};
        b.endorsements[b.endorsement_count++] =
            (struct bundle_item){BUNDLE_GPU_CHAIN, bytes_of(gpu[i]->pem, gpu[i]->pem_len)};
    }
    b.freshness.size = 1;
    must(bundle_write(&b, &text, &len));
    put("bundle.json", bytes_of(text, len));
    secret_free(text);
    synthetic_keys_release(&keys);
}

/* ---- words about certificates ---- */

/* The first three are about the first GPU's chain from the chip up, three about the signer's from its leaf up, the last about the other GPU's chip. */
static void words_make(void)
{
    enum { CHIP = 1, SIGNERS = SIMULATED_GPU_OCSP / 2 };
    for (size_t i = 0; i < WORDS; i++) {
        const bool is_signer = i >= SIGNERS && i < SIMULATED_GPU_OCSP;
        const struct simulated_gpu *g = gpu[i < SIMULATED_GPU_OCSP ? 0 : 1];
        const size_t place = is_signer ? i - SIGNERS : i < SIGNERS ? i + CHIP : CHIP;
        const struct simulated_nv_der *chain = is_signer ? g->signer_der : g->device_der;
        words[i] =
            (struct simulated_ocsp){.certificate = der_of(&chain[place]),
                                    .issuer = der_of(&chain[place + 1]),
                                    .signer = is_signer ? g->signer[place].signer : g->device[place].signer,
                                    .produced_at = NOW,
                                    .this_update = NOW,
                                    .next_update = NOW + DAY};
    }
}

static void words_list(void)
{
    for (size_t i = 0; i < WORDS; i++) {
        struct x509 certificate;
        struct x509 issuer;
        struct nvgpu_certificate_id id;
        char serial[ENCODING_HEX_SIZE(NVGPU_SERIAL_MAX)];
        char name[ENCODING_HEX_SIZE(CRYPTO_SHA256_SIZE)];
        char key[ENCODING_HEX_SIZE(CRYPTO_SHA256_SIZE)];
        must(x509_parse(words[i].certificate, &certificate, NULL));
        must(x509_parse(words[i].issuer, &issuer, NULL));
        must(nvgpu_certificate_id_of(&certificate, &issuer, &id));
        encoding_hex(bytes_of(id.serial, id.serial_len), serial);
        encoding_hex(bytes_of(id.name_digest, sizeof id.name_digest), name);
        encoding_hex(bytes_of(id.key_digest, sizeof id.key_digest), key);
        (void)printf("%zu %s %s %s\n", i, serial, name, key);
    }
    (void)fflush(stdout);
}

struct change {
    struct simulated_ocsp word;
    struct simulated_nv_certificate responder;
    const struct crypto_private_key *responder_signer;
    bool with_responder;
};

static void good(struct change *c)
{
    (void)c;
}
static void revoked(struct change *c)
{
    c->word.status = SIMULATED_OCSP_REVOKED;
    c->word.reason = 1;
}
static void hold(struct change *c)
{
    c->word.status = SIMULATED_OCSP_REVOKED;
    c->word.reason = 6;
}
static void unknown(struct change *c)
{
    c->word.status = SIMULATED_OCSP_UNKNOWN;
}
static void expired(struct change *c)
{
    c->word.this_update -= 2 * (int64_t)DAY;
    c->word.produced_at = c->word.this_update;
    c->word.next_update = NOW - 1;
}
static void endless(struct change *c)
{
    c->word.next_update = 0;
}
static void longer(struct change *c)
{
    c->word.next_update += 30 * (int64_t)DAY;
}
/* By the clock of this machine, for programs that have no other: in the first half of its time, and in the second. */
static void around(struct change *c, int64_t begun)
{
    c->word.this_update = c->word.produced_at = (int64_t)time(NULL) - begun;
    c->word.next_update = c->word.this_update + DAY;
}
static void young(struct change *c)
{
    around(c, DAY / 4);
}
static void old(struct change *c)
{
    around(c, DAY * 3 / 4);
}
static void forged(struct change *c) /* by a key that nobody appointed */
{
    c->word.signer = gpu[1]->device_keys[0];
}
static void unappointed(struct change *c)
{
    c->responder_signer = gpu[1]->device_keys[0];
}
static void no_responder(struct change *c) /* a certificate that is not for signing responses */
{
    c->responder.ocsp_signing = false;
}
static void past_responder(struct change *c)
{
    c->responder.not_after = NOW - 1;
}
static void by_issuer(struct change *c)
{
    c->with_responder = false;
    c->word.signer = c->responder_signer;
}
static void error(struct change *c)
{
    c->word.error = 6; /* unauthorized */
}
static void sha384(struct change *c)
{
    c->word.sha256 = false;
}

static const struct {
    const char *name;
    void (*make)(struct change *c);
} changes[] = {
    {"good", good},
    {"revoked", revoked},
    {"hold", hold},
    {"unknown", unknown},
    {"expired", expired},
    {"endless", endless},
    {"longer", longer},
    {"young", young},
    {"old", old},
    {"forged", forged},
    {"unappointed", unappointed},
    {"no-responder", no_responder},
    {"past-responder", past_responder},
    {"by-issuer", by_issuer},
    {"error", error},
    {"sha384", sha384},
};

static void answer(size_t i, struct bytes nonce, const char *change)
{
    static struct simulated_nv_der responder;
    static uint8_t der[SIMULATED_OCSP_MAX];
    static char hex[ENCODING_HEX_SIZE(SIMULATED_OCSP_MAX)];
    struct x509 issuer;
    char issuer_cn[64] = "";
    size_t len = 0;
    struct change c = {.word = words[i], .responder_signer = words[i].signer};
    must(x509_parse(words[i].issuer, &issuer, NULL));
    (void)snprintf(issuer_cn, sizeof issuer_cn, "%.*s", (int)issuer.subject_cn.len,
                   (const char *)issuer.subject_cn.ptr);
    c.word.nonce = nonce;
    c.word.sha256 = true;
    c.word.signer = responder_key;
    c.with_responder = true;
    c.responder = (struct simulated_nv_certificate){.issuer_cn = issuer_cn,
                                                    .subject_cn = "OCSP Responder",
                                                    .serial = 0x7000 + i,
                                                    .not_before = NOW - DAY,
                                                    .not_after = NOW + 60 * (int64_t)DAY,
                                                    .path_length = SIMULATED_NV_NO_LIMIT,
                                                    .key_usage = X509_USAGE_DIGITAL_SIGNATURE,
                                                    .ocsp_signing = true,
                                                    .key = responder_key};
    bool known = false;
    for (size_t n = 0; n < sizeof changes / sizeof *changes; n++)
        if (strcmp(changes[n].name, change) == 0) {
            changes[n].make(&c);
            known = true;
        }
    must(known ? ERR_OK : ERR_UNKNOWN);
    c.responder.signer = c.responder_signer;
    must(simulated_nv_certificate_sign(&c.responder, &responder));
    if (c.with_responder)
        c.word.responder = der_of(&responder);
    must(simulated_ocsp_sign(&c.word, der, sizeof der, &len));
    encoding_hex(bytes_of(der, len), hex);
    (void)puts(hex);
    (void)fflush(stdout);
}

static void answer_all(void)
{
    static char line[512];
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t i = 0;
        char nonce_text[256] = "";
        char change[32] = "";
        uint8_t nonce[128];
        size_t len = 0;
        if (sscanf(line, "%zu %255s %31s", &i, nonce_text, change) != 3 || i >= WORDS) // NOLINT(cert-err34-c)
            must(ERR_VALUE);
        if (strcmp(nonce_text, "-") != 0) {
            len = strlen(nonce_text) / 2;
            must(len <= sizeof nonce ? encoding_unhex(bytes_str(nonce_text), nonce, len) : ERR_TOO_LARGE);
        }
        answer(i, bytes_of(nonce, len), change);
    }
}

int main(void)
{
    uint8_t nonce[NVGPU_NONCE_SIZE];
    struct bytes reports[GPUS];
    memset(nonce, 0xd0, sizeof nonce);
    must(crypto_init());
    must(crypto_private_key_new(CRYPTO_KEY_P384, 0, &responder_key));
    for (size_t i = 0; i < GPUS; i++)
        must(simulated_gpu_new(SIMULATED_HOPPER, NOW, &gpu[i]));
    simulated_gpu_adopt(gpu[1], gpu[0]);
    must(simulated_gpu_build(gpu[1]));
    rims_put();
    roots_put();
    reports_put(nonce, reports);
    odd_report_put(nonce);
    bundle_put(reports);
    words_make();
    words_list();
    answer_all();
    crypto_private_key_free(responder_key);
    simulated_gpu_free(gpu[1]);
    simulated_gpu_free(gpu[0]);
    return 0;
}
