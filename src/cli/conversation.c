/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/conversation.h"

#include "base/secret.h"

enum err conversation_add(struct conversation *c, enum chat_role role, struct bytes text)
{
    if (c->count == CHAT_MESSAGES_MAX)
        return ERR_TOO_LARGE;
    uint8_t *copy = secret_alloc(text.len + 1);
    if (copy == NULL)
        return ERR_MEMORY;
    if (text.len != 0)
        memcpy(copy, text.ptr, text.len);
    c->messages[c->count++] = (struct chat_message){.role = role, .content = bytes_of(copy, text.len)};
    return ERR_OK;
}

void conversation_drop_last(struct conversation *c)
{
    if (c->count != 0)
        secret_free(bytes_owned(c->messages[--c->count].content));
}

enum err conversation_answer(struct conversation *c, struct bytes piece)
{
    return secret_buffer_append(&c->answer, piece, SIZE_MAX / 4);
}

enum err conversation_answer_done(struct conversation *c)
{
    enum err e = ERR_OK;
    if (c->answer.len != 0)
        e = conversation_add(c, CHAT_ASSISTANT, secret_buffer_bytes(&c->answer));
    else
        conversation_drop_last(c); /* a question without any answer is no part of the conversation */
    secret_buffer_release(&c->answer);
    return e;
}

void conversation_restart(struct conversation *c)
{
    size_t kept = c->count != 0 && c->messages[0].role == CHAT_SYSTEM ? 1 : 0;
    while (c->count > kept)
        conversation_drop_last(c);
}

void conversation_wipe(struct conversation *c)
{
    while (c->count != 0)
        conversation_drop_last(c);
    secret_buffer_release(&c->answer);
    *c = (struct conversation){.count = 0};
}
