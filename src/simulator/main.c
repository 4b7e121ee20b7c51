/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "simulator/run.h"

static enum err answer_honestly(void *self, const struct platform *p,
                                const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                struct platform_frame *frame)
{
    (void)self;
    return platform_answer(p, report_data, frame);
}

static enum err answer_gpus_honestly(void *self, const struct gpus *gpus, const struct platform *p,
                                     const uint8_t nonce[static SIMULATED_WIRE_NONCE_SIZE],
                                     struct platform_frame *frame)
{
    (void)self;
    return gpus_answer(gpus, p, nonce, frame);
}

int main(int argc, char **argv)
{
    static const struct run_hooks honest = {.answer = answer_honestly, .answer_gpus = answer_gpus_honestly};
    struct options options;
    struct err_note note = {{0}};
    enum err e = simulator_options_parse(argc, argv, &options, &note);
    if (e != ERR_OK) {
        (void)fprintf(stderr, "enclume-simulator: %s\nTry: enclume-simulator --help\n", note.text);
        return (int)err_class(e);
    }
    if (options.help) {
        simulator_options_help();
        return 0;
    }
    if (options.version) {
        (void)puts("enclume-simulator " ENCLUME_VERSION);
        return 0;
    }
    return run_simulator(&options, &honest);
}
