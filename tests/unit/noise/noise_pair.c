/* SPDX-License-Identifier: Apache-2.0 */

#include "unit/noise/noise_pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct noise_pattern *pattern_of(const char *name)
{
    struct noise_protocol protocol;
    assert_int_equal(noise_protocol_parse(name, &protocol), ERR_OK);
    return protocol.pattern;
}

unsigned pair_messages(const char *name)
{
    return noise_pattern_messages(pattern_of(name));
}

struct noise_keys pair_keys(const struct noise_pair *p, const char *name, enum noise_role role)
{
    const struct noise_pattern *pattern = pattern_of(name);
    struct noise_keys keys = {.s = &p->s[role]};
    if (role == NOISE_INITIATOR) {
        keys.rs = pattern->responder_pre_s ? p->s[NOISE_RESPONDER].public_key : NULL;
        keys.e = pattern->initiator_pre_e ? &p->e : NULL;
    } else {
        keys.rs = pattern->initiator_pre_s ? p->s[NOISE_INITIATOR].public_key : NULL;
        keys.re = pattern->initiator_pre_e ? p->e.public_key : NULL;
    }
    return keys;
}

void pair_new(struct noise_pair *p, const char *name, struct bytes prologue_i, struct bytes prologue_r)
{
    const struct bytes prologues[] = {prologue_i, prologue_r};
    assert_int_equal(crypto_x25519_keypair(p->e.secret, p->e.public_key), ERR_OK);
    for (int role = 0; role < 2; role++)
        assert_int_equal(crypto_x25519_keypair(p->s[role].secret, p->s[role].public_key), ERR_OK);
    for (int role = 0; role < 2; role++) {
        struct noise_keys keys = pair_keys(p, name, (enum noise_role)role);
        assert_int_equal(
            noise_handshake_new(&p->hs[role], name, (enum noise_role)role, prologues[role], &keys), ERR_OK);
    }
    p->wire_len = 0;
}

void pair_free(struct noise_pair *p)
{
    noise_handshake_free(p->hs[NOISE_INITIATOR]);
    noise_handshake_free(p->hs[NOISE_RESPONDER]);
}

enum noise_role pair_writer(const struct noise_pair *p)
{
    if (noise_handshake_turn(p->hs[NOISE_INITIATOR]) == NOISE_WRITE)
        return NOISE_INITIATOR;
    assert_int_equal(noise_handshake_turn(p->hs[NOISE_RESPONDER]), NOISE_WRITE);
    return NOISE_RESPONDER;
}

enum err pair_write(struct noise_pair *p, struct bytes payload)
{
    return noise_handshake_write(p->hs[pair_writer(p)], payload, p->wire, PAIR_ROOM, &p->wire_len);
}

enum err pair_read(struct noise_pair *p, enum noise_role reader)
{
    static uint8_t payload[PAIR_ROOM];
    size_t len;
    return noise_handshake_read(p->hs[reader], bytes_of(p->wire, p->wire_len), payload, sizeof payload, &len);
}

void pair_run(struct noise_pair *p, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        enum noise_role reader = pair_writer(p) == NOISE_INITIATOR ? NOISE_RESPONDER : NOISE_INITIATOR;
        assert_int_equal(pair_write(p, bytes_of(NULL, 0)), ERR_OK);
        assert_int_equal(pair_read(p, reader), ERR_OK);
    }
}
