/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "cli/asking.h"
#include "cli/cli.h"

struct ask_options {
    struct asking_options asking;
};

static const struct option table[] = {ASKING_OPTION_ROWS(struct ask_options, asking), {0}};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume ask [OPTION]... QUESTION [< DOCUMENT]\n"
        "\n"
        "Asks one question, about the document on standard input if there is one, and prints the answer "
        "and nothing else on standard output. The enclave is verified first; if it is refused, nothing is "
        "sent.\n"
        "\n"
        "    enclume ask --policy policy.json \"Summarise this.\" < report.txt\n"
        "    git diff | enclume ask --policy policy.json \"What can go wrong?\" | less\n"
        "\n");
    options_help(table);
    fold_help(stdout,
              "\n"
              "Exit codes: 0 answered, 1 refused by verification, 2 wrong use, 3 network, 4 the enclave's "
              "error.");
}

/* What is typed at a terminal is no document: then there is only the question. */
static enum err read_document(struct bytes *document, struct err_note *note)
{
    *document = (struct bytes){0};
    if (isatty(STDIN_FILENO) == 1)
        return ERR_OK;
    enum err e = file_read("-", CHAT_REQUEST_MAX / 2, document, note);
    if (e == ERR_OK && !encoding_is_utf8(*document))
        e = err_noted(ERR_ENCODING, note, "standard input: this is no text in UTF-8");
    return e;
}

/* The document first: models follow what stands last. */
static enum err add_question(struct conversation *c, struct bytes document, const char *question)
{
    struct secret_buffer text = {0};
    enum err e = secret_buffer_append(&text, document, CHAT_REQUEST_MAX);
    if (e == ERR_OK && document.len != 0)
        e = secret_buffer_append(&text, bytes_str("\n\n"), CHAT_REQUEST_MAX);
    if (e == ERR_OK)
        e = secret_buffer_append(&text, bytes_str(question), CHAT_REQUEST_MAX);
    if (e == ERR_OK)
        e = conversation_add(c, CHAT_USER, secret_buffer_bytes(&text));
    secret_buffer_release(&text);
    return e;
}

int cli_ask(int argc, char **argv)
{
    struct ask_options o = {.asking = ASKING_OPTIONS_DEFAULT};
    struct option_list operands;
    struct err_note note = {0};
    struct bytes document = {0};
    struct asking *a = NULL;

    enum err e = options_parse(table, argc - 1, argv + 1, &o, &operands, &note);
    if (e == ERR_OK && o.asking.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && (operands.count != 1 || operands.items[0][0] == '\0'))
        e = err_noted(ERR_USAGE, &note, "wanted one question; put it in quotes");
    if (e == ERR_OK)
        e = asking_open(&o.asking, &a, &note);
    if (e == ERR_USAGE)
        return cli_usage("ask", &note);
    if (e == ERR_OK)
        e = read_document(&document, &note);
    if (e == ERR_OK)
        e = add_question(asking_conversation(a), document, operands.items[0]);
    if (operands.count != 0)
        asking_forget(operands.items[0]);
    secret_free(bytes_owned(document));
    int code = e == ERR_OK ? asking_once(a) : cli_fail(e, &note);
    asking_close(a);
    return code;
}
