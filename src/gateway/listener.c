/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/unix_socket.h"
#include "gateway/gateway.h"

enum { BACKLOG = 4096, ADDRESS_SIZE = 300 };

static const struct {
    const char *prefix;
    enum transport transport;
    const char *address; /* what address_parse calls it */
} kinds[] = {
    {"tcp:", TRANSPORT_TCP, "tcp:"}, {"tls:", TRANSPORT_TLS, "tcp:"},    {"ws:", TRANSPORT_WS, "tcp:"},
    {"wss:", TRANSPORT_WSS, "tcp:"}, {"unix:", TRANSPORT_UNIX, "unix:"},
};

static enum err parse(const char *text, enum transport *transport, struct address *address,
                      struct err_note *note)
{
    char plain[ADDRESS_SIZE];
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, len) != 0)
            continue;
        *transport = kinds[i].transport;
        if ((size_t)snprintf(plain, sizeof plain, "%s%s", kinds[i].address, text + len) >= sizeof plain)
            break;
        return address_parse(plain, address, note);
    }
    return err_noted(ERR_USAGE, note, "%.100s: wanted tcp:, tls:, ws: or wss:HOST:PORT, or unix:PATH", text);
}

static const char *path_of(const struct address *address)
{
    return ((const struct sockaddr_un *)&address->where)->sun_path;
}

static int bind_to(const struct address *address, bool shared)
{
    const int on = 1;
    int fd = address_socket(address);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!shared || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) &&
        bind(fd, (const struct sockaddr *)&address->where, address->size) == 0)
        return fd;
    int failure = errno;
    (void)close(fd);
    errno = failure;
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0)
        return 0;
    if (bound.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
    return bound.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&bound)->sin_port) : 0;
}

static int take(struct gateway *g, struct listener *l, int fd)
{
    bool ip = l->family != AF_UNIX;
    int e = ip ? uv_tcp_init(&g->loop, &l->socket.tcp) : uv_pipe_init(&g->loop, &l->socket.pipe, 0);
    if (e != 0) {
        (void)close(fd);
        return e;
    }
    l->open = true;
    l->socket.handle.data = l;
    e = ip ? uv_tcp_open(&l->socket.tcp, fd) : uv_pipe_open(&l->socket.pipe, fd);
    if (e != 0)
        (void)close(fd);
    return e;
}

enum err listener_open(struct gateway *g, struct listener *l, const char *text,
                       uv_connection_cb on_connection, int *port, struct err_note *note)
{
    enum err e = parse(text, &l->transport, &l->address, note);
    if (e != ERR_OK)
        return e;
    l->gateway = g;
    l->family = l->address.where.ss_family;
    if (l->family == AF_UNIX)
        unix_socket_remove_stale((const struct sockaddr_un *)&l->address.where);
    int fd = bind_to(&l->address, l->shared);
    if (fd < 0)
        return err_noted(ERR_NETWORK, note, "listening on %.120s: %s", text, strerror(errno));
    *port = port_of(fd);
    int status = take(g, l, fd);
    if (status == 0)
        status = uv_listen(&l->socket.stream, BACKLOG, on_connection);
    return status == 0 ? ERR_OK
                       : err_noted(ERR_NETWORK, note, "listening on %.120s: %s", text, uv_strerror(status));
}

void listener_close(struct listener *l)
{
    if (!l->open)
        return;
    l->open = false;
    if (l->family == AF_UNIX)
        (void)unlink(path_of(&l->address));
    uv_close(&l->socket.handle, NULL);
}
