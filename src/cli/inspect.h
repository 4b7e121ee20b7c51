/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

/*
 * What `enclume inspect` shows: a JSON object whose members are the fields, with the manuals' names, in the manuals' order. The same object is printed as text
 * and as JSON. Nothing is verified. A function gives NULL without memory; what cannot be read is said in a member "malformed".
 *
 * To add a kind of file: a row in attest/evidence_file.c that recognises it, a function here, a row in inspect_content.c.
 */

#include <jansson.h>

#include "attest/tdx_quote.h"
#include "base/bytes.h"

/* Any file, by its content. NULL also for what is not known: *known says. */
json_t *inspect_file(struct bytes file, bool *known);

/* inspect_snp.c */
json_t *inspect_snp_report(struct bytes content);
json_t *inspect_certificate_table(struct bytes content);
/* inspect_tdx.c */
json_t *inspect_td_quote(struct bytes content);
json_t *inspect_sgx_quote(struct bytes content);
json_t *inspect_td_report(struct bytes content);
/* inspect_gpu.c */
json_t *inspect_gpu_report(struct bytes content);
json_t *inspect_rim(struct bytes content);
json_t *inspect_rim_answer(struct bytes content);
json_t *inspect_ocsp(struct bytes der);
/* inspect_x509.c */
json_t *inspect_certificate(struct bytes der);
json_t *inspect_certificates(struct bytes list);
json_t *inspect_crl(struct bytes der);
json_t *inspect_pem(struct bytes text);

/* ---- inspect_fields.c: putting members into an object (taken NULL: they do nothing; a value that is NULL for want of memory is left out) ---- */

void inspect_put(json_t *object, const char *name, json_t *value);
void inspect_put_text(json_t *object, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Foreign text: what is not printable ASCII as \xNN. */
void inspect_put_foreign(json_t *object, const char *name, struct bytes text);
void inspect_put_hex(json_t *object, const char *name, struct bytes value);
void inspect_put_time(json_t *object, const char *name, int64_t seconds);
void inspect_put_error(json_t *object, enum err e, const struct err_note *note);

/* Bits spelled out: {"value": "0x30000", "SMT": "1: allowed", ...}; those that have no row, by number. width: how many there are. */
struct inspect_bit {
    unsigned first;
    unsigned last; /* of a field of several bits; first otherwise */
    const char *name;
};
void inspect_put_bits(json_t *object, const char *name, uint64_t value, unsigned width,
                      const struct inspect_bit *bits, size_t count);

/* Fields of a structure in memory: a table of these, walked. */
enum inspect_kind { INSPECT_HEX, INSPECT_U16, INSPECT_U32, INSPECT_U64 };
struct inspect_field {
    const char *name;
    size_t offset;
    size_t size; /* of INSPECT_HEX */
    enum inspect_kind kind;
};
void inspect_put_fields(json_t *object, const void *base, const struct inspect_field *fields, size_t count);

#endif
