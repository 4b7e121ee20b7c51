/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SIMULATOR_PLATFORM_H
#define SIMULATOR_PLATFORM_H

/*
 * The chip that the simulator plays: a made-up chain, and reports in AMD's form signed with its VCEK.
 *
 *     struct platform p;
 *     e = platform_open(&p, "Genoa", directory, now, &note);
 *     memcpy(p.measurement, ...);
 *     e = platform_answer(&p, report_data, &frame);
 *     platform_close(&p);
 */

#include "evidence/simulated_chain.h"
#include "evidence/simulated_wire.h"

struct platform {
    struct simulated_chain *chain;
    uint64_t policy;                           /* guest policy of the launch */
    uint8_t measurement[SNP_MEASUREMENT_SIZE]; /* of what was launched */
    uint8_t report_id[32];                     /* random, one a launch */
};

struct platform_frame {
    uint8_t bytes[SIMULATED_WIRE_ANSWER_SIZE];
    size_t len;
};

/* Makes a chain; or, when directory is not NULL, takes the one kept in its file "chain.pem", which is made and kept (readable by its owner alone) when
 * there is none. ERR_FILE, ERR_ENCODING, ERR_CRYPTO. */
ERR_MUST_USE enum err platform_open(struct platform *p, const char *directory, int64_t now,
                                    struct err_note *note);
void platform_close(struct platform *p);

/* The fields of a report over report_data, not signed yet. */
void platform_report_fields(const struct platform *p, const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                            struct snp_report *report);
/* Signs the fields. */
ERR_MUST_USE enum err platform_report_sign(const struct platform *p, struct snp_report *report,
                                           uint8_t out[static SNP_REPORT_SIZE]);
/* The answer to a question: a report and the certificates. */
ERR_MUST_USE enum err platform_frame_of(const struct platform *p, struct bytes report,
                                        struct platform_frame *frame);

/* All of it, honestly. */
ERR_MUST_USE enum err platform_answer(const struct platform *p,
                                      const uint8_t report_data[static SNP_REPORT_DATA_SIZE],
                                      struct platform_frame *frame);

#endif
