/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks an enclave one question, after verifying it.
 *
 *     cc chat.c $(pkg-config --cflags --libs enclume) -o chat
 *     ./chat enclave.example:7878 policy.json "Why is the sky blue?"
 *
 * The policy says what is acceptable (docs/policy.md). For the simulated platform:
 *
 *     enclume policy show --measurement HEX --trust-simulated root.pem > policy.json
 */
#include <enclume.h>

#include <signal.h>
#include <stdio.h>

static struct enclume_client *client;
static char policy_text[ENCLUME_POLICY_SIZE_MAX + 1];

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    enclume_client_cancel(client);
}

static void print(void *owner, const char *text, size_t size)
{
    FILE *out = (FILE *)owner;
    (void)fwrite(text, 1, size, out);
    (void)fflush(out);
}

static size_t load(const char *path)
{
    size_t n = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 0;
    }
    n = fread(policy_text, 1, sizeof policy_text, file);
    (void)fclose(file);
    return n;
}

/* People should see what an answer rests on. After a refusal the verdict is the reason. */
static void say_verdict(void)
{
    struct enclume_verdict *verdict = enclume_client_verdict(client);
    char *text = enclume_verdict_text(verdict, 0);
    if (enclume_verdict_accepted(verdict))
        (void)fprintf(stderr, "%s\n\n",
                      enclume_verdict_simulated(verdict) ? "SIMULATED: this proves nothing" : "Verified");
    else if (text != NULL)
        (void)fputs(text, stderr);
    enclume_string_free(text);
    enclume_verdict_free(verdict);
}

int main(int argc, char **argv)
{
    struct enclume_policy *policy = NULL;
    struct enclume_usage usage;
    char note[ENCLUME_NOTE_SIZE] = "";
    if (argc != 4) {
        (void)fprintf(stderr, "usage: chat ADDRESS POLICY QUESTION\n");
        return ENCLUME_CLASS_USAGE;
    }
    const struct enclume_message question = {"user", argv[3]};
    int e = enclume_policy_from_json(policy_text, load(argv[2]), &policy, note);
    if (e == ENCLUME_OK)
        e = enclume_client_new(argv[1], policy, &client, note);
    (void)signal(SIGINT, client == NULL ? SIG_DFL : on_interrupt);
    if (e == ENCLUME_OK) {
        e = enclume_client_connect(client, note);
        say_verdict();
    }
    if (e == ENCLUME_OK)
        e = enclume_client_chat(client, &question, 1, NULL, print, stdout, &usage, note);
    (void)signal(SIGINT, SIG_DFL);
    if (e == ENCLUME_OK)
        (void)fprintf(stderr, "\n(%u tokens)\n", (unsigned)usage.completion_tokens);
    else
        (void)fprintf(stderr, "chat: %s%s%s\n", enclume_error_text(e), note[0] != '\0' ? ": " : "", note);
    enclume_client_free(client);
    enclume_policy_free(policy);
    return (int)enclume_error_class(e);
}
