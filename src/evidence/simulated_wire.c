/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_wire.h"

#include "base/reader.h"
#include "base/writer.h"

static const char question_magic[] = "ENCLSIMQ";
static const char answer_magic[] = "ENCLSIMA";

static void magic_read(struct reader *r, const char *wanted)
{
    if (!bytes_is_str(reader_bytes(r, SIMULATED_WIRE_MAGIC_SIZE), wanted))
        reader_fail(r, ERR_VALUE);
}

void simulated_question_write(const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                              uint8_t out[static SIMULATED_WIRE_QUESTION_SIZE])
{
    struct writer w = writer_into(out, SIMULATED_WIRE_QUESTION_SIZE);
    writer_str(&w, question_magic);
    writer_bytes(&w, bytes_of(report_data, SNP_REPORT_DATA_SIZE));
}

enum err simulated_question_parse(struct bytes in, uint8_t report_data[static SNP_REPORT_DATA_SIZE])
{
    struct reader r = reader_over(in);
    magic_read(&r, question_magic);
    reader_copy(&r, report_data, SNP_REPORT_DATA_SIZE);
    return reader_finish(&r);
}

enum err simulated_answer_write(const struct simulated_answer *a,
                                uint8_t out[static SIMULATED_WIRE_ANSWER_SIZE])
{
    struct bytes written;
    struct writer w = writer_into(out, SIMULATED_WIRE_ANSWER_SIZE);
    if (a->table.len > SIMULATED_WIRE_TABLE_MAX)
        return ERR_NO_SPACE;
    if (a->status == 0 ? a->report.len != SNP_REPORT_SIZE : a->report.len + a->table.len != 0)
        return ERR_VALUE;
    writer_str(&w, answer_magic);
    writer_u32be(&w, a->status);
    writer_u32be(&w, (uint32_t)a->table.len);
    writer_bytes(&w, a->report);
    writer_bytes(&w, a->table);
    writer_zeros(&w, SIMULATED_WIRE_ANSWER_SIZE - w.used);
    return writer_finish(&w, &written);
}

enum err simulated_answer_parse(struct bytes in, struct simulated_answer *a)
{
    struct reader r = reader_over(in);
    *a = (struct simulated_answer){0};
    magic_read(&r, answer_magic);
    a->status = reader_u32be(&r);
    uint32_t size = reader_u32be(&r);
    if (reader_status(&r) == ERR_OK && (size > SIMULATED_WIRE_TABLE_MAX || (a->status != 0 && size != 0)))
        reader_fail(&r, ERR_TOO_LARGE);
    if (a->status == 0) {
        a->report = reader_bytes(&r, SNP_REPORT_SIZE);
        a->table = reader_bytes(&r, size);
        reader_zeros(&r, SIMULATED_WIRE_TABLE_MAX - (reader_status(&r) == ERR_OK ? size : 0));
    } else {
        reader_zeros(&r, SNP_REPORT_SIZE + SIMULATED_WIRE_TABLE_MAX);
    }
    enum err e = reader_finish(&r);
    if (e != ERR_OK)
        *a = (struct simulated_answer){0};
    return e;
}
