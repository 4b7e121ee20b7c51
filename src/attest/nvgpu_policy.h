/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NVGPU_POLICY_H
#define ATTEST_NVGPU_POLICY_H

/*
 * What a Verifier wants of NVIDIA GPUs in confidential computing mode. Plain data, borrowed by the appraisal. Begin with nvgpu_policy_default, and
 * change what is to differ.
 *
 * What a driver and a VBIOS measure is in NVIDIA's own signed documents (RIMs), which come with the evidence: a policy need not list it. It says which
 * of these versions are good enough.
 */

#include "base/bytes.h"

enum nvgpu_architecture { NVGPU_ARCHITECTURE_ANY, NVGPU_HOPPER, NVGPU_BLACKWELL, NVGPU_ARCHITECTURE_COUNT };

/* How GPUs are handed to the VM (opaque data, FEATURE_FLAG): one alone; several, with the links between them encrypted; several, with the links between
 * them and their switches in the clear. */
enum nvgpu_mode { NVGPU_SPT, NVGPU_MPT, NVGPU_PPCIE, NVGPU_MODE_COUNT };

/* Names of versions ("550.90.07", "96.00.9F.00.01"); borrowed. */
struct nvgpu_versions {
    const char *const *names;
    size_t count;
};

struct nvgpu_policy {
    enum nvgpu_architecture architecture; /* that all must have */
    size_t gpu_count;                     /* that there must be; 0: any number but none */
    uint32_t modes;                       /* 1 << enum nvgpu_mode: which are accepted */

    /* Lists of which the version must be one (none: anything), and the lowest that is accepted (NULL: anything), compared part by part; the parts of a
     * VBIOS version are hexadecimal. */
    struct nvgpu_versions drivers;
    struct nvgpu_versions vbioses;
    const char *driver_min;
    const char *vbios_min;

    /* The operator's own GPUs: serial numbers (the INTEGER's octets) of their leaf certificates, or of the certificates of the chips themselves, which
     * stand second and outlive an update of the firmware. None: any genuine one, one that somebody took home to open included. */
    const struct bytes *serials;
    size_t serial_count;

    bool allow_missing_fwid; /* reports of drivers before 550 do not name their firmware */
    bool allow_missing_ocsp; /* no word about revocation: the certificates are taken unasked */
    bool allow_hold;         /* certificates of RIMs, never of GPUs, that are on hold */
    bool allow_debug; /* a leaf that says that its firmware is not secure, in recovery or under debug */
    int64_t rim_expired_grace; /* seconds for which the certificates of a RIM are taken after their end */

    /* DER certificates of roots given by hand; empty: NVIDIA's alone. When they are given, NVIDIA's still work, and a verdict that rests on one of these
     * is marked simulated. */
    struct bytes simulated_device_root;
    struct bytes simulated_rim_root;
};

/* Any architecture and number; alone, or with encrypted links; nothing missing, nothing expired, no debugging. */
void nvgpu_policy_default(struct nvgpu_policy *policy);

#endif
