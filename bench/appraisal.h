/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_APPRAISAL_H
#define BENCH_APPRAISAL_H

/* What the benchmarks of appraisals share: files of other people's evidence, and what an appraisal takes of memory. */

#include "base/bytes.h"
#include "bench.h"

enum { EVIDENCE_PATH_MAX = 1024 };

/* The path of a file of evidence, where one is at hand: in ../shared or where deps/evidence puts it; name begins with the platform. */
bool evidence_path(const char *name, char path[static EVIDENCE_PATH_MAX]);
/* Ends the program when it cannot be read. */
struct bytes evidence_read(const char *path);

/* Does one appraisal and reports, as NAME.allocations, NAME.allocated and NAME.memory, what it takes. Call it first: the memory is that of the whole program. */
void appraisal_report(const char *name, double (*run)(void *self, uint64_t count), void *self);
/* The same of a peer, for which memory is all that can be told. */
void appraisal_report_peer(const char *name, const char *text, const struct bench_peer *peer);

#endif
