/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GATEWAY_OPTIONS_H
#define GATEWAY_OPTIONS_H

#include "base/options.h"

struct gateway_options {
    struct option_list listen;   /* tcp:, tls:, ws:, wss:HOST:PORT, unix:PATH */
    bool reuse_port;             /* other gateways listen there as well */
    struct option_list backends; /* tcp:HOST:PORT, unix:PATH, vsock:CID:PORT */
    const char *backend_file;
    const char *metrics; /* HOST:PORT; NULL: none */
    const char *tls_cert;
    const char *tls_key;
    const char *token_file; /* NULL: no token is wanted */
    struct option_list origins;
    uint32_t connections;
    uint32_t address_connections, address_rate, address_bytes;
    uint32_t token_connections, token_rate, token_bytes;
    uint32_t greeting_seconds;
    uint32_t connect_seconds;
    uint32_t idle_seconds;
    uint32_t stall_seconds;
    uint32_t ping_seconds;
    uint32_t check_ms;
    uint32_t grace_seconds;
    bool help;
    bool version;
};

/* The note names the argument that was wrong. ERR_USAGE. */
ERR_MUST_USE enum err gateway_options_parse(int argc, char **argv, struct gateway_options *options,
                                            struct err_note *note);
void gateway_options_help(void);

#endif
