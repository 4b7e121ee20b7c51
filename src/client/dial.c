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

static enum err dial_tcp(const struct attempt *a, const char *where)
{
    char host[HOST_SIZE];
    unsigned long port = 0;
    const char *colon = strrchr(where, ':');
    if (colon == NULL || colon == where || (size_t)(colon - where) >= sizeof host ||
        !parse_number(colon + 1, 65535, &port))
        return err_noted(ERR_USAGE, a->note, "%s: wanted HOST:PORT", a->address);
    size_t len = (size_t)(colon - where);
    if (where[0] == '[' && where[len - 1] == ']')
        (void)snprintf(host, sizeof host, "%.*s", (int)(len - 2), where + 1);
    else
        (void)snprintf(host, sizeof host, "%.*s", (int)len, where);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(host, colon + 1, &hints, &found);
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

static enum err dial_unix(const struct attempt *a, const char *where)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(where) == 0 || strlen(where) >= sizeof address.sun_path)
        return err_noted(ERR_USAGE, a->note, "%s: the path is empty or too long", a->address);
    memcpy(address.sun_path, where, strlen(where) + 1);
    return connect_to(a, AF_UNIX, &address, sizeof address);
}

static enum err dial_vsock(const struct attempt *a, const char *where)
{
    char cid_text[HOST_SIZE];
    unsigned long cid = 0;
    unsigned long port = 0;
    const char *colon = strchr(where, ':');
    if (colon == NULL || (size_t)(colon - where) >= sizeof cid_text)
        return err_noted(ERR_USAGE, a->note, "%s: wanted vsock:CID:PORT", a->address);
    (void)snprintf(cid_text, sizeof cid_text, "%.*s", (int)(colon - where), where);
    if (!parse_number(cid_text, UINT32_MAX, &cid) || !parse_number(colon + 1, UINT32_MAX, &port))
        return err_noted(ERR_USAGE, a->note, "%s: wanted vsock:CID:PORT", a->address);
    const struct sockaddr_vm address = {
        .svm_family = AF_VSOCK, .svm_cid = (unsigned)cid, .svm_port = (unsigned)port};
    return connect_to(a, AF_VSOCK, &address, sizeof address);
}

static const struct {
    const char *prefix;
    enum err (*dial)(const struct attempt *a, const char *where);
} transports[] = {
    {"tcp:", dial_tcp},
    {"unix:", dial_unix},
    {"vsock:", dial_vsock},
    {"", dial_tcp},
};

/* clang-tidy 14 does not see that fd is written through a. NOLINTNEXTLINE(readability-non-const-parameter) */
enum err dial(const char *address, int timeout_ms, int cancel_fd, int *fd, struct err_note *note)
{
    const struct attempt a = {
        .address = address, .timeout_ms = timeout_ms, .cancel_fd = cancel_fd, .fd = fd, .note = note};
    size_t i = 0;
    while (strncmp(address, transports[i].prefix, strlen(transports[i].prefix)) != 0)
        i++;
    return transports[i].dial(&a, address + strlen(transports[i].prefix));
}
