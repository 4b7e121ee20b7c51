/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_RELAY_H
#define TESTS_E2E_RELAY_H

/*
 * What stands between client and enclave and keeps every byte: a thread that listens on one UNIX socket, connects to another for each connection, and
 * records both directions. The tapes are split into records as docs/protocol.md has them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum relay_direction { RELAY_FROM_CLIENT, RELAY_FROM_ENCLAVE };

struct relay;
struct relay *relay_start(const char *listen_path, const char *target_path);
void relay_stop(struct relay *r);

size_t relay_connections(struct relay *r);
/* Waits until both sides of connection i have ended; false after a while. */
bool relay_ended(struct relay *r, size_t i);

struct relay_tape {
    uint8_t *bytes; /* free it */
    size_t len;
};
struct relay_tape relay_tape(struct relay *r, size_t connection, enum relay_direction direction);

struct relay_record {
    size_t len; /* of the body */
    uint8_t first;
};
/* Splits the tape; the count, the first `max` of them in records. *rest: bytes of a record that is not complete. */
size_t relay_records(const struct relay_tape *tape, struct relay_record *records, size_t max, size_t *rest);
/* The count alone, as of now. */
size_t relay_record_count(struct relay *r, size_t connection, enum relay_direction direction);

#endif
