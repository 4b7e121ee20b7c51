/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_UNIX_SOCKET_H
#define BASE_UNIX_SOCKET_H

#include <stdbool.h>
#include <sys/un.h>

/* Is there a socket of this name? Of a link the link itself is looked at. */
bool unix_socket_is(const char *path);

/* A program that was killed leaves its socket's name behind. Where nobody answers, the name is taken away, so that it is free; a file of another kind is left alone. */
void unix_socket_remove_stale(const struct sockaddr_un *address);

#endif
