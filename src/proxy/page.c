/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy_internal.h"

#include <stdio.h>
#include <time.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/utc.h"
#include "proxy/page_style.h"

/*
 * The status page: one document, no script, nothing from anywhere else, made anew for each look. It asks to be loaded again every few seconds, so that what it
 * says is what is so.
 */

struct page {
    struct secret_buffer *out;
    enum err e;
};

static void add(struct page *p, const char *text)
{
    if (p->e == ERR_OK)
        p->e = secret_buffer_append(p->out, bytes_str(text), PROXY_ANSWER_MAX);
}

/* Text that an enclave, or the command line, has chosen. */
static void add_text(struct page *p, const char *text)
{
    static const char special[] = "&<>\"'";
    static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    char one[2] = {0};
    for (; *text != '\0'; text++) {
        const char *found = strchr(special, *text);
        one[0] = *text;
        add(p, found != NULL ? names[found - special] : one);
    }
}

static void add_number(struct page *p, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    add(p, text);
}

static void add_hex(struct page *p, const uint8_t *value, size_t size)
{
    char hex[ENCODING_HEX_SIZE(64)];
    encoding_hex(bytes_of(value, size), hex);
    add(p, "<code>");
    add(p, hex);
    add(p, "</code>");
}

static void add_time(struct page *p, int64_t at)
{
    char text[UTC_TEXT_SIZE];
    (void)utc_words(at, text);
    add(p, text);
}

static void add_age(struct page *p, int64_t at)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    int64_t age = (int64_t)time(NULL) - at;
    if (age < 1) {
        add(p, "just now");
        return;
    }
    size_t i = 0;
    while (age < units[i].seconds)
        i++;
    int64_t n = age / units[i].seconds;
    add_number(p, (uint64_t)n);
    add(p, " ");
    add(p, units[i].name);
    add(p, n == 1 ? " ago" : "s ago");
}

static void add_row(struct page *p, const char *name)
{
    add(p, "<dt>");
    add(p, name);
    add(p, "</dt><dd>");
}

static void begin(struct page *p, const char *title, bool again)
{
    add(p, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
           "<meta name=\"color-scheme\" content=\"light dark\">");
    if (again)
        add(p, "<meta http-equiv=\"refresh\" content=\"10\">");
    add(p, "<title>");
    add(p, title);
    add(p, "</title><style>" PAGE_STYLE "</style></head><body><main>");
}

static void end(struct page *p)
{
    add(p, "</main></body></html>\n");
}

/* ---- the banner ---- */

static const struct {
    const char *class;
    const char *title; /* of the window */
    const char *mark;
    const char *head;
    const char *text;
} banners[] = {
    [PROXY_TRYING] = {"wait", "Connecting – Enclume", "…", "Not verified yet",
                      "Connecting. Requests wait, and nothing is sent before an enclave is verified."},
    [PROXY_VERIFIED] = {"good", "Verified – Enclume", "✓", "Verified",
                        "Your prompts go, encrypted, into an enclave that proved what code runs in it. They "
                        "go nowhere else."},
    [PROXY_REFUSED] = {"bad", "REFUSED – Enclume", "✕", "Refused: nothing is sent",
                       "No enclave proved that it may read your prompts. Your programs get an error instead, "
                       "and their prompts "
                       "stay on this machine."},
    [PROXY_UNREACHABLE] =
        {"bad", "Unreachable – Enclume", "✕", "Unreachable: nothing is sent",
         "No enclave answers. Your programs get an error instead, and their prompts stay on this machine."},
};

/* Does the verdict say what is so now? */
static bool is_known(const struct endpoint *e)
{
    return e->verifier.has_verdict && (e->state == PROXY_VERIFIED || e->state == PROXY_REFUSED);
}

static void add_banner(struct page *p, const struct proxy *proxy, enum proxy_state state)
{
    bool simulated = false;
    for (size_t i = 0; i < proxy->endpoint_count; i++)
        simulated =
            simulated || (is_known(&proxy->endpoints[i]) && proxy->endpoints[i].verifier.verdict.simulated);
    const bool sent = state == PROXY_VERIFIED && simulated; /* prompts go there */
    add(p, "<header class=\"banner ");
    add(p, sent ? "sim" : banners[state].class);
    add(p, "\"><span class=\"mark\" aria-hidden=\"true\">");
    add(p, sent ? "!" : banners[state].mark);
    add(p, "</span><div><h1>");
    add(p, banners[state].head);
    add(p, sent ? ", on a SIMULATED platform</h1><p>" : "</h1><p>");
    add(p, sent ? "Your prompts go, encrypted, into the program that was measured, and nowhere else. "
                  "What vouches for it is no chip."
                : banners[state].text);
    add(p, "</p></div></header>");
    if (sent)
        add(p, "<p class=\"simulated\"><strong>SIMULATED.</strong> The chip is a program on some computer. "
               "This shows how verification works; it proves nothing about hardware, and whoever runs that "
               "computer can read your prompts.</p>");
    else if (simulated)
        add(p, "<p class=\"simulated\"><strong>SIMULATED.</strong> The evidence is of a platform whose "
               "chip is a program on some computer; it proves nothing about hardware.</p>");
}

