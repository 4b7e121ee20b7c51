/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/platform.h"

#include <stdlib.h>

static const struct platform_kind *const kinds[] = {&platform_snp, &platform_tdx, NULL};

enum err platform_open(const char *name, const char *directory, int64_t now, struct platform **p,
                       struct err_note *note)
{
    *p = NULL;
    for (size_t i = 0; kinds[i] != NULL; i++) {
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

void platform_room_open(struct platform_room *room, struct writer *evidence, struct writer *endorsements)
{
    *evidence = writer_into(room->evidence, sizeof room->evidence);
    *endorsements = writer_into(room->endorsements, sizeof room->endorsements);
}

enum err platform_frame_write(const struct platform *p, enum simulated_what what,
                              const struct writer *evidence, const struct writer *endorsements,
                              struct platform_frame *frame)
{
    struct simulated_answer answer = {.what = what, .platform = p->kind->wire};
    enum err e = writer_finish(evidence, &answer.evidence);
    if (e == ERR_OK)
        e = writer_finish(endorsements, &answer.endorsements);
    return e == ERR_OK ? simulated_answer_write(&answer, frame->bytes, &frame->len) : e;
}

enum err platform_answer(const struct platform *p, const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                         struct platform_frame *frame)
{
    struct platform_room *room = calloc(1, sizeof *room);
    struct writer evidence;
    struct writer endorsements;
    if (room == NULL)
        return ERR_MEMORY;
    platform_room_open(room, &evidence, &endorsements);
    enum err e = p->kind->evidence(p, report_data, &evidence, &endorsements);
    if (e == ERR_OK)
        e = platform_frame_write(p, SIMULATED_ASKS_REPORT, &evidence, &endorsements, frame);
    free(room);
    return e;
}

static enum err bare_answer(const struct platform *p, enum simulated_what what, uint32_t status,
                            struct platform_frame *frame)
{
    const struct simulated_answer answer = {.what = what, .platform = p->kind->wire, .status = status};
    return simulated_answer_write(&answer, frame->bytes, &frame->len);
}

enum err platform_introduce(const struct platform *p, struct platform_frame *frame)
{
    return bare_answer(p, SIMULATED_ASKS_PLATFORM, 0, frame);
}

enum err platform_refuse(const struct platform *p, enum simulated_what what, uint32_t status,
                         struct platform_frame *frame)
{
    return bare_answer(p, what, status, frame);
}
