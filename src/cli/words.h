/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdio.h>

#include "client/client.h"

/* What was verified, in plain words, before the first prompt; or why it was refused. address: who was asked for. */
void words_verified(FILE *to, const struct client *client, const char *address);
/* The same for anybody else who holds a verdict. fresh: the enclave answered a challenge of this connection. */
void words_verified_verdict(FILE *to, const struct verdict *verdict, bool fresh, const char *address);
/* That the platform is a simulated one, and what that means. */
void words_simulated(FILE *to);
void words_refused(FILE *to, const struct verdict *verdict, const char *address);

#endif
