/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/options.h"

#include <stdio.h>
#include <string.h>

#include "base/fold.h"
#include "gateway/address.h"

#define AT(field) offsetof(struct gateway_options, field)

enum { LIMIT_MAX = 1000 * 1000 * 1000, SECONDS_MAX = 1 << 24 };

static const struct option table[] = {
    {"--listen", OPTION_LIST, AT(listen), 0, 0, "ADDRESS",
     "tcp:HOST:PORT or unix:PATH (the bytes as they are), tls:HOST:PORT (the same in TLS), ws:HOST:PORT "
     "(WebSocket) or wss:HOST:PORT (the same in TLS); may be repeated. Default tcp:127.0.0.1:7800"},
    {"--reuse-port", OPTION_SWITCH, AT(reuse_port), 0, 0, NULL,
     "let several gateways of one user listen on the same address, all with this option; the kernel spreads "
     "new connections over them. Each has its own limits and its own --metrics. Not with unix:"},
    {"--backend", OPTION_LIST, AT(backends), 0, 0, "ADDRESS",
     "a virtual machine: vsock:CID:PORT, tcp:HOST:PORT or unix:PATH; may be repeated"},
    {"--backends", OPTION_TEXT, AT(backend_file), 0, 0, "FILE",
     "such addresses, a line each, read again at SIGHUP; \"drain\" behind one: no new connections"},
    {"--tls-cert", OPTION_TEXT, AT(tls_cert), 0, 0, "FILE", "certificate chain for tls: and wss:, PEM"},
    {"--tls-key", OPTION_TEXT, AT(tls_key), 0, 0, "FILE", "its key, PEM"},
    {"--tokens", OPTION_TEXT, AT(token_file), 0, 0, "FILE",
     "who may use a WebSocket: SHA-256 digests of tokens, a line each, read again at SIGHUP. Plain byte "
     "streams have no place for a token"},
    {"--origin", OPTION_LIST, AT(origins), 0, 0, "ORIGIN",
     "pages whose scripts may connect, like https://chat.example; may be repeated. Default: any"},
    {"--max-connections", OPTION_NUMBER, AT(connections), 1, 1000000, "N",
     "connections at once. Default 10000"},
    {"--address-connections", OPTION_NUMBER, AT(address_connections), 0, LIMIT_MAX, "N",
     "connections at once from one address (of IPv6: one /64 network); 0: no limit. Default 256"},
    {"--address-rate", OPTION_NUMBER, AT(address_rate), 0, LIMIT_MAX, "N",
     "new connections a second from one address; 0: no limit. Default 50"},
    {"--address-bytes", OPTION_NUMBER, AT(address_bytes), 0, LIMIT_MAX, "N",
     "bytes a second from and to one address; 0: no limit. Default 0"},
    {"--token-connections", OPTION_NUMBER, AT(token_connections), 0, LIMIT_MAX, "N",
     "the same for a token whose line does not say otherwise. Default 64"},
    {"--token-rate", OPTION_NUMBER, AT(token_rate), 0, LIMIT_MAX, "N", "the same. Default 10"},
    {"--token-bytes", OPTION_NUMBER, AT(token_bytes), 0, LIMIT_MAX, "N", "the same. Default 0"},
    {"--greeting-timeout", OPTION_NUMBER, AT(greeting_seconds), 1, 3600, "SECONDS",
     "close a connection whose TLS handshake, request or first byte takes longer. Default 10"},
    {"--connect-timeout", OPTION_NUMBER, AT(connect_seconds), 1, 3600, "SECONDS",
     "wait so long for a backend, then try another. Default 5"},
    {"--idle-timeout", OPTION_NUMBER, AT(idle_seconds), 1, SECONDS_MAX, "SECONDS",
     "close a connection on which nothing moves for so long. Default 3600"},
    {"--stall-timeout", OPTION_NUMBER, AT(stall_seconds), 1, SECONDS_MAX, "SECONDS",
     "close a connection that takes nothing of what waits for it for so long. Default 60"},
    {"--ping", OPTION_NUMBER, AT(ping_seconds), 0, SECONDS_MAX, "SECONDS",
     "ask a silent WebSocket so often whether it is there; 0: never. Default 30"},
    {"--check-interval", OPTION_NUMBER, AT(check_ms), 100, 3600000, "MILLISECONDS",
     "connect to each backend so often, to see whether it answers. Default 1000"},
    {"--grace", OPTION_NUMBER, AT(grace_seconds), 0, 86400, "SECONDS",
     "time for connections when asked to stop. Default 30"},
    {"--metrics", OPTION_TEXT, AT(metrics), 0, 0, "HOST:PORT",
     "answer GET /metrics (Prometheus) and /health here"},
    {"--help", OPTION_SWITCH, AT(help), 0, 0, NULL, "this text"},
    {"--version", OPTION_SWITCH, AT(version), 0, 0, NULL, "the version"},
    {0},
};

