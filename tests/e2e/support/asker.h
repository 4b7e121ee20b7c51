/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_E2E_ASKER_H
#define TESTS_E2E_ASKER_H

/* The client library, set up for a world, with the answer kept. */

#include "cli/policy_options.h"
#include "client/client.h"
#include "e2e/support/world.h"

struct asker {
    struct policy_holder holder;
    struct client_options options;
    struct client *client;
    struct chat_sampling sampling;
    uint32_t max_tokens; /* 0: as far as the context reaches */
    /* Called for each piece of the answer too, unless NULL. */
    void (*on_piece)(void *owner, struct bytes piece);
    void *owner;
    char *text; /* the answer, NUL-terminated */
    size_t len;
    size_t pieces;
    struct client_answer answer;
    struct err_note note;
};

/* address NULL: the enclave's own. options: remember, max_age and the times, or NULL. */
void asker_open(struct asker *a, const struct world *w, const char *address,
                const struct client_options *options);
void asker_close(struct asker *a);
enum err asker_ask(struct asker *a, const char *prompt);

#endif
