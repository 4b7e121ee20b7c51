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

void simulated_question_write(const struct simulated_question *q,
                              uint8_t out[static SIMULATED_WIRE_QUESTION_SIZE])
{
    struct writer w = writer_into(out, SIMULATED_WIRE_QUESTION_SIZE);
    writer_str(&w, question_magic);
    writer_u32be(&w, q->what);
    writer_bytes(&w, bytes_of(q->report_data, sizeof q->report_data));
}

enum err simulated_question_parse(struct bytes in, struct simulated_question *q)
{
    struct reader r = reader_over(in);
    *q = (struct simulated_question){0};
    magic_read(&r, question_magic);
    uint32_t what = reader_u32be(&r);
    if (what >= SIMULATED_WHAT_COUNT)
        reader_fail(&r, ERR_UNKNOWN);
    else
        q->what = (enum simulated_what)what;
    if (what == SIMULATED_ASKS_PLATFORM)
        reader_zeros(&r, sizeof q->report_data);
    else
        reader_copy(&r, q->report_data, sizeof q->report_data);
    return reader_finish(&r);
}

/* Whether these sizes can be: nothing at all (a refusal, or the name of the platform alone), or both parts. */
static enum err sizes_check(uint32_t platform, uint32_t status, size_t evidence, size_t endorsements)
{
    if (platform != SIMULATED_PLATFORM_SNP && platform != SIMULATED_PLATFORM_TDX)
        return ERR_UNKNOWN;
    if (evidence > SIMULATED_WIRE_EVIDENCE_MAX || endorsements > SIMULATED_WIRE_ENDORSEMENTS_MAX)
        return ERR_TOO_LARGE;
    if (evidence == 0 && endorsements == 0)
        return ERR_OK;
    if (status != 0 || evidence == 0 || endorsements == 0)
        return ERR_VALUE;
    return platform == SIMULATED_PLATFORM_SNP && evidence != SNP_REPORT_SIZE ? ERR_VALUE : ERR_OK;
}

enum err simulated_answer_write(const struct simulated_answer *a,
                                uint8_t out[static SIMULATED_WIRE_ANSWER_MAX], size_t *len)
{
    struct bytes written = {0};
    struct writer w = writer_into(out, SIMULATED_WIRE_ANSWER_MAX);
    *len = 0;
    enum err e = sizes_check(a->platform, a->status, a->evidence.len, a->endorsements.len);
    if (e != ERR_OK)
        return e == ERR_TOO_LARGE ? ERR_NO_SPACE : ERR_VALUE;
    writer_str(&w, answer_magic);
    writer_u32be(&w, a->platform);
    writer_u32be(&w, a->status);
    writer_u32be(&w, (uint32_t)a->evidence.len);
    writer_u32be(&w, (uint32_t)a->endorsements.len);
    writer_bytes(&w, a->evidence);
    writer_bytes(&w, a->endorsements);
    e = writer_finish(&w, &written);
    *len = written.len;
    return e;
}

enum err simulated_answer_parse(struct bytes in, struct simulated_answer *a)
{
    struct reader r = reader_over(in);
    *a = (struct simulated_answer){0};
    magic_read(&r, answer_magic);
    uint32_t platform = reader_u32be(&r);
    uint32_t status = reader_u32be(&r);
    uint32_t evidence = reader_u32be(&r);
    uint32_t endorsements = reader_u32be(&r);
    enum err e = reader_status(&r);
    if (e == ERR_OK)
        e = sizes_check(platform, status, evidence, endorsements);
    if (e != ERR_OK)
        return e;
    const struct simulated_answer found = {.platform = (enum simulated_platform)platform,
                                           .status = status,
                                           .evidence = reader_bytes(&r, evidence),
                                           .endorsements = reader_bytes(&r, endorsements)};
    e = reader_finish(&r);
    if (e == ERR_OK)
        *a = found;
    return e;
}
