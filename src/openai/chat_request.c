/* SPDX-License-Identifier: Apache-2.0 */
#include "openai/chat.h"

#include <math.h>
#include <stddef.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"

static const char *const role_names[CHAT_ROLE_COUNT] = {
    [CHAT_SYSTEM] = "system",
    [CHAT_USER] = "user",
    [CHAT_ASSISTANT] = "assistant",
};

/* Everything that a parsed request points to: the document keeps the strings alive, and joined holds the contents that came in parts. */
struct storage {
    json_t *document;
    struct chat_message *messages;
    size_t joined_count;
    char *joined[CHAT_MESSAGES_MAX];
};

struct parse {
    struct chat_request *request;
    struct storage *storage;
    struct err_note *note;
};

static enum err refuse(struct parse *p, const char *member, const char *what)
{
    return err_noted(ERR_REQUEST, p->note, "%s: %s", member, what);
}

/* ---- one function for each form that a member can have ---- */

struct member {
    const char *name;
    enum err (*take)(struct parse *p, const struct member *m, const json_t *value);
    size_t offset; /* of the field in struct chat_request */
    double min, max;
};

static enum err take_number(struct parse *p, const struct member *m, const json_t *value)
{
    if (!json_is_number(value))
        return refuse(p, m->name, "is not a number");
    double v = json_number_value(value);
    if (!isfinite(v) || v < m->min || v > m->max)
        return err_noted(ERR_REQUEST, p->note, "%s: is outside %g to %g", m->name, m->min, m->max);
    *(float *)((char *)p->request + m->offset) = (float)v;
    return ERR_OK;
}

static enum err take_integer(struct parse *p, const struct member *m, const json_t *value)
{
    if (!json_is_integer(value))
        return refuse(p, m->name, "is not an integer");
    json_int_t v = json_integer_value(value);
    if (v < (json_int_t)m->min || v > (json_int_t)m->max)
        return err_noted(ERR_REQUEST, p->note, "%s: is outside %.0f to %.0f", m->name, m->min, m->max);
    *(int32_t *)((char *)p->request + m->offset) = (int32_t)v;
    return ERR_OK;
}

static enum err take_seed(struct parse *p, const struct member *m, const json_t *value)
{
    if (!json_is_integer(value))
        return refuse(p, m->name, "is not an integer");
    /* The API allows 64 bits, the sampler has 32: fold, so that different seeds stay different in practice. */
    uint64_t v = (uint64_t)json_integer_value(value);
    p->request->sampling.seed = (uint32_t)(v ^ (v >> 32));
    p->request->sampling.has_seed = true;
    return ERR_OK;
}

static enum err take_bool(struct parse *p, const struct member *m, const json_t *value)
{
    if (!json_is_boolean(value))
        return refuse(p, m->name, "is not true or false");
    *(bool *)((char *)p->request + m->offset) = json_is_true(value);
    return ERR_OK;
}

static enum err take_stops(struct parse *p, const struct member *m, const json_t *value)
{
    size_t count = json_is_array(value) ? json_array_size(value) : 1;
    if (count > CHAT_STOPS_MAX)
        return err_noted(ERR_REQUEST, p->note, "%s: has more than %d entries", m->name, CHAT_STOPS_MAX);
    for (size_t i = 0; i < count; i++) {
        const json_t *stop = json_is_array(value) ? json_array_get(value, i) : value;
        size_t len = json_string_length(stop);
        if (!json_is_string(stop) || len == 0 || len > CHAT_STOP_SIZE_MAX)
            return err_noted(ERR_REQUEST, p->note, "%s: an entry is not a text of 1 to %d bytes", m->name,
                             CHAT_STOP_SIZE_MAX);
        p->request->stops[i] = bytes_of(json_string_value(stop), len);
    }
    p->request->stop_count = count;
    return ERR_OK;
}

/* Members that carry no instruction for us. Their type is checked, because a wrong one shows a confused client. */
static enum err take_label(struct parse *p, const struct member *m, const json_t *value)
{
    return json_is_string(value) && json_string_length(value) <= 256
               ? ERR_OK
               : refuse(p, m->name, "is not a short text");
}

