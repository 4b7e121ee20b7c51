/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral_serve.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "cli/collateral_listen.h"
#include "cli/collateral_serve_fetch.h"
#include "cli/rfc3339.h"
#include "evidence/collateral_directory.h"
#include "evidence/collateral_wire.h"

enum {
    MS_PER_SECOND = 1000,
    LINES_AT_ONCE =
        100, /* of the log; then one a second, so that nobody can fill the host's disk with questions */
    POLLED_BEFORE = 2, /* signals and listener, then the connections, then what is got for each of them */
    POLLED = POLLED_BEFORE + 2 * COLLATERAL_SERVE_CONNECTIONS,
    /* Of questions to NVIDIA; then one in ten seconds, so that no VM can have us ask without end. */
    FETCHES_AT_ONCE = 64,
    FETCH_EVERY = 10,
};

/* So many now, one more each `every` seconds up to `most`. */
struct allowance {
    unsigned most;
    unsigned every;
    unsigned left;
    int64_t refilled;
};

struct connection {
    int fd;           /* -1: free */
    int64_t deadline; /* of the question, or of the answer */
    size_t got;       /* of the question */
    size_t wanted;
    uint8_t question[COLLATERAL_QUESTION_MAX];
    uint8_t *answer; /* NULL while the question is not whole */
    size_t sent;
    size_t answer_len;
    bool last; /* the answer ends the connection */
    struct collateral_key key;
    struct serve_fetch fetch; /* under way: the answer waits for it */
};

struct server {
    const struct collateral_serve *serve;
    struct connection connections[COLLATERAL_SERVE_CONNECTIONS];
    size_t open;
    bool ended;
    struct allowance lines; /* of the log */
    unsigned unsaid;
    struct allowance fetches;
};

static bool allowance_take(struct allowance *a)
{
    const int64_t step = (int64_t)a->every * MS_PER_SECOND;
    const int64_t more = (monotonic_ms() - a->refilled) / step;
    a->refilled += more * step;
    a->left = more < (int64_t)(a->most - a->left) ? a->left + (unsigned)more : a->most;
    if (a->left == 0)
        return false;
    a->left--;
    return true;
}

/* ---- the log ---- */

static void line(const char *name, const char *what)
{
    char when[RFC3339_SIZE];
    (void)rfc3339_write((int64_t)time(NULL), when);
    (void)fprintf(stderr, "%s %s: %s\n", when, name, what);
}

/* name: of a document, or a word of ours; never what came from the other side as it came. */
static void say(struct server *s, const char *name, const char *what)
{
    char count[64];
    if (!allowance_take(&s->lines)) {
        s->unsaid++;
        return;
    }
    if (s->unsaid > 0) {
        (void)snprintf(count, sizeof count, "%u lines were left out", s->unsaid);
        line("log", count);
        s->unsaid = 0;
    }
    line(name, what);
}

/* ---- a connection ---- */

static void question_begin(const struct server *s, struct connection *c)
{
    c->got = 0;
    c->wanted = COLLATERAL_QUESTION_HEAD_SIZE;
    c->deadline = monotonic_ms() + s->serve->timeout_ms;
}

static void connection_end(struct server *s, struct connection *c)
{
    serve_fetch_end(&c->fetch);
    (void)close(c->fd);
    free(c->answer);
    *c = (struct connection){.fd = -1, .fetch.fd = -1};
    s->open--;
    s->ended = s->ended || s->serve->once;
}

static enum collateral_status document_read(const struct server *s, const struct collateral_key *key,
                                            uint8_t *out, size_t *len, struct err_note *note)
{
    struct collateral_key found;
    enum err e = collateral_directory_find(s->serve->directory, key, &found, note);
    if (e == ERR_UNKNOWN)
        return COLLATERAL_NOT_FOUND;
    if (e == ERR_OK)
        e = collateral_directory_read(s->serve->directory, &found, out, len, note);
    if (e == ERR_OK && *len == 0)
        e = err_noted(ERR_VALUE, note, "the file is empty");
    if (e == ERR_OK)
        return COLLATERAL_FOUND;
    *len = 0;
    return COLLATERAL_UNAVAILABLE;
}

static const char *word_of(enum collateral_status status)
{
    static const char *const words[] = {
        [COLLATERAL_FOUND] = "found",
        [COLLATERAL_NOT_FOUND] = "is not here",
        [COLLATERAL_UNAVAILABLE] = "cannot be read",
        [COLLATERAL_NOT_UNDERSTOOD] = "was not understood",
    };
    return words[status];
}

/* The answer goes out from now on; its document is in its place. */
static void answer_send(struct server *s, struct connection *c, enum collateral_status status, size_t len,
                        const char *said)
{
    char name[COLLATERAL_NAME_MAX] = "a question";
    if (status != COLLATERAL_NOT_UNDERSTOOD && collateral_key_write(&c->key, name) != ERR_OK)
        status = COLLATERAL_NOT_UNDERSTOOD;
    collateral_answer_head_write(status, len, c->answer);
    c->answer_len = COLLATERAL_ANSWER_HEAD_SIZE + len;
    c->sent = 0;
    c->last = status == COLLATERAL_NOT_UNDERSTOOD;
    c->deadline = monotonic_ms() + s->serve->timeout_ms;
    say(s, name, said);
}

