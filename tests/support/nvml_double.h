/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_NVML_DOUBLE_H
#define TESTS_SUPPORT_NVML_DOUBLE_H

/* What the double of NVML does (nvml_double.c). Zero: all is well, but for devices. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NVML_DOUBLE_DEVICES_MAX = 32 };

struct nvml_double {
    unsigned devices;
    int init; /* results of the functions */
    int count;
    int handle;
    int state;
    int certificate;
    int report;
    int ready;
    int set_ready;
    bool ready_before;  /* they compute already */
    bool ready_in_vain; /* told that they may work, they do not */
    bool cc_off;
    bool dev_tools;
    bool simulation;
    bool no_chain;
    unsigned chain_size; /* that is said; 0: the truth */
    unsigned report_size;
    size_t flip_at; /* a byte of the report */
    uint8_t flip;
    unsigned devices_later; /* from the second question for the number on; 0: the same */
    /* A report for this nonce, and certificates, instead of what is made up here; their sizes. NULL: none. */
    size_t (*answer)(unsigned index, const uint8_t *nonce, uint8_t *out);
    size_t (*chain)(unsigned index, uint8_t *out);
};

void nvml_double_set(const struct nvml_double *wanted);
/* Whether the GPUs may work, and how many reports had been given when they were told so. */
struct nvml_double_ready {
    bool is;
    unsigned after_reports;
};
void nvml_double_ready(struct nvml_double_ready *is);
int nvml_double_running(void); /* starts without a shutdown */

#endif
