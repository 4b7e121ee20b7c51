/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SYNTHETIC_CRL_H
#define TESTS_SUPPORT_SYNTHETIC_CRL_H

/*
 * Certificate revocation lists made up for tests: a sound one, in which a test changes what it wants before it is built and signed.
 *
 *     struct synthetic_crl list;
 *     synthetic_crl_init(&list, "ARK-Genoa", key);
 *     list.serials[list.serial_count++] = 5;
 *     struct bytes der = synthetic_crl_build(&list, buffer);
 */

#include "support/synthetic_der.h"

enum { SYNTHETIC_CRL_MAX = 4096, SYNTHETIC_CRL_SERIALS_MAX = 4 };

struct synthetic_crl {
    int version; /* 1 is version 2; or SYNTHETIC_LEFT_OUT */
    const char *issuer_cn;
    const char *this_update; /* UTCTime */
    const char *next_update; /* NULL: left out */
    size_t serial_count;
    int serials[SYNTHETIC_CRL_SERIALS_MAX];
    bool empty_list; /* without entries: an empty sequence, where none belongs */
    int reason;      /* of each entry; or SYNTHETIC_LEFT_OUT */
    bool certificate_issuer;
    bool unknown_entry_extension; /* critical */
    bool no_extensions;
    bool empty_extensions;
    bool number_twice;
    bool authority_key;   /* authorityKeyIdentifier */
    bool explicit_false;  /* an extension that says it is not critical, which is the default */
    bool extension_tail;  /* one more element in an extension */
    bool value_tail;      /* and in its value */
    bool invalidity_date; /* of each entry */
    bool entry_tail;
    bool tbs_tail; /* behind all extensions */
    bool delta;
    bool distribution_point;
    bool unknown_extension;
    bool unknown_critical_extension;
    int salt;          /* of RSASSA-PSS */
    bool ecdsa_sha256; /* of a P-256 key */
    bool ecdsa_sha384; /* of a P-384 key */
    const struct crypto_private_key *signer;
};

/* Valid for the year 2025 to 2026; lists nothing. */
void synthetic_crl_init(struct synthetic_crl *list, const char *issuer_cn,
                        const struct crypto_private_key *signer);
struct bytes synthetic_crl_build(const struct synthetic_crl *list, uint8_t out[static SYNTHETIC_CRL_MAX]);

#endif