/* ---- an endpoint ---- */

static void add_claims(struct page *p, const struct endpoint *e)
{
    const struct verdict *v = &e->verifier.verdict;
    add_row(p, "Platform");
    add(p, verdict_platform_name(v->claims.platform));
    if (v->claims.product[0] != '\0') {
        add(p, ", ");
        add_text(p, v->claims.product);
    }
    add(p, v->simulated ? " <strong class=\"warn\">SIMULATED</strong></dd>" : "</dd>");
    add_row(p, "Code");
    add(p, v->accepted ? "a measurement that you named " : "measured as ");
    add_hex(p, v->claims.measurement, sizeof v->claims.measurement);
    add(p, "</dd>");
    add_row(p, "Model");
    add_text(p, v->claims.model_name);
    add(p, " ");
    add_hex(p, v->claims.model_digest, sizeof v->claims.model_digest);
    add(p, "</dd>");
    if (v->claims.gpu.count != 0) {
        add_row(p, "GPUs");
        add_number(p, v->claims.gpu.count);
        add(p, " × ");
        add_text(p, v->claims.gpu.gpus[0].chip);
        add(p, "</dd>");
    }
    if (!v->accepted)
        return;
    add_row(p, "Evidence");
    add(p, e->fresh ? "signed by the chip for this very connection, "
                    : "the connection was resumed with the key that was verified ");
    add_age(p, v->appraised_at);
    add(p, "</dd>");
}

static void add_check(struct page *p, const struct verdict_check *c)
{
    add(p, c->passed ? "<li class=\"passed\">" : "<li class=\"failed\">");
    add(p, c->passed ? "<span class=\"result\">passed</span> " : "<span class=\"result\">FAILED</span> ");
    add(p, "<code>");
    add_text(p, c->rule->name);
    add(p, "</code> ");
    add_text(p, c->rule->text);
    if (!c->passed && (c->saw[0] != '\0' || c->wanted[0] != '\0')) {
        add(p, "<div class=\"values\">saw <code>");
        add_text(p, c->saw[0] != '\0' ? c->saw : "–");
        add(p, "</code><br>wanted <code>");
        add_text(p, c->wanted[0] != '\0' ? c->wanted : "–");
        add(p, "</code></div>");
    }
    add(p, "</li>");
}

static void add_checks(struct page *p, const struct verdict *v, bool passed)
{
    add(p, "<ul class=\"checks\">");
    for (size_t i = 0; i < v->count; i++)
        if (v->checks[i].passed == passed)
            add_check(p, &v->checks[i]);
    add(p, "</ul>");
}

/* How many passed, and what did not. */
static void add_result(struct page *p, const struct verdict *v)
{
    size_t passed = 0;
    for (size_t i = 0; i < v->count; i++)
        passed += v->checks[i].passed;
    add(p, "<h3>");
    add_number(p, passed);
    add(p, " of ");
    add_number(p, v->count);
    add(p, " checks passed</h3>");
    if (passed != v->count)
        add_checks(p, v, false);
    const struct verdict_check *failure = verdict_first_failure(v);
    if (failure != NULL && verdict_is_about_time(failure)) {
        char text[VERDICT_TIME_SIZE];
        add(p, "<p>This machine's clock says ");
        add(p, verdict_time(v, text));
        add(p, ". If that is wrong, set it.</p>");
    }
}

static void add_endpoint(struct page *p, const struct endpoint *e, size_t number)
{
    const char *class = banners[e->state].class;
    add(p, "<section><h2><span class=\"state ");
    add(p, class);
    add(p, "\">");
    add(p, status_state_name(e->state));
    add(p, "</span> ");
    add_text(p, e->address);
    add(p, "</h2><dl>");
    add_row(p, "Since");
    add_time(p, e->since);
    add(p, " (");
    add_age(p, e->since);
    add(p, ")</dd>");
    if (e->state == PROXY_UNREACHABLE && e->why.text[0] != '\0') {
        add_row(p, "Why");
        add_text(p, e->why.text);
        add(p, "</dd>");
    }
    if (is_known(e))
        add_claims(p, e);
    add(p, "</dl>");
    if (is_known(e))
        add_result(p, &e->verifier.verdict);
    if (verifier_bundle(&e->verifier).len != 0) {
        add(p, "<p><a class=\"button\" href=\"/enclume/evidence?endpoint=");
        add_number(p, number);
        add(p, "\">Download the evidence</a> and check it yourself, offline: <code>enclume verify "
               "enclume-evidence.json --policy FILE</code></p>");
    }
    add(p, "</section>");
}

