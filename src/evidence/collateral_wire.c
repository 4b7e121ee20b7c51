/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_wire.h"

#include "base/reader.h"
#include "base/writer.h"

static const char question_magic[] = "ENCLCOLQ";
static const char answer_magic[] = "ENCLCOLA";

static void magic_read(struct reader *r, const char *wanted)
{
    if (!bytes_is_str(reader_bytes(r, COLLATERAL_WIRE_MAGIC_SIZE), wanted))
        reader_fail(r, ERR_VALUE);
}

enum err collateral_question_write(const struct collateral_key *key,
                                   uint8_t out[static COLLATERAL_QUESTION_MAX], size_t *len)
{
    char name[COLLATERAL_NAME_MAX];
    struct bytes written = {0};
    struct writer w = writer_into(out, COLLATERAL_QUESTION_MAX);
    enum err e = collateral_key_write(key, name);
    writer_str(&w, question_magic);
    writer_u16be(&w, (uint16_t)strlen(name));
    writer_str(&w, name);
    if (e == ERR_OK)
        e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}

enum err collateral_question_head_parse(const uint8_t in[static COLLATERAL_QUESTION_HEAD_SIZE],
                                        size_t *name_len)
{
    struct reader r = reader_over(bytes_of(in, COLLATERAL_QUESTION_HEAD_SIZE));
    magic_read(&r, question_magic);
    *name_len = reader_u16be(&r);
    if (reader_status(&r) == ERR_OK && (*name_len == 0 || *name_len >= COLLATERAL_NAME_MAX))
        reader_fail(&r, ERR_TOO_LARGE);
    return reader_finish(&r);
}

void collateral_answer_head_write(enum collateral_status status, size_t size,
                                  uint8_t out[static COLLATERAL_ANSWER_HEAD_SIZE])
{
    struct writer w = writer_into(out, COLLATERAL_ANSWER_HEAD_SIZE);
    writer_str(&w, answer_magic);
    writer_u32be(&w, status);
    writer_u32be(&w, status == COLLATERAL_FOUND ? (uint32_t)size : 0);
}

enum err collateral_answer_head_parse(const uint8_t in[static COLLATERAL_ANSWER_HEAD_SIZE],
                                      enum collateral_status *status, size_t *size)
{
    struct reader r = reader_over(bytes_of(in, COLLATERAL_ANSWER_HEAD_SIZE));
    magic_read(&r, answer_magic);
    uint32_t number = reader_u32be(&r);
    *size = reader_u32be(&r);
    *status = COLLATERAL_NOT_UNDERSTOOD;
    enum err e = reader_finish(&r);
    if (e == ERR_OK && number > COLLATERAL_STATUS_MAX)
        e = ERR_UNKNOWN;
    if (e == ERR_OK && *size > COLLATERAL_DOCUMENT_MAX)
        e = ERR_TOO_LARGE;
    if (e == ERR_OK && (number == COLLATERAL_FOUND) != (*size != 0))
        e = ERR_VALUE;
    if (e == ERR_OK)
        *status = (enum collateral_status)number;
    else
        *size = 0;
    return e;
}

const char *collateral_status_text(enum collateral_status status)
{
    static const char *const texts[] = {
        [COLLATERAL_FOUND] = "found",
        [COLLATERAL_NOT_FOUND] = "it knows of no such document",
        [COLLATERAL_UNAVAILABLE] = "it cannot get it now",
        [COLLATERAL_NOT_UNDERSTOOD] = "it did not understand the question",
    };
    return texts[status];
}
