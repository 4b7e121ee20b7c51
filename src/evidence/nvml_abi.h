/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_NVML_ABI_H
#define EVIDENCE_NVML_ABI_H

/* The part of NVML's interface that is used, in our own words: layouts and numbers are those of NVIDIA's nvml.h (driver 535 and later). */

#include <stdint.h>

enum nvml_result {
    NVML_RESULT_SUCCESS = 0,
    NVML_RESULT_NOT_SUPPORTED = 3,
    NVML_RESULT_NO_PERMISSION = 4,
    NVML_RESULT_INSUFFICIENT_SIZE = 7,
    NVML_RESULT_DRIVER_NOT_LOADED = 9,
    NVML_RESULT_TIMEOUT = 10,
    NVML_RESULT_GPU_IS_LOST = 15,
    NVML_RESULT_RESET_REQUIRED = 16,
    NVML_RESULT_IN_USE = 19,
    NVML_RESULT_NOT_READY = 27,
};

enum { NVML_FEATURE_OFF = 0, NVML_FEATURE_ON = 1 };
enum { NVML_CLIENTS_REFUSED = 0, NVML_CLIENTS_ACCEPTED = 1 }; /* the "ready state" of all GPUs */

struct nvml_system_state {
    unsigned environment; /* 0 unavailable, 1 simulation, 2 production */
    unsigned cc_feature;
    unsigned dev_tools_mode;
};
enum { NVML_ENVIRONMENT_PRODUCTION = 2 };

struct nvml_certificate {
    unsigned chain_size;
    unsigned attestation_chain_size;
    unsigned char chain[0x1000];
    unsigned char attestation_chain[0x1400];
};

struct nvml_attestation_report {
    unsigned is_cec_report_present;
    unsigned report_size;
    unsigned cec_report_size;
    unsigned char nonce[0x20];
    unsigned char report[0x2000];
    unsigned char cec_report[0x1000];
};

typedef void *nvml_device; /* a handle */

struct nvml_functions {
    int (*init)(void);
    int (*shutdown)(void);
    int (*count)(unsigned *count);
    int (*handle)(unsigned index, nvml_device *device);
    int (*state)(struct nvml_system_state *state);
    int (*certificate)(nvml_device device, struct nvml_certificate *certificate);
    int (*report)(nvml_device device, struct nvml_attestation_report *report);
    int (*ready)(unsigned *accepted);
    int (*set_ready)(unsigned accepted);
};

#endif
