/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Evidence from a real chip: what one of the kernel's interfaces gives (report_device.h), held against what was asked, together with the endorsements
 * that a client needs. The kernel is measured, but what it hands on came from the host in part: so a report of the wrong size or over other data is refused
 * here, where it can be said what is wrong, and not only by every client.
 */
#include <stdlib.h>

#include "attest/certificate_table.h"
#include "evidence/collateral_wanted.h"
#include "evidence/evidence.h"
#include "evidence/report_device.h"

enum { SNP_CERTIFICATE_COUNT = 3 };

struct kernel_source {
    struct evidence_source base; /* first: the two share their address */
    const struct kernel *kernel;
    struct report_device *device;
    struct collateral_cache *collateral; /* the caller's; NULL: none */
};

/* What is given out, in one block: release with free. */
struct kernel_evidence {
    struct report_answer answer;
    uint8_t certificates[COLLATERAL_DOCUMENT_MAX];
    uint8_t crl[COLLATERAL_DOCUMENT_MAX]; /* SNP: the list; TDX: unused */
};

static void add(struct evidence *out, const char *media_type, struct bytes value)
{
    out->endorsements[out->endorsement_count++] = (struct bundle_item){media_type, value};
}

/* A document of the cache, copied, because the cache is free to change. */
static enum err collateral_get(const struct kernel_source *s, const struct collateral_key *key,
                               const struct collateral_subject *subject,
                               uint8_t room[static COLLATERAL_DOCUMENT_MAX], struct bytes *document,
                               struct err_note *note)
{
    struct bytes held;
    enum err e = collateral_cache_get(s->collateral, key, subject, s->kernel->now(s->kernel), &held, note);
    if (e != ERR_OK)
        return e;
    memcpy(room, held.ptr, held.len);
    *document = bytes_of(room, held.len);
    return ERR_OK;
}

/* ---- SEV-SNP ---- */

/* The three certificates, from the host's table or else from the cache. */
static enum err snp_certificates_get(const struct kernel_source *s, const struct collateral_key *key,
                                     struct kernel_evidence *k, struct certificate_table *table,
                                     struct collateral_subject *subject, struct err_note *note)
{
    struct bytes document;
    struct bytes *vek = key->vlek ? &table->vlek : &table->vcek;
    enum err e = certificate_table_parse(bytes_of(k->answer.table, k->answer.table_len), table);
    bool complete = e == ERR_OK && vek->len > 0 && table->ask.len > 0 && table->ark.len > 0;
    if (!complete && s->collateral == NULL)
        return err_noted(
            ERR_EVIDENCE, note,
            "the host gives no certificates for the chip's key with the report; let it, or name a place "
            "to get them from with --collateral");
    if (!complete) {
        struct bytes crl = table->crl;
        e = collateral_get(s, key, subject, k->certificates, &document, note);
        if (e == ERR_OK)
            e = certificate_table_parse(document, table);
        if (e != ERR_OK)
            return e;
        table->crl = crl;
    }
    subject->snp.vek = *vek;
    subject->snp.ask = table->ask;
    subject->snp.ark = table->ark;
    return ERR_OK;
}

/* From the host's table, or else from the cache. Without either the client has to decide whether it goes without. */
static enum err snp_crl_get(const struct kernel_source *s, struct collateral_key *key,
                            struct kernel_evidence *k, const struct certificate_table *table,
                            const struct collateral_subject *subject, struct bytes *crl,
                            struct err_note *note)
{
    *crl = table->crl;
    if (crl->len > 0 || s->collateral == NULL)
        return ERR_OK;
    collateral_snp_product_of_root(table->ark, key);
    return collateral_get(s, key, subject, k->crl, crl, note);
}

