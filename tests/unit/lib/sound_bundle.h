/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_LIB_SOUND_BUNDLE_H
#define TESTS_UNIT_LIB_SOUND_BUNDLE_H

#include "support/synthetic_snp.h"

/* A saved bundle that is accepted from 2025 to 2049 by whoever trusts its made-up root. Fails the test or program when it can't be made. */
struct sound_bundle {
    struct synthetic_keys keys;
    struct synthetic_snp snp;
    char *text; /* NUL-terminated */
    size_t size;
    char measurement[2 * 48 + 1]; /* hexadecimal */
    char model[2 * 32 + 1];
    uint8_t noise_key[32];
    struct bytes root; /* DER */
    char *root_pem;
};

void sound_bundle_make(struct sound_bundle *s);
void sound_bundle_release(struct sound_bundle *s);

#endif
