/* SPDX-License-Identifier: Apache-2.0 */
#include "client/client_internal.h"

#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/monotonic.h"
#include "base/secret.h"
#include "client/dial.h"

static void on_closed(void *owner, enum err reason)
{
    struct client *c = owner;
    if (c->failure == ERR_OK)
        c->failure = reason == ERR_OK ? ERR_CHANNEL_CLOSED : reason;
}

static void on_evidence(void *owner, struct bytes bundle,
                        const uint8_t challenge[static CHANNEL_CHALLENGE_SIZE])
{
    struct client *c = owner;
    bool fresh = false;
    enum err e = verifier_evidence(&c->verifier, c->channel, bundle, challenge, (int64_t)time(NULL), &fresh);
    c->appraised = e == ERR_OK;
    c->fresh = c->fresh || fresh;
    if (e != ERR_OK)
        c->failure = e;
}

static const struct channel_handler client_handler = {
    .evidence = on_evidence,
    .replied = ask_on_replied,
    .data = ask_on_data,
    .cancelled = ask_on_cancelled,
    .closed = on_closed,
};

static void apply_defaults(struct client_options *o)
{
    if (o->max_age == 0)
        o->max_age = CLIENT_MAX_AGE;
    if (o->connect_ms == 0)
        o->connect_ms = CLIENT_CONNECT_MS;
    if (o->silence_ms == 0)
        o->silence_ms = CLIENT_SILENCE_MS;
}

enum err client_new(const struct client_options *options, struct client **out, struct err_note *note)
{
    *out = NULL;
    enum err e = dial_check(options->address, note);
    if (e != ERR_OK)
        return e;
    struct client *c = secret_alloc(sizeof *c);
    if (c == NULL)
        return ERR_MEMORY;
    e = ERR_MEMORY;
    c->options = *options;
    apply_defaults(&c->options);
    c->verifier.policy = c->options.policy;
    c->verifier.max_age = c->options.max_age;
    c->fd = -1;
    c->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->read_buffer = secret_alloc(CLIENT_READ_SIZE);
    if (c->read_buffer == NULL)
        goto out;
    if (c->cancel_fd < 0) {
        e = ERR_SYSTEM;
        goto out;
    }
    e = ERR_OK;
    if (c->options.remember != NULL)
        e = pin_load(c->options.remember, c->options.policy, (int64_t)time(NULL), c->options.max_age,
                     &c->verifier.pin, note);
    if (e != ERR_OK)
        goto out;
    *out = c;
    c = NULL;
out:
    client_free(c);
    return e;
}

void client_free(struct client *c)
{
    if (c == NULL)
        return;
    link_drop(c);
    verifier_release(&c->verifier);
    secret_buffer_release(&c->ask.line);
    secret_free(c->read_buffer);
    if (c->cancel_fd >= 0)
        (void)close(c->cancel_fd);
    secret_free(c);
}

static enum err open_channel(struct client *c, struct err_note *note)
{
    c->failure = ERR_OK;
    c->appraised = false;
    c->fresh = false;
    c->key = secret_alloc(sizeof *c->key);
    if (c->key == NULL)
        return ERR_MEMORY;
    enum err e = crypto_x25519_keypair(c->key->secret, c->key->public_key);
    if (e != ERR_OK)
        return e;
    e = dial(c->options.address, c->options.connect_ms, c->cancel_fd, &c->fd, note);
    if (e != ERR_OK)
        return e;
    struct channel_config config = {.role = NOISE_INITIATOR, .s = c->key};
    verifier_begin(&c->verifier, (int64_t)time(NULL), &config);
    return channel_new(&config, &client_handler, c, &c->channel);
}

static enum err remember(const struct client *c, struct err_note *note)
{
    return c->options.remember == NULL ? ERR_OK : pin_save(c->options.remember, &c->verifier.pin, note);
}

/* Waits until evidence was appraised and the channel may carry a prompt. */
static enum err await_verdict(struct client *c, struct err_note *note)
{
    int64_t deadline = monotonic_ms() + c->options.connect_ms;
    while (!c->appraised || channel_state(c->channel) != CHANNEL_VERIFIED) {
        enum err e = link_turn(c, deadline);
        if (e == ERR_REFUSED && c->verifier.has_verdict && !c->verifier.verdict.accepted)
            return err_noted(e, note, "the check %s failed",
                             verdict_first_failure(&c->verifier.verdict)->rule->name);
        if (e != ERR_OK)
            return err_noted(e, note, "%.150s, before it showed evidence that was accepted",
                             c->options.address);
    }
    return ERR_OK;
}

enum err client_ready(struct client *c, struct err_note *note)
{
    if (c->channel != NULL && c->failure == ERR_OK && channel_state(c->channel) == CHANNEL_VERIFIED)
        return ERR_OK;
    link_drop(c);
    enum err e = open_channel(c, note);
    if (e == ERR_OK)
        e = await_verdict(c, note);
    if (e == ERR_OK)
        e = remember(c, note);
    if (e != ERR_OK)
        link_drop(c);
    return e;
}

enum err client_connect(struct client *c, struct err_note *note)
{
    link_forget_cancel(c);
    return client_ready(c, note);
}

/* Evidence that is older than the policy's limit is renewed on the channel as it is, before the next prompt. */
enum err client_renew(struct client *c, struct err_note *note)
{
    if (verifier_is_young(&c->verifier, c->verifier.pin.verified_at, (int64_t)time(NULL)))
        return ERR_OK;
    c->appraised = false;
    enum err e = channel_attest(c->channel);
    if (e == ERR_OK)
        e = await_verdict(c, note);
    if (e == ERR_OK)
        e = remember(c, note);
    if (e != ERR_OK)
        link_drop(c);
    return e;
}

const struct verdict *client_verdict(const struct client *c)
{
    return c->verifier.has_verdict ? &c->verifier.verdict : NULL;
}

enum channel_path client_path(const struct client *c)
{
    return c->channel == NULL ? CHANNEL_PATH_NONE : channel_handshake_path(c->channel);
}

bool client_fresh(const struct client *c)
{
    return c->fresh;
}

struct bytes client_evidence(const struct client *c)
{
    return verifier_bundle(&c->verifier);
}

void client_cancel(struct client *c)
{
    const uint64_t one = 1;
    ssize_t written = write(c->cancel_fd, &one, sizeof one);
    (void)written; /* fails only when it was asked already */
}
