/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/qgs_wire.h"

#include "base/reader.h"
#include "base/writer.h"

enum {
    QGS_MAJOR_VERSION = 1, /* minor versions are compatible with each other */
    QGS_MINOR_VERSION = 0,
    QGS_GET_QUOTE_REQUEST = 0,
    QGS_GET_QUOTE_RESPONSE = 1,
    QGS_HEADER_SIZE = 16,
};

void qgs_question_write(const uint8_t report[static QGS_TDREPORT_SIZE], uint8_t out[static QGS_QUESTION_SIZE])
{
    struct writer w = writer_into(out, QGS_QUESTION_SIZE);
    writer_u32be(&w, QGS_QUESTION_SIZE - QGS_LENGTH_SIZE);
    writer_u16le(&w, QGS_MAJOR_VERSION);
    writer_u16le(&w, QGS_MINOR_VERSION);
    writer_u32le(&w, QGS_GET_QUOTE_REQUEST);
    writer_u32le(&w, QGS_QUESTION_SIZE - QGS_LENGTH_SIZE);
    writer_u32le(&w, 0);
    writer_u32le(&w, QGS_TDREPORT_SIZE);
    writer_u32le(&w, 0);
    writer_bytes(&w, bytes_of(report, QGS_TDREPORT_SIZE));
}

enum err qgs_length_parse(const uint8_t in[static QGS_LENGTH_SIZE], size_t *len)
{
    struct reader r = reader_over(bytes_of(in, QGS_LENGTH_SIZE));
    *len = reader_u32be(&r);
    if (*len < QGS_HEADER_SIZE)
        return ERR_TRUNCATED;
    return *len > QGS_ANSWER_MAX ? ERR_TOO_LARGE : ERR_OK;
}

enum err qgs_answer_parse(struct bytes in, struct bytes *quote, struct err_note *note)
{
    struct reader r = reader_over(in);
    uint16_t major = reader_u16le(&r);
    (void)reader_u16le(&r); /* minor version */
    uint32_t type = reader_u32le(&r);
    uint32_t size = reader_u32le(&r);
    uint32_t refused = reader_u32le(&r);
    *quote = (struct bytes){0};
    enum err e = reader_status(&r);
    if (e != ERR_OK)
        return err_noted(e, note, "the quote generation service's answer ends inside its header");
    if (major != QGS_MAJOR_VERSION || type != QGS_GET_QUOTE_RESPONSE)
        return err_noted(ERR_UNKNOWN, note, "the quote generation service answers with version %u, type %u",
                         major, type);
    if (size != in.len)
        return err_noted(ERR_VALUE, note, "the quote generation service's answer has %zu bytes and says %u",
                         in.len, size);
    if (refused != 0)
        return err_noted(ERR_EVIDENCE, note, "the quote generation service refused, error 0x%x", refused);
    uint32_t id_size = reader_u32le(&r);
    uint32_t quote_size = reader_u32le(&r);
    (void)reader_bytes(&r, id_size);
    struct bytes found = reader_bytes(&r, quote_size);
    e = reader_finish(&r);
    if (e == ERR_OK && found.len == 0)
        e = ERR_TRUNCATED;
    if (e != ERR_OK)
        return err_noted(e, note, "the quote generation service's answer: %s", err_text(e));
    *quote = found;
    return ERR_OK;
}
