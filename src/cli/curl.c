/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/curl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/reader.h"
#include "base/secret.h"

/* ---- the program ---- */

/* Reads to its end what curl says about the transfer (--write-out), and waits for it. */
static enum err curl_wait(pid_t child, int from, struct curl_end *end, struct err_note *note)
{
    char text[32];
    size_t used = 0;
    ssize_t n = 0;
    while (used < sizeof text - 1 && (n = read(from, text + used, sizeof text - 1 - used)) != 0) {
        if (n < 0 && errno != EINTR)
            break;
        used += n > 0 ? (size_t)n : 0;
    }
    text[used] = '\0';
    end->http = strtol(text, NULL, 10);
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_noted(ERR_SYSTEM, note, "waitpid: %s", strerror(errno));
    end->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ERR_OK;
}

/* posix_spawn does not write to argv; its type only predates const. */
enum err curl_start(const char *const argv[], struct curl_end *end, struct err_note *note)
{
    int ends[2];
    pid_t child = 0;
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_noted(ERR_SYSTEM, note, "pipe: %s", strerror(errno));
    enum err e = ERR_OK;
    int failure = posix_spawn_file_actions_init(&actions);
    if (failure == 0) {
        failure = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        if (failure == 0)
            failure = posix_spawnp(&child, argv[0], &actions, NULL, (char *const *)argv, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)close(ends[1]);
    if (failure == ENOENT)
        e = err_noted(ERR_NETWORK, note,
                      "the program curl does the download, and it is not installed here (not found in PATH)");
    else if (failure != 0)
        e = err_noted(ERR_SYSTEM, note, "curl: %s", strerror(failure));
    else
        e = curl_wait(child, ends[0], end, note);
    (void)close(ends[0]);
    return e;
}

/* ---- a document into memory ---- */

enum { HEADERS_MAX = 64 * 1024, HTTP_OK = 200, CURL_FILE_TOO_LARGE = 63 };

/* A new empty file; path: PATH_MAX bytes. */
static enum err temporary_make(const char *directory, char *path, struct err_note *note)
{
    int n = snprintf(path, PATH_MAX, "%s/.part-XXXXXX", directory);
    if (n < 0 || n >= PATH_MAX)
        return err_noted(ERR_FILE, note, "%s: the path is too long", directory);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return err_noted(ERR_FILE, note, "%s: %s", directory, strerror(errno));
    (void)close(fd);
    return ERR_OK;
}

static enum err too_large(const struct curl_request *r, struct err_note *note)
{
    return err_noted(ERR_NETWORK, note, "the server sent more than %zu bytes for %.160s", r->max, r->url);
}

static enum err outcome(const struct curl_request *r, const struct curl_end *end, struct err_note *note)
{
    if (end->exit_code == CURL_FILE_TOO_LARGE)
        return too_large(r, note);
    if (end->http >= 300)
        return err_noted(ERR_NETWORK, note, "the server answered %ld for %.160s", end->http, r->url);
    if (end->exit_code != 0 || end->http != HTTP_OK)
        return err_noted(ERR_NETWORK, note, "curl ended with code %d for %.160s", end->exit_code, r->url);
    return ERR_OK;
}

/* The files of one transfer: what is sent, what comes, its headers. Those that were made have a name. */
enum { FILE_BODY, FILE_HEADERS, FILE_POST, FILE_COUNT };
struct transfer {
    char paths[FILE_COUNT][PATH_MAX];
};

static enum err transfer(const struct curl_request *r, const struct transfer *t, struct err_note *note)
{
    struct curl_end end = {0};
    char limit[24];
    char data[PATH_MAX + 1];
    char type[64];
    (void)snprintf(limit, sizeof limit, "%zu", r->max);
    (void)snprintf(data, sizeof data, "@%s", t->paths[FILE_POST]);
    (void)snprintf(type, sizeof type, "Content-Type: %s", r->media_type != NULL ? r->media_type : "");
    const char *argv[] = {
        "curl",
        "--disable",
        "--fail",
        "--globoff",
        "--proto",
        r->allow_http ? "=https,http" : "=https",
        "--max-redirs",
        "0",
        "--connect-timeout",
        "15",
        "--max-time",
        "60",
        "--retry",
        "2",
        "--retry-max-time",
        "60",
        "--max-filesize",
        limit,
        "--silent",
        "--show-error",
        "--write-out",
        "%{http_code}",
        "--dump-header",
        t->paths[FILE_HEADERS],
        "--output",
        t->paths[FILE_BODY],
        "--url",
        r->url,
        /* From here on, when something is sent. */
        "--header",
        type,
        "--data-binary",
        data,
        NULL,
    };
    enum { POST_AT = sizeof argv / sizeof *argv - 5 };
    if (r->post.len == 0)
        argv[POST_AT] = NULL;
    enum err e = curl_start(argv, &end, note);
    return e == ERR_OK ? outcome(r, &end, note) : e;
}

static enum err transfer_files(const struct curl_request *r, struct transfer *t, struct err_note *note)
{
    const size_t count = r->post.len != 0 ? FILE_COUNT : FILE_POST;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < count; i++) {
        e = temporary_make(r->directory, t->paths[i], note);
        if (e != ERR_OK)
            t->paths[i][0] = '\0';
    }
    return e == ERR_OK && r->post.len != 0 ? file_write(t->paths[FILE_POST], r->post, note) : e;
}

enum err curl_get(const struct curl_request *r, struct bytes *body, struct bytes *headers,
                  struct err_note *note)
{
    struct transfer t = {0};
    *body = *headers = (struct bytes){0};
    if (strncmp(r->url, "https://", 8) != 0 && !(r->allow_http && strncmp(r->url, "http://", 7) == 0))
        return err_noted(ERR_USAGE, note, "%.160s: wanted a URL with https://", r->url);
    enum err e = transfer_files(r, &t, note);
    if (e == ERR_OK)
        e = transfer(r, &t, note);
    if (e == ERR_OK)
        e = file_read(t.paths[FILE_BODY], r->max, body, note);
    if (e == ERR_TOO_LARGE)
        e = too_large(r, note);
    if (e == ERR_OK)
        e = file_read(t.paths[FILE_HEADERS], HEADERS_MAX, headers, note);
    for (size_t i = 0; i < FILE_COUNT; i++)
        if (t.paths[i][0] != '\0')
            (void)unlink(t.paths[i]);
    if (e != ERR_OK) {
        secret_free(bytes_owned(*body));
        *body = (struct bytes){0};
    }
    return e;
}

/* ---- headers ---- */

static struct bytes line_next(struct reader *r)
{
    struct reader look = *r;
    size_t n = 0;
    while (look.left > 0 && reader_u8(&look) != '\n')
        n++;
    struct bytes line = reader_bytes(r, n);
    if (r->left > 0)
        (void)reader_u8(r);
    return line;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trimmed(struct reader r)
{
    while (r.left > 0 && is_blank(*r.at))
        (void)reader_u8(&r);
    struct bytes text = reader_rest(&r);
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

struct bytes curl_header(struct bytes headers, const char *name)
{
    const size_t len = strlen(name);
    struct bytes value = {0};
    for (struct reader r = reader_over(headers); r.left > 0;) {
        struct reader line = reader_over(line_next(&r));
        struct bytes start = reader_bytes(&line, len);
        if (start.len == len && strncasecmp((const char *)start.ptr, name, len) == 0 &&
            reader_u8(&line) == ':')
            value = trimmed(line); /* the last: those of an attempt before stand before it */
    }
    return value;
}
