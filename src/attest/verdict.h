/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_VERDICT_H
#define ATTEST_VERDICT_H

/*
 * The Attestation Result (RFC 9334): the list of every check that was made, in order, each with what was seen and what was wanted. Nothing
 * stops at the first failure that does not have to: a person and an auditor want to see all of it. A check that could not be made because an
 * earlier one failed is listed as failed ("not checked: ..."), never left out. Accepted means: every check passed.
 */

#include "attest/nvgpu_claims.h"
#include "attest/snp_claims.h"
#include "attest/tdx_claims.h"
#include "attest/vtpm_claims.h"
#include "base/bytes.h"
#include "base/error.h"

enum {
    VERDICT_CHECKS_MAX = 192,
    VERDICT_VALUE_SIZE = 200, /* saw / wanted, NUL-terminated; long values are shortened in the middle */
};

/* A row of a check table: static data beside the code that makes the check (snp.c, appraise.c, ...). */
struct verdict_rule {
    const char *name; /* stable, "snp.report.signature": JSON and tests use it */
    const char *text; /* a sentence that says what holds when it passes */
    const char *why;  /* --explain: why the check is there, with the section of the manual */
};

struct verdict_check {
    const struct verdict_rule *rule;
    bool passed;
    char saw[VERDICT_VALUE_SIZE];
    char wanted[VERDICT_VALUE_SIZE];
};

enum verdict_platform {
    VERDICT_PLATFORM_NONE,
    VERDICT_PLATFORM_SNP,
    VERDICT_PLATFORM_TDX,
    VERDICT_PLATFORM_GPU /* GPUs that were verified alone; beside a processor they are no platform */
};
const char *verdict_platform_name(enum verdict_platform p); /* "AMD SEV-SNP" */

/* What the evidence says; to be relied on only when accepted. */
struct verdict_claims {
    enum verdict_platform platform;
    uint8_t measurement[48];
    uint8_t report_data[64];
    uint8_t chip_id[64];
    uint8_t noise_key[32];    /* from the key statement */
    uint8_t model_digest[32]; /* SHA-256 of the weights, from the key statement */
    char model_name[64];      /* from the key statement, for people; printable ASCII */
    char product[16];         /* "Genoa" */
    uint32_t report_version;
    uint32_t vmpl;
    uint64_t guest_policy;
    uint64_t platform_info;
    uint8_t reported_tcb[8];
    struct tdx_claims tdx;   /* of Intel TDX */
    struct snp_claims snp;   /* of SEV-SNP */
    struct vtpm_claims vtpm; /* of the virtual TPM that carried the hardware's report */
    struct nvgpu_claims gpu; /* of the GPUs beside it; count 0: none */
    bool fresh; /* the quote covers the challenge of this very handshake (or the one saved with the bundle) */
};

struct verdict {
    bool accepted;
    bool simulated;       /* the chain ends in a root that was given by hand: proves nothing about hardware */
    int64_t appraised_at; /* seconds since 1970, as given by the caller */
    struct verdict_claims claims;
    size_t count;
    struct verdict_check checks[VERDICT_CHECKS_MAX];
};

/* Appends a check; saw and wanted are printf formats and must not hold secrets. Returns passed. Aborts the process when the list is full (the
 * tables are static, so that is a bug). */
bool verdict_add(struct verdict *v, const struct verdict_rule *rule, bool passed, const char *wanted,
                 const char *saw_format, ...) __attribute__((format(printf, 5, 6)));
/* The same of a text as it is. */
bool verdict_add_text(struct verdict *v, const struct verdict_rule *rule, bool passed, const char *wanted,
                      const char *saw);

/* Accepted = at least one check, and all passed. Call once, last. */
void verdict_conclude(struct verdict *v);

/* The first check that failed, or NULL. */
const struct verdict_check *verdict_first_failure(const struct verdict *v);
const struct verdict_check *verdict_find(const struct verdict *v, const char *name);

/* "2026-11-26 03:05:00 UTC": the time as of which it was appraised. Gives text. */
enum { VERDICT_TIME_SIZE = 48 };
const char *verdict_time(const struct verdict *v, char text[static VERDICT_TIME_SIZE]);
/* Does this check hold at some times and not at others (the validity of a certificate, of a list)? If it fails, the clock may be wrong. */
bool verdict_is_about_time(const struct verdict_check *check);

/* The verdict for people (one line a check, SIMULATED said first and last when it is) and for programs (one JSON object: verdict, platform, simulated,
 * checks[]{name,passed,saw,wanted,text}, claims{}). NUL-terminated, release with secret_free; NULL when there is no memory. explain adds each rule's why. */
char *verdict_text(const struct verdict *v, bool explain);
char *verdict_json(const struct verdict *v);

#endif
