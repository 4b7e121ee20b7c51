/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that comes as separate parts (attest/appraise_parts.h). */
#include "attest/appraise_parts.h"
#include "attest/evidence_file.h"
#include "attest/tpm_quote.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_EVIDENCE_SIZE_MAX == (int)EVIDENCE_FILE_MAX,
               "the limits are the same on both sides");
_Static_assert((int)ENCLUME_NONCE_SIZE_MAX == (int)TPM_NONCE_MAX, "the limits are the same on both sides");

typedef void appraise_function(const struct appraise_parts *parts, const struct attest_policy *policy,
                               int64_t now, struct verdict *v);

static bool is_range(const struct enclume_bytes *b)
{
    return b->bytes != NULL || b->size == 0;
}

static bool are_ranges(const struct enclume_bytes *list, size_t count)
{
    if (count > ENCLUME_FILES_MAX || (list == NULL && count != 0))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_range(&list[i]))
            return false;
    return true;
}

static struct bytes range(struct enclume_bytes b)
{
    return bytes_of(b.bytes, b.size);
}

static int verdict_new(struct enclume_verdict **made)
{
    enum err e = lib_init();
    if (e != ERR_OK)
        return e;
    *made = secret_alloc(sizeof **made);
    return *made == NULL ? ERR_MEMORY : ERR_OK;
}

static int verify(appraise_function *appraise, struct enclume_bytes evidence,
                  const struct enclume_bytes *endorsements, size_t count, const uint8_t *report_data,
                  unsigned flags, const struct enclume_policy *policy, int64_t now,
                  struct enclume_verdict **verdict)
{
    struct bytes files[ENCLUME_FILES_MAX];
    const bool any = (flags & ENCLUME_ANY_REPORT_DATA) != 0;
    if (verdict == NULL)
        return ERR_USAGE;
    *verdict = NULL;
    if (policy == NULL || !is_range(&evidence) || !are_ranges(endorsements, count) ||
        (flags & ~(unsigned)ENCLUME_ANY_REPORT_DATA) != 0 || (any && report_data != NULL))
        return ERR_USAGE;
    struct enclume_verdict *made = NULL;
    int e = verdict_new(&made);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < count; i++)
        files[i] = range(endorsements[i]);
    const struct appraise_parts parts = {.evidence = range(evidence),
                                         .endorsements = files,
                                         .endorsement_count = count,
                                         .report_data = report_data,
                                         .any_report_data = any};
    appraise(&parts, &policy->document->policy, now, &made->v);
    *verdict = made;
    return made->v.accepted ? ERR_OK : ERR_REFUSED;
}

int enclume_verify_snp(struct enclume_bytes report, const struct enclume_bytes *endorsements, size_t count,
                       const uint8_t *report_data, unsigned flags, const struct enclume_policy *policy,
                       int64_t now, struct enclume_verdict **verdict)
{
    return verify(appraise_snp_parts, report, endorsements, count, report_data, flags, policy, now, verdict);
}

int enclume_verify_tdx(struct enclume_bytes quote, const struct enclume_bytes *endorsements, size_t count,
                       const uint8_t *report_data, unsigned flags, const struct enclume_policy *policy,
                       int64_t now, struct enclume_verdict **verdict)
{
    return verify(appraise_tdx_parts, quote, endorsements, count, report_data, flags, policy, now, verdict);
}

static bool are_vtpm_ranges(const struct enclume_vtpm *t)
{
    return is_range(&t->hcl_report) && is_range(&t->quote) && is_range(&t->signature) &&
           is_range(&t->pcr_values) && is_range(&t->event_log) && is_range(&t->td_quote) &&
           are_ranges(t->ak_certificates, t->ak_certificate_count);
}

int enclume_verify_vtpm(const struct enclume_vtpm *evidence, const struct enclume_bytes *endorsements,
                        size_t count, struct enclume_bytes nonce, unsigned flags,
                        const struct enclume_policy *policy, int64_t now, struct enclume_verdict **verdict)
{
    struct bytes files[ENCLUME_FILES_MAX];
    struct bytes certificates[ENCLUME_FILES_MAX];
    const bool any = (flags & ENCLUME_ANY_NONCE) != 0;
    if (verdict == NULL)
        return ERR_USAGE;
    *verdict = NULL;
    if (policy == NULL || evidence == NULL || !are_vtpm_ranges(evidence) ||
        !are_ranges(endorsements, count) || !is_range(&nonce) || nonce.size > ENCLUME_NONCE_SIZE_MAX ||
        (flags & ~(unsigned)ENCLUME_ANY_NONCE) != 0 || (any && nonce.size != 0))
        return ERR_USAGE;
    struct enclume_verdict *made = NULL;
    int e = verdict_new(&made);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < count; i++)
        files[i] = range(endorsements[i]);
    for (size_t i = 0; i < evidence->ak_certificate_count; i++)
        certificates[i] = range(evidence->ak_certificates[i]);
    const struct appraise_vtpm_parts parts = {.hardware = {.evidence = range(evidence->td_quote),
                                                           .endorsements = files,
                                                           .endorsement_count = count},
                                              .hcl_report = range(evidence->hcl_report),
                                              .quote = range(evidence->quote),
                                              .signature = range(evidence->signature),
                                              .pcr_values = range(evidence->pcr_values),
                                              .event_log = range(evidence->event_log),
                                              .ak_certificates = certificates,
                                              .ak_certificate_count = evidence->ak_certificate_count,
                                              .nonce = range(nonce),
                                              .any_nonce = any};
    appraise_vtpm_parts(&parts, &policy->document->policy, now, &made->v);
    *verdict = made;
    return made->v.accepted ? ERR_OK : ERR_REFUSED;
}
