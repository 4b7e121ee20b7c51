/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_samples.h"

#include <stdlib.h>

#include "crypto/crypto.h"

struct synthetic_tdx_keys sample_keys;
uint8_t sample_roots[SAMPLE_ROOTS][SYNTHETIC_TDX_CERT_MAX];
size_t sample_root_len[SAMPLE_ROOTS];
char sample_root_text[SAMPLE_ROOTS][ENCODING_BASE64_SIZE(SYNTHETIC_TDX_CERT_MAX)];

/* ---- documents ---- */

static char *text_made; /* by the last print */
static size_t text_len;

FILE *sample_open(void)
{
    free(text_made);
    text_made = NULL;
    FILE *out = open_memstream(&text_made, &text_len);
    assert_non_null(out);
    return out;
}

struct bytes sample_text(void)
{
    return bytes_of(text_made, text_len);
}

void sample_print_hex(FILE *out, unsigned byte, size_t size)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < size; i++)
        (void)fprintf(out, "%02x", byte);
    (void)fputc('"', out);
}

void sample_print_value(FILE *out, const struct policy_member *m)
{
    switch (m->kind) {
    case MEMBER_BOOL:
        (void)fputs("true", out);
        break;
    case MEMBER_NUMBER:
        (void)fprintf(out, "%llu", (unsigned long long)(strcmp(m->key, "model_last") == 0 ? m->max : m->min));
        break;
    case MEMBER_NUMBER_OR_ANY:
        (void)fputs("\"any\"", out);
        break;
    case MEMBER_WORD:
        (void)fprintf(out, "\"%s\"", m->words[0].text);
        break;
    case MEMBER_TEXT:
        (void)fputs("\"sample\"", out);
        break;
    case MEMBER_BYTES:
    case MEMBER_REGISTER:
        sample_print_hex(out, 0xab, m->size);
        break;
    case MEMBER_RECORDS:
        (void)fputc('[', out);
        sample_print_record(out, m->members, NULL, "null");
        (void)fputc(']', out);
        break;
    default:
        fail_msg("no sample for a member of the kind of %s", m->key);
    }
}

void sample_print_record(FILE *out, const struct policy_member *table, const struct policy_member *but,
                         const char *value)
{
    (void)fputc('{', out);
    for (const struct policy_member *m = table; m->key != NULL; m++) {
        (void)fprintf(out, "%s\"%s\":", m == table ? "" : ",", m->key);
        if (m == but)
            (void)fputs(value, out);
        else
            sample_print_value(out, m);
    }
    (void)fputc('}', out);
}

const char *sample_path(const struct sample_place *p, char out[static SAMPLE_PATH_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < p->depth; i++)
        used += (size_t)snprintf(out + used, SAMPLE_PATH_SIZE - used, "%s%s%s", i == 0 ? "" : ".",
                                 p->rows[i]->key,
                                 i + 1 < p->depth && p->rows[i]->kind == MEMBER_RECORDS ? "[0]" : "");
    return out;
}

struct bytes sample_document(const struct sample_place *p, const char *value)
{
    FILE *out = sample_open();
    size_t objects = 0;
    bool in_record = false;
    if (p->rows[0]->kind == MEMBER_VERSION) {
        (void)fprintf(out, "{\"version\":%s}", value);
        assert_int_equal(fclose(out), 0);
        return bytes_of(text_made, text_len);
    }
    (void)fputs("{\"version\":1,", out);
    for (size_t i = 0; i < p->depth && !in_record; i++) {
        const struct policy_member *m = p->rows[i];
        (void)fprintf(out, "\"%s\":", m->key);
        if (i + 1 == p->depth) {
            (void)fputs(value, out);
        } else if (m->kind == MEMBER_RECORDS) {
            (void)fputc('[', out);
            sample_print_record(out, m->members, p->rows[i + 1], value);
            (void)fputc(']', out);
            in_record = true;
        } else {
            (void)fputc('{', out);
            objects++;
        }
    }
    for (size_t i = 0; i <= objects; i++)
        (void)fputc('}', out);
    assert_int_equal(fclose(out), 0);
    return bytes_of(text_made, text_len);
}

/* ---- every row ---- */

static void walk(const struct policy_member *table, struct sample_place *p, bool objects, sample_visit *visit)
{
    assert_true(p->depth < SAMPLE_DEPTH_MAX);
    for (const struct policy_member *m = table; m->key != NULL; m++) {
        p->rows[p->depth++] = m;
        if (objects || m->kind != MEMBER_OBJECT)
            visit(p);
        if (m->members != NULL)
            walk(m->members, p, objects, visit);
        p->depth--;
    }
}

void sample_each_member(bool objects, sample_visit *visit)
{
    struct sample_place p = {.depth = 0};
    walk(policy_members, &p, objects, visit);
}

bool sample_is_filled(const uint8_t *value, unsigned byte, size_t size)
{
    for (size_t i = 0; value != NULL && i < size; i++)
        if (value[i] != byte)
            return false;
    return value != NULL;
}

/* ---- reading ---- */

struct policy_document *sample_parse(struct bytes text)
{
    struct policy_document *doc = NULL;
    struct err_note note = {{0}};
    enum err e = policy_document_parse(text, &doc, &note);
    if (e != ERR_OK)
        fail_msg("%.*s: %s: %s", (int)text.len, (const char *)text.ptr, err_name(e), note.text);
    return doc;
}

void sample_refused_text(struct bytes text, enum err wanted, const char *path)
{
    struct policy_document *doc = (struct policy_document *)text_made;
    struct err_note note = {{0}};
    enum err e = policy_document_parse(text, &doc, &note);
    assert_null(doc);
    assert_err(policy_document_parse(text, &doc, NULL), e);
    if (wanted != ERR_OK)
        assert_err(e, wanted);
    const size_t length = strlen(path);
    if (e == ERR_OK || strncmp(note.text, path, length) != 0 || note.text[length] != ':')
        fail_msg("%.*s: wanted \"%s: ...\", got %s \"%s\"", (int)text.len, (const char *)text.ptr, path,
                 err_name(e), note.text);
}

void sample_refused(const struct sample_place *p, const char *value, const char *below)
{
    char path[SAMPLE_PATH_SIZE];
    char whole[SAMPLE_PATH_SIZE + 16];
    (void)snprintf(whole, sizeof whole, "%s%s", sample_path(p, path), below);
    sample_refused_text(sample_document(p, value), ERR_OK, whole);
}

/* ---- roots ---- */

int sample_make(void **state)
{
    (void)state;
    static struct synthetic_tdx t;
    static const char *const names[] = {"Intel SGX Root CA", "ARK-Genoa", "NVIDIA Device Identity CA",
                                        "NVIDIA CoRIM signing Root CA",
                                        "Azure Virtual TPM Root Certificate Authority 2023"};
    if (crypto_init() != ERR_OK)
        return -1;
    synthetic_tdx_keys_make(&sample_keys);
    for (size_t i = 0; i < test_count(names); i++) {
        synthetic_tdx_init(&t, &sample_keys);
        t.root.subject_cn = t.root.issuer_cn = names[i];
        synthetic_tdx_build(&t);
        memcpy(sample_roots[i], t.root_der.ptr, t.root_der.len);
        sample_root_len[i] = t.root_der.len;
        encoding_base64(t.root_der, sample_root_text[i]);
    }
    return 0;
}

int sample_drop(void **state)
{
    (void)state;
    synthetic_tdx_keys_release(&sample_keys);
    free(text_made);
    return 0;
}
