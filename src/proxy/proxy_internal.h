/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROXY_PROXY_INTERNAL_H
#define PROXY_PROXY_INTERNAL_H

/*
 * One loop, one thread:
 *
 *     visitor    a local client's connection (visitor.c), at most one exchange at a time
 *     exchange   one request and its answer (exchange.c, framing.c): waiting -> on a link's stream -> gone
 *     link       one channel to an enclave, with the socket under it (link.c)
 *     endpoint   an address, what is known of the enclave there, and its links (pool.c)
 *
 * What happens on a socket only changes these and marks what has something to do; server.c then settles it all, once for each turn of the loop: waiting exchanges
 * get streams, links and visitors are written to. So nothing is released under the feet of what is still at work on it.
 *
 * The only work elsewhere is the dialling, on libuv's threads.
 */

#include <uv.h>

#include "base/secret_buffer.h"
#include "client/verifier.h"
#include "proxy/proxy.h"

enum {
    PROXY_READ_SIZE = 64 * 1024,
    PROXY_SWEEP_MS = 250,
    PROXY_BODY_MAX = 32 * 1024 * 1024,    /* of one request; an enclave has its own limit, and says so */
    PROXY_BODIES_MAX = 256 * 1024 * 1024, /* of all requests at once */
    PROXY_ANSWER_MAX = 64 * 1024 * 1024,  /* of one whole answer, or of one line of a streamed one */
    PROXY_BEHIND_MAX =
        256 * 1024, /* of an answer that the local client has not taken yet: then the enclave waits */
    PROXY_OUT_MAX = 2 * PROXY_ANSWER_MAX,
    PROXY_LINKS_MAX = 8,        /* channels to one endpoint */
    PROXY_DIAL_MS = 5000,       /* to connect */
    PROXY_HANDSHAKE_MS = 20000, /* to connect, shake hands and show evidence; also to renew it */
    PROXY_SILENCE_MS = 10000,   /* then a ping; after as long again the channel counts as dead */
    PROXY_RETRY_MS = 250,       /* a failure is news for so long */
    PROXY_BACKOFF_MAX_MS = 5000,
    PROXY_WAIT_MS = 30000,   /* longest wait of a request for a channel */
    PROXY_IDLE_MS = 120000,  /* a local connection without a request */
    PROXY_STALL_MS = 300000, /* a local client that takes nothing of its answer */
    PROXY_LINGER_MS =
        2000, /* what still comes after a refusal is read and thrown away, so that the refusal arrives */
    PROXY_PATH_MAX = CHANNEL_PATH_MAX + 1,
};

struct proxy;
struct endpoint;
struct visitor;
struct exchange;

/* ---- link.c ---- */

enum link_state { LINK_DIALING, LINK_HANDSHAKE, LINK_READY, LINK_CLOSED };

struct link {
    struct endpoint *endpoint;
    struct link *next;
    enum link_state state;
    uv_work_t dial;
    int fd; /* of the dial; -1: none yet */
    enum err dialed;
    uv_pipe_t socket;
    struct channel *channel;
    struct noise_keypair *key; /* fresh for each channel */
    uint64_t deadline;         /* uv_now; of the handshake, and of a renewal */
    uint64_t heard_at;
    uint64_t pinged_at;
    int64_t verified_at; /* seconds since 1970: when the enclave at the other end was last appraised */
    bool fresh;
    bool renewing; /* new evidence was asked for in place */
    bool full; /* streams that were cancelled still count for the channel, until the enclave has answered */
    bool dirty;
    enum err failure;
    struct err_note note;
    size_t stream_count;
    struct exchange *streams[CHANNEL_STREAMS_MAX];
    uv_write_t write;
    uint8_t *writing; /* ciphertext that uv_write holds; NULL: none */
};

/* Begins to connect; what becomes of it is told by endpoint_link_ready and endpoint_link_ended. ERR_MEMORY, ERR_CRYPTO, ERR_SYSTEM. */
ERR_MUST_USE enum err link_open(struct endpoint *endpoint);
/* Says why, if it can, and ends. Its exchanges hear of it. */
void link_close(struct link *l, enum err reason);
/* Something was queued, to be sent when all is settled. */
void link_touch(struct link *l);
void link_pump(struct link *l);
void link_sweep(struct link *l, uint64_t now);
/* Asks for new evidence, unless that was done. */
void link_renew(struct link *l);
/* Can a stream be opened on it now? Not when its evidence is past the age limit. */
bool link_has_room(const struct link *l);
bool link_is_full(const struct link *l);
ERR_MUST_USE enum err link_stream_open(struct link *l, struct exchange *x, const char *path);
void link_stream_forget(struct link *l, struct exchange *x);

