/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/words.h"

#include <string.h>

#include "base/encoding.h"
#include "base/fold.h"

enum { SHOWN_HEX = 16 };

static void line_hex(FILE *to, const char *label, const uint8_t *value, size_t size, const char *words)
{
    enum { COLUMN = 33 };
    char hex[ENCODING_HEX_SIZE(64)];
    encoding_hex(bytes_of(value, size), hex);
    (void)fprintf(to, "  %-9s %.*s...  ", label, SHOWN_HEX, hex);
    fold_text(to, words, COLUMN, COLUMN, fold_width(to, FOLD_NEVER));
}

void words_simulated(FILE *to)
{
    enum { COLUMN = 2 };
    (void)fputs("  ", to);
    fold_text(
        to,
        "SIMULATED: the chip is a program on some computer. This shows how verification works; it proves "
        "nothing about hardware, and whoever runs that computer can read your prompt.",
        COLUMN, COLUMN, fold_width(to, FOLD_WIDTH));
}

static void when(FILE *to, const struct verdict *v, bool fresh)
{
    char text[VERDICT_TIME_SIZE];
    if (fresh) {
        (void)fputs("  when      just now: the chip signed for this very connection\n", to);
        return;
    }
    (void)fprintf(to, "  when      resumed: the same enclave key that was verified at %s\n",
                  verdict_time(v, text));
}

/* Those that are the same in one line. */
static void gpus(FILE *to, const struct nvgpu_claims *claims)
{
    for (size_t i = 0; i < claims->count;) {
        const struct nvgpu_claim *g = &claims->gpus[i];
        size_t same = 0;
        while (i + same < claims->count && strcmp(claims->gpus[i + same].driver, g->driver) == 0 &&
               strcmp(claims->gpus[i + same].vbios, g->vbios) == 0)
            same++;
        (void)fprintf(to, "  gpu       %zu x %s, driver %s, VBIOS %s: what its maker signed\n", same, g->chip,
                      g->driver, g->vbios);
        i += same;
    }
}

void words_verified(FILE *to, const struct client *client, const char *address)
{
    words_verified_verdict(to, client_verdict(client), client_fresh(client), address);
}

void words_verified_verdict(FILE *to, const struct verdict *v, bool fresh, const char *address)
{
    (void)fprintf(to, "%s %s, %zu of %zu checks passed\n",
                  v->simulated ? "Verified on a SIMULATED platform:" : "Verified:",
                  verdict_platform_name(v->claims.platform), v->count, v->count);
    line_hex(to, "code", v->claims.measurement, sizeof v->claims.measurement,
             v->claims.platform == VERDICT_PLATFORM_TDX
                 ? "with its four registers is what you said may read your prompts"
                 : "is what you said may read your prompts");
    gpus(to, &v->claims.gpu);
    line_hex(to, "model", v->claims.model_digest, sizeof v->claims.model_digest, v->claims.model_name);
    line_hex(to, "channel", v->claims.noise_key, sizeof v->claims.noise_key,
             "ends inside the enclave (X25519 + ML-KEM-768, AES-256-GCM)");
    when(to, v, fresh);
    (void)fprintf(to, "  not hidden: that you talk to %s, when, and roughly how much\n", address);
    if (v->simulated)
        words_simulated(to);
    (void)fputc('\n', to);
}

/* Not made, since one before it failed: it says nothing of its own. */
static bool was_left_out(const struct verdict_check *c)
{
    static const char beginning[] = "not checked";
    return strncmp(c->saw, beginning, sizeof beginning - 1) == 0;
}

static void failed_line(FILE *to, const char *label, const char *text, size_t width)
{
    enum { COLUMN = 14 };
    if (text[0] == '\0')
        return;
    (void)fprintf(to, "      %-*s", COLUMN - 6, label);
    fold_text(to, text, COLUMN, COLUMN, width);
}

static void failed(FILE *to, const struct verdict_check *c, bool first)
{
    const size_t width = fold_width(to, FOLD_NEVER);
    (void)fprintf(to, "%s %s\n", first ? "  >" : "   ", c->rule->name);
    failed_line(to, "failed:", c->rule->text, width);
    failed_line(to, "saw:", c->saw, width);
    failed_line(to, "wanted:", c->wanted, width);
}

void words_refused(FILE *to, const struct verdict *v, const char *address)
{
    const struct verdict_check *failure = verdict_first_failure(v);
    size_t left_out = 0;
    char head[512];
    (void)snprintf(head, sizeof head,
                   "REFUSED: %s did not prove that it may read your prompt. Nothing was sent.", address);
    fold_text(to, head, 0, 0, fold_width(to, FOLD_NEVER));
    for (size_t i = 0; i < v->count; i++) {
        const struct verdict_check *c = &v->checks[i];
        if (!c->passed && c != failure && was_left_out(c))
            left_out++;
        else if (!c->passed)
            failed(to, c, c == failure);
    }
    if (left_out != 0)
        (void)fprintf(to, "    and %zu more could not be checked because of that\n", left_out);
    if (failure != NULL && verdict_is_about_time(failure)) {
        char text[VERDICT_TIME_SIZE];
        (void)fprintf(to, "  This machine's clock says %s. If that is wrong, set it and try again.\n",
                      verdict_time(v, text));
    }
    if (v->simulated)
        (void)fputs("  (the evidence is of a SIMULATED platform)\n", to);
}