static bool listens_by(const struct option_list *listen, const char *prefix)
{
    for (size_t i = 0; i < listen->count; i++)
        if (strncmp(listen->items[i], prefix, strlen(prefix)) == 0)
            return true;
    return false;
}

static enum err check(const struct gateway_options *o, const struct option_list *operands,
                      struct err_note *note)
{
    bool wants_tls = listens_by(&o->listen, "tls:") || listens_by(&o->listen, "wss:");
    bool certified = o->tls_cert != NULL && o->tls_key != NULL;
    if (operands->count != 0)
        return err_noted(ERR_USAGE, note, "%.100s: is not an option", operands->items[0]);
    if (o->backends.count == 0 && o->backend_file == NULL)
        return err_noted(ERR_USAGE, note, "--backend: at least one is required, or --backends");
    if (o->backends.count != 0 && o->backend_file != NULL)
        return err_noted(ERR_USAGE, note, "--backends: not together with --backend");
    for (size_t i = 0; i < o->backends.count; i++) {
        struct address unused;
        struct err_note why = {{0}};
        if (address_parse(o->backends.items[i], &unused, &why) != ERR_OK)
            return err_noted(ERR_USAGE, note, "--backend %s", why.text);
    }
    if (wants_tls ? !certified : o->tls_cert != NULL || o->tls_key != NULL)
        return err_noted(ERR_USAGE, note,
                         "--tls-cert and --tls-key: both with --listen tls: or wss:, and only then");
    if (o->reuse_port && listens_by(&o->listen, "unix:"))
        return err_noted(ERR_USAGE, note, "--reuse-port: not with --listen unix:, which has one owner");
    return ERR_OK;
}

enum err gateway_options_parse(int argc, char **argv, struct gateway_options *options, struct err_note *note)
{
    struct option_list operands;
    *options = (struct gateway_options){
        .connections = 10000,
        .address_connections = 256,
        .address_rate = 50,
        .token_connections = 64,
        .token_rate = 10,
        .greeting_seconds = 10,
        .connect_seconds = 5,
        .idle_seconds = 3600,
        .stall_seconds = 60,
        .ping_seconds = 30,
        .check_ms = 1000,
        .grace_seconds = 30,
    };
    enum err e = options_parse(table, argc - 1, argv + 1, options, &operands, note);
    if (e != ERR_OK || options->help || options->version)
        return e;
    if (options->listen.count == 0)
        options->listen = (struct option_list){.items = {"tcp:127.0.0.1:7800"}, .count = 1};
    return check(options, &operands, note);
}

void gateway_options_help(void)
{
    fold_help(
        stdout,
        "Usage: enclume-gateway --backend ADDRESS [OPTION VALUE]...\n"
        "\n"
        "The front of Enclume on a host that nobody has to trust: takes connections and relays their "
        "bytes to the enclaves. The bytes are encrypted between user and enclave; the gateway has no key "
        "and looks into nothing. HAProxy does the same for TCP.\n"
        "\n"
        "    enclume-gateway --listen tcp:0.0.0.0:7878 \\\n"
        "        --backend vsock:3:7878 --backend vsock:4:7878\n"
        "\n"
        "SIGTERM: take no more connections, end when the last has, or after the grace. SIGHUP: read the "
        "files again.\n"
        "\n");
    options_help(table);
}
