/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_NVGPU_INTERNAL_H
#define ATTEST_NVGPU_INTERNAL_H

/*
 * The appraisal of GPUs in four files: nvgpu.c (the table), nvgpu_device.c (whose word is the report?), nvgpu_reference.c (whose word are the reference
 * values?) and nvgpu_state.c (what does the report say?).
 */

#include "attest/check.h"
#include "attest/nv_chain.h"
#include "attest/nvgpu.h"
#include "attest/nvgpu_names.h"
#include "attest/nvgpu_report.h"
#include "attest/ocsp.h"
#include "attest/rim.h"

/* What a check stands on; bits. All of it is said of every GPU. */
enum nvgpu_have {
    HAVE_GPUS = 1U << 0,    /* there is one, and not too many */
    HAVE_REPORTS = 1U << 1, /* the parts of the reports */
    HAVE_BLOCKS = 1U << 2,  /* their measurements */
    HAVE_FIELDS = 1U << 3,  /* their opaque data */
    HAVE_CHAINS = 1U << 4,  /* the five certificates, and what the leaf says of the firmware */
    HAVE_CHIPS = 1U << 5,   /* which chip it is */
    HAVE_RIMS = 1U << 6,    /* the documents of reference values, read */
    HAVE_DRIVER = 1U << 7,  /* one for the driver */
    HAVE_VBIOS = 1U << 8,   /* one for the VBIOS */
    HAVE_USED = 1U << 9,    /* one for either, for at least one GPU */
};

/* The two documents that speak of one GPU. */
enum nvgpu_part { PART_DRIVER, PART_VBIOS, PART_COUNT };

struct chip {
    const char *family;    /* the first word of the leaf's common name */
    const char *name;      /* in that of the provisioner, and in the RIMs, the product */
    const char *driver_id; /* what the driver's RIM is called, before the version */
    enum nvgpu_architecture architecture;
    const char *unverified; /* why evidence of this chip is refused */
};

struct device {
    struct nvgpu_report report;
    struct nv_chain chain;
    const struct chip *chip;
    struct nv_fwid fwid;
    char version[PART_COUNT][NVGPU_TEXT_SIZE];
    const struct rim *rim[PART_COUNT];
};

struct reference {
    struct rim *rim;
    bool used;
};

struct context {
    const struct nvgpu_evidence *gpus;
    size_t gpu_count;
    const struct nvgpu_endorsements *endorsements;
    const uint8_t *nonce;
    const struct nvgpu_policy *policy;
    int64_t now;
    struct verdict *v;

    unsigned have;
    bool revocation_unasked;
    struct device *devices;
    struct reference references[NVGPU_RIMS_MAX];

    /* The answer of the check under way. */
    struct check_answer answer;
};

/* A check: `which` tells apart rows that differ in one thing. */
typedef bool nvgpu_check(struct context *c, unsigned which);

/* What was seen of one GPU, or of one document of reference values: "GPU 2: ...", "RIM 1: ..."; counted from 1. Give false. */
bool nvgpu_gpu_saw(struct context *c, size_t gpu, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool nvgpu_rim_saw(struct context *c, size_t rim, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What went wrong, in words. */
const char *nvgpu_error(enum err e, const struct err_note *note);

/* One thing asked of every GPU, in their order, as far as the first that does not hold. The answer says what is wrong by itself. */
bool nvgpu_for_each(struct context *c, bool (*holds)(struct context *c, size_t gpu));

/* nvgpu_device.c */
nvgpu_check nvgpu_count, nvgpu_report_form, nvgpu_request, nvgpu_response, nvgpu_report_measurements,
    nvgpu_opaque, nvgpu_nonce;
nvgpu_check nvgpu_chain_form, nvgpu_chain_root, nvgpu_chain_links, nvgpu_chain_validity, nvgpu_chain_ocsp;
nvgpu_check nvgpu_chip, nvgpu_signature, nvgpu_fwid, nvgpu_debug, nvgpu_distinct, nvgpu_inventory;
/* By the first word of the leaf's name; NULL: not known. */
const struct chip *nvgpu_chip_named(struct bytes leaf);
void nvgpu_devices_release(struct context *c);

/* nvgpu_reference.c */
nvgpu_check nvgpu_rim_form, nvgpu_rim_found, nvgpu_rim_id, nvgpu_rim_product, nvgpu_rim_digest,
    nvgpu_rim_signature, nvgpu_rim_root, nvgpu_rim_links, nvgpu_rim_validity, nvgpu_rim_ocsp;
void nvgpu_references_release(struct context *c);

/* nvgpu_names.c */
/* NV_GPU_VBIOS_1010_0200_882_96009F0001; false when the report does not name all of it. */
bool nvgpu_vbios_rim_id(const struct nvgpu_report *report, const char *version,
                        char id[static NVGPU_RIM_ID_SIZE]);
void nvgpu_driver_rim_id(const struct chip *chip, const char *version, char id[static NVGPU_RIM_ID_SIZE]);

/* nvgpu_revocation.c */
/* Is there a good word about certificates first to the last but one of the chain? hold_allowed: one on hold is taken. The note says what is not; with
 * ERR_OK, *unasked says whether the policy let the question pass. */
enum err nvgpu_check_revocation(const struct context *c, const struct nv_chain *chain, size_t first,
                                bool hold_allowed, bool *unasked, struct err_note *note);

/* nvgpu_state.c */
nvgpu_check nvgpu_nvdec, nvgpu_conflict, nvgpu_any_active, nvgpu_golden, nvgpu_counts;
nvgpu_check nvgpu_version, nvgpu_mode_accepted, nvgpu_switches;
enum nvgpu_mode nvgpu_mode_of(const struct nvgpu_report *report);
const char *nvgpu_mode_name(enum nvgpu_mode mode); /* "unknown" beyond the last */
const char *nvgpu_architecture_name(enum nvgpu_architecture a);

#endif
