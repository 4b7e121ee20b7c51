/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <time.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/strict_json.h"

enum { VERDICT_JSON_MAX = 1024 * 1024 };

const char *status_state_name(enum proxy_state state)
{
    static const char *const names[] = {
        [PROXY_TRYING] = "connecting",
        [PROXY_VERIFIED] = "verified",
        [PROXY_REFUSED] = "refused",
        [PROXY_UNREACHABLE] = "unreachable",
    };
    return names[state];
}

enum proxy_state status_overall(const struct proxy *p)
{
    /* What matters more stands first. */
    static const enum proxy_state order[] = {PROXY_VERIFIED, PROXY_REFUSED, PROXY_TRYING, PROXY_UNREACHABLE};
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++)
        for (size_t i = 0; i < p->endpoint_count; i++)
            if (p->endpoints[i].state == order[k])
                return order[k];
    return PROXY_UNREACHABLE;
}

static json_t *hex_or_null(bool known, const uint8_t *value, size_t size)
{
    char hex[ENCODING_HEX_SIZE(64)];
    if (!known)
        return json_null();
    encoding_hex(bytes_of(value, size), hex);
    return json_string(hex);
}

static json_t *verdict_object(const struct verdict *v)
{
    json_t *doc = NULL;
    char *text = verdict_json(v);
    if (text != NULL && strict_json_parse(bytes_str(text), VERDICT_JSON_MAX, &doc, NULL) != ERR_OK)
        doc = NULL;
    secret_free(text);
    return doc;
}

static json_t *endpoint_object(const struct endpoint *e)
{
    const struct verdict *v = e->verifier.has_verdict ? &e->verifier.verdict : NULL;
    size_t channels = 0;
    size_t streams = 0;
    for (const struct link *l = e->links; l != NULL; l = l->next) {
        channels += l->state == LINK_READY;
        streams += l->stream_count;
    }
    bool reachable = e->state == PROXY_VERIFIED || e->state == PROXY_REFUSED;
    bool known = v != NULL && reachable;
    json_t *doc = json_pack(
        "{s:s, s:s, s:I, s:i, s:i, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "address", e->address, "state",
        status_state_name(e->state), "since", (json_int_t)e->since, "channels", (int)channels, "streams",
        (int)streams, "verified_at",
        known && v->accepted ? json_integer((json_int_t)v->appraised_at) : json_null(), "resumed",
        known && !e->fresh, "platform",
        known ? json_string(verdict_platform_name(v->claims.platform)) : json_null(), "simulated",
        known && v->simulated
            ? json_string(
                  "SIMULATED: the chip is a program on some computer; this proves nothing about hardware")
            : json_false(),
        "measurement", hex_or_null(known, known ? v->claims.measurement : NULL, sizeof v->claims.measurement),
        "model",
        known ? json_pack("{s:s, s:o}", "name", v->claims.model_name, "sha256",
                          hex_or_null(true, v->claims.model_digest, sizeof v->claims.model_digest))
              : json_null(),
        "reason",
        e->state == PROXY_UNREACHABLE && e->why.text[0] != '\0' ? json_string(e->why.text) : json_null(),
        "verdict", known ? verdict_object(v) : json_null());
    return doc;
}

static const char *in_words(enum proxy_state state)
{
    static const char *const words[] = {
        [PROXY_TRYING] = "No enclave is verified yet. Requests wait, and nothing is sent.",
        [PROXY_VERIFIED] = "Requests go to a verified enclave, and to no other.",
        [PROXY_REFUSED] = "REFUSED: no enclave proved that it may read your prompts. Nothing is sent.",
        [PROXY_UNREACHABLE] = "No enclave can be reached. Nothing is sent.",
    };
    return words[state];
}

char *status_json(const struct proxy *p)
{
    enum proxy_state state = status_overall(p);
    json_t *endpoints = json_array();
    for (size_t i = 0; i < p->endpoint_count; i++)
        (void)json_array_append_new(endpoints, endpoint_object(&p->endpoints[i]));
    json_t *doc =
        json_pack("{s:i, s:s, s:s, s:I, s:I, s:I, s:o}", "version", 1, "state", status_state_name(state),
                  "in_words", in_words(state), "now", (json_int_t)time(NULL), "started_at",
                  (json_int_t)p->started_at, "requests", (json_int_t)p->requests, "endpoints", endpoints);
    char *text = doc == NULL ? NULL : strict_json_canonical(doc);
    json_decref(doc);
    return text;
}
