/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/nvgpu_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "attest/nvgpu_internal.h"
#include "base/reader.h"

bool nvgpu_vbios_rim_id(const struct nvgpu_report *report, const char *version,
                        char id[static NVGPU_RIM_ID_SIZE])
{
    char project[NVGPU_TEXT_SIZE];
    char sku[NVGPU_TEXT_SIZE];
    char chip_sku[NVGPU_TEXT_SIZE];
    if (!nvgpu_report_text(report, NVGPU_PROJECT, project) ||
        !nvgpu_report_text(report, NVGPU_PROJECT_SKU, sku) ||
        !nvgpu_report_text(report, NVGPU_CHIP_SKU, chip_sku))
        return false;
    int used = snprintf(id, NVGPU_RIM_ID_SIZE, "NV_GPU_VBIOS_%s_%s_%s_", project, sku, chip_sku);
    for (const char *c = version; *c != '\0'; c++)
        if (*c != '.')
            id[used++] = *c;
    id[used] = '\0';
    return true;
}

void nvgpu_driver_rim_id(const struct chip *chip, const char *version, char id[static NVGPU_RIM_ID_SIZE])
{
    (void)snprintf(id, NVGPU_RIM_ID_SIZE, "%s%s", chip->driver_id, version);
}

static enum err report_read(struct bytes bytes, struct nvgpu_report *report, struct err_note *note)
{
    enum err e = nvgpu_report_parse(bytes, report, note);
    return e == ERR_OK ? nvgpu_report_fields(report, note) : e;
}

static enum err rims_name(const struct nvgpu_report *report, const struct chip *chip,
                          char rims[static NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE], struct err_note *note)
{
    char driver[NVGPU_TEXT_SIZE];
    char vbios[NVGPU_TEXT_SIZE];
    if (!nvgpu_report_text(report, NVGPU_DRIVER_VERSION, driver) || !nvgpu_report_vbios(report, vbios) ||
        !nvgpu_vbios_rim_id(report, vbios, rims[PART_VBIOS]))
        return err_noted(ERR_UNKNOWN, note, "the GPU's report does not name its driver, VBIOS or board");
    nvgpu_driver_rim_id(chip, driver, rims[PART_DRIVER]);
    return ERR_OK;
}

_Static_assert((int)NVGPU_SERIAL_MAX == (int)X509_SERIAL_MAX, "every serial number fits");

enum err nvgpu_certificate_id_of(const struct x509 *certificate, const struct x509 *issuer,
                                 struct nvgpu_certificate_id *id)
{
    uint8_t room[OCSP_ID_ROOM];
    struct ocsp_certificate_id named;
    memset(id, 0, sizeof *id);
    enum err e = ocsp_certificate_id_of(CRYPTO_SHA256, certificate, issuer, room, &named);
    if (e != ERR_OK)
        return e;
    struct reader r = reader_over(named.serial);
    struct reader look = r;
    while (r.left > 1 && reader_u8(&look) == 0)
        (void)reader_u8(&r);
    const struct bytes serial = reader_rest(&r);
    id->serial_len = serial.len;
    memcpy(id->serial, serial.ptr, serial.len);
    memcpy(id->name_digest, named.name_digest.ptr, sizeof id->name_digest);
    memcpy(id->key_digest, named.key_digest.ptr, sizeof id->key_digest);
    return ERR_OK;
}

/* From the first that is asked for to the last but one. */
static enum err ids_take(const struct nv_chain *chain, size_t first, struct nvgpu_certificate_ids *ids)
{
    for (size_t i = first; i + 1 < chain->count; i++) {
        enum err e =
            nvgpu_certificate_id_of(&chain->at[i].cert, &chain->at[i + 1].cert, &ids->at[ids->count]);
        if (e != ERR_OK) {
            ids->count = 0;
            return e; /* equivalent: a key that a chain has taken is a BIT STRING */
        }
        ids->count++;
    }
    return ERR_OK;
}

enum err nvgpu_names_of_gpu(struct bytes report, struct bytes certificates,
                            char rims[static NVGPU_GPU_RIMS][NVGPU_RIM_ID_SIZE],
                            struct nvgpu_certificate_ids *ids, struct err_note *note)
{
    struct nvgpu_report parts;
    ids->count = 0;
    struct nv_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL)
        return ERR_MEMORY;
    enum err e = nv_chain_read(chain, certificates, note);
    const struct chip *chip = nvgpu_chip_named(chain->at[0].cert.subject_cn); /* when there is one */
    if (e == ERR_OK)
        e = report_read(report, &parts, note);
    if (e == ERR_OK)
        e = chip != NULL && chip->driver_id != NULL
                ? rims_name(&parts, chip, rims, note)
                : err_noted(ERR_UNKNOWN, note,
                            "the GPU's certificates are those of a chip that is not known");
    if (e == ERR_OK)
        e = ids_take(chain, NVGPU_FIRST_ASKED, ids);
    nv_chain_release(chain);
    free(chain);
    return e;
}

enum err nvgpu_names_of_rim(struct bytes document, struct nvgpu_certificate_ids *ids, struct err_note *note)
{
    struct rim *rim;
    ids->count = 0;
    enum err e = rim_parse(document, &rim, note);
    if (e == ERR_OK)
        e = ids_take(&rim->chain, 0, ids);
    rim_free(rim);
    return e;
}
