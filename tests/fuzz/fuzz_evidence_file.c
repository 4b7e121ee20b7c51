/* SPDX-License-Identifier: Apache-2.0 */

/* A file that is said to be evidence: what is found in it lies inside it, and an empty policy never accepts it, whatever it brings along. */

#include <stdlib.h>

#include "attest/appraise_gpu.h"
#include "attest/appraise_parts.h"
#include "attest/evidence_file.h"
#include "crypto/crypto.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init() != ERR_OK)
        abort();
    return 0;
}

static void must_be_inside(struct bytes outer, struct bytes inner)
{
    if (inner.len != 0 && (inner.ptr < outer.ptr || inner.len > outer.len - (size_t)(inner.ptr - outer.ptr)))
        abort();
}

static void must_be_refused(const struct verdict *v)
{
    if (v->accepted || v->count == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct attest_policy policy;
    static struct verdict v;
    const struct bytes file = bytes_of(data, size);
    const struct appraise_parts parts = {
        .evidence = file, .endorsements = &file, .endorsement_count = 1, .any_report_data = true};
    struct evidence_file f;
    struct evidence_snp snp;
    struct evidence_rim rim;
    const struct appraise_gpu_list list = {&file, 1, NULL};
    const struct appraise_gpu_files gpu = {
        .reports = list, .certificates = list, .rims = list, .ocsp = list, .any_nonce = true};
    if (evidence_file_open(file, &f, NULL) == ERR_OK) {
        evidence_snp_find(f.content, &snp);
        must_be_inside(f.content, snp.report);
        must_be_inside(f.content, snp.certificates);
        must_be_inside(f.content, evidence_tdx_find(f.content));
        if (evidence_rim_open(f.content, &rim, NULL) == ERR_OK) {
            must_be_inside(rim.storage == NULL ? f.content : bytes_of(rim.storage, f.content.len),
                           rim.document);
            evidence_rim_release(&rim);
        }
        (void)evidence_kind_name(evidence_file_kind(f.content));
        evidence_file_release(&f);
    }
    attest_policy_default(&policy);
    appraise_snp_parts(&parts, &policy, 0, &v);
    must_be_refused(&v);
    appraise_tdx_parts(&parts, &policy, 0, &v);
    must_be_refused(&v);
    appraise_gpu_parts(&gpu, &policy.gpu, 0, &v);
    must_be_refused(&v);
    return 0;
}