/* ---- pool.c ---- */

struct endpoint {
    struct proxy *proxy;
    const char *address;
    struct verifier verifier;
    struct link *links;
    size_t link_count;
    enum proxy_state state;
    int64_t since; /* seconds since 1970 in that state */
    bool fresh;    /* of the link that was ready last */
    bool tried;
    uint64_t tried_at; /* uv_now when the last attempt came to its end */
    uint64_t next_try;
    uint64_t backoff_ms;
    struct err_note why; /* of PROXY_UNREACHABLE */
};

void endpoint_link_ready(struct endpoint *e, struct link *l);
/* The link is at its end (state LINK_CLOSED), and out of the list. */
void endpoint_link_ended(struct endpoint *e, struct link *l);
/* Evidence was refused, in the handshake or in place: its verifier has the verdict. May be called from within a channel. */
void endpoint_refused(struct endpoint *e);

/* Puts it behind the others that wait for a stream; pool_serve does so. */
void pool_wait(struct proxy *p, struct exchange *x);
void pool_forget(struct proxy *p, struct exchange *x);
/* Gives waiting exchanges their streams, and up the ones for which there is no hope; sends what links have to send. */
void pool_serve(struct proxy *p);
void pool_sweep(struct proxy *p, uint64_t now);
/* Why nothing can be sent: of each endpoint what it is that fails. */
void pool_why(const struct proxy *p, char *text, size_t size);
/* Is any endpoint refused? Then that is the reason to give. */
bool pool_is_refused(const struct proxy *p);

/* ---- exchange.c ---- */

/* How the lines of a streamed answer become server-sent events. */
enum framing { FRAMING_WHOLE, FRAMING_DATA, FRAMING_TYPED };

struct route {
    const char *path;
    const char *method;
    bool prefix; /* further characters may follow */
    enum framing framing;
    bool anthropic; /* errors in that API's shape */
};
/* NULL: there is no such path. */
const struct route *route_find(struct bytes path);

struct exchange {
    struct proxy *proxy;
    struct visitor *visitor;
    const struct route *route;
    char path[PROXY_PATH_MAX];
    struct exchange *next; /* in the list of those that wait */
    bool waiting;
    bool retried;
    bool streamed; /* the request asks for a stream */
    bool begun;    /* the head of the answer is out */
    struct link *link;
    uint32_t stream;
    uint64_t begun_at;
    struct secret_buffer body;
    size_t body_sent;
    uint16_t status;           /* 0: not replied yet */
    struct secret_buffer line; /* the whole answer, or the line that is not complete yet */
    size_t held;               /* bytes of the stream's window that are not given back yet */
};

/* Takes the body (the buffer is then empty). ERR_MEMORY. */
ERR_MUST_USE enum err exchange_begin(struct visitor *v, const struct route *route, struct bytes path,
                                     struct secret_buffer *body);
/* The local client has gone. */
void exchange_cancel(struct exchange *x);
/* The local client has taken what was written. */
void exchange_drained(struct exchange *x);
/* On that link, or, when that does not work, waiting again. */
void exchange_start(struct exchange *x, struct link *l);
/* More of the body, as far as the stream has room. */
void exchange_push(struct exchange *x);
void exchange_replied(struct exchange *x, uint16_t status);
void exchange_data(struct exchange *x, struct bytes data, bool end);
void exchange_given_up(struct exchange *x, enum err reason);
void exchange_link_lost(struct exchange *x, enum err reason, const struct err_note *note);
/* No channel can be had. */
void exchange_hopeless(struct exchange *x);
void exchange_too_late(struct exchange *x);

/* ---- framing.c: pure ---- */

/* Does the request ask for a stream? False for what is not JSON: the enclave says so. */
bool framing_wants_stream(struct bytes body);
/* One line, without its newline, as an event at the end of out. ERR_JSON when the document has no type that can be said. */
ERR_MUST_USE enum err framing_event(enum framing framing, struct bytes line, struct secret_buffer *out);
/* What an SDK takes as the error of a stream that ends here. NULL without memory; release with secret_free. */
char *framing_error(const struct route *route, bool in_stream, uint16_t status, const char *code,
                    const char *message);

