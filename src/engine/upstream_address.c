/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/upstream_address.h"

#include <stdbool.h>
#include <string.h>

static enum err refused(struct err_note *note, const char *text, const char *why)
{
    return err_noted(ERR_USAGE, note, "%.100s: %s", text, why);
}

static enum err parse_path(const char *text, const char *path, struct upstream_address *address,
                           struct err_note *note)
{
    size_t len = strlen(path);
    if (path[0] != '/')
        return refused(note, text, "wanted a path that begins with /");
    if (len >= sizeof address->to.path.sun_path)
        return refused(note, text, "the path is too long for a socket");
    address->to.path.sun_family = AF_UNIX;
    memcpy(address->to.path.sun_path, path, len + 1);
    address->size = sizeof address->to.path;
    return ERR_OK;
}

/* 1 to 65535, in digits alone and without a zero before them. */
static bool parse_port(const char *text, in_port_t *port)
{
    enum { PORT_MAX = 65535 };
    unsigned number = 0;
    if (text[0] == '0' || text[0] == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (unsigned)(*text - '0');
        if (number > PORT_MAX)
            return false;
    }
    *port = htons((in_port_t)number);
    return true;
}

enum err upstream_address_parse(const char *text, struct upstream_address *address, struct err_note *note)
{
    static const char unix_prefix[] = "unix:";
    static const char tcp_prefix[] = "tcp:127.0.0.1:";
    *address = (struct upstream_address){.size = 0};
    if (strncmp(text, unix_prefix, sizeof unix_prefix - 1) == 0)
        return parse_path(text, text + sizeof unix_prefix - 1, address, note);
    if (strncmp(text, tcp_prefix, sizeof tcp_prefix - 1) != 0)
        return refused(note, text, "wanted unix:PATH or tcp:127.0.0.1:PORT, a server in this very machine");
    if (!parse_port(text + sizeof tcp_prefix - 1, &address->to.port.sin_port))
        return refused(note, text, "wanted a port from 1 to 65535");
    address->to.port.sin_family = AF_INET;
    address->to.port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address->size = sizeof address->to.port;
    return ERR_OK;
}
