/* SPDX-License-Identifier: Apache-2.0 */

/* A file that is said to be collateral, in any of the forms that are recognised. */

#include <stdlib.h>

#include "attest/collateral.h"
#include "base/strict_json.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    strict_json_init();
    return 0;
}

static bool is_same(const struct tdx_collateral *a, const struct tdx_collateral *b)
{
    return bytes_equal(a->tcb_info.body, b->tcb_info.body) &&
           bytes_equal(a->qe_identity.body, b->qe_identity.body) &&
           bytes_equal(a->tcb_info_issuer.signer, b->tcb_info_issuer.signer) &&
           bytes_equal(a->tcb_info_issuer.root, b->tcb_info_issuer.root) &&
           bytes_equal(a->qe_identity_issuer.signer, b->qe_identity_issuer.signer) &&
           bytes_equal(a->qe_identity_issuer.root, b->qe_identity_issuer.root) &&
           bytes_equal(a->root_crl, b->root_crl) && bytes_equal(a->pck_crl, b->pck_crl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct collateral c;
    struct err_note note;
    collateral_init(&c);
    if (collateral_add(&c, bytes_of(data, size), &note) == ERR_OK) {
        const struct tdx_collateral first = c.tdx;
        const bool has_more =
            first.tcb_info.body.len + first.qe_identity.body.len + first.root_crl.len + first.pck_crl.len !=
            0;
        /* Only chains may come again, and nothing is replaced. */
        if (collateral_add(&c, bytes_of(data, size), &note) == ERR_OK && has_more)
            abort();
        if (!is_same(&first, &c.tdx))
            abort();
    }
    collateral_release(&c);
    return 0;
}
