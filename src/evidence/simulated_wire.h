/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_WIRE_H
#define EVIDENCE_SIMULATED_WIRE_H

/*
 * What the simulator and the program that it launched say to each other, over the descriptor 3 that the simulator hands down: a UNIX socket of type
 * SOCK_SEQPACKET, one message for each question and one for each answer, in turn. It stands in for what the kernel of a guest offers, so the
 * answer holds what that gives: a report, and what endorses it.
 *
 *   question   76 bytes  "ENCLSIMQ" | what (4, big endian) | data (64)
 *   answer               "ENCLSIMA" | what (4) | platform (4) | status (4; 0: good) | size of the evidence (4) | size of the endorsements (4)
 *                        | evidence | endorsements
 *
 *   what       0 which platform is it? The data are zeros. The answer has neither evidence nor endorsements.
 *              1 a report over this data
 *              2 reports of the GPUs over a nonce: the first 32 bytes of data, the others are zeros. Neither evidence nor endorsements: there is no GPU
 *   platform   1 AMD SEV-SNP: a report (1184 bytes), and AMD's table of certificates (attest/certificate_table.h)
 *              2 Intel TDX: a quote, and collateral (attest/collateral.h, "all in one")
 *
 * Of GPUs, evidence and endorsements are parts: what it is (4) | size (4) | bytes; the evidence reports alone, the endorsements anything else.
 *
 * With a status other than 0 there is neither evidence nor endorsements. Each side refuses everything else: the program must expect a hostile
 * host, and the simulator a hostile program.
 */

#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

enum {
    SIMULATED_WIRE_FD = 3,
    SIMULATED_WIRE_MAGIC_SIZE = 8,
    SIMULATED_WIRE_DATA_SIZE = 64,
    SIMULATED_WIRE_QUESTION_SIZE = SIMULATED_WIRE_MAGIC_SIZE + 4 + SIMULATED_WIRE_DATA_SIZE,
    SIMULATED_WIRE_NONCE_SIZE = 32,
    SIMULATED_WIRE_HEADER_SIZE = SIMULATED_WIRE_MAGIC_SIZE + 5 * 4,
    SIMULATED_WIRE_EVIDENCE_MAX = 65536,
    SIMULATED_WIRE_ENDORSEMENTS_MAX =
        131072, /* both fit one message with Linux's usual limit on them (208 KiB) */
    SIMULATED_WIRE_ANSWER_MAX =
        SIMULATED_WIRE_HEADER_SIZE + SIMULATED_WIRE_EVIDENCE_MAX + SIMULATED_WIRE_ENDORSEMENTS_MAX,
};

enum simulated_what {
    SIMULATED_ASKS_PLATFORM,
    SIMULATED_ASKS_REPORT,
    SIMULATED_ASKS_GPUS,
    SIMULATED_WHAT_COUNT
};
enum simulated_platform {
    SIMULATED_PLATFORM_SNP = 1,
    SIMULATED_PLATFORM_TDX = 2,
};

enum simulated_part {
    SIMULATED_PART_REPORT = 1,
    SIMULATED_PART_CHAIN, /* PEM; one for each report, in their order */
    SIMULATED_PART_RIM,
    SIMULATED_PART_OCSP,
    SIMULATED_PART_END
};

struct simulated_question {
    enum simulated_what what;
    uint8_t data[SIMULATED_WIRE_DATA_SIZE];
};

struct simulated_answer {
    enum simulated_what what;
    enum simulated_platform platform;
    uint32_t status;
    struct bytes evidence;
    struct bytes endorsements;
};

void simulated_question_write(const struct simulated_question *q,
                              uint8_t out[static SIMULATED_WIRE_QUESTION_SIZE]);
/* ERR_VALUE, ERR_UNKNOWN, ERR_NOT_ZERO, ERR_TRUNCATED, ERR_TRAILING. */
ERR_MUST_USE enum err simulated_question_parse(struct bytes in, struct simulated_question *q);

/* ERR_VALUE for what the other side would not take, ERR_NO_SPACE when it is too large. */
ERR_MUST_USE enum err simulated_answer_write(const struct simulated_answer *a,
                                             uint8_t out[static SIMULATED_WIRE_ANSWER_MAX], size_t *len);
/* Of GPUs, one part. Reading: ERR_UNKNOWN, ERR_TRUNCATED, or the reader's own failure; the range points into what is read. */
void simulated_part_write(struct writer *w, enum simulated_part kind, struct bytes part);
ERR_MUST_USE enum err simulated_part_read(struct reader *r, enum simulated_part *kind, struct bytes *part);

/* The ranges point into in. ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE, ERR_TRUNCATED, ERR_TRAILING; *a is then zero. */
ERR_MUST_USE enum err simulated_answer_parse(struct bytes in, struct simulated_answer *a);

#endif
