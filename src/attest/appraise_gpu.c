/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/appraise_gpu.h"

#include <stdlib.h>

#include "attest/appraise_parts.h"
#include "attest/evidence_file.h"
#include "attest/gpu_evidence.h"
#include "attest/nvgpu.h"
#include "attest/nvgpu_report.h"
#include "attest/rules.h"
#include "base/encoding.h"

/* ---- the rows that only separate files have ---- */

enum { RULE_REPORT, RULE_CERTIFICATES, RULE_RIM, RULE_OCSP, RULE_ANY_NONCE };

static const struct verdict_rule rules[] = {
    [RULE_REPORT] = {"file.gpu.report", "Each file holds a report",
                     "The request and the response to it, as they are or as text (attest/evidence_file.h)."},
    [RULE_CERTIFICATES] = {"file.gpu.certificates", "For each report its certificates came along",
                           "One chain a GPU, in the order of the reports; in PEM, or DER one behind the "
                           "other."},
    [RULE_RIM] = {"file.gpu.rim", "The files of reference values can be read",
                  "NVIDIA's documents as they are, or as its service answers, which names them."},
    [RULE_OCSP] = {"file.gpu.ocsp", "The files of OCSP responses can be read",
                   "DER or PEM. Whether there is a good word about each certificate, other checks say."},
    [RULE_ANY_NONCE] = {"nvgpu.report.nonce.any",
                        "The nonce was not compared with one of yours: you waived that",
                        "The reports may be old, or made for somebody else. Without --nonce HEX nothing "
                        "binds them to a challenge of yours. Of several GPUs the nonces must still be the "
                        "same."},
};

const struct verdict_rule *appraise_gpu_rule(size_t index)
{
    return index < sizeof rules / sizeof *rules ? &rules[index] : NULL;
}

/* ---- the files ---- */

enum { GPUS_TAKEN = NVGPU_GPUS_MAX + 1, RIMS_TAKEN = NVGPU_RIMS_MAX + 1, OCSP_TAKEN = NVGPU_OCSP_MAX + 1 };

/* What was opened; one more than the appraisal takes, so that it is the one to say that there are too many. */
struct opened {
    struct evidence_file reports[GPUS_TAKEN];
    struct evidence_file certificates[GPUS_TAKEN];
    struct evidence_file rims[RIMS_TAKEN];
    struct evidence_rim documents[RIMS_TAKEN];
    struct evidence_file ocsp[OCSP_TAKEN];
    uint8_t *ocsp_room[OCSP_TAKEN]; /* what stood in PEM */
    struct nvgpu_evidence gpus[GPUS_TAKEN];
    struct nvgpu_rim rim_list[RIMS_TAKEN];
    struct bytes responses[OCSP_TAKEN];
    size_t response_count;
};

static size_t taken(const struct appraise_gpu_list *list, size_t max)
{
    return list->count < max ? list->count : max; /* equivalent: of two that are the same, either */
}

static enum err named(const struct appraise_gpu_list *list, size_t i, enum err e,
                      const struct err_note *detail, struct err_note *note)
{
    const char *what = detail->text[0] != '\0' ? detail->text : err_text(e);
    return list->names != NULL ? err_noted(e, note, "%.100s: %.120s", list->names[i], what)
                               : err_noted(e, note, "file %zu: %.150s", i + 1, what);
}

/* Takes the text off each. The note is about the first that cannot be read; that one stays as it is, and the others are read all the same. */
static enum err open_all(const struct appraise_gpu_list *list, size_t count, struct evidence_file *files,
                         struct err_note *note)
{
    enum err first = ERR_OK;
    for (size_t i = 0; i < count; i++) {
        struct err_note detail = {{0}};
        enum err e = evidence_file_open(list->files[i], &files[i], &detail);
        if (e == ERR_OK)
            continue;
        files[i] = (struct evidence_file){.content = list->files[i]};
        if (first == ERR_OK)
            first = named(list, i, e, &detail, note);
    }
    return first;
}

static void row(struct verdict *v, const struct verdict_rule *rule, enum err e, const struct err_note *note,
                size_t count)
{
    if (e == ERR_OK)
        (void)verdict_add(v, rule, true, "", "%zu", count);
    else
        (void)verdict_add(v, rule, false, "", "%s", note->text);
}

/* A document with several is for gpu_evidence_open to take apart, before all of this. */
static enum err no_document(const struct evidence_file *file, struct err_note *note)
{
    struct gpu_evidence g;
    if (!evidence_is_json(file->content))
        return ERR_OK;
    enum err e = gpu_evidence_open(file->content, &g, note);
    if (e != ERR_OK)
        return e;
    gpu_evidence_release(&g);
    return err_noted(ERR_UNKNOWN, note, "a JSON document: the reports that are in it are wanted one by one");
}

static void gpus_open(const struct appraise_gpu_files *files, struct opened *o, struct verdict *v)
{
    struct err_note note = {{0}};
    const size_t count = taken(&files->reports, GPUS_TAKEN);
    const size_t chains = taken(&files->certificates, GPUS_TAKEN);
    enum err e = open_all(&files->reports, count, o->reports, &note);
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        struct err_note detail = {{0}};
        enum err one = no_document(&o->reports[i], &detail);
        if (one != ERR_OK)
            e = named(&files->reports, i, one, &detail, &note);
    }
    row(v, &rules[RULE_REPORT], e, &note, files->reports.count);
    e = open_all(&files->certificates, chains, o->certificates, &note);
    if (e == ERR_OK && files->certificates.count != files->reports.count)
        (void)verdict_add(v, &rules[RULE_CERTIFICATES], false, "as many as reports", "%zu for %zu report%s",
                          files->certificates.count, files->reports.count,
                          files->reports.count == 1 ? "" : "s");
    else
        row(v, &rules[RULE_CERTIFICATES], e, &note, files->certificates.count);
    for (size_t i = 0; i < count; i++) {
        o->gpus[i].report = o->reports[i].content;
        o->gpus[i].certificates = o->certificates[i].content; /* empty behind the last */
    }
}

