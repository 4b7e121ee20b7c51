/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a client, cut in two places that the first byte names: what is understood must not depend on the cuts. */
#include <stdlib.h>

#include "gateway/websocket.h"

struct heard {
    uint64_t sum;
    uint64_t bytes;
    unsigned pings;
    unsigned closes;
    uint16_t status;
};

static void on_data(void *owner, struct bytes payload)
{
    struct heard *h = owner;
    for (size_t i = 0; i < payload.len; i++)
        h->sum = h->sum * 31 + payload.ptr[i];
    h->bytes += payload.len;
}

static void on_ping(void *owner, struct bytes payload)
{
    struct heard *h = owner;
    if (payload.len > WEBSOCKET_CONTROL_MAX)
        abort();
    h->pings++;
}

static void on_close(void *owner, uint16_t status)
{
    struct heard *h = owner;
    h->closes++;
    h->status = status;
}

static enum websocket_refusal run(const uint8_t *data, size_t size, size_t step, struct heard *h)
{
    static const struct websocket_sink sink = {.data = on_data, .ping = on_ping, .close = on_close};
    struct websocket w = {0};
    enum websocket_refusal no = WEBSOCKET_FINE;
    uint8_t *copy = malloc(size + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    for (size_t at = 0; no == WEBSOCKET_FINE && at < size; at += step)
        no = websocket_receive(&w, copy + at, size - at < step ? size - at : step, &sink, h);
    if (w.message > WEBSOCKET_MESSAGE_MAX || h->closes > 1)
        abort();
    free(copy);
    return no;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct heard whole = {0};
    struct heard cut = {0};
    if (size < 2)
        return 0;
    size_t step = (size_t)data[0] + 1;
    enum websocket_refusal a = run(data + 1, size - 1, size, &whole);
    enum websocket_refusal b = run(data + 1, size - 1, step, &cut);
    if (a != b || whole.sum != cut.sum || whole.bytes != cut.bytes || whole.pings != cut.pings ||
        whole.closes != cut.closes || whole.status != cut.status)
        abort();
    return 0;
}