/* not_got: why NVIDIA has not given it; NULL: it was not asked. */
static void answer_from_directory(struct server *s, struct connection *c, const char *not_got)
{
    struct err_note note = {{0}};
    char said[2 * sizeof note.text];
    size_t len = 0;
    enum collateral_status status =
        document_read(s, &c->key, c->answer + COLLATERAL_ANSWER_HEAD_SIZE, &len, &note);
    const char *here = note.text[0] != '\0' ? note.text : word_of(status);
    (void)snprintf(said, sizeof said, "%s%s%s", here, not_got != NULL ? "; NVIDIA: " : "",
                   not_got != NULL ? not_got : "");
    answer_send(s, c, status, len, said);
}

/* Is this one to ask NVIDIA for, with what the directory has of it? */
static bool is_to_fetch(const struct server *s, struct connection *c)
{
    size_t len = 0;
    if (s->serve->nvidia == NULL || (c->key.kind != COLLATERAL_RIM && c->key.kind != COLLATERAL_OCSP))
        return false;
    uint8_t *document = c->answer + COLLATERAL_ANSWER_HEAD_SIZE;
    return document_read(s, &c->key, document, &len, NULL) != COLLATERAL_FOUND ||
           !serve_fetch_is_fresh(&c->key, bytes_of(document, len), (int64_t)time(NULL));
}

/* What was asked, when it is understood. */
static void answer_make(struct server *s, struct connection *c, bool understood)
{
    struct err_note note = {{0}};
    c->answer = malloc(COLLATERAL_ANSWER_HEAD_SIZE + COLLATERAL_DOCUMENT_MAX + 1);
    if (c->answer == NULL) {
        say(s, "a question", err_text(ERR_MEMORY));
        connection_end(s, c);
        return;
    }
    struct bytes asked =
        bytes_of(c->question + COLLATERAL_QUESTION_HEAD_SIZE, c->got - COLLATERAL_QUESTION_HEAD_SIZE);
    if (!understood || collateral_key_parse(asked, &c->key) != ERR_OK) {
        answer_send(s, c, COLLATERAL_NOT_UNDERSTOOD, 0, word_of(COLLATERAL_NOT_UNDERSTOOD));
        return;
    }
    if (!is_to_fetch(s, c))
        answer_from_directory(s, c, NULL);
    else if (!allowance_take(&s->fetches))
        answer_from_directory(s, c, "not asked, for it was asked so often");
    else if (serve_fetch_begin(s->serve->nvidia, &c->key, &c->fetch, &note) == ERR_OK)
        c->deadline = monotonic_ms() + s->serve->fetch_ms;
    else
        answer_from_directory(s, c, note.text);
}

/* What came takes its place behind the head: its first byte is where the head's last will be. */
static void on_fetched(struct server *s, struct connection *c)
{
    struct err_note note = {{0}};
    struct bytes document;
    uint8_t *room = c->answer + COLLATERAL_ANSWER_HEAD_SIZE - 1;
    const enum err e = serve_fetch_read(&c->fetch, room, &document, &note);
    if (e == ERR_BUSY)
        return;
    if (e == ERR_OK) {
        answer_send(s, c, COLLATERAL_FOUND, document.len, "got from NVIDIA");
        return;
    }
    answer_from_directory(s, c, note.text);
}

static void on_readable(struct server *s, struct connection *c)
{
    size_t name_len = 0;
    ssize_t n = recv(c->fd, c->question + c->got, c->wanted - c->got, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        if (c->got > 0)
            say(s, "a question", "broke off");
        connection_end(s, c);
        return;
    }
    c->got += (size_t)n;
    if (c->got < c->wanted)
        return;
    if (c->wanted > COLLATERAL_QUESTION_HEAD_SIZE)
        answer_make(s, c, true);
    else if (collateral_question_head_parse(c->question, &name_len) == ERR_OK)
        c->wanted += name_len;
    else
        answer_make(s, c, false);
}

static void on_writable(struct server *s, struct connection *c)
{
    ssize_t n = send(c->fd, c->answer + c->sent, c->answer_len - c->sent, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0) {
        say(s, "an answer", "was not taken");
        connection_end(s, c);
        return;
    }
    c->sent += (size_t)n;
    if (c->sent < c->answer_len)
        return;
    free(c->answer);
    c->answer = NULL;
    if (c->last)
        connection_end(s, c);
    else
        question_begin(s, c);
}

/* ---- all of them ---- */

