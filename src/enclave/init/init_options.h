/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_OPTIONS_H
#define ENCLAVE_INIT_OPTIONS_H

/*
 * What the measured kernel command line says to init: the words that begin with "enclume." (image/README.md). A pure parser. A word that is not known, is there
 * twice, is missing or has another form is an error: whoever reads the command line that was measured knows what runs.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "launch/verity_layout.h"

#define INIT_MODEL_NODE   "mapper/model" /* in /dev */
#define INIT_MODEL_DEVICE "/dev/" INIT_MODEL_NODE
#define INIT_PROGRAM      "/enclumed"

enum {
    INIT_LINE_MAX = 2048, /* the kernel's own limit on x86 (COMMAND_LINE_SIZE) */
    INIT_ARGS_MAX = 40,
    INIT_ARGS_TEXT_MAX = INIT_LINE_MAX + 512,
    INIT_IPV4_SIZE = 4,
};

struct init_options {
    uint8_t root[VERITY_DIGEST_SIZE];
    uint64_t model_size;
    bool network; /* tcp; else vsock */
    uint32_t port;
    uint8_t address[INIT_IPV4_SIZE];
    unsigned prefix;
    bool has_gateway;
    uint8_t gateway[INIT_IPV4_SIZE];
    bool vsock; /* a vsock device is needed: to listen on, or for what follows */
    bool
        connects; /* enclumed may connect to the host: for endorsements, or a quote of the device tdx-guest */
    const char *evidence; /* one of four texts */
    /* Not from the command line, but of the image (init_profile.h): */
    bool server; /* another server answers prompts, and enclumed hands them to it */
    const char
        *loader; /* a file that may be executed beside enclumed's own: its dynamic loader; NULL: none */
    /* enclumed's arguments, its own name first, NULL last; they point into text. */
    const char *args[INIT_ARGS_MAX + 1];
    size_t arg_count;
    char text[INIT_ARGS_TEXT_MAX];
    size_t text_len;
};

/* *o must stay where it is: its arguments point into it. ERR_TOO_LARGE, ERR_ENCODING, ERR_UNKNOWN, ERR_VALUE, ERR_USAGE; the note says which word. */
ERR_MUST_USE enum err init_options_parse(struct bytes line, struct init_options *o, struct err_note *note);

/* One more option of enclumed's, which is copied. ERR_TOO_LARGE. */
ERR_MUST_USE enum err init_options_add(struct init_options *o, const char *option, const char *value);

#endif
