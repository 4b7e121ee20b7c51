/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Is the server there, and does it serve the model that it served at open? GET /health says that it is ready (some answer /v1/models before they are); who has no
 * such path is asked for its models alone. One question that goes unanswered is overlooked, as a busy server may leave one; a refused connection is not.
 *
 * A server that is new is tried before anybody's request goes there: not every one heeds on /v1/messages what it is told about its cache (llama-server does not). The same
 * words are asked there in the name of two users. Unless the answer to the second says that nothing was found in a cache, that path is closed.
 */

#include <stdio.h>

#include "engine/upstream_internal.h"

enum { STATUS_OK = 200, PROBES = 2 };

static void ask(struct upstream *u, enum upstream_errand errand)
{
    struct upstream_health *h = &u->health;
    h->request = (struct upstream_request){.errand = errand, .state = UPSTREAM_DIALING};
    secret_buffer_clear(&h->text);
    if (errand == UPSTREAM_PROBE) {
        h->request.body = (uint8_t *)h->probe;
        h->request.body_len = strlen(h->probe);
    }
    upstream_request_start(u, &h->request);
}

void upstream_health_tick(struct upstream *u)
{
    struct upstream_health *h = &u->health;
    if (u->ending || h->asking || uv_now(&u->loop) < h->next_at)
        return;
    h->asking = true;
    ask(u, UPSTREAM_HEALTH);
}

static void set_down(struct upstream *u, bool down, const struct err_note *note)
{
    pthread_mutex_lock(&u->lock);
    u->down = down;
    if (note != NULL)
        u->down_note = *note;
    if (!down)
        u->ready = true;
    pthread_cond_broadcast(&u->changed);
    pthread_mutex_unlock(&u->lock);
    if (!u->ending)
        (void)uv_async_send(&u->wake);
}

static void ask_again_in(struct upstream *u, bool soon)
{
    uint64_t wait = u->options.health_ms;
    u->health.asking = false;
    if (soon && wait > UPSTREAM_REPEAT_MS)
        wait = UPSTREAM_REPEAT_MS;
    u->health.next_at = uv_now(&u->loop) + wait;
}

void upstream_health_doubt(struct upstream *u)
{
    u->health.probes = 0;
    u->health.next_at = 0;
    pthread_mutex_lock(&u->lock);
    if (u->health.model.isolation != UPSTREAM_ISOLATION_UNKNOWN)
        u->messages = UPSTREAM_MESSAGES_UNTRIED;
    pthread_mutex_unlock(&u->lock);
}

static void missed(struct upstream *u, const struct err_note *note, bool at_once)
{
    struct upstream_health *h = &u->health;
    if (h->misses < UPSTREAM_MISSES_MAX)
        h->misses++;
    bool gone = at_once || !h->known || h->misses == UPSTREAM_MISSES_MAX;
    if (gone) {
        upstream_health_doubt(u);
        set_down(u, true, note);
    }
    ask_again_in(u, true);
}

void upstream_health_refused(struct upstream *u, const struct err_note *note)
{
    u->health.misses = UPSTREAM_MISSES_MAX;
    upstream_health_doubt(u);
    set_down(u, true, note);
}

void upstream_health_text(struct upstream *u, struct bytes text)
{
    /* What is too long fails as JSON that is cut off. */
    (void)!secret_buffer_append(&u->health.text, text, UPSTREAM_MODELS_MAX);
}

static void is_well(struct upstream *u)
{
    set_down(u, false, NULL);
    ask_again_in(u, false);
}

/* ---- are users kept apart? ---- */

/* In the name of users that there are none of. */
static void probe(struct upstream *u)
{
    struct upstream_health *h = &u->health;
    char member[UPSTREAM_ISOLATION_SIZE];
    upstream_isolation_member(h->model.isolation, u->salt, UINT64_MAX - h->probes++, member);
    (void)snprintf(
        h->probe, sizeof h->probe,
        "{\"model\":\"%s\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"These words "
        "are asked twice, to see whether a cache remembers them.\"}]%s}",
        h->model.name, member);
    ask(u, UPSTREAM_PROBE);
}

static void probe_answered(struct upstream *u, uint16_t status)
{
    struct upstream_health *h = &u->health;
    bool answers = status == STATUS_OK;
    if (answers && h->probes < PROBES) {
        probe(u);
        return;
    }
    bool meet = !answers || !upstream_models_read_nothing(secret_buffer_bytes(&h->text));
    h->probes = PROBES;
    pthread_mutex_lock(&u->lock);
    u->messages = meet ? UPSTREAM_MESSAGES_CLOSED : UPSTREAM_MESSAGES_OPEN;
    pthread_mutex_unlock(&u->lock);
    is_well(u);
}

/* ---- its answers ---- */

static void models_answered(struct upstream *u)
{
    struct upstream_health *h = &u->health;
    struct upstream_model model;
    struct err_note note = {{0}};
    enum err e = upstream_models_parse(secret_buffer_bytes(&h->text), &model, &note);
    if (e == ERR_OK && h->known && strcmp(model.name, h->model.name) != 0)
        e = err_noted(ERR_ENGINE, &note, "the inference server serves another model than at the start");
    if (e != ERR_OK) {
        missed(u, &note, true);
        return;
    }
    /* How users are kept apart is asked anew: it may be another kind of server that has come back. */
    pthread_mutex_lock(&u->lock);
    h->model = model;
    if (model.isolation == UPSTREAM_ISOLATION_UNKNOWN)
        u->messages = UPSTREAM_MESSAGES_OPEN;
    else if (h->probes == 0)
        u->messages = UPSTREAM_MESSAGES_UNTRIED;
    pthread_mutex_unlock(&u->lock);
    h->known = true;
    h->misses = 0;
    /* Whom nothing can be told is not tried either: there the operator answers for it. */
    if (model.isolation != UPSTREAM_ISOLATION_UNKNOWN && h->probes == 0)
        probe(u);
    else
        is_well(u);
}

/* Has no such path. */
static bool is_not_offered(uint16_t status)
{
    enum { NOT_FOUND = 404, NOT_ALLOWED = 405, NOT_IMPLEMENTED = 501 };
    return status == NOT_FOUND || status == NOT_ALLOWED || status == NOT_IMPLEMENTED;
}

void upstream_health_answered(struct upstream *u, enum err result, const struct err_note *note,
                              uint16_t status)
{
    struct upstream_health *h = &u->health;
    struct err_note why = *note;
    bool is_health = h->request.errand == UPSTREAM_HEALTH;
    if (u->ending)
        return;
    /* A refusal is an answer there: the path closes. */
    if (result == ERR_OK && h->request.errand == UPSTREAM_PROBE) {
        probe_answered(u, status);
        return;
    }
    if (result == ERR_OK && status != STATUS_OK && !(is_health && is_not_offered(status)))
        result = err_noted(ERR_ENGINE, &why, "the inference server is not ready (status %u)", status);
    if (result != ERR_OK)
        missed(u, &why, false);
    else if (is_health)
        ask(u, UPSTREAM_MODELS);
    else
        models_answered(u);
}
