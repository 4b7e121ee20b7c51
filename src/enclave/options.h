/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_OPTIONS_H
#define ENCLAVE_OPTIONS_H

/*
 * enclumed's configuration: the command line and nothing else. The command line is measured at launch; there is no configuration file and the
 * environment is not looked at, because whoever runs the host could change those afterwards.
 */

#include "base/error.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

#define ENCLAVE_EVIDENCE_SIMULATED "simulated"
#define ENCLAVE_GPUS_NONE          "none"
#define ENCLAVE_GPUS_NVML          "nvml"
#define ENCLAVE_ENGINE_LLAMA       "llama"
#define ENCLAVE_ENGINE_UPSTREAM    "upstream="

struct enclave_options {
    const char *listen; /* tcp:ADDRESS:PORT, unix:PATH, vsock:PORT */
    const char
        *model; /* GGUF file, or a device that holds one; with another server, what that was told to load */
    const char *model_size;    /* as it was given; NULL: the file's own */
    uint64_t model_bytes;      /* the same as a number; 0: the file's own */
    const char *engine;        /* llama, or upstream=ADDRESS */
    const char *projector;     /* NULL: none */
    const char *device;        /* as it was given; NULL: not at all */
    enum engine_device on;     /* the same */
    const char *evidence;      /* name of the evidence source */
    const char *collateral;    /* vsock:PORT, unix:PATH, dir:PATH; NULL: none */
    const char *gpus;          /* none or nvml */
    const char *chat_template; /* NULL: the model's own */
    uint32_t slots;
    uint32_t queue;
    uint32_t context;
    uint32_t threads;
    uint32_t connections;
    uint32_t reuse_seconds; /* 0: nothing is kept between requests */
    uint32_t idle_seconds;
    uint32_t handshake_seconds;
    uint32_t request_seconds;
    uint32_t grace_seconds;
    uint32_t user; /* 0: stay who we are */
    bool help;
    bool version;
};

/* The note names the argument that was wrong. ERR_USAGE. */
ERR_MUST_USE enum err enclave_options_parse(int argc, char **argv, struct enclave_options *options,
                                            struct err_note *note);
/* The address of the other server that answers prompts; NULL: this process does. */
const char *enclave_options_upstream(const struct enclave_options *options);
void enclave_options_help(void);

#endif
