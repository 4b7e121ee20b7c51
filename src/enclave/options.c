/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "base/options.h"
#include "engine/upstream_address.h"

#define AT(field) offsetof(struct enclave_options, field)

static const struct option table[] = {
    {"--listen", OPTION_TEXT, AT(listen), 0, 0, "ADDRESS",
     "tcp:HOST:PORT (numeric; port 0: any), unix:PATH or vsock:PORT. Default tcp:127.0.0.1:7878"},
    {"--model", OPTION_TEXT, AT(model), 0, 0, "FILE", "the model, a GGUF file. Required"},
    {"--model-size", OPTION_TEXT, AT(model_size), 0, 0, "BYTES",
     "how long the model is. Needed where it is a device, as in the guest image"},
    {"--engine", OPTION_TEXT, AT(engine), 0, 0, "ENGINE",
     "what answers prompts: llama, in this process; or upstream=unix:PATH or upstream=tcp:127.0.0.1:PORT, an "
     "OpenAI-style server in this machine, which was told to load what --model names. Default llama"},
    {"--projector", OPTION_TEXT, AT(projector), 0, 0, "FILE",
     "what lets the model read images (\"mmproj\", a GGUF file). Default: no images"},
    {"--device", OPTION_TEXT, AT(device), 0, 0, "DEVICE",
     "where the model is computed: cpu; gpu, all of it on NVIDIA's GPUs, in a program that was built for "
     "them; "
     "or auto, gpu where that goes. Default auto"},
    {"--evidence", OPTION_TEXT, AT(evidence), 0, 0, "SOURCE",
     "where attestation evidence comes from: tsm, sev-guest, tdx-guest, auto (the first of these that "
     "answers) or "
     "simulated. Required"},
    {"--collateral", OPTION_TEXT, AT(collateral), 0, 0, "ADDRESS",
     "where the host offers endorsements that do not come with the evidence: vsock:PORT, unix:PATH or "
     "dir:PATH"},
    {"--gpus", OPTION_TEXT, AT(gpus), 0, 0, "SOURCE",
     "GPUs that are part of the evidence: none, or nvml, all that NVIDIA's library knows of. Default none"},
    {"--slots", OPTION_NUMBER, AT(slots), 1, 256, "N", "requests that are answered at once. Default 4"},
    {"--queue", OPTION_NUMBER, AT(queue), 1, 65536, "N",
     "requests that may wait; more are told that the enclave is busy. Default 64"},
    {"--context", OPTION_NUMBER, AT(context), 64, 1 << 20, "N",
     "tokens of a request, prompt and answer. Default: the model's, at most 8192"},
    {"--threads", OPTION_NUMBER, AT(threads), 1, 64, "N",
     "threads of the inference engine. Default: one fewer than there are processors"},
    {"--chat-template", OPTION_TEXT, AT(chat_template), 0, 0, "TEMPLATE",
     "a chat template instead of the model's own: a Jinja program, or the name of one that llama.cpp writes "
     "itself (text alone, no tools)"},
    {"--reuse-timeout", OPTION_NUMBER, AT(reuse_seconds), 0, 86400, "SECONDS",
     "what was computed of a conversation is kept so long for its next turn in the same session, then "
     "overwritten; 0: not at all. Default 300"},
    {"--max-connections", OPTION_NUMBER, AT(connections), 1, 1000000, "N",
     "connections at once. Default 10000"},
    {"--idle-timeout", OPTION_NUMBER, AT(idle_seconds), 1, 1 << 30, "SECONDS",
     "close a connection that asked nothing for so long. Default 3600"},
    {"--handshake-timeout", OPTION_NUMBER, AT(handshake_seconds), 1, 3600, "SECONDS",
     "close a connection whose handshake takes longer. Default 20"},
    {"--request-timeout", OPTION_NUMBER, AT(request_seconds), 1, 3600, "SECONDS",
     "give up on a request whose body takes longer, and a second more for each 64 KiB of it. Default 20"},
    {"--grace", OPTION_NUMBER, AT(grace_seconds), 0, 3600, "SECONDS",
     "time for running answers when asked to stop. Default 10"},
    {"--user", OPTION_NUMBER, AT(user), 1, UINT32_MAX, "UID",
     "become this user and group after start-up. Default: stay"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {"--version", OPTION_SWITCH, AT(version), 0, 0, NULL, "the version"},
    {0},
};

/* No number that can be given: the option was not. */
static const uint32_t not_given = UINT32_MAX;
enum { REUSE_SECONDS_DEFAULT = 300 };

/* Up to 2^53 bytes: no table of options has numbers that large. */
static enum err model_size_read(struct enclave_options *options, struct err_note *note)
{
    const uint64_t max = UINT64_C(1) << 53;
    char *end = NULL;
    if (options->model_size == NULL)
        return ERR_OK;
    errno = 0;
    unsigned long long bytes = strtoull(options->model_size, &end, 10);
    if (options->model_size[0] < '1' || options->model_size[0] > '9' || *end != '\0' || errno != 0 ||
        bytes > max)
        return err_noted(ERR_USAGE, note, "--model-size %.40s: wanted a number of bytes",
                         options->model_size);
    options->model_bytes = bytes;
    return ERR_OK;
}

static enum err gpus_check(const struct enclave_options *options, struct err_note *note)
{
    if (strcmp(options->gpus, ENCLAVE_GPUS_NONE) == 0)
        return ERR_OK;
    if (strcmp(options->gpus, ENCLAVE_GPUS_NVML) != 0)
        return err_noted(ERR_USAGE, note, "--gpus %.100s: wanted none or nvml", options->gpus);
    if (strcmp(options->evidence, ENCLAVE_EVIDENCE_SIMULATED) == 0)
        return err_noted(ERR_USAGE, note, "--gpus: the simulator's GPUs come with its evidence");
    return options->collateral != NULL
               ? ERR_OK
               : err_noted(ERR_USAGE, note,
                           "--gpus: needs --collateral, a place to get NVIDIA's endorsements from");
}

static enum err device_read(struct enclave_options *options, struct err_note *note)
{
    static const char *const names[] = {
        [ENGINE_DEVICE_ANY] = "auto", [ENGINE_DEVICE_CPU] = "cpu", [ENGINE_DEVICE_GPU] = "gpu"};
    if (options->device == NULL)
        return ERR_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(options->device, names[i]) != 0)
            continue;
        options->on = (enum engine_device)i;
        return ERR_OK;
    }
    return err_noted(ERR_USAGE, note, "--device %.100s: wanted auto, cpu or gpu", options->device);
}

