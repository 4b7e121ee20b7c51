/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_POLICY_OPTIONS_H
#define CLI_POLICY_OPTIONS_H

/* The options by which a person says what is acceptable; the same for every subcommand that appraises. */

#include "attest/policy_document.h"
#include "base/options.h"

struct policy_options {
    const char *policy;
    struct option_list measurements;
    struct option_list rtmrs;
    struct option_list models;
    const char *simulated_root;
    bool allow_milan;
};

/* Rows for an option table; `field` is the struct policy_options in `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member cannot stand in parentheses */
#define POLICY_OPTION_ROWS(type, field)                                                                      \
    {"--policy",                                                                                             \
     OPTION_TEXT,                                                                                            \
     offsetof(type, field.policy),                                                                           \
     0,                                                                                                      \
     0,                                                                                                      \
     "FILE",                                                                                                 \
     "what is acceptable, as JSON (docs/policy.md); the options below add to it"},                           \
        {"--measurement",                                                                                    \
         OPTION_LIST,                                                                                        \
         offsetof(type, field.measurements),                                                                 \
         0,                                                                                                  \
         0,                                                                                                  \
         "HEX",                                                                                              \
         "accept code with this launch measurement (SEV-SNP) or MRTD (TDX), 96 hex digits; may be "          \
         "repeated. At "                                                                                     \
         "least one is needed, here or in the policy"},                                                      \
        {"--rtmr",                                                                                           \
         OPTION_LIST,                                                                                        \
         offsetof(type, field.rtmrs),                                                                        \
         0,                                                                                                  \
         0,                                                                                                  \
         "N:HEX",                                                                                            \
         "TDX: what RTMR N (0 to 3) must be beside --measurement; N:any or all:any: not compared. A TD is "  \
         "refused unless each of the four is given"},                                                        \
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
         "also accept simulated platforms with these root certificates; proves nothing about hardware"},     \
    {                                                                                                        \
        "--allow-milan", OPTION_SWITCH, offsetof(type, field.allow_milan), 0, 0, NULL,                       \
            "accept EPYC Milan, whose reports can be forged since its root seed was extracted (arXiv "       \
            "2605.12990)"                                                                                    \
    }

/* NOLINTEND(bugprone-macro-parentheses) */

/* What the options come to. */
struct policy_holder {
    struct attest_policy policy; /* borrowed from the document */
    int64_t max_age;             /* as in the document */
    struct policy_document *document;
};

/* The note says which option or which member of the document was wrong. ERR_USAGE for an option, otherwise as of policy_document_parse and file_read. */
ERR_MUST_USE enum err policy_options_load(const struct policy_options *options, struct policy_holder *holder,
                                          struct err_note *note);
/* ERR_USAGE, with a note that says what to do, when nothing was given that could accept any code: before anybody is connected to. */
ERR_MUST_USE enum err policy_options_wanted(const struct policy_options *options, struct err_note *note);
void policy_holder_release(struct policy_holder *holder);

/* A policy file; *document is NULL on failure. The note begins with the path. */
ERR_MUST_USE enum err policy_file_load(const char *path, struct policy_document **document,
                                       struct err_note *note);

#endif
