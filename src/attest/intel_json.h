/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_INTEL_JSON_H
#define ATTEST_INTEL_JSON_H

/*
 * What Intel's two signed JSON documents, TCB info and enclave identity, have in common (Intel PCS API version 4): the envelope that carries the
 * signature, dates, numbers as hexadecimal text, and lists of levels with a status.
 *
 * The signature covers the octets of the inner object as they stand. So the object is found in the envelope by its extent and never written anew:
 *
 *     {"tcbInfo":{...these octets...},"signature":"<128 hexadecimal digits: r || s>"}
 */

#include "attest/tcb_status.h"
#include "base/error.h"
#include "base/strict_json.h"

enum {
    INTEL_DOCUMENT_MAX = 256 * 1024,
    INTEL_SIGNATURE_SIZE = 64,
    ISV_LEVELS_MAX = 24,
    INTEL_ADVISORIES_MAX = 128
};

/* A signed document: what is signed, and the signature. The body is borrowed. */
struct intel_document {
    struct bytes body;
    uint8_t signature[INTEL_SIGNATURE_SIZE]; /* r || s, big endian */
};

/* Takes the envelope apart: an object with the members `member` and "signature" in either order, and nothing else. ERR_JSON, ERR_TOO_LARGE. */
ERR_MUST_USE enum err intel_document_parse(struct bytes envelope, const char *member,
                                           struct intel_document *document, struct err_note *note);

/* A level of an enclave or of the TDX module. */
struct isv_level {
    uint16_t isv_svn;
    enum tcb_status status;
    int64_t date;             /* tcbDate: it has what was known until then */
    const json_t *advisories; /* strings; NULL: none. Belongs to the document. */
};

struct isv_levels {
    size_t count;
    struct isv_level level[ISV_LEVELS_MAX];
};

/* Members that must be there; ERR_JSON, ERR_VALUE. */
ERR_MUST_USE enum err intel_json_hex(const json_t *object, const char *key, uint8_t *out, size_t size,
                                     struct err_note *note);
/* "2025-06-19T10:16:03Z"; seconds since 1970. */
ERR_MUST_USE enum err intel_json_date(const json_t *object, const char *key, int64_t *out,
                                      struct err_note *note);
/* The members tcbStatus and tcbDate, and advisoryIDs, which may be left out: a list of names, printable ASCII. */
ERR_MUST_USE enum err intel_json_status(const json_t *object, enum tcb_status *status, int64_t *date,
                                        const json_t **advisories, struct err_note *note);
/* The member tcbLevels, in the document's order, which goes from the newest down. At least one. */
ERR_MUST_USE enum err intel_json_levels(const json_t *object, struct isv_levels *levels,
                                        struct err_note *note);

/* The first level that this security version reaches; NULL: none. */
const struct isv_level *isv_levels_match(const struct isv_levels *levels, uint16_t isv_svn);

#endif
