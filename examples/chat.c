/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks an enclave one question, after verifying it.
 *
 *     cc chat.c $(pkg-config --cflags --libs enclume) -o chat
 *     ./chat enclave.example:4443 MEASUREMENT "Why is the sky blue?"
 */
#include <enclume.h>

#include <signal.h>
#include <stdio.h>

static struct enclume_client *client;

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

int main(int argc, char **argv)
{
    struct enclume_policy *policy = NULL;
    struct enclume_usage usage;
    char note[ENCLUME_NOTE_SIZE] = "";
    if (argc != 4) {
        (void)fprintf(stderr, "usage: chat ADDRESS MEASUREMENT QUESTION\n");
        return ENCLUME_CLASS_USAGE;
    }
    const struct enclume_message question = {"user", argv[3]};
    int e = enclume_policy_new(&policy);
    if (e == ENCLUME_OK)
        e = enclume_policy_add_measurement(policy, argv[2]);
    if (e == ENCLUME_OK)
        e = enclume_client_new(argv[1], policy, &client, note);
    (void)signal(SIGINT, client == NULL ? SIG_DFL : on_interrupt);
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
