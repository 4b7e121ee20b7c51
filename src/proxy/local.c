/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <stdio.h>

#include "base/secret.h"

/*
 * The proxy's own pages. They show what is verified and hold no prompt; still they are for this user alone, as they name what he talks to.
 *
 * A program shows the token. A browser cannot be made to send one when a person opens a page, so it gets a cookie: by the link that is shown at the start, which
 * works once, or by typing the token into the form of /enclume/. The cookie is another secret than the token, and opens these pages for reading and nothing else:
 * cookies are not kept apart by port, so a program of another user, on another port of 127.0.0.1, to which the browser is led, would be sent it. HttpOnly: no script
 * reads it; SameSite=Strict: no page of elsewhere has it sent; Path: not beyond /enclume. No request under /v1 is ever allowed by it.
 */

#define LOCAL_ROOT "/enclume/"
enum { COOKIE_FIELD_MAX = 160 };

bool local_is_path(struct bytes path)
{
    return bytes_is_str(path, "/") || bytes_is_str(path, "/enclume") ||
           (path.len >= sizeof LOCAL_ROOT - 1 && memcmp(path.ptr, LOCAL_ROOT, sizeof LOCAL_ROOT - 1) == 0);
}

static void answer_page(struct visitor *v, uint16_t status, enum err made, struct secret_buffer *page)
{
    const struct answer_head head = {
        .status = status, .type = "text/html; charset=utf-8", .csp = v->proxy->csp};
    if (made == ERR_OK)
        visitor_answer(v, &head, secret_buffer_bytes(page));
    else
        visitor_refuse(v, 500, err_name(made), err_text(made));
    secret_buffer_release(page);
}

static void answer_door(struct visitor *v, bool wrong)
{
    struct secret_buffer page = {0};
    enum err e = page_door(v->proxy, wrong, &page);
    answer_page(v, 401, e, &page);
}

static void redirect(struct visitor *v, bool let_in)
{
    char cookie[COOKIE_FIELD_MAX];
    const struct bytes secret = v->proxy->guard.cookie;
    struct answer_head head = {.status = 303, .location = LOCAL_ROOT};
    if (let_in) {
        (void)snprintf(cookie, sizeof cookie,
                       GUARD_COOKIE_NAME "=%.*s; Path=/enclume; HttpOnly; SameSite=Strict", (int)secret.len,
                       (const char *)secret.ptr);
        head.cookie = bytes_str(cookie);
    }
    visitor_answer(v, &head, (struct bytes){0});
    secret_wipe(cookie, sizeof cookie);
}

/* ---- getting in ---- */

/* The value of a query's one parameter `name`; empty when it is not that. */
static struct bytes parameter(const struct http_head *head, const char *name)
{
    size_t skip = head->path.len + 1 + strlen(name) + 1;
    if (head->target.len <= skip || memcmp(head->target.ptr + head->path.len + 1, name, strlen(name)) != 0 ||
        head->target.ptr[skip - 1] != '=')
        return (struct bytes){0};
    return bytes_of(head->target.ptr + skip, head->target.len - skip);
}

/* The link of the start: it works once. */
static void open_by_link(struct visitor *v, const struct http_head *head, struct bytes body)
{
    struct proxy *p = v->proxy;
    struct bytes key = parameter(head, "key");
    (void)body;
    bool good =
        p->open_key.len != 0 && key.len == p->open_key.len && secret_equal(key.ptr, p->open_key.ptr, key.len);
    if (!good) {
        answer_door(v, true);
        return;
    }
    secret_free(bytes_owned(p->open_key));
    p->open_key = (struct bytes){0};
    redirect(v, true);
}

static int hex_digit(uint8_t c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return found == NULL ? -1 : (int)(found - digits);
}

