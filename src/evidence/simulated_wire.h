/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_WIRE_H
#define EVIDENCE_SIMULATED_WIRE_H

/*
 * What the simulator and the program that it launched say to each other, over the descriptor 3 that the simulator hands down: a UNIX socket of type
 * SOCK_SEQPACKET, one message for each question and one for each answer, in turn. It stands in for what the kernel of a guest offers, so the
 * answer holds what that gives: a report, and what endorses it.
 *
 *   question   76 bytes  "ENCLSIMQ" | what (4, big endian) | report data (64; zeros when it asks for the platform)
 *   answer               "ENCLSIMA" | platform (4) | status (4; 0: good) | size of the evidence (4) | size of the endorsements (4)
 *                        | evidence | endorsements
 *
 *   what       0 which platform is it? The answer has neither evidence nor endorsements.
 *              1 a report over this data
 *   platform   1 AMD SEV-SNP: a report (1184 bytes), and AMD's table of certificates (attest/certificate_table.h)
 *              2 Intel TDX: a quote, and collateral (attest/collateral.h, "all in one")
 *
 * With a status other than 0 there is neither evidence nor endorsements. Each side refuses everything else: the program must expect a hostile
 * host, and the simulator a hostile program.
 */

#include "attest/snp_report.h"
#include "attest/tdx_quote.h"
#include "base/bytes.h"
#include "base/error.h"

enum {
    SIMULATED_WIRE_FD = 3,
    SIMULATED_WIRE_MAGIC_SIZE = 8,
    SIMULATED_WIRE_DATA_SIZE = 64,
    SIMULATED_WIRE_QUESTION_SIZE = SIMULATED_WIRE_MAGIC_SIZE + 4 + SIMULATED_WIRE_DATA_SIZE,
    SIMULATED_WIRE_HEADER_SIZE = SIMULATED_WIRE_MAGIC_SIZE + 4 * 4,
    SIMULATED_WIRE_EVIDENCE_MAX = 16384,
    SIMULATED_WIRE_ENDORSEMENTS_MAX = 65536,
    SIMULATED_WIRE_ANSWER_MAX =
        SIMULATED_WIRE_HEADER_SIZE + SIMULATED_WIRE_EVIDENCE_MAX + SIMULATED_WIRE_ENDORSEMENTS_MAX,
};

enum simulated_what { SIMULATED_ASKS_PLATFORM, SIMULATED_ASKS_REPORT, SIMULATED_WHAT_COUNT };
enum simulated_platform {
    SIMULATED_PLATFORM_SNP = 1,
    SIMULATED_PLATFORM_TDX = 2,
};

struct simulated_question {
    enum simulated_what what;
    uint8_t report_data[SIMULATED_WIRE_DATA_SIZE];
};

struct simulated_answer {
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
/* The ranges point into in. ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE, ERR_TRUNCATED, ERR_TRAILING; *a is then zero. */
ERR_MUST_USE enum err simulated_answer_parse(struct bytes in, struct simulated_answer *a);

#endif
