/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The descriptor of the simulated platform, both ways.
 *
 *     byte 0 even    a hostile host's answer
 *     byte 0 odd     a hostile program's question
 *
 * What is accepted must lie inside the frame, and must come out the same when it is written again.
 */

#include <stdlib.h>

#include "evidence/simulated.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static bool is_inside(struct bytes part, struct bytes whole)
{
    return part.len == 0 ||
           (part.len <= whole.len && part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

/* What the source makes of it. */
static void evidence_check(struct bytes frame)
{
    struct evidence evidence;
    const char *platform = NULL;
    if (evidence_simulated_parse(frame, &evidence, &platform, NULL) != ERR_OK) {
        must(platform == NULL);
        return;
    }
    must(platform != NULL && evidence.storage == NULL && evidence.endorsement_count > 0);
    must(is_inside(evidence.report.value, frame));
    for (size_t i = 0; i < evidence.endorsement_count; i++)
        must(evidence.endorsements[i].value.len != 0 && is_inside(evidence.endorsements[i].value, frame));
}

static void gpus_check(struct bytes frame)
{
    struct evidence_gpus gpus;
    const char *platform = NULL;
    if (evidence_simulated_parse_gpus(frame, &gpus, &platform, NULL) != ERR_OK) {
        must(platform == NULL && gpus.report_count + gpus.endorsement_count == 0);
        return;
    }
    must(platform != NULL && gpus.storage == NULL);
    for (size_t i = 0; i < gpus.report_count; i++)
        must(strcmp(gpus.reports[i].media_type, BUNDLE_GPU_REPORT) == 0 &&
             is_inside(gpus.reports[i].value, frame));
    for (size_t i = 0; i < gpus.endorsement_count; i++)
        must(strcmp(gpus.endorsements[i].media_type, BUNDLE_GPU_REPORT) != 0 &&
             is_inside(gpus.endorsements[i].value, frame));
}

static void answer_check(struct bytes frame)
{
    static uint8_t again[SIMULATED_WIRE_ANSWER_MAX];
    struct simulated_answer answer;
    size_t len;
    evidence_check(frame);
    gpus_check(frame);
    if (simulated_answer_parse(frame, &answer) != ERR_OK) {
        must(answer.evidence.len + answer.endorsements.len == 0);
        return;
    }
    must(simulated_answer_write(&answer, again, &len) == ERR_OK);
    must(bytes_equal(frame, bytes_of(again, len)));
    must(is_inside(answer.evidence, frame) && is_inside(answer.endorsements, frame));
}

static void question_check(struct bytes frame)
{
    struct simulated_question question;
    uint8_t again[SIMULATED_WIRE_QUESTION_SIZE];
    if (simulated_question_parse(frame, &question) != ERR_OK)
        return;
    simulated_question_write(&question, again);
    must(bytes_equal(frame, bytes_of(again, sizeof again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    if ((data[0] & 1) != 0)
        question_check(rest);
    else
        answer_check(rest);
    return 0;
}
