/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/evidence.h"

#include <stdlib.h>

void evidence_release(struct evidence *e)
{
    free(e->storage);
    memset(e, 0, sizeof *e);
}

void evidence_gpus_release(struct evidence_gpus *gpus)
{
    if (gpus->release != NULL)
        gpus->release(gpus);
    else
        free(gpus->storage);
    memset(gpus, 0, sizeof *gpus);
}
