/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_UPSTREAM_MODELS_H
#define ENGINE_UPSTREAM_MODELS_H

/* What a server says about itself in answer to GET /v1/models, and what follows from it. */

#include "base/bytes.h"
#include "base/error.h"

enum { UPSTREAM_MODELS_MAX = 256 * 1024, UPSTREAM_NAME_SIZE = 64, UPSTREAM_ISOLATION_SIZE = 96 };

/* How a server is told that two users' prompts must not meet in its cache. */
enum upstream_isolation {
    UPSTREAM_ISOLATION_UNKNOWN,  /* no server that we know: nothing can be said to it */
    UPSTREAM_ISOLATION_NO_CACHE, /* llama-server: no prefix of another request is used again */
    UPSTREAM_ISOLATION_SALT,     /* vLLM, SGLang: a prefix is used again under the same salt only */
};

struct upstream_model {
    char name[UPSTREAM_NAME_SIZE];
    uint32_t context; /* tokens; 0: not said */
    enum upstream_isolation isolation;
};

/* The one model that is served. A list of several is refused: by their name a client would choose weights that nobody has vouched for (adapters are listed so). So
 * is a name that cannot be repeated as it is: 1 to 63 printable ASCII characters, no quotes, no backslash. ERR_ENGINE with a note. */
ERR_MUST_USE enum err upstream_models_parse(struct bytes json, struct upstream_model *model,
                                            struct err_note *note);

/* Does this answer of /v1/messages say, in so many words, that none of its prompt came from a cache? */
bool upstream_models_read_nothing(struct bytes json);

/* The member, with a comma before it, that goes in at the end of a request's object; empty for UNKNOWN. salt: of this start and secret; asker makes it that asker's.
 * Behind all of the request's own members, so that it has the last word where one of them says the same. */
void upstream_isolation_member(enum upstream_isolation isolation, const char *salt, uint64_t asker,
                               char out[static UPSTREAM_ISOLATION_SIZE]);

#endif
