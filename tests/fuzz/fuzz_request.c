/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON of requests, as a client may send it, and of the lines of an answer, as an enclave may send them. A request that is accepted must survive
 * being written and read again. */
#include <stdlib.h>

#include "base/secret.h"
#include "base/strict_json.h"
#include "openai/chat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct chat_request *request)
{
    struct chat_request again;
    struct err_note note;
    char *text = chat_request_write(request);
    if (text == NULL)
        abort();
    if (chat_request_parse(bytes_str(text), &again, &note) != ERR_OK)
        abort();
    if (again.message_count != request->message_count || again.stop_count != request->stop_count ||
        again.max_tokens != request->max_tokens)
        abort();
    for (size_t i = 0; i < again.message_count; i++)
        if (again.messages[i].role != request->messages[i].role ||
            !bytes_equal(again.messages[i].content, request->messages[i].content))
            abort();
    chat_request_release(&again);
    secret_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chat_request request;
    struct chat_line line;
    struct err_note note;
    strict_json_init();
    if (chat_request_parse(bytes_of(data, size), &request, &note) == ERR_OK) {
        check_round_trip(&request);
        chat_request_release(&request);
    }
    if (chat_line_parse(bytes_of(data, size), &line) == ERR_OK)
        chat_line_release(&line);
    return 0;
}
