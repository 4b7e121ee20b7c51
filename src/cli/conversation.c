/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/conversation.h"

#include "base/secret.h"

enum { ANSWER_FIRST_SIZE = 4096 };

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
    if (c->answer_len + piece.len > c->answer_size) {
        size_t size = c->answer_size == 0 ? ANSWER_FIRST_SIZE : c->answer_size;
        while (size < c->answer_len + piece.len)
            size *= 2;
        uint8_t *larger = secret_realloc(c->answer, size);
        if (larger == NULL)
            return ERR_MEMORY;
        c->answer = larger;
        c->answer_size = size;
    }
    if (piece.len != 0)
        memcpy(c->answer + c->answer_len, piece.ptr, piece.len);
    c->answer_len += piece.len;
    return ERR_OK;
}

enum err conversation_answer_done(struct conversation *c)
{
    enum err e = ERR_OK;
    if (c->answer_len != 0)
        e = conversation_add(c, CHAT_ASSISTANT, bytes_of(c->answer, c->answer_len));
    else
        conversation_drop_last(c); /* a question without any answer is no part of the conversation */
    secret_free(c->answer);
    c->answer = NULL;
    c->answer_len = 0;
    c->answer_size = 0;
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
    secret_free(c->answer);
    *c = (struct conversation){.count = 0};
}
