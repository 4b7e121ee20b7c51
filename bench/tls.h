/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

/*
 * OpenSSL's TLS 1.3 as a peer: full handshakes with X25519MLKEM768 and a server certificate on ECDSA P-256, which the client verifies against its
 * one trusted root; both sides in one thread over memory BIOs, no tickets. Run it in a process that has not called crypto_init, so that it has the ordinary heap.
 */

#include <stddef.h>
#include <stdint.h>

/* For bench_peer_fork: so many handshakes; processor time. */
double tls_handshakes(void *self, uint64_t count);

/* Bytes of heap that a server's side of one idle connection takes, after the handshake, with OpenSSL's buffers given back (SSL_MODE_RELEASE_BUFFERS). */
double tls_idle_memory(size_t connections);

#endif
