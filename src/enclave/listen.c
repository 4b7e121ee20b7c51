/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "base/unix_socket.h"

enum { BACKLOG = 1024, HOST_SIZE = 64 };

static enum err refused(struct err_note *note, const char *address, int uv_error)
{
    return err_noted(ERR_NETWORK, note, "listening on %s: %s", address, uv_strerror(uv_error));
}

static bool parse_port(const char *text, unsigned long max, unsigned long *port)
{
    char *end = NULL;
    *port = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *port <= max;
}

static enum err open_tcp(struct enclave *enclave, const char *where, int *port, struct err_note *note)
{
    char host[HOST_SIZE];
    unsigned long number = 0;
    const char *colon = strrchr(where, ':');
    if (colon == NULL || (size_t)(colon - where) >= sizeof host || !parse_port(colon + 1, 65535, &number))
        return err_noted(ERR_USAGE, note, "--listen tcp:%s: wanted tcp:ADDRESS:PORT", where);
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
    size_t len = strlen(host);
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
    struct sockaddr_storage address = {0};
    if (uv_ip4_addr(host, (int)number, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(host, (int)number, (struct sockaddr_in6 *)&address) != 0)
        return err_noted(ERR_USAGE, note, "--listen tcp:%s: %s is not a numeric address", where, host);
    int e = uv_tcp_init(&enclave->loop, &enclave->listener.tcp);
    if (e != 0)
        return refused(note, where, e);
    enclave->listening = true;
    e = uv_tcp_bind(&enclave->listener.tcp, (const struct sockaddr *)&address, 0);
    if (e != 0)
        return refused(note, where, e);
    struct sockaddr_storage bound;
    int size = sizeof bound;
    e = uv_tcp_getsockname(&enclave->listener.tcp, (struct sockaddr *)&bound, &size);
    if (e != 0)
        return refused(note, where, e);
    *port = ntohs(bound.ss_family == AF_INET ? ((struct sockaddr_in *)&bound)->sin_port
                                             : ((struct sockaddr_in6 *)&bound)->sin6_port);
    return ERR_OK;
}

/* An enclave that was killed leaves its socket's name behind. Nobody answers there, so the name is free; a name where somebody answers, or that is
 * not a socket's, stays as it is, and binding to it fails. */
static enum err open_unix(struct enclave *enclave, const char *where, int *port, struct err_note *note)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *port = 0;
    if (strlen(where) == 0 || strlen(where) >= sizeof address.sun_path)
        return err_noted(ERR_USAGE, note, "--listen unix:%s: the path is empty or too long", where);
    memcpy(address.sun_path, where, strlen(where) + 1);
    unix_socket_remove_stale(&address);
    int e = uv_pipe_init(&enclave->loop, &enclave->listener.pipe, 0);
    if (e != 0)
        return refused(note, where, e);
    enclave->listening = true;
    e = uv_pipe_bind(&enclave->listener.pipe, where);
    return e == 0 ? ERR_OK : refused(note, where, e);
}

/* libuv has no vsock of its own, but its pipes are any stream socket. */
static enum err open_vsock(struct enclave *enclave, const char *where, int *port, struct err_note *note)
{
    unsigned long number = 0;
    if (!parse_port(where, UINT32_MAX - 1, &number))
        return err_noted(ERR_USAGE, note, "--listen vsock:%s: wanted vsock:PORT", where);
    *port = (int)number;
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_noted(ERR_NETWORK, note, "vsock: this kernel has none (%s)", strerror(errno));
    struct sockaddr_vm address = {
        .svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = (unsigned)number};
    int e = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : uv_translate_sys_error(errno);
    if (e == 0)
        e = uv_pipe_init(&enclave->loop, &enclave->listener.pipe, 0);
    if (e != 0) {
        (void)close(fd);
        return refused(note, where, e);
    }
    enclave->listening = true;
    e = uv_pipe_open(&enclave->listener.pipe, fd);
    return e == 0 ? ERR_OK : refused(note, where, e);
}

static const struct {
    const char *prefix;
    enum err (*open)(struct enclave *, const char *, int *, struct err_note *);
} transports[] = {
    {"tcp:", open_tcp},
    {"unix:", open_unix},
    {"vsock:", open_vsock},
};

enum err listen_open(struct enclave *enclave, const char *address, uv_connection_cb on_connection, int *port,
                     struct err_note *note)
{
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        size_t len = strlen(transports[i].prefix);
        if (strncmp(address, transports[i].prefix, len) != 0)
            continue;
        enum err e = transports[i].open(enclave, address + len, port, note);
        if (e != ERR_OK)
            return e;
        enclave->listener.handle.data = enclave;
        int uv = uv_listen(&enclave->listener.stream, BACKLOG, on_connection);
        return uv == 0 ? ERR_OK : refused(note, address, uv);
    }
    return err_noted(ERR_USAGE, note, "--listen %s: wanted tcp:ADDRESS:PORT, unix:PATH or vsock:PORT",
                     address);
}