/* Members that are accepted with the one value that means "not asked for". */
static enum err take_neutral_one(struct parse *p, const struct member *m, const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) == 1
               ? ERR_OK
               : refuse(p, m->name, "only 1 is supported");
}

static enum err take_neutral_false(struct parse *p, const struct member *m, const json_t *value)
{
    return json_is_false(value) ? ERR_OK : refuse(p, m->name, "is not supported");
}

static enum err take_stream_options(struct parse *p, const struct member *m, const json_t *value)
{
    static const char *const keys[] = {"include_usage", NULL};
    struct err_note detail;
    if (strict_json_only(value, m->name, keys, &detail) != ERR_OK)
        return refuse(p, m->name, "only include_usage is known");
    const json_t *usage = json_object_get(value, "include_usage");
    return usage == NULL || json_is_boolean(usage) ? ERR_OK
                                                   : refuse(p, m->name, "include_usage is not true or false");
}

static enum err take_response_format(struct parse *p, const struct member *m, const json_t *value)
{
    const char *type = json_string_value(json_object_get(value, "type"));
    return type != NULL && strcmp(type, "text") == 0 && json_object_size(value) == 1
               ? ERR_OK
               : refuse(p, m->name, "only the type text is supported");
}

/* ---- messages ---- */

static enum err join_parts(struct parse *p, const json_t *parts, struct bytes *content)
{
    static const char *const keys[] = {"type", "text", NULL};
    size_t total = 0;
    size_t i;
    const json_t *part;
    json_array_foreach(parts, i, part)
    {
        const char *type = json_string_value(json_object_get(part, "type"));
        const json_t *text = json_object_get(part, "text");
        if (type == NULL || strcmp(type, "text") != 0 || !json_is_string(text))
            return refuse(p, "messages",
                          "a part of a content is not of the type text, which is the only one supported");
        if (strict_json_only(part, "part", keys, NULL) != ERR_OK)
            return refuse(p, "messages", "a part of a content has an unknown member");
        total += json_string_length(text);
    }
    char *joined = secret_alloc(total + 1);
    if (joined == NULL)
        return ERR_MEMORY;
    p->storage->joined[p->storage->joined_count++] = joined;
    size_t at = 0;
    json_array_foreach(parts, i, part)
    {
        const json_t *text = json_object_get(part, "text");
        memcpy(joined + at, json_string_value(text), json_string_length(text));
        at += json_string_length(text);
    }
    *content = bytes_of(joined, total);
    return ERR_OK;
}

static enum err take_message(struct parse *p, const json_t *value, struct chat_message *message)
{
    static const char *const keys[] = {"role", "content", "name", NULL};
    if (strict_json_only(value, "message", keys, NULL) != ERR_OK)
        return refuse(
            p, "messages",
            "a message is not an object of role and content, or has a member that is not supported");
    const char *role = json_string_value(json_object_get(value, "role"));
    if (role != NULL && strcmp(role, "developer") == 0)
        role = role_names[CHAT_SYSTEM];
    enum chat_role r = CHAT_SYSTEM;
    while (r < CHAT_ROLE_COUNT && (role == NULL || strcmp(role, role_names[r]) != 0))
        r++;
    if (r == CHAT_ROLE_COUNT)
        return refuse(p, "messages", "a role is not one of system, developer, user, assistant");
    message->role = r;
    const json_t *content = json_object_get(value, "content");
    if (json_is_array(content))
        return join_parts(p, content, &message->content);
    if (!json_is_string(content))
        return refuse(p, "messages", "a content is neither a text nor a list of parts");
    message->content = bytes_of(json_string_value(content), json_string_length(content));
    return ERR_OK;
}

