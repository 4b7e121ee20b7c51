/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The implementation under test (src/noise) as a program that speaks the driver protocol of README.md: one side of a handshake,
 * six transport messages each way with a rekey in the middle, one line of JSON on standard error.
 */

#include "base/encoding.h"
#include "base/reader.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/crypto.h"
#include "noise/noise.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PROLOGUE_MAX = 256,
    TEXT_MAX = 64,
    FRAME_HEADER_SIZE = 2,
    TRANSPORT_MESSAGES = 3, /* before the rekey, and again after it */
};

struct arguments {
    const char *name;
    enum noise_role role;
    uint8_t prologue[PROLOGUE_MAX];
    size_t prologue_size;
    bool has_s, has_rs, fallback, no_rekey;
    uint8_t rs[NOISE_KEY_SIZE];
};

/* One conversation. The handshake state is replaced by that of the fallback when there is one. */
struct peer {
    struct arguments args;
    struct noise_keypair *s; /* secret memory */
    struct noise_handshake *handshake;
    struct noise_cipher *send, *receive;
    uint8_t hash[NOISE_HASH_MAX];
    size_t hash_size;
    uint8_t remote_static[NOISE_KEY_SIZE];
    bool knows_remote_static;
    uint8_t message[FRAME_HEADER_SIZE + NOISE_MESSAGE_MAX];
    uint8_t payload[NOISE_MESSAGE_MAX];
};

/* ---- frames on standard input and output ---- */

static enum err read_exactly(uint8_t *to, size_t size)
{
    return fread(to, 1, size, stdin) == size ? ERR_OK : ERR_CHANNEL_CUT;
}

static enum err read_frame(struct peer *p, struct bytes *body)
{
    uint8_t header[FRAME_HEADER_SIZE];
    enum err e = read_exactly(header, sizeof header);
    if (e != ERR_OK)
        return e;
    struct reader r = reader_over(bytes_of(header, sizeof header));
    const size_t size = reader_u16be(&r);
    *body = bytes_of(p->message, size);
    return read_exactly(p->message, size);
}

/* The body stands in p->message behind the room for its header. */
static enum err write_frame(struct peer *p, size_t body_size)
{
    struct writer w = writer_into(p->message, FRAME_HEADER_SIZE);
    writer_u16be(&w, (uint16_t)body_size);
    const size_t size = FRAME_HEADER_SIZE + body_size;
    return fwrite(p->message, 1, size, stdout) == size && fflush(stdout) == 0 ? ERR_OK : ERR_NETWORK;
}

/* ---- handshake ---- */

static enum err begin_handshake(struct peer *p, const char *name, const struct noise_keys *keys)
{
    return noise_handshake_new(&p->handshake, name, p->args.role,
                               bytes_of(p->args.prologue, p->args.prologue_size), keys);
}

/* Noise Pipes, section 10.4: the IK message was of no use, so both sides go on with XXfallback, keeping only its ephemeral key. */
static enum err switch_to_fallback(struct peer *p)
{
    static const char ik[] = "Noise_IK_", ik_hfs[] = "Noise_IKhfs_";
    const bool hybrid = strncmp(p->args.name, ik_hfs, sizeof ik_hfs - 1) == 0;
    const char *suite = p->args.name + (hybrid ? sizeof ik_hfs : sizeof ik) - 1;
    char name[NOISE_NAME_MAX];
    const int length = snprintf(name, sizeof name, "Noise_XXfallback%s_%s", hybrid ? "+hfs" : "", suite);
    if (length < 0 || (size_t)length >= sizeof name)
        return ERR_NOISE_NAME;

    struct noise_handshake *old = p->handshake;
    p->handshake = NULL;
    struct noise_keys keys = {.s = p->s};
    if (p->args.role == NOISE_INITIATOR)
        keys.e = noise_handshake_ephemeral(old);
    else
        keys.re = noise_handshake_remote_ephemeral(old);
    const enum err e = begin_handshake(p, name, &keys);
    noise_handshake_free(old);
    p->args.fallback = false;
    return e;
}

