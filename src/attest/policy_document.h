/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_POLICY_DOCUMENT_H
#define ATTEST_POLICY_DOCUMENT_H

/*
 * A policy as one JSON document (docs/policy.md, docs/policy.schema.json), and the memory that a struct attest_policy borrows.
 *
 *     struct policy_document *doc;
 *     enum err e = policy_document_parse(text, &doc, &note);
 *     if (e == ERR_OK)
 *         attest_appraise(bundle, challenge, &doc->policy, now, &verdict);
 *     policy_document_release(doc);
 *
 * Strict: an unknown member, a wrong type, a value out of range or a member that stands there twice is an error. What is left out is as in
 * attest_policy_default, which accepts nothing until there is a reference value for a launch.
 */

#include <jansson.h>

#include "attest/policy.h"

enum {
    POLICY_DOCUMENT_MAX = 1024 * 1024, /* bytes of text */
    POLICY_DOCUMENT_VERSION = 1,
    POLICY_MODELS_MAX = ATTEST_REFERENCES_MAX,
    POLICY_INVENTORY_MAX = 4096, /* chips, and as many platforms */
    POLICY_AGE_MAX = 7 * 86400,
};

struct policy_document {
    struct attest_policy policy; /* what it borrows, the document owns */
    int64_t max_age; /* seconds for which evidence stays good on a channel; 0: the document does not say */
    void *storage;
};

/* attest_policy_default, to add to. ERR_MEMORY. */
ERR_MUST_USE enum err policy_document_new(struct policy_document **doc);

/* *doc is NULL on failure. The note names the member: "tdx.launches[1].rtmr0: ...". ERR_JSON, ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE, ERR_MEMORY. */
ERR_MUST_USE enum err policy_document_parse(struct bytes text, struct policy_document **doc,
                                            struct err_note *note);

/* The same policy in memory of its own. Errors as of policy_document_write. */
ERR_MUST_USE enum err policy_document_copy(const struct policy_document *doc, struct policy_document **copy,
                                           struct err_note *note);

/* NULL does nothing. */
void policy_document_release(struct policy_document *doc);

enum policy_form {
    POLICY_CANONICAL, /* RFC 8785: the same policy is the same text */
    POLICY_INDENTED,  /* for people, in the order of docs/policy.md */
};

/* The document of a policy, with every default written out: parsed, it accepts the same evidence and gives the same text again. max_age: 0 leaves it out.
 * NUL-terminated, release with secret_free. ERR_MEMORY; ERR_VALUE and the like, with the member, for a policy that no document can say. */
ERR_MUST_USE enum err policy_document_write(const struct attest_policy *policy, int64_t max_age,
                                            enum policy_form form, char **text, struct err_note *note);

/* Reference values beside those that are there. What fails changes nothing. ERR_TOO_LARGE (ATTEST_REFERENCES_MAX, POLICY_MODELS_MAX, TDX_LAUNCHES_MAX),
 * ERR_MEMORY. */
ERR_MUST_USE enum err
policy_document_add_measurement(struct policy_document *doc,
                                const uint8_t measurement[static ATTEST_MEASUREMENT_SIZE]);
ERR_MUST_USE enum err policy_document_add_model(struct policy_document *doc,
                                                const uint8_t digest[static ATTEST_DIGEST_SIZE]);
ERR_MUST_USE enum err policy_document_add_launch(struct policy_document *doc,
                                                 const struct tdx_launch *launch);

/* attest_policy_trust_simulated for each certificate of a file: one in DER, or one or more in PEM. What fails changes nothing. ERR_ENCODING when there is
 * none, ERR_CERTIFICATE, ERR_UNKNOWN, ERR_TOO_LARGE, ERR_MEMORY. */
ERR_MUST_USE enum err policy_document_trust_simulated(struct policy_document *doc, struct bytes file,
                                                      struct err_note *note);

#endif
