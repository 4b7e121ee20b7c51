/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_LLAMA_SERVER_H
#define TESTS_E2E_LLAMA_SERVER_H

/*
 * llama.cpp's own server with the demo model, on a UNIX socket in a directory of its own: what the engine "upstream" stands in front of. It can be asked directly, too.
 */

#include "e2e/support/process.h"

enum { LLAMA_SERVER_DIR = 32, LLAMA_SERVER_PATH = 48, LLAMA_SERVER_SLOTS = 4 };

struct llama_server {
    char dir[LLAMA_SERVER_DIR];
    char socket[LLAMA_SERVER_PATH];
    char engine[LLAMA_SERVER_PATH + 16]; /* "upstream=unix:SOCKET" */
    bool without_cache;                  /* of prompts, the next time it is started */
    struct process process;
};

/* Called first in main: ends the program as skipped, saying why, when there is no llama-server. */
void llama_server_require(void);
/* Starts it and waits until it has loaded the model. */
void llama_server_start(struct llama_server *s);
/* Kills it; llama_server_run starts it again at the same place. */
void llama_server_kill(struct llama_server *s);
void llama_server_run(struct llama_server *s);
/* Kills it and removes the directory. */
void llama_server_stop(struct llama_server *s);

/* Asks it without an enclave; body NULL: GET. The status, and the body of the answer with its NUL in *text: free it. */
int llama_server_ask(const struct llama_server *s, const char *path, const char *body, char **text);
/* A number of GET /metrics, "tokens_predicted_total". */
double llama_server_metric(const struct llama_server *s, const char *name);

#endif
