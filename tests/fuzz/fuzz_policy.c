/* SPDX-License-Identifier: Apache-2.0 */

/* A policy document: what parses is written, parsed again to the same, and written to the same text; what does not is said to be wrong somewhere. */

#include <stdlib.h>

#include "attest/policy_document.h"
#include "base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *write_policy(const struct policy_document *doc, enum policy_form form)
{
    char *text;
    if (policy_document_write(&doc->policy, doc->max_age, form, &text, NULL) != ERR_OK)
        abort();
    return text;
}

static void write_and_read(const struct policy_document *doc)
{
    struct policy_document *again;
    char *text = write_policy(doc, POLICY_CANONICAL);
    if (policy_document_parse(bytes_str(text), &again, NULL) != ERR_OK)
        abort();
    char *text_again = write_policy(again, POLICY_CANONICAL);
    if (strcmp(text, text_again) != 0)
        abort();
    secret_free(write_policy(again, POLICY_INDENTED));
    secret_free(text);
    secret_free(text_again);
    policy_document_release(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy_document *doc;
    struct err_note note = {{0}};
    enum err e = policy_document_parse(bytes_of(data, size), &doc, &note);
    if (e == ERR_OK)
        write_and_read(doc);
    else if (doc != NULL || (note.text[0] == '\0' && e != ERR_MEMORY))
        abort();
    policy_document_release(doc);
    return 0;
}
