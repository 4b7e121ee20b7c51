/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/test.h"

#include <pthread.h>
#include <stdio.h>

#include "base/secret.h"
#include "enclave/mailbox.h"

enum { THREADS = 4, LETTERS = 2000 };

struct receiver {
    struct mailbox mailbox;
    uint64_t next[THREADS];
    size_t received;
    bool in_order;
    bool texts_right;
};

static void deliver(void *owner, const struct mail *mail)
{
    struct receiver *r = owner;
    char expected[32];
    int n = snprintf(expected, sizeof expected, "letter %llu", (unsigned long long)mail->id);
    size_t thread = mail->leaves;
    r->in_order = r->in_order && mail->id == r->next[thread];
    r->next[thread] = mail->id + 1;
    r->texts_right =
        r->texts_right && mail->size == (size_t)n && memcmp(mail->text, expected, (size_t)n) == 0;
    r->received++;
}

static void delivered(void *owner)
{
    struct receiver *r = owner;
    if (r->received == (size_t)THREADS * LETTERS)
        mailbox_close(&r->mailbox);
}

struct sender {
    struct receiver *to;
    size_t number;
};

static void *send_letters(void *arg)
{
    const struct sender *s = arg;
    for (uint64_t i = 0; i < LETTERS; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "letter %llu", (unsigned long long)i);
        const struct mail envelope = {.kind = MAIL_LINES, .id = i, .leaves = s->number};
        mailbox_post(&s->to->mailbox, &envelope, bytes_of(text, (size_t)n));
    }
    return NULL;
}

static void letters_of_many_threads_arrive_once_and_in_order(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct receiver receiver = {.in_order = true, .texts_right = true};
    struct sender senders[THREADS];
    pthread_t threads[THREADS];
    size_t live = secret_stats().live;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_ok(mailbox_open(&receiver.mailbox, &loop, deliver, delivered, &receiver));
    for (size_t i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){&receiver, i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_letters, &senders[i]), 0);
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    assert_int_equal(receiver.received, (size_t)THREADS * LETTERS);
    assert_true(receiver.in_order && receiver.texts_right);
    assert_int_equal(secret_stats().live, live);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void letters_that_nobody_took_are_released(void **state)
{
    (void)state;
    uv_loop_t loop;
    struct receiver receiver = {0};
    size_t live = secret_stats().live;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_ok(mailbox_open(&receiver.mailbox, &loop, deliver, delivered, &receiver));
    mailbox_post(&receiver.mailbox, &(struct mail){.kind = MAIL_DONE}, bytes_str("x"));
    mailbox_close(&receiver.mailbox);
    assert_int_equal(secret_stats().live, live);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(receiver.received, 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_of_many_threads_arrive_once_and_in_order),
        cmocka_unit_test(letters_that_nobody_took_are_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
