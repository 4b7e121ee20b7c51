/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

/*
 * What bench_load is made of: clients that ask one after the other, each in a thread of its own, by one of two ways; and the moments at which text came.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LOAD_TEXT_MAX = 1 << 16, LOAD_PROMPT_MAX = 1 << 16 };

struct load_options {
    const char *http;    /* unix:PATH or tcp:HOST:PORT (numeric) */
    bool tls;            /* 1.3; the certificate is not looked at: it is the server's own */
    const char *token;   /* bearer; NULL: none */
    const char *enclave; /* an address for libenclume */
    const char *policy;  /* its file */
    const char *root;    /* of the simulated platform */
    const char *path;    /* /v1/chat/completions or /v1/completions */
    const char *prompt;
    uint32_t clients;
    uint32_t requests; /* of each client */
    uint32_t max_tokens;
    bool
        same; /* each request asks the same; else each begins in another way, so that no server can use again what it computed for one before */
    bool text; /* show the first answer */
    bool help;
};

/* One answer. Times are seconds of the monotonic clock. */
struct load_answer {
    double asked;
    double first; /* text */
    double last;  /* text */
    uint32_t tokens;
    size_t pieces;
    double *gaps; /* between one piece and the next; room for max_tokens */
    size_t gap_count;
    size_t text_len;
    char text[LOAD_TEXT_MAX]; /* of the beginning */
};

/* One way of asking. open: connects, so that only asking is measured; both end the program with a message when something goes wrong. */
struct load_way {
    void *(*open)(const struct load_options *options);
    void (*ask)(void *client, struct load_answer *answer);
    void (*close)(void *client);
};

extern const struct load_way load_http;
extern const struct load_way load_enclave;

/* What the next request asks. */
void load_prompt(const struct load_options *options, char out[static LOAD_PROMPT_MAX]);
double load_clock(void);
/* Some text has come now. */
void load_piece(struct load_answer *answer, const char *text, size_t len);
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
