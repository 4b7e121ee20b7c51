/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/collateral_source.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include "evidence/collateral_directory.h"
#include "evidence/collateral_wire.h"

struct place {
    struct collateral_source base; /* first: the two share their address */
    const struct kernel *kernel;
    const char *path; /* of a socket or directory */
    uint32_t port;
};

/* ---- a helper behind a stream ---- */

static enum err io_failed(int failed, struct err_note *note)
{
    return err_noted(ERR_EVIDENCE, note, "the host's collateral helper: %s",
                     failed == -EPIPE ? "it ended the connection" : strerror(-failed));
}

static enum err answer_receive(const struct kernel *k, int fd, uint8_t *out, size_t *len,
                               struct err_note *note)
{
    uint8_t head[COLLATERAL_ANSWER_HEAD_SIZE];
    enum collateral_status status;
    size_t size;
    int failed = kernel_read_all(k, fd, head, sizeof head);
    if (failed != 0)
        return io_failed(failed, note);
    enum err e = collateral_answer_head_parse(head, &status, &size);
    if (e != ERR_OK)
        return err_noted(ERR_EVIDENCE, note, "the host's collateral helper: %s", err_text(e));
    if (status != COLLATERAL_FOUND)
        return err_noted(ERR_EVIDENCE, note, "the host's collateral helper: %s",
                         collateral_status_text(status));
    failed = kernel_read_all(k, fd, out, size);
    if (failed != 0)
        return io_failed(failed, note);
    *len = size;
    return ERR_OK;
}

/* A connection for each question: they are rare, and a helper that was started anew is found again. */
static enum err stream_ask(struct collateral_source *self, const struct collateral_key *key, uint8_t *out,
                           size_t *len, struct err_note *note)
{
    const struct place *p = (const struct place *)self;
    uint8_t question[COLLATERAL_QUESTION_MAX];
    size_t question_len;
    *len = 0;
    enum err e = collateral_question_write(key, question, &question_len);
    if (e != ERR_OK)
        return err_noted(e, note, "collateral that has no name");
    int fd = p->path != NULL ? p->kernel->connect_unix(p->kernel, p->path)
                             : p->kernel->connect_vsock(p->kernel, VMADDR_CID_HOST, p->port);
    if (fd < 0)
        return io_failed(fd, note);
    int failed = kernel_write_all(p->kernel, fd, question, question_len);
    e = failed == 0 ? answer_receive(p->kernel, fd, out, len, note) : io_failed(failed, note);
    (void)p->kernel->close(p->kernel, fd);
    return e;
}

/* ---- a directory ---- */

static enum err directory_ask(struct collateral_source *self, const struct collateral_key *key, uint8_t *out,
                              size_t *len, struct err_note *note)
{
    const struct place *p = (const struct place *)self;
    struct collateral_key found;
    *len = 0;
    enum err e = collateral_directory_find(p->path, key, &found, note);
    if (e == ERR_UNKNOWN)
        return err_noted(ERR_EVIDENCE, note, "%s: there is no such document", p->path);
    if (e == ERR_OK)
        e = collateral_directory_read(p->path, &found, out, len, note);
    return e == ERR_OK ? ERR_OK : ERR_EVIDENCE;
}

/* ---- which ---- */

static void place_close(struct collateral_source *self)
{
    free(self);
}

static const char *after(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 && text[n] != '\0' ? text + n : NULL;
}

static enum err address_parse(const char *address, struct place *p, struct err_note *note)
{
    const char *rest = after(address, "vsock:");
    p->base.ask = stream_ask;
    if (rest != NULL) {
        char *end;
        errno = 0;
        unsigned long port = strtoul(rest, &end, 10);
        if (rest[0] >= '0' && rest[0] <= '9' && *end == '\0' && errno == 0 &&
            port < UINT32_MAX /* VMADDR_PORT_ANY */) {
            p->port = (uint32_t)port;
            return ERR_OK;
        }
    }
    p->path = after(address, "unix:");
    if (p->path != NULL)
        return ERR_OK;
    p->path = after(address, "dir:");
    p->base.ask = directory_ask;
    if (p->path != NULL)
        return ERR_OK;
    return err_noted(ERR_USAGE, note, "--collateral %s: wanted vsock:PORT, unix:PATH or dir:PATH", address);
}

enum err collateral_source_open(const struct kernel *kernel, const char *address,
                                struct collateral_source **source, struct err_note *note)
{
    struct place p = {.base = {.close = place_close}, .kernel = kernel};
    *source = NULL;
    enum err e = address_parse(address, &p, note);
    if (e != ERR_OK)
        return e;
    struct place *kept = malloc(sizeof *kept);
    if (kept == NULL)
        return ERR_MEMORY;
    *kept = p;
    *source = &kept->base;
    return ERR_OK;
}
