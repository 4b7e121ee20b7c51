/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_EVENT_LOG_H
#define ATTEST_EVENT_LOG_H

/*
 * The firmware's event log, "crypto agile" form (TCG PC Client Platform Firmware Profile 1.06, section 10.2.2), replayed: what the registers must hold
 * when everything in it was measured and nothing else. Nobody signs the log; it is worth what the registers say of it.
 *
 * Two kinds differ in what a register number means: of a TPM it is the PCR; of a TD (CCEL: UEFI 2.10, section 38.4, and Intel's TDX Virtual Firmware
 * Design Guide) 1 to 4 are RTMR0 to RTMR3, and 0 is MRTD, which no event extends.
 *
 * Behind the last event, a log that is handed out as the whole of its memory has zeros or, as on Intel's, octets 0xff to the end; nothing else.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/crypto.h"

enum { EVENT_LOG_MAX = 1024 * 1024, EVENT_LOG_REGISTERS = 24, EVENT_LOG_RTMRS = 4 };

enum event_log_kind { EVENT_LOG_PCRS, EVENT_LOG_RTMR };

struct event_log {
    size_t event_count; /* without the first, that says what form it has */
    uint32_t extended;  /* registers that some event extends: bit n is PCR n or RTMR n */
    uint8_t registers[EVENT_LOG_REGISTERS][CRYPTO_SHA384_SIZE]; /* PCRs or RTMRs; the digest comes first */
};

/* PCRs with SHA-256, RTMRs with SHA-384: every event must have such a digest. ERR_TOO_LARGE, ERR_TRUNCATED, ERR_UNKNOWN, ERR_VALUE, ERR_TRAILING; the
 * note says at which offset. */
ERR_MUST_USE enum err event_log_replay(struct bytes in, enum event_log_kind kind, struct event_log *log,
                                       struct err_note *note);

#endif
