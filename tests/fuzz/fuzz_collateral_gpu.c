/* SPDX-License-Identifier: Apache-2.0 */

/* A GPU's endorsements from a stranger, held against a GPU of ours: byte 0, modulo 3, says what comes: 0 a document of reference values, 1 the answer of a RIM
 * service with one, 2 an OCSP response. Nothing that was not signed by our made-up maker is taken. */

#include <stdlib.h>

#include "attest/evidence_file.h"
#include "attest/nvgpu_names.h"
#include "crypto/crypto.h"
#include "evidence/collateral_gpu.h"
#include "evidence/collateral_wanted.h"
#include "evidence/simulated_gpu.h"

enum { NOW = 1767225600 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct simulated_gpu *gpu;
static uint8_t report[SIMULATED_GPU_REPORT_MAX];
static struct collateral_subject subject;
static struct collateral_key rim;
static struct collateral_key word;

static void begin(void)
{
    static const uint8_t nonce[NVGPU_NONCE_SIZE];
    char rims[NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE];
    struct nvgpu_certificate_ids ids;
    size_t len = 0;
    if (crypto_init() != ERR_OK || simulated_gpu_new(SIMULATED_HOPPER, NOW, &gpu) != ERR_OK ||
        simulated_gpu_answer(gpu, nonce, report, sizeof report, &len) != ERR_OK)
        abort();
    const struct simulated_nv_der *root = &gpu->signer_der[SIMULATED_RIM_CHAIN - 1];
    subject = (struct collateral_subject){.gpu = {bytes_of(report, len), bytes_of(gpu->pem, gpu->pem_len)},
                                          .roots.rim = bytes_of(root->der, root->len)};
    if (nvgpu_names_of_gpu(subject.gpu.report, subject.gpu.certificates, rims, &ids, NULL) != ERR_OK ||
        collateral_rim_key(rims[0], &rim, NULL) != ERR_OK)
        abort();
    collateral_ocsp_key(&ids.at[0], &word);
}

static void refused(const struct collateral_key *key, struct bytes document)
{
    struct err_note note;
    int64_t expires = INT64_MAX;
    if (collateral_check(key, &subject, document, NOW, &expires, &note) == ERR_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_rim answer;
    if (gpu == NULL)
        begin();
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    if (data[0] % 3 == 0) {
        refused(&rim, rest);
    } else if (data[0] % 3 == 2) {
        refused(&word, rest);
    } else if (evidence_rim_open(rest, &answer, NULL) == ERR_OK) {
        refused(&rim, answer.document);
        evidence_rim_release(&answer);
    }
    return 0;
}
