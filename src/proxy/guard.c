/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/guard.h"

#include <stdio.h>
#include <stdlib.h>

#include <arpa/inet.h>

#include "base/secret.h"

enum { LOOPBACK_NET = 127, HOST_SIZE = 64 };

/* ---- what the user says ---- */

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == LOOPBACK_NET;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

enum err guard_listen_address(const char *text, char host[static 64], uint16_t *port, struct err_note *note)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon == NULL || colon == text || (size_t)(colon - text) >= HOST_SIZE)
        return err_noted(ERR_USAGE, note, "--listen %s: wanted ADDRESS:PORT", text);
    unsigned long number = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || number > UINT16_MAX)
        return err_noted(ERR_USAGE, note, "--listen %s: %s is not a port", text, colon + 1);
    *port = (uint16_t)number;
    size_t len = (size_t)(colon - text);
    bool bracketed = text[0] == '[' && text[len - 1] == ']';
    (void)snprintf(host, HOST_SIZE, "%.*s", (int)(bracketed ? len - 2 : len), bracketed ? text + 1 : text);
    if (strcmp(host, "localhost") == 0)
        (void)snprintf(host, HOST_SIZE, "127.0.0.1");
    if (!is_loopback(host) || bracketed != (strchr(host, ':') != NULL))
        return err_noted(
            ERR_USAGE, note,
            "--listen %s: only this machine itself may ask (127.0.0.1 or [::1]); what comes in here "
            "is not encrypted",
            text);
    return ERR_OK;
}

static bool is_scheme(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (i > 0 && strchr("0123456789+-.", text[i]) != NULL)))
            return false;
    return len != 0;
}

bool guard_is_origin(const char *text)
{
    const char *host = strstr(text, "://");
    if (host == NULL || host == text || host[3] == '\0' || !is_scheme(text, (size_t)(host - text)))
        return false;
    for (const char *c = host + 3; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("/?#@\"'<>\\", *c) != NULL)
            return false;
    return true;
}

bool guard_is_token(struct bytes token)
{
    for (size_t i = 0; i < token.len; i++)
        if (token.ptr[i] < 0x21 || token.ptr[i] > 0x7e)
            return false;
    return token.len >= GUARD_TOKEN_MIN && token.len <= GUARD_TOKEN_MAX;
}

/* ---- what a client says ---- */

/* host[:port], with the scheme's port, 80, when none is said. */
static bool is_own(const struct guard *g, struct bytes host)
{
    const char *const names[] = {"localhost", "127.0.0.1", "[::1]", g->host != NULL ? g->host : "localhost"};
    char wanted[2 * HOST_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(wanted, sizeof wanted, "%s:%u", names[i], (unsigned)g->port);
        if (http_same(host, wanted) || (g->port == 80 && http_same(host, names[i])))
            return true;
    }
    return false;
}

bool guard_host(const struct guard *g, const struct http_head *head)
{
    struct bytes host;
    return http_find(head, "Host", &host) == 1 && is_own(g, host);
}

enum guard_origin guard_origin(const struct guard *g, const struct http_head *head, struct bytes *origin)
{
    static const char scheme[] = "http://";
    size_t count = http_find(head, "Origin", origin);
    if (count == 0)
        return GUARD_ORIGIN_NONE;
    if (count > 1)
        return GUARD_ORIGIN_REFUSED;
    for (size_t i = 0; i < g->origin_count; i++)
        if (bytes_is_str(*origin, g->origins[i]))
            return GUARD_ORIGIN_ALLOWED;
    if (origin->len > sizeof scheme - 1 && memcmp(origin->ptr, scheme, sizeof scheme - 1) == 0 &&
        is_own(g, bytes_of(origin->ptr + sizeof scheme - 1, origin->len - (sizeof scheme - 1))))
        return GUARD_ORIGIN_OWN;
    return GUARD_ORIGIN_REFUSED;
}

static bool same_secret(struct bytes a, struct bytes b)
{
    return a.len == b.len && a.len != 0 && secret_equal(a.ptr, b.ptr, a.len);
}

bool guard_token(const struct guard *g, const struct http_head *head)
{
    static const char bearer[] = "Bearer ";
    struct bytes key;
    struct bytes authorization;
    size_t keys = http_find(head, "x-api-key", &key);
    size_t authorizations = http_find(head, "Authorization", &authorization);
    if (!g->wants_token)
        return true;
    if (keys > 1 || authorizations > 1)
        return false;
    if (keys == 1 && same_secret(key, g->token))
        return true;
    if (authorizations == 0 || authorization.len < sizeof bearer ||
        !http_same(bytes_of(authorization.ptr, sizeof bearer - 1), bearer))
        return false;
    return same_secret(
        bytes_of(authorization.ptr + sizeof bearer - 1, authorization.len - (sizeof bearer - 1)), g->token);
}

/* RFC 6265, section 4.2.1: name=value pairs, "; " between them. */
bool guard_cookie(const struct guard *g, const struct http_head *head)
{
    static const char name[] = GUARD_COOKIE_NAME "=";
    struct bytes list;
    if (guard_token(g, head))
        return true;
    if (http_find(head, "Cookie", &list) != 1)
        return false;
    for (;;) {
        const uint8_t *end = list.len == 0 ? NULL : memchr(list.ptr, ';', list.len);
        size_t n = end == NULL ? list.len : (size_t)(end - list.ptr);
        if (n > sizeof name - 1 && memcmp(list.ptr, name, sizeof name - 1) == 0 &&
            same_secret(bytes_of(list.ptr + sizeof name - 1, n - (sizeof name - 1)), g->cookie))
            return true;
        if (end == NULL)
            return false;
        list = bytes_of(list.ptr + n + 1, list.len - n - 1);
        while (list.len != 0 && list.ptr[0] == ' ')
            list = bytes_of(list.ptr + 1, list.len - 1);
    }
}
