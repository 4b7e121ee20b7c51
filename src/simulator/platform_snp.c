/* SPDX-License-Identifier: Apache-2.0 */
/* AMD SEV-SNP: reports signed with a VCEK. */
#include <stdlib.h>

#include "attest/certificate_table.h"
#include "base/encoding.h"
#include "evidence/simulated_chain.h"
#include "simulator/keeping.h"
#include "simulator/platform.h"

enum {
    REPORT_VERSION = 3,
    SIGNATURE_ALGORITHM_P384_SHA384 = 1,
    ABI_MAJOR = 1,
    ABI_MINOR = 55,
    BUILD = 29,
    POLICY_ABI_MINOR = 0, /* bits 7:0 of the guest policy: any firmware */
    SIGNATURE_HALF = 48,
};

/* PLATFORM_INFO (document 56860, table "PLATFORM_INFO field") of a server as it should be: SMT, ECC, RAPL_DIS, ALIAS_CHECK_COMPLETE. */
enum {
    PLATFORM_SMT = 1U << 0,
    PLATFORM_ECC = 1U << 2,
    PLATFORM_RAPL_DIS = 1U << 3,
    PLATFORM_ALIAS_CHECK_COMPLETE = 1U << 5
};

static const char product_name[] = "Genoa";

struct snp {
    struct platform base; /* first: the two share their address */
    struct simulated_chain *chain;
    uint64_t policy;       /* guest policy of the launch */
    uint8_t report_id[32]; /* random, one a launch */
};

static const struct snp *snp_of(const struct platform *p)
{
    return (const struct snp *)p;
}

/* ---- the chain ---- */

static enum err chain_make(int64_t now, void **chain)
{
    struct simulated_chain *made;
    enum err e = simulated_chain_new(product_name, now, &made);
    *chain = made;
    return e;
}

static enum err chain_read(struct bytes text, void **chain)
{
    struct simulated_chain *read;
    enum err e = simulated_chain_read(text, &read);
    *chain = read;
    return e;
}

static enum err chain_write(void *chain, char *text, size_t size, size_t *len)
{
    return simulated_chain_write(chain, text, size, len);
}

static void chain_release(void *chain)
{
    simulated_chain_free(chain);
}

static const struct keeping kept = {"chain.pem", chain_make, chain_read, chain_write, chain_release};

static void snp_close(struct platform *p)
{
    struct snp *s = (struct snp *)p;
    simulated_chain_free(s->chain);
    free(s);
}

static enum err snp_open(const char *directory, int64_t now, struct platform **p, struct err_note *note)
{
    void *chain = NULL;
    struct snp *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_MEMORY;
    s->policy = POLICY_ABI_MINOR | 1ULL << SNP_POLICY_SMT | 1ULL << SNP_POLICY_RESERVED_ONE;
    enum err e = crypto_random(s->report_id, sizeof s->report_id);
    if (e == ERR_OK)
        e = keeping_open(&kept, directory, now, &chain, note);
    s->chain = chain;
    if (e == ERR_OK)
        e = simulated_chain_list(s->chain, now);
    if (e == ERR_OK)
        *p = &s->base;
    else
        snp_close(&s->base);
    return e;
}

static const struct simulated_der *snp_root(const struct platform *p)
{
    return &snp_of(p)->chain->ark_der;
}

static void snp_allow_debug(struct platform *p)
{
    ((struct snp *)p)->policy |= 1ULL << SNP_POLICY_DEBUG;
}

static bool snp_allows_debug(const struct platform *p)
{
    return (snp_of(p)->policy >> SNP_POLICY_DEBUG & 1) != 0;
}

static const char *snp_product(const struct platform *p)
{
    return snp_of(p)->chain->product;
}

static void snp_describe(const struct platform *p, json_t *object)
{
    const struct simulated_chain *chain = snp_of(p)->chain;
    char chip[ENCODING_HEX_SIZE(SNP_CHIP_ID_SIZE)];
    encoding_hex(bytes_of(chain->chip_id, sizeof chain->chip_id), chip);
    (void)json_object_set_new(object, "chip_id", json_string(chip));
    (void)json_object_set_new(object, "product", json_string(chain->product));
}

