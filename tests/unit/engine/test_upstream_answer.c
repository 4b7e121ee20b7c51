/* SPDX-License-Identifier: Apache-2.0 */
/* What another server may answer, and what of it goes on to the client: whole, in two pieces cut at every byte, and byte by byte. */
#include "engine/upstream_answer.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/strict_json.h"
#include "unit/test.h"

#define HEAD(status, type, rest) "HTTP/1.1 " status " X\r\nContent-Type: " type "\r\n" rest "\r\n"
/* What stands behind the mark is sent in chunks, which a | parts. */
#define MARK           "\x01"
#define CHUNKED        "Transfer-Encoding: chunked\r\n"
#define EVENTS(chunks) HEAD("200", "text/event-stream", CHUNKED) MARK chunks

struct heard {
    char text[4096];
    size_t len;
    uint16_t status;
    bool mixed; /* not always the same status, or no whole lines */
};

static void on_lines(void *owner, uint16_t status, struct bytes lines)
{
    struct heard *h = owner;
    assert_true(lines.len != 0 && h->len + lines.len < sizeof h->text);
    h->mixed = h->mixed || (h->status != 0 && h->status != status) || lines.ptr[lines.len - 1] != '\n';
    h->status = status;
    memcpy(h->text + h->len, lines.ptr, lines.len);
    h->len += lines.len;
    h->text[h->len] = '\0';
}

/* An answer as it stands on the wire; the caller's until the next call. */
static const char *wire(const char *answer)
{
    static char text[2048];
    const char *mark = strchr(answer, MARK[0]);
    size_t len = mark == NULL ? strlen(answer) : (size_t)(mark - answer);
    memcpy(text, answer, len);
    while (mark != NULL) {
        const char *chunk = mark + 1;
        mark = strchr(chunk, '|');
        int size = mark == NULL ? (int)strlen(chunk) : (int)(mark - chunk);
        len += (size_t)snprintf(text + len, sizeof text - len, "%x\r\n%.*s\r\n%s", size, size, chunk,
                                mark == NULL ? "0\r\n\r\n" : "");
    }
    text[len] = '\0';
    return text;
}

struct trial {
    enum api api;
    bool streamed;
    const char *answer;
    const char *lines; /* what must have come, also before an error */
    uint16_t status;   /* of the lines */
    bool reusable;
    const char *note; /* NULL: it is whole; else what the error's note must say */
};

