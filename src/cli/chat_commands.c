/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/fold.h"
#include "base/secret.h"
#include "cli/chat.h"
#include "cli/cli.h"
#include "cli/verdict_print.h"
#include "cli/words.h"

enum { PATH_SIZE = 4096 };

static void say(const char *text)
{
    fold_text(stderr, text, 0, 0, fold_width(stderr, FOLD_NEVER));
}

static void verify(struct chat *c, const char *unused)
{
    const struct verdict *v = client_verdict(asking_client(c->asking));
    (void)unused;
    if (v == NULL)
        return;
    words_verified(stderr, asking_client(c->asking), c->options->connect);
    if (verdict_print_text(stderr, v, false) != ERR_OK)
        (void)cli_fail(ERR_MEMORY, NULL);
}

static void model(struct chat *c, const char *unused)
{
    const struct verdict *v = client_verdict(asking_client(c->asking));
    char hex[ENCODING_HEX_SIZE(32)];
    (void)unused;
    if (v == NULL)
        return;
    encoding_hex(bytes_of(v->claims.model_digest, sizeof v->claims.model_digest), hex);
    char text[128];
    (void)snprintf(text, sizeof text, "%s, by its own name; its weights have the SHA-256",
                   v->claims.model_name);
    say(text);
    (void)fprintf(stderr, "%s\n", hex);
    say(c->options->policy.models.count != 0
            ? "That digest is one that you asked for (--model-digest)."
            : "That digest is covered by the chip's signature. --model-digest "
              "would accept no other.");
}

static void clear(struct chat *c, const char *unused)
{
    (void)unused;
    conversation_restart(asking_conversation(c->asking));
    secret_buffer_release(&c->files);
    if (!c->keeps_history)
        history_wipe(&c->history);
    say("The conversation is forgotten.");
}

static void quit(struct chat *c, const char *unused)
{
    (void)unused;
    c->leaving = true;
}

/* ---- files ---- */

static enum err add_file(struct chat *c, const char *path, struct bytes content)
{
    static const char *const around[] = {"File ", ":\n\n", "\n\n"};
    const struct bytes parts[] = {bytes_str(around[0]), bytes_str(path), bytes_str(around[1]), content,
                                  bytes_str(around[2])};
    size_t before = c->files.len;
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof parts / sizeof parts[0]; i++)
        e = secret_buffer_append(&c->files, parts[i], CHAT_FILES_MAX);
    if (e != ERR_OK)
        c->files.len = before;
    return e;
}

static void attach(struct chat *c, const char *path)
{
    struct err_note note = {0};
    struct bytes content = {0};
    enum err e = strcmp(path, "-") == 0 ? err_noted(ERR_USAGE, &note, "/file: wanted the name of a file")
                                        : file_read(path, CHAT_FILES_MAX, &content, &note);
    if (e == ERR_OK && !encoding_is_utf8(content))
        e = err_noted(ERR_ENCODING, &note, "%.200s: this is no text in UTF-8", path);
    if (e == ERR_OK)
        e = add_file(c, path, content);
    if (e == ERR_OK)
        (void)fprintf(stderr, "%zu bytes will go with your next question.\n", content.len);
    else
        (void)cli_fail(e, &note);
    secret_free(bytes_owned(content));
}

static enum err compose(const struct conversation *conversation, struct secret_buffer *out)
{
    static const char *const headings[CHAT_ROLE_COUNT] = {[CHAT_SYSTEM] = "## Instructions\n\n",
                                                          [CHAT_USER] = "## Question\n\n",
                                                          [CHAT_ASSISTANT] = "## Answer\n\n"};
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < conversation->count; i++) {
        const struct chat_message *m = &conversation->messages[i];
        e = secret_buffer_append(out, bytes_str(headings[m->role]), SIZE_MAX / 4);
        if (e == ERR_OK)
            e = secret_buffer_append(out, m->content, SIZE_MAX / 4);
        if (e == ERR_OK)
            e = secret_buffer_append(out, bytes_str("\n\n"), SIZE_MAX / 4);
    }
    return e;
}

/* Nothing that is there already is replaced: a slip of the keys must not cost a file. */
static void save(struct chat *c, const char *path)
{
    struct err_note note = {0};
    struct secret_buffer text = {0};
    enum err e = compose(asking_conversation(c->asking), &text);
    if (e == ERR_OK && access(path, F_OK) == 0)
        e = err_noted(ERR_FILE, &note, "%.200s is there already", path);
    if (e == ERR_OK)
        e = file_write(path, secret_buffer_bytes(&text), &note);
    secret_buffer_release(&text);
    if (e == ERR_OK)
        say("Saved, in the clear and readable by you alone.");
    else
        (void)cli_fail(e, &note);
}

/* ---- the table ---- */

static void help(struct chat *c, const char *unused);

static const struct command {
    const char *name;
    const char *argument; /* NULL: none */
    void (*run)(struct chat *c, const char *argument);
    const char *help; /* NULL: another name for the one before */
} commands[] = {
    {"/verify", NULL, verify, "what was verified, and every check that was made"},
    {"/model", NULL, model, "which model answers"},
    {"/file", "FILE", attach, "put this file into the next question; may be repeated"},
    {"/save", "FILE", save, "write the conversation to a new file"},
    {"/clear", NULL, clear, "forget this conversation and begin another"},
    {"/new", NULL, clear, NULL},
    {"/help", NULL, help, "this"},
    {"/quit", NULL, quit, "leave (or Ctrl-D)"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static void help(struct chat *c, const char *unused)
{
    (void)c;
    (void)unused;
    enum { COLUMN = 16 };
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (commands[i].help != NULL) {
            (void)fprintf(stderr, "  %-7s %-5s ", commands[i].name,
                          commands[i].argument != NULL ? commands[i].argument : "");
            fold_text(stderr, commands[i].help, COLUMN, COLUMN, fold_width(stderr, FOLD_NEVER));
        }
    say("Ctrl-C stops an answer, and leaves when pressed twice. Alt-Enter begins a new line; a line that "
        "begins with a blank is no command.");
}

static void run(struct chat *c, const struct command *command, struct bytes argument)
{
    char text[PATH_SIZE];
    if ((argument.len != 0) != (command->argument != NULL) || argument.len >= sizeof text ||
        memchr(argument.ptr, '\0', argument.len) != NULL) {
        (void)fprintf(stderr, "%s %s\n", command->name,
                      command->argument != NULL ? "wants the name of a file." : "stands alone.");
        return;
    }
    memcpy(text, argument.ptr, argument.len);
    text[argument.len] = '\0';
    command->run(c, text);
}

bool chat_command(struct chat *c, struct bytes line)
{
    if (line.len == 0 || line.ptr[0] != '/')
        return false;
    while (line.len > 1 && line.ptr[line.len - 1] == ' ')
        line.len--;
    const uint8_t *blank = memchr(line.ptr, ' ', line.len);
    size_t name = blank != NULL ? (size_t)(blank - line.ptr) : line.len;
    size_t from = name;
    while (from < line.len && line.ptr[from] == ' ')
        from++;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (bytes_is_str(bytes_of(line.ptr, name), commands[i].name)) {
            run(c, &commands[i], bytes_of(line.ptr + from, line.len - from));
            return true;
        }
    /* What may be a slip is not sent: it could be the name of something private. */
    say("There is no such command; /help lists them. Nothing was sent.");
    return true;
}