static enum err take_messages(struct parse *p, const struct member *m, const json_t *value)
{
    size_t count = json_array_size(value); /* 0 when it is no array */
    if (count == 0 || count > CHAT_MESSAGES_MAX)
        return err_noted(ERR_REQUEST, p->note, "%s: is not a list of 1 to %d messages", m->name,
                         CHAT_MESSAGES_MAX);
    p->storage->messages = secret_alloc(count * sizeof *p->storage->messages);
    if (p->storage->messages == NULL)
        return ERR_MEMORY;
    p->request->messages = p->storage->messages;
    p->request->message_count = count;
    for (size_t i = 0; i < count; i++) {
        enum err e = take_message(p, json_array_get(value, i), &p->request->messages[i]);
        if (e != ERR_OK)
            return e;
    }
    return ERR_OK;
}

#define AT(field)       offsetof(struct chat_request, field)
#define SAMPLING(field) offsetof(struct chat_request, sampling.field)

/* Every member that a request may have. What is not here is refused by name. */
static const struct member members[] = {
    {"messages", take_messages, 0, 0, 0},
    {"model", take_label, 0, 0, 0},
    {"user", take_label, 0, 0, 0},
    {"stream", take_bool, AT(stream), 0, 0},
    {"stream_options", take_stream_options, 0, 0, 0},
    {"max_tokens", take_integer, AT(max_tokens), 1, CHAT_TOKENS_MAX},
    {"max_completion_tokens", take_integer, AT(max_tokens), 1, CHAT_TOKENS_MAX},
    {"stop", take_stops, 0, 0, 0},
    {"seed", take_seed, 0, 0, 0},
    {"temperature", take_number, SAMPLING(temperature), 0, 2},
    {"top_p", take_number, SAMPLING(top_p), 0, 1},
    {"min_p", take_number, SAMPLING(min_p), 0, 1},
    {"top_k", take_integer, SAMPLING(top_k), 0, 1 << 20},
    {"presence_penalty", take_number, SAMPLING(presence_penalty), -2, 2},
    {"frequency_penalty", take_number, SAMPLING(frequency_penalty), -2, 2},
    {"repeat_penalty", take_number, SAMPLING(repeat_penalty), 0.1, 10},
    {"n", take_neutral_one, 0, 0, 0},
    {"logprobs", take_neutral_false, 0, 0, 0},
    {"store", take_neutral_false, 0, 0, 0},
    {"response_format", take_response_format, 0, 0, 0},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

static const struct member *member_find(const char *name)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

enum err chat_request_parse(struct bytes json, struct chat_request *request, struct err_note *note)
{
    enum err e = ERR_OK;
    *request = (struct chat_request){.sampling = {.temperature = 1, .top_p = 1, .repeat_penalty = 1}};
    struct storage *storage = secret_alloc(sizeof *storage);
    if (storage == NULL)
        return ERR_MEMORY;
    request->storage = storage;
    struct parse p = {.request = request, .storage = storage, .note = note};

    e = strict_json_parse(json, CHAT_REQUEST_MAX, &storage->document, note);
    if (e != ERR_OK) {
        if (e == ERR_JSON)
            e = ERR_REQUEST;
        goto out;
    }
    if (!json_is_object(storage->document)) {
        e = err_noted(ERR_REQUEST, note, "the request is not a JSON object");
        goto out;
    }
    const char *key;
    json_t *value;
    json_object_foreach(storage->document, key, value)
    {
        const struct member *m = member_find(key);
        if (m == NULL) {
            /* A key is text from the peer, back to the same peer; the log never sees a note. */
            e = err_noted(ERR_REQUEST, note, "%.48s: is not supported", key);
            goto out;
        }
        e = json_is_null(value) ? ERR_OK : m->take(&p, m, value); /* SDKs send null for "default" */
        if (e != ERR_OK)
            goto out;
    }
    if (request->message_count == 0)
        e = err_noted(ERR_REQUEST, note, "messages: is missing");
out:
    if (e != ERR_OK)
        chat_request_release(request);
    return e;
}

void chat_request_release(struct chat_request *request)
{
    struct storage *storage = request->storage;
    if (storage != NULL) {
        for (size_t i = 0; i < storage->joined_count; i++)
            secret_free(storage->joined[i]);
        secret_free(storage->messages);
        json_decref(storage->document);
        secret_free(storage);
    }
    *request = (struct chat_request){0};
}
