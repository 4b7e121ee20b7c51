/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_EVP_H
#define BENCH_EVP_H

/* The limit of every AES-256-GCM transport: EVP alone. The key schedule is kept; a message is one new nonce, one update, one tag. */

#include <stddef.h>
#include <stdint.h>

struct evp_message {
    void *context;   /* EVP_CIPHER_CTX, for one direction of work */
    uint8_t *text;   /* size bytes, encrypted in place */
    uint8_t *sealed; /* the same, encrypted, for opening */
    size_t size;
    uint64_t nonce;
    uint8_t tag[16];
};

void evp_message_init(struct evp_message *m, size_t size);
void evp_message_release(struct evp_message *m);
/* For bench_side.run; self is a struct evp_message. */
double evp_seal(void *self, uint64_t count);
double evp_open(void *self, uint64_t count);

#endif
