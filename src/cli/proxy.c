/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/proxy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/secret.h"
#include "cli/cli.h"
#include "cli/policy_options.h"
#include "cli/proxy_unit.h"
#include "cli/words.h"
#include "client/dial.h"
#include "proxy/token.h"

struct proxy_command {
    struct policy_options policy;
    const char *connect;
    const char *listen;
    const char *token_file;
    struct option_list origins;
    uint32_t max_age;
    uint32_t connections;
    uint32_t request_seconds;
    bool no_token;
    bool install;
    bool uninstall;
    bool help;
};

#define AT(field)    offsetof(struct proxy_command, field)
#define DIAL_THREADS "16" /* one for each endpoint that may be dialled at once */

static const struct option table[] = {
    {"--connect", OPTION_TEXT, AT(connect), 0, 0, "ADDRESS[,ADDRESS]...",
     "the enclaves, in the order in which they are preferred: HOST:PORT, unix:PATH or vsock:CID:PORT. "
     "Default "
     "127.0.0.1:7878"},
    {"--listen", OPTION_TEXT, AT(listen), 0, 0, "ADDRESS:PORT",
     "where programs ask; an address of this machine alone. Port 0: any free one. Default 127.0.0.1:8787"},
    POLICY_OPTION_ROWS(struct proxy_command, policy),
    {"--max-age", OPTION_NUMBER, AT(max_age), 1, POLICY_AGE_MAX, "SECONDS",
     "ask for new evidence when the last is older. Default: as in the policy, or 3600"},
    {"--token-file", OPTION_TEXT, AT(token_file), 0, 0, "FILE",
     "the token that programs must show, made if the file is not there. Default: a new one at each start, "
     "shown once"},
    {"--no-token", OPTION_SWITCH, AT(no_token), 0, 0, NULL,
     "let every program of every user of this machine ask"},
    {"--allow-origin", OPTION_LIST, AT(origins), 0, 0, "ORIGIN",
     "let web pages of this origin ask too, such as https://app.example; may be repeated"},
    {"--max-connections", OPTION_NUMBER, AT(connections), 1, 65536, "N", "of programs at once. Default 256"},
    {"--request-timeout", OPTION_NUMBER, AT(request_seconds), 1, 3600, "SECONDS",
     "give up on a program that does not send its request in this time. Default 20"},
    {"--install", OPTION_SWITCH, AT(install), 0, 0, NULL,
     "write a systemd user unit that starts the proxy with these options, and start nothing"},
    {"--uninstall", OPTION_SWITCH, AT(uninstall), 0, 0, NULL, "remove that unit"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {0},
};

static void help(void)
{
    fold_help(
        stdout,
        "Usage: enclume proxy [OPTION]...\n"
        "\n"
        "Any program that speaks the OpenAI API (or Anthropic's) can use a verified enclave: give it the "
        "address and the token that this command says. Each enclave is verified first, and again when it "
        "changes or its evidence grows old. While none is verified, programs get an error (502) with the "
        "reason, and what they sent stays on this machine. What is verified right now is shown at "
        "http://127.0.0.1:8787/enclume/.\n"
        "\n"
        "    enclume proxy --connect vm1.example:7878,vm2.example:7878 \\\n"
        "        --policy policy.json\n"
        "\n");
    options_help(table);
    fold_help(
        stdout,
        "\n"
        "Exit codes: 0 stopped, 2 wrong use, 3 the address cannot be listened on, 4 this machine failed.");
}

/* ---- what is said ---- */

struct said {
    const struct proxy_command *command;
    struct bytes token;
};

static void say_listening(void *owner, const char *address, uint16_t port, struct bytes key)
{
    const struct said *s = owner;
    const char *open = strchr(address, ':') != NULL ? "[" : "";
    const char *close = open[0] != '\0' ? "]" : "";
    (void)printf("The proxy listens. Give your programs:\n"
                 "  base_url  http://%s%s%s:%u/v1 (OpenAI), http://%s%s%s:%u (Anthropic)\n",
                 open, address, close, (unsigned)port, open, address, close, (unsigned)port);
    if (s->command->no_token)
        (void)puts("  api_key   anything: --no-token lets every program of every user of this machine ask");
    else if (s->command->token_file != NULL)
        (void)printf("  api_key   what stands in %s\n", s->command->token_file);
    else
        (void)printf("  api_key   %.*s (for this run; shown only now)\n", (int)s->token.len,
                     (const char *)s->token.ptr);
    /* A journal keeps what it is told: a link is only for a person who looks. */
    if (key.len != 0 && isatty(STDOUT_FILENO) == 1)
        (void)printf("  status    http://%s%s%s:%u/enclume/open?key=%.*s (works once; later /enclume/ asks "
                     "for the token)\n",
                     open, address, close, (unsigned)port, (int)key.len, (const char *)key.ptr);
    else
        (void)printf("  status    http://%s%s%s:%u/enclume/\n", open, address, close, (unsigned)port);
    (void)puts("");
    (void)fflush(stdout);
}

static void say_changed(void *owner, const struct proxy_news *news)
{
    (void)owner;
    switch (news->state) {
    case PROXY_VERIFIED:
        words_verified_verdict(stderr, news->verdict, news->fresh, news->address);
        break;
    case PROXY_REFUSED:
        words_refused(stderr, news->verdict, news->address);
        (void)fputs("Programs get an error while no enclave is verified. It is tried again.\n\n", stderr);
        break;
    case PROXY_UNREACHABLE:
        (void)fprintf(stderr, "Not reached: %s. It is tried again.\n", news->why);
        break;
    case PROXY_TRYING:
        (void)fprintf(stderr, "The connection to %s has ended; it is made, and verified, anew.\n",
                      news->address);
        break;
    }
}

/* ---- what was asked ---- */

/* A,B,C into its parts; text is cut. */
static enum err split_endpoints(char *text, struct proxy_options *o, struct err_note *note)
{
    for (char *at = text; at != NULL;) {
        char *comma = strchr(at, ',');
        if (comma != NULL)
            *comma = '\0';
        if (*at == '\0')
            return err_noted(ERR_USAGE, note, "--connect: an address is empty");
        if (o->endpoint_count == PROXY_ENDPOINTS_MAX)
            return err_noted(ERR_USAGE, note, "--connect: at most %d addresses", PROXY_ENDPOINTS_MAX);
        struct err_note why = {{0}};
        if (dial_check(at, &why) != ERR_OK)
            return err_noted(ERR_USAGE, note, "--connect %s", why.text);
        o->endpoints[o->endpoint_count++] = at;
        at = comma == NULL ? NULL : comma + 1;
    }
    return ERR_OK;
}

static enum err take_origins(const struct proxy_command *c, struct proxy_options *o, struct err_note *note)
{
    if (c->origins.count > GUARD_ORIGINS_MAX)
        return err_noted(ERR_USAGE, note, "--allow-origin: at most %d", GUARD_ORIGINS_MAX);
    for (size_t i = 0; i < c->origins.count; i++) {
        if (!guard_is_origin(c->origins.items[i]))
            return err_noted(ERR_USAGE, note, "--allow-origin %s: wanted scheme://host[:port]",
                             c->origins.items[i]);
        o->origins[o->origin_count++] = c->origins.items[i];
    }
    return ERR_OK;
}

static enum err take_token(const struct proxy_command *c, struct bytes *token, struct err_note *note)
{
    bool made = false;
    if (c->no_token && c->token_file != NULL)
        return err_noted(ERR_USAGE, note, "--no-token and --token-file exclude each other");
    if (c->no_token)
        return ERR_OK;
    if (c->token_file == NULL)
        return token_new(token);
    enum err e = token_file(c->token_file, token, &made, note);
    if (e == ERR_OK && made)
        (void)printf("Made a new token in %s, for you alone to read.\n", c->token_file);
    return e;
}

/* Prompts pass through this process: no core files, and no other process of this user may look into it. */
static void protect_process(void)
{
    const struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setenv("UV_THREADPOOL_SIZE", DIAL_THREADS, 0); // before libuv's first work
}

/* The unit gets these arguments, and a token that outlasts a run. */
static enum err install(const struct proxy_command *c, int argc, char **argv, struct err_note *note)
{
    static char token[PROXY_UNIT_PATH_MAX];
    struct option_list arguments = {.count = 0};
    enum err e = ERR_OK;
    if (argc + 2 > OPTION_LIST_MAX)
        return err_noted(ERR_USAGE, note, "too many options for a unit");
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--install") != 0)
            arguments.items[arguments.count++] = argv[i];
    if (!c->no_token && c->token_file == NULL) {
        e = proxy_unit_config_path("enclume/token", token, note);
        arguments.items[arguments.count++] = "--token-file";
        arguments.items[arguments.count++] = token;
    }
    if (e == ERR_OK)
        e = proxy_unit_install(&arguments, note);
    if (e == ERR_OK && !c->no_token)
        (void)printf("The token, api_key for your programs, is in %s; it is made at the first start.\n",
                     c->token_file != NULL ? c->token_file : token);
    return e;
}

static enum err run(const struct proxy_command *c, const struct policy_holder *holder, char *endpoints,
                    struct err_note *note)
{
    struct said said = {.command = c};
    struct proxy_options o = {
        .listen = c->listen,
        .policy = &holder->policy,
        .max_age = c->max_age != 0 ? (int64_t)c->max_age : holder->max_age,
        .wants_token = !c->no_token,
        .connections = c->connections,
        .request_seconds = c->request_seconds,
        .listening = say_listening,
        .changed = say_changed,
        .owner = &said,
    };
    enum err e = split_endpoints(endpoints, &o, note);
    if (e == ERR_OK)
        e = take_origins(c, &o, note);
    if (e == ERR_OK)
        e = take_token(c, &o.token, note);
    said.token = o.token;
    if (e == ERR_OK)
        e = proxy_run(&o, note);
    secret_free(bytes_owned(o.token));
    return e;
}

int cli_proxy(int argc, char **argv)
{
    struct proxy_command c = {
        .connect = "127.0.0.1:7878", .listen = "127.0.0.1:8787", .connections = 256, .request_seconds = 20};
    struct option_list operands;
    struct err_note note = {0};
    struct policy_holder holder = {0};
    char host[64];
    uint16_t port = 0;

    enum err e = options_parse(table, argc - 1, argv + 1, &c, &operands, &note);
    if (e == ERR_OK && c.help) {
        help();
        return 0;
    }
    if (e == ERR_OK && operands.count != 0)
        e = err_noted(ERR_USAGE, &note, "%s: there is nothing to be given but options", operands.items[0]);
    if (e == ERR_OK && c.uninstall) {
        e = proxy_unit_uninstall(&note);
        return e == ERR_OK ? 0 : cli_fail(e, &note);
    }
    if (e == ERR_OK)
        e = guard_listen_address(c.listen, host, &port, &note);
    if (e == ERR_OK)
        e = policy_options_wanted(&c.policy, &note);
    if (e == ERR_OK)
        e = policy_options_load(&c.policy, &holder, &note);
    char *endpoints = e == ERR_OK ? strdup(c.connect) : NULL;
    if (e == ERR_OK && endpoints == NULL)
        e = ERR_MEMORY;
    if (e == ERR_OK && c.install) {
        struct proxy_options unused = {.endpoint_count = 0};
        e = split_endpoints(endpoints, &unused, &note);
        if (e == ERR_OK)
            e = install(&c, argc, argv, &note);
    } else if (e == ERR_OK) {
        protect_process();
        e = run(&c, &holder, endpoints, &note);
    }
    free(endpoints);
    policy_holder_release(&holder);
    return cli_end("proxy", e, &note);
}
