/* SPDX-License-Identifier: Apache-2.0 */

/* An answer "Enclave Identity": the envelope, then the document in it; the newest enclave reaches the first level. */

#include <stdlib.h>

#include "attest/qe_identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intel_document document;
    struct err_note note;
    struct qe_identity identity;
    if (intel_document_parse(bytes_of(data, size), "enclaveIdentity", &document, &note) != ERR_OK)
        return 0;
    if (qe_identity_parse(document.body, &identity, &note) == ERR_OK &&
        isv_levels_match(&identity.levels, UINT16_MAX) != &identity.levels.level[0])
        abort();
    qe_identity_release(&identity);
    return 0;
}
