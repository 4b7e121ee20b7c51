/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

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

static void on_wake(uv_poll_t *wake, int status, int events)
{
    struct mailbox *m = wake->data;
    uint64_t count;
    (void)status;
    (void)events;
    (void)!read(m->event, &count,
                sizeof count); /* there is nothing when a letter came behind the last look */
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
    m->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (m->event < 0)
        return ERR_SYSTEM;
    if (uv_mutex_init(&m->lock) != 0 || uv_poll_init(loop, &m->wake, m->event) != 0) {
        (void)close(m->event);
        return ERR_SYSTEM;
    }
    m->wake.data = m;
    return uv_poll_start(&m->wake, UV_READABLE, on_wake) == 0 ? ERR_OK : ERR_SYSTEM;
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
    /* Whoever comes to letters that lie there finds the loop woken already. */
    bool wake = mail == NULL || m->first == NULL;
    if (mail == NULL) {
        m->out_of_memory = true;
    } else {
        *m->last = mail;
        m->last = &mail->next;
    }
    uv_mutex_unlock(&m->lock);
    static const uint64_t one = 1;
    if (wake)
        (void)!write(m->event, &one, sizeof one);
}

void mailbox_close(struct mailbox *m)
{
    for (struct mail *mail = take_all(m); mail != NULL;) {
        struct mail *next = mail->next;
        secret_free(mail);
        mail = next;
    }
    uv_close((uv_handle_t *)&m->wake, NULL);
    (void)close(m->event);
    uv_mutex_destroy(&m->lock);
}
