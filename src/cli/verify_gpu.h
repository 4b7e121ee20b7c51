/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_VERIFY_GPU_H
#define CLI_VERIFY_GPU_H

/* The part of enclume verify that is about GPUs in files of their own. */

#include "attest/policy.h"
#include "attest/verdict.h"
#include "base/options.h"

struct gpu_options {
    struct option_list reports;
    struct option_list certificates;
    struct option_list rims;
    struct option_list ocsp;
};

/* Rows for an option table; `field` is the struct gpu_options in `type`. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a member cannot stand in parentheses */
#define GPU_OPTION_ROWS(type, field)                                                                         \
    {"--gpu-report",                                                                                         \
     OPTION_LIST,                                                                                            \
     offsetof(type, field.reports),                                                                          \
     0,                                                                                                      \
     0,                                                                                                      \
     "FILE",                                                                                                 \
     "instead of a bundle: the report of an NVIDIA GPU, binary, hexadecimal or base64; may be repeated, "    \
     "once a GPU. Or what NVIDIA's attestation SDK collected, JSON: it has the certificates, too"},          \
        {"--gpu-certs",                                                                                      \
         OPTION_LIST,                                                                                        \
         offsetof(type, field.certificates),                                                                 \
         0,                                                                                                  \
         0,                                                                                                  \
         "FILE",                                                                                             \
         "the GPU's certificates: PEM or DER, the leaf first; once a GPU, in the order of the reports"},     \
        {"--rim",                                                                                            \
         OPTION_LIST,                                                                                        \
         offsetof(type, field.rims),                                                                         \
         0,                                                                                                  \
         0,                                                                                                  \
         "FILE",                                                                                             \
         "NVIDIA's reference values of driver and VBIOS: XML, or the answer of its service; may be "         \
         "repeated"},                                                                                        \
    {                                                                                                        \
        "--ocsp", OPTION_LIST, offsetof(type, field.ocsp), 0, 0, "FILE",                                     \
            "NVIDIA's word that a certificate is not revoked: an OCSP response, DER or PEM; may be repeated" \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

/* collateral: directories that `enclume collateral fetch` has filled. nonce: 64 hexadecimal digits, "any", or NULL, and then that check fails. ERR_USAGE (the nonce), ERR_FILE, ERR_TOO_LARGE. */
ERR_MUST_USE enum err verify_gpu(const struct gpu_options *o, const struct option_list *collateral,
                                 const char *nonce, const struct attest_policy *policy, int64_t now,
                                 struct verdict *v, struct err_note *note);

#endif
