/* SPDX-License-Identifier: Apache-2.0 */

/* The HandshakeState (section 5.3) with the tokens of the hfs draft (section 2). */

#include "base/secret.h"
#include "noise/symmetric.h"

enum handshake_life { RUNNING, FAILED, USED_UP };

struct noise_handshake {
    const struct noise_pattern *pattern;
    enum noise_role role;
    enum handshake_life life;
    unsigned message; /* index of the next one */
    struct noise_symmetric symmetric;
    struct noise_keypair s;
    struct noise_keypair e;
    uint8_t rs[NOISE_KEY_SIZE];
    uint8_t re[NOISE_KEY_SIZE];
    bool has_s, has_e, has_rs, has_re;
    bool fixed_e; /* e was given by a known-answer test and is written where a fresh one would be */
    uint8_t kem_seed[CRYPTO_MLKEM_SEED_SIZE];     /* of the side that writes e1 */
    uint8_t kem_public[CRYPTO_MLKEM_PUBLIC_SIZE]; /* e1, on both sides */
};

/* ---- keys and the beginning ---- */

/* Whose messages have an even index: Alice's, or Bob's in a fallback (section 10.2). */
static enum noise_role first_writer(const struct noise_pattern *p)
{
    return p->initiator_pre_e ? NOISE_RESPONDER : NOISE_INITIATOR;
}

static enum noise_role writer_of(const struct noise_pattern *p, unsigned message)
{
    enum noise_role first = first_writer(p);
    if (message % 2 == 0)
        return first;
    return first == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
}

static bool has_pre_s(const struct noise_pattern *p, enum noise_role role)
{
    return role == NOISE_INITIATOR ? p->initiator_pre_s : p->responder_pre_s;
}

static bool writes_s(const struct noise_pattern *p, enum noise_role role)
{
    for (unsigned m = 0; m < noise_pattern_messages(p); m++)
        for (const uint8_t *t = p->messages[m]; writer_of(p, m) == role && *t != NOISE_TOKEN_END; t++)
            if (*t == NOISE_TOKEN_S)
                return true;
    return false;
}

/* Copies the keys that the pattern takes from its caller; refuses when one is missing or would go unused. */
static enum err take_keys(struct noise_handshake *hs, const struct noise_keys *keys)
{
    const struct noise_pattern *p = hs->pattern;
    bool initiator = hs->role == NOISE_INITIATOR;
    bool needs_s = has_pre_s(p, hs->role) || writes_s(p, hs->role);
    bool needs_rs = has_pre_s(p, initiator ? NOISE_RESPONDER : NOISE_INITIATOR);
    bool needs_e = p->initiator_pre_e && initiator;
    bool needs_re = p->initiator_pre_e && !initiator;

    if ((needs_s && keys->s == NULL) || needs_rs != (keys->rs != NULL) || needs_e != (keys->e != NULL) ||
        needs_re != (keys->re != NULL))
        return ERR_KEY;
    if (needs_s)
        hs->s = *keys->s;
    if (needs_rs)
        memcpy(hs->rs, keys->rs, sizeof hs->rs);
    if (needs_re)
        memcpy(hs->re, keys->re, sizeof hs->re);
    if (needs_e) {
        hs->e = *keys->e;
    } else if (keys->test_e != NULL) {
        hs->e = *keys->test_e;
        hs->fixed_e = true;
    }
    hs->has_s = needs_s;
    hs->has_rs = needs_rs;
    hs->has_e = needs_e;
    hs->has_re = needs_re;
    return ERR_OK;
}

/* Initialize, the part behind the keys: the prologue, then the pre-messages, the initiator's first. */
static enum err mix_pre_messages(struct noise_handshake *hs, struct bytes prologue)
{
    bool initiator = hs->role == NOISE_INITIATOR;
    const struct {
        bool there;
        const uint8_t *key;
    } pre[] = {
        {hs->pattern->initiator_pre_e, initiator ? hs->e.public_key : hs->re},
        {hs->pattern->initiator_pre_s, initiator ? hs->s.public_key : hs->rs},
        {hs->pattern->responder_pre_s, initiator ? hs->rs : hs->s.public_key},
    };

    enum err e = noise_symmetric_mix_hash(&hs->symmetric, prologue);
    for (size_t i = 0; e == ERR_OK && i < sizeof pre / sizeof *pre; i++)
        if (pre[i].there)
            e = noise_symmetric_mix_hash(&hs->symmetric, bytes_of(pre[i].key, NOISE_KEY_SIZE));
    return e;
}

