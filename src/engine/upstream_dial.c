/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/upstream_dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* Room for one descriptor, aligned as the kernel wants it. */
union rights {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static struct msghdr message_over(struct iovec *piece, union rights *rights)
{
    return (struct msghdr){
        .msg_iov = piece, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof *rights};
}

/* ---- the dialer's side ---- */

static int connect_once(const struct upstream_address *address)
{
    /* A server whose backlog is full would keep us waiting; connect obeys the time to send. */
    static const struct timeval patience = {.tv_sec = UPSTREAM_DIAL_TIMEOUT_MS / 1000,
                                            .tv_usec = UPSTREAM_DIAL_TIMEOUT_MS % 1000 * 1000};
    static const int on = 1;
    int fd = socket(address->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
        connect(fd, &address->to.any, address->size) == 0 &&
        (address->to.any.sa_family != AF_INET ||
         setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0))
        return fd;
    int why = errno == EINPROGRESS || errno == EAGAIN ? ETIMEDOUT : errno;
    (void)close(fd);
    errno = why;
    return -1;
}

/* The descriptor is the receiver's after this; ours is closed. */
static bool send_answer(int pair, int fd, int error)
{
    union rights rights = {.header = {.cmsg_len = 0}};
    struct iovec piece = {.iov_base = &error, .iov_len = sizeof error};
    struct msghdr message = message_over(&piece, &rights);
    if (fd < 0) {
        message.msg_control = NULL;
        message.msg_controllen = 0;
    } else {
        rights.header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
    }
    ssize_t n;
    do
        n = sendmsg(pair, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (fd >= 0)
        (void)close(fd);
    return n == (ssize_t)sizeof error;
}

void upstream_dial_serve(int pair, const struct upstream_address *address)
{
    bool alive = true;
    while (alive) {
        char question;
        ssize_t n = recv(pair, &question, sizeof question, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != (ssize_t)sizeof question)
            return;
        int fd = connect_once(address);
        alive = send_answer(pair, fd, fd < 0 ? errno : 0);
    }
}

/* ---- the engine's side ---- */

bool upstream_dial_ask(int pair)
{
    static const char question = '?';
    return send(pair, &question, sizeof question, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof question;
}

enum upstream_dial upstream_dial_take(int pair, int *fd, int *error)
{
    union rights rights = {.header = {.cmsg_len = 0}};
    struct iovec piece = {.iov_base = error, .iov_len = sizeof *error};
    struct msghdr message = message_over(&piece, &rights);
    *fd = -1;
    ssize_t n = recvmsg(pair, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return UPSTREAM_DIAL_NOTHING_YET;
    if (n != (ssize_t)sizeof *error)
        return UPSTREAM_DIAL_GONE;
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof *fd))
        memcpy(fd, CMSG_DATA(header), sizeof *fd);
    if (*fd < 0 && *error == 0)
        *error = EPROTO;
    return UPSTREAM_DIAL_ANSWERED;
}
