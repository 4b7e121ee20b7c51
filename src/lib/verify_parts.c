/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence that comes as separate parts (attest/appraise_parts.h). */
#include "attest/appraise_parts.h"
#include "attest/evidence_file.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_EVIDENCE_SIZE_MAX == (int)EVIDENCE_FILE_MAX,
               "the limits are the same on both sides");

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
    enum err e = lib_init();
    if (e != ERR_OK)
        return e;
    struct enclume_verdict *made = secret_alloc(sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < count; i++)
        files[i] = bytes_of(endorsements[i].bytes, endorsements[i].size);
    const struct appraise_parts parts = {.evidence = bytes_of(evidence.bytes, evidence.size),
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
