/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/canary.h"

#include <jansson.h>
#include <string.h>

#include "base/secret.h"
#include "e2e/support/process.h"
#include "unit/test.h"

enum { QUIET_MS = 150 };

const char canary[] =
    "The lighthouse keeper Octavia hid \"seventeen copper buttons\" under the violet staircase,\n"
    "and her caf\xc3\xa9 smelled of turpentine; then she said to Wilhelmina";

void canary_look_for(struct memscan *m, const char *name, const char *text)
{
    static const size_t forms[] = {0, JSON_ENSURE_ASCII};
    json_t *string = json_string(text);
    memscan_add_text(m, name, text, strlen(text));
    for (size_t i = 0; i < test_count(forms); i++) {
        char *quoted = json_dumps(string, JSON_ENCODE_ANY | forms[i]);
        assert_non_null(quoted);
        memscan_add_text(m, name, quoted + 1, strlen(quoted) - 2);
        secret_free(quoted);
    }
    json_decref(string);
}

size_t canary_hits(const struct memscan *m, pid_t pid, bool wipes)
{
    long end = process_clock() + CANARY_PATIENCE_MS;
    size_t hits;
    do {
        process_sleep(
            QUIET_MS); /* not at once: a process that has not heard yet of what it was told would hold nothing either */
        hits = memscan_process(m, pid, NULL);
        assert_int_not_equal(hits, SIZE_MAX);
    } while ((hits == 0) != wipes && process_clock() < end);
    return hits == 0 || !wipes ? hits : memscan_process(m, pid, stderr);
}
