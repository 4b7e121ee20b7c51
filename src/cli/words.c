/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/words.h"

#include <string.h>
#include <time.h>

#include "base/encoding.h"

enum { SHOWN_HEX = 16 };

static void line_hex(FILE *to, const char *label, const uint8_t *value, size_t size, const char *words)
{
    char hex[ENCODING_HEX_SIZE(64)];
    encoding_hex(bytes_of(value, size), hex);
    (void)fprintf(to, "  %-9s %.*s...  %s\n", label, SHOWN_HEX, hex, words);
}

void words_simulated(FILE *to)
{
    (void)fputs("  SIMULATED: the chip is a program on some computer. This shows how verification works;\n"
                "  it proves nothing about hardware, and whoever runs that computer can read your prompt.\n",
                to);
}

static void when(FILE *to, const struct verdict *v, bool fresh)
{
    struct tm utc;
    char text[32];
    time_t at = (time_t)v->appraised_at;
    if (fresh) {
        (void)fputs("  when      just now: the chip signed for this very connection\n", to);
        return;
    }
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&at, &utc));
    (void)fprintf(to, "  when      resumed: the same enclave key that was verified at %s\n", text);
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

void words_refused(FILE *to, const struct verdict *v, const char *address)
{
    const struct verdict_check *failure = verdict_first_failure(v);
    (void)fprintf(to, "REFUSED: %s did not prove that it may read your prompt. Nothing was sent.\n", address);
    for (size_t i = 0; i < v->count; i++) {
        const struct verdict_check *c = &v->checks[i];
        if (c->passed)
            continue;
        (void)fprintf(to, "%s %s\n      failed: %s\n", c == failure ? "  >" : "   ", c->rule->name,
                      c->rule->text);
        if (c->saw[0] != '\0')
            (void)fprintf(to, "      saw:    %s\n", c->saw);
        if (c->wanted[0] != '\0')
            (void)fprintf(to, "      wanted: %s\n", c->wanted);
    }
    if (v->simulated)
        (void)fputs("  (the evidence is of a SIMULATED platform)\n", to);
}
