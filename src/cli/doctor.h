/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

/*
 * What a machine must have to start confidential VMs, or to be one: a table, one row a thing, with what is looked at, what is wanted, and what to do
 * about it. `enclume doctor` prints it; `enclume launch` asks it before it starts anything.
 *
 *     struct doctor d = {.root = "", .qemu = "qemu-system-x86_64", .side = DOCTOR_HOST, .platform = DOCTOR_SNP};
 *     doctor_examine(&d, &findings);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum doctor_side { DOCTOR_HOST, DOCTOR_GUEST };
enum doctor_platform { DOCTOR_SNP, DOCTOR_TDX, DOCTOR_ANY /* plain virtual machines */ };

struct doctor {
    const char *root; /* what stands before every path; "" for this machine */
    const char *qemu;
    const char *firmware; /* NULL: not looked at */
    enum doctor_side side;
    enum doctor_platform platform;
    uint64_t memory; /* of the machine to be started, bytes; 0: not looked at */
};

enum doctor_status {
    DOCTOR_GOOD,
    DOCTOR_ADVICE, /* not as it should be, and it works without */
    DOCTOR_BAD,
};

enum { DOCTOR_FINDINGS_MAX = 32, DOCTOR_SEEN_SIZE = 160 };

struct doctor_finding {
    enum doctor_status status;
    const char *name; /* constants of the table */
    const char *looked_at;
    const char *wanted;
    const char *remedy;
    char seen[DOCTOR_SEEN_SIZE];
};

struct doctor_findings {
    size_t count;
    size_t bad;
    struct doctor_finding at[DOCTOR_FINDINGS_MAX];
};

/* Which platform's processor it is, by /proc/cpuinfo below root; DOCTOR_ANY when neither. */
enum doctor_platform doctor_guess(const char *root);

void doctor_examine(const struct doctor *d, struct doctor_findings *findings);

#endif
