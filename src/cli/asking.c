/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/asking.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "cli/wrap.h"
#include "client/dial.h"

struct asking {
    const struct asking_options *options;
    struct policy_holder holder;
    struct client *client;
    struct conversation conversation;
    struct markdown markdown;
    struct wrap wrap;
    struct secret_buffer clean; /* a piece of the answer without control characters */
    bool to_terminal;
    bool styled; /* Markdown is shown as what it means */
    bool said;   /* what was verified has been shown */
    bool waiting;
    enum err out_of_memory;
    double asked_at, first_at; /* seconds of the monotonic clock */
};

/* ---- Ctrl-C ---- */

/* The client whose answer Ctrl-C stops; NULL while none is awaited. */
static struct client *volatile asked;
static volatile sig_atomic_t interrupts;

static void on_interrupt(int number)
{
    struct client *c = asked;
    (void)number;
    interrupts++;
    if (c != NULL)
        client_cancel(c);
}

void asking_catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = on_interrupt}; /* without SA_RESTART: it also ends a read */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
}

unsigned asking_interrupts(void)
{
    unsigned n = (unsigned)interrupts;
    interrupts = 0;
    return n;
}

void asking_forget(const char *argument)
{
    secret_wipe(bytes_owned(bytes_str(argument)), strlen(argument));
}

/* ---- the answer ---- */

enum { OUT_SIZE = 16 * 1024 };

/* What goes to standard output rests in stdio's buffer: one of ours, in secret memory, until the end of the program. */
static uint8_t *out_buffer;

static enum err open_output(void)
{
    if (out_buffer == NULL)
        out_buffer = secret_alloc(OUT_SIZE);
    return out_buffer != NULL && setvbuf(stdout, (char *)out_buffer, _IOFBF, OUT_SIZE) == 0 ? ERR_OK
                                                                                            : ERR_MEMORY;
}

static void wipe_output(void)
{
    if (fflush(stdout) == 0)
        secret_wipe(out_buffer, OUT_SIZE);
}

static double clock_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void write_out(void *owner, struct bytes text)
{
    (void)owner;
    (void)fwrite(text.ptr, 1, text.len, stdout);
}

static void write_wrapped(void *owner, struct bytes text)
{
    struct asking *a = owner;
    wrap_text(&a->wrap, text, markdown_keeps_lines(&a->markdown));
}

static void show_styled(struct asking *a, struct bytes text)
{
    a->clean.len = 0;
    enum err e = terminal_clean(&a->clean, text);
    if (e != ERR_OK)
        a->out_of_memory = e;
    markdown_text(&a->markdown, secret_buffer_bytes(&a->clean));
    (void)fflush(stdout);
}

static void on_text(void *owner, struct bytes text)
{
    struct asking *a = owner;
    if (a->waiting) {
        progress_end();
        a->first_at = clock_now();
    }
    a->waiting = false;
    if (a->styled)
        show_styled(a, text);
    else if (!a->options->json)
        terminal_write(stdout, text, a->to_terminal);
    enum err e = conversation_answer(&a->conversation, text);
    if (e != ERR_OK)
        a->out_of_memory = e;
}

static void on_progress(void *owner, uint32_t processed, uint32_t total)
{
    (void)owner;
    progress_amount(processed, total);
}

static void say_speed(const struct asking *a, const struct chat_usage *usage)
{
    double end = clock_now();
    double reading = a->first_at - a->asked_at;
    double writing = end - a->first_at;
    if (a->first_at < a->asked_at || usage->completion_tokens == 0)
        return;
    (void)fprintf(stderr,
                  "[%u tokens of prompt, the first word after %.2f s; %u tokens in %.2f s, %.1f a second]\n",
                  usage->prompt_tokens, reading, usage->completion_tokens, writing,
                  writing > 0 ? (double)usage->completion_tokens / writing : 0.0);
}

