/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/policy_document.h"

#include <stdlib.h>

#include "attest/policy_members.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"

/* ---- memory ---- */

struct block {
    struct block *next;
    max_align_t data[];
};

void *policy_document_alloc(struct policy_document *doc, size_t count, size_t size)
{
    /* Both are limited by the table of members, so that the product fits. */
    struct block *b = calloc(1, sizeof *b + count * size);
    if (b == NULL)
        return NULL;
    b->next = doc->storage;
    doc->storage = b;
    return b->data;
}

enum err policy_document_new(struct policy_document **doc)
{
    *doc = calloc(1, sizeof **doc);
    if (*doc == NULL)
        return ERR_MEMORY;
    attest_policy_default(&(*doc)->policy);
    return ERR_OK;
}

void policy_document_release(struct policy_document *doc)
{
    if (doc == NULL)
        return;
    for (struct block *b = doc->storage; b != NULL;) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
    free(doc);
}

/* ---- text ---- */

static enum err parse_within(struct bytes text, size_t limit, struct policy_document **doc,
                             struct err_note *note)
{
    json_t *root = NULL;
    *doc = NULL;
    enum err e = strict_json_parse(text, limit, &root, note);
    if (e == ERR_OK)
        e = policy_document_new(doc);
    if (e == ERR_OK)
        e = policy_read(root, *doc, note);
    json_decref(root);
    if (e != ERR_OK) {
        policy_document_release(*doc);
        *doc = NULL;
    }
    return e;
}

enum err policy_document_parse(struct bytes text, struct policy_document **doc, struct err_note *note)
{
    return parse_within(text, POLICY_DOCUMENT_MAX, doc, note);
}

/* The text, and what it is parsed to again: a policy that no document can say (a number out of range, too many items) shows there. */
static enum err write_and_parse(const struct policy_document *doc, enum policy_form form, char **text,
                                struct policy_document **again, struct err_note *note)
{
    json_t *root = NULL;
    *text = NULL;
    *again = NULL;
    strict_json_init();
    enum err e = policy_write(doc, &root, note);
    if (e != ERR_OK)
        return e;
    *text = form == POLICY_CANONICAL ? strict_json_canonical(root) : json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (*text == NULL)
        return ERR_MEMORY;
    e = parse_within(bytes_str(*text), SIZE_MAX, again, note);
    if (e != ERR_OK) {
        secret_free(*text);
        *text = NULL;
    }
    return e;
}

enum err policy_document_write(const struct attest_policy *policy, int64_t max_age, enum policy_form form,
                               char **text, struct err_note *note)
{
    const struct policy_document view = {.policy = *policy, .max_age = max_age};
    struct policy_document *again;
    enum err e = write_and_parse(&view, form, text, &again, note);
    policy_document_release(again);
    return e;
}

enum err policy_document_copy(const struct policy_document *doc, struct policy_document **copy,
                              struct err_note *note)
{
    struct policy_document view = *doc;
    char *text;
    view.max_age = 0; /* which a caller may have set to what no document says */
    enum err e = write_and_parse(&view, POLICY_CANONICAL, &text, copy, note);
    secret_free(text);
    if (e == ERR_OK)
        (*copy)->max_age = doc->max_age;
    return e;
}

/* ---- adding ---- */

/* The list with one item more, in new memory. */
static enum err append(struct policy_document *doc, const void *list, size_t count, size_t max,
                       const void *item, size_t size, void **grown)
{
    if (count >= max)
        return ERR_TOO_LARGE;
    uint8_t *items = policy_document_alloc(doc, count + 1, size);
    if (items == NULL)
        return ERR_MEMORY;
    if (count != 0)
        memcpy(items, list, count * size);
    memcpy(items + count * size, item, size);
    *grown = items;
    return ERR_OK;
}

enum err policy_document_add_measurement(struct policy_document *doc,
                                         const uint8_t measurement[static ATTEST_MEASUREMENT_SIZE])
{
    struct attest_policy *p = &doc->policy;
    void *grown;
    enum err e = append(doc, p->measurements, p->measurement_count, ATTEST_REFERENCES_MAX, measurement,
                        ATTEST_MEASUREMENT_SIZE, &grown);
    if (e != ERR_OK)
        return e;
    p->measurements = grown;
    p->measurement_count++;
    return ERR_OK;
}

enum err policy_document_add_model(struct policy_document *doc,
                                   const uint8_t digest[static ATTEST_DIGEST_SIZE])
{
    struct attest_policy *p = &doc->policy;
    void *grown;
    enum err e =
        append(doc, p->models, p->model_count, POLICY_MODELS_MAX, digest, ATTEST_DIGEST_SIZE, &grown);
    if (e != ERR_OK)
        return e;
    p->models = grown;
    p->model_count++;
    return ERR_OK;
}

enum err policy_document_add_launch(struct policy_document *doc, const struct tdx_launch *launch)
{
    struct tdx_policy *p = &doc->policy.tdx;
    void *grown;
    enum err e = append(doc, p->launches, p->launch_count, TDX_LAUNCHES_MAX, launch, sizeof *launch, &grown);
    if (e != ERR_OK)
        return e;
    p->launches = grown;
    p->launch_count++;
    return ERR_OK;
}

/* The next certificate of a file; ERR_TRUNCATED behind the last. A DER certificate begins with the tag of a SEQUENCE, which no PEM text does. */
static enum err next_certificate(struct bytes *file, uint8_t *out, size_t size, size_t *len)
{
    if (file->len == 0 || file->ptr[0] != DER_SEQUENCE)
        return encoding_pem_next(file, "CERTIFICATE", out, size, len);
    memcpy(out, file->ptr, file->len);
    *len = file->len;
    file->len = 0;
    return ERR_OK;
}

enum err policy_document_trust_simulated(struct policy_document *doc, struct bytes file,
                                         struct err_note *note)
{
    struct attest_policy policy = doc->policy;
    size_t count = 0;
    if (file.len > POLICY_ROOT_MAX)
        return err_noted(ERR_TOO_LARGE, note, "certificates of %zu bytes, at most %d are taken", file.len,
                         POLICY_ROOT_MAX);
    for (;;) {
        size_t len = 0;
        uint8_t *der = policy_document_alloc(doc, file.len, 1);
        if (der == NULL)
            return ERR_MEMORY;
        enum err e = next_certificate(&file, der, file.len, &len);
        if (e == ERR_TRUNCATED && count != 0)
            break;
        if (e == ERR_MEMORY)
            return e; /* equivalent: fails for want of memory alone */
        if (e != ERR_OK)
            return err_noted(ERR_ENCODING, note, "there is no certificate in PEM or DER");
        e = attest_policy_trust_simulated(&policy, bytes_of(der, len), note);
        if (e != ERR_OK)
            return e;
        count++;
    }
    doc->policy = policy;
    return ERR_OK;
}
