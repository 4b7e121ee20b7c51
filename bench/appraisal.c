/* SPDX-License-Identifier: Apache-2.0 */
#include "appraisal.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "count.h"

enum { FILE_MAX = 1 << 20, NAME_MAX_SIZE = 64 };
static const double memory_aim = 8; /* MiB, code and libraries included */

bool evidence_path(const char *name, char path[static EVIDENCE_PATH_MAX])
{
    static const char *const folders[] = {ENCLUME_SHARED "/evidence", ENCLUME_DEPS_DIR "/evidence"};
    bool found = false;
    for (size_t i = 0; !found && i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, EVIDENCE_PATH_MAX, "%s/%s", folders[i], name);
        found = access(path, R_OK) == 0;
    }
    return found;
}

struct bytes evidence_read(const char *path)
{
    struct err_note note = {{0}};
    struct bytes content;
    bench_must(file_read(path, FILE_MAX, &content, &note), path);
    return content;
}

static void report(const char *name, const char *what, const char *text, double value, const char *unit,
                   double aim_below)
{
    char whole[NAME_MAX_SIZE];
    (void)snprintf(whole, sizeof whole, "%s.%s", name, what);
    if (bench_wanted(whole))
        bench_value(whole, text, value, unit, aim_below);
}

void appraisal_report(const char *name, double (*run)(void *self, uint64_t count), void *self)
{
    (void)run(self, 1);
    double memory = bench_memory();
    (void)count_take();
    (void)run(self, 1);
    struct count count = count_take();
    report(name, "allocations", "allocations of one appraisal, libcrypto's and the JSON parser's included",
           (double)count.allocations, "", 0);
    report(name, "allocated", "asked for in them, together", (double)count.bytes / 1e3, "kB", 0);
    report(name, "memory", "peak memory of the whole process", memory, "MiB", memory_aim);
}

void appraisal_report_peer(const char *name, const char *text, const struct bench_peer *peer)
{
    report(name, "memory", text, bench_peer_memory(peer), "MiB", 0);
}