static enum err on_connection(struct server *s, struct err_note *note)
{
    int fd = accept4(s->serve->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED
                   ? ERR_OK
                   : err_noted(ERR_SYSTEM, note, "a connection: %s", strerror(errno));
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++) {
        struct connection *c = &s->connections[i];
        if (c->fd >= 0)
            continue;
        c->fd = fd;
        s->open++;
        question_begin(s, c);
        return ERR_OK;
    }
    (void)close(fd); /* not reached: with no place free, no connection is taken */
    return ERR_OK;
}

static void end_the_late(struct server *s)
{
    int64_t now = monotonic_ms();
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++) {
        struct connection *c = &s->connections[i];
        if (c->fd < 0 || now < c->deadline)
            continue;
        if (c->fetch.fd >= 0) {
            serve_fetch_end(&c->fetch);
            answer_from_directory(s, c, "took too long");
            continue;
        }
        say(s, c->answer == NULL ? "a question" : "an answer", "took too long");
        connection_end(s, c);
    }
}

static int patience(const struct server *s)
{
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++)
        if (s->connections[i].fd >= 0 && s->connections[i].deadline < first)
            first = s->connections[i].deadline;
    int64_t left = first - monotonic_ms();
    return first == INT64_MAX ? -1 : left > 0 ? (int)left : 0;
}

static enum err turn(struct server *s, struct err_note *note)
{
    struct pollfd fds[POLLED];
    size_t room = s->serve->once ? 1 : COLLATERAL_SERVE_CONNECTIONS;
    fds[0] = (struct pollfd){.fd = s->serve->signals, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = s->open < room ? s->serve->listener : -1, .events = POLLIN};
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++) {
        const struct connection *c = &s->connections[i];
        const bool waits = c->fd >= 0 && c->fetch.fd >= 0; /* nothing is read or written meanwhile */
        fds[POLLED_BEFORE + i] =
            (struct pollfd){.fd = waits ? -1 : c->fd, .events = c->answer == NULL ? POLLIN : POLLOUT};
        fds[POLLED_BEFORE + COLLATERAL_SERVE_CONNECTIONS + i] =
            (struct pollfd){.fd = waits ? c->fetch.fd : -1, .events = POLLIN};
    }
    int n = poll(fds, POLLED, patience(s));
    if (n < 0)
        return errno == EINTR ? ERR_OK : err_noted(ERR_SYSTEM, note, "waiting: %s", strerror(errno));
    if (fds[0].revents != 0)
        s->ended = true;
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++) {
        struct connection *c = &s->connections[i];
        if (fds[POLLED_BEFORE + COLLATERAL_SERVE_CONNECTIONS + i].revents != 0)
            on_fetched(s, c);
        if (fds[POLLED_BEFORE + i].revents == 0)
            continue;
        if (c->answer == NULL)
            on_readable(s, c);
        else
            on_writable(s, c);
    }
    end_the_late(s);
    return fds[1].revents != 0 && !s->ended ? on_connection(s, note) : ERR_OK;
}

enum err collateral_serve_run(const struct collateral_serve *serve, struct err_note *note)
{
    struct server *s = calloc(1, sizeof *s);
    enum err e = ERR_OK;
    if (s == NULL)
        return ERR_MEMORY;
    s->serve = serve;
    s->lines = (struct allowance){LINES_AT_ONCE, 1, LINES_AT_ONCE, monotonic_ms()};
    s->fetches = (struct allowance){FETCHES_AT_ONCE, FETCH_EVERY, FETCHES_AT_ONCE, monotonic_ms()};
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++)
        s->connections[i] = (struct connection){.fd = -1, .fetch.fd = -1};
    while (e == ERR_OK && !s->ended)
        e = turn(s, note);
    for (size_t i = 0; i < COLLATERAL_SERVE_CONNECTIONS; i++)
        if (s->connections[i].fd >= 0)
            connection_end(s, &s->connections[i]);
    free(s);
    return e;
}

static enum err signals_take(int *fd, struct err_note *note)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    *fd = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
    return *fd >= 0 ? ERR_OK : err_noted(ERR_SYSTEM, note, "signals: %s", strerror(errno));
}

enum err collateral_serve(const struct collateral_serve *asked, const char *address, struct err_note *note)
{
    struct stat about;
    struct collateral_listener listener;
    struct collateral_serve serve = *asked;
    serve.timeout_ms = COLLATERAL_SERVE_TIMEOUT_MS;
    serve.fetch_ms = COLLATERAL_SERVE_FETCH_MS;
    if (stat(serve.directory, &about) != 0 || !S_ISDIR(about.st_mode))
        return err_noted(ERR_FILE, note, "%s: not a directory", serve.directory);
    enum err e = signals_take(&serve.signals, note);
    if (e != ERR_OK)
        return e;
    e = collateral_listen(address, &listener, note);
    if (e == ERR_OK) {
        serve.listener = listener.fd;
        line("listening", address);
        e = collateral_serve_run(&serve, note);
        collateral_listen_end(&listener);
    }
    (void)close(serve.signals);
    return e;
}