/* ---- reports ---- */

static void version_set(uint8_t version[static 3])
{
    version[0] = BUILD;
    version[1] = ABI_MINOR;
    version[2] = ABI_MAJOR;
}

static void report_fields(const struct snp *s, const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                          struct snp_report *report)
{
    const struct simulated_chain *chain = s->chain;
    *report = (struct snp_report){
        .version = REPORT_VERSION,
        .policy = s->policy,
        .signature_algorithm = SIGNATURE_ALGORITHM_P384_SHA384,
        .platform_info = PLATFORM_SMT | PLATFORM_ECC | PLATFORM_RAPL_DIS | PLATFORM_ALIAS_CHECK_COMPLETE,
        .current_tcb = chain->tcb,
        .reported_tcb = chain->tcb,
        .committed_tcb = chain->tcb,
        .launch_tcb = chain->tcb,
        .cpuid_family = chain->cpuid_family,
        .cpuid_model = chain->cpuid_model,
        .cpuid_stepping = chain->cpuid_stepping,
    };
    memcpy(report->report_data, report_data, sizeof report->report_data);
    memcpy(report->measurement, s->base.launched.at[0].value, sizeof report->measurement);
    memcpy(report->report_id, s->report_id, sizeof report->report_id);
    memset(report->report_id_ma, 0xff, sizeof report->report_id_ma); /* no migration agent */
    memcpy(report->chip_id, chain->chip_id, sizeof report->chip_id);
    version_set(report->current_version);
    version_set(report->committed_version);
}

/* Document 56860, table "Signature format for ECDSA P-384": little endian. */
static void reversed(const uint8_t *from, uint8_t *to)
{
    for (size_t i = 0; i < SIGNATURE_HALF; i++)
        to[i] = from[SIGNATURE_HALF - 1 - i];
}

static enum err report_sign(const struct snp *s, struct snp_report *report,
                            uint8_t out[static SNP_REPORT_SIZE])
{
    uint8_t rs[2 * SIGNATURE_HALF];
    enum err e = snp_report_write(report, out);
    if (e == ERR_OK)
        e = crypto_ecdsa_sign_raw(s->chain->vcek_key, CRYPTO_SHA384, bytes_of(out, SNP_REPORT_SIGNED_SIZE),
                                  rs);
    if (e != ERR_OK)
        return e;
    reversed(rs, report->r);
    reversed(rs + SIGNATURE_HALF, report->s);
    return snp_report_write(report, out);
}

static struct bytes der_of(const struct simulated_der *certificate)
{
    return bytes_of(certificate->der, certificate->len);
}

static enum err snp_evidence(const struct platform *p,
                             const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                             struct writer *evidence, struct writer *endorsements)
{
    const struct snp *s = snp_of(p);
    const struct certificate_table table = {
        .vcek = der_of(&s->chain->vcek_der),
        .ask = der_of(&s->chain->ask_der),
        .ark = der_of(&s->chain->ark_der),
        .crl = der_of(&s->chain->crl_der),
    };
    struct snp_report fields;
    uint8_t report[SNP_REPORT_SIZE];
    report_fields(s, report_data, &fields);
    enum err e = report_sign(s, &fields, report);
    if (e == ERR_OK) {
        writer_bytes(evidence, bytes_of(report, sizeof report));
        e = certificate_table_write(&table, endorsements->start, endorsements->size, &endorsements->used);
    }
    return e;
}

const struct platform_kind platform_snp = {
    .name = "snp",
    .json = "sev-snp",
    .wire = SIMULATED_PLATFORM_SNP,
    .open = snp_open,
    .close = snp_close,
    .root = snp_root,
    .allow_debug = snp_allow_debug,
    .allows_debug = snp_allows_debug,
    .product = snp_product,
    .describe = snp_describe,
    .evidence = snp_evidence,
};
