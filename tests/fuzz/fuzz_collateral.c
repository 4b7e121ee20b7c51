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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct collateral c;
    struct err_note note;
    collateral_init(&c);
    enum err e = collateral_add(&c, bytes_of(data, size), &note);
    const struct tdx_collateral *t = &c.tdx;
    size_t found = t->tcb_info.body.len + t->qe_identity.body.len + t->tcb_info_issuer.signer.len +
                   t->root_crl.len + t->pck_crl.len;
    if (e == ERR_OK && found == 0)
        abort();
    if (e == ERR_OK && collateral_add(&c, bytes_of(data, size), &note) == ERR_OK) /* nothing is replaced */
        abort();
    collateral_release(&c);
    return 0;
}
