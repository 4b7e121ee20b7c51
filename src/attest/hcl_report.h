/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_HCL_REPORT_H
#define ATTEST_HCL_REPORT_H

/*
 * The report that Azure's confidential VMs keep at index 0x01400001 of their virtual TPM. Their paravisor, the host compatibility layer (HCL), asks the
 * hardware for a report once, at the start, over what it knows: the TPM's keys and the VM's configuration, as JSON. Little endian; layout as in Microsoft's
 * open paravisor (OpenHCL, IGVM attestation request) and Azure's documentation of guest attestation for confidential VMs:
 *
 *     0x000  header: "HCLA", version, size of the whole, request type, status, three reserved; nothing of it is signed
 *     0x020  the hardware's report: SNP, 1184 bytes; or TDREPORT, 1024 bytes, and zeros
 *     0x4c0  request data: size of it and the JSON, version 1, kind of report, hash, size of the JSON
 *     0x4d4  the JSON, whose hash is at the beginning of the report data
 *
 * An index is read as large as it was defined, so zeros may follow; any other octet there is refused, and so is a size that does not lead to the end of
 * the JSON.
 */

#include "base/bytes.h"
#include "base/error.h"

enum { HCL_REPORT_MAX = 32 * 1024, HCL_SNP_REPORT_SIZE = 1184, HCL_TD_REPORT_SIZE = 1024 };

enum hcl_version { HCL_VERSION_1 = 1, HCL_VERSION_2 = 2 };
enum hcl_kind { HCL_KIND_SNP = 2, HCL_KIND_TDX = 4 };
enum hcl_hash { HCL_SHA256 = 1, HCL_SHA384 = 2, HCL_SHA512 = 3 };

/* Ranges point into the blob. */
struct hcl_report {
    uint32_t version;
    uint32_t kind;      /* enum hcl_kind, or something that is not known */
    uint32_t hash_type; /* enum hcl_hash, or something that is not known */
    struct bytes
        hardware; /* the report, without zeros behind it; all of its place when the kind is not known */
    struct bytes runtime; /* the JSON, octet by octet as it was hashed */
};

/* ERR_TOO_LARGE, ERR_TRUNCATED, ERR_UNKNOWN, ERR_VALUE, ERR_NOT_ZERO; the note says what part, and at which offset. A kind or hash that is not known is
 * no error here. */
ERR_MUST_USE enum err hcl_report_parse(struct bytes in, struct hcl_report *report, struct err_note *note);

#endif
