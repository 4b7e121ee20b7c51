/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <linux/vm_sockets.h>

enum { HOST_SIZE = 256, PORT_MAX = 65535 };

static bool parse_number(const char *text, unsigned long max, unsigned long *number)
{
    char *end = NULL;
    *number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number <= max;
}

static enum err parse_tcp(const char *where, struct address *address, struct err_note *note)
{
    char host[HOST_SIZE];
    unsigned long port = 0;
    const char *colon = strrchr(where, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - where);
    if (len == 0 || len >= sizeof host || !parse_number(colon + 1, PORT_MAX, &port))
        return err_noted(ERR_USAGE, note, "tcp:%.100s: wanted tcp:HOST:PORT", where);
    bool brackets = len > 2 && where[0] == '[' && where[len - 1] == ']';
    (void)snprintf(host, sizeof host, "%.*s", (int)(brackets ? len - 2 : len), where + brackets);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(host, colon + 1, &hints, &found);
    if (status != 0)
        return err_noted(ERR_NETWORK, note, "tcp:%.100s: %s", where, gai_strerror(status));
    memcpy(&address->where, found->ai_addr, found->ai_addrlen);
    address->size = found->ai_addrlen;
    freeaddrinfo(found);
    return ERR_OK;
}

static enum err parse_unix(const char *where, struct address *address, struct err_note *note)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&address->where;
    size_t len = strlen(where);
    if (len == 0 || len >= sizeof un->sun_path)
        return err_noted(ERR_USAGE, note, "unix:%.120s: the path is empty or too long", where);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, where, len + 1);
    address->size = sizeof *un;
    return ERR_OK;
}

static enum err parse_vsock(const char *where, struct address *address, struct err_note *note)
{
    char context[HOST_SIZE];
    unsigned long cid = 0;
    unsigned long port = 0;
    const char *colon = strchr(where, ':');
    (void)snprintf(context, sizeof context, "%.*s", colon == NULL ? 0 : (int)(colon - where), where);
    if (colon == NULL || !parse_number(context, UINT32_MAX - 1, &cid) ||
        !parse_number(colon + 1, UINT32_MAX - 1, &port))
        return err_noted(ERR_USAGE, note, "vsock:%.100s: wanted vsock:CID:PORT", where);
    struct sockaddr_vm *vm = (struct sockaddr_vm *)&address->where;
    *vm = (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = (unsigned)cid, .svm_port = (unsigned)port};
    address->size = sizeof *vm;
    return ERR_OK;
}

enum err address_parse(const char *text, struct address *address, struct err_note *note)
{
    static const struct {
        const char *prefix;
        enum err (*parse)(const char *, struct address *, struct err_note *);
    } kinds[] = {{"tcp:", parse_tcp}, {"unix:", parse_unix}, {"vsock:", parse_vsock}};
    *address = (struct address){.size = 0};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(text, kinds[i].prefix, len) == 0)
            return kinds[i].parse(text + len, address, note);
    }
    return err_noted(ERR_USAGE, note, "%.100s: wanted tcp:HOST:PORT, unix:PATH or vsock:CID:PORT", text);
}

int address_socket(const struct address *address)
{
    return socket(address->where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}
