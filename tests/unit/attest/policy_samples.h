/* SPDX-License-Identifier: Apache-2.0 */
/* Policy documents for tests: made from the table of members, so that a member that is new there has its tests at once. */
#ifndef TESTS_POLICY_SAMPLES_H
#define TESTS_POLICY_SAMPLES_H

#include <stdio.h>

#include "attest/policy_document.h"
#include "attest/policy_members.h"
#include "base/encoding.h"
#include "support/synthetic_tdx.h"
#include "unit/test.h"

enum { SAMPLE_DEPTH_MAX = 5, SAMPLE_PATH_SIZE = 128, SAMPLE_ROOTS = 5 };

/* Texts of so many octets in hex. */
#define B4(x)         x x x x
#define B16(x)        B4(B4(x))
#define B32(x)        B16(x) B16(x)
#define B48(x)        B32(x) B16(x)
#define B64(x)        B32(x) B32(x)
#define TWO(repeated) "[\"" repeated("11") "\",\"" repeated("22") "\"]"
#define ONE(repeated) "\"" repeated("33") "\""

/* Roots of Intel's name, AMD's, NVIDIA's two, Microsoft's. */
extern uint8_t sample_roots[SAMPLE_ROOTS][SYNTHETIC_TDX_CERT_MAX];
extern size_t sample_root_len[SAMPLE_ROOTS];
extern char sample_root_text[SAMPLE_ROOTS][ENCODING_BASE64_SIZE(SYNTHETIC_TDX_CERT_MAX)];
extern struct synthetic_tdx_keys sample_keys;

/* For a group of tests. */
int sample_make(void **state);
int sample_drop(void **state);

/* A member, and the objects that it is in. */
struct sample_place {
    const struct policy_member *rows[SAMPLE_DEPTH_MAX];
    size_t depth;
};
typedef void sample_visit(const struct sample_place *p);

/* Every member of the table; objects: those with members of their own as well. */
void sample_each_member(bool objects, sample_visit *visit);
const char *sample_path(const struct sample_place *p, char out[static SAMPLE_PATH_SIZE]);

/* The smallest document with this value in this place. Good until the next one is made. */
struct bytes sample_document(const struct sample_place *p, const char *value);

/* A document by hand: what is printed there is sample_text() when it is closed. */
FILE *sample_open(void);
struct bytes sample_text(void);
void sample_print_hex(FILE *out, unsigned byte, size_t size);
/* A value that is good for the member. */
void sample_print_value(FILE *out, const struct policy_member *m);
/* An object with all members of the table, one of them with this value. */
void sample_print_record(FILE *out, const struct policy_member *table, const struct policy_member *but,
                         const char *value);

bool sample_is_filled(const uint8_t *value, unsigned byte, size_t size);

/* Fails the test if it is not sound. */
struct policy_document *sample_parse(struct bytes text);
/* Fails the test if it is not refused with this path in front. wanted: ERR_OK for any error; below: what the path goes on with. */
void sample_refused_text(struct bytes text, enum err wanted, const char *path);
void sample_refused(const struct sample_place *p, const char *value, const char *below);

#endif
