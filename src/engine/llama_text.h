/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_LLAMA_TEXT_H
#define ENGINE_LLAMA_TEXT_H

/*
 * From the bytes of tokens to text that can be shown. A token may be half a character, and a stop sequence may be spread over
 * several tokens, so bytes wait here until they are whole characters and can no longer become a stop sequence.
 *
 *     e = engine_text_open(&t, request->stops, request->stop_count);
 *     e = engine_text_push(&t, piece);             for each token
 *     e = engine_text_finish(&t);                  when there will be no more
 *     take bytes_of(t.bytes, t.ready), then       after each of the two
 *     engine_text_taken(&t);
 *
 * Bytes that are no UTF-8 come out as U+FFFD. When a stop sequence is complete, t.stopped is true, what stood before it is ready, and the
 * sequence and all that follows is dropped. All of it stands in secret memory.
 */

#include "base/bytes.h"
#include "base/error.h"

struct engine_text {
    const struct bytes *stops; /* the caller's, and its to keep */
    size_t stop_count;
    uint8_t *bytes;
    size_t ready;   /* bytes that can go out */
    size_t checked; /* bytes known to be whole characters */
    size_t len;     /* bytes held in all */
    size_t capacity;
    bool stopped;
    size_t stop; /* stopped: which one it was */
};

ERR_MUST_USE enum err engine_text_open(struct engine_text *t, const struct bytes *stops, size_t stop_count);
void engine_text_close(struct engine_text *t); /* also what engine_text_open has not seen, if all zero */
/* ERR_MEMORY. Without effect once stopped. */
ERR_MUST_USE enum err engine_text_push(struct engine_text *t, struct bytes piece);
ERR_MUST_USE enum err engine_text_finish(struct engine_text *t);
/* Overwrites the ready bytes and forgets them. */
void engine_text_taken(struct engine_text *t);

#endif
