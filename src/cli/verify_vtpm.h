/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERIFY_VTPM_H
#define CLI_VERIFY_VTPM_H

/* The options of `enclume verify` for evidence that comes by a virtual TPM, beside those for the hardware's report in it, and their files. */

#include "attest/appraise_parts.h"
#include "cli/files.h"

struct vtpm_options {
    const char *hcl_report; /* NULL: there is no such evidence */
    const char *quote;
    const char *signature;
    const char *pcrs;
    const char *event_log;
    struct option_list ak_certs;
};

/* Rows for an option table; `field` is the struct vtpm_options in `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member cannot stand in parentheses */
/* clang-format off */
#define VTPM_OPTION_ROWS(type, field)                                                                        \
    {"--hcl-report", OPTION_TEXT, offsetof(type, field.hcl_report), 0, 0, "FILE",                            \
     "instead of a bundle: what a virtual TPM holds at index 0x01400001, as in Azure's confidential VMs; "   \
     "with --certs and --crl, or with --tdx-quote and --collateral"},                                        \
    {"--tpm-quote", OPTION_TEXT, offsetof(type, field.quote), 0, 0, "FILE",                                  \
     "that TPM's quote, as tpm2_quote -m writes it"},                                                        \
    {"--tpm-signature", OPTION_TEXT, offsetof(type, field.signature), 0, 0, "FILE",                          \
     "the signature of it, as tpm2_quote -s writes it"},                                                     \
    {"--pcrs", OPTION_TEXT, offsetof(type, field.pcrs), 0, 0, "FILE",                                        \
     "the values of the registers that are quoted, as tpm2_quote -o or tpm2_pcrread -o writes them"},        \
    {"--event-log", OPTION_TEXT, offsetof(type, field.event_log), 0, 0, "FILE",                              \
     "the firmware's log of what it measured"},                                                              \
    {"--ak-cert", OPTION_LIST, offsetof(type, field.ak_certs), 0, 0, "FILE",                                 \
     "certificates for the key of the TPM: its own, those in between, the root; may be repeated"}
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

/* --hcl-report is missing, and something that belongs to it is there. */
bool vtpm_options_stray(const struct vtpm_options *options);

/* The files but --hcl-report's, into parts; `files` owns their content. An option that was left out leaves its part empty. Errors as of files_add. */
ERR_MUST_USE enum err vtpm_options_load(const struct vtpm_options *options, struct files *files,
                                        struct appraise_vtpm_parts *parts, struct err_note *note);

#endif
