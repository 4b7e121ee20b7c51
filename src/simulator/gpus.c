/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/gpus.h"

#include <stdlib.h>

#include "base/encoding.h"

/* Where a chain's root stands, and the word about the chip itself, which each GPU has of its own. */
enum { DEVICE_ROOT = SIMULATED_GPU_CHAIN - 1, SIGNER_ROOT = SIMULATED_RIM_CHAIN - 1, OCSP_OWN = 0 };
/* The two certificates that each GPU has of its own. */
enum { LEAF = 0, CHIP = 1, SERIALS = 0x100 };

static enum err gpu_make(struct gpus *gpus, int64_t now, size_t i)
{
    enum err e = simulated_gpu_new(SIMULATED_HOPPER, now, &gpus->at[i]);
    if (e != ERR_OK || i == 0)
        return e;
    simulated_gpu_adopt(gpus->at[i], gpus->at[0]);
    gpus->at[i]->device[LEAF].serial = gpus->at[0]->device[LEAF].serial + i * SERIALS;
    gpus->at[i]->device[CHIP].serial = gpus->at[0]->device[CHIP].serial + i * SERIALS;
    return simulated_gpu_build(gpus->at[i]);
}

enum err gpus_open(size_t count, int64_t now, struct gpus **out)
{
    *out = NULL;
    if (count > GPUS_MAX)
        return ERR_TOO_LARGE;
    struct gpus *gpus = calloc(1, sizeof *gpus);
    if (gpus == NULL)
        return ERR_MEMORY;
    enum err e = ERR_OK;
    while (e == ERR_OK && gpus->count < count) {
        e = gpu_make(gpus, now, gpus->count);
        gpus->count++;
    }
    if (e == ERR_OK)
        *out = gpus;
    else
        gpus_close(gpus);
    return e;
}

/* The others lean on the first. */
void gpus_close(struct gpus *gpus)
{
    if (gpus == NULL)
        return;
    for (size_t i = gpus->count; i > 0; i--)
        simulated_gpu_free(gpus->at[i - 1]);
    free(gpus);
}

/* What the maker says is the same for all; of each GPU, its chain, and the word about its chip. */
static void endorsements_write(const struct gpus *gpus, struct writer *w)
{
    const struct simulated_gpu *first = gpus->at[0];
    for (size_t i = 0; i < gpus->count; i++)
        simulated_part_write(w, SIMULATED_PART_CHAIN, bytes_of(gpus->at[i]->pem, gpus->at[i]->pem_len));
    for (size_t i = 0; i < SIMULATED_GPU_RIMS; i++)
        simulated_part_write(w, SIMULATED_PART_RIM, bytes_of(first->rim_text[i], first->rim_len[i]));
    for (size_t i = 0; i < SIMULATED_GPU_OCSP; i++)
        simulated_part_write(w, SIMULATED_PART_OCSP, bytes_of(first->ocsp_der[i], first->ocsp_len[i]));
    for (size_t i = 1; i < gpus->count; i++)
        simulated_part_write(w, SIMULATED_PART_OCSP,
                             bytes_of(gpus->at[i]->ocsp_der[OCSP_OWN], gpus->at[i]->ocsp_len[OCSP_OWN]));
}

static enum err reports_write(const struct gpus *gpus, const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                              struct writer *w)
{
    uint8_t report[SIMULATED_GPU_REPORT_MAX];
    size_t len;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < gpus->count; i++) {
        e = simulated_gpu_answer(gpus->at[i], nonce, report, sizeof report, &len);
        if (e == ERR_OK)
            simulated_part_write(w, SIMULATED_PART_REPORT, bytes_of(report, len));
    }
    return e;
}

enum err gpus_answer(const struct gpus *gpus, const struct platform *p,
                     const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE], struct platform_frame *frame)
{
    struct platform_room *room = calloc(1, sizeof *room);
    struct writer evidence;
    struct writer endorsements;
    if (room == NULL)
        return ERR_MEMORY;
    platform_room_open(room, &evidence, &endorsements);
    enum err e = reports_write(gpus, nonce, &evidence);
    if (e == ERR_OK && gpus->count != 0)
        endorsements_write(gpus, &endorsements);
    if (e == ERR_OK)
        e = platform_frame_write(p, SIMULATED_ASKS_GPUS, &evidence, &endorsements, frame);
    free(room);
    return e;
}

static enum err root_write(struct writer *w, const struct simulated_nv_der *root)
{
    return encoding_pem_write(w, "CERTIFICATE", bytes_of(root->der, root->len));
}

enum err gpus_roots_write(const struct gpus *gpus, struct writer *w)
{
    if (gpus->count == 0)
        return ERR_OK;
    enum err e = root_write(w, &gpus->at[0]->device_der[DEVICE_ROOT]);
    return e == ERR_OK ? root_write(w, &gpus->at[0]->signer_der[SIGNER_ROOT]) : e;
}