static enum err snp_evidence_make(const struct kernel_source *s,
                                  const uint8_t report_data[static REPORT_DATA_SIZE],
                                  struct kernel_evidence *k, struct evidence *out, struct err_note *note)
{
    struct snp_report report;
    struct certificate_table table;
    struct collateral_key certificates_key;
    struct collateral_key crl_key;
    struct bytes crl = {0};
    struct bytes bytes = bytes_of(k->answer.report, k->answer.report_len);
    struct collateral_subject subject = {.snp = {.report = bytes}};
    enum err e = ERR_OK;
    if (bytes.len != SNP_REPORT_SIZE)
        return err_noted(ERR_EVIDENCE, note, "an SNP report of %zu bytes, wanted %d", bytes.len,
                         SNP_REPORT_SIZE);
    if (snp_report_parse(bytes, &report, note) != ERR_OK)
        return ERR_EVIDENCE;
    if (memcmp(report.report_data, report_data, REPORT_DATA_SIZE) != 0)
        return err_noted(ERR_EVIDENCE, note, "the SNP report covers other data than it was asked to");
    collateral_snp_keys(&report, &certificates_key, &crl_key);
    e = snp_certificates_get(s, &certificates_key, k, &table, &subject, note);
    if (e == ERR_OK)
        e = snp_crl_get(s, &crl_key, k, &table, &subject, &crl, note);
    if (e != ERR_OK)
        return e;
    out->report = (struct bundle_item){BUNDLE_SNP_REPORT, bytes};
    add(out, BUNDLE_CERTIFICATE, subject.snp.vek);
    add(out, BUNDLE_CERTIFICATE, subject.snp.ask);
    add(out, BUNDLE_CERTIFICATE, subject.snp.ark);
    if (crl.len > 0)
        add(out, BUNDLE_CRL, crl);
    return ERR_OK;
}

/* ---- TDX ---- */

static enum err tdx_evidence_make(const struct kernel_source *s,
                                  const uint8_t report_data[static REPORT_DATA_SIZE],
                                  struct kernel_evidence *k, struct evidence *out, struct err_note *note)
{
    struct tdx_quote quote;
    struct collateral_key key;
    struct bytes document;
    struct bytes bytes = bytes_of(k->answer.report, k->answer.report_len);
    const struct collateral_subject subject = {.quote = bytes};
    if (tdx_quote_parse(bytes, &quote, note) != ERR_OK)
        return ERR_EVIDENCE;
    if (memcmp(quote.body.report_data, report_data, REPORT_DATA_SIZE) != 0)
        return err_noted(ERR_EVIDENCE, note, "the TD quote covers other data than it was asked to");
    if (s->collateral == NULL)
        return err_noted(
            ERR_EVIDENCE, note,
            "a TD quote needs Intel's collateral with it; name a place to get it from with --collateral");
    if (collateral_tdx_key(&quote, &key, note) != ERR_OK)
        return ERR_EVIDENCE;
    enum err e = collateral_get(s, &key, &subject, k->certificates, &document, note);
    if (e != ERR_OK)
        return e;
    out->report = (struct bundle_item){BUNDLE_TDX_QUOTE, bytes};
    add(out, BUNDLE_TDX_COLLATERAL, document);
    return ERR_OK;
}

/* ---- the source ---- */

static const struct {
    const char *platform;
    enum err (*make)(const struct kernel_source *, const uint8_t *, struct kernel_evidence *,
                     struct evidence *, struct err_note *);
} kinds[] = {
    [REPORT_SNP] = {BUNDLE_PLATFORM_SNP, snp_evidence_make},
    [REPORT_TDX] = {BUNDLE_PLATFORM_TDX, tdx_evidence_make},
};

static enum err kernel_report(struct evidence_source *self,
                              const uint8_t report_data[static REPORT_DATA_SIZE], struct evidence *out,
                              struct err_note *note)
{
    struct kernel_source *s = (struct kernel_source *)self;
    memset(out, 0, sizeof *out);
    struct kernel_evidence *k = malloc(sizeof *k);
    if (k == NULL)
        return ERR_MEMORY;
    enum err e = s->device->ask(s->device, report_data, &k->answer, note);
    if (e == ERR_OK && strcmp(kinds[k->answer.kind].platform, s->base.platform) != 0)
        e = err_noted(ERR_EVIDENCE, note, "%s: a report of another platform than at the start",
                      s->device->name);
    if (e == ERR_OK)
        e = kinds[k->answer.kind].make(s, report_data, k, out, note);
    if (e == ERR_OK) {
        out->storage = k;
        return ERR_OK;
    }
    memset(out, 0, sizeof *out);
    free(k);
    return e;
}