enum err noise_handshake_new(struct noise_handshake **hs, const char *name, enum noise_role role,
                             struct bytes prologue, const struct noise_keys *keys)
{
    struct noise_protocol protocol;
    *hs = NULL;
    enum err e = noise_protocol_parse(name, &protocol);
    if (e != ERR_OK)
        return e;
    struct noise_handshake *made = secret_alloc(sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    made->pattern = protocol.pattern;
    made->role = role;
    e = take_keys(made, keys);
    if (e == ERR_OK)
        e = noise_symmetric_init(&made->symmetric, &protocol, name);
    if (e == ERR_OK)
        e = mix_pre_messages(made, prologue);
    if (e != ERR_OK) {
        noise_handshake_free(made);
        return e;
    }
    *hs = made;
    return ERR_OK;
}

/* ---- the end ---- */

/* All that a fallback has no use for. */
static void wipe_secrets(struct noise_handshake *hs)
{
    noise_symmetric_wipe(&hs->symmetric);
    secret_wipe(&hs->s, sizeof hs->s);
    secret_wipe(hs->kem_seed, sizeof hs->kem_seed);
}

static void fail(struct noise_handshake *hs)
{
    wipe_secrets(hs);
    hs->life = FAILED;
}

void noise_handshake_free(struct noise_handshake *hs)
{
    if (hs == NULL)
        return;
    wipe_secrets(hs);
    secret_free(hs);
}

/* ---- tokens ---- */

/* The four DH tokens: MixKey(DH(own, theirs)). The first letter is the initiator's key, the second the responder's. */
static enum err mix_dh(struct noise_handshake *hs, enum noise_token token)
{
    bool initiator_e = token == NOISE_TOKEN_EE || token == NOISE_TOKEN_ES;
    bool responder_e = token == NOISE_TOKEN_EE || token == NOISE_TOKEN_SE;
    bool initiator = hs->role == NOISE_INITIATOR;
    bool own_e = initiator ? initiator_e : responder_e;
    bool their_e = initiator ? responder_e : initiator_e;
    uint8_t shared[CRYPTO_X25519_SIZE];

