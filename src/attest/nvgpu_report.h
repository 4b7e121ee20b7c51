/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NVGPU_REPORT_H
#define ATTEST_NVGPU_REPORT_H

/*
 * The attestation report of an NVIDIA GPU: an SPDM 1.1 GET_MEASUREMENTS request and the MEASUREMENTS response to it, as NVML gives them out
 * (DMTF DSP0274, version 1.1, section 10.11; what NVIDIA put into the opaque data is documented with its verifiers, nvtrust).
 *
 *   request   37 bytes  11 E0 | attributes | operation | nonce (32) | slot
 *   response            11 60 | param1 | slot | number of blocks | length of the record (3) | record | nonce (32) | length (2) | opaque data | signature (96)
 *
 * Little endian. The signature is ECDSA on P-384 (r || s, big endian) over SHA-384 of all that stands before it.
 * Taken apart in three steps, so that a verdict can say which part was wrong. All ranges point into the report, which must outlive it.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    NVGPU_REPORT_MAX = 64 * 1024,
    NVGPU_NONCE_SIZE = 32,
    NVGPU_REQUEST_SIZE = 37,
    NVGPU_SIGNATURE_SIZE = 96,
    NVGPU_BLOCKS_MAX = 255,
    NVGPU_FIELD_TYPES = 64, /* of which the report keeps the values */
};

enum { SPDM_VERSION_11 = 0x11, SPDM_GET_MEASUREMENTS = 0xe0, SPDM_MEASUREMENTS = 0x60 };
enum { SPDM_SIGNATURE_REQUESTED = 1, SPDM_ALL_MEASUREMENTS = 0xff, SPDM_SLOTS = 8 };

/* The opaque data: type (2), length (2), value. */
enum nvgpu_field {
    NVGPU_DRIVER_VERSION = 3,
    NVGPU_VBIOS_VERSION = 6,
    NVGPU_NVDEC0_STATUS = 11,
    NVGPU_MEASUREMENT_COUNTS = 12,
    NVGPU_CHIP_SKU = 15,
    NVGPU_PROJECT = 17,
    NVGPU_PROJECT_SKU = 18,
    NVGPU_FWID = 20,
    NVGPU_PROTECTED_PCIE = 21,
    NVGPU_OPAQUE_VERSION = 34,
    NVGPU_FEATURE_FLAG = 36,
};

/* What a status octet says (NVDEC0, protected PCIe). */
enum { NVGPU_ON = 0xaa, NVGPU_OFF = 0x55 };

struct nvgpu_report {
    struct bytes signed_part;
    struct bytes signature;
    /* The request */
    uint8_t request_version, request_code, request_attributes, request_operation, request_slot;
    struct bytes nonce;
    /* The response */
    uint8_t version, code, param1, slot, block_count;
    struct bytes record;
    struct bytes opaque;
    /* nvgpu_report_blocks: the value of the block with SPDM index i + 1; the documents of reference values count from 0. ptr NULL when there is none, as
     * there never is of the last: every octet is an index. */
    struct bytes measurements[NVGPU_BLOCKS_MAX + 1];
    /* nvgpu_report_fields: by type; ptr NULL when it is not there. */
    struct bytes fields[NVGPU_FIELD_TYPES];
};

/* The parts, each in bounds, and nothing behind the signature. ERR_TRUNCATED, ERR_TRAILING, ERR_TOO_LARGE. */
ERR_MUST_USE enum err nvgpu_report_parse(struct bytes report, struct nvgpu_report *r, struct err_note *note);
/* The measurement blocks. ERR_TRUNCATED, ERR_TRAILING, ERR_VALUE, ERR_UNKNOWN. */
ERR_MUST_USE enum err nvgpu_report_blocks(struct nvgpu_report *r, struct err_note *note);
/* The fields of the opaque data. Types that this verifier does not know are left alone, as long as the version of the whole is one that it knows.
 * ERR_TRUNCATED, ERR_VALUE, ERR_UNKNOWN. */
ERR_MUST_USE enum err nvgpu_report_fields(struct nvgpu_report *r, struct err_note *note);

/* A field as text: printable ASCII without blanks, the NULs behind it cut off; false when it is missing, empty, longer, or something else. */
enum { NVGPU_TEXT_SIZE = 32 };
bool nvgpu_report_text(const struct nvgpu_report *r, enum nvgpu_field field,
                       char text[static NVGPU_TEXT_SIZE]);
/* "96.00.9F.00.01" */
bool nvgpu_report_vbios(const struct nvgpu_report *r, char text[static NVGPU_TEXT_SIZE]);
/* A field of one octet or a little-endian number of at most eight; false when it is missing or has another size. */
bool nvgpu_report_number(const struct nvgpu_report *r, enum nvgpu_field field, uint64_t *value);

#endif
