/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "simulator/launch.h"
#include "simulator/serve.h"

enum { PATH_SIZE = 4096, PEM_SIZE = 4096, DIGEST_SIZE = 48 };

struct run {
    const struct options *options;
    const struct run_hooks *hooks;
    struct platform platform;
    uint8_t program_digest[DIGEST_SIZE];
};

static int fail(enum err e, const struct err_note *note)
{
    (void)fprintf(stderr, "enclume-simulator: %s%s%s\n", err_text(e), note->text[0] == '\0' ? "" : ": ",
                  note->text);
    return (int)err_class(e);
}

/* A name without a slash is looked for as a shell does. Wherever it is found: it is what is measured. */
static const char *program_path(const char *name, char buffer[static PATH_SIZE])
{
    const char *path = getenv("PATH");
    if (strchr(name, '/') != NULL || path == NULL)
        return name;
    while (*path != '\0') {
        int len = (int)strcspn(path, ":");
        int written = snprintf(buffer, PATH_SIZE, "%.*s/%s", len, path, name);
        if (len > 0 && written < PATH_SIZE && access(buffer, X_OK) == 0)
            return buffer;
        path += len + (path[len] == ':');
    }
    return name;
}

static enum err prepare(struct run *r, struct err_note *note)
{
    const struct options *o = r->options;
    char pem[PEM_SIZE];
    size_t len;
    struct simulated_der root = r->platform.chain->ark_der;
    if (o->policy_debug)
        r->platform.policy |= 1ULL << SNP_POLICY_DEBUG;
    enum err e = launch_simulated_measure(r->program_digest, o->args, o->arg_count, r->platform.measurement);
    if (e == ERR_OK && r->hooks->prepare != NULL)
        e = r->hooks->prepare(r->hooks->self, &r->platform, &root);
    if (e != ERR_OK || o->root_out == NULL)
        return e;
    e = simulated_certificate_pem(&root, pem, sizeof pem, &len);
    return e == ERR_OK ? file_write(o->root_out, bytes_of(pem, len), note) : e;
}

static void announce(const struct run *r)
{
    const struct platform *p = &r->platform;
    const bool debug = (p->policy >> SNP_POLICY_DEBUG & 1) != 0;
    char measurement[ENCODING_HEX_SIZE(SNP_MEASUREMENT_SIZE)];
    char program[ENCODING_HEX_SIZE(DIGEST_SIZE)];
    char chip[ENCODING_HEX_SIZE(SNP_CHIP_ID_SIZE)];
    encoding_hex(bytes_of(p->measurement, sizeof p->measurement), measurement);
    encoding_hex(bytes_of(r->program_digest, sizeof r->program_digest), program);
    encoding_hex(bytes_of(p->chain->chip_id, sizeof p->chain->chip_id), chip);
    if (r->options->json) {
        (void)printf("{\"arguments\":%zu,\"chip_id\":\"%s\",\"debug\":%s,\"measurement\":\"%s\",\"platform\":"
                     "\"sev-snp\",\"product\":\"%s\","
                     "\"program_sha384\":\"%s\",\"simulated\":true}\n",
                     r->options->arg_count, chip, debug ? "true" : "false", measurement, p->chain->product,
                     program);
        (void)fflush(stdout);
        return;
    }
    (void)fprintf(stderr,
                  "enclume-simulator: SIMULATED PLATFORM. Its evidence proves nothing about hardware: every "
                  "key in it was made up by this program.\n"
                  "enclume-simulator: simulated %s, measurement %s%s\n",
                  p->chain->product, measurement, debug ? ", DEBUG ALLOWED" : "");
}

static enum err answer(void *self, const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                       struct platform_frame *frame)
{
    const struct run *r = self;
    return r->hooks->answer(r->hooks->self, &r->platform, report_data, frame);
}

static enum err launch_and_serve(struct run *r, int program, int *exit_code, struct err_note *note)
{
    struct launched launched;
    int signals = -1;
    enum err e = serve_signals(&signals, note);
    if (e != ERR_OK)
        return e;
    e = launch_start(program, r->options->args, r->options->arg_count, &launched, note);
    if (e == ERR_OK) {
        const struct serve serve = {.delay_ms = r->options->delay_ms, .answer = answer, .self = r};
        e = serve_run(&serve, &launched, signals, exit_code, note);
        (void)close(launched.wire);
    }
    (void)close(signals);
    return e;
}

int run_simulator(const struct options *o, const struct run_hooks *hooks)
{
    struct run r = {.options = o, .hooks = hooks};
    struct err_note note = {{0}};
    char path[PATH_SIZE];
    int program = -1;
    int exit_code = 0;
    enum err e = crypto_init();
    if (e == ERR_OK)
        e = launch_copy(program_path(o->program, path), &program, r.program_digest, &note);
    if (e == ERR_OK)
        e = platform_open(&r.platform, o->chain, (int64_t)time(NULL), &note);
    if (e == ERR_OK)
        e = prepare(&r, &note);
    if (e == ERR_OK) {
        announce(&r);
        e = launch_and_serve(&r, program, &exit_code, &note);
    }
    if (program >= 0)
        (void)close(program);
    platform_close(&r.platform);
    return e == ERR_OK ? exit_code : fail(e, &note);
}
