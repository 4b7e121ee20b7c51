/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/upgrade.h"

#include <stdio.h>

static const char bearer[] = "Bearer ";
static const char parameter[] = "token=";

struct upgrade upgrade_refusal(uint16_t status, const char *why)
{
    return (struct upgrade){.status = status, .why = why};
}

static bool begins_with(struct bytes text, const char *beginning)
{
    size_t len = strlen(beginning);
    return text.len >= len && http_same(bytes_of(text.ptr, len), beginning);
}

static struct bytes behind(struct bytes text, size_t n)
{
    return bytes_of(text.ptr + n, text.len - n);
}

/* RFC 6750, section 2.1 */
static bool token_characters(struct bytes token)
{
    for (size_t i = 0; token.ptr != NULL && i < token.len; i++) {
        uint8_t c = token.ptr[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    strchr("-._~+/=", c) != NULL;
        if (c == '\0' || !fine)
            return false;
    }
    return token.len != 0 && token.len <= TOKEN_SIZE_MAX;
}

static struct bytes query_of(const struct http_head *head)
{
    size_t path = head->path.len;
    return path < head->target.len ? behind(head->target, path + 1) : (struct bytes){0};
}

/* A browser's WebSocket cannot set a field of the head, so a parameter will do; the two together are one too many. */
static struct upgrade check_token(const struct http_head *head, const struct upgrade_rules *rules,
                                  struct token **token)
{
    struct bytes field = {0};
    struct bytes query = query_of(head);
    size_t fields = http_find(head, "Authorization", &field);
    bool by_query = begins_with(query, parameter);
    if (query.len != 0 && (!by_query || rules->tokens == NULL))
        return upgrade_refusal(400, "the only parameter is token, and only where tokens are wanted");
    if (rules->tokens == NULL)
        return (struct upgrade){.status = 101};
    if (fields + by_query > 1)
        return upgrade_refusal(400, "more than one token");
    if (fields + by_query == 0)
        return upgrade_refusal(401, "a token is wanted");
    if (!by_query && !begins_with(field, bearer))
        return upgrade_refusal(401, "Authorization is not Bearer");
    struct bytes text = by_query ? behind(query, sizeof parameter - 1) : behind(field, sizeof bearer - 1);
    if (token_characters(text))
        *token = tokens_find(rules->tokens, text);
    return *token != NULL ? (struct upgrade){.status = 101} : upgrade_refusal(401, "the token is not known");
}

static bool origin_allowed(const struct http_head *head, const struct option_list *origins)
{
    struct bytes origin = {0};
    size_t count = http_find(head, "Origin", &origin);
    if (origins->count == 0 || count == 0)
        return count <= 1; /* only browsers send it, and only of them it says something */
    for (size_t i = 0; i < origins->count; i++)
        if (count == 1 && http_same(origin, origins->items[i]))
            return true;
    return false;
}

static struct upgrade check_websocket(const struct http_head *head, char accept[static WEBSOCKET_ACCEPT_SIZE])
{
    struct bytes key = {0};
    struct bytes version = {0};
    if (!head->upgrade || !http_has_token(head, "Upgrade", "websocket"))
        return upgrade_refusal(426, "this is for WebSockets");
    if (http_find(head, "Sec-WebSocket-Version", &version) != 1 || !bytes_is_str(version, "13"))
        return upgrade_refusal(426, "Sec-WebSocket-Version is not 13");
    if (http_find(head, "Sec-WebSocket-Key", &key) != 1 || websocket_accept(key, accept) != ERR_OK)
        return upgrade_refusal(400, "Sec-WebSocket-Key is not 16 bytes in base64");
    if (!http_has_token(head, "Sec-WebSocket-Protocol", WEBSOCKET_PROTOCOL))
        return upgrade_refusal(400, "Sec-WebSocket-Protocol does not offer " WEBSOCKET_PROTOCOL);
    return (struct upgrade){.status = 101};
}

static struct upgrade check(const struct http_head *head, const struct upgrade_rules *rules,
                            struct token **token, char accept[static WEBSOCKET_ACCEPT_SIZE])
{
    if (!bytes_is_str(head->path, UPGRADE_PATH))
        return upgrade_refusal(404, "there is only " UPGRADE_PATH);
    if (!bytes_is_str(head->method, "GET"))
        return upgrade_refusal(405, "only GET");
    if (head->minor == 0 || head->body != HTTP_BODY_NONE)
        return upgrade_refusal(400, "wanted HTTP/1.1 and no body");
    if (!origin_allowed(head, rules->origins))
        return upgrade_refusal(403, "pages of that origin may not connect");
    struct upgrade u = check_websocket(head, accept);
    return u.status == 101 ? check_token(head, rules, token) : u;
}

void upgrade_check(const struct http_head *head, const struct upgrade_rules *rules, struct upgrade *u)
{
    struct token *token = NULL;
    char accept[WEBSOCKET_ACCEPT_SIZE] = {0};
    *u = check(head, rules, &token, accept);
    u->token = token;
    memcpy(u->accept, accept, sizeof accept);
}

enum err upgrade_response(const struct upgrade *u, uint8_t *out, struct bytes *response)
{
    char body[128];
    struct writer w = writer_into(out, UPGRADE_RESPONSE_MAX);
    http_write_response(&w, u->status);
    if (u->status == 101) {
        http_write_field(&w, "Upgrade", bytes_str("websocket"));
        http_write_field(&w, "Connection", bytes_str("Upgrade"));
        http_write_field(&w, "Sec-WebSocket-Accept", bytes_str(u->accept));
        http_write_field(&w, "Sec-WebSocket-Protocol", bytes_str(WEBSOCKET_PROTOCOL));
        http_write_end(&w);
        return writer_finish(&w, response);
    }
    (void)snprintf(body, sizeof body, "%s\n", u->why);
    if (u->status == 401)
        http_write_field(&w, "WWW-Authenticate", bytes_str("Bearer"));
    if (u->status == 405)
        http_write_field(&w, "Allow", bytes_str("GET"));
    if (u->status == 426) {
        http_write_field(&w, "Upgrade", bytes_str("websocket"));
        http_write_field(&w, "Sec-WebSocket-Version", bytes_str("13"));
    }
    if (u->status == 429 || u->status == 503)
        http_write_number(&w, "Retry-After", 1);
    http_write_field(&w, "Connection", bytes_str(u->status == 426 ? "close, Upgrade" : "close"));
    http_write_field(&w, "Content-Type", bytes_str("text/plain"));
    http_write_number(&w, "Content-Length", strlen(body));
    http_write_end(&w);
    writer_str(&w, body);
    return writer_finish(&w, response);
}
