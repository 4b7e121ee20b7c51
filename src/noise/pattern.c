/* SPDX-License-Identifier: Apache-2.0 */

#include "noise/pattern.h"

#include <string.h>

/* The tokens as the specification writes them. */
enum {
    E = NOISE_TOKEN_E,
    S = NOISE_TOKEN_S,
    EE = NOISE_TOKEN_EE,
    ES = NOISE_TOKEN_ES,
    SE = NOISE_TOKEN_SE,
    SS = NOISE_TOKEN_SS,
    E1 = NOISE_TOKEN_E1,
    EKEM1 = NOISE_TOKEN_EKEM1,
};

static const struct noise_pattern patterns[] = {
    /* Section 7.4: one-way patterns. */
    {.name = "N", .responder_pre_s = true, .messages = {{E, ES}}},
    {.name = "K", .initiator_pre_s = true, .responder_pre_s = true, .messages = {{E, ES, SS}}},
    {.name = "X", .responder_pre_s = true, .messages = {{E, ES, S, SS}}},

    /* Section 7.5: interactive patterns. */
    {.name = "NN", .messages = {{E}, {E, EE}}},
    {.name = "NK", .responder_pre_s = true, .messages = {{E, ES}, {E, EE}}},
    {.name = "NX", .messages = {{E}, {E, EE, S, ES}}},
    {.name = "KN", .initiator_pre_s = true, .messages = {{E}, {E, EE, SE}}},
    {.name = "KK", .initiator_pre_s = true, .responder_pre_s = true, .messages = {{E, ES, SS}, {E, EE, SE}}},
    {.name = "KX", .initiator_pre_s = true, .messages = {{E}, {E, EE, SE, S, ES}}},
    {.name = "XN", .messages = {{E}, {E, EE}, {S, SE}}},
    {.name = "XK", .responder_pre_s = true, .messages = {{E, ES}, {E, EE}, {S, SE}}},
    {.name = "XX", .messages = {{E}, {E, EE, S, ES}, {S, SE}}},
    {.name = "IN", .messages = {{E, S}, {E, EE, SE}}},
    {.name = "IK", .responder_pre_s = true, .messages = {{E, ES, S, SS}, {E, EE, SE}}},
    {.name = "IX", .messages = {{E, S}, {E, EE, SE, S, ES}}},

    /* Section 10.2: Alice's "e" is a pre-message, Bob writes first. */
    {.name = "XXfallback", .initiator_pre_e = true, .messages = {{E, EE, S, ES}, {S, SE}}},

    /* The hfs draft, section 3: e1 behind the first e, or behind the first DH operation of that message; ekem1 behind the first ee. */
    {.name = "NKhfs", .responder_pre_s = true, .hfs = true, .messages = {{E, ES, E1}, {E, EE, EKEM1}}},
    {.name = "XXhfs", .hfs = true, .messages = {{E, E1}, {E, EE, EKEM1, S, ES}, {S, SE}}},
    {.name = "IKhfs",
     .responder_pre_s = true,
     .hfs = true,
     .messages = {{E, ES, E1, S, SS}, {E, EE, EKEM1, SE}}},

    /* Ours: the draft leaves this combination open. Alice's e1 was encrypted to a key that Bob does not have, so that it is lost;
     * Bob sends a fresh one, placed by the draft's own rule (behind the first DH of the first message), and Alice, who now can,
     * encapsulates to it at the head of her reply. Both halves of the KEM are new in this handshake and covered by h. */
    {.name = "XXfallback+hfs",
     .initiator_pre_e = true,
     .hfs = true,
     .messages = {{E, EE, E1, S, ES}, {EKEM1, S, SE}}},
};

enum { PATTERNS = sizeof patterns / sizeof *patterns };

const struct noise_pattern *noise_pattern_at(size_t index)
{
    return index < PATTERNS ? &patterns[index] : NULL;
}

const struct noise_pattern *noise_pattern_find(const char *name, size_t len)
{
    for (size_t i = 0; i < PATTERNS; i++)
        if (strlen(patterns[i].name) == len && memcmp(patterns[i].name, name, len) == 0)
            return &patterns[i];
    return NULL;
}

unsigned noise_pattern_messages(const struct noise_pattern *p)
{
    unsigned count = 0;
    while (count < NOISE_MESSAGES_MAX && p->messages[count][0] != NOISE_TOKEN_END)
        count++;
    return count;
}
