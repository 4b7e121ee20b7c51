/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_WIRE_H
#define EVIDENCE_SIMULATED_WIRE_H

/*
 * What the simulator and the program that it launched say to each other, over the descriptor 3 that the simulator hands down: a UNIX socket of type
 * SOCK_SEQPACKET, one message for each question and one for each answer, in turn. It stands in for the guest request of /dev/sev-guest that
 * asks for an extended report, so the answer holds what that gives: the report, and AMD's table of certificates.
 *
 *   question   72 bytes  "ENCLSIMQ" | report data (64)
 *   answer  17584 bytes  "ENCLSIMA" | status (4, big endian; 0: good) | size of the table (4, big endian)
 *                        | report (1184) | certificate table (16384, zeros after its size)
 *
 * Sizes are fixed. With a status other than 0 the rest of the answer is zeros. Each side refuses everything else: the program must expect a hostile
 * host, and the simulator a hostile program.
 */

#include "attest/snp_report.h"
#include "base/bytes.h"
#include "base/error.h"

enum {
    SIMULATED_WIRE_FD = 3,
    SIMULATED_WIRE_MAGIC_SIZE = 8,
    SIMULATED_WIRE_TABLE_MAX = 16384, /* four pages, as much as Linux takes from the firmware */
    SIMULATED_WIRE_QUESTION_SIZE = SIMULATED_WIRE_MAGIC_SIZE + SNP_REPORT_DATA_SIZE,
    SIMULATED_WIRE_ANSWER_SIZE =
        SIMULATED_WIRE_MAGIC_SIZE + 4 + 4 + SNP_REPORT_SIZE + SIMULATED_WIRE_TABLE_MAX,
};

struct simulated_answer {
    uint32_t status;
    struct bytes report; /* SNP_REPORT_SIZE bytes, or empty */
    struct bytes table;
};

void simulated_question_write(const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                              uint8_t out[static SIMULATED_WIRE_QUESTION_SIZE]);
/* ERR_VALUE, ERR_TRUNCATED, ERR_TRAILING. */
ERR_MUST_USE enum err simulated_question_parse(struct bytes in,
                                               uint8_t report_data[static SNP_REPORT_DATA_SIZE]);

/* ERR_VALUE when the report has the wrong size, ERR_NO_SPACE when the table is too large. */
ERR_MUST_USE enum err simulated_answer_write(const struct simulated_answer *a,
                                             uint8_t out[static SIMULATED_WIRE_ANSWER_SIZE]);
/* The ranges point into in. Also ERR_NOT_ZERO, ERR_TOO_LARGE. */
ERR_MUST_USE enum err simulated_answer_parse(struct bytes in, struct simulated_answer *a);

#endif
