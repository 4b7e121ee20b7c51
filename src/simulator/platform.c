/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/platform.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/certificate_table.h"
#include "base/file.h"
#include "base/secret.h"

enum {
    REPORT_VERSION = 3,
    SIGNATURE_ALGORITHM_P384_SHA384 = 1,
    ABI_MAJOR = 1,
    ABI_MINOR = 55,
    BUILD = 29,
    POLICY_ABI_MINOR = 0, /* bits 7:0 of the guest policy: any firmware */
    SIGNATURE_HALF = 48,
    PATH_SIZE = 4096,
};

/* PLATFORM_INFO (document 56860, table "PLATFORM_INFO field") of a server as it should be: SMT, ECC, RAPL_DIS, ALIAS_CHECK_COMPLETE. */
enum {
    PLATFORM_SMT = 1U << 0,
    PLATFORM_ECC = 1U << 2,
    PLATFORM_RAPL_DIS = 1U << 3,
    PLATFORM_ALIAS_CHECK_COMPLETE = 1U << 5
};

static const char product[] = "Genoa";

/* ---- the chain ---- */

static enum err chain_load(struct platform *p, const char *path, struct err_note *note)
{
    struct bytes text;
    enum err e = file_read(path, SIMULATED_CHAIN_TEXT_MAX, &text, note);
    if (e != ERR_OK)
        return e;
    e = simulated_chain_read(text, &p->chain);
    secret_free((void *)text.ptr);
    return e == ERR_OK ? e : err_noted(e, note, "%s: not a chain that this program kept", path);
}

static enum err chain_keep(const struct platform *p, const char *path, struct err_note *note)
{
    size_t len;
    char *text = secret_alloc(SIMULATED_CHAIN_TEXT_MAX);
    if (text == NULL)
        return ERR_MEMORY;
    enum err e = simulated_chain_write(p->chain, text, SIMULATED_CHAIN_TEXT_MAX, &len);
    if (e == ERR_OK)
        e = file_write(path, bytes_of(text, len), note);
    secret_free(text);
    return e;
}

static enum err chain_open(struct platform *p, const char *directory, int64_t now, struct err_note *note)
{
    char path[PATH_SIZE];
    if (directory == NULL)
        return simulated_chain_new(product, now, &p->chain);
    if (snprintf(path, sizeof path, "%s/chain.pem", directory) >= (int)sizeof path)
        return err_noted(ERR_FILE, note, "%s: the path is too long", directory);
    if (access(path, F_OK) == 0)
        return chain_load(p, path, note);
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return err_noted(ERR_FILE, note, "%s: %s", directory, strerror(errno));
    enum err e = simulated_chain_new(product, now, &p->chain);
    return e == ERR_OK ? chain_keep(p, path, note) : e;
}

enum err platform_open(struct platform *p, const char *directory, int64_t now, struct err_note *note)
{
    memset(p, 0, sizeof *p);
    p->policy = POLICY_ABI_MINOR | 1ULL << SNP_POLICY_SMT | 1ULL << SNP_POLICY_RESERVED_ONE;
    enum err e = crypto_random(p->report_id, sizeof p->report_id);
    if (e == ERR_OK)
        e = chain_open(p, directory, now, note);
    if (e == ERR_OK)
        e = simulated_chain_list(p->chain, now);
    if (e != ERR_OK)
        platform_close(p);
    return e;
}

void platform_close(struct platform *p)
{
    simulated_chain_free(p->chain);
    p->chain = NULL;
}

/* ---- reports ---- */

static void version_set(uint8_t version[static 3])
{
    version[0] = BUILD;
    version[1] = ABI_MINOR;
    version[2] = ABI_MAJOR;
}

void platform_report_fields(const struct platform *p, const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                            struct snp_report *report)
{
    *report = (struct snp_report){
        .version = REPORT_VERSION,
        .policy = p->policy,
        .signature_algorithm = SIGNATURE_ALGORITHM_P384_SHA384,
        .platform_info = PLATFORM_SMT | PLATFORM_ECC | PLATFORM_RAPL_DIS | PLATFORM_ALIAS_CHECK_COMPLETE,
        .current_tcb = p->chain->tcb,
        .reported_tcb = p->chain->tcb,
        .committed_tcb = p->chain->tcb,
        .launch_tcb = p->chain->tcb,
        .cpuid_family = p->chain->cpuid_family,
        .cpuid_model = p->chain->cpuid_model,
        .cpuid_stepping = p->chain->cpuid_stepping,
    };
    memcpy(report->report_data, report_data, sizeof report->report_data);
    memcpy(report->measurement, p->measurement, sizeof report->measurement);
    memcpy(report->report_id, p->report_id, sizeof report->report_id);
    memset(report->report_id_ma, 0xff, sizeof report->report_id_ma); /* no migration agent */
    memcpy(report->chip_id, p->chain->chip_id, sizeof report->chip_id);
    version_set(report->current_version);
    version_set(report->committed_version);
}

/* Document 56860, table "Signature format for ECDSA P-384": little endian. */
static void reversed(const uint8_t *from, uint8_t *to)
{
    for (size_t i = 0; i < SIGNATURE_HALF; i++)
        to[i] = from[SIGNATURE_HALF - 1 - i];
}

enum err platform_report_sign(const struct platform *p, struct snp_report *report,
                              uint8_t out[static SNP_REPORT_SIZE])
{
    uint8_t rs[2 * SIGNATURE_HALF];
    enum err e = snp_report_write(report, out);
    if (e == ERR_OK)
        e = crypto_ecdsa_sign_raw(p->chain->vcek_key, CRYPTO_SHA384, bytes_of(out, SNP_REPORT_SIGNED_SIZE),
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

enum err platform_frame_of(const struct platform *p, struct bytes report, struct platform_frame *frame)
{
    uint8_t area[SIMULATED_WIRE_TABLE_MAX];
    size_t len;
    const struct certificate_table table = {
        .vcek = der_of(&p->chain->vcek_der),
        .ask = der_of(&p->chain->ask_der),
        .ark = der_of(&p->chain->ark_der),
        .crl = der_of(&p->chain->crl_der),
    };
    enum err e = certificate_table_write(&table, area, sizeof area, &len);
    if (e != ERR_OK)
        return e;
    const struct simulated_answer answer = {.report = report, .table = bytes_of(area, len)};
    frame->len = sizeof frame->bytes;
    return simulated_answer_write(&answer, frame->bytes);
}

enum err platform_answer(const struct platform *p, const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                         struct platform_frame *frame)
{
    struct snp_report fields;
    uint8_t report[SNP_REPORT_SIZE];
    platform_report_fields(p, report_data, &fields);
    enum err e = platform_report_sign(p, &fields, report);
    return e == ERR_OK ? platform_frame_of(p, bytes_of(report, sizeof report), frame) : e;
}