static enum err write_message(struct peer *p, unsigned number)
{
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "payload %u", number);
    size_t size = 0;
    enum err e = noise_handshake_write(p->handshake, bytes_str(text), p->message + FRAME_HEADER_SIZE,
                                       NOISE_MESSAGE_MAX, &size);
    if (e == ERR_OK)
        e = write_frame(p, size);
    if (e == ERR_OK && p->args.fallback && p->args.role == NOISE_INITIATOR)
        e = switch_to_fallback(p);
    return e;
}

static enum err read_message(struct peer *p, unsigned number)
{
    struct bytes message;
    enum err e = read_frame(p, &message);
    if (e != ERR_OK)
        return e;
    size_t size = 0;
    e = noise_handshake_read(p->handshake, message, p->payload, sizeof p->payload, &size);
    if (p->args
            .fallback) /* the message is for a key that is not ours: to be able to read it would be the failure */
        return e == ERR_OK ? ERR_VALUE : switch_to_fallback(p);
    if (e != ERR_OK)
        return e;
    char text[TEXT_MAX];
    snprintf(text, sizeof text, "payload %u", number);
    return bytes_is_str(bytes_of(p->payload, size), text) ? ERR_OK : ERR_VALUE;
}

static enum err run_handshake(struct peer *p)
{
    const struct noise_keys keys = {.s = p->args.has_s ? p->s : NULL,
                                    .rs = p->args.has_rs ? p->args.rs : NULL};
    enum err e = begin_handshake(p, p->args.name, &keys);
    for (unsigned number = 0; e == ERR_OK && noise_handshake_turn(p->handshake) != NOISE_DONE; number++)
        e = noise_handshake_turn(p->handshake) == NOISE_WRITE ? write_message(p, number)
                                                              : read_message(p, number);
    if (e != ERR_OK)
        return e;
    const uint8_t *rs = noise_handshake_remote_static(p->handshake);
    if (rs != NULL) {
        memcpy(p->remote_static, rs, NOISE_KEY_SIZE);
        p->knows_remote_static = true;
    }
    p->hash_size = noise_handshake_hash_size(p->handshake);
    return noise_handshake_split(p->handshake, &p->send, &p->receive, p->hash);
}

/* ---- transport ---- */

static void transport_text(char text[static TEXT_MAX], enum noise_role role, unsigned number)
{
    snprintf(text, TEXT_MAX, "transport %s %u", role == NOISE_INITIATOR ? "initiator" : "responder", number);
}

static enum err send_transport(struct peer *p, unsigned number)
{
    char text[TEXT_MAX];
    transport_text(text, p->args.role, number);
    const struct bytes plain = bytes_str(text);
    const enum err e = noise_cipher_encrypt(p->send, bytes_str(""), plain, p->message + FRAME_HEADER_SIZE);
    return e == ERR_OK ? write_frame(p, plain.len + NOISE_TAG_SIZE) : e;
}

static enum err receive_transport(struct peer *p, unsigned number)
{
    struct bytes sealed;
    enum err e = read_frame(p, &sealed);
    if (e == ERR_OK && sealed.len < NOISE_TAG_SIZE)
        e = ERR_TRUNCATED;
    if (e == ERR_OK)
        e = noise_cipher_decrypt(p->receive, bytes_str(""), sealed, p->payload);
    if (e != ERR_OK)
        return e;
    char text[TEXT_MAX];
    transport_text(text, p->args.role == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR, number);
    return bytes_is_str(bytes_of(p->payload, sealed.len - NOISE_TAG_SIZE), text) ? ERR_OK : ERR_VALUE;
}

static enum err run_transport(struct peer *p, unsigned first)
{
    enum err e = ERR_OK;
    for (unsigned i = first; e == ERR_OK && i < first + TRANSPORT_MESSAGES; i++)
        e = send_transport(p, i);
    for (unsigned i = first; e == ERR_OK && i < first + TRANSPORT_MESSAGES; i++)
        e = receive_transport(p, i);
    return e;
}

static enum err rekey(struct peer *p)
{
    if (p->args.no_rekey)
        return ERR_OK;
    const enum err e = noise_cipher_rekey(p->send);
    return e == ERR_OK ? noise_cipher_rekey(p->receive) : e;
}

