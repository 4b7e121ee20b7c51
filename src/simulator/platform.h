/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_PLATFORM_H
#define SIMULATOR_PLATFORM_H

/*
 * The chip that the simulator plays: a made-up chain, and evidence in the maker's form signed under it. One small struct of functions a platform
 * (siblings: platform_snp.c, platform_tdx.c), and nobody above asks which platform it is.
 *
 *     struct platform *p;
 *     e = platform_open("tdx", directory, now, &p, &note);
 *     e = p->kind->launch->measure(program_digest, args, count, &p->launched);
 *     e = platform_answer(p, report_data, &frame);
 *     platform_close(p);
 */

#include <jansson.h>

#include "evidence/simulated_kept.h"
#include "evidence/simulated_wire.h"
#include "launch/simulated.h"

struct platform;

struct platform_kind {
    const char *name; /* of --platform, and of what it measures (launch/simulated.h) */
    const char *json; /* how the JSON about a launch calls it */
    enum simulated_platform wire;
    /* Makes a chain; or, when directory is not NULL, takes the one kept there. */
    ERR_MUST_USE enum err (*open)(const char *directory, int64_t now, struct platform **p,
                                  struct err_note *note);
    void (*close)(struct platform *p); /* releases p */
    const struct simulated_der *(*root)(const struct platform *p);
    /* Launches so that the host may debug. */
    void (*allow_debug)(struct platform *p);
    bool (*allows_debug)(const struct platform *p);
    /* What this platform alone has to say of itself: for people, and as members of an object. */
    const char *(*product)(const struct platform *p);
    void (*describe)(const struct platform *p, json_t *object);
    /* Evidence over report_data, and its endorsements. */
    ERR_MUST_USE enum err (*evidence)(const struct platform *p,
                                      const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                      struct writer *evidence, struct writer *endorsements);
};

extern const struct platform_kind platform_snp;
extern const struct platform_kind platform_tdx;

/* The beginning of each platform's own structure. */
struct platform {
    const struct platform_kind *kind;
    const struct launch_platform *measures;
    struct launch_registers launched; /* what was launched; all zero before it is measured */
};

struct platform_frame {
    uint8_t bytes[SIMULATED_WIRE_ANSWER_MAX];
    size_t len;
};

/* name: of --platform. The chain that is kept in the directory is made there when there is none, readable by its owner alone. ERR_USAGE when there is no such
 * platform; ERR_FILE, ERR_ENCODING, ERR_CRYPTO. */
ERR_MUST_USE enum err platform_open(const char *name, const char *directory, int64_t now, struct platform **p,
                                    struct err_note *note);
void platform_close(struct platform *p); /* NULL does nothing */

/* Where the two parts of an answer are put together; large, so not on the stack. */
struct platform_room {
    uint8_t evidence[SIMULATED_WIRE_EVIDENCE_MAX];
    uint8_t endorsements[SIMULATED_WIRE_ENDORSEMENTS_MAX];
};
void platform_room_open(struct platform_room *room, struct writer *evidence, struct writer *endorsements);
ERR_MUST_USE enum err platform_frame_write(const struct platform *p, enum simulated_what what,
                                           const struct writer *evidence, const struct writer *endorsements,
                                           struct platform_frame *frame);

/* The answers to the question for a report, and to that for the platform. */
ERR_MUST_USE enum err platform_answer(const struct platform *p,
                                      const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                                      struct platform_frame *frame);
ERR_MUST_USE enum err platform_introduce(const struct platform *p, struct platform_frame *frame);
/* A refusal. */
ERR_MUST_USE enum err platform_refuse(const struct platform *p, enum simulated_what what, uint32_t status,
                                      struct platform_frame *frame);

#endif
