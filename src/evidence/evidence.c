/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/evidence.h"

#include <stdlib.h>

void evidence_release(struct evidence *e)
{
    free(e->storage);
    memset(e, 0, sizeof *e);
}
