/* SPDX-License-Identifier: Apache-2.0 */
#include "e2e/support/asker.h"

#include <stdlib.h>

#include "base/secret.h"
#include "unit/test.h"

void asker_open(struct asker *a, const struct world *w, const char *address,
                const struct client_options *options)
{
    const struct policy_options policy = {.policy = w->policy, .simulated_root = w->root};
    *a = (struct asker){.sampling = {.temperature = 0.8F, .top_p = 1, .repeat_penalty = 1}};
    assert_ok(policy_options_load(&policy, &a->holder, &a->note));
    if (options != NULL)
        a->options = *options;
    a->options.address = address != NULL ? address : w->address;
    a->options.policy = &a->holder.policy;
    a->text = calloc(1, 1);
    assert_non_null(a->text);
    assert_ok(client_new(&a->options, &a->client, &a->note));
}

void asker_close(struct asker *a)
{
    client_free(a->client);
    policy_holder_release(&a->holder);
    free(a->text);
    *a = (struct asker){.text = NULL};
}

static void on_text(void *owner, struct bytes text)
{
    struct asker *a = owner;
    char *larger = realloc(a->text, a->len + text.len + 1);
    assert_non_null(larger);
    a->text = larger;
    memcpy(a->text + a->len, text.ptr, text.len);
    a->len += text.len;
    a->text[a->len] = '\0';
    a->pieces++;
    if (a->on_piece != NULL)
        a->on_piece(a->owner, text);
}

enum err asker_ask(struct asker *a, const char *prompt)
{
    struct chat_message message = {.role = CHAT_USER, .content = bytes_str(prompt)};
    const struct chat_request request = {
        .message_count = 1, .messages = &message, .sampling = a->sampling, .max_tokens = a->max_tokens};
    a->len = a->pieces = 0;
    a->text[0] = '\0';
    a->note.text[0] = '\0';
    return client_ask(a->client, &request, on_text, a, &a->answer, &a->note);
}