/* ---- the program ---- */

static enum err parse_key(const char *text, uint8_t key[static NOISE_KEY_SIZE], bool *present)
{
    *present = true;
    return encoding_unhex(bytes_str(text), key, NOISE_KEY_SIZE);
}

static enum err parse_option(int option, const char *value, struct peer *p)
{
    struct arguments *args = &p->args;
    switch (option) {
    case 'n':
        args->name = value;
        return ERR_OK;
    case 'r':
        args->role = strcmp(value, "initiator") == 0 ? NOISE_INITIATOR : NOISE_RESPONDER;
        return ERR_OK;
    case 'p':
        args->prologue_size = strlen(value) / 2;
        if (args->prologue_size > sizeof args->prologue)
            return ERR_TOO_LARGE;
        return encoding_unhex(bytes_str(value), args->prologue, args->prologue_size);
    case 's':
        return parse_key(value, p->s->secret, &args->has_s);
    case 'k':
        return parse_key(value, args->rs, &args->has_rs);
    case 'f':
        args->fallback = true;
        return ERR_OK;
    case 'x':
        args->no_rekey = true;
        return ERR_OK;
    default:
        return ERR_USAGE;
    }
}

static enum err parse_arguments(int argc, char **argv, struct peer *p)
{
    static const struct option options[] = {
        {"name", required_argument, NULL, 'n'},     {"role", required_argument, NULL, 'r'},
        {"prologue", required_argument, NULL, 'p'}, {"s", required_argument, NULL, 's'},
        {"rs", required_argument, NULL, 'k'},       {"fallback", no_argument, NULL, 'f'},
        {"no-rekey", no_argument, NULL, 'x'},       {NULL, 0, NULL, 0},
    };
    enum err e = ERR_OK;
    for (int option = 0; e == ERR_OK && (option = getopt_long_only(argc, argv, "", options, NULL)) != -1;)
        e = parse_option(option, optarg, p);
    if (e == ERR_OK && p->args.name == NULL)
        e = ERR_USAGE;
    if (e == ERR_OK && p->args.has_s)
        e = crypto_x25519_public(p->s->secret, p->s->public_key);
    return e;
}

static enum err converse(int argc, char **argv, struct peer *p)
{
    enum err e = crypto_init();
    if (e == ERR_OK)
        e = parse_arguments(argc, argv, p);
    if (e == ERR_OK)
        e = run_handshake(p);
    if (e == ERR_OK)
        e = run_transport(p, 0);
    if (e == ERR_OK)
        e = rekey(p);
    if (e == ERR_OK)
        e = run_transport(p, TRANSPORT_MESSAGES);
    return e;
}

static void report(const struct peer *p, enum err e)
{
    if (e != ERR_OK) {
        fprintf(stderr, "{\"ok\":false,\"error\":\"%s\"}\n", err_name(e));
        return;
    }
    char hash[ENCODING_HEX_SIZE(NOISE_HASH_MAX)];
    char rs[ENCODING_HEX_SIZE(NOISE_KEY_SIZE)];
    encoding_hex(bytes_of(p->hash, p->hash_size), hash);
    encoding_hex(bytes_of(p->remote_static, NOISE_KEY_SIZE), rs);
    if (p->knows_remote_static)
        fprintf(stderr, "{\"ok\":true,\"h\":\"%s\",\"rs\":\"%s\"}\n", hash, rs);
    else
        fprintf(stderr, "{\"ok\":true,\"h\":\"%s\",\"rs\":null}\n", hash);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a peer that went away is an error to report, not a reason to vanish */
    struct peer *p = secret_alloc(sizeof *p);
    enum err e = ERR_MEMORY;
    if (p == NULL)
        goto out;
    p->s = secret_alloc(sizeof *p->s);
    if (p->s != NULL)
        e = converse(argc, argv, p);
    report(p, e);
out:
    if (p != NULL) {
        noise_cipher_free(p->send);
        noise_cipher_free(p->receive);
        noise_handshake_free(p->handshake);
        secret_free(p->s);
    }
    secret_free(p);
    return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
