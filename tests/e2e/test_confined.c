/* SPDX-License-Identifier: Apache-2.0 */
/* The enclave while it serves: every thread of it is in the sandbox, with several connections and threads of inference, and it stops in good order. */
#include "e2e/support/asker.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

enum { PATH_SIZE = 288, LINE_SIZE = 128, ASKERS = 5 };

/* The number that stands behind the name in the status of a thread; -1: there is none. */
static int status_number(pid_t process, const char *thread, const char *name)
{
    char path[PATH_SIZE];
    char line[LINE_SIZE];
    int value = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)process, thread);
    FILE *status = fopen(path, "r");
    if (status == NULL)
        return value;
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = atoi(line + strlen(name));
    (void)fclose(status);
    return value;
}

static size_t confined_threads(pid_t process)
{
    enum { SECCOMP_MODE_FILTER = 2 };
    char path[PATH_SIZE];
    size_t threads = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *tasks = opendir(path);
    assert_non_null(tasks);
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        if (entry->d_name[0] == '.')
            continue;
        int mode = status_number(process, entry->d_name, "Seccomp:");
        if (mode == -1) /* it has ended meanwhile */
            continue;
        assert_int_equal(mode, SECCOMP_MODE_FILTER);
        assert_int_equal(status_number(process, entry->d_name, "NoNewPrivs:"), 1);
        threads++;
    }
    (void)closedir(tasks);
    return threads;
}

static void every_thread_is_confined_and_serves(void **state)
{
    (void)state;
    static struct asker askers[ASKERS];
    struct world w;
    world_start(&w, &(struct world_options){.enclave = {"--threads", "2"}});
    for (size_t i = 0; i < ASKERS; i++) {
        asker_open(&askers[i], &w, NULL, NULL);
        askers[i].max_tokens = 8;
        assert_ok(asker_ask(&askers[i], "Once upon a time"));
    }
    assert_true(confined_threads(w.enclave) >= 3); /* loop, chip, engine */
    for (size_t i = 0; i < ASKERS; i++)
        asker_close(&askers[i]);
    world_stop(&w); /* exit code 0: not ended by the filter */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_thread_is_confined_and_serves)};
    world_require_model();
    world_require_sight();
    return cmocka_run_group_tests(tests, world_setup, NULL);
}
