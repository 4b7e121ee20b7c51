/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_CONVERSATION_H
#define CLI_CONVERSATION_H

/* The messages of one conversation, in secret memory and nowhere else. */

#include "base/secret_buffer.h"
#include "openai/chat.h"

struct conversation {
    size_t count;
    struct chat_message messages[CHAT_MESSAGES_MAX];
    struct secret_buffer answer; /* the one that is coming in */
};

/* Copies the text. ERR_TOO_LARGE when the conversation has CHAT_MESSAGES_MAX messages. */
ERR_MUST_USE enum err conversation_add(struct conversation *c, enum chat_role role, struct bytes text);
/* Forgets the last message. */
void conversation_drop_last(struct conversation *c);
/* A piece of the answer; then either it becomes a message, or it is forgotten. */
ERR_MUST_USE enum err conversation_answer(struct conversation *c, struct bytes piece);
ERR_MUST_USE enum err conversation_answer_done(struct conversation *c);
/* Forgets all messages but the system's. */
void conversation_restart(struct conversation *c);
void conversation_wipe(struct conversation *c);

#endif
