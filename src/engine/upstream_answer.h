/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENGINE_UPSTREAM_ANSWER_H
#define ENGINE_UPSTREAM_ANSWER_H

/*
 * What another server answers, from the bytes of its connection to the lines that go to the client (docs/protocol.md, section 9). No sockets, no clock.
 *
 *     upstream_answer_open(&a, api, streamed, on_lines, owner);
 *     while (!a.ended) {
 *         e = upstream_answer_read(&a, bytes_from_socket, &note);      or _eof
 *         if (e != ERR_OK) the answer ends here: close the connection
 *     }
 *     a.reusable: the connection may carry another request
 *     upstream_answer_close(&a);
 *
 * Nothing that the server says is believed: HTTP as strict as http_read has it, the type of content that was asked for, each line one JSON object. An answer is
 * whole when the server said so in the way of its API ("data: [DONE]", or the last event), not when its connection merely ended in good order.
 */

#include "base/secret_buffer.h"
#include "http/http.h"
#include "http/sse.h"
#include "openai/api.h"

enum {
    UPSTREAM_LINE_MAX = 1024 * 1024,         /* of a streamed answer */
    UPSTREAM_DOCUMENT_MAX = 8 * 1024 * 1024, /* of a whole one */
    UPSTREAM_ERROR_MAX = 64 * 1024,          /* of an answer that says what was wrong */
};

struct upstream_answer {
    enum api api;
    bool streamed; /* asked for */
    void (*lines)(void *owner, uint16_t status, struct bytes lines);
    void *owner;

    struct http_reader *http;
    struct sse_reader events;
    uint16_t status;               /* 0: the head has not come */
    bool is_events;                /* of the content */
    bool said_done;                /* [DONE] */
    bool ended;                    /* whole */
    bool reusable;                 /* with ended */
    bool begun;                    /* a byte has come */
    struct secret_buffer document; /* the body, or the last line of a streamed one */
    struct secret_buffer out;      /* lines of what is being read now */
};

/* api API_COUNT is for what the engine itself asks (health, models): a body of any type, handed on whole and as it is. ERR_MEMORY. */
ERR_MUST_USE enum err upstream_answer_open(struct upstream_answer *a, enum api api, bool streamed,
                                           void (*lines)(void *owner, uint16_t status, struct bytes lines),
                                           void *owner);
/* Wipes; harmless when repeated, and on what is all zero. */
void upstream_answer_close(struct upstream_answer *a);

/* ERR_ENGINE with a note that names what was wrong and quotes nothing; ERR_UNKNOWN: it does not have that API; ERR_MEMORY. Lines that were good before it have been handed on. */
ERR_MUST_USE enum err upstream_answer_read(struct upstream_answer *a, struct bytes in, struct err_note *note);
/* The server closed the connection: ERR_ENGINE unless the answer was whole. */
ERR_MUST_USE enum err upstream_answer_eof(struct upstream_answer *a, struct err_note *note);

#endif
