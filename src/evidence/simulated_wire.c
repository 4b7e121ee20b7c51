/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/simulated_wire.h"

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
    writer_bytes(&w, bytes_of(q->data, sizeof q->data));
}

/* How much of a question's data says something; the rest are zeros. */
static const size_t said[] = {[SIMULATED_ASKS_PLATFORM] = 0,
                              [SIMULATED_ASKS_REPORT] = SIMULATED_WIRE_DATA_SIZE,
                              [SIMULATED_ASKS_GPUS] = SIMULATED_WIRE_NONCE_SIZE};

enum err simulated_question_parse(struct bytes in, struct simulated_question *q)
{
    struct reader r = reader_over(in);
    *q = (struct simulated_question){0};
    magic_read(&r, question_magic);
    uint32_t what = reader_u32be(&r);
    if (reader_status(&r) == ERR_OK && what >= SIMULATED_WHAT_COUNT)
        reader_fail(&r, ERR_UNKNOWN);
    if (reader_status(&r) == ERR_OK) {
        q->what = (enum simulated_what)what;
        reader_copy(&r, q->data, said[what]);
        reader_zeros(&r, sizeof q->data - said[what]);
    }
    return reader_finish(&r);
}

/* Is there what this question was for, and nothing else? */
static bool is_complete(uint32_t what, uint32_t platform, size_t evidence, size_t endorsements)
{
    switch (what) {
    case SIMULATED_ASKS_REPORT:
        return evidence != 0 && endorsements != 0 &&
               (platform != SIMULATED_PLATFORM_SNP || evidence == SNP_REPORT_SIZE);
    case SIMULATED_ASKS_GPUS:
        return (evidence != 0) == (endorsements != 0);
    default:
        return evidence == 0 && endorsements == 0;
    }
}

static enum err header_check(uint32_t what, uint32_t platform, uint32_t status, size_t evidence,
                             size_t endorsements)
{
    if (what >= SIMULATED_WHAT_COUNT)
        return ERR_UNKNOWN;
    if (platform != SIMULATED_PLATFORM_SNP && platform != SIMULATED_PLATFORM_TDX)
        return ERR_UNKNOWN;
    if (evidence > SIMULATED_WIRE_EVIDENCE_MAX || endorsements > SIMULATED_WIRE_ENDORSEMENTS_MAX)
        return ERR_TOO_LARGE;
    if (status != 0)
        return evidence == 0 && endorsements == 0 ? ERR_OK : ERR_VALUE;
    return is_complete(what, platform, evidence, endorsements) ? ERR_OK : ERR_VALUE;
}

enum err simulated_answer_write(const struct simulated_answer *a,
                                uint8_t out[static SIMULATED_WIRE_ANSWER_MAX], size_t *len)
{
    struct bytes written = {0};
    struct writer w = writer_into(out, SIMULATED_WIRE_ANSWER_MAX);
    *len = 0;
    enum err e = header_check(a->what, a->platform, a->status, a->evidence.len, a->endorsements.len);
    if (e != ERR_OK)
        return e == ERR_TOO_LARGE ? ERR_NO_SPACE : ERR_VALUE;
    writer_str(&w, answer_magic);
    writer_u32be(&w, a->what);
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
    uint32_t what = reader_u32be(&r);
    uint32_t platform = reader_u32be(&r);
    uint32_t status = reader_u32be(&r);
    uint32_t evidence = reader_u32be(&r);
    uint32_t endorsements = reader_u32be(&r);
    enum err e = reader_status(&r);
    if (e == ERR_OK)
        e = header_check(what, platform, status, evidence, endorsements);
    if (e != ERR_OK)
        return e;
    const struct simulated_answer found = {.what = (enum simulated_what)what,
                                           .platform = (enum simulated_platform)platform,
                                           .status = status,
                                           .evidence = reader_bytes(&r, evidence),
                                           .endorsements = reader_bytes(&r, endorsements)};
    e = reader_finish(&r);
    if (e == ERR_OK)
        *a = found;
    return e;
}

void simulated_part_write(struct writer *w, enum simulated_part kind, struct bytes part)
{
    writer_u32be(w, kind);
    writer_u32be(w, (uint32_t)part.len);
    writer_bytes(w, part);
}

enum err simulated_part_read(struct reader *r, enum simulated_part *kind, struct bytes *part)
{
    uint32_t found = reader_u32be(r);
    uint32_t size = reader_u32be(r);
    *part = reader_bytes(r, size);
    *kind = SIMULATED_PART_END;
    if (reader_status(r) == ERR_OK && (found < SIMULATED_PART_REPORT || found >= SIMULATED_PART_END))
        reader_fail(r, ERR_UNKNOWN);
    if (reader_status(r) == ERR_OK)
        *kind = (enum simulated_part)found;
    return reader_status(r);
}
