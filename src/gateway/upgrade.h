/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_UPGRADE_H
#define GATEWAY_UPGRADE_H

/*
 * The request that turns HTTP into a WebSocket (RFC 6455, section 4.2): what it must be, and the answer. Pure.
 *
 *     GET /enclume HTTP/1.1, Host, Upgrade: websocket, Connection: Upgrade, Sec-WebSocket-Key, Sec-WebSocket-Version: 13,
 *     Sec-WebSocket-Protocol: enclume.v1, and where tokens are wanted one of Authorization: Bearer TOKEN and ?token=TOKEN
 */

#include "base/options.h"
#include "gateway/tokens.h"
#include "gateway/websocket.h"
#include "http/http.h"

#define UPGRADE_PATH "/enclume"

enum { UPGRADE_HEAD_MAX = 8 * 1024, UPGRADE_RESPONSE_MAX = 1024 };

struct upgrade_rules {
    const struct option_list *origins; /* pages whose scripts may connect; none listed: any */
    const struct tokens *tokens;       /* NULL: none is wanted */
};

struct upgrade {
    uint16_t status; /* 101, or that of the refusal */
    const char *why; /* of a refusal, for the one who wrote the client */
    struct token *token;
    char accept[WEBSOCKET_ACCEPT_SIZE];
};

void upgrade_check(const struct http_head *head, const struct upgrade_rules *rules, struct upgrade *u);
/* A refusal with that status and words, when there is no head to look at. */
struct upgrade upgrade_refusal(uint16_t status, const char *why);
/* The whole response; out: UPGRADE_RESPONSE_MAX bytes. ERR_NO_SPACE. */
ERR_MUST_USE enum err upgrade_response(const struct upgrade *u, uint8_t *out, struct bytes *response);

#endif