enum err asking_ask(struct asking *a, struct client_answer *answer, struct err_note *note)
{
    const struct asking_options *o = a->options;
    struct chat_request request = {
        .message_count = a->conversation.count,
        .messages = a->conversation.messages,
        .sampling = {.temperature = o->temperature,
                     .top_p = o->top_p,
                     .repeat_penalty = 1,
                     .has_seed = o->seed != ASKING_NO_SEED,
                     .seed = o->seed},
        .max_tokens = o->max_tokens,
        .stop_count = o->stops.count,
    };
    for (size_t i = 0; i < o->stops.count; i++)
        request.stops[i] = bytes_str(o->stops.items[i]);
    markdown_begin(&a->markdown, write_wrapped, a);
    wrap_begin(&a->wrap, terminal_columns(stdout), write_out, a);
    a->waiting = true;
    a->asked_at = clock_now();
    a->first_at = 0;
    progress_begin("the enclave reads your prompt");
    asked = a->client;
    enum err e = client_ask(a->client, &request, on_text, a, answer, note);
    asked = NULL;
    progress_end();
    if (a->styled) {
        markdown_end(&a->markdown);
        wrap_end(&a->wrap);
    }
    secret_wipe(&a->markdown, sizeof a->markdown);
    secret_wipe(&a->wrap, sizeof a->wrap);
    secret_buffer_release(&a->clean);
    wipe_output();
    secret_wipe_stack();
    if (e == ERR_OK && o->verbose && !o->json) {
        (void)fflush(stdout);
        (void)fputc('\n', stderr);
        say_speed(a, &answer->usage);
    }
    return e == ERR_OK ? a->out_of_memory : e;
}

/* ---- the connection ---- */

static enum err save_evidence(const struct asking *a, struct err_note *note)
{
    struct bytes evidence = client_evidence(a->client);
    if (a->options->save_evidence == NULL || evidence.len == 0)
        return ERR_OK;
    return file_write(a->options->save_evidence, evidence, note);
}

/* Before the first prompt is read from the user, let alone sent. */
enum err asking_connect(struct asking *a, struct err_note *note)
{
    struct err_note file_note = {0};
    progress_begin("connecting and verifying");
    asked = a->client;
    enum err e = client_connect(a->client, note);
    asked = NULL;
    progress_end();
    enum err saved = save_evidence(a, &file_note);
    if (saved != ERR_OK && e == ERR_OK)
        e = err_noted(saved, note, "%s", file_note.text);
    if (e == ERR_REFUSED && client_verdict(a->client) != NULL)
        words_refused(stderr, client_verdict(a->client), a->options->connect);
    else if (e != ERR_OK && saved == ERR_OK) {
        const struct err_note why = *note;
        e = err_noted(e, note, "%.230s. Nothing was sent.",
                      why.text[0] != '\0' ? why.text : "no channel was made");
    }
    if (e == ERR_OK && !a->options->quiet && !a->said)
        words_verified(stderr, a->client, a->options->connect);
    else if (e == ERR_OK && !a->said && client_verdict(a->client)->simulated)
        words_simulated(stderr);
    a->said = true;
    return e;
}

/* ---- one question ---- */

void asking_say_cut(const struct asking *a, const struct client_answer *answer)
{
    if (answer->finish != CHAT_FINISH_LENGTH || a->options->quiet || a->options->json)
        return;
    (void)fflush(stdout);
    (void)fputs(a->options->max_tokens != 0 && answer->usage.completion_tokens >= a->options->max_tokens
                    ? "[cut off here by --max-tokens]\n"
                    : "[cut off here: the model's context is full]\n",
                stderr);
}

