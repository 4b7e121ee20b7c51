/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_TOKENS_H
#define GATEWAY_TOKENS_H

/*
 * Who may use the WebSocket. The file holds SHA-256 digests, so that reading it gives nobody a token; a line each, "#" begins a comment:
 *
 *     9f86d081884c7d65...  connections=8 rate=2 bytes=1000000
 *
 * (printf %s "$TOKEN" | sha256sum). What a line does not say is as the command line has it.
 */

#include "gateway/digest.h"
#include "gateway/limits.h"

enum { TOKENS_MAX = 4096, TOKENS_FILE_MAX = 1024 * 1024, TOKEN_SIZE_MAX = 256 };

struct token {
    uint8_t digest[DIGEST_SHA256_SIZE];
    struct limits_user user;
    bool listed; /* false: it was taken out of the file, and connections by it still end */
};

struct tokens {
    struct token **rows; /* their places do not change while they have connections */
    size_t count;
};

/* Parses the text of such a file. Who stays keeps connections and buckets; who is not in it any more is not listed. On failure all stays as it was. ERR_VALUE, ERR_TOO_LARGE,
 * ERR_MEMORY; the note names the line. */
ERR_MUST_USE enum err tokens_read(struct tokens *t, struct bytes text, const struct limits_rules *rules,
                                  uint64_t now, struct err_note *note);
/* In a time that depends on how many tokens there are, and not on which; NULL: nobody's. */
struct token *tokens_find(const struct tokens *t, struct bytes token);
void tokens_close(struct tokens *t);

#endif
