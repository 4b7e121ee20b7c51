/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handshakes of the three patterns of the product, against a hostile peer or a hand on the wire.
 *
 *     byte 0         protocol (bits 0-1), side under attack (bit 2), mode (bit 3)
 *     mode 0, peer   the peer's messages, each with a 2-byte length before it: the handshake must never be done
 *     mode 1, hand   message number, 2-byte place, then bytes that are XORed there (behind the end: appended): when that changes
 *                    anything, the handshake must not be done on both sides; when it does not, it must
 */

#include <stdlib.h>

#include "base/reader.h"
#include "noise/noise_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "Noise_XXhfs_25519+MLKEM768_AESGCM_SHA256",
    "Noise_IKhfs_25519+MLKEM768_AESGCM_SHA256",
    "Noise_XXfallback+hfs_25519+MLKEM768_AESGCM_SHA256",
    "Noise_XXhfs_25519+MLKEM768_ChaChaPoly_SHA512",
};

static const struct bytes prologue = {(const uint8_t *)"enclume/1", 9};
static struct noise_keypair s[2], e;
static uint8_t wire[NOISE_MESSAGE_MAX];
static uint8_t payload[NOISE_MESSAGE_MAX];

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct noise_handshake *start(const char *name, enum noise_role role)
{
    struct noise_protocol protocol;
    must(noise_protocol_parse(name, &protocol) == ERR_OK);
    bool initiator = role == NOISE_INITIATOR;
    struct noise_keys keys = {.s = &s[role]};
    if (initiator && protocol.pattern->responder_pre_s)
        keys.rs = s[NOISE_RESPONDER].public_key;
    if (protocol.pattern->initiator_pre_e) {
        keys.e = initiator ? &e : NULL;
        keys.re = initiator ? NULL : e.public_key;
    }
    struct noise_handshake *hs;
    must(noise_handshake_new(&hs, name, role, prologue, &keys) == ERR_OK);
    return hs;
}

static void hostile_peer(const char *name, enum noise_role role, struct reader *r)
{
    size_t len;
    enum err status = ERR_OK;
    struct noise_handshake *hs = start(name, role);
    while (status == ERR_OK) {
        switch (noise_handshake_turn(hs)) {
        case NOISE_WRITE:
            status = noise_handshake_write(hs, bytes_of(NULL, 0), wire, sizeof wire, &len);
            break;
        case NOISE_READ: {
            size_t wanted = reader_u16be(r);
            struct bytes message = reader_bytes(r, wanted < r->left ? wanted : r->left);
            status = noise_handshake_read(hs, message, payload, sizeof payload, &len);
            must(len <= message.len);
            break;
        }
        case NOISE_DONE:
        case NOISE_FAILED:
            abort();
        }
    }
    must(noise_handshake_turn(hs) == NOISE_FAILED);
    must(noise_handshake_read(hs, bytes_of(NULL, 0), payload, sizeof payload, &len) == ERR_NOISE_STATE);
    noise_handshake_free(hs);
}

/* XORs patch into the message on the wire, of length *len; true when that changed it. */
static bool tamper(size_t *len, size_t place, struct bytes patch)
{
    bool changed = false;
    for (size_t i = 0; i < patch.len && place + i < sizeof wire; i++) {
        size_t at = place + i;
        if (at >= *len) {
            memset(wire + *len, 0, at + 1 - *len);
            *len = at + 1;
            changed = true;
        }
        changed = changed || patch.ptr[i] != 0;
        wire[at] ^= patch.ptr[i];
    }
    return changed;
}

static void hand_on_the_wire(const char *name, struct reader *r)
{
    struct noise_handshake *hs[2] = {start(name, NOISE_INITIATOR), start(name, NOISE_RESPONDER)};
    unsigned target = reader_u8(r) % 3;
    size_t place = reader_u16be(r);
    struct bytes patch = reader_rest(r);
    bool changed = false;
    enum err status = ERR_OK;
    for (unsigned m = 0; status == ERR_OK && noise_handshake_turn(hs[0]) != NOISE_DONE; m++) {
        size_t len;
        int writer = noise_handshake_turn(hs[0]) == NOISE_WRITE ? 0 : 1;
        status = noise_handshake_write(hs[writer], bytes_str("payload"), wire, sizeof wire, &len);
        if (status != ERR_OK)
            break;
        if (m == target)
            changed = tamper(&len, place, patch);
        status = noise_handshake_read(hs[1 - writer], bytes_of(wire, len), payload, sizeof payload, &len);
    }
    must(changed == (status != ERR_OK));
    noise_handshake_free(hs[0]);
    noise_handshake_free(hs[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) {
        must(crypto_init() == ERR_OK && crypto_x25519_keypair(e.secret, e.public_key) == ERR_OK);
        for (int role = 0; role < 2; role++)
            must(crypto_x25519_keypair(s[role].secret, s[role].public_key) == ERR_OK);
        ready = true;
    }
    struct reader r = reader_over(bytes_of(data, size));
    unsigned choice = reader_u8(&r);
    const char *name = names[choice & 3];
    if ((choice & 8) == 0)
        hostile_peer(name, (choice & 4) == 0 ? NOISE_RESPONDER : NOISE_INITIATOR, &r);
    else
        hand_on_the_wire(name, &r);
    return 0;
}
