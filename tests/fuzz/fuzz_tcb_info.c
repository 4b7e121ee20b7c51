/* SPDX-License-Identifier: Apache-2.0 */

/* An answer "TCB Info": the envelope, then the document in it, then the level that a platform with everything reaches, which is one that was read. */

#include <stdlib.h>

#include "attest/tdx_tcb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct intel_document document;
    struct err_note note;
    static struct tcb_info info;
    struct pck pck = {.pce_svn = UINT16_MAX};
    uint8_t svn[TDX_SVN_SIZE];
    memset(pck.component, UINT8_MAX, sizeof pck.component);
    memset(svn, UINT8_MAX, sizeof svn);
    if (intel_document_parse(bytes_of(data, size), "tcbInfo", &document, &note) != ERR_OK)
        return 0;
    if (tcb_info_parse(document.body, &info, &note) == ERR_OK) {
        if (tdx_platform_level(&info, &pck, svn) != &info.levels[0])
            abort();
        svn[TDX_SVN_MODULE_VERSION] = 1;
        (void)tdx_status(&info, &pck, svn, TCB_UP_TO_DATE);
    }
    tcb_info_release(&info);
    return 0;
}
