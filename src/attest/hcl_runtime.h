/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_HCL_RUNTIME_H
#define ATTEST_HCL_RUNTIME_H

/*
 * The JSON in an HCL report: public keys of the virtual TPM, as JSON Web Keys (RFC 7517), and the VM's configuration. It is covered by the hardware's
 * report; what the paravisor says in it is as good as the paravisor, which the report measures.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    HCL_RUNTIME_MAX = 16 * 1024,
    HCL_MODULUS_MAX = 1024,
    HCL_EXPONENT_MAX = 8,
    HCL_VM_ID_SIZE = 64,
    HCL_THUMBPRINT_SIZE = 32,
    HCL_USER_DATA_SIZE = 64,
};

/* Switches of the configuration. The first three are in every report; newer paravisors say more. */
enum hcl_switch {
    HCL_SECURE_BOOT,
    HCL_TPM_ENABLED,
    HCL_CONSOLE_ENABLED,
    HCL_INTERACTIVE_CONSOLE_ENABLED,
    HCL_IPMI_ENABLED,
    HCL_TPM_PERSISTED,
    HCL_FILTERED_DEVICES_ALLOWED,
    HCL_SWITCH_COUNT,
    HCL_SWITCHES_ALWAYS = HCL_CONSOLE_ENABLED + 1
};
const char *hcl_switch_name(enum hcl_switch s); /* as in the JSON */

enum hcl_setting { HCL_NOT_STATED, HCL_OFF, HCL_ON };

struct hcl_key {
    uint8_t modulus[HCL_MODULUS_MAX]; /* big endian */
    size_t modulus_len;
    uint8_t exponent[HCL_EXPONENT_MAX];
    size_t exponent_len;
};

struct hcl_runtime {
    size_t ak_count;   /* how many attestation keys there are: to be one */
    struct hcl_key ak; /* the first */
    size_t ek_count;
    struct hcl_key ek;
    enum hcl_setting switches[HCL_SWITCH_COUNT];
    char vm_id[HCL_VM_ID_SIZE]; /* printable ASCII */
    bool has_thumbprint;        /* of the certificate that the VM was provisioned with */
    uint8_t thumbprint[HCL_THUMBPRINT_SIZE];
    int64_t current_time; /* seconds since 1970 at the start, by the host's clock; 0: not stated */
    size_t user_data_len; /* 0 or 64 */
    uint8_t user_data[HCL_USER_DATA_SIZE]; /* from index 0x01400002, which anybody in the guest can write */
};

/* Every member is known, none is there twice. ERR_TOO_LARGE, ERR_JSON, ERR_UNKNOWN, ERR_VALUE, ERR_ENCODING. */
ERR_MUST_USE enum err hcl_runtime_parse(struct bytes json, struct hcl_runtime *runtime,
                                        struct err_note *note);

#endif