static const struct trial trials[] = {
    /* ---- whole answers ---- */
    {API_CHAT, false, HEAD("200", "application/json", "Content-Length: 9\r\n") "{\"a\": 1}\n",
     "{\"a\": 1} \n", 200, true, NULL},
    {API_CHAT, false,
     HEAD("200", "application/json; charset=utf-8", "Content-Length: 2\r\nConnection: close\r\n") "{}",
     "{}\n", 200, false, NULL},
    {API_EMBEDDINGS, false, HEAD("200", "Application/JSON", CHUNKED) MARK "{|}", "{}\n", 200, true, NULL},
    {API_MESSAGES, false, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
     "{}\n", 200, false, NULL},
    /* ---- streams ---- */
    {API_CHAT, true, EVENTS("data: {\"a\":1}\n\ndata|: [DONE]\n\n    \n"), "{\"a\":1}\n", 200, true, NULL},
    {API_CHAT, true, EVENTS("data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\r\r|data: [DONE]\n\n"),
     "{\"a\":1}\n{\"b\":2}\n", 200, true, NULL},
    {API_COMPLETIONS, true, EVENTS(": ping\n\ndata: {\ndata: \"a\":1}\n|\nid: 7\ndata:[DONE]\n|\n"),
     "{ \"a\":1}\n", 200, true, NULL},
    {API_CHAT, true, EVENTS("data: {\"error\":{\"code\":500}}\n|\n"), "{\"error\":{\"code\":500}}\n", 200,
     true, NULL},
    {API_MESSAGES, true, EVENTS("event: message_stop\ndata: {\"type\":\"message_stop\"|}\n\n"),
     "{\"type\":\"message_stop\"}\n", 200, true, NULL},
    {API_MESSAGES, true, EVENTS("data: {\"type\":\"message_stop\"}\n\n|data: [DONE]\n\n"),
     "{\"type\":\"message_stop\"}\n", 200, true, NULL},
    {API_RESPONSES, true, EVENTS("data: {\"type\":\"response.incomplete\"}\n\n"),
     "{\"type\":\"response.incomplete\"}\n", 200, true, NULL},
    /* ---- what the server refuses is carried ---- */
    {API_CHAT, true, HEAD("429", "application/json", "Content-Length: 12\r\n") "{\"error\":{}}",
     "{\"error\":{}}\n", 429, true, NULL},
    {API_CHAT, false,
     HEAD("400", "application/json", "Content-Length: 12\r\nConnection: close\r\n") "{\"error\":{}}",
     "{\"error\":{}}\n", 400, false, NULL},
    {API_EMBEDDINGS, false, HEAD("501", "application/json", "Content-Length: 12\r\n") "{\"error\":{}}",
     "{\"error\":{}}\n", 501, true, NULL},
    {API_CHAT, false, HEAD("500", "text/plain", "Content-Length: 21\r\n") "Internal Server Error", "", 0,
     false, "status 500 and no JSON"},
    {API_CHAT, false, HEAD("502", "application/json", "Content-Length: 3\r\n") "bad", "", 0, false,
     "no JSON object"},
    {API_CHAT, false, HEAD("401", "application/json", "Content-Length: 2\r\n") "{}", "", 0, false,
     "wants a key"},
    {API_CHAT, false, HEAD("403", "application/json", "Content-Length: 2\r\n") "{}", "", 0, false,
     "wants a key"},
    {API_CHAT, false, "HTTP/1.1 307 X\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "", 0,
     false, "status 307"},
    {API_CHAT, false, "HTTP/1.1 204 X\r\n\r\n", "", 0, false, "status 204"},
    {API_CHAT, false, HEAD("201", "application/json", "Content-Length: 2\r\n") "{}", "", 0, false,
     "status 201"},
    /* ---- not every server counts tokens ---- */
    {API_TOKENS, false, HEAD("200", "application/json", "Content-Length: 19\r\n") "{\"input_tokens\":10}",
     "{\"input_tokens\":10}\n", 200, true, NULL},
    {API_TOKENS, false, HEAD("400", "application/json", "Content-Length: 12\r\n") "{\"error\":{}}",
     "{\"error\":{}}\n", 400, true, NULL},
    {API_TOKENS, false,
     HEAD("404", "application/json", "Content-Length: 22\r\n") "{\"detail\":\"Not Found\"}", "", 0, false,
     "counts no tokens"},
    {API_TOKENS, false, HEAD("405", "text/plain", "Content-Length: 2\r\n") "no", "", 0, false,
     "counts no tokens"},
    /* ---- another kind of answer than was asked for ---- */
    {API_CHAT, true, HEAD("200", "application/json", "Content-Length: 2\r\n") "{}", "", 0, false,
     "no events"},
    {API_CHAT, false, EVENTS("data: [DONE]\n\n"), "", 0, false, "no JSON"},
    {API_CHAT, false, HEAD("200", "text/html", "Content-Length: 2\r\n") "{}", "", 0, false, "no JSON"},
    {API_CHAT, false, HEAD("200", "application/jsonp", "Content-Length: 2\r\n") "{}", "", 0, false,
     "no JSON"},
    {API_CHAT, false, "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}", "", 0, false, "no JSON"},
    {API_CHAT, false,
     HEAD("200", "application/json", "Content-Type: application/json\r\nContent-Length: 2\r\n") "{}", "", 0,
     false, "no JSON"},
    {API_CHAT, false, HEAD("200", "application/json", "Content-Length: 2\r\nContent-Encoding: gzip\r\n") "{}",
     "", 0, false, "encoded"},
    {API_CHAT, false, HEAD("200", "application/json", "Content-Length: 4\r\n") "{}{}", "", 0, false,
     "no JSON object"},
    {API_CHAT, false, HEAD("200", "application/json", "Content-Length: 2\r\n") "[]", "", 0, false,
     "no JSON object"},
    {API_CHAT, false, HEAD("200", "application/json", "Content-Length: 0\r\n"), "", 0, false,
     "no JSON object"},
    {API_CHAT, false, HEAD("200", "application/json", "") "{}", "", 0, false, "where its answer ends"},
    /* ---- streams that are not whole, or go on ---- */
    {API_CHAT, true, EVENTS("data: {\"a\":1}\n|\n"), "{\"a\":1}\n", 200, false, "ended its answer early"},
    {API_CHAT, true, EVENTS("data: [DONE]\n"), "", 0, false, "ended its answer early"},
    {API_CHAT, true, EVENTS("data: {\"error\":|1}\n\n\n"), "{\"error\":1}\n", 200, false,
     "ended its answer early"},
    {API_CHAT, true, HEAD("200", "text/event-stream", "Content-Length: 0\r\n"), "", 0, false,
     "ended its answer early"},
    {API_CHAT, true, EVENTS("data: [DONE]\n\n|data: {}\n\n\n"), "", 0, false, "behind the end"},
    {API_CHAT, true, EVENTS("data: {\"a\":1}\n\ndata: no\n|\n"), "{\"a\":1}\n", 200, false, "no JSON object"},
    {API_CHAT, true, EVENTS("data: {\"a\":1}\n\ndata: {\"b\":2\n\n"), "{\"a\":1}\n", 200, false,
     "no JSON object"},
    {API_MESSAGES, true, EVENTS("data: [DONE]\n\n"), "", 0, false, "ended its answer early"},
    {API_MESSAGES, true, EVENTS("data: {\"type\":\"response.com|pleted\"}\n|\n"),
     "{\"type\":\"response.completed\"}\n", 200, false, "ended its answer early"},
    /* ---- no HTTP ---- */
    {API_CHAT, false, "HTTP/1.1 200 X\nContent-Length: 2\n\n{}", "", 0, false, "HTTP: "},
    {API_CHAT, false, "SSH-2.0-OpenSSH_9.2\r\n\r\n", "", 0, false, "HTTP: "},
    {API_CHAT, false, HEAD("200", "application/json", "Content-Length: 2\r\nContent-Length: 2\r\n") "{}", "",
     0, false, "HTTP: "},
    {API_CHAT, false,
     HEAD("200", "application/json", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") "{}", "", 0,
     false, "HTTP: "},
    {API_CHAT, true, HEAD("200", "text/event-stream", CHUNKED) "zz\r\n", "", 0, false, "HTTP: "},
};

/* One attempt, with the answer cut before each of these two places; what comes behind an error is not shown. */
static void try(const struct trial *t, size_t piece, size_t first, size_t number)
{
    static struct heard heard;
    struct upstream_answer a;
    struct err_note note = {{0}};
    const char *answer = wire(t->answer);
    size_t len = strlen(answer);
    enum err e = ERR_OK;
    heard = (struct heard){.len = 0};
    assert_ok(upstream_answer_open(&a, t->api, t->streamed, on_lines, &heard));
    size_t size = first != 0 ? first : piece;
    for (size_t at = 0; at < len && e == ERR_OK && !a.ended; at += size, size = first != 0 ? len : piece) {
        size_t n = size < len - at ? size : len - at;
        uint8_t *copy = malloc(n); /* so that a sanitizer sees where it ends */
        assert_non_null(copy);
        memcpy(copy, answer + at, n);
        e = upstream_answer_read(&a, bytes_of(copy, n), &note);
        free(copy);
        size = n;
    }
    if (e == ERR_OK)
        e = upstream_answer_eof(&a, &note);
    enum err wanted = t->note == NULL ? ERR_OK : t->api == API_TOKENS ? ERR_UNKNOWN : ERR_ENGINE;
    bool as_wanted = e == wanted && (e == ERR_OK ? a.ended : strstr(note.text, t->note) != NULL);
    if (!as_wanted || strcmp(heard.text, t->lines) != 0 || heard.mixed || heard.status != t->status)
        fail_msg("trial %zu cut %zu/%zu: %s \"%s\", %u, lines:\n%s", number, piece, first, err_name(e),
                 note.text, heard.status, heard.text);
    upstream_answer_close(&a);
}

static void every_answer_is_taken_or_refused_however_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(trials); i++) {
        const char *answer = wire(trials[i].answer);
        size_t len = strlen(answer);
        try(&trials[i], len, 0, i);
        try(&trials[i], 1, 0, i);
        for (size_t cut = 1; cut < len; cut++)
            try(&trials[i], len, cut, i);
    }
}

