/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LAUNCH_SNP_DIGEST_H
#define LAUNCH_SNP_DIGEST_H

/*
 * What the MEASUREMENT of an SEV-SNP report must be: the launch digest, computed from the firmware and what the hypervisor is told to start (SEV Secure Nested
 * Paging Firmware ABI Specification, document 56860, "Launch digest", table PAGE_INFO). A pure function; the CLI reads the files.
 *
 *     struct snp_launch launch = {.firmware = image, .kernel = &kernel, .vcpus = 4, .signature = 0xa10f10, .features = 1};
 *     e = snp_launch_digest(&launch, measurement, &note);
 */

#include "launch/ovmf.h"
#include "launch/sev_hashes.h"
#include "launch/vmsa.h"

enum { SNP_DIGEST_SIZE = 48, SNP_VCPUS_MAX = 4096 };

struct snp_launch {
    struct bytes firmware; /* the image, or at least its last page when firmware_digest is given */
    /* The digest after all of the firmware's pages (snp_firmware_digest), in place of the image; NULL: the image is hashed. */
    const uint8_t *firmware_digest;
    const struct sev_kernel *kernel; /* NULL: the firmware boots from a disk, and nothing says what */
    enum vmsa_hypervisor hypervisor;
    uint32_t vcpus;
    uint32_t signature; /* of the processor's model, for QEMU */
    uint64_t features;  /* SEV_FEATURES */
    /* With an SVSM: it lies below the firmware and its variables. */
    struct bytes svsm;
    uint32_t variables_size;
};

/* ERR_VALUE, ERR_UNKNOWN, ERR_TRUNCATED, ERR_TOO_LARGE: the note says what. */
ERR_MUST_USE enum err snp_launch_digest(const struct snp_launch *launch,
                                        uint8_t digest[static SNP_DIGEST_SIZE], struct err_note *note);
ERR_MUST_USE enum err snp_firmware_digest(struct bytes firmware, uint8_t digest[static SNP_DIGEST_SIZE],
                                          struct err_note *note);

/* The digests of the predecessors, SHA-256 over the parts: SEV-ES, and SEV (vcpus 0). No platform that Enclume accepts; for comparison with other tools. */
ERR_MUST_USE enum err sev_launch_digest(const struct snp_launch *launch, uint8_t digest[static 32],
                                        struct err_note *note);

/* The CPUID signature of a processor model as QEMU names it ("EPYC-Genoa", "EPYC-Milan-v2"). ERR_UNKNOWN. */
ERR_MUST_USE enum err snp_cpu_signature(const char *model, uint32_t *signature);

#endif