static void kernel_close(struct evidence_source *self)
{
    struct kernel_source *s = (struct kernel_source *)self;
    s->device->close(s->device);
    free(s);
}

/* A report over zeros, to see which platform it is and that the chip answers. What it is worth, the first real one shows. */
static enum err platform_of(struct report_device *device, const char **platform, struct err_note *note)
{
    const uint8_t report_data[REPORT_DATA_SIZE] = {0};
    struct report_answer *answer = malloc(sizeof *answer);
    if (answer == NULL)
        return ERR_MEMORY;
    enum err e = device->ask(device, report_data, answer, note);
    if (e == ERR_OK)
        *platform = kinds[answer->kind].platform;
    free(answer);
    return e;
}

static enum err source_over(const struct kernel *kernel, struct report_device *device,
                            struct collateral_cache *collateral, struct evidence_source **out,
                            struct err_note *note)
{
    const char *platform = NULL;
    enum err e = platform_of(device, &platform, note);
    struct kernel_source *s = e == ERR_OK ? malloc(sizeof *s) : NULL;
    if (s == NULL) {
        device->close(device);
        return e == ERR_OK ? ERR_MEMORY : e;
    }
    *s = (struct kernel_source){
        .base = {.platform = platform, .report = kernel_report, .close = kernel_close},
        .kernel = kernel,
        .device = device,
        .collateral = collateral,
    };
    *out = &s->base;
    return ERR_OK;
}

/* In the order in which "auto" tries them. */
static const struct {
    const char *name;
    enum err (*open)(const struct kernel *, struct report_device **, struct err_note *);
} devices[] = {
    {"tsm", report_tsm_open},
    {"sev-guest", report_sev_guest_open},
    {"tdx-guest", report_tdx_guest_open},
};

enum { DEVICE_COUNT = sizeof devices / sizeof *devices };

/* One after the other, each to the end: a device that is there and does not answer is passed over as well. Of all that went wrong, what the first of those
 * that are there said is what helps. */
static enum err open_any(const struct kernel *kernel, struct collateral_cache *collateral,
                         struct evidence_source **source, struct err_note *note)
{
    bool said = false;
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        struct report_device *device;
        struct err_note why = {{0}};
        enum err e = devices[i].open(kernel, &device, &why);
        if (e == ERR_OK)
            e = source_over(kernel, device, collateral, source, &why);
        if (e == ERR_OK || e == ERR_MEMORY)
            return e;
        if (e != ERR_FILE && !said && note != NULL) {
            *note = why;
            said = true;
        }
    }
    return said ? ERR_EVIDENCE
                : err_noted(
                      ERR_EVIDENCE, note,
                      "there is neither /sys/kernel/config/tsm/report (Linux 6.7, module tsm, configfs) nor "
                      "/dev/sev-guest nor /dev/tdx_guest (modules sev-guest, tdx-guest): this is no SEV-SNP "
                      "or "
                      "TDX machine, or its kernel lacks them");
}

enum err evidence_kernel_open(const struct kernel *kernel, const char *name,
                              struct collateral_cache *collateral, struct evidence_source **source,
                              struct err_note *note)
{
    *source = NULL;
    if (strcmp(name, "auto") == 0)
        return open_any(kernel, collateral, source, note);
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        struct report_device *device;
        if (strcmp(name, devices[i].name) != 0)
            continue;
        enum err e = devices[i].open(kernel, &device, note);
        if (e == ERR_OK)
            e = source_over(kernel, device, collateral, source, note);
        return e == ERR_FILE ? ERR_EVIDENCE : e;
    }
    return err_noted(
        ERR_USAGE, note,
        "--evidence %s: there is no such source; known: tsm, sev-guest, tdx-guest, auto, simulated", name);
}