const char *enclave_options_upstream(const struct enclave_options *options)
{
    static const size_t len = sizeof ENCLAVE_ENGINE_UPSTREAM - 1;
    return strncmp(options->engine, ENCLAVE_ENGINE_UPSTREAM, len) == 0 ? options->engine + len : NULL;
}

/* What only the engine in this process does is not silently left undone by another server. */
static enum err engine_check(const struct enclave_options *options, struct err_note *note)
{
    struct upstream_address address;
    const char *upstream = enclave_options_upstream(options);
    if (upstream == NULL)
        return strcmp(options->engine, ENCLAVE_ENGINE_LLAMA) == 0
                   ? ERR_OK
                   : err_noted(ERR_USAGE, note, "--engine %.100s: wanted llama or upstream=ADDRESS",
                               options->engine);
    struct err_note why = {{0}};
    if (upstream_address_parse(upstream, &address, &why) != ERR_OK)
        return err_noted(ERR_USAGE, note, "--engine upstream=%.200s", why.text);
    const char *other = options->context != 0                 ? "--context"
                        : options->threads != 0               ? "--threads"
                        : options->reuse_seconds != not_given ? "--reuse-timeout"
                        : options->chat_template != NULL      ? "--chat-template"
                        : options->projector != NULL          ? "--projector"
                        : options->device != NULL             ? "--device"
                                                              : NULL;
    return other == NULL ? ERR_OK
                         : err_noted(ERR_USAGE, note,
                                     "%s: is for the engine llama; tell it to the other server", other);
}

enum err enclave_options_parse(int argc, char **argv, struct enclave_options *options, struct err_note *note)
{
    struct option_list operands;
    *options = (struct enclave_options){
        .listen = "tcp:127.0.0.1:7878",
        .gpus = ENCLAVE_GPUS_NONE,
        .engine = ENCLAVE_ENGINE_LLAMA,
        .slots = 4,
        .queue = 64,
        .reuse_seconds = not_given,
        .connections = 10000,
        .idle_seconds = 3600,
        .handshake_seconds = 20,
        .request_seconds = 20,
        .grace_seconds = 10,
    };
    enum err e = options_parse(table, argc - 1, argv + 1, options, &operands, note);
    if (e != ERR_OK || options->help || options->version)
        return e;
    if (operands.count != 0)
        return err_noted(ERR_USAGE, note, "%s: is not an option", operands.items[0]);
    if (options->model == NULL)
        return err_noted(ERR_USAGE, note, "--model: is required");
    if (options->evidence == NULL)
        return err_noted(ERR_USAGE, note, "--evidence: is required");
    if (options->collateral != NULL && strcmp(options->evidence, ENCLAVE_EVIDENCE_SIMULATED) == 0)
        return err_noted(ERR_USAGE, note, "--collateral: the simulator gives all of it with its evidence");
    e = engine_check(options, note);
    if (options->reuse_seconds == not_given)
        options->reuse_seconds = REUSE_SECONDS_DEFAULT;
    if (e == ERR_OK)
        e = device_read(options, note);
    if (e == ERR_OK)
        e = model_size_read(options, note);
    return e == ERR_OK ? gpus_check(options, note) : e;
}

void enclave_options_help(void)
{
    fold_help(stdout,
              "Usage: enclumed --model FILE --evidence SOURCE [OPTION VALUE]...\n"
              "\n"
              "The enclave of Enclume: answers prompts that arrive over attested Noise channels, and keeps "
              "no word of them. It runs where a platform launches and measures it; on a machine without "
              "SEV-SNP or TDX "
              "that is enclume-simulator(1):\n"
              "\n"
              "    enclume-simulator --root-out root.pem -- \\\n"
              "        ./enclumed --model m.gguf --evidence simulated\n"
              "\n"
              "The command line is all of the configuration, and it is part of what is measured.\n"
              "\n");
    options_help(table);
}
