/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client.h"

#include <math.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "lib/lib_internal.h"

_Static_assert((int)ENCLUME_MESSAGES_MAX == (int)CHAT_MESSAGES_MAX &&
                   (int)ENCLUME_REQUEST_SIZE_MAX == (int)CHAT_REQUEST_MAX &&
                   (int)ENCLUME_STOPS_MAX == (int)CHAT_STOPS_MAX &&
                   (int)ENCLUME_STOP_SIZE_MAX == (int)CHAT_STOP_SIZE_MAX &&
                   (int)ENCLUME_TOKENS_MAX == (int)CHAT_TOKENS_MAX,
               "the limits are the same on both sides");
_Static_assert((int)ENCLUME_FINISH_STOP == (int)CHAT_FINISH_STOP &&
                   (int)ENCLUME_FINISH_LENGTH == (int)CHAT_FINISH_LENGTH,
               "the ends of an answer are the same on both sides");

struct enclume_client {
    struct client *client;
    char *address;
    struct enclume_policy *policy;
};

static void note_clear(char *note)
{
    if (note != NULL)
        note[0] = '\0';
}

int enclume_client_new(const char *address, const struct enclume_policy *policy,
                       struct enclume_client **client, char *note)
{
    struct err_note detail = {{0}};
    note_clear(note);
    if (client == NULL)
        return ERR_USAGE;
    *client = NULL;
    if (address == NULL || policy == NULL)
        return ERR_USAGE;
    enum err e = lib_init();
    if (e != ERR_OK)
        return e;
    struct enclume_client *c = secret_alloc(sizeof *c);
    if (c == NULL)
        return ERR_MEMORY;
    e = lib_policy_copy(policy, &c->policy);
    if (e != ERR_OK)
        goto out;
    c->address = secret_alloc(strlen(address) + 1);
    if (c->address == NULL) {
        e = ERR_MEMORY;
        goto out;
    }
    memcpy(c->address, address, strlen(address) + 1);
    const struct client_options options = {.address = c->address,
                                           .policy = &c->policy->document->policy,
                                           .max_age = c->policy->document->max_age};
    e = client_new(&options, &c->client, &detail);
    lib_note(&detail, note);
    if (e != ERR_OK)
        goto out;
    *client = c;
    c = NULL;
out:
    enclume_client_free(c);
    return e;
}

void enclume_client_free(struct enclume_client *client)
{
    if (client == NULL)
        return;
    client_free(client->client);
    enclume_policy_free(client->policy);
    secret_free(client->address);
    secret_free(client);
}

int enclume_client_connect(struct enclume_client *client, char *note)
{
    struct err_note detail = {{0}};
    note_clear(note);
    if (client == NULL)
        return ERR_USAGE;
    enum err e = client_connect(client->client, &detail);
    lib_note(&detail, note);
    return e;
}

struct enclume_verdict *enclume_client_verdict(const struct enclume_client *client)
{
    const struct verdict *v = client == NULL ? NULL : client_verdict(client->client);
    struct enclume_verdict *copy = v == NULL ? NULL : secret_alloc(sizeof *copy);
    if (copy != NULL)
        copy->v = *v;
    return copy;
}

