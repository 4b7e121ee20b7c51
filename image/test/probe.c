/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stands in enclumed's place in the test image (image/build --test --probe), is started as enclumed is, and tries what it should not be able to do, as init leaves a
 * program: one line for each attempt on the console, "probe: NAME: refused (WHY)" or "probe: NAME: DONE"; only "control" may be done. Then it confines itself as
 * enclumed does (enclave/sandbox.c) and asks for a socket, which must end it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "attempts.h"
#include "enclave/sandbox.h"

int main(void)
{
    struct err_note note = {{0}};
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < attempt_count; i++) {
        if ((attempts[i].who & BY_ENCLUMED) == 0)
            continue;
        errno = 0;
        bool done = attempts[i].run();
        if (done)
            (void)printf("probe: %s: DONE\n", attempts[i].name);
        else
            (void)printf("probe: %s: refused (%s)\n", attempts[i].name, strerror(errno));
    }
    if (sandbox_files("/dev/mapper/model", NULL, NULL, SANDBOX_GPUS_NONE, &note) != ERR_OK ||
        sandbox_enter(SANDBOX_CHIP, &note) != ERR_OK) {
        (void)printf("probe: not confined: %s\n", note.text);
        return 1;
    }
    (void)printf("probe: confined\n");
    (void)socket(AF_INET, SOCK_STREAM, 0);
    (void)printf("probe: still here: DONE\n");
    return 1;
}