/* application/x-www-form-urlencoded, in place: the text is ours. */
static struct bytes decode_form(uint8_t *text, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++, n++) {
        int high = text[i] == '%' && len - i > 2 ? hex_digit(text[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        text[n] = low >= 0 ? (uint8_t)(high << 4 | low) : text[i];
        i += low >= 0 ? 2 : 0;
    }
    return bytes_of(text, n);
}

/* The form of the door. Browsers say where a form was sent from; it must be this very page. */
static void open_by_token(struct visitor *v, const struct http_head *head, struct bytes body)
{
    static const char name[] = "token=";
    const struct guard *g = &v->proxy->guard;
    struct bytes origin;
    bool named = body.len > sizeof name - 1 && memcmp(body.ptr, name, sizeof name - 1) == 0;
    if (guard_origin(g, head, &origin) != GUARD_ORIGIN_OWN || !named) {
        answer_door(v, true);
        return;
    }
    size_t len = body.len - (sizeof name - 1);
    uint8_t *copy = secret_alloc(len);
    if (copy == NULL) {
        visitor_refuse(v, 500, err_name(ERR_MEMORY), err_text(ERR_MEMORY));
        return;
    }
    memcpy(copy, body.ptr + sizeof name - 1, len);
    struct bytes token = decode_form(copy, len);
    bool good =
        g->wants_token && token.len == g->token.len && secret_equal(token.ptr, g->token.ptr, token.len);
    secret_free(copy);
    if (good)
        redirect(v, true);
    else
        answer_door(v, true);
}

/* ---- what there is to see ---- */

static void show_page(struct visitor *v, const struct http_head *head, struct bytes body)
{
    struct secret_buffer page = {0};
    (void)body;
    if (!guard_cookie(&v->proxy->guard, head)) {
        answer_door(v, false);
        return;
    }
    enum err e = page_status(v->proxy, &page);
    answer_page(v, 200, e, &page);
}

static bool may_see(struct visitor *v, const struct http_head *head)
{
    if (guard_cookie(&v->proxy->guard, head))
        return true;
    visitor_refuse(v, 401, "invalid_api_key", "This proxy wants its token");
    return false;
}

static void show_status(struct visitor *v, const struct http_head *head, struct bytes body)
{
    const struct answer_head answer = {.status = 200, .type = "application/json"};
    (void)body;
    if (!may_see(v, head))
        return;
    char *text = status_json(v->proxy);
    if (text == NULL)
        visitor_refuse(v, 500, err_name(ERR_MEMORY), err_text(ERR_MEMORY));
    else
        visitor_answer(v, &answer, bytes_str(text));
    secret_free(text);
}

/* Of ?endpoint=N, counted from 0; without it, of the first endpoint that has any. */
static void show_evidence(struct visitor *v, const struct http_head *head, struct bytes body)
{
    const struct answer_head answer = {.status = 200,
                                       .type = "application/json",
                                       .disposition = "attachment; filename=\"enclume-evidence.json\""};
    struct proxy *p = v->proxy;
    struct bytes number = parameter(head, "endpoint");
    char text[24];
    (void)body;
    if (!may_see(v, head))
        return;
    for (size_t i = 0; i < p->endpoint_count; i++) {
        struct bytes bundle = verifier_bundle(&p->endpoints[i].verifier);
        (void)snprintf(text, sizeof text, "%zu", i);
        if (bundle.len == 0 || (number.len != 0 && !bytes_is_str(number, text)))
            continue;
        visitor_answer(v, &answer, bundle);
        return;
    }
    visitor_refuse(v, 404, "no-evidence", "No enclave has shown evidence yet");
}

static void show_root(struct visitor *v, const struct http_head *head, struct bytes body)
{
    (void)head;
    (void)body;
    redirect(v, false);
}

static const struct {
    const char *path;
    const char *method;
    void (*answer)(struct visitor *v, const struct http_head *head, struct bytes body);
} pages[] = {
    {"/", "GET", show_root},
    {"/enclume", "GET", show_root},
    {LOCAL_ROOT, "GET", show_page},
    {LOCAL_ROOT "status", "GET", show_status},
    {LOCAL_ROOT "evidence", "GET", show_evidence},
    {LOCAL_ROOT "open", "GET", open_by_link},
    {LOCAL_ROOT "enter", "POST", open_by_token},
};

void local_answer(struct visitor *v, const struct http_head *head, struct bytes body)
{
    bool known = false;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (!bytes_is_str(head->path, pages[i].path))
            continue;
        known = true;
        if (bytes_is_str(head->method, pages[i].method)) {
            pages[i].answer(v, head, body);
            return;
        }
    }
    if (known)
        visitor_refuse(v, 405, "method_not_allowed", "This page is asked in another way");
    else
        visitor_refuse(v, 404, "unknown_url", "There is no such page here");
}
