/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_PROXIED_H
#define TESTS_E2E_PROXIED_H

/*
 * `enclume proxy` in front of a world, and programs that ask it over plain sockets.
 *
 *     struct proxied p;
 *     proxied_start(&p, &w, NULL, (const char *const[]){NULL});          // waits until it listens
 *     proxied_wait(&p, "Verified", 20000);
 *     struct caller c;
 *     caller_open(&c, &p);
 *     caller_post(&c, &p, "/v1/chat/completions", body);
 *     caller_take(&c, 20000);                                            // c.status, c.body
 *     caller_close(&c);
 *     proxied_stop(&p);                                                  // asserts exit code 0
 */

#include "e2e/support/world.h"
#include "http/http.h"

struct proxied {
    struct process process;
    char log[WORLD_PATH + 32]; /* all that it says */
    char token[64];            /* empty: none */
    uint16_t port;
};

/* connect NULL: the world's own address. policy NULL: the world's. arguments end with NULL. */
void proxied_start(struct proxied *p, const struct world *w, const char *connect, const char *policy,
                   const char *const *arguments);
/* Another program than enclume. */
void proxied_start_as(struct proxied *p, const char *program, const struct world *w, const char *connect,
                      const char *policy, const char *const *arguments);
/* Waits until it has said text `times` times; false after timeout_ms. */
bool proxied_says(const struct proxied *p, const char *text, size_t times, int timeout_ms);
/* All it has said so far; free it. */
char *proxied_log(const struct proxied *p);
void proxied_stop(struct proxied *p);

struct caller {
    int fd;
    struct http_reader *reader;
    uint8_t *input;
    struct bytes in;
    int status; /* 0: no head has come */
    char *body; /* NUL-terminated, as far as it has come */
    size_t len;
    bool whole;  /* to the end of the message */
    bool closed; /* by the proxy */
};

void caller_open(struct caller *c, const struct proxied *p);
void caller_close(struct caller *c);
void caller_send(struct caller *c, const char *bytes, size_t len);
/* A whole request, with Host and token and this body; NULL: GET. */
void caller_post(struct caller *c, const struct proxied *p, const char *path, const char *body);
/* Begins to read the next answer: forgets the one before. */
void caller_next(struct caller *c);
/* Reads until the answer is whole, the connection has ended, or nothing came for timeout_ms (false). */
bool caller_take(struct caller *c, int timeout_ms);
/* Reads until the body holds text. */
bool caller_hears(struct caller *c, const char *text, int timeout_ms);
/* caller_open, _post, _take; the caller closes. */
void caller_ask(struct caller *c, const struct proxied *p, const char *path, const char *body);
/* The value of a header field of the answer; empty when it is not there. */
struct bytes caller_field(const struct caller *c, const char *name);

#endif
