/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a backend there? It is when it takes a connection, which is closed at once without a byte: what is behind it is verified by those who use it, not by
 * the gateway.
 */
#include <stdlib.h>
#include <unistd.h>

#include "gateway/connector.h"
#include "gateway/gateway.h"

struct check {
    struct gateway *gateway;
    struct check *next;
    struct check **link;
    struct connector *connector;
    struct backend *backend;
};

void checks_result(struct gateway *g, struct backend *backend, bool fine)
{
    size_t number = 0;
    while (number < g->backends.count && g->backends.rows[number] != backend)
        number++;
    if (!fine)
        backend->failures++;
    if (backend->up != fine)
        log_event(fine ? LOG_BACKEND_UP : LOG_BACKEND_DOWN, LOG_NUM(LOG_KEY_BACKEND, number));
    backend->up = fine;
}

static void forget(struct check *check)
{
    check->backend->checking = false;
    *check->link = check->next;
    if (check->next != NULL)
        check->next->link = check->link;
    free(check);
}

static void on_checked(void *owner, int fd)
{
    struct check *check = owner;
    struct gateway *g = check->gateway;
    if (fd >= 0)
        (void)close(fd);
    check->backend->check_at = uv_now(&g->loop) + g->options.check_ms;
    checks_result(g, check->backend, fd >= 0);
    forget(check);
}

static void begin(struct gateway *g, struct backend *backend)
{
    static const unsigned ms = 1000;
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return;
    check->gateway = g;
    check->backend = backend;
    check->connector =
        connector_start(&g->loop, &backend->address, g->options.connect_seconds * ms, on_checked, check);
    if (check->connector == NULL) {
        free(check);
        return;
    }
    backend->checking = true;
    check->next = g->checks;
    check->link = &g->checks;
    if (check->next != NULL)
        check->next->link = &check->next;
    g->checks = check;
}

void checks_cancel(struct gateway *g)
{
    for (struct check *check = g->checks, *next = NULL; check != NULL; check = next) {
        next = check->next;
        connector_cancel(check->connector);
        check->backend->checking = false;
        free(check);
    }
    g->checks = NULL;
}

void checks_run(struct gateway *g)
{
    uint64_t now = uv_now(&g->loop);
    for (size_t i = 0; i < g->backends.count; i++) {
        struct backend *backend = g->backends.rows[i];
        if (backend->listed && !backend->checking && now >= backend->check_at)
            begin(g, backend);
    }
}
