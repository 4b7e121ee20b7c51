/* SPDX-License-Identifier: Apache-2.0 */
#include "client/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

enum { HOST_SIZE = 256 };

struct attempt {
    const char *address; /* for the note */
    int timeout_ms;
    int cancel_fd;
    int *fd;
    struct err_note *note;
};

static enum err failed(const struct attempt *a, const char *why)
{
    return err_noted(ERR_NETWORK, a->note, "connecting to %s: %s", a->address, why);
}

/* Waits until a non-blocking connect has come to an end. */
static enum err await(const struct attempt *a, int fd)
{
    struct pollfd polled[2] = {{.fd = fd, .events = POLLOUT}, {.fd = a->cancel_fd, .events = POLLIN}};
    int n = 0;
    do
        n = poll(polled, a->cancel_fd < 0 ? 1 : 2, a->timeout_ms);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return failed(a, "no answer in time");
    if (n < 0)
        return failed(a, strerror(errno));
    if (polled[1].revents != 0)
        return ERR_CANCELLED;
    int status = 0;
    socklen_t size = sizeof status;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &size) != 0)
        status = errno;
    return status == 0 ? ERR_OK : failed(a, strerror(status));
}

static enum err connect_to(const struct attempt *a, int family, const void *where, socklen_t size)
{
    enum err e = ERR_OK;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return failed(a, strerror(errno));
    if (connect(fd, where, size) != 0)
        e = errno == EINPROGRESS ? await(a, fd) : failed(a, strerror(errno));
    if (e != ERR_OK) {
        (void)close(fd);
        return e;
    }
    *a->fd = fd;
    return ERR_OK;
}

static bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
    char *end = NULL;
    *number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= max;
}

/* ---- addresses ---- */

struct place {
    char host[HOST_SIZE];
    const char *port;
    struct sockaddr_un unix_socket;
    struct sockaddr_vm vsock;
};

static bool read_tcp(const char *where, struct place *p)
{
    unsigned long port = 0;
    const char *colon = strrchr(where, ':');
    if (colon == NULL || colon == where || (size_t)(colon - where) >= sizeof p->host ||
        !parse_number(colon + 1, 65535, &port) || port == 0)
        return false;
    size_t len = (size_t)(colon - where);
    bool bracketed = where[0] == '[' && where[len - 1] == ']';
    (void)snprintf(p->host, sizeof p->host, "%.*s", (int)(bracketed ? len - 2 : len),
                   bracketed ? where + 1 : where);
    p->port = colon + 1;
    return p->host[0] != '\0';
}

static bool read_unix(const char *where, struct place *p)
{
    p->unix_socket.sun_family = AF_UNIX;
    if (strlen(where) == 0 || strlen(where) >= sizeof p->unix_socket.sun_path)
        return false;
    memcpy(p->unix_socket.sun_path, where, strlen(where) + 1);
    return true;
}

static bool read_vsock(const char *where, struct place *p)
{
    char cid_text[HOST_SIZE];
    unsigned long cid = 0;
    unsigned long port = 0;
    const char *colon = strchr(where, ':');
    if (colon == NULL || (size_t)(colon - where) >= sizeof cid_text)
        return false;
    (void)snprintf(cid_text, sizeof cid_text, "%.*s", (int)(colon - where), where);
    if (!parse_number(cid_text, UINT32_MAX, &cid) || !parse_number(colon + 1, UINT32_MAX, &port))
        return false;
    p->vsock =
        (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = (unsigned)cid, .svm_port = (unsigned)port};
    return true;
}

static enum err dial_tcp(const struct attempt *a, const struct place *p)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(p->host, p->port, &hints, &found);
    if (status != 0)
        return failed(a, gai_strerror(status));
    enum err e = ERR_NETWORK;
    for (const struct addrinfo *i = found; i != NULL && e != ERR_OK && e != ERR_CANCELLED; i = i->ai_next)
        e = connect_to(a, i->ai_family, i->ai_addr, i->ai_addrlen);
    freeaddrinfo(found);
    const int on = 1;
    if (e == ERR_OK)
        (void)setsockopt(*a->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return e;
}

static enum err dial_unix(const struct attempt *a, const struct place *p)
{
    return connect_to(a, AF_UNIX, &p->unix_socket, sizeof p->unix_socket);
}

static enum err dial_vsock(const struct attempt *a, const struct place *p)
{
    return connect_to(a, AF_VSOCK, &p->vsock, sizeof p->vsock);
}

static const struct transport {
    const char *prefix;
    const char *wanted;
    bool (*read)(const char *where, struct place *p);
    enum err (*dial)(const struct attempt *a, const struct place *p);
} transports[] = {
    {"tcp:", "tcp:HOST:PORT", read_tcp, dial_tcp},
    {"unix:", "unix:PATH, the path of at most 107 bytes", read_unix, dial_unix},
    {"vsock:", "vsock:CID:PORT", read_vsock, dial_vsock},
    {"", "HOST:PORT, unix:PATH or vsock:CID:PORT", read_tcp, dial_tcp},
};

static enum err place_read(const char *address, struct place *p, const struct transport **transport,
                           struct err_note *note)
{
    const struct transport *t = transports;
    *p = (struct place){0};
    while (strncmp(address, t->prefix, strlen(t->prefix)) != 0)
        t++;
    *transport = t;
    return t->read(address + strlen(t->prefix), p)
               ? ERR_OK
               : err_noted(ERR_USAGE, note, "%.100s: wanted %s", address, t->wanted);
}

enum err dial_check(const char *address, struct err_note *note)
{
    struct place p;
    const struct transport *t;
    return place_read(address, &p, &t, note);
}

/* clang-tidy 14 does not see that fd is written through a. NOLINTNEXTLINE(readability-non-const-parameter) */
enum err dial(const char *address, int timeout_ms, int cancel_fd, int *fd, struct err_note *note)
{
    const struct attempt a = {
        .address = address, .timeout_ms = timeout_ms, .cancel_fd = cancel_fd, .fd = fd, .note = note};
    struct place p;
    const struct transport *t;
    enum err e = place_read(address, &p, &t, note);
    return e == ERR_OK ? t->dial(&a, &p) : e;
}