/* ---- visitor.c ---- */

enum visitor_state {
    VISITOR_READING,
    VISITOR_ANSWERING,
    VISITOR_ANSWERED, /* all of it was written, and has to leave */
    VISITOR_LINGERING,
    VISITOR_CLOSED
};

struct visitor {
    struct proxy *proxy;
    struct visitor *next;
    struct visitor **back;
    uv_tcp_t socket;
    struct http_reader *reader;
    enum visitor_state state;
    bool dirty;
    bool close_after; /* the connection ends with this answer */
    bool chunked;
    bool broken; /* to be dropped as soon as nothing works on it */
    bool read_stopped;
    bool preflight;
    struct bytes wished_headers; /* of a preflight */
    uv_shutdown_t shutdown;
    const struct route *route; /* of the request that is being read; NULL: a page of ours */
    struct bytes origin;       /* to be told that it may read the answer; inside the reader's head */
    struct secret_buffer body;
    struct secret_buffer behind; /* what came behind the request that is being answered */
    struct secret_buffer out;
    struct secret_buffer writing;
    bool in_flight;
    uv_write_t write;
    uint64_t began_at; /* uv_now: of the request's first byte, or of the connection */
    uint64_t idle_since;
    uint64_t wrote_at;
    uint64_t linger_until;
    bool request_begun;
    struct exchange *exchange;
};

void visitor_accept(struct proxy *p);
void visitor_drop(struct visitor *v);
/* Writes what there is to write, and reads on where an answer is complete. May release the visitor. */
void visitor_settle(struct visitor *v);
void visitor_sweep(struct visitor *v, uint64_t now);
size_t visitor_pending(const struct visitor *v);

struct answer_head {
    uint16_t status;
    const char *type;
    const char *csp;         /* Content-Security-Policy; NULL: none */
    const char *disposition; /* Content-Disposition; NULL: none */
    const char *location;
    struct bytes cookie; /* Set-Cookie */
    const char *allow;
    bool no_retry; /* an SDK need not ask again */
};
/* A whole answer; the request is then done. */
void visitor_answer(struct visitor *v, const struct answer_head *head, struct bytes body);
/* An error in the shape of the request's API. */
void visitor_refuse(struct visitor *v, uint16_t status, const char *code, const char *message);
/* A streamed one: head, pieces, and its end; or its abortion, which cuts it off. */
void visitor_stream_begin(struct visitor *v);
void visitor_stream_piece(struct visitor *v, struct bytes piece);
void visitor_stream_end(struct visitor *v);
void visitor_stream_abort(struct visitor *v);

/* ---- local.c: /enclume/ ---- */

enum { LOCAL_BODY_MAX = 2048 }; /* a form with the token in it */
/* Is it a path of ours? */
bool local_is_path(struct bytes path);
/* Answers it. */
void local_answer(struct visitor *v, const struct http_head *head, struct bytes body);

/* ---- status.c, page.c ---- */

/* NUL-terminated, secret_free; NULL without memory. */
char *status_json(const struct proxy *p);
const char *status_state_name(enum proxy_state state);
/* The state of the whole: verified when any endpoint is. */
enum proxy_state status_overall(const struct proxy *p);
ERR_MUST_USE enum err page_status(const struct proxy *p, struct secret_buffer *out);
/* The page that asks for the token. */
ERR_MUST_USE enum err page_door(const struct proxy *p, bool wrong, struct secret_buffer *out);
/* The policy of both: NUL-terminated, secret_free. */
char *page_csp(void);

/* ---- server.c ---- */

struct proxy {
    struct proxy_options options;
    struct guard guard;
    struct bytes open_key; /* of the link that is shown at the start; empty when it was used */
    char host[64];
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_timer_t sweep;
    uv_prepare_t before_poll;
    uv_check_t after_poll;
    uv_signal_t signals[2];
    bool listening;
    bool stopping;
    int cancel_fd;        /* readable: dialling is to stop */
    uint8_t *read_buffer; /* secret memory; one for all: what is read is dealt with at once */
    size_t endpoint_count;
    struct endpoint endpoints[PROXY_ENDPOINTS_MAX];
    bool unsettled;           /* something is marked */
    struct exchange *waiting; /* in the order in which they came */
    struct visitor *visitors;
    size_t visitor_count;
    size_t body_bytes;
    uint64_t requests;
    char *csp;
    int64_t started_at;
};

#endif
