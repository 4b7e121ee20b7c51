/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The descriptor of the simulated platform, both ways.
 *
 *     byte 0 even    a hostile host's answer: the rest is put over the beginning of a frame of the right size, or is the frame itself when bit 1 is set
 *     byte 0 odd     a hostile program's question
 *
 * What is accepted must lie inside the frame, and must come out the same when it is written again.
 */

#include <stdlib.h>

#include "attest/certificate_table.h"
#include "evidence/simulated_wire.h"

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

static void table_check(struct bytes area)
{
    struct certificate_table table;
    if (certificate_table_parse(area, &table) != ERR_OK) {
        must(table.vcek.len + table.ask.len + table.ark.len == 0);
        return;
    }
    must(is_inside(table.vcek, area) && is_inside(table.ask, area) && is_inside(table.ark, area));
    must(is_inside(table.vlek, area) && is_inside(table.crl, area));
}

static void answer_check(struct bytes frame)
{
    static uint8_t again[SIMULATED_WIRE_ANSWER_SIZE];
    struct simulated_answer answer;
    if (simulated_answer_parse(frame, &answer) != ERR_OK) {
        must(answer.report.len + answer.table.len == 0);
        return;
    }
    must(simulated_answer_write(&answer, again) == ERR_OK);
    must(bytes_equal(frame, bytes_of(again, sizeof again)));
    if (answer.status == 0) {
        must(answer.report.len == SNP_REPORT_SIZE && is_inside(answer.report, frame) &&
             is_inside(answer.table, frame));
        table_check(answer.table);
    }
}

static void question_check(struct bytes frame)
{
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    uint8_t again[SIMULATED_WIRE_QUESTION_SIZE];
    if (simulated_question_parse(frame, report_data) != ERR_OK)
        return;
    simulated_question_write(report_data, again);
    must(bytes_equal(frame, bytes_of(again, sizeof again)));
}

/* In a block of its own size, so that a read behind its end is seen. */
static void answer_over_zeros(const uint8_t *data, size_t size)
{
    uint8_t *frame = calloc(1, SIMULATED_WIRE_ANSWER_SIZE);
    must(frame != NULL);
    memcpy(frame, data, size < SIMULATED_WIRE_ANSWER_SIZE ? size : SIMULATED_WIRE_ANSWER_SIZE);
    answer_check(bytes_of(frame, SIMULATED_WIRE_ANSWER_SIZE));
    free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct bytes rest = bytes_of(data + 1, size - 1);
    if ((data[0] & 1) != 0)
        question_check(rest);
    else if ((data[0] & 2) != 0)
        answer_check(rest);
    else
        answer_over_zeros(rest.ptr, rest.len);
    return 0;
}