    if (!(own_e ? hs->has_e : hs->has_s) || !(their_e ? hs->has_re : hs->has_rs))
        return ERR_NOISE_STATE;
    enum err e = crypto_x25519(own_e ? hs->e.secret : hs->s.secret, their_e ? hs->re : hs->rs, shared);
    if (e == ERR_OK)
        e = noise_symmetric_mix_key(&hs->symmetric, shared);
    secret_wipe(shared, sizeof shared);
    return e;
}

static enum err write_e(struct noise_handshake *hs, struct writer *w)
{
    if (!hs->fixed_e) {
        enum err e = crypto_x25519_keypair(hs->e.secret, hs->e.public_key);
        if (e != ERR_OK)
            return e;
    }
    hs->has_e = true;
    struct bytes public_key = bytes_of(hs->e.public_key, NOISE_KEY_SIZE);
    writer_bytes(w, public_key);
    return noise_symmetric_mix_hash(&hs->symmetric, public_key);
}

static enum err read_e(struct noise_handshake *hs, struct reader *r)
{
    reader_copy(r, hs->re, sizeof hs->re);
    if (reader_status(r) != ERR_OK)
        return ERR_NOISE_MESSAGE;
    hs->has_re = true;
    return noise_symmetric_mix_hash(&hs->symmetric, bytes_of(hs->re, sizeof hs->re));
}

/* A field of n plaintext bytes, with its tag if there is a key. */
static enum err read_sealed(struct noise_handshake *hs, struct reader *r, uint8_t *out, size_t n)
{
    struct bytes sealed = reader_bytes(r, n + noise_symmetric_tag(&hs->symmetric));
    if (reader_status(r) != ERR_OK)
        return ERR_NOISE_MESSAGE;
    return noise_symmetric_decrypt(&hs->symmetric, sealed, out);
}

static enum err read_s(struct noise_handshake *hs, struct reader *r)
{
    enum err e = read_sealed(hs, r, hs->rs, sizeof hs->rs);
    hs->has_rs = e == ERR_OK;
    return e;
}

/* e1: GENERATE_KEM_KEYPAIR, EncryptAndHash(public key). */
static enum err write_e1(struct noise_handshake *hs, struct writer *w)
{
    enum err e = crypto_mlkem_keypair(hs->kem_seed, hs->kem_public);
    if (e != ERR_OK)
        return e;
    return noise_symmetric_encrypt(&hs->symmetric, bytes_of(hs->kem_public, sizeof hs->kem_public), w);
}

/* ekem1: EncryptAndHash(ciphertext), then MixKey(kem_output). */
static enum err write_ekem1(struct noise_handshake *hs, struct writer *w)
{
    uint8_t ciphertext[CRYPTO_MLKEM_CIPHER_SIZE];
    uint8_t shared[CRYPTO_MLKEM_SHARED_SIZE];
    enum err e = crypto_mlkem_encaps(hs->kem_public, ciphertext, shared);
    if (e == ERR_KEY)
        e = ERR_NOISE_KEY; /* the peer's doing, not a key of ours */
    if (e == ERR_OK)
        e = noise_symmetric_encrypt(&hs->symmetric, bytes_of(ciphertext, sizeof ciphertext), w);
    if (e == ERR_OK)
        e = noise_symmetric_mix_key(&hs->symmetric, shared);
    secret_wipe(shared, sizeof shared);
    return e;
}

static enum err read_ekem1(struct noise_handshake *hs, struct reader *r)
{
    uint8_t ciphertext[CRYPTO_MLKEM_CIPHER_SIZE];
    uint8_t shared[CRYPTO_MLKEM_SHARED_SIZE];
    enum err e = read_sealed(hs, r, ciphertext, sizeof ciphertext);
    if (e != ERR_OK)
        return e;
    e = crypto_mlkem_decaps(hs->kem_seed, ciphertext, shared);
    if (e == ERR_OK)
        e = noise_symmetric_mix_key(&hs->symmetric, shared);
    secret_wipe(shared, sizeof shared);
    secret_wipe(hs->kem_seed, sizeof hs->kem_seed);
    return e;
}

static enum err write_token(struct noise_handshake *hs, enum noise_token token, struct writer *w)
{
    switch (token) {
    case NOISE_TOKEN_E:
        return write_e(hs, w);
    case NOISE_TOKEN_S:
        return noise_symmetric_encrypt(&hs->symmetric, bytes_of(hs->s.public_key, NOISE_KEY_SIZE), w);
    case NOISE_TOKEN_E1:
        return write_e1(hs, w);
    case NOISE_TOKEN_EKEM1:
        return write_ekem1(hs, w);
    case NOISE_TOKEN_EE:
    case NOISE_TOKEN_ES:
    case NOISE_TOKEN_SE:
    case NOISE_TOKEN_SS:
        return mix_dh(hs, token);
    case NOISE_TOKEN_END:
        break;
    }
    return ERR_NOISE_STATE;
}

static enum err read_token(struct noise_handshake *hs, enum noise_token token, struct reader *r)
{
    switch (token) {
    case NOISE_TOKEN_E:
        return read_e(hs, r);
    case NOISE_TOKEN_S:
        return read_s(hs, r);
    case NOISE_TOKEN_E1:
        return read_sealed(hs, r, hs->kem_public, sizeof hs->kem_public);
    case NOISE_TOKEN_EKEM1:
        return read_ekem1(hs, r);
    case NOISE_TOKEN_EE:
    case NOISE_TOKEN_ES:
    case NOISE_TOKEN_SE:
    case NOISE_TOKEN_SS:
        return mix_dh(hs, token);
    case NOISE_TOKEN_END:
        break;
    }
    return ERR_NOISE_STATE;
}

/* ---- messages ---- */

enum noise_turn noise_handshake_turn(const struct noise_handshake *hs)
{
    if (hs->life != RUNNING)
        return NOISE_FAILED;
    if (hs->message == noise_pattern_messages(hs->pattern))
        return NOISE_DONE;
    return writer_of(hs->pattern, hs->message) == hs->role ? NOISE_WRITE : NOISE_READ;
}

size_t noise_handshake_message_size(const struct noise_handshake *hs, size_t payload_size)
{
    if (noise_handshake_turn(hs) != NOISE_WRITE || payload_size > NOISE_MESSAGE_MAX)
        return 0;
    size_t size = 0;
    size_t tag = noise_symmetric_tag(&hs->symmetric);
    for (const uint8_t *t = hs->pattern->messages[hs->message]; *t != NOISE_TOKEN_END; t++) {
        switch ((enum noise_token) * t) {
        case NOISE_TOKEN_E:
            size += NOISE_KEY_SIZE;
            break;
        case NOISE_TOKEN_S:
            size += NOISE_KEY_SIZE + tag;
            break;
        case NOISE_TOKEN_E1:
            size += CRYPTO_MLKEM_PUBLIC_SIZE + tag;
            break;
        case NOISE_TOKEN_EKEM1:
            size += CRYPTO_MLKEM_CIPHER_SIZE + tag;
            tag = NOISE_TAG_SIZE;
            break;
        default: /* a DH: from here on there is a key */
            tag = NOISE_TAG_SIZE;
            break;
        }
    }
    size += payload_size + tag;
    return size <= NOISE_MESSAGE_MAX ? size : 0;
}

static enum err write_message(struct noise_handshake *hs, struct bytes payload, struct writer *w)
{
    if (noise_handshake_turn(hs) != NOISE_WRITE)
        return ERR_NOISE_STATE;
    size_t needed = noise_handshake_message_size(hs, payload.len);
    if (needed == 0 || needed > w->size)
        return ERR_NO_SPACE;
    for (const uint8_t *t = hs->pattern->messages[hs->message]; *t != NOISE_TOKEN_END; t++) {
        enum err e = write_token(hs, (enum noise_token) * t, w);
        if (e != ERR_OK)
            return e;
    }
    return noise_symmetric_encrypt(&hs->symmetric, payload, w);
}

enum err noise_handshake_write(struct noise_handshake *hs, struct bytes payload, uint8_t *out, size_t size,
                               size_t *len)
{
    struct writer w = writer_into(out, size);
    struct bytes message = {0};
    *len = 0;
    enum err e = write_message(hs, payload, &w);
    if (e == ERR_OK)
        e = writer_finish(&w, &message);
    if (e != ERR_OK) {
        fail(hs);
        return e;
    }
    *len = message.len;
    hs->message++;
    return ERR_OK;
}

static enum err read_message(struct noise_handshake *hs, struct bytes message, uint8_t *payload, size_t size,
                             size_t *len)
{
    if (noise_handshake_turn(hs) != NOISE_READ)
        return ERR_NOISE_STATE;
    if (message.len > NOISE_MESSAGE_MAX)
        return ERR_NOISE_MESSAGE;
    struct reader r = reader_over(message);
    for (const uint8_t *t = hs->pattern->messages[hs->message]; *t != NOISE_TOKEN_END; t++) {
        enum err e = read_token(hs, (enum noise_token) * t, &r);
        if (e != ERR_OK)
            return e;
    }
    struct bytes sealed = reader_rest(&r);
    size_t tag = noise_symmetric_tag(&hs->symmetric);
    if (sealed.len < tag)
        return ERR_NOISE_MESSAGE;
    if (sealed.len - tag > size)
        return ERR_NO_SPACE;
    *len = sealed.len - tag;
    return noise_symmetric_decrypt(&hs->symmetric, sealed, payload);
}

enum err noise_handshake_read(struct noise_handshake *hs, struct bytes message, uint8_t *payload, size_t size,
                              size_t *len)
{
    *len = 0;
    enum err e = read_message(hs, message, payload, size, len);
    if (e != ERR_OK) {
        *len = 0;
        fail(hs);
        return e;
    }
    hs->message++;
    return ERR_OK;
}

/* ---- what is known ---- */

void noise_handshake_hash(const struct noise_handshake *hs, uint8_t *out)
{
    memcpy(out, hs->symmetric.h, hs->symmetric.hash_len);
}

size_t noise_handshake_hash_size(const struct noise_handshake *hs)
{
    return hs->symmetric.hash_len;
}

/* Of a failed handshake none: what it read was not authentic. */
const uint8_t *noise_handshake_remote_static(const struct noise_handshake *hs)
{
    return hs->has_rs && hs->life != FAILED ? hs->rs : NULL;
}

const struct noise_keypair *noise_handshake_ephemeral(const struct noise_handshake *hs)
{
    return hs->has_e && hs->life != USED_UP ? &hs->e : NULL;
}

const uint8_t *noise_handshake_remote_ephemeral(const struct noise_handshake *hs)
{
    return hs->has_re ? hs->re : NULL;
}

/* ---- Split ---- */

enum err noise_handshake_split(struct noise_handshake *hs, struct noise_cipher **send,
                               struct noise_cipher **receive, uint8_t *hash)
{
    /* "The first for encrypting transport messages from initiator to responder": of a fallback's canonical, Bob-initiated form. */
    bool first = hs->role == first_writer(hs->pattern);
    bool one_way = noise_pattern_messages(hs->pattern) == 1;
    struct noise_cipher **c1 = first ? send : receive;
    struct noise_cipher **c2 = first ? receive : send;
    uint8_t k1[NOISE_KEY_SIZE];
    uint8_t k2[NOISE_KEY_SIZE];
    *send = NULL;
    *receive = NULL;

    enum err e = ERR_NOISE_STATE;
    if (noise_handshake_turn(hs) != NOISE_DONE)
        goto out;
    e = noise_symmetric_split(&hs->symmetric, k1, k2);
    if (e == ERR_OK)
        e = noise_cipher_new(hs->symmetric.aead, k1, c1);
    if (e == ERR_OK && !one_way)
        e = noise_cipher_new(hs->symmetric.aead, k2, c2);
    if (e != ERR_OK)
        goto out;
    noise_handshake_hash(hs, hash);
    wipe_secrets(hs);
    secret_wipe(&hs->e, sizeof hs->e);
    hs->life = USED_UP;
out:
    secret_wipe(k1, sizeof k1);
    secret_wipe(k2, sizeof k2);
    if (e != ERR_OK) {
        noise_cipher_free(*send);
        noise_cipher_free(*receive);
        *send = NULL;
        *receive = NULL;
        fail(hs);
    }
    return e;
}
