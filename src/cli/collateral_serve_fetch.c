/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral_serve_fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/ocsp.h"
#include "attest/rim.h"

/* ---- what the directory has ---- */

static bool rim_is_fresh(struct bytes document, int64_t now)
{
    struct rim *rim;
    if (rim_parse(document, &rim, NULL) != ERR_OK)
        return false;
    bool fresh = true;
    for (size_t i = 0; i < rim->chain.count; i++)
        fresh = fresh && now <= rim->chain.at[i].cert.not_after;
    rim_free(rim);
    return fresh;
}

static bool word_is_fresh(struct bytes document, int64_t now)
{
    struct ocsp_response response;
    struct ocsp_certificate_id id;
    struct ocsp_answer answer;
    if (ocsp_parse(document, &response, NULL) != ERR_OK)
        return false;
    struct reader r = reader_over(response.answers);
    ocsp_answer_next(&r, &id, &answer);
    return answer.has_next_update && now <= answer.next_update &&
           now - answer.this_update <= answer.next_update - now;
}

bool serve_fetch_is_fresh(const struct collateral_key *key, struct bytes document, int64_t now)
{
    return key->kind == COLLATERAL_RIM ? rim_is_fresh(document, now) : word_is_fresh(document, now);
}

/* ---- temporary files ---- */

/* A process that is ended leaves its files behind. */
static enum err scratch_make(const char *directory, char path[static SERVE_FETCH_PATH_MAX],
                             struct err_note *note)
{
    int n = snprintf(path, SERVE_FETCH_PATH_MAX, "%s/.part-XXXXXX", directory);
    if (n > 0 && n < SERVE_FETCH_PATH_MAX && mkdtemp(path) != NULL)
        return ERR_OK;
    path[0] = '\0';
    return err_noted(ERR_FILE, note, "no room for temporary files in %s", directory);
}

static void scratch_remove(const char *path)
{
    DIR *list = opendir(path);
    for (const struct dirent *entry; list != NULL;) {
        entry = readdir(list); // NOLINT(concurrency-mt-unsafe): the list is ours alone
        if (entry == NULL)
            break;
        (void)unlinkat(dirfd(list), entry->d_name, 0);
    }
    if (list != NULL)
        (void)closedir(list);
    (void)rmdir(path);
}

/* ---- the process ---- */

enum { SAID_DOCUMENT = 'd', SAID_WHY = 'w', PIPE = 3 };

static void say(char what, struct bytes content)
{
    ssize_t n = write(PIPE, &what, 1);
    while (n > 0 && content.len > 0) {
        n = write(PIPE, content.ptr, content.len);
        if (n > 0)
            content = bytes_of(content.ptr + n, content.len - (size_t)n);
    }
}

/* Nothing of the helper's is kept open here: a client would wait for an end that the helper has made. */
static _Noreturn void child(const struct nvidia_services *s, const struct collateral_key *key, int to)
{
    struct err_note note = {{0}};
    struct bytes document;
    char url[COLLATERAL_URL_MAX];
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (dup2(to, PIPE) != PIPE || fcntl(PIPE, F_SETFD, FD_CLOEXEC) != 0 || close_range(PIPE + 1, ~0U, 0) != 0)
        _exit(1);
    enum err e = nvidia_ask(s, key, url, &document, &note);
    if (e == ERR_OK)
        say(SAID_DOCUMENT, document);
    else
        say(SAID_WHY, bytes_str(note.text[0] != '\0' ? note.text : err_text(e)));
    _exit(0);
}

enum err serve_fetch_begin(const struct nvidia_services *s, const struct collateral_key *key,
                           struct serve_fetch *f, struct err_note *note)
{
    int ends[2];
    struct nvidia_services services = *s;
    *f = (struct serve_fetch){.fd = -1};
    enum err e = scratch_make(s->directory, f->scratch, note);
    if (e != ERR_OK)
        return e;
    services.directory = f->scratch;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        scratch_remove(f->scratch);
        return err_noted(ERR_SYSTEM, note, "pipe: %s", strerror(errno));
    }
    f->pid = fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ? fork() : -1;
    if (f->pid == 0)
        child(&services, key, ends[1]);
    (void)close(ends[1]);
    if (f->pid < 0) {
        (void)close(ends[0]);
        scratch_remove(f->scratch);
        return err_noted(ERR_SYSTEM, note, "a process: %s", strerror(errno));
    }
    (void)setpgid(f->pid, f->pid); /* here as well: whoever of the two comes first */
    f->fd = ends[0];
    return ERR_OK;
}

/* What the process has said: all of it, or what has room. */
static enum err outcome(struct bytes said, bool whole, struct bytes *document, struct err_note *note)
{
    struct reader r = reader_over(said);
    const uint8_t what = reader_u8(&r);
    const struct bytes content = reader_rest(&r);
    if (!whole || (what != SAID_DOCUMENT && what != SAID_WHY))
        return err_noted(ERR_NETWORK, note, "asking broke off");
    if (what == SAID_WHY)
        return err_noted(ERR_NETWORK, note, "%.*s", (int)content.len, (const char *)content.ptr);
    *document = content;
    return content.len > 0 ? ERR_OK : err_noted(ERR_NETWORK, note, "an empty document came");
}

enum err serve_fetch_read(struct serve_fetch *f, uint8_t *room, struct bytes *document, struct err_note *note)
{
    *document = (struct bytes){0};
    const ssize_t n = read(f->fd, room + f->got, SERVE_FETCH_ROOM - f->got);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return ERR_BUSY;
    f->got += n > 0 ? (size_t)n : 0;
    if (n > 0 && f->got < SERVE_FETCH_ROOM)
        return ERR_BUSY;
    const enum err e = outcome(bytes_of(room, f->got), n == 0, document, note);
    serve_fetch_end(f);
    return e;
}

void serve_fetch_end(struct serve_fetch *f)
{
    if (f->fd < 0)
        return;
    (void)close(f->fd);
    (void)kill(-f->pid, SIGKILL);
    while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    scratch_remove(f->scratch);
    *f = (struct serve_fetch){.fd = -1};
}
