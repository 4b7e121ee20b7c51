/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of an answer, as an enclave may send them to our client. */
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chat_line line;
    strict_json_init();
    size_t live = secret_stats().live;
    if (chat_line_parse(bytes_of(data, size), &line) == ERR_OK) {
        if (line.kind > CHAT_LINE_ERROR || line.finish >= CHAT_FINISH_COUNT)
            abort();
        char *answer = chat_answer(line.text, line.finish, &line.usage);
        if (answer == NULL)
            abort();
        secret_free(answer);
        chat_line_release(&line);
    }
    if (secret_stats().live != live)
        abort();
    return 0;
}
