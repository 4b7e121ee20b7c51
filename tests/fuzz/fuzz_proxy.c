/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the proxy decides by what strangers wrote. The first byte of the input says which: a local program's request (who may ask), or a line of an enclave's answer
 * (what becomes an event). Nobody gets in by anything but the secrets, and no line becomes more than one event.
 */

#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "http/sse.h"
#include "proxy/proxy_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LISTEN_MAX = 80 };

static void ask(struct bytes input)
{
    /* Secrets that no input holds: they are longer than inputs are here. */
    static uint8_t secret[GUARD_TOKEN_MAX];
    const struct guard g = {.port = 8787,
                            .wants_token = true,
                            .token = {.ptr = secret, .len = sizeof secret},
                            .cookie = {.ptr = secret, .len = sizeof secret - 1},
                            .origin_count = 1,
                            .origins = {"https://app.example"}};
    const struct http_config config = {.kind = HTTP_REQUEST, .body_max = 64};
    struct http_reader *r;
    struct http_event event;
    struct bytes origin;
    memset(secret, 's', sizeof secret);
    if (http_reader_new(&config, &r) != ERR_OK)
        abort();
    if (http_read(r, &input, &event, NULL) == ERR_OK && event.kind == HTTP_HEAD) {
        const struct http_head *h = http_head(r);
        struct bytes host;
        if (guard_host(&g, h) && (http_find(h, "Host", &host) != 1 || host.len > sizeof "localhost:8787"))
            abort();
        enum guard_origin o = guard_origin(&g, h, &origin);
        if ((o == GUARD_ORIGIN_NONE) != (http_find(h, "Origin", &origin) == 0))
            abort();
        if (h->fields[0].value.len < sizeof secret - 1 && h->field_count == 1 &&
            (guard_token(&g, h) || guard_cookie(&g, h)))
            abort();
        (void)route_find(h->path);
        (void)local_is_path(h->path);
    }
    http_reader_free(r);
}

static void listen_on(struct bytes input)
{
    char text[LISTEN_MAX];
    char host[64];
    uint16_t port;
    struct err_note note;
    if (input.len >= sizeof text || (input.len != 0 && memchr(input.ptr, '\0', input.len) != NULL))
        return;
    memcpy(text, input.ptr, input.len);
    text[input.len] = '\0';
    if (guard_listen_address(text, host, &port, &note) == ERR_OK && strncmp(host, "127.", 4) != 0 &&
        strchr(host, ':') == NULL)
        abort();
    (void)guard_is_origin(text);
    (void)guard_is_token(input);
}

static void frame(struct bytes input)
{
    for (int framing = FRAMING_DATA; framing <= FRAMING_TYPED; framing++) {
        struct secret_buffer out = {0};
        struct sse_reader r = {.limit = 1 << 20};
        bool complete = false;
        if (framing_event((enum framing)framing, input, &out) == ERR_OK) {
            struct bytes in = secret_buffer_bytes(&out);
            if (sse_read(&r, &in, &complete, NULL) != ERR_OK || !complete || in.len != 0 ||
                !bytes_equal(sse_data(&r), input))
                abort();
        }
        sse_release(&r);
        secret_buffer_release(&out);
    }
    (void)framing_wants_stream(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parts[])(struct bytes) = {ask, listen_on, frame};
    if (size == 0 || size > GUARD_TOKEN_MAX)
        return 0;
    strict_json_init();
    parts[data[0] % 3](bytes_of(data + 1, size - 1));
    return 0;
}
