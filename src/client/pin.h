/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PIN_H
#define CLIENT_PIN_H

/*
 * What a client keeps of an enclave that it has verified: the evidence itself, with its challenge, and when it was appraised. The key to speak IK to
 * is not kept beside it but taken out of the evidence by appraising it again, so a changed policy, or a hand on the file, can't make a key trusted.
 */

#include "attest/appraise.h"
#include "base/error.h"

struct pin {
    char *bundle; /* text, NUL-terminated, secret_alloc; NULL: there is no pin */
    size_t size;
    int64_t verified_at;
    struct verdict verdict; /* of that bundle: accepted */
};

/* Makes a pin of a bundle just accepted: the challenge is written into the text. */
ERR_MUST_USE enum err pin_set(struct pin *pin, struct bytes bundle, const uint8_t challenge[static 32],
                              const struct verdict *verdict);
void pin_clear(struct pin *pin);

/* The file of --remember, readable by its owner alone. Loading appraises: what the policy does not accept (any more), or was verified more than max_age seconds before
 * now, gives an empty pin and ERR_OK. A file that is not there likewise. ERR_FILE, ERR_JSON. */
ERR_MUST_USE enum err pin_load(const char *path, const struct attest_policy *policy, int64_t now,
                               int64_t max_age, struct pin *pin, struct err_note *note);
ERR_MUST_USE enum err pin_save(const char *path, const struct pin *pin, struct err_note *note);

#endif
