/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_QGS_WIRE_H
#define EVIDENCE_QGS_WIRE_H

/*
 * What a TD and the quote generation service of its host say to each other (Intel SGX DCAP, library qgs_msg_lib, version 1): little endian, and on
 * vsock each message behind its length, four bytes big endian.
 *
 *   header     16 bytes  major version u16 (1) | minor version u16 | type u32 | size u32 of the whole message | error code u32
 *   type 0     question  header | size of the report u32 (1024) | size of the list of identities u32 (0) | TDREPORT
 *   type 1     answer    header | size of the identity u32 | size of the quote u32 | identity | quote
 *
 * The service is the host's. Nothing that it says is believed; the quote is appraised by whoever it is for.
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    QGS_PORT = 4050, /* where Intel's service listens unless it is told otherwise */
    QGS_LENGTH_SIZE = 4,
    QGS_TDREPORT_SIZE = 1024,
    QGS_QUESTION_SIZE = QGS_LENGTH_SIZE + 16 + 8 + QGS_TDREPORT_SIZE, /* with its length in front */
    QGS_ANSWER_MAX = 64 * 1024,                                       /* without */
};

void qgs_question_write(const uint8_t report[static QGS_TDREPORT_SIZE],
                        uint8_t out[static QGS_QUESTION_SIZE]);

/* The length in front of an answer. ERR_TOO_LARGE, ERR_TRUNCATED. */
ERR_MUST_USE enum err qgs_length_parse(const uint8_t in[static QGS_LENGTH_SIZE], size_t *len);
/* An answer without the length in front; the quote points into it. The note names what is wrong, or the service's error code.
 * ERR_EVIDENCE: the service refused. ERR_TRUNCATED, ERR_TRAILING, ERR_UNKNOWN, ERR_VALUE. */
ERR_MUST_USE enum err qgs_answer_parse(struct bytes in, struct bytes *quote, struct err_note *note);

#endif
