/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OPENAI_API_H
#define OPENAI_API_H

/*
 * The interfaces that an enclave speaks: four of OpenAI's API and two of Anthropic's, each a row of one table.
 *
 *     enum api api;
 *     if (!api_find(path, &api)) { text = api_error(API_CHAT, ERR_UNKNOWN, &note, false); status = api_error_status(ERR_UNKNOWN); }
 *
 * The functions of this room are pure: no clock, no randomness, no files. What they return as text is secret memory that ends in
 * NUL (release with secret_free; NULL when there is no memory) and, unless its comment says otherwise, whole lines, each ended by '\n' (docs/protocol.md, section 9).
 */

#include "base/bytes.h"
#include "base/error.h"

enum {
    API_BODY_MAX = 4 * 1024 * 1024, /* bytes of a request's JSON */
    /* That it takes when it is taken apart: 500,000 tokens as numbers, 80,000 objects. */
    API_BODY_MEMORY = 32 * 1024 * 1024,
    API_MODEL_NAME_MAX = 256,
};

/* TOKENS: how many there are in the prompt of such a MESSAGES. */
enum api { API_CHAT, API_COMPLETIONS, API_EMBEDDINGS, API_RESPONSES, API_MESSAGES, API_TOKENS, API_COUNT };

/* What a proxy makes of a streamed answer's lines. */
enum api_events {
    API_EVENTS_NONE, /* such an answer is never streamed */
    API_EVENTS_DATA, /* "data: LINE", and "data: [DONE]" after the authenticated end */
    API_EVENTS_NAMED, /* "event: T" before each, T being the document's member "type"; nothing after the last */
};

const char *api_path(enum api api); /* "/v1/chat/completions", ... */
const char *api_name(enum api api); /* "chat completions", ...: for sentences */
enum api_events api_events(enum api api);
/* The API of a request's path (no query, no trailing slash). */
bool api_find(struct bytes path, enum api *api);

/* The one line of an error, in that API's own form, and the status that goes with it. The message is the note's text, or else err_text; a text that begins
 * "member: " names that member as "param" too. streamed: the line comes after others of a streamed answer, where /v1/responses has an event for it. */
char *api_error(enum api api, enum err e, const struct err_note *note, bool streamed);
uint16_t api_error_status(enum err e);
/* The error that has this "code", which is its name or OpenAI's own; ERR_ENGINE when none has. */
enum err api_error_find(const char *code);

/* GET /v1/models and /v1/models/NAME: one line. name: the model's, printable ASCII; created: seconds since 1970. The members are those of both OpenAI's and Anthropic's objects. */
char *api_model_list(const char *name, int64_t created);
char *api_model(const char *name, int64_t created);
/* NAME of the path /v1/models/NAME, in which the name may be percent-encoded (RFC 3986 section 2.1): is it this model? */
bool api_model_is(struct bytes path, const char *name);

#endif
