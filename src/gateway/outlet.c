/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/outlet.h"

#include <stdlib.h>
#include <unistd.h>

/* What a socket did not take. */
struct leftover {
    uv_write_t write;
    uint8_t bytes[];
};

bool outlet_init(struct outlet *o, uv_loop_t *loop, int family)
{
    bool ip = family == AF_INET || family == AF_INET6;
    int e = ip ? uv_tcp_init(loop, &o->socket.tcp) : uv_pipe_init(loop, &o->socket.pipe, 0);
    o->socket.handle.data = o;
    o->open = e == 0;
    return o->open;
}

bool outlet_adopt(struct outlet *o, int fd)
{
    bool ip = o->socket.handle.type == UV_TCP;
    int e = ip ? uv_tcp_open(&o->socket.tcp, fd) : uv_pipe_open(&o->socket.pipe, fd);
    if (e != 0)
        (void)close(fd);
    return e == 0;
}

static void on_written(uv_write_t *write, int status)
{
    struct outlet *o = write->handle->data;
    free(write->data);
    if (status != UV_ECANCELED)
        o->moved(o->owner, status == 0);
}

bool outlet_write(struct outlet *o, struct bytes bytes)
{
    if (!o->open || o->ending || bytes.len == 0)
        return true;
    uv_buf_t buffer = uv_buf_init(bytes_owned(bytes), (unsigned)bytes.len);
    int n = uv_try_write(&o->socket.stream, &buffer, 1);
    if (n < 0 && n != UV_EAGAIN)
        return false;
    size_t taken = n > 0 ? (size_t)n : 0;
    if (taken == bytes.len)
        return true;
    struct leftover *rest = malloc(sizeof *rest + bytes.len - taken);
    if (rest == NULL)
        return false;
    memcpy(rest->bytes, bytes.ptr + taken, bytes.len - taken);
    rest->write.data = rest;
    buffer = uv_buf_init((char *)rest->bytes, (unsigned)(bytes.len - taken));
    if (uv_write(&rest->write, &o->socket.stream, &buffer, 1, on_written) == 0)
        return true;
    free(rest);
    return false;
}

size_t outlet_backlog(const struct outlet *o)
{
    return o->open ? uv_stream_get_write_queue_size(&o->socket.stream) : 0;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    struct outlet *o = request->handle->data;
    free(request);
    if (status != UV_ECANCELED)
        o->ended(o->owner);
}

void outlet_end(struct outlet *o)
{
    if (!o->open || o->ending)
        return;
    o->ending = true;
    uv_shutdown_t *request = malloc(sizeof *request);
    if (request != NULL && uv_shutdown(request, &o->socket.stream, on_shutdown) == 0)
        return;
    free(request);
    o->ended(o->owner);
}

static void on_closed(uv_handle_t *handle)
{
    struct outlet *o = handle->data;
    o->closed(o->owner);
}

void outlet_close(struct outlet *o)
{
    if (!o->open)
        return;
    o->open = false;
    uv_close(&o->socket.handle, on_closed);
}

void outlet_read(struct outlet *o, bool wanted, uv_alloc_cb on_buffer, uv_read_cb on_read)
{
    if (!o->open || wanted == o->reading)
        return;
    if (!wanted)
        (void)uv_read_stop(&o->socket.stream);
    o->reading = wanted && uv_read_start(&o->socket.stream, on_buffer, on_read) == 0;
}