char *enclume_client_evidence(const struct enclume_client *client)
{
    const struct bytes text = client == NULL ? bytes_of(NULL, 0) : client_evidence(client->client);
    char *copy = text.len == 0 ? NULL : secret_alloc(text.len + 1);
    if (copy != NULL)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

/* ---- asking ---- */

void enclume_sampling_init(struct enclume_sampling *sampling)
{
    if (sampling != NULL)
        *sampling = (struct enclume_sampling){.temperature = 1, .top_p = 1, .repeat_penalty = 1};
}

static enum err take_messages(const struct enclume_message *messages, size_t count,
                              struct chat_request *request, struct err_note *note)
{
    if (count == 0 || count > CHAT_MESSAGES_MAX)
        return err_noted(ERR_REQUEST, note, "messages: wanted 1 to %d of them", CHAT_MESSAGES_MAX);
    request->messages = secret_alloc(count * sizeof *request->messages);
    if (request->messages == NULL)
        return ERR_MEMORY;
    for (; request->message_count < count; request->message_count++) {
        const struct enclume_message *from = &messages[request->message_count];
        struct chat_message *to = &request->messages[request->message_count];
        if (from->role == NULL || from->content == NULL)
            return ERR_USAGE;
        while (to->role < CHAT_ROLE_COUNT && strcmp(chat_role_name(to->role), from->role) != 0)
            to->role++;
        if (to->role == CHAT_ROLE_COUNT)
            return err_noted(ERR_REQUEST, note, "messages: a role is not one of system, user, assistant");
        to->content = bytes_str(from->content);
        if (!encoding_is_utf8(to->content))
            return err_noted(ERR_REQUEST, note, "messages: a content is not UTF-8");
    }
    return ERR_OK;
}

static enum err take_stops(const struct enclume_sampling *s, struct chat_request *request,
                           struct err_note *note)
{
    if (s->stop_count > CHAT_STOPS_MAX)
        return err_noted(ERR_REQUEST, note, "stop: has more than %d entries", CHAT_STOPS_MAX);
    if (s->stop_count != 0 && s->stops == NULL)
        return ERR_USAGE;
    for (size_t i = 0; i < s->stop_count; i++) {
        if (s->stops[i] == NULL)
            return ERR_USAGE;
        request->stops[i] = bytes_str(s->stops[i]);
        if (request->stops[i].len == 0 || request->stops[i].len > CHAT_STOP_SIZE_MAX ||
            !encoding_is_utf8(request->stops[i]))
            return err_noted(ERR_REQUEST, note, "stop: an entry is not a text of 1 to %d bytes",
                             CHAT_STOP_SIZE_MAX);
    }
    request->stop_count = s->stop_count;
    return ERR_OK;
}

static enum err take_number(float value, double min, double max, float *out, const char *name,
                            struct err_note *note)
{
    /* Compared as a float: the nearest one to 0.1 lies above it. */
    if (!isfinite(value) || value < (float)min || value > (float)max)
        return err_noted(ERR_REQUEST, note, "%s: is outside %g to %g", name, min, max);
    *out = value;
    return ERR_OK;
}

/* The same ranges as those of the enclave (openai/chat_request.c), so that a mistake is found before anything is sent. */
static enum err take_sampling(const struct enclume_sampling *s, struct chat_request *request,
                              struct err_note *note)
{
    struct chat_sampling *to = &request->sampling;
    const struct {
        const char *name;
        float value;
        double min, max;
        float *out;
    } numbers[] = {
        {"temperature", s->temperature, 0, 2, &to->temperature},
        {"top_p", s->top_p, 0, 1, &to->top_p},
        {"min_p", s->min_p, 0, 1, &to->min_p},
        {"presence_penalty", s->presence_penalty, -2, 2, &to->presence_penalty},
        {"frequency_penalty", s->frequency_penalty, -2, 2, &to->frequency_penalty},
        {"repeat_penalty", s->repeat_penalty, 0.1, 10, &to->repeat_penalty},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        enum err e = take_number(numbers[i].value, numbers[i].min, numbers[i].max, numbers[i].out,
                                 numbers[i].name, note);
        if (e != ERR_OK)
            return e;
    }
    if (s->top_k > 1U << 20)
        return err_noted(ERR_REQUEST, note, "top_k: is outside 0 to %d", 1 << 20);
    if (s->max_tokens > CHAT_TOKENS_MAX)
        return err_noted(ERR_REQUEST, note, "max_tokens: is outside 0 to %d", CHAT_TOKENS_MAX);
    to->top_k = (int32_t)s->top_k;
    to->has_seed = s->has_seed != 0;
    to->seed = s->seed;
    request->max_tokens = s->max_tokens;
    return take_stops(s, request, note);
}

static enum err check_size(const struct chat_request *request, struct err_note *note)
{
    char *text = chat_request_write(request);
    if (text == NULL)
        return ERR_MEMORY;
    size_t size = strlen(text);
    secret_free(text);
    return size <= CHAT_REQUEST_MAX
               ? ERR_OK
               : err_noted(ERR_TOO_LARGE, note, "a request of %zu bytes, at most %d are taken", size,
                           CHAT_REQUEST_MAX);
}

struct listener {
    enclume_text_function *on_text;
    void *owner;
};

static void pass_on(void *owner, struct bytes text)
{
    const struct listener *l = owner;
    l->on_text(l->owner, (const char *)text.ptr, text.len);
}

static enum err chat(struct enclume_client *client, const struct enclume_message *messages, size_t count,
                     const struct enclume_sampling *sampling, struct listener *listener,
                     struct client_answer *answer, struct err_note *note)
{
    struct chat_request request = {.stream = true};
    enum err e = take_messages(messages, count, &request, note);
    if (e == ERR_OK)
        e = take_sampling(sampling, &request, note);
    if (e == ERR_OK)
        e = check_size(&request, note);
    if (e == ERR_OK)
        e = client_ask(client->client, &request, pass_on, listener, answer, note);
    secret_free(request.messages);
    return e;
}

int enclume_client_chat(struct enclume_client *client, const struct enclume_message *messages, size_t count,
                        const struct enclume_sampling *sampling, enclume_text_function *on_text, void *owner,
                        struct enclume_usage *usage, char *note)
{
    struct err_note detail = {{0}};
    struct enclume_sampling defaults;
    struct listener listener = {.on_text = on_text, .owner = owner};
    struct client_answer answer = {.finish = CHAT_FINISH_STOP};
    note_clear(note);
    if (usage != NULL)
        *usage = (struct enclume_usage){.finish = ENCLUME_FINISH_STOP};
    if (client == NULL || messages == NULL || on_text == NULL)
        return ERR_USAGE;
    enclume_sampling_init(&defaults);
    enum err e =
        chat(client, messages, count, sampling == NULL ? &defaults : sampling, &listener, &answer, &detail);
    lib_note(&detail, note);
    if (e == ERR_OK && usage != NULL)
        *usage = (struct enclume_usage){
            .prompt_tokens = answer.usage.prompt_tokens,
            .completion_tokens = answer.usage.completion_tokens,
            .finish = (enum enclume_finish)answer.finish,
        };
    return e;
}

void enclume_client_cancel(struct enclume_client *client)
{
    if (client != NULL)
        client_cancel(client->client);
}
