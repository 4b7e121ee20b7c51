/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_COLLATERAL_WIRE_H
#define EVIDENCE_COLLATERAL_WIRE_H

/*
 * How an enclave, which has no network, asks a helper on its host for endorsements: over a stream (vsock or a UNIX socket), question and answer in turn,
 * as many as one likes. Everything that is asked for is signed by its maker, so the helper is trusted with nothing; it can only stay silent.
 *
 *   question   "ENCLCOLQ" | length of the name (2, big endian) | name (collateral_key.h)
 *   answer     "ENCLCOLA" | status (4, big endian) | size (4, big endian; 0 unless the status is 0) | document
 */

#include "evidence/collateral_key.h"

enum {
    COLLATERAL_WIRE_MAGIC_SIZE = 8,
    COLLATERAL_QUESTION_HEAD_SIZE = COLLATERAL_WIRE_MAGIC_SIZE + 2,
    COLLATERAL_QUESTION_MAX = COLLATERAL_QUESTION_HEAD_SIZE + COLLATERAL_NAME_MAX,
    COLLATERAL_ANSWER_HEAD_SIZE = COLLATERAL_WIRE_MAGIC_SIZE + 4 + 4,
};

enum collateral_status {
    COLLATERAL_FOUND = 0,
    COLLATERAL_NOT_FOUND = 1,   /* the helper knows of no such document */
    COLLATERAL_UNAVAILABLE = 2, /* it could not get it now */
    COLLATERAL_NOT_UNDERSTOOD = 3,
};
#define COLLATERAL_STATUS_MAX COLLATERAL_NOT_UNDERSTOOD

/* ERR_VALUE: a key without a name. */
ERR_MUST_USE enum err collateral_question_write(const struct collateral_key *key,
                                                uint8_t out[static COLLATERAL_QUESTION_MAX], size_t *len);
/* The head of a question says how long its name is. ERR_VALUE, ERR_TOO_LARGE. */
ERR_MUST_USE enum err collateral_question_head_parse(const uint8_t in[static COLLATERAL_QUESTION_HEAD_SIZE],
                                                     size_t *name_len);

void collateral_answer_head_write(enum collateral_status status, size_t size,
                                  uint8_t out[static COLLATERAL_ANSWER_HEAD_SIZE]);
/* ERR_VALUE, ERR_UNKNOWN, ERR_TOO_LARGE: more than COLLATERAL_DOCUMENT_MAX. */
ERR_MUST_USE enum err collateral_answer_head_parse(const uint8_t in[static COLLATERAL_ANSWER_HEAD_SIZE],
                                                   enum collateral_status *status, size_t *size);

const char *collateral_status_text(enum collateral_status status);

#endif
