/* SPDX-License-Identifier: Apache-2.0 */
#include "simulator/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/strict_json.h"
#include "simulator/launch.h"
#include "simulator/machine.h"
#include "simulator/serve.h"

enum { PATH_SIZE = 4096, PEM_SIZE = 16384, DIGEST_SIZE = 48, STATUS_FAILED = 1 };

struct run {
    const struct options *options;
    const struct run_hooks *hooks;
    struct platform *platform;
    struct gpus *gpus;
    const struct subject *subject;
    int program; /* a sealed copy, or -1 */
    uint8_t program_digest[DIGEST_SIZE];
    struct machine_hashes hashes;
};

/* What is launched: one row a kind. */
struct subject {
    ERR_MUST_USE enum err (*open)(struct run *r, struct err_note *note); /* before there is a platform */
    ERR_MUST_USE enum err (*measure)(struct run *r, struct err_note *note);
    ERR_MUST_USE enum err (*start)(const struct run *r, struct launched *l, struct err_note *note);
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

static enum err program_open(struct run *r, struct err_note *note)
{
    char path[PATH_SIZE];
    return launch_copy(program_path(r->options->program, path), &r->program, r->program_digest, note);
}

static enum err program_measure(struct run *r, struct err_note *note)
{
    (void)note;
    return r->platform->measures->measure(r->program_digest, r->options->args, r->options->arg_count,
                                          &r->platform->launched);
}

static enum err program_start(const struct run *r, struct launched *l, struct err_note *note)
{
    return launch_start(r->program, r->options->args, r->options->arg_count, l, note);
}

static enum err vm_open(struct run *r, struct err_note *note)
{
    struct machine m;
    return machine_read(r->options->args, r->options->arg_count, &m, note);
}

static enum err vm_measure(struct run *r, struct err_note *note)
{
    struct machine m;
    enum err e = machine_read(r->options->args, r->options->arg_count, &m, note);
    return e == ERR_OK ? machine_measure(&m, r->options->vcpu_model, &r->platform->launched, &r->hashes, note)
                       : e;
}

static enum err vm_start(const struct run *r, struct launched *l, struct err_note *note)
{
    return machine_start(r->options->program, r->options->args, r->options->arg_count, &r->hashes, l, note);
}

static const struct subject subject_program = {program_open, program_measure, program_start};
static const struct subject subject_vm = {vm_open, vm_measure, vm_start};

static enum err roots_write(const struct run *r, const struct simulated_der *root, struct err_note *note)
{
    char pem[PEM_SIZE];
    struct bytes text;
    struct writer w = writer_into(pem, sizeof pem);
    enum err e = encoding_pem_write(&w, "CERTIFICATE", bytes_of(root->der, root->len));
    if (e == ERR_OK)
        e = gpus_roots_write(r->gpus, &w);
    if (e == ERR_OK)
        e = writer_finish(&w, &text);
    return e == ERR_OK ? file_write(r->options->root_out, text, note) : e;
}

static enum err prepare(struct run *r, struct err_note *note)
{
    const struct options *o = r->options;
    struct platform *p = r->platform;
    struct simulated_der root = *p->kind->root(p);
    if (o->policy_debug)
        p->kind->allow_debug(p);
    enum err e = r->subject->measure(r, note);
    if (e == ERR_OK && r->hooks->prepare != NULL)
        e = r->hooks->prepare(r->hooks->self, p, &root);
    return e == ERR_OK && o->root_out != NULL ? roots_write(r, &root, note) : e;
}

static json_t *hex(const uint8_t *value, char text[static ENCODING_HEX_SIZE(DIGEST_SIZE)])
{
    encoding_hex(bytes_of(value, DIGEST_SIZE), text);
    return json_string(text);
}

static enum err announce_json(const struct run *r)
{
    const struct platform *p = r->platform;
    char text[ENCODING_HEX_SIZE(DIGEST_SIZE)];
    strict_json_init();
    json_t *object =
        json_pack("{s:I, s:b, s:I, s:s, s:b}", "arguments", (json_int_t)r->options->arg_count, "debug",
                  p->kind->allows_debug(p), "gpus", (json_int_t)r->gpus->count, "platform", p->kind->json, //
                  "simulated", 1);
    if (r->program >= 0)
        (void)json_object_set_new(object, "program_sha384", hex(r->program_digest, text));
    for (size_t i = 0; i < p->launched.count; i++)
        (void)json_object_set_new(object, p->launched.at[i].name, hex(p->launched.at[i].value, text));
    p->kind->describe(p, object);
    char *line = object != NULL ? strict_json_canonical(object) : NULL;
    json_decref(object);
    if (line == NULL)
        return ERR_MEMORY;
    (void)puts(line);
    (void)fflush(stdout);
    secret_free(line);
    return ERR_OK;
}

static enum err announce(const struct run *r)
{
    const struct platform *p = r->platform;
    char text[ENCODING_HEX_SIZE(DIGEST_SIZE)];
    if (r->options->json)
        return announce_json(r);
    (void)fprintf(stderr,
                  "enclume-simulator: SIMULATED PLATFORM. Its evidence proves nothing about hardware: every "
                  "key in it was made up by this program.\n"
                  "enclume-simulator: simulated %s%s\n",
                  p->kind->product(p), p->kind->allows_debug(p) ? ", DEBUG ALLOWED" : "");
    for (size_t i = 0; i < p->launched.count; i++) {
        encoding_hex(bytes_of(p->launched.at[i].value, DIGEST_SIZE), text);
        (void)fprintf(stderr, "enclume-simulator: %s %s\n", p->launched.at[i].name, text);
    }
    if (r->gpus->count != 0)
        (void)fprintf(stderr, "enclume-simulator: %zu simulated NVIDIA H100\n", r->gpus->count);
    return ERR_OK;
}

static enum err answer(void *self, const struct simulated_question *question, struct platform_frame *frame)
{
    const struct run *r = self;
    const struct run_hooks *hooks = r->hooks;
    enum err e;
    if (question->what == SIMULATED_ASKS_PLATFORM)
        return platform_introduce(r->platform, frame);
    if (question->what == SIMULATED_ASKS_GPUS)
        e = hooks->answer_gpus(hooks->self, r->gpus, r->platform, question->data, frame);
    else
        e = hooks->answer(hooks->self, r->platform, question->data, frame);
    return e == ERR_OK ? e : platform_refuse(r->platform, question->what, STATUS_FAILED, frame);
}

static enum err launch_and_serve(struct run *r, int *exit_code, struct err_note *note)
{
    struct launched launched;
    int signals = -1;
    enum err e = serve_signals(&signals, note);
    if (e != ERR_OK)
        return e;
    e = r->subject->start(r, &launched, note);
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
    struct run r = {
        .options = o, .hooks = hooks, .subject = o->vm ? &subject_vm : &subject_program, .program = -1};
    struct err_note note = {{0}};
    int exit_code = 0;
    enum err e = crypto_init();
    if (e == ERR_OK)
        e = r.subject->open(&r, &note);
    if (e == ERR_OK)
        e = platform_open(o->platform, o->chain, (int64_t)time(NULL), &r.platform, &note);
    if (e == ERR_OK)
        e = gpus_open(o->gpus, (int64_t)time(NULL), &r.gpus);
    if (e == ERR_OK)
        e = prepare(&r, &note);
    if (e == ERR_OK)
        e = announce(&r);
    if (e == ERR_OK)
        e = launch_and_serve(&r, &exit_code, &note);
    if (r.program >= 0)
        (void)close(r.program);
    gpus_close(r.gpus);
    platform_close(r.platform);
    return e == ERR_OK ? exit_code : fail(e, &note);
}
