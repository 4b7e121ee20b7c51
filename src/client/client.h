/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

/*
 * The client: connects, appraises the evidence, and only then asks. One connection, one thread; client_cancel alone may be called from anywhere.
 *
 *     client_new(&options, &c);
 *     if (client_connect(c, &note) == ERR_REFUSED) show client_verdict(c);
 *     client_ask(c, &request, on_text, owner, &answer, &note);
 *
 * A connection that broke is made again when something is asked, by IK with the key that was verified before; an enclave that has another key by then
 * falls back and is appraised anew. An answer that was cut off is never repeated silently nor passed off as whole.
 */

#include "attest/appraise.h"
#include "channel/channel.h"
#include "openai/chat.h"

struct client_options {
    const char *address;                /* tcp:HOST:PORT, HOST:PORT, unix:PATH, vsock:CID:PORT */
    const struct attest_policy *policy; /* borrowed for the client's life */
    int64_t max_age;                    /* seconds for which fresh evidence stays good; 0: CLIENT_MAX_AGE */
    const char *remember;               /* file that keeps the pin between programs; NULL: memory only */
    int connect_ms;                     /* connection and handshake; 0: CLIENT_CONNECT_MS */
    int silence_ms;                     /* longest silence while an answer is awaited; 0: CLIENT_SILENCE_MS */
    /* How much of a prompt was read, in tokens, while it is read; NULL: not asked for. */
    void (*on_progress)(void *owner, uint32_t processed, uint32_t total);
    void *progress_owner;
};

enum { CLIENT_MAX_AGE = 3600, CLIENT_CONNECT_MS = 30 * 1000, CLIENT_SILENCE_MS = 600 * 1000 };

struct client_answer {
    enum chat_finish finish;
    struct chat_usage usage;
};

struct client;

/* The options' strings are borrowed for the client's life. */
ERR_MUST_USE enum err client_new(const struct client_options *options, struct client **c,
                                 struct err_note *note);
void client_free(struct client *c);

/* Ready to ask when it returns ERR_OK; does nothing when it was. ERR_REFUSED: see the verdict. */
ERR_MUST_USE enum err client_connect(struct client *c, struct err_note *note);

/* The verdict that the present connection rests on, or that refused it; NULL before there is one. Valid until the next call. */
const struct verdict *client_verdict(const struct client *c);
/* How the present connection was made. CHANNEL_PATH_IK: resumed. */
enum channel_path client_path(const struct client *c);
/* Whether the enclave answered a challenge of the present connection. If not, the connection was resumed, and the verdict is of its appraised_at. */
bool client_fresh(const struct client *c);
/* The evidence behind the verdict, with its challenge: what --save-evidence writes and `enclume verify` reads; also of a refused one. Empty before there is one. */
struct bytes client_evidence(const struct client *c);

/* Sends the request and gives text to on_text as it comes (wiped when that returns). ERR_OK: the answer is whole, down to its authenticated end.
 * Errors of the enclave come back as such (ERR_BUSY, ERR_CONTEXT, ERR_REQUEST, ...) with its sentence in the note. */
ERR_MUST_USE enum err client_ask(struct client *c, const struct chat_request *request,
                                 void (*on_text)(void *owner, struct bytes text), void *owner,
                                 struct client_answer *answer, struct err_note *note);

/* Stops the connect or ask under way (it returns ERR_CANCELLED); the connection stays good. Without one under way it does nothing. Async-signal-safe. */
void client_cancel(struct client *c);

#endif
