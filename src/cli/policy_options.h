/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_POLICY_OPTIONS_H
#define CLI_POLICY_OPTIONS_H

/* The options by which a person says what is acceptable; the same for every subcommand that appraises. */

#include "attest/policy.h"
#include "base/options.h"

struct policy_options {
    struct option_list measurements;
    struct option_list models;
    const char *simulated_root;
    bool allow_milan;
};

/* Rows for an option table; `field` is the struct policy_options in `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member cannot stand in parentheses */
#define POLICY_OPTION_ROWS(type, field)                                                                      \
    {"--measurement",                                                                                        \
     OPTION_LIST,                                                                                            \
     offsetof(type, field.measurements),                                                                     \
     0,                                                                                                      \
     0,                                                                                                      \
     "HEX",                                                                                                  \
     "accept code with this launch measurement (96 hex digits); may be repeated, at least one is needed"},   \
        {"--model-digest",                                                                                   \
         OPTION_LIST,                                                                                        \
         offsetof(type, field.models),                                                                       \
         0,                                                                                                  \
         0,                                                                                                  \
         "HEX",                                                                                              \
         "accept only weights with this SHA-256; may be repeated. Default: any, and it says which"},         \
        {"--trust-simulated",                                                                                \
         OPTION_TEXT,                                                                                        \
         offsetof(type, field.simulated_root),                                                               \
         0,                                                                                                  \
         0,                                                                                                  \
         "FILE",                                                                                             \
         "also accept the simulated platform with this root certificate; proves nothing about hardware"},    \
    {                                                                                                        \
        "--allow-milan", OPTION_SWITCH, offsetof(type, field.allow_milan), 0, 0, NULL,                       \
            "accept EPYC Milan, whose reports can be forged since its root seed was extracted (arXiv "       \
            "2605.12990)"                                                                                    \
    }

/* NOLINTEND(bugprone-macro-parentheses) */

/* A policy and the memory that it borrows. */
struct policy_holder {
    struct attest_policy policy;
    uint8_t measurements[ATTEST_REFERENCES_MAX][ATTEST_MEASUREMENT_SIZE];
    uint8_t models[ATTEST_REFERENCES_MAX][ATTEST_DIGEST_SIZE];
    uint8_t *root; /* DER, secret_alloc */
};

ERR_MUST_USE enum err policy_options_load(const struct policy_options *options, struct policy_holder *holder,
                                          struct err_note *note);
void policy_holder_release(struct policy_holder *holder);

#endif
