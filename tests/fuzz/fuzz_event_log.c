/* SPDX-License-Identifier: Apache-2.0 */

/* Registers that no event extends are as they began; unused memory behind a log that is taken changes nothing. The first octet chooses the kind. */

#include <stdlib.h>

#include "attest/event_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init() != ERR_OK)
        abort();
    return 0;
}

static void check_unused(struct bytes log, enum event_log_kind kind, const struct event_log *first)
{
    enum { LOG_MAX = 4096, UNUSED = 64 };
    static uint8_t buffer[LOG_MAX + UNUSED];
    static struct event_log again;
    if (log.len > LOG_MAX || log.len == 0)
        return;
    memcpy(buffer, log.ptr, log.len);
    /* Behind other unused memory comes the same. */
    memset(buffer + log.len, log.ptr[log.len - 1] == 0 ? 0 : UINT8_MAX, UNUSED);
    if (event_log_replay(bytes_of(buffer, log.len + UNUSED), kind, &again, NULL) != ERR_OK)
        abort();
    if (memcmp(again.registers, first->registers, sizeof again.registers) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { FIRST_OF_ONES = 17, LAST_OF_ONES = 22 };
    static struct event_log log;
    struct err_note note;
    if (size == 0)
        return 0;
    enum event_log_kind kind = (data[0] & 1) != 0 ? EVENT_LOG_RTMR : EVENT_LOG_PCRS;
    const struct bytes in = bytes_of(data + 1, size - 1);
    if (event_log_replay(in, kind, &log, &note) != ERR_OK)
        return 0;
    for (unsigned i = 1; i < EVENT_LOG_REGISTERS; i++) { /* the first may begin as a locality */
        bool ones = kind == EVENT_LOG_PCRS && i >= FIRST_OF_ONES && i <= LAST_OF_ONES;
        if ((log.extended >> i & 1) == 0 && log.registers[i][0] != (ones ? UINT8_MAX : 0))
            abort();
    }
    check_unused(in, kind, &log);
    return 0;
}
