/* SPDX-License-Identifier: Apache-2.0 */

/* Asking through libenclume, as an application does: chat only. */

#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <enclume.h>

enum { FILE_MAX = 1 << 20 };

struct enclave_client {
    const struct load_options *options;
    struct enclume_policy *policy;
    struct enclume_client *client;
};

static void must(int e, const char *note)
{
    if (e != ENCLUME_OK)
        load_fail("%s %s", enclume_error_name(e), note);
}

static size_t read_file(const char *path, char *out)
{
    FILE *f = path == NULL ? NULL : fopen(path, "rb");
    if (f == NULL)
        load_fail("--policy and --trust-simulated: a file cannot be read");
    size_t n = fread(out, 1, FILE_MAX, f);
    (void)fclose(f);
    return n;
}

static void *enclave_open(const struct load_options *options)
{
    char note[ENCLUME_NOTE_SIZE] = "";
    char *text = malloc(FILE_MAX);
    struct enclave_client *c = calloc(1, sizeof *c);
    if (c == NULL || text == NULL)
        load_fail("no memory");
    c->options = options;
    must(enclume_policy_from_json(text, read_file(options->policy, text), &c->policy, note), note);
    must(enclume_policy_trust_simulated_root(c->policy, text, read_file(options->root, text)), "");
    free(text);
    must(enclume_client_new(options->enclave, c->policy, &c->client, note), note);
    must(enclume_client_connect(c->client, note), note);
    return c;
}

static void on_text(void *owner, const char *text, size_t size)
{
    load_piece(owner, text, size);
}

static void enclave_ask(void *client, struct load_answer *a)
{
    struct enclave_client *c = client;
    char note[ENCLUME_NOTE_SIZE] = "";
    struct enclume_sampling sampling;
    struct enclume_usage usage;
    char prompt[LOAD_PROMPT_MAX];
    load_prompt(c->options, prompt);
    const struct enclume_message message = {"user", prompt};
    enclume_sampling_init(&sampling);
    sampling.temperature = 0;
    sampling.max_tokens = c->options->max_tokens;
    must(enclume_client_chat(c->client, &message, 1, &sampling, on_text, a, &usage, note), note);
    a->tokens = usage.completion_tokens;
}

static void enclave_close(void *client)
{
    struct enclave_client *c = client;
    enclume_client_free(c->client);
    enclume_policy_free(c->policy);
    free(c);
}

const struct load_way load_enclave = {.open = enclave_open, .ask = enclave_ask, .close = enclave_close};