/* The end of the connection at every place but the last is an error, and never an end. */
static void an_answer_that_breaks_off_is_never_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(trials); i++) {
        if (trials[i].note != NULL)
            continue;
        const char *answer = wire(trials[i].answer);
        size_t len = strlen(answer);
        for (size_t cut = 0; cut < len; cut++) {
            static struct heard heard;
            struct upstream_answer a;
            struct err_note note = {{0}};
            heard = (struct heard){.len = 0};
            assert_ok(upstream_answer_open(&a, trials[i].api, trials[i].streamed, on_lines, &heard));
            assert_ok(upstream_answer_read(&a, bytes_of(answer, cut), &note));
            assert_false(a.ended);
            assert_err(upstream_answer_eof(&a, &note), ERR_ENGINE);
            assert_non_null(strstr(note.text, cut == 0 ? "without an answer" : "broke off"));
            assert_false(a.reusable);
            upstream_answer_close(&a);
        }
    }
}

static void whether_the_connection_is_kept_is_what_the_server_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < test_count(trials); i++) {
        static struct heard heard;
        struct upstream_answer a;
        heard = (struct heard){.len = 0};
        assert_ok(upstream_answer_open(&a, trials[i].api, trials[i].streamed, on_lines, &heard));
        (void)!upstream_answer_read(&a, bytes_str(wire(trials[i].answer)), NULL);
        if (a.reusable != trials[i].reusable && trials[i].note == NULL)
            fail_msg("trial %zu: %d", i, a.reusable);
        if (trials[i].note != NULL)
            assert_false(a.ended);
        upstream_answer_close(&a);
    }
}

