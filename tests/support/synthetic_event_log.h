/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_EVENT_LOG_H
#define TESTS_SUPPORT_SYNTHETIC_EVENT_LOG_H

/*
 * Event logs in the TCG's crypto-agile form, made up for tests, right or wrong.
 *
 *     struct writer w = writer_into(buffer, sizeof buffer);
 *     synthetic_log_begin(&w, algorithms, 1);
 *     synthetic_log_event(&w, 4, SYNTHETIC_EV_SEPARATOR, algorithms, 1, bytes_str("boot loader"));
 */

#include "base/writer.h"

enum { SYNTHETIC_EV_NO_ACTION = 3, SYNTHETIC_EV_SEPARATOR = 4 };

struct synthetic_algorithm {
    uint16_t id;
    uint16_t size;
};
extern const struct synthetic_algorithm synthetic_sha1, synthetic_sha256, synthetic_sha384;

void synthetic_log_begin(struct writer *w, const struct synthetic_algorithm *algorithms, size_t count);
/* The digests are those of the text (SHA-1: made up). */
void synthetic_log_event(struct writer *w, uint32_t pcr, uint32_t type,
                         const struct synthetic_algorithm *algorithms, size_t count, struct bytes text);
/* EV_NO_ACTION: PCR 0 began as this. */
void synthetic_log_locality(struct writer *w, const struct synthetic_algorithm *algorithms, size_t count,
                            uint8_t locality);
/* PCR := hash(PCR || hash(text)), SHA-256 or SHA-384 by the size. */
void synthetic_extend(uint8_t *pcr, size_t size, const char *text);

#endif
