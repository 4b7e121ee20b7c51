/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

/*
 * HTTP/1.1 messages (RFC 9110, RFC 9112), requests and responses alike: one strict reader, and what writes heads and chunks. Pure: no sockets, no clock.
 *
 *     http_reader_new(&(struct http_config){.kind = HTTP_REQUEST}, &r);
 *     struct bytes in = bytes_from_socket;
 *     for (;;) {
 *         enum err e = http_read(r, &in, &event, &note);       // takes from the front of `in`
 *         if (e != ERR_OK) answer http_reader_status(r) and close;
 *         if (event.kind == HTTP_MORE) break;                   // `in` is used up: come back with more
 *         if (event.kind == HTTP_HEAD) ... http_head(r)         // valid until http_reader_next
 *         if (event.kind == HTTP_BODY) ... event.body           // a piece, in place in `in`
 *         if (event.kind == HTTP_END) break;                    // what is left of `in` is of the next message: http_reader_next(r)
 *     }
 *
 * What two readers could understand differently is refused, whatever a lenient one would make of it: a bare CR or LF, NUL and other control characters, folded
 * lines, a space before the colon, a second Content-Length (also an equal one), both lengths, any transfer coding but "chunked" alone, chunk extensions,
 * empty lines before a message, a request without Host or with two, a target that is not a path, a version other than 1.0 and 1.1.
 *
 * Heads hold tokens and bodies hold prompts: the head is kept in secret memory and wiped by http_reader_next and http_reader_free; a body is not kept at all.
 */

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret_buffer.h"
#include "base/writer.h"

enum {
    HTTP_HEAD_MAX = 32 * 1024, /* start line, fields and the empty line; also what trailers may take */
    HTTP_FIELDS_MAX = 96,
    HTTP_METHOD_MAX = 16,
    HTTP_TARGET_MAX = 4096,
    HTTP_CHUNK_HEAD_SIZE = 20, /* 16 digits, CR LF, and some */
};

enum http_kind { HTTP_REQUEST, HTTP_RESPONSE };

struct http_config {
    enum http_kind kind;
    size_t head_max;   /* 0: HTTP_HEAD_MAX */
    uint64_t body_max; /* bytes of body in one message; 0: none are taken */
};

struct http_field {
    struct bytes name;  /* as it was sent; names are compared without case */
    struct bytes value; /* without the blanks around it */
};

enum http_body {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH,
    HTTP_BODY_CHUNKED,
    HTTP_BODY_TO_EOF, /* responses only: the end of the connection ends it, so that a cut cannot be told from an end */
};

struct http_head {
    struct bytes method;  /* of requests */
    struct bytes target;  /* of requests: begins with '/', printable ASCII, no '#' */
    struct bytes path;    /* the target without its query */
    uint16_t status;      /* of responses, 100 to 599 */
    uint8_t minor;        /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;      /* the other side will read, or send, a further message after this one */
    bool upgrade;         /* Connection names it; to what says the field Upgrade */
    bool expect_continue; /* a request that waits for 100 (Continue) before its body */
    enum http_body body;
    uint64_t length; /* of HTTP_BODY_LENGTH */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

enum http_event_kind { HTTP_MORE, HTTP_HEAD, HTTP_BODY, HTTP_END };

struct http_event {
    enum http_event_kind kind;
    struct bytes body; /* of HTTP_BODY: 1 byte or more, inside the caller's input */
};

struct http_reader;

/* ERR_MEMORY. */
ERR_MUST_USE enum err http_reader_new(const struct http_config *config, struct http_reader **r);
void http_reader_free(struct http_reader *r); /* NULL does nothing */

/* The next event; moves the front of *in behind what was used. The first rule broken is returned, now and for ever: ERR_ENCODING (not the syntax), ERR_VALUE
 * (a field contradicts another or itself), ERR_UNKNOWN (a version, coding or expectation that is not known), ERR_TOO_LARGE. The note says which rule; it holds
 * nothing of the message. After HTTP_END only http_reader_next goes on: until then every call gives HTTP_END. */
ERR_MUST_USE enum err http_read(struct http_reader *r, struct bytes *in, struct http_event *event,
                                struct err_note *note);
/* The connection is at its end: ERR_OK (and HTTP_END) when a body to its end is now whole, or (and HTTP_MORE) when no message had begun; else ERR_TRUNCATED. */
ERR_MUST_USE enum err http_read_eof(struct http_reader *r, struct http_event *event, struct err_note *note);
/* The message was dealt with: wipes its head and waits for another. */
void http_reader_next(struct http_reader *r);

/* From HTTP_HEAD until http_reader_next. */
const struct http_head *http_head(const struct http_reader *r);
/* Has a byte of the message come that is not complete yet? */
bool http_reader_begun(const struct http_reader *r);
/* The status that tells a client what was wrong with its request: 400, 413, 414, 417, 431, 501 or 505; 0 when nothing was. */
uint16_t http_reader_status(const struct http_reader *r);

/* How many fields have that name; the first one's value (empty when there is none). */
size_t http_find(const struct http_head *head, const char *name, struct bytes *value);
/* Is the token in that field's comma-separated list, in any of the fields of that name, without case? */
bool http_has_token(const struct http_head *head, const char *name, const char *token);
/* Equal when the case of ASCII letters is overlooked. */
bool http_same(struct bytes a, const char *b);

/* ---- writing ---- */

/* "Bad Gateway"; "Unknown" for a status that is not in the table. */
const char *http_reason(uint16_t status);

/* Heads go into a writer; a name that is not a token, a value or target that would break out of its line makes it fail (writer_finish says so). */
void http_write_request(struct writer *w, const char *method, struct bytes target);
void http_write_response(struct writer *w, uint16_t status);
void http_write_field(struct writer *w, const char *name, struct bytes value);
void http_write_number(struct writer *w, const char *name, uint64_t value);
void http_write_end(struct writer *w);

/* A chunk around data (1 byte or more): head, then the data, then CR LF. ERR_TOO_LARGE, ERR_MEMORY as secret_buffer_append. */
ERR_MUST_USE enum err http_chunk_append(struct secret_buffer *out, struct bytes data, size_t limit);
#define HTTP_LAST_CHUNK "0\r\n\r\n"

#endif
