/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/batch.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "attest/merkle.h"
#include "attest/statement.h"
#include "base/secret.h"

/* Challenges and the tickets that go with them: the one set gathers while the other is answered. Public data, ordinary memory. */
struct gathered {
    size_t count;
    uint8_t challenges[EVIDENCE_BATCH_MAX][32];
    uint64_t tickets[EVIDENCE_BATCH_MAX];
};

struct evidence_batch {
    struct evidence_source *source;
    struct evidence_gpus *gpus; /* NULL: there are none */
    evidence_ready *ready;
    void *owner;
    pthread_t thread;
    pthread_mutex_t lock; /* over waiting and stopping */
    pthread_cond_t changed;
    struct gathered *waiting;
    struct gathered *answering; /* the thread's own */
    bool stopping;
    size_t statement_len;
    uint8_t statement[STATEMENT_MAX];
};

static struct bytes statement_of(const struct evidence_batch *b)
{
    return bytes_of(b->statement, b->statement_len);
}

/* ---- in the thread ---- */

static void answer_all(struct evidence_batch *b, enum err e)
{
    for (size_t i = 0; i < b->answering->count; i++)
        b->ready(b->owner, b->answering->tickets[i], e, (struct bytes){0}, b->answering->count);
}

static enum err ask_chip(struct evidence_batch *b, const struct merkle_tree *tree, struct evidence *evidence)
{
    uint8_t root[MERKLE_HASH_SIZE];
    uint8_t report_data[64];
    merkle_root(tree, root);
    enum err e = statement_report_data(statement_of(b), root, report_data);
    return e == ERR_OK ? b->source->report(b->source, report_data, evidence, NULL) : e;
}

/* Behind what is there of the processor. False when there is no room. */
static bool gpus_add(const struct evidence_gpus *gpus, struct bundle *bundle)
{
    if (bundle->evidence_count + gpus->report_count > BUNDLE_EVIDENCE_MAX ||
        bundle->endorsement_count + gpus->endorsement_count > BUNDLE_ENDORSEMENTS_MAX)
        return false;
    memcpy(bundle->evidence + bundle->evidence_count, gpus->reports,
           gpus->report_count * sizeof gpus->reports[0]);
    memcpy(bundle->endorsements + bundle->endorsement_count, gpus->endorsements,
           gpus->endorsement_count * sizeof gpus->endorsements[0]);
    bundle->evidence_count += gpus->report_count;
    bundle->endorsement_count += gpus->endorsement_count;
    return true;
}

/* The bundles differ in the path alone. */
static void answer_each(struct evidence_batch *b, const struct merkle_tree *tree,
                        const struct evidence *evidence)
{
    struct bundle bundle = {
        .statement = statement_of(b),
        .evidence_count = 1,
        .evidence = {evidence->report},
        .endorsement_count = evidence->endorsement_count,
    };
    memcpy(bundle.platform, b->source->platform, strlen(b->source->platform));
    memcpy(bundle.endorsements, evidence->endorsements, sizeof bundle.endorsements);
    if (b->gpus != NULL && !gpus_add(b->gpus, &bundle)) {
        answer_all(b, ERR_NO_SPACE);
        return;
    }
    for (size_t i = 0; i < b->answering->count; i++) {
        char *text;
        size_t len;
        merkle_path_of(tree, (uint32_t)i, &bundle.freshness);
        enum err e = bundle_write(&bundle, &text, &len);
        b->ready(b->owner, b->answering->tickets[i], e, e == ERR_OK ? bytes_of(text, len) : (struct bytes){0},
                 b->answering->count);
        secret_free(text);
    }
}

static void answer(struct evidence_batch *b)
{
    struct merkle_tree *tree = NULL;
    struct evidence evidence = {0};
    enum err e = merkle_build((const uint8_t(*)[32])b->answering->challenges, b->answering->count, &tree);
    if (e == ERR_OK && b->gpus != NULL && b->gpus->renew != NULL)
        e = b->gpus->renew(b->gpus, NULL);
    if (e == ERR_OK)
        e = ask_chip(b, tree, &evidence);
    if (e == ERR_OK)
        answer_each(b, tree, &evidence);
    else
        answer_all(b, e);
    evidence_release(&evidence);
    merkle_free(tree);
}

/* Takes what waits; waits itself while there is nothing. False: to stop. */
static bool take(struct evidence_batch *b)
{
    (void)pthread_mutex_lock(&b->lock);
    while (b->waiting->count == 0 && !b->stopping)
        (void)pthread_cond_wait(&b->changed, &b->lock);
    struct gathered *taken = b->waiting;
    b->waiting = b->answering;
    b->waiting->count = 0;
    b->answering = taken;
    bool go_on = !b->stopping;
    (void)pthread_mutex_unlock(&b->lock);
    return go_on;
}

static void *batch_run(void *argument)
{
    struct evidence_batch *b = argument;
    while (take(b))
        answer(b);
    answer_all(b, ERR_CANCELLED);
    return NULL;
}

/* ---- in the owner's thread ---- */

/* Signals are for the owner's loop. */
static enum err start_thread(struct evidence_batch *b)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return ERR_SYSTEM;
    int failed = pthread_create(&b->thread, NULL, batch_run, b);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed == 0 ? ERR_OK : ERR_SYSTEM;
}

static void release(struct evidence_batch *b)
{
    if (b == NULL)
        return;
    free(b->waiting);
    free(b->answering);
    free(b);
}

enum err evidence_batch_new(struct evidence_source *source, struct evidence_gpus *gpus,
                            struct bytes statement, evidence_ready *ready, void *owner,
                            struct evidence_batch **out)
{
    *out = NULL;
    if (statement.len > STATEMENT_MAX)
        return ERR_TOO_LARGE;
    if (strlen(source->platform) >= BUNDLE_PLATFORM_MAX)
        return ERR_VALUE;
    struct evidence_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return ERR_MEMORY;
    *b = (struct evidence_batch){
        .source = source, .gpus = gpus, .ready = ready, .owner = owner, .statement_len = statement.len};
    memcpy(b->statement, statement.ptr, statement.len);
    b->waiting = calloc(1, sizeof *b->waiting);
    b->answering = calloc(1, sizeof *b->answering);
    if (b->waiting == NULL || b->answering == NULL) {
        release(b);
        return ERR_MEMORY;
    }
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->changed, NULL);
    enum err e = start_thread(b);
    if (e == ERR_OK) {
        *out = b;
        return ERR_OK;
    }
    (void)pthread_cond_destroy(&b->changed);
    (void)pthread_mutex_destroy(&b->lock);
    release(b);
    return e;
}

enum err evidence_batch_ask(struct evidence_batch *b, const uint8_t challenge[static 32], uint64_t ticket)
{
    enum err e = ERR_BUSY;
    (void)pthread_mutex_lock(&b->lock);
    struct gathered *w = b->waiting;
    if (w->count < EVIDENCE_BATCH_MAX) {
        memcpy(w->challenges[w->count], challenge, sizeof w->challenges[0]);
        w->tickets[w->count] = ticket;
        w->count++;
        e = ERR_OK;
        (void)pthread_cond_signal(&b->changed);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return e;
}

void evidence_batch_free(struct evidence_batch *b)
{
    if (b == NULL)
        return;
    (void)pthread_mutex_lock(&b->lock);
    b->stopping = true;
    (void)pthread_cond_signal(&b->changed);
    (void)pthread_mutex_unlock(&b->lock);
    (void)pthread_join(b->thread, NULL);
    (void)pthread_cond_destroy(&b->changed);
    (void)pthread_mutex_destroy(&b->lock);
    release(b);
}
