/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EVIDENCE_DER_WRITER_H
#define EVIDENCE_DER_WRITER_H

/*
 * The counterpart of attest/der.h: composes the Distinguished Encoding Rules (ITU-T X.690) over base/writer. For the simulated platform and for
 * tests, which make certificates; nothing that verifies calls this. As in the writer, what does not fit marks it failed, and one asks once at the end.
 *
 *     size_t seq = der_begin(&w, DER_SEQUENCE);
 *     der_put_uint(&w, 2);
 *     der_end(&w, seq);
 */

#include "attest/der.h"
#include "base/writer.h"

/* An element whose content is written between the two; der_end puts the length octets in, in their fewest. At most 65,535 octets of content. */
size_t der_begin(struct writer *w, uint8_t tag);
void der_end(struct writer *w, size_t begun);

void der_put(struct writer *w, uint8_t tag, struct bytes content);
/* INTEGER in the fewest octets, with the zero octet that keeps it positive. */
void der_put_uint(struct writer *w, uint64_t value);
/* The same of a number in big-endian octets, of any size. */
void der_put_big_uint(struct writer *w, struct bytes octets);
/* A BIT STRING of whole octets. */
void der_put_bits(struct writer *w, struct bytes octets);
/* A BIT STRING of named flags, as der_flags reads it; flags is not 0. */
void der_put_flags(struct writer *w, uint16_t flags);
/* UTCTime before 2050, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
void der_put_time(struct writer *w, int64_t seconds);
/* GeneralizedTime whatever the year (RFC 6960 section 4.2.2.1). */
void der_put_generalized_time(struct writer *w, int64_t seconds);

#endif
