/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/collateral_listen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/unix_socket.h"

enum { BACKLOG = 64, PORT_BASE = 10 };

static enum err bound(int family, const struct sockaddr *address, socklen_t size, const char *said, int *fd,
                      struct err_note *note)
{
    *fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd >= 0 && bind(*fd, address, size) == 0 && listen(*fd, BACKLOG) == 0)
        return ERR_OK;
    enum err e = err_noted(ERR_NETWORK, note, "listening on %s: %s", said, strerror(errno));
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
    return e;
}

static enum err listen_unix(const char *said, const char *where, struct collateral_listener *listener,
                            struct err_note *note)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (where[0] == '\0' || strlen(where) >= sizeof address.sun_path)
        return err_noted(ERR_USAGE, note, "--listen %s: the path is empty or too long", said);
    memcpy(address.sun_path, where, strlen(where));
    unix_socket_remove_stale(&address);
    enum err e = bound(AF_UNIX, (const struct sockaddr *)&address, sizeof address, said, &listener->fd, note);
    if (e == ERR_OK)
        listener->path = where;
    return e;
}

static enum err listen_vsock(const char *said, const char *where, struct collateral_listener *listener,
                             struct err_note *note)
{
    char *end = NULL;
    errno = 0;
    unsigned long port = strtoul(where, &end, PORT_BASE);
    if (where[0] < '0' || where[0] > '9' || *end != '\0' || errno != 0 ||
        port >= UINT32_MAX) /* which is VMADDR_PORT_ANY */
        return err_noted(ERR_USAGE, note, "--listen %s: wanted vsock:PORT", said);
    const struct sockaddr_vm address = {
        .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = (uint32_t)port};
    return bound(AF_VSOCK, (const struct sockaddr *)&address, sizeof address, said, &listener->fd, note);
}

static const struct {
    const char *prefix;
    enum err (*listen)(const char *said, const char *where, struct collateral_listener *, struct err_note *);
} transports[] = {
    {"unix:", listen_unix},
    {"vsock:", listen_vsock},
};

enum err collateral_listen(const char *address, struct collateral_listener *listener, struct err_note *note)
{
    *listener = (struct collateral_listener){.fd = -1};
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        size_t len = strlen(transports[i].prefix);
        if (strncmp(address, transports[i].prefix, len) == 0)
            return transports[i].listen(address, address + len, listener, note);
    }
    return err_noted(ERR_USAGE, note, "--listen %.100s: wanted unix:PATH or vsock:PORT", address);
}

void collateral_listen_end(const struct collateral_listener *listener)
{
    if (listener->fd >= 0)
        (void)close(listener->fd);
    if (listener->path != NULL && unix_socket_is(listener->path))
        (void)unlink(listener->path);
}