/* ---- what everyone should know ---- */

static void add_use(struct page *p, const struct proxy *proxy)
{
    char url[96];
    bool six = strchr(proxy->host, ':') != NULL;
    (void)snprintf(url, sizeof url, "http://%s%s%s:%u", six ? "[" : "", proxy->host, six ? "]" : "",
                   (unsigned)proxy->guard.port);
    add(p, "<section><h2>How to use it</h2><dl>");
    add_row(p, "OpenAI SDKs");
    add(p, "<code>base_url = ");
    add(p, url);
    add(p, "/v1</code></dd>");
    add_row(p, "Anthropic SDKs");
    add(p, "<code>base_url = ");
    add(p, url);
    add(p, "</code></dd>");
    add_row(p, "Key");
    add(p, proxy->guard.wants_token ? "the token that <code>enclume proxy</code> said, or that stands in its "
                                      "<code>--token-file</code></dd>"
                                    : "none is wanted: any program on this machine may ask</dd>");
    add(p, "</dl></section>");
}

static void add_limits(struct page *p)
{
    add(p, "<section><h2>What is not protected</h2><ul>"
           "<li>Your own machine: the prompt is plain text in the program that sends it, and on its way to "
           "this proxy.</li>"
           "<li>That you connect, when, from where, and roughly how much you ask and get. Sizes are padded; "
           "the rhythm is not hidden.</li>"
           "<li>What the model says: it may be wrong, and this proves only which model it is.</li>"
           "<li>Attacks on the chip itself with hands on it, and chips whose keys were "
           "extracted.</li></ul></section>");
}

static void add_passed(struct page *p, const struct endpoint *e)
{
    if (!is_known(e))
        return;
    add(p, "<section><h2>What passed at ");
    add_text(p, e->address);
    add(p, "</h2>");
    add_checks(p, &e->verifier.verdict, true);
    add(p, "</section>");
}

static void add_footer(struct page *p, const struct proxy *proxy)
{
    add(p, "<footer>As of ");
    add_time(p, (int64_t)time(NULL));
    add(p, ", loaded again every 10 seconds. ");
    add_number(p, proxy->requests);
    add(p, proxy->requests == 1 ? " request" : " requests");
    add(p, " since ");
    add_time(p, proxy->started_at);
    add(p, ". <a href=\"/enclume/status\">The same as JSON</a></footer>");
}

enum err page_status(const struct proxy *proxy, struct secret_buffer *out)
{
    struct page p = {.out = out};
    enum proxy_state state = status_overall(proxy);
    begin(&p, banners[state].title, true);
    add_banner(&p, proxy, state);
    for (size_t i = 0; i < proxy->endpoint_count; i++)
        add_endpoint(&p, &proxy->endpoints[i], i);
    add_use(&p, proxy);
    add_limits(&p);
    for (size_t i = 0; i < proxy->endpoint_count; i++)
        add_passed(&p, &proxy->endpoints[i]);
    add_footer(&p, proxy);
    end(&p);
    return p.e;
}

enum err page_door(const struct proxy *proxy, bool wrong, struct secret_buffer *out)
{
    struct page p = {.out = out};
    (void)proxy;
    begin(&p, "Enclume proxy", false);
    add(&p, "<section class=\"door\"><h1>Enclume proxy</h1><p>This page is for the user who runs the proxy. "
            "Type its token: "
            "<code>enclume proxy</code> said it when it started, or where it is.</p>");
    if (wrong)
        add(&p, "<p class=\"simulated\">That is not the token, or the link was used before.</p>");
    add(&p, "<form method=\"post\" action=\"/enclume/enter\"><label>Token <input type=\"password\" "
            "name=\"token\" "
            "autocomplete=\"off\" required autofocus></label> <button>Open</button></form></section>");
    end(&p);
    return p.e;
}

char *page_csp(void)
{
    static const char format[] = "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; "
                                 "base-uri 'none'; frame-ancestors 'none'";
    enum { SIZE = 256 };
    uint8_t digest[CRYPTO_SHA256_SIZE];
    char hash[ENCODING_BASE64_SIZE(CRYPTO_SHA256_SIZE)];
    const struct bytes style = bytes_str(PAGE_STYLE);
    char *csp = secret_alloc(SIZE);
    if (csp == NULL || crypto_hash_parts(CRYPTO_SHA256, &style, 1, digest) != ERR_OK) {
        secret_free(csp);
        return NULL;
    }
    encoding_base64(bytes_of(digest, sizeof digest), hash);
    (void)snprintf(csp, SIZE, format, hash);
    return csp;
}
