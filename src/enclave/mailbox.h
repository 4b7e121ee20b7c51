/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_MAILBOX_H
#define ENCLAVE_MAILBOX_H

/*
 * What other threads have to tell the loop: the engine's lines and the chip's evidence. Any thread posts; the loop's thread takes, in order.
 * Texts are copied into secret memory and wiped when they were dealt with.
 */

#include <uv.h>

#include "base/bytes.h"
#include "base/error.h"

enum mail_kind { MAIL_LINES, MAIL_DONE, MAIL_EVIDENCE };

struct mail {
    struct mail *next;
    enum mail_kind kind;
    uint64_t id; /* of the request, or the session for MAIL_EVIDENCE */
    enum err result;
    uint16_t status; /* MAIL_LINES */
    size_t leaves;
    size_t size;
    uint8_t text[]; /* MAIL_DONE: the note's */
};

struct mailbox {
    uv_mutex_t lock;
    uv_async_t wake;
    struct mail *first;
    struct mail **last;
    bool out_of_memory; /* a letter could not be kept: the loop must stop rather than lose it silently */
    void (*deliver)(void *owner, const struct mail *mail);
    void (*delivered)(void *owner); /* after a batch */
    void *owner;
};

ERR_MUST_USE enum err mailbox_open(struct mailbox *m, uv_loop_t *loop,
                                   void (*deliver)(void *, const struct mail *), void (*delivered)(void *),
                                   void *owner);
/* envelope: everything but size, text and next. */
void mailbox_post(struct mailbox *m, const struct mail *envelope, struct bytes text);
/* No more posts after this; what lies in it is wiped. The loop must run once more to release the handle. */
void mailbox_close(struct mailbox *m);

#endif