/* Something that nobody asked for stands behind the answer. */
static void a_connection_with_more_on_it_is_not_kept(void **state)
{
    (void)state;
    static struct heard heard;
    struct upstream_answer a;
    heard = (struct heard){.len = 0};
    assert_ok(upstream_answer_open(&a, API_CHAT, false, on_lines, &heard));
    assert_ok(upstream_answer_read(
        &a, bytes_str(HEAD("200", "application/json", "Content-Length: 2\r\n") "{}HTTP/1.1 200 OK\r\n"),
        NULL));
    assert_true(a.ended);
    assert_false(a.reusable);
    upstream_answer_close(&a);
}

/* Feeds `piece` again and again until it is refused; how many bytes were taken. */
static size_t flood(enum api api, bool streamed, const char *head, const char *piece, struct err_note *note)
{
    static struct heard heard;
    enum { ENOUGH = 64 * 1024 * 1024 };
    struct upstream_answer a;
    size_t taken = 0;
    heard = (struct heard){.len = 0};
    assert_ok(upstream_answer_open(&a, api, streamed, on_lines, &heard));
    enum err e = upstream_answer_read(&a, bytes_str(head), note);
    while (e == ERR_OK && taken < ENOUGH) {
        e = upstream_answer_read(&a, bytes_str(piece), note);
        taken += strlen(piece);
    }
    assert_err(e, ERR_ENGINE);
    assert_int_equal(heard.len, 0);
    upstream_answer_close(&a);
    return taken;
}

static void an_endless_line_document_or_head_is_refused(void **state)
{
    (void)state;
    static char piece[1 << 16];
    static char chunk[(1 << 16) + 64];
    struct err_note note = {{0}};
    memset(piece, 'x', sizeof piece - 1);
    (void)snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n", strlen(piece), piece);
    static const char events[] = HEAD("200", "text/event-stream", CHUNKED);
    static const char document[] = HEAD("200", "application/json", CHUNKED);
    static const char error[] = HEAD("500", "application/json", CHUNKED);
    assert_in_range(flood(API_CHAT, true, events, chunk, &note), UPSTREAM_LINE_MAX,
                    UPSTREAM_LINE_MAX + 2 * sizeof chunk);
    assert_in_range(flood(API_CHAT, false, document, chunk, &note), UPSTREAM_DOCUMENT_MAX,
                    UPSTREAM_DOCUMENT_MAX + 2 * sizeof chunk);
    assert_in_range(flood(API_CHAT, false, error, chunk, &note), UPSTREAM_ERROR_MAX,
                    UPSTREAM_ERROR_MAX + 2 * sizeof chunk);
    assert_in_range(flood(API_CHAT, false, "HTTP/1.1 200 OK\r\nX: ", piece, &note), 1, sizeof piece);
    /* An event of many short lines. */
    assert_in_range(flood(API_CHAT, true, events, "8\r\ndata: 1\n\r\n", &note), UPSTREAM_LINE_MAX,
                    16 * UPSTREAM_LINE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_is_taken_or_refused_however_it_is_cut),
        cmocka_unit_test(an_answer_that_breaks_off_is_never_whole),
        cmocka_unit_test(whether_the_connection_is_kept_is_what_the_server_says),
        cmocka_unit_test(a_connection_with_more_on_it_is_not_kept),
        cmocka_unit_test(an_endless_line_document_or_head_is_refused),
    };
    strict_json_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