/* answer: NULL when the enclave was refused. */
static int print_json(struct asking *a, const struct client_answer *answer)
{
    char *verdict = verdict_json(client_verdict(a->client));
    char *completion = answer == NULL ? NULL
                                      : chat_answer(secret_buffer_bytes(&a->conversation.answer),
                                                    answer->finish, &answer->usage);
    bool fine = verdict != NULL && (completion != NULL || answer == NULL);
    if (fine) {
        (void)fputs("{\"answer\":", stdout);
        terminal_write(stdout, bytes_str(answer == NULL ? "null" : completion), a->to_terminal);
        (void)printf(",\"verdict\":%s}\n", verdict);
    }
    secret_free(verdict);
    secret_free(completion);
    wipe_output();
    return fine ? 0 : cli_fail(ERR_MEMORY, NULL);
}

int asking_once(struct asking *a)
{
    struct err_note note = {0};
    struct client_answer answer = {0};
    enum err e = asking_connect(a, &note);
    if (e == ERR_OK)
        e = asking_ask(a, &answer, &note);
    if (e == ERR_OK && a->options->json)
        return print_json(a, &answer);
    const struct verdict *verdict = client_verdict(a->client);
    if (e == ERR_REFUSED && a->options->json && verdict != NULL && !verdict->accepted)
        (void)print_json(a, NULL);
    if (!a->options->json && a->conversation.answer.len != 0 && !a->options->verbose)
        (void)putchar('\n');
    if (e == ERR_OK)
        asking_say_cut(a, &answer);
    return e == ERR_OK ? 0 : cli_fail(e, &note);
}

/* ---- */

struct conversation *asking_conversation(struct asking *a)
{
    return &a->conversation;
}

const struct client *asking_client(const struct asking *a)
{
    return a->client;
}

/* A terminal that is dumb, or a person who wants no colours (no-color.org), gets the text as it is. */
static bool wants_style(const struct asking *a)
{
    const char *term = getenv("TERM");         // NOLINT(concurrency-mt-unsafe): there is one thread
    const char *no_color = getenv("NO_COLOR"); // NOLINT(concurrency-mt-unsafe)
    bool dumb = term == NULL || strcmp(term, "dumb") == 0;
    return a->to_terminal && !dumb && (no_color == NULL || no_color[0] == '\0') && !a->options->plain &&
           !a->options->json;
}

enum err asking_open(const struct asking_options *options, struct asking **out, struct err_note *note)
{
    *out = NULL;
    if (options->stops.count > CHAT_STOPS_MAX)
        return err_noted(ERR_USAGE, note, "--stop: at most %d", CHAT_STOPS_MAX);
    struct asking *a = secret_alloc(sizeof *a);
    if (a == NULL)
        return ERR_MEMORY;
    a->options = options;
    struct err_note why = {{0}};
    enum err e = policy_options_wanted(&options->policy, note);
    if (e == ERR_OK && dial_check(options->connect, &why) != ERR_OK)
        e = err_noted(ERR_USAGE, note, "--connect %s", why.text);
    if (e == ERR_OK)
        e = open_output();
    if (e == ERR_OK)
        e = policy_options_load(&options->policy, &a->holder, note);
    if (e == ERR_OK) {
        const struct client_options client = {
            .address = options->connect,
            .policy = &a->holder.policy,
            .max_age = options->max_age != 0 ? (int64_t)options->max_age : a->holder.max_age,
            .remember = options->remember,
            .on_progress = isatty(STDERR_FILENO) == 1 ? on_progress : NULL,
        };
        e = client_new(&client, &a->client, note);
    }
    if (e == ERR_OK && options->system != NULL)
        e = conversation_add(&a->conversation, CHAT_SYSTEM, bytes_str(options->system));
    if (options->system != NULL)
        asking_forget(options->system);
    if (e != ERR_OK) {
        asking_close(a);
        return e;
    }
    a->to_terminal = isatty(STDOUT_FILENO) == 1;
    a->styled = wants_style(a);
    terminal_know_widths();
    asking_catch_interrupt();
    *out = a;
    return ERR_OK;
}

void asking_close(struct asking *a)
{
    if (a == NULL)
        return;
    client_free(a->client);
    conversation_wipe(&a->conversation);
    secret_buffer_release(&a->clean);
    policy_holder_release(&a->holder);
    secret_free(a);
}
