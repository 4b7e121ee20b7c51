/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_DER_H
#define ATTEST_DER_H

/*
 * The Distinguished Encoding Rules (ITU-T X.690), read strictly over base/reader: definite lengths in the fewest octets, tags of one octet, exactly
 * one encoding for each value. What breaks a rule marks the reader failed with ERR_CERTIFICATE; as everywhere, one asks once at the end.
 *
 *     struct reader seq = der_open(&r, DER_SEQUENCE);
 *     uint64_t version = der_uint(&seq, 2);
 *     struct bytes oid = der_value(&seq, DER_OID);
 *     der_close(&r, &seq);                          // nothing may be left inside
 */

#include "base/reader.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_PRINTABLE_STRING = 0x13,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0xa0, /* + n: [n] EXPLICIT or constructed */
};

/* Is an element with this tag next? */
bool der_peek(const struct reader *r, uint8_t tag);

/* The content of the next element, which must have this tag; empty and failed otherwise. */
struct bytes der_value(struct reader *r, uint8_t tag);

/* The next element with its tag and length octets. */
struct bytes der_whole(struct reader *r, uint8_t tag);

/* A reader over the content; give it to der_close when all of it was read. */
struct reader der_open(struct reader *r, uint8_t tag);
void der_close(struct reader *r, const struct reader *inner);

/* A non-negative INTEGER of at most max. */
uint64_t der_uint(struct reader *r, uint64_t max);
/* A non-negative INTEGER of any size: its octets, in their one encoding. */
struct bytes der_big_uint(struct reader *r);
bool der_bool(struct reader *r);
/* An Extension of a certificate, a revocation list or an OCSP message (RFC 5280 section 4.1): oid: content octets; value: what stands in the OCTET STRING. */
struct der_extension {
    struct bytes oid;
    bool critical;
    struct bytes value;
};
struct der_extension der_extension(struct reader *r);
void der_null(struct reader *r);
/* A BIT STRING of whole octets. */
struct bytes der_bits(struct reader *r);
/* A BIT STRING that names up to 16 flags; bit n of the result is flag n. Zero bits at the end are allowed, against X.690 section 11.2.2: AMD's
 * intermediate certificates have one. */
uint16_t der_flags(struct reader *r);
/* UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 allows them; seconds since 1970. */
int64_t der_time(struct reader *r);
/* The same, and GeneralizedTime for the years of UTCTime: NVIDIA's authority for reference values writes 2023 so. */
int64_t der_time_any(struct reader *r);
/* GeneralizedTime for every year, as in RFC 6960 section 4.2.2.1. */
int64_t der_generalized_time(struct reader *r);

#endif
