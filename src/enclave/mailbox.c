/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/mailbox.h"

#include "base/secret.h"

static struct mail *take_all(struct mailbox *m)
{
    uv_mutex_lock(&m->lock);
    struct mail *first = m->first;
    m->first = NULL;
    m->last = &m->first;
    uv_mutex_unlock(&m->lock);
    return first;
}

static void on_wake(uv_async_t *wake)
{
    struct mailbox *m = wake->data;
    for (struct mail *mail = take_all(m); mail != NULL;) {
        struct mail *next = mail->next;
        m->deliver(m->owner, mail);
        secret_free(mail);
        mail = next;
    }
    m->delivered(m->owner);
}

enum err mailbox_open(struct mailbox *m, uv_loop_t *loop, void (*deliver)(void *, const struct mail *),
                      void (*delivered)(void *), void *owner)
{
    *m = (struct mailbox){.deliver = deliver, .delivered = delivered, .owner = owner};
    m->last = &m->first;
    if (uv_mutex_init(&m->lock) != 0)
        return ERR_SYSTEM;
    if (uv_async_init(loop, &m->wake, on_wake) != 0) {
        uv_mutex_destroy(&m->lock);
        return ERR_SYSTEM;
    }
    m->wake.data = m;
    return ERR_OK;
}

void mailbox_post(struct mailbox *m, const struct mail *envelope, struct bytes text)
{
    struct mail *mail = secret_alloc(sizeof *mail + text.len);
    if (mail != NULL) {
        *mail = *envelope;
        mail->next = NULL;
        mail->size = text.len;
        if (text.len != 0)
            memcpy(mail->text, text.ptr, text.len);
    }
    uv_mutex_lock(&m->lock);
    if (mail == NULL) {
        m->out_of_memory = true;
    } else {
        *m->last = mail;
        m->last = &mail->next;
    }
    uv_mutex_unlock(&m->lock);
    (void)uv_async_send(&m->wake);
}

void mailbox_close(struct mailbox *m)
{
    for (struct mail *mail = take_all(m); mail != NULL;) {
        struct mail *next = mail->next;
        secret_free(mail);
        mail = next;
    }
    uv_close((uv_handle_t *)&m->wake, NULL);
    uv_mutex_destroy(&m->lock);
}
