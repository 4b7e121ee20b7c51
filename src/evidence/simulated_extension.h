/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_SIMULATED_EXTENSION_H
#define EVIDENCE_SIMULATED_EXTENSION_H

/* The extensions of RFC 5280 that both makers' certificates have, added to the fields of one. False when there is no room. */

#include "evidence/simulated_certificate.h"

enum { SIMULATED_NO_LIMIT = -1 };

/* The value that was written; false also when it did not fit its writer. */
bool simulated_add(struct simulated_certificate *c, unsigned name, bool critical, const struct writer *value);

/* usage: X509_USAGE_... */
bool simulated_add_key_usage(struct simulated_certificate *c, uint16_t usage);
/* path_length: of an authority; or SIMULATED_NO_LIMIT. */
bool simulated_add_basic_constraints(struct simulated_certificate *c, bool is_ca, int path_length);
/* Of the key in the fields. */
bool simulated_add_subject_key_id(struct simulated_certificate *c);
bool simulated_add_authority_key_id(struct simulated_certificate *c,
                                    const struct simulated_certificate *issuer);
/* There is nothing to be found there: the address is in the domain that RFC 2606 reserves for this. */
bool simulated_add_crl_distribution(struct simulated_certificate *c, const char *path);

#endif
