/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_gpu_report.h"

#include "base/writer.h"

enum { DMTF = 1, MUTABLE_FIRMWARE_DIGEST = 1, VALUE_HEADER = 3, BLOCK_HEADER = 4 };

struct simulated_gpu_field *simulated_gpu_field_add(struct simulated_gpu_report *r, uint16_t type,
                                                    struct bytes value)
{
    if (r->field_count == SIMULATED_GPU_FIELDS_MAX || value.len > SIMULATED_GPU_FIELD_MAX)
        return NULL;
    struct simulated_gpu_field *f = &r->fields[r->field_count++];
    *f = (struct simulated_gpu_field){.type = type, .size = (uint16_t)value.len};
    memcpy(f->value, value.ptr, value.len);
    return f;
}

struct simulated_gpu_field *simulated_gpu_field_find(struct simulated_gpu_report *r, uint16_t type)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (r->fields[i].type == type)
            return &r->fields[i];
    return NULL;
}

static void u24le_write(struct writer *w, uint32_t v)
{
    writer_u16le(w, (uint16_t)v);
    writer_u8(w, (uint8_t)(v >> 16));
}

static void block_write(struct writer *w, const struct simulated_gpu_report *r, uint8_t i)
{
    writer_u8(w, (uint8_t)(i + 1));
    writer_u8(w, DMTF);
    writer_u16le(w, VALUE_HEADER + SIMULATED_GPU_VALUE_SIZE);
    writer_u8(w, MUTABLE_FIRMWARE_DIGEST);
    writer_u16le(w, SIMULATED_GPU_VALUE_SIZE);
    writer_bytes(w, bytes_of(r->measurements[i], SIMULATED_GPU_VALUE_SIZE));
}

enum err simulated_gpu_report_write(const struct simulated_gpu_report *r, uint8_t *out, size_t size,
                                    size_t *len)
{
    struct bytes whole;
    struct writer w = writer_into(out, size);
    uint32_t block = BLOCK_HEADER + VALUE_HEADER + SIMULATED_GPU_VALUE_SIZE;
    size_t opaque = 0;
    *len = 0;
    for (size_t i = 0; i < r->field_count; i++)
        opaque += 2 * sizeof(uint16_t) + r->fields[i].size;
    writer_bytes(&w, bytes_of(r->request, sizeof r->request));
    writer_bytes(&w, bytes_of(r->nonce, sizeof r->nonce));
    writer_u8(&w, r->slot);
    writer_bytes(&w, bytes_of(r->response, sizeof r->response));
    writer_u8(&w, r->blocks);
    u24le_write(&w, r->blocks * block);
    for (uint8_t i = 0; i < r->blocks; i++)
        block_write(&w, r, i);
    writer_bytes(&w, bytes_of(r->response_nonce, sizeof r->response_nonce));
    writer_u16le(&w, (uint16_t)opaque);
    for (size_t i = 0; i < r->field_count; i++) {
        writer_u16le(&w, r->fields[i].type);
        writer_u16le(&w, r->fields[i].size);
        writer_bytes(&w, bytes_of(r->fields[i].value, r->fields[i].size));
    }
    enum err e = writer_finish(&w, &whole);
    *len = whole.len;
    return e;
}

enum err simulated_gpu_report_sign(const struct crypto_private_key *key, uint8_t *out, size_t size,
                                   size_t *len)
{
    if (*len > size || size - *len < NVGPU_SIGNATURE_SIZE)
        return ERR_NO_SPACE;
    enum err e = crypto_ecdsa_sign_raw(key, CRYPTO_SHA384, bytes_of(out, *len), out + *len);
    if (e == ERR_OK)
        *len += NVGPU_SIGNATURE_SIZE;
    return e;
}
