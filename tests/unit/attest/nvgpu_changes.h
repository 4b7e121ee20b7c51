/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_ATTEST_NVGPU_CHANGES_H
#define TESTS_UNIT_ATTEST_NVGPU_CHANGES_H

/* For test_nvgpu.c and the tables of changes: what is changed in sound evidence of GPUs, and which checks it fails. */

#include "support/synthetic_nvgpu.h"

enum { NVGPU_ALL_CHECKS = 40, NVGPU_ROW_FAILURES = 8 };
enum { LEAF, DEVICE, PROVISIONER, IDENTITY, ROOT }; /* of a chain of certificates */

struct row {
    const char *name;
    void (*change)(struct synthetic_nvgpu *s);
    enum simulated_gpu_kind kind;
    bool only_first; /* the first failure is what counts: others follow from it */
    const char *failures[NVGPU_ROW_FAILURES];
};

/* Who signed, and that it is not revoked; what the reference values and the report say. */
extern const struct row nvgpu_rows_signer[];
extern const size_t nvgpu_row_count_signer;
extern const struct row nvgpu_rows_state[];
extern const size_t nvgpu_row_count_state;

/* Those of both tables, in turn; NULL behind the last. */
const struct row *nvgpu_row(size_t i);
/* Makes the change of that name, which must be one of the rows'. */
void nvgpu_change(struct synthetic_nvgpu *s, const char *name);

/* ---- for the tables ---- */

#define CHANGE(name, ...)                                                                                    \
    static void name(struct synthetic_nvgpu *s)                                                              \
    {                                                                                                        \
        struct simulated_gpu *g = s->g;                                                                      \
        struct nvgpu_policy *p = &s->policy;                                                                 \
        (void)g;                                                                                             \
        (void)p;                                                                                             \
        __VA_ARGS__                                                                                          \
    }

/* A field of the report's opaque data gets another value; or one of a number that nobody knows takes its place. */
void nvgpu_field_set(struct synthetic_nvgpu *s, uint16_t type, const void *value, size_t size);
void nvgpu_field_drop(struct synthetic_nvgpu *s, uint16_t type);
#define FIELD(type, ...)                                                                                     \
    nvgpu_field_set(s, type, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}));

#define ROW(change, ...)                                                                                     \
    {                                                                                                        \
#change, change, SIMULATED_HOPPER, false,                                                            \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define ROW_B(change, ...)                                                                                   \
    {                                                                                                        \
#change " (Blackwell)", change, SIMULATED_BLACKWELL, false,                                          \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define FIRST(change, check)                                                                                 \
    {                                                                                                        \
#change, change, SIMULATED_HOPPER, true,                                                             \
        {                                                                                                    \
            check                                                                                            \
        }                                                                                                    \
    }

#endif