static void rims_open(const struct appraise_gpu_files *files, struct opened *o, struct verdict *v)
{
    struct err_note note = {{0}};
    const size_t count = taken(&files->rims, RIMS_TAKEN);
    enum err e = open_all(&files->rims, count, o->rims, &note);
    for (size_t i = 0; i < count; i++) {
        struct err_note detail = {{0}};
        enum err one = evidence_rim_open(o->rims[i].content, &o->documents[i], &detail);
        if (one != ERR_OK && e == ERR_OK)
            e = named(&files->rims, i, one, &detail, &note);
        o->rim_list[i] = (struct nvgpu_rim){o->documents[i].document, o->documents[i].id};
        if (o->documents[i].id.len == 0 && files->rim_ids != NULL)
            o->rim_list[i].id = files->rim_ids[i];
    }
    row(v, &rules[RULE_RIM], e, &note, files->rims.count);
}

static void response_add(struct opened *o, struct bytes der)
{
    if (o->response_count < OCSP_TAKEN)
        o->responses[o->response_count++] = der;
}

/* The responses of a PEM text; room has a byte for each of its. */
static enum err responses_read(struct opened *o, struct bytes text, uint8_t *room, struct err_note *note)
{
    size_t left = text.len;
    size_t len = 0;
    size_t found = 0;
    enum err e;
    while ((e = encoding_pem_next(&text, EVIDENCE_PEM_OCSP, room, left, &len)) == ERR_OK) {
        response_add(o, bytes_of(room, len));
        room += len;
        left -= len;
        found++;
    }
    if (e != ERR_TRUNCATED)
        return err_noted(e, note, "a block of PEM that cannot be read");
    return found != 0 ? ERR_OK : err_noted(ERR_ENCODING, note, "no OCSP response in this PEM");
}

static enum err response_open(struct opened *o, size_t i, struct err_note *note)
{
    const struct bytes content = o->ocsp[i].content;
    if (evidence_file_kind(content) != EVIDENCE_PEM) {
        response_add(o, content);
        return ERR_OK;
    }
    o->ocsp_room[i] = malloc(content.len); /* evidence is public */
    return o->ocsp_room[i] == NULL ? ERR_MEMORY : responses_read(o, content, o->ocsp_room[i], note);
}

static void ocsp_open(const struct appraise_gpu_files *files, struct opened *o, struct verdict *v)
{
    struct err_note note = {{0}};
    const size_t count = taken(&files->ocsp, OCSP_TAKEN);
    enum err e = open_all(&files->ocsp, count, o->ocsp, &note);
    for (size_t i = 0; i < count; i++) {
        struct err_note detail = {{0}};
        enum err one = response_open(o, i, &detail);
        if (one != ERR_OK && e == ERR_OK)
            e = named(&files->ocsp, i, one, &detail, &note);
    }
    row(v, &rules[RULE_OCSP], e, &note, o->response_count);
}

static void opened_release(struct opened *o)
{
    for (size_t i = 0; i < GPUS_TAKEN; i++) {
        evidence_file_release(&o->reports[i]);
        evidence_file_release(&o->certificates[i]);
    }
    for (size_t i = 0; i < RIMS_TAKEN; i++) {
        evidence_rim_release(&o->documents[i]);
        evidence_file_release(&o->rims[i]);
    }
    for (size_t i = 0; i < OCSP_TAKEN; i++) {
        free(o->ocsp_room[i]);
        evidence_file_release(&o->ocsp[i]);
    }
    free(o);
}

/* ---- the appraisal ---- */

void appraise_gpu_parts(const struct appraise_gpu_files *files, const struct nvgpu_policy *policy,
                        int64_t now, struct verdict *v)
{
    struct nvgpu_report first;
    memset(v, 0, sizeof *v);
    v->appraised_at = now;
    v->claims.platform = VERDICT_PLATFORM_GPU;
    struct opened *o = calloc(1, sizeof *o);
    if (o == NULL) {
        /* equivalent: no memory */
        (void)verdict_add(v, &rules[RULE_REPORT], false, "", "%s", err_text(ERR_MEMORY));
        verdict_conclude(v); /* equivalent: refused as it is */
        return;
    }
    gpus_open(files, o, v);
    rims_open(files, o, v);
    ocsp_open(files, o, v);
    const struct nvgpu_endorsements endorsements = {.rims = o->rim_list,
                                                    .rim_count = taken(&files->rims, RIMS_TAKEN),
                                                    .ocsp = o->responses,
                                                    .ocsp_count = o->response_count};
    const bool own = files->any_nonce && nvgpu_report_parse(o->gpus[0].report, &first, NULL) == ERR_OK;
    nvgpu_appraise(o->gpus, taken(&files->reports, GPUS_TAKEN), &endorsements,
                   own ? first.nonce.ptr : files->nonce, policy, now, v);
    if (files->any_nonce)
        appraise_parts_waive(v, "nvgpu.report.nonce", &rules[RULE_ANY_NONCE]);
    verdict_conclude(v);
    opened_release(o);
}
