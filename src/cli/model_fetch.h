/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_MODEL_FETCH_H
#define CLI_MODEL_FETCH_H

/*
 * Gets one large file whose SHA-256 is known beforehand. The download is curl's (the program, started without a shell): it goes into OUTPUT.part, where
 * an interrupted one is taken up again, and becomes OUTPUT only when every byte was hashed and the hash is right. So neither the server nor
 * the network is trusted with anything but delivery.
 *
 *     struct model_request r = {.url = url, .sha256 = hash, .size = 0, .output = "m.gguf", .progress = true};
 *     bool fetched;
 *     enum err e = model_fetch(&r, &fetched, &note);
 *
 * Promises: a file already at OUTPUT is never overwritten; no network is used when it is the right one.
 */

#include <stdbool.h>
#include <stdint.h>

#include "crypto/crypto.h"

struct model_request {
    const char *url;       /* https://, or http:// where allow_http */
    const uint8_t *sha256; /* 32 bytes */
    uint64_t size;         /* bytes; 0: not known */
    const char *output;
    bool allow_http; /* for a mirror of one's own; the hash protects the content all the same */
    bool progress;   /* a bar on standard error */
};

/* *fetched: false when the file was there already.
 * ERR_DIGEST: what came (removed again) or what was at OUTPUT (left alone) is another file; ERR_NETWORK: no curl, or curl gave up, and OUTPUT.part is
 * kept; ERR_FILE; ERR_USAGE: not a URL that is allowed. */
ERR_MUST_USE enum err model_fetch(const struct model_request *r, bool *fetched, struct err_note *note);

#endif
