/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_TDX_POLICY_H
#define ATTEST_TDX_POLICY_H

/*
 * What a Verifier wants of a TD. Plain data, borrowed by the appraisal. Begin with tdx_policy_default, which accepts nothing until it is given a
 * launch, and change what is to differ.
 */

#include "attest/pck.h"
#include "attest/tcb_status.h"
#include "attest/tdx_quote.h"

/* Values of which the register must hold one. */
struct tdx_references {
    const uint8_t (*values)[TDX_REGISTER_SIZE];
    size_t count;
};

/*
 * Reference values that belong together: what one image makes of the registers. MRTD is the digest of the firmware alone; what it measured of the
 * virtual platform (ACPI tables among it) is in RTMR0, the kernel in RTMR1, command line and initial file system in RTMR2, what was measured at run time
 * in RTMR3. A host is free in every register that is not compared, so a register that is neither named nor waived refuses the TD.
 */
struct tdx_launch {
    uint8_t mrtd[TDX_REGISTER_SIZE];
    uint8_t rtmr[TDX_RTMR_COUNT][TDX_REGISTER_SIZE];
    unsigned named;  /* bit n: RTMRn must hold that value */
    unsigned waived; /* bit n: RTMRn may hold anything, and the verdict says so */
};

enum { TDX_LAUNCHES_MAX = 64 };

/* TD attributes (Intel TDX Module Base Architecture Specification, ATTRIBUTES). */
enum tdx_attribute {
    TDX_DEBUG = 0,
    TDX_LASS = 27,
    TDX_SEPT_VE_DISABLE = 28,
    TDX_MIGRATABLE = 29,
    TDX_PKS = 30,
    TDX_KEY_LOCKER = 31,
    TDX_PERFMON = 63,
};

struct tdx_policy {
    const struct tdx_launch *launches; /* at least one; the TD must be one of them, in all registers */
    size_t launch_count;               /* at most TDX_LAUNCHES_MAX */
    /* No values: anything is accepted, and the verdict says that it was not compared. */
    struct tdx_references mrseam; /* which TDX modules, beyond what Intel signs and holds to be up to date */
    struct tdx_references mrconfigid;
    struct tdx_references mrowner;
    struct tdx_references mrownerconfig;
    /* No values: no service TD may be bound, so MRSERVICETD is zero. */
    struct tdx_references mrservicetd;

    /* The operator's own platforms (PPID of the PCK certificate). None: any genuine one, one that somebody took home to open included. */
    const uint8_t (*ppids)[PCK_PPID_SIZE];
    size_t ppid_count;

    uint32_t statuses; /* 1 << enum tcb_status: which are accepted */
    /* Intel's advisories that are known and accepted ("INTEL-SA-00615"); one that is not in the list and still open refuses the platform. */
    const char *const *advisories;
    size_t advisory_count;
    uint32_t
        evaluation_number_min; /* tcbEvaluationDataNumber; 0: tdx_evaluation_floor of the time of appraisal */
    uint8_t tee_tcb_svn_min[TDX_SVN_SIZE]; /* component by component */

    uint64_t attributes_required; /* 1 << enum tdx_attribute */
    uint64_t attributes_forbidden;
    uint64_t xfam_forbidden; /* of the processor features that are known */

    /* DER certificate of a root given by hand; empty: Intel's alone. When it is given, Intel's still works, and a verdict that rests on this root is
     * marked simulated. */
    struct bytes simulated_root;
};

/* Says of RTMRn what it must be: hexadecimal digits of the value, or "any". ERR_ENCODING. */
ERR_MUST_USE enum err tdx_launch_set_rtmr(struct tdx_launch *launch, unsigned n, struct bytes text);

/* No debugging, no migration, no service TD, no performance monitoring, SEPT_VE_DISABLE; UpToDate, or SWHardeningNeeded without open advisories. */
void tdx_policy_default(struct tdx_policy *policy);

#endif
