/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_TLS_H
#define GATEWAY_TLS_H

/*
 * TLS 1.3 between a client and the gateway, for browsers and networks that want it. It protects nothing of Enclume: the channel inside goes on to the enclave,
 * and is encrypted whether there is TLS around it or not. Without sockets: bytes in, bytes out.
 */

#include "base/bytes.h"
#include "base/error.h"

struct tls_context;
struct tls;

/* Certificate chain and key, PEM files. ERR_FILE, ERR_CRYPTO. */
ERR_MUST_USE enum err tls_context_open(const char *certificate, const char *key, struct tls_context **context,
                                       struct err_note *note);
/* Connections made with it go on. NULL is allowed. */
void tls_context_close(struct tls_context *context);

struct tls_sink {
    bool (*send)(void *owner, struct bytes ciphertext);     /* false: the socket is broken */
    bool (*plain)(void *owner, uint8_t *bytes, size_t len); /* may be overwritten; false: no more of it */
};

enum tls_answer { TLS_FINE, TLS_ENDED, TLS_FAILED };

/* NULL: no memory. The sink is borrowed. */
struct tls *tls_open(struct tls_context *context, const struct tls_sink *sink, void *owner);
void tls_close(struct tls *t); /* NULL is allowed */
/* Takes all of what came from the client. TLS_ENDED: the client said that it has nothing more to say. */
enum tls_answer tls_receive(struct tls *t, struct bytes ciphertext);
bool tls_send(struct tls *t, struct bytes plain);
/* Says that nothing more comes. */
void tls_end(struct tls *t);

#endif
