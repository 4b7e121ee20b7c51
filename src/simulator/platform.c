/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/platform.h"

#include <stdlib.h>

static const struct platform_kind *const kinds[] = {&platform_snp, &platform_tdx};

enum err platform_open(const char *name, const char *directory, int64_t now, struct platform **p,
                       struct err_note *note)
{
    *p = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i]->name, name) != 0)
            continue;
        enum err e = kinds[i]->open(directory, now, p, note);
        if (e != ERR_OK)
            return e;
        (*p)->kind = kinds[i];
        (*p)->measures = launch_simulated_platform(name);
        return ERR_OK;
    }
    return err_noted(ERR_USAGE, note, "--platform %.100s: there is no such platform; known: snp, tdx", name);
}

void platform_close(struct platform *p)
{
    if (p != NULL)
        p->kind->close(p);
}

/* ---- answers ---- */

static enum err answer_write(const struct simulated_answer *answer, struct platform_frame *frame)
{
    return simulated_answer_write(answer, frame->bytes, &frame->len);
}

enum err platform_answer(const struct platform *p, const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                         struct platform_frame *frame)
{
    struct simulated_answer answer = {.platform = p->kind->wire};
    uint8_t *room = malloc(SIMULATED_WIRE_EVIDENCE_MAX + SIMULATED_WIRE_ENDORSEMENTS_MAX);
    if (room == NULL)
        return ERR_MEMORY;
    struct writer evidence = writer_into(room, SIMULATED_WIRE_EVIDENCE_MAX);
    struct writer endorsements =
        writer_into(room + SIMULATED_WIRE_EVIDENCE_MAX, SIMULATED_WIRE_ENDORSEMENTS_MAX);
    enum err e = p->kind->evidence(p, report_data, &evidence, &endorsements);
    if (e == ERR_OK)
        e = writer_finish(&evidence, &answer.evidence);
    if (e == ERR_OK)
        e = writer_finish(&endorsements, &answer.endorsements);
    if (e == ERR_OK)
        e = answer_write(&answer, frame);
    free(room);
    return e;
}

enum err platform_introduce(const struct platform *p, struct platform_frame *frame)
{
    const struct simulated_answer answer = {.platform = p->kind->wire};
    return answer_write(&answer, frame);
}

enum err platform_refuse(const struct platform *p, uint32_t status, struct platform_frame *frame)
{
    const struct simulated_answer answer = {.platform = p->kind->wire, .status = status};
    return answer_write(&answer, frame);
}
