/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, NUMBER, SWITCH };

/* One row an option: the parser and the help are made from it. */
static const struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t min, max;
    const char *argument;
    const char *help;
} options_table[] = {
#define AT(field) offsetof(struct enclave_options, field)
    {"--listen", TEXT, AT(listen), 0, 0, "ADDRESS",
     "tcp:HOST:PORT (numeric; port 0: any), unix:PATH or vsock:PORT. Default tcp:127.0.0.1:7878"},
    {"--model", TEXT, AT(model), 0, 0, "FILE", "the model, a GGUF file. Required"},
    {"--evidence", TEXT, AT(evidence), 0, 0, "SOURCE",
     "where attestation evidence comes from: simulated. Required"},
    {"--slots", NUMBER, AT(slots), 1, 256, "N", "requests that are answered at once. Default 4"},
    {"--queue", NUMBER, AT(queue), 0, 65536, "N",
     "requests that may wait; more are told that the enclave is busy. Default 64"},
    {"--context", NUMBER, AT(context), 64, 1 << 20, "N",
     "tokens of a request, prompt and answer. Default: the model's, at most 8192"},
    {"--threads", NUMBER, AT(threads), 1, 1024, "N",
     "threads of the inference engine. Default: one a processor"},
    {"--chat-template", TEXT, AT(chat_template), 0, 0, "NAME",
     "use this chat template that llama.cpp knows instead of the model's own"},
    {"--max-connections", NUMBER, AT(connections), 1, 1000000, "N", "connections at once. Default 10000"},
    {"--idle-timeout", NUMBER, AT(idle_seconds), 1, 1 << 30, "SECONDS",
     "close a connection that asked nothing for so long. Default 3600"},
    {"--handshake-timeout", NUMBER, AT(handshake_seconds), 1, 3600, "SECONDS",
     "close a connection whose handshake takes longer. Default 20"},
    {"--grace", NUMBER, AT(grace_seconds), 0, 3600, "SECONDS",
     "time for running answers when asked to stop. Default 10"},
    {"--user", NUMBER, AT(user), 1, UINT32_MAX, "UID",
     "become this user and group after start-up. Default: stay"},
    {"--help", SWITCH, AT(help), 0, 0, "", "this text"},
    {"--version", SWITCH, AT(version), 0, 0, "", "the version"},
#undef AT
};
enum { OPTION_COUNT = sizeof options_table / sizeof options_table[0] };

static enum err take(const struct option *o, const char *value, struct enclave_options *options,
                     struct err_note *note)
{
    void *field = (char *)options + o->offset;
    if (o->kind == TEXT) {
        memcpy(field, &value, sizeof value);
        return ERR_OK;
    }
    char *end = NULL;
    unsigned long long n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || n < o->min || n > o->max)
        return err_noted(ERR_USAGE, note, "%s %s: wanted a number from %u to %u", o->name, value, o->min,
                         o->max);
    uint32_t number = (uint32_t)n;
    memcpy(field, &number, sizeof number);
    return ERR_OK;
}

enum err enclave_options_parse(int argc, char **argv, struct enclave_options *options, struct err_note *note)
{
    *options = (struct enclave_options){
        .listen = "tcp:127.0.0.1:7878",
        .slots = 4,
        .queue = 64,
        .connections = 10000,
        .idle_seconds = 3600,
        .handshake_seconds = 20,
        .grace_seconds = 10,
    };
    for (int i = 1; i < argc; i++) {
        const struct option *o = NULL;
        for (size_t k = 0; k < OPTION_COUNT && o == NULL; k++)
            if (strcmp(argv[i], options_table[k].name) == 0)
                o = &options_table[k];
        if (o == NULL)
            return err_noted(ERR_USAGE, note, "%s: there is no such option", argv[i]);
        if (o->kind == SWITCH) {
            *((bool *)((char *)options + o->offset)) = true;
            return ERR_OK;
        }
        if (i + 1 == argc)
            return err_noted(ERR_USAGE, note, "%s: wants %s after it", o->name, o->argument);
        enum err e = take(o, argv[++i], options, note);
        if (e != ERR_OK)
            return e;
    }
    if (options->model == NULL)
        return err_noted(ERR_USAGE, note, "--model: is required");
    if (options->evidence == NULL)
        return err_noted(ERR_USAGE, note, "--evidence: is required");
    return ERR_OK;
}

void enclave_options_help(void)
{
    (void)puts("Usage: enclumed --model FILE --evidence SOURCE [OPTION VALUE]...\n"
               "\n"
               "The enclave of Enclume: answers prompts that arrive over attested Noise channels, and\n"
               "keeps nothing. It runs where a platform launches and measures it; on a machine without\n"
               "SEV-SNP or TDX that is enclume-simulator(1):\n"
               "\n"
               "    enclume-simulator --root-out root.pem -- enclumed --model m.gguf --evidence simulated\n"
               "\n"
               "The command line is all of the configuration, and it is part of what is measured.\n");
    for (size_t k = 0; k < OPTION_COUNT; k++)
        (void)printf("  %-19s %-8s %s\n", options_table[k].name, options_table[k].argument,
                     options_table[k].help);
}
