/* SPDX-License-Identifier: Apache-2.0 */
/* /v1/messages/count_tokens, Anthropic's API: how long the prompt would be. */
#include "openai/answer_internal.h"

static void whole(struct answer *a, const struct answer_usage *usage, struct json_line *l)
{
    (void)a;
    json_put(l, "{\"input_tokens\":");
    json_put_integer(l, usage->prompt_tokens);
    json_put(l, "}\n");
}

const struct answer_form answer_tokens = {.whole = whole};
